"""An intent that a client gives instead of having its words read: checked against the catalogue before anything uses it.

A field, a named value or a kind that the catalogue lacks, an operator or a want that the field's kind cannot carry, or a limit
without a number is refused, so an edited intent can ask for nothing that a read one could not.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from shelftalk.catalog import sql
from shelftalk.server.failures import Refused
from shelftalk.values import Constraint, Criterion, Direction, Facet, Facets, Intent, Operator, Sort, Want
from shelftalk.words.comparable import fractional_year, number

MOST_ID = 512  # as the catalogue takes them
Word = Annotated[str, StringConstraints(max_length=MOST_ID)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Value = bool | int | float | Word
_RANGES = ("<", "<=", ">", ">=", "between")
_MEASURED = ("money", "number", "date")
_NUMBERS, _NAMED = ("money", "number"), ("text", "list", "boolean")
_TRUTH = {"yes": True, "true": True, "no": False, "false": False}
MOST_CRITERIA = 8
# Fields that every product has beside the facets.
_ALWAYS = ("id", "title", "currency")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _form(operator: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"operator": operator, "value": value}}


class ConstraintBody(_Body):
    """One limit: a list for "in" and "not in", a pair for "between", else one value."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "anyOf": [
                _form({"enum": ["in", "not in"]}, {"type": "array"}),
                _form({"const": "between"}, {"type": "array", "minItems": 2, "maxItems": 2}),
                _form({"enum": ["=", "!=", "<", "<=", ">", ">="]}, {"not": {"type": "array"}}),
            ]
        },
    )

    field: Name
    operator: Operator
    value: Value | Annotated[list[Value], Field(min_length=1, max_length=100)]


