"""schema.org Product wherever shops put it."""

from __future__ import annotations

import json

import pytest

from shelftalk.errors import FeedError

PRODUCT = {
    "@context": "https://schema.org/", "@type": "Product", "sku": "0446310786", "name": "Executive Anvil", "description": "Sleek.",
    "brand": {"@type": "Brand", "name": "ACME"}, "image": ["https://e.example/1.jpg", {"@type": "ImageObject", "url": "https://e.example/2.jpg"}],
    "category": "Tools > Anvils", "releaseDate": "2026-01-15", "url": "https://e.example/anvil", "color": "grey", "gtin13": "4960999581576",
    "weight": {"@type": "QuantitativeValue", "value": 55.67, "unitCode": "LBR"},
    "aggregateRating": {"@type": "AggregateRating", "ratingValue": "4.4", "reviewCount": 89},
    "additionalProperty": [{"@type": "PropertyValue", "name": "Height", "value": "20", "unitText": "cm"},
                           {"@type": "PropertyValue", "name": "Finish", "value": "matt"}],
    "offers": {"@type": "Offer", "price": 119.90, "priceCurrency": "USD", "availability": "https://schema.org/InStock",
               "itemCondition": "https://schema.org/UsedCondition", "inventoryLevel": {"@type": "QuantitativeValue", "value": 4}},
}  # fmt: skip


def check(product) -> None:
    assert (product.id, product.title, product.brand) == ("0446310786", "Executive Anvil", "ACME")
    assert (str(product.price), product.currency, product.availability, product.stock) == (
        "119.9",
        "USD",
        "in_stock",
        4,
    )
    assert (product.rating, product.review_count, product.released_at) == (4.4, 89, "2026-01-15")
    assert product.categories == ("Tools", "Anvils")
    assert product.images == ("https://e.example/1.jpg", "https://e.example/2.jpg")
    assert product.attributes == {
        "color": "grey", "gtin13": "4960999581576", "weight_lb": 55.67, "Height_cm": 20, "Finish": "matt", "condition": "used",
    }  # fmt: skip


@pytest.mark.parametrize(
    "held",
    [
        PRODUCT,
        [PRODUCT],
        {"@context": "https://schema.org", "@graph": [{"@type": "Organization", "name": "Shop"}, PRODUCT]},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "position": 1, "item": PRODUCT}]},
        {"@type": "WebPage", "mainEntity": PRODUCT},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_product_is_found_wherever_it_is_nested(feed, held: object, indent: int | None) -> None:
    check(feed(json.dumps(held, indent=indent)).only())


def test_a_page_is_read_for_its_scripts(feed) -> None:
    page = '<!DOCTYPE html>\n<html><head><script>var a = "<script>";</script>\n<script type="application/ld+json">\n%s\n</script>'
    page += '<script type="application/ld+json">{oops</script></head><body>Anvil</body></html>'
    found = feed(page % json.dumps(PRODUCT, indent=1))
    check(found.products["0446310786"])
    assert [(r.field, "malformed JSON" in r.reason) for r in found.rejects] == [("script", True)]


def test_lines_are_read_one_by_one(feed) -> None:
    found = feed(
        json.dumps(PRODUCT) + '\n{"@type": "Product", "name": "No id"}\n{oops\n{"@type": "Person", "name": "X"}\n'
    )
    check(found.products["0446310786"])
    assert [(r.line, r.field) for r in found.rejects] == [(2, "id"), (3, "line"), (4, "@type")]


def test_variants_take_what_they_leave_out_from_their_group(feed) -> None:
    group = {"@type": "ProductGroup", "productGroupID": "G", "name": "Coat", "brand": {"name": "Good"}, "variesBy": ["size"],
             "hasVariant": [{"@type": "Product", "sku": "c-s", "size": "S", "offers": {"price": "39.99", "priceCurrency": "EUR"}},
                            {"@type": "Product", "sku": "c-l", "name": "Coat L", "size": "L"}]}  # fmt: skip
    found = feed(json.dumps({"@context": "https://schema.org", **group}))
    assert [(p.id, p.title, p.brand, p.attributes["size"]) for p in found.products.values()] == [
        ("c-s", "Coat", "Good", "S"),
        ("c-l", "Coat L", "Good", "L"),
    ]


@pytest.mark.parametrize(
    "offers, price, list_price",
    [
        ([{"@type": "Offer", "price": "5.00", "priceCurrency": "USD"}, {"@type": "Offer", "price": "4.00"}], "5.00", None),
        ({"@type": "AggregateOffer", "lowPrice": "7.00", "highPrice": "9.00", "priceCurrency": "USD"}, "7.00", None),
        ({"@type": "Offer", "priceSpecification": [{"price": 10.00, "priceCurrency": "USD"},
          {"price": 12.5, "priceCurrency": "USD", "priceType": "https://schema.org/ListPrice"}]}, "10.0", "12.5"),
    ],
)  # fmt: skip
def test_offers_come_in_many_shapes(feed, offers: object, price: str, list_price: str | None) -> None:
    product = feed(json.dumps({"@type": "Product", "sku": 1, "name": "A", "offers": offers})).only()
    assert str(product.price) == price
    assert (product.list_price and str(product.list_price)) == list_price


def test_a_document_without_a_product_is_an_error(feed) -> None:
    with pytest.raises(FeedError, match="no schema.org Product"):
        feed(json.dumps({"@context": "https://schema.org", "@graph": []}, indent=1))
