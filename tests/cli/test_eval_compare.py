"""`shelftalk eval compare | report | gate | export` from the command line, on run folders as they stand on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.evaluate.made_runs import make_run
from typer.testing import CliRunner

from shelftalk.cli.main import app
from shelftalk.errors import UsageError

N = 60
BASE = np.random.default_rng(0).uniform(0.3, 0.7, N)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `base`, `better` and `worse`."""
    folder = tmp_path_factory.mktemp("runs")
    for name, shift in (("base", 0.0), ("better", 0.1), ("worse", -0.1)):
        noise = np.random.default_rng(1).normal(0, 0.05, N) if shift else 0
        make_run(folder / name, {"ndcg@10": list(BASE + shift + noise)}, name=name, columns={"kind": [["a", "b"][i % 2] for i in range(N)]})  # fmt: skip
    return folder


def call(*args: object):
    return CliRunner().invoke(app, ["eval", *map(str, args)], env={"COLUMNS": "200"})


def test_compare_prints_who_is_better_and_how_to_read_it(runs: Path) -> None:
    done = call("compare", runs / "base", runs / "better", runs / "worse")
    assert done.exit_code == 0, done.output
    assert "better against base" in done.stdout
    assert "worse against base" in done.stdout
    assert "60 requests of made-up 1; k 10; gains linear" in done.stdout
    assert "randomisation" in done.stdout


def test_runs_that_differ_nowhere_are_told_so(runs: Path, tmp_path: Path) -> None:
    make_run(tmp_path / "again", {"ndcg@10": list(BASE)}, name="again")
    told = call("compare", runs / "base", tmp_path / "again").stdout
    assert "here no request differs in any metric" in told
    assert "The same on every request: ndcg@10." in told


def test_compare_as_json_and_as_markdown_says_the_same(runs: Path) -> None:
    rows = json.loads(call("compare", runs / "base", runs / "better", "--by", "kind", "--json").stdout)["rows"]
    assert {r["slice"] for r in rows} == {"kind = a", "kind = b"}
    text = call("compare", runs / "base", runs / "better", "--by", "kind", "--markdown").stdout
    assert text.count("| better |") == 2


def test_gate_leaves_with_one_for_a_real_drop_only(runs: Path) -> None:
    options = ("--baseline", runs / "base", "--metric", "ndcg@10", "--max-drop", "0.02")
    failed, passed = call("gate", runs / "worse", *options), call("gate", runs / "better", *options)
    assert (failed.exit_code, passed.exit_code) == (1, 0)
    assert failed.stdout.startswith("FAIL ndcg@10 is worse by")
    assert passed.stdout.startswith("PASS ndcg@10 is better by")


def test_gate_fails_what_is_not_proven_with_strict_alone(runs: Path) -> None:
    options = ["--baseline", runs / "base", "--metric", "ndcg@10", "--max-drop", "0.1"]
    loose, strict = call("gate", runs / "worse", *options), call("gate", runs / "worse", *options, "--strict")
    assert (loose.exit_code, strict.exit_code) == (0, 1)
    assert loose.output.startswith("PASS")
    assert strict.output.startswith("FAIL")
    assert all("is not proven. About" in done.output for done in (loose, strict))


def test_gate_writes_a_baseline_file_and_reads_it_back(runs: Path, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    assert call("gate", runs / "base", "--write-baseline", file).exit_code == 0
    done = call("gate", runs / "worse", "--baseline", file, "--metric", "ndcg@10", "--max-drop", "0.02", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)[0]["outcome"] == "fail"


def test_report_and_export_write_their_files(runs: Path, tmp_path: Path) -> None:
    assert call("report", runs / "base", runs / "better", "--html", tmp_path / "r.html").exit_code == 0
    assert "<title>made-up: better against base</title>" in (tmp_path / "r.html").read_text(encoding="utf-8")
    assert call("report", runs / "base", "--html", tmp_path / "one.html").exit_code == 0
    assert call("export", runs / "base", "--trec", tmp_path / "r.trec", "--csv", tmp_path / "r.csv").exit_code == 0
    assert (tmp_path / "r.trec").read_text().count("\n") == 2 * N
    assert (tmp_path / "r.csv").read_text().count("\n") == N + 1


@pytest.mark.parametrize(
    "args",
    [["gate", "base"], ["export", "base"], ["compare", "base"], ["compare", "base", "better", "--json", "--markdown"], ["report", "base", "--html", "x.html", "--metric", "mrr"], ["compare", "base", "nowhere"]],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_words(runs: Path, args: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)
    assert isinstance(call(*args).exception, UsageError)


def test_a_narrow_terminal_cuts_no_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console
    from rich.table import Table

    from shelftalk.cli.eval_compare import _print_whole

    table = Table("metric", "verdict")
    table.add_row("m" * 60, "no difference shown")
    console = Console(width=40, file=(tmp_path / "out").open("w"))
    _print_whole(console, table)
    console.file.close()
    assert "m" * 60 in (tmp_path / "out").read_text()
