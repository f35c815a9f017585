from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.catalog.fakes import HashEmbedder, product

from shelftalk.catalog import Catalog
from shelftalk.catalog.sql import canonical, where
from shelftalk.values import Constraint, Product
from shelftalk.words.comparable import fractional_year, number

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
NASTY = st.sampled_from(
    ["a'b", 'a"b', "a.b[0]", "') OR 1=1 --", "'; DROP TABLE products; --", "a\x00b", "%_\\", "名前", "battery life", " x ",
     "attributes.x", "NULL", "", "$.a", "a\nb", "0", "5.0", "1e3", "12 hours", "1,299.50", "nan", "-0", "TRUE"]
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-1000, 1000),
    st.decimals(-1000, 1000, places=2).map(float),
    st.sampled_from([0, 1, 5, 5.0, 12, 1000]),
)
ATOM = st.one_of(TEXT, NASTY, NUMBERS, st.booleans())
VALUE = st.one_of(ATOM, st.lists(st.one_of(TEXT, NASTY), max_size=3).map(tuple))
NAME = st.one_of(
    st.sampled_from(["x", "y"]), NASTY, TEXT.filter(bool)
).filter(lambda n: n.removeprefix("attributes.") == n and n not in Product.__dataclass_fields__)  # fmt: skip
OPERATOR = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])


# The oracle is written from the independent scorer's rules (`same` and `holds`), not from the code under test.


def same(held: Any, wanted: Any) -> bool:
    if held is None:
        return False
    if isinstance(held, (tuple, list)):
        return any(same(v, wanted) for v in held)
    a, b = str(held).strip().lower(), str(wanted).strip().lower()
    if a == b:
        return True
    try:
        return float(a) == float(b)
    except ValueError:
        return False


def first_number(value: Any) -> float | None:
    import re

    found = re.search(r"-?\d+(\.\d+)?", str(value).replace(",", ""))
    return float(found.group()) if found else None


def holds(held: Any, operator: str, wanted: Any) -> bool:
    values = list(wanted) if isinstance(wanted, (tuple, list)) else [wanted]
    if operator in ("=", "in"):
        return any(same(held, w) for w in values)
    if operator in ("!=", "not in"):
        return not any(same(held, w) for w in values)
    if held is None or isinstance(held, bool):
        return False
    # The scorer reads str(list), where Python's escapes of unprintable characters hold digits; the texts count here.
    a = first_number(" ; ".join(held) if isinstance(held, tuple) else held)
    limits = [None if isinstance(v, bool) else first_number(v) for v in values]
    if a is None or None in limits:
        return False
    if operator == "between":
        return bool(limits[0] <= a <= limits[1])
    return bool({"<": a < limits[0], "<=": a <= limits[0], ">": a > limits[0], ">=": a >= limits[0]}[operator])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sql")


def fresh(folder: Path, products: list[Product]) -> Catalog:
    """A catalogue that holds exactly these products (one catalogue for all examples: making one is slow)."""
    catalog = Catalog.open(folder / "shop", create=True, embedder=HashEmbedder())
    held = [p.id for p in catalog.products()]
    catalog.remove(held)
    catalog.upsert(products)
    return catalog


def constraints_for(draw: Any, names: list[str], atoms: list[Any]) -> Constraint:
    name = draw(st.sampled_from([*names, "absent"]))
    atom = st.one_of(st.sampled_from(atoms), ATOM) if atoms else ATOM
    operator = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "in", "not in", "between"]))
    if operator in ("in", "not in"):
        return Constraint(name, operator, tuple(draw(st.lists(atom, max_size=3))))
    if operator == "between":
        low, high = sorted(draw(st.tuples(NUMBERS, NUMBERS)))
        return Constraint(name, operator, (low, high))
    return Constraint(name, operator, draw(atom))


@st.composite
def shops(draw: Any) -> tuple[list[Product], list[Constraint]]:
    names = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
    records = draw(st.lists(st.dictionaries(st.sampled_from(names), VALUE), min_size=1, max_size=6))
    products = [Product(str(n), "A thing", attributes=a) for n, a in enumerate(records)]
    atoms = [v for a in records for v in a.values() if not isinstance(v, tuple)]
    atoms += [v for a in records for held in a.values() if isinstance(held, tuple) for v in held]
    return products, [constraints_for(draw, names, atoms) for _ in range(draw(st.integers(1, 3)))]


def dated(value: Any) -> bool:
    return isinstance(value, str) and fractional_year(value) is not None


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(shops())
def test_the_database_lets_through_exactly_what_holds(
    folder: Path, shop: tuple[list[Product], list[Constraint]]
) -> None:
    products, constraints = shop
    catalog = fresh(folder, products)
    for asked in [*([c] for c in constraints), constraints]:
        expected = [p.id for p in products if all(holds(p.attributes.get(c.field), c.operator, c.value) for c in asked)]
        made = where(asked)
        assert sorted(catalog.scan(made)) == expected, asked
        assert sorted(catalog.scan(str(made))) == expected, "the SQL alone must mean the same"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(NAME, st.one_of(TEXT, NASTY))
