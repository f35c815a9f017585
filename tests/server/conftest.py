"""A server over the bundled catalogue that needs no language model: the record speaks, so answers are quick and the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from tests.server.databases import database  # noqa: F401  a fixture
from tests.server.helpers import recorded

from shelftalk.server.app import create_app
from shelftalk.server.db import Keys, connect
from shelftalk.settings import Settings, load_settings


@pytest.fixture(scope="module")
def server_settings(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a server with a catalogue and a database of its own."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copytree(demo_catalog, folder / "catalog")
    settings = load_settings(catalog=folder / "catalog")
    settings = recorded(settings)
    settings.serve = settings.serve.model_copy(update={"database": f"sqlite:///{folder}/serve.db"})
    return settings


@pytest.fixture(scope="module")
def client(server_settings: Settings) -> Iterator[TestClient]:
    """A client of the running application, once it is ready."""
    with TestClient(create_app(server_settings), raise_server_exceptions=False, client=("127.0.0.1", 5000)) as client:
        while client.get("/readyz").status_code != 200:
            pass
        yield client


@pytest.fixture
def keyed(server_settings: Settings, tmp_path) -> Iterator[tuple[TestClient, Keys]]:  # type: ignore[no-untyped-def]
    """A client of a server with its own database, and the keys in it."""
    url = f"sqlite:///{tmp_path}/keys.db"
    settings = server_settings.model_copy(update={"serve": server_settings.serve.model_copy(update={"database": url})})
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client, Keys(connect(url))
