"""Files of events: the formats that there are, every row accounted for, the same file twice adds nothing."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from shelftalk.errors import FeedError, UsageError
from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.shoppers.events import EventParser, importer
from shelftalk.shoppers.events.formats import event_file
from shelftalk.shoppers.events.importer import EventReport, import_events
from shelftalk.shoppers.events.mapped import parse_map
from shelftalk.values import Interaction

MADE = Pseudonyms("k" * 32)
PARSER = EventParser(MADE, derived=True)
ROOT = Path(__file__).resolve().parents[3]


class Kept:
    """A store in memory."""

    def __init__(self) -> None:
        self.held: dict[str, Interaction] = {}
        self.batches: list[int] = []

    def put(self, interactions: Sequence[Interaction]) -> list[bool]:
        self.batches.append(len(interactions))
        new = []
        for one in interactions:
            new.append(one.id not in self.held)
            self.held.setdefault(one.id, one)
        return new

    @property
    def all(self) -> list[Interaction]:
        return list(self.held.values())


def take(file: Path, kept: Kept | None = None, **options: Any) -> tuple[EventReport, list[Interaction]]:
    kept = kept or Kept()
    return import_events([file], kept, PARSER, **options), kept.all


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_csv_file_is_read_by_the_usual_names_of_its_columns(tmp_path: Path) -> None:
    text = "timestamp;visitorid;event;itemid;Quantity;unit_price\n1780221600123;257597;addtocart;355908;2;9.90\n"
    report, (one,) = take(written(tmp_path, "events.csv", text))
    assert (one.user, one.kind, one.product_id, one.value, one.price) == (
        MADE.of("257597"),
        "cart",
        "355908",
        2,
        Decimal("9.90"),
    )
    assert one.at == datetime(2026, 5, 31, 10, 0, 0, 123000, UTC)
    assert report.formats == {str(tmp_path / "events.csv"): "csv"}
    assert report.kinds == {"cart": 1}


def test_columns_of_other_names_are_mapped_and_the_kind_is_said_once(tmp_path: Path) -> None:
    file = written(tmp_path, "ratings.tsv", "who\twhat\tstars\twhen\nada\tp1\t4\t2026-05-31\n")
    with pytest.raises(
        UsageError,
        match=r"no column says product_id \(which product\) or at \(when\) or kind .*who, what, stars, when.*--kind",
    ):
        take(file)
    mapping = parse_map(["user=who", "product_id=what", "at=when"])
    _, (one,) = take(file, mapping=mapping, kind="rating")
    assert (one.user, one.kind, one.product_id, one.value) == (MADE.of("ada"), "rating", "p1", 4)


@pytest.mark.parametrize(
    ("option", "told"), [("user", "FIELD=COLUMN"), ("usr=who", "there is no field 'usr'"), ("user=", "FIELD=COLUMN")]
)
def test_a_mapping_that_says_nothing_is_refused(option: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse_map([option])


def test_json_lines_hold_objects_also_within_objects_and_bad_lines_cost_only_themselves(tmp_path: Path) -> None:
    rows = [
        {"user": {"id": 17}, "product": "a", "event": "view", "time": "2026-05-31T10:00:00Z", "extra": [1]},
        {"user": {"id": 17}, "product": "b", "event": "bang", "time": "2026-05-31T10:00:00Z"},
        {"user": {"id": 18}, "product": "c", "event": "like", "time": "2026-05-31T10:00:00Z"},
    ]
    text = "\n".join([json.dumps(rows[0]), "{broken", json.dumps(rows[1]), "", json.dumps(rows[2])])
    report, kept = take(written(tmp_path, "e.jsonl", text), mapping={"user": "user.id"})
    assert [(i.user, i.product_id) for i in kept] == [(MADE.of("17"), "a"), (MADE.of("18"), "c")]
    assert {r: (one.count, one.first) for r, one in report.rejected.items()} == {
        "bad_row": (1, ("e.jsonl:2",)), "unknown_kind": (1, ("e.jsonl:3",)),
    }  # fmt: skip
    assert report.read == report.accepted + report.rejects == 4


def test_parquet_holds_the_same(tmp_path: Path) -> None:
    table = pa.table(
        {
            "user_id": ["ada"], "item_id": [42], "event_type": ["view"], "ts": pa.array([datetime(2026, 5, 31, 10, tzinfo=UTC)]),
            "price": pa.array([Decimal("9.90")]),
        }
    )  # fmt: skip
    parquet.write_table(table, tmp_path / "e.parquet")
    report, (one,) = take(tmp_path / "e.parquet")
    assert (one.user, one.product_id, one.at, one.price) == (
        MADE.of("ada"),
        "42",
        datetime(2026, 5, 31, 10, tzinfo=UTC),
        Decimal("9.90"),
    )
    assert list(report.formats.values()) == ["parquet"]


GA4 = [
    {
        "event_date": "20260531", "event_timestamp": "1780221600123456", "event_name": "view_item_list", "user_id": None,
        "user_pseudo_id": "1234.5678", "device": {"category": "mobile"}, "geo": {"country": "Germany"},
        "event_params": [
            {"key": "ga_session_id", "value": {"string_value": None, "int_value": "99"}},
            {"key": "currency", "value": {"string_value": "EUR"}},
        ],
        "items": [{"item_id": "a", "price": 9.9, "quantity": 1}, {"item_id": "b"}, {"item_id": "(not set)"}],
    },
    {
        "event_timestamp": "1780221700000000", "event_name": "purchase", "user_id": "ada", "user_pseudo_id": "1234.5678",
        "event_params": [{"key": "currency", "value": {"string_value": "EUR"}}],
        "items": [{"item_id": "a", "price": 9.9, "quantity": 2}, {"item_id": "a", "price": 9.9, "quantity": 2}],
    },
    {
        "event_timestamp": "1780221800000000", "event_name": "view_search_results", "user_pseudo_id": "1234.5678",
        "event_params": [{"key": "search_term", "value": {"string_value": "a tent"}}], "items": [],
    },
    {"event_timestamp": "1780221900000000", "event_name": "page_view", "user_pseudo_id": "1234.5678", "items": []},
    {"event_timestamp": "1780221900000000", "event_name": "add_to_cart", "user_pseudo_id": "1234.5678", "items": []},
]  # fmt: skip


def _ga4_jsonl(folder: Path) -> Path:
    return written(folder, "ga4.jsonl", "\n".join(map(json.dumps, GA4)))


def _ga4_parquet(folder: Path) -> Path:
    rows = [{**row, "event_timestamp": int(str(row["event_timestamp"])), "user_id": row.get("user_id")} for row in GA4]
    value = pa.struct([("string_value", pa.string()), ("int_value", pa.string())])
    item = pa.struct([("item_id", pa.string()), ("price", pa.float64()), ("quantity", pa.int64())])
    schema = pa.schema(
        [
            ("event_timestamp", pa.int64()), ("event_name", pa.string()), ("user_id", pa.string()), ("user_pseudo_id", pa.string()),
            ("device", pa.struct([("category", pa.string())])), ("geo", pa.struct([("country", pa.string())])),
            ("event_params", pa.list_(pa.struct([("key", pa.string()), ("value", value)]))), ("items", pa.list_(item)),
        ]
    )  # fmt: skip
    parquet.write_table(pa.Table.from_pylist(rows, schema), folder / "ga4.parquet")
    return folder / "ga4.parquet"


@pytest.mark.parametrize("made", [_ga4_jsonl, _ga4_parquet])
def test_ga4_s_events_hold_items_each_an_interaction(tmp_path: Path, made: Any) -> None:
    report, kept = take(made(tmp_path))
    assert list(report.formats.values()) == ["ga4"]
    assert [(i.kind, i.product_id, i.value) for i in kept] == [
        ("shown", "a", None), ("shown", "b", None), ("purchase", "a", 2), ("purchase", "a", 2), ("search", "", None),
    ]  # fmt: skip
    first, bought, search = kept[0], kept[2], kept[4]
    assert first.at == datetime(2026, 5, 31, 10, 0, 0, 123456, UTC)
    assert (first.user, first.device, first.place) == (MADE.of("1234.5678"), "mobile", "Germany")
    assert (first.price, first.currency, kept[1].currency) == (Decimal("9.9"), "EUR", None)
    assert first.session.startswith("s_")
    assert "5678" not in repr(kept)
    assert bought.user == MADE.of("ada")
    assert search.text == "a tent"
    assert {r: one.count for r, one in report.rejected.items()} == {"no_product": 2}
    assert {r: one.count for r, one in report.skipped.items()} == {"other_event": 1}


SHOPIFY = """Name,Email,Financial Status,Paid at,Currency,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping Country,Cancelled at,Phone
#1001,Ada@Example.org,paid,2026-05-31 10:00:00 +0200,EUR,2026-05-31 10:00:00 +0200,2,Mug,7.50,MUG-1,DE,,
#1001,Ada@Example.org,,,,,1,"Mug, big",9.50,MUG-2,,,
#1001,Ada@Example.org,,,,,1,Mug,7.50,MUG-1,,,
#1002,,paid,,EUR,2026-05-31 11:00:00 +0200,1,Gift card,25.00,,DE,,
#1003,eve@example.org,refunded,,EUR,2026-05-31 11:00:00 +0200,1,Mug,7.50,MUG-1,DE,,
#1004,,paid,,EUR,2026-05-31 12:00:00 +0200,1,Mug,7.50,MUG-1,FR,,+33 1 23 45 67 89
"""


def test_shopify_s_orders_have_several_rows_and_customers_by_address(tmp_path: Path) -> None:
    report, kept = take(written(tmp_path, "orders_export.csv", SHOPIFY))
    assert list(report.formats.values()) == ["shopify"]
    assert [(i.session, i.product_id, i.value, i.price) for i in kept] == [
        ("#1001", "MUG-1", 2, Decimal("7.50")), ("#1001", "MUG-2", 1, Decimal("9.50")), ("#1001", "MUG-1", 1, Decimal("7.50")),
        ("#1004", "MUG-1", 1, Decimal("7.50")),
    ]  # fmt: skip
    assert {i.user for i in kept[:3]} == {MADE.of("ada@example.org")}
    assert kept[1].at == datetime(2026, 5, 31, 8, tzinfo=UTC)
    assert (kept[1].currency, kept[1].place) == ("EUR", "DE")
    assert kept[3].user == MADE.of("+33 1 23 45 67 89")
    assert "example" not in repr(kept).lower()
    assert {r: one.count for r, one in report.rejected.items()} == {"no_product": 1}
    assert {r: (one.count, one.message) for r, one in report.skipped.items()} == {
        "returned": (1, "order #1003 was refunded")
    }


UCI = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536366,22633,HAND WARMER,6,12/1/2010 8:28,1.85,,United Kingdom
C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,United Kingdom
C536383,35004C,SET OF 3 COLOURED FLYING DUCKS,-1,2010-12-01 09:49:00,4.65,15311.0,United Kingdom
536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.00,12583.0,France
536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom
536589,21777,,-10,2010-12-01 16:50:00,0.0,,United Kingdom
536365,71053,WHITE METAL LANTERN,six,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
536544,gift_0001_20,Dotcomgiftshop Gift Voucher £20.00,1,2010-12-01 14:32:00,17.02,,United Kingdom
536545,BANK CHARGES,Bank Charges,1,2010-12-01 14:32:00,15.00,,United Kingdom
536546,post,POSTAGE,1,2010-12-01 14:32:00,18.00,12583.0,France
536547,DCGSSGIRL,GIRLS PARTY BAG,5,2010-12-01 14:32:00,3.29,,United Kingdom
536548,,,5,2010-12-01 14:32:00,3.29,,United Kingdom
536549,22633,HAND WARMER,,2010-12-01 14:32:00,1.85,,United Kingdom
"""


