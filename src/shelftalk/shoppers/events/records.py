"""An interaction as a record: what the API shows and `shelftalk events export` writes, and what EventParser reads again."""

from __future__ import annotations

from typing import Any

from shelftalk.values import Interaction, plain


def record_of(one: Interaction) -> dict[str, Any]:
    """The fields that say something; the user by pseudonym, the moment in UTC, the price as a decimal number in a text."""
    held = {
        "id": one.id, "user": one.user, "kind": one.kind, "at": one.at.isoformat().replace("+00:00", "Z"), "product_id": one.product_id,
        "value": one.value, "price": None if one.price is None else str(plain(one.price)), "currency": one.currency, "text": one.text,
        "why": one.why, "session": one.session, "place": one.place, "device": one.device, "request": one.request,
    }  # fmt: skip
    return {name: value for name, value in held.items() if value not in (None, "")}
