"""Prices in several currencies are neither compared nor put in one order: a limit, an order or a wish on them is held within one.

That is the currency which the shopper named, else the one that most of the shop's prices are in; a note says so. No exchange is made.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from shelftalk.explain.named import named_codes, worded
from shelftalk.text import clean
from shelftalk.understand import Understood
from shelftalk.values import Constraint, Facets, Intent, Request, plain

_MONEY = frozenset(("price", "list_price"))


def kept_apart(understood: Understood, facets: Facets, request: Request) -> Understood:
    """What was understood, with what it asks of prices held within one currency where the catalogue has several."""
    intent, codes = understood.intent, [code for code, _ in facets.currencies]
    if len(codes) < 2 or not _of_prices(intent) or any(c.field == "currency" for c in intent.constraints):
        return understood
    limits = [c for c in intent.constraints if c.field in _MONEY]
    meant = next(filter(None, (_meant(c, codes, request) for c in limits)), codes[0])
    others = ", ".join(f"{n} in {code}" for code, n in facets.currencies if code != meant)
    note = f"only prices in {meant} were compared: the shop has others ({others}), and no exchange is made"
    intent = replace(intent, constraints=(*intent.constraints, Constraint("currency", "=", meant)))
    return replace(understood, intent=intent, notes=(*understood.notes, note))


def _of_prices(intent: Intent) -> bool:
    fields = [c.field for c in intent.constraints] + [c.field for c in intent.criteria]
    return not _MONEY.isdisjoint([*fields, intent.sort.field if intent.sort else ""])


def _meant(limit: Constraint, codes: Sequence[str], request: Request) -> str | None:
    """The currency of a limit: the one that its words name, or that of the product shown whose price it is."""
    named = named_codes(worded(limit, request.request))
    if named:
        return next((code for code in codes if code in named), None)
    shown = clean(next((t.content for t in reversed(request.history) if t.role == "assistant"), ""))
    values = limit.value if isinstance(limit.value, tuple) else (limit.value,)
    for value in values:
        amount = re.escape(str(plain(value)))
        found = re.search(rf"(?<![\d.,]){amount}(?:\.0+)? ({'|'.join(map(re.escape, codes))})\b", shown)
        if found and not re.search(r"\d", limit.span):
            return found[1]
    return None
