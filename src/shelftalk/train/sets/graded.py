"""The task graded: one card, and the grade from 0 to 3 of how well the product answers.

Judged queries (chorus, ESCI, ProductQA, the demo) give what only text can tell; made-up products of the written kinds give
what follows from criteria, their grade being the gold criteria's utility. A share of the cards carry a line that speaks to the
model, which changes no grade.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from shelftalk.catalog.facets import collect
from shelftalk.catalog.standing import Standing
from shelftalk.prompts import PromptLibrary
from shelftalk.rank.graded import GRADES, card_prompt
from shelftalk.train.config import RankConfig
from shelftalk.train.sets.example import Judged, TrainingExample
from shelftalk.train.sets.hostile import hostile_title
from shelftalk.train.sets.ranking import SUITING, Offer
from shelftalk.values import Intent, Product, Scalar
from shelftalk.written import WrittenSet, made_products
from shelftalk.written.products import utility_of

__all__ = ["graded", "made_up"]

_STEPS = (0.3, 0.55, 0.8)  # from each on, one grade more


def graded(
    judged: Sequence[Judged], prompts: PromptLibrary, config: RankConfig, seed: int, hostile: float
) -> Iterator[TrainingExample]:
    """One row a product offered for a judged request."""
    template = prompts.get("rank/graded@1")
    for one in judged:
        chooser = random.Random(f"{seed} graded {one.id}")
        intent = one.shop.read(one.request)
        for offer in _offered(one, config, chooser, hostile):
            grade = str(max(0, min(3, round(offer.gain))))
            shown = card_prompt(template, one.request.request, intent, offer.product, one.shop.facets, None)
            yield TrainingExample(
                "graded", shown, grade, one.source, one.group, one.split, f"{one.id}/graded/{offer.product.id}", one.id,
                one.request.request, GRADES, tuple(float(g == grade) for g in GRADES), 1.0,
                ("hostile",) if offer.hostile else (),
            )  # fmt: skip


def _offered(one: Judged, config: RankConfig, chooser: random.Random, hostile: float) -> list[Offer]:
    """What was judged, the well suited and the rest drawn apart; where every product is judged, those that break the fewest
    limits stand for the rest. A pool of judgments was made by searches, so its unsuiting ones are hard already."""
    if one.grades is None:
        return []
    products = one.shop.products
    good = [i for i, g in one.grades.items() if g >= SUITING and i in products]
    bad = [i for i, g in one.grades.items() if g < SUITING and i in products]
    if one.judged_all:
        near = [p.id for p in one.shop.search(one.shop.read(one.request), config.depth)]
        bad = [i for i in dict.fromkeys((*near, *bad)) if i not in good]
        bad = bad[: 2 * config.unsuiting]
    chosen = chooser.sample(good, min(len(good), config.suiting)) + chooser.sample(bad, min(len(bad), config.unsuiting))
    out = []
    for i in chosen:
        attacked = chooser.random() < hostile
        product = hostile_title(products[i], chooser) if attacked else products[i]
        out.append(Offer(product, one.grades.get(i, 0.0), True, attacked))
    return out


def made_up(
    found: WrittenSet, prompts: PromptLibrary, seed: int, hostile: float, each: int = 2
) -> Iterator[TrainingExample]:
    """`each` rows a wish: made-up products of its kind, one that answers it well and one that does not, and now and then one of
    another kind, whose grade is 0."""
    template = prompts.get("rank/graded@1")
    made = {name: made_products([kind], 16, seed) for name, kind in found.kinds.items()}
    facets = {name: collect(products) for name, products in made.items()}
    names = sorted(made)
    for n, wish in enumerate(found.wishes):
        gold = tuple(w for w in wish.wants if w is not None)
        if not gold:
            continue
        draw = random.Random(f"{seed} {n} graded")
        mine = made[wish.kind]
        ranked = sorted(mine, key=lambda p: utility_of(p, gold, mine))
        chosen = [ranked[-1 - draw.randrange(4)], ranked[draw.randrange(10)]][:each]
        if draw.random() < 0.15:
            chosen[-1] = draw.choice(made[draw.choice(names)])
        for product in chosen:
            alike = wish.kind in product.categories
            grade = str(sum(utility_of(product, gold, mine) >= step for step in _STEPS)) if alike else "0"
            attacked = draw.random() < hostile
            shown = hostile_title(product, draw) if attacked else product
            prompt = card_prompt(
                template,
                wish.text,
                Intent(criteria=gold, query=wish.text),
                shown,
                facets[product.categories[0]],
                _Made(mine),
            )
            yield TrainingExample(
                "graded", prompt, grade, "written", f"wish/{n}", wish.split, f"graded/{n}/{product.id}", f"graded/{n}", wish.text,
                GRADES, tuple(float(g == grade) for g in GRADES), 1.0, ("hostile",) if attacked else (),
            )  # fmt: skip


class _Made:
    """What fits, among made-up products in memory: the part of a Scope that cards need."""

    def __init__(self, products: Sequence[Product]) -> None:
        self._products = products

    def of(self, product: Product) -> _Made:
        """All of it: the products are of one kind."""
        return self

    def place(self, field: str, value: float) -> Standing:
        """The standing of a number."""
        held = [
            float(v)
            for p in self._products
            if isinstance(v := p.value(field), (int, float)) or (field == "price" and v is not None)
        ]
        below, above = sum(v < value - 1e-9 for v in held), sum(v > value + 1e-9 for v in held)
        return Standing(len(held), below + 1, above + 1, above / max(1, len(held) - 1))

    def count(self, field: str, value: Scalar) -> Standing:
        """How many hold a value."""
        return Standing(len(self._products), alike=sum(p.value(field) == value for p in self._products), number=False)
