from __future__ import annotations

from pathlib import Path

import pytest

from shelftalk.settings import load_settings
from tests.lists.stub import OpenStub, make_catalog


@pytest.fixture(scope="session")
def small_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_catalog(tmp_path_factory.mktemp("lists") / "catalog")


@pytest.fixture
def opener(tmp_path: Path) -> OpenStub:
    return OpenStub(load_settings(home=tmp_path / "home"), tmp_path / "seen")
