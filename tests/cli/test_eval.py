"""`shelftalk eval` on the command line: what a user types, sees and is told when something is wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from tests.catalog.fakes import HashEmbedder
from tests.evaluate.own import REQUESTS, write_suite
from tests.homes import new_home
from typer.testing import CliRunner

from shelftalk.cli.main import app
from shelftalk.errors import ShelftalkError, UsageError
from shelftalk.evaluate import catalogs


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("SHELFTALK_HOME", str(new_home(tmp_path / "home")))
    monkeypatch.setattr(catalogs, "load_embedder", lambda name, home: HashEmbedder())
    return write_suite(tmp_path / "suite")


def shelftalk(*arguments: object):
    return CliRunner().invoke(app, ["eval", *map(str, arguments)], catch_exceptions=False, env={"COLUMNS": "160"})


def test_a_run_tells_its_means_and_a_second_one_that_nothing_changed(own, tmp_path) -> None:
    command = ("run", own, "--variant", "strategy=none", "--out", tmp_path / "runs")
    first = shelftalk(*command)
    assert first.exit_code == 0
    assert "6 requests in" in first.stderr
    assert "mrr" in first.stdout
    second = shelftalk(*command)
    assert "nothing changed since this run" in second.stderr
    assert second.stdout == first.stdout


def test_several_variants_stand_side_by_side_and_can_be_compared(own, tmp_path) -> None:
    result = shelftalk("run", own, "--variant", "strategy=none,k=1|2", "--out", tmp_path / "runs")
    assert "strategy=none,k=1" in result.stdout
    assert "strategy=none,k=2" in result.stdout
    folders = sorted(p.name for p in (tmp_path / "runs").iterdir())
    assert folders == ["strategy=none_k=1", "strategy=none_k=2"]
    assert "shelftalk eval compare" in result.stderr


def test_every_variant_is_checked_before_the_first_is_run(own, tmp_path) -> None:
    with pytest.raises(ShelftalkError, match="rank.strategy"):
        shelftalk("run", own, "--variant", "strategy=none|loud", "--out", tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_requests_that_failed_are_told_with_the_first_reason(tmp_path, own) -> None:
    own = write_suite(tmp_path / "suite", [*REQUESTS, {"id": "r7", "request": ""}])
    told = shelftalk("run", own, "--variant", "strategy=none", "--out", tmp_path / "runs").stderr
    assert "1 failed" in told
    assert "the first that failed is 'r7': the request is empty" in told


def test_a_replaced_run_says_what_had_changed(own, tmp_path) -> None:
    shelftalk("run", own, "--out", tmp_path / "runs", "--variant", "name=a,strategy=none")
    result = shelftalk("run", own, "--out", tmp_path / "runs", "--variant", "name=a,strategy=none,k=1")
    assert "made with other settings, and was replaced" in result.stderr


def test_the_shipped_suites_are_listed() -> None:
    result = shelftalk("list")
    assert {"demo", "chorus", "productqa-search"} <= {line.split()[0] for line in result.stdout.splitlines()}


def test_a_suite_is_shown_with_examples(own) -> None:
    result = shelftalk("show", own, "--examples", "2")
    assert "6 requests of split all" in result.stdout
    assert REQUESTS[0]["request"] in result.stdout
    assert "slices: kind, turns, words" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["demo", "--variant", "stratgy=none"], "unknown key 'stratgy'"),
        (["nowhere"], "there is no suite 'nowhere'"),
        (["chorus", "--data", "missing-folder"], "no such folder"),
    ],
)
def test_what_is_wrong_is_told(tmp_path, arguments, message) -> None:
    with pytest.raises(UsageError, match=message):
        shelftalk("run", *arguments, "--out", tmp_path)


def test_showing_a_suite_finds_what_a_run_would_stop_at(own) -> None:
    requests = own.parent / "requests.jsonl"
    whole = requests.read_text()
    for before, after in (('"gold": ["k1", "k2"]', '"gold": ["k1", "k99"]'), ('"request": "a kettle under 35"', '"request": "a kettle under 35", "candidates": ["k99"]')):  # fmt: skip
        requests.write_text(whole.replace(before, after))
        for command in (("show", own), ("run", own, "--variant", "strategy=none", "--out", own.parent / "runs")):
            with pytest.raises(UsageError, match=r"requests\.jsonl, line 2: names product 'k99'"):
                shelftalk(*command)
    requests.write_text(whole)
    own.write_text(own.read_text().replace("explain: record", "explain: recrod"))
    with pytest.raises(UsageError, match=r"explain\.mode: .*recrod"):
        shelftalk("show", own)


def test_what_a_suite_shows_of_requests_and_columns_cannot_steer_the_terminal(tmp_path) -> None:
    hostile = "\x1b[31mred [bold]x[/bold]"
    suite = write_suite(tmp_path, [{"id": "r1", "request": hostile, "columns": {hostile: "a"}}])
    shown = shelftalk("show", suite).stdout
    assert "\x1b" not in shown
    assert shown.count("[bold]x[/bold]") == 2


def test_a_prompt_that_no_model_is_asked_with_is_told(own, tmp_path) -> None:
    command = ("run", own, "--variant", "strategy=none,prompt.rank=listwise@2", "--out", tmp_path / "runs")
    for _ in range(2):
        told = " ".join(shelftalk(*command).stderr.split())
        assert "prompt.rank=listwise@2 is given, but no model is asked with it: set strategy to listwise" in told


def test_rows_of_a_feed_that_were_left_out_are_told_each_time(own, tmp_path) -> None:
    feed = own.parent / "products.jsonl"
    feed.write_text(feed.read_text() + '{"id": "k9"}\n')
    for _ in range(2):
        told = shelftalk("run", own, "--variant", "strategy=none", "--out", tmp_path / "runs").stderr
        assert "1 row of the feed of catalogue 'main' could not be read and is left out" in told
        assert "products.jsonl.rejects.jsonl" in told


def test_figures_of_whole_runs_stand_in_the_table_with_their_intervals(tmp_path, own) -> None:
    suite = write_suite(tmp_path / "other", metrics=["coverage@3", "latency_ms"])
    table = shelftalk("run", suite, "--variant", "strategy=none", "--out", tmp_path / "runs").stdout
    [coverage] = [line for line in table.splitlines() if "coverage@3" in line]
    assert "(" in coverage
    assert "n=6" in coverage
    assert ".low" not in table


@pytest.mark.model
def test_a_killed_run_goes_on_with_the_same_command(tmp_path, home) -> None:
    """kill -9 in the middle, the same command again: no answer is lost, none is asked twice."""
    command = [
        sys.executable, "-m", "shelftalk", "eval", "run", "demo", "--variant", "strategy=none", "--limit", "40",
        "--batch", "2", "--out", str(tmp_path),
    ]  # fmt: skip
    environment = {**os.environ, "SHELFTALK_HOME": str(home)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    partial = tmp_path / "strategy=none" / "answers.partial.jsonl"
    give_up = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < give_up:
        if partial.exists() and partial.read_bytes().count(b"\n") > 5:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.05)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    kept = partial.read_bytes().count(b"\n") - 1
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert 5 <= kept < 40
    if "made with other code" in " ".join(again.stderr.split()):
        pytest.skip("the package's code was edited between the two runs")
    assert "resumed where it was interrupted, 40 requests in all" in " ".join(again.stderr.split())