def test_uci_s_invoices_hold_purchases_returns_and_charges(tmp_path: Path) -> None:
    file = tmp_path / "online_retail.csv.gz"
    file.write_bytes(gzip.compress(UCI.encode()))
    report, kept = take(file)
    assert list(report.formats.values()) == ["uci"]
    first, second, third = kept
    assert third.product_id == "DCGSSGIRL", "a code of letters is a product too"
    assert first.user == MADE.of("17850")
    assert (first.session, first.product_id, first.value, first.price, first.currency) == (
        "536365",
        "85123A",
        6,
        Decimal("2.55"),
        "GBP",
    )
    assert (second.user, second.session, second.at) == ("", "536366", datetime(2010, 12, 1, 8, 28, tzinfo=UTC))
    assert report.anonymous == 2
    assert {r: (one.count, dict(one.codes)) for r, one in report.skipped.items()} == {
        "no_article": (4, {"POST": 2, "D": 1, "BANK CHARGES": 1}), "voucher": (1, {"GIFT_0001_20": 1}), "returned": (1, {}), "no_sale": (2, {}),
    }  # fmt: skip
    assert {r: (one.count, one.first) for r, one in report.rejected.items()} == {
        "bad_number": (2, ("online_retail.csv.gz:9", "online_retail.csv.gz:15")),
        "no_product": (1, ("online_retail.csv.gz:14",)),
    }
    assert report.read == report.accepted + report.rejects + report.skips == len(UCI.splitlines()) - 1
    told = report.to_dict()["skipped"]["no_article"]
    assert (told["count"], told["codes"], told["message"]) == (
        4, {"POST": 2, "D": 1, "BANK CHARGES": 1}, "'D' is a discount and no article"
    )  # fmt: skip
    second_set = UCI.replace("InvoiceNo", "Invoice").replace("UnitPrice", "Price").replace("CustomerID", "Customer ID")
    assert event_file(written(tmp_path, "online_retail_II.csv", second_set)).format == "uci"


