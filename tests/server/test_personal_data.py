"""What shoppers write of themselves is taken out at the door: it reaches no table, no log, no studio and no prompt."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from fastapi.testclient import TestClient

from shelftalk.privacy import pii
from shelftalk.server import logs
from shelftalk.server.app import create_app
from shelftalk.settings import Settings

MAIL, PHONE = "jane.doe@example.com", "07700 900123"
NOTE = "An e-mail address and a phone number were taken out of your message."


@pytest.fixture(scope="module")
def keeping(server_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path]]:
    """A client of a server that keeps the words of requests for the studio, and its database."""
    file = tmp_path_factory.mktemp("keeping") / "serve.db"
    serve = server_settings.serve.model_copy(update={"database": f"sqlite:///{file}", "keep_requests": True})
    app = create_app(server_settings.model_copy(update={"serve": serve}))
    with TestClient(app, raise_server_exceptions=False, client=("127.0.0.1", 5000)) as client:
        yield client, file


def held(file: Path) -> str:
    """Everything that stands in a database, as text."""
    with sqlite3.connect(file) as connection:
        return "\n".join(connection.iterdump())


def test_a_request_is_answered_without_what_it_said_of_the_shopper(keeping: tuple[TestClient, Path]) -> None:
    client, file = keeping
    talk = client.post("/v1/conversations").json()["id"]
    asked = f"a tent for two, I am {MAIL}, call me on {PHONE}"
    answer = client.post("/v1/recommendations", json={"request": asked, "conversation": talk}).json()
    assert answer["picks"]
    assert answer["request"] == "a tent for two, I am [...], call me on [...]"
    assert answer["notes"][0] == NOTE
    first = (
        answer["picks"][0]["product_id"] if "product_id" in answer["picks"][0] else answer["picks"][0]["product"]["id"]
    )
    sent = {"product_id": first, "kind": "dismissed", "user": "u1", "conversation": talk, "request": asked}
    assert client.post("/v1/interactions", json=sent).status_code == 201
    chatted = client.post(
        "/v1/chat/completions",
        json={"messages": [{"role": "user", "content": f"mail {MAIL}"}, {"role": "user", "content": asked}]},
    ).json()
    assert NOTE in chatted["shelftalk"]["notes"]
    stored = held(file)
    assert "a tent for two" in stored
    assert MAIL not in stored
    assert PHONE not in stored
    recent = repr(client.app.state.server.recent.entries())  # type: ignore[attr-defined]
    assert "a tent for two" in recent
    assert MAIL not in recent
    assert PHONE not in recent


def test_a_stream_is_told_so_too(keeping: tuple[TestClient, Path]) -> None:
    client, _ = keeping
    told = client.post("/v1/recommendations", json={"request": f"a tent, {MAIL}", "stream": True}).text
    assert "An e-mail address was taken out of your message." in told
    assert MAIL not in told


def test_scrubbing_can_be_switched_off(server_settings: Settings, tmp_path: Path) -> None:
    off = server_settings.model_copy(
        update={
            "privacy": server_settings.privacy.model_copy(update={"scrub": False}),
            "serve": server_settings.serve.model_copy(update={"database": f"sqlite:///{tmp_path}/off.db"}),
        }
    )
    with TestClient(create_app(off), client=("127.0.0.1", 5000)) as client:
        assert (
            client.post("/v1/recommendations", json={"request": f"a tent, {MAIL}"}).json()["request"]
            == f"a tent, {MAIL}"
        )


def test_a_log_line_loses_what_a_library_put_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pii.warm_up()
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.configure("json")
        try:
            raise ValueError(f"no address {MAIL}")
        except ValueError:
            logging.getLogger("shelftalk.test").exception(
                "cannot mail %s", MAIL, extra={"who": PHONE, "request_id": "07700900123"}
            )
    finally:
        root.handlers[:], root.level = before, level
        structlog.reset_defaults()
    line = json.loads(written.getvalue().splitlines()[-1])
    assert line["event"] == "cannot mail [...]"
    assert line["request_id"] == "07700900123"
    assert "ValueError: no address [...]" in line["exception"]
    assert MAIL not in written.getvalue()
    assert PHONE not in written.getvalue()
