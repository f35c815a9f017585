"""The forms in which shops write offers, variants and references as JSON-LD, each with what a shopper pays."""

from __future__ import annotations

import json
from typing import Any

import pytest

S = "https://schema.org/"


def offered(offers: Any, **more: Any) -> str:
    return json.dumps({"@context": S, "@type": "Product", "sku": "1", "name": "Lamp", "offers": offers, **more})


def spec(price: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "@type": "UnitPriceSpecification",
        "priceCurrency": "EUR",
        **({} if price is None else {"price": price}),
        **more,
    }


def offer(price: Any = None, **more: Any) -> dict[str, Any]:
    return {"@type": "Offer", "priceCurrency": "EUR", **({} if price is None else {"price": price}), **more}


def ranged(low: Any = "20.00", **more: Any) -> dict[str, Any]:
    return {"@type": "AggregateOffer", "lowPrice": low, "highPrice": "30.00", "priceCurrency": "EUR", **more}


@pytest.mark.parametrize(
    ("offers", "price"),
    [
        (ranged(offers=[{"itemOffered": {"@type": "Product", "sku": "x"}}]), "20.00"),
        (ranged(offers={"@type": "Offer", "url": "https://s.example"}), "20.00"),
        (ranged(offers=[offer("30.00"), offer("20.00"), offer("25.00")]), "20.00"),
        (ranged("20.00", offers=[{"@type": "Offer", "price": "21.00"}]), "21.00"),
        (offer(lowPrice="20.00", highPrice="30.00"), "20.00"),
        ({"@type": "AggregateOffer", "highPrice": "30.00", "priceCurrency": "EUR"}, "30.00"),
        ([ranged("15")], "15"),
        (offer("", priceSpecification=spec("15.00")), "15.00"),
        (offer(" ", priceSpecification=[spec("15.00")]), "15.00"),
        (offer(None, priceSpecification=spec(minPrice="15.00", maxPrice="25.00")), "15.00"),
        ({"@type": "Offer", "priceSpecification": {"@type": "CompoundPriceSpecification", "priceCurrency": "EUR", "priceComponent": [spec("15.00")]}}, "15.00"),
        (offer(None, priceSpecification=[{"@type": "DeliveryChargeSpecification", "price": "4.00", "priceCurrency": "EUR"}, spec("15.00")]), "15.00"),
        (offer(None, priceSpecification=[{"@type": "schema:PaymentChargeSpecification", "price": "1.00"}, spec("15.00")]), "15.00"),
        (offer(None, priceSpecification=[spec("12.00", validForMemberTier={"name": "Gold"}), spec("15.00")]), "15.00"),
        (offer(None, priceSpecification=[spec("1.50", referenceQuantity={"value": 1, "unitCode": "KGM"}), spec("15.00")]), "15.00"),
        (offer(None, priceSpecification=[spec("20.00"), spec("15.00", priceType=f"{S}SalePrice")]), "15.00"),
        (offer(None, priceSpecification=[spec("9.00", validThrough="2001-01-31"), spec("15.00")]), "15.00"),
        (offer(None, priceSpecification=[spec("9.00", validFrom="2999-01-31"), spec("15.00")]), "15.00"),
        (offer(None, priceSpecification=[spec("9.00", priceType="MinimumAdvertisedPrice"), spec("15.00")]), "15.00"),
        ([offer("30.00", availability="schema:OutOfStock"), offer("35.00")], "35.00"),
        ([offer("10.00", itemCondition=f"{S}UsedCondition"), offer("20.00", itemCondition=f"{S}NewCondition")], "20.00"),
        ([offer("30.00"), {"@type": "Offer", "price": "20.00", "priceCurrency": "USD"}], "30.00"),
        ([offer("on request"), offer("20.00")], "20.00"),
        (ranged(offers=[offer("on request")]), "20.00"),
        (ranged(offers=[offer("on request"), offer("25.00")]), "25.00"),
        (offer("on request", priceSpecification=spec("15.00")), "15.00"),
        (offer(None, priceSpecification=[spec("on request"), spec("15.00")]), "15.00"),
        (offer(None, priceSpecification=spec(maxPrice="25.00")), "25.00"),
        (offer({"@value": "15.00"}), "15.00"),
        (offer(15), "15"),
        (offer([["15.00"]]), "15.00"),
        ([[offer("30.00")], [offer("20.00")]], "20.00"),
        (offer({"@type": "MonetaryAmount", "value": "15.00", "currency": "EUR"}), "15.00"),
        (offer(spec("15.00")), "15.00"),
        ([offer("0.00"), offer("20.00")], "20.00"),
        (offer(0, priceSpecification=spec("20.00")), "20.00"),
        (ranged("0", offers=[]), "30.00"),
        (offer(None, priceSpecification=spec("20.00", minPrice=0)), "20.00"),
        (offer("0"), "0"),
        ([offer("9.00", priceValidUntil="2001-01-31"), offer("20.00", priceValidUntil="2999-01-31")], "20.00"),
        ([offer("9.00", validFrom="2999-01-31"), offer("20.00")], "20.00"),
        ([offer("9.00", availabilityEnds="2001-01-31T00:00Z"), offer("20.00")], "20.00"),
        (offer("9.00", priceValidUntil="2001-01-31"), "9.00"),
        ([offer("29.00", businessFunction="http://purl.org/goodrelations/v1#LeaseOut"), offer("899.00")], "899.00"),
        ([offer("29.00", businessFunction=f"{S}LeaseOut"), offer("899.00", businessFunction={"@id": "gr:#Sell"})], "899.00"),
        (offer(None, priceSpecification=[spec("29.00", billingDuration=24, unitCode="MON"), spec("699.00")]), "699.00"),
        (offer(None, priceSpecification=[spec("29.00", priceComponentType=f"{S}Installment"), spec("699.00")]), "699.00"),
        (offer(None, priceSpecification=[spec("9.00", eligibleQuantity={"minValue": 100}), spec("12.00", eligibleQuantity={"minValue": 1})]), "12.00"),
        (offer(None, priceSpecification=[spec("9.00", eligibleQuantity={"value": "10"}), spec("12.00")]), "12.00"),
        (offer(None, priceSpecification=[spec("100.00", valueAddedTaxIncluded=False), spec("119.00", valueAddedTaxIncluded=True)]), "119.00"),
        (offer(None, priceSpecification=[spec("100.00", valueAddedTaxIncluded="false"), spec("119.00")]), "119.00"),
    ],
)  # fmt: skip
def test_the_price_is_what_most_shoppers_pay_now(feed, offers: Any, price: str) -> None:
    product = feed(offered(offers)).only()
    assert str(product.price) == price
    assert product.currency == "EUR"


