"""Each metric says what its definition says, on cases small enough to work out by hand."""

from __future__ import annotations

from decimal import Decimal
from math import log2
from pathlib import Path

import numpy as np
import pytest
from tests.evaluate.made_runs import answer, pick

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics import METRICS, MetricContext, direction, score_case, score_run
from shelftalk.values import Answer, Criterion, Intent, Pick, Product, Request

SHOP = {
    p.id: p
    for p in (
        Product("red", "Red lamp", brand="Ada", price=Decimal("10"), categories=("Lamps",), attributes={"watts": 5}),
        Product("blue", "Blue lamp", brand="Ada", price=Decimal("20"), categories=("Lamps",), attributes={"watts": 5}),
        Product("pot", "Big pot", brand="Bo", price=Decimal("10"), categories=("Pots",)),
        Product("cup", "Cup", brand="Bo", categories=("Cups",), attributes={"watts": True}),
    )
}
CONTEXT = MetricContext(
    products=lambda catalog, i: SHOP.get(i), catalogue=lambda catalog: SHOP.values(),
    interactions={"red": 80, "blue": 10, "pot": 10}, new_items=frozenset({"pot"}),
)  # fmt: skip


def one(metric: str, case: Case, outcome: Outcome, context: MetricContext = CONTEXT) -> float | None:
    return score_case([metric], case, outcome, context)[metric]


def case(**more) -> Case:
    return Case("q", Request("a lamp"), **more)


def understood(constraints=(), sort=None, exclude=()) -> dict:
    return {"constraints": list(constraints), "sort": sort, "limit": None, "preferences": [], "exclude": list(exclude), "query": "", "shopping": True}  # fmt: skip


def answered(*ids: str, **more) -> Outcome:
    picks = [pick(i, rank) for rank, i in enumerate(ids, start=1)]
    return Outcome("q", ids, answer=answer("q", "a lamp", picks, **more))


def limit(field: str, operator: str, value) -> dict:
    return {"field": field, "operator": operator, "value": value}


def test_an_unknown_metric_is_refused_with_the_list_of_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no metric 'ndgc@10' \(did you mean ndcg@10\?\); there are: ndcg"):
        score_case(["ndgc@10"], case(), Outcome("q"), CONTEXT)


@pytest.mark.parametrize("name", ["accuracy@5", "ndcg@", "ndcg@0", "ndcg@ten"])
def test_a_cut_that_makes_no_sense_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        score_case([name], case(), Outcome("q"), CONTEXT)


def test_every_metric_says_what_it_is_and_has_a_value_or_a_figure() -> None:
    assert all(m.about and (m.per_case or m.whole) for m in METRICS.values())


def test_less_is_better_for_costs_and_for_parts_of_a_figure() -> None:
    assert direction("latency_ms.p95") == "lower"
    assert direction("ndcg@10") == "higher"
    assert direction("out_of_catalogue") == "lower"


def test_ndcg_has_linear_gains() -> None:
    graded = case(grades={"red": 3, "blue": 1})
    expected = (1 + 3 / log2(3)) / (3 + 1 / log2(3))
    assert one("ndcg@10", graded, Outcome("q", ("blue", "red"))) == pytest.approx(expected)


def test_ndcg_takes_gains_that_are_no_whole_numbers() -> None:
    graded = case(grades={"red": 1.0, "blue": 0.5})
    expected = (0.5 + 1 / log2(3)) / (1 + 0.5 / log2(3))
    assert one("ndcg@10", graded, Outcome("q", ("blue", "red"))) == pytest.approx(expected)


def test_an_unjudged_product_takes_a_place_or_is_removed_as_the_suite_says() -> None:
    graded, outcome = case(grades={"red": 1}), Outcome("q", ("pot", "red"))
    removed = MetricContext(CONTEXT.products, unjudged="removed")
    assert one("mrr", graded, outcome) == 0.5
    assert one("mrr", graded, outcome, removed) == 1.0
    assert one("judged@2", graded, outcome) == 0.5


