from __future__ import annotations

import json
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from tests.catalog.fakes import HashEmbedder, product

from shelftalk.catalog import Catalog, UpsertReport
from shelftalk.catalog import ondisk as ondisk_module
from shelftalk.catalog import snapshot as snapshot_module
from shelftalk.catalog import store as store_module
from shelftalk.catalog.sql import where
from shelftalk.errors import CatalogError, StorageError
from shelftalk.values import Constraint, Product, Sort

LAMPS = [
    product(str(n), f"Lamp {n} {'blue' if n % 2 else 'red'}", f"{10 + n}.50", brand="Sony" if n % 2 else "LG", watts=n)
    for n in range(20)
]


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def catalog(tmp_path: Path, embedder: HashEmbedder) -> Catalog:
    made = Catalog.open(tmp_path / "shop", create=True, embedder=embedder)
    made.upsert(LAMPS)
    return made


def test_a_product_comes_back_letter_for_letter(tmp_path: Path, embedder: HashEmbedder) -> None:
    odd = Product(
        "id/'1'", "Tïtle \u202e <b>[red]", "Two\nlines\t\u0000", "Brand", Decimal("19.9900"), "EUR", Decimal("1E+2"),
        ("A", "B > C"), {"z": "last", "a": 5, "b": 5.0, "c": True, "d": ("x", "y"), "quote\"'": 0.1, "": "", "e": 1e-7,
                         "big": 2**63 - 1},
        4.5, 7, "in_stock", 0, ("https://x/1.jpg",), "2024-01-01", "https://x/",
    )  # fmt: skip
    Catalog.open(tmp_path / "shop", create=True, embedder=embedder).upsert([odd])
    back = Catalog.open(tmp_path / "shop", embedder=embedder).get("id/'1'")
    assert back == odd
    assert back is not None
    assert [type(v) for v in back.attributes.values()] == [type(v) for v in odd.attributes.values()]
    assert list(back.attributes) == list(odd.attributes)
    assert (str(back.price), str(back.list_price)) == ("19.9900", "1E+2")


def test_many_products_come_back_in_the_order_asked(catalog: Catalog) -> None:
    assert list(catalog.get_many(["7", "none", "3", "7"])) == ["7", "3"]
    assert catalog.get_many(["7", "3"])["3"] == LAMPS[3]
    assert catalog.get("none") is None
    assert list(catalog.products(batch=7)) == LAMPS


def test_an_upsert_counts_what_it_did_and_embeds_only_changed_texts(catalog: Catalog, embedder: HashEmbedder) -> None:
    embedder.encoded.clear()
    changed = [replace(LAMPS[0], stock=5), replace(LAMPS[1], title="Torch"), LAMPS[2], product("new", "New lamp")]
    assert catalog.upsert(changed) == UpsertReport(added=1, updated=2, unchanged=1, embedded=2)
    assert len(embedder.encoded) == 2
    assert catalog.count() == 21
    assert catalog.get("0") == changed[0]
    assert catalog.dense(embedder.encode_query("Torch"), None, 1)[0][0] == "1"


def test_a_vector_that_is_kept_stays_the_vector_of_its_product(catalog: Catalog, embedder: HashEmbedder) -> None:
    before = dict(catalog.dense(embedder.encode_query("Lamp 3 blue"), None, 20))
    catalog.upsert([replace(p, stock=1) for p in reversed(LAMPS)])
    assert dict(catalog.dense(embedder.encode_query("Lamp 3 blue"), None, 20)) == pytest.approx(before)


def test_an_unchanged_upsert_makes_no_new_version(catalog: Catalog) -> None:
    version = catalog.version
    assert catalog.upsert(LAMPS).unchanged == 20
    assert catalog.version == version


def test_an_id_that_comes_twice_is_refused_by_name(catalog: Catalog) -> None:
    with pytest.raises(ValueError, match="'3'"):
        catalog.upsert([LAMPS[3], LAMPS[3]])


