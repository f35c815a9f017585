"""A row of the input becomes a Shopper: who it is, what the person did, and the context. One bad row is an error of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast, get_args

from shelftalk.errors import UsageError
from shelftalk.lists.parts import LONGEST, Row
from shelftalk.shoppers.events import BadEvent, fields, kind_of
from shelftalk.text import clean, shorten
from shelftalk.values import INTERACTION_KINDS, WHYS, Context, Interaction, InteractionKind, Shopper

MOST = 1000  # interactions of a user that are kept, the newest
LONGEST_HISTORY = 100_000
_LONGEST_ID = 512
Season = Literal["", "spring", "summer", "autumn", "winter"]
# other names that exports give to a key
_ALIASES = {
    "product": "product_id", "item_id": "product_id", "event": "kind", "type": "kind", "time": "at", "timestamp": "at",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One row: the shopper to make a list for, or what is wrong with the row. `user` is the id as given; `known` tells whether the row
    itself held a history (an empty one, too)."""

    number: int
    user: str
    shopper: Shopper | None = None
    known: bool = False
    error: str = ""


def asked_of(row: Row, name: Callable[[str], str], now: datetime) -> Asked:
    """The row read; `name` gives the pseudonym of a user, `now` is the moment that the list is for."""
    user = ""
    try:
        record = _record(row.held)
        user = _user(record)
        listed = record.get("history")
        history = () if listed is None else _history(listed, name(user), now)
        context = _context(record.get("context"), now)
        return Asked(row.number, user, Shopper(name(user), history=history, context=context), listed is not None)
    except (UsageError, BadEvent, RecursionError) as error:
        return Asked(row.number, user, error=f"{row.where}: {shorten(clean(str(error)), 300)}")


def _record(held: dict[str, Any] | bytes | None) -> Mapping[str, Any]:
    if held is None:
        raise UsageError(f"the line has more than {LONGEST} bytes")
    if isinstance(held, dict):
        return held
    try:
        record = json.loads(held.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"not UTF-8 at byte {error.start}") from error
    except ValueError as error:
        told = getattr(error, "msg", str(error))
        raise UsageError(f"not JSON: {told}") from error
    if not isinstance(record, Mapping):
        raise UsageError("must be a JSON object with the key 'user'")
    return record


def _user(record: Mapping[str, Any]) -> str:
    user = record.get("user")
    if isinstance(user, bool) or not isinstance(user, (str, int)) or not str(user).strip():
        raise UsageError("'user' must be the user's id, a text or a whole number")
    if len(str(user)) > _LONGEST_ID:
        raise UsageError(f"'user' has {len(str(user))} characters, more than {_LONGEST_ID}")
    return str(user)


def _history(listed: Any, user: str, now: datetime) -> tuple[Interaction, ...]:
    """Newest first. What has no time happened just now, in the order given; what has no id is known by its place in the list."""
    if not isinstance(listed, Sequence) or isinstance(listed, (str, bytes)):
        raise UsageError("'history' must be a list of product ids or of interactions")
    if len(listed) > LONGEST_HISTORY:
        raise UsageError(f"'history' has {len(listed)} entries, more than {LONGEST_HISTORY}")
    found = []
    for place, entry in enumerate(listed, start=1):
        try:
            found.append(
                _interaction(entry, user, f"history-{place}", now - timedelta(seconds=len(listed) - place + 1))
            )
        except (UsageError, BadEvent) as error:
            raise UsageError(f"'history' entry {place}: {error}") from error
    past = [one for one in reversed(found) if one.at <= now]
    return tuple(sorted(past, key=lambda one: one.at, reverse=True)[:MOST])


def _interaction(entry: Any, user: str, name: str, otherwise: datetime) -> Interaction:
    """A product id alone stands for something that the user chose, as in the field's data sets of sequences."""
    if isinstance(entry, (str, int)) and not isinstance(entry, bool):
        return Interaction(user, "like", otherwise, _text("product_id", entry), name, dated=False)
    if not isinstance(entry, Mapping):
        raise UsageError("must be a product id or an object with 'product_id'")
    held = {_ALIASES.get(key, key): value for key, value in entry.items() if value is not None}
    if "rating" in held:
        held = {"kind": "rating", "value": held["rating"], **held}
    kind, why, product = (
        _kind(held.get("kind", "like")),
        held.get("why", ""),
        _text("product_id", held.get("product_id")),
    )
    if why not in ("", *WHYS):
        raise UsageError(f"why {_told(why)} is not known; one of {', '.join(WHYS)}")
    if not product and kind != "search":
        raise UsageError("product_id is missing")
    texts = {key: _text(key, held.get(key)) for key in ("id", "session", "place", "device")}
    return Interaction(
        user, kind, fields.moment("at", held["at"], UTC) if "at" in held else otherwise, product, texts["id"] or name,
        fields.number("value", held.get("value")), fields.price("price", held.get("price")),
        fields.currency("currency", held.get("currency")), fields.text("text", held.get("text"), 10_000), why,
        texts["session"], texts["place"], texts["device"],
    )  # fmt: skip


def _kind(name: Any) -> InteractionKind:
    found = kind_of(fields.text("kind", name, 100))
    if found is None:
        raise UsageError(f"kind {_told(name)} is not known; one of {', '.join(INTERACTION_KINDS)}")
    return found


def _context(given: Any, now: datetime) -> Context:
    if given is None:
        return Context(at=now)
    if not isinstance(given, Mapping):
        raise UsageError("'context' must be an object with at, place, season, device or within_days")
    named = given.get("season") or ""
    if named not in get_args(Season):
        raise UsageError(f"season {_told(named)} is not known; one of {', '.join(filter(None, get_args(Season)))}")
    season = cast("Season", named)
    at = fields.moment("at", given["at"], UTC) if given.get("at") is not None else now
    days = given.get("within_days")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= 365):
        raise UsageError(f"within_days {_told(days)} is no number of days from 0 to 365")
    place, device = _text("place", given.get("place")), _text("device", given.get("device"))
    return Context(at, place, season, device, within_days=days)


def _text(name: str, value: Any) -> str:
    return fields.text(name, value, _LONGEST_ID)


def _told(value: Any) -> str:
    return shorten(clean(repr(value)), 60)
