"""Criteria order candidates in the database: the best by a wish is found, what is silent does not win, and limits hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.catalog.fakes import HashEmbedder, product

from shelftalk.catalog import Catalog
from shelftalk.catalog.standing import Scope
from shelftalk.retrieve import Retriever, Shelves
from shelftalk.retrieve.criteria import answering, satisfaction, top, utility
from shelftalk.settings import RetrieveSettings
from shelftalk.values import Candidate, Constraint, Criterion, Intent, Product

QUIET = Criterion("noise_db", "low", words="a baby sleeps next door")
KETTLES = Constraint("categories", "=", "Kettles")


def kettle(n: int, **more) -> Product:
    return product(f"k{n}", f"Kettle {n} for boiling water", f"{20 + n % 50}.00", categories=("Kitchen", "Kettles"), **more)  # fmt: skip


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """2,500 kettles of which one, far back in the table and with the poorest text, is much the quietest."""
    made = [kettle(n, noise_db=60 + n % 30, capacity_l=1 + n % 3) for n in range(2400)]
    made.append(product("quietest", "Item 9931", "49.00", categories=("Kitchen", "Kettles"), noise_db=41, capacity_l=1))
    made.append(product("silent", "Kettle for boiling water", "19.00", categories=("Kitchen", "Kettles"), capacity_l=1))
    made += [product(f"f{n}", f"Fan {n}", "30.00", categories=("Home", "Fans"), noise_db=20 + n) for n in range(98)]
    return _shop(tmp_path_factory.mktemp("many") / "catalog", made)


def _shop(folder: Path, products: list[Product]) -> Catalog:
    catalog = Catalog.open(folder, create=True, embedder=HashEmbedder())
    catalog.upsert(products)
    return catalog


def _find(shop: Catalog, k: int | None = None, **intent) -> tuple[Candidate, ...]:
    return Retriever(shop, RetrieveSettings()).retrieve(Intent(**intent), k=k).candidates


def _ids(found: tuple[Candidate, ...]) -> list[str]:
    return [c.product.id for c in found]


def test_the_best_by_a_wish_is_found_among_thousands_though_no_text_speaks_of_it(many: Catalog) -> None:
    plain = _find(many, query="kettle for boiling water", constraints=(KETTLES,))
    assert "quietest" not in _ids(plain)
    wished = _find(many, query="kettle for boiling water", constraints=(KETTLES,), criteria=(QUIET,))
    assert "quietest" in _ids(wished)[:5]
    quiet = [c.product.value("noise_db") for c in wished[:10]]
    assert max(quiet) < 66


def test_a_product_whose_record_is_silent_does_not_win(many: Catalog) -> None:
    found = _find(many, query="kettle for boiling water", constraints=(KETTLES,), criteria=(QUIET,))
    assert _ids(found)[0] != "silent"
    place = {c.product.id: c for c in found}
    assert place["quietest"].scores["criteria"] == 1.0
    assert "silent" not in place or place["silent"].scores["criteria"] < 0.5


def test_limits_hold_for_what_criteria_add(many: Catalog) -> None:
    limits = (KETTLES, Constraint("price", "<=", 40), Constraint("capacity_l", ">=", 2))
    found = _find(many, query="kettle", constraints=limits, criteria=(QUIET,))
    assert found
    assert all(c.product.price <= 40 and c.product.value("capacity_l") >= 2 for c in found)  # type: ignore[operator]
    assert "quietest" not in _ids(found)


def test_products_that_the_shopper_waved_away_do_not_come_back_by_a_wish(many: Catalog) -> None:
    found = _find(many, query="kettle", constraints=(KETTLES,), criteria=(QUIET,), exclude=("quietest", "boiling"))
    assert "quietest" not in _ids(found)
    assert not any("boiling" in c.product.title for c in found)


def test_k_bounds_the_candidates_with_criteria_too(many: Catalog) -> None:
    found = _find(many, k=4, query="kettle", constraints=(KETTLES,), criteria=(QUIET,))
    assert len(found) == 4
    assert "quietest" in _ids(found)


def test_without_words_to_search_for_the_wish_orders_before_popularity(many: Catalog) -> None:
    found = _find(many, constraints=(KETTLES,), criteria=(QUIET,))
    assert "quietest" in _ids(found)[:5]
    assert all(c.product.value("noise_db") <= 62 for c in found[:10])


# A small shop -----------------------------------------------------------------------------------------------------

SMALL = [
    product("t1", "Ridge tent", "300", categories=("Camping", "Tents"), weight_kg=1.2, setup="poles", freestanding=True, made="2025-06-01", rating=4.0),
    product("t2", "Valley tent", "200", categories=("Camping", "Tents"), weight_kg=2.4, setup="pop-up", freestanding=False, made="2024-06-01", rating=4.8),
    product("t3", "Meadow tent", "100", categories=("Camping", "Tents"), weight_kg=4.0, setup="Pop-Up", made="2021-06-01", rating=3.5),
    product("t4", "Silent tent", "50", categories=("Camping", "Tents")),
    product("b1", "Down sleeping bag", "150", categories=("Camping", "Sleeping Bags"), weight_kg=0.9, comfort_c=-5, rating=4.2),
    product("b2", "Summer sleeping bag", "60", categories=("Camping", "Sleeping Bags"), weight_kg=0.6, comfort_c=12, rating=4.4),
    product("l1", "Head lamp for the tent", "20", categories=("Camping", "Headlamps"), weight_kg=0.1, rating=4.9),
]  # fmt: skip
ALL_IDS = {p.id for p in SMALL}
TENTS = Constraint("categories", "=", "Tents")
BY_ID = {p.id: p for p in SMALL}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return _shop(tmp_path_factory.mktemp("small") / "catalog", SMALL)


@pytest.mark.parametrize(
    "criterion, order",
    [
        (Criterion("weight_kg", "low"), ["t1", "t2", "t4", "t3"]),
        (Criterion("weight_kg", "high"), ["t3", "t2", "t4", "t1"]),
        (Criterion("made", "high"), ["t1", "t2", "t4", "t3"]),
        (Criterion("attributes.weight_kg", "low"), ["t1", "t2", "t4", "t3"]),
    ],
)
def test_numbers_and_dates_order_and_a_silent_record_stands_low(small: Catalog, criterion, order) -> None:
    scope = Scope(small, (TENTS,))
    tents = [BY_ID[i] for i in ("t1", "t2", "t3", "t4")]
    assert [p.id for p in sorted(tents, key=lambda p: -satisfaction(p, criterion, scope))] == order


def test_a_named_value_and_yes_or_no_are_held_or_not_whatever_the_case(small: Catalog) -> None:
    scope = Scope(small, (TENTS,))

    def held(criterion: Criterion) -> list[float]:
        return [satisfaction(BY_ID[i], criterion, scope) for i in ("t1", "t2", "t3", "t4")]

    popup, poles, silent, silent_not = 1.0, 0.0, 0.2, 0.6
    assert held(Criterion("setup", "is", "pop-up")) == [poles, popup, popup, silent]
    assert held(Criterion("setup", "not", "pop-up")) == [popup, poles, poles, silent_not]
    assert held(Criterion("freestanding", "is", True)) == [1.0, 0.0, silent, silent]
    assert held(Criterion("freestanding", "is", False)) == [0.0, 1.0, silent, silent]


def test_what_matters_more_weighs_more(small: Catalog) -> None:
    scope = Scope(small, (TENTS,))
    light, loved = Criterion("weight_kg", "low", importance=3), Criterion("rating", "high", importance=1)
    assert utility(BY_ID["t1"], (light, loved), scope) > utility(BY_ID["t2"], (light, loved), scope)
    light, loved = Criterion("weight_kg", "low", importance=1), Criterion("rating", "high", importance=3)
    assert utility(BY_ID["t2"], (light, loved), scope) > utility(BY_ID["t1"], (light, loved), scope)
    assert utility(BY_ID["t1"], (), scope) == 0.0


def test_each_wish_brings_its_own_best(small: Catalog) -> None:
    wishes = (Criterion("weight_kg", "low"), Criterion("price", "low"), Criterion("setup", "is", "pop-up"))
    assert set(top(small, wishes, (TENTS,), (), 3)) == {"t1", "t4", "t2"}
    assert top(small, (), (TENTS,), (), 3) == []
    assert top(small, wishes, (TENTS,), ("t1",), 3)[0] == "t2"


def test_a_criterion_excludes_nothing(small: Catalog) -> None:
    everything = {"t1", "t2", "t3", "t4"}
    for criterion in (
        Criterion("weight_kg", "low"),
        Criterion("setup", "not", "poles"),
        Criterion("setup", "is", "igloo"),
    ):
        assert set(_ids(_find(small, query="tent", constraints=(TENTS,), criteria=(criterion,)))) == everything


def test_a_wish_for_a_field_that_no_product_has_changes_no_order(small: Catalog) -> None:
    plain = _ids(_find(small, query="pop-up tent", constraints=(TENTS,)))
    odd = (Criterion("no_such_field", "low"), Criterion("'; DROP TABLE products --", "is", "x' OR 1=1"))
    assert _ids(_find(small, query="pop-up tent", constraints=(TENTS,), criteria=odd)) == plain


def test_what_is_of_no_kind_in_question_comes_behind_and_stays(small: Catalog) -> None:
    found = _find(small, query="night in the woods", kinds=("Tents", "Sleeping Bags"))
    assert set(_ids(found)) == ALL_IDS
    assert _ids(found)[-1] == "l1"


def test_the_first_kind_comes_before_the_second_where_nothing_else_tells_them_apart(tmp_path) -> None:
    made = [product(i, "Thing", "10", categories=(k,)) for i, k in (("a", "Rugs"), ("b", "Lamps"), ("c", "Chairs"))]
    shop = _shop(tmp_path / "three", made)
    assert _ids(_find(shop, query="thing", kinds=("Chairs", "Lamps"))) == ["c", "b", "a"]


def test_each_kind_is_measured_among_its_own(small: Catalog) -> None:
    found = _find(small, query="camping", kinds=("Tents", "Sleeping Bags"), criteria=(Criterion("weight_kg", "low"),))
    useful = {c.product.id: c.scores["criteria"] for c in found}
    assert useful["t1"] == 1.0  # the lightest tent, though every bag is lighter
    assert useful["b2"] == 1.0
    assert useful["l1"] == 0.0  # of no kind in question: a light lamp is no light tent


def test_kinds_that_hold_nothing_within_the_limits_leave_the_limits_standing(small: Catalog) -> None:
    found = _find(small, query="lamp", kinds=("Tents",), constraints=(Constraint("price", "<", 30),))
    assert _ids(found) == ["l1"]


def test_scores_fall_with_the_place_and_the_first_is_one(small: Catalog) -> None:
    found = _find(small, query="tent", kinds=("Tents",), criteria=(Criterion("weight_kg", "low"),))
    scores = [c.score for c in found]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1.0)
    assert all(0.0 <= c.scores["criteria"] <= 1.0 for c in found)


def test_given_candidates_are_ordered_by_the_wish_and_none_is_added(small: Catalog) -> None:
    intent = Intent(query="tent", criteria=(Criterion("weight_kg", "low", importance=3),))
    found = Retriever(small, RetrieveSettings()).retrieve(intent, only=["t3", "t2"])
    assert _ids(found.candidates) == ["t2", "t3"]
    wordless = replace(intent, query="", constraints=(Constraint("price", "<", 150),))
    found = Retriever(small, RetrieveSettings()).retrieve(wordless, only=["t3", "t2", "b2"])
    assert _ids(found.candidates) == ["b2", "t3", "t2"]
    assert found.matching == 2


# Kinds ------------------------------------------------------------------------------------------------------------


def test_the_search_offers_the_kinds_it_finds_with_shares_that_sum_to_one(many: Catalog, small: Catalog) -> None:
    assert Shelves(many, RetrieveSettings()).kinds(Intent(query="fan"))[0] == ("Fans", 1.0)
    shares = Shelves(small, RetrieveSettings()).kinds(Intent(query="sleeping bag"))
    assert {k for k, _ in shares} == {"Tents", "Sleeping Bags", "Headlamps"}
    assert sum(share for _, share in shares) == pytest.approx(1.0)
    assert [s for _, s in shares] == sorted((s for _, s in shares), reverse=True)


def test_kinds_keep_to_the_limits_where_anything_is_within_them(small: Catalog) -> None:
    shelves = Shelves(small, RetrieveSettings())
    under = (Constraint("price", "<", 30),)
    assert [k for k, _ in shelves.kinds(Intent(query="tent", constraints=under))] == ["Headlamps"]
    assert "Tents" in dict(shelves.kinds(Intent(query="tent", constraints=(Constraint("price", "<", 1),))))


def test_kinds_are_offered_by_the_words_said_where_the_query_holds_none(many: Catalog) -> None:
    shelves = Shelves(many, RetrieveSettings())
    assert shelves.kinds(Intent(), "fan")[0][0] == "Fans"
    assert shelves.kinds(Intent(), "") == []


def test_a_shop_without_categories_offers_no_kinds(tmp_path) -> None:
    bare = _shop(tmp_path / "bare", [product(str(n), f"Lamp {n}", "5") for n in range(4)])
    assert Shelves(bare, RetrieveSettings()).kinds(Intent(query="lamp")) == []
    found = _find(bare, query="lamp", kinds=("Lamps",))
    assert len(found) == 4


def test_the_scope_of_an_answer_leaves_out_the_limits_given_up(small: Catalog) -> None:
    retriever = Retriever(small, RetrieveSettings())
    cheap = Constraint("price", "<", 30)
    intent = Intent(constraints=(TENTS, cheap))
    assert retriever.scope(intent).size == 0
    assert retriever.scope(intent, relaxed=(cheap,)).size == 4


def test_a_value_that_nothing_in_scope_has_is_told_apart_from_one_that_something_has(small: Catalog) -> None:
    retriever = Retriever(small, RetrieveSettings())
    product = small.get_many(small.scan(None, limit=1)).popitem()[1]
    kind = Constraint("categories", "=", product.categories[-1])
    held, field = product.brand, "brand"
    had, missing = Criterion(field, "is", held), Criterion(field, "is", "Nobody & Sons")
    asked = Intent(constraints=(kind,), criteria=(had, missing, Criterion("price", "low")))
    assert retriever.lacking(asked) == (missing,)


def test_a_wish_for_a_number_that_nothing_in_scope_has_is_told_apart(small: Catalog) -> None:
    retriever = Retriever(small, RetrieveSettings())
    cheap, missing = Criterion("price", "low"), Criterion("wingspan_m", "high")
    asked = Intent((TENTS,), criteria=(cheap, missing, Criterion("brand", "is", "Nobody & Sons")))
    assert retriever.fieldless(asked) == (missing,)


def test_a_limit_on_the_category_says_the_kinds_before_those_chosen() -> None:
    chosen = Intent(kinds=("Lamps",))
    assert chosen.named_kinds == ("Lamps",)
    named = Intent(constraints=(Constraint("categories", "in", ("Tents", "Rugs")),), kinds=("Lamps",))
    assert named.named_kinds == ("Tents", "Rugs")


CRITERIA = st.one_of(
    st.builds(Criterion, st.sampled_from(["weight_kg", "price", "rating", "made", "setup", "x'\"; --"]), st.sampled_from(["low", "high"]), st.none(), st.integers(1, 3)),
    st.builds(Criterion, st.sampled_from(["setup", "freestanding", "brand", "é\n"]), st.sampled_from(["is", "not"]), st.sampled_from(["poles", "pop-up", True, False, "", "'"]), st.integers(1, 3)),
)  # fmt: skip


@given(
    criteria=st.lists(CRITERIA, max_size=4),
    kinds=st.lists(st.sampled_from(["Tents", "Sleeping Bags", "Headlamps", "None such"]), max_size=3, unique=True),
    limit=st.sampled_from([None, Constraint("price", "<", 160), Constraint("weight_kg", ">", 1)]),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_wished_nothing_is_lost_and_no_limit_is_broken(small: Catalog, criteria, kinds, limit) -> None:
    limits = (limit,) if limit else ()
    plain = _find(small, query="camping", constraints=limits)
    found = _find(small, query="camping", constraints=limits, criteria=tuple(criteria), kinds=tuple(kinds))
    assert set(_ids(found)) == set(_ids(plain))
    assert len(_ids(found)) == len(set(_ids(found)))


def test_a_text_is_a_title_where_a_product_holds_all_its_words_in_its_own(small: Catalog) -> None:
    shelves = Shelves(small, RetrieveSettings())
    title = next(p.title for p in SMALL if len(p.title.split()) > 1)
    assert shelves.titled(title.upper())
    assert not shelves.titled(title + " and a giraffe")
    assert not shelves.titled(title.split()[0])
    assert not shelves.titled("")


def test_what_meets_none_of_the_named_wishes_that_the_first_meets_only_fills_the_list() -> None:
    wishes = (Criterion("use", "is", "bread", words="slices bread"), Criterion("dishwasher_safe", "is", True), QUIET)
    both, one, none = (
        Candidate(product(f"x{n}", "Knife", "9.00", **held))
        for n, held in enumerate([{"use": "Bread", "dishwasher_safe": True}, {"use": "bread"}, {"use": "chef's"}])
    )
    assert answering([both, none, one], wishes) == [both, one]
    assert answering([one, none], wishes) == [one, none], "the first meets not all, so it is no measure"
    assert answering([both, none], (QUIET,)) == [both, none], "numbers are a matter of degree"
    plain = (Criterion("use", "not", "chef's", words="no chef's knife"),)
    assert answering([one, none, both], plain) == [one, both]
    guessed = (Criterion("use", "is", "bread", words="for the hikes"),)
    assert answering([one, none], guessed) == [one, none], "a value that nobody named leaves out nothing"


def test_where_every_word_is_a_wish_or_the_kind_the_wish_alone_orders(tmp_path: Path) -> None:
    made = [
        product(f"k{n}", "Quiet kettle, quiet" if n == 3 else f"Item {n}", "20.00", categories=("Home", "Kettles"), noise_db=40 + n)
        for n in range(20)
    ]  # fmt: skip
    made += [product("f", "Fan", "20.00", categories=("Home", "Fans"))]
    shop = _shop(tmp_path / "catalog", made)
    quiet = replace(QUIET, words="quiet")
    limits = (Constraint("categories", "=", "Kettles", "kettle"),)
    wished = _find(shop, query="quiet kettle", constraints=limits, criteria=(quiet,))
    assert _ids(wished)[:3] == ["k0", "k1", "k2"]
    more = _find(shop, query="quiet kettle with an enamel spout", constraints=limits, criteria=(quiet,))
    assert _ids(more)[0] == "k3"


def test_what_is_far_too_dear_does_not_answer_a_wish_for_a_low_price_by_its_other_merits(tmp_path: Path) -> None:
    warmth = {
        "fleece": ("39.00", 3),
        "wool": ("45.00", 4),
        "cotton": ("29.00", 2),
        "cashmere": ("389.00", 5),
        "acrylic": ("25.00", 3),
    }
    made = [
        product(
            m,
            f"{m} blanket",
            price,
            categories=("Home", "Blankets"),
            warmth=n,
            colour="grey" if m == "cashmere" else "blue",
        )
        for m, (price, n) in warmth.items()
    ]
    shop = _shop(tmp_path / "catalog", made)
    warm = (Criterion("warmth", "high", None, 2, "warm"), Criterion("colour", "is", "grey", 1, "grey"))
    cheap = Criterion("price", "low", None, 2, "nothing too expensive")
    assert _ids(_find(shop, query="blanket", criteria=warm))[0] == "cashmere"
    assert _ids(_find(shop, query="blanket", criteria=(cheap, *warm)))[-1] == "cashmere"
    mild = (replace(cheap, importance=1), *warm)
    assert _ids(_find(shop, query="blanket", criteria=mild))[0] == "cashmere"
