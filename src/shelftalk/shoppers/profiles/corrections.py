"""What a shopper made of their profile: lines changed, switched off, deleted or added, and whole aspects switched off.

Corrections outlive every rebuild. They stand beside the lines by the lines' ids, so a corrected line stays corrected however the
interactions go on, and a deleted one comes back only from what is done after it was deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from typing import Literal, get_args

from shelftalk.catalog import sql
from shelftalk.errors import UsageError
from shelftalk.facts.facts import safe
from shelftalk.shoppers.profiles.lines import line_id
from shelftalk.values import Criterion, Facets, Product, ProfileLine, Scalar

__all__ = [
    "ASPECTS",
    "Aspect",
    "Correction",
    "Corrections",
    "aspect_of",
    "checked",
    "contradicts",
    "holding",
    "overruled",
    "same_statement",
    "superseded",
    "withdrawn",
    "wordless",
]

Aspect = Literal["brand", "price", "size", "category", "feature", "session"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
_NUMBERS, _NAMED = ("money", "number"), ("text", "list", "boolean")


@dataclass(frozen=True, slots=True)
class Correction:
    """What was done to one line. `line` is what it says instead, or what was added (None: nothing was changed); `on` False is switched
    off; `deleted_at` when it was deleted, with `line` as it was then; `at` when the shopper did it last (None: just now)."""

    line_id: str
    line: ProfileLine | None = None
    on: bool = True
    deleted_at: datetime | None = None
    at: datetime | None = field(default=None, compare=False)

    @property
    def own(self) -> ProfileLine | None:
        """The line that the shopper changed or added and did not delete."""
        return self.line if self.deleted_at is None else None


@dataclass(frozen=True, slots=True)
class Corrections:
    """All of a shopper's corrections. `on` False switches the whole profile off; nothing before `forgotten_at` counts."""

    lines: Mapping[str, Correction] = field(default_factory=dict)
    on: bool = True
    aspects_off: frozenset[str] = frozenset()
    forgotten_at: datetime | None = None

    @property
    def deleted(self) -> list[Correction]:
        """Those of deleted lines."""
        return [c for c in self.lines.values() if c.deleted_at is not None]

    def shows(self, line: ProfileLine) -> bool:
        """Whether a line is switched on, itself and its aspect and the profile."""
        own = self.lines.get(line.id)
        return self.on and aspect_of(line) not in self.aspects_off and (own is None or own.on)


def aspect_of(line: ProfileLine) -> Aspect:
    """What a line is about, by which whole parts of a profile are switched off."""
    if line.source == "session":
        return "session"
    name = line.criterion.field.removeprefix("attributes.")
    if name in ("brand", "price"):
        return "brand" if name == "brand" else "price"
    if name == "categories":
        return "category"
    return "size" if name.rpartition("_")[2] in ("size", "sizes") else "feature"


def same_statement(one: ProfileLine, other: ProfileLine) -> bool:
    """Whether two lines say the same, of one category or one of them of all."""
    reach = one.category.casefold() == other.category.casefold() or not one.category or not other.category
    return reach and line_id(one.criterion, "") == line_id(other.criterion, "")


def overruled(line: ProfileLine, own: Iterable[ProfileLine], facets: Facets) -> bool:
    """Whether the shopper's own lines say the same as a line that was read, or what contradicts it, where it holds."""
    for said in own:
        if said.category and said.category.casefold() != line.category.casefold():
            continue
        a, b = said.criterion, line.criterion
        if a.field == b.field and (a.field == "price" or a.want in ("low", "high")):
            return True
        if same_statement(said, line) or contradicts(said, line, facets):
            return True
    return False


def contradicts(one: ProfileLine, other: ProfileLine, facets: Facets) -> bool:
    """Whether two lines cannot both be meant of a product for which both hold: a value and not that value, two values of a field that
    holds one, low and high, two ranges. One can like several brands and kinds of product, and several values of a list."""
    if one.criterion.field != other.criterion.field:
        return False
    a, b = _meant(one), _meant(other)
    if "not" in (a[0], b[0]):
        return a[0] != b[0] and _canonical(one) == _canonical(other)
    if a[0] != b[0] or a == b:
        return False  # a direction goes with a range
    facet = facets.get(one.criterion.field)
    many = one.criterion.field in ("brand", "categories") or (facet is not None and facet.kind == "list")
    return a[0] != "is" or not many


def _meant(line: ProfileLine) -> tuple[str, object]:
    """What a line says as (sort, what): a yes or no that is not wanted is the other one wanted, a number wanted is a range of one."""
    criterion = line.criterion
    value = criterion.value
    if line.span is not None:
        return "range", line.span
    if criterion.want in ("low", "high"):
        return "direction", criterion.want
    if isinstance(value, bool):
        return "is", value is (criterion.want == "is")
    if criterion.want == "is" and isinstance(value, (int, float)):
        return "range", (value, value)
    return criterion.want, _canonical(line)


def _canonical(line: ProfileLine) -> str | None:
    return None if line.criterion.value is None else sql.canonical(line.criterion.value)


def superseded(corrections: Iterable[Correction], facets: Facets) -> list[Correction]:
    """Those of the shopper's own lines that a later one of theirs takes the place of: it says the same, or contradicts it, and holds
    wherever the earlier one does. What was said at one time ("red or blue") stands together; what is switched off overrules nothing."""
    own = [(c, c.own) for c in corrections if c.own is not None]
    return [
        c for c, line in own if any(d.on and _later(d, c) and _replaces(said, line, facets) for d, said in own if d is not c)
    ]  # fmt: skip


