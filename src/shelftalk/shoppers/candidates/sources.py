"""Where products of a list without a request come from: one small class a source, each with its own evidence.

A source proposes products and scores any product between 0 and about 1; what it says rests on interactions of the shopper (by
their ids), on lines of the profile, or on the shop's own figures, which the claims name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol

import numpy as np

from shelftalk.catalog import Catalog
from shelftalk.shoppers.candidates.behaviour import Behaviour
from shelftalk.shoppers.candidates.feedback import Liked, days
from shelftalk.values import Context, ProfileLine

# What is taken so many times as often as the usual product has a popularity of 1.
MUCH = 100.0


@dataclass(frozen=True, slots=True)
class Found:
    """A product that a source proposes: its score, and the ids of interactions (or profile lines) that this rests on."""

    product_id: str
    score: float
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Situation:
    """What sources look at: the products that the history speaks for, latest first, the catalogue, what was learnt, and the context."""

    liked: Sequence[Liked]
    catalog: Catalog
    behaviour: Behaviour | None
    at: datetime
    lines: Sequence[ProfileLine] = ()
    context: Context = field(default_factory=Context)

    @cached_property
    def season(self) -> str:
        """The season of the request; where only the time is known, the northern one."""
        return self.context.season or ("spring", "summer", "autumn", "winter")[(self.at.month + 9) % 12 // 3]

    @cached_property
    def popularity(self) -> np.ndarray:
        """The share of each product of the behaviour in what is taken now, here."""
        if self.behaviour is None:
            return np.empty(0)
        return self.behaviour.popularity(self.context.place, self.season)

    @cached_property
    def _ids(self) -> dict[str, str]:
        return {p.product_id: p.id or p.product_id for p in self.liked}

    def evidence(self, product_id: str) -> str:
        """The id of the interaction by which the history speaks for a product; the product's own where that has none."""
        return self._ids.get(product_id, product_id)

    def age(self, p: Liked) -> float:
        """Days since the interaction."""
        return max(0.0, days(self.at) - days(p.at))


class Source(Protocol):
    """One source of candidates. `name` stands in the answer."""

    name: str

    def propose(self, k: int) -> Sequence[str]:
        """The ids of up to k products, the best first."""

    def scores(self, ids: Sequence[str]) -> np.ndarray:
        """A score for each product, 0 where the source has nothing to say of it."""

    def because(self, product_id: str) -> tuple[str, ...]:
        """The ids of the interactions (or profile lines) that the product's score rests on."""


def found(source: Source, k: int) -> list[Found]:
    """What a source proposes, with scores and evidence, the best first."""
    ids = source.propose(k)
    return [Found(i, float(s), source.because(i)) for i, s in zip(ids, source.scores(ids), strict=True) if s > 0]


def by_place(behaviour: Behaviour, values: np.ndarray, ids: Sequence[str]) -> np.ndarray:
    """The values (one a product of the behaviour) of those ids, 0 for what it does not know."""
    if not len(values):
        return np.zeros(len(ids))
    places = np.array([behaviour.index.get(i, -1) for i in ids], dtype=np.int64)
    return np.where(places >= 0, values[places], 0.0)


def largest(behaviour: Behaviour, values: np.ndarray, k: int) -> list[str]:
    """The ids of the k products with the largest values above 0, the largest first, equals in the behaviour's order."""
    some = np.flatnonzero(values > 0)
    if len(some) > k:
        some = some[np.argpartition(-values[some], k - 1)[:k]]
    return [behaviour.ids[n] for n in some[np.lexsort((some, -values[some]))]]


class Popular:
    """What is taken most now, the recent counting more, in the shopper's place and season. Where nothing was learnt yet, what most
    reviews were written of."""

    name = "popular"

    def __init__(self, situation: Situation) -> None:
        self._situation, self._behaviour = situation, situation.behaviour

    @cached_property
    def _values(self) -> np.ndarray:
        if self._behaviour is None:
            return np.empty(0)
        taken = self._situation.popularity * float(self._behaviour.popular.sum())
        usual = float(taken.mean()) if len(taken) else 0.0
        return np.where(taken > 0, np.log1p((taken + 1) / (usual + 1)) / np.log1p(MUCH), 0.0)

    def propose(self, k: int) -> Sequence[str]:
        """The most popular."""
        if self._behaviour is None:
            from shelftalk.values import Sort

            return self._situation.catalog.scan(None, order_by=Sort("review_count", "desc"), limit=k)
        return largest(self._behaviour, self._values, k)

    def scores(self, ids: Sequence[str]) -> np.ndarray:
        """How many times as often as the usual product it is taken, as a logarithm, 1 for MUCH times, 0 for what nobody takes; one
        interaction more on both sides, so that in a shop where little is done nothing is very popular."""
        if self._behaviour is None:
            products = self._situation.catalog.get_many(ids)
            reviews = np.array([(products[i].review_count or 0) if i in products else 0 for i in ids], dtype=float)
            return np.asarray(np.log1p(reviews) / np.log(MUCH) / 4)
        return by_place(self._behaviour, self._values, ids)

    def because(self, product_id: str) -> tuple[str, ...]:
        """Nothing of the shopper's own."""
        return ()


