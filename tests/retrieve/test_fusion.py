"""The fusion of two lists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shelftalk.retrieve.fusion import fuse, moved, weights_for, with_cosines
from shelftalk.settings import RetrieveSettings

DENSE = [("a", 0.8), ("b", 0.6), ("c", 0.5)]
BM25 = [("c", 20.0), ("d", 10.0)]


def test_convex_adds_the_cosine_and_the_share_of_the_best_full_text_score() -> None:
    fused = fuse(DENSE, BM25, (0.25, 0.75))
    scores = {f.id: f.score for f in fused}
    assert scores == pytest.approx({"c": 0.875, "d": 0.25 * 0.5 + 0.375, "a": 0.2, "b": 0.15})
    assert [f.id for f in fused] == ["c", "d", "a", "b"]
    assert fused[1].scores == pytest.approx({"bm25": 10.0, "fused": 0.5})


def test_rrf_adds_weighted_reciprocal_ranks() -> None:
    fused = fuse(DENSE, BM25, (0.5, 0.5), fusion="rrf", rrf_k=60)
    scores = {f.id: f.score for f in fused}
    assert scores["c"] == pytest.approx((1 / 63 + 1 / 61) / (2 / 61))
    assert [f.id for f in fused] == ["c", "a", "b", "d"]


def test_a_weight_of_nothing_leaves_the_other_list_alone() -> None:
    assert [f.id for f in fuse(DENSE, BM25, (1, 0))][:2] == ["a", "b"]
    assert [f.id for f in fuse(DENSE, BM25, (0, 1))][:2] == ["c", "d"]


def test_keywords_and_sentences_have_weights_of_their_own() -> None:
    settings = RetrieveSettings(dense_weight=1, bm25_weight=3, sentence_dense_weight=8, sentence_bm25_weight=2)
    assert weights_for("red desk lamp", settings) == (0.25, 0.75)
    assert weights_for("I am looking for a lamp", settings) == (0.25, 0.75)
    assert weights_for("a lamp that suits my grandmother's old wooden desk", settings) == (0.8, 0.2)
    assert weights_for("x", RetrieveSettings(dense_weight=0, bm25_weight=0)) == (0.5, 0.5)


def test_nothing_found_is_nothing_fused() -> None:
    assert fuse([], [], (0.5, 0.5)) == []


_LISTS = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 1), max_size=8).map(
    lambda d: sorted(d.items(), key=lambda p: -p[1])
)


@example(dense=[("a", 1.0)], bm25=[("a", 5e-324)], fusion="convex")
@given(dense=_LISTS, bm25=_LISTS, fusion=st.sampled_from(["convex", "rrf"]))
def test_every_product_comes_once_with_a_score_from_0_to_1_best_first(dense, bm25, fusion) -> None:  # type: ignore[no-untyped-def]
    fused = fuse(dense, bm25, (0.3, 0.7), fusion=fusion)
    assert {f.id for f in fused} == {i for i, _ in (*dense, *bm25)}
    assert len({f.id for f in fused}) == len(fused)
    scores = [f.score for f in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= s <= 1 + 1e-9 for s in scores)


def test_feedback_moves_the_request_toward_what_was_found_first_and_keeps_its_length() -> None:
    vector = np.array([1.0, 0.0], dtype=np.float32)
    first = np.array([[0.0, 1.0], [0.6, 0.8]], dtype=np.float32)
    new = moved(vector, first, 1.0)
    assert new == pytest.approx(np.array([1.3, 0.9]) / np.sqrt(1.3**2 + 0.9**2))
    assert moved(vector, first, 0.0) == pytest.approx(vector)
    assert moved(vector, first[:0], 1.0) is vector
    assert moved(vector, -vector[None], 1.0) is vector


def test_after_feedback_the_cosines_told_are_those_of_the_request() -> None:
    again = fuse([("b", 0.9), ("e", 0.8)], BM25, (0.5, 0.5))
    told = with_cosines(again, dict(DENSE))
    assert [(f.id, f.score) for f in told] == [(f.id, f.score) for f in again]
    assert {f.id: f.scores.get("dense") for f in told} == {"b": 0.6, "c": 0.5, "d": None, "e": None}
