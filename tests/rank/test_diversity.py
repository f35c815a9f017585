"""Diversity: the sets that MMR and the DPP choose are those of their definitions, and the ranking's order stays among them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from shelftalk.rank.diversity import diversified, dpp, likeness, mmr
from shelftalk.settings import RankSettings
from shelftalk.values import Candidate, Product


def world(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and likenesses as the cosines of non-negative vectors."""
    rng = np.random.default_rng(seed)
    vectors = np.abs(rng.normal(size=(n, 8)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.sort(rng.random(n))[::-1], vectors @ vectors.T


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weight", [0.1, 0.5, 0.9])
def test_mmr_takes_the_best_of_its_definition_each_time(seed: int, weight: float) -> None:
    scores, alike = world(9, seed)
    chosen = mmr(scores, alike, 4, weight)
    for step, taken in enumerate(chosen):
        before = chosen[:step]

        def worth(i: int, before: list[int] = before) -> float:
            return (1 - weight) * scores[i] - weight * max((alike[i, j] for j in before), default=0.0)

        assert worth(taken) == pytest.approx(max(worth(i) for i in range(9) if i not in before))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weight", [0.2, 0.5, 0.9])
def test_the_dpp_takes_the_largest_determinant_each_time(seed: int, weight: float) -> None:
    scores, alike = world(9, seed)
    q = np.exp((1 - weight) / (2 * weight) * scores)
    kernel = q[:, None] * alike * q[None, :]
    chosen = dpp(scores, alike, 4, weight)
    for step, taken in enumerate(chosen):
        before = chosen[:step]
        volumes = {i: np.linalg.det(kernel[np.ix_([*before, i], [*before, i])]) for i in range(9) if i not in before}
        assert volumes[taken] == pytest.approx(max(volumes.values()))


def test_the_greedy_dpp_comes_near_the_best_set_of_all() -> None:
    scores, alike = world(8, 3)
    q = np.exp(0.5 * scores)
    kernel = q[:, None] * alike * q[None, :]

    def volume(chosen: tuple[int, ...]) -> float:
        return float(np.linalg.det(kernel[np.ix_(chosen, chosen)]))

    best = max(volume(c) for c in itertools.combinations(range(8), 3))
    assert volume(tuple(dpp(scores, alike, 3, 0.5))) >= 0.8 * best


def test_copies_are_filled_up_by_score() -> None:
    assert dpp(np.array([1.0, 0.9, 0.8, 0.7]), np.ones((4, 4)), 3, 0.5) == [0, 1, 2]


@pytest.mark.parametrize("choose", [mmr, dpp])
def test_without_weight_the_scores_decide(choose) -> None:  # type: ignore[no-untyped-def]
    scores, alike = world(9, 1)
    assert choose(scores, alike, 4, 0.0) == [0, 1, 2, 3]


def candidates(*brands: str) -> list[Candidate]:
    return [
        Candidate(Product(f"p{i}", f"P{i}", brand=brand, attributes={"colour": brand}), 1 - i / 20)
        for i, brand in enumerate(brands)
    ]


@pytest.mark.parametrize("name", ["mmr", "dpp"])
def test_what_repeats_the_first_gives_way_and_the_order_stays(name: str) -> None:
    settings = RankSettings(diversity=name, diversity_weight=0.5)  # type: ignore[arg-type]
    found = diversified(candidates("a", "a", "a", "b", "c", "c", "d"), {}, settings, 3)
    assert [c.product.id for c in found[:3]] == ["p0", "p3", "p4"]
    assert [c.product.id for c in found[3:]] == ["p1", "p2", "p5", "p6"]
    assert [c.score for c in found] == [c.score for c in candidates(*"aaabccd")]


def test_off_changes_nothing_and_what_was_not_scored_does_not_compete() -> None:
    given = candidates("a", "a", "b", "c")
    assert diversified(given, {}, RankSettings(), 2) == tuple(given)
    unscored = [*candidates("a", "a", "a"), Candidate(Product("x", "X", brand="z"), -1.0)]
    found = diversified(unscored, {}, RankSettings(diversity="mmr", diversity_weight=1.0), 2)
    assert [c.product.id for c in found][-1] == "x"


def test_likeness_has_no_negative_eigenvalue() -> None:
    rng = np.random.default_rng(0)
    given = candidates(*"abcaabbc")
    vectors = {c.product.id: rng.normal(size=6).astype(np.float32) for c in given}
    matrix = likeness(given, vectors)
    assert np.linalg.eigvalsh(matrix).min() > -1e-9
    assert np.diag(matrix) == pytest.approx(1.0)
    assert matrix.min() >= 0
