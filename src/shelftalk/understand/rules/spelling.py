"""Misspelt words set right against the catalogue's own words, and only where the word is no ordinary English."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from rapidfuzz.distance import OSA

from shelftalk.understand.rules.degrees import SUPERLATIVES, comparative, superlative
from shelftalk.understand.rules.index import Index
from shelftalk.understand.rules.lexicon import COMMON
from shelftalk.understand.rules.tokens import Text
from shelftalk.understand.rules.vocabulary import ordinary
from shelftalk.words.stems import bag, stem
from shelftalk.words.stop import FILLER
from shelftalk.words.units import UNITS

# Words that the rules of allergies read, though no list of common words has them.
_OF_ALLERGIES = bag("allergy allergies allergic allergen allergens intolerant intolerance intolerances")


def corrected(text: Text, index: Index) -> tuple[Text, tuple[str, ...]]:
    """The text with the stems of misspelt words replaced by those of the catalogue words, or else the words of
    an order, that they are nearest to, and a note
    for each. One edit for words of five letters or more, two for seven or more; the first letters agree."""
    tokens, notes = list(text.tokens), []
    for i, token in enumerate(tokens):
        word = token.low.removesuffix("'s")
        if (
            len(word) < 5
            or not word.isalpha()
            or token.stem in index.vocabulary_stems
            or word in UNITS
            or word in COMMON
            or word in FILLER
            or word in _OF_ALLERGIES
            or ordinary(word)
            or _graded(word)
            or superlative(word) is not None
            or comparative(word) is not None
        ):
            continue
        near = _nearest(word, index.vocabulary) or _nearest(word, _shopping_words())
        if near is not None:
            tokens[i] = replace(token, text=near, low=near, stem=stem(near), written=token.text)
            notes.append(f"read {token.text!r} as {near!r}")
    if not notes:
        return text, ()
    return replace(text, tokens=tuple(tokens)), tuple(notes)


def _graded(word: str) -> bool:
    """Whether the word is the superlative or comparative of an ordinary one: "heaviest", "thicker"."""
    for ending in ("est", "er"):
        if word.endswith(ending):
            root = word.removesuffix(ending)
            roots = (root, root + "e", root[:-1], root.removesuffix("i") + "y")
            return any(len(r) > 2 and ordinary(r) for r in roots)
    return False


@lru_cache(maxsize=1)
def _shopping_words() -> dict[tuple[str, int], list[str]]:
    """The words that orders are asked for with, by first letter and length: "cheapest", "lightest", "expensive"."""
    shaped: dict[tuple[str, int], list[str]] = {}
    for adjective in SUPERLATIVES:
        stripped = adjective.removesuffix("e")
        graded = (stripped[:-1] + "i" if stripped.endswith("y") else stripped) + "est"
        for form in (adjective, graded):
            if len(form) >= 6 and (form == adjective or superlative(form) is not None):
                shaped.setdefault((form[0], len(form)), []).append(form)
    return shaped


def _nearest(word: str, vocabulary: dict[tuple[str, int], list[str]]) -> str | None:
    reach = 2 if len(word) >= 7 else 1
    best: tuple[int, str] | None = None
    for size in range(len(word) - reach, len(word) + reach + 1):
        for known in vocabulary.get((word[0], size), ()):
            away = OSA.distance(word, known, score_cutoff=reach)
            if away <= reach and (best is None or away < best[0]):
                best = (away, known)
    return best[1] if best else None