def test_any_name_and_value_round_trip_through_a_filter(folder: Path, name: str, value: str) -> None:
    catalog = fresh(
        folder, [Product("1", "A", attributes={name: value}), Product("2", "B", attributes={name: "other!"})]
    )
    held = catalog.get("1")
    assert held is not None
    assert dict(held.attributes) == {name: value}
    assert catalog.scan(where([Constraint(name, "=", value)])) == ["1"]
    assert catalog.scan(where([Constraint(name, "!=", value)])) == ["2"]
    assert catalog.count() == 2


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.one_of(TEXT.filter(bool), NASTY.filter(bool)), min_size=2, max_size=5, unique=True))
def test_any_id_is_let_in_or_kept_out(folder: Path, ids: list[str]) -> None:
    catalog = fresh(folder, [Product(i, "A thing") for i in ids])
    assert catalog.scan(where(only_ids=ids[:1])) == ids[:1]
    assert set(catalog.scan(where(exclude_ids=ids[:1]))) == set(ids[1:])


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (Constraint("price", "<", Decimal("19.9902")), {"a"}),
        (Constraint("price", "<=", "19.9902"), {"a", "b"}),
        (Constraint("price", "=", Decimal("19.99020")), {"b"}),
        (Constraint("price", "between", (19.9901, 20)), {"a", "b"}),
        (Constraint("brand", "=", " SONY "), {"a"}),
        (Constraint("brand", "!=", "sony"), {"b", "c"}),
        (Constraint("brand", "not in", ("Sony", "LG")), {"c"}),
        (Constraint("categories", "=", "headphones"), {"a"}),
        (Constraint("categories", "in", ("Bags", "Headphones")), {"a", "b"}),
        (Constraint("battery", ">=", 12), {"a", "b"}),
        (Constraint("battery", "=", "12 HOURS"), {"a"}),
        (Constraint("attributes.battery", ">", 12), {"b"}),
        (Constraint("wireless", "=", True), {"a", "b"}),
        (Constraint("wireless", "=", "yes"), set()),
        (Constraint("rating", ">", 4), {"a"}),
        (Constraint("stock", "=", 0), {"b"}),
        (Constraint("released_at", ">=", "2024-03-01"), {"b"}),
        (Constraint("released_at", "<", "2024-03-01"), {"a"}),
        (Constraint("released_at", "<=", 2024), {"a", "b"}),
        (Constraint("released_at", "between", ("2024-01-01", "2024-12-31")), {"a", "b"}),
        (Constraint("title", "=", "radio"), {"a"}),
        (Constraint("id", "=", "B"), {"b"}),
        (Constraint("brand", "<", "cheap"), set()),
        (Constraint("price", "between", ("low", "high")), set()),
        (Constraint("brand", "in", ()), set()),
        (Constraint("brand", "not in", ()), {"a", "b", "c"}),
        (Constraint("attributes.brand", "=", "hidden"), {"c"}),
    ],
)  # fmt: skip
def test_a_constraint_lets_through(shop: Catalog, constraint: Constraint, expected: set[str]) -> None:
    assert set(shop.scan(where([constraint]))) == expected


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog.open(tmp_path_factory.mktemp("shop") / "c", create=True, embedder=HashEmbedder())
    catalog.upsert(
        [
            product("a", "Radio", "19.9901", brand="Sony", categories=("Audio", "Headphones"), battery="12 hours",
                    wireless=True, rating=4.5, released_at="2024-02-29", stock=3),
            product("b", "Bag", "19.9902", brand="LG", categories=("Bags",), battery=40.5, wireless="True", rating=4.0,
                    released_at="2024-03-01T00:00:00Z", stock=0),
            product("c", "Nothing known", attributes={"brand": "hidden"}),
        ]
    )  # fmt: skip
    return catalog


def test_nothing_asked_is_no_filter() -> None:
    assert where() is None


def test_no_ids_to_choose_from_let_nothing_through(shop: Catalog) -> None:
    assert shop.matching(where(only_ids=())) == 0


def test_thousands_of_ids_can_be_let_in(shop: Catalog) -> None:
    assert shop.scan(where(only_ids=[f"none-{n}" for n in range(5000)] + ["b"])) == ["b"]


@given(st.one_of(NUMBERS, st.decimals(-1000, 1000, places=4)))
def test_one_number_has_one_canonical_form(value: float | Decimal) -> None:
    assert canonical(value) == canonical(str(value)) == canonical(f" {value} ") == canonical(float(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1,299.50 USD", 1299.5), ("-5 to 40", -5.0), ("none", None), (True, None), (("a", "7 l"), 7.0), (float("inf"), None),
     ("9" * 400, None), (10**400, None)],
)  # fmt: skip
def test_the_number_of_a_value_is_its_first(value: Any, expected: float | None) -> None:
    assert number(value) == expected


def test_dates_are_ordered_whatever_their_precision() -> None:
    dates = [
        "2023-12-31",
        "2024-01-01",
        "2024-01-01T12:00:00+00:00",
        "2024-06-30",
        "2024-12-31T23:59:59Z",
        "2025-01-01",
    ]
    years = [fractional_year(d) for d in dates]
    assert None not in years
    assert years == sorted(set(years))
    assert fractional_year("2024-13-01") is None
    assert fractional_year("summer 2024") is None
