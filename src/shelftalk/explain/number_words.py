"""Numbers that are written as words."""

from __future__ import annotations

_SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]  # fmt: skip
_CARDINALS = {
    **{word: float(n) for n, word in enumerate(_SMALL)},
    **{word: 10.0 * n for n, word in enumerate(["thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 3)},
    "half": 0.5, "dozen": 12.0, "hundred": 100.0, "thousand": 1000.0, "twice": 2.0,
}  # fmt: skip
_ORDINALS = {
    word: n
    for n, word in enumerate(
        [
            "first",
            "second",
            "third",
            "fourth",
            "fifth",
            "sixth",
            "seventh",
            "eighth",
            "ninth",
            "tenth",
            "eleventh",
            "twelfth",
        ],
        1,
    )
}


def number_word(word: str) -> float | None:
    """The number that a word stands for: "six", "half", "dozen"; None for other words."""
    return _CARDINALS.get(word)


def ordinal(word: str) -> int | None:
    """The place that a word stands for: "second", "2nd"; None for other words."""
    if word[:-2].isdigit() and word[-2:] in ("st", "nd", "rd", "th"):
        return int(word[:-2])
    return _ORDINALS.get(word)
