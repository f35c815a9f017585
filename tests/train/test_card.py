"""The card says what is in a set, and its hash changes with any row."""

from __future__ import annotations

from dataclasses import replace

from shelftalk.train.card import Report, card, content_hash, facts, percentiles
from shelftalk.train.sets.example import TrainingExample
from shelftalk.values import Message, Prompt


def rows() -> list[TrainingExample]:
    def one(n: int, split: str, answer: str) -> TrainingExample:
        prompt = Prompt((Message("user", f"does {n} suit?"),), "suit/yesno@1")
        return TrainingExample("suits", prompt, answer, "demo", f"g{n}", split, f"r{n}", f"q{n}", f"does {n} suit?", ("yes", "no"))  # type: ignore[arg-type]  # fmt: skip

    return [one(1, "train", "yes"), one(2, "train", "no"), one(3, "dev", "yes")]


def test_percentiles_are_values_that_occur() -> None:
    assert percentiles(list(range(1, 101))) == {"p50": 50, "p90": 90, "p99": 99, "p100": 100}
    assert percentiles([7]) == {"p50": 7, "p90": 7, "p99": 7, "p100": 7}


def test_the_hash_depends_on_rows_order_and_split_alone() -> None:
    same = content_hash(rows())
    assert content_hash(rows()) == same
    assert content_hash([*rows()[1:], rows()[0]]) != same
    assert content_hash([replace(rows()[0], completion="no"), *rows()[1:]]) != same
    assert content_hash([replace(rows()[0], split="dev"), *rows()[1:]]) != same


def test_a_card_gives_counts_lengths_sources_licences_and_what_was_left_out() -> None:
    report = Report()
    report.left_out["rows that repeat another"] += 4
    known = facts(rows(), {"r1": (10, 1), "r2": (20, 1), "r3": (90, 1)}, report, {"seed": 0})
    text = card(known)
    assert "| suits | 2 | 1 | 0 | 20 / 90 / 90 / 90 | 1 / 1 | 32 |" in text
    assert "answers: yes 2, no 1" in text
    assert "- demo: the bundled demo, Apache-2.0" in text
    assert "- rows that repeat another: 4" in text
    assert "- dev: g3" in text
    assert known["content_hash"] in text
