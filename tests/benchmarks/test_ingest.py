"""Interactions outlive what writes them: a gateway and an import that are killed (SIGKILL) in the middle of it lose and double none."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from tests.server.databases import database  # noqa: F401  a fixture

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def ingest(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("ingest")


@pytest.fixture
def products(ingest: Any, tmp_path: Path) -> list[str]:
    return list(ingest.catalogue(tmp_path / "catalog"))


@pytest.fixture
def processes(ingest: Any, database: Engine, tmp_path: Path) -> Iterator[Any]:  # noqa: F811
    """What starts and kills processes over the database."""
    address = database.url.set(drivername=database.dialect.name).render_as_string(hide_password=False)
    starter = ingest.Processes(tmp_path, address)
    yield starter
    starter.close()


def test_a_killed_gateway_loses_nothing_that_it_acknowledged_and_holds_nothing_twice(
    ingest: Any, processes: Any, products: list[str], tmp_path: Path
) -> None:
    gateway = ingest.Gateway(processes, tmp_path / "catalog")
    done = ingest.killed_gateway(gateway, processes, products, kills=3, size=50)
    gateway.kill()
    assert gateway.starts == 4
    assert done.sent == done.acknowledged == done.held > 0
    assert (done.lost, done.twice) == (0, 0)


def test_a_killed_import_that_is_run_again_puts_every_row_in_once(
    ingest: Any, processes: Any, products: list[str], tmp_path: Path
) -> None:
    done = ingest.killed_import(processes, tmp_path / "catalog", products, tmp_path, kills=2, rows=6000)
    assert done.held == 6000
    assert (done.lost, done.twice) == (0, 0)
    assert done.duplicates > 0, "it was killed after it had stored some"
