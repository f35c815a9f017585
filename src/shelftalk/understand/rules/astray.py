"""Amounts that measure something else than the product: "my desk is 160 cm", "with 15 kg of gear", an inch of a thing that
the catalogue does not know."""

from __future__ import annotations

import re

from shelftalk.understand.rules.amounts import ParsedAmount, amounts
from shelftalk.understand.rules.index import Field, named
from shelftalk.understand.rules.nearby import around
from shelftalk.understand.rules.tokens import Text
from shelftalk.words.stems import bag, stemmed

_OWN = re.compile(
    r"\b(?:my|our|his|her|their) (?!(?:budget|limit|price|max|maximum|minimum|size|next|new|ideal)\b)(?:[\w'-]+ ){1,5}?"
    r"(?:is|are|was|measures?|weighs?|has|had|holds|lasts?|dies|runs|gives|takes)(?: (?:about|around|only|just|roughly|nearly|almost|some|after|for|an?))* $"
)
_HAVE = re.compile(r"\b(?:i|we)(?:'ve| have)(?: got)?(?: (?:about|around|over|some|like|roughly))* $")
_OF_STUFF = re.compile(r" (?:worth )?of (?!(?:memory|ram|storage|capacity|weight|power|battery|load)\b)[a-z]")
# A length said in inches is hardly meant of a thing that is measured in millimetres.
_METRIC, _IMPERIAL = bag("mm cm m km"), bag("in ft yd mi")
_WEIGHT = stemmed("weight weighs mass")


# What is asked of an amount: "is a 30000 mAh power bank allowed on a plane", "will 20 litres be enough?".
_QUESTION = re.compile(
    r"(?:^|[.;!?,]|\b(?:and|but|or)) ?(?:is|are|would|will|can|could|does|do|should) (?:[^.;!?,]|[.,]\d){0,60}?"
    r"\b(?:allowed|permitted|legal|ok|okay|fine|alright|safe|enough|sufficient|too (?:much|many|big|small|little|large|heavy|long|short|high|low))\b"
)


def questioned(text: Text) -> list[tuple[int, int]]:
    """The first and last tokens of the amounts with a unit of which it is asked whether they will do."""
    spans = [match.span() for match in _QUESTION.finditer(text.low)]
    return [
        (a.number.first, a.last)
        for a in (amounts(text) if spans else [])
        if a.unit is not None and any(s <= text.tokens[a.number.first].start < e for s, e in spans)
    ]


def astray(text: Text, amount: ParsedAmount, known: Field) -> bool:
    """Whether an amount without a comparison is no limit on the field that its unit and size would fit."""
    if amount.money or known.kind == "money" or amount.low is not None:
        return False
    start = text.tokens[amount.number.first].start
    if amount.unit is None:
        return _HAVE.search(text.low[max(0, start - 40) : start]) is not None
    if _OWN.search(text.low[max(0, start - 90) : start]):
        return True
    if (
        amount.unit.dimension == "mass"
        and _WEIGHT & set(known.name)
        and _OF_STUFF.match(text.low[text.tokens[amount.last].end :])
    ):
        return True
    near, _ = around(text, amount.number.first, amount.last, 0)
    if not known.within or named(known, near) >= 0.5:
        return False
    return known.unit is not None and known.unit.name in _METRIC and amount.unit.name in _IMPERIAL
