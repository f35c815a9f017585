"""The strict check finds each way in which a line may say more than its evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from shelftalk.shoppers.profiles.support import Checker
from shelftalk.values import Criterion, Interaction, ProfileLine
from tests.shoppers.profiles.shop import FACETS, LEATHER, NOW, PRODUCTS, did, each, profile

CHECKER = Checker(PRODUCTS, FACETS.currency)
DONE = [
    *each("purchase", LEATHER),
    *each("click", ("H5", "H6", "H7"), first=30),
    did("view", "H3", 3),
    did("purchase", "T0"),
]
LINE = next(x for x in profile(*DONE).lines if x.criterion.value == "leather")
Planted = Callable[[ProfileLine], ProfileLine]


def wrong(line: ProfileLine, done: list[Interaction] | None = None) -> str:
    return "; ".join(CHECKER.check([line], done or DONE, "u", NOW)[0].wrong)


def test_the_true_line_passes() -> None:
    assert wrong(LINE) == ""


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        (lambda x: replace(x, evidence=()), "names no interactions"),
        (lambda x: replace(x, evidence=(*x.evidence, "made up")), "made up is no interaction of this shopper"),
        (lambda x: replace(x, evidence=(*x.evidence, "click H5 30")), "H5 does not show it"),
        (lambda x: replace(x, evidence=(*x.evidence, "purchase T0 10")), "T0 is not in Headphones"),
        (lambda x: replace(x, evidence=(*x.evidence, "view H3 3")), "view of H3 does not speak so"),
        (lambda x: replace(x, evidence=x.evidence[:2]), "rests on 2 different things, not 3"),
        (lambda x: replace(x, criterion=Criterion("material", "not", "leather")), "does not speak so"),
        (lambda x: replace(x, criterion=Criterion("material", "is", "plastic")), "does not show it"),
        (lambda x: replace(x, criterion=Criterion("wireless", "is", True)), "chance alone brings"),
        (lambda x: replace(x, criterion=Criterion("weight_g", "high")), "does not show it"),
        (lambda x: replace(x, criterion=Criterion("price", "is"), span=(Decimal(1), Decimal(50))), "does not show it"),
        (lambda x: replace(x, criterion=Criterion("price", "is"), span=(Decimal(1), Decimal(900))), "cost as much: chance brings 4 of 4"),
        (lambda x: replace(x, weight=0.0), "its weight is 0"),
        (lambda x: replace(x, weight=1.4), "its weight is 1.4"),
        (lambda x: replace(x, source="stated"), "own line names interactions"),
        (lambda x: replace(x, source="session"), "of the session but rests on other visits"),
    ],
)  # fmt: skip
def test_a_planted_wrong_line_is_found(planted: Planted, told: str) -> None:
    assert told in wrong(planted(LINE))


def test_interactions_of_someone_else_or_to_come_support_nothing() -> None:
    assert "is no interaction of this shopper" in wrong(LINE, [replace(i, user="v") for i in DONE])
    assert "is to come" in wrong(LINE, [replace(i, at=i.at.replace(year=2027)) for i in DONE])


def test_a_line_of_one_visit_alone_is_not_lasting() -> None:
    one = [replace(i, session="s") for i in DONE]
    assert wrong(LINE, one) == "it rests on one visit alone"


def test_a_line_that_the_rest_of_what_was_chosen_contradicts_is_chance() -> None:
    others = tuple(p.id for p in PRODUCTS if p.id.startswith("H") and p.id not in LEATHER)
    assert "chance alone brings 4 of 40" in wrong(LINE, [*DONE, *each("click", others, first=40)])


def test_a_line_about_a_thing_sent_away_since_is_found() -> None:
    assert "was sent away since" in wrong(LINE, [*DONE, did("dismiss", "H3", 1)])


def test_an_avoided_brand_that_was_chosen_again_is_found() -> None:
    done = [did("dismiss", "H1", 5, why="brand")]
    line = profile(*done).lines[0]
    assert wrong(line, done) == ""
    assert "chosen again since" in wrong(line, [*done, did("purchase", "H6", 1)])


def test_a_brand_of_the_whole_shop_is_held_against_each_category() -> None:
    done = each("purchase", tuple(f"T{n}" for n in (1, 3, 5, 7, 9)))
    brand = ProfileLine("x", Criterion("brand", "is", "Torvik"), "", 0.5, tuple(i.id for i in done))
    assert wrong(brand, done) == "", "5 of 5 of a brand that makes half of the tents"
    few = replace(brand, evidence=brand.evidence[:3])
    assert "chance alone" in wrong(few, done[:3]), "3 of 3 is 1 in 10 among tents, though 1 in 45 in the shop"
