"""Wrong answers for DPO, rewards for GRPO, and a step of each with a tiny model."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from tests.train.tiny import rows, tiny_model, tiny_set

from shelftalk.errors import UsageError
from shelftalk.train.preference import passed_over, reward, train_dpo, train_grpo
from shelftalk.train.recipe import DpoRecipe, GrpoRecipe
from shelftalk.train.score import canonical, labels_of, ndcg, text_score

INTENT = '{"constraints":[{"field":"price","op":"<","value":50},{"field":"colour","op":"=","value":"red"}]}'


def row(answer: str, prompt: str = "A. red\nB. blue\nC. green") -> dict[str, object]:
    return {"task": "t", "prompt": [{"role": "user", "content": prompt}], "completion": [{"content": answer}]}


def test_what_was_passed_over_is_always_wrong_and_of_the_same_kind() -> None:
    rng = random.Random(0)
    assert passed_over(row("yes"), [], rng) == "no"
    assert {passed_over(row("B"), [], rng) for _ in range(40)} == {"A", "C"}
    for _ in range(40):
        wrong = passed_over(row(INTENT), [], rng)
        assert wrong is not None
        assert canonical(wrong) not in (None, canonical(INTENT))
    assert passed_over(row('"It costs 12 EUR [1]"'), [], rng) != '"It costs 12 EUR [1]"'
    assert passed_over(row('"It is red [1]"'), ['"It is red [1]"', '"It is blue [1]"'], rng) == '"It is blue [1]"'
    assert passed_over(row('"It is red [1]"'), ['"It is red [1]"'], rng) is None


def test_letters_are_those_that_the_prompt_lists() -> None:
    assert labels_of(row("A")) == ["A", "B", "C"]


def test_ndcg_counts_grades_and_gives_no_credit_for_a_tie() -> None:
    assert ndcg([(0.9, 3), (0.5, 1), (0.1, 0)]) == 1
    assert ndcg([(0.9, 0), (0.1, 1)]) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg([(0.5, 1), (0.5, 0)]) == ndcg([(0.9, 0), (0.1, 1)])


def test_the_reward_grows_with_how_much_is_right() -> None:
    assert (reward(" B\n", "B", ""), reward("C", "B", "")) == (1, 0)
    half = INTENT.replace('"<"', '">"')
    assert reward("no json", INTENT, "") == 0 < reward(half, INTENT, "") < reward(INTENT, INTENT, "") == 1
    swapped = json.dumps({"constraints": list(reversed(json.loads(INTENT)["constraints"]))})
    assert reward(swapped, INTENT, "") == 1, "the order of constraints is no difference"


def test_a_reason_with_a_number_that_nobody_gave_scores_nothing() -> None:
    assert text_score("It costs 13 EUR", "It costs 12 EUR", "price: 12 EUR") == 0
    assert text_score("It costs 12 EUR", "It costs 12 EUR", "price: 12 EUR") == 1
    assert 0 < text_score("The price is 12 EUR", "It costs 12 EUR", "price: 12 EUR") < 1


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("base") / "tiny")


def test_dpo_makes_the_right_answer_likelier_than_the_wrong_one(base: Path, tmp_path: Path) -> None:
    data = tiny_set(tmp_path / "set", rows(32, tasks=("suits",)), rows(8, 1, ("suits",)))
    recipe = DpoRecipe(
        model=str(base), data=data, output=tmp_path / "run", epochs=4, learning_rate=2e-2, eval_examples=8
    )
    outcome = train_dpo(recipe, tmp_path)
    card = json.loads((outcome.folder / "training.json").read_text())
    losses = [log["loss"] for log in card["history"] if "loss" in log]
    assert card["stage"] == "dpo"
    assert losses[-1] < losses[0]
    assert set(outcome.scores) == {"score", "score_suits"}


def test_the_time_limit_ends_a_preference_run_with_an_adapter(base: Path, tmp_path: Path) -> None:
    data = tiny_set(tmp_path / "set", rows(32, tasks=("suits",)), rows(8, 1, ("suits",)))
    recipe = DpoRecipe(model=str(base), data=data, output=tmp_path / "run", epochs=2000, minutes=0.02, eval_examples=8)
    outcome = train_dpo(recipe, tmp_path)
    assert outcome.stopped == "the time limit of 0.02 minutes"
    assert (outcome.folder / "adapter_model.safetensors").is_file()


def test_grpo_trains_on_the_tasks_own_score(base: Path, tmp_path: Path) -> None:
    data = tiny_set(tmp_path / "set", rows(8), rows(8, 1))
    recipe = GrpoRecipe(
        model=str(base), data=data, output=tmp_path / "run", batch=4, generations=4, max_new_tokens=4, eval_examples=2,
        minutes=0.1,
    )  # fmt: skip
    outcome = train_grpo(recipe, tmp_path)
    card = json.loads((outcome.folder / "training.json").read_text())
    assert any("reward" in log for log in card["history"])
    with pytest.raises(UsageError, match="must be a multiple of grpo.generations"):
        train_grpo(recipe.model_copy(update={"generations": 3, "output": tmp_path / "other"}), tmp_path)