def withdrawn(correction: Correction, when: datetime) -> Correction | None:
    """What is left of a correction whose line gave way to a later one: None of a line that was added; of a changed one, that it is deleted,
    so that what was read at first does not come back."""
    line = correction.line
    if line is None or (line.source == "stated" and line_id(line.criterion, line.category) == correction.line_id):
        return None
    return Correction(correction.line_id, wordless(line), deleted_at=when)


def wordless(line: ProfileLine) -> ProfileLine:
    """The line without the shopper's own words."""
    return replace(line, criterion=replace(line.criterion, words=""))


def _later(one: Correction, other: Correction) -> bool:
    """Whether it was done after the other; what has no date is done now."""
    if one.at is None or other.at is None:
        return one.at is None and other.at is not None
    return one.at > other.at


def _replaces(later: ProfileLine, earlier: ProfileLine, facets: Facets) -> bool:
    if later.category and later.category.casefold() != earlier.category.casefold():
        return False
    same = later.criterion.field == earlier.criterion.field and _meant(later) == _meant(earlier)
    return same or same_statement(later, earlier) or contradicts(later, earlier, facets)


def holding(lines: Iterable[ProfileLine], product: Product, facets: Facets) -> list[ProfileLine]:
    """The lines that hold for a product: where two contradict each other, and one is the shopper's own, that of the narrower category
    does, as it is the exception."""
    depth = {sql.canonical(name): at for at, name in enumerate(product.categories, 1)} | {sql.canonical(""): 0}
    here = [(at, line) for line in lines if (at := depth.get(sql.canonical(line.category))) is not None]
    said = [(at, line) for at, line in here if at and line.source in ("stated", "corrected")]
    return [
        line for at, line in here if not any(deep > at and contradicts(one, line, facets) for deep, one in said)
    ]  # fmt: skip


There = Callable[[str, Scalar], bool]


def checked(line: ProfileLine, facets: Facets, there: There | None = None) -> ProfileLine:
    """The line with its id as its words make it, if the catalogue can be asked that; else UsageError says what is wrong.

    A value is one that a product holds, and that may be spoken: profiles are read by models, and no words of the shopper's reach them but
    by way of the catalogue's. `there` tells whether a product holds a value of a field, where the facets list the commonest alone.
    """
    criterion = line.criterion
    facet = facets.get(criterion.field)
    if facet is None:
        raise UsageError(f"the catalogue has no field {criterion.field!r}{_like(criterion.field, facets)}")
    if line.category and not _held("categories", line.category, facets, there):
        raise UsageError(
            f"the catalogue has no category {line.category!r}; leave it out for a line that holds everywhere"
        )
    if not 0 <= line.weight <= 1:
        raise UsageError(f"a weight is between 0 and 1, not {line.weight:g}")
    if line.span is not None:
        if facet.kind not in _NUMBERS or criterion.want != "is" or criterion.value is not None:
            raise UsageError(
                f"{criterion.field!r} takes no range here: a range is of a number or a price, with the want is and no value"
            )
        if line.span[0] > line.span[1]:
            low, high = line.span
            raise UsageError(
                f"the range of {criterion.field!r} runs from {low:f} down to {high:f}; give the lower end first"
            )
    elif criterion.want in ("low", "high"):
        if facet.kind not in _NUMBERS:
            raise UsageError(
                f"{criterion.field!r} holds no numbers that could be {criterion.want}; give is or not, with a value"
            )
        if criterion.value is not None:
            raise UsageError(
                f"{criterion.want} of {criterion.field!r} takes no value; give is or not for the value {criterion.value!r}"
            )
    else:
        _check_value(criterion, facet.kind, facets, there)
    return replace(line, id=line_id(criterion, line.category), category=_spelt(line.category, facets))


def _spelt(category: str, facets: Facets) -> str:
    """The category as the catalogue writes it."""
    facet = facets.get("categories")
    listed = {sql.canonical(v): str(v) for v, _ in facet.values} if facet is not None else {}
    return listed.get(sql.canonical(category), category)


def _like(field: str, facets: Facets) -> str:
    """What to do about a field that is not there: fields of nearly that name, else where they are listed."""
    near = get_close_matches(field, [f.field for f in facets], 3)
    return (
        f"; did you mean {' or '.join(near)}?" if near else "; `shelftalk catalog facets` and GET /v1/facets list them"
    )


def _check_value(criterion: Criterion, kind: str, facets: Facets, there: There | None) -> None:
    field, value = criterion.field, criterion.value
    if value is None:
        raise UsageError(f"{criterion.want!r} of {field!r} needs a value{' or a range' if kind in _NUMBERS else ''}")
    if kind == "boolean" and not isinstance(value, bool):
        raise UsageError(f"{field!r} is yes or no (true or false), not {value!r}")
    if kind not in (*_NAMED, "number"):
        raise UsageError(f"{field!r} holds no named values; give low, high or a range")
    if not _held(field, value, facets, there):
        said = ("yes" if value else "no") if isinstance(value, bool) else repr(value)
        raise UsageError(f"no product has {field} {said}")
    if isinstance(value, str) and not safe(value):
        raise UsageError(f"the value of {field!r} is not one that can be told plainly, so that no line is made of it")


def _held(field: str, value: Scalar, facets: Facets, there: There | None) -> bool:
    """Whether a product holds a value; where that cannot be told, as a facet lists its commonest alone, it may."""
    facet = facets.get(field)
    if facet is None:
        return False
    held = [sql.canonical(v) for v, _ in facet.values]
    if sql.canonical(value) in held:
        return True
    return there(field, value) if there is not None else facet.distinct > len(held)