class BoughtTogether:
    """What the same people take as the products that this shopper's history speaks for."""

    name = "bought_together"

    def __init__(self, situation: Situation) -> None:
        self._situation, self._behaviour = situation, situation.behaviour

    @cached_property
    def _known(self) -> list[Liked]:
        index = self._behaviour.index if self._behaviour else {}
        return [p for p in self._situation.liked if p.product_id in index]

    @cached_property
    def _rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The links of the history's products, one after the other: of which of these, to which place, how strong."""
        rows = [self._behaviour.linked(p.product_id) for p in self._known] if self._behaviour else []
        if not rows:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
        of = np.repeat(np.arange(len(rows)), [len(others) for others, _ in rows])
        strong = np.array([p.strength for p in self._known])
        return of, np.concatenate([o for o, _ in rows]), np.concatenate([s for _, s in rows]) * strong[of]

    @cached_property
    def _values(self) -> np.ndarray:
        if self._behaviour is None or not self._known:
            return np.empty(0)
        _, others, links = self._rows
        values = np.bincount(others, links, minlength=len(self._behaviour.ids))
        return np.asarray(values / np.sqrt(sum(p.strength for p in self._known)))

    def propose(self, k: int) -> Sequence[str]:
        """The most strongly linked."""
        return largest(self._behaviour, self._values, k) if self._behaviour and len(self._values) else ()

    def scores(self, ids: Sequence[str]) -> np.ndarray:
        """The sum of the links, over the square root of how many products they come from."""
        return by_place(self._behaviour, self._values, ids) if self._behaviour else np.zeros(len(ids))

    def because(self, product_id: str) -> tuple[str, ...]:
        """The two interactions whose products are linked to it most."""
        place = self._behaviour.index.get(product_id, -1) if self._behaviour else -1
        of, others, links = self._rows
        here = np.flatnonzero(others == place)
        most = here[np.argsort(-links[here], kind="stable")[:2]]
        return tuple(self._known[n].id or self._known[n].product_id for n in of[most])


class Again:
    """What the shopper took before, by how often people of this shop buy such a thing again: of a durable that is next to never."""

    name = "again"

    def __init__(self, situation: Situation) -> None:
        self._situation, self._behaviour = situation, situation.behaviour

    @cached_property
    def shares(self) -> Mapping[str, float]:
        """For each product of the history the share of next baskets that it is in, as learnt; empty where nothing was."""
        if self._behaviour is None:
            return {}
        index, again = self._behaviour.index, self._behaviour.again
        return {
            p.product_id: float(again[index[p.product_id], min(p.bought, again.shape[1] - 1)])
            for p in self._situation.liked
            if p.product_id in index
        }

    @cached_property
    def _values(self) -> Mapping[str, float]:
        few = 0.005
        times = {p.product_id: np.sqrt(np.log2(1 + max(1, p.bought))) for p in self._situation.liked}
        return {i: float(times[i] * np.log1p(share / few) / np.log1p(1 / few)) for i, share in self.shares.items()}

    def propose(self, k: int) -> Sequence[str]:
        """The likeliest to be bought again."""
        return sorted(self._values, key=lambda i: -self._values[i])[:k]

    def scores(self, ids: Sequence[str]) -> np.ndarray:
        """The logarithm of the share of next baskets with it, 1 where it is in all, more for what was bought several times."""
        return np.array([self._values.get(i, 0.0) for i in ids])

    def because(self, product_id: str) -> tuple[str, ...]:
        """The interaction by which the shopper took it."""
        return (self._situation.evidence(product_id),) if product_id in self._values else ()
