"""Ranking metrics agree with a second library of the field, ranx, to 1e-6."""

from __future__ import annotations

import random

import pytest

from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics import MetricContext, score_case
from shelftalk.values import Request

NAMES = {
    "ndcg@10": "ndcg@10", "ndcg": "ndcg", "mrr": "mrr", "mrr@3": "mrr@3", "map": "map", "map@10": "map@10",
    "recall@5": "recall@5", "hit_rate@3": "hit_rate@3", "precision@10": "precision@10",
}  # fmt: skip
CONTEXT = MetricContext(lambda catalog, i: None)


def made_up(count: int = 60) -> list[tuple[Case, Outcome]]:
    """Cases with graded, ungraded and unjudged products, tied scores, and rankings from empty to longer than the pool."""
    rng = random.Random(5)
    pairs = []
    for n in range(count):
        grades = {f"p{i}": rng.choice((0, 0, 1, 2, 3)) for i in range(rng.randint(1, 25))}
        grades["p0"] = rng.randint(1, 3)
        ranking = tuple(f"p{i}" for i in rng.sample(range(40), rng.choice((1, 3, 12, 40))))
        scores = tuple(sorted((float(rng.randint(0, 3)) for _ in ranking), reverse=True))
        pairs.append((Case(str(n), Request("x"), grades=grades), Outcome(str(n), ranking, scores)))
    return pairs


@pytest.mark.filterwarnings("ignore")
def test_ranx_agrees() -> None:
    from ranx import Qrels, Run, evaluate

    pairs = made_up()
    qrels = Qrels({c.id: {d: int(g) for d, g in c.grades.items() if g > 0} for c, _ in pairs})
    # The order shown is the order measured, also where the model's scores tie: ranx is given the places.
    run = Run({o.id: {d: 1 / place for place, d in enumerate(o.ranking, start=1)} for _, o in pairs})
    for ours, theirs in NAMES.items():
        evaluate(qrels, run, theirs)
        for case, outcome in pairs:
            found = score_case([ours], case, outcome, CONTEXT)[ours]
            assert found == pytest.approx(run.scores[theirs][case.id], abs=1e-6), (ours, case, outcome)


def test_a_ranking_cut_in_the_middle_of_a_tie_is_scored_in_the_order_shown() -> None:
    case = Case("q", Request("x"), grades={"z": 1})
    shown_first = score_case(["hit_rate@1"], case, Outcome("q", ("z", "a"), (0.5, 0.5)), CONTEXT)
    shown_last = score_case(["hit_rate@1"], case, Outcome("q", ("a", "z"), (0.5, 0.5)), CONTEXT)
    assert (shown_first["hit_rate@1"], shown_last["hit_rate@1"]) == (1.0, 0.0)


def test_ir_measures_agrees() -> None:
    import ir_measures
    from ir_measures import AP, RR, P, R, Success, nDCG

    pairs = made_up()
    qrels = [ir_measures.Qrel(c.id, d, int(g)) for c, _ in pairs for d, g in c.grades.items()]
    run = [ir_measures.ScoredDoc(o.id, d, -float(i)) for _, o in pairs for i, d in enumerate(o.ranking)]
    same = {nDCG @ 10: "ndcg@10", RR @ 3: "mrr@3", AP: "map", AP @ 10: "map@10", R @ 5: "recall@5", Success @ 3: "hit_rate@3", P @ 10: "precision@10"}  # fmt: skip
    by_id = {c.id: (c, o) for c, o in pairs}
    values = list(ir_measures.iter_calc(list(same), qrels, run))
    assert len(values) == len(same) * len(pairs)
    for value in values:
        name = same[value.measure]
        assert score_case([name], *by_id[value.query_id], CONTEXT)[name] == pytest.approx(value.value, abs=1e-6)
