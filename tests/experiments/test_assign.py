"""The same user sees the same variant wherever and whenever, in the shares asked for, and few are moved where these change."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shelftalk.errors import UsageError
from shelftalk.experiments.assign import SLOTS, divide, holder, size, slot, take

USERS = [f"user-{i}" for i in range(20_000)]


def of(spans, salt="s"):
    return [holder(spans, slot(salt, user)) for user in USERS]


def test_another_process_assigns_alike() -> None:
    spans = divide({"control": 1, "warm": 1})
    code = (
        "from shelftalk.experiments.assign import divide, holder, slot\n"
        "spans = divide({'control': 1, 'warm': 1})\n"
        "print(','.join(holder(spans, slot('s', f'user-{i}')) for i in range(200)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert told.split(",") == of(spans)[:200]


def test_the_shares_are_those_of_the_weights() -> None:
    found = of(divide({"control": 70, "a": 20, "b": 10}))
    for name, share in (("control", 0.7), ("a", 0.2), ("b", 0.1)):
        assert found.count(name) / len(found) == pytest.approx(share, abs=4 * (share * (1 - share) / len(found)) ** 0.5)


def test_under_another_salt_the_assignment_is_unrelated() -> None:
    spans = divide({"control": 1, "warm": 1})
    both = sum(a == b for a, b in zip(of(spans, "x"), of(spans, "y"), strict=True)) / len(USERS)
    assert both == pytest.approx(0.5, abs=0.015)


WEIGHTS = st.lists(st.integers(1, 100), min_size=3, max_size=3).map(lambda w: dict(zip("abc", w, strict=True)))


@settings(max_examples=20)
@given(WEIGHTS, WEIGHTS)
def test_changed_weights_move_only_the_share_that_they_must(before, after) -> None:  # type: ignore[no-untyped-def]
    old = divide(before)
    new = divide(after, old)
    assert sum(size(spans) for spans in new.values()) == SLOTS
    moved = sum(holder(old, n) != holder(new, n) for n in range(0, SLOTS))
    gained = sum(max(0, size(new[name]) - size(old[name])) for name in after)
    assert moved == gained
    for name, weight in after.items():
        assert size(new[name]) == pytest.approx(SLOTS * weight / sum(after.values()), abs=1)


def test_a_larger_share_of_the_traffic_keeps_those_who_take_part() -> None:
    first = take(0.1, [])
    assert set(range(*first[0])) <= {n for low, high in take(0.5, [], first) for n in range(low, high)}


def test_experiments_side_by_side_share_nobody_and_too_much_is_refused() -> None:
    one = take(0.6, [])
    two = take(0.4, [one])
    assert size(one) + size(two) == SLOTS
    assert all(holder({"one": one, "two": two}, n) for n in range(SLOTS))
    with pytest.raises(UsageError, match="leave 0%"):
        take(0.1, [one, two])
    with pytest.raises(UsageError, match="above 0"):
        take(0, [])
    with pytest.raises(UsageError, match="weight of variant 'a'"):
        divide({"a": 0, "b": 1})
