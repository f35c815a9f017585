"""A comparison says which variant is better, by how much and how sure, and refuses runs that are not comparable."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.evaluate.made_runs import SUITE, make_run

from shelftalk.errors import UsageError
from shelftalk.evaluate import tables
from shelftalk.evaluate.compare import NOT_SHOWN, ComparedMetric, compare

N = 80
RNG = np.random.default_rng(0)
BASE = RNG.uniform(0.2, 0.8, N)
NOISE = RNG.normal(0, 0.1, N)


def row(found, metric: str, **where) -> ComparedMetric:
    return next(r for r in found.rows if r.metric == metric and all(getattr(r, k) == v for k, v in where.items()))


def test_a_real_difference_is_found_with_its_size(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a", {"ndcg@10": list(BASE), "latency_ms": list(BASE * 100)})
    b = make_run(tmp_path / "b", {"ndcg@10": list(BASE + NOISE + 0.1), "latency_ms": list(BASE * 100 + 20)}, name="new")
    found = compare([a, b])
    ndcg, latency = row(found, "ndcg@10"), row(found, "latency_ms")
    assert ndcg.verdict == "better"
    assert ndcg.low < 0.1 + NOISE.mean() < ndcg.high
    assert ndcg.difference == pytest.approx(ndcg.variant_mean - ndcg.baseline_mean)
    assert ndcg.p_holm >= ndcg.p
    assert (ndcg.wins, ndcg.ties, ndcg.losses) == (int((NOISE > -0.1).sum()), 0, int((NOISE < -0.1).sum()))
    assert latency.verdict == "worse", "a rise of time is no gain"
    assert (latency.wins, latency.losses) == (0, N)


def test_without_a_real_difference_it_says_so_and_how_many_requests_it_would_take(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a", {"ndcg@10": list(BASE)})
    b = make_run(tmp_path / "b", {"ndcg@10": list(BASE + NOISE - NOISE.mean() + 0.005)}, name="new")
    found = row(compare([a, b]), "ndcg@10")
    assert found.verdict == NOT_SHOWN
    assert found.low < 0 < found.high
    assert 0.02 < found.detectable < 0.05
    assert found.needed > 2000
    assert "needs about" in tables.verdict(found)


def test_the_same_run_twice_differs_nowhere(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a", {"ndcg@10": list(BASE)})
    found = row(compare([a, a]), "ndcg@10")
    assert (found.difference, found.p, found.ties, found.detectable) == (0.0, 1.0, N, None)
    assert found.verdict == NOT_SHOWN


def test_two_runs_named_alike_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    a, b = (make_run(tmp_path / x, {"ndcg@10": list(BASE)}, name="same") for x in "ab")
    found = compare([a, b])
    assert str(tmp_path / "a") in found.baseline
    assert str(tmp_path / "b") in found.variants[0]


def test_holm_counts_metrics_and_variants(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / str(i), {"ndcg@10": list(BASE + i * NOISE), "mrr": list(BASE - i * NOISE)}, name=f"v{i}") for i in range(4)]  # fmt: skip
    found = compare(runs)
    smallest = min(found.rows, key=lambda r: r.p)
    assert len(found.rows) == 6
    assert smallest.p_holm == pytest.approx(min(1.0, smallest.p * 6))


def test_metrics_that_differ_nowhere_do_not_make_the_others_harder_to_show(tmp_path: Path) -> None:
    same = {"valid_json": [1.0] * N, "failed": [0.0] * N}
    a = make_run(tmp_path / "a", {"ndcg@10": list(BASE), **same})
    b = make_run(tmp_path / "b", {"ndcg@10": list(BASE + NOISE), **same}, name="new")
    found = compare([a, b])
    assert row(found, "ndcg@10").p_holm == row(found, "ndcg@10").p
    assert "valid_json, failed" in " ".join(tables.footnotes(found))


def test_the_order_of_the_requests_does_not_matter(tmp_path: Path) -> None:
    ids = [f"q{i}" for i in range(N)]
    a = make_run(tmp_path / "a", {"ndcg@10": list(BASE)}, ids=ids)
    b = make_run(tmp_path / "b", {"ndcg@10": list(BASE[::-1])}, ids=ids[::-1], name="new")
    assert row(compare([a, b]), "ndcg@10").ties == N


def test_repeats_of_a_request_are_averaged_before_anything_is_counted(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a", {"ndcg@10": [0.5] * 40}, repeats=2)
    b = make_run(tmp_path / "b", {"ndcg@10": [0.4] * 20 + [0.6] * 20}, repeats=2, name="new")
    found = row(compare([a, b]), "ndcg@10")
    assert (found.n, found.ties) == (20, 20)


def test_variations_of_one_request_do_not_count_as_many(tmp_path: Path) -> None:
    groups = [f"g{i % 8}" for i in range(N)]
    shift = np.array([NOISE[int(g[1:])] for g in groups]) + 0.03
    a = make_run(tmp_path / "a", {"ndcg@10": list(BASE)}, groups=groups)
    b = make_run(tmp_path / "b", {"ndcg@10": list(BASE + shift)}, groups=groups, name="new")
    together = row(compare([a, b]), "ndcg@10")
    alone = row(compare([make_run(tmp_path / "c", {"ndcg@10": list(BASE)}), make_run(tmp_path / "d", {"ndcg@10": list(BASE + shift)})]), "ndcg@10")  # fmt: skip
    assert (together.n, together.groups) == (N, 8)
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_slices_show_for_whom_a_variant_is_better(tmp_path: Path) -> None:
    kinds = ["tents" if i % 2 else "lamps" for i in range(N)]
    shift = np.array([0.2 if k == "tents" else 0.0 for k in kinds]) + NOISE / 4
    a = make_run(tmp_path / "a", {"ndcg@10": list(BASE)}, columns={"category": kinds, "words": list(range(N))})
    b = make_run(tmp_path / "b", {"ndcg@10": list(BASE + shift)}, columns={"category": kinds, "words": list(range(N))}, name="new")  # fmt: skip
    found = compare([a, b], by="category")
    assert row(found, "ndcg@10", slice="category = tents").verdict == "better"
    assert row(found, "ndcg@10", slice="category = lamps").verdict == NOT_SHOWN
    quarters = [r.slice for r in compare([a, b], by="words").rows]
    assert quarters == ["words = 0 to 19", "words = 20 to 39", "words = 40 to 59", "words = 60 to 79"]
    with pytest.raises(UsageError, match="no column 'colour'.*category, words"):
        compare([a, b], by="colour")


def test_requests_that_only_one_run_has_a_value_for_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a", {"ndcg@10": [0.5, None, 0.5]})
    b = make_run(tmp_path / "b", {"ndcg@10": [0.6, 0.9, 0.6]}, name="new")
    found = compare([a, b])
    assert row(found, "ndcg@10").n == 2
    assert row(found, "ndcg@10").variant_mean == pytest.approx(0.6)
    assert any("1 request with a value in only one" in note for note in found.notes)


def test_runs_over_other_requests_are_refused_with_the_difference(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a", {"ndcg@10": [0.5] * 3})
    b = make_run(tmp_path / "b", {"ndcg@10": [0.5] * 2}, name="new")
    with pytest.raises(UsageError, match=r"1 only in baseline \('q2'\).*--limit"):
        compare([a, b])


@pytest.mark.parametrize(("key", "value"), [("name", "other"), ("k", 5), ("unjudged", "removed")])
def test_runs_over_another_suite_are_refused_with_the_difference(tmp_path: Path, key: str, value) -> None:
    a = make_run(tmp_path / "a", {"ndcg@10": [0.5] * 3})
    b = make_run(tmp_path / "b", {"ndcg@10": [0.5] * 3}, name="new", suite={**SUITE, key: value})
    with pytest.raises(UsageError, match=f"differ in {key}"):
        compare([a, b])


def test_one_run_or_an_unknown_metric_is_refused(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a", {"ndcg@10": [0.5] * 3})
    with pytest.raises(UsageError, match="two or more"):
        compare([a])
    with pytest.raises(UsageError, match="'mrr' is not in these runs; there are: ndcg@10"):
        compare([a, a], metrics=["mrr"])


def test_json_has_no_number_that_json_lacks(tmp_path: Path) -> None:
    a, b = (make_run(tmp_path / x, {"ndcg@10": [0.5]}, name=x) for x in "ab")
    found = json.loads(json.dumps(compare([a, b]).to_dict(), allow_nan=False))
    assert found["rows"][0]["low"] is None


def test_markdown_holds_no_markup_of_a_variants_making(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a", {"ndcg@10": [0.5, 0.6]})
    b = make_run(tmp_path / "b", {"ndcg@10": [0.5, 0.7]}, name="<b>new</b> | [x](y)")
    text = tables.markdown(compare([a, b]))
    assert "<b>" not in text
    assert "[x](y)" not in text
    assert "| metric | baseline | variant | difference |" in text


@pytest.mark.parametrize(("value", "text"), [(0.12345, "0.123"), (0.0, "0.000"), (12.5, "12.50"), (1234.5, "1,234"), (0.00012, "1.2e-04"), (None, "-"), (float("nan"), "-")])  # fmt: skip
def test_figures_have_as_many_places_as_they_deserve(value, text: str) -> None:
    assert tables.number(value) == text


def test_a_suite_that_changed_in_between_is_refused_in_words(tmp_path: Path) -> None:
    a = make_run(tmp_path / "a", {"ndcg@10": [0.5] * 3})
    b = make_run(tmp_path / "b", {"ndcg@10": [0.5] * 3}, name="new", suite={**SUITE, "hash": "xyz"})
    with pytest.raises(UsageError, match="judgments or products of the suite made-up changed in between"):
        compare([a, b])


def test_whole_run_figures_stand_with_their_intervals_and_can_be_asked_for_by_name(tmp_path: Path) -> None:
    figures = {
        "coverage@3": 0.3,
        "coverage@3.low": 0.25,
        "coverage@3.high": 0.35,
        "coverage@3.n": 3.0,
        "memory_mb": 9.0,
    }
    runs = [make_run(tmp_path / n, {"ndcg@10": [0.5] * 3}, name=n, figures=figures) for n in "ab"]
    assert tables.figures(compare(runs))[0] == ("coverage@3", *["0.300 (0.250 to 0.350)"] * 2)
    alone = compare(runs, metrics=["coverage@3"])
    assert alone.rows == ()
    assert [row[0] for row in tables.figures(alone)] == ["coverage@3"]
    with pytest.raises(UsageError, match="'nope' is not in these runs; there are: ndcg@10, coverage@3"):
        compare(runs, metrics=["nope"])


def test_slices_are_in_the_order_that_people_count_in(tmp_path: Path) -> None:
    words = ["16+ words", "4-8 words", None, "1-3 words", "9-15 words"]
    runs = [make_run(tmp_path / n, {"ndcg@10": [0.5] * 5}, name=n, columns={"words": words}) for n in "ab"]
    slices = [row.slice for row in compare(runs, by="words").rows]
    assert slices == [f"words = {w}" for w in ("1-3 words", "4-8 words", "9-15 words", "16+ words", "(none)")]


def test_times_come_with_a_word_of_caution(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / n, {"latency_ms": [1.0, 2.0, 3.0]}, name=n) for n in "ab"]
    assert any("idle machine" in line for line in tables.footnotes(compare(runs)))
