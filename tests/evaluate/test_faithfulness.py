"""Statements of an answer are held against the record by code that the path knows nothing of."""

from __future__ import annotations

import ast
import json
import random
from decimal import Decimal
from pathlib import Path

import pytest
from tests.evaluate.written_world import WAYS, changed, claims, world

from shelftalk.evaluate import faithfulness
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.faithfulness import AnsweredRequest, CatalogProducts, Independent, in_scope, read
from shelftalk.evaluate.metrics import MetricContext, score_case
from shelftalk.values import Answer, Claim, Constraint, Criterion, Evidence, Intent, Pick, Product, Request, Sort
from shelftalk.written import Reason, read_written

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
    shop = CatalogProducts([*RECORDS.values(), Product("b1", "Orsk bucket", attributes={"waterproof": True})])
    return [s.faults for s in read(sent(*picks, intent=intent), RECORDS.get, shop).statements]


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


# Free sentences ----------------------------------------------------------------------------------------------------------


def tent(identity: str, weight: float, price: str, **held: object) -> Product:
    return Product(
        identity, f"Velm Fjord {identity}", brand="Velm", price=Decimal(price), currency="EUR", categories=("Tents",),
        attributes={"weight_kg": weight, **held},  # type: ignore[dict-item]
    )  # fmt: skip


TENTS = (
    tent("t1", 0.95, "329", setup="poles", waterproof=True, seasons=3),
    tent("t2", 0.8, "189", setup="pop-up", waterproof=False, seasons=3),
    tent("t3", 1.9, "89", setup="inflatable", waterproof=False, seasons=2),
    tent("t4", 2.4, "120", setup="poles", waterproof=True, freestanding=True),
    tent("t5", 3.1, "99.50", setup="poles", waterproof=False, seasons=4),
)
SHOP_OF_TENTS = AnsweredRequest(
    Intent((Constraint("price", "<=", 400),), query="a tent that packs small"), TENTS[:3], (),
    "a tent I can carry over the hills, for two, under 400 euros", TENTS, frozenset({"waterproof", "freestanding"}),
)  # fmt: skip


def of(product: Product, text: str, *fields: str) -> list[str]:
    said = Claim(text, tuple(Evidence(f, product.value(f)) for f in fields), None, True)
    return Independent().faults(said, product, SHOP_OF_TENTS)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("You carry 0.95 kg, the second lightest of the 5.", ["weight_kg"]),
        ("You carry 950 g, and only one is lighter.", ["weight_kg"]),
        ("At 0.95 kg it is lighter than most.", ["weight_kg"]),
        ("At 329 EUR it is the most expensive of the five, under your limit of 400 EUR.", ["price"]),
        ("Nothing among the 5 costs more than its 329 euros.", ["price"]),
        ("It is not the cheapest, at 329 EUR.", ["price"]),
        ("It is waterproof, as only 2 of the 5 are.", ["waterproof"]),
        ("Poles hold it up, as in three of the five.", ["setup"]),
        ("The two of you carry 0.95 kg.", ["weight_kg"]),
        ("Just under a kilo, at 0.95 kg.", ["weight_kg"]),
        ("It is set up with poles and is not inflatable.", ["setup"]),
        ('For "carry over the hills": weight 0.95 kg, 2nd lightest of 5.', ["weight_kg"]),
    ],
)
def test_a_true_free_sentence_has_no_fault(text, fields) -> None:
    assert of(TENTS[0], text, *fields) == []


@pytest.mark.parametrize(
    ("text", "fields", "fault"),
    [
        ("You carry 0.85 kg.", ["weight_kg"], "says 0.85 kg"),
        ("You carry 0.95 g.", ["weight_kg"], "says 0.95 g"),
        ("You carry 0.95 kg, the lightest of the 5.", ["weight_kg"], "is not  lightest"),
        ("You carry 0.95 kg, the second heaviest of the 5.", ["weight_kg"], "is not 2 heaviest"),
        ("You carry 0.95 kg, the second lightest of the 16.", ["weight_kg"], "says of 16"),
        ("Only two are lighter than its 0.95 kg.", ["weight_kg"], None),
        ("At 329 EUR it is cheaper than most.", ["price"], "is not cheaper than most"),
        ("At 329 EUR nothing here costs less.", ["price"], None),
        ("It is the cheapest of the 5 at 329 EUR.", ["price"], "is not  cheapest"),
        ("It is the cheapest of the 5 at 0.95 kg.", ["weight_kg"], "is not  cheapest"),
        ("At 329 EUR it stays under 300 EUR.", ["price"], None),
        ("It is not waterproof.", ["waterproof"], "denies waterproof"),
        ("It is waterproof, as only 3 of the 5 are.", ["waterproof"], "says 3"),
        ("The setup is inflatable.", ["setup"], "says inflatable, which it is not"),
        ("It weighs 0.95 kg and is freestanding.", ["weight_kg"], "says freestanding, on which the record is silent"),
        ("A superb tent of 0.95 kg.", ["weight_kg"], "praises: superb"),
        ('For "the lightest tent": weight 0.95 kg.', ["weight_kg"], "is not  lightest"),
        ("It costs 329 EUR, as you asked.", ["weight_kg"], "says it was asked for, and it was not"),
    ],
)
def test_a_false_free_sentence_has_a_fault(text, fields, fault) -> None:
    found = of(TENTS[0], text, *fields)
    assert found
    assert fault is None or fault in found


