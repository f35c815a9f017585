"""Products for a shopper, by all sources together: a list without a request, and scores beside a request."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from shelftalk.catalog import Catalog
from shelftalk.facts.availability import sold_out
from shelftalk.shoppers.candidates.alike import LikedNeighbours, New, Taste
from shelftalk.shoppers.candidates.behaviour import Behaviour
from shelftalk.shoppers.candidates.blend import SOURCES, Blend
from shelftalk.shoppers.candidates.feedback import liked, moment, signals
from shelftalk.shoppers.candidates.sources import Again, BoughtTogether, Popular, Situation, Source, by_place
from shelftalk.values import Context, Interaction, ProfileLine

# Each source proposes so many products, and at least so many times what is wanted.
PROPOSED, TIMES = 60, 4
# The history that is looked at: so many interactions, the latest.
MOST_HISTORY = 1_000


@dataclass(frozen=True, slots=True)
class Sourced:
    """A product with where it comes from: what each source adds to the score, the largest first, and the interactions (or lines of
    the profile) that each rests on; `because` are all of these, those of the largest source first."""

    product_id: str
    score: float
    sources: Mapping[str, float]
    evidence: Mapping[str, tuple[str, ...]]

    @property
    def because(self) -> tuple[str, ...]:
        """Every id that the score rests on."""
        return tuple(dict.fromkeys(i for source in self.sources for i in self.evidence.get(source, ())))

    @property
    def source(self) -> str:
        """The source that adds most, "" for none."""
        return next(iter(self.sources), "")


class Ranking:
    """The sources over one shopper's history at one moment; `score` is a table of products by sources."""

    def __init__(
        self, history: Sequence[Interaction], catalog: Catalog, behaviour: Behaviour | None, *,
        lines: Sequence[ProfileLine] = (), context: Context | None = None, blend: Blend | None = None,
    ) -> None:  # fmt: skip
        context = context or Context()
        at = moment(context.at) if context.at else datetime.now(UTC)
        history = sorted(history, key=lambda i: moment(i.at), reverse=True)[:MOST_HISTORY]
        catalog = catalog.pinned()  # one version for the whole list
        self.situation = Situation(liked(history, at), catalog, behaviour, at, lines, context)
        self.n = signals(i for i in history if moment(i.at) <= at)
        made: tuple[Source, ...] = (
            LikedNeighbours(self.situation), BoughtTogether(self.situation), Popular(self.situation),
            New(self.situation), Taste(self.situation), Again(self.situation),
        )  # fmt: skip
        self.sources: Mapping[str, Source] = {source.name: source for source in made}
        blend = blend or (behaviour.blend if behaviour else Blend.default())
        self.weights = blend.weights(self.n)

    def proposed(self, k: int) -> list[str]:
        """What the sources that count propose together, k each, every product once."""
        found = (self.sources[s].propose(k) for s, w in zip(SOURCES, self.weights, strict=True) if w > 0)
        return list(dict.fromkeys(i for ids in found for i in ids))

    def table(self, ids: Sequence[str]) -> np.ndarray:
        """The scores of products (rows) by sources (columns, in the order of SOURCES), before their weights; of what the shopper bought,
        only as much as people come back for it."""
        columns = (
            np.stack([self.sources[s].scores(ids) for s in SOURCES], axis=1)
            if len(ids)
            else np.zeros((0, len(SOURCES)))
        )
        return np.asarray(columns * self._kept(ids)[:, None])

    def _kept(self, ids: Sequence[str]) -> np.ndarray:
        """1 for what was not bought; else the chance that it is bought again as a share of that of anyone buying it (of any product, where
        that is more), 1 at most: next to 0 for what people buy once. Where nothing was learnt of repeats, what was bought is not offered again."""
        bought = {p.product_id for p in self.situation.liked if p.bought}
        behaviour, again = self.situation.behaviour, self.sources["again"]
        if not bought or not isinstance(again, Again):
            return np.ones(len(ids))
        share = np.array([again.shares.get(i, 0.0) if i in bought else 1.0 for i in ids])
        if behaviour is None:
            return np.where([i in bought for i in ids], 0.0, 1.0)
        anyone = by_place(behaviour, self.situation.popularity * behaviour.basket_size, ids)
        usual = behaviour.basket_size / max(1, len(behaviour.ids))
        kept = np.minimum(1.0, share / np.maximum(anyone, usual))
        return np.where([i in bought for i in ids], kept, 1.0)

    def sourced(self, product_id: str, row: np.ndarray) -> Sourced:
        """A product's row of the table, as it stands in an answer."""
        parts = row * self.weights
        order = [n for n in np.argsort(-parts, kind="stable") if parts[n] > 0]
        names = [SOURCES[n] for n in order]
        return Sourced(
            product_id,
            float(parts.sum()),
            {SOURCES[n]: float(parts[n]) for n in order},
            {s: because for s in names if (because := self.sources[s].because(product_id))},
        )


