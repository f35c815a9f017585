"""Requests in other languages on their way through the rules for English: what is exact is put into English before they read it, and what
they made of it gets the shopper's own words back afterwards. Nothing here is done to a request in English.

The rest of the request is not translated. Where the embedder knows the language (`embedded`) the search understands it, and the kinds of
product that it finds first stand for the name of the thing, where they are clear. Where it does not, only names, numbers and words
that a text in English holds can be searched for, and the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from shelftalk.understand.languages.detect import ENGLISH, LANGUAGES, LONGEST, language_of, ordinary_share
from shelftalk.understand.languages.heard import Heard
from shelftalk.understand.languages.rewrite import Rewritten, blanked, named_values, rewritten
from shelftalk.understand.languages.table import rules
from shelftalk.understand.languages.talk import denied, small_talk, talk_language
from shelftalk.understand.rules import COMMON, Index, ordinary, stems
from shelftalk.values import Intent, Request, Turn
from shelftalk.words.stems import stem
from shelftalk.words.stop import FILLER
from shelftalk.words.units import unit_of

__all__ = ["Heard", "KindSearch", "Multilingual"]


class KindSearch(Protocol):
    """The kinds of product that the search finds first, with their shares (`retrieve.Shelves.kinds`)."""

    def __call__(self, intent: Intent, text: str = "", words: str | None = None) -> Sequence[tuple[str, float]]: ...


# The share of the ten products found first that must be of one kind for it to be the thing asked for; in a later turn, which may go on
# about the thing of the turns before, more, and in a text of so many words (docs/decisions/0011-languages.md).
CLEAR, CLEAR_LATER, WORDS_LATER = 0.8, 0.9, 3
# A rest of fewer words than WORDS_LATER and fewer letters than this is few words, also where words are not parted by spaces.
LETTERS_FEW = 24
# A value of so many letters names itself in any language; a brand may be shorter.
_TELLING, _NOUN = 5, 4


class Multilingual:
    """Hears requests over one version of a catalogue. `kinds` finds the kinds of product for a text, `covers` tells whether the embedder knows a
    language, `called` the kinds by how near their names are to a text; without them nothing is searched for by meaning."""

    def __init__(
        self,
        index: Index,
        kinds: KindSearch | None,
        covers: Callable[[str], bool] | None,
        on: bool = True,
        called: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        self._index, self._kinds, self._covers, self._on, self._called = index, kinds, covers, on, called
        self.currency = index.facets.currency

    # What the catalogue calls its own (`rewrite.Names`) ---------------------------------------------------------------

    def value(self, words: tuple[str, ...]) -> bool:
        """Whether the stems are those of a value that means the same in any language: a brand, a longer word, what a category is named after."""
        if len(words) == 1 and words[0] in self._index.heads and len(words[0]) >= _NOUN:
            return True
        for value in self._index.values.get(words, ()):
            known = self._index.fields[value.field]
            if value.exact and (known.brand or known.field == "categories" or len("".join(words)) >= _TELLING):
                return True
        return False

    def refusable(self, words: tuple[str, ...]) -> bool:
        """Whether the stems are those of a brand or another value that is no category."""
        values = self._index.values.get(words, ())
        return bool(values) and all(v.field != "categories" for v in values) and self.value(words)

    def field(self, word: str) -> bool:
        """Whether the word names a numeric field by itself: "spf", "cri"."""
        return any(known.number and known.name == (stem(word),) for known in self._index.by_word.get(stem(word), ()))

    def own(self, word: str) -> bool:
        """Whether a lower-case word stands in the catalogue's names and values."""
        return stem(word) in self._index.vocabulary_stems

    def known(self, word: str) -> bool:
        """Whether a lower-case word is English or one of the catalogue's."""
        return self.own(word) or word in FILLER or word in COMMON or unit_of(word) is not None or ordinary(word)

    # Hearing -----------------------------------------------------------------------------------------------------------

    def heard(self, requests: Sequence[Request]) -> list[Heard]:
        """Each request as the rules can read it; one that is English throughout as it is."""
        return [self._heard(r) if self._on and r.intent is None else Heard(ENGLISH, r) for r in requests]

    def _heard(self, request: Request) -> Heard:
        turns = [*(t for t in request.history), Turn("user", request.request)]
        languages = self._languages(turns)
        own = [t.role == "user" and t.intent is None and c != ENGLISH for t, c in zip(turns, languages, strict=True)]
        plain = [
            t if f or t.role != "user" else replace(t, content=self._english(t.content))
            for t, f in zip(turns, own, strict=True)
        ]
        if not any(own):
            return Heard(ENGLISH, replace(request, request=plain[-1].content, history=tuple(plain[:-1])))
        said = [
            self._put(t.content, c) if f else _as_it_is(t.content)
            for t, c, f in zip(plain, languages, own, strict=True)
        ]
        return self._joined(request, plain, languages, said)

    def _languages(self, turns: Sequence[Turn]) -> list[str]:
        """The language of each turn. A turn of which no word is known is in the language of the turn after it, where it may be:
        "Zelt", and then a sentence in German."""
        found: list[str] = []
        before = ENGLISH
        for turn in turns:
            before = self._language(turn.content, before) if turn.role == "user" else before
            found.append(before)
        after = found[-1]
        for n in range(len(turns) - 1, -1, -1):
            if turns[n].role == "user":
                if found[n] == ENGLISH != after and not ordinary_share(turns[n].content.lower(), self.known):
                    found[n] = language_of(turns[n].content, self.known, after)
                after = found[n]
        return found

    def _language(self, text: str, before: str) -> str:
        return talk_language(text) or language_of(text, self.known, before)

    def _english(self, text: str) -> str:
        """A text in English with the names that it denies in another language denied in English: "headphones, aber nicht Torvik"."""
        low = text.lower()
        if len(low) != len(text) or len(low) > LONGEST:
            return text
        refused = ""
        for name, start in named_values(low, self):
            if denial := denied(low, start, start + len(name), LANGUAGES):
                cut = [denial, (start, start + len(name))]
                low, text = blanked(low, cut), blanked(text, cut)
                refused += f", not {name}"
        return " ".join(text.split()).strip(" ,") + refused if refused else text

    def _put(self, text: str, language: str) -> Rewritten:
        if small_talk(text, language):
            return Rewritten((), "", "")
        return rewritten(text, rules(language), self)

    def _joined(self, request: Request, turns: list[Turn], languages: list[str], said: list[Rewritten]) -> Heard:
        """The turns as the rules read them: those of which nothing can be read fall away, so that they change nothing."""
        language, current = languages[-1], len(turns) - 1
        users = [n for n, t in enumerate(turns) if t.role == "user"]
        english, guesses = {n: said[n].english for n in users}, {}
        for n in users:
            if (
                languages[n] != ENGLISH
                and self._knows(languages[n])
                and (guess := self._kind(said[n], later=n != users[0]))
            ):
                guesses[n], english[n] = guess, ", ".join(filter(None, (guess, english[n])))
        if not guesses and not any(self._names_kind(own) for s in said for own, _ in s.parts):
            # of whom there are two, a tent's or a game's, only the kind of thing tells
            english = {n: ", ".join(e for e, _ in said[n].parts if not e.endswith(" people")) for n in users}
        last = next((n for n in reversed(users) if english[n] or turns[n].intent is not None), users[-1])
        history = tuple(
            replace(t, content=english[n]) if t.role == "user" else t
            for n, t in enumerate(turns[:last])
            if t.role != "user" or english[n] or t.intent is not None
        )
        spoken = users if len(users) > 1 and current not in guesses else users[-1:]
        after = (
            next((languages[n] for n in reversed(users) if languages[n] != ENGLISH), "") if language == ENGLISH else ""
        )
        if after:
            spoken = [n for n in users if languages[n] != ENGLISH]
        limited = any(v.startswith(("cheapest",)) or re.search(r"\d", v) for v in english.values())
        heard = Heard(
            language,
            replace(request, request=english[last], history=history),
            rest=" ".join(filter(None, (said[n].rest for n in spoken))),
            words=" ".join(filter(None, (said[n].words for n in spoken))),
            searched=self._knows(after or language),
            parts=tuple(p for n in users if languages[n] != ENGLISH for p in said[n].parts),
            guessed=guesses.get(current, ""),
            names=" ".join(filter(None, (said[n].names for n in spoken))),
            unread=said[-1].unread,
            after=after,
        )
        if language != ENGLISH and small_talk(turns[-1].content, language):
            heard = replace(heard, state="talk")
        elif language != ENGLISH and len(users) > 1 and not said[-1].parts and current not in guesses:
            heard = replace(heard, state="follow")
        known = guesses or any(self._names_kind(part) for n in users for part, _ in said[n].parts)
        return replace(heard, doubted=() if known or not limited else self._doubted())

    def _knows(self, language: str) -> bool:
        return language != ENGLISH and self._covers is not None and self._covers(language)

    def _doubted(self) -> tuple[str, ...]:
        """The fields that several kinds have each in a unit of their own ("weight_kg", "weight_g"): which one is meant only the kind tells."""
        of: dict[str, list[str]] = {}
        for name, known in self._index.fields.items():
            if known.number and known.unit is not None and known.kind != "money":
                of.setdefault(known.unit.dimension, []).append(name)
        return tuple(name for names in of.values() if len(names) > 1 for name in names)

    def _names_kind(self, english: str) -> bool:
        """Whether a phrase names a category of the catalogue."""
        return any(v.field == "categories" for v in self._index.values.get(stems(english), ()))

    def _kind(self, said: Rewritten, later: bool) -> str:
        """The kind of product that the search finds for the rest of a turn, "" where it names one itself or none is clear. Of a few words, or
        where the price alone orders what is found, its name must be the nearest in meaning too."""
        if self._kinds is None or not said.rest or any(self._names_kind(english) for english, _ in said.parts):
            return ""
        few = len(said.rest.split()) < WORDS_LATER and len(said.rest) < LETTERS_FEW
        if later and few and self._called is None:
            return ""
        shares = self._kinds(Intent(query=said.rest), words=said.words)
        if not shares or shares[0][1] < (CLEAR_LATER if later else CLEAR):
            return ""
        ordered = any(english == "cheapest" for english, _ in said.parts)
        if (few or ordered) and self._called is not None and self._called(said.rest)[:1] != [shares[0][0]]:
            return ""
        return shares[0][0]


def _as_it_is(text: str) -> Rewritten:
    return Rewritten(((text, text),), text, text, text)
