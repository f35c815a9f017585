"""Numbers and places that are written as words; runs of them ("two hundred and fifty") are text2num's."""

from __future__ import annotations

from text_to_num import text2num

_SMALL = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_PLACES = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
ORDINALS = {word: n for n, word in enumerate(_PLACES.split(), 1)}
SMALL = {word: n for n, word in enumerate(_SMALL.split())}
CARDINALS: dict[str, float] = {
    **SMALL, **{word: 10 * n for n, word in enumerate(_TENS.split(), 2)},
    "hundred": 100, "thousand": 1000, "million": 1_000_000,
}  # fmt: skip
PARTS = {"half": 0.5, "quarter": 0.25, "third": 1 / 3}
SETS = {
    "dozen": 12.0,
    "couple": 2.0,
    "pair": 2.0,
    "single": 1.0,
    "double": 2.0,
    "twin": 2.0,
    "triple": 3.0,
    "twice": 2.0,
}
_MEANT = {"grand": "thousand", "fourty": "forty"}


def number_word(word: str) -> float | None:
    """The number that a word stands for in a sentence: "six", "half", "dozen"; None for other words."""
    found = CARDINALS.get(word, {"half": 0.5, "dozen": 12.0, "twice": 2.0}.get(word))
    return None if found is None else float(found)


def counts(word: str) -> bool:
    """Whether a word belongs to a number written in words."""
    return _MEANT.get(word, word) in CARDINALS


def spoken(words: list[str]) -> float | None:
    """The number that the words say together, in lower case; None where they say none, or several."""
    try:
        return float(text2num(" ".join(_MEANT.get(w, w) for w in words), "en"))
    except ValueError:
        return None


def ordinal(word: str) -> int | None:
    """The place that a word stands for: "second", "2nd"; None for other words."""
    if word[:-2].isdigit() and word[-2:] in ("st", "nd", "rd", "th"):
        return int(word[:-2])
    return ORDINALS.get(word)
