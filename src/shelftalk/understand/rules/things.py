"""The size of a device that a product is to hold: "for a 15 inch laptop", "my laptop is 15.6 inch"."""

from __future__ import annotations

import re

from shelftalk.understand.rules.amounts import Amount, amounts
from shelftalk.understand.rules.index import Field, Index
from shelftalk.understand.rules.nearby import Quantity
from shelftalk.understand.rules.tokens import Text, stems
from shelftalk.words.stems import stemmed
from shelftalk.words.units import convert, scalar, tidy

_MEASURE = stemmed("size diagonal width length height depth diameter max maximum fits")
# What is told apart by its diagonal, and held by something as large or larger; a wheel or a blade must fit exactly.
_DEVICES = stemmed("laptop notebook computer tablet ereader phone camera monitor tv television")
_LINK = re.compile(r"(?:'s| is| has| measures|,| size| of| with| an?| up to| about| around| roughly| exactly)* ")
_HOLDER = re.compile(r" (?:backpack|rucksack|bag|briefcase|sleeve|case|stand|mount|arm|cover)s?,? ")
_OWN = re.compile(r"\b(?:my|our|his|her|their|for|fits?|holds?|carry|carries|carrying)\b[^.,;!?]{0,30}$")


def things(text: Text, index: Index, category: str | None) -> tuple[list[Quantity], set[int]]:
    """The limits that such a thing sets on the fields that hold its size (laptop_size_inch), and their tokens; `category` is the
    one the request names."""
    fields = [(known, thing) for known in index.fields.values() if (thing := _thing(known, category)) is not None]
    out: list[Quantity] = []
    used: set[int] = set()
    for amount in amounts(text) if fields else []:
        first, last = amount.number.first, amount.last
        if amount.unit is None or amount.low is not None:
            continue
        for known, thing in fields:
            at = _beside(text, amount, thing)
            value = convert(amount.number.value, amount.unit, known.unit) if known.unit else None
            if at is None or value is None:
                continue
            if category is None and not _OWN.search(text.low[: text.tokens[min(at, first)].start]):
                continue
            out.append(
                Quantity(known.field, ">=", scalar(tidy(value)), first, last, text.span(min(at, first), max(at, last)))
            )
            used.update(range(first, last + 1))
    return out, used


def _thing(known: Field, category: str | None) -> str | None:
    """The stem of the thing whose size the field of a product holds, where the product is no such thing itself."""
    if not known.number or known.unit is None or known.unit.dimension != "length" or not known.carried(category):
        return None
    rest = set(known.name) - _MEASURE
    if len(rest) != 1 or not rest <= _DEVICES or not known.within:
        return None
    thing = next(iter(rest))
    return None if any(thing in stems(name) for name in known.within) else thing


def _beside(text: Text, amount: Amount, thing: str) -> int | None:
    """The token that names the thing right behind its size ("15 inch work laptop") or before it ("the laptop is 15 inch")."""
    for i in range(amount.last + 1, min(amount.last + 3, len(text.tokens))):
        if text.tokens[i].hard or text.tokens[i].comma:
            break
        if text.tokens[i].stem == thing:
            return i
    start = text.tokens[amount.number.first].start
    for i in range(amount.number.first - 1, max(-1, amount.number.first - 7), -1):
        if text.tokens[i].stem == thing:
            between = text.low[text.tokens[i].end : start]
            return i if _LINK.fullmatch(between) or _HOLDER.fullmatch(between) else None
    return None