@pytest.mark.parametrize("bad", [{"big": 2**64}, {"x": float("nan")}, {"x": "\ud800"}, {"\udfff": 1}])
def test_a_value_that_cannot_be_kept_leaves_the_catalogue_as_it_was(catalog: Catalog, bad: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        catalog.upsert([product("x", "New"), product("y", "Bad", attributes=bad)])
    assert catalog.count() == 20


def test_removing_says_how_many_there_were(catalog: Catalog) -> None:
    assert catalog.remove(["1", "2", "none", "it's"]) == 2
    assert catalog.count() == 18
    assert catalog.get("1") is None
    assert "1" not in dict(catalog.lexical("lamp", None, 50))


def test_dense_search_is_exact_and_honours_the_filter(catalog: Catalog, embedder: HashEmbedder) -> None:
    query = embedder.encode_query("Lamp 3 blue")
    found = catalog.dense(query, where([Constraint("brand", "=", "sony")]), 4)
    sonys = [p for p in LAMPS if p.brand == "Sony"]
    from shelftalk.catalog import embedding_text

    exact = sorted(-float(embedder.encode([embedding_text(p)])[0] @ query) for p in sonys)[:4]
    assert [-s for _, s in found] == pytest.approx(exact, abs=1e-6)
    assert all(int(i) % 2 for i, _ in found)


def test_full_text_search_finds_word_forms_and_honours_filters_of_every_kind(catalog: Catalog) -> None:
    assert len(catalog.lexical("lamps", None, 50)) == 20
    reds = where([Constraint("watts", "<", 7), Constraint("brand", "=", "LG")])
    assert {i for i, _ in catalog.lexical("red lamp", reds, 50)} == {"0", "2", "4", "6"}
    assert len(catalog.lexical("lamp", where([Constraint("watts", ">=", 15)]), 3)) == 3
    scores = [s for _, s in catalog.lexical("red lamp", None, 50)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "text",
    ["", " ", '"', "') OR", "the", "a" * 100_000, "\x00", "+-*&|~^:(", "lamp~2", "NOT", "lamp AND (", "😀", "\ud800"],
)
def test_no_query_text_breaks_full_text_search(catalog: Catalog, text: str) -> None:
    assert isinstance(catalog.lexical(text, None, 3), list)
    assert isinstance(catalog.lexical(text, where([Constraint("watts", "<", 5)]), 3), list)


def test_scanning_sorts_by_any_field_with_missing_values_last(catalog: Catalog) -> None:
    catalog.upsert(
        [product("a", "X", watts="2.5 W"), product("b", "X", watts="unknown"), product("c", "X", "5", watts=("9",))]
    )
    by_watts = catalog.scan(None, order_by=Sort("watts", "desc"))
    assert by_watts[:3] == ["19", "18", "17"]
    assert by_watts[-4:] == ["2", "1", "0", "b"]
    assert by_watts.index("3") + 1 == by_watts.index("a")
    assert catalog.scan(None, order_by=Sort("watts", "asc"))[-1] == "b"
    assert catalog.scan(None, order_by=Sort("price", "asc"), limit=2) == ["c", "0"]
    assert set(catalog.scan(None, order_by=Sort("price", "desc"))[-2:]) == {"a", "b"}
    assert catalog.scan(where([Constraint("brand", "=", "LG")]), order_by=Sort("price", "desc"), limit=2) == [
        "18",
        "16",
    ]
    assert len(catalog.scan(None, order_by=Sort("no such field", "asc"))) == 23


def test_dates_sort_by_time(tmp_path: Path, embedder: HashEmbedder) -> None:
    made = Catalog.open(tmp_path / "dates", create=True, embedder=embedder)
    made.upsert(
        [
            product(i, "X", released_at=d)
            for i, d in {"a": "2024-05-01", "b": "2024-02-01T10:00:00Z", "c": "2023"}.items()
        ]
    )
    assert made.scan(None, order_by=Sort("released_at", "desc")) == ["a", "b", "c"]


def test_a_large_catalogue_gives_the_same_answers_through_the_index(
    catalog: Catalog, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheap = where([Constraint("watts", "<", 10), Constraint("brand", "=", "sony")])
    query = embedder.encode_query("Lamp 3 blue")

    def answers() -> tuple[object, ...]:
        fresh = Catalog.open(catalog.path, embedder=embedder)
        return (
            fresh.scan(cheap, order_by=Sort("watts", "desc")),
            fresh.matching(cheap),
            [i for i, _ in fresh.lexical("lamp 7", cheap, 2)],
            {i for i, _ in fresh.dense(query, cheap, 5)},
            list(fresh.get_many(["5", "4"])),
        )

    small = answers()
    monkeypatch.setattr(snapshot_module, "EXACT_ROWS", 5)
    monkeypatch.setattr(ondisk_module, "EXACT_ROWS", 5)
    catalog.optimize()
    assert answers() == small
    monkeypatch.setattr(snapshot_module, "SCANNED_ROWS", 0)
    assert answers() == small


def test_an_open_catalogue_sees_what_another_writes(catalog: Catalog, embedder: HashEmbedder) -> None:
    reader = Catalog.open(catalog.path, embedder=embedder)
    assert reader.count() == 20
    version = reader.version
    catalog.upsert([product("new", "Fresh paint", "3")])
    assert reader.version > version
    assert reader.count() == 21
    assert [i for i, _ in reader.lexical("paint", None, 3)] == ["new"]
    assert reader.scan(where([Constraint("price", "<", 5)])) == ["new"]
    assert reader.facets().products == 21


def test_a_catalogue_that_was_opened_first_sees_what_another_made(tmp_path: Path, embedder: HashEmbedder) -> None:
    early = Catalog.open(tmp_path / "new", create=True, embedder=embedder)
    assert early.count() == 0
    Catalog.open(tmp_path / "new", create=True, embedder=embedder).upsert(LAMPS)
    assert early.count() == 20
    assert early.upsert(LAMPS[:3]).unchanged == 3


def test_readers_see_whole_batches_while_a_writer_upserts(catalog: Catalog, embedder: HashEmbedder) -> None:
    reader = Catalog.open(catalog.path, embedder=embedder)
    stop = threading.Event()
    wrong: list[str] = []

    def read() -> None:
        while not stop.is_set():
            stocks = {p.stock for p in reader.products(batch=3)}
            if len(stocks) != 1:
                wrong.append(f"a mixture of batches: {stocks}")
            if len(reader.get_many(reader.scan(None))) != 20:
                wrong.append("a product was missing")

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for stock in range(8):
        catalog.upsert([replace(p, stock=stock) for p in LAMPS])
        if stock == 5:
            catalog.optimize()
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_reading_does_not_wait_for_a_long_write(catalog: Catalog) -> None:
    with catalog.writing(), ThreadPoolExecutor(1) as other:
        counted = other.submit(lambda: (catalog.count(), catalog.get("1"), catalog.facets().products))
        assert counted.result(timeout=20) == (20, LAMPS[1], 20)


def _hold(folder: Path, held: multiprocessing.synchronize.Event, let_go: multiprocessing.synchronize.Event) -> None:
    from shelftalk.catalog import lock

    with lock.writer(folder):
        held.set()
        let_go.wait(30)


def test_two_processes_cannot_write_at_once_and_a_dead_one_leaves_no_lock(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shelftalk.catalog import lock

    monkeypatch.setattr(lock, "WAIT", 0.2)
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(catalog.path, held, let_go))
    other.start()
    assert held.wait(30)
    with pytest.raises(CatalogError, match=f"another process \\({other.pid}\\) is writing"):
        catalog.upsert([product("new", "New")])
    assert catalog.count() == 20
    assert other.pid is not None
    other.kill()
    other.join()
    assert catalog.upsert([product("new", "New")]).added == 1


def test_a_missing_catalogue_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="catalog import FEED"):
        Catalog.open(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_new_catalogue_is_empty_and_leaves_no_folder_until_it_is_written(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    empty = Catalog.open(tmp_path / "new", create=True, embedder=embedder)
    assert (empty.count(), empty.version, list(empty.products()), empty.get("1")) == (0, 0, [], None)
    assert (empty.lexical("x", None, 3), empty.scan(None), empty.matching(None), empty.remove(["1"])) == ([], [], 0, 0)
    assert empty.facets().facets == ()
    assert not (tmp_path / "new").exists()


def test_another_embedder_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CatalogError, match=r"'hash' \(64 dimensions\), not 'other'"):
        Catalog.open(catalog.path, embedder=HashEmbedder("other"))
    with pytest.raises(CatalogError, match="8"):
        Catalog.open(catalog.path, embedder=HashEmbedder(dimensions=8))


@pytest.mark.parametrize(("format", "later"), [(1, False), (2, False), (99, True)])
def test_a_catalogue_of_another_format_says_what_to_do(catalog: Catalog, format: int, later: bool) -> None:
    metadata = catalog.path / "catalog.json"
    metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "schema": format}))
    with pytest.raises(CatalogError) as error:
        Catalog.open(catalog.path, embedder=HashEmbedder())
    told = str(error.value)
    assert f"{catalog.path} has format {format}, this version of shelftalk reads format 3" in told
    assert "import the feed into a new folder: `shelftalk catalog import FEED --catalog NEW`" in told
    assert ("later version" in told) is later