@pytest.mark.parametrize("kind", ["ListPrice", "https://schema.org/StrikethroughPrice", {"@id": "schema:MSRP"}])
def test_a_regular_price_is_the_list_price_wherever_it_stands(feed, kind: Any) -> None:
    product = feed(offered(offer(None, priceSpecification=[spec("20.00", priceType=kind), spec("15.00")]))).only()
    assert (str(product.price), str(product.list_price)) == ("15.00", "20.00")


@pytest.mark.parametrize(
    "said",
    ["https://schema.org/OutOfStock", "http://schema.org/OutOfStock", "schema:OutOfStock", "OutOfStock",
     {"@id": "https://schema.org/OutOfStock"}, {"@id": "schema:OutOfStock"}, {"@type": "ItemAvailability", "name": "OutOfStock"},
     ["https://schema.org/OutOfStock"], "https://www.schema.org/OutOfStock"],
)  # fmt: skip
def test_availability_is_read_however_it_is_written(feed, said: Any) -> None:
    assert feed(offered(offer("1", availability=said))).only().availability == "out_of_stock"
    product = feed(offered(offer("1"), availability=said)).only()
    assert (product.availability, product.attributes) == ("out_of_stock", {})


def test_a_price_that_no_offer_has_in_figures_is_told_of(feed) -> None:
    found = feed(offered([offer(None), offer("on request")]))
    assert found.only().price is None
    assert [d.field for d in found.dropped] == ["price"]


COAT = {
    "@type": "ProductGroup",
    "@id": "#coat",
    "productGroupID": "C",
    "name": "Coat",
    "description": "Warm.",
    "material": "wool",
}
RED = {"@type": "Product", "@id": "#red", "sku": "C-R", "color": "Red", "offers": {"@id": "#red-offer"}}
BLUE = {
    "@type": "Product",
    "@id": "#blue",
    "sku": "C-B",
    "color": "Blue",
    "name": "Coat, blue",
    "offers": offer("125.00"),
}
RED_OFFER = offer("120.00", **{"@id": "#red-offer"})


