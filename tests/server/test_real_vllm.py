"""A real vLLM server beside a real gateway: what is not wanted any more is aborted, by vLLM's own counter; tenants are salted."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from tests.server.helpers import free_port, until

from shelftalk.engines import Decoding
from shelftalk.engines.call import Call, Cancelled, opened
from shelftalk.engines.fake import prompt
from shelftalk.engines.load import vllm_installed
from shelftalk.engines.server_engine import ServerEngine
from shelftalk.server.app import create_app
from shelftalk.server.vllm_process import VllmProcess, vllm_beside
from shelftalk.settings import load_settings

pytestmark = [pytest.mark.model, pytest.mark.vllm]
LONG = prompt("Count on for a long time.", prefix="1, 2, 3,")


@pytest.fixture(scope="module")
def vllm() -> Iterator[tuple[VllmProcess, str]]:
    if not vllm_installed():
        pytest.skip("vLLM is not installed here")
    process, key = vllm_beside(
        load_settings(adapter="none")
    )  # the base rambles on, the tuned model stops after a sentence
    try:
        until(lambda: httpx.get(f"{process.address}/health", timeout=5).status_code == 200, 400, 0.5)
        yield process, key
    finally:
        process.stop()


@pytest.fixture
def engine(vllm: tuple[VllmProcess, str]) -> Iterator[ServerEngine]:
    made = ServerEngine(vllm[0].address, api_key=vllm[1])
    yield made
    made.close()


def _count(process: VllmProcess, name: str, labels: str = "") -> float:
    text = httpx.get(f"{process.address}/metrics", timeout=10).text
    return sum(
        float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(rf"{name}{{", line) and labels in line
    )


def _written(process: VllmProcess) -> float:
    return _count(process, "vllm:generation_tokens_total")


def _stands_still(process: VllmProcess) -> bool:
    """Whether vLLM writes no more. (Its counter of aborts leaves out those of clients that hung up.)"""
    before = _written(process)
    time.sleep(2)
    return _written(process) == before


@pytest.mark.parametrize("way", ["generate", "stream"])
def test_vllm_stops_writing_when_a_generation_is_called_off(
    vllm: tuple[VllmProcess, str], engine: ServerEngine, way: str
) -> None:
    before, call = _written(vllm[0]), Call()

    def call_off() -> None:
        until(lambda: _written(vllm[0]) > before, 60)
        call.cancel.set()

    threading.Thread(target=call_off).start()
    asked = {
        "generate": lambda: engine.generate([LONG, LONG], Decoding(max_tokens=3000)),
        "stream": lambda: list(engine.stream(LONG, Decoding(max_tokens=3000))),
    }
    with opened(call), pytest.raises(Cancelled):
        asked[way]()
    until(lambda: _stands_still(vllm[0]), 20)
    assert _written(vllm[0]) - before < 3000, "it wrote all that it was asked for"


def test_tenants_do_not_share_the_prefix_cache(vllm: tuple[VllmProcess, str], engine: ServerEngine) -> None:
    shop = prompt("The shop sells tents, lamps and kettles of many kinds. " * 40)

    def hits(tenant: str) -> float:
        before = _count(vllm[0], "vllm:prefix_cache_hits_total")
        with opened(Call(tenant=tenant)):
            assert engine.generate([shop], Decoding(max_tokens=2))[0].tokens.prompt > 300
        time.sleep(1)
        return _count(vllm[0], "vllm:prefix_cache_hits_total") - before

    assert hits("acme") == 0
    assert hits("acme") >= 256, "the same tenant finds its own prefix"
    assert hits("other") == 0, "another does not"


def test_a_client_that_leaves_a_stream_has_the_gateway_abort_at_vllm(
    vllm: tuple[VllmProcess, str], demo_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(catalog=demo_catalog, api_key=vllm[1])
    update = {
        "vllm": (vllm[0].address,),
        "database": f"sqlite:///{tmp_path}/serve.db",
        "explain_s": 300,
        "limit_s": 300,
    }
    settings.serve = settings.serve.model_copy(update=update)
    settings.engine = "server"
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: httpx.get(f"{address}/readyz", timeout=5).status_code == 200, 120)
        slow = Decoding(max_tokens=3000)
        monkeypatch.setattr("shelftalk.explain.write.Decoding", lambda *a, **k: slow)
        for stream in (True, False):
            before = _written(vllm[0])
            body = {"request": f"a tent for two under {190 + stream}", "stream": stream}
            timeout = httpx.Timeout(300 if stream else 8)
            with httpx.Client(base_url=address, timeout=timeout) as client:
                if stream:
                    with client.stream("POST", "/v1/recommendations", json=body) as reply:
                        lines = reply.iter_lines()  # kept: a generator that is dropped closes the connection
                        for line in lines:
                            if line == "event: pick":
                                break
                        until(lambda before=before: _written(vllm[0]) > before, 60)
                else:
                    with pytest.raises(httpx.ReadTimeout):
                        client.post("/v1/recommendations", json=body)
            until(lambda: _stands_still(vllm[0]), 30)
            assert _written(vllm[0]) - before < 3000
            until(lambda: "shelftalk_active 0" in httpx.get(f"{address}/metrics").text, 30)
    finally:
        server.should_exit = True
        thread.join(60)
