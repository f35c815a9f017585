"""Prices in the currencies of their products, and without any where a product names none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.browser.shop import serving, visitor


def test_each_price_is_shown_in_its_products_own_currency(tmp_path: Path, chromium: Any) -> None:
    from shelftalk.catalog import Catalog
    from shelftalk.catalog.product import parse_product

    rows = [
        {"id": "e1", "title": "Lamp Alva", "price": "20.00", "currency": "EUR"}, {"id": "e2", "title": "Lamp Bera", "price": "21.00", "currency": "EUR"},
        {"id": "j1", "title": "Lamp Chiyo", "price": "5000", "currency": "JPY"}, {"id": "n1", "title": "Lamp Dora", "price": "7.00"},
    ]  # fmt: skip
    Catalog.open(tmp_path / "made", create=True).upsert(
        [parse_product({**row, "categories": ["Lamps"]}) for row in rows]
    )
    (tmp_path / "shop").mkdir()
    with serving(tmp_path / "made", tmp_path / "shop") as address, visitor(chromium, address) as visit:
        v = visit()
        turn = v.ask("4 lamps")
        cards = {c.locator("h3").inner_text(): c for c in turn.locator(".card").all()}
        prices = {title: card.locator(".price").inner_text() for title, card in cards.items()}
        assert prices == {"Lamp Alva": "€20.00", "Lamp Bera": "€21.00", "Lamp Chiyo": "¥5,000", "Lamp Dora": "7.00"}
        proof = {
            title: card.locator(".evidence", has_text="price").first.text_content() for title, card in cards.items()
        }
        for title, price in prices.items():
            assert price in proof[title], "the evidence says the same as the card"


def test_a_chip_shows_the_unit_and_the_currency_of_the_limit_itself(tmp_path: Path, chromium: Any) -> None:
    from shelftalk.catalog import Catalog
    from shelftalk.catalog.product import parse_product

    rows = [
        {"id": f"g{n}", "title": f"Lamp {n}", "price": price, "currency": currency, "age_min": n + 3, "runtime_min": 30 * n}
        for n, (price, currency) in enumerate((("20", "EUR"), ("21", "EUR"), ("5000", "JPY"), ("900", "JPY"), ("22", "EUR")), 1)
    ]  # fmt: skip
    Catalog.open(tmp_path / "made", create=True).upsert(
        [parse_product({**row, "categories": ["Lamps"]}) for row in rows]
    )
    (tmp_path / "shop").mkdir()
    with serving(tmp_path / "made", tmp_path / "shop") as address, visitor(chromium, address) as visit:
        v = visit()
        said = v.ask("lamps under 1000 yen").locator(".chip").all_inner_texts()
        assert any("¥1,000" in chip for chip in said), said
        texts = v.page.evaluate(
            """async () => { const { limitText } = await import("/static/chips.js");
            return ["age_min", "players_min", "runtime_min", "weight_g"].map((field) => limitText({ field, operator: "<=", value: 7 })); }"""
        )
        assert texts == ["age min at most 7", "players min at most 7", "runtime at most 7 min", "weight at most 7 g"]
