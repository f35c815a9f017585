"""Fitting the blend's weights on a time split.

Each case is a choice among what the sources propose: the weights maximise the likelihood of what was bought under a softmax of the
blended scores (a conditional logit, McFadden 1974; ListNet's top-one loss, Cao et al. 2007). The two weights of a source are not
negative; of several numbers of interactions at which the switch stands halfway, the likeliest is taken. A source that no case has anything from (the profile's, where no profiles are read) keeps the weight it had, as a
share of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from shelftalk.catalog import Catalog
from shelftalk.shoppers.candidates.behaviour import Behaviour
from shelftalk.shoppers.candidates.blend import SOURCES, Blend
from shelftalk.shoppers.candidates.rank import Ranking
from shelftalk.shoppers.candidates.split import Case
from shelftalk.values import Context, Interaction, ProfileLine

HALVES = (2.0, 8.0, 32.0)
RIDGE = 1e-3
EVERY = Blend(dict.fromkeys(SOURCES, 1.0), dict.fromkeys(SOURCES, 1.0), 1.0)
PROPOSED = 60
Read = Callable[[Sequence[Interaction], datetime], Sequence[ProfileLine]]


@dataclass(frozen=True)
class Choice:
    """What the sources propose for a case: scores by product and source, which were bought, how many interactions there were, and what
    the case counts."""

    table: np.ndarray
    bought: np.ndarray
    n: int
    weight: float = 1.0


def choice(
    case: Case, catalog: Catalog, behaviour: Behaviour, among: Collection[str] | None = None, read: Read | None = None
) -> Choice:
    """The case as a choice among what all sources propose; `read` makes the lines of a profile from its history."""
    context = Context(at=case.at, place=case.place)
    lines = read(case.history, case.at) if read else ()
    ranking = Ranking(case.history, catalog, behaviour, lines=lines, context=context, blend=EVERY)
    ids = [i for i in ranking.proposed(PROPOSED) if among is None or i in among]
    return Choice(ranking.table(ids), np.array([i in case.bought for i in ids], dtype=bool), ranking.n)


def weigh(choices: Sequence[Choice]) -> Blend | None:
    """The weights under which what was bought is likeliest, None where nothing was bought that a source proposed."""
    some = [c for c in choices if c.bought.any()]
    if not some:
        return None
    _, fitted = min((_fitted(some, half) for half in HALVES), key=lambda pair: pair[0])
    seen = np.any([c.table.any(axis=0) for c in some], axis=0)
    unseen = [s for s, there in zip(SOURCES, seen, strict=True) if not there]
    before = Blend.default()
    return Blend(_kept(fitted.without, before.without, unseen), _kept(fitted.much, before.much, unseen), fitted.half)


def _kept(fitted: Mapping[str, float], before: Mapping[str, float], unseen: Collection[str]) -> dict[str, float]:
    """The fitted weights, with those of unseen sources at the share of the whole that they had before."""
    rest = sum(before.values()) - sum(before[s] for s in unseen)
    whole = sum(w for s, w in fitted.items() if s not in unseen)
    return {s: round(before[s] / rest * whole, 4) if s in unseen and rest else w for s, w in fitted.items()}


def _fitted(choices: Sequence[Choice], half: float) -> tuple[float, Blend]:
    """The loss and the weights for one number of interactions at which the switch stands halfway."""
    from scipy.optimize import minimize

    sizes = [len(c.bought) for c in choices]
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    of = np.repeat(np.arange(len(sizes)), sizes)
    table = np.vstack([c.table for c in choices])
    share = np.array([c.n / (c.n + half) for c in choices])[of][:, None]
    columns = np.hstack([table * (1 - share), table * share])
    counts = np.array([c.weight for c in choices]) / sum(c.weight for c in choices)
    wanted = np.concatenate([c.bought / c.bought.sum() for c in choices]) * counts[of]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = columns @ weights
        raised = np.exp(scores - np.maximum.reduceat(scores, starts)[of])
        chances = raised / np.add.reduceat(raised, starts)[of]
        likelihood = (wanted * np.log(chances + 1e-12)).sum()
        slope = columns.T @ (chances * counts[of] - wanted)
        return float(-likelihood + RIDGE * (weights @ weights)), slope + 2 * RIDGE * weights

    count = len(SOURCES)
    done = minimize(loss, np.ones(2 * count), jac=True, method="L-BFGS-B", bounds=[(0, None)] * (2 * count))
    without, much = done.x[:count], done.x[count:]
    return float(done.fun), Blend(_named(without), _named(much), half)


def _named(weights: np.ndarray) -> dict[str, float]:
    return {s: round(float(w), 4) for s, w in zip(SOURCES, weights, strict=True)}
