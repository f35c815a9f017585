"""A time split: what each shopper buys next in a later window, given no more than the last n interactions before it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np

from shelftalk.shoppers.candidates.feedback import basket, moment, strength
from shelftalk.values import Interaction

# The lengths of history at which each shopper is looked at; None is all of it.
LEVELS: tuple[int | None, ...] = (1, 5, 20, None)
_GAINS = 1 / np.log2(np.arange(2, 1002))


@dataclass(frozen=True)
class Case:
    """One shopper's next basket: what they bought at `at`, and the last interactions before it, newest first, `level` of them (0: a
    shopper who was never there before; None: all)."""

    user: str
    at: datetime
    place: str
    history: tuple[Interaction, ...]
    bought: frozenset[str]
    level: int | None


def next_baskets(
    interactions: Sequence[Interaction], start: datetime, end: datetime, *, levels: Sequence[int | None] = LEVELS,
    most: int | None = None, kinds: Sequence[str] = ("purchase",), seed: int = 0,
) -> list[Case]:  # fmt: skip
    """The first basket of each shopper in the window (start counts, end does not), at each level that the history reaches: of at most
    `most` shoppers, drawn by `seed`. Shoppers without history have the level 0 alone. The moment is the start of the basket's day
    (UTC), so that nothing of that day is known."""
    by_user: dict[str, list[Interaction]] = {}
    for i in interactions:
        if i.user and i.product_id:
            by_user.setdefault(i.user, []).append(i)
    cases: list[Case] = []
    users = sorted(by_user)
    random.Random(seed).shuffle(users)
    found = 0
    for user in users:
        some = list(_cases(user, by_user[user], start, end, levels, kinds))
        cases.extend(some)
        found += bool(some)
        if most is not None and found >= most:
            break
    return cases


def _cases(
    user: str, acts: list[Interaction], start: datetime, end: datetime, levels: Sequence[int | None], kinds: Sequence[str]
) -> Iterator[Case]:  # fmt: skip
    acts.sort(key=lambda i: moment(i.at))
    target = next((i for i in acts if i.kind in kinds and start <= moment(i.at) < end), None)
    if target is None:
        return
    day = moment(target.at).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    bought = frozenset(i.product_id for i in acts if i.kind in kinds and basket(i) == basket(target))
    before = tuple(reversed([i for i in acts if moment(i.at) < day and strength(i)]))
    if not before:
        if not any(moment(i.at) < start for i in acts):
            yield Case(user, day, target.place, (), bought, 0)
        return
    for level in levels:
        if level is None or level <= len(before):
            yield Case(user, day, target.place, before[:level], bought, level)


def slices(start: datetime, end: datetime, steps: int) -> list[tuple[datetime, datetime]]:
    """The window in so many equal parts, each beginning at the start of a day (UTC)."""
    cuts = [start + (end - start) * n / steps for n in range(steps + 1)]
    whole = [c.replace(hour=0, minute=0, second=0, microsecond=0) if 0 < n < steps else c for n, c in enumerate(cuts)]
    return [(a, b) for a, b in pairwise(whole) if b - a > timedelta(0)]


def ndcg(ranked: Sequence[str], bought: frozenset[str], k: int = 10) -> float:
    """nDCG@k with gain 1 for what was bought (Järvelin and Kekäläinen 2002); the ideal list holds min(k, bought) of it."""
    if not bought:
        return 0.0
    hits = [i in bought for i in ranked[:k]]
    return float(np.dot(hits, _GAINS[: len(hits)]) / _GAINS[: min(k, len(bought))].sum())
