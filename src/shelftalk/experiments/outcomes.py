"""From what was logged to one row a unit: which variant it saw first, and what it did within the window after that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from shelftalk.experiments.metrics import TOTALS, Array

# The total that a kind of interaction adds to; a purchase adds its amount to the revenue too.
COUNTED = {"click": "clicks", "cart": "carts", "purchase": "purchases", "dismiss": "dismissals"}


@dataclass(frozen=True, slots=True)
class Exposure:
    """An answer that the variant could have made a difference to: the unit, when, how long it took and how many picks it had."""

    unit: str
    variant: str
    at: datetime
    ms: float = 0.0
    picks: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """An interaction of a unit; `kind` is one of COUNTED's, `amount` what was paid, None where that is not known."""

    unit: str
    kind: str
    at: datetime
    amount: float | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """Units in the order of their first exposure: when that was (seconds), the index of the variant, and the totals of each.

    The first `judged` have had their whole window; `switched` saw another variant later (weights changed) and stay with the first. Revenue is in
    `currency`, that of most purchases: `foreign` purchases were paid in another one and `unpriced` have no price, and neither adds to it.
    """

    variants: tuple[str, ...]
    first: Array
    variant: NDArray[np.int64]
    totals: Mapping[str, Array]
    judged: int
    switched: int
    window_s: float
    currency: str = ""
    foreign: int = 0
    unpriced: int = 0

    @property
    def names(self) -> list[str]:
        """The variant of each unit."""
        return [self.variants[i] for i in self.variant]


def collect(
    variants: Sequence[str],
    window: timedelta,
    exposures: Iterable[Exposure],
    outcomes: Iterable[Outcome],
    now: datetime,
) -> Observed:
    """One row a unit. What a unit does counts from its first exposure on, for the window; exposures of unknown variants do not."""
    index = {name: i for i, name in enumerate(variants)}
    shown = sorted((e for e in exposures if e.variant in index), key=lambda e: e.at)
    place: dict[str, int] = {}
    first: list[float] = []
    variant: list[int] = []
    moved: set[str] = set()
    span = window.total_seconds()
    sums: dict[str, list[float]] = {name: [] for name in TOTALS}
    for e in shown:
        at = place.setdefault(e.unit, len(first))
        when = e.at.timestamp()
        if at == len(first):
            first.append(when)
            variant.append(index[e.variant])
            for name in TOTALS:
                sums[name].append(0.0)
        if index[e.variant] != variant[at]:
            moved.add(e.unit)
        if when < first[at] + span:
            sums["answers"][at] += 1
            sums["without_picks"][at] += e.picks == 0
            sums["ms"][at] += e.ms
    did = list(outcomes)
    paid = Counter(o.currency for o in did if o.kind == "purchase" and o.amount is not None)
    currency = max(paid, key=lambda c: (paid[c], c), default="")
    foreign = unpriced = 0
    for o in did:
        i = place.get(o.unit)
        total = COUNTED.get(o.kind)
        if i is None or total is None or not first[i] <= o.at.timestamp() < first[i] + span:
            continue
        sums[total][i] += 1
        if o.kind == "purchase":
            foreign += o.amount is not None and o.currency != currency
            unpriced += o.amount is None
            sums["revenue"][i] += o.amount if o.amount is not None and o.currency == currency else 0.0
    firsts = np.array(first, dtype=np.float64)
    judged = int(np.searchsorted(firsts, now.timestamp() - span, side="right"))
    return Observed(
        tuple(variants), firsts, np.array(variant, dtype=np.int64),
        {name: np.array(values, dtype=np.float64) for name, values in sums.items()}, judged, len(moved), span, currency, foreign,
        unpriced,
    )  # fmt: skip
