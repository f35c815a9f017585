"""Amounts written in digits or words: "1,250.50", "1.5k", "two hundred and fifty", "half a", "a dozen", "1/2"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shelftalk.understand.rules.tokens import Text, tokenise
from shelftalk.words.money import before
from shelftalk.words.numbers import PARTS, SETS, SMALL, counts, spoken

_WHOLE = {**PARTS, "dozen": SETS["dozen"], "couple": SETS["couple"]}
_PARTS = {
    f"{word}{s}": part for word, part in {**PARTS, "eighth": 1 / 8, "sixteenth": 1 / 16}.items() for s in ("", "s")
}
_SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000, "million": 1_000_000}


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
        and tokens[i - 1].stem not in text.numbered
        and before(text.text[: tokens[i].start], text.own) is None
        and not (tokens[i - 1].low in ("ft", "m") and tokens[i - 1].gap == "" and i > 1 and tokens[i - 2].numeric)
    ):
        return None  # the 7 of OPT7, but the 2 of 6ft2
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
    if after and after.low == "k" and after.gap == "":
        return Number(value, i, i, True, kilo=True)
    if after and after.low in _SCALES and after.gap in (" ", "-"):
        return Number(value * _SCALES[after.low], i, i + 1, True)
    return Number(value, i, i, True)


def _words(text: Text, i: int) -> Number | None:
    tokens = text.tokens
    lows = [t.low for t in tokens[i : i + 3]]
    if lows[0] in ("a", "an") and len(lows) > 1 and not tokens[i + 1].hard:
        if lows[1] in _SCALES:
            rest = _run(text, i + 1)
            return rest and Number(rest.value, i, rest.last, False)
        return _skip_of(text, _WHOLE[lows[1]], i, i + 1) if lows[1] in _WHOLE else None
    if lows in (["half", "a", "dozen"], ["half", "an", "dozen"]):
        return Number(6.0, i, i + 2, False)
    if lows[0] in ("half", "dozen") or (lows[0] in ("quarter", "third") and lows[1:2] == ["of"]):
        return _skip_of(text, _WHOLE[lows[0]], i, i)
    return _run(text, i)


def _run(text: Text, i: int) -> Number | None:
    """The number that the longest run of number words from i on says, with "and a half" or "point five" behind it."""
    tokens, end = text.tokens, i
    while end < len(tokens) and (counts(tokens[end].low) or (end > i and tokens[end].low == "and")):
        if end > i and (tokens[end].hard or tokens[end].comma):
            break
        end += 1
    for last in range(end - 1, i - 1, -1):
        said = [t.low for t in tokens[i : last + 1]]
        value = spoken(said) if said[-1] != "and" else None
        if value is None:
            continue
        part = _PARTS.get(tokens[last + 1].low) if last + 1 < len(tokens) and not tokens[last + 1].hard else None
        if part is not None and value * part < 1 and tokens[last + 1].gap in (" ", "-"):
            return Number(value * part, i, last + 1, False)  # "three quarters of an inch"
        if [t.low for t in tokens[last + 1 : last + 4]] == ["and", "a", "half"]:
            return Number(value + 0.5, i, last + 3, False)
        if last + 2 < len(tokens) and tokens[last + 1].low == "point" and SMALL.get(tokens[last + 2].low, 10) < 10:
            return Number(value + SMALL[tokens[last + 2].low] / 10, i, last + 2, False)
        return Number(value, i, last, False)
    return None


def _skip_of(text: Text, value: float, first: int, last: int) -> Number:
    """The number, with the "of" or "a" that leads to its unit taken in: "half a kilo", "a couple of hours"."""
    tokens = text.tokens
    while last + 1 < len(tokens) and tokens[last + 1].low in ("of", "a", "an") and not tokens[last + 1].hard:
        last += 1
    return Number(value, first, last, False)


def amounts_in(text: str) -> set[float]:
    """Every amount a text holds as plain numbers, with "k" both read and unread: what a model's output may name."""
    found: set[float] = set()
    for number in numbers(tokenise(text)):
        found.add(number.value)
        if number.kilo:
            found.add(number.value * 1000)
    for match in re.finditer(r"\d+(?:\.\d+)?", text.replace(",", "")):
        if len(match.group()) < 16:
            found.add(float(match.group()))
    return found
