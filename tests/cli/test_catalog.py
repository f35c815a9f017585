from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.fakes import HashEmbedder
from typer.testing import CliRunner, Result

from shelftalk.catalog import Catalog
from shelftalk.cli.catalog import app
from shelftalk.errors import PARTIAL, CatalogError, FeedError, ShelftalkError, UsageError

ROWS: list[dict[str, Any]] = [
    {"id": "1", "title": "Red [bold]lamp[/bold]\u001b[31m\u202e", "price": "19.90", "currency": "EUR", "brand": "Sony",
     "attributes": {"watts": 40, "[red]x[/red]": "v\u0007"}},
    {"id": "2", "title": "Blue lamp", "price": "5", "currency": "EUR", "brand": "LG", "attributes": {"watts": 60.5}},
    {"id": "3", "title": "Table", "price": "100.00", "currency": "EUR"},
]  # fmt: skip


@pytest.fixture(autouse=True)
def hashed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """New catalogues are embedded by the test's own embedder, and no setting of the machine counts."""
    monkeypatch.setattr("shelftalk.catalog.embed.load_embedder", lambda *_: HashEmbedder())
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    path = tmp_path / "feed.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in ROWS))
    return path


@pytest.fixture
def shop(tmp_path: Path, feed: Path) -> Path:
    folder = tmp_path / "shop"
    assert call("import", feed, "--catalog", folder).exit_code == 0
    return folder


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def error(result: Result) -> ShelftalkError:
    assert isinstance(result.exception, ShelftalkError), result.exception
    return result.exception


def test_import_prints_the_counts(tmp_path: Path, feed: Path) -> None:
    result = call("import", feed, "--catalog", tmp_path / "shop")
    assert result.exit_code == 0
    assert "3 rows read: 3 products added, 0 updated, 0 unchanged, 0 rows rejected; 3 embedded" in result.stdout
    again = call("import", feed, "--catalog", tmp_path / "shop", "--json")
    assert json.loads(again.stdout)["unchanged"] == 3


def test_import_leaves_with_the_partial_code_when_rows_were_rejected(tmp_path: Path, feed: Path) -> None:
    with feed.open("a") as out:
        out.write('{"title": "no id"}\n')
    result = call("import", feed, "--catalog", tmp_path / "shop", "--rejects", tmp_path / "bad.jsonl", "--batch", 2)
    assert result.exit_code == PARTIAL
    assert "1 rows rejected" in result.stdout
    assert str(tmp_path / "bad.jsonl") in result.stdout.replace("\n", "")
    assert json.loads((tmp_path / "bad.jsonl").read_text())["line"] == 4


