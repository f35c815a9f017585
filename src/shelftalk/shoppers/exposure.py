"""The exposure floor: new products get at least a share of the exposure of answers, at a loss of relevance that is bounded and told.

Exposure of a place is 1 / log2(1 + rank) (Singh and Joachims 2018). What new products are owed is reckoned over many answers, as in the
controller of Morik et al. 2020: an answer that one of them suits adds `share` of its exposure, what they get is taken off. While
something is owed, the score of the new products that suit is lifted by the least amount that pays it, within the bounds of the
settings; all else keeps its order. The same candidates, settings and debt give the same order. It knows no database and no model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from math import log2
from typing import Any

from shelftalk.settings import ExposureSettings
from shelftalk.values import Candidate, Product

_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over answers: how many, their exposure in all, what new products got of it and would have got by rank alone, what they were
    due, the places that they were given, the answers with one, and the relative losses of discounted score. Tallies add up."""

    answers: int = 0
    total: float = 0.0
    new: float = 0.0
    plain: float = 0.0
    due: float = 0.0
    places: int = 0
    changed: int = 0
    given_up: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __sub__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))

    @property
    def owed(self) -> float:
        """What new products are owed, in first places; below 0 where they got more."""
        return self.due - self.new


@dataclass(frozen=True, slots=True)
class Placed:
    """A new product that stands higher than by rank alone: its rank now and before (from 1)."""

    product_id: str
    rank: int
    before: int


@dataclass(frozen=True, slots=True)
class Reordered:
    """Candidates after the floor. `given_up` is the part of the discounted score of the shown places that they lost, 0 to 1."""

    candidates: tuple[Candidate, ...]
    given_up: float = 0.0
    placed: tuple[Placed, ...] = ()
    tally: Tally = Tally()

    def to_dict(self) -> dict[str, Any]:
        """What the floor did, as it stands in an answer."""
        placed = [{"product_id": p.product_id, "rank": p.rank, "before": p.before} for p in self.placed]
        return {"placed": placed, "given_up": round(self.given_up, 6)}


def exposure(rank: int) -> float:
    """The exposure of a rank (from 1): 1 for the first."""
    return 1 / log2(1 + rank)


def gini(values: Iterable[float], n: int) -> float:
    """Gini's index of n amounts of which these are the ones above 0: 0 where all are equal, towards 1 where one holds all."""
    held = sorted(v for v in values if v > 0)
    total = sum(held)
    if not total or n < 1:
        return 0.0
    none = n - len(held)
    return 2 * sum((none + i) * v for i, v in enumerate(held, start=1)) / (n * total) - (n + 1) / n


def head_of(counts: Mapping[str, int], share: float = 0.8) -> set[str]:
    """The products that gather that share of all interactions, the most met first; the others are the long tail."""
    head: set[str] = set()
    gathered, wanted = 0, share * sum(counts.values())
    for product_id, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        if gathered >= wanted:
            break
        head.add(product_id)
        gathered += count
    return head


def _one_line(candidate: Candidate) -> Hashable:
    return None


