"""`shelftalk events fit`: a shop's own behaviour and blend from its interactions, and what they are worth on its own later days.

The purchases are split by time: the blend and the half-life of popularity are chosen on what follows the first 70%, and what that is
worth is measured on the last 15%, which nothing was chosen on. What is kept is then learnt from all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from shelftalk.catalog import Catalog
from shelftalk.shoppers.candidates.behaviour import Behaviour
from shelftalk.shoppers.candidates.blend import Blend
from shelftalk.shoppers.candidates.feedback import moment
from shelftalk.shoppers.candidates.fit import learn, table
from shelftalk.shoppers.candidates.rank import rank_for
from shelftalk.shoppers.candidates.split import Case, ndcg, next_baskets, slices
from shelftalk.shoppers.candidates.weigh import Choice, Read, choice, weigh
from shelftalk.values import Context, Interaction

# Of the purchases, oldest first, so many precede the days on which the blend is chosen, and so many those on which it is measured.
TRAIN, DEV = 0.70, 0.85
HALF_LIVES = (2.0, 4.0, 7.0, 14.0, 30.0, 60.0, 120.0)
# Below so many shoppers on whom to choose, the weights that travel with the package stay.
LEAST_CASES = 50
MOST_SHOPPERS = 500
# Each window is looked at in so many parts, what is learnt being brought up to date for each: as where it is fitted every night.
STEPS = 4
# What a next basket is: the first of these of which there are enough.
KINDS = (("purchase",), ("purchase", "cart"), ("purchase", "cart", "like", "click", "view"))
Progress = Callable[[str], None]


def fit_shop(
    interactions: Sequence[Interaction], catalog: Catalog, at: datetime | None = None, *, read: Read | None = None,
    half_life: float | None = None, say: Progress = lambda _: None,
) -> Behaviour:  # fmt: skip
    """What a shop's interactions say, with a blend fitted on its own time split where there is enough of it; `report` says what was
    chosen, on how many shoppers, and nDCG@10 on the last days beside popularity and the shipped blend. `at` is the moment of the fit;
    `read` makes the lines of a profile from a history, `half_life` (days) is not chosen where it is given."""
    now = at or datetime.now(UTC)
    ordered = sorted((i for i in interactions if moment(i.at) <= now), key=lambda i: moment(i.at))
    late = len(interactions) - len(ordered)
    ids = catalog.scan(None)
    say("splitting by time")
    kinds, train, dev = _windows(ordered, ids)
    chosen: dict[str, Any] = {"basket": list(kinds)}
    blend, days = Blend.default(), half_life or 14.0
    if train is not None and dev is not None:
        learning = _Split(ordered, catalog, ids, kinds, read)
        cases = learning.cases(train, dev)
        chosen["dev_shoppers"] = len({c.user for _, c in cases})
        if chosen["dev_shoppers"] >= LEAST_CASES:
            say("choosing the half-life and the blend")
            days = half_life or learning.half_life(train, dev)
            blend = weigh(learning.choices(cases, days)) or blend
            say("measuring on the last days")
            chosen["test"] = learning.measured(dev, ordered, blend, days)
    chosen["fitted"] = "test" in chosen
    say("learning from all of it")
    behaviour = learn(table(ordered, ids, now), now, half_life=days, blend=blend)
    return replace(behaviour, report={**behaviour.report, "in_the_future": late, **chosen, "blend": blend.to_dict()})


def _windows(
    ordered: Sequence[Interaction], ids: Sequence[str]
) -> tuple[tuple[str, ...], datetime | None, datetime | None]:
    """The kinds that make a basket, and when dev and test begin; None where too little was taken to split."""
    known = set(ids)
    for kinds in KINDS:
        times = [moment(i.at) for i in ordered if i.kind in kinds and i.user and i.product_id in known]
        if len(times) >= 4 * LEAST_CASES:
            return kinds, times[int(TRAIN * len(times))], times[int(DEV * len(times))]
    return KINDS[0], None, None


class _Split:
    """The interactions of a shop, looked at from moments of its past."""

    def __init__(
        self, ordered: Sequence[Interaction], catalog: Catalog, ids: Sequence[str], kinds: Sequence[str], read: Read | None
    ) -> None:  # fmt: skip
        self._ordered, self._catalog, self._ids, self._kinds, self._read = ordered, catalog, ids, kinds, read
        self._known = set(ids)

    def cases(self, start: datetime, end: datetime) -> list[tuple[datetime, Case]]:
        """The next baskets of a window, each with the moment up to which is learnt for it."""
        found: list[tuple[datetime, Case]] = []
        seen: set[str] = set()
        for since, until in slices(start, end, STEPS):
            some = next_baskets(self._ordered, since, until, kinds=self._kinds, most=MOST_SHOPPERS // STEPS)
            found += [(since, c) for c in some if c.user not in seen and c.bought & self._known]
            seen |= {c.user for c in some}
        return found

    def behaviour(self, at: datetime, half_life: float) -> Behaviour:
        """What was known at a moment."""
        return learn(table(self._ordered, self._ids, at), at, half_life=half_life)

    def choices(self, cases: Sequence[tuple[datetime, Case]], half_life: float) -> list[Choice]:
        """The cases as choices among what the sources propose."""
        found = []
        for since in sorted({at for at, _ in cases}):
            behaviour = self.behaviour(since, half_life)
            found += [choice(c, self._catalog, behaviour, read=self._read) for at, c in cases if at == since]
        return found

    def half_life(self, start: datetime, end: datetime) -> float:
        """The half-life of popularity under which the most popular ten are bought most."""
        cases = [(at, c) for at, c in self.cases(start, end) if c.level in (0, 1)]
        held = table(self._ordered, self._ids, end)
        scores = dict.fromkeys(HALF_LIVES, 0.0)
        for at, case in cases:
            now = at.timestamp() / 86_400
            past = held.day < now
            for days in HALF_LIVES:
                weights = held.weight[past] * np.exp2(-(now - held.day[past]) / days)
                top = np.argsort(-np.bincount(held.item[past], weights, minlength=len(held.ids)), kind="stable")[:10]
                scores[days] += ndcg([held.ids[n] for n in top], case.bought)
        return max(HALF_LIVES, key=lambda days: scores[days])

    def measured(
        self, start: datetime, ordered: Sequence[Interaction], blend: Blend, half_life: float
    ) -> dict[str, Any]:
        """nDCG@10 of the last days by level of history: blended, by the shipped blend, and by popularity of all time."""
        cases = self.cases(start, moment(ordered[-1].at))
        by_level: dict[str, dict[str, list[float]]] = {}
        for since in sorted({at for at, _ in cases}):
            behaviour = self.behaviour(since, half_life)
            held = table(self._ordered, self._ids, since)
            top = np.argsort(-np.bincount(held.item, held.weight, minlength=len(held.ids)), kind="stable")[:10]
            popular = [held.ids[n] for n in top]
            for at, case in cases:
                if at == since:
                    row = by_level.setdefault("all" if case.level is None else str(case.level), {})
                    for name, weights in (("fitted", blend), ("shipped", Blend.default())):
                        row.setdefault(name, []).append(ndcg(self._ranked(case, behaviour, weights), case.bought))
                    row.setdefault("popularity", []).append(ndcg(popular, case.bought))
        return {
            level: {"shoppers": len(row["fitted"]), **{name: round(float(np.mean(v)), 4) for name, v in row.items()}}
            for level, row in sorted(by_level.items())
        }

    def _ranked(self, case: Case, behaviour: Behaviour, blend: Blend) -> list[str]:
        lines = self._read(case.history, case.at) if self._read else ()
        context = Context(at=case.at, place=case.place)
        found = rank_for(case.history, self._catalog, behaviour, lines=lines, context=context, blend=blend)
        return [s.product_id for s in found]
