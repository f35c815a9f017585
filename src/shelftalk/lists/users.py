"""A row of the input becomes a Shopper: who it is, what the person did, and the context. One bad row is an error of its own."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.lists.parts import LONGEST, Row
from shelftalk.text import clean, shorten
from shelftalk.values import INTERACTION_KINDS, WHYS, Context, Interaction, Shopper

MOST = 1000  # interactions of a user that are kept, the newest
LONGEST_HISTORY = 100_000
_LONGEST_ID = 512
_SEASONS = ("", "spring", "summer", "autumn", "winter")
# other names that exports give to a key
_ALIASES = {
    "product": "product_id",
    "item_id": "product_id",
    "event": "kind",
    "type": "kind",
    "time": "at",
    "timestamp": "at",
}


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
    except (UsageError, RecursionError) as error:
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
        except UsageError as error:
            raise UsageError(f"'history' entry {place}: {error}") from error
    past = [one for one in reversed(found) if one.at <= now]
    return tuple(sorted(past, key=lambda one: one.at, reverse=True)[:MOST])


def _interaction(entry: Any, user: str, name: str, otherwise: datetime) -> Interaction:
    if isinstance(entry, (str, int)) and not isinstance(entry, bool):
        return Interaction(user, "view", otherwise, _short(str(entry), "product_id"), name)
    if not isinstance(entry, Mapping):
        raise UsageError("must be a product id or an object with 'product_id'")
    held = {_ALIASES.get(key, key): value for key, value in entry.items() if value is not None}
    kind, why = held.get("kind", "view"), held.get("why", "")
    product = held.get("product_id", "")
    if kind not in INTERACTION_KINDS:
        raise UsageError(f"'kind' is {_told(kind)}; there is: {', '.join(INTERACTION_KINDS)}")
    if why not in ("", *WHYS):
        raise UsageError(f"'why' is {_told(why)}; there is: {', '.join(WHYS)}")
    if isinstance(product, bool) or not isinstance(product, (str, int)) or (not str(product) and kind != "search"):
        raise UsageError("'product_id' must be the product's id")
    texts = {key: _short(str(held.get(key, "")), key) for key in ("id", "session", "place", "device", "currency")}
    return Interaction(
        user, kind, _moment(held["at"], "at") if "at" in held else otherwise, _short(str(product), "product_id"),
        texts["id"] or name, _number(held.get("value")), _money(held.get("price")), texts["currency"] or None,
        str(held.get("text", "")), why, texts["session"], texts["place"], texts["device"],
    )  # fmt: skip


def _context(given: Any, now: datetime) -> Context:
    if given is None:
        return Context(at=now)
    if not isinstance(given, Mapping):
        raise UsageError("'context' must be an object with at, place, season or device")
    season = given.get("season") or ""
    if season not in _SEASONS:
        raise UsageError(f"'season' is {_told(season)}; there is: {', '.join(_SEASONS[1:])}")
    at = _moment(given["at"], "at") if given.get("at") is not None else now
    place, device = (_short(str(given.get(key) or ""), key) for key in ("place", "device"))
    return Context(at, place, season, device)


def _moment(value: Any, key: str) -> datetime:
    """A moment with its zone: ISO 8601 (UTC where no zone is given), or seconds since 1970."""
    try:
        if isinstance(value, datetime):
            found = value
        elif isinstance(value, date):
            found = datetime(value.year, value.month, value.day)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        else:
            found = datetime.fromisoformat(str(value))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"'{key}' is {_told(value)}; write it as 2026-11-30T14:00:00Z") from error


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    if not number or not math.isfinite(value):
        raise UsageError(f"'value' is {_told(value)}, which is no number")
    return float(value)


def _money(value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        found = Decimal(str(value))
        if found.is_finite() and found >= 0:
            return found
    except InvalidOperation:
        pass
    raise UsageError(f"'price' is {_told(value)}, which is no price")


def _short(text: str, key: str) -> str:
    if len(text) > _LONGEST_ID:
        raise UsageError(f"'{key}' has {len(text)} characters, more than {_LONGEST_ID}")
    return text


def _told(value: Any) -> str:
    return shorten(clean(repr(value)), 60)
