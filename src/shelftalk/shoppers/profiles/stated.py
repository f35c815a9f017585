"""Lines that a shopper adds in words of their own, from what was understood of the words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from shelftalk.errors import UsageError
from shelftalk.shoppers.profiles.corrections import There, checked
from shelftalk.text import clean, shorten
from shelftalk.values import Constraint, Criterion, Facets, Intent, ProfileLine

__all__ = ["lines_said", "says_fine"]

LONGEST = 200
# By which something is said to be no longer a matter, which is no wish for it: "perfume is fine".
_FINE = re.compile(
    r"\b(?:is|are|would be|will be|'s) (?:(?:also|now|actually|perfectly|just|quite|totally|again) )*(?:fine|ok(?:ay)?|all ?right|acceptable|no (?:problem|issue)|not a (?:problem|issue))\b"
    r"|\b(?:don't|do not|no longer) (?:really )?mind\b|\b(?:doesn't|does not|don't|do not|no longer) (?:matters?|bothers?)\b",
    re.I,
)


def says_fine(words: str) -> bool:
    """Whether words take back what was ruled out, and wish for nothing."""
    return _FINE.search(words.replace("\u2019", "'")) is not None


def lines_said(words: str, intent: Intent, facets: Facets, there: There | None = None) -> list[ProfileLine]:
    """The lines that an intent, read from these words, says: its criteria, its limits as wishes, or the kind alone where it names nothing
    else. The words themselves are kept for the shopper to read. UsageError where nothing in them is of a field of the catalogue."""
    named = [c for c in intent.constraints if c.field == "categories" and c.operator in ("=", "in")]
    kinds = intent.named_kinds if named else ()  # a kind that was only guessed of the words narrows nothing
    category = kinds[0] if len(kinds) == 1 else ""
    said = shorten(clean(words), LONGEST)
    criteria = [(c, None) for c in intent.criteria] + [pair for c in intent.constraints for pair in _wishes(c, facets)]
    if not criteria:
        criteria = [(Criterion("categories", "is", kind), None) for kind in kinds]
        category = ""
    if not criteria:
        raise UsageError(
            f'nothing in "{said}" is a field of the catalogue; name a kind of product, a brand, a price or what it should be like: '
            '"tents under 200", "no leather"'
        )
    lines = [
        checked(ProfileLine("", replace(c, words=said), category, 1.0, (), "stated", span), facets, there)
        for c, span in criteria
    ]
    return list({line.id: line for line in lines}.values())


def _wishes(limit: Constraint, facets: Facets) -> Iterator[tuple[Criterion, tuple[Decimal, Decimal] | None]]:
    """A limit as wishes: a range of a number, or each of its named values."""
    facet = facets.get(limit.field)
    if facet is None or limit.field in ("categories", "title", "currency") or facet.kind == "date":
        return
    values = limit.value if isinstance(limit.value, tuple) else (limit.value,)
    if facet.kind in ("money", "number"):
        span = _span(limit.operator, values, facet.maximum)
        if span is not None:
            yield Criterion(limit.field, "is"), span
        return
    if limit.operator in ("=", "in", "!=", "not in"):
        want = "is" if limit.operator in ("=", "in") else "not"
        for value in values:
            yield Criterion(limit.field, want, value), None  # type: ignore[arg-type]


def _span(operator: str, values: tuple[object, ...], most: object) -> tuple[Decimal, Decimal] | None:
    first, last = _decimal(values[0]), _decimal(values[-1])
    high = _decimal(most)
    if first is None or last is None or high is None:
        return None
    if operator in ("<", "<="):
        return (min(Decimal(0), first), first)
    if operator in (">", ">="):
        return (first, max(high, first))
    return (first, last) if operator in ("=", "between") else None


def _decimal(value: object) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
