"""`ask` and `chat` beside a running server: the same is printed, and the server is used only where that is certain."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.catalog.fakes import HashEmbedder
from tests.homes import new_home
from tests.pipeline.shop import PRODUCTS
from tests.server.helpers import free_port, until
from typer.testing import CliRunner

from shelftalk import Shelf
from shelftalk.catalog import Catalog
from shelftalk.cli.main import app
from shelftalk.cli.near import Unserved
from shelftalk.engines.fake import FakeEngine
from shelftalk.errors import EngineError, ShelftalkError, UsageError
from shelftalk.prompts import PromptLibrary
from shelftalk.server import alike
from shelftalk.server.announced import Announced
from shelftalk.server.app import create_app
from shelftalk.server.notice import FOLDER, leave, left_for
from shelftalk.server.protocol import HurriedProtocol
from shelftalk.settings import Settings, load_settings

UNTIL_S = 300.0  # a machine that is busy with something else
KETTLE = "a kettle under 45, not red"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue, where everything else is kept in the same folder and the record speaks."""
    Catalog.open(tmp_path / "shop", create=True, embedder=HashEmbedder()).upsert(PRODUCTS)
    monkeypatch.setattr("shelftalk.catalog.embed.load_embedder", lambda *_: HashEmbedder())
    monkeypatch.setenv("SHELFTALK_HOME", str(new_home(tmp_path / "home")))
    monkeypatch.setenv("COLUMNS", "500")  # no line of timings is broken in two
    monkeypatch.setenv("SHELFTALK_SERVE__DATABASE", f"sqlite:///{tmp_path}/serve.db")
    monkeypatch.setenv("SHELFTALK_UNDERSTAND__MODE", "rules")
    monkeypatch.setenv("SHELFTALK_RANK__STRATEGY", "none")
    monkeypatch.setenv("SHELFTALK_EXPLAIN__MODE", "record")
    monkeypatch.setattr("shelftalk.cli.near._GREET_S", 60.0)
    monkeypatch.setattr("shelftalk.cli.near._SILENCE_S", 60.0)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shop"


@contextlib.contextmanager
def serving(
    shop: Path, engine: FakeEngine | None = None, host: str = "127.0.0.1", ready: bool = True, **changed: Any
) -> Iterator[Announced]:
    """A server of the shop in a thread, as `shelftalk serve` runs one, with its notice."""
    settings = load_settings(catalog=shop, **changed)
    settings.serve = settings.serve.model_copy(update={"host": host, "port": free_port()})
    with Shelf(Catalog.open(shop, embedder=HashEmbedder()), settings, PromptLibrary.default(), engine) as shelf:
        application = create_app(settings, shelf)
        application.state.near = "the secret of this server"
        config = uvicorn.Config(
            application, host=host, port=settings.serve.port, http=HurriedProtocol, log_level="critical"
        )
        server = Announced(config, home=settings.home_folder, catalog=shop, secret=application.state.near)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            until(lambda: server.started, UNTIL_S)
            if ready:
                until(lambda: not application.state.server.not_ready, UNTIL_S)
            server.state = application.state.server  # type: ignore[attr-defined]
            yield server
        finally:
            server.should_exit = True
            thread.join(20)


