"""Where the record answers by setting, no answer tells of a language model that failed."""

from __future__ import annotations

from pathlib import Path

from fastapi.testclient import TestClient

from shelftalk.server.app import create_app
from shelftalk.settings import Settings


def test_a_slow_search_is_not_blamed_on_a_language_model_that_nobody_asked(
    server_settings: Settings, tmp_path: Path
) -> None:
    hurried = {f"{stage}_s": 0.001 for stage in ("understand", "retrieve", "rank", "explain")}
    settings = server_settings.model_copy()
    database = {"database": f"sqlite:///{tmp_path}/serve.db"}
    settings.serve = settings.serve.model_copy(update={**hurried, **database})
    with TestClient(create_app(settings), base_url="http://localhost", client=("127.0.0.1", 5000)) as client:
        answer = client.post("/v1/recommendations", json={"request": "a tent for two"}).json()
    assert answer["picks"]
    assert not [note for note in answer["notes"] if "language model" in note]
