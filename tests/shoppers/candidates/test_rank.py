"""Lists for a shopper without a request, and where their products come from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.shoppers.candidates import small
from tests.shoppers.candidates.small import NOW, PRODUCTS, act

from shelftalk.catalog import Catalog
from shelftalk.shoppers.candidates import WITHOUT_HISTORY, Behaviour, Blend, Ranking, Sourced, rank_for, scores_for
from shelftalk.shoppers.candidates.sources import found
from shelftalk.values import Context, Criterion, Interaction, ProfileLine

CONTEXT = Context(at=NOW)
EVEN = Blend(dict.fromkeys(("popular", "new"), 1.0), dict.fromkeys(("liked", "bought_together", "popular", "new", "taste", "again"), 1.0), 3.0)  # fmt: skip


def ids(ranked: list[Sourced]) -> list[str]:
    return [s.product_id for s in ranked]


def test_a_shopper_without_history_gets_what_is_popular_and_what_is_new(catalog: Catalog, behaviour: Behaviour):
    ranked = rank_for([], catalog, behaviour, context=CONTEXT)
    assert {s for r in ranked for s in r.sources} == WITHOUT_HISTORY
    assert {"tray", "tea-mint"} <= set(ids(ranked))
    assert all(r.because == () for r in ranked)


def test_what_is_not_released_yet_is_not_new(catalog: Catalog, behaviour: Behaviour):
    assert "soon" not in ids(rank_for([], catalog, behaviour, context=CONTEXT))
    later = Context(at=NOW.replace(year=2027, month=1, day=10))
    assert "soon" in ids(rank_for([], catalog, behaviour, context=later))


def test_a_product_without_a_release_date_is_new_by_when_it_was_first_met(tmp_path):
    products = [replace(p, released_at=None) if p.id == "tray" else p for p in PRODUCTS]
    made = small.catalogue(tmp_path, products)
    ranked = rank_for([], made, small.learnt(), context=CONTEXT)
    assert "new" in next(r for r in ranked if r.product_id == "tray").sources


def test_each_source_says_on_what_it_rests(catalog: Catalog, behaviour: Behaviour):
    history = [act("x", "cup", 4), act("x", "kettle-1", 9, "like")]
    ranking = Ranking(history, catalog, behaviour, context=CONTEXT, blend=EVEN)
    because = {name: {f.product_id: f.because for f in found(s, 10)} for name, s in ranking.sources.items()}
    assert because["bought_together"]["tea-green"] == ("x/purchase/cup/4", "x/like/kettle-1/9")
    assert because["liked"]["kettle-2"] == ("x/like/kettle-1/9",)
    assert because["again"]["cup"] == ("x/purchase/cup/4",)
    assert because["popular"]["tray"] == ()
    assert list(because["new"]) == ["tea-mint"]


def test_the_score_is_the_sum_of_what_the_sources_add(catalog: Catalog, behaviour: Behaviour):
    for r in rank_for([act("x", "cup", 4)], catalog, behaviour, context=CONTEXT):
        assert r.score == pytest.approx(sum(r.sources.values()))
        assert list(r.sources.values()) == sorted(r.sources.values(), reverse=True)
        assert set(r.because) == {i for ids in r.evidence.values() for i in ids}
        assert r.source == next(iter(r.sources))


def test_liked_products_bring_what_is_like_them_without_anything_learnt(catalog: Catalog):
    ranked = rank_for([act("x", "kettle-1", 1, "like")], catalog, None, context=CONTEXT, blend=EVEN)
    first = next(r for r in ranked if "liked" in r.sources)
    assert (first.product_id, first.because) == ("kettle-2", ("x/like/kettle-1/1",))


def test_without_anything_learnt_what_many_reviewed_is_popular(catalog: Catalog):
    ranked = rank_for([], catalog, None, context=CONTEXT, blend=Blend({"popular": 1.0}, {"popular": 1.0}, 1.0))
    assert ids(ranked) == ["lamp", "bulb"]


def test_tea_is_offered_again_and_a_kettle_that_was_bought_is_not(catalog: Catalog, behaviour: Behaviour):
    history = [act("x", "tea-green", 12), act("x", "kettle-1", 12)]
    ranked = rank_for(history, catalog, behaviour, context=CONTEXT, blend=EVEN)
    assert ids(ranked).index("tea-green") < 3 < ids(ranked).index("kettle-1")
    assert "again" in next(r for r in ranked if r.product_id == "tea-green").sources
    tea, kettle = scores_for(history, ["tea-green", "kettle-1"], catalog, behaviour, context=CONTEXT, blend=EVEN)
    assert kettle.score < tea.score / 5


def test_where_nothing_is_known_of_repeats_what_was_bought_is_not_offered_again(catalog: Catalog):
    assert "lamp" in ids(rank_for([act("x", "lamp", 3, "view")], catalog, None, context=CONTEXT))
    assert "lamp" not in ids(rank_for([act("x", "lamp", 3)], catalog, None, context=CONTEXT))


def test_a_dismissed_product_speaks_for_nothing(catalog: Catalog, behaviour: Behaviour):
    history = [act("x", "kettle-1", 9, "like"), act("x", "kettle-1", 1, "dismiss")]
    ranked = rank_for(history, catalog, behaviour, context=CONTEXT, blend=EVEN)
    assert all(r.because == () for r in ranked)
    rated = [act("x", "cup", 3, "rating", value=value) for value in (2.0, 3.0)]
    assert all(r.because == () for r in rank_for(rated, catalog, behaviour, context=CONTEXT, blend=EVEN))


def test_what_comes_after_the_moment_counts_for_nothing(catalog: Catalog, behaviour: Behaviour):
    then = Context(at=NOW - timedelta(days=30))
    late = rank_for([act("x", "cup", 4)], catalog, behaviour, context=then)
    assert late == rank_for([], catalog, behaviour, context=then)


def test_lines_of_a_profile_bring_what_meets_them(catalog: Catalog):
    lines = [
        ProfileLine("l1", Criterion("brand", "is", "Cor", 3), weight=0.9, evidence=("i1", "i2")),
        ProfileLine("l2", Criterion("price", "low"), "Kettles", weight=0.5, source="stated"),
    ]
    blend = Blend({"taste": 1.0}, {"taste": 1.0}, 1.0)
    ranked = rank_for([], catalog, None, lines=lines, context=CONTEXT, blend=blend)
    assert ids(ranked)[:2] == ["kettle-1", "kettle-2"]
    assert ranked[0].because == ("i1", "i2", "l2")
    not_cor = [ProfileLine("l3", Criterion("brand", "not", "Cor"))]
    assert rank_for([], catalog, None, lines=not_cor, context=CONTEXT, blend=blend) == []
    (scored,) = scores_for([], ["kettle-1"], catalog, None, lines=not_cor, context=CONTEXT, blend=blend)
    assert scored.score < 0


def test_a_price_range_of_the_profile_holds_within_its_kind(catalog: Catalog):
    from decimal import Decimal

    span = (Decimal("35"), Decimal("45"))
    lines = [ProfileLine("p", Criterion("price", "low"), "Kettles", evidence=("i1",), span=span)]
    blend = Blend({"taste": 1.0}, {"taste": 1.0}, 1.0)
    assert ids(rank_for([], catalog, None, lines=lines, context=CONTEXT, blend=blend)) == ["kettle-1"]


def test_exclude_and_among_hold(catalog: Catalog, behaviour: Behaviour):
    assert "tray" not in ids(rank_for([], catalog, behaviour, context=CONTEXT, exclude=["tray"]))
    only = ["kettle-1", "cup", "no such product"]
    assert set(ids(rank_for([], catalog, behaviour, context=CONTEXT, among=only))) == {"kettle-1", "cup"}
    assert rank_for([], catalog, behaviour, context=CONTEXT, among=[]) == []


def test_what_is_sold_out_and_a_second_variant_are_left_out(tmp_path, behaviour: Behaviour):
    changed = {
        "tray": replace(PRODUCTS[6], availability="out_of_stock"),
        "kettle-1": replace(PRODUCTS[3], item_group_id="k"),
        "kettle-2": replace(PRODUCTS[4], item_group_id="k"),
    }
    made = small.catalogue(tmp_path, [changed.get(p.id, p) for p in PRODUCTS])
    got = ids(rank_for([], made, behaviour, context=CONTEXT))
    assert "tray" not in got
    assert len({"kettle-1", "kettle-2"} & set(got)) == 1


def test_products_of_the_behaviour_that_left_the_catalogue_are_dropped(tmp_path, behaviour: Behaviour):
    made = small.catalogue(tmp_path, [p for p in PRODUCTS if p.id != "tray"])
    assert "tray" not in ids(rank_for([], made, behaviour, context=CONTEXT))
    history = [act("x", "tray", 3), act("x", "gone", 3)]
    assert "tray" not in ids(rank_for(history, made, behaviour, context=CONTEXT))


def test_scores_stand_in_the_order_asked_and_unknown_products_have_none(catalog: Catalog, behaviour: Behaviour):
    asked = ["cup", "no such product", "tray"]
    scored = scores_for([act("x", "tea-green", 3)], asked, catalog, behaviour, context=CONTEXT)
    assert ids(scored) == asked
    assert scored[1].score == 0
    assert scored[0].score > 0


def test_history_counts_more_the_more_there_is_of_it(catalog: Catalog, behaviour: Behaviour):
    blend = Blend({"popular": 1.0, "bought_together": 0.1}, {"bought_together": 1.0}, 5.0)
    shares = []
    for n in range(1, 6):
        history: list[Interaction] = [act("x", "cup", d) for d in range(1, n + 1)]
        (s,) = scores_for(history, ["tea-green"], catalog, behaviour, context=CONTEXT, blend=blend)
        shares.append(s.sources["bought_together"] / s.score)
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]


def test_the_shipped_blend_weighs_every_source():
    blend = Blend.default()
    assert all(blend.weights(0, sorted(WITHOUT_HISTORY)) > 0)
    assert (blend.weights(20) > 0).all()
