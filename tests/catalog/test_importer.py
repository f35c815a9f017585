from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.catalog.fakes import HashEmbedder

from shelftalk.catalog import Catalog, import_feed
from shelftalk.catalog.importer import ImportReport, ImportStatus
from shelftalk.errors import CatalogError, FeedError, StorageError, UsageError


def rows(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [{"id": f"p{n}", "title": f"Lamp {n}", "price": "5.00", "currency": "EUR", **changes} for n in range(count)]


def write(path: Path, records: Iterable[dict[str, Any] | str]) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records), encoding="utf-8")
    return path


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shop"


def counts(report: ImportReport) -> tuple[int, ...]:
    return report.read, report.added, report.updated, report.unchanged, report.rejected, report.embedded


def test_a_feed_goes_in_and_the_counts_say_so(tmp_path: Path, folder: Path, embedder: HashEmbedder) -> None:
    feed = write(tmp_path / "feed.jsonl", rows(25))
    report = import_feed(feed, folder, batch=10, embedder=embedder)
    assert counts(report) == (25, 25, 0, 0, 0, 25)
    assert report.rejects_path is None
    catalog = Catalog.open(folder, embedder=embedder)
    assert catalog.count() == 25
    assert [i for i, _ in catalog.lexical("lamp 7", None, 1)] == ["p7"]


def test_the_same_feed_again_changes_nothing_and_embeds_nothing(
    tmp_path: Path, folder: Path, embedder: HashEmbedder
) -> None:
    feed = write(tmp_path / "feed.jsonl", rows(25))
    import_feed(feed, folder, batch=10, embedder=embedder)
    version = Catalog.open(folder, embedder=embedder).version
    assert counts(import_feed(feed, folder, batch=10, embedder=embedder)) == (25, 0, 0, 25, 0, 0)
    assert Catalog.open(folder, embedder=embedder).version == version


def test_only_products_whose_text_changed_are_embedded_again(
    tmp_path: Path, folder: Path, embedder: HashEmbedder
) -> None:
    feed = tmp_path / "feed.jsonl"
    import_feed(write(feed, rows(20)), folder, embedder=embedder)
    changed = rows(20, price="6.00")
    changed[3]["title"] = "Candle"
    report = import_feed(write(feed, [*changed, *rows(22)[20:]]), folder, embedder=embedder)
    assert counts(report) == (22, 2, 20, 0, 0, 3)


def test_bad_rows_are_left_out_with_line_field_value_and_reason(
    tmp_path: Path, folder: Path, embedder: HashEmbedder
) -> None:
    bad = [{"id": "x", "title": "X", "price": "cheap"}, {"id": "p1", "title": "Again"}, {"title": "No id"}, "{broken"]
    feed = write(tmp_path / "feed.jsonl", [*rows(3), *bad])
    report = import_feed(feed, folder, embedder=embedder)
    assert (report.read, report.added, report.rejected, report.dropped) == (7, 4, 3, 1)
    assert report.rejects_path == folder / "rejects" / "feed.jsonl.rejects.jsonl"
    rejects = [json.loads(line) for line in report.rejects_path.read_text().splitlines()]
    assert [r["line"] for r in rejects] == [5, 6, 7]
    assert rejects[0]["field"] == "id"
    assert "2" in rejects[0]["reason"]
    assert report.dropped_path == folder / "rejects" / "feed.jsonl.dropped.jsonl"
    (dropped,) = (json.loads(line) for line in report.dropped_path.read_text().splitlines())
    assert (dropped["line"], dropped["id"], dropped["field"], dropped["value"]) == (4, "x", "price", "cheap")
    assert dropped["reason"] == "not a number"
    first = Catalog.open(folder, embedder=embedder).get("p1")
    assert first is not None
    assert first.title == "Lamp 1"