@pytest.mark.parametrize("metric", ["ndcg@10", "mrr", "map", "recall@50", "hit_rate@10", "precision@10"])
def test_nothing_ranked_scores_zero_and_nothing_relevant_does_not_apply(metric: str) -> None:
    assert one(metric, case(grades={"red": 1}), Outcome("q")) == 0.0
    assert one(metric, case(grades={"red": 0}), Outcome("q", ("red",))) is None
    assert one(metric, case(), Outcome("q", ("red",))) is None


def test_a_gold_set_is_graded_one_each() -> None:
    assert one("recall@2", case(gold=frozenset({"red", "pot"})), Outcome("q", ("red", "blue", "pot"))) == 0.5


def test_constraints_are_held_against_the_record_and_not_the_answer() -> None:
    cheap = understood([limit("price", "<=", "15")])
    assert one("constraints_met", case(), answered("red", "blue", intent=cheap)) == 0.5
    assert one("constraints_met", case(), answered("red", "cup", intent=cheap)) == 0.5, "a missing price fails"
    assert one("constraints_met", case(), answered("red", "ghost", intent=cheap)) == 0.5
    assert one("constraints_met", case(), answered("red", intent=understood())) is None


def test_a_constraint_given_up_openly_is_not_held_against_the_picks() -> None:
    stated = [limit("price", "<=", "15"), limit("brand", "=", "ada")]
    outcome = answered("blue", intent=understood(stated), relaxed=stated[:1])
    assert one("constraints_met", case(), outcome) == 1.0


def test_the_exact_set_counts_ties_and_ignores_the_number_wanted() -> None:
    cheapest = understood(sort={"field": "price", "direction": "asc"})
    assert one("exact_set", case(gold=frozenset({"red", "pot"})), answered("red", intent=cheapest)) == 1.0
    assert one("exact_set", case(gold=frozenset({"red"})), answered("red", intent=cheapest)) == 0.0


def test_the_exact_set_tells_true_from_one_and_leaves_out_what_is_excluded() -> None:
    five = understood([limit("watts", "=", 5)], exclude=["blue"])
    assert one("exact_set", case(gold=frozenset({"red"})), answered("red", intent=five)) == 1.0
    lit = understood([limit("watts", "=", True)])
    assert one("exact_set", case(gold=frozenset({"cup"})), answered("cup", intent=lit)) == 1.0


def test_the_first_pick_is_valid_in_the_gold_set_or_as_a_refusal_where_nothing_fits() -> None:
    some, none = case(gold=frozenset({"red"})), case(gold=frozenset())
    assert one("valid_first", some, answered("red", "pot")) == 1.0
    assert one("valid_first", some, answered("pot", "red")) == 0.0
    assert one("valid_first", some, answered()) == 0.0
    assert one("valid_first", none, answered()) == 1.0
    assert one("valid_first", none, answered("red", no_match=True)) == 1.0, "near misses, said to be that"
    assert one("valid_first", none, answered("red", no_match=False)) == 0.0


def without_intervals(figures: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in figures.items() if not name.endswith((".low", ".high", ".n"))}


def test_refusals_have_precision_recall_and_f1() -> None:
    cases = [Case(str(i), Request("x"), gold=frozenset() if i < 2 else frozenset({"red"})) for i in range(5)]
    outcomes = [Outcome(str(i), () if i in (0, 2, 3) else ("red",)) for i in range(5)]
    figures = score_run(["refusal_precision", "refusal_recall", "refusal_f1"], cases, outcomes, CONTEXT)
    assert without_intervals(figures) == pytest.approx(
        {"refusal_precision": 1 / 3, "refusal_recall": 1 / 2, "refusal_f1": 0.4}
    )


def test_a_failed_request_counts_against_the_variant_and_is_no_refusal() -> None:
    failed = Outcome("q", error="the model could not be reached")
    assert one("valid_first", case(gold=frozenset()), failed) == 0.0
    assert one("refusal_right", case(gold=frozenset()), failed) == 0.0
    assert one("failed", case(), failed) == 1.0
    assert one("valid_json", case(), failed) == 0.0


