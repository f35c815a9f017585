"""Statements of an answer are held against the record by code that the path knows nothing of."""

from __future__ import annotations

import ast
import json
from decimal import Decimal
from pathlib import Path

import pytest

from shelftalk.evaluate import faithfulness
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.faithfulness import read
from shelftalk.evaluate.metrics import MetricContext, score_case
from shelftalk.values import Answer, Claim, Constraint, Evidence, Intent, Pick, Product, Request, Sort

LAMP = Product(
    "l1", "Orsk lamp", price=Decimal("40.00"), currency="EUR", attributes={"weight_g": 500, "dimmable": True}
)
TORCH = Product("l2", "Velm lamp", price=Decimal("60.00"), currency="EUR", attributes={"weight_g": 800})
RECORDS = {p.id: p for p in (LAMP, TORCH)}
CONTEXT = MetricContext(products=lambda catalog, product: RECORDS.get(product))
PRICE, WEIGHT, DIMMABLE = Evidence("price", Decimal("40.00")), Evidence("weight_g", 500), Evidence("dimmable", True)
INTENT = Intent((Constraint("price", "<", 50), Constraint("dimmable", "=", True)), query="lamp")
NAMES = ["faithfulness_precision", "faithfulness_recall", "faithfulness_coverage", "evidence_used", "repetition"]


def claim(text: str, *evidence: Evidence) -> Claim:
    return Claim(text, evidence, None, True)


def sent(*picks: tuple[Product, list[Claim], str], intent: Intent = INTENT) -> dict:
    made = [
        Pick(p, i, 1.0, " ".join([*(c.text for c in claims), rest]).strip(), tuple(claims))
        for i, (p, claims, rest) in enumerate(picks, start=1)
    ]
    answer = Answer("r", "a dimmable lamp under 50", intent, tuple(made), relaxed=intent.constraints)
    return json.loads(json.dumps(answer.to_dict()))


def faults(*picks: tuple[Product, list[Claim], str], intent: Intent = INTENT) -> list[tuple[str, ...]]:
    return [s.faults for s in read(sent(*picks, intent=intent), RECORDS.get).statements]


def scores(answer: dict, case: Case | None = None) -> dict[str, float | None]:
    return score_case(NAMES, case or Case("r", Request("x")), Outcome("r", answer=answer), CONTEXT)


def test_it_imports_nothing_of_the_checker_in_the_path() -> None:
    folder = Path(faithfulness.__file__).parent
    names = [
        node.module or ""
        for file in [*folder.glob("*.py"), folder.parent / "metrics" / "faithfulness.py"]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    ]
    assert not [name for name in names if "explain" in name or name.startswith("shelftalk.understand")]


@pytest.mark.parametrize(
    "said",
    [
        claim("It costs 40.00 EUR, under your limit of 50 EUR.", PRICE),
        claim("It costs 40.00 EUR, the lowest of these picks.", PRICE),
        claim("It weighs 500 g.", WEIGHT),
        claim("It is dimmable, as you asked.", DIMMABLE),
    ],
)
def test_what_the_record_proves_has_no_fault(said: Claim) -> None:
    assert faults((LAMP, [said], ""), (TORCH, [claim("It weighs 800 g.", Evidence("weight_g", 800))], "")) == [(), ()]


@pytest.mark.parametrize(
    "said",
    [
        claim("It costs 45.00 EUR, under your limit of 50 EUR.", PRICE),
        claim("It costs 40.00 EUR, under your limit of 30 EUR.", PRICE),
        claim("It weighs 400 g.", Evidence("weight_g", 400)),
        claim("It is not dimmable.", DIMMABLE),
        claim("It is dimmable and waterproof.", DIMMABLE),
        claim("It costs 40.00 EUR, the highest of these picks.", PRICE),
        Claim("It weighs 500 g.", (), None, True),
    ],
)
def test_what_the_record_does_not_prove_is_a_fault(said: Claim) -> None:
    other = claim("It weighs 800 g.", Evidence("weight_g", 800))
    assert faults((LAMP, [said], ""), (TORCH, [other], ""))[0]