def test_values_left_out_are_in_a_file_of_their_own_and_what_was_mended_is_counted(
    tmp_path: Path, folder: Path, embedder: HashEmbedder
) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_bytes("id;title;price;rating;stock\n1;Café;kr 5;4,5;2\n2;Bar;7 kr;great;no\n".encode("cp1252"))
    report = import_feed(feed, folder, embedder=embedder, rejects=tmp_path / "bad.jsonl", currency="SEK")
    assert (report.added, report.rejected, report.rejects_path, report.dropped) == (2, 0, None, 1)
    assert report.mended == {"lines that are not UTF-8, read as windows-1252": 1}
    assert report.dropped_path == tmp_path / "bad.dropped.jsonl"
    assert json.loads(report.dropped_path.read_text()) == {
        "line": 3, "id": "2", "field": "rating", "value": "great", "reason": "must be a number", "source": str(feed),
    }  # fmt: skip
    held = [Catalog.open(folder, embedder=embedder).get(name) for name in ("1", "2")]
    assert [(p.currency, p.rating, p.stock) for p in held if p] == [("SEK", 4.5, 2), ("SEK", None, 0)]
    feed.write_text("id;title\n1;Cafe\n")
    assert import_feed(feed, folder, embedder=embedder, rejects=tmp_path / "bad.jsonl").dropped_path is None
    assert not (tmp_path / "bad.dropped.jsonl").exists()


def test_a_currency_that_is_none_is_refused_before_anything_is_read(
    tmp_path: Path, folder: Path, embedder: HashEmbedder
) -> None:
    with pytest.raises(UsageError, match="ISO 4217"):
        import_feed(write(tmp_path / "feed.jsonl", rows(1)), folder, embedder=embedder, currency="shells")
    assert not folder.exists()


def test_the_rejects_file_can_be_named_and_goes_when_the_feed_is_mended(
    tmp_path: Path, folder: Path, embedder: HashEmbedder
) -> None:
    feed, named = tmp_path / "feed.jsonl", tmp_path / "out" / "bad.jsonl"
    write(feed, [*rows(2), "{"])
    assert import_feed(feed, folder, rejects=named, embedder=embedder).rejects_path == named
    assert len(named.read_text().splitlines()) == 1
    write(feed, rows(2))
    assert import_feed(feed, folder, rejects=named, embedder=embedder).rejects_path is None
    assert not named.exists()


@pytest.mark.parametrize("content", [None, ""])
def test_an_unreadable_feed_leaves_no_folder_behind(
    tmp_path: Path, folder: Path, embedder: HashEmbedder, content: str | None
) -> None:
    feed = tmp_path / "feed.dat"
    if content is not None:
        feed.write_text(content)
    with pytest.raises(FeedError):
        import_feed(feed, folder, embedder=embedder)
    assert not folder.exists()


def test_an_embedder_that_fails_leaves_no_folder_behind(tmp_path: Path, folder: Path) -> None:
    class Broken(HashEmbedder):
        @property
        def dimensions(self) -> int:
            raise CatalogError("no model")

        @dimensions.setter
        def dimensions(self, value: int) -> None: ...

    with pytest.raises(CatalogError, match="no model"):
        import_feed(write(tmp_path / "f.jsonl", rows(3)), folder, embedder=Broken())
    assert not folder.exists()


class Failing(HashEmbedder):
    """Fails at the third batch."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error

    def encode(self, texts: Any) -> Any:
        if len(self.encoded) >= 20:
            raise self._error
        return super().encode(texts)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device"), RuntimeError("bug")])
def test_a_cut_import_keeps_whole_batches_and_finishes_when_run_again(
    tmp_path: Path, folder: Path, embedder: HashEmbedder, error: BaseException
) -> None:
    feed = write(tmp_path / "feed.jsonl", [*rows(50), "{"])
    expected = StorageError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        import_feed(feed, folder, batch=10, embedder=Failing(error))
    assert Catalog.open(folder, embedder=embedder).count() == 20
    assert not list(folder.rglob("*.part"))
    report = import_feed(feed, folder, batch=10, embedder=embedder)
    assert counts(report) == (51, 30, 0, 20, 1, 30)
    assert Catalog.open(folder, embedder=embedder).unindexed() == 0


STUCK_IMPORT = """
import sys, time
sys.path.insert(0, {root!r})
from tests.catalog.fakes import HashEmbedder
from shelftalk.catalog import import_feed
class Stuck(HashEmbedder):
    batches = 0
    def encode(self, texts):
        self.batches += 1
        if self.batches > 5:
            print("stuck", flush=True)
            time.sleep(3600)
        return super().encode(texts)
