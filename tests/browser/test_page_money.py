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
