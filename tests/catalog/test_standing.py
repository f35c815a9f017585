"""Where a value stands among what fits, by the table of a small real catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.catalog.fakes import HashEmbedder, product

from shelftalk.catalog import Catalog
from shelftalk.catalog.standing import Scope, Standing, superlatives
from shelftalk.values import Constraint
from shelftalk.words.comparable import fractional_year

TENTS = [
    product("a", "Alder tent", "100", categories=("Camping", "Tents"), weight_kg=1.2, setup="poles", tall=True, made="2023-05-01"),
    product("b", "Birch tent", "150", categories=("Camping", "Tents"), weight_kg=2.0, setup="poles", tall=False, made="2025-01-10"),
    product("c", "Cedar tent", "150", categories=("Camping", "Tents"), weight_kg=2.0, setup="pop-up", made="2024-03-03"),
    product("d", "Date tent", "300", categories=("Camping", "Tents"), weight_kg=3.5, setup="pop-up", tall=True),
    product("e", "Elm tent", None, categories=("Camping", "Tents"), setup="poles"),
]  # fmt: skip
BAGS = [
    product("s1", "Down bag", "80", categories=("Camping", "Sleeping Bags"), weight_kg=0.8),
    product("s2", "Warm bag", "90", categories=("Camping", "Sleeping Bags"), weight_kg=1.5),
]
LAMP = product("l1", "Head lamp", "20", categories=("Camping", "Headlamps"), weight_kg=0.1)
ONLY_TENTS = Constraint("categories", "=", "Tents")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return _shop(tmp_path_factory.mktemp("shop") / "catalog", [*TENTS, *BAGS, LAMP])


def _shop(folder: Path, products) -> Catalog:
    catalog = Catalog.open(folder, create=True, embedder=HashEmbedder())
    catalog.upsert(products)
    return catalog


def words(scope: Scope, field: str, value: float) -> str:
    return scope.place(field, value).words(field)


def test_the_ends_are_named_by_what_is_measured_and_the_rest_by_its_place(shop: Catalog) -> None:
    tents = Scope(shop, (ONLY_TENTS,))
    assert words(tents, "weight_kg", 1.2) == "lightest of 4"
    assert words(tents, "weight_kg", 3.5) == "heaviest of 4"
    assert words(tents, "price", 300) == "most expensive of 4"


def test_equal_values_share_the_better_place_and_the_same_share(shop: Catalog) -> None:
    placed = Scope(shop, (ONLY_TENTS,)).place("weight_kg", 2.0)
    assert (placed.of, placed.low, placed.high, placed.alike) == (4, 2, 2, 2)
    assert placed.share == pytest.approx(0.5)
    assert placed.words("weight_kg") == "2nd lightest of 4"


def test_a_product_without_the_value_is_not_counted(shop: Catalog) -> None:
    assert Scope(shop, (ONLY_TENTS,)).place("weight_kg", 1.2).of == 4
    assert Scope(shop, (ONLY_TENTS,)).place("nothing_such", 1.0).words("nothing_such") == ""


def test_limits_and_excluded_products_set_what_a_value_stands_among(shop: Catalog) -> None:
    light = Scope(shop, (ONLY_TENTS, Constraint("price", "<", 200)))
    assert words(light, "weight_kg", 2.0) == "heaviest of 3"
    assert words(Scope(shop, (ONLY_TENTS,), exclude=("a",)), "weight_kg", 2.0) == "lightest of 3"


def test_a_product_alone_is_told_no_place_and_does_as_well_either_way(shop: Catalog) -> None:
    alone = Scope(shop, (Constraint("categories", "=", "Headlamps"),)).place("weight_kg", 0.1)
    assert alone.words("weight_kg") == ""
    assert alone.share == 0.5


def test_values_that_are_all_alike_are_told_so(tmp_path) -> None:
    same = _shop(tmp_path / "same", [product(str(i), f"Cup {i}", "5.00", height_cm=9) for i in range(3)])
    placed = Scope(same, ()).place("height_cm", 9)
    assert placed.words("height_cm") == "all 3 alike"
    assert placed.share == pytest.approx(0.5)


def test_named_values_and_yes_and_no_are_counted_among_all_that_fit(shop: Catalog) -> None:
    tents = Scope(shop, (ONLY_TENTS,))
    assert tents.count("setup", "poles").words("setup") == "3 of 5"
    assert tents.count("setup", "POLES").alike == 3
    assert tents.count("tall", True).words("tall") == "2 of 5"
    assert tents.count("tall", False).words("tall") == "1 of 5"
    assert tents.count("setup", "igloo").words("setup") == ""


def test_dates_stand_by_the_calendar(shop: Catalog) -> None:
    tents = Scope(shop, (ONLY_TENTS,))
    oldest, newest = fractional_year("2023-05-01"), fractional_year("2025-01-10")
    assert oldest is not None
    assert newest is not None
    assert (tents.place("made", oldest).low, tents.place("made", newest).high) == (1, 1)
    assert tents.place("made", newest).of == 3


def test_with_several_kinds_a_product_stands_among_its_own(shop: Catalog) -> None:
    kinds = ("Tents", "Sleeping Bags")
    both = Scope(shop, (Constraint("categories", "in", kinds),), kinds=kinds)
    assert words(both.of(TENTS[0]), "weight_kg", 1.2) == "lightest of 4"
    assert words(both.of(BAGS[1]), "weight_kg", 1.5) == "heaviest of 2"
    assert both.of(BAGS[0]) is both.of(BAGS[1])
    assert both.of(LAMP) is both


def test_with_one_kind_or_none_the_scope_is_one(shop: Catalog) -> None:
    one = Scope(shop, (ONLY_TENTS,), kinds=("Tents",))
    assert one.of(TENTS[0]) is one
    everything = Scope(shop, ())
    assert everything.of(TENTS[0]) is everything
    assert everything.size == 8


def test_limits_hold_within_each_kind(shop: Catalog) -> None:
    kinds = ("Tents", "Sleeping Bags")
    cheap = Scope(shop, (Constraint("categories", "in", kinds), Constraint("price", "<", 200)), ("a",), kinds)
    assert cheap.of(TENTS[1]).size == 2
    assert cheap.of(TENTS[1]).count("setup", "poles").alike == 1


VALUES = st.lists(st.integers(-50, 50).map(lambda n: n / 4), min_size=1, max_size=12)


@given(values=VALUES, at=st.integers(0, 11))
@settings(max_examples=150, deadline=None)
def test_places_and_shares_are_what_counting_gives(values: list[float], at: int) -> None:
    import numpy as np

    scope = Scope.__new__(Scope)
    scope._spans = {"weight_kg": (np.sort(np.array(values)),) * 2}
    value = values[at % len(values)]
    placed = scope.place("weight_kg", value)
    others = list(values)
    others.remove(value)
    assert placed.low == 1 + sum(v < value for v in values)
    assert placed.high == 1 + sum(v > value for v in values)
    beaten = sum(v > value for v in others) + 0.5 * sum(v == value for v in others)
    assert placed.share == pytest.approx(beaten / len(others) if others else 0.5)
    assert 0 <= placed.share <= 1


@given(of=st.integers(2, 30), data=st.data())
@settings(deadline=None)
def test_no_value_is_called_the_least_or_the_most_that_another_passes(of: int, data) -> None:
    alike = data.draw(st.integers(1, of))
    low = data.draw(st.integers(1, of - alike + 1))
    said = Standing(of, low, of - (low - 1) - alike + 1, alike=alike).words("weight_kg")
    assert said.endswith(f"of {of}") or said == f"all {of} alike"
    if said == f"lightest of {of}":
        assert low == 1
    if said == f"heaviest of {of}":
        assert low + alike - 1 == of
    if said.startswith("all"):
        assert alike == of


@pytest.mark.parametrize(
    "field, ends",
    [
        ("weight_g", ("lightest", "heaviest")),
        ("Item Weight (kg)", ("lightest", "heaviest")),
        ("packedLengthCm", ("shortest", "longest")),
        ("noise_db", ("quietest", "loudest")),
        ("noise_reduction_db", ("lowest", "highest")),  # more of it is quieter
        ("volume_l", ("smallest", "largest")),
        ("install_min", ("lowest", "highest")),  # holds "tall"
        ("stall_force_kg", ("lowest", "highest")),  # of mass by its unit, and no weight of the thing
        ("breathability_g", ("lowest", "highest")),
        ("mass_kg", ("lightest", "heaviest")),
        ("max_dog_weight_kg", ("lowest", "highest")),  # another's
        ("seat_height_min_cm", ("lowest", "highest")),
        ("download_mbps", ("lowest", "highest")),
        ("warranty_years", ("shortest", "longest")),
        ("rainfall_mm", ("lowest", "highest")),  # a length by its unit alone
        ("tread_depth_mm", ("shortest", "longest")),
        ("play_time_h", ("shortest", "longest")),
        ("ports", ("lowest", "highest")),
        ("", ("lowest", "highest")),
    ],
)
def test_the_words_for_the_ends_fit_what_is_measured(field: str, ends: tuple[str, str]) -> None:
    assert superlatives(field) == ends