import_feed({feed!r}, {folder!r}, batch=10, embedder=Stuck())
"""


def test_a_killed_import_leaves_whole_batches_and_no_lock(tmp_path: Path, folder: Path, embedder: HashEmbedder) -> None:
    feed = write(tmp_path / "feed.jsonl", rows(200))
    root = str(Path(__file__).resolve().parents[2])
    script = STUCK_IMPORT.format(root=root, feed=str(feed), folder=str(folder))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stuck\n"
        process.send_signal(signal.SIGKILL)
    held = Catalog.open(folder, embedder=embedder).count()
    assert 0 < held < 200
    assert held % 10 == 0
    report = import_feed(feed, folder, embedder=embedder)
    assert (report.added, report.unchanged) == (200 - held, held)


def test_progress_is_told_and_ends_with_the_last_row(tmp_path: Path, folder: Path, embedder: HashEmbedder) -> None:
    feed = write(tmp_path / "feed.jsonl", [*rows(30), "{"])
    seen: list[ImportStatus] = []
    import_feed(feed, folder, batch=10, embedder=embedder, progress=seen.append)
    assert (seen[-1].read, seen[-1].kept, seen[-1].rejected) == (31, 30, 1)
    assert seen[-1].total == seen[-1].bytes == feed.stat().st_size
    assert [p.read for p in seen] == sorted(p.read for p in seen)


def test_a_batch_of_nothing_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(UsageError, match="batch of 0"):
        import_feed(write(tmp_path / "f.jsonl", rows(1)), folder, batch=0)


def test_reading_holds_no_more_than_a_batch(tmp_path: Path, folder: Path, embedder: HashEmbedder) -> None:
    from tests.catalog.fakes import product

    from shelftalk.catalog.importer import import_products

    in_hand: list[int] = []
    made = 0

    def endless() -> Iterator[Any]:
        nonlocal made
        for n in range(100):
            made += 1
            in_hand.append(made - len(embedder.encoded))
            yield product(f"p{n}", f"Lamp {n}")

    import_products(endless(), folder, rejects=folder / "r.jsonl", batch=10, embedder=embedder)
    assert max(in_hand) <= 11


def test_a_product_the_table_cannot_hold_is_a_reject(folder: Path, embedder: HashEmbedder) -> None:
    from tests.catalog.fakes import product

    from shelftalk.catalog.importer import import_products

    found = [product("a", "Fine"), product("b", "Too big", stock=2**64), replace(product("c", "x"), title="\ud800")]
    report = import_products(found, folder, rejects=folder / "r.jsonl", embedder=embedder)
    assert (report.added, report.rejected) == (1, 2)
    assert [json.loads(line)["field"] for line in (folder / "r.jsonl").read_text().splitlines()] == ["stock", "text"]


def test_chorus_is_imported_with_its_prices_and_attributes(
    shared_data: Path, folder: Path, embedder: HashEmbedder
) -> None:
    import gzip

    with gzip.open(shared_data / "chorus" / "products.jsonl.gz", "rt") as lines:
        native = [json.loads(next(lines)) for _ in range(300)]
    feed = write(
        folder.parent / "chorus.jsonl",
        [{"id": r["id"], "title": r["title"], "brand": r["supplier"], "attributes": {k: v for k, v in r.items() if k.startswith("attr_")}}
         for r in native],
    )  # fmt: skip
    assert import_feed(feed, folder, embedder=embedder).added == 300
    catalog = Catalog.open(folder, embedder=embedder)
    for r in native[:20]:
        held = catalog.get(r["id"])
        assert held is not None
        assert held.title == r["title"]
        assert all(held.attributes[k] == v for k, v in r.items() if k.startswith("attr_") and k in held.attributes)
