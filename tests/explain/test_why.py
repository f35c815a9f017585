"""`why` names the limit that a product fails, or what ranks above it and in what."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shelftalk.explain import Explainer, why
from shelftalk.prompts import PromptLibrary
from shelftalk.values import Candidate, Constraint, Intent, Product, Ranking, Retrieval, Sort
from tests.explain.shop import FINCH, LARK, NO_FACETS, SHELF, WREN, job


def found(*products: Product) -> tuple[Retrieval, Ranking]:
    """A retrieval and a ranking in that order."""
    candidates = tuple(Candidate(p, 1 - i / 10) for i, p in enumerate(products))
    return Retrieval(candidates), Ranking(candidates)


def test_a_pick_gives_its_reason() -> None:
    reason = Explainer(NO_FACETS, None, PromptLibrary.default()).explain(job("headphones"))[0]
    answer = why(Intent(), *found(*SHELF), LARK, k=3, explanation=reason)
    assert (answer.verdict, answer.rank) == ("picked", 1)
    assert answer.claims == reason.claims


def test_a_product_that_fails_a_limit_is_told_which_with_its_value_and_the_wanted_one() -> None:
    intent = Intent(
        (Constraint("price", "<=", 100), Constraint("battery_life_hours", ">=", 24), Constraint("wireless", "=", True))
    )
    answer = why(intent, *found(LARK), WREN, k=1)
    assert answer.verdict == "fails"
    assert [e.field for c in answer.claims for e in c.evidence] == ["price", "battery_life_hours"]
    assert answer.claims[0].text == "Price: 120 EUR, over your 100."
    assert answer.claims[1].text == "Battery life: 18 hours, under your 24 hours."
    assert "2 limits" in answer.summary
    assert all(e.value == WREN.value(e.field) for c in answer.claims for e in c.evidence)


def test_a_value_that_the_record_lacks_is_named_as_missing() -> None:
    answer = why(Intent((Constraint("ip_rating", "=", "IPX7"),)), *found(), LARK)
    assert answer.verdict == "fails"
    assert answer.claims[0].text == "The record says nothing about IP rating; wanted: IPX7."


@pytest.mark.parametrize("banned, field", [("h-2", "id"), ("wren", "brand"), ("two", "title")])
def test_a_product_that_the_request_rules_out(banned: str, field: str) -> None:
    answer = why(Intent(exclude=(banned,)), *found(LARK), WREN)
    assert answer.verdict == "excluded"
    assert field in [e.field for e in answer.claims[0].evidence] or field == "brand"


def test_a_product_below_the_picks_is_compared_with_each_of_them() -> None:
    intent = Intent(sort=Sort("price", "asc", "cheapest"), query="cheap headphones")
    answer = why(intent, *found(FINCH, LARK, WREN), WREN, k=2)
    assert (answer.verdict, answer.rank) == ("outranked", 3)
    assert [a.product_id for a in answer.above] == ["h-3", "h-1"]
    assert answer.above[0].claims[0].text == "Price: 45.50 EUR, against 120 EUR for this one."
    assert answer.above[0].claims[0].evidence[0].value == FINCH.price
    assert any("out of stock" in c.text for c in answer.claims)


def test_the_words_of_the_request_that_only_the_pick_speaks_of_are_named() -> None:
    answer = why(Intent(query="velour"), *found(WREN, FINCH), FINCH, k=1)
    assert 'does not say "velour"' in answer.above[0].claims[0].text


def test_where_the_records_do_not_differ_the_scores_that_decided_are_said() -> None:
    twin = replace(LARK, id="twin")
    first = Candidate(LARK, 1.0, {"dense": 0.62, "bm25": 9.1, "fused": 0.71})
    second = Candidate(twin, 0.5, {"dense": 0.55, "bm25": 9.1, "fused": 0.65})
    answer = why(Intent(query="headphones"), Retrieval((first, second)), Ranking((first, second)), twin, k=1)
    assert answer.above[0].claims == ()
    assert answer.above[0].decided == (
        'Both records say "headphones"; the search scores it 0.71 and this one 0.65, closer in meaning (0.62 against 0.55).'
    )
    assert any("the search scores it" in line for line in answer.lines())
    assert answer.to_dict()["above"][0]["decided"] == answer.above[0].decided


def test_where_not_even_the_scores_differ_that_is_said() -> None:
    twin = replace(LARK, id="twin")
    same = [Candidate(p, 1.0, {"fused": 0.7}) for p in (LARK, twin)]
    answer = why(Intent(query="headphones"), Retrieval(tuple(same)), Ranking(tuple(same)), twin, k=1)
    assert "nothing else tells them apart" in answer.above[0].decided


def test_the_words_that_only_the_picks_text_holds_are_named() -> None:
    told = replace(LARK, id="told", description="For long flights.")
    answer = why(Intent(query="headphones flights"), *found(told, LARK), LARK, k=1)
    assert 'its record says "flights" and this one\'s does not' in answer.above[0].decided


def test_what_can_be_had_comes_before_what_cannot() -> None:
    answer = why(Intent(query="headphones"), *found(LARK, WREN), WREN, k=1)
    assert "out of stock" in answer.above[0].decided


def test_what_is_no_shopping_request_picks_and_rules_out_nothing() -> None:
    answer = why(Intent(shopping=False), Retrieval(), Ranking(), LARK)
    assert answer.verdict == "no request"
    assert answer.summary.startswith("This is no request for a product")
    assert answer.claims == answer.above == ()


def test_a_product_that_fits_and_was_not_found_is_said_to_be_less_close() -> None:
    answer = why(Intent(query="headphones"), *found(LARK), FINCH, k=1)
    assert answer.verdict == "not retrieved"


def test_a_limit_that_was_given_up_is_no_reason() -> None:
    limit = Constraint("price", "<=", 10)
    retrieval, ranking = found(LARK, FINCH)
    answer = why(Intent((limit,)), replace(retrieval, relaxed=(limit,)), ranking, FINCH, k=1)
    assert answer.verdict == "outranked"


def test_an_answer_is_json_and_lines() -> None:
    answer = why(Intent((Constraint("price", "<=", 100),)), *found(LARK), WREN)
    assert json.loads(json.dumps(answer.to_dict()))["verdict"] == "fails"
    lines = answer.lines()
    assert lines[0] == "Wren Two Headphones (h-2)"
    assert lines[2].endswith("[price: 120]")


def test_a_hostile_title_reaches_the_lines_only_cleaned() -> None:
    evil = replace(WREN, title="Ignore\u202e all\x1b[31m", id="evil")
    assert "\u202e" not in "".join(why(Intent(), *found(LARK), evil, k=1).lines())
    assert "\x1b" not in "".join(why(Intent(), *found(LARK), evil, k=1).lines())


def test_only_the_shoppers_own_words_are_given_back_as_theirs() -> None:
    intent = Intent(query="Lark One Headphones wireless true", preferences=("quiet",))
    answer = why(intent, *found(LARK), LARK, k=1, request="the second, but with wireless please")
    assert 'Its record says "wireless", as the request does.' in answer.summary
    assert "true" not in answer.summary
