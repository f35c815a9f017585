from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shelftalk.prompts import fit


def words(text: str) -> int:
    return len(text.split())


def test_texts_within_the_budget_stay_whole() -> None:
    assert fit(["one two", "three"], 3, words) == ["one two", "three"]


def test_long_texts_are_shortened_evenly_and_short_ones_stay_whole() -> None:
    long = "word " * 100
    cut = fit([long, "short one", long], 62, words)
    assert cut[1] == "short one"
    assert cut[0] == cut[2]
    assert 20 <= words(cut[0]) <= 30


@given(st.lists(st.integers(10, 200), min_size=1, max_size=12), st.integers(80, 400))
def test_the_sum_meets_the_budget_and_nothing_is_dropped(sizes, budget) -> None:
    texts = ["abcd " * size for size in sizes]
    cut = fit(texts, budget, words)
    assert len(cut) == len(texts)
    assert all(cut)
    assert sum(map(words, cut)) <= max(budget, 3 * len(texts))
