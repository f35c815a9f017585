"""Whether the catalogue sells the kind of thing asked for, judged with the real embedder's scale on a small shop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from tests.catalog.fakes import HashEmbedder, product

from shelftalk.catalog import Catalog
from shelftalk.retrieve import Retriever
from shelftalk.retrieve.kind import also_called, called_so, property_alone, vague
from shelftalk.settings import RetrieveSettings
from shelftalk.values import Constraint, Intent, Sort

PRODUCTS = [
    product("t1", "Grenholt Dome Tent for 2", "99.00", categories=("Tents",), colour="red"),
    product("l1", "Halo Helmet Rear Light, white", "29.00", categories=("Bicycle Lights",), mount="helmet"),
    product("j1", "Skog Poncho Rain Jacket", "59.00", categories=("Rain Jackets",)),
    product("s1", "Daily Fluid 30", "19.00", categories=("Skincare",), kind="sunscreen"),
]
CHEAP = Constraint("price", "<", 200, "under 200")


class Distant(HashEmbedder):
    """An embedder on the default one's scale to which no two texts are alike, so that names alone decide."""

    def __init__(self) -> None:
        super().__init__("default")

    def encode_query(self, text: str) -> np.ndarray:
        return np.zeros(self.dimensions, dtype=np.float32)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog.open(tmp_path_factory.mktemp("kinds") / "catalog", create=True, embedder=Distant())
    catalog.upsert(PRODUCTS)
    return catalog


@pytest.mark.parametrize(
    "intent",
    [
        Intent((CHEAP,), query="kettle", kind="kettle"),
        Intent((), Sort("price", "asc", "cheapest"), query="lawn mower", kind="lawn mower"),
        Intent((CHEAP, Constraint("colour", "=", "red", "red")), query="red kettle", kind="kettle"),
        Intent((CHEAP,), query="bike helmet toddler", preferences=("for a toddler",), kind="bike helmet"),
    ],
)
def test_a_kind_that_is_not_sold_is_said_whatever_limits_stand_beside_it(shop: Catalog, intent: Intent) -> None:
    found = Retriever(shop, RetrieveSettings()).retrieve(intent)
    assert found.no_match
    assert found.unlike
    assert any("Nothing like" in note for note in found.notes)


def test_a_word_of_a_category_is_sold(shop: Catalog) -> None:
    categories = shop.facets().get("categories")
    assert categories is not None
    words = {str(c).split()[0].lower() for c, _ in categories.values if " " in str(c)}
    assert words
    for word in words:
        assert not Retriever(shop, RetrieveSettings()).retrieve(Intent((CHEAP,), query=word, kind=word)).unlike, word


def test_in_a_shop_of_one_kind_the_nearest_are_offered_whatever_is_named(tmp_path) -> None:
    catalog = Catalog.open(tmp_path / "catalog", create=True, embedder=Distant())
    catalog.upsert([product(f"t{n}", f"Dome Tent {n}", "99.00", categories=("Tents",)) for n in range(3)])
    found = Retriever(catalog, RetrieveSettings()).retrieve(Intent(query="hm, more pockets", kind="hm"))
    assert found.no_match
    assert not found.unlike


@pytest.mark.parametrize(
    "intent",
    [
        Intent((CHEAP,), query="tents", kind="tents"),
        Intent((CHEAP,), query="poncho", kind="poncho"),
        Intent((CHEAP,), query="bivvy", kind="bivvy"),
        Intent((CHEAP,), query="sunscreen", kind="sunscreen"),
        Intent((CHEAP,), query="something nice sister", preferences=("for my sister",)),
        Intent((), query="something nice sister", preferences=("for my sister",)),
        Intent((CHEAP, Constraint("categories", "=", "Tents", "shelter")), query="shelter", kind="shelter"),
        Intent(
            (CHEAP, Constraint("kind", "=", "sunscreen", "sunscreen")), query="vegan sunscreen", kind="vegan sunscreen"
        ),
    ],
)
def test_what_is_sold_or_left_open_is_not_refused(shop: Catalog, intent: Intent) -> None:
    assert not Retriever(shop, RetrieveSettings()).retrieve(intent).no_match


def test_a_word_is_a_kind_at_the_end_of_a_phrase_and_a_property_as_a_value() -> None:
    assert called_so("tent", PRODUCTS)
    assert called_so("lights", PRODUCTS)
    assert not called_so("helmet", PRODUCTS)
    assert property_alone("helmet", PRODUCTS)
    assert not property_alone("poncho", PRODUCTS)


def test_the_name_of_a_game_is_no_kind_of_thing() -> None:
    game = product("g1", "Foxglove “Thirty-One Umbrellas” Party Game", "19.00", categories=("Board Games",))
    assert not called_so("umbrella", [game])
    assert property_alone("umbrella", [game])


def test_a_word_that_says_little_needs_the_word_before_it() -> None:
    maker = product("c1", "Brüggel Filter Coffee Machine", "99.00", categories=("Coffee",))
    assert called_so("coffee machine", [maker])
    assert not called_so("washing machine", [maker])


def test_another_name_of_a_kind_is_known_in_the_plural_and_behind_other_words() -> None:
    assert "french press" in also_called("glass cafetieres")
    assert also_called("face wash") == ("cleanser",)
    assert also_called("kettle") == ()


@pytest.mark.parametrize(("head", "alone"), [("dishwasher", True), ("tent", False), ("fluid", False)])
def test_a_word_of_a_fields_name_is_a_property(head: str, alone: bool) -> None:
    shelf = [*PRODUCTS, product("b1", "Steel Bottle", "19.00", dishwasher_safe=True)]
    assert property_alone(head, shelf) is alone


def test_a_word_that_says_little_names_nothing_by_itself() -> None:
    assert [h for h in ("machine", "kit", "tent", "lamp") if vague(h)] == ["machine", "kit"]


class Near(Distant):
    """An embedder to which every text is alike."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.eye(1, self.dimensions, dtype=np.float32).repeat(len(texts), 0)

    def encode_query(self, text: str) -> np.ndarray:
        return np.eye(1, self.dimensions, dtype=np.float32)[0]


NEED = "mosquitoes every evening by the lake"


def test_a_need_that_nothing_comes_near_gets_no_picks(shop: Catalog) -> None:
    found = Retriever(shop, RetrieveSettings()).retrieve(Intent(query=NEED))
    assert found.unlike
    assert found.notes == ("Nothing in the catalogue is like what was asked.",)


def test_a_need_that_no_kind_no_field_and_no_text_answers_gets_no_picks_however_near_a_word_comes(tmp_path) -> None:
    catalog = Catalog.open(tmp_path / "catalog", create=True, embedder=Near())
    catalog.upsert(PRODUCTS)
    found = {
        unanswered: Retriever(catalog, RetrieveSettings()).retrieve(Intent(query=NEED, unanswered=unanswered))
        for unanswered in ((), ("by the lake",), (NEED,))
    }
    assert [f.unlike for f in found.values()] == [False, False, True]
    for opening, unlike in (("something against mosquitoes", True), ("something nice for my sister", False)):
        intent = Intent(query=opening, preferences=("for my sister",), unanswered=(opening,))
        assert Retriever(catalog, RetrieveSettings()).retrieve(intent).unlike is unlike, opening
    kept = Intent(query=NEED, unanswered=(NEED,), kinds=("Tents",))
    assert not Retriever(catalog, RetrieveSettings()).retrieve(kept).unlike
    assert not Retriever(catalog, RetrieveSettings()).retrieve(Intent(query="poncho", unanswered=("poncho",))).unlike
