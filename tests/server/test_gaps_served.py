"""Gaps at the server: counted beside the answers as the model reads them, shown in the studio once several share them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.server.helpers import until
from tests.server.obedient import Obedient

from shelftalk.engines.base import Decoding, Generation
from shelftalk.gaps import GapCount
from shelftalk.pipeline import Shelf
from shelftalk.server.app import create_app
from shelftalk.server.db import Gaps, connect
from shelftalk.server.db.gaps import DailyGap, catalog_name, day
from shelftalk.settings import Settings
from shelftalk.values import Prompt, Tokens

WISH = "famous in our village"  # no field stands near to it
TENT = f"a tent that is {WISH}"
HOSTILE = "<b>calm</b> ann@mail.example"


class Wishful(Obedient):
    """Reads both wishes, where they are said, as wishes that no field answers."""

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """One text a prompt."""
        return [self._read(p) for p in prompts]

    def _read(self, prompt: Prompt) -> Generation:
        request = prompt.messages[-1].content
        lines = [f"{wish}: none" for wish in (WISH, HOSTILE) if wish in request and "wishes" in prompt.template]
        return Generation("\n".join(lines) or "none", "stop", Tokens(10, 3))


@contextmanager
def _server(base: Settings, folder: Path, **serve: Any) -> Iterator[TestClient]:
    settings = base.model_copy(
        update={
            "serve": base.serve.model_copy(update={"database": _url(folder), **serve}),
            "understand": base.understand.model_copy(update={"mode": "wishes"}),
            "rank": base.rank.model_copy(update={"strategy": "none"}),
        }
    )
    with (
        Shelf.open(settings.catalog, settings=settings, engine=Wishful()) as shelf,
        TestClient(create_app(settings, shelf), raise_server_exceptions=False) as client,
    ):
        until(lambda: client.get("/readyz").status_code == 200)
        yield client


def _url(folder: Path) -> str:
    return f"sqlite:///{folder}/gaps.db"


def _counted(folder: Path) -> list[GapCount]:
    """What the database holds, where two requests or one more of it share a group."""
    return Gaps(connect(_url(folder))).top(tenant=None, least=1)


def _ask(client: TestClient, request: str, **more: Any) -> dict[str, Any]:
    reply = client.post("/v1/recommendations", json={"request": request, **more})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def test_wishes_are_counted_once_a_conversation_and_shown_by_kind(server_settings: Settings, tmp_path: Path) -> None:
    with _server(server_settings, tmp_path) as client:
        talk = client.post("/v1/conversations").json()["id"]
        assert _ask(client, TENT, conversation=talk)["intent"]["unanswered"] == [WISH]
        again = _ask(client, "cheaper ones", conversation=talk)["intent"]
        _ask(client, f"really {WISH}", conversation=talk)
        _ask(client, TENT, intent=again)
        assert WISH not in client.get("/studio").text
        streamed = client.post("/v1/recommendations", json={"request": TENT, "stream": True}).text
        assert WISH in streamed
        said = [
            {"role": "user", "content": TENT},
            {"role": "assistant", "content": "1."},
            {"role": "user", "content": TENT},
        ]
        assert client.post("/v1/chat/completions", json={"messages": said}).status_code == 200
        _ask(client, f"a tent, {HOSTILE}")
        _ask(client, f"a tent, {HOSTILE}")
        rows = until(lambda: _rows(client) if "calm" in client.get("/studio").text else None)
    assert f"Tents {WISH} 4" in rows
    assert "<b>calm</b> [...] 2" in rows
    assert "ann@mail" not in rows
    counts = {g.words: (g.requests, g.conversations, g.kinds) for g in _counted(tmp_path)}
    assert counts[WISH] == (4, 2, {"Tents": 4})


def _rows(client: TestClient) -> str:
    page = client.get("/studio").text
    assert "<b>calm" not in page
    plain = re.sub(r"<[^>]+>", " ", page[page.index('id="h-gaps"') : page.index('id="h-try"')])
    return " ".join(plain.replace("&lt;", "<").replace("&gt;", ">").split())


def test_needs_that_nothing_meets_are_counted_by_their_name_and_nothing_is_lost_at_a_stop(
    server_settings: Settings, tmp_path: Path
) -> None:
    with _server(server_settings, tmp_path) as client:
        for _ in range(3):
            assert _ask(client, "a violin")["no_match"]
    assert [(g.what, g.words, g.requests) for g in _counted(tmp_path)] == [("need", "violin", 3)]
    with _server(server_settings, tmp_path) as client:
        assert "violin 3" in _rows(client)


def test_nothing_is_counted_where_the_setting_says_so(server_settings: Settings, tmp_path: Path) -> None:
    with _server(server_settings, tmp_path, count_gaps=False) as client:
        _ask(client, TENT)
        assert "serve.count_gaps is off" in client.get("/studio").text
    assert _counted(tmp_path) == []


def test_two_gateways_count_into_one_database(server_settings: Settings, tmp_path: Path) -> None:
    with _server(server_settings, tmp_path) as one, _server(server_settings, tmp_path) as two:
        for client in (one, two, one):
            _ask(client, TENT)
    assert [(g.words, g.requests) for g in _counted(tmp_path)] == [(WISH, 3)]


def test_the_studio_shows_the_gaps_of_its_own_catalogue(server_settings: Settings, tmp_path: Path) -> None:
    with _server(server_settings, tmp_path) as client:
        for catalog, words in (
            ("/elsewhere", "of another shop"),
            (catalog_name(server_settings.catalog), "of this shop"),
        ):
            Gaps(connect(_url(tmp_path)), catalog).add([DailyGap("", "wish", words, ("Tents",), day(), words, 5, 5)])
        assert "of this shop 5" in _rows(client)
        assert "of another shop" not in _rows(client)


def test_the_words_stand_in_no_log(server_settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with _server(server_settings, tmp_path) as client:
        _ask(client, TENT)
    assert _counted(tmp_path)
    assert WISH not in json.dumps([r.getMessage() for r in caplog.records if r.name.startswith("shelftalk")])
