"""Reasons open with what answers the request, own up to what it misses, and tell the picks apart."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from shelftalk.explain.select import absences, points_of
from shelftalk.values import Constraint, Intent, Product, Sort
from tests.explain.shop import LARK, NO_FACETS, WREN, job


def fields(given, count: int = 2) -> list[list[str]]:
    return [[p.fact.field for p in points] for points in points_of(given, NO_FACETS, count)]


def test_the_constraints_come_first_in_the_order_they_were_asked() -> None:
    asked = (Constraint("weight_g", "<", 400), Constraint("wireless", "=", True))
    assert fields(job("light and wireless", *asked))[0] == ["weight_g", "wireless"]


def test_a_category_is_said_only_after_what_tells_picks_apart() -> None:
    assert "categories" not in fields(job("headphones", Constraint("categories", "=", "Headphones")))[0]


def test_a_missed_wish_is_always_among_the_points() -> None:
    limit = Constraint("price", "<=", 100)
    points = points_of(job("under 100", limit, relaxed=(limit,)), NO_FACETS, 2)
    assert [p[0].kind for p in points] == ["met", "missed", "met"]


def test_a_miss_is_said_even_where_only_one_claim_is_wanted() -> None:
    asked = (Constraint("wireless", "=", True), Constraint("price", "<=", 100))
    kinds = [p.kind for p in points_of(job("wireless under 100", *asked), NO_FACETS, 1)[1]]
    assert kinds == ["met", "missed"]


def test_the_words_of_the_request_that_a_claim_answers_are_really_in_it() -> None:
    asked = Constraint("battery_life_hours", ">=", 20, "20 hours")
    assert points_of(job("at least 20 hours please", asked), NO_FACETS, 1)[0][0].answers == "20 hours"
    invented = Constraint("battery_life_hours", ">=", 20, "words never said")
    assert points_of(job("long battery", invented), NO_FACETS, 1)[0][0].answers is None


def test_a_superlative_is_claimed_by_the_one_pick_that_holds_it() -> None:
    points = points_of(job("the cheapest", sort=Sort("price", "asc", "cheapest")), NO_FACETS, 2)
    assert [p[0].superlative for p in points] == [None, None, "asc"]
    assert points[2][0].answers == "cheapest"


def test_no_superlative_over_one_product_or_over_a_tie() -> None:
    sort = Sort("price", "asc")
    alone = points_of(job("cheapest", sort=sort, products=(LARK,)), NO_FACETS, 1)
    tied = points_of(job("cheapest", sort=sort, products=(LARK, replace(LARK, id="copy"))), NO_FACETS, 1)
    assert {p[0].superlative for p in (*alone, *tied)} == {None}


def test_a_soft_wish_is_found_by_its_stem_in_an_attribute() -> None:
    given = job("something with soft cushions", preferences=("leathers",))
    assert fields(given)[0][0] == "ear_cushion_material"


def test_a_soft_wish_found_only_in_the_description_is_quoted_as_one_word() -> None:
    tent = Product(id="t", title="Trek 2", price=Decimal(9), description="Light enough for hiking. Blue.")
    dry = replace(tent, id="u", description="It is not made for hiking.")
    given = job("for hiking", preferences=("hiking",), products=(tent, dry))
    points = points_of(given, NO_FACETS, 2)
    assert points[0][0].quoted == "hiking"
    assert all(p.quoted is None for p in points[1])


def test_the_claims_of_one_pick_are_about_different_fields() -> None:
    for of_pick in fields(job("wireless headphones", Constraint("wireless", "=", True)), 3):
        assert len(set(of_pick)) == len(of_pick)


def test_two_picks_that_would_be_told_alike_are_told_apart() -> None:
    twin = replace(LARK, id="twin", price=Decimal("81"))
    given = job("wireless", Constraint("wireless", "=", True), products=(LARK, twin))
    first, second = points_of(given, NO_FACETS, 1)
    assert [p.fact.reads for p in first] != [p.fact.reads for p in second]


def test_a_field_that_the_record_lacks_is_named_as_absent() -> None:
    asked = Constraint("ip_rating", "=", "IPX7")
    given = job("ipx7", asked, relaxed=(asked,))
    assert absences(given, WREN) == (asked,)


def test_a_rating_is_never_told_without_its_reviews() -> None:
    given = job("headphones")
    told = [p for of_pick in points_of(given, NO_FACETS, 3) for p in of_pick if p.fact.field == "rating"]
    assert told
    assert all([f.field for f in p.facts] == ["rating", "review_count"] for p in told)


def test_an_empty_intent_still_gives_every_pick_a_point() -> None:
    assert all(points_of(replace(job("x"), intent=Intent()), NO_FACETS, 2))
