"""Turns of a conversation: follow-ups that ask about products already shown, and the question that an answer asks back.

`understand` classifies a turn by the history that its request carries, the same for the terminal, HTTP, chat completions and MCP.
The record answers such a question, and no model is asked: a table of what differs, the verdict of `why`, or the fact. A need with several readings has its picks spread over the kinds of product that help, and the
answer asks which was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from shelftalk.catalog import Catalog
from shelftalk.catalog.product import shown_record
from shelftalk.catalog.standing import superlatives
from shelftalk.explain import WhyAnswer
from shelftalk.facts.card import plain_name
from shelftalk.prompts import PromptLibrary
from shelftalk.schema import ProductModel
from shelftalk.text import clean, shorten
from shelftalk.understand import Understood
from shelftalk.understand.reading import Shown
from shelftalk.values import (
    Candidate,
    Constraint,
    Explanation,
    Facets,
    FollowUp,
    Intent,
    Product,
    Ranking,
    Retrieval,
)
from shelftalk.words.stems import stems
from shelftalk.words.stop import content_stems

_NOT_COMPARED = ("description", "images", "item_group_id")
_TOLD_ABOVE = 3
_NO_MATTER = ("stock", "list_price", "review_count")
_MOST_NAMED = 4
MOST_ANSWERS = 4
LONGEST_REQUEST = 300
_NEAR = 20  # candidates in front among which a kind must be to be worth asking for


def product_named(catalog: Catalog, name: str) -> Product | None:
    """The product of that id, else the one nearest to the name whose title holds all of its words; None without one."""
    found = catalog.get(name) or catalog.get(name.upper())
    if found is not None:
        return found
    wanted = {stem for stem, _ in content_stems(name)}
    nearest = catalog.lexical(name, None, 1)
    product = catalog.get(nearest[0][0]) if nearest else None
    return product if product is not None and wanted and wanted <= stems(product.title) else None


def comparison(products: Sequence[Product]) -> dict[str, Any]:
    """A table: `product_ids`, `fields` (each a value a product or null, in that order) and the names of those `differing`."""
    records = [shown_record(p) for p in products]
    flat = []
    for record in records:
        attributes = record.pop("attributes", {})
        own = {f"attributes.{name}" if name in ProductModel.model_fields else name: v for name, v in attributes.items()}
        flat.append({**record, **own})
    names = list(dict.fromkeys(name for row in flat for name in row if name not in _NOT_COMPARED))
    fields = {name: [row.get(name) for row in flat] for name in names}
    differing = [name for name, values in fields.items() if any(v != values[0] for v in values)]
    return {"product_ids": [p.id for p in products], "fields": fields, "differing": differing}


def named(understood: Understood, catalog: Catalog) -> Understood:
    """The same, about the product that "why not the Lark?" names; no request for products where the catalogue has none whose
    title holds all of these words."""
    asked = understood.follow_up
    if asked is None or not asked.name:
        return understood
    product = product_named(catalog, asked.name)
    if product is None:
        note = f'Nothing in the catalogue is called "{shorten(clean(asked.name), 80)}".'
        return replace(understood, intent=Intent(shopping=False), notes=(note,), follow_up=None)
    about = replace(asked, about=(Shown(0, product.id, product.title, None),))
    limit = Constraint("title", "=", product.title, asked.said)
    intent = replace(understood.intent, constraints=(limit,), limit=1, preferences=(), query=product.title)
    note = f"read as a question about {product.title} ({product.id})"
    notes = tuple(note if n.startswith("read as a question") else n for n in understood.notes)
    return replace(understood, intent=intent, notes=notes, follow_up=about)


def best_first(retrieval: Retrieval, ids: Sequence[str]) -> Retrieval:
    """The candidates by how well they do by what was wished, in the order in which they were shown where that is equal."""
    shown = in_order(retrieval, ids).candidates
    ordered = sorted(shown, key=lambda c: -c.scores.get("criteria", 0.0))
    return replace(retrieval, candidates=tuple(ordered))


def which_is_best(products: Sequence[Product], intent: Intent, facets: Facets) -> str:
    """The sentence that names the best of the products by the criteria; where nothing was wished, in what they differ."""
    if intent.criteria:
        fields = dict.fromkeys(plain_name(c.field) for c in intent.criteria)
        return f"{shorten(clean(products[0].title), 80)} does best by what was asked for: {', '.join(fields)}."
    differing = [f.field for f in facets if f.kind in ("money", "number", "boolean") and f.field not in _NO_MATTER]
    values = {name: [p.value(name) for p in products] for name in differing}
    named = [plain_name(n) for n, held in values.items() if None not in held and len(set(held)) > 1][:_MOST_NAMED]
    told = f" They differ in {', '.join(named)}." if named else ""
    return f"That depends on what matters to you; say what does, and the best by it comes first.{told}"


def in_order(retrieval: Retrieval, ids: Sequence[str]) -> Retrieval:
    """The candidates in the order in which they were asked about."""
    place = {product_id: i for i, product_id in enumerate(ids)}

    def key(candidate: Candidate) -> int:
        return place.get(candidate.product.id, len(place))

    return replace(retrieval, candidates=tuple(sorted(retrieval.candidates, key=key)))


def beyond_shown(gone: Sequence[Constraint], intent: Intent, left: int) -> str:
    """The note on limits from comparing that were given up, `left` products in stock keep: "Only one in stock is lower in weight ..." """
    lower = {c.field: c.operator == "<" for c in gone}
    how = " and ".join(f"{'lower' if less else 'higher'} in {plain_name(field)}" for field, less in lower.items())
    first = ", ".join(superlatives(c.field)[c.want == "high"] for c in intent.criteria if c.field in lower)
    few = "Only one in stock is" if left == 1 else f"Only {left} in stock are" if left else "Nothing in stock is"
    told = f"the {first} of what fits otherwise come first" if first else "what fits otherwise stands beside it"
    return f"{few} {how} than what was shown; {told}."


def verdict(found: WhyAnswer) -> Explanation:
    """The verdict of `why` as a reason; statements that no field of this product's record proves are text alone."""
    said = [found.summary, *(claim.text for claim in found.claims)]
    for pick in found.above[:_TOLD_ABOVE]:
        told = [*(claim.text for claim in pick.claims), pick.decided]
        said.append(f"Number {pick.rank} is {pick.title}: {' '.join(t for t in told if t)}".rstrip(": "))
    return Explanation(found.product_id, " ".join(said), tuple(c for c in found.claims if c.evidence))


