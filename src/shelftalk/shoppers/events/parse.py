"""One record of what a shopper did, from whatever door, read as an Interaction; every refusal has a reason.

Here a shop's user id becomes a pseudonym: what leaves this module holds no raw id. An event's id or session that contains the raw id
becomes a keyed hash too.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Literal, cast

from shelftalk.privacy.pseudonym import Pseudonyms, is_pseudonym
from shelftalk.shoppers.events import fields
from shelftalk.shoppers.events.fields import BadEvent
from shelftalk.shoppers.events.kinds import kind_of
from shelftalk.values import INTERACTION_KINDS, WHYS, Interaction, InteractionKind, Why, plain

FIELDS = (
    "id", "user", "kind", "at", "product_id", "value", "price", "currency", "text", "why", "conversation", "session", "place",
    "device", "request",
)  # fmt: skip
AHEAD = timedelta(minutes=5)
# The characters that each text may have.
MOST = {
    "id": 200, "user": 200, "kind": 100, "product_id": 512, "currency": 10, "text": 10_000, "why": 40, "conversation": 200, "session": 200,
    "place": 100, "device": 40, "request": 4000,
}  # fmt: skip
_CONVERSATION = re.compile(r"[0-9a-f]{32}")
_BOUNDS = {"rating": (1.0, 5.0), "review": (1.0, 5.0)}
_ANY = (0.0, float(fields.MOST_AMOUNT))
_COUNTED = ("cart", "purchase")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class EventParser:
    """Reads records of one tenant. A moment without an offset is in `zone`; `texts` goes over every text that a shopper wrote (to take
    personal data out); `derived` gives a record without an id one that the
    same content has again (else it gets a random one), and asks for its moment."""

    pseudonyms: Pseudonyms
    tenant: str = ""
    zone: tzinfo = UTC
    derived: bool = False
    texts: Callable[[str], str] = str
    now: Callable[[], datetime] = _now

    def read(self, record: Any, *, line: str = "") -> Interaction:
        """The interaction that a record, {field: value}, tells; BadEvent says what is wrong with it, also with what is no record at all.
        `line` tells alike records of a file apart that are several.

        A moment at most five minutes ahead of this clock is taken for now, one further ahead is refused.
        """
        if not isinstance(record, Mapping):
            raise BadEvent(
                "bad_row", "", f"must be an object with the fields of an interaction, not {fields.kind(record)}"
            )
        for name in record:
            if name not in FIELDS:
                shown = name[:40].encode("utf-8", "replace").decode()
                raise BadEvent("unknown_field", shown, f"there is no field {shown!r}")
        raw = _text(record, "user")
        kind = _kind(record.get("kind"))
        at, known = self._at(record.get("at"))
        one = Interaction(
            user=self.pseudonyms.of(raw, self.tenant),
            kind=kind,
            at=at,
            product_id=_text(record, "product_id"),
            id=self._hidden("id", _text(record, "id"), raw),
            value=fields.number("value", record.get("value")),
            price=fields.price("price", record.get("price")),
            currency=fields.currency("currency", record.get("currency")),
            text=_text(record, "text"),
            why=_why(record.get("why"), kind),
            session=self._hidden("session", _session(record), raw),
            place=_text(record, "place"),
            device=_text(record, "device"),
            request=_text(record, "request"),
        )
        _sound(one)
        if not one.id:
            said = one if at is known else replace(one, at=known)
            one = replace(one, id=derived_id(said, line) if self.derived else uuid.uuid4().hex)
        if one.text or one.request:
            one = replace(
                one,
                text=self.texts(one.text),
                request=self.texts(one.request),
                place=self.texts(one.place),
                device=self.texts(one.device),
            )
        return one

    def _at(self, value: Any) -> tuple[datetime, datetime]:
        """(when it counts as done, when the record says)."""
        now = self.now()
        if value is None or value == "":
            if self.derived:
                raise BadEvent("bad_time", "at", "at is missing: when it was done")
            return now, now
        found = fields.moment("at", value, self.zone)
        if found > now + AHEAD:
            told = f"at {found:%Y-%m-%dT%H:%M:%SZ} is ahead of this server's clock ({now:%Y-%m-%dT%H:%M:%SZ})"
            raise BadEvent("future", "at", f"{told} by more than 5 minutes")
        return (now if found > now else found), found

    def _hidden(self, what: Literal["id", "session"], given: str, raw: str) -> str:
        if not raw or is_pseudonym(raw) or raw not in given:
            return given
        return f"{what[0]}_{self.pseudonyms.digest(what, self.tenant, given)}"


def derived_id(one: Interaction, line: str = "") -> str:
    """An id that the same content has again: 32 characters. `line` tells apart what is alike and yet several."""
    content = [
        one.user, one.kind, one.at.isoformat(), one.product_id, one.value, None if one.price is None else str(plain(one.price.normalize())),
        one.currency, one.text, one.why, one.session, line,
    ]  # fmt: skip
    return "d_" + hashlib.sha256(json.dumps(content).encode()).hexdigest()[:30]


def _text(record: Mapping[str, Any], name: str) -> str:
    found = fields.text(name, record.get(name), MOST[name])
    return "" if found.isspace() else found


def _kind(value: Any) -> InteractionKind:
    name = fields.text("kind", value, MOST["kind"])
    if not name:
        raise BadEvent("unknown_kind", "kind", f"kind is missing; one of {', '.join(INTERACTION_KINDS)}")
    found = kind_of(name)
    if found is None:
        raise BadEvent(
            "unknown_kind", "kind", f"kind {name[:40]!r} is not known; one of {', '.join(INTERACTION_KINDS)}"
        )
    return found


def _why(value: Any, kind: InteractionKind) -> Why | Literal[""]:
    why = fields.text("why", value, MOST["why"]).strip().lower()
    if why and why not in WHYS:
        raise BadEvent("bad_why", "why", f"why {why!r} is not known; one of {', '.join(WHYS)}")
    if why and kind != "dismiss":
        raise BadEvent("bad_why", "why", f"why belongs to a dismiss, not to a {kind}")
    return cast("Why", why)


def _session(record: Mapping[str, Any]) -> str:
    conversation = _text(record, "conversation")
    session = _text(record, "session")
    if conversation and not _CONVERSATION.fullmatch(conversation):
        raise BadEvent(
            "unknown_conversation", "conversation", "conversation must be the id of one; another visit is a session"
        )
    if conversation and session and conversation != session:
        raise BadEvent("two_sessions", "session", "give a conversation or a session, not both")
    return conversation or session


def _sound(one: Interaction) -> None:
    """What one field asks of another."""
    if one.kind == "search":
        if one.product_id:
            raise BadEvent(
                "bad_product", "product_id", "a search is of no product; a click tells what was opened of its results"
            )
        if not one.text.strip():
            raise BadEvent("no_text", "text", "text is missing: the words that were searched for")
    elif not one.product_id:
        raise BadEvent("no_product", "product_id", "product_id is missing")
    if one.kind in ("rating", "dwell") and one.value is None:
        meant = "1 to 5" if one.kind == "rating" else "in seconds"
        raise BadEvent("bad_value", "value", f"value is missing: the {one.kind}, {meant}")
    if one.value is not None:
        least, most = _BOUNDS.get(one.kind, _ANY)
        if not least <= one.value <= most:
            raise BadEvent(
                "bad_value", "value", f"value {one.value:g} of a {one.kind} is not within {least:g} and {most:g}"
            )
        if one.kind in _COUNTED and not one.value:
            raise BadEvent("bad_value", "value", f"value of a {one.kind} is the number of pieces; 0 is none")
    if one.kind == "review" and not one.text.strip() and one.value is None:
        raise BadEvent("no_text", "text", "text is missing: the words of the review")
