"""Limits that came from comparing with what was shown ("cheaper ones") give way where next to nothing in stock keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shelftalk.conversation import beyond_shown
from shelftalk.facts.availability import sold_out
from shelftalk.pipeline.state import PipelineState, asked_for, in_stock
from shelftalk.retrieve.near import nearest
from shelftalk.retrieve.relax import names_kind
from shelftalk.retrieve.stock import last, placed
from shelftalk.text import clean, shorten
from shelftalk.understand.turns import loosened
from shelftalk.values import Constraint, Intent, Retrieval, Sort


def within_reach(state: PipelineState, found: Retrieval, k: int | None, wanted: int) -> Retrieval:
    """What was found, or more where next to nothing in stock keeps a limit that came from comparing with what was shown: the wish
    stands, what comes nearest to it is shown, and a note says so. `wanted` products in stock are enough."""
    notes = state.understood.notes
    steps = loosened(state.intent)
    for intent, gone in steps:
        left = in_stock(found)
        # who asks for cheaper ones is shown no dearer one beside the only one
        if left >= wanted or (left and all(c.field == "price" for c in gone)):
            break
        more = state.snapshot.retrieve.retrieve(intent, k=k, **asked_for(state))
        if in_stock(more) > left:
            told = (*notes, _cheapest(state, gone, intent, left) or beyond_shown(gone, intent, left))
            state.understood = replace(state.understood, intent=intent, notes=told)
            # without a kind named, what is nearest to the limit may be no such thing at all
            if gone == steps[-1][1] and names_kind(intent.constraints):
                order = nearest(more.candidates, gone)
                more = replace(more, candidates=last(placed([(c.product, c.scores) for c in order]), ())[0])
            found = more
    return found


def _cheapest(state: PipelineState, gone: Sequence[Constraint], intent: Intent, left: int) -> str:
    """The note that nothing in stock is cheaper, with what the cheapest costs; "" where it was about something else."""
    if left or any((c.field, c.operator) != ("price", "<") for c in gone):
        return ""
    order = replace(intent, sort=Sort("price", "asc"), criteria=())
    found = state.snapshot.retrieve.retrieve(order, **asked_for(state)).candidates
    first = next((c.product for c in found if c.product.price is not None and not sold_out(c.product)), None)
    if first is None or first.price is None:
        return ""
    price = f"{first.price} {first.currency or ''}".strip()
    return f"Nothing in stock that fits is lower in price than what was shown; the cheapest is {shorten(clean(first.title), 60)} at {price}."
