"""Amounts written in digits or words: "1,250.50", "1.5k", "two hundred and fifty", "half a", "a dozen", "1/2"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shelftalk.understand.rules.tokens import Text

_ONES = {w: i for i, w in enumerate(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"])}  # fmt: skip
_TENS = {
    w: 10 * i for i, w in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_TENS["fourty"] = 40
_SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 1_000_000}
_WHOLE = {"dozen": 12.0, "couple": 2.0, "half": 0.5, "quarter": 0.25, "third": 1 / 3}
_SHORT_SCALES = {"k": 1000.0}


@dataclass(frozen=True, slots=True)
class Number:
    """An amount: tokens `first` to `last`; `digits` says it was written in digits; `kilo` that a glued "k" follows."""

    value: float
    first: int
    last: int
    digits: bool
    kilo: bool = False


_LONGEST = 15


def numbers(text: Text) -> list[Number]:
    """Every amount of the text, in order, none overlapping. "one" alone is left out unless a unit may follow it."""
    found: list[Number] = []
    i = 0
    while i < len(text.tokens):
        number = _digits(text, i) if text.tokens[i].numeric else _words(text, i)
        if number is None:
            i += 1
        else:
            found.append(number)
            i = number.last + 1
    return found


def _digits(text: Text, i: int) -> Number | None:
    tokens = text.tokens
    if (
        i
        and tokens[i].gap == ""
        and tokens[i - 1].text.isalpha()
        and tokens[i - 1].low not in ("usd", "eur", "gbp", "x")
    ):
        return None  # the 7 of OPT7
    if len(tokens[i].text) > _LONGEST:
        return None  # the number of a card or a code, no amount
    value = float(tokens[i].text.replace(",", ""))
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if after and after.gap == "/" and after.numeric and "." not in after.text and float(after.text) not in (0.0,):
        whole = 0.0
        first = i
        if found_whole := (
            i > 0 and tokens[i - 1].numeric and tokens[i].gap in (" ", "-") and "." not in tokens[i - 1].text
        ):
            whole, first = float(tokens[i - 1].text.replace(",", "")), i - 1
        fraction = value / float(after.text)
        if fraction < 1 and float(after.text) <= 16:
            return Number(whole + fraction, first if found_whole else i, i + 1, True)
    if after and after.numeric and after.gap == " " and i + 2 < len(tokens) and tokens[i + 2].gap == "/":
        return _digits(text, i + 1)
    if after and after.low in _SHORT_SCALES and after.gap == "":
        return Number(value, i, i, True, kilo=True)
    if after and after.low in ("thousand", "grand", "million", "hundred") and after.gap in (" ", "-"):
        return Number(value * _SCALES[after.low], i, i + 1, True)
    return Number(value, i, i, True)


def _words(text: Text, i: int) -> Number | None:  # noqa: C901, PLR0912
    tokens = text.tokens
    low = tokens[i].low
    if low in ("a", "an") and i + 1 < len(tokens) and not tokens[i + 1].hard:
        after = tokens[i + 1].low
        if after in _SCALES:
            rest = _words(text, i + 1)
            return rest and Number(rest.value, i, rest.last, False)
        if after in _WHOLE:
            return _skip_of(text, _WHOLE[after], i, i + 1)
        return None
    if low in ("half", "dozen") or (low in ("quarter", "third") and i + 1 < len(tokens) and tokens[i + 1].low == "of"):
        if low == "half" and i + 2 < len(tokens) and tokens[i + 1].low in ("a", "an") and tokens[i + 2].low == "dozen":
            return Number(6.0, i, i + 2, False)
        return _skip_of(text, _WHOLE[low], i, i)
    total, current, last, j, seen = 0.0, 0.0, -1, i, False
    while j < len(tokens):
        word = tokens[j].low
        if j > i and (tokens[j].hard or tokens[j].comma):
            break
        if (
            word in _ONES and (not seen or current == 0 or (_ONES[word] < 10 and current % 10 == 0 and current % 100))
        ) or (word in _ONES and seen and current >= 100 and current % 100 == 0):
            current += _ONES[word]
        elif word in _TENS and (not seen or current % 100 == 0):
            current += _TENS[word]
        elif word in _SCALES and _SCALES[word] == 100 and current < 100:
            current = (current or 1.0) * 100
        elif word in _SCALES and word != "hundred":
            total, current = total + (current or 1.0) * _SCALES[word], 0.0
        elif (
            word == "and"
            and seen
            and j + 1 < len(tokens)
            and (total or current >= 100)
            and (tokens[j + 1].low in _ONES or tokens[j + 1].low in _TENS)
        ):
            j += 1
            continue
        else:
            break
        seen, last = True, j
        j += 1
    if not seen:
        return None
    value = total + current
    if last + 3 < len(tokens) and [t.low for t in tokens[last + 1 : last + 4]] == ["and", "a", "half"]:
        return Number(value + 0.5, i, last + 3, False)
    if last + 2 < len(tokens) and tokens[last + 1].low == "point" and tokens[last + 2].low in _ONES:
        return Number(value + _ONES[tokens[last + 2].low] / 10, i, last + 2, False)
    return Number(value, i, last, False)


def _skip_of(text: Text, value: float, first: int, last: int) -> Number:
    """The number, with the "of" or "a" that leads to its unit taken in: "half a kilo", "a couple of hours"."""
    tokens = text.tokens
    while last + 1 < len(tokens) and tokens[last + 1].low in ("of", "a", "an") and not tokens[last + 1].hard:
        last += 1
    return Number(value, first, last, False)


def amounts_in(text: str) -> set[float]:
    """Every amount a text holds as plain numbers, with "k" both read and unread: what a model's output may name."""
    from shelftalk.understand.rules.tokens import tokenise

    found: set[float] = set()
    for number in numbers(tokenise(text)):
        found.add(number.value)
        if number.kilo:
            found.add(number.value * 1000)
    for match in re.finditer(r"\d+(?:\.\d+)?", text.replace(",", "")):
        if len(match.group()) < 16:
            found.add(float(match.group()))
    return found