def test_yes_and_no() -> None:
    labels, verdicts = [True, True, False, False, True], [True, False, True, False, None]
    cases = [Case(str(i), Request("x"), label=label) for i, label in enumerate(labels)]
    outcomes = [Outcome(str(i), verdict=v, probability=None if v is None else 0.5 + v / 4) for i, v in enumerate(verdicts)]  # fmt: skip
    found = score_run(["yes_precision", "yes_recall", "f1", "balanced_accuracy"], cases, outcomes, CONTEXT)
    assert without_intervals(found) == pytest.approx({"yes_precision": 1 / 2, "yes_recall": 1 / 3, "f1": 2 / 5, "balanced_accuracy": 5 / 12})  # fmt: skip
    assert [one("accuracy", c, o) for c, o in zip(cases, outcomes, strict=True)] == [1, 0, 0, 1, 0]


def test_auc_is_the_share_of_pairs_in_the_right_order_with_ties_as_half() -> None:
    rng = np.random.default_rng(3)
    labels, scores = rng.random(200) < 0.3, np.round(rng.random(200), 1)
    pairs = [(y > n) + (y == n) / 2 for y in scores[labels] for n in scores[~labels]]
    cases = [Case(str(i), Request("x"), label=bool(label)) for i, label in enumerate(labels)]
    outcomes = [Outcome(str(i), probability=float(p)) for i, p in enumerate(scores)]
    assert score_run(["auc"], cases, outcomes, CONTEXT)["auc"] == pytest.approx(np.mean(pairs), abs=1e-12)
    yes = [c for c in cases if c.label]
    assert score_run(["auc"], yes, [Outcome(c.id, probability=0.5) for c in yes], CONTEXT) == {}


def test_coverage_counts_products_of_the_catalogue_that_anyone_is_shown() -> None:
    cases = [Case("a", Request("x")), Case("b", Request("x"))]
    outcomes = [Outcome("a", ("red", "blue")), Outcome("b", ("red", "ghost"))]
    found = score_run(["coverage", "coverage@1"], cases, outcomes, CONTEXT)
    assert without_intervals(found) == {"coverage": 0.5, "coverage@1": 0.25}


def test_two_things_alike_are_less_diverse_than_two_that_are_not() -> None:
    alike, apart = one("diversity", case(), answered("red", "blue")), one("diversity", case(), answered("red", "pot"))
    assert alike == 0.0
    assert apart == 1.0


def test_novelty_is_the_information_of_what_is_rarely_bought() -> None:
    assert one("novelty", case(), answered("red")) == pytest.approx(-log2(81 / 104))
    assert one("novelty", case(), answered("cup")) == pytest.approx(-log2(1 / 104))
    assert one("long_tail", case(), answered("red", "cup")) == 0.5


def test_new_items_get_less_exposure_further_down() -> None:
    first, second = (one("new_items", case(), answered(*ids)) for ids in (("pot", "red"), ("red", "pot")))
    weight = 1 / log2(3)
    assert first == pytest.approx(1 / (1 + weight))
    assert second == pytest.approx(weight / (1 + weight))


def test_a_product_that_the_catalogue_lacks_is_found_out_unless_the_case_put_it_there() -> None:
    assert one("out_of_catalogue", case(), answered("red", "ghost")) == 0.5
    assert one("out_of_catalogue", case(overlay=(Product("ghost", "A ghost"),)), answered("red", "ghost")) == 0.0


def test_an_answer_of_another_shape_is_no_valid_answer() -> None:
    good = answered("red")
    assert one("valid_json", case(), good) == 1.0
    wish = {"field": "watts", "want": "low", "value": None, "importance": 3, "words": "a dim one"}
    read = {**good.answer["intent"], "criteria": [wish], "unanswered": ["a soft light"], "kinds": ["Lamps"]}
    assert one("valid_json", case(), Outcome("q", answer={**good.answer, "intent": read})) == 1.0
    for wrong in (
        {"picks": [{"product_id": 3}]},
        {"version": "1.0"},
        {"intent": {**read, "criteria": [{**wish, "want": "lower"}]}},
        {"intent": {**read, "criteria": [{**wish, "importance": 4}]}},
        {"intent": {**read, "kinds": "Lamps"}},
        {"intent": {**read, "wants": []}},
        {"intent": {k: v for k, v in read.items() if k != "sort"}},
    ):
        assert one("valid_json", case(), Outcome("q", answer={**good.answer, **wrong})) == 0.0, wrong