@pytest.mark.parametrize(
    "graph",
    [
        [{**COAT, "hasVariant": [{"@id": "#red"}, {"@id": "#blue"}]}, RED, BLUE, RED_OFFER],
        [RED_OFFER, BLUE, RED, {**COAT, "hasVariant": [{"@id": "#red"}, {"@id": "#blue"}]}],
        [{**RED, "isVariantOf": {"@id": "#coat"}}, {**BLUE, "isVariantOf": [{"@id": "#coat"}]}, COAT, RED_OFFER],
        [{**COAT, "hasVariant": [{"@id": "#red"}, {"@id": "#blue"}]}, {**RED, "isVariantOf": {"@id": "#coat"}}, {**BLUE, "isVariantOf": {"@id": "#coat"}}, RED_OFFER],
        [{**COAT, "hasVariant": [RED, BLUE]}, RED_OFFER],
        [{**RED, "isVariantOf": COAT}, {**BLUE, "isVariantOf": COAT}, RED_OFFER],
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", ["one line", "a node a line", "indented", "a list", "two scripts"])
def test_variants_find_their_group_and_their_offers_by_id(feed, graph: list[Any], shape: str) -> None:
    nodes = ",\n".join(json.dumps(node) for node in graph)
    held = {"@context": S, "@graph": graph}
    text = {
        "one line": json.dumps(held),
        "a node a line": f'{{"@context":"{S}","@graph":[\n{nodes}\n]}}',
        "indented": json.dumps(held, indent=2),
        "a list": f"[{nodes}]",
        "two scripts": "<html>"
        + "".join(f'<script type="application/ld+json">{json.dumps(part)}</script>' for part in (graph[:1], graph[1:])),
    }[shape]
    found = feed(text, "feed.json", format="jsonld")
    assert not found.rejects
    assert {p.id: (p.title, str(p.price), p.item_group_id) for p in found.products.values()} == {
        "C-R": ("Coat", "120.00", "C"),
        "C-B": ("Coat, blue", "125.00", "C"),
    }
    assert {p.description for p in found.products.values()} == {"Warm."}
    assert all(p.attributes["material"] == "wool" for p in found.products.values())


@pytest.mark.parametrize(
    "said",
    [{"inProductGroupWithID": "C"}, {"inProductGroupWithID": {"@value": "C"}}, {"isVariantOf": "C"}, {"isVariantOf": ["C"]}, {"isVariantOf": {"@id": "C"}}],
)  # fmt: skip
def test_a_group_is_told_by_its_id_alone(feed, said: dict[str, Any]) -> None:
    held = {"@type": "Product", "sku": "1", "name": "Coat", "offers": offer("1"), **said}
    assert feed(json.dumps(held)).only().item_group_id == "C"


@pytest.mark.parametrize("kind", ["Product", "ProductGroup", ["Product", "ProductGroup"]])
def test_what_has_variants_and_no_offer_is_their_group(feed, kind: Any) -> None:
    variants = [{"@type": "Product", "sku": n, "size": n, "offers": offer("1")} for n in ("S", "M")]
    found = feed(json.dumps({"@context": S, "@type": kind, "sku": "C", "name": "Coat", "hasVariant": variants}))
    assert {p.id: (p.title, p.item_group_id) for p in found.products.values()} == {
        "S": ("Coat", "C"),
        "M": ("Coat", "C"),
    }


@pytest.mark.parametrize(
    "held",
    [
        {"@type": "Offer", **offer("9.00"), "itemOffered": {"@type": "Product", "sku": "1", "name": "Lamp"}},
        {"@graph": [{"@type": "Product", "@id": "#p", "sku": "1", "name": "Lamp"}, offer("9.00", itemOffered={"@id": "#p"})]},
        {"@graph": [offer("9.00", itemOffered={"@id": "#p"}), {"@type": "Product", "@id": "#p", "sku": "1", "name": "Lamp"}]},
        {"@graph": [{"@type": "Product", "@id": "#p", "sku": "1", "name": "Lamp", "offers": "#o"}, offer("9.00", **{"@id": "#o"})]},
        {"@type": "OfferCatalog", "itemListElement": [offer("9.00", itemOffered={"@type": "Product", "sku": "1", "name": "Lamp"})]},
        {"@type": "Organization", "makesOffer": [offer("9.00", itemOffered={"@type": "Product", "sku": "1", "name": "Lamp"})]},
        {"@type": "schema:Product", "schema:sku": "1", "schema:name": "Lamp", "schema:offers": {"@type": "schema:Offer", "schema:price": "9.00", "schema:priceCurrency": "EUR"}},
        {"@type": ["http://schema.org/Product"], "http://schema.org/sku": [{"@value": "1"}], "http://schema.org/name": [{"@value": "Lamp", "@language": "en"}],
         "http://schema.org/offers": [{"@type": ["http://schema.org/Offer"], "http://schema.org/price": [{"@value": "9.00"}], "http://schema.org/priceCurrency": [{"@value": "EUR"}]}]},
        {"@type": "product", "sku": "1", "name": "Lamp", "offers": {"@type": "offer", "price": "9.00", "priceCurrency": "EUR"}},
    ],
)  # fmt: skip
def test_product_and_offer_find_each_other(feed, held: dict[str, Any]) -> None:
    product = feed(json.dumps({"@context": S, **held}), format="jsonld").only()
    assert (product.id, product.title, str(product.price), product.currency) == ("1", "Lamp", "9.00", "EUR")


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("//<![CDATA[\n", "\n//]]>"), ("<![CDATA[", "]]>"), ("/*<![CDATA[*/", "/*]]>*/"), ("<!--\n", "\n-->"), ("<!--//--><![CDATA[//><!--\n", "\n//--><!]]>"),
        ("/* product */ ", ";"), ("// for search engines\n", ""), ("", ";\n"), ("\n\n", "\n"), ("", ""),
    ],
)  # fmt: skip
def test_what_stands_around_a_script_is_read_over(feed, before: str, behind: str) -> None:
    text = offered(offer("9.00"), description="see https://s.example // and /* this */ --> ]]>; //")
    product = feed(f'<html><script type="application/ld+json">{before}{text}{behind}</script></html>').only()
    assert product.description == "see https://s.example // and /* this */ --> ]]>; //"


