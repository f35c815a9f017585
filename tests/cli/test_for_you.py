"""`shelftalk for-you` and `ask --user`: lists and answers from what the database knows of a user."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shelftalk.cli.main import app
from shelftalk.errors import UsageError
from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.server.db import Interactions, connect, migrate
from shelftalk.values import Interaction

KEY = "k" * 40


@pytest.fixture
def call(demo_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls a command over the demo, whose user "anna" bought two lamps on different days."""
    url = f"sqlite:///{tmp_path}/serve.db"
    engine = connect(url)
    migrate(engine)
    for name, value in {"PRIVACY__KEY": KEY, "UNDERSTAND__MODE": "rules", "EXPLAIN__MODE": "record", "RANK__STRATEGY": "none"}.items():  # fmt: skip
        monkeypatch.setenv(f"SHELFTALK_{name}", value)
    who = Pseudonyms(KEY).of("anna")
    days = (datetime.now(UTC) - timedelta(days=n) for n in (40, 30))
    lamps = zip(("LAMP-116", "LAMP-119"), days, strict=True)
    Interactions(engine).put([Interaction(who, "purchase", at, lamp, f"i-{lamp}") for lamp, at in lamps])

    def called(command: str, *arguments: str) -> Result:
        where = ["--catalog", str(demo_catalog), "--database", url]
        return CliRunner().invoke(app, [command, *arguments, *where], env={"COLUMNS": "200"})

    return called


def test_a_list_cites_what_was_done_and_leaves_out_what_is_owned(call: Any) -> None:
    result = call("for-you", "anna", "--k", "6", "--json")
    assert result.exit_code == 0, result.output
    picks = json.loads(result.stdout)["picks"]
    assert {"LAMP-116", "LAMP-119"}.isdisjoint(p["product_id"] for p in picks)
    assert any("that you bought" in p["reason"] for p in picks)
    assert "anna" not in result.stdout


def test_a_list_for_nobody_is_printed_with_reasons(call: Any) -> None:
    result = call("for-you", "--k", "2")
    assert result.exit_code == 0, result.output
    assert "1. " in result.stdout
    assert "reviews." in result.stdout
    assert "3. " not in result.stdout


def test_an_unknown_user_gets_the_list_of_a_stranger(call: Any) -> None:
    stranger, nobody = call("for-you", "zoe", "--json"), call("for-you", "--json")
    assert [p["product_id"] for p in json.loads(stranger.stdout)["picks"]] == [
        p["product_id"] for p in json.loads(nobody.stdout)["picks"]
    ]


def test_an_answer_to_a_known_user_does_not_sell_the_same_again(call: Any) -> None:
    result = call("ask", "a desk lamp", "--user", "anna", "--k", "20", "--json")
    assert result.exit_code == 0, result.output
    picks = json.loads(result.stdout)["picks"]
    again = [p for p in picks if p["product_id"] in ("LAMP-116", "LAMP-119")]
    assert all("You bought this" in p["reason"] for p in again)
    assert picks[0] not in again


def test_a_file_of_requests_takes_no_user(call: Any, tmp_path: Path) -> None:
    result = call("ask", "--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--user", "anna")
    assert isinstance(result.exception, UsageError)
    assert "--user or --input, not both" in str(result.exception)
