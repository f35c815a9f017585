"""The bodies by which profiles are corrected."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, StrictBool, StringConstraints, model_validator

from shelftalk.server.bodies import NO_NUL, Body
from shelftalk.server.failures import Refused
from shelftalk.server.profiling import Change
from shelftalk.shoppers.profiles.corrections import Aspect
from shelftalk.values import Criterion, ProfileLine, Want

__all__ = ["LineBody", "LineChangeBody", "SwitchBody"]

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
Value = StrictBool | Text
Amount = Annotated[Decimal, Field(ge=0, le=10**12, allow_inf_nan=False)]
Span = Annotated[list[Amount], Field(min_length=2, max_length=2)]
Weight = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class SwitchBody(Body):
    """`on` for the whole profile, `aspects` for parts of it."""

    on: StrictBool | None = None
    aspects: dict[Aspect, StrictBool] | None = Field(None, json_schema_extra={"examples": [{"price": False}]})


class LineChangeBody(Body):
    """What is to become of a line; what is missing stays."""

    on: StrictBool | None = None
    want: Want | None = None
    value: Value | None = None
    span: Span | None = Field(None, description="A range of a price or another number: the lower end first.")
    weight: Weight | None = None

    def change(self) -> Change:
        """The value that profiles take. Refused where nothing is to change."""
        if not self.model_fields_set:
            raise Refused(422, "invalid_request", "say what is to change: on, want, value, span or weight")
        return Change(self.on, self.want, self.value, _span(self.span), self.weight)


class LineBody(Body):
    """A line that the shopper adds: `words` alone, or `field` and `want` with `value` (is, not) or `span` (is)."""

    words: Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=NO_NUL)] | None = None
    field: Text | None = None
    want: Want = "is"
    value: Value | None = None
    span: Span | None = None
    category: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] = ""
    weight: Weight = 1.0

    @model_validator(mode="after")
    def _said(self) -> LineBody:
        if not self.field and not (self.words or "").strip():
            raise ValueError('give words, as in {"words": "tents under 200"}, or field, want and value')
        return self

    def line(self) -> ProfileLine:
        """The line, not yet held against the catalogue."""
        criterion = Criterion(self.field or "", self.want, self.value, 2, self.words or "")
        return ProfileLine("", criterion, self.category, self.weight, (), "stated", _span(self.span))


def _span(ends: list[Any] | None) -> tuple[Decimal, Decimal] | None:
    return None if ends is None else (ends[0], ends[1])
