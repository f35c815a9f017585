"""`shelftalk exposure` on a small catalogue: JSON and plain, a file of requests or the database's, and clear errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.fakes import HashEmbedder
from tests.pipeline.shop import PRODUCTS
from typer.testing import CliRunner

from shelftalk.catalog import Catalog
from shelftalk.cli.main import app
from shelftalk.errors import PARTIAL
from shelftalk.server.db import Conversations, connect, migrate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exposure") / "catalog"
    Catalog.open(folder, create=True, embedder=HashEmbedder()).upsert(PRODUCTS)
    return folder


@pytest.fixture
def run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr("shelftalk.catalog.embed.load_embedder", lambda name, home: HashEmbedder())
    monkeypatch.setenv("SHELFTALK_UNDERSTAND__MODE", "rules")
    monkeypatch.setenv("SHELFTALK_SERVE__DATABASE", f"sqlite:///{tmp_path}/serve.db")

    def call(*arguments: str) -> Any:
        return CliRunner().invoke(app, ["exposure", *arguments, "--catalog", str(folder)], catch_exceptions=True)

    return call


def test_a_file_of_requests(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "requests.jsonl"
    path.write_text('{"request": "red kettle"}\n{"request": "Red  kettle"}\n{"request": 5}\n')
    done = run("k3", "--requests", str(path), "--json")
    assert done.exit_code == PARTIAL
    told = json.loads(done.stdout)
    assert told["product_id"] == "k3"
    assert [(p["request"], p["times"], p["source"]) for p in told["requests"]["fits"]] == [("red kettle", 2, "file")]
    assert "no request in line 3" in done.output


def test_the_requests_of_past_conversations(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    engine = connect(f"sqlite:///{tmp_path}/serve.db")
    migrate(engine)
    talks = Conversations(engine)
    for text in ("kettle for tea", "KETTLE for tea", "cheapest kettle"):
        talks.add(talks.create(""), "", text, "", {"picks": []})
    told = json.loads(run("k1", "--json").stdout)
    found = {p["request"].casefold(): (p["times"], p["source"]) for p in told["requests"]["fits"]}
    assert found == {"cheapest kettle": (1, "past"), "kettle for tea": (2, "past")}


def test_without_past_requests_plain_lines_of_written_ones(run) -> None:  # type: ignore[no-untyped-def]
    done = run("k1")
    assert done.exit_code == 0
    assert "Kettles: cheapest (price): Picked, number 1" in done.stdout


def test_an_unknown_product_and_an_unreadable_file_are_clear_errors(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert "no product 'nope' in the catalogue" in str(run("nope").exception)
    assert "cannot be read" in str(run("k1", "--requests", str(tmp_path / "none.jsonl")).exception)
    (tmp_path / "bad.jsonl").write_text('{"words": "x"}\n')
    assert "line 1: 'request' must be a text" in str(run("k1", "--requests", str(tmp_path / "bad.jsonl")).exception)
