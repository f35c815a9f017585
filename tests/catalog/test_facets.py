from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalog.fakes import HashEmbedder, product

from shelftalk.catalog import Catalog, facets
from shelftalk.catalog.facets import collect
from shelftalk.values import Product

SHOP = [
    product("1", "Speaker", "19.9901", brand="Sony", currency="EUR", categories=("Audio", "Speakers"), rating=4.5,
            battery_life_hours=10, wireless=True, colour="Black", mixed="a", size="10", released_at="2024-01-05", tags=("x", "y")),
    product("2", "Speaker", "5", brand="SONY", currency="EUR", categories=("Audio",), battery_life_hours=20.5,
            wireless=False, colour="Red", mixed="b", size="12.5", released_at="2023-01-05T10:00:00Z", tags=("x",)),
    product("3", "Cup", "7.25", brand="Ikea", currency="USD", colour="black ", mixed=7, size=9),
]  # fmt: skip


def found(name: str, products: list[Product] = SHOP) -> facets.Facet:
    facet = facets.collect(products).get(name)
    assert facet is not None, name
    return facet


def test_a_field_has_the_kind_of_its_values() -> None:
    kinds = {f.field: f.kind for f in facets.collect(SHOP)}
    assert kinds == {
        "brand": "text", "price": "money", "categories": "list", "rating": "number", "battery_life_hours": "number",
        "wireless": "boolean", "colour": "text", "mixed": "text", "size": "number", "released_at": "date", "tags": "list",
    }  # fmt: skip


def test_values_are_counted_without_case_and_commonest_first() -> None:
    assert found("brand").values == (("Sony", 2), ("Ikea", 1))
    assert found("colour").values == (("Black", 2), ("Red", 1))
    assert found("categories").values == (("Audio", 2), ("Speakers", 1))
    assert found("tags").values == (("x", 2), ("y", 1))
    assert found("wireless").values == ((False, 1), (True, 1))
    assert found("brand").distinct == 2


def test_ranges_and_means_are_exact() -> None:
    price = found("price")
    assert (price.minimum, price.maximum) == (Decimal("5"), Decimal("19.9901"))
    assert price.count == 3
    assert price.mean == pytest.approx(12.4951, abs=1e-4), "of the prices in the commonest currency alone"
    assert facets.collect(SHOP).currencies == (("EUR", 2), ("USD", 1))
    battery = found("battery_life_hours")
    assert (battery.minimum, battery.maximum, battery.unit, battery.mean) == (10, 20.5, "hours", 15.25)
    assert (found("size").minimum, found("size").maximum) == (9, 12.5)
    released = found("released_at")
    assert (released.minimum, released.maximum) == ("2023-01-05T10:00:00Z", "2024-01-05")


def test_the_field_most_products_carry_comes_first_and_core_fields_win_ties() -> None:
    names = [f.field for f in facets.collect(SHOP)]
    assert names[:2] == ["brand", "price"]
    assert names[-1] == "rating"


def test_what_no_request_should_name_is_no_facet() -> None:
    shop = [
        product(
            "1",
            "A",
            description="d",
            url="u",
            images=("i",),
            attributes={"brand": "x", "title": "y", " ": 1, "n" * 101: 1},
        )
    ]
    assert facets.collect(shop).facets == ()


def test_products_version_and_commonest_currency_are_told() -> None:
    whole = facets.collect(SHOP, version=7)
    assert (whole.products, whole.version, whole.currency) == (3, 7, "EUR")


@pytest.mark.parametrize(
    ("name", "unit"),
    [("battery_life_hours", "hours"), ("weight_g", "g"), ("screen_size_in", "in"), ("capacity_l", "l"), ("Weight (kg)", "kg"),
     ("Fat [%]", "%"), ("screen size inch", "inch"), ("price", None), ("l", None), ("origin", None), ("size_s", None),
     ("temp_min", None), ("duration_min", "min"), ("cooking time (min)", "min"), ("min", None), ("weight", None)],
)  # fmt: skip
def test_the_unit_is_what_the_name_ends_with(name: str, unit: str | None) -> None:
    assert facets.unit(name) == unit


def test_few_values_are_all_listed_and_many_are_capped() -> None:
    few = found("c", [product(str(n), "A", c=f"v{n % 150}") for n in range(300)])
    assert len(few.values) == few.distinct == 150
    many = found("c", [product(str(n), "A", c=f"v{min(n, 400)}") for n in range(1000)])
    assert (len(many.values), many.distinct) == (50, 401)
    assert many.values[0] == ("v400", 600)


def test_a_field_of_endless_values_is_counted_in_bounded_memory() -> None:
    products = [product(str(n), "A", c="common" if n % 3 == 0 else f"v{n}") for n in range(30_000)]
    endless = found("c", products)
    assert endless.distinct == pytest.approx(20_001, rel=0.15)
    assert endless.values[0] == ("common", 10_000)


def test_endless_fields_are_capped_at_those_most_products_carry() -> None:
    products = [product(str(n), "A", everywhere=1, attributes={f"only {n}": 1}) for n in range(1000)]
    listed = facets.collect(products).facets
    assert len(listed) == facets.LISTED_FACETS
    assert listed[0].field == "everywhere"


def test_a_long_text_is_counted_but_not_listed() -> None:
    long = found("c", [product("1", "A", c="x" * 101), product("2", "A", c="short")])
    assert (long.distinct, long.values) == (2, (("short", 1),))


TEXTS = st.text(max_size=5)
VALUES = st.one_of(TEXTS, st.booleans(), st.integers(-9, 9), st.floats(-9, 9), st.lists(TEXTS, max_size=2).map(tuple))


@given(st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), max_size=5))
def test_kept_facets_are_read_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, records: list[dict]) -> None:
    whole = facets.collect([Product(str(n), "A", price=Decimal(n), attributes=a) for n, a in enumerate(records)], 3)
    folder = tmp_path_factory.mktemp("facets")
    facets.save(folder, whole)
    assert facets.load(folder, 3) == whole
    assert facets.load(folder, 4) is None
    assert facets.load(folder, None) == whole


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 3}', '{"version": 3, "facets": [{}]}', "null"])
def test_damaged_facets_are_collected_again(tmp_path: Path, content: str) -> None:
    (tmp_path / facets.NAME).write_text(content)
    assert facets.load(tmp_path, 3) is None


def test_a_catalogue_keeps_its_facets_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog.open(tmp_path / "shop", create=True, embedder=HashEmbedder())
    catalog.upsert(SHOP)
    first = catalog.facets()
    with monkeypatch.context() as patch:
        patch.setattr(facets, "collect", lambda *_: pytest.fail("collected again"))
        assert catalog.facets() is first
        assert Catalog.open(tmp_path / "shop", embedder=HashEmbedder()).facets() == first
    catalog.upsert([product("4", "Mug", colour="Green")])
    again = catalog.facets().get("colour")
    assert again is not None
    assert ("Green", 1) in again.values


@pytest.mark.parametrize("prices", [("100", "100.00"), ("100.00", "100")])
def test_a_price_is_told_as_this_catalogue_writes_it_whatever_another_wrote(prices: tuple[str, str]) -> None:
    for price in prices:
        found = collect([product("p", "Lamp", price), product("q", "Lamp", "5")]).get("price")
        assert found is not None
        assert str(found.maximum) == price