def test_the_demo_s_own_file_goes_in_whole() -> None:
    report, kept = take(ROOT / "data" / "demo" / "interactions.jsonl")
    assert (report.accepted, report.rejects, report.duplicates) == (2696, 0, 0)
    assert set(report.kinds) == {"view", "click", "cart", "purchase", "dismiss"}
    assert len({i.user for i in kept}) > 10


def test_the_same_file_twice_adds_nothing_and_what_was_cut_off_goes_on(tmp_path: Path) -> None:
    file, kept = written(tmp_path, "orders_export.csv", SHOPIFY), Kept()
    first, _ = take(file, kept)
    again, _ = take(file, kept)
    assert (first.accepted, again.accepted, again.duplicates) == (4, 0, 4)

    class Cut(Kept):
        def put(self, interactions: Sequence[Interaction]) -> list[bool]:
            if len(self.batches) == 2:
                raise KeyboardInterrupt
            return super().put(interactions)

    demo, cut = ROOT / "data" / "demo" / "interactions.jsonl", Cut()
    with pytest.raises(KeyboardInterrupt):
        take(demo, cut)
    resumed = Kept()
    resumed.held = cut.held
    report, whole = take(demo, resumed)
    assert (report.accepted, report.duplicates, len(whole)) == (696, 2000, 2696)


