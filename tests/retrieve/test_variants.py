"""Variants of one thing are found by any of them, filtered each for itself, and offered once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from tests.catalog.fakes import HashEmbedder, product

from shelftalk.catalog import Catalog
from shelftalk.catalog.standing import Scope
from shelftalk.facts.availability import sold_out
from shelftalk.retrieve import Retriever
from shelftalk.retrieve.variants import distinct, one_each, siblings, variants_of
from shelftalk.settings import RetrieveSettings
from shelftalk.values import Candidate, Constraint, Criterion, Intent, Product, Sort


def shoe(
    id: str, size: str, price: str, group: str | None = "fox", title: str = "Fox running shoe", **more: object
) -> Product:
    return product(id, title, price, currency="EUR", categories=("Shoes",), item_group_id=group, size=size, **more)


FOX = [
    shoe("f40", "40", "80", colour="blue"),
    shoe("f42", "42", "120", colour="blue"),
    shoe("f42r", "42", "99", colour="red", availability="out_of_stock"),
    shoe("f44", "44", "90", colour="red"),
]
OTHERS = [
    shoe("o1", "42", "100", None, "Owl running shoe"),
    shoe("p1", "42", "70", "pika", "Pika running shoe"),
    shoe("p2", "43", "110", "pika", "Pika running shoe"),
]
CROWD = [shoe(f"c{n}", str(n), "60", "crowd", "Crowd hiking boot") for n in range(150)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog.open(tmp_path_factory.mktemp("shop") / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert([*FOX, *OTHERS])
    return catalog


def ask(shop: Catalog, **intent: object):  # type: ignore[no-untyped-def]
    return Retriever(shop, RetrieveSettings()).retrieve(Intent(**intent))  # type: ignore[arg-type]


def ids(found) -> list[str]:  # type: ignore[no-untyped-def]
    return [c.product.id for c in found.candidates]


def test_one_shoe_in_four_sizes_is_one_candidate_and_counted_once(shop: Catalog) -> None:
    found = ask(shop, query="running shoe")
    assert sorted(c.product.title[:3] for c in found.candidates) == ["Fox", "Owl", "Pik"]
    assert found.matching == 3


def test_a_limit_and_a_size_hold_for_the_same_variant(shop: Catalog) -> None:
    limits = (Constraint("size", "=", 42), Constraint("price", "<=", 100))
    assert {"o1", "p1"} <= set(ids(ask(shop, query="running shoe", constraints=limits)))
    wide = ask(shop, query="fox running shoe", constraints=(Constraint("size", "=", 42),))
    assert ids(wide)[0] == "f42", "the red 42 is cheaper and sold out"
    assert "f42" not in ids(ask(shop, query="fox running shoe", constraints=limits))


def test_a_shoe_whose_only_fitting_variant_is_sold_out_comes_last(shop: Catalog) -> None:
    limits = (Constraint("size", "=", 42), Constraint("price", "<=", 100))
    found = ids(ask(shop, query="fox running shoe", constraints=limits))
    assert found[-1] == "f42r"


def test_a_superlative_takes_the_best_variant_of_each(shop: Catalog) -> None:
    assert ids(ask(shop, query="running shoe", sort=Sort("price", "asc"))) == ["p1", "f40", "o1"]
    assert ids(ask(shop, query="running shoe", sort=Sort("price", "desc"))) == ["f42", "p2", "o1"]


def test_a_wish_takes_the_variant_that_does_best_by_it(shop: Catalog) -> None:
    found = ids(ask(shop, query="running shoe", kinds=("Shoes",), criteria=(Criterion("price", "low", None, 3),)))
    assert found[:2] == ["p1", "f40"]
    assert len(found) == 3


def test_without_words_to_search_for_each_thing_is_offered_once(shop: Catalog) -> None:
    assert len(ask(shop, query="", constraints=(Constraint("categories", "=", "Shoes"),)).candidates) == 3


def test_dismissing_a_variant_dismisses_the_shoe(shop: Catalog) -> None:
    assert not {p.id for p in FOX} & set(ids(ask(shop, query="running shoe", exclude=("f44",))))


def test_given_candidates_come_back_every_one(shop: Catalog) -> None:
    only = ["f40", "f42", "o1"]
    found = Retriever(shop, RetrieveSettings()).retrieve(Intent(query="fox"), only=only)
    assert sorted(ids(found)) == only


def test_a_crowd_of_variants_leaves_room_for_others(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path / "catalog", create=True, embedder=HashEmbedder())
    catalog.upsert([*CROWD, *OTHERS])
    for intent in ({"query": "hiking boot"}, {"query": "hiking boot", "sort": Sort("price", "asc")}):
        found = ask(catalog, **intent)
        assert distinct(c.product for c in found.candidates) == len(found.candidates) == 3
        assert found.matching == 3


def test_standing_counts_each_thing_once_and_no_variant_of_another_contradicts_it(shop: Catalog) -> None:
    scope = Scope(shop, ())
    assert scope.size == 3
    assert scope.place("price", 70).words("price") == "cheapest of 3"
    assert (scope.place("price", 100).low, scope.place("price", 100).high) == (3, 3)
    assert scope.count("size", "42").alike == 3


def test_equal_variants_are_represented_by_the_cheapest_that_can_be_had() -> None:
    same = [Candidate(p, 1.0) for p in FOX]
    assert [c.product.id for c in one_each(same)] == ["f40"]
    gone = [Candidate(p, 2.0 if sold_out(p) else 1.0) for p in sorted(FOX, key=sold_out, reverse=True)]
    assert not sold_out(one_each(gone)[0].product)


def test_variants_say_what_can_be_had(shop: Catalog) -> None:
    held = siblings(shop, FOX[:1])["fox"]
    found = variants_of(held, shop.facets())
    assert found is not None
    assert found.ids == ("f40", "f42", "f42r", "f44")
    assert (found.price_min, found.price_max) == (Decimal(80), Decimal(120))
    assert found.options == {"size": ("40", "42", "44"), "colour": ("blue", "red")}
    assert variants_of(held[:1], shop.facets()) is None


@pytest.mark.parametrize(
    ("sizes", "ordered"),
    [
        (("XL", "S", "M"), ("S", "M", "XL")),
        (("10", "9", "9.5"), ("9", "9.5", "10")),
        (("2XL", "L", "XXS"), ("XXS", "L", "2XL")),
        (("Red", "Blue"), ("Red", "Blue")),
        (("128 GB", "64 GB"), ("64 GB", "128 GB")),
    ],
)
def test_sizes_stand_from_small_to_large(shop: Catalog, sizes: tuple[str, ...], ordered: tuple[str, ...]) -> None:
    made = [shoe(f"v{n}", size, "10") for n, size in enumerate(sizes)]
    found = variants_of(made, shop.facets())
    assert found is not None
    assert found.options["size"] == ordered


def test_codes_are_no_options_and_mixed_currencies_no_range(shop: Catalog) -> None:
    made = [
        shoe("a", "1", "10", sku="A-1", gtin="1"),
        product("b", "Fox", "9", currency="USD", item_group_id="fox", size="2", sku="A-2", gtin="2"),
    ]
    found = variants_of(made, shop.facets())
    assert found is not None
    assert list(found.options) == ["size"]
    assert (found.price_min, found.price_max) == (None, None)
