"""Criteria in the database: their own order gives candidates, and each candidate a utility. It knows no language model.

The utility of a product is the mean, over the criteria weighted by importance, of how well it does by each: a number by the
share of the products in scope that it beats, a named value or yes and no by whether the record holds it. A product whose
record is silent does as badly as one in the lowest quarter: what is not known is no merit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shelftalk.catalog import sql
from shelftalk.catalog.standing import Scope
from shelftalk.values import Candidate, Constraint, Criterion, Operator, Product, Sort
from shelftalk.words.comparable import fractional_year, number
from shelftalk.words.stems import stems

if TYPE_CHECKING:
    from shelftalk.catalog import Catalog

__all__ = ["WEIGHTS", "answering", "satisfaction", "top", "utility"]

# What a criterion of each importance weighs against the others (suite wishes, dev split).
WEIGHTS: Mapping[int, float] = {1: 0.5, 2: 1.0, 3: 2.0}
SILENT = 0.2  # for a number or a value that the record lacks
SILENT_NOT = 0.6  # what a record without the field does by "not"


def satisfaction(product: Product, criterion: Criterion, scope: Scope) -> float:
    """How well a product does by one criterion, 0 to 1."""
    value = product.value(criterion.field)
    if criterion.want in ("low", "high"):
        held = fractional_year(value) or number(value)
        if held is None:
            return SILENT
        beaten = scope.place(criterion.field, held).share  # the part that is greater
        return beaten if criterion.want == "low" else 1.0 - beaten
    if value is None or value == ():
        return SILENT if criterion.want == "is" else SILENT_NOT
    return float(_meets(product, criterion))


# Where a low price is wished for, what costs more than so many times the middle price keeps so much of its utility: "a warm blanket,
# nothing too expensive" is not answered by the warmest, however warm it is.
DEAR, LEFT = 2.0, 0.25


def utility(product: Product, criteria: Sequence[Criterion], scope: Scope) -> float:
    """The weighted mean of the satisfactions, 0 to 1, of which little is left to what is too dear; 0 without criteria."""
    total = sum(WEIGHTS[c.importance] for c in criteria)
    if not total:
        return 0.0
    mean = sum(WEIGHTS[c.importance] * satisfaction(product, c, scope) for c in criteria) / total
    return LEFT * mean if _too_dear(product, criteria, scope) else mean


def _too_dear(product: Product, criteria: Sequence[Criterion], scope: Scope) -> bool:
    """Whether a low price is wished for, and not just mildly, and the product costs far more than what else fits."""
    if product.price is None or not any(c.field == "price" and c.want == "low" and c.importance > 1 for c in criteria):
        return False
    standing = scope.place("price", float(product.price) / DEAR)
    return standing.of > 2 and standing.share < 0.5  # most of the others cost less than half of it


def answering(candidates: Sequence[Candidate], criteria: Sequence[Criterion]) -> list[Candidate]:
    """The candidates without those that meet no wish for yes, no or a value that the shopper named where the first meets them all: beside
    a bread knife any other knife only fills the list; a value that was only read into "for hiking" leaves out none. Of 7 picks so left out on demo's dev split 5 are judged as unfitting, of the 115 shown 19;
    how near a text stands to the request beside the first's tells nothing of that."""
    named = [c for c in criteria if c.want in ("is", "not") and _said(c)]
    if not candidates or not named or not all(_meets(candidates[0].product, c) for c in named):
        return list(candidates)
    return [c for c in candidates if any(_meets(c.product, wish) for wish in named)]


def _said(criterion: Criterion) -> bool:
    """Whether the words of a wish name its value, or it is one for yes or no."""
    return isinstance(criterion.value, bool) or bool(stems(str(criterion.value)) & stems(criterion.words))


def _meets(product: Product, criterion: Criterion) -> bool:
    value = product.value(criterion.field)
    held = {sql.canonical(v) for v in (value if isinstance(value, (tuple, list)) else (value,))}
    return (sql.canonical(criterion.value) in held) == (criterion.want == "is")


def top(
    catalog: Catalog, criteria: Sequence[Criterion], constraints: Sequence[Constraint], exclude: Sequence[str], k: int
) -> list[str]:
    """The ids of the best products by each criterion alone, among those that satisfy the constraints: each criterion's in
    turn, at most about `k` in all. The best by a wish is so found among however many products no text of which speaks of it."""
    lists = []
    for criterion in criteria:
        if criterion.want in ("low", "high"):
            order = Sort(criterion.field, "asc" if criterion.want == "low" else "desc")
            where = sql.where(constraints, exclude)
            lists.append(catalog.scan(where, order_by=order, limit=k))
        else:
            operator: Operator = "=" if criterion.want == "is" else "!="
            more = Constraint(criterion.field, operator, criterion.value if criterion.value is not None else True)
            lists.append(catalog.scan(sql.where((*constraints, more), exclude), limit=k))
    each = max(1, k // max(1, len(lists)))
    return list(dict.fromkeys(i for found in lists for i in found[:each]))
