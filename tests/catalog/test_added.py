"""When products came in: what the first day brought is no news, what came later is, and a torn line costs nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.catalog.fakes import HashEmbedder

from shelftalk.catalog import Catalog, added
from shelftalk.values import Product


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Sets the day."""

    def day(text: str) -> None:
        monkeypatch.setattr(added, "today", lambda: date.fromisoformat(text))

    return day


def products(*ids: str) -> list[Product]:
    return [Product(i, f"Product {i}") for i in ids]


def test_what_came_after_the_first_day_is_known_with_its_day(tmp_path: Path, on) -> None:  # type: ignore[no-untyped-def]
    catalog = Catalog.open(tmp_path / "c", create=True, embedder=HashEmbedder())
    assert catalog.added_on() == {}
    on("2026-11-01")
    catalog.upsert(products("a", "b"))
    catalog.upsert(products("c"))
    assert catalog.added_on() == {}
    on("2026-11-05")
    catalog.upsert(products("a", "d"))
    assert catalog.added_on() == {"d": date(2026, 11, 5)}
    on("2026-11-09")
    catalog.remove(["d"])
    catalog.upsert(products("d", "e"))
    assert catalog.added_on() == {"d": date(2026, 11, 5), "e": date(2026, 11, 9)}
    assert Catalog.open(tmp_path / "c", embedder=HashEmbedder()).added_on() == catalog.added_on()


def test_a_catalogue_from_before_begins_the_file_with_its_next_write(tmp_path: Path, on) -> None:  # type: ignore[no-untyped-def]
    catalog = Catalog.open(tmp_path / "c", create=True, embedder=HashEmbedder())
    on("2026-11-01")
    catalog.upsert(products("a"))
    (tmp_path / "c" / added.NAME).unlink()
    catalog.upsert(products("b"))
    assert catalog.added_on() == {"b": date(2026, 11, 1)}


def test_tidying_folds_days_and_drops_old_ones(tmp_path: Path, on) -> None:  # type: ignore[no-untyped-def]
    catalog = Catalog.open(tmp_path / "c", create=True, embedder=HashEmbedder())
    for day, ids in (("2025-01-01", "a"), ("2025-01-02", "b"), ("2026-11-05", "c"), ("2026-11-05", "d")):
        on(day)
        catalog.upsert(products(ids))
    catalog.optimize()
    lines = (tmp_path / "c" / added.NAME).read_text().splitlines()
    assert lines == ['{"first": "2025-01-01"}', '{"day": "2026-11-05", "ids": ["c", "d"]}']


def test_a_line_that_a_crash_cut_short_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / added.NAME).write_text(
        '{"first": "2026-11-01"}\n{"day": "2026-11-05", "ids": ["a"]}\n{"day": "2026-11-0'
    )
    assert added.read(tmp_path) == {"a": date(2026, 11, 5)}


def test_a_line_after_a_torn_one_is_read(tmp_path: Path, on) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / added.NAME).write_text('{"first": "2026-11-01"}\n{"day": "2026-11-0')
    on("2026-11-09")
    added.note(tmp_path, ["b"], False)
    assert added.read(tmp_path) == {"b": date(2026, 11, 9)}