def test_what_the_path_writes_down_is_a_valid_answer() -> None:
    intent = Intent(criteria=(Criterion("watts", "low", None, 3, "a dim one"),), unanswered=("soft",), kinds=("Lamps",))
    whole = Answer("q", "a lamp", intent, (Pick(SHOP["red"], 1, 0.5, "It is red."),)).to_dict()
    assert one("valid_json", case(), Outcome("q", answer=whole)) == 1.0


def test_costs_are_counted_and_latency_has_percentiles() -> None:
    cases = [Case(str(i), Request("x")) for i in range(100)]
    outcomes = [Outcome(str(i), latency_ms=i + 1, timings_ms={"rank": 4.0}, tokens=(7, 2)) for i in range(100)]
    context = MetricContext(CONTEXT.products, wall_s=20.0)
    figures = score_run(["latency_ms", "stage_ms", "throughput", "memory_mb"], cases, outcomes, context)
    assert figures["latency_ms.p50"] == pytest.approx(50.5)
    assert figures["stage_ms.rank"] == 4.0
    assert figures["throughput"] == 5.0
    assert figures["memory_mb"] > 10
    assert one("tokens_prompt", cases[0], outcomes[0]) == 7.0


def test_the_documentation_lists_every_metric() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "compare.md").read_text(encoding="utf-8")
    assert [m for m in METRICS if f"| `{m}`" not in page and f"| `{m}[@k]`" not in page] == []


def test_exposure_is_equal_where_all_get_the_same_and_unequal_where_one_gets_all() -> None:
    def gini(*outcomes: Outcome) -> float:
        pairs = [case() for _ in outcomes]
        named = [Case(f"q{n}", c.request) for n, c in enumerate(pairs)]
        made = [Outcome(c.id, o.ranking, answer=o.answer) for c, o in zip(named, outcomes, strict=True)]
        return score_run(["exposure_gini"], named, made, CONTEXT)["exposure_gini"]

    assert gini(*(answered(i) for i in SHOP)) == pytest.approx(0.0)
    assert gini(answered("red"), answered("red")) == pytest.approx(3 / 4)
    assert gini(answered("red"), answered("blue")) == pytest.approx(1 / 2)


def test_the_interval_of_ginis_index_holds_it() -> None:
    cases = [Case(f"q{n}", Request("a lamp")) for n in range(8)]
    outcomes = [Outcome(c.id, ("red", "blue") if n % 2 else ("pot",)) for n, c in enumerate(cases)]
    found = score_run(["exposure_gini@2"], cases, outcomes, CONTEXT)
    assert found["exposure_gini@2.low"] < found["exposure_gini@2"] < found["exposure_gini@2.high"]


def test_the_tail_is_weighed_by_place() -> None:
    weight = 1 / log2(3)
    assert one("tail_exposure", case(), answered("red", "cup")) == pytest.approx(weight / (1 + weight))
    assert one("tail_exposure", case(), answered("cup", "red")) == pytest.approx(1 / (1 + weight))


def test_new_items_are_held_against_where_they_would_have_stood() -> None:
    placed = {"placed": [{"product_id": "pot", "rank": 2, "before": 4}], "given_up": 0.02}
    lifted = answered("red", "pot", "blue")
    lifted = Outcome("q", lifted.ranking, answer={**lifted.answer, "exposure": placed})
    by_rank = Outcome("r", ("pot", "red"), answer=answered("pot", "red").answer)
    cases = [case(), Case("r", Request("a lamp"))]
    found = score_run(["new_items_ratio@3"], cases, [lifted, by_rank], CONTEXT)
    assert found["new_items_ratio@3"] == pytest.approx((1 + 1 / log2(3)) / 1)
    assert one("relevance_given_up", case(), lifted) == 0.02
    assert one("relevance_given_up", case(), answered("red")) == 0.0


def test_a_new_item_that_another_passed_is_held_against_its_own_place() -> None:
    from shelftalk.evaluate.metrics.exposure import _got_and_plain

    placed = {"placed": [{"product_id": "cup", "rank": 1, "before": 3}], "given_up": 0.0}
    outcome = Outcome("q", ("cup", "pot", "red"), answer={**answered("cup", "pot", "red").answer, "exposure": placed})
    assert tuple(_got_and_plain(outcome, CONTEXT, 3)) == pytest.approx((1 / log2(3), 1.0))
