"""A catalogue alone becomes judged requests: wishes are drawn from a product's own facts, and the record is the judge.

For a shop with no history. The sentences stand in phrases.yaml; the grades follow from the constraints, so they are right
whatever the words.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from shelftalk.errors import UsageError
from shelftalk.facts.facts import attribute_fact, humanise
from shelftalk.facts.holds import holds
from shelftalk.train.sets.example import Judged, Split
from shelftalk.train.sets.shop import Shop, selected
from shelftalk.train.sets.sources import split_of, splits_of
from shelftalk.values import Constraint, Facet, Intent, Operator, Product, Request, Sort

NEVER = 0.1  # share of requests that ask for what no product has
TRIES = 40
QUESTIONS = 0.3
CHATTER = 0.03
KNOWN_ZEROS = 30
Kind = tuple[str, str]  # the field that says what a product is, and what it says
_KIND_FIELDS = ("kind", "category", "product_type", "product_category", "product_kind")
_LIMITS: tuple[tuple[str, Operator], ...] = (("below", "<"), ("at_most", "<="))
# Names of which a yes says what a product is ("washable"); of what any other names ("hood"), it has one.
_QUALITY = re.compile(
    r"(?:[^tcv]able|ible|proof|less|free|[^eb]ed|ive|friendly|safe|ready|organic|electric|vegan|resistant)\Z"
)
_BOUNDS: tuple[tuple[str, Operator], ...] = (("at_least", ">="), ("number_at_most", "<="))


@cache
def phrases() -> dict[str, Any]:
    """The sentences of made-up shoppers."""
    return dict(yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text(encoding="utf-8")))


def catalogue(shop: Shop, requests: int, dev: float, test: float, seed: int) -> Iterator[Judged]:
    """Requests with gold intents and grades, questions about one product with their verdict, and some chatter.

    A category is a group where the shop has five or more, so that no category stands in two splits; else a request is.
    UsageError where the products hold nothing that could be asked for.
    """
    chooser = random.Random(f"{seed} catalogue")
    shelves = _shelves(shop)
    kinds = [kind for kind, held in shelves.items() if len(held) >= 3] or list(shelves)
    by_category = splits_of((f"catalogue/{name}" for _, name in kinds), dev, test) if len(kinds) >= 5 else {}
    seen: set[str] = set()
    made = tried = 0
    while kinds and made < requests and tried < 20 * requests:
        tried += 1
        kind = chooser.choice(kinds)
        shelf = shelves[kind]
        text, intent, question = _impossible(shop, kind, shelf, chooser) or _request(shop, kind, shelf, chooser)
        if not text or text in seen:
            continue
        seen.add(text)
        made += 1
        group = f"catalogue/{kind[1]}" if len(kinds) >= 5 else f"catalogue/{text}"
        split: Split = by_category.get(group) or split_of(group, dev, test)
        about = Judged(f"catalogue/{made}", "catalogue", group, split, shop, Request(text))
        if question:
            fit = {p.id: all(holds(c, p) for c in intent.constraints) for p in shelf}
            some = [i for truth in (True, False) for i in _some([i for i, f in fit.items() if f is truth], 1, chooser)]
            yield replace(about, verdicts={i: fit[i] for i in some})
        else:
            best = {p.id for p in selected(intent, shelf)}
            zeros = _some([p.id for p in shelf if p.id not in best], KNOWN_ZEROS, chooser)
            grades = {**dict.fromkeys(sorted(best), 3.0), **dict.fromkeys(zeros, 0.0)}
            yield replace(about, grades=grades, intent=intent, ranked=intent.sort is None)
    if requests and not made:
        raise UsageError(
            f"source catalogue: the {len(shop.products):,} products have nothing to ask for (no price, brand or attribute that "
            "several share); import a feed with more fields, or leave the source out"
        )
    for n, text in enumerate(phrases()["chatter"][: max(1, int(CHATTER * made))]):
        idle = Intent(shopping=False)
        yield Judged(
            f"catalogue/chatter/{n}", "catalogue", f"catalogue/{text}", split_of(text, dev, test), shop, Request(text),
            {}, None, idle,
        )  # fmt: skip


def _shelves(shop: Shop) -> dict[Kind, list[Product]]:
    """The products by what they are: by category or, where a product has none, by a field that says its kind. A shop whose
    products say neither is one shelf of ("", "something")."""
    said_by = [f.field for f in shop.facets if f.kind == "text" and f.field.lower().replace(" ", "_") in _KIND_FIELDS]
    shelves: dict[Kind, list[Product]] = defaultdict(list)
    for product in shop.products.values():
        if product.categories:
            shelves["categories", product.categories[-1]].append(product)
            continue
        said = ((f, product.value(f)) for f in said_by)
        kind = next(((f, v) for f, v in said if isinstance(v, str) and v[:1].isalpha() and len(v) <= 40), None)
        if kind is not None:
            shelves[kind].append(product)
    return shelves or {("", "something"): list(shop.products.values())}


def _some(ids: Sequence[str], count: int, chooser: random.Random) -> list[str]:
    return chooser.sample(list(ids), min(count, len(ids)))


def _impossible(
    shop: Shop, kind: Kind, shelf: Sequence[Product], chooser: random.Random
) -> tuple[str, Intent, bool] | None:
    """One time in ten a request for what no product of the shelf has; None the other times, and where none is found."""
    if chooser.random() >= NEVER:
        return None
    for _ in range(TRIES):
        text, intent, question = _request(shop, kind, shelf, chooser, mixed=True)
        if text and not question and not selected(intent, shelf):
            return text, intent, question
    return None


def _request(
    shop: Shop, kind: Kind, shelf: Sequence[Product], chooser: random.Random, mixed: bool = False
) -> tuple[str, Intent, bool]:
    """A request's text, its intent, and whether it is a question about one product; "" where nothing can be asked.

    The wishes are those of one product, so that it fits; `mixed` takes them from several.
    """
    said = phrases()
    kind_field, name = kind
    wishes = list(_wishes(shop, chooser.choice(shelf), chooser))
    if mixed:
        wishes += [wish for _ in range(2) for wish in _wishes(shop, chooser.choice(shelf), chooser)]
    chooser.shuffle(wishes)
    picked: list[tuple[Constraint, str]] = []
    for constraint, words in wishes:
        if constraint.field == kind_field:
            continue
        if len(picked) < chooser.choice((1, 2, 2, 3)) and all(constraint.field != c.field for c, _ in picked):
            picked.append((constraint, words))
    if not picked:
        return "", Intent(), False
    listed = chooser.choice(said["joiners"]).join(words for _, words in picked)
    constraints = tuple(c for c, _ in picked)
    if chooser.random() < QUESTIONS:
        return chooser.choice(said["questions"]).format(wishes=listed), Intent(constraints), True
    sort, opener = None, chooser.choice(said["openers"])
    if chooser.random() < 0.2 and all(c.field not in ("price", "rating") for c in constraints):
        field, direction = (way := chooser.choice(list(said["superlatives"]))).split("-")
        if shop.facets.get(field):
            sort, opener = (
                Sort(field, "asc" if direction == "asc" else "desc"),
                chooser.choice(said["superlatives"][way]),
            )
    whole = (Constraint(kind_field, "=", name), *constraints) if kind_field else constraints
    text = opener.format(thing=name.lower(), wishes=listed)
    return text, Intent(whole, sort, query=text), False


def _wishes(shop: Shop, product: Product, chooser: random.Random) -> Iterator[tuple[Constraint, str]]:
    """What may be asked of a product like this one, with the words for it."""
    for facet in shop.facets:
        value = product.value(facet.field)
        if value is None or facet.field in (
            "categories",
            "list_price",
            "review_count",
            "stock",
            "availability",
            "released_at",
        ):
            continue
        found = _wish(shop, facet, value, chooser)
        if found is not None:
            yield found


def _wish(shop: Shop, facet: Facet, value: Any, chooser: random.Random) -> tuple[Constraint, str] | None:
    said, fact = phrases()["wishes"], attribute_fact(facet.field, value, shop.facets)
    name = fact.name if fact else humanise(facet.field)

    def words(kind: str, **values: Any) -> str:
        return " ".join(chooser.choice(said[kind]).format(**values).split())

    if facet.field == "price":
        limit = _round_up(float(value) * chooser.uniform(1.0, 1.4))
        kind, operator = chooser.choice(_LIMITS)
        return Constraint("price", operator, limit), words(kind, value=limit, unit=shop.facets.currency or "")
    if facet.field == "rating":
        floor = int(float(value))
        return (Constraint("rating", ">=", floor), words("rating", value=floor)) if floor >= 3 else None
    if facet.field == "brand":
        if chooser.random() < 0.2:
            others = [v for v, _ in facet.values if v != value]
            if others:
                other = chooser.choice(others)
                return Constraint("brand", "!=", other), words("not_brand", value=other)
        return Constraint("brand", "=", value), words("brand", value=value)
    if isinstance(value, bool):
        if not value:
            return None
        kind = "adjective" if _QUALITY.search(name) else "has"
        return Constraint(facet.field, "=", True), words(kind, name=name)
    if isinstance(value, (int, float)) and facet.kind == "number" and facet.distinct > 2:
        kind, operator = chooser.choice(_BOUNDS)
        return Constraint(facet.field, operator, value), words(
            kind, value=f"{value:g}", unit=facet.unit or "", name=name
        )
    if (
        isinstance(value, str)
        and facet.kind == "text"
        and len(value) <= 40
        and value != "none"
        and facet.distinct <= len(facet.values)
    ):
        return Constraint(facet.field, "=", value), words("text", name=name, value=value)
    return None


def _round_up(value: float) -> int:
    step = 1 if value < 20 else 5 if value < 100 else 10 if value < 500 else 50
    return int(-(-value // step) * step)
