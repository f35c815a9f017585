"""The leaderboard's script: what it runs, and the tables that it prints from what has finished."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.fakes import HashEmbedder
from tests.evaluate.made_runs import make_run
from tests.evaluate.own import write_suite
from tests.homes import new_home
from typer.testing import CliRunner

from shelftalk.cli.main import app
from shelftalk.evaluate import catalogs
from shelftalk.evaluate.suite import load_suite
from shelftalk.variants import parse_variants

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
METRICS = ["ndcg@10", "valid_first", "refusal_f1", "latency_ms"]


@pytest.fixture
def leaderboard(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("leaderboard")


@pytest.fixture
def run(leaderboard: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the script over one block of two variants that ask no language model; its commands run in this process."""
    suite = write_suite(tmp_path / "suite", metrics=METRICS)
    variants = ("strategy=none,name=both", "strategy=none,retrieve.dense_weight=0,name=words")
    blocks = (leaderboard.Block("kettles", str(suite), variants, ("ndcg@10", "valid_first"), limit=5),)
    monkeypatch.setattr(leaderboard, "BLOCKS", blocks)
    monkeypatch.setenv("SHELFTALK_HOME", str(new_home(tmp_path / "home")))
    monkeypatch.setattr(catalogs, "load_embedder", lambda name, home: HashEmbedder())
    asked: list[list[str]] = []

    def in_process(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        assert command[1:3] == ["-m", "shelftalk"]
        return subprocess.CompletedProcess(command, CliRunner().invoke(app, command[3:]).exit_code)

    def started(*arguments: str) -> list[list[str]]:
        asked.clear()
        monkeypatch.setattr(leaderboard.subprocess, "run", in_process)
        monkeypatch.setattr(sys, "argv", ["leaderboard.py", *arguments])
        leaderboard.main()
        return asked

    return started


def test_it_runs_its_blocks_and_prints_means_with_intervals_and_verdicts(run, tmp_path, capsys) -> None:
    assert len(run("--out", str(tmp_path / "runs"))) == 1
    printed = capsys.readouterr().out
    assert "### kettles" in printed
    assert "5 requests" in printed
    [both] = [line for line in printed.splitlines() if line.startswith("| both |")]
    mean = both.split("|")[2]
    assert " to " in mean
    assert "n=" in mean
    [words] = [line for line in printed.splitlines() if line.startswith("| words | ")]
    assert "no difference shown" in words, "the first metric's verdict stands in the row of the variant"
    assert words.count("|") == both.count("|")


def test_the_verdict_of_every_main_metric_is_printed_where_it_is_asked_for(run, tmp_path, capsys) -> None:
    run("--out", str(tmp_path / "runs"), "--every")
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| words | ")]
    assert [row.split("|")[2].strip() for row in rows[1:]] == ["ndcg@10", "valid_first"]


def test_what_has_finished_can_be_printed_again_without_a_run(run, tmp_path, capsys) -> None:
    run("--out", str(tmp_path / "runs"))
    first = capsys.readouterr().out
    assert run("--out", str(tmp_path / "runs"), "--show") == []
    assert capsys.readouterr().out.split("###")[1] == first.split("###")[1]
    assert run("--out", str(tmp_path / "nothing"), "--show") == []
    assert "No run has finished." in capsys.readouterr().out


def test_a_block_that_stops_is_told_and_the_rest_is_printed(run, leaderboard, tmp_path, capsys, monkeypatch) -> None:
    broken = leaderboard.Block("broken", "no-such-suite", ("strategy=none",), ("ndcg@10",))
    monkeypatch.setattr(leaderboard, "BLOCKS", (broken, *leaderboard.BLOCKS))
    run("--out", str(tmp_path / "runs"))
    out, err = capsys.readouterr()
    assert "broken: stopped with" in err
    assert "| both |" in out


def test_every_block_names_a_suite_that_has_its_metrics_and_variants_that_can_be_read(leaderboard) -> None:
    for block in leaderboard.BLOCKS:
        suite = load_suite(block.suite)
        assert set(block.main) <= set(suite.metrics), block.name
        assert {f for f in block.families if f not in suite.metrics} == set(), block.name
        assert len(parse_variants(block.variants)) == len(block.variants)


def test_families_stand_with_their_intervals_where_they_have_them(leaderboard, tmp_path) -> None:
    figures = {"attack_success.tone": 0.0, "attack_success.tone.low": 0.0, "attack_success.tone.high": 0.14, "attack_success.tone.n": 24.0, "attack_success.spread": 0.1}  # fmt: skip
    found = make_run(tmp_path / "a", {"ndcg@10": [0.5] * 3}, name="none", figures=figures)
    block = leaderboard.Block("i", "injection", ("name=none",), ("ndcg@10",), families=("attack_success",))
    assert leaderboard.families(block, [found])[2:] == [
        "| tone | none | 0.000 (0.000 to 0.140, n=24) |",
        "| spread | none | 0.100 |",
    ]
