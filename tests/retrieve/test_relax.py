"""What is given up first when nothing fits."""

from __future__ import annotations

from shelftalk.retrieve.relax import TRIES, importance, sacrifices
from shelftalk.values import Constraint

COLOUR, SIZE = Constraint("colour", "=", "red"), Constraint("size", ">=", 4)
PRICE, BRAND = Constraint("price", "<", 9), Constraint("brand", "=", "Koss")
KIND, NOT_SONY = Constraint("categories", "=", "Lamps"), Constraint("brand", "!=", "Sony")


def test_few_before_many_the_unimportant_before_the_important_the_last_said_first() -> None:
    order = list(sacrifices([BRAND, PRICE, COLOUR, KIND, SIZE]))
    assert order[:4] == [(SIZE,), (COLOUR,), (PRICE,), (BRAND,)]
    assert order[4:6] == [(COLOUR, SIZE), (PRICE, SIZE)]
    assert order[-1] == (BRAND, PRICE, COLOUR, SIZE)


def test_the_kind_and_negations_are_never_given_up() -> None:
    assert list(sacrifices([KIND, NOT_SONY, Constraint("colour", "not in", ("red",))])) == []
    assert importance(Constraint("attributes.product_type", "=", "pen")) is None


def test_the_number_of_tries_is_bounded_and_ends_with_all() -> None:
    many = [Constraint(f"f{i}", "=", i) for i in range(15)]
    order = list(sacrifices(many))
    assert len(order) == TRIES
    assert order[-1] == tuple(many)
