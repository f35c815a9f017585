"""Made-up products of the written kinds, by a seed: what a suite's shoppers choose from, and what cards are made of."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from decimal import Decimal

from shelftalk.values import AttributeValue, Criterion, Product
from shelftalk.written.parse import FieldSpec, Kind

_SYLLABLES = ("ba", "be", "bo", "da", "de", "do", "fa", "fen", "gra", "hal", "ir", "jo", "kel", "kor", "lin", "lo", "mar", "mi", "nor", "ol", "pa", "ran", "ri", "sal", "sel", "tor", "tu", "val", "ven", "wil")  # fmt: skip
_SERIES = ("Alto", "Brio", "Cove", "Dune", "Ember", "Fjord", "Grove", "Haven", "Isla", "Juno", "Kite", "Loom", "Mesa", "Nova", "Orca", "Pine", "Quill", "Reef", "Sora", "Tarn")  # fmt: skip


def made_products(kinds: Iterable[Kind], each: int = 24, seed: int = 0) -> list[Product]:
    """`each` products of every kind: a made-up brand and series, values drawn evenly (numbers from the kind's range, rounded
    as a shop would), prices over a factor of eight, ratings from 3 to 5. One in eight values is missing, as in real feeds."""
    out = []
    for kind in kinds:
        draw = random.Random(f"{seed} {kind.name}")
        dearest = draw.choice((40, 80, 150, 300, 600, 1200))
        for n in range(1, each + 1):
            brand = "".join(draw.choices(_SYLLABLES, k=2)).capitalize()
            attributes: dict[str, AttributeValue] = {}
            for spec in kind.fields:
                if draw.random() >= 0.125:
                    attributes[spec.name] = _value(spec, draw)
            cents = round(dearest * 100 * draw.uniform(0.125, 1))
            out.append(
                Product(
                    f"{kind.name.lower().replace(' ', '-')}-{n:03}",
                    f"{brand} {draw.choice(_SERIES)} {n} {_singular(kind.name)}",
                    brand=brand,
                    price=Decimal(cents) / 100,
                    currency="EUR",
                    categories=(kind.name,),
                    attributes=attributes,
                    rating=round(draw.uniform(3, 5), 1),
                    review_count=draw.randint(3, 400),
                )
            )
    return out


def _value(spec: FieldSpec, draw: random.Random) -> AttributeValue:
    if spec.low is not None and spec.high is not None:
        value = draw.uniform(spec.low, spec.high)
        whole = spec.low.is_integer() and spec.high.is_integer() and spec.high - spec.low >= 3
        return round(value) if whole else round(value, 2 if spec.high < 2 else 1)
    return draw.choice(spec.values) if spec.values else draw.random() < 0.4


def _singular(name: str) -> str:
    return name.removesuffix("s") if not name.endswith("ss") else name


def utility_of(product: Product, criteria: Sequence[Criterion], among: Sequence[Product]) -> float:
    """How well a product does by gold criteria among others, 0 to 1, in memory: numbers by the share beaten, values by being
    held, what is missing as a quarter, weights .5, 1 and 2 by importance."""
    weights = {1: 0.5, 2: 1.0, 3: 2.0}
    total = sum(weights[c.importance] for c in criteria)
    return sum(weights[c.importance] * _satisfied(product, c, among) for c in criteria) / total if total else 0.0


def _satisfied(product: Product, criterion: Criterion, among: Sequence[Product]) -> float:
    value = product.value(criterion.field)
    if criterion.want in ("low", "high"):
        others = [float(v) for p in among if p.id != product.id and (v := p.value(criterion.field)) is not None]
        if value is None or not others:
            return 0.25
        greater = sum(v > float(value) for v in others) + 0.5 * sum(v == float(value) for v in others)
        share = greater / len(others)
        return share if criterion.want == "low" else 1 - share
    if value is None:
        return 0.25
    return float((value == criterion.value) == (criterion.want == "is"))
