from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from shelftalk.rank.windows import ordering, scale


def run(steps, judge):
    """Drives an ordering with a judge that scores each shown group; the scores and the groups shown."""
    shown = []
    try:
        asked = next(steps)
        while True:
            shown.append(asked)
            asked = steps.send([tuple(judge(group)) for group in asked])
    except StopIteration as done:
        return done.value, shown


@given(st.integers(2, 60), st.integers(2, 12), st.integers(1, 4), st.integers(0, 9))
def test_a_judge_that_knows_the_truth_always_gets_the_best_to_the_front(count, window, permutations, seed) -> None:
    truth = random.Random(seed).sample(range(count), count)
    scores, _ = run(ordering(count, window, permutations, seed), lambda group: [float(truth[i]) for i in group])
    assert max(range(count), key=lambda i: scores[i]) == truth.index(count - 1)
    assert len(scores) == count


def test_what_fits_in_one_window_is_asked_once() -> None:
    _, shown = run(ordering(5, 10), lambda group: [0.0] * len(group))
    assert shown == [[(0, 1, 2, 3, 4)]]


def test_more_than_fit_are_asked_in_windows_from_the_back_that_overlap_by_half() -> None:
    _, shown = run(ordering(8, 4), lambda group: [0.0] * len(group))
    assert [set(asked[0]) for asked in shown] == [{4, 5, 6, 7}, {2, 3, 4, 5}, {0, 1, 2, 3}]


def test_two_permutations_cancel_a_judge_that_only_likes_the_first_place() -> None:
    def first_place(group):
        return [1.0, *[0.0] * (len(group) - 1)]

    scores, shown = run(ordering(3, 10, permutations=2), first_place)
    assert shown == [[(0, 1, 2), (2, 1, 0)]]
    assert scores[0] == scores[2]


def test_permutations_are_the_same_for_the_same_seed() -> None:
    first = run(ordering(6, 10, permutations=4, seed=3), lambda g: [0.0] * len(g))[1]
    again = run(ordering(6, 10, permutations=4, seed=3), lambda g: [0.0] * len(g))[1]
    assert first == again
    assert len(set(first[0])) > 2


@given(st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_scaled_scores_lie_between_0_and_1_and_keep_their_order(scores) -> None:
    scaled = scale(scores)
    assert all(0 <= s <= 1 for s in scaled)
    assert all(scaled[i] <= scaled[j] for i, a in enumerate(scores) for j, b in enumerate(scores) if a < b)
