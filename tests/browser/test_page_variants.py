"""A thing in several variants is one card, with the range of its prices and what can be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.shop import serving, visitor

ROWS = [
    *({"id": f"fox-{n}", "title": "Fox running shoe", "price": f"{60 + n}.00", "attributes": {"eu_size": n, "colour": "blue" if n % 2 else "red"}} for n in range(36, 46)),
    {"id": "fox-gone", "title": "Fox running shoe", "price": "5.00", "availability": "out_of_stock", "attributes": {"eu_size": 50, "colour": "green"}},
    {"id": "owl", "title": "Owl running shoe", "price": "99.00", "attributes": {"eu_size": 41}},
    {"id": "pika-1", "title": "Pika running shoe", "price": "70.00", "attributes": {"width": "<b>wide</b>", "eu_size": 41}},
    {"id": "pika-2", "title": "Pika running shoe", "price": "70.00", "attributes": {"width": "narrow", "eu_size": 41}},
]  # fmt: skip


def test_one_card_shows_the_range_and_the_values_of_all_variants(tmp_path: Path, chromium: Any) -> None:
    from shelftalk.catalog import Catalog
    from shelftalk.catalog.product import parse_product

    made = [
        {**row, "currency": "EUR", "categories": ["Shoes"], "item_group_id": row["id"].split("-", maxsplit=1)[0]}
        for row in ROWS
    ]
    Catalog.open(tmp_path / "made", create=True).upsert([parse_product(row) for row in made])
    (tmp_path / "shop").mkdir()
    with serving(tmp_path / "made", tmp_path / "shop") as address, visitor(chromium, address) as visit:
        v = visit()
        turn = v.ask("a running shoe")
        cards = {c.locator("h3").inner_text(): c for c in turn.locator(".card").all()}
        assert sorted(cards) == ["Fox running shoe", "Owl running shoe", "Pika running shoe"]
        fox = cards["Fox running shoe"].locator(".variants")
        assert fox.get_attribute("aria-label") == "11 variants"
        assert fox.locator(".range").inner_text() == "€96.00 to €105.00"
        assert fox.locator("[data-option=eu_size] .value").all_inner_texts() == ["36 to 45"]
        assert sorted(fox.locator("[data-option=colour] .value").all_inner_texts()) == ["blue", "red"]
        assert cards["Owl running shoe"].locator(".variants").count() == 0
        pika = cards["Pika running shoe"].locator(".variants")
        assert pika.locator(".range").count() == 0, "one price is no range"
        assert pika.locator("[data-option=width] .value").count() == 2
        assert pika.locator("b").count() == 0, "a catalogue's text is no HTML"
        narrow = v.ask("a fox running shoe in size 44")
        assert narrow.locator(".card .price").first.inner_text() == "€104.00"
