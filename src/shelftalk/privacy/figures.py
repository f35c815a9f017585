"""Popularity and co-purchase that may leave a shop: differentially private counts of persons, by OpenDP.

The privacy unit is a person: whoever sees the figures, whatever else they know, can tell little of whether any one person is in them (Dwork
et al. 2006). What is counted is public (the products of the catalogue, then pairs of those that came out as the most popular), so that no count needs to
be withheld; each person counts for at most `most` products and `most` pairs, drawn at random; each count gets discrete Laplace noise
(Canonne, Kamath and Steinke 2020, arXiv 2004.00010). Popularity and pairs share epsilon equally, and delta is 0.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, groupby
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.values import Interaction

MOST = 20
TOP = 50
_PARTS = 2  # popularity and pairs
_SPLIT = "\x1f"


@dataclass(frozen=True, slots=True)
class Release:
    """Noisy counts of persons, largest first, and what they cost; `scale` of the Laplace noise is its mean size."""

    counts: Mapping[str, int]
    epsilon: float
    scale: float

    @property
    def within(self) -> int:
        """A count is off by at most this in 95 of 100 cases."""
        return self._beyond(0.05 / 2)

    @property
    def noise(self) -> int:
        """No count of nobody is above this, in 95 of 100 releases: what is not above it cannot be told from noise."""
        return self._beyond(0.05 / max(1, len(self.counts)))

    def _beyond(self, chance: float) -> int:
        """The least w of which noise exceeds w with at most this chance: P(noise > w) = a^(w+1) / (1+a) with a = exp(-1/scale)."""
        a = math.exp(-1 / self.scale)
        return max(0, math.ceil(-self.scale * math.log(chance * (1 + a))) - 1)

    def rows(self, named: Callable[[str], dict[str, Any]]) -> list[dict[str, Any]]:
        """Each count with what it counts, and whether it is above what noise alone gives."""
        return [
            {**named(key), "persons": count, "above_noise": count > self.noise} for key, count in self.counts.items()
        ]


def baskets(of_user: Sequence[Interaction]) -> list[frozenset[str]]:
    """The products that a person bought together: on one order or visit, else on one day."""

    def key(one: Interaction) -> tuple[date, str]:
        return (one.at.date(), one.session) if not one.session else (date.min, one.session)

    bought = sorted((i for i in of_user if i.kind == "purchase" and i.product_id), key=key)
    return [frozenset(i.product_id for i in group) for _, group in groupby(bought, key)]


def products_of(person: Iterable[frozenset[str]]) -> set[str]:
    """What a person bought."""
    return {product for basket in person for product in basket}


def pairs_of(person: Iterable[frozenset[str]], among: Collection[str]) -> set[str]:
    """What a person bought together of some products, two by two: the ids in order, as one key."""
    wanted = set(among)
    return {_SPLIT.join(pair) for basket in person for pair in combinations(sorted(basket & wanted), 2)}


def clipped(people: Iterable[set[str]], most: int, draw: random.Random | None = None) -> Counter[str]:
    """In how many persons each key is, where each person counts for at most `most` keys, drawn at random."""
    chooser = draw or random.SystemRandom()
    counts: Counter[str] = Counter()
    for keys in people:
        counts.update(chooser.sample(sorted(keys), most) if len(keys) > most else keys)
    return counts


def release(counts: Mapping[str, int], keys: Sequence[str], *, most: int, epsilon: float) -> Release:
    """The counts of public keys with noise, epsilon-differentially private for persons who each count for at most `most` of them once.

    A key that is not among `keys` is left out, one that nobody counts for is noise alone. UsageError for an epsilon that gives no figure.
    """
    import opendp.prelude as dp

    if not 0 < epsilon <= 100:
        raise UsageError(f"epsilon must be above 0 and at most 100; got {epsilon:g}")
    dp.enable_features("contrib")
    scale = most / epsilon * (1 + 1e-9)  # the library rounds its bound up
    measurement = dp.m.make_laplace(dp.vector_domain(dp.atom_domain(T=int)), dp.l1_distance(T=int), scale=scale)
    noisy = measurement([counts.get(key, 0) for key in keys]) if keys else []
    ordered = sorted(zip(keys, noisy, strict=True), key=lambda item: (-item[1], item[0]))
    return Release(dict(ordered), float(measurement.map(most)), scale)


def figures(
    people: Iterable[Sequence[frozenset[str]]],
    products: Iterable[str],
    *,
    epsilon: float,
    most: int = MOST,
    top: int = TOP,
) -> dict[str, Any]:
    """{"popularity": [{"product_id", "persons", "above_noise"}], "bought_together": [{"product_ids", "persons", "above_noise"}]} with how they
    were made, and how far a count may be off.

    `people` are each person's baskets, `products` the public ids. Pairs are of the `top` products that came out first, which costs
    nothing more. Everything in it may be published; together it costs `epsilon`. Counts may be below 0: cutting them off would bias sums.
    """
    if most < 1:
        raise UsageError(f"a person must count for at least one product; got {most}")
    held, public = list(people), sorted(set(products))
    known = set(public)
    share = epsilon / _PARTS
    single = release(clipped((products_of(p) & known for p in held), most), public, most=most, epsilon=share)
    first = sorted(list(single.counts)[:top])
    pairs = [_SPLIT.join(pair) for pair in combinations(first, 2)]
    double = release(clipped((pairs_of(p, first) for p in held), most), pairs, most=most, epsilon=share)
    return {
        "privacy": {
            "unit": "a person", "epsilon": epsilon, "delta": 0, "most_products_of_a_person": most, "most_pairs_of_a_person": most,
            "mechanism": "discrete Laplace (OpenDP)", "mean_size_of_noise": round(single.scale, 3),
            "off_by_at_most_95": single.within, "noise_alone_up_to": {"popularity": single.noise, "bought_together": double.noise},
        },
        "popularity": single.rows(lambda key: {"product_id": key}),
        "bought_together": double.rows(lambda key: {"product_ids": key.split(_SPLIT)}),
    }  # fmt: skip


def reading(told: Mapping[str, Any]) -> tuple[str, bool]:
    """How `figures` are to be read, in a sentence or two, and whether anything in them is more than noise.

    Made of the noisy figures and of public numbers alone, so that it may be published with them.
    """
    made = told["privacy"]
    parts = (("products", "popularity"), ("pairs", "bought_together"))
    above = {name: sum(row["above_noise"] for row in told[part]) for name, part in parts}
    counted = " and ".join(
        f"{above[name]} of {len(told[part])} {name} (those above {made['noise_alone_up_to'][part]})"
        for name, part in parts
    )
    said = f"A count is off by up to {made['off_by_at_most_95']} persons (95 of 100). More than noise alone gives are {counted}"
    if any(above.values()):
        return f"{said}; the others cannot be told from 0.", True
    return f"{said}: all of it may be noise. More shoppers, a smaller --most or a larger --epsilon show more.", False


def people(by_user: Iterable[tuple[str, Sequence[Interaction]]]) -> Iterator[list[frozenset[str]]]:
    """The baskets of each person who bought anything."""
    for _, those in by_user:
        if found := baskets(those):
            yield found
