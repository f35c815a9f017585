"""What a shopper gets from retrieve, over a small real catalogue in LanceDB."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.catalog.fakes import HashEmbedder, product

from shelftalk.catalog import Catalog, sql
from shelftalk.errors import CatalogError
from shelftalk.retrieve import Retriever
from shelftalk.retrieve.query import query_text
from shelftalk.settings import RetrieveSettings
from shelftalk.values import Constraint, Intent, Product, Retrieval, Sort

HEADPHONES = [
    product("h1", "Sony wireless headphones", "59.90", brand="Sony", categories=("Headphones",), colour="black", hours=30, rating=4.0, review_count=10),
    product("h2", "Koss wired headphones", "19.90", brand="Koss", categories=("Headphones",), colour="black", rating=4.5, review_count=900),
    product("h3", "Beyer studio headphones", "149.00", brand="Beyer", categories=("Headphones",), colour="grey", hours=20, rating=5.0, review_count=1),
    product("h4", "Sony sport headphones", "39.90", brand="Sony", categories=("Headphones",), colour="red", hours=12),
    product("h5", "Koss wireless headphones", "59.90", brand="Koss", categories=("Headphones",), colour="white", hours=30),
]  # fmt: skip
OTHERS = [
    product("s1", "Steel screw for wood", "0.10", categories=("Screws",)),
    product("s2", "Brass screw for wood", "0.20", categories=("Screws",)),
    product("l1", "Desk lamp with a long arm", "25.00", brand="Lumo", categories=("Lamps",), colour="black"),
    product("l2", "Floor lamp for reading", None, brand="Lumo", categories=("Lamps",), waterproof=True),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return _shop(tmp_path_factory.mktemp("shop") / "catalog", [*HEADPHONES, *OTHERS])


def _shop(folder: Path, products: list[Product]) -> Catalog:
    catalog = Catalog.open(folder, create=True, embedder=HashEmbedder())
    catalog.upsert(products)
    return catalog


def _ids(found: Retrieval) -> list[str]:
    return [c.product.id for c in found.candidates]


def _ask(shop: Catalog, k: int | None = None, only: list[str] | None = None, **intent: object) -> Retrieval:
    return Retriever(shop, RetrieveSettings()).retrieve(Intent(**intent), k=k, only=only)  # type: ignore[arg-type]


def test_constraints_hold_for_every_candidate_whatever_the_words_say(shop: Catalog) -> None:
    limits = (Constraint("price", "<=", 40), Constraint("brand", "!=", "Koss"))
    found = _ask(shop, query="Koss wired headphones", constraints=limits)
    assert _ids(found)[0] == "h4"
    assert not {"h1", "h2", "h3", "h5", "l2"} & set(_ids(found))
    assert found.matching == 4
    assert not found.no_match
    assert found.relaxed == ()


def test_the_words_of_the_request_decide_the_order_and_scores_fall_with_it(shop: Catalog) -> None:
    found = _ask(shop, query="wireless headphones")
    assert set(_ids(found)[:2]) == {"h1", "h5"}
    scores = [c.score for c in found.candidates]
    assert scores == sorted(scores, reverse=True)
    assert {"dense", "bm25", "fused"} <= set(found.candidates[0].scores)


def test_k_bounds_the_candidates(shop: Catalog) -> None:
    assert len(_ask(shop, query="headphones", k=2).candidates) == 2


def test_a_soft_wish_is_searched_for_once(shop: Catalog) -> None:
    assert _ids(_ask(shop, query="headphones", preferences=("for sport",)))[0] == "h4"
    assert query_text(Intent(query="headphones for sport", preferences=("for sport",))) == "headphones for sport"


# Superlatives


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_in_a_small_catalogue_a_superlative_is_the_exact_order_of_its_field_missing_last(
    shop: Catalog, direction: str
) -> None:
    found = _ask(shop, query="headphones", sort=Sort("price", direction))  # type: ignore[arg-type]
    prices = [c.product.price for c in found.candidates]
    known = [p for p in prices if p is not None]
    assert known == sorted(known, reverse=direction == "desc")
    assert prices[len(known) :] == [None]
    assert len(prices) == 9


def test_ties_of_a_superlative_are_ordered_by_relevance(shop: Catalog) -> None:
    kind = (Constraint("categories", "=", "Headphones"),)
    by_hours = Sort("hours", "desc")
    assert _ids(_ask(shop, query="Koss wireless headphones", sort=by_hours, constraints=kind))[:2] == ["h5", "h1"]
    assert _ids(_ask(shop, query="Sony wireless headphones", sort=by_hours, constraints=kind))[:2] == ["h1", "h5"]


def test_a_tie_at_the_end_of_the_list_is_still_won_by_the_more_relevant(shop: Catalog) -> None:
    found = _ask(shop, query="Koss", sort=Sort("hours", "desc"), k=1)
    assert _ids(found) == ["h5"]


def test_the_cheapest_headphones_of_a_large_shop_are_no_screw(shop: Catalog) -> None:
    retriever = Retriever(shop, RetrieveSettings(candidates=3))
    found = retriever.retrieve(Intent(query="headphones", sort=Sort("price", "asc")))
    assert _ids(found) == ["h2", "h4", "h1"]


@pytest.mark.parametrize("text", ["what is the cheapest thing in your shop?", "the lowest price below 100 euros"])
def test_a_superlative_that_names_no_kind_is_taken_over_everything(shop: Catalog, text: str) -> None:
    retriever = Retriever(shop, RetrieveSettings(candidates=2))
    limit = Constraint("price", "<", 100, span="below 100 euros")
    intent = Intent((limit,), Sort("price", "asc", span="lowest price"), query=text)
    assert _ids(retriever.retrieve(intent)) == ["s1", "s2"]


def test_where_a_constraint_names_the_kind_all_of_it_competes(shop: Catalog) -> None:
    retriever = Retriever(shop, RetrieveSettings(candidates=2))
    kind = (Constraint("categories", "=", "Headphones"),)
    found = retriever.retrieve(Intent(query="wireless Sony", constraints=kind, sort=Sort("price", "asc")))
    assert _ids(found) == ["h2", "h4"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.decimals(0, 160, places=2),
    field=st.sampled_from(["price", "hours", "rating"]),
    direction=st.sampled_from(["asc", "desc"]),
    text=st.sampled_from(["headphones", "a lamp", "", "screw wood"]),
)
def test_a_superlative_agrees_with_the_records(shop: Catalog, limit, field, direction, text) -> None:  # type: ignore[no-untyped-def]
    constraints = (Constraint("price", ">", limit),)
    found = _ask(shop, query=text, constraints=constraints, sort=Sort(field, direction))
    fitting = [p for p in (*HEADPHONES, *OTHERS) if p.price is not None and p.price > limit]
    values = [v for p in fitting if (v := p.value(field)) is not None]
    if fitting:
        assert found.matching == len(fitting)
        got = [c.product.value(field) for c in found.candidates]
        assert got == sorted(values, reverse=direction == "desc") + [None] * (len(fitting) - len(values))
    else:
        assert found.no_match


# What is not wanted


def test_excluded_ids_and_words_are_passed_over(shop: Catalog) -> None:
    found = _ask(shop, query="headphones", exclude=("h2", "sony"))
    assert not {"h1", "h2", "h4"} & set(_ids(found))
    assert {"h3", "h5"} <= set(_ids(found))


def test_excluded_words_hold_for_superlatives_and_names_of_flags_too(shop: Catalog) -> None:
    cheapest = _ask(shop, query="screw", sort=Sort("price", "asc"), exclude=("steel",))
    assert _ids(cheapest)[0] == "s2"
    assert "l2" not in _ids(_ask(shop, query="lamp", exclude=("waterproof",)))


def test_a_word_is_excluded_as_a_word_and_not_within_one(shop: Catalog) -> None:
    assert "h1" in _ids(_ask(shop, query="headphones", exclude=("so",)))


def test_excluding_everything_leaves_nothing_and_says_so(shop: Catalog) -> None:
    found = _ask(
        shop,
        query="x",
        constraints=(Constraint("categories", "=", "Screws"),),
        exclude=("screw",),
        sort=Sort("price", "asc"),
    )
    assert found == Retrieval(no_match=True)


def test_more_products_that_carry_the_word_than_the_first_look_holds(tmp_path: Path) -> None:
    many = [product(f"r{i}", f"red cup number {i}", "1") for i in range(900)]
    shop = _shop(tmp_path / "c", [*many, product("b", "blue cup", "1")])
    assert _ids(_ask(shop, query="red cup", exclude=("red",), k=5)) == ["b"]


# Nothing fits


def test_the_least_important_constraint_is_given_up_first_and_named(shop: Catalog) -> None:
    black = Constraint("colour", "=", "black")
    limits = (Constraint("brand", "=", "Sony"), Constraint("price", "<", 50), black)
    found = _ask(shop, query="headphones", constraints=limits)
    assert found.no_match
    assert found.relaxed == (black,)
    assert _ids(found) == ["h4"]


def test_price_goes_before_brand(shop: Catalog) -> None:
    price = Constraint("price", "<", 10)
    found = _ask(shop, query="headphones", constraints=(price, Constraint("brand", "=", "Sony")))
    assert found.relaxed == (price,)
    assert {c.product.brand for c in found.candidates} == {"Sony"}


def test_near_misses_start_with_the_nearest_to_the_limit(shop: Catalog) -> None:
    limits = (Constraint("price", "<", 15), Constraint("categories", "=", "Headphones"))
    found = _ask(shop, query="headphones", constraints=limits)
    assert _ids(found)[0] == "h2"
    prices = [c.product.price for c in found.candidates]
    assert prices == sorted(prices)


def test_near_misses_of_a_least_value_start_with_the_nearest_and_not_with_the_least(shop: Catalog) -> None:
    limits = (Constraint("hours", ">=", 60), Constraint("categories", "=", "Headphones"))
    hours = [c.product.value("hours") for c in _ask(shop, constraints=limits, sort=Sort("hours", "asc")).candidates]
    assert hours == [30, 30, 20, 12, None]


def test_the_kind_and_what_is_not_wanted_are_never_given_up(shop: Catalog) -> None:
    limits = (Constraint("categories", "=", "Boats"), Constraint("price", "<", 10))
    assert _ask(shop, query="a boat", constraints=limits) == Retrieval(no_match=True)
    refused = (Constraint("categories", "=", "Lamps"), Constraint("brand", "!=", "Lumo"))
    assert _ask(shop, query="a lamp", constraints=refused).candidates == ()


def test_relaxed_names_only_what_a_candidate_breaks(shop: Catalog) -> None:
    limits = (Constraint("hours", ">=", 100), Constraint("price", "<", 1), Constraint("categories", "=", "Lamps"))
    found = _ask(shop, query="lamp", constraints=limits, k=9)
    for constraint in found.relaxed:
        keeps = shop.scan(sql.where((constraint,), only_ids=_ids(found)))
        assert set(keeps) != set(_ids(found))
    assert set(_ids(found)) == {"l1", "l2"}


def test_many_constraints_are_given_up_within_bounded_time(shop: Catalog) -> None:
    limits = tuple(Constraint(f"no_such_{i}", "=", i) for i in range(12))
    found = _ask(shop, query="lamp", constraints=limits)
    assert found.no_match
    assert len(found.relaxed) == 12


# Given candidates


def test_with_given_candidates_exactly_those_come_back_the_fitting_first(shop: Catalog) -> None:
    found = _ask(
        shop, query="headphones", constraints=(Constraint("price", "<", 50),), only=["h3", "h1", "h4", "h2"], k=1
    )
    assert set(_ids(found)[:2]) == {"h4", "h2"}
    assert _ids(found)[2:] == ["h1", "h3"]
    assert found.matching == 2
    assert not found.no_match
    scores = [c.score for c in found.candidates]
    assert scores == sorted(scores, reverse=True)


def test_given_candidates_of_which_none_fits_are_no_match(shop: Catalog) -> None:
    price = Constraint("price", "<", 1)
    found = _ask(shop, query="headphones", constraints=(price,), only=["h3", "h1"])
    assert (found.no_match, found.matching, found.relaxed) == (True, 0, (price,))
    assert _ids(found) == ["h1", "h3"]


def test_given_candidates_that_are_unknown_are_named(shop: Catalog) -> None:
    with pytest.raises(CatalogError, match="'nope'"):
        _ask(shop, query="headphones", only=["h1", "nope"])


def test_no_given_candidates_is_no_match(shop: Catalog) -> None:
    assert _ask(shop, query="headphones", only=[]) == Retrieval(no_match=True)


# Stock


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return _shop(
        tmp_path_factory.mktemp("stock") / "catalog",
        [
            product("in", "green tea", "5", availability="in_stock", stock=3),
            product("gone", "green tea, first flush", "4", availability="https://schema.org/OutOfStock"),
            product("empty", "black tea", "3", stock=0),
            product("soon", "green tea, new harvest", "6", availability="preorder", stock=0),
            product("unsaid", "white tea", "9"),
        ],
    )


def test_what_is_out_of_stock_comes_last_and_that_is_said(stocked: Catalog) -> None:
    found = _ask(stocked, query="green tea", sort=Sort("price", "asc"))
    assert _ids(found) == ["in", "soon", "unsaid", "empty", "gone"]
    assert found.notes == ("Out of stock and so left for last: black tea and green tea, first flush.",)
    scores = [c.score for c in found.candidates]
    assert scores == sorted(scores, reverse=True)


def test_out_of_stock_is_offered_where_nothing_else_fits_and_that_is_said(stocked: Catalog) -> None:
    found = _ask(stocked, query="tea", constraints=(Constraint("price", "<=", 4),))
    assert set(_ids(found)) == {"gone", "empty"}
    assert not found.no_match
    assert found.notes == ("All candidates are out of stock.",)


def test_what_is_in_stock_comes_first_even_where_one_product_is_wanted(stocked: Catalog) -> None:
    assert _ids(_ask(stocked, query="green tea first flush", k=1)) == ["in"]


def test_who_asks_about_stock_gets_the_plain_order(stocked: Catalog) -> None:
    none_left = (Constraint("stock", "=", 0),)
    assert _ids(_ask(stocked, query="tea", constraints=none_left, sort=Sort("price", "asc"))) == ["empty", "soon"]


def test_given_candidates_out_of_stock_come_after_those_in_stock(stocked: Catalog) -> None:
    assert _ids(_ask(stocked, query="green tea first flush", only=["gone", "in"])) == ["in", "gone"]


# Odd input


def test_without_words_the_popular_come_first(shop: Catalog) -> None:
    found = _ask(shop, constraints=(Constraint("categories", "=", "Headphones"),))
    assert _ids(found)[:3] == ["h2", "h1", "h3"]
    assert found.matching == 5


@pytest.mark.parametrize(
    "text",
    ["'; DROP TABLE products; --", "AND OR NOT (", '"unclosed', "\x00\u200b", "лампа для чтения", "🎧", "\ud800", "a" * 100_000, "headphones " * 5_000, "*", "title:lamp^5 ~2 +-"],
    ids=["sql", "operators", "quote", "invisible", "cyrillic", "emoji", "surrogate", "one-long-word", "many-words", "star", "lucene"],
)  # fmt: skip
def test_odd_text_finds_something_and_never_fails(shop: Catalog, text: str) -> None:
    found = _ask(shop, query=text, constraints=(Constraint("price", "<", 30),))
    assert found.matching == 4
    assert set(_ids(found)) == {"h2", "s1", "s2", "l1"}


def test_an_empty_catalogue_has_no_match(tmp_path: Path) -> None:
    empty = Catalog.open(tmp_path / "none", create=True, embedder=HashEmbedder())
    assert _ask(empty, query="anything") == Retrieval(no_match=True)
    assert _ask(empty, query="anything", constraints=(Constraint("price", "<", 3),)) == Retrieval(no_match=True)


def test_given_candidates_with_an_excluded_word_come_back_all_of_them_the_refused_ones_last(shop: Catalog) -> None:
    found = _ask(shop, query="headphones", exclude=("wireless",), only=["h1", "h2", "h3", "h5"])
    assert set(_ids(found)[:2]) == {"h2", "h3"}
    assert set(_ids(found)[2:]) == {"h1", "h5"}
    assert found.matching == 2


def test_feedback_may_change_the_order_and_no_product_or_cosine_that_is_told(shop: Catalog) -> None:
    asked = Intent(query="headphones for the plane")
    without = Retriever(shop, RetrieveSettings(feedback_weight=0)).retrieve(asked)
    found = Retriever(shop, RetrieveSettings(feedback_weight=1)).retrieve(asked)
    assert set(_ids(found)) == set(_ids(without))
    told = {c.product.id: c.scores["dense"] for c in without.candidates}
    assert {c.product.id: c.scores["dense"] for c in found.candidates} == told


def test_the_vectors_of_products_come_by_id_and_unknown_ids_are_passed_over(shop: Catalog) -> None:
    assert shop.vectors(["h1", "none", "s1"]).shape == (2, shop.embedder.dimensions)
    assert shop.vectors([]).shape == (0, shop.embedder.dimensions)
