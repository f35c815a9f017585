"""Which language a request is in, English wherever that is in doubt. In process, without a download; the model loads when first needed.

py3langid (naive Bayes over byte n-grams, Lui and Baldwin 2012) gives the log-likelihood of each language. A request of words that the
catalogue or English mostly knows is English without asking it: brand names, "laptop" and product names look like any language.
Any other must be likelier than English by a margin (docs/decisions/0011-languages.md has the figures).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from shelftalk.text import clean
from shelftalk.understand.languages.table import marks
from shelftalk.words.stop import FUNCTION
from shelftalk.words.units import unit_of

__all__ = ["ENGLISH", "LANGUAGES", "UNDETERMINED", "language_of", "ordinary_share"]

ENGLISH, UNDETERMINED = "en", "und"  # ISO 639: "und" is a language that is none of LANGUAGES and not English
LANGUAGES = ("de", "es", "fr", "pt", "it", "nl", "pl", "tr", "ru", "ar", "zh", "ja", "ko")
# How much likelier than English (natural logarithm) a language must be: in general, where one word that nobody knows is all, and where
# the turn before was in that language. Another language than these must be likelier than the likeliest of them by ANOTHER.
MARGIN, ONE_WORD, GOES_ON, ANOTHER = 10.0, 6.0, 1.0, 16.0
# A text with a word that only one of the two knows ("ohne", "massimo") needs less, and how many letters such a word must have.
MARKED, LETTERS = 2.0, 3
MOSTLY = 0.5
_MONEY = frozenset(["euro", "euros", "eur", "dollar", "dollars", "usd", "gbp"])
# Longer texts tell no more, and cost more.
LONGEST = 400
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LETTER = re.compile(r"[^\W\d_]")
_UKRAINIAN = re.compile("[іїєґ]")
_loading = threading.Lock()


def language_of(text: str, known: Callable[[str], bool], before: str = ENGLISH) -> str:
    """The ISO 639-1 code of the text's language: one of LANGUAGES, ENGLISH, or UNDETERMINED for any other.

    `known` tells whether a lower-case word is English or one of the catalogue's own; `before` is the language of the turn before, in
    which a short answer goes on.
    """
    text = clean(text)[:LONGEST].lower()
    letters = _LETTER.findall(text)
    if not letters:
        return before
    told = _told(text, known, before, letters)
    return (_marked(text, known) or told) if told == ENGLISH else told


def _told(text: str, known: Callable[[str], bool], before: str, letters: list[str]) -> str:
    """The language by how likely its letters are."""
    share = ordinary_share(text, known)
    if share >= MOSTLY and 2 * len(_LATIN.findall(text)) >= len(letters):
        return ENGLISH
    scores = _scores(text)
    likeliest = max(LANGUAGES, key=lambda code: scores[code])
    any_other = max(scores, key=lambda code: scores[code])
    if before in LANGUAGES and scores[before] - scores[ENGLISH] >= GOES_ON and share < MOSTLY:
        likeliest, margin = (before if scores[likeliest] - scores[before] < MARGIN else likeliest), GOES_ON
    else:
        margin = MARGIN if share or len(_WORD.findall(text)) > 1 else ONE_WORD
    strange = any_other not in (*LANGUAGES, ENGLISH) and scores[any_other] - scores[likeliest] >= ANOTHER
    if scores[any_other if strange else likeliest] - scores[ENGLISH] < margin:
        return ENGLISH
    return UNDETERMINED if strange or (likeliest == "ru" and _UKRAINIAN.search(text)) else likeliest


def _marked(text: str, known: Callable[[str], bool]) -> str:
    """The language of which the text has a word that is none of English or of the catalogue, and of which nothing else in the text
    denies it: no short word of English stands in it, and its letters are likelier in that language. "" for none."""
    words = [w.split("'")[-1] for w in _WORD.findall(text.replace("’", "'"))]
    words = [w for w in words if unit_of(w) is None and w not in _MONEY]
    strange = [w for w in words if len(w) >= LETTERS and not known(w)]
    if len(words) < 2 or not strange:
        return ""
    found = {code: len(own) for code in LANGUAGES if (own := [w for w in strange if w in marks(code)])}
    found = {c: n for c, n in found.items() if 2 * sum(w in strange or w in marks(c) for w in words) > len(words)}
    found = {c: n for c, n in found.items() if not any(w in FUNCTION and w not in marks(c) for w in words)}
    if not found:
        return ""
    scores = _scores(text)
    best = max(found, key=lambda code: (found[code], scores[code]))
    rivals = [code for code in (ENGLISH, *LANGUAGES) if code != best and found.get(code, 0) < found[best]]
    likely = scores[best] - scores[ENGLISH] >= MARKED
    return best if likely and all(scores[code] - scores[best] < MARGIN for code in rivals) else ""


def ordinary_share(text: str, known: Callable[[str], bool]) -> float:
    """The share of a lower-case text's words that are known, 0 where it has none."""
    words = _WORD.findall(text)
    return sum(known(w.replace("’", "'").removesuffix("'s")) for w in words) / len(words) if words else 0.0


def _scores(text: str) -> dict[str, float]:
    """The log-likelihood of each language, in no unit of its own: only differences tell."""
    return dict(_identifier().rank(text))


@lru_cache(maxsize=1)
def _loaded() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def _identifier() -> Any:
    with _loading:  # of two threads one loads
        return _loaded()
