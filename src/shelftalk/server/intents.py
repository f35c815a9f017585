"""An intent that a client gives instead of having its words read: checked against the catalogue before anything uses it.

A field that the catalogue lacks, an operator that its kind cannot carry, or a limit without a number is refused, so an
edited intent can ask for nothing that a read one could not.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shelftalk.catalog import sql
from shelftalk.server.failures import Refused
from shelftalk.values import Constraint, Direction, Facets, Intent, Operator, Scalar, Sort

MOST_ID = 512  # as the catalogue takes them
Word = Annotated[str, StringConstraints(max_length=MOST_ID)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Value = bool | int | float | Word
_RANGES = ("<", "<=", ">", ">=", "between")
_MEASURED = ("money", "number", "date")
# Fields that every product has beside the facets.
_ALWAYS = ("id", "title")


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

    def to_intent(self, facets: Facets) -> Intent:
        """The value that the path takes. Refused with the place of what the catalogue cannot be asked: 404 for a field that it lacks,
        409 for one that has no order, else 422."""
        constraints = tuple(_constraint(c, facets, f"intent.constraints.{i}") for i, c in enumerate(self.constraints))
        sort = None
        if self.sort is not None:
            _known(self.sort.field, facets, "intent.sort.field")
            sort = Sort(self.sort.field, self.sort.direction)
        return Intent(constraints, sort, self.limit, tuple(self.preferences), tuple(self.exclude), self.query)


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
        if any(sql.number(v) is None and sql.fractional_year(v) is None for v in values):
            raise _refused(f"{where}.value", "a limit must be a number or a date")
    if body.operator == "between" and _number(values[0]) > _number(values[1]):
        raise _refused(f"{where}.value", '"between" takes the lower value first')
    return Constraint(body.field, body.operator, _frozen(body.value))


def _number(value: Any) -> float:
    found = sql.fractional_year(value)
    return found if found is not None else sql.number(value) or 0.0


def _known(field: str, facets: Facets, where: str) -> None:
    if facets.get(field) is None and field not in _ALWAYS:
        raise Refused(404, "not_found", "the catalogue has no such field; GET /v1/facets lists them", param=where)


def _frozen(value: Any) -> Scalar | tuple[Scalar, ...]:
    return tuple(value) if isinstance(value, list) else value


def _refused(where: str, message: str) -> Refused:
    return Refused(422, "invalid_request", message, param=where)
