"""`shelftalk gaps`: over the server's database and over a file of answers; hostile words stay words on every face."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from shelftalk.cli.main import app
from shelftalk.errors import PARTIAL, UsageError
from shelftalk.server.db import Gaps, connect, migrate
from shelftalk.server.db.gaps import DailyGap, catalog_name, day
from shelftalk.values import Answer, Intent

FORMULAS = ("=1+1 lid", "+cmd|' /C calc'!A0", "-2+3 rim", "|calc", "＝1+2 wide")


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The address of a database that holds some counts."""
    url = f"sqlite:///{tmp_path}/serve.db"
    engine = connect(url)
    migrate(engine)
    Gaps(engine).add(
        [
            DailyGap("a", "wish", "dri easi", ("Tents",), day(), "easy to dry", 3, 2),
            DailyGap("b", "wish", "dri easi", ("Awnings", "Tents"), day(40), "dries easy"),
            DailyGap("b", "need", "violin", (), day(2), "violin [bold]x[/bold] \x1b[31m"),
        ]
    )
    return url


def _gaps(*arguments: str) -> Result:
    """Of all catalogues, unless one is named."""
    if not {"--input", "--catalog", "--all-catalogs", "--own"} & set(arguments):
        arguments = (*arguments, "--all-catalogs")
    arguments = tuple(a for a in arguments if a != "--own")
    return CliRunner().invoke(app, ["gaps", *arguments], env={"COLUMNS": "160"})


def _json(*arguments: str) -> list[dict[str, Any]]:
    result = _gaps("--json", *arguments)
    assert result.exit_code == 0, result.output
    return list(json.loads(result.stdout))


def test_the_commonest_are_shown_first_with_kinds_and_days(database: str) -> None:
    assert _json("--database", database)[0] == {
        "what": "wish", "words": "dries easy", "requests": 4, "conversations": 3, "kinds": {"Tents": 4, "Awnings": 1},
        "first_seen": day(40), "last_seen": day(),
    }  # fmt: skip
    shown = _gaps("--database", database)
    assert "Tents 4, Awnings 1" in shown.stdout
    assert shown.stdout.index("dries easy") < shown.stdout.index("violin")
    assert "[bold]x[/bold]" in shown.stdout
    assert "\x1b" not in shown.stdout


def test_a_look_can_be_narrowed(database: str) -> None:
    at = ("--database", database)
    assert [g["requests"] for g in _json(*at, "--since", "7d")] == [3, 1]
    assert [g["requests"] for g in _json(*at, "--since", day(), "--tenant", "a")] == [3]
    assert [g["requests"] for g in _json(*at, "--kind", "awnings")] == [1]
    assert [g["what"] for g in _json(*at, "--at-least", "2")] == ["wish"]
    assert len(_json(*at, "--limit", "1")) == 1
    assert "nothing was counted" in _gaps(*at, "--kind", "Kettles").stderr


def test_what_was_counted_can_be_forgotten(database: str) -> None:
    at = ("--database", database)
    assert "2 counts are deleted" in _gaps(*at, "--forget", "--words", "easy, dry").stderr
    assert [g["what"] for g in _json(*at)] == ["need"]
    assert "0 counts are deleted" in _gaps(*at, "--forget", "--tenant", "a").stderr
    assert "1 counts are deleted" in _gaps(*at, "--forget").stderr
    assert _json(*at) == []


def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path) -> None:
    answers = [Answer("", f, Intent(unanswered=(f,), kinds=(f, 'a,"b"\nc'))).to_dict() for f in FORMULAS]
    source = tmp_path / "answers.jsonl"
    source.write_text("".join(json.dumps(a) + "\n" for a in answers), encoding="utf-8")
    printed = _gaps("--input", str(source), "--csv")
    rows = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert len(rows) == len(FORMULAS)
    assert {row["words"][0] for row in rows} == {"'"}
    assert not any(cell.startswith(tuple("=+-@|\t\r")) for row in rows for cell in row.values())


def test_a_file_of_answers_is_counted_without_a_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFTALK_SERVE__DATABASE", "postgresql://nobody@127.0.0.1:1/x")
    wish = Answer("1", "a tent that is easy to dry", Intent(unanswered=("easy to dry",), kinds=("Tents",)))
    need = Answer("2", "a violin under 80", Intent(query="violin"), no_match=True)
    old = {k: v for k, v in wish.to_dict()["intent"].items() if k not in ("criteria", "unanswered", "kinds")}
    lines = [
        wish.to_dict(),
        wish.to_dict(),
        need.to_dict(),
        {**wish.to_dict(), "intent": old},
        {"id": "3", "error": "empty"},
    ]
    source = tmp_path / "answers.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [(g["what"], g["words"], g["requests"], g["kinds"], g["last_seen"]) for g in _json("--input", str(source))] == [
        ("wish", "easy to dry", 2, {"Tents": 2}, None), ("need", "violin", 1, {}, None),
    ]  # fmt: skip
    with source.open("a") as more:
        more.write("\nno json\n[1]\n{}\n")
    broken = _gaps("--input", str(source), "--json")
    assert broken.exit_code == PARTIAL
    assert len(json.loads(broken.stdout)) == 2
    assert "no answers in lines 7, 8, 9" in broken.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--json", "--csv"), "not both"),
        (("--since", "yesterday"), "'yesterday' is no day"),
        (("--words", "x"), "--forget"),
        (("--forget", "--kind", "Tents"), "--kind"),
        (("--input", "{missing}"), "cannot be read"),
        (("--input", "{empty}"), "holds no answer"),
        (("--input", "{empty}", "--since", "7d"), "--since"),
    ],
)
def test_what_cannot_be_is_told(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    given = [a.format(missing=tmp_path / "missing", empty=tmp_path / "empty") for a in arguments]
    error = _gaps(*given).exception
    assert isinstance(error, UsageError)
    assert said in str(error)


def test_the_counts_are_those_of_the_catalogue_that_ask_uses(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("shoes", "lamps"):
        heard = [DailyGap("", "wish", name, (), day(), f"{name} that glow")]
        Gaps(connect(database), catalog_name(tmp_path / name)).add(heard)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHELFTALK_CATALOG", "shoes")
    at = ("--database", database)
    assert [g["words"] for g in _json(*at, "--own")] == ["shoes that glow"]
    assert [g["words"] for g in _json(*at, "--catalog", "lamps")] == ["lamps that glow"]
    assert len(_json(*at, "--all-catalogs")) == 4
    none = _gaps(*at, "--catalog", "hats").stderr
    assert "nothing was counted" in none
    assert f"{tmp_path}/lamps" in none.replace("\n", "")
    assert "1 counts are deleted" in _gaps(*at, "--own", "--forget").stderr
    assert len(_json(*at, "--all-catalogs")) == 3
    assert isinstance(_gaps(*at, "--catalog", "hats", "--all-catalogs").exception, UsageError)
