"""The databases that tests of what is stored run on: SQLite, and a PostgreSQL of its own where that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from shelftalk.server.db import connect, migrate


def _postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL of its own on a socket in that folder, run as the user postgres where this is root."""
    initdb, pg_ctl = shutil.which("initdb"), shutil.which("pg_ctl")
    if not initdb or not pg_ctl:
        pytest.skip("no PostgreSQL here (initdb, pg_ctl)")
    as_root = os.geteuid() == 0 and shutil.which("runuser")
    prefix = ["runuser", "-u", "postgres", "--"] if as_root else []
    if as_root:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    made = subprocess.run(
        [*prefix, initdb, "-D", str(data), "-A", "trust", "-U", "shelftalk"], capture_output=True, cwd="/", check=False
    )
    if made.returncode:
        pytest.skip(f"PostgreSQL cannot be started here: {made.stderr.decode()[-200:]}")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    start = [*prefix, pg_ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"]
    subprocess.run(start, check=True, capture_output=True, cwd="/")
    try:
        yield f"postgresql://shelftalk@/postgres?host={folder}"
    finally:
        subprocess.run(
            [*prefix, pg_ctl, "-D", str(data), "-m", "immediate", "stop"], capture_output=True, cwd="/", check=False
        )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of the newest version: SQLite, and PostgreSQL where it is installed."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("db")
        engine = connect(f"sqlite:///{folder}/shelf.db")
        migrate(engine)
        yield engine
        engine.dispose()
        return
    with tempfile.TemporaryDirectory() as short:  # a socket's path has 107 characters at most
        for url in _postgres(Path(short)):
            engine = connect(url)
            migrate(engine)
            yield engine
            engine.dispose()
