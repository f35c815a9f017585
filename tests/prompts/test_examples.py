from __future__ import annotations

from pathlib import Path

from shelftalk.prompts.examples import parse_examples, unmet
from shelftalk.values import Message, Prompt

PROMPT = Prompt((Message("user", "Is it dry?"),))


def test_the_models_choice_is_held_against_the_best_label_and_a_bare_yes_is_a_word() -> None:
    [example] = parse_examples(
        [{"name": "one", "expect": {"choices": {"labels": [True, False], "best": True}}}], Path("p")
    )
    assert example.expect.choices == ("yes", "no")
    assert unmet(example, PROMPT) == []
    assert unmet(example, PROMPT, choose=lambda prompt, labels: {"yes": -0.1, "no": -2.0}) == []
    [problem] = unmet(example, PROMPT, choose=lambda prompt, labels: {"yes": -2.0, "no": -0.1})
    assert problem == "the model prefers 'no' to 'yes'"