def test_a_sentence_that_no_claim_stands_behind_is_a_fault_unless_the_record_is_silent_indeed() -> None:
    weight = claim("It weighs 800 g.", Evidence("weight_g", 800))
    silent = "The catalogue does not say whether it is dimmable."
    assert faults((TORCH, [weight], silent)) == [(), ()]
    assert faults((LAMP, [claim("It weighs 500 g.", WEIGHT)], silent))[1] == ("no claim stands behind it",)
    assert faults((TORCH, [weight], "Everybody loves it."))[1] == ("no claim stands behind it",)


def test_a_product_that_the_catalogue_lacks_makes_every_statement_false() -> None:
    ghost = Product("ghost", "Ghost lamp")
    assert faults((ghost, [claim("It weighs 500 g.", WEIGHT)], "")) == [("the catalogue has no such product",)]


def test_a_limit_may_be_rounded_as_it_is_spoken() -> None:
    third = Intent((Constraint("weight_g", "<", 666.6667),), query="lamp")
    right = claim("It weighs 500 g, under your limit of 667 g.", WEIGHT)
    wrong = claim("It weighs 500 g, under your limit of 650 g.", WEIGHT)
    assert faults((LAMP, [right], ""), intent=third) == [()]
    assert faults((LAMP, [wrong], ""), intent=third) != [()]


def test_precision_recall_and_coverage_of_an_answer() -> None:
    true_price = claim("It costs 40.00 EUR, under your limit of 50 EUR.", PRICE)
    lie = claim("It is not dimmable.", DIMMABLE)
    found = scores(
        sent((LAMP, [true_price, lie], ""), (TORCH, [claim("It weighs 800 g.", Evidence("weight_g", 800))], ""))
    )
    assert found["faithfulness_precision"] == pytest.approx(2 / 3)
    # due: price and dimmable of the lamp, price of the torch; told truly: the lamp's price alone
    assert found["faithfulness_recall"] == pytest.approx(1 / 3)
    assert found["faithfulness_coverage"] == 1.0


def test_evidence_that_no_word_speaks_of_is_not_used() -> None:
    found = scores(sent((LAMP, [claim("It weighs 500 g.", WEIGHT, PRICE)], "")))
    assert found["evidence_used"] == 0.5


def test_repetition_is_the_share_of_wording_that_came_before() -> None:
    same = [claim("It weighs 500 g.", WEIGHT)], ""
    other = [claim("It costs 60.00 EUR.", Evidence("price", Decimal("60.00")))], ""
    assert scores(sent((LAMP, *same), (TORCH, *same)))["repetition"] == 1.0
    assert scores(sent((LAMP, *same), (TORCH, *other)))["repetition"] == 0.0
    assert scores(sent((LAMP, *same)))["repetition"] is None


def test_the_record_of_an_attacked_catalogue_is_the_attacked_one() -> None:
    heavier = Product("l1", "Orsk lamp", price=Decimal("40.00"), currency="EUR", attributes={"weight_g": 900})
    answer = sent((LAMP, [claim("It weighs 500 g.", WEIGHT)], ""))
    assert scores(answer)["faithfulness_precision"] == 1.0
    assert scores(answer, Case("r", Request("x"), overlay=(heavier,)))["faithfulness_precision"] == 0.0


def test_without_picks_or_wishes_the_figures_do_not_apply() -> None:
    assert scores(sent()) == dict.fromkeys(NAMES)
    plain = sent((LAMP, [claim("It weighs 500 g.", WEIGHT)], ""), intent=Intent(query="lamp"))
    assert scores(plain)["faithfulness_coverage"] is None
    cheapest = Intent(sort=Sort("price", "asc"), query="lamp")
    assert (
        scores(sent((LAMP, [claim("It weighs 500 g.", WEIGHT)], ""), intent=cheapest))["faithfulness_coverage"] == 0.0
    )
