"""`shelftalk keys` and the rule that a server beyond this machine needs one."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from shelftalk.cli.main import app
from shelftalk.errors import StorageError, UsageError


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/keys.db"
    made = CliRunner().invoke(app, ["keys", "create", "till", "--scope", "ask", "--database", database])
    secret = made.stdout.strip()
    assert secret.startswith("st-")
    listed = CliRunner().invoke(app, ["keys", "list", "--database", database]).stdout
    assert "till" in listed
    assert secret not in listed
    assert CliRunner().invoke(app, ["keys", "revoke", "till", "--database", database]).exit_code == 0
    again = CliRunner().invoke(app, ["keys", "revoke", "till", "--database", database])
    assert isinstance(again.exception, UsageError)
    taken = CliRunner().invoke(app, ["keys", "create", "till", "--database", database])
    assert "choose another name" in str(taken.exception)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_a_key_needs_a_name_that_can_be_read(name: str, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/keys.db"
    for arguments in ([name], ["till", "--tenant", name or " "]):
        made = CliRunner().invoke(app, ["keys", "create", *arguments, "--database", database])
        assert isinstance(made.exception, UsageError)
    assert "till" not in CliRunner().invoke(app, ["keys", "list", "--database", database]).stdout


def test_a_database_that_cannot_be_reached_is_told_with_the_reason() -> None:
    listed = CliRunner().invoke(app, ["keys", "list", "--database", "postgresql://nobody@127.0.0.1:1/x"])
    assert isinstance(listed.exception, StorageError)
    assert "refused" in str(listed.exception)


def test_without_a_key_the_server_does_not_listen_beyond_this_machine(
    demo_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFTALK_SERVE__DATABASE", f"sqlite:///{tmp_path}/keys.db")
    started = CliRunner().invoke(app, ["serve", "--catalog", str(demo_catalog), "--host", "0.0.0.0"])
    assert isinstance(started.exception, UsageError)
    assert "keys create" in str(started.exception)


def test_a_port_in_use_is_told_before_anything_starts(
    demo_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    monkeypatch.setenv("SHELFTALK_SERVE__DATABASE", f"sqlite:///{tmp_path}/keys.db")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        started = CliRunner().invoke(app, ["serve", "--catalog", str(demo_catalog), "--port", port])
    assert isinstance(started.exception, UsageError)
    assert "--port" in str(started.exception)
