"""`shelftalk experiment`: started, shown and stopped from the command line, and off-policy estimates from logs."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner

from shelftalk.cli.main import app
from shelftalk.errors import ShelftalkError, UsageError
from shelftalk.experiments.experiment import Unit
from shelftalk.experiments.slates import draw
from shelftalk.server.db import Experiments, Interactions, connect
from shelftalk.server.db.tables import now
from shelftalk.values import Interaction, Slate


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path / "home"))
    return f"sqlite:///{tmp_path}/serve.db"


def run(database: str, *arguments: str) -> str:
    found = CliRunner().invoke(app, ["experiment", *arguments, "--database", database], env={"COLUMNS": "200"})
    assert found.exit_code == 0, found.output + repr(found.exception)
    return str(found.output)


def failed(database: str, *arguments: str) -> str:
    found = CliRunner().invoke(app, ["experiment", *arguments, "--database", database])
    assert isinstance(found.exception, ShelftalkError), found.output
    return str(found.exception)


START = ("start", "greeting", "--variant", "control", "--variant", "short:k=1,explain=record")


def test_an_experiment_is_started_watched_changed_and_stopped(database: str) -> None:
    said = run(
        database, *START, "--metric", "purchase", "--guardrail", "latency_ms:10%", "--weights", "control=80,short=20", "--share", "0.5",
        "--window", "12h",
    )  # fmt: skip
    assert "greeting runs on 50% of the traffic: control 80%, short 20%" in said
    (listed,) = json.loads(run(database, "list", "--json"))
    assert listed["window_s"] == 12 * 3600
    assert listed["guardrails"] == [{"metric": "latency_ms", "margin": 0.1, "relative": True}]
    assert "k=1,explain=record" in run(database, "list")
    store, begin = Experiments(connect(database)), now() - timedelta(days=3)
    for i in range(6):
        store.expose("greeting", ("control", "short")[i % 2], Unit("", f"u{i}"), ms=100 + i, picks=3, at=begin)
    Interactions(store._engine).put([Interaction("u1", "purchase", begin + timedelta(hours=1), "K1")])
    status = run(database, "status", "greeting")
    assert "running since" in status
    assert "control 3 of 3, short 3 of 3" in status
    assert "Too early: 3 units of short or its control are through their window, 200 are needed." in status
    assert "1 purchases have no price" in status
    report = run(database, "report", "greeting")
    assert "33.33%" in report
    assert "guardrail: open" in report
    told = json.loads(run(database, "report", "greeting", "--json"))
    assert told["report"]["metrics"][0]["values"] == {"control": 0.0, "short": pytest.approx(1 / 3)}
    assert told["report"]["method"].startswith("asymptotic confidence sequence")
    run(database, "change", "greeting", "--weights", "control=1,short=1", "--share", "1")
    assert json.loads(run(database, "list", "--json"))[0]["phases"][-1]["shares"] == {"control": 0.5, "short": 0.5}
    assert "is stopped" in run(database, "stop", "greeting", "--why", "enough")
    assert json.loads(run(database, "list", "--json"))[0]["why"] == "enough"
    assert "was stopped" in failed(database, "stop", "greeting")


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("start", "x", "--variant", "control"), "2 to 8 variants"),
        (("start", "x", "--variant", "control", "--variant", "b:modle=1"), "unknown key"),
        (("start", "x", "--variant", "control", "--variant", "b:model=other"), "which a server has one of"),
        (("start", "x", "--variant", "control", "--variant", "b:prompt.rank=gone@3"), "variant 'b'"),
        (("start", "x", "--variant", "control", "--variant", "b:adapter=/nowhere"), "variant 'b'"),
        ((*START, "--metric", "profit"), "no metric"),
        ((*START, "--window", "soon"), "12h or 7d"),
        ((*START, "--share", "1.5"), "at most 1"),
        (("status", "none"), "experiment list"),
        (("change", "none"), "--weights or --share"),
        (("logs", "--output", "x", "--reward", "sale"), "no reward 'sale'"),
    ],
)
def test_what_cannot_be_is_told_with_what_to_do(arguments: tuple[str, ...], told: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shelftalk.server.arms.choose_engine", lambda settings, batch: ("transformers", "set"))
    assert told in failed(database, *arguments)
    assert not (tmp_path / "x").exists()


def drawn(database: str, lists: int = 80) -> None:
    """Lists drawn among three products; whoever is shown "c" first clicks it."""
    CliRunner().invoke(app, ["experiment", "list", "--database", database])
    store, random = Experiments(connect(database)), Random(2)
    ids, scores = ("a", "b", "c"), (1.0, 0.9, 0.8)
    clicks = []
    for i in range(lists):
        order, chances = draw(scores, 2, 0.5, random)
        shown = tuple(ids[j] for j in order)
        unit = Unit("shop", f"u{i}") if i % 2 else Unit("shop", "", f"s{i}")
        store.drawn(
            Slate(ids, scores, shown, chances, 0.5, tuple({"dense": s} for s in (0.1, 0.2, 0.9))), unit, "a tent", keep=i < 5, context="h"
        )  # fmt: skip
        if shown[0] == "c":
            clicks.append(Interaction(unit.user, "click", now() + timedelta(minutes=1), "c", session=unit.session))
        clicks.append(Interaction(unit.user, "click", now() + timedelta(days=3), "a", session=unit.session))
        clicks.append(Interaction(unit.user, "view", now() + timedelta(minutes=1), "b", session=unit.session))
    Interactions(store._engine).put(clicks, tenant="shop")


def test_lists_that_were_drawn_become_logs_with_rewards_and_estimates(database: str, tmp_path: Path) -> None:
    drawn(database)
    logs = tmp_path / "logs.jsonl"
    assert "80 lists" in run(database, "logs", "--output", str(logs), "--window", "1h")
    known = json.loads((tmp_path / "home" / "outputs.json").read_text())["files"]
    assert known == {str(logs.resolve()): "logged lists"}
    lines: list[dict[str, Any]] = [json.loads(line) for line in logs.read_text().splitlines()]
    assert all(line["rewards"] == [float(line["shown"][0] == "c"), 0.0] for line in lines)
    assert sum(line["request"] is not None for line in lines) == 5
    assert lines[0]["unit"] == "s0"
    logs.write_text(logs.read_text() + "{}\n")
    policies = ["--policy", "greedy", "--policy", "temperature=0.5", "--policy", "score:dense", "--policy", "uniform"]
    found = CliRunner().invoke(app, ["experiment", "offpolicy", "--logs", str(logs), "--json", *policies])
    assert found.exit_code == 0, repr(found.exception)
    rows = json.loads(found.stdout)
    value = {(row["policy"], row["estimator"]): row["value"] for row in rows}
    assert value["greedy", "SNIPS"] == 0, "which shows a first"
    assert value["score:dense", "SNIPS"] == 1, "which shows c first"
    mean = sum(sum(line["rewards"]) for line in lines) / 80
    assert value["temperature=0.5", "IPS"] == pytest.approx(mean)
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows)
    assert "81: no logged list" in found.stderr
    shown = CliRunner().invoke(
        app, ["experiment", "offpolicy", "--logs", str(logs), "--policy", "uniform"], env={"COLUMNS": "160"}
    )
    assert "effective lists" in shown.stdout


@pytest.mark.parametrize(
    "policy, told",
    [
        ("temperature=hot", "no number"), ("temperature=0", "greedy"), ("score:fame", "no score 'fame'; there is: dense"),
        ("k=2", "explore.keep_requests"), ("nonsense=1", "unknown key"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_estimated_is_told(policy: str, told: str, database: str, tmp_path: Path) -> None:
    drawn(database, 6)
    run(database, "logs", "--output", str(tmp_path / "logs.jsonl"))
    path = tmp_path / "logs.jsonl"
    path.write_text(
        "".join(json.dumps({**json.loads(x), "request": None}) + "\n" for x in path.read_text().splitlines())
    )
    found = CliRunner().invoke(app, ["experiment", "offpolicy", "--logs", str(path), "--policy", policy])
    assert isinstance(found.exception, UsageError)
    assert told in str(found.exception)
