from __future__ import annotations

from dataclasses import replace

from shelftalk.understand.rules.index import Index
from shelftalk.understand.rules.placing import placed
from shelftalk.understand.understand import Understood, told_of
from shelftalk.values import Constraint, Criterion, Facet, Facets, Intent, Sort

INDEX = Index(
    Facets(
        (
            Facet("categories", "list", 90, 2, (("Jackets", 40), ("Backpacks", 50))),
            Facet("price", "money", 90, 80, minimum=5, maximum=500),
            Facet("waterproof", "boolean", 50, 2, ((True, 20), (False, 30)), categories=("Backpacks",)),
            Facet("capacity_l", "number", 50, 20, minimum=5, maximum=70, unit="l", categories=("Backpacks",)),
        ),
        90,
    )
)
JACKETS = Constraint("categories", "=", "Jackets", "jacket")
WATERPROOF = Constraint("waterproof", "=", True, "waterproof")


def test_what_no_product_of_the_category_can_say_becomes_a_wish_and_a_note() -> None:
    intent, notes = placed(Intent((JACKETS, WATERPROOF, Constraint("price", "<", 120))), INDEX)
    assert [c.field for c in intent.constraints] == ["categories", "price"]
    assert intent.preferences == ("waterproof",)
    assert "'waterproof'" in notes[0]


def test_of_a_category_that_holds_others_it_is_not_said_that_it_has_no_field_for_its_own_name() -> None:
    shop = Index(
        Facets((Facet("categories", "list", 90, 2, (("Toys", 60), ("Puzzles", 40)), categories=("Puzzles",)),), 90)
    )
    intent, notes = placed(Intent((Constraint("categories", "=", "Toys", "toys"),)), shop)
    assert (intent.preferences, notes) == (("toys",), ())


def test_a_field_that_the_category_carries_stays_a_limit() -> None:
    intent = Intent((Constraint("categories", "=", "Backpacks"), WATERPROOF))
    assert placed(intent, INDEX) == (intent, ())


def test_a_refusal_stays_since_what_is_not_there_is_refused_already() -> None:
    intent = Intent((JACKETS, Constraint("waterproof", "!=", True)))
    assert placed(intent, INDEX) == (intent, ())


def test_without_one_category_nothing_changes() -> None:
    intent = Intent((WATERPROOF,))
    assert placed(intent, INDEX) == (intent, ())


def test_an_order_that_the_category_lacks_is_given_up_with_a_note() -> None:
    intent, notes = placed(Intent((JACKETS,), sort=Sort("capacity_l", "desc")), INDEX)
    assert intent.sort is None
    assert "capacity_l" in notes[0]


def test_a_number_is_held_against_both_ends_of_a_range() -> None:
    index = Index(
        Facets(
            (
                Facet("players_min", "number", 40, 5, minimum=1, maximum=6),
                Facet("players_max", "number", 40, 9, minimum=1, maximum=20),
            ),
            40,
        )
    )
    intent, _ = placed(Intent((Constraint("players_min", "=", 6, "6 players"),)), index)
    assert intent.constraints == (Constraint("players_min", "<=", 6), Constraint("players_max", ">=", 6))


APART = Index(
    Facets(
        (
            Facet("categories", "list", 74, 3, (("Sports", 74), ("Running Shoes", 37), ("Bicycle Lights", 37))),
            Facet("terrain", "text", 37, 2, (("road", 20), ("trail", 17)), categories=("Running Shoes", "Sports")),
            Facet("position", "text", 37, 2, (("front", 20), ("rear", 17)), categories=("Bicycle Lights", "Sports")),
        ),
        74,
    )
)


def test_of_values_that_no_product_has_together_those_of_the_thing_asked_for_stay() -> None:
    front, road = Constraint("position", "=", "front", "front"), Constraint("terrain", "=", "road", "roads")
    words = frozenset({"front", "light", "allow", "on", "german", "road"})
    intent, notes = placed(Intent((front, road)), APART, words)
    assert intent.constraints == (front,)
    assert "roads" in intent.preferences
    assert "'roads'" in notes[0]


def test_what_was_read_as_a_criterion_is_not_said_to_have_no_field() -> None:
    intent, notes = placed(Intent((JACKETS, WATERPROOF)), INDEX)
    wished = replace(intent, criteria=(Criterion("price", "low", words="Waterproof"),))
    assert notes
    assert told_of(Understood(intent, notes), intent) == notes
    assert told_of(Understood(intent, notes), wished) == ()


def test_a_bare_upper_limit_below_the_fields_own_lower_one_is_a_price() -> None:
    least = Constraint("capacity_l", ">=", 40, "at least 40 litres")
    intent, _ = placed(Intent((least, Constraint("capacity_l", "<", 30, "under 30"))), INDEX)
    assert [(c.field, c.operator, c.value) for c in intent.constraints] == [
        ("capacity_l", ">=", 40),
        ("price", "<", 30),
    ]
    for limits in (
        (least, Constraint("capacity_l", "<", 30, "under 30 l")),
        (least, Constraint("capacity_l", "<", 60, "under 60")),
        (least, Constraint("capacity_l", "<", 30, "under 30"), Constraint("price", "<", 90, "below 90 euros")),
    ):
        assert placed(Intent(limits), INDEX)[0].constraints == limits
