"""The bodies that clients send, checked by pydantic: types, lengths, and no unknown keys. Text in them is untrusted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, WithJsonSchema

from shelftalk.pipeline.circumstances import moment_of
from shelftalk.server.described import WORDS, event_fields, event_row, row
from shelftalk.server.failures import Refused
from shelftalk.server.intents import MOST_ID, IntentBody
from shelftalk.server.recording import Unknown
from shelftalk.shoppers.events.parse import FIELDS as EVENT_FIELDS
from shelftalk.values import Context, Facets, Request, Turn

MOST_TURNS = 50
NO_NUL = r"^[^\x00]*$"  # PostgreSQL takes no such character in a text
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=MOST_ID)]


class Body(BaseModel):
    """Base of all bodies: unknown keys are refused, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid")


class TurnBody(Body):
    """One earlier turn."""

    role: Literal["user", "assistant"]
    content: str = Field(max_length=16_000)


class ContextBody(Body):
    """When by the shopper's own clock, where and on what somebody asks, and how soon it must be there."""

    place: str = Field("", max_length=100, pattern=NO_NUL, description="A place as the catalogue names it, such as DE.")
    season: Literal["", "spring", "summer", "autumn", "winter"] = Field("", description="The place's own.")
    device: str = Field("", max_length=40, pattern=NO_NUL)
    time: datetime | None = Field(None, description="The time on the shopper's own clock, such as 2026-11-27T20:15.")
    within_days: int | None = Field(None, ge=0, le=365, description="In how many days it must be delivered.")

    def known(self, now: datetime) -> Context:
        """The context of a request made `now`."""
        moment = moment_of(self.time) if self.time else ""
        return Context(now, self.place, self.season, self.device, moment, self.within_days)


class RecommendationBody(Body):
    """A request for recommendations: what `shelftalk ask` takes, and whether to stream."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"request": "a waterproof tent for two under 200", "k": 3, "stream": False}],
            # a conversation has its own history
            "anyOf": [
                {"properties": {"conversation": {"type": "null"}}},
                {"properties": {"history": {"anyOf": [{"type": "null"}, {"maxItems": 0}]}}},
            ],
        },
    )

    request: str = Field(
        min_length=1, max_length=100_000, description="What the shopper asks, in plain words.", json_schema_extra=WORDS
    )
    id: str | None = Field("", max_length=200, description="Yours; it comes back in the answer.")
    history: list[TurnBody] | None = Field(
        default_factory=list, max_length=MOST_TURNS, description="The turns before this one."
    )
    candidates: list[Identifier] | None = Field(None, max_length=1000, description="Choose from these products alone.")
    k: int | None = Field(None, ge=1, le=50, description="How many picks.")
    conversation: str | None = Field(
        None,
        pattern="^[0-9a-f]{32}$",
        description="Id of a conversation: its turns are the history, and this becomes one.",
    )
    intent: IntentBody | None = Field(
        None, description="What is meant, instead of reading the request: an answer's intent, edited."
    )
    user: str | None = Field(
        None, max_length=200, pattern=NO_NUL, description="The shop's id of who asks; stored as a keyed hash."
    )
    context: ContextBody | None = Field(None, description="Where and on what they ask.")
    stream: StrictBool | None = Field(False, description="Server-sent events instead of one JSON object.")

    def to_request(self, facets: Facets) -> Request:
        """The value that the path takes. Refused (422) for an intent that the catalogue cannot be asked."""
        return Request(
            self.request,
            id=self.id or "",
            history=tuple(Turn(t.role, t.content) for t in self.history or ()),
            candidates=None if self.candidates is None else tuple(self.candidates),
            k=self.k,
            intent=None if self.intent is None else self.intent.to_intent(facets),
        )


# Read by the catalogue's own parser, which takes more than this says and tells of each row what is wrong with it.
Row = Annotated[dict[str, Any], WithJsonSchema(row())]


class ProductsBody(Body):
    """Products in the native schema (docs/catalog-formats.md)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"products": [{"id": "K1", "title": "Steel kettle, 1.7 l", "price": "39.90", "currency": "EUR"}]}
            ]
        },
    )

    products: list[Row] = Field(min_length=1, max_length=1000)


def _with_fields(schema: dict[str, Any]) -> None:
    schema["properties"].update(event_fields())
    schema["additionalProperties"] = False
    schema["examples"] = [
        {"product_id": "K1", "kind": "purchase", "user": "u-17", "id": "order-9-1", "value": 2, "price": "39.90", "currency": "EUR"},
        {"interactions": [{"kind": "search", "text": "a quiet kettle", "user": "u-17", "id": "s-1"}], "unknown": "keep"},
    ]  # fmt: skip
    alone = {"required": ["kind"], "properties": {"interactions": {"type": "null"}}}
    several = {"interactions": {"type": "array"}, **{name: {"type": "null"} for name in EVENT_FIELDS}}
    schema["oneOf"] = [alone, {"required": ["interactions"], "properties": several}]


class InteractionBody(Body):
    """What a user did (kind and, but for a search, product_id), or under `interactions` up to 1,000 such records.

    `user` is the shop's own id: it is stored as a keyed hash. `id` makes a record count once, however often it is sent.
    """

    # The fields of one alone are extra here: one and several are read by the parser of events, which tells what is wrong with each.
    model_config = ConfigDict(extra="allow", json_schema_extra=_with_fields)

    interactions: list[Annotated[Any, WithJsonSchema(event_row())]] | None = Field(
        None, min_length=1, max_length=1000, description="Several at once."
    )
    unknown: Unknown | None = Field("reject", description="What becomes of products that the catalogue does not have.")

    def records(self) -> list[Any]:
        """The records that are meant, as they came. Refused (422) where both ways are used."""
        one = {name: value for name, value in (self.model_extra or {}).items() if value is not None}
        if self.interactions is None:
            return [one]
        if one:
            told = "give the fields of one interaction, or interactions, not both"
            raise Refused(422, "invalid_request", told, param=next(iter(one)))
        return self.interactions


class MergeBody(Body):
    """The user that another one turned out to be."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"into": "u-17"}]})

    into: str = Field(min_length=1, max_length=200, pattern=NO_NUL)
