"""ProductQA's SQL becomes the intent that it stands for, in the catalogue's own fields and values."""

from __future__ import annotations

import pytest

from shelftalk.catalog.facets import collect
from shelftalk.settings import Settings
from shelftalk.train.sets.gold import gold_intent
from shelftalk.train.sets.shop import Shop, selected
from shelftalk.values import Constraint, Product, Request, Sort


@pytest.fixture
def shop() -> Shop:
    colours = ("red", "blue", "green")
    products = {
        str(i): Product(
            str(i), f"Lamp {i}", brand=("Acme", "Bolt")[i % 2], price=10 + i, attributes={"colour": colours[i % 3], "watts": 5 * i}
        )
        for i in range(6)
    }  # fmt: skip
    return Shop("lamps", products, collect(products.values()), Settings())


def intent(shop: Shop, where: str, request: str = "a lamp"):  # type: ignore[no-untyped-def]
    return gold_intent(f"SELECT product_id FROM `lamps` {where} LIMIT 1;", shop, Request(request))


@pytest.mark.parametrize(
    "where, constraints",
    [
        ('WHERE brand = "acme"', [Constraint("brand", "=", "Acme")]),
        ('WHERE NOT brand = "Acme" AND price <= 12', [Constraint("brand", "!=", "Acme"), Constraint("price", "<=", 12)]),
        ('WHERE colour IN ("red", "blue")', [Constraint("colour", "in", ("red", "blue"))]),
        ('WHERE NOT colour IN ("red", "blue")', [Constraint("colour", "not in", ("red", "blue"))]),
        ('WHERE colour IN ("red")', [Constraint("colour", "=", "red")]),
        ("WHERE NOT watts < 10.5", [Constraint("watts", ">=", 10.5)]),
        ("", []),
    ],
)  # fmt: skip
def test_conditions_are_read(shop: Shop, where: str, constraints: list[Constraint]) -> None:
    assert list(intent(shop, where).constraints) == constraints


def test_the_order_is_read_and_selects_those_that_tie_for_the_first_place(shop: Shop) -> None:
    found = intent(shop, 'WHERE colour = "red" ORDER BY price DESC')
    assert found.sort == Sort("price", "desc")
    assert [p.id for p in selected(found, list(shop.products.values()))] == ["3"]


def test_less_than_the_average_takes_the_number_that_the_reader_gives_it(shop: Shop) -> None:
    found = intent(shop, "WHERE price < (SELECT AVG(price) FROM lamps)", "a lamp cheaper than average")
    assert [(c.field, c.operator, float(c.value)) for c in found.constraints] == [("price", "<", 12.5)]


@pytest.mark.parametrize(
    "where",
    [
        'WHERE brand = "Nobody"',
        'WHERE voltage = "12"',
        "WHERE brand LIKE 'A%'",
        'WHERE colour = "red" OR colour = "blue"',
    ],
)
def test_what_the_catalogue_cannot_say_is_no_gold(shop: Shop, where: str) -> None:
    assert intent(shop, where) is None
