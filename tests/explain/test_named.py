"""A reason says that the shopper named a limit only where the shopper named it, and in that currency."""

from __future__ import annotations

import pytest

from shelftalk.explain import Explainer, taken_as
from shelftalk.explain.named import foreign, origin
from shelftalk.prompts import PromptLibrary
from shelftalk.values import Constraint, Intent
from tests.explain.shop import NO_FACETS, WREN, job


def reason(request: str, *limits: Constraint, product: int = 0) -> str:
    return (
        Explainer(NO_FACETS, None, PromptLibrary.default())
        .explain(job(request, *limits, relaxed=limits))[product]
        .reason
    )


@pytest.mark.parametrize(
    ("span", "operator", "expected"),
    [
        ("under 100", "<", "named"), ("four people", ">=", "named"), ("half an hour", "<", "named"), ("", "<", "named"),
        ("cheaper", "<", "shown"), ("more expensive", ">", "shown"), ("lighter", "<", "shown"),
        ("cheaper than average", "<", "average"), ("a rating above average", ">", "average"),
        ("multiple ports", ">=", "implied"),
    ],
)  # fmt: skip
def test_the_words_of_a_limit_tell_where_its_number_came_from(span: str, operator: str, expected: str) -> None:
    assert origin(Constraint("price", operator, 100, span)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("span", ["under $100", "100 dollars", "£100 at most", "100 quid", "USD 100", "100 GBP"])
def test_a_limit_in_another_currency_is_not_said_to_be_in_the_shops(span: str) -> None:
    limit = Constraint("price", "<=", 100, span)
    assert "over your 100." in reason(f"headphones, {span}", limit, product=1)
    assert taken_as(Intent((limit,)), "EUR") == (
        f"'{span}' was taken as an amount in EUR, the currency of the prices; no exchange is made",
    )


@pytest.mark.parametrize("span", ["under €100", "100 euros", "EUR 100"])
def test_a_limit_that_names_the_shops_currency_is_said_with_it(span: str) -> None:
    limit = Constraint("price", "<=", 100, span)
    assert "over your 100 EUR." in reason(span, limit, product=1)
    assert taken_as(Intent((limit,)), "EUR") == ()


@pytest.mark.parametrize("span", ["under 100", "100 or less", "max 100", "no more than a hundred", ""])
def test_a_limit_that_names_no_currency_is_said_without_one(span: str) -> None:
    limit = Constraint("price", "<=", 100, span)
    assert "over your 100." in reason(span, limit, product=1)
    assert taken_as(Intent((limit,)), "EUR") == ()


def test_a_currency_beside_the_words_that_were_read_counts_too() -> None:
    limit = Constraint("price", "<=", 100, "100")
    assert "over your 100." in reason("USD 100 or less for headphones", limit, product=1)
    assert "'USD 100'" in taken_as(Intent((limit,)), "EUR", "USD 100 or less for headphones")[0]
    assert "over your 100 EUR." in reason("headphones, EUR 100 or less", limit, product=1)
    assert "over your 100." in reason("headphones, 100 or less", limit, product=1)


def test_a_dollar_sign_means_the_shops_own_dollars() -> None:
    assert not foreign(Constraint("price", "<", 50, "under $50"), "AUD")
    assert foreign(Constraint("price", "<", 50, "under $50"), "EUR")
    assert not foreign(Constraint("weight_lb", "<", 50, "50 pounds"), "EUR")


def test_a_number_that_the_shopper_did_not_name_is_not_called_theirs() -> None:
    limit = Constraint("price", "<", 100, "cheaper")
    assert "120 EUR, over the 100 of those shown." in reason("cheaper", limit, product=1)
    more = Constraint("price", ">", 100, "can spend more")
    assert "120 EUR, over the 100 of those shown." in reason("I can spend more", more, product=1)
    mean = Constraint("price", "<", 119.482, "cheaper than average")
    assert "120 EUR, over the limit of 119.48." in reason("cheaper than average", mean, product=1)


def test_the_limit_itself_misses_a_limit_that_excludes_it() -> None:
    limit = Constraint("price", "<", 120, "under 120")
    assert "Price: 120 EUR, not less than 120." in reason("under 120", limit, product=1)


def test_a_value_that_was_not_wanted_is_owned_up_to() -> None:
    assert "Colour: red, not blue." in reason("in blue", Constraint("colour", "=", "blue", "blue"), product=2)


def test_a_field_without_a_value_is_named_without_its_unit() -> None:
    limit = Constraint("playtime_hours", ">=", 10, "10 hours")
    assert "The record says nothing about playtime." in reason("10 hours", limit)
    assert WREN.value("playtime_hours") is None


def test_a_refusal_is_given_back_in_the_shoppers_word() -> None:
    from shelftalk.explain.record import RecordExplainer
    from shelftalk.facts.card import CardFact
    from shelftalk.facts.facts import facts_of
    from shelftalk.values import Product

    shawl = Product("s", "Shawl", attributes={"material": "cashmere"})
    fact = next(f for f in facts_of(shawl, NO_FACETS) if f.field == "material")
    refused = Constraint("material", "not in", ("polyester", "60% cotton, 40% polyester"), "polyester")
    claim = RecordExplainer(PromptLibrary.default()).card(CardFact(fact, constraints=(refused,)))
    assert claim.text == "Material: cashmere, not polyester."