def test_a_no_that_is_told_as_a_yes_is_a_fault_and_one_told_with_care_is_none() -> None:
    assert of(TENTS[1], "It is waterproof.", "waterproof") == ["affirms waterproof"]
    assert of(TENTS[1], "Keep it out of the rain, it is not waterproof.", "waterproof") == []
    assert of(TENTS[1], "Waterproof it is not.", "waterproof") == []
    assert of(TENTS[1], "Waterproof: no, 3 of 5.", "waterproof") == []
    assert of(TENTS[1], "Waterproof: yes, 2 of 5.", "waterproof")[-1] == "turns waterproof round"


def test_a_record_that_is_said_to_be_silent_must_be() -> None:
    assert of(TENTS[1], "The record says nothing about freestanding.") == []
    assert of(TENTS[0], "The record says nothing about seasons.") == ["cites nothing"]


def test_evidence_must_be_the_records_and_may_be_a_part_of_its_text() -> None:
    quoted = Product("q", "Velm tent", description="Pitches in two minutes. Made of cotton.")
    asked = AnsweredRequest(Intent(), (quoted,))
    part = Claim("Pitches in two minutes.", (Evidence("description", "Pitches in two minutes"),), None, True)
    other = Claim("Pitches in two minutes.", (Evidence("description", "Pitches in one minute"),), None, True)
    assert Independent().faults(part, quoted, asked) == []
    assert Independent().faults(other, quoted, asked)[0] == "evidence description is not the record's"


def test_a_standing_is_among_what_fits_without_the_limits_that_were_given_up() -> None:
    light, cheap = Constraint("weight_kg", "<", 1), Constraint("price", "<", 100)
    both = Intent((light, cheap), kinds=("Tents",))
    assert in_scope([*TENTS, LAMP], both, ()) == ()
    assert [p.id for p in in_scope([*TENTS, LAMP], both, (cheap,))] == ["t1", "t2"]
    assert len(in_scope([*TENTS, LAMP], Intent(kinds=("Tents",)), ())) == 5
    assert len(in_scope([*TENTS, LAMP], Intent(kinds=("Boats",)), ())) == 6


def test_an_answer_with_criteria_is_measured_by_them_and_by_the_whole_catalogue() -> None:
    intent = Intent(query="tent", criteria=(Criterion("weight_kg", "low", None, 3, "carry"),))
    context = MetricContext(lambda _, i: next((p for p in TENTS if p.id == i), None), lambda _: iter(TENTS))
    said = claim("You carry 0.95 kg, the second lightest of the 5.", Evidence("weight_kg", 0.95))
    wrong = claim("You carry 0.8 kg, the second lightest of the 5.", Evidence("weight_kg", 0.8))
    answer = sent((TENTS[0], [said], ""), (TENTS[1], [wrong], ""), intent=intent)
    found = score_case(NAMES, Case("r", Request("x")), Outcome("r", answer=answer), context)
    assert (found["faithfulness_precision"], found["faithfulness_recall"], found["faithfulness_coverage"]) == (
        0.5,
        0.5,
        1.0,
    )


@pytest.fixture(scope="module")
def written() -> list[Reason]:
    return random.Random(4).sample([r for r in read_written().reasons if r.split == "dev"], 60)


def wrong_in(reason: Reason, text: str | None = None) -> list[str]:
    product, asked, evidence = world(reason)
    found = [f for c in claims(reason, evidence, text) for f in Independent().faults(c, product, asked)]
    return [f for f in found if f != "cites nothing"]


def test_reasons_that_were_written_by_hand_and_are_true_have_no_fault(written) -> None:
    assert sum(bool(wrong_in(reason)) for reason in written) <= 2


@pytest.mark.parametrize("how", WAYS)
def test_the_same_reasons_made_false_are_found(written, how) -> None:
    draw = random.Random(1)
    texts = [(reason, changed(reason, how, draw)) for reason in written]
    false = [(reason, text) for reason, text in texts if text is not None]
    missed = [text for reason, text in false if not wrong_in(reason, text)]
    assert len(false) >= 10
    assert len(missed) <= len(false) // 12, missed


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
