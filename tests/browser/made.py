"""Answers made for the browser's tests, and the stream that a server would send them as."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from shelftalk.catalog import Catalog
from shelftalk.pipeline import Event
from shelftalk.server import sse
from shelftalk.server.answering import wire
from shelftalk.values import Answer, Claim, Constraint, Criterion, Evidence, FollowUp, Intent, Pick, Product, Retrieval

REQUEST = "something for two on a long walk, quick to put up, that lasts and feels like home"
INTENT = Intent(
    constraints=(Constraint("persons", ">=", 2),),
    criteria=(
        Criterion("weight_kg", "low", None, 3, "on a long walk"),
        Criterion("setup", "is", "pop-up", 2, "quick to put up"),
        Criterion("warranty_years", "high", None, 1, "that lasts"),
    ),
    unanswered=("feels like home",),
    kinds=("Tents", "Backpacks"),
    query="long walk",
)
FOLLOW_UP = FollowUp(
    "Which matters more?", (("a low weight", "a tent for two under 400"), ("a low price", "the cheapest tent for two"))
)


def answer(catalog: Path, intent: Intent = INTENT, **more: Any) -> Answer:
    """An answer with three tents of the catalogue, an opening, a label and a question back."""
    products = [p for p in Catalog.open(catalog).products() if "Tents" in p.categories][:3]
    picks = tuple(_pick(product, rank) for rank, product in enumerate(products, 1))
    made = Answer(
        "", REQUEST, intent, (replace(picks[0], label="lightest"), *picks[1:]), notes=("a note",),
        opening="All three stand for two; the first is the lightest of 16.", follow_up=FOLLOW_UP,
    )  # fmt: skip
    return replace(made, **more)


def _pick(product: Product, rank: int) -> Pick:
    text = f"It is priced at {product.price} {product.currency}."
    claim = Claim(text, (Evidence("price", product.price),), "on a long walk", True)
    return Pick(product, rank, 1.0 / rank, text, (claim,))


def stream(made: Answer) -> bytes:
    """The server-sent events of the answer."""
    bare = [replace(pick, reason="", claims=(), label="") for pick in made.picks]
    steps = [
        Event("understood", made.intent),
        Event("candidates", Retrieval(matching=len(bare))),
        *(Event("pick", pick) for pick in bare),
        *(Event("reason", pick) for pick in made.picks),
        Event("answer", made),
    ]
    return b"".join(sse.event(name, data) for step in steps for name, data in wire(step))
