"""Nothing stands in two splits, and nothing is answered in two ways."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shelftalk.train.sets.example import TrainingExample
from shelftalk.train.sets.leaks import leaks, normal, without_repeats
from shelftalk.values import Message, Prompt


def row(n: int, split: str = "train", request: str = "a red lamp", group: str | None = None, answer: str = "yes") -> TrainingExample:  # fmt: skip
    prompt = Prompt((Message("user", f"{request} {n}"),), "rank/pointwise@1")
    return TrainingExample("pointwise", prompt, answer, "shop", group or f"g{n}", split, f"row{n}", f"q{n}", request)  # type: ignore[arg-type]


def kinds(examples: list[TrainingExample], near: float = 0.9) -> list[str]:
    return [leak.kind for leak in leaks(examples, near)]


def test_rows_of_one_split_may_share_a_request() -> None:
    assert leaks([row(1, group="g"), row(2, group="g")], 0.9) == []


def test_a_group_in_two_splits_is_a_leak_that_names_both_rows() -> None:
    found = leaks([row(1, group="mice", request="one"), row(2, "dev", group="mice", request="quite another")], 0.9)
    assert [leak.kind for leak in found] == ["group"]
    assert str(found[0]) == "group 'mice': train row row1 and dev row row2"


@pytest.mark.parametrize("other", ["A red lamp!", "a  red   LAMP", "a red lamp\u200b"])
def test_case_punctuation_and_spaces_do_not_hide_the_same_request(other: str) -> None:
    assert kinds([row(1), row(2, "dev", other)]) == ["request"]


def test_requests_of_nearly_the_same_words_leak_and_others_do_not() -> None:
    long = "I need a red lamp for the desk in my study under fifty euros with a switch"
    near = long.replace("study", "office")
    assert kinds([row(1, request=long), row(2, "test", near)], near=0.8) == ["near"]
    assert kinds([row(1, request=long), row(2, "test", "a blue kettle under fifty euros")], near=0.8) == []


def test_near_duplicates_are_those_of_comparing_every_pair() -> None:
    import random

    words = ["red", "blue", "lamp", "desk", "cheap", "with", "switch", "for", "reading", "under"]
    draw = random.Random(3)
    texts = list(dict.fromkeys(" ".join(draw.sample(words, draw.randint(3, 9))) for _ in range(120)))
    examples = [row(n, "dev" if n % 2 else "train", text) for n, text in enumerate(texts)]
    wanted = set()
    for a in examples:
        for b in examples:
            x, y = set(a.request.split()), set(b.request.split())
            if a.split == "train" and b.split == "dev" and len(x & y) / len(x | y) >= 0.75:
                wanted.add((a.id, b.id))
    found = {(leak.first.id, leak.second.id) for leak in leaks(examples, 0.75) if leak.kind == "near"}
    assert wanted
    assert found == wanted


def test_a_row_twice_is_kept_once_and_a_question_answered_in_two_ways_not_at_all() -> None:
    cleaned = without_repeats([row(1), replace(row(1), id="again"), row(2), replace(row(2), id="no", completion="no")])
    assert [e.id for e in cleaned.examples] == ["row1"]
    assert (cleaned.duplicates, cleaned.contradictions) == (1, 2)


def test_a_request_is_normal_without_what_a_reader_does_not_see() -> None:
    assert normal("  Red\u00adlamps, PLEASE!! ") == "redlamps please"
