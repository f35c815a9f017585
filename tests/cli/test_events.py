"""`shelftalk events`: files go in once, what is in is listed, counted, written out and merged; what is wrong is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.fakes import HashEmbedder
from typer.testing import CliRunner, Result

from shelftalk.catalog import Catalog
from shelftalk.cli.main import app
from shelftalk.errors import PARTIAL, CatalogError, FeedError, UsageError
from shelftalk.values import Product

ROWS = """id,user,event,product,time,price,currency
1,ada@example.org,view,p1,2026-05-01T10:00:00Z,,
2,ada@example.org,purchase,p1,2026-05-01T11:00:00Z,9.90,EUR
3,eve,view,p2,2026-05-02T10:00:00Z,,
4,eve,view,p9,2026-05-03T10:00:00Z,,
5,eve,refund,p1,2026-05-03T11:00:00Z,,
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a catalogue, a database of its own and a file of events."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHELFTALK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SHELFTALK_SERVE__DATABASE", f"sqlite:///{tmp_path}/db/serve.db")
    products = [Product(id=f"p{i}", title=f"Kettle {i}") for i in (1, 2)]
    Catalog.open(tmp_path / "catalog", create=True, embedder=HashEmbedder()).upsert(products)
    (tmp_path / "events.csv").write_text(ROWS)
    return tmp_path


def events(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["events", *arguments], env={"COLUMNS": "200"})


def told(*arguments: str) -> Any:
    result = events(*arguments, "--json")
    assert result.exit_code in (0, PARTIAL), result.output
    return json.loads(result.stdout)


def test_a_file_goes_in_and_every_row_is_accounted_for(shop: Path) -> None:
    result = events("import", "events.csv", "--rejects", "left.jsonl")
    assert result.exit_code == PARTIAL
    assert "5 rows read: 3 accepted, 0 there before, 2 rejected, 0 skipped" in result.stdout
    assert "rejected: unknown_product (1) events.csv:5: product 'p9' is not in the catalogue" in result.stdout
    assert "rejected: unknown_kind (1) events.csv:6: kind 'refund' is not known" in result.stdout
    left = [json.loads(line) for line in (shop / "left.jsonl").read_text().splitlines()]
    assert [(one["line"], one["reason"]) for one in left] == [(6, "unknown_kind"), (5, "unknown_product")]
    assert "example.org" not in (shop / "left.jsonl").read_text() + result.stdout
    again = told("import", "events.csv", "--unknown", "keep")
    assert (again["accepted"], again["duplicates"], again["rejected"]["unknown_kind"]["count"]) == (1, 3, 1)


def test_a_dry_run_stores_nothing(shop: Path) -> None:
    dry = told("import", "events.csv", "--dry-run")
    assert (dry["accepted"], dry["dry_run"]) == (3, True)
    assert told("count") == {}
    events("import", "events.csv")
    assert told("import", "events.csv", "--dry-run")["duplicates"] == 3


def test_what_is_in_is_listed_by_user_and_counted(shop: Path) -> None:
    events("import", "events.csv")
    mine = told("list", "--user", "ada@example.org")
    assert [(i["kind"], i["product_id"]) for i in mine] == [("purchase", "p1"), ("view", "p1")]
    assert mine == told("list", "--user", mine[0]["user"])
    assert [i["id"] for i in told("list", "--since", "2026-05-01T11:00", "--until", "2026-05-02")] == ["2"]
    assert [i["id"] for i in told("list", "--limit", "1")] == ["1"]
    assert told("list", "--since", "1d") == []
    assert told("count") == {"view": 2, "purchase": 1}
    assert told("count", "--by", "product", "--limit", "1") == {"p1": 2}
    shown = events("list").stdout
    assert "purchase" in shown
    assert "9.90" in shown
    assert "purchase" in events("count").stdout


def test_what_is_written_out_goes_in_again_elsewhere_as_it_was(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events("import", "events.csv")
    before = told("list")
    assert events("export", "out.jsonl").exit_code == 0
    assert events("export", "-").stdout == (shop / "out.jsonl").read_text()
    assert list(json.loads((shop / "home" / "outputs.json").read_text())["files"].values()) == ["interactions"]
    assert len(events("export", "-", "--user", "eve").stdout.splitlines()) == 1
    monkeypatch.setenv("SHELFTALK_SERVE__DATABASE", f"sqlite:///{shop}/db/other.db")
    assert told("import", "out.jsonl")["accepted"] == 3
    assert told("list") == before


def test_users_are_merged(shop: Path) -> None:
    events("import", "events.csv")
    assert "2 interactions moved" in events("merge", "ada@example.org", "eve").stderr
    assert "0 interactions moved" in events("merge", "ada@example.org", "eve").stderr
    assert len(told("list", "--user", "eve")) == 3
    assert told("list", "--user", "eve") == told("list", "--user", "ada@example.org")


def test_the_key_lies_beside_the_database_and_no_file_there_holds_a_raw_id(shop: Path) -> None:
    events("import", "events.csv")
    files = {file.name: file.read_bytes() for file in (shop / "db").iterdir()}
    assert "privacy.key" in files
    assert not [name for name, held in files.items() if b"example.org" in held]
    (shop / "db" / "privacy.key").write_text("another key, " * 5)
    with pytest.raises(UsageError, match="another key of pseudonyms"):
        app(["events", "count"], standalone_mode=False)


def test_texts_lose_the_addresses_that_stand_in_them(shop: Path) -> None:
    (shop / "reviews.jsonl").write_text(
        json.dumps(
            {
                "user": "ada",
                "kind": "review",
                "product": "p1",
                "time": "2026-05-01",
                "text": "Leaks. Write to ada@example.org",
            }
        )
    )
    told("import", "reviews.jsonl")
    (one,) = told("list")
    assert one["text"].startswith("Leaks.")
    assert "ada@" not in one["text"]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (["import", "nowhere.csv"], FeedError, "no such file"),
        (["import", "events.csv", "--format", "xls"], UsageError, "'xls' is not known"),
        (["import", "events.csv", "--unknown", "maybe"], UsageError, "write reject or keep"),
        (["import", "events.csv", "--kind", "bang"], UsageError, "'bang' is not known"),
        (["import", "events.csv", "--zone", "Mars"], UsageError, "no time zone"),
        (["import", "events.csv", "--map", "who"], UsageError, "FIELD=COLUMN"),
        (["import", "events.csv", "--catalog", "nowhere"], CatalogError, "or --unknown keep"),
        (["list", "--user", "a", "--session", "b"], UsageError, "not both"),
        (["list", "--since", "soon"], UsageError, "30d"),
        (["count", "--by", "colour"], UsageError, "kind or product"),
        (["merge", "a", "a"], UsageError, "himself"),
    ],
)
def test_what_cannot_be_done_is_told(shop: Path, arguments: list[str], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        app(["events", *arguments], standalone_mode=False)
