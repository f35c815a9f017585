from __future__ import annotations

import pytest

from shelftalk.understand.rules.leftover import unread
from shelftalk.values import Constraint, Intent


@pytest.mark.parametrize(
    ("request_", "intent", "left"),
    [
        ("running shoes size 42 under 80", Intent((Constraint("price", "<", 80, "under 80"),)), ["42"]),
        ("headphones from 2025", Intent(), ["2025"]),
        ("show me 3 tents under 80", Intent((Constraint("price", "<", 80, "under 80"),), limit=3), []),
        ("a tent for 4 people", Intent((Constraint("persons", "=", 4),)), []),
        ("rtx 2060", Intent(), []),
        ("a 1080p projector with 2-year guarantee", Intent(), []),
        ("a bottle 0.5l+ of glass", Intent((Constraint("capacity_l", ">=", 0.5, "0.5l"),)), []),
        ("a raincoat for dog walks at 6 am, size 42", Intent(), ["42"]),
        ("hand cream, I wash them 50 times a day", Intent(), []),
        ("tell me 5 jokes", Intent(shopping=False), []),
    ],
)
def test_a_number_that_became_no_limit_is_said(request_, intent, left) -> None:
    assert [note.split("'")[1] for note in unread(request_, intent)] == left
