"""The bodies that clients send, checked by pydantic: types, lengths, and no unknown keys. Text in them is untrusted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, WithJsonSchema

from shelftalk.pipeline.circumstances import moment_of
from shelftalk.server.described import WORDS, event_row, row
from shelftalk.server.failures import Refused
from shelftalk.server.intents import MOST_ID, IntentBody
from shelftalk.server.recording import Unknown
from shelftalk.shoppers.events.kinds import EarlierKind
from shelftalk.shoppers.events.parse import FIELDS as EVENT_FIELDS
from shelftalk.values import Context, Facets, InteractionKind, Request, Turn, Why

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


# Read by the parser of events, which tells of each row what is wrong with it.
EventRow = Annotated[dict[str, Any], WithJsonSchema(event_row())]


class InteractionBody(Body):
    """What a user did (kind and, but for a search, product_id), or under `interactions` up to 1,000 such records.

    `user` is the shop's own id: it is stored as a keyed hash. `id` makes a record count once, however often it is sent.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"product_id": "K1", "kind": "purchase", "user": "u-17", "id": "order-9-1", "value": 2, "price": "39.90", "currency": "EUR"},
                {"interactions": [{"kind": "search", "text": "a quiet kettle", "user": "u-17", "id": "s-1"}], "unknown": "keep"},
            ],
            "oneOf": [
                {"required": ["kind"], "properties": {"interactions": {"type": "null"}}},
                {"required": ["interactions"], "properties": {
                    "interactions": {"type": "array"}, **{name: {"type": "null"} for name in EVENT_FIELDS},
                }},
            ],
        },
    )  # fmt: skip

    interactions: list[EventRow] | None = Field(None, min_length=1, max_length=1000, description="Several at once.")
    unknown: Unknown = Field("reject", description="What becomes of products that the catalogue does not have.")
    id: str | None = Field(None, max_length=200, pattern=NO_NUL)
    user: str | None = Field(None, max_length=200, pattern=NO_NUL)
    kind: InteractionKind | EarlierKind | None = None
    at: datetime | None = None
    product_id: str | None = Field(None, max_length=MOST_ID, pattern=NO_NUL)
    value: float | None = Field(None, ge=0, le=1e9, allow_inf_nan=False)
    price: str | float | None = None
    currency: str | None = Field(None, max_length=10)
    text: str | None = Field(None, max_length=10_000, pattern=NO_NUL)
    why: Why | None = None
    conversation: str | None = Field(None, pattern="^[0-9a-f]{32}$")
    session: str | None = Field(None, max_length=200, pattern=NO_NUL)
    place: str | None = Field(None, max_length=100, pattern=NO_NUL)
    device: str | None = Field(None, max_length=40, pattern=NO_NUL)
    request: str | None = Field(None, max_length=4000, pattern=NO_NUL)

    def records(self) -> list[dict[str, Any]]:
        """The records that are meant. Refused (422) where both ways are used."""
        one = self.model_dump(exclude_none=True, exclude={"interactions", "unknown"})
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
