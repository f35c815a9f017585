"""The studio's figures of exposure, on numbers that can be worked out by hand."""

from __future__ import annotations

import pytest

from shelftalk.server.db.shown import Shown
from shelftalk.server.page.exposure import deciles, floor, shares_of, told
from shelftalk.shoppers.exposure import Tally, gini, head_of


def test_each_tenth_gets_its_share() -> None:
    assert shares_of([1.0] * 20, 20) == pytest.approx([0.1] * 10)
    assert shares_of([3.0, 1.0], 20) == pytest.approx([1.0, *[0.0] * 9])
    assert shares_of([4.0, 3.0, 2.0, 1.0], 15) == pytest.approx([(4 + 1.5) / 10, (1.5 + 2) / 10, 0.1, *[0.0] * 7])
    assert sum(shares_of([5.0, 1.0, 1.0], 3)) == pytest.approx(1.0)
    assert shares_of([], 20) == []


def test_ginis_index() -> None:
    assert gini([1.0, 1.0, 1.0], 3) == pytest.approx(0.0)
    assert gini([2.0], 4) == pytest.approx(0.75)
    assert gini([], 4) == 0.0


def test_the_head_gathers_most_interactions() -> None:
    assert head_of({"a": 80, "b": 15, "c": 5}) == {"a"}
    assert head_of({"a": 50, "b": 40, "c": 10}) == {"a", "b"}


def test_the_figures() -> None:
    shown = {"a": Shown(2, 2.0, 0.0), "b": Shown(1, 1.0, 1.0), "c": Shown(1, 1.0, 0.0)}
    found = told(shown, 10, {"a": 9, "b": 1})
    assert found["products shown"] == "3 of 10"
    assert found["of it to the long tail"] == "50%"
    assert found["of it to new products"] == "25.0%"
    assert told({}, 10, {}) == {}
    assert told(shown, 10, {})["of it to the long tail"] == "not known"


def test_the_plot_says_in_words_what_it_shows() -> None:
    plot = deciles({"a": Shown(1, 3.0, 0.0), "b": Shown(1, 1.0, 0.0)}, 20)
    assert plot is not None
    assert plot["said"].startswith("100%, 0%")
    assert plot["bars"][0]["h"] == plot["height"]
    assert deciles({}, 20) is None


def test_what_the_floor_did_in_a_sentence() -> None:
    said = floor(Tally(10, 20.0, 3.0, 1.0, 2.0, 4, 4, 0.05), 0.15)
    assert "changed 4 of 10 answers" in said
    assert "new products got 15.0% of the exposure, against 5.0% by rank alone" in said
    assert "relevance given up: 0.0050 of 1" in said
    assert floor(Tally(), 0.0) == ""
