"""Corrections of profiles in the database: kept, by tenant, moved with a merged user, and gone when forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Engine
from tests.server.databases import database  # noqa: F401  a fixture

from shelftalk.privacy.pseudonym import Pseudonyms
from shelftalk.server.db import Interactions, Profiles, Users
from shelftalk.server.db.products import ProductHistory
from shelftalk.shoppers.profiles.corrections import Correction, Corrections
from shelftalk.values import Criterion, Interaction, ProfileLine

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LINE = ProfileLine(
    "ab12",
    Criterion("price", "is", None, 2, "not too dear"),
    "Tents",
    0.5,
    (),
    "stated",
    (Decimal("9.90"), Decimal(80)),
)


@pytest.fixture
def profiles(database: Engine) -> Iterator[Profiles]:  # noqa: F811
    kept = Profiles(database)
    yield kept
    for user in ("u", "v"):
        for tenant in ("", "b"):
            kept.erase(user, tenant=tenant)


def test_what_is_put_down_comes_back_whole(profiles: Profiles) -> None:
    gone = Correction("cd34", replace(LINE, id="cd34"), deleted_at=NOW)
    profiles.put("u", [Correction("ab12", LINE, on=False), gone])
    profiles.switch("u", aspects={"price": False, "brand": False})
    profiles.switch("u", aspects={"brand": True})
    found = profiles.corrections("u")
    assert found.lines == {"ab12": Correction("ab12", LINE, on=False), "cd34": gone}
    assert (found.on, found.aspects_off) == (True, frozenset({"price"}))
    profiles.put("u", [Correction("ab12", None)])
    assert profiles.corrections("u").lines["ab12"] == Correction("ab12")


def test_a_tenant_sees_its_own_alone(profiles: Profiles) -> None:
    profiles.put("u", [Correction("ab12", LINE)])
    profiles.switch("u", on=False)
    assert profiles.corrections("u", tenant="b") == Corrections()
    assert profiles.erase("u", tenant="b") == 0
    assert profiles.corrections("u").lines
    assert not profiles.corrections("u").on


def test_forgetting_leaves_nothing_but_when_it_was(profiles: Profiles) -> None:
    profiles.put("u", [Correction("ab12", LINE)])
    profiles.switch("u", on=False)
    assert profiles.forget("u", at=NOW) == 1
    assert profiles.corrections("u") == Corrections(on=False, forgotten_at=NOW)
    assert profiles.erase("u") == 1
    assert profiles.corrections("u") == Corrections()


def test_corrections_go_with_a_user_that_is_merged_into_another(database: Engine, profiles: Profiles) -> None:  # noqa: F811
    users = Users(database, Pseudonyms("k" * 32))
    one, other = users.of("anon-1"), users.of("anna")
    other_line = replace(LINE, weight=0.9)
    profiles.put(one, [Correction("ab12", LINE), Correction("cd34", on=False)])
    profiles.put(other, [Correction("ab12", other_line), Correction("ef56", other_line)])
    profiles.put(one, [Correction("ef56", LINE)])
    profiles.switch(one, on=False, aspects={"price": False})
    profiles.switch(other, aspects={"brand": False})
    users.merge("anon-1", "anna")
    found = profiles.corrections(other)
    assert found.lines == {
        "ab12": Correction("ab12", other_line),
        "cd34": Correction("cd34", on=False),
        "ef56": Correction("ef56", LINE),
    }, "the later of two stands"
    assert (found.on, found.aspects_off) == (False, frozenset({"price", "brand"}))
    assert profiles.corrections(one) == Corrections()
    profiles.erase(other)


def test_what_gives_way_goes_at_the_moment_that_what_takes_its_place_comes(profiles: Profiles) -> None:
    profiles.put("v", [Correction("ab12", LINE), Correction("cd34", LINE)])
    profiles.put("v", [Correction("ef56", LINE), Correction("0123", LINE)], without=["ab12"])
    found = profiles.corrections("v").lines
    assert set(found) == {"cd34", "ef56", "0123"}
    assert found["ef56"].at == found["0123"].at > found["cd34"].at  # type: ignore[operator]


def test_a_products_shoppers_are_counted_each_once(database: Engine) -> None:  # noqa: F811
    done = [
        Interaction(f"s{n}", "purchase", NOW - timedelta(days=n), product, f"{product} {n} {again}")
        for n in range(6)
        for product in ("P1", "P2")
        for again in range(2)
        if product == "P1" or n < 5
    ]
    done += [Interaction("", "purchase", NOW, "P1", "nobody"), Interaction("s0", "purchase", NOW, "P3", "p3")]
    done += [
        Interaction("s0", "review", NOW, "P1", "rev", 5.0, text="Very good."),
        Interaction("s9", "view", NOW, "P1", "v"),
    ]
    Interactions(database).put(done, tenant="shop")
    history = ProductHistory(database)
    assert history.buyers(["P1"], limit=2, tenant="shop") == (6, ["s0", "s1"])
    assert history.bought_with(["P1"], least=2, tenant="shop") == {"P2": 5}
    assert history.bought_with(["P1"], least=1, tenant="shop") == {"P2": 5, "P3": 1}
    since = NOW - timedelta(days=2)
    assert history.counts(["P1"], since, NOW + timedelta(1), tenant="shop") == {"purchase": 3, "review": 1, "view": 1}
    assert [r.text for r in history.reviews(["P1"], limit=5, tenant="shop")] == ["Very good."]
    assert history.lately(limit=3, tenant="shop") == ["s0", "s1", "s2"]
    assert history.buyers(["P1"], limit=2) == (0, [])
