"""Sources that read the catalogue: what is like a product that the shopper liked, what has just come, what the profile asks for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, timedelta
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from shelftalk.catalog import sql
from shelftalk.facts.holds import as_number, same
from shelftalk.shoppers.candidates.feedback import Liked
from shelftalk.shoppers.candidates.sources import Situation
from shelftalk.shoppers.profiles.corrections import holding
from shelftalk.values import Constraint, Criterion, Facets, Product, ProfileLine, Sort

# So many liked products, the latest and strongest, are looked around; each gives so many neighbours.
ANCHORS, NEIGHBOURS = 6, 40
# What likeness of text counts beside the attributes that both have; below this cosine two products have nothing in common.
TEXT, UNLIKE = 0.8, 0.35
# The strength of a liked product halves in so many days.
FADES = 90.0
# A product is new for so many days after its release; its score halves in so many.
NEW_DAYS, NEW_HALF = 60.0, 14.0
MOST_NEW = 500
# What was first met in the interactions so many days after they begin was not there before.
SETTLED = 30.0
# So many lines of a profile, the surest, are looked for in the catalogue.
LINES = 8
_EPOCH = date(1970, 1, 1).toordinal()
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """What was worked out last for some keys, which several threads may ask for."""

    def __init__(self, most: int) -> None:
        self._most, self._held, self._lock = most, OrderedDict[K, V](), threading.Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made where it is not there."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        value = make()
        with self._lock:
            self._held[key] = value
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return value


# Neighbours by catalogue, version and product; ages of new products by catalogue, version, what was learnt and day.
_NEIGHBOURS: Remembered[tuple[str, int, str], tuple[str, ...]] = Remembered(4_096)
_AGES: Remembered[tuple[str, int, float | None, date], dict[str, float]] = Remembered(32)


class LikedNeighbours:
    """What is like the products that the history speaks for: by their texts' vectors, and by kind and brand."""

    name = "liked"

    def __init__(self, situation: Situation) -> None:
        self._situation, self._catalog = situation, situation.catalog
        self._nearest: dict[str, tuple[str, ...]] = {}

    @cached_property
    def _anchors(self) -> list[tuple[Liked, float]]:
        weighed = [(p, p.strength * 2 ** (-self._situation.age(p) / FADES)) for p in self._situation.liked]
        return sorted(weighed, key=lambda pair: -pair[1])[:ANCHORS]

    @cached_property
    def _vectors(self) -> dict[str, np.ndarray]:
        return self._catalog.vectors_of([p.product_id for p, _ in self._anchors])

    def propose(self, k: int) -> Sequence[str]:
        """The nearest of each liked product in turn, those of the strongest first."""
        near = [self._near(p.product_id) for p, _ in self._anchors if p.product_id in self._vectors]
        each = max(1, k // max(1, len(near)))
        return list(dict.fromkeys(i for some in near for i in some[:each]))[:k]

    def _near(self, product_id: str) -> tuple[str, ...]:
        """The products nearest to one by vector, without itself."""

        def make() -> tuple[str, ...]:
            found = self._catalog.dense(self._vectors[product_id], None, NEIGHBOURS + 1)
            return tuple(i for i, _ in found if i != product_id)

        return _NEIGHBOURS.get((str(self._catalog.path), self._catalog.version, product_id), make)

    def _likeness(self, ids: Sequence[str]) -> np.ndarray:
        """How like each product (row) is to each anchor that the catalogue holds (column), times the anchor's strength."""
        anchors = [(p, w) for p, w in self._anchors if p.product_id in self._vectors]
        if not anchors or not len(ids):
            return np.zeros((len(ids), 0))
        vectors = self._catalog.vectors_of(ids)
        blank = np.zeros(len(next(iter(self._vectors.values()))), dtype=np.float32)
        rows = np.stack([vectors.get(i, blank) for i in ids])
        columns = np.stack([self._vectors[p.product_id] for p, _ in anchors])
        near = np.maximum(0.0, np.einsum("ij,kj->ik", rows, columns) - UNLIKE) / (1 - UNLIKE)
        like = [i for i, row in zip(ids, near, strict=True) if row.max() > 0]
        records = self._catalog.get_many([*like, *(p.product_id for p, _ in anchors)])
        shared = np.array(
            [[_shared(records.get(i), records.get(p.product_id)) for p, _ in anchors] for i in ids], dtype=float
        )
        own = np.array([[i == p.product_id for p, _ in anchors] for i in ids])
        alike = np.where(own | (near <= 0), 0.0, TEXT * near + (1 - TEXT) * shared)
        return np.asarray(alike * np.array([w for _, w in anchors]))

    def scores(self, ids: Sequence[str]) -> np.ndarray:
        """Likeness to the liked product that it is nearest to, counting less the longer ago that was."""
        like = self._likeness(ids)
        if not like.shape[1]:
            return np.zeros(len(ids))
        best = like.max(axis=1)
        anchors = [p for p, _ in self._anchors if p.product_id in self._vectors]
        for product_id, n, score in zip(ids, like.argmax(axis=1), best, strict=True):
            self._nearest[product_id] = (anchors[n].id or anchors[n].product_id,) if score > 0 else ()
        return np.asarray(best)

    def because(self, product_id: str) -> tuple[str, ...]:
        """The interaction with the product that it is nearest to."""
        if product_id not in self._nearest:
            self.scores([product_id])
        return self._nearest.get(product_id, ())


def _shared(a: Product | None, b: Product | None) -> float:
    """The share of kind and brand that two products have in common: 0, .5 or 1."""
    if a is None or b is None:
        return 0.0
    kind = bool(a.categories and b.categories and a.categories[-1].casefold() == b.categories[-1].casefold())
    brand = bool(a.brand and b.brand and a.brand.casefold() == b.brand.casefold())
    return (kind + brand) / 2


class New:
    """What came into the shop in the last weeks: by the record's release date, else by when it was first met."""

    name = "new"

    def __init__(self, situation: Situation) -> None:
        self._situation = situation

    @cached_property
    def ages(self) -> dict[str, float]:
        """The age in days of each product that is new, at the end of the day of the request (UTC)."""
        catalog, behaviour = self._situation.catalog, self._situation.behaviour
        day = self._situation.at.astimezone(UTC).date()
        learnt = behaviour.at if behaviour else None
        return _AGES.get((str(catalog.path), catalog.version, learnt, day), lambda: self._ages(day))

    def _ages(self, day: date) -> dict[str, float]:
        catalog, now = self._situation.catalog, day.toordinal() - _EPOCH
        since = (day - timedelta(days=NEW_DAYS)).isoformat()
        span = Constraint("released_at", "between", (since, day.isoformat()))
        ids = catalog.scan(sql.where([span]), order_by=Sort("released_at", "desc"), limit=MOST_NEW)
        released = {i: _day(p.released_at) for i, p in catalog.get_many(ids).items()}
        dated = {i: now - of for i, of in released.items() if of is not None and of <= now}
        return {**self._first_met(now), **dated}

    def _first_met(self, now: float) -> dict[str, float]:
        """The same by interactions, of products that carry no release date."""
        behaviour = self._situation.behaviour
        if behaviour is None or not np.isfinite(behaviour.first).any():
            return {}
        begun = float(behaviour.first.min())
        recent = (behaviour.first > max(now - NEW_DAYS, begun + SETTLED)) & (behaviour.first < now + 1)
        newest = np.flatnonzero(recent)[np.argsort(-behaviour.first[recent], kind="stable")[:MOST_NEW]]
        ids = [behaviour.ids[n] for n in newest]
        records = self._situation.catalog.get_many(ids)
        return {
            i: max(0.0, now - float(behaviour.first[behaviour.index[i]]))
            for i in ids
            if i in records and _day(records[i].released_at) is None
        }

    def propose(self, k: int) -> Sequence[str]:
        """The newest."""
        return sorted(self.ages, key=lambda i: self.ages[i])[:k]

    def scores(self, ids: Sequence[str]) -> np.ndarray:
        """1 on the day of the release, half of it every NEW_HALF days."""
        return np.array([2.0 ** (-self.ages[i] / NEW_HALF) if i in self.ages else 0.0 for i in ids])

    def because(self, product_id: str) -> tuple[str, ...]:
        """Nothing of the shopper's own."""
        return ()


def _day(text: str | None) -> int | None:
    """The day as days since 1970; None for a text that begins with no whole date."""
    try:
        return date.fromisoformat((text or "")[:10]).toordinal() - _EPOCH
    except ValueError:
        return None


class Taste:
    """What the lines of the profile ask for."""

    name = "taste"

    def __init__(self, situation: Situation) -> None:
        self._catalog = situation.catalog
        self._lines = sorted(situation.lines, key=lambda line: -line.weight * line.criterion.importance)[:LINES]

    @cached_property
    def _facets(self) -> Facets:
        return self._catalog.facets()

    @cached_property
    def _spans(self) -> dict[str, np.ndarray]:
        """For each line about little or much, the numbers that the products of its category have, rising."""
        return {
            line.id: self._catalog.spans(line.criterion.field, sql.where(_within(line)))[0]
            for line in self._lines
            if line.criterion.want in ("low", "high") and line.span is None
        }

    def propose(self, k: int) -> Sequence[str]:
        """The products that meet each line, best reviewed or best by it first, line by line."""
        each = max(1, k // max(1, len(self._lines)))
        return list(dict.fromkeys(i for line in self._lines for i in self._meeting(line, each)))[:k]

    def _meeting(self, line: ProfileLine, k: int) -> list[str]:
        criterion, within = line.criterion, _within(line)
        order = Sort("review_count", "desc")
        if line.span is not None:
            within.append(Constraint(criterion.field, "between", line.span))
        elif criterion.want == "is":
            within.append(Constraint(criterion.field, "=", True if criterion.value is None else criterion.value))
        elif criterion.want == "not":
            return []  # what is not wanted says nothing of what is
        else:
            order = Sort(criterion.field, "asc" if criterion.want == "low" else "desc")
        return self._catalog.scan(sql.where(within), order_by=order, limit=k)

    def scores(self, ids: Sequence[str]) -> np.ndarray:
        """The share of the lines that speak of the product which it meets, surer lines counting more; below 0 where it has what is
        not wanted."""
        records = self._catalog.get_many(ids) if self._lines else {}
        return np.array([self._score(records[i]) if i in records else 0.0 for i in ids])

    def _score(self, product: Product) -> float:
        met = asked = 0.0
        for line in holding(self._lines, product, self._facets):
            weight = line.weight * line.criterion.importance / 2
            met += weight * self._met(line, product)
            asked += weight
        return met / (asked + 1.0)

    def _met(self, line: ProfileLine, product: Product) -> float:
        criterion = line.criterion
        value = product.value(criterion.field)
        number = as_number(value)
        if line.span is not None:
            return float(number is not None and float(line.span[0]) <= number <= float(line.span[1]))
        if criterion.want in ("is", "not"):
            has = same(value, True if criterion.value is None else criterion.value)
            return float(has) if criterion.want == "is" else -float(has)
        return _standing(self._spans[line.id], number, criterion)

    def because(self, product_id: str) -> tuple[str, ...]:
        """The interactions that the lines rest on which the product meets, or the ids of lines that rest on none."""
        product = self._catalog.get(product_id)
        if product is None:
            return ()
        here = holding(self._lines, product, self._facets)
        met = [line for line in here if self._met(line, product) > 0.5]
        return tuple(dict.fromkeys(i for line in met for i in (line.evidence or (line.id,))))


def _within(line: ProfileLine) -> list[Constraint]:
    return [Constraint("categories", "=", line.category)] if line.category else []


def _standing(numbers: np.ndarray, number: float | None, criterion: Criterion) -> float:
    """The share of products that a number beats, 0 to 1; 0 where there is none."""
    if number is None or len(numbers) < 2:
        return 0.0
    below = (np.searchsorted(numbers, number, "left") + np.searchsorted(numbers, number, "right")) / 2 / len(numbers)
    return float(below if criterion.want == "high" else 1 - below)
