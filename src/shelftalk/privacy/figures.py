"""Popularity and co-purchase that may leave a shop: differentially private counts of persons, by OpenDP.

The privacy unit is a person: whoever sees the figures, whatever else they know, can tell little of whether any one person is in them (Dwork
et al. 2006). Each person counts for at most `most` products and `most` pairs, drawn at random; each released count gets discrete Laplace
noise, and a key that too few persons stand behind is not released at all (stable keys: Rogers 2023, arXiv 2309.09170), so that neither the
list of products nor that of pairs needs to be public. Popularity and pairs share epsilon and delta equally.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, groupby
from typing import Any, TypeVar

from shelftalk.errors import UsageError
from shelftalk.values import Interaction

K = TypeVar("K", bound=Hashable)

DELTA = 1e-6
MOST = 5
_PARTS = 2  # popularity and pairs
_SPLIT = "\x1f"


@dataclass(frozen=True, slots=True)
class Release:
    """Noisy counts of persons, largest first, and what they cost: `scale` of the Laplace noise, and the `threshold` below which no
    count is released."""

    counts: Mapping[str, int]
    epsilon: float
    delta: float
    scale: float
    threshold: int


def baskets(of_user: Sequence[Interaction]) -> list[frozenset[str]]:
    """The products that a person bought together: on one order or visit, else on one day."""

    def key(one: Interaction) -> tuple[date, str]:
        return (one.at.date(), one.session) if not one.session else (date.min, one.session)

    bought = sorted((i for i in of_user if i.kind == "purchase" and i.product_id), key=key)
    return [frozenset(i.product_id for i in group) for _, group in groupby(bought, key)]


def products_of(person: Iterable[frozenset[str]]) -> set[str]:
    """What a person bought."""
    return {product for basket in person for product in basket}


def pairs_of(person: Iterable[frozenset[str]]) -> set[str]:
    """What a person bought together, two by two: the ids in order, as one key."""
    return {_SPLIT.join(pair) for basket in person for pair in combinations(sorted(basket), 2)}


def clipped(people: Iterable[set[K]], most: int, draw: random.Random | None = None) -> Counter[K]:
    """In how many persons each key is, where each person counts for at most `most` keys, drawn at random."""
    chooser = draw or random.SystemRandom()
    counts: Counter[K] = Counter()
    for keys in people:
        counts.update(chooser.sample(sorted(keys), most) if len(keys) > most else keys)  # type: ignore[type-var]
    return counts


def release(counts: Mapping[str, int], *, most: int, epsilon: float, delta: float) -> Release:
    """The counts with noise, (epsilon, delta)-differentially private for persons who each count for at most `most` keys once.

    UsageError for a budget that gives no figure.
    """
    import opendp.prelude as dp

    if not 0 < epsilon <= 100 or not 0 < delta <= 1e-3:
        raise UsageError(f"epsilon must be above 0 and at most 100, delta at most 0.001; got {epsilon:g} and {delta:g}")
    dp.enable_features("contrib")
    domain = dp.map_domain(dp.atom_domain(T=str), dp.atom_domain(T=dp.i64))
    metric = dp.l01inf_distance(dp.absolute_distance(T=dp.i64))
    one_person = (most, most, 1)  # keys that change, their sum of changes, the most that one changes
    scale = most / epsilon * (1 + 1e-9)  # the library rounds its bound up

    def made(threshold: int) -> Any:
        return dp.m.make_laplace_threshold(domain, metric, scale=scale, threshold=threshold)

    # the smallest threshold that keeps delta; its chance of failure falls as it rises
    low, high = 0, 1
    while made(high).map(one_person)[1] > delta:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if made(middle).map(one_person)[1] <= delta else (middle, high)
    threshold, measurement = high, made(high)
    spent_epsilon, spent_delta = measurement.map(one_person)
    noisy = measurement(dict(counts)) if counts else {}
    ordered = dict(sorted(noisy.items(), key=lambda item: (-item[1], item[0])))
    return Release(ordered, float(spent_epsilon), float(spent_delta), scale, int(threshold))


def figures(
    people: Iterable[Sequence[frozenset[str]]], *, epsilon: float, delta: float = DELTA, most: int = MOST
) -> dict[str, Any]:
    """{"popularity": [{"product_id", "persons"}], "bought_together": [{"product_ids", "persons"}]} with how they were made.

    `people` are each person's baskets. Everything in it may be published; together it costs `epsilon` and `delta`.
    """
    if most < 1:
        raise UsageError(f"a person must count for at least one product; got {most}")
    held = list(people)
    each: dict[str, float] = {"epsilon": epsilon / _PARTS, "delta": delta / _PARTS}
    single = release(clipped(map(products_of, held), most), most=most, **each)
    double = release(clipped(map(pairs_of, held), most), most=most, **each)
    return {
        "privacy": {
            "unit": "a person", "epsilon": epsilon, "delta": delta, "most_products_of_a_person": most, "most_pairs_of_a_person": most,
            "mechanism": "discrete Laplace with stable keys (OpenDP)", "noise_scale": single.scale, "least_persons": single.threshold,
        },
        "popularity": [{"product_id": key, "persons": count} for key, count in single.counts.items()],
        "bought_together": [{"product_ids": key.split(_SPLIT), "persons": count} for key, count in double.counts.items()],
    }  # fmt: skip


def people(by_user: Iterable[tuple[str, Sequence[Interaction]]]) -> Iterator[list[frozenset[str]]]:
    """The baskets of each person who bought anything."""
    for _, those in by_user:
        if found := baskets(those):
            yield found
