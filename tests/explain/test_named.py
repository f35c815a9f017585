"""A reason says that the shopper named a limit only where the shopper named it, and in that currency."""

from __future__ import annotations

import pytest

from shelftalk.explain import Explainer, taken_as
from shelftalk.explain.check import check
from shelftalk.explain.named import foreign, origin
from shelftalk.prompts import PromptLibrary
from shelftalk.values import Constraint, Intent
from tests.explain.shop import LARK, NO_FACETS, WREN, job, point


def reason(request: str, *limits: Constraint, product: int = 0) -> str:
    return Explainer(NO_FACETS, None, PromptLibrary.default()).explain(job(request, *limits))[product].reason


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
    said = reason(f"headphones, {span}", limit)
    assert "under your limit of 100." in said or "less than the 100 you named." in said
    assert taken_as(Intent((limit,)), "EUR") == (
        f"'{span}' was taken as an amount in EUR, the currency of the prices; no exchange is made",
    )


@pytest.mark.parametrize("span", ["under 100", "under €100", "100 euros", "EUR 100"])
def test_a_limit_in_the_shops_currency_or_in_none_is_said_with_it(span: str) -> None:
    limit = Constraint("price", "<=", 100, span)
    assert "100 EUR" in reason(span, limit)
    assert taken_as(Intent((limit,)), "EUR") == ()


def test_a_currency_beside_the_words_that_were_read_counts_too() -> None:
    limit = Constraint("price", "<=", 100, "100")
    assert "100 EUR you named" not in reason("USD 100 or less for headphones", limit)
    assert "'USD 100'" in taken_as(Intent((limit,)), "EUR", "USD 100 or less for headphones")[0]
    assert "100 EUR" in reason("headphones, 100 or less", limit)


def test_a_dollar_sign_means_the_shops_own_dollars() -> None:
    assert not foreign(Constraint("price", "<", 50, "under $50"), "AUD")
    assert foreign(Constraint("price", "<", 50, "under $50"), "EUR")
    assert not foreign(Constraint("weight_lb", "<", 50, "50 pounds"), "EUR")


def test_cheaper_ones_are_held_against_what_was_shown() -> None:
    limit = Constraint("price", "<", 128.99, "cheaper")
    assert "less than the 128.99 EUR shown before" in reason("cheaper ones", limit)
    assert "more than the 100 EUR shown before" in reason(
        "cheaper", Constraint("price", "<", 100, "cheaper"), product=1
    )


def test_an_average_is_the_catalogues_and_money_has_two_places() -> None:
    limit = Constraint("price", "<", 119.482, "cheaper than average")
    assert "less than the catalogue's average of 119.48 EUR" in reason("cheaper than average", limit)


def test_the_limit_itself_misses_a_limit_that_excludes_it() -> None:
    limit = Constraint("price", "<", 120, "under 120")
    assert "not less than the 120 EUR you named" in reason("under 120", limit, product=1)


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (Constraint("price", "<", 128.99, "cheaper"), "It costs 79.99 EUR, less than the 128.99 EUR you named."),
        (Constraint("price", "<", 128.99, "cheaper"), "It costs 79.99 EUR, under your limit of 128.99 EUR."),
        (Constraint("price", "<", 100, "under $100"), "It costs 79.99 EUR, under your limit of 100 EUR."),
        (Constraint("price", "<", 100, "under 100"), "It costs 79.99 EUR, less than the 100 EUR shown before."),
        (Constraint("price", "<", 100, "cheaper"), "It costs 79.99 EUR, less than the catalogue's average of 100 EUR."),
    ],
)
def test_the_checker_refuses_a_limit_that_did_not_come_so(limit: Constraint, text: str) -> None:
    assert not check(text, point(LARK, "price", limit)).ok


def test_what_this_turn_asks_for_is_said_before_what_an_earlier_one_did() -> None:
    earlier = Constraint("price", "<=", 100, "under 100")
    now = Constraint("colour", "=", "Blue", "blue")
    assert reason("the second, but in blue", earlier, now).index("blue") < 40


def test_a_field_without_a_value_is_named_without_its_unit() -> None:
    limit = Constraint("playtime_hours", ">=", 10, "10 hours")
    assert "The catalogue does not give its playtime." in reason("10 hours", limit)
    assert WREN.value("playtime_hours") is None