@pytest.fixture
def no_shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    """No shelf is opened by a command: whatever it prints comes from a server."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a shelf was opened")

    monkeypatch.setattr("shelftalk.cli.common.open_shelf", refuse)


def run(*arguments: str, text: str | None = None) -> Any:
    done = CliRunner().invoke(app, list(arguments), input=text)
    if done.exception is not None and not isinstance(done.exception, (ShelftalkError, SystemExit)):
        raise done.exception
    return done


def timeless(printed: str) -> str:
    """What was printed, without the line of timings."""
    return "\n".join(line for line in printed.splitlines() if not line.startswith("no language model used"))


def test_a_question_prints_what_it_prints_without_a_server(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("ask", KETTLE, "--catalog", str(shop), "--k", "3")
    text, markdown = run(*asked, "--local").stdout, run(*asked, "--local", "--markdown").stdout
    whole = json.loads(run(*asked, "--local", "--json").stdout)
    with serving(shop):
        monkeypatch.setattr("shelftalk.cli.common.open_shelf", None)
        assert timeless(run(*asked).stdout) == timeless(text)
        assert "evidence: " in text
        assert run(*asked, "--markdown").stdout == markdown
        served = json.loads(run(*asked, "--json").stdout)
    assert served.pop("timings_ms").keys() == whole.pop("timings_ms").keys()
    assert served == whole
    assert whole["picks"]


def test_the_language_models_words_come_with_their_claims(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFTALK_EXPLAIN__MODE", "model")
    monkeypatch.setattr("shelftalk.pipeline.stages.load_engine", lambda *_, **__: FakeEngine(default=" is blue."))
    asked = ("ask", "a blue kettle", "--catalog", str(shop), "--json")
    whole = json.loads(run(*asked, "--local").stdout)
    assert whole["model"] == "fake"
    with serving(shop, FakeEngine(default=" is blue.")):
        monkeypatch.setattr("shelftalk.cli.common.open_shelf", None)
        served = json.loads(run(*asked).stdout)
    for answer in (whole, served):
        answer.pop("timings_ms")
    assert served == whole


def test_a_conversation_prints_what_it_prints_without_a_server(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = "\n".join(
        ("the cheapest kettle", "cheaper ones", "a kettle under 35", "is the first cordless?", "tell me more about the second",
         "why the first?", "why not k4?", "why not the Zyx?", "/new", "why the first?", "/quit")
    )  # fmt: skip
    talk = ("chat", "--catalog", str(shop))
    alone = run(*talk, "--local", text=turns).stdout
    with serving(shop):
        monkeypatch.setattr("shelftalk.cli.common.open_shelf", None)
        assert timeless(run(*talk, text=turns).stdout) == timeless(alone)
    assert "5 products" in alone
    assert "fails a limit" in alone


def test_a_request_that_is_refused_is_refused_in_the_same_words(shop: Path, no_shelf: None) -> None:
    with serving(shop):
        for wrong, told in ((" ", "the request is empty; say what to look for"), ("x" * 5000, "has 5000 characters")):
            for form in ((), ("--json",)):
                error = run("ask", wrong, "--catalog", str(shop), *form).exception
                assert isinstance(error, UsageError)
                assert told in str(error)


def test_a_change_of_the_catalogue_is_seen_by_the_next_question(shop: Path, no_shelf: None) -> None:
    from tests.pipeline.shop import kettle

    asked = ("ask", "the cheapest kettle", "--k", "1", "--json", "--catalog", str(shop))
    with serving(shop):
        assert json.loads(run(*asked).stdout)["picks"][0]["product_id"] == "k1"
        Catalog.open(shop, embedder=HashEmbedder()).upsert([kettle("k0", "9.90", 1.0, "Orsk", "grey")])
        assert json.loads(run(*asked).stdout)["picks"][0]["product_id"] == "k0"


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "shelftalk")
    return caplog


def alone(shop: Path, *options: str) -> Any:
    """The command answers by itself, and prints nothing of it."""
    done = run("ask", KETTLE, "--json", "--catalog", str(shop), *options)
    assert len(json.loads(done.stdout)["picks"]) >= 1
    assert done.stderr == ""
    return done


@pytest.mark.parametrize(
    "changed",
    [
        {"SHELFTALK_K": "2"},
        {"SHELFTALK_RETRIEVE__CANDIDATES": "20"},
        {"SHELFTALK_ADAPTER": "none"},
        {"SHELFTALK_RANK__MODEL_WEIGHT": "0.1"},
        {"SHELFTALK_SERVER": "http://127.0.0.1:1"},
        {"SHELFTALK_MAX_REQUEST_CHARS": "500"},
    ],
    ids=str,
)
def test_with_other_settings_the_command_answers_by_itself(
    shop: Path, monkeypatch: pytest.MonkeyPatch, told: pytest.LogCaptureFixture, changed: dict[str, str]
) -> None:
    with serving(shop):
        for name, value in changed.items():
            monkeypatch.setenv(name, value)
        alone(shop)
    assert "is not used: it has other settings, prompts or another version" in told.text


@pytest.mark.parametrize(
    "options",
    [("--local",), ("--model", "some/other"), ("--engine", "transformers"), ("--server", "http://127.0.0.1:1")],
)
def test_options_that_the_server_cannot_honour_have_the_command_answer_by_itself(
    shop: Path, told: pytest.LogCaptureFixture, options: tuple[str, ...]
) -> None:
    with serving(shop):
        alone(shop, *options)
    assert "answers (process" not in told.text


def test_options_that_the_server_was_started_with_as_well_leave_it_in_use(shop: Path, no_shelf: None) -> None:
    with serving(shop, model="some/other"):
        assert run("ask", KETTLE, "--catalog", str(shop), "--model", "some/other").exit_code == 0


def test_where_only_the_server_asks_several_language_models_it_is_not_used(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFTALK_SERVE__VLLM", '["http://127.0.0.1:1"]')  # which `ask` does not read
    with serving(shop):
        alone(shop)


def test_another_version_or_prompt_has_the_command_answer_by_itself(
    shop: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with serving(shop):
        with monkeypatch.context() as patched:
            patched.setattr(alike, "BUILD", ["0.0.1"])
            alone(shop)
        with monkeypatch.context() as patched:
            (tmp_path / "prompts" / "explain").mkdir(parents=True)
            (tmp_path / "prompts" / "explain" / "statement@1.jinja").write_text("another")
            patched.setattr(alike, "resource", lambda name: tmp_path / name)
            alone(shop)
        monkeypatch.setattr("shelftalk.cli.common.open_shelf", None)
        assert run("ask", KETTLE, "--catalog", str(shop)).exit_code == 0


def test_a_catalogue_made_anew_in_the_same_folder_is_not_the_one_that_is_served(shop: Path) -> None:
    import shutil

    with serving(shop):
        shutil.rmtree(shop)
        Catalog.open(shop, create=True, embedder=HashEmbedder()).upsert(PRODUCTS[:2])
        assert len(json.loads(alone(shop).stdout)["picks"]) == 1


def test_a_missing_catalogue_is_told_as_ever(shop: Path) -> None:
    error = run("ask", KETTLE, "--catalog", str(shop / "nowhere")).exception
    assert "no catalogue at" in str(error)


def test_a_server_that_cannot_get_ready_or_is_busy_is_not_waited_for(
    shop: Path, monkeypatch: pytest.MonkeyPatch, told: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("shelftalk.server.state.warm", lambda *_: (_ for _ in ()).throw(EngineError("no")))
        with serving(shop, ready=False) as server:
            state = server.config.app.state.server  # type: ignore[union-attr]
            until(lambda: not state.starting, UNTIL_S)
            alone(shop)
    with serving(shop) as server:
        state = server.state  # type: ignore[attr-defined]
        monkeypatch.setattr(type(state.pool), "admit", lambda _: (_ for _ in ()).throw(_busy()))
        alone(shop)
    assert "too many requests are waiting" in told.text


def _busy() -> Exception:
    from shelftalk.server.pool import Busy

    return Busy(3)


def test_where_the_model_fails_at_the_server_the_command_says_so_and_goes_on_by_itself(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELFTALK_EXPLAIN__MODE", "model")
    monkeypatch.setattr("shelftalk.pipeline.stages.load_engine", lambda *_, **__: FakeEngine(default=" is blue."))
    asked = ("ask", "a blue kettle", "--catalog", str(shop))
    printed = run(*asked, "--local").stdout
    broken = FakeEngine(default=" is blue.")
    with serving(shop, broken) as server:
        broken.default = EngineError("the model is gone")
        for form in ((), ("--markdown",)):
            done = run(*asked, *form)
            assert done.stderr.count("\n") == 1
            assert "answering without it" in done.stderr
            if not form:
                assert done.stdout.splitlines()[:-1] == printed.splitlines()[:-1], "nothing is printed twice"
        assert server.config.port


def test_a_chat_goes_on_when_the_server_is_stopped(shop: Path) -> None:
    from shelftalk.cli.near import Answers
    from shelftalk.values import Request

    with Answers(shop, load_settings()) as answers:
        with serving(shop):
            first = answers.ask(Request(KETTLE))
            assert answers._own is None
        assert answers.ask(Request(KETTLE)).picks == first.picks
        assert answers._own is not None


def test_a_server_that_asks_for_keys_still_answers_its_own_user(shop: Path, tmp_path: Path, no_shelf: None) -> None:
    from shelftalk.server.db import Keys, connect

    with serving(shop):
        Keys(connect(f"sqlite:///{tmp_path}/serve.db")).create("till", ["ask"])
        assert run("ask", KETTLE, "--catalog", str(shop)).exit_code == 0


def test_a_server_on_ipv6_is_found(shop: Path, no_shelf: None) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with serving(shop, host="::1"):
        (told,) = left_for(load_settings().home_folder, shop)
        assert told.address == "::1"
        assert run("ask", KETTLE, "--catalog", str(shop)).exit_code == 0


def test_the_notice_goes_when_the_server_stops(shop: Path) -> None:
    home = load_settings().home_folder
    with serving(shop):
        assert len(left_for(home, shop)) == 1
    assert list((home / FOLDER).iterdir()) == []


def test_of_two_servers_the_one_that_answers_alike_is_used(shop: Path, no_shelf: None) -> None:
    with serving(shop), serving(shop, k=7):  # the newer has other settings
        assert run("ask", KETTLE, "--catalog", str(shop)).exit_code == 0


@contextlib.contextmanager
def another_program(shop: Path, reply: bytes) -> Iterator[list[bytes]]:
    """What a program is sent that has got the port of a server."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        left = leave(load_settings().home_folder, shop, "127.0.0.1", listening.getsockname()[1], "the secret")
        assert left is not None

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line, _ = listening.accept()
                    with line:
                        while got := line.recv(10_000):
                            seen.append(got)
                            line.sendall(reply)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield seen
        listening.shutdown(socket.SHUT_RDWR)
        left.remove()


