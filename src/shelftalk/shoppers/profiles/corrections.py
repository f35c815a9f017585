"""What a shopper made of their profile: lines changed, switched off, deleted or added, and whole aspects switched off.

Corrections outlive every rebuild. They stand beside the lines by the lines' ids, so a corrected line stays corrected however the
interactions go on, and a deleted one comes back only from what is done after it was deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, get_args

from shelftalk.catalog import sql
from shelftalk.errors import UsageError
from shelftalk.shoppers.profiles.lines import line_id
from shelftalk.values import Criterion, Facets, ProfileLine

__all__ = ["ASPECTS", "Aspect", "Correction", "Corrections", "aspect_of", "checked", "same_statement"]

Aspect = Literal["brand", "price", "size", "category", "feature", "session"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
_NUMBERS, _NAMED = ("money", "number"), ("text", "list", "boolean")


@dataclass(frozen=True, slots=True)
class Correction:
    """What was done to one line. `line` is what it says instead, or what was added (None: nothing was changed); `on` False is switched
    off; `deleted_at` when it was deleted, with `line` as it was then."""

    line_id: str
    line: ProfileLine | None = None
    on: bool = True
    deleted_at: datetime | None = None


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


def overruled(line: ProfileLine, own: Iterable[ProfileLine]) -> bool:
    """Whether the shopper's own lines say the same as a line that was read, or its opposite, where it holds."""
    for said in own:
        if said.category and said.category.casefold() != line.category.casefold():
            continue
        a, b = said.criterion, line.criterion
        if a.field != b.field:
            continue
        if a.field == "price" or a.want in ("low", "high"):
            return True
        if a.value is not None and b.value is not None and sql.canonical(a.value) == sql.canonical(b.value):
            return True
    return False


def checked(line: ProfileLine, facets: Facets) -> ProfileLine:
    """The line with its id as its words make it, if the catalogue can be asked that; else UsageError says what is wrong."""
    criterion = line.criterion
    facet = facets.get(criterion.field)
    if facet is None:
        raise UsageError(f"the catalogue has no field {criterion.field!r}; `shelftalk catalog facets` lists them")
    known = facets.get("categories")
    if line.category and (known is None or not _holds(known.values, known.distinct, line.category)):
        raise UsageError(f"the catalogue has no category {line.category!r}")
    if not 0 <= line.weight <= 1:
        raise UsageError(f"a weight is between 0 and 1, not {line.weight:g}")
    if line.span is not None:
        if facet.kind not in _NUMBERS or criterion.want != "is" or criterion.value is not None:
            raise UsageError(f"{criterion.field!r} takes no range; ranges are of numbers and prices")
        if line.span[0] > line.span[1]:
            raise UsageError("a range gives the lower end first")
    elif criterion.want in ("low", "high"):
        if facet.kind not in _NUMBERS or criterion.value is not None:
            raise UsageError(f"{criterion.field!r} holds no numbers that could be {criterion.want}")
    else:
        _check_value(criterion, facet.kind, facet.values, facet.distinct)
    return replace(line, id=line_id(criterion, line.category))


def _check_value(criterion: Criterion, kind: str, values: Iterable[tuple[object, int]], distinct: int) -> None:
    value = criterion.value
    if value is None:
        raise UsageError(f"{criterion.want!r} of {criterion.field!r} needs a value")
    if kind == "boolean" and not isinstance(value, bool):
        raise UsageError(f"{criterion.field!r} is yes or no, not {value!r}")
    if kind not in (*_NAMED, "number"):
        raise UsageError(f"{criterion.field!r} holds no named values; give low, high or a range")
    held = list(values)
    if held and not _holds(held, distinct, value):
        raise UsageError(f"no product has {criterion.field} {value!r}")


def _holds(values: Iterable[tuple[object, int]], distinct: int, value: object) -> bool:
    """Whether a value is one of those listed; where a facet lists its commonest alone, others may exist."""
    held = [sql.canonical(v) for v, _ in values]
    return distinct > len(held) or sql.canonical(value) in held
