"""Examples from interactions: each product that a shopper met, with what was known at that moment and what became of it.

An example's history holds only what came before the shopper first met the product, and so do the counts of what others did: nothing
that a served prediction could not have known.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shelftalk.shoppers.predict.met import MOST, Met, Pair, became
from shelftalk.values import Product
from shelftalk.values.shopper import Interaction

__all__ = ["Example", "Popularity", "examples", "place_of"]

WITHIN = timedelta(days=30)  # after the first meeting: what comes later is another visit's story


@dataclass(frozen=True, slots=True)
class Example:
    """A pair as it stood when the shopper first met the product, and whether the shopper liked it."""

    pair: Pair
    liked: bool
    user: str
    at: datetime
    rating: float | None = None


class Popularity:
    """How many shoppers met and liked each product so far."""

    def __init__(self) -> None:
        self._meets: dict[str, int] = defaultdict(int)
        self._likes: dict[str, int] = defaultdict(int)

    def met(self, product_id: str) -> None:
        """Counts a shopper who met it."""
        self._meets[product_id] += 1

    def liked(self, product_id: str) -> None:
        """Counts one who liked it."""
        self._likes[product_id] += 1

    def of(self, product_id: str) -> tuple[int, int]:
        """(likes, meets)."""
        return self._likes.get(product_id, 0), self._meets.get(product_id, 0)

    @classmethod
    def counted(cls, interactions: Iterable[Interaction]) -> Popularity:
        """Over all interactions: each shopper once a product."""
        pairs: dict[tuple[str, str], list[Interaction]] = defaultdict(list)
        for event in interactions:
            if event.product_id:
                pairs[event.user, event.product_id].append(event)
        made = cls()
        for (_, product_id), events in pairs.items():
            read = became(events)
            if read is not None:
                made.met(product_id)
                if read[0] == "liked":
                    made.liked(product_id)
        return made


@dataclass(frozen=True, slots=True)
class _Meeting:
    user: str
    product: Product
    at: datetime
    known: datetime
    met: Met


def examples(
    interactions: Iterable[Interaction], products: Mapping[str, Product], *, least: int = 5
) -> Iterator[Example]:
    """One example for each product that a shopper with at least `least` earlier meetings met, oldest first.

    Interactions may come in any order; those of products that are not in `products` are left out. Memory: all meetings.
    """
    meetings = sorted(_meetings(interactions, products), key=lambda m: (m.at, m.user, m.product.id))
    waiting = sorted(meetings, key=lambda m: m.known)
    popular, done = Popularity(), 0
    mine: dict[str, list[_Meeting]] = defaultdict(list)
    for meeting in meetings:
        while done < len(waiting) and waiting[done].known < meeting.at:
            if waiting[done].met.outcome == "liked":
                popular.liked(waiting[done].product.id)
            done += 1
        earlier = mine[meeting.user]
        history = tuple(m.met for m in reversed(earlier[-MOST:]) if m.known < meeting.at)
        if len(history) >= least:
            likes, meets = popular.of(meeting.product.id)
            yield Example(
                Pair(history, meeting.product, None, likes, meets, meeting.at), meeting.met.outcome == "liked", meeting.user,
                meeting.at, meeting.met.rating,
            )  # fmt: skip
        earlier.append(meeting)
        popular.met(meeting.product.id)


def _meetings(interactions: Iterable[Interaction], products: Mapping[str, Product]) -> Iterator[_Meeting]:
    held: dict[tuple[str, str], list[Interaction]] = defaultdict(list)
    for event in interactions:
        if event.product_id in products:
            held[event.user, event.product_id].append(event)
    for (user, product_id), events in held.items():
        first = min(e.at for e in events)
        counted = [e for e in events if e.at <= first + WITHIN]
        read = became(counted)
        if read is not None:
            known = max(e.at for e in counted)
            yield _Meeting(user, products[product_id], first, known, Met(products[product_id], *read, known))


def place_of(key: str, seed: int = 0) -> float:
    """A place from 0 to 1 by the hash of a key, the same on every machine: users are parted by it."""
    return int.from_bytes(hashlib.sha256(f"{seed} {key}".encode()).digest()[:8], "big") / 2**64


def by_time(found: Sequence[Example], dev: float, test: float) -> tuple[list[Example], list[Example], list[Example]]:
    """The oldest to train on, then dev, and the latest for test, by shares."""
    ordered = sorted(found, key=lambda e: e.at)
    first, second = round(len(ordered) * (1 - dev - test)), round(len(ordered) * (1 - test))
    return ordered[:first], ordered[first:second], ordered[second:]
