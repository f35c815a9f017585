"""What a column of stock or availability says in words."""

from __future__ import annotations

import pytest

from shelftalk.words.stock import any_in_stock, plain_state, state

GONE = [
    "no", "No", "NO", "0", "0.00", "n", "false", "none", "sold out", "SoldOut", "sold-out", "unavailable", "Unavailable!", "out of stock",
    "Out-Of-Stock", "OutOfStock", "outofstock", "https://schema.org/OutOfStock", "http://schema.org/SoldOut/", "schema:OutOfStock",
    "not in stock", "no stock", "No longer available", "currently unavailable", "temporarily out of stock", "not currently available",
    "0 left", "0 units", "discontinued", "ausverkauft", "Nicht auf Lager", "nicht lieferbar", "Épuisé", "rupture de stock", "agotado",
    "esaurito", "uitverkocht", "slutsåld", "нет в наличии", "-3", "-1.0", "0 pcs", "0 Stück", "0 шт.", "00", "zero", "brak", "нет", "Fora de estoque",
    "en rupture", "売り切れ", "在庫なし", "缺货", "품절", "غير متوفر", "אזל מהמלאי", "لا", "hết hàng", "สินค้าหมด", "stok habis", "Nincs raktáron", "EOL",
    "nicht mehr lieferbar", "plus disponible", "немає в наявності", "loppu",
]  # fmt: skip
HERE = [
    "yes",
    "Y",
    "1",
    "true",
    "in stock",
    "In Stock!",
    "InStock",
    "https://schema.org/InStock",
    "available",
    "In stock (5)",
    "auf Lager",
    "ja",
    "low stock",
    "Only a few left",
    "在庫あり",
    "有货",
    "متوفر",
    "em stock",
    "в наявності",
    "available in store",
    "available immediately",
]
OTHER = [
    "preorder",
    "backorder",
    "coming soon",
    "made to order",
    "-",
    "null",
    "notable",
    "knows",
    "limited availability",
    "northern",
    "10 units",
    "available soon",
    "available from 3 May",
    "Available on backorder",
    "available for pre-order",
    "0 days",
    "10 pcs",
    "loppuvuosi",
]


@pytest.mark.parametrize("text", GONE)
def test_words_for_none_left(text: str) -> None:
    assert any_in_stock(text) is False


@pytest.mark.parametrize("text", HERE)
def test_words_for_some_left(text: str) -> None:
    assert any_in_stock(text) is True


@pytest.mark.parametrize("text", OTHER)
def test_words_for_neither(text: str) -> None:
    assert any_in_stock(text) is None
    assert state(text) == text


def test_a_state_has_one_spelling_where_it_says_no_more() -> None:
    assert [state(word) for word in ("no", "0", "unavailable", "not in stock", "yes", "1", "7")] == [
        *["out_of_stock"] * 4,
        *["in_stock"] * 3,
    ]
    assert [state(word) for word in ("Sold out", "discontinued", "In stock", "OutOfStock")] == [
        "Sold out",
        "discontinued",
        "In stock",
        "OutOfStock",
    ]
    assert plain_state("https://schema.org/LimitedAvailability") == "limited availability"