def _break(path: Path, how: str) -> None:
    metadata = path / "catalog.json"
    table = path / "products.lance"
    if how == "no metadata":
        metadata.unlink()
    elif how == "metadata is no JSON":
        metadata.write_text("{")
    elif how == "a field of the metadata is gone":
        metadata.write_text('{"schema": 1}')
    elif how == "another format":
        metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "schema": 99}))
    elif how == "other dimensions":
        metadata.write_text(json.dumps({**json.loads(metadata.read_text()), "dimensions": 17}))
    elif how == "no table":
        table.rename(path / "elsewhere")
    elif how == "no data":
        for file in (table / "data").iterdir():
            file.unlink()
    elif how == "cut data":
        for file in (table / "data").iterdir():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
    elif how == "no versions":
        for file in (table / "_versions").iterdir():
            file.unlink()
    elif how == "garbage versions":
        for file in (table / "_versions").iterdir():
            file.write_bytes(b"garbage" * 100)


@pytest.mark.parametrize(
    "how",
    ["no metadata", "metadata is no JSON", "a field of the metadata is gone", "another format", "other dimensions",
     "no table", "no data", "cut data", "no versions", "garbage versions"],
)  # fmt: skip
def test_a_damaged_catalogue_is_a_catalogue_error_that_says_what_to_do(catalog: Catalog, how: str) -> None:
    _break(catalog.path, how)
    with pytest.raises(CatalogError, match="import") as caught:
        Catalog.open(catalog.path).get_many(["1", "2"])
    assert str(catalog.path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert ".rs" not in str(caught.value)  # no path of the database's own source


def test_a_lost_file_is_named_by_its_place_in_the_catalogue(catalog: Catalog) -> None:
    for file in (catalog.path / "products.lance" / "data").iterdir():
        file.unlink()
    with pytest.raises(CatalogError, match=r"the file products\.lance/data/\S+\.lance is missing or damaged") as caught:
        Catalog.open(catalog.path).get("1")
    assert str(caught.value).count(str(catalog.path)) == 1


def test_a_full_disk_is_a_storage_error(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __getattr__(self, name: str) -> object:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(catalog, "_table", Full())
    with pytest.raises(StorageError, match="disk is full"):
        catalog.upsert([product("new", "New")])


def test_stats_say_what_is_in(catalog: Catalog) -> None:
    found = catalog.stats()
    assert found["products"] == 20
    assert found["embedder"] == "hash"
    assert (found["price_min"], found["price_max"]) == (Decimal("10.50"), Decimal("29.50"))
    assert found["bytes"] > 1000


def test_many_small_upserts_are_folded_into_the_indices(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "UNINDEXED_ROWS", 10)
    for n in range(15):
        catalog.upsert([product(f"more {n}", f"Candle {n}")])
    assert catalog.unindexed() <= 11
    assert len(catalog.lexical("candle", None, 50)) == 15


def test_an_unsorted_vector_type_is_taken(catalog: Catalog) -> None:
    assert catalog.dense(np.ones(64, dtype=np.float64), None, 2)
    assert catalog.dense(np.ones(64, dtype=np.float32), None, 0) == []


def test_what_is_written_meanwhile_does_not_show_in_a_pinned_catalogue(catalog: Catalog) -> None:
    pinned = catalog.pinned()
    catalog.upsert([product("new", "Lamp of another kind", "99.00", watts=500)])
    catalog.remove(["3"])
    assert (catalog.count(), pinned.count()) == (20, 20)
    assert list(pinned.get_many(["new", "3"])) == ["3"]
    assert list(catalog.get_many(["new", "3"])) == ["new"]
    assert pinned.version < catalog.version
    watts = pinned.facets().get("watts")
    assert watts is not None
    assert watts.maximum == 19
    assert "new" not in [i for i, _ in pinned.lexical("lamp of another kind", None, 20)]
    assert pinned.scan(None, order_by=Sort("watts", "desc"), limit=1) == ["19"]
    assert catalog.pinned().scan(None, order_by=Sort("watts", "desc"), limit=1) == ["new"]
    assert pinned.pinned() is pinned


def test_what_the_keys_in_memory_let_through_is_what_the_database_does(catalog: Catalog) -> None:
    brands = ["Sony", "sony ", "Bose", None]
    catalog.upsert(
        [
            replace(LAMPS[n], brand=brands[n % 4], categories=("A", "B")[: 1 + n % 2], attributes={"ports": n % 3, "wet": n % 5 == 0})
            for n in range(18)
        ]
    )  # fmt: skip
    catalog.remove(["7", "8"])
    with catalog._reading() as now:
        assert now is not None
        for asked in (
            [Constraint("brand", "=", "SONY")], [Constraint("brand", "in", ("Bose", "Sony"))], [Constraint("brand", "!=", "Sony")],
            [Constraint("brand", "=", "Sony"), Constraint("wet", "=", True)], [Constraint("ports", "=", 1), Constraint("categories", "=", "b")],
            [Constraint("brand", "=", "nobody")], [Constraint("wet", "not in", (True, "x")), Constraint("ports", "in", (0, 2, 9))],
        ):  # fmt: skip
            condition = where(asked, exclude_ids=["1"])
            found = now.table.search().where(str(condition)).select(["id"]).limit(100).to_arrow()["id"].to_pylist()
            assert sorted(catalog.scan(condition)) == sorted(found), asked


def test_what_is_remembered_of_one_version_is_not_told_of_the_next(catalog: Catalog) -> None:
    for _ in range(2):
        assert catalog.get_many(["1", "2"])["1"].title == "Lamp 1 blue"
        assert "1" in [i for i, _ in catalog.lexical("blue", None, 30)]
        assert catalog.matching(where([Constraint("title", "=", "Lamp 1 blue")])) == 1
    catalog.upsert([replace(LAMPS[1], title="Mug")])
    assert catalog.get_many(["1", "2"])["1"].title == "Mug"
    assert "1" not in [i for i, _ in catalog.lexical("blue", None, 30)]
    assert catalog.matching(where([Constraint("title", "=", "Lamp 1 blue")])) == 0
