"""Whether a product suits a need: the verdict is the model's likelier token."""

from __future__ import annotations

import pytest

from shelftalk.engines import FakeEngine
from shelftalk.prompts import PromptLibrary
from shelftalk.rank import Suits
from shelftalk.rank.suits import record
from shelftalk.values import Product

BOOTS = Product("b1", "Trail boots", brand="Alpa", attributes={"colour": "red", "waterproof": True})


def test_the_likelier_token_is_the_verdict_and_its_probability_is_kept() -> None:
    engine = FakeEngine([{"yes": -0.1, "no": -2.4}, {"yes": -3.0, "no": -0.05}])
    yes, no = Suits(engine, PromptLibrary.default()).judge([("dry feet?", BOOTS), ("for swimming?", BOOTS)])
    assert (yes.suits, no.suits) == (True, False)
    assert yes.probability == pytest.approx(0.9089, abs=1e-3)
    assert yes.prompt == "suit/yesno@1"


def test_the_fact_that_the_question_touches_comes_before_the_others() -> None:
    assert record("is it waterproof?", BOOTS).index("waterproof") < record("is it waterproof?", BOOTS).index("colour")


@pytest.mark.model
def test_a_real_model_gives_probabilities_between_zero_and_one(engine) -> None:
    verdict = Suits(engine, PromptLibrary.default()).judge([("Is it waterproof?", BOOTS)])[0]
    assert 0 < verdict.probability < 1
    assert verdict.tokens.prompt > 20
