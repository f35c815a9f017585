"""A request as it was understood."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from shelftalk.values.product import Scalar, plain

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "between", "in", "not in"]
OPERATORS: tuple[Operator, ...] = ("=", "!=", "<", "<=", ">", ">=", "between", "in", "not in")
Direction = Literal["asc", "desc"]
Want = Literal["low", "high", "is", "not"]


@dataclass(frozen=True, slots=True)
class Constraint:
    """A hard limit: `field operator value`; value is a list for "in" and "not in", a pair for "between" (inclusive).

    `span` holds the words of the request it was read from, "" when unknown. A missing value in a record fails every
    operator but "!=" and "not in". A list field satisfies "=" when it contains the value. Text compares without case.
    """

    field: str
    operator: Operator
    value: Scalar | tuple[Scalar, ...]
    span: str = dataclasses.field(default="", compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The constraint as it stands in an answer."""
        return {"field": self.field, "operator": self.operator, "value": plain(self.value)}


@dataclass(frozen=True, slots=True)
class Sort:
    """The superlative asked for: `Sort("price", "asc")` is "the cheapest"."""

    field: str
    direction: Direction
    span: str = dataclasses.field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A soft wish as a field, which way, and how much it matters: "quiet enough for a baby's room" is low noise_db.

    `want` is "low" or "high" (numbers), "is" or "not" (with `value`: yes or no, or a named value). `importance` is 1 (mild)
    to 3 (above all). `words` are the shopper's words that it was read from. A criterion orders; it excludes nothing.
    """

    field: str
    want: Want
    value: Scalar | None = None
    importance: int = 2
    words: str = dataclasses.field(default="", compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The criterion as it stands in an answer."""
        return {
            "field": self.field,
            "want": self.want,
            "value": plain(self.value),
            "importance": self.importance,
            "words": self.words,
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Criterion:
        """The criterion that `to_dict` wrote down; importance and words may be missing."""
        return cls(
            found["field"], found["want"], found.get("value"), found.get("importance", 2), found.get("words") or ""
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """A request as understood.

    `constraints` are hard and conjunctive; `limit` is the number wanted (None: not said); `preferences` are soft wishes
    in the shopper's words; `exclude` are product ids or words that picks must not carry; `query` is the text that
    retrieval searches with; `shopping` is False for a turn that asks for no product (a greeting, a poem); `kind` is the name
    of the thing asked for, where the request says one plainly ("kettle"). `criteria` are the wishes that fields of the
    catalogue answer, `unanswered` the shopper's words for those that none does; `kinds` are categories chosen for a need that
    names no product.
    """

    constraints: tuple[Constraint, ...] = ()
    sort: Sort | None = None
    limit: int | None = None
    preferences: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    query: str = ""
    shopping: bool = True
    kind: str = field(default="", compare=False)
    criteria: tuple[Criterion, ...] = ()
    unanswered: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def named_kinds(self) -> tuple[str, ...]:
        """The kinds of product in question: those of a limit on the category, else those chosen."""
        for c in self.constraints:
            if c.field == "categories" and c.operator in ("=", "in"):
                return tuple(str(v) for v in (c.value if isinstance(c.value, tuple) else (c.value,)))
        return self.kinds

    @classmethod
    def from_dict(cls, intent: Mapping[str, Any]) -> Intent:
        """The intent that `to_dict` wrote down (the words of the request that its limits were read from are not kept)."""
        sort = intent["sort"]
        limits = ((c["field"], c["operator"], c["value"]) for c in intent["constraints"])
        return cls(
            tuple(Constraint(f, o, tuple(v) if isinstance(v, list) else v) for f, o, v in limits),
            Sort(sort["field"], sort["direction"]) if sort else None,
            intent["limit"],
            tuple(intent["preferences"]),
            tuple(intent["exclude"]),
            intent["query"],
            intent["shopping"],
            criteria=tuple(map(Criterion.from_dict, intent.get("criteria", ()))),
            unanswered=tuple(intent.get("unanswered", ())),
            kinds=tuple(intent.get("kinds", ())),
        )

    def to_dict(self) -> dict[str, Any]:
        """The intent as it stands in an answer."""
        return {
            "constraints": [c.to_dict() for c in self.constraints],
            "sort": {"field": self.sort.field, "direction": self.sort.direction} if self.sort else None,
            "limit": self.limit,
            "preferences": list(self.preferences),
            "exclude": list(self.exclude),
            "query": self.query,
            "shopping": self.shopping,
            "criteria": [c.to_dict() for c in self.criteria],
            "unanswered": list(self.unanswered),
            "kinds": list(self.kinds),
        }