class CriterionBody(_Body):
    """One wish: "low" or "high" of a number, "is" or "not" with yes, no or a named value."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "anyOf": [
                {"properties": {"want": {"enum": ["low", "high"]}, "value": {"type": "null"}}},
                {
                    "properties": {"want": {"enum": ["is", "not"]}, "value": {"type": ["boolean", "string"]}},
                    "required": ["value"],
                },
            ]
        },
    )

    field: Name
    want: Want
    value: StrictBool | Word | None = None
    importance: int = Field(2, ge=1, le=3, description="1 mild, 3 above all")
    words: str = Field("", max_length=400, description="The shopper's words that it was read from.")


class SortBody(_Body):
    """The order asked for."""

    field: Name
    direction: Direction


class IntentBody(_Body):
    """What is meant, in the form that answers carry it in "intent"."""

    constraints: list[ConstraintBody] = Field(default_factory=list, max_length=40)
    sort: SortBody | None = None
    limit: int | None = Field(None, ge=1, le=1000)
    preferences: list[Word] = Field(default_factory=list, max_length=40)
    exclude: list[Word] = Field(default_factory=list, max_length=500)
    query: str = Field("", max_length=4000)
    shopping: Literal[True] = True
    criteria: list[CriterionBody] = Field(default_factory=list, max_length=MOST_CRITERIA)
    unanswered: list[Word] = Field(default_factory=list, max_length=40)
    kinds: list[Word] = Field(default_factory=list, max_length=20, description="Categories for a need that names none.")

    def to_intent(self, facets: Facets) -> Intent:
        """The value that the path takes. Refused with the place of what the catalogue cannot be asked: 404 for a field, a named
        value or a kind that it lacks, 409 for a field that has no order or no such values, else 422."""
        constraints = tuple(_constraint(c, facets, f"intent.constraints.{i}") for i, c in enumerate(self.constraints))
        sort = None
        if self.sort is not None:
            _known(self.sort.field, facets, "intent.sort.field")
            sort = Sort(self.sort.field, self.sort.direction)
        categories = facets.get("categories")
        for i, kind in enumerate(self.kinds):
            if categories is None or _lacks(categories, kind):
                raise Refused(404, "not_found", f"the catalogue has no kind {kind!r}", param=f"intent.kinds.{i}")
        criteria = tuple(_criterion(c, facets, f"intent.criteria.{i}") for i, c in enumerate(self.criteria))
        ways: dict[str, str] = {}
        for i, c in enumerate(criteria):
            if c.want in ("low", "high") and ways.setdefault(c.field, c.want) != c.want:
                raise _refused(f"intent.criteria.{i}.want", f"{c.field!r} cannot be wanted both low and high")
        return Intent(
            constraints, sort, self.limit, tuple(self.preferences), tuple(self.exclude), self.query,
            criteria=criteria,
            unanswered=tuple(self.unanswered), kinds=tuple(self.kinds),
        )  # fmt: skip


def _constraint(body: ConstraintBody, facets: Facets, where: str) -> Constraint:
    _known(body.field, facets, f"{where}.field")
    values = body.value if isinstance(body.value, list) else [body.value]
    many = body.operator in ("in", "not in")
    if isinstance(body.value, list) != (many or body.operator == "between"):
        raise _refused(f"{where}.value", f"{body.operator!r} takes {'a list' if many else 'another form of value'}")
    if body.operator == "between" and len(values) != 2:
        raise _refused(f"{where}.value", '"between" takes two values')
    if any(isinstance(v, float) and not math.isfinite(v) for v in values):
        raise _refused(f"{where}.value", "a number must be finite")
    if body.operator in _RANGES:
        facet = facets.get(body.field)
        if facet is None or facet.kind not in _MEASURED:
            told = f"{body.field!r} has no order that {body.operator!r} could compare"
            raise Refused(
                409, "invalid_request", told, param=f"{where}.operator"
            )  # in another catalogue it may have one
        if any(number(v) is None and fractional_year(v) is None for v in values):
            raise _refused(f"{where}.value", "a limit must be a number or a date")
    if body.operator == "between" and _number(values[0]) > _number(values[1]):
        raise _refused(f"{where}.value", '"between" takes the lower value first')
    facet = facets.get(body.field)
    value = [_said(v) for v in values] if facet is not None and facet.kind == "boolean" else values
    return Constraint(body.field, body.operator, tuple(value) if isinstance(body.value, list) else value[0])


def _said(value: Any) -> Any:
    """A yes or no that was written as a word, as the record holds it."""
    return _TRUTH.get(value.strip().lower(), value) if isinstance(value, str) else value


def _criterion(body: CriterionBody, facets: Facets, where: str) -> Criterion:
    _known(body.field, facets, f"{where}.field")
    facet, measured = facets.get(body.field), body.want in ("low", "high")
    if measured != (body.value is None):
        raise _refused(
            f"{where}.value", f"{body.want!r} takes {'no value' if measured else 'yes, no or a named value'}"
        )
    if facet is None or facet.kind not in (_NUMBERS if measured else _NAMED):
        told = f"{body.field!r} has no {'numbers' if measured else 'named values'} for {body.want!r}"
        raise Refused(409, "invalid_request", told, param=f"{where}.want")
    if isinstance(body.value, bool) != (facet.kind == "boolean"):
        told = f"{body.field!r} holds {'yes and no' if facet.kind == 'boolean' else 'named values'}"
        raise Refused(409, "invalid_request", told, param=f"{where}.value")
    if isinstance(body.value, str) and _lacks(facet, body.value):
        raise Refused(404, "not_found", f"{body.field!r} holds no value {body.value!r}", param=f"{where}.value")
    return Criterion(body.field, body.want, body.value, body.importance, body.words)


def _lacks(facet: Facet, value: str) -> bool:
    """Whether no product is known to hold the value; where a facet lists its commonest values alone, others may exist."""
    if facet.distinct > len(facet.values):
        return False
    return all(sql.canonical(held) != sql.canonical(value) for held, _ in facet.values)


def _number(value: Any) -> float:
    found = fractional_year(value)
    return found if found is not None else number(value) or 0.0


def _known(field: str, facets: Facets, where: str) -> None:
    if facets.get(field) is None and field not in _ALWAYS:
        raise Refused(404, "not_found", "the catalogue has no such field; GET /v1/facets lists them", param=where)


def _refused(where: str, message: str) -> Refused:
    return Refused(422, "invalid_request", message, param=where)
