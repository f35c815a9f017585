"""What a product suits before anyone has seen it: its place by request, what stands before it, what its record lacks, which shoppers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shelftalk import Shelf, load_settings
from shelftalk.catalog import Catalog
from shelftalk.catalog.standing import Scope
from shelftalk.errors import CatalogError
from shelftalk.pipeline.outlook import Asked, lines, merged, outlook, suited
from shelftalk.prompts import PromptLibrary
from shelftalk.values import Criterion, Interaction, Product, ProfileLine, Request
from tests.catalog.fakes import HashEmbedder
from tests.pipeline.shop import PRODUCTS, kettle

MORE = [kettle(f"m{i}", f"{70 + i}.00", 2.0, "Velm", "red") for i in range(3)]
NEW = Product(
    "n1", "Grae kettle, red", brand="Grae", categories=("Kitchen", "Kettles"), released_at="2026-11-20",
    attributes={"colour": "red"},
)  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    catalog = Catalog.open(tmp_path_factory.mktemp("outlook") / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert([*PRODUCTS, *MORE, NEW])
    settings = load_settings(
        explain={"mode": "record"},
        understand={"mode": "rules"},
        rank={"strategy": "none"},
        exposure={"today": "2026-11-30", "share": 0.5},
    )
    with Shelf(catalog, settings, PromptLibrary.default(), None) as opened:
        yield opened


def asked(*texts: str) -> list[Asked]:
    return [Asked(Request(text), "file") for text in texts]


def test_its_place_for_each_request_with_why_or_why_not(shelf: Shelf) -> None:
    found = outlook(shelf, "n1", asked("Grae kettle", "cheapest kettle", "kettle under 40 euros", "a teapot", "hello"))
    told = found.to_dict()
    assert (told["new"], told["since"]) == (True, "2026-11-20")
    by_request = {p["request"]: p for p in [*told["requests"]["fits"], *told["requests"]["near"]]}
    assert by_request["Grae kettle"]["verdict"] == "picked"
    assert by_request["Grae kettle"]["rank"] == 1
    assert by_request["Grae kettle"]["in_front"] == []
    cheapest = by_request["cheapest kettle"]
    assert cheapest["verdict"] == "outranked"
    assert cheapest["in_front"][0]["product_id"] == "k1"
    assert cheapest["stands"][0]["value"] == ""
    assert cheapest["stands"][0]["shown"][0] == "19.90"
    assert by_request["kettle under 40 euros"]["verdict"] == "fails"
    assert (told["requests"]["others"], told["requests"]["no_request"]) == (1, 1)
    assert told["requests"]["asked"] == 5


def test_what_its_record_lacks_that_requests_ask_for_or_its_kind_has(shelf: Shelf) -> None:
    found = outlook(shelf, "n1", asked("cheapest kettle", "kettle under 40 euros", "Grae kettle"))
    held = {m.field: m for m in found.missing}
    assert found.missing[0].field == "price"
    assert held["price"].requests == 2
    assert held["capacity_l"].requests == 0
    assert held["capacity_l"].share == 1.0
    assert "colour" not in held


def test_without_requests_some_are_written_from_the_fields_of_its_kind(shelf: Shelf) -> None:
    found = outlook(shelf, "k1")
    texts = {p.asked.request.request for p in (*found.places, *found.near)}
    assert {"Kettles: largest (capacity)", "Kettles: cheapest (price)", "Kettles: colour: red"} <= texts
    assert all(p.asked.source == "written" for p in found.places)
    smallest = next(p for p in found.places if p.asked.request.request == "Kettles: smallest (capacity)")
    assert smallest.shown
    assert smallest.stands[0].standing == "smallest of 7"


def test_nothing_is_counted_as_shown_and_the_floor_lifts_nothing(shelf: Shelf) -> None:
    before = shelf.arranging.account.owed(shelf.arranging.newness().today)
    outlook(shelf, "n1", asked("red kettle", "kettle"))
    assert shelf.arranging.account.owed(shelf.arranging.newness().today) == before


def test_an_unknown_product_is_an_error_that_says_what_to_do(shelf: Shelf) -> None:
    with pytest.raises(CatalogError, match=r"no product 'nope' in the catalogue .*check the id"):
        outlook(shelf, "nope")


def test_like_requests_are_counted_together() -> None:
    found = merged(asked("A red kettle", "a  red kettle ", "a mug"))
    assert [(a.request.request, a.times) for a in found] == [("A red kettle", 2), ("a mug", 1)]


def line(field: str, want: str, value: object = None, category: str = "", weight: float = 1.0) -> ProfileLine:
    text = f"{field} {want} {value}"
    return ProfileLine(text, Criterion(field, want, value), category, weight, text=text)  # type: ignore[arg-type]


def test_shoppers_whose_profile_it_meets_more_than_it_goes_against(shelf: Shelf) -> None:
    k4 = shelf.catalog.get("k4")
    assert k4 is not None
    profiles = [
        ("u1", [line("brand", "is", "Velm"), line("colour", "is", "red", weight=0.4)]),
        ("u2", [line("brand", "is", "Orsk")]),
        ("u3", [line("colour", "is", "black", "Teapots")]),
        ("u4", [line("capacity_l", "high", category="Kettles", weight=0.3)]),
        ("u5", [line("brand", "not", "Velm", weight=0.9), line("colour", "is", "black", weight=0.5)]),
    ]
    found = suited(k4, profiles, Scope(shelf.catalog, ()))
    assert [s.user for s in found] == ["u1", "u4"]
    assert found[0].met == ("brand is Velm",)
    assert found[0].against == ("colour is red",)


def test_shoppers_are_read_from_what_they_did(shelf: Shelf) -> None:
    now = datetime.now(UTC)
    did = [
        Interaction("u-velm", "purchase", now - timedelta(days=n), product, id=f"{product}-{n}")
        for n, product in enumerate(["k3", "k4", "m0", "m1", "m2", "k3", "m0"], start=1)
    ]
    found = outlook(shelf, "m2", asked("kettle"), [("u-velm", did), ("u-none", [])])
    assert [s.user for s in found.shoppers] == ["u-velm"]
    assert "Velm" in " ".join(found.shoppers[0].met)


def test_as_plain_lines_without_control_characters(shelf: Shelf) -> None:
    told = "\n".join(lines(outlook(shelf, "n1", asked("Grae kettle", "cheapest\x1b[2J kettle"))))
    assert "Of 2 requests it fits 2 and is shown for 1." in told
    assert "price: not given" in told
    assert "\x1b" not in told
