"""The tables of docs/understand.md say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.understand.rules.test_parser import read, said
from tests.understand.turns.test_conversation import follow

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "understand.md").read_text(encoding="utf-8")


def rows(header: str) -> list[tuple[str, str]]:
    tables = re.findall(rf"\| {header} \| understood \|\n\|---\|---\|\n((?:\|.*\|\n)+)", PAGE)
    return [tuple(c.strip() for c in line.strip("|").split("|")) for table in tables for line in table.splitlines()]  # type: ignore[misc]


@pytest.mark.parametrize("request_text, understood", rows("request"))
def test_the_page_shows_what_a_request_comes_to(request_text, understood):
    assert said(read("electronics", request_text)) == understood


@pytest.mark.parametrize("request_text, understood", rows("next turn"))
def test_the_page_shows_what_a_later_turn_comes_to(request_text, understood):
    assert said(follow(request_text)) == understood


def test_the_page_has_its_tables():
    assert len(rows("request")) >= 18
    assert len(rows("next turn")) >= 5