@pytest.mark.parametrize(
    "reply",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n{"said": {"likeness": ""}, "proof": "..."}',
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"220 mail.example.com ESMTP\r\n",
        b"\x00" * 100_000,
    ],
    ids=["wrong proof", "no proof", "a list", "sends elsewhere", "not found", "no HTTP", "zeros"],
)
def test_another_program_on_its_port_gets_neither_the_words_nor_the_secret(shop: Path, reply: bytes) -> None:
    with another_program(shop, reply) as seen:
        alone(shop)
    assert len(seen) == 1
    assert seen[0].startswith(b"GET /near?nonce=")
    assert b"kettle" not in seen[0]
    assert b"the secret" not in seen[0]


def test_a_notice_whose_server_is_gone_costs_nothing(shop: Path) -> None:
    left = leave(load_settings().home_folder, shop, "127.0.0.1", free_port(), "the secret")
    assert left is not None
    alone(shop)  # refused at the door
    os.close(left._handle)  # as the system does when a process is killed
    left._handle = -1
    alone(shop)
    assert not left.path.exists()


@pytest.fixture
def let_go(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A server gets ready only when this is set."""
    go = threading.Event()
    monkeypatch.setattr("shelftalk.server.state.warm", lambda *_: go.wait(UNTIL_S))
    return go


def test_a_server_that_is_starting_is_waited_for_and_the_user_told(
    shop: Path, monkeypatch: pytest.MonkeyPatch, no_shelf: None, let_go: threading.Event
) -> None:
    monkeypatch.setattr("shelftalk.cli.near._START_S", UNTIL_S)
    with serving(shop, ready=False):
        monkeypatch.setattr("time.sleep", lambda _: let_go.set())
        done = run("ask", KETTLE, "--json", "--catalog", str(shop))
        assert json.loads(done.stdout)["picks"]
        assert done.stderr.count("\n") == 1
        assert "is starting; waiting for it, 300 s at most" in done.stderr


def test_a_server_that_starts_for_too_long_is_done_without_and_the_user_told(
    shop: Path, monkeypatch: pytest.MonkeyPatch, let_go: threading.Event
) -> None:
    monkeypatch.setattr("shelftalk.cli.near._START_S", 0.0)
    with serving(shop, ready=False):
        done = run("ask", KETTLE, "--json", "--catalog", str(shop))
        let_go.set()
    assert json.loads(done.stdout)["picks"]
    assert "the server is not ready yet; answering without it" in done.stderr


def test_a_server_that_starts_with_other_settings_is_not_waited_for(shop: Path, let_go: threading.Event) -> None:
    with serving(shop, ready=False, k=7):
        alone(shop)
        let_go.set()


def test_a_server_that_does_not_listen_yet_is_waited_for(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = leave(load_settings().home_folder, shop, "127.0.0.1", free_port(), "the secret", starting=True)
    assert left is not None
    monkeypatch.setattr("time.sleep", lambda _: left.remove())
    done = run("ask", KETTLE, "--json", "--catalog", str(shop))
    assert "is starting" in done.stderr
    assert json.loads(done.stdout)["picks"]


def test_a_notice_stands_from_the_start_and_only_one(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, seen = load_settings().home_folder, []

    async def startup(self: Any, sockets: Any = None) -> None:
        seen.extend(left_for(home, shop))
        await listen(self, sockets)

    listen = uvicorn.Server.startup
    monkeypatch.setattr(uvicorn.Server, "startup", startup)
    with serving(shop):
        (early,), (now,) = seen, left_for(home, shop)
    assert (early.starting, now.starting, early.port == now.port) == (True, False, True)


def file_of(tmp_path: Path, shop: Path, count: int = 3) -> tuple[str, ...]:
    lines = [{"id": str(n), "request": KETTLE if n else " "} for n in range(count)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "out.jsonl").unlink(missing_ok=True)
    return (
        "ask",
        "--input",
        str(tmp_path / "in.jsonl"),
        "--output",
        str(tmp_path / "out.jsonl"),
        "--catalog",
        str(shop),
    )


def answers_of(tmp_path: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    for answer in found:
        answer.pop("timings_ms", None)
    return found


def test_a_file_of_requests_is_answered_by_the_server(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*file_of(tmp_path, shop), "--local")
    alone = answers_of(tmp_path)
    with serving(shop), monkeypatch.context() as patched:
        patched.setattr(Shelf, "ask_many", None)  # the server streams
        run(*file_of(tmp_path, shop))
    assert answers_of(tmp_path) == alone
    assert ["error" in answer for answer in alone] == [True, False, False]


def test_a_file_goes_on_without_a_server_that_fails(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(shop):
        monkeypatch.setattr(
            "shelftalk.cli.near._Line.stream", lambda *_: (_ for _ in ()).throw(Unserved("it broke off"))
        )
        done = run(*file_of(tmp_path, shop))
    assert done.stderr.count("answering without it") == 1
    assert answers_of(tmp_path)[1]["picks"]


def test_settings_are_read_the_same_way_on_both_sides(shop: Path) -> None:
    """What `likeness` is made of does not depend on where the settings came from."""
    one = alike.likeness(load_settings(catalog=shop), shop)
    two = alike.likeness(Settings(**load_settings().model_dump()), shop.parent / "." / "shop")
    assert one == two
