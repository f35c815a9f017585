"""Order bias: the same candidates shown to the ranking model in many orders; a fair one picks the same product.

Each case takes one of the best products of a request and others that are worse, and is made once for every place that
the best one may stand at, the others shuffled anew. `meta["order"]` is the order shown, `meta["position"]` (also a
column) the place of the best one, from 1. Retrieval would sort candidates anew, so `ranked_in_order` puts the given
order between retrieval and ranking.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import Field

from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.perturb import options
from shelftalk.evaluate.perturb.draw import source
from shelftalk.values import Candidate, Ranking

if TYPE_CHECKING:
    from shelftalk.pipeline import Shelf

__all__ = ["OrderOptions", "perturb", "ranked_in_order"]


class OrderOptions(options.PerturbOptions):
    """`candidates` in each case; `orders` of them (at most one for each place of the best; all by default); `requests`
    drawn by the seed (all by default)."""

    candidates: int = Field(8, ge=2, le=20)
    orders: int | None = Field(None, ge=2)
    requests: int | None = Field(None, ge=1)


def perturb(cases: Sequence[Case], spec: Mapping[str, Any], seed: int, products: object = None) -> list[Case]:
    """One case an order (`group`: the clean case's id). Left out are requests with too few worse products, and those known to ask
    for a superlative, which no model orders."""
    wanted = OrderOptions.read(spec)
    made: list[Case] = []
    used = 0
    for case in source(seed, "requests").sample(list(cases), len(cases)) if wanted.requests else cases:
        drawn = _drawn(case, wanted, seed)
        if drawn is None or (wanted.requests is not None and used >= wanted.requests):
            continue
        used += 1
        best, others, kept = drawn
        places = _places(wanted)
        for place in places:
            rest = source(seed, case.id, place).sample(others, len(others))
            order = (*rest[: place - 1], best, *rest[place - 1 :])
            name = f"{case.id}~at{place}"
            made.append(
                replace(
                    case,
                    id=name,
                    request=replace(case.request, id=name, candidates=order, k=None),
                    grades=kept,
                    gold=None,
                    columns={**case.columns, "position": place},
                    group=case.id,
                    meta={**case.meta, "order": order, "position": place, "best": best},
                )
            )
    return made


def _drawn(case: Case, wanted: OrderOptions, seed: int) -> tuple[str, list[str], dict[str, float]] | None:
    if not case.grades or (case.meta.get("intent") or {}).get("sort") or case.columns.get("superlative"):
        return None
    top = max(case.grades.values())
    best = sorted(p for p, g in case.grades.items() if g == top)
    worse = sorted((p for p, g in case.grades.items() if g < top), key=lambda p: -case.grades[p])  # type: ignore[index]
    if top <= 0 or len(worse) < wanted.candidates - 1:
        return None
    rng = source(seed, case.id)
    # the harder half are the better of the worse ones
    pool = worse[: 2 * (wanted.candidates - 1)]
    one, others = rng.choice(best), rng.sample(pool, wanted.candidates - 1)
    return one, others, {p: case.grades[p] for p in (one, *others)}


def _places(wanted: OrderOptions) -> list[int]:
    last = wanted.candidates
    count = min(wanted.orders or last, last)
    return sorted({round(1 + i * (last - 1) / (count - 1)) for i in range(count)})


def ranked_in_order(shelf: Shelf, cases: Sequence[Case]) -> list[tuple[Ranking, dict[str, float]]]:
    """For each case the ranking of exactly its candidates, shown to the strategy in `meta["order"]`, and the milliseconds
    of each stage.

    Candidates keep retrieval's scores, which the strategy's are mixed with (setting rank.model_weight). A strategy that
    shows nothing to a model ("none", and superlatives) keeps retrieval's order, whatever order was given.
    """
    return [_one(shelf, case) for case in cases]


def _one(shelf: Shelf, case: Case) -> tuple[Ranking, dict[str, float]]:
    order: Sequence[str] = case.meta["order"]
    clock = [time.perf_counter()]
    intent = shelf.understand(replace(case.request, candidates=None)).intent
    intent = replace(intent, shopping=True, exclude=())  # every candidate is ranked, so nothing is to be kept out
    clock.append(time.perf_counter())
    found = shelf.retrieve(intent, k=len(order), only=order)
    by_id: dict[str, Candidate] = {c.product.id: c for c in found.candidates}
    shown = replace(found, candidates=tuple(by_id[i] for i in order if i in by_id))
    clock.append(time.perf_counter())
    ranking = shelf.rank(intent, case.request.request, shown)
    clock.append(time.perf_counter())
    spent = [(after - before) * 1000 for before, after in pairwise(clock)]
    if ranking.strategy == "none":
        ranking = replace(ranking, candidates=found.candidates)
    return ranking, dict(zip(("understand", "retrieve", "rank"), spent, strict=True))
