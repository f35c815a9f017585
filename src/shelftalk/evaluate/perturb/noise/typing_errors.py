"""Slips of the hand: neighbouring keys, swapped, dropped and doubled letters, and the state of the shift key.

The kinds are the four of Damerau (1964, "A technique for computer detection and correction of spelling errors"), the
insertion being a doubled letter. The first letter is spared: it is wrong in few real errors (Yannakoudakis and Fawthrop
1983: 1.4 %). A slip that makes another word of English is drawn again, for it would ask for something else, and words of
less than five letters are spared for the same reason.
"""

from __future__ import annotations

import random
import re

from shelftalk.evaluate.perturb.noise.words import NEGATIONS, NUMBERS
from shelftalk.understand.rules import ordinary

__all__ = ["casing", "typing_errors"]

_NEIGHBOURS = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl", "p": "ol",
    "a": "qsz", "s": "awdx", "d": "sefc", "f": "drgv", "g": "fthb", "h": "gyjn", "j": "hukm", "k": "jil", "l": "kop",
    "z": "asx", "x": "zsdc", "c": "xdfv", "v": "cfgb", "b": "vghn", "n": "bhjm", "m": "njk",
}  # fmt: skip
_WORD = re.compile(r"(?<![\w'’.-])[A-Za-z]{5,}(?![\w'’])")
_WORDS_A_SLIP = 7
_TRIES = 12
_SHORTEST = 5


def typing_errors(text: str, rng: random.Random) -> str | None:
    """The text with one slip for every seven words that can carry one, at least one; None where no word can."""
    places = [m.span() for m in _WORD.finditer(text) if m.group().lower() not in NEGATIONS | NUMBERS]
    if not places:
        return None
    slips = rng.sample(places, min(len(places), max(1, round(len(places) / _WORDS_A_SLIP))))
    noisy = text
    for start, end in sorted(slips, reverse=True):
        noisy = noisy[:start] + _slip(text[start:end], rng) + noisy[end:]
    return noisy if noisy != text else None


def _slip(word: str, rng: random.Random) -> str:
    for _ in range(_TRIES):
        at = rng.randrange(1, len(word))
        kind = rng.choice(("neighbour", "swap", "drop", "double"))
        if kind == "neighbour":
            key = rng.choice(_NEIGHBOURS[word[at].lower()])
            wrong = word[:at] + (key.upper() if word[at].isupper() else key) + word[at + 1 :]
        elif kind == "swap":
            at = min(at, len(word) - 2)
            wrong = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif kind == "drop" and len(word) > _SHORTEST:
            wrong = word[:at] + word[at + 1 :]
        else:
            wrong = word[:at] + word[at] + word[at:]
        if wrong.lower() != word.lower() and not ordinary(wrong.lower()):
            return wrong
    return word


def casing(text: str, rng: random.Random) -> str | None:
    """The text in capitals, in small letters, or With Every Word Capital; None where all of these leave it as it is."""
    titled = re.sub(r"(?<![\w'’])[a-z](?![A-Z])", lambda m: m.group().upper(), text)
    others = [changed for changed in (text.upper(), text.lower(), titled) if changed != text]
    return rng.choice(others) if others else None
