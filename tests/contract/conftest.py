"""The engines that the contract is held against, each started once, one after the other."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from shelftalk.engines import Engine, FakeEngine
from shelftalk.engines.fake import words
from shelftalk.engines.load import vllm_installed
from shelftalk.engines.models import resolve_model
from shelftalk.engines.serving import serve_command, serve_environment
from shelftalk.settings import load_settings
from shelftalk.values import Prompt

KINDS = [
    pytest.param("fake"),
    pytest.param("transformers", marks=pytest.mark.model),
    pytest.param("vllm", marks=[pytest.mark.model, pytest.mark.vllm]),
    pytest.param("server", marks=[pytest.mark.model, pytest.mark.vllm]),
]


@dataclass
class Server:
    """A real `vllm serve`, and how to end it."""

    address: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it and all processes it started; safe to call twice."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that close an engine, or end its server, run after all others of that engine, in whatever order those are."""
    places = [at for at, item in enumerate(items) if isinstance(item, pytest.Function) and _engine_of(item)]
    order: dict[str, int] = {}
    for at in places:
        order.setdefault(_engine_of(items[at]), at)
    ordered = sorted((items[at] for at in places), key=lambda i: (order[_engine_of(i)], _rank(i)))
    for at, item in zip(places, ordered, strict=True):
        items[at] = item


def _engine_of(item: pytest.Item) -> str:
    here = item.path.parent == Path(__file__).parent and "engine" in getattr(item, "fixturenames", ())
    return str(getattr(item, "callspec", None) and item.callspec.params.get("engine", "")) if here else ""  # type: ignore[attr-defined]


def _rank(item: pytest.Item) -> int:
    mark = item.get_closest_marker("last")
    return 0 if mark is None else int(mark.args[0])


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The default model, unpacked where the settings say."""
    folder = resolve_model("default", load_settings().home_folder)
    assert isinstance(folder, Path)
    return folder


def start_server(folder: Path, log: Path) -> Server:
    """`vllm serve` with the project's own configuration, on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = serve_command(folder, port=port)
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=serve_environment(), start_new_session=True)
    server = Server(f"http://127.0.0.1:{port}", process)
    end = time.monotonic() + 400
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{server.address}/health", timeout=2).status_code == 200:
                return server
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    server.kill()
    raise RuntimeError(f"vllm serve did not start:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="session", params=KINDS)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Each engine in turn, with the real model (the fake with canned replies of the same shape)."""
    kind = request.param
    if kind == "fake":
        yield FakeEngine(default=canned)
        return
    if kind in ("vllm", "server") and not vllm_installed():
        pytest.skip("vLLM is not installed here")
    folder: Path = request.getfixturevalue("model_folder")
    if kind == "transformers":
        from shelftalk.engines.transformers_engine import TransformersEngine

        made: Engine = TransformersEngine(folder)
        yield made
        made.close()
    elif kind == "vllm":
        from shelftalk.engines.vllm_engine import VllmEngine

        made = VllmEngine(folder)
        yield made
        made.close()
    else:
        from shelftalk.engines.server_engine import ServerEngine

        server = start_server(folder, tmp_path_factory.mktemp("server") / "log.txt")
        try:
            made = ServerEngine(server.address)
            made.test_server = server  # type: ignore[attr-defined]
            yield made
            made.close()
        finally:
            server.kill()


def canned(prompt: Prompt) -> str | dict[str, float]:
    """What the fake says: of the shape that the contract's prompts ask for."""
    text = words(prompt)
    if "letter" in text:
        return {"A": -1.0, "B": -2.0, "C": -0.5}
    if "JSON" in text:
        return '{"colour":"red","count":4,"tags":["a"]}'
    if "gift" in text:
        return '"☕ café 🎁 日本"'
    if "Say the word" in text:
        return f"{text.split()[-1]} is the word"
    return " 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16"


@pytest.fixture(scope="session")
def reference(model_folder: Path) -> list[dict[str, float]]:
    """Log-probabilities of A, B and C after each of the letter prompts, by transformers and nothing of ours."""
    import torch
    from tests.contract.test_engines import LETTERS
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    letters = [tokenizer.convert_tokens_to_ids(letter) for letter in "ABC"]
    found = []
    for prompt in LETTERS:
        messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        with torch.inference_mode():
            logits = model(**ids).logits[0, -1, letters]
        found.append(dict(zip("ABC", torch.log_softmax(logits, dim=-1).tolist(), strict=True)))
    return found


@pytest.fixture(scope="session")
def prompt_tokens(model_folder: Path) -> int:
    """The tokens of the first letter prompt under the model's chat template."""
    from tests.contract.test_engines import LETTERS
    from transformers import AutoTokenizer

    messages = [{"role": m.role, "content": m.content} for m in LETTERS[0].messages]
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    return len(tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"])
