"""How a candidate reads in a ranking prompt: one line, what the request touches first."""

from __future__ import annotations

import re
from typing import Any

from shelftalk.text import clean, shorten
from shelftalk.values import Intent, Product, plain

_WORD = re.compile(r"[a-z0-9]+")
_LONGEST_VALUE = 60


def card(product: Product, intent: Intent, attributes: int = 6) -> str:
    """Title, price, brand, then up to `attributes` attributes: those the intent names, those its words touch, the rest."""
    parts = [clean(product.title)]
    if product.price is not None:
        parts.append(f"{plain(product.price)} {product.currency or ''}".strip())
    if product.brand and clean(product.brand).casefold() not in parts[0].casefold():
        parts.append(clean(product.brand))
    if product.rating is not None:
        parts.append(f"rated {product.rating:g}")
    wanted = [c.field for c in intent.constraints] + ([intent.sort.field] if intent.sort else [])
    words = set(_WORD.findall(" ".join((intent.query, *intent.preferences)).casefold()))

    def urgency(item: tuple[str, Any]) -> int:
        name, value = item
        if name in wanted:
            return 0
        return 1 if words & set(_WORD.findall(f"{name} {value}".casefold())) else 2

    for name, value in sorted(product.attributes.items(), key=urgency)[:attributes]:
        parts.append(f"{clean(name).replace('_', ' ')}: {shorten(clean(_text(value)), _LONGEST_VALUE)}")
    return "; ".join(parts)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(str(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
