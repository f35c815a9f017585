"""The Agentic Commerce Protocol feed in the shapes it has had."""

from __future__ import annotations

import gzip
import json

import pytest

NESTED = {
    "id": "prod_tee", "title": "Classic Tee", "description": {"plain": "Cotton tee."}, "url": "https://m.example/tee",
    "media": [{"type": "image", "url": "https://m.example/main.jpg"}, {"type": "video", "url": "https://m.example/v.mp4"}],
    "variants": [
        {"id": "tee-red-s", "title": "Classic Tee - Red / Small", "price": {"amount": 1999, "currency": "USD"},
         "list_price": {"amount": 2499, "currency": "USD"}, "availability": {"available": True, "status": "limited_stock"},
         "categories": [{"value": "Apparel > Shirts", "taxonomy": "merchant"}], "condition": ["new"],
         "variant_options": [{"name": "Color", "value": "Red"}, {"name": "Size", "value": "Small"}],
         "barcodes": [{"type": "GTIN", "value": "00012345600012"}], "media": [{"type": "image", "url": "https://m.example/red.jpg"}],
         "seller": {"name": "Example Merchant"}},
        {"id": "tee-blue", "price": {"amount": 1500, "currency": "JPY"}, "availability": {"available": False}},
        {"id": "tee-bad", "title": "Bad", "price": {"amount": 19.99, "currency": "USD"}},
    ],
}  # fmt: skip
FLAT = {
    "item_id": "SKU1", "title": "Trail Shoe", "description": "Waterproof.", "url": "https://m.example/1", "brand": "Acme",
    "image_url": "https://m.example/1.jpg", "additional_image_urls": "https://m.example/2.jpg,https://m.example/3.jpg",
    "price": "99.99 USD", "sale_price": "79.99 USD", "availability": "in_stock", "inventory_quantity": 25,
    "product_category": "Apparel > Shoes", "is_eligible_search": True, "is_eligible_checkout": False, "star_rating": "4.6",
    "review_count": 254, "group_id": "G1", "variant_dict": {"color": "Black", "size": "M"}, "weight": "1.5",
    "item_weight_unit": "lb", "seller_name": "Shop", "return_policy": "https://m.example/r", "target_countries": ["US"],
}  # fmt: skip


def test_each_variant_is_a_product_priced_in_minor_units(feed) -> None:
    found = feed([NESTED])
    red, blue = found.products["tee-red-s"], found.products["tee-blue"]
    assert (str(red.price), str(red.list_price), red.currency) == ("19.99", "24.99", "USD")
    assert red.availability == "limited_stock"
    assert red.categories == ("Apparel", "Shirts")
    assert red.description == "Cotton tee."
    assert red.item_group_id == blue.item_group_id == "prod_tee"
    assert red.images == ("https://m.example/red.jpg", "https://m.example/main.jpg")
    assert red.attributes == {
        "Color": "Red", "Size": "Small", "gtin": "00012345600012", "condition": "new", "seller": "Example Merchant",
    }  # fmt: skip
    assert (blue.title, str(blue.price), blue.currency, blue.availability) == (
        "Classic Tee",
        "1500",
        "JPY",
        "out_of_stock",
    )
    assert [(r.line, r.id, r.field) for r in found.dropped] == [(1, "tee-bad", "price")]
    assert found.products["tee-bad"].price is None


def test_a_flat_row_is_read_and_says_nothing_of_seller_or_parcel(feed) -> None:
    product = feed([FLAT]).only()
    assert (product.id, str(product.price), str(product.list_price)) == ("SKU1", "79.99", "99.99")
    assert (product.stock, product.rating, product.review_count) == (25, 4.6, 254)
    assert product.categories == ("Apparel", "Shoes")
    assert len(product.images) == 3
    assert product.item_group_id == "G1"
    assert product.attributes == {
        "color": "Black",
        "size": "M",
        "weight": 1.5,
        "item_weight_unit": "lb",
    }


def test_the_older_names_and_one_document_are_read(feed) -> None:
    older = {"enable_search": "true", "id": "S2", "title": "Shoe", "link": "https://m.example/2", "image_link": "https://m.example/2.jpg",
             "additional_image_link": ["https://m.example/3.jpg"], "price": "5.00 EUR", "quantity": 7, "product_review_rating": 4.5,
             "product_review_count": 9, "color": "Black"}  # fmt: skip
    for text in (json.dumps({"products": [older]}, indent=1), json.dumps([older]), json.dumps(older) + "\n"):
        product = feed(text).only()
        assert (product.url, product.stock, product.rating, product.review_count) == ("https://m.example/2", 7, 4.5, 9)
        assert product.attributes == {"color": "Black"}


def test_a_packed_table_is_read(feed) -> None:
    text = "item_id,title,price,availability,url,image_url\nS1,Shoe,5.00 USD,in_stock,https://m.example/1,https://m.example/1.jpg\n"
    assert feed(gzip.compress(text.encode())).only().id == "S1"


@pytest.mark.parametrize("variants", [[], ["x"]])
def test_a_product_without_variants_is_a_reject(feed, variants: list[object]) -> None:
    (reject,) = feed([{"id": "p", "variants": variants}], format="acp").rejects
    assert (reject.id, reject.field) == ("p", "variants")