def with_floor(
    candidates: Sequence[Candidate],
    new: Callable[[Product], bool],
    owed: float,
    settings: ExposureSettings,
    *,
    k: int,
    scores: Mapping[str, float] | None = None,
    suits: Callable[[Candidate], bool] = lambda candidate: True,
    line: Callable[[Candidate], Hashable] = _one_line,
) -> Reordered:
    """The candidates with the first `k` places shared as the floor asks, and what that cost.

    `owed` is what new products are owed by earlier answers. `scores` are the candidates' relevance by product id (0 to 1; by default
    their own scores), never rising from one to the next of a line; `suits` says which new ones may be lifted at all; `line` names what
    a candidate competes with: it moves among the places of its own line alone (a kind of product, where several are shown).
    """
    plain = list(range(len(candidates)))
    shown = min(k, len(plain))
    exposures = [exposure(rank) for rank in range(1, shown + 1)]
    worth = [max(0.0, (scores or {}).get(c.product.id, c.score)) for c in candidates]
    is_new = [new(c.product) for c in candidates]
    may = [i for i in plain if is_new[i] and suits(candidates[i])][: settings.places]
    total = sum(exposures)

    def got(order: Sequence[int]) -> float:
        return sum(e for e, i in zip(exposures, order, strict=False) if is_new[i])

    def loss(order: Sequence[int]) -> float:
        before = sum(e * worth[i] for e, i in zip(exposures, plain, strict=False))
        after = sum(e * worth[i] for e, i in zip(exposures, order, strict=False))
        return max(0.0, (before - after) / before) if before > 0 else 0.0

    def told(order: Sequence[int], due: float) -> Reordered:
        placed = tuple(
            Placed(candidates[i].product.id, rank + 1, i + 1)
            for rank, i in enumerate(order[:shown])
            if i in may and rank < i
        )
        tally = Tally(1, total, got(order), got(plain), due, len(placed), int(bool(placed)), loss(order))
        return Reordered(tuple(candidates[i] for i in order), loss(order), placed, tally)

    if not may or not settings.share:
        return told(plain, got(plain))  # an answer that no new product suits adds no debt and pays none
    due, best = settings.share * total, plain
    lines = [line(c) for c in candidates]
    for step in _steps(worth, may, lines, shown, settings.distance):
        if got(best) >= owed + due - _EPSILON:
            return told(best, due)
        order = _lifted(worth, may, lines, step)
        if loss(order) > settings.most_loss + _EPSILON:
            break
        best = order if got(order) > got(best) else best
    # what the bounds do not let this answer pay is not carried on: else one shelf without room would open all the others
    return told(best, min(due, got(best)) if got(best) < owed + due - _EPSILON else due)


def _steps(
    worth: Sequence[float], may: Sequence[int], lines: Sequence[Hashable], shown: int, distance: float
) -> list[float]:
    """The lifts at which a new product passes one that stands in a shown place, rising, none above `distance`."""
    gaps = {
        max(0.0, worth[i] - worth[j])
        for j in may
        for i in range(min(j, shown))
        if i not in may and lines[i] == lines[j]
    }
    return sorted(gap for gap in gaps if gap <= distance + _EPSILON)


def _lifted(worth: Sequence[float], may: Sequence[int], lines: Sequence[Hashable], step: float) -> list[int]:
    """The order with the new products `step` higher, each within the places of its line; where scores are equal a new one is first."""
    places: dict[Hashable, list[int]] = {}
    for i, name in enumerate(lines):
        places.setdefault(name, []).append(i)
    order = list(range(len(worth)))
    for held in places.values():
        rising = [j for j in held if j in may]
        if not rising:
            continue
        rest = [i for i in held if i not in may]
        merged: list[int] = []
        for i in rest:
            while rising and (rising[0] < i or worth[rising[0]] + step >= worth[i] - _EPSILON):
                merged.append(rising.pop(0))
            merged.append(i)
        for place, i in zip(held, [*merged, *rising], strict=True):
            order[place] = i
    return order


class ExposureAccount:
    """What new products got and were due, by day, over the answers of this process and of those that it is told of. Safe between threads.

    Several gateways share it through a store (`share`): between two calls each knows its own answers and the others' as they were.
    """

    def __init__(self, window: int = 7) -> None:
        self._window = window
        self._stored: dict[date, Tally] = {}
        self._own: dict[date, Tally] = {}
        self._lock = threading.Lock()

    def owed(self, today: date) -> float:
        """What is owed over the last days of the window, in first places."""
        with self._lock:
            return self._owed(today)

    def settle(self, today: date, work: Callable[[float], Reordered]) -> Reordered:
        """What `work` makes of the debt, counted; one answer at a time, so that none pays what another does. `work` takes no time."""
        with self._lock:
            done = work(self._owed(today))
            self._own[today] = self._own.get(today, Tally()) + done.tally
            return done

    def share(self, store: Callable[[Mapping[date, Tally]], Mapping[date, Tally]]) -> None:
        """Has `store` add what was counted here since the last time, and takes the sums of all gateways that it returns in place of those
        known. Where it raises nothing changes, and the next call adds it. One thread calls this at a time."""
        with self._lock:
            own = dict(self._own)
        stored = store(own)
        with self._lock:
            self._stored = dict(stored)
            self._own = {day: tally - own.get(day, Tally()) for day, tally in self._own.items()}

    def _owed(self, today: date) -> float:
        first = today - timedelta(days=self._window - 1)
        held = (*self._stored.items(), *self._own.items())
        return sum(tally.owed for day, tally in held if first <= day <= today)
