"""Limits on fields of named values: which of the values named are wanted, which refused, and what several of one field mean.

"Red or blue" is either, "front and rear" the one value that covers both, "a lamp, a chair and some knives" several kinds at once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from shelftalk.understand.rules.absence import freed, lacking_before
from shelftalk.understand.rules.index import Index
from shelftalk.understand.rules.mention import Mention
from shelftalk.understand.rules.refusals import with_mixtures
from shelftalk.understand.rules.tokens import Text
from shelftalk.values import Constraint, Operator, Scalar

__all__ = ["EACH_ALONE", "of_a_sum", "value_limits"]

EACH_ALONE = "prices are not added up: the limit holds for each product by itself"


def value_limits(text: Text, index: Index, found: list[Mention]) -> list[Constraint]:
    """Constraints on text fields: alternatives of one field become "in", negated ones "!=" or "not in"."""
    wanted: dict[str, list[Mention]] = defaultdict(list)
    turned_down: dict[str, list[Mention]] = defaultdict(list)
    final = {(m.field, m.value.value): m.negative for m in found if m.value is not None}
    for mention in found:
        if (
            mention.value is None or mention.negative == final[mention.field, mention.value.value]
        ):  # the last word counts
            (turned_down if mention.negative else wanted)[mention.field].append(mention)
    out: list[Constraint] = []
    alone = freed(text)
    for field, held in turned_down.items():
        gone = any(lacking_before(text, m.first) or m.last in alone for m in held)
        values = with_mixtures(index.fields[field], _distinct(held), lacking=gone)
        rest = [m for m in wanted.get(field, ()) if m.value and m.value.value not in values]
        if field in wanted:
            wanted[field] = rest
        if not rest or index.fields[field].kind == "list":  # "wired, not wireless": the wanted value says it all
            out.append(_one_of(field, values, ", ".join(text.span(m.first, m.last) for m in held), ("!=", "not in")))
    for field, held in wanted.items():
        out += _wanted(text, index, field, held)
    return out


def _one_of(field: str, values: Sequence[Scalar], span: str, by: tuple[Operator, Operator] = ("=", "in")) -> Constraint:
    """The limit to one value or to several."""
    return (
        Constraint(field, by[0], values[0], span) if len(values) == 1 else Constraint(field, by[1], tuple(values), span)
    )


def _wanted(text: Text, index: Index, field: str, held: list[Mention]) -> list[Constraint]:
    """The limits of the values of one field that are wanted."""
    values = _distinct(held)
    if not values:
        return []
    known, span = index.fields[field], ", ".join(dict.fromkeys(text.span(m.first, m.last) for m in held))
    if field == "categories":
        return _category(index, values, span, _alternatives(text, held) or _listed(text, index, held))
    if len(values) == 1 and (shared := _for_all(index, field)) is not None:
        return [_one_of(field, (values[0], shared), span)]
    if len(values) == 1:
        return [_one_of(field, with_mixtures(known, values, pure=True), span)]
    if known.kind == "list" and not _alternatives(text, held):
        return [Constraint(field, "=", m.value.value, text.span(m.first, m.last)) for m in held if m.value]
    return [_one_of(field, values, span)]


def _for_all(index: Index, field: str) -> Scalar | None:
    """The value that suits everyone ("unisex") where the one named is a kind of people: shoes for women may be unisex."""
    values = {str(v).lower(): v for v, _ in index.fields[field].facet.values}
    if not {"men", "women", "male", "female"} & set(values):
        return None
    return next((values[word] for word in ("unisex", "all", "both", "everyone") if word in values), None)


def _distinct(held: list[Mention]) -> list[Scalar]:
    return list(dict.fromkeys(m.value.value for m in held if m.value is not None))


def _alternatives(text: Text, held: list[Mention]) -> bool:
    between = text.low[text.tokens[held[0].last].end : text.tokens[held[-1].first].start]
    return " or " in between or "/" in between


_SUM = re.compile(
    r"\b(?:(?:all ?)?together|altogether|in total|combined|for (?:all of them|both|everything|the lot))\b"
)


def _category(index: Index, values: list[Scalar], span: str, alternatives: bool = False) -> list[Constraint]:
    """The most specific category named, or all of them where they are alternatives; none that holds the whole catalogue."""
    counts = dict(index.fields["categories"].facet.values)
    values = [v for v in values if counts.get(v, 0) < index.facets.products or not index.facets.products]
    if not values:
        return []
    if alternatives and len(values) > 1:
        return [Constraint("categories", "in", tuple(values), span)]
    best = min(values, key=lambda v: counts.get(v, 0))
    return [Constraint("categories", "=", best, span)]


def of_a_sum(text: Text, constraints: Sequence[Constraint]) -> str:
    """The words by which a limit on the price is said of several kinds together ("all together not more than 200"); "" for none."""
    several = any(c.field == "categories" and c.operator == "in" for c in constraints)
    match = _SUM.search(text.low) if several and any(c.field == "price" for c in constraints) else None
    return match.group() if match else ""


_ONE_MORE = re.compile(r"(?:,|(?:,? (?:and|plus|&|\+)))(?: also)? (?:an?|some|one|two|three|\d+)(?: [\w-]+){0,2} $")


def _listed(text: Text, index: Index, held: list[Mention]) -> bool:
    """Whether several kinds are wanted, one beside the other: "a lamp, a chair and some knives"."""
    facet = index.facets.get("categories")
    kinds = (facet.categories or [v for v, _ in facet.values]) if facet else ()
    if any(m.value is None or m.value.value not in kinds for m in held):
        return False
    return all(
        _ONE_MORE.search(text.low[text.tokens[a.last].end : text.tokens[b.first].start]) for a, b in pairwise(held)
    )
