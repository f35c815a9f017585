"""Items held out as new are the same on every machine, and both sides of a request are measured alike."""

from __future__ import annotations

import pytest

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics import MetricContext, score_case, score_run
from shelftalk.evaluate.perturb import new_items, perturb
from shelftalk.evaluate.perturb.coldstart import held_out, without_new
from shelftalk.evaluate.suite import load_suite
from shelftalk.values import Product, Request

IDS = [f"p{i}" for i in range(200)]
NEW = sorted(held_out(IDS))
KNOWN = [i for i in IDS if i not in NEW]
PRODUCTS = {"main": [Product(i, i) for i in IDS]}
SPEC = {"kind": "cold-start"}
CONTEXT = MetricContext(products=lambda catalog, product: None, unjudged="removed")


def test_what_is_held_out_hangs_on_the_id_alone() -> None:
    assert 0.2 < len(NEW) / len(IDS) < 0.4
    assert sorted(held_out(reversed(IDS))) == NEW
    assert NEW[:3] == ["p0", "p1", "p103"]
    assert held_out(IDS, salt="another") != frozenset(NEW)
    assert new_items(SPEC, PRODUCTS) == frozenset(NEW)
    assert new_items({"kind": "noise"}, PRODUCTS) == frozenset()


def test_a_request_of_both_becomes_two_that_rank_only_their_own_side() -> None:
    case = Case("r", Request("x", "r"), grades={NEW[0]: 3.0, KNOWN[0]: 3.0, KNOWN[1]: 0.0})
    cold, known = perturb([case], SPEC, 0, PRODUCTS)
    assert (cold.columns["cold"], known.columns["cold"]) == (True, False)
    ranking = (KNOWN[0], KNOWN[5], NEW[0])
    cold_value = score_case(["mrr"], cold, Outcome(cold.id, ranking), CONTEXT)["mrr"]
    known_value = score_case(["mrr"], known, Outcome(known.id, ranking), CONTEXT)["mrr"]
    assert cold_value == 0.5  # the known best one is taken out, the irrelevant one before it stays
    assert known_value == 1.0
    assert cold.gold is known.gold is None


def test_a_request_of_one_kind_stays_as_it_is() -> None:
    cases = [Case("n", Request("x"), grades={NEW[0]: 1.0}), Case("k", Request("x"), gold=frozenset(KNOWN[:2]))]
    made = perturb(cases, SPEC, 0, PRODUCTS)
    assert [(c.id, c.columns["cold"]) for c in made] == [("n", True), ("k", False)]
    assert {p for p, g in made[0].grades.items() if g > 0} == {NEW[0]}
    assert made[1].gold == frozenset(KNOWN[:2])
    late = score_case(["mrr"], made[0], Outcome("n", (KNOWN[5], NEW[0])), CONTEXT)
    assert late == {"mrr": 0.5}  # with unjudged products removed, those of no side still count as wrong


def test_gold_sets_of_both_kinds_and_requests_without_an_answer_are_left_out() -> None:
    cases = [
        Case("both", Request("x"), gold=frozenset([NEW[0], KNOWN[0]])),
        Case("none", Request("x"), gold=frozenset()),
    ]
    with pytest.raises(UsageError, match="makes no case out of these 2"):
        perturb(cases, SPEC, 0, PRODUCTS)


def test_a_tuning_sees_no_judgment_of_a_new_item() -> None:
    cases = [
        Case("both", Request("x"), grades={NEW[0]: 1.0, KNOWN[0]: 1.0}),
        Case("new", Request("x"), grades={NEW[0]: 1.0}),
        Case("gold", Request("x"), gold=frozenset([NEW[1]])),
        Case("empty", Request("x"), gold=frozenset()),
    ]
    assert [(c.id, c.grades) for c in without_new(cases)] == [("both", {KNOWN[0]: 1.0}), ("empty", None)]


def test_the_gap_is_known_minus_new_with_its_interval() -> None:
    cases = [Case(str(i), Request("x"), grades={"p": 1.0}, meta={"cold": i < 2}) for i in range(4)]
    outcomes = [Outcome("0", ("q",)), Outcome("1", ("p",)), Outcome("2", ("p",)), Outcome("3", ("p",))]
    plain = MetricContext(products=lambda catalog, product: None)
    found = score_run(["cold_gap_ndcg@10"], cases, outcomes, plain)
    assert found["cold_gap_ndcg@10.gap"] == 0.5
    assert found["cold_gap_ndcg@10.new"] == 0.5
    assert (found["cold_gap_ndcg@10.gap.low"], found["cold_gap_ndcg@10.gap.high"]) == (0.0, 1.0)


def test_the_shipped_suite_has_both_kinds_of_requests() -> None:
    loaded = load_suite("cold-start").load(split="dev")
    cold = [case.columns["cold"] for case in loaded.cases]
    assert 40 < sum(cold) < 100
    assert 40 < len(cold) - sum(cold) < 100
    assert loaded.new_items
    assert all(
        not set(c.meta.get("left_out", ())) & {p for p, g in (c.grades or {}).items() if g > 0} for c in loaded.cases
    )


def test_the_productqa_suite_has_both_kinds_of_requests(shared_data) -> None:
    loaded = load_suite("cold-start-productqa", shared_data).load(limit=200)
    assert {case.columns["cold"] for case in loaded.cases} == {True, False}
    assert all(case.gold or case.grades for case in loaded.cases)