@pytest.mark.parametrize("between", ["\n", "", "\n\n ; "])
def test_documents_that_stand_behind_one_another_are_all_read(feed, between: str) -> None:
    text = between.join(json.dumps(json.loads(offered(offer("9"), sku=n)), indent=1) for n in ("1", "2"))
    assert list(feed(text).products) == ["1", "2"]
    page = f'<html><script type="application/ld+json">{text}</script></html>'
    assert list(feed(page).products) == ["1", "2"]


def test_a_group_whose_variants_are_not_there_is_a_product_by_its_own_id(feed) -> None:
    held = {
        "@context": S,
        "@type": "ProductGroup",
        "productGroupID": "C",
        "name": "Coat",
        "url": "https://s",
        "offers": ranged(),
    }
    product = feed(json.dumps(held)).only()
    assert (product.id, str(product.price)) == ("C", "20.00")


def test_scripts_of_a_page_that_hold_other_things_are_no_rejects(feed) -> None:
    crumbs = json.dumps({"@type": "BreadcrumbList", "itemListElement": []})
    page = f'<html><script type="application/ld+json">{crumbs}</script><script type="application/ld+json">{offered(offer("9"))}</script>'
    assert feed(page).only().title == "Lamp"


def test_a_line_that_is_cut_or_no_product_costs_only_itself(feed) -> None:
    lines = [offered(offer("9")), '{"@type": "Product", "sku": "2", "na', json.dumps({"@type": "Person", "name": "A"})]
    found = feed("\n".join(lines), format="jsonld")
    assert list(found.products) == ["1"]
    assert [(r.line, r.field) for r in found.rejects] == [(2, "line"), (3, "@type")]
    again = feed('{"@type": "Product" oops}\n' + lines[0], format="jsonld")
    assert (list(again.products), [r.line for r in again.rejects]) == (["1"], [1])


def test_a_category_list_that_holds_paths_gives_the_longest(feed) -> None:
    assert feed(offered(offer("9"), category=["Home", "Home > Lamps"])).only().categories == ("Home", "Lamps")


def test_a_rating_in_a_list_or_by_id_is_found(feed) -> None:
    rating = {"@type": "AggregateRating", "ratingValue": 4.5, "reviewCount": 12}
    assert feed(offered(offer("9"), aggregateRating=[rating])).only().rating == 4.5
    held = {"@graph": [json.loads(offered(offer("9"), aggregateRating={"@id": "#r"})), {"@id": "#r", **rating}]}
    assert feed(json.dumps(held), format="jsonld").only().review_count == 12


def test_references_in_a_circle_end(feed) -> None:
    held = {"@graph": [{"@type": "ProductGroup", "@id": "#g", "name": "Coat", "hasVariant": {"@id": "#p"}},
                       {"@type": "Product", "@id": "#p", "sku": "1", "name": "Coat", "isVariantOf": {"@id": "#g"}, "hasVariant": {"@id": "#g"},
                        "offers": {"@id": "#o"}}, {"@type": "AggregateOffer", "@id": "#o", "offers": {"@id": "#o"}, "lowPrice": 3}]}  # fmt: skip
    assert str(feed(json.dumps(held), format="jsonld").only().price) == "3"
