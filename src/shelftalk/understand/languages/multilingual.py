"""Requests in other languages on their way through the rules for English: what is exact is put into English before they read it, and what
they made of it gets the shopper's own words back afterwards. Nothing here is done to a request in English.

The rest of the request is not translated. Where the embedder knows the language (`embedded`) the search understands it, and the kinds of
product that it finds first stand for the name of the thing, where they are clear. Where it does not, only names, numbers and words
that a text in English holds can be searched for, and the answer says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from shelftalk.understand.languages.detect import ENGLISH, language_of
from shelftalk.understand.languages.rewrite import Rewritten, rewritten
from shelftalk.understand.languages.table import rules
from shelftalk.understand.rules import COMMON, Index, ordinary, stems
from shelftalk.values import Constraint, Intent, Request, Turn
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
_LEAD = re.compile(r"^(?:for|under|over|at most|at least|around|without) (?:at most |at least |under |over )?")
# A value of so many letters names itself in any language; a brand may be shorter.
_TELLING, _NOUN = 5, 4


@dataclass(frozen=True, slots=True)
class Heard:
    """A request in another language: its ISO 639-1 code ("und": unknown), the `request` as the rules read it, its `rest` to search for by meaning, the
    `words` to search for in texts, whether the embedder knows the language (`searched`), and the English phrases with the shopper's words that they
    stand for. `guessed` is the kind of product that the search found first."""

    language: str
    request: Request
    rest: str = ""
    words: str = ""
    searched: bool = False
    parts: tuple[tuple[str, str], ...] = ()
    guessed: str = ""
    names: str = ""

    @property
    def dense(self) -> bool:
        """Whether something can be searched for by meaning: all of it, or the names and the English that stands in it."""
        return self.searched or bool(self.names)

    @property
    def foreign(self) -> bool:
        """Whether it is in another language than English."""
        return self.language != ENGLISH

    @property
    def read(self) -> tuple[str, ...]:
        """The shopper's words that were read as limits and names."""
        heard = self.request.request
        return tuple(dict.fromkeys(own for english, own in self.parts if english in heard))

    def completed(self, understood: Any) -> Any:
        """What was understood (an Understood), with the shopper's own words in place of the English ones, and nothing that was read from
        words of another language as if they were English."""
        if not self.foreign:
            return understood
        intent = understood.intent
        sort = intent.sort and replace(intent.sort, span=self._own(intent.sort.span))
        constraints = tuple(self._spoken(c) for c in intent.constraints)
        intent = replace(
            intent,
            constraints=constraints,
            sort=sort,
            preferences=(),
            query=self.rest if self.searched else self.names or self.rest,
            kind="",
            shopping=True,
        )
        notes = tuple(dict.fromkeys(self._own(n) for n in understood.notes))
        return replace(understood, intent=intent, notes=notes, heard=self)

    def _own(self, text: str) -> str:
        """The text with the shopper's words in place of the English phrases, or of what the rules take of one."""
        for english, own in self.parts:
            short = re.compile(rf"(?<!\w){re.escape(_LEAD.sub('', english))}(?!\w)")
            text = text.replace(english, own) if english in text else own.join(short.split(text))
        return text

    def _spoken(self, constraint: Constraint) -> Constraint:
        if self.guessed and constraint.field == "categories" and constraint.span.lower() == self.guessed.lower():
            return replace(constraint, span=self.rest)
        return replace(constraint, span=self._own(constraint.span))


class Multilingual:
    """Hears requests over one version of a catalogue. `kinds` finds the kinds of product for a text, `covers` tells whether the embedder knows a
    language; without them nothing is searched for by meaning."""

    def __init__(
        self, index: Index, kinds: KindSearch | None, covers: Callable[[str], bool] | None, on: bool = True
    ) -> None:
        self._index, self._kinds, self._covers, self._on = index, kinds, covers, on
        self.currency = index.facets.currency

    # What the catalogue calls its own (`foreign.Names`) ---------------------------------------------------------------

    def value(self, words: tuple[str, ...]) -> bool:
        """Whether the stems are those of a value that means the same in any language: a brand, a longer word, what a category is named after."""
        if len(words) == 1 and words[0] in self._index.heads and len(words[0]) >= _NOUN:
            return True
        for value in self._index.values.get(words, ()):
            known = self._index.fields[value.field]
            if value.exact and (known.brand or known.field == "categories" or len("".join(words)) >= _TELLING):
                return True
        return False

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
        languages: list[str] = []
        before = ENGLISH
        for turn in turns:
            before = language_of(turn.content, self.known, before) if turn.role == "user" else before
            languages.append(before)
        own = [t.role == "user" and t.intent is None and c != ENGLISH for t, c in zip(turns, languages, strict=True)]
        if not any(own):
            return Heard(ENGLISH, request)
        said = [
            self._put(t.content, c) if f else _as_it_is(t.content)
            for t, c, f in zip(turns, languages, own, strict=True)
        ]
        return self._joined(request, turns, languages, said)

    def _put(self, text: str, language: str) -> Rewritten:
        return rewritten(text, rules(language), self)

    def _joined(self, request: Request, turns: list[Turn], languages: list[str], said: list[Rewritten]) -> Heard:
        """The turns as the rules read them: those of which nothing can be read fall away, so that they change nothing."""
        language = languages[-1]
        searched = language != ENGLISH and self._covers is not None and self._covers(language)
        users = [n for n, t in enumerate(turns) if t.role == "user"]
        english, guesses = {n: said[n].english for n in users}, {}
        if searched:
            for n in users:
                guess = self._kind(said[n], later=n != users[0]) if languages[n] != ENGLISH else ""
                if guess:
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
        goes_on = len(users) > 1 and users[-1] not in guesses
        spoken = users if goes_on else users[-1:]
        return Heard(
            language,
            replace(request, request=english[last], history=history),
            rest=" ".join(filter(None, (said[n].rest for n in spoken))),
            words=" ".join(filter(None, (said[n].words for n in spoken))),
            searched=searched,
            parts=tuple(p for n in users for p in said[n].parts),
            guessed=guesses.get(last, ""),
            names=" ".join(filter(None, (said[n].names for n in spoken))),
        )

    def _names_kind(self, english: str) -> bool:
        """Whether a phrase names a category of the catalogue."""
        return any(v.field == "categories" for v in self._index.values.get(stems(english), ()))

    def _kind(self, said: Rewritten, later: bool) -> str:
        """The kind of product that the search finds for the rest of a turn, "" where it names one itself or none is clear."""
        if self._kinds is None or not said.rest or (later and len(said.rest.split()) < WORDS_LATER):
            return ""
        if any(self._names_kind(english) for english, _ in said.parts):
            return ""
        shares = self._kinds(Intent(query=said.rest), words=said.words)
        return shares[0][0] if shares and shares[0][1] >= (CLEAR_LATER if later else CLEAR) else ""


def _as_it_is(text: str) -> Rewritten:
    return Rewritten(((text, text),), text, text, text)
