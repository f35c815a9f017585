"""What a turn gets that asks about products already shown: "compare the first two", "why not the second?", "how heavy is it?".

The record answers, and no model is asked: a table of what differs, the verdict of `why`, or the fact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from shelftalk.catalog import Catalog
from shelftalk.catalog.product import product_record
from shelftalk.explain import WhyAnswer
from shelftalk.facts.card import plain_name
from shelftalk.schema import ProductModel
from shelftalk.text import clean, shorten
from shelftalk.understand import Understood
from shelftalk.understand.reading import Shown
from shelftalk.values import Candidate, Constraint, Explanation, Facets, Intent, Product, Retrieval
from shelftalk.words.stems import stems
from shelftalk.words.stop import content_stems

_NOT_COMPARED = ("description", "images")
_TOLD_ABOVE = 3
_NO_MATTER = ("stock", "list_price", "review_count")
_MOST_NAMED = 4


def comparison(products: Sequence[Product]) -> dict[str, Any]:
    """A table: `product_ids`, `fields` (each a value a product or null, in that order) and the names of those `differing`."""
    records = [product_record(p) for p in products]
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
    asked = understood.asked
    if asked is None or not asked.name:
        return understood
    wanted = {stem for stem, _ in content_stems(asked.name)}
    nearest = catalog.lexical(asked.name, None, 1)
    product = catalog.get(nearest[0][0]) if nearest else None
    if product is None or not wanted or not wanted <= stems(product.title):
        note = f'Nothing in the catalogue is called "{shorten(clean(asked.name), 80)}".'
        return replace(understood, intent=Intent(shopping=False), notes=(note,), asked=None)
    about = replace(asked, about=(Shown(0, product.id, product.title, None),))
    limit = Constraint("title", "=", product.title, asked.said)
    intent = replace(understood.intent, constraints=(limit,), limit=1, preferences=(), query=product.title)
    note = f"read as a question about {product.title} ({product.id})"
    notes = tuple(note if n.startswith("read as a question") else n for n in understood.notes)
    return replace(understood, intent=intent, notes=notes, asked=about)


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


def verdict(found: WhyAnswer) -> Explanation:
    """The verdict of `why` as a reason; statements that no field of this product's record proves are text alone."""
    said = [found.summary, *(claim.text for claim in found.claims)]
    for pick in found.above[:_TOLD_ABOVE]:
        told = [*(claim.text for claim in pick.claims), pick.decided]
        said.append(f"Number {pick.rank} is {pick.title}: {' '.join(t for t in told if t)}".rstrip(": "))
    return Explanation(found.product_id, " ".join(said), tuple(c for c in found.claims if c.evidence))
