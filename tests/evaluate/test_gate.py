"""The gate fails a build for a real drop, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.evaluate.made_runs import SUITE, make_run

from shelftalk.errors import UsageError
from shelftalk.evaluate.gate import Baseline, baseline_of, gate, read_baseline, write_baseline
from shelftalk.evaluate.power import rounded
from shelftalk.evaluate.runfolder import Run

N = 100
BASE = np.random.default_rng(1).uniform(0.3, 0.9, N)


def against(tmp_path: Path, after: np.ndarray, before: np.ndarray = BASE, metric: str = "ndcg@10") -> tuple[Run, Baseline]:  # fmt: skip
    base = make_run(tmp_path / "base", {metric: list(before)})
    return make_run(tmp_path / "run", {metric: list(after)}, name="new"), baseline_of(base)


def test_a_real_drop_beyond_what_is_allowed_fails(tmp_path: Path) -> None:
    run, base = against(tmp_path, BASE - 0.1 + np.random.default_rng(2).normal(0, 0.05, N))
    found = gate(run, base, "ndcg@10", max_drop=0.02)
    assert found.failed
    assert found.least > 0.02
    assert "at least" in found.reason


def test_a_drop_within_what_is_allowed_passes_with_proof(tmp_path: Path) -> None:
    run, base = against(tmp_path, BASE - 0.01 + np.random.default_rng(2).normal(0, 0.02, N))
    found = gate(run, base, "ndcg@10", max_drop=0.05)
    assert found.outcome == "pass"
    assert found.most <= 0.05
    assert "within" in found.reason


def test_what_cannot_be_told_passes_and_says_that_nothing_is_proven(tmp_path: Path) -> None:
    run, base = against(tmp_path, BASE - 0.02 + np.random.default_rng(2).normal(0, 0.3, N))
    found = gate(run, base, "ndcg@10", max_drop=0.02)
    assert found.outcome == "not shown"
    assert not found.failed
    assert "Passed without proof" in found.reason
    assert found.detectable > 0.02


def test_a_drop_that_is_not_proven_is_named_with_the_requests_that_would_and_fails_where_strict(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).normal(0, 0.3, N)
    run, base = against(tmp_path, BASE - 0.06 + noise - noise.mean())
    found = gate(run, base, "ndcg@10", max_drop=0.02)
    assert found.outcome == "not shown"
    assert found.drop == pytest.approx(0.06)
    assert "worse by 0.06 on average" in found.reason
    assert "a drop that is more than the 0.02 allowed is not proven" in found.reason
    assert f"About {rounded(found.needed):,} requests like these would show it 80% of the time" in found.reason
    strict = gate(run, base, "ndcg@10", max_drop=0.02, strict=True)
    assert (strict.failed, found.failed) == (True, False)
    assert "Failed for lack of proof" in strict.reason
    assert (strict.needed, strict.outcome) == (found.needed, found.outcome)


def test_so_many_requests_do_show_it(tmp_path: Path) -> None:
    """The number named is held against drawing that many: it shows the drop four times in five, and half of it far less often."""
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 0.3, N)
    run, base = against(tmp_path, BASE - 0.06 + noise - noise.mean())
    needed = gate(run, base, "ndcg@10", max_drop=0.02).needed
    assert 250 < needed < 500

    def shown(n: int) -> float:
        means = [(d := 0.06 + rng.normal(0, noise.std(), n)).mean() - 1.645 * d.std() / n**0.5 for _ in range(400)]
        return sum(m > 0.02 for m in means) / 400

    assert 0.72 < shown(needed) < 0.88
    assert shown(needed // 3) < 0.6


def test_a_drop_within_what_is_allowed_but_unproven_fails_where_strict_alone(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).normal(0, 0.3, N)
    run, base = against(tmp_path, BASE + noise - noise.mean())
    found = gate(run, base, "ndcg@10", max_drop=0.02, strict=True)
    assert found.failed
    assert "a drop that is within the 0.02 allowed is not proven" in found.reason
    assert found.needed > N
    run, base = against(tmp_path, BASE - 0.01 + np.random.default_rng(2).normal(0, 0.02, N))
    assert not gate(run, base, "ndcg@10", max_drop=0.05, strict=True).failed, "proven to be within"


def test_where_no_number_of_requests_would_do_or_none_has_a_value_it_is_said(tmp_path: Path) -> None:
    run, base = against(tmp_path, np.array([0.0, 1.0] * 50), np.array([1.0, 0.0] * 50))
    found = gate(run, base, "ndcg@10", max_drop=0)
    assert found.needed is None
    assert "too near to what is allowed for any number of requests" in found.reason
    few, base = against(tmp_path, np.full(3, 0.2), np.full(3, 0.5))
    assert "At least 5 requests are needed" in gate(few, base, "ndcg@10", max_drop=0.1).reason
    none, base = against(tmp_path, np.full(6, np.nan), np.full(6, np.nan))
    assert "no value for any request" in gate(none, base, "ndcg@10", max_drop=0.1).reason


def test_a_handful_of_requests_shows_nothing_however_bad(tmp_path: Path) -> None:
    run, base = against(tmp_path, np.zeros(4), np.ones(4))
    found = gate(run, base, "ndcg@10", max_drop=0.1)
    assert not found.failed
    assert "fewer than 5 requests" in found.reason
    five, base5 = against(tmp_path, np.zeros(5), np.ones(5))
    assert gate(five, base5, "ndcg@10", max_drop=0.1).failed


def test_where_less_is_better_a_rise_is_the_drop(tmp_path: Path) -> None:
    run, base = against(tmp_path, BASE + 0.3, metric="latency_ms")
    assert gate(run, base, "latency_ms", max_drop=0.1).failed
    assert gate(run, base, "latency_ms", max_drop=0.5).outcome == "pass"


def test_a_drop_that_is_not_there_fails_about_one_build_in_twenty_at_most(tmp_path: Path) -> None:
    run, base = against(tmp_path, BASE)
    failed = 0
    for seed in range(50):
        noise = np.random.default_rng(seed).normal(0, 0.1, N)
        before = {"ndcg@10": list(BASE + 0.02 + noise)}  # the true drop is exactly what is allowed
        failed += gate(run, Baseline("b", base.suite, base.ids, base.groups, before), "ndcg@10", max_drop=0.02).failed
    assert failed <= 7


def test_a_baseline_file_decides_as_its_run_does(tmp_path: Path) -> None:
    run, base = against(tmp_path, BASE - 0.1)
    file = tmp_path / "baseline.json"
    write_baseline(file, make_run(tmp_path / "base", {"ndcg@10": list(BASE), "mrr": list(BASE)}), ["ndcg@10"])
    assert gate(run, read_baseline(file), "ndcg@10", max_drop=0.02) == gate(run, base, "ndcg@10", max_drop=0.02)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert read_baseline(file).ids == base.ids, "a byte order mark is read over"
    assert read_baseline(tmp_path / "base").values.keys() == {"ndcg@10", "mrr"}
    with pytest.raises(UsageError, match="'mrr'; it has: ndcg@10"):
        gate(run, read_baseline(file), "mrr", max_drop=0.02)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 9}', '{"format": 1, "variant": "x", "suite": {}, "ids": ["a"], "groups": ["a"], "values": {"m": []}}', '{"format": 1, "variant": "x", "suite": {}, "ids": ["a"], "groups": ["a"], "values": {"m": ["x"]}}'])  # fmt: skip
def test_a_file_that_is_no_baseline_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(UsageError, match=r"b\.json.*--write-baseline"):
        read_baseline(tmp_path / "b.json")


def test_other_requests_and_senseless_numbers_are_refused(tmp_path: Path) -> None:
    run, base = against(tmp_path, BASE)
    other = Baseline(base.name, {**SUITE, "version": "2"}, base.ids, base.groups, base.values)
    with pytest.raises(UsageError, match="differ in version"):
        gate(run, other, "ndcg@10", max_drop=0.02)
    for wrong in ({"max_drop": -1}, {"max_drop": float("nan")}, {"max_drop": 0, "confidence": 1.0}, {"max_drop": 0, "confidence": 0.3}):  # fmt: skip
        with pytest.raises(UsageError, match="--max-drop|--confidence"):
            gate(run, base, "ndcg@10", **wrong)
