"""How many play, and what must fit into a time: "8 of us", "a group of about six pupils", "fits in a 45 minute lesson"."""

from __future__ import annotations

import pytest

from shelftalk.understand import RuleParser
from shelftalk.values import Facet, Facets

GAMES = RuleParser(
    Facets(
        (
            Facet("categories", "list", 40, 2, (("Board Games", 30), ("Power Banks", 10))),
            Facet("price", "money", 40, 30, minimum=5, maximum=80),
            Facet("attributes.players_min", "number", 30, 5, minimum=1, maximum=6),
            Facet("attributes.players_max", "number", 30, 9, minimum=1, maximum=20),
            Facet("attributes.duration_min", "number", 30, 9, minimum=5, maximum=180),
            Facet("attributes.port_count", "number", 10, 4, minimum=1, maximum=4),
        ),
        40,
    )
)


def _limits(request: str) -> set[str]:
    found = GAMES.read(request).intent.constraints
    return {f"{c.field.removeprefix('attributes.')} {c.operator} {c.value}" for c in found if c.field != "categories"}


@pytest.mark.parametrize(
    ("request_text", "players"),
    [
        ("a board game for like 8 of us", 8),
        ("we're having eight people over, a board game please", 8),
        ("a board game for a group of about six pupils", 6),
        ("a board game for a party of twelve", 12),
    ],
)
def test_as_many_as_play_must_be_let_play(request_text: str, players: int) -> None:
    read = _limits(request_text)
    assert any(limit in read for limit in (f"players_min = {players}", f"players_min <= {players}")), read


def test_what_fits_in_a_time_takes_no_longer() -> None:
    assert "duration_min <= 45" in _limits("a board game that fits in a 45 minute lesson")


def test_a_port_count_is_no_pack() -> None:
    assert not _limits("she takes calls every single morning")