def spread(ranking: Ranking, kinds: Sequence[str], *, chosen: bool) -> Ranking:
    """The ranking with its front spread over the kinds: one of each in turn; of two that were chosen, likeliest first, the first
    has two turns. Within a kind the order stays. What is of no kind follows."""
    if len(kinds) < 2:
        return ranking
    lines = {kind: [c for c in ranking.candidates if _kind(c, kinds) == kind] for kind in kinds}
    turns = [*kinds, kinds[0]] if chosen and len(kinds) == 2 else kinds
    front: list[Candidate] = []
    while any(lines.values()):
        for kind in turns:
            if lines[kind]:
                front.append(lines[kind].pop(0))
    rest = [c for c in ranking.candidates if _kind(c, kinds) is None]
    ordered = (*front, *rest)
    return replace(ranking, candidates=tuple(replace(c, score=1 - n / len(ordered)) for n, c in enumerate(ordered)))


def _kind(candidate: Candidate, kinds: Sequence[str]) -> str | None:
    return next((kind for kind in kinds if kind in candidate.product.categories), None)


def follow_up(request: str, understood: Understood, retrieval: Retrieval, prompts: PromptLibrary) -> FollowUp | None:
    """The question to the shopper, None where the request has one reading."""
    if not understood.chosen or retrieval.no_match:
        return None
    here = {c for candidate in retrieval.candidates[:_NEAR] for c in candidate.product.categories}
    kinds = [kind for kind in understood.intent.kinds if kind in here][:MOST_ANSWERS]
    if len(kinds) < 2:
        return None
    asked = prompts.get("answer/follow_up").render(kinds=kinds)
    said = shorten(request, LONGEST_REQUEST)
    return FollowUp(asked.messages[0].content, tuple((kind, f"{kind}: {said}") for kind in kinds))


# What a terminal asks beside its answers, of its own shelf or of a server's (server/routes/near.py).


class Shop(Protocol):
    """What is asked: `pipeline.Shelf`."""

    catalog: Catalog


def count(shop: Shop) -> int:
    """How many products there are."""
    return shop.catalog.count()


BESIDE: dict[str, Callable[..., Any]] = {"count": count}
