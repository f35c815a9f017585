"""A language model that hangs, dies or is away, a database that is locked, a reload: what a client sees, and the next request."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from tests.server.helpers import StandIn, free_port, stand_in, until

from shelftalk.server.answering import FELL_BACK
from shelftalk.server.app import create_app
from shelftalk.server.conversing import NOT_KEPT
from shelftalk.settings import Settings, load_settings

TENT = "a tent for two under"


class Gateway:
    """A gateway on a port of its own, in a thread."""

    def __init__(self, settings: Settings, load: Callable[[], Settings] | None = None) -> None:
        self.app: FastAPI = create_app(settings, load=load)
        self.address = f"http://127.0.0.1:{free_port()}"
        port = int(self.address.rpartition(":")[2])
        self.server = uvicorn.Server(uvicorn.Config(self.app, port=port, log_level="error"))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()
        self.client = httpx.Client(base_url=self.address, timeout=60)
        until(lambda: self.client.get("/healthz").status_code == 200, 30)

    def loop(self) -> asyncio.AbstractEventLoop:
        return self.server.servers[0].get_loop()

    def ready(self) -> Gateway:
        until(lambda: self.client.get("/readyz").status_code == 200, 30)
        return self

    def ask(self, request: str, **more: Any) -> httpx.Response:
        return self.client.post("/v1/recommendations", json={"request": request, "k": 1, **more})

    def stop(self) -> None:
        self.client.close()
        self.server.should_exit = True
        self.thread.join(30)


@pytest.fixture(scope="module")
def model() -> Iterator[StandIn]:
    with stand_in() as server:
        yield server


@pytest.fixture(scope="module")
def settings(demo_catalog: Path, tmp_path_factory: pytest.TempPathFactory, model: StandIn) -> Settings:
    folder = tmp_path_factory.mktemp("faults")
    shutil.copytree(demo_catalog, folder / "catalog")
    # the stand-in gives no log-probabilities, and what fails here is the wording
    made = load_settings(
        catalog=folder / "catalog", engine="server", understand={"mode": "rules"}, rank={"strategy": "none"}
    )
    update = {
        "vllm": (model.address,), "database": f"sqlite:///{folder}/serve.db", "explain_s": 1.0, "workers": 2, "queue": 4
    }  # fmt: skip
    made.serve = made.serve.model_copy(update=update)
    return made


@pytest.fixture(scope="module")
def gateway(settings: Settings) -> Iterator[Gateway]:
    made = Gateway(settings).ready()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def well(model: StandIn) -> Iterator[None]:
    yield
    model.mood("well")


def fell_back(answer: dict[str, Any]) -> set[str]:
    """What an answer says of a model that did not word it."""
    return set(FELL_BACK.values()) & set(answer["notes"])


def test_a_model_that_hangs_is_called_off_and_the_record_answers_in_its_place(gateway: Gateway, model: StandIn) -> None:
    model.mood("slow")
    before = model.seen()["aborted"]
    answer = gateway.ask(f"{TENT} 199").json()
    assert answer["picks"]
    assert FELL_BACK["slow"] in answer["notes"]
    assert {c["source"] for pick in answer["picks"] for c in pick["claims"]} == {"record"}
    until(lambda: model.seen()["aborted"] > before)
    assert 'shelftalk_fallbacks_total{stage="explain",why="slow"}' in gateway.client.get("/metrics").text


def test_many_requests_to_a_model_that_hangs_hold_no_shelf_for_longer_than_the_limit(
    gateway: Gateway, model: StandIn
) -> None:
    model.mood("slow")
    replies: list[int] = []
    threads = [
        threading.Thread(target=lambda i=i: replies.append(gateway.ask(f"{TENT} {150 + i}").status_code))
        for i in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(replies) <= {200, 429}
    assert replies.count(200) >= 2
    until(lambda: "shelftalk_active 0" in gateway.client.get("/metrics").text)
    model.mood("well")
    assert not fell_back(gateway.ask(f"{TENT} 149").json())


def test_a_client_that_leaves_has_the_generation_aborted(gateway: Gateway, model: StandIn) -> None:
    model.mood("slow")
    before = model.seen()["aborted"]
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{gateway.address}/v1/recommendations", json={"request": f"{TENT} 131"}, timeout=0.6)
    until(lambda: model.seen()["aborted"] > before)
    until(lambda: "shelftalk_clients_left_total 0" not in gateway.client.get("/metrics").text)


def test_a_model_that_fails_is_gone_round_and_asked_again_when_it_is_well(gateway: Gateway, model: StandIn) -> None:
    model.mood("broken")
    assert FELL_BACK["failed"] in gateway.ask(f"{TENT} 121").json()["notes"]
    model.mood("well")
    until(lambda: not fell_back(gateway.ask(f"{TENT} 122").json()), 10, 0.3)


def test_a_locked_database_costs_the_turn_and_not_the_answer(gateway: Gateway, settings: Settings) -> None:
    talk = gateway.client.post("/v1/conversations").json()["id"]
    lock = sqlite3.connect(str(settings.serve.database).removeprefix("sqlite:///"), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        answer = gateway.ask(f"{TENT} 199", conversation=talk).json()
        refused = gateway.client.post("/v1/conversations")
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    assert answer["picks"]
    assert NOT_KEPT in answer["notes"]
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert "sqlite" not in refused.text
    assert NOT_KEPT not in gateway.ask(f"{TENT} 198", conversation=talk).json()["notes"]
    turns = gateway.client.get(f"/v1/conversations/{talk}").json()["turns"]
    assert [t["content"] for t in turns if t["role"] == "user"] == [f"{TENT} 198"]


def test_until_the_model_is_there_the_record_answers_and_the_server_is_not_ready(
    settings: Settings, tmp_path: Path
) -> None:
    port = free_port()
    waiting = settings.model_copy(deep=True)
    update = {"vllm": (f"http://127.0.0.1:{port}",), "database": f"sqlite:///{tmp_path}/serve.db"}
    waiting.serve = waiting.serve.model_copy(update=update)
    gateway = Gateway(waiting)
    try:
        assert gateway.client.get("/readyz").status_code == 503
        assert fell_back(gateway.ask(f"{TENT} 199").json()) == {FELL_BACK["loading"]}
        assert gateway.client.get("/v1/products/none/why", params={"request": "a tent"}).status_code == 404
        with stand_in(port):
            gateway.ready()
            assert not fell_back(gateway.ask(f"{TENT} 199").json())
    finally:
        gateway.stop()


def test_without_a_fallback_the_client_is_told(settings: Settings, model: StandIn, tmp_path: Path) -> None:
    strict = settings.model_copy(deep=True)
    update = {"fallback": "error", "database": f"sqlite:///{tmp_path}/serve.db"}
    strict.serve = strict.serve.model_copy(update=update)
    gateway = Gateway(strict).ready()
    try:
        model.mood("slow")
        late = gateway.ask(f"{TENT} 199")
        assert (late.status_code, late.json()["error"]["type"]) == (504, "timeout")
        model.mood("broken")
        failed = gateway.ask(f"{TENT} 199")
        assert (failed.status_code, failed.json()["error"]["type"]) == (503, "model_unavailable")
        assert "127.0.0.1" not in failed.text
        model.mood("well")
        until(lambda: gateway.ask(f"{TENT} 199").status_code == 200, 10, 0.3)
    finally:
        gateway.stop()


def test_on_stopping_what_is_under_way_finishes_and_new_work_is_refused(
    settings: Settings, model: StandIn, tmp_path: Path
) -> None:
    own = settings.model_copy(deep=True)
    own.serve = own.serve.model_copy(update={"database": f"sqlite:///{tmp_path}/serve.db"})
    gateway = Gateway(own).ready()
    model.mood("slow")
    body = {"request": f"{TENT} 199", "k": 1, "stream": True}
    try:
        with httpx.stream("POST", f"{gateway.address}/v1/recommendations", json=body, timeout=60) as reply:
            lines = reply.iter_lines()
            assert any(line == "event: pick" for line in lines)
            gateway.server.should_exit = True
            until(lambda: _refused(gateway.address), 10)
            assert any(line == "event: done" for line in lines), "the answer came to its end all the same"
    finally:
        gateway.stop()
    assert not gateway.thread.is_alive()


def _refused(address: str) -> bool:
    """Whether a new client gets no connection or is told that the server stops."""
    try:
        return httpx.post(f"{address}/v1/recommendations", json={"request": "a lamp"}, timeout=5).status_code == 503
    except httpx.TransportError:
        return True


def test_a_reload_takes_new_settings_while_requests_go_on_and_keeps_the_old_where_they_are_wrong(
    settings: Settings, model: StandIn, tmp_path: Path
) -> None:
    first = settings.model_copy(deep=True)
    first.serve = first.serve.model_copy(update={"database": f"sqlite:///{tmp_path}/serve.db"})
    now = [first]
    gateway = Gateway(first, load=lambda: now[0]).ready()
    state = gateway.app.state.server
    statuses: list[int] = []
    stop = threading.Event()

    def keep_asking() -> None:
        with httpx.Client(base_url=gateway.address, timeout=60) as client:
            while not stop.is_set():
                statuses.append(client.post("/v1/recommendations", json={"request": "a lamp", "k": 1}).status_code)

    thread = threading.Thread(target=keep_asking)
    thread.start()
    try:

        def reload() -> str:
            return str(asyncio.run_coroutine_threadsafe(state.reload(), gateway.loop()).result(30))

        second = first.model_copy(deep=True)
        second.explain = second.explain.model_copy(update={"mode": "record"})
        now[0] = second
        assert reload() == ""
        before = model.seen()["asked"]
        answer = gateway.ask(f"{TENT} 111").json()
        assert answer["model"] is None
        assert model.seen()["asked"] == before, "no language model takes part any more"
        third = first.model_copy(deep=True)
        third.explain = third.explain.model_copy(update={"prompt": "explain/no-such-prompt"})
        now[0] = third
        assert "no-such-prompt" in reload()
        assert gateway.ask(f"{TENT} 112").status_code == 200
        now[0] = first
        assert reload() == ""
        assert gateway.ask(f"{TENT} 113").json()["engine"] == "server"
    finally:
        stop.set()
        thread.join()
        gateway.stop()
    assert set(statuses) == {200}