def test_memory_is_bounded_by_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importer, "BATCH", 100)
    kept = Kept()
    take(ROOT / "data" / "demo" / "interactions.jsonl", kept)
    assert max(kept.batches) == 100
    assert len(kept.batches) == 27


def test_products_that_the_catalogue_lacks_are_told_with_their_rows(tmp_path: Path) -> None:
    rows = "at,user,event,product\n2026-05-31,a,view,p1\n2026-05-31,a,view,p2\n2026-05-31,b,view,p3\n"

    def known(ids: Iterable[str]) -> set[str]:
        return {"p1"} & set(ids)

    out = io.StringIO()
    report, kept = take(written(tmp_path, "e.csv", rows), known=known, rejects=out)
    assert [i.product_id for i in kept] == ["p1"]
    assert report.to_dict()["rejected"] == {
        "unknown_product": {
            "count": 2,
            "first": ["e.csv:3", "e.csv:4"],
            "message": "product 'p2' is not in the catalogue",
        }
    }
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(t["line"], t["reason"]) for t in told] == [(3, "unknown_product"), (4, "unknown_product")]


def test_a_search_needs_no_column_of_products(tmp_path: Path) -> None:
    _, (one,) = take(written(tmp_path, "s.csv", "time,user,query\n2026-05-31,ada,a quiet kettle\n"), kind="search")
    assert (one.kind, one.text, one.product_id) == ("search", "a quiet kettle", "")


def test_nothing_is_stored_where_one_of_several_files_cannot_be_read(tmp_path: Path) -> None:
    kept, good = Kept(), written(tmp_path, "orders.csv", SHOPIFY)
    with pytest.raises(FeedError, match="no such file"):
        import_events([good, tmp_path / "missing.csv"], kept, PARSER)
    with pytest.raises(UsageError, match="no column says"):
        import_events([good, written(tmp_path, "odd.csv", "a,b\n1,2\n")], kept, PARSER)
    with pytest.raises(FeedError, match="no header"):
        import_events([good, written(tmp_path, "empty.csv", "")], kept, PARSER)
    assert kept.held == {}


def test_a_format_that_is_not_known_or_not_the_file_s_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "e.jsonl", '{"user": 1}')
    with pytest.raises(UsageError, match=r"'xls' is not known; there is: auto, csv, jsonl, parquet, ga4, shopify, uci"):
        event_file(file, "xls")
    with pytest.raises(UsageError, match="is jsonl and not csv"):
        event_file(file, "csv")