def rank_for(
    history: Sequence[Interaction], catalog: Catalog, behaviour: Behaviour | None = None, *,
    lines: Sequence[ProfileLine] = (), context: Context | None = None, k: int = 10, exclude: Collection[str] = (),
    among: Collection[str] | None = None, blend: Blend | None = None,
) -> list[Sourced]:  # fmt: skip
    """The k products for a shopper without a request, best first, each with where it comes from.

    `behaviour` None is a shop where nothing was learnt yet: then what the history's products are like, new arrivals and the profile
    answer. What is sold out is left out, as is what `exclude` names; with `among`, nothing else is in the list. Of the variants of one
    thing there is one. `context.at` is the moment (now by default); what came later counts for nothing.
    """
    ranking = Ranking(history, catalog, behaviour, lines=lines, context=context, blend=blend)
    wanted = max(PROPOSED, TIMES * k) + len(exclude)
    out = set(exclude)
    let_in = None if among is None else set(among)
    ids = [i for i in ranking.proposed(wanted) if i not in out and (let_in is None or i in let_in)]
    if let_in is not None and len(ids) < TIMES * k:
        ids = list(dict.fromkeys([*ids, *(i for i in among or () if i not in out)]))
    rows = ranking.table(ids)
    totals = rows @ ranking.weights
    order = [int(n) for n in np.argsort(-totals, kind="stable") if totals[n] > 0]
    return [ranking.sourced(ids[n], rows[n]) for n in _on_offer(ranking.situation.catalog, ids, order, k)]


def _on_offer(catalog: Catalog, ids: Sequence[str], order: Sequence[int], k: int) -> list[int]:
    """The first k in that order that the catalogue holds and that can be bought, one of each group of variants."""
    taken: list[int] = []
    groups: set[str] = set()
    for start in range(0, len(order), 2 * k):
        some = order[start : start + 2 * k]
        records = catalog.get_many([ids[n] for n in some])
        for n in some:
            product = records.get(ids[n])
            if product is None or sold_out(product) or product.item_group_id in groups:
                continue
            taken.append(n)
            if product.item_group_id:
                groups.add(product.item_group_id)
            if len(taken) == k:
                return taken
    return taken


def scores_for(
    history: Sequence[Interaction], product_ids: Sequence[str], catalog: Catalog, behaviour: Behaviour | None = None, *,
    lines: Sequence[ProfileLine] = (), context: Context | None = None, blend: Blend | None = None,
) -> list[Sourced]:  # fmt: skip
    """How well each of these products suits the shopper, in the order given: what puts those in order that answer a request equally
    well. A product that no source speaks for has the score 0."""
    ranking = Ranking(history, catalog, behaviour, lines=lines, context=context, blend=blend)
    return [ranking.sourced(i, row) for i, row in zip(product_ids, ranking.table(product_ids), strict=True)]
