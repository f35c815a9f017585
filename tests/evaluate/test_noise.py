"""Noise changes how a request is written, and never what it asks for."""

from __future__ import annotations

import random
import re
from decimal import Decimal

import pytest

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.metrics import MetricContext, score_run
from shelftalk.evaluate.perturb import perturb
from shelftalk.evaluate.perturb.noise import FAMILIES
from shelftalk.evaluate.perturb.noise.units import convert, other_units
from shelftalk.evaluate.perturb.noise.words import denials, figures
from shelftalk.evaluate.suite import load_suite
from shelftalk.understand.rules.vocabulary import ordinary
from shelftalk.values import Request, Turn

KEEPS_NUMBERS = [f for f in FAMILIES if f != "units"]
CONTEXT = MetricContext(products=lambda catalog, product: None)


@pytest.fixture(scope="module")
def requests() -> list[str]:
    loaded = [load_suite("demo").load(split=split).cases for split in ("dev", "test")]
    return [case.request.request for cases in loaded for case in cases]


def made(family: str, text: str, seed: int = 0) -> str | None:
    return FAMILIES[family](text, random.Random(seed))


@pytest.mark.parametrize("family", KEEPS_NUMBERS)
def test_no_number_and_no_denial_is_changed(family: str, requests: list[str]) -> None:
    for text in requests:
        for seed in range(3):
            noisy = made(family, text, seed)
            if noisy is None:
                continue
            assert noisy != text
            assert figures(noisy) == figures(text), (text, noisy)
            if family in ("typing", "casing", "paraphrase", "chatter"):
                assert denials(noisy) == denials(text), (text, noisy)


@pytest.mark.parametrize(("family", "without"), [("german", "ohne"), ("french", "sans"), ("spanish", "sin")])
def test_a_switched_language_keeps_the_values_and_the_denial(family: str, without: str) -> None:
    noisy = made(family, "vegan sunscreen, factor 50, without fragrance, under 30 euros")
    assert noisy is not None
    assert "vegan sunscreen, factor 50" in noisy
    assert f"{without} fragrance" in noisy
    assert "without" not in noisy


@pytest.mark.parametrize("text", ["which headphones last longest?", "and under two kilos?", "the five cheapest toys"])
def test_what_small_words_alone_would_garble_is_not_switched(text: str) -> None:
    assert made("german", text) is None


def test_typing_errors_make_no_other_word_of_english_and_spare_the_first_letter(requests: list[str]) -> None:
    for text in requests:
        noisy = made("typing", text) or text
        for before, after in zip(text.split(), noisy.split(), strict=True):
            if before != after:
                assert after[0] == before[0]
                assert not ordinary(re.sub(r"[^a-z]", "", after.lower()))


def test_every_request_with_a_longer_word_gets_a_typing_error(requests: list[str]) -> None:
    assert sum(made("typing", text) is not None for text in requests) > 0.95 * len(requests)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a 16 inch laptop", "a 40.64 cm laptop"),
        ("a 30 cm board", "a 300 mm board"),
        ("a walk of 2.5 hours", "a walk of 150 minutes"),
        ("a 5 foot ladder", "a 152.4 cm ladder"),
    ],
)
def test_amounts_are_converted_exactly(text: str, expected: str) -> None:
    assert other_units(text, random.Random(0)) == expected


@pytest.mark.parametrize(
    "text", ["30 to 50 litres", "between 18 and 21 cm", "under 200 euros", "for 8 cups", "size 38"]
)
def test_ranges_money_and_counts_are_no_amounts_to_convert(text: str) -> None:
    assert other_units(text, random.Random(0)) is None


def test_a_rounded_limit_lets_the_same_products_through() -> None:
    pound = Decimal("0.45359237")
    kilos = {side: Decimal(_pounds(side)) * pound for side in ("down", "up")}
    assert Decimal("2.499") < kilos["down"] <= Decimal("2.5") <= kilos["up"] < Decimal("2.501")


def _pounds(side: str) -> str:
    ways = {convert(Decimal("2.5"), "kg", side, random.Random(n)) for n in range(9)}
    return next(number for number, unit in (w for w in ways if w) if unit == "lb")


def test_an_amount_that_is_no_limit_is_only_converted_where_that_is_exact() -> None:
    assert {other_units("a tent of 3 kg", random.Random(n)) for n in range(9)} == {"a tent of 3000 g"}


def test_the_same_seed_gives_the_same_noise_and_leaving_a_family_out_changes_no_other() -> None:
    cases = [Case("1", Request("waterproof hiking boots under 100 euros", "1")), Case("2", Request("a quiet fan", "2"))]
    every = perturb(cases, {"kind": "noise"}, 3, {})
    assert every == perturb(cases, {"kind": "noise"}, 3, {})
    alone = perturb(cases, {"kind": "noise", "families": ["chatter"], "clean": False}, 3, {})
    assert alone == [case for case in every if case.columns["family"] == "chatter"]
    assert every != perturb(cases, {"kind": "noise"}, 4, {})


def test_only_the_last_turn_is_rewritten_and_the_judgments_stay() -> None:
    case = Case("1", Request("something waterproof", "1", (Turn("user", "a bag"),)), grades={"p": 1.0})
    for noisy in perturb([case], {"kind": "noise"}, 0, {}):
        assert noisy.request.history == case.request.history
        assert noisy.grades == case.grades
        assert noisy.group == "1"
        assert noisy.request.id == noisy.id


def test_an_unknown_family_or_option_is_named() -> None:
    with pytest.raises(UsageError, match=r"'tpying'; there is: typing"):
        perturb([Case("1", Request("x"))], {"kind": "noise", "families": ["tpying"]}, 0, {})
    with pytest.raises(UsageError, match=r"perturb\.famlies .* there is: kind, families"):
        perturb([Case("1", Request("x"))], {"kind": "noise", "famlies": ["typing"]}, 0, {})
    with pytest.raises(UsageError, match=r"'nosie'; there is: noise"):
        perturb([Case("1", Request("x"))], {"kind": "nosie"}, 0, {})


def test_the_drop_is_paired_with_the_clean_request() -> None:
    cases = [
        Case("a", Request("a"), grades={"p": 1.0}, meta={"family": "clean"}, group="a"),
        Case("a~typing", Request("a"), grades={"p": 1.0}, meta={"family": "typing"}, group="a"),
        Case("b", Request("b"), grades={"p": 1.0}, meta={"family": "clean"}, group="b"),
        Case("b~typing", Request("b"), grades={"p": 1.0}, meta={"family": "typing"}, group="b"),
        Case("c~typing", Request("c"), grades={"p": 1.0}, meta={"family": "typing"}, group="c"),
    ]
    outcomes = [Outcome("a", ("p",)), Outcome("a~typing", ("q",)), Outcome("b", ("p",)), Outcome("b~typing", ("p",)),
                Outcome("c~typing", ("q",))]  # fmt: skip
    figures = score_run(["drop_ndcg@10"], cases, outcomes, CONTEXT)
    assert figures["drop_ndcg@10.typing"] == 0.5
    assert figures["drop_ndcg@10.typing.n"] == 2
    assert figures["drop_ndcg@10.typing.low"] == 0.0
    assert figures["drop_ndcg@10.typing.high"] == 1.0
