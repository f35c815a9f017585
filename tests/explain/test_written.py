"""The checker on the written set: nearly all of what people wrote holds, and what is made false of it is refused.

Its shares are printed by `pytest tests/explain/test_written.py -s`.
"""

from __future__ import annotations

import random
import re

import pytest

from shelftalk.written import Reason
from tests.explain.written import card, refused, written

SAMPLE = 240
OPPOSITE = {
    "lightest": "heaviest", "heaviest": "lightest", "cheapest": "most expensive", "longest": "shortest", "shortest": "longest",
    "quietest": "loudest", "loudest": "quietest", "smallest": "largest", "largest": "smallest", "lowest": "highest", "highest": "lowest",
    "widest": "narrowest", "narrowest": "widest", "second": "third", "third": "fourth",
}  # fmt: skip
UNITS = {
    "kg": "g",
    "EUR": "USD",
    "hours": "minutes",
    "minutes": "hours",
    "cm": "mm",
    "mm": "cm",
    "dB": "W",
    "W": "kW",
    "ml": "l",
    "GB": "TB",
}


@pytest.fixture(scope="module")
def reasons() -> list[Reason]:
    """Some reasons of the set, chosen by a seed."""
    return random.Random(1).sample([r for r in written().reasons if r.split == "train"], SAMPLE)


@pytest.fixture(scope="module")
def holding(reasons: list[Reason]) -> list[Reason]:
    return [r for r in reasons if not refused(r)]


def test_at_least_nine_in_ten_of_what_people_wrote_hold(reasons: list[Reason], holding: list[Reason]) -> None:
    print(f"\nheld: {len(holding)} of {len(reasons)}")
    assert len(holding) >= 0.9 * len(reasons)


def number(reason: Reason, draw: random.Random) -> str:
    """One number of it changed."""
    found = list(re.finditer(r"(?<![\[\d.])\d+(?:\.\d+)?(?![\d\].]*\])", reason.text))
    if not found:
        return reason.text
    one = draw.choice(found)
    return f"{reason.text[: one.start()]}{float(one[0]) + draw.choice((1, 2, 5)):g}{reason.text[one.end() :]}"


def standing(reason: Reason, draw: random.Random) -> str:
    """Another end, or another place."""
    for word in draw.sample(sorted(OPPOSITE), len(OPPOSITE)):
        if re.search(rf"\b{word}\b", reason.text):
            return re.sub(rf"\b{word}\b", OPPOSITE[word], reason.text, count=1)
    return reason.text


def unit(reason: Reason, draw: random.Random) -> str:
    """Another unit."""
    for word in draw.sample(sorted(UNITS), len(UNITS)):
        if re.search(rf"\d {word}\b", reason.text):
            return re.sub(rf"(\d) {word}\b", rf"\1 {UNITS[word]}", reason.text, count=1)
    return reason.text


def negation(reason: Reason, draw: random.Random) -> str:
    """A yes denied or a no affirmed."""
    for n, line in enumerate(reason.facts, 1):
        fact = card(line).fact
        if fact.truth is not None:
            return f"{reason.text} It is {'not ' if fact.truth else ''}{fact.name} [{n}]."
    return reason.text


def feature(reason: Reason, draw: random.Random) -> str:
    """A feature of the kind that no fact gives."""
    said = " ".join((*reason.facts, reason.request)).lower()
    for spec in written().kinds[reason.kind].fields:
        for value in [spec.name.replace("_", " ")] if spec.kind == "boolean" else spec.values:
            if not any(word in said for word in value.lower().split()):
                return f"{reason.text} And it is {value} [1]."
    return reason.text


@pytest.mark.parametrize(
    "make, share", [(number, 0.9), (standing, 0.95), (unit, 0.95), (negation, 0.95), (feature, 0.7)]
)
def test_what_is_made_false_is_refused(holding: list[Reason], make, share: float) -> None:
    draw = random.Random(2)
    false = [(r, made) for r in holding[:150] if (made := make(r, draw)) != r.text]
    missed = [made for r, made in false if not refused(r, made)]
    print(f"\n{make.__name__}: {len(false) - len(missed)} of {len(false)} refused; not: {missed[:8]}")
    assert len(missed) <= (1 - share) * len(false)