def test_import_names_what_was_left_out_and_what_was_mended(tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_text(
        '<rss xmlns:g="http://base.google.com/ns/1.0"><item><g:id>1</g:id><g:title>A & B</g:title>\n<g:price>7 kr</g:price>'
        "<g:rating>great</g:rating></item></rss>"
    )
    result = call("import", feed, "--catalog", tmp_path / "shop", "--currency", "dkk")
    assert result.exit_code == 0
    assert 'mended: raw "&" or "<" read as text (1)' in result.stdout
    assert "1 values left out: " in result.stdout
    told = json.loads(call("import", feed, "--catalog", tmp_path / "shop", "--json").stdout)
    assert (told["dropped"], told["mended"]) == (2, {'raw "&" or "<" read as text': 1})
    held = [json.loads(line) for line in Path(told["dropped_path"]).read_text().splitlines()]
    assert [(row["line"], row["id"], row["field"]) for row in held] == [(1, "1", "currency"), (1, "1", "rating")]


def test_an_unreadable_feed_is_a_feed_error_and_makes_no_catalogue(tmp_path: Path) -> None:
    assert isinstance(error(call("import", tmp_path / "none.jsonl", "--catalog", tmp_path / "shop")), FeedError)
    assert not (tmp_path / "shop").exists()


def test_show_prints_untrusted_text_without_markup_or_control_characters(shop: Path) -> None:
    result = call("show", 1, "--catalog", shop)
    assert result.exit_code == 0
    assert "Red [bold]lamp[/bold]" in result.stdout
    assert "[red]x[/red]: v" in result.stdout
    assert "price: 19.90" in result.stdout
    assert not {"\u001b", "\u202e", "\u0007"} & set(result.stdout)


def test_show_as_json_is_the_product_in_the_native_schema(shop: Path) -> None:
    assert json.loads(call("show", 2, "--catalog", shop, "--json").stdout) == {**ROWS[1]}


def test_an_unknown_product_and_an_unknown_catalogue_are_catalogue_errors(shop: Path, tmp_path: Path) -> None:
    assert "'nine'" in str(error(call("show", "nine", "--catalog", shop)))
    assert isinstance(error(call("stats", "--catalog", tmp_path / "none")), CatalogError)
    assert not (tmp_path / "none").exists()


def test_stats_say_how_many_products_there_are(shop: Path) -> None:
    told = [call("stats", "--catalog", shop, *more) for more in ((), ("--json",))]
    assert [result.exit_code for result in told] == [0, 0], [result.exception for result in told]
    assert "products     3" in told[0].stdout
    found = json.loads(told[1].stdout)
    assert (found["products"], found["price_min"], found["price_max"]) == (3, "5", "100.00")


def test_facets_are_listed_with_kind_range_and_values(shop: Path) -> None:
    printed = call("facets", "--catalog", shop).stdout
    assert "brand" in printed
    assert "40 to 60.5" in printed
    one = json.loads(call("facets", "--catalog", shop, "--field", "watts", "--json").stdout)
    assert [(f["field"], f["kind"], f["minimum"], f["maximum"]) for f in one["facets"]] == [
        ("watts", "number", 40, 60.5)
    ]
    assert isinstance(error(call("facets", "--catalog", shop, "--field", "smell")), UsageError)


def test_remove_takes_out_what_is_there_and_names_what_is_not(shop: Path) -> None:
    result = call("remove", "1", "ghost", "2", "--catalog", shop)
    assert "2 products removed, 1 left" in result.stdout
    assert "'ghost'" in str(error(result))
    assert call("remove", "3", "--catalog", shop).exit_code == 0


def test_an_export_is_a_feed_that_makes_the_same_catalogue(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert call("export", out, "--catalog", shop).exit_code == 0
    assert out.read_text() == call("export", "-", "--catalog", shop).stdout
    assert call("import", out, "--catalog", tmp_path / "copy").exit_code == 0
    original, copy = (list(Catalog.open(p).products()) for p in (shop, tmp_path / "copy"))
    assert original == copy
    assert len(copy) == 3


def test_an_export_that_cannot_be_written_leaves_the_old_file(shop: Path, tmp_path: Path) -> None:
    assert isinstance(error(call("export", tmp_path / "no" / "folder.jsonl", "--catalog", shop)), ShelftalkError)


def test_progress_on_no_terminal_is_plain_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from rich.console import Console

    from shelftalk.catalog.importer import ImportStatus
    from shelftalk.cli import progress

    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    with progress.ImportProgress(Console(stderr=True), "feed[bold].jsonl") as shown:
        shown.show(ImportStatus(10, 1, 9))
    written = capsys.readouterr()
    assert written.out == ""
    assert "importing feed[bold].jsonl: 10 rows, 9 products in" in written.err
    assert "1 rejected" in written.err


def test_progress_on_a_terminal_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    from rich.console import Console

    from shelftalk.catalog.importer import ImportStatus
    from shelftalk.cli import progress

    out = io.StringIO()
    with progress.ImportProgress(Console(file=out, force_terminal=True, width=150), "feed") as shown:
        shown.show(ImportStatus(10, 1, 9, 50, 100))
    assert "50%" in out.getvalue()
    assert "10 rows" in out.getvalue()


def test_import_says_what_a_column_was_taken_for_and_that_there_are_no_kinds(tmp_path: Path) -> None:
    table = tmp_path / "shop.csv"
    table.write_text("id,title,department,washable\n1,Rug,Floors,yes\n2,Lamp,Lights,no\n")
    told = call("import", table, "--catalog", tmp_path / "shop").stdout
    assert "read as categories: department" in told
    assert "read as yes or no: washable" in told
    assert "no product has a category" not in told
    table.write_text("id,title,washable\n1,Rug,yes\n2,Lamp,no\n")
    bare = call("import", table, "--catalog", tmp_path / "bare")
    assert bare.exit_code == 0
    assert "no product has a category" in bare.stdout
    again = json.loads(call("import", table, "--catalog", tmp_path / "bare", "--json").stdout)
    assert (again["no_kinds"], again["read_as"]) == (True, {"washable": "yes or no"})
