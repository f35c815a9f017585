"""What is learnt from interactions."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from tests.shoppers.candidates.small import NOW, PRODUCTS, act, learnt, shop

from shelftalk.errors import CatalogError
from shelftalk.shoppers.candidates import Behaviour, Blend
from shelftalk.shoppers.candidates.fit import table

IDS = [p.id for p in PRODUCTS]


def test_products_that_the_same_people_take_are_linked_and_others_are_not(behaviour: Behaviour):
    linked = {behaviour.ids[n] for n in behaviour.linked("cup")[0]}
    assert "tea-green" in linked
    assert not {"tea-mint", "soon", "cup"} & linked


def test_tea_is_bought_again_and_kettles_are_not(behaviour: Behaviour):
    again = dict(zip(behaviour.ids, behaviour.again, strict=True))
    assert again["tea-green"][1] > 0.5
    assert again["kettle-1"][1] < again["tea-green"][1] / 4


def test_in_a_shop_where_nobody_buys_twice_nothing_is_bought_again():
    done = [act(f"u{n}", product, 10 * k) for n in range(40) for k, product in enumerate(("kettle-1", "lamp", "tray"))]
    assert learnt(done).again[:, 1:].max() < 0.01


def test_what_sold_lately_is_more_popular_than_what_sold_more_long_ago(behaviour: Behaviour):
    popular = dict(zip(behaviour.ids, behaviour.popularity(), strict=True))
    assert popular["tray"] > popular["cup"] > 0
    old = learnt(half_life=1000)
    assert old.popularity()[old.index["tray"]] < old.popularity()[old.index["cup"]]
    assert sum(popular.values()) == pytest.approx(1)


def test_a_place_with_sales_of_its_own_has_its_own_popularity():
    done = [act(f"f{n}", "lamp", 1, place="France") for n in range(300)]
    done += [act(f"g{n}", "tray", 1, place="Germany") for n in range(300)]
    found = learnt([*done, act("x", "cup", 1, place="Malta")])
    index = found.index
    assert found.popularity("France")[index["lamp"]] > 0.75 > 0.6 > found.popularity()[index["lamp"]]
    assert np.array_equal(found.popularity("Malta"), found.popularity())  # too few there to tell


def test_a_season_counts_where_the_interactions_span_a_year():
    done = [act(f"u{n}", "tea-mint", 360 + n % 40) for n in range(200)]  # a year before: April to June
    done += [act(f"w{n}", "lamp", 180 + n % 20) for n in range(200)]  # November and December
    done += [act(f"t{n}", product, 1) for n in range(20) for product in ("tea-mint", "lamp")]
    found = learnt(done, half_life=1000)
    spring, winter = found.popularity(season="spring"), found.popularity(season="winter")
    assert spring[found.index["tea-mint"]] > winter[found.index["tea-mint"]]
    assert not learnt([a for a in done if a.at > NOW - timedelta(days=200)]).seasons


def test_unknown_products_and_later_days_are_left_out_and_counted():
    done = [act("a", "cup", 3), act("a", "gone", 3), act("a", "cup", -2), act("a", "cup", 3, "shown")]
    report = learnt(done).report
    assert (report["interactions"], report["unknown_products"], report["in_the_future"]) == (1, 1, 1)


def test_a_basket_counts_a_product_once_by_its_strongest_interaction():
    done = [act("a", "cup", 3, kind, session="s") for kind in ("view", "cart", "purchase", "click")]
    held = table(done, IDS, NOW)
    assert held.weight.tolist() == [1.0]


def test_people_without_a_name_are_not_one_person():
    done = [act("", product, 3, session=f"{product}{n}") for n in range(3) for product in ("cup", "lamp")]
    assert not len(learnt(done).links)
    together = [act("", product, 3, session=f"s{n}") for n in range(3) for product in ("cup", "lamp")]
    assert len(learnt([*together, act("b", "tray", 1)]).links) == 2


def test_what_two_people_did_links_nothing():
    two = [act(user, product, 3) for user in ("a", "b") for product in ("cup", "lamp")]
    assert not len(learnt([*two, act("c", "tray", 1)]).links)
    assert len(learnt([*two, act("c", "cup", 3), act("c", "lamp", 3), act("d", "tray", 1)]).links) == 2


def test_nothing_at_all_is_learnt_from_nothing():
    found = learnt([])
    assert found.popularity().sum() == 0
    assert not len(found.links)


def test_the_file_gives_back_what_was_saved(behaviour: Behaviour, tmp_path):
    path = tmp_path / "behaviour.npz"
    behaviour.save(path)
    behaviour.save(path)  # over the old one
    found = Behaviour.load(path)
    assert found is not None
    assert found.ids == behaviour.ids
    assert found.blend == behaviour.blend
    assert found.report == behaviour.report
    assert np.array_equal(found.popularity(), behaviour.popularity())
    assert [a.tolist() for a in found.linked("cup")] == [a.tolist() for a in behaviour.linked("cup")]
    assert list(tmp_path.iterdir()) == [path]


def test_no_file_is_no_behaviour(tmp_path):
    assert Behaviour.load(tmp_path / "behaviour.npz") is None


@pytest.mark.parametrize("cut", [0, 10, 300, -40])
def test_a_damaged_file_is_told(behaviour: Behaviour, tmp_path, cut):
    path = tmp_path / "behaviour.npz"
    behaviour.save(path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CatalogError, match="damaged.*events fit"):
        Behaviour.load(path)


def test_a_file_whose_links_lead_nowhere_is_told(behaviour: Behaviour, tmp_path):
    from dataclasses import replace

    path = tmp_path / "behaviour.npz"
    replace(behaviour, others=behaviour.others + 100).save(path)
    with pytest.raises(CatalogError, match="lead nowhere"):
        Behaviour.load(path)


def test_a_file_of_another_version_is_told(behaviour: Behaviour, tmp_path, monkeypatch):
    path = tmp_path / "behaviour.npz"
    with monkeypatch.context() as patch:
        patch.setattr("shelftalk.shoppers.candidates.behaviour.VERSION", 99)
        behaviour.save(path)
    with pytest.raises(CatalogError, match="version 99"):
        Behaviour.load(path)


def test_the_switch_from_no_history_to_much_is_gradual():
    blend = Blend({"popular": 1.0}, {"again": 1.0}, half=5.0)
    weights = [blend.weights(n, ("popular", "again")) for n in range(50)]
    assert weights[0].tolist() == [1, 0]
    assert weights[5].tolist() == [0.5, 0.5]
    steps = np.diff([w[1] for w in weights])
    assert (steps > 0).all()
    assert steps.max() < 0.2


@pytest.mark.parametrize("broken", [{"without": {"popular": -1}}, {"half": 0}, {"much": {"again": float("nan")}}])
def test_a_blend_with_weights_that_are_none_is_refused(broken):
    with pytest.raises(ValueError, match="0 or more"):
        Blend.from_dict({"without": {}, "much": {}, "half": 1, **broken})


def test_shop_is_what_the_tests_say():
    assert len(shop()) == 206
