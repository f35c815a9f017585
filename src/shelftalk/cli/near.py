"""Answers for `ask` and `chat`: from a running `shelftalk serve` that would give the same ones, else from a shelf of their own.

A server is found by the notice that it leaves (server/notice.py). It is used where it proves that it left it, is ready, and
would answer as this process does (server/alike.py); one that is starting is waited for. Nothing is sent to it before, and nothing ever beyond the loopback.
"""

from __future__ import annotations

import http.client
import json
import logging
import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from shelftalk.cli import common
from shelftalk.errors import CatalogError, ShelftalkError, UsageError
from shelftalk.values import Answer, Request

if TYPE_CHECKING:
    from shelftalk.pipeline import Shelf
    from shelftalk.server.notice import Notice
    from shelftalk.settings import Settings

logger = logging.getLogger(__name__)

_GREET_S = 10.0
_SILENCE_S = 30.0  # a server that works on an answer says so every ten seconds
_START_S = 120.0  # a server that loads its language model is waited for so long: one of their own takes near a minute
_LOOK_EVERY_S = 0.5
_MOST_GREETING = 10_000
_ERRORS: dict[str, type[ShelftalkError]] = {"UsageError": UsageError, "CatalogError": CatalogError}


@dataclass(frozen=True, slots=True)
class ServedEvent:
    """One step of an answer: what `shelftalk.pipeline.Event` is, without what that takes to import."""

    kind: str
    value: Any


class Unserved(Exception):
    """The server that was found does not give this answer; the text says why."""


class Answers:
    """What a catalogue answers. The shelf is opened when no server can be used, and is then used to the end.

    `local` has no server looked for.
    """

    def __init__(self, catalog: Path | None, settings: Settings, *, local: bool = False) -> None:
        self._catalog, self._settings, self._local = catalog or settings.catalog, settings, local
        self._own: Shelf | None = None

    def __enter__(self) -> Answers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._own is not None:
            self._own.close()

    def stream(self, request: Request) -> Iterator[ServedEvent]:
        """The events of `Shelf.stream`. Where the server breaks off, the shelf goes on after what it has told."""
        told = 0
        try:
            with self._server() as line:
                if line is not None:
                    for step in line.stream(request):
                        yield step
                        told += 1
                    return
        except Unserved as error:
            _tell(error)
        for number, event in enumerate(self._shelf().stream(request)):
            if number >= told:
                yield ServedEvent(event.kind, event.value)

    def ask(self, request: Request) -> Answer:
        """The answer of `Shelf.ask`."""
        try:
            with self._server() as line:
                if line is not None:
                    return line.ask(request)
        except Unserved as error:
            _tell(error)
        return self._shelf().ask(request)

    def ask_all(self, requests: Sequence[Request]) -> list[Answer] | None:
        """The answers of a server, as many at a time as it has workers; None, then and ever after, where none can be used."""
        try:
            with self._server() as line:
                if line is not None:
                    with ThreadPoolExecutor(self._settings.serve.workers) as pool:
                        return list(pool.map(self._served, requests))
        except Unserved as error:
            _tell(error)
        self._local = True
        return None

    def _served(self, request: Request) -> Answer:
        with self._server() as line:
            if line is None:
                raise Unserved("this catalogue: it cannot answer now")
            return line.ask(request)

    def count(self) -> int:
        """How many products there are."""
        return int(self._aside("count"))

    def _aside(self, name: str, *given: Any) -> Any:
        from shelftalk.conversation import BESIDE

        try:
            with self._server() as line:
                if line is not None:
                    return line.aside(name, given)
        except Unserved as error:
            _tell(error)
        return BESIDE[name](self._shelf(), *given)

    def _shelf(self) -> Shelf:
        if self._own is None:
            self._own = common.open_shelf(self._catalog, self._settings)
        return self._own

    @contextmanager
    def _server(self) -> Iterator[_Line | None]:
        """The line to a server that can be used, None where there is none. It is looked for anew for each call."""
        line = None if self._local or self._own is not None else find(self._catalog, self._settings)
        try:
            yield line
        finally:
            if line is not None:
                line.close()


class _Line:
    """An open connection to a server. Every call raises Unserved where it does not hold."""

    def __init__(self, notice: Notice) -> None:
        self._secret, self.url = notice.secret, notice.url
        self._http = http.client.HTTPConnection(notice.address, notice.port, timeout=_GREET_S)

    def close(self) -> None:
        """Hangs up; what the server still does for it is called off."""
        self._http.close()

    def greet(self) -> dict[str, Any]:
        """What the server says of itself, once it has proven that it left the notice."""
        import hmac

        from shelftalk.server.notice import proof

        nonce = secrets.token_urlsafe(16)
        with self._held():
            self._http.request("GET", f"/near?nonce={nonce}")
            reply = self._http.getresponse()
            if reply.status != http.client.OK:
                raise Unserved(f"it answered with status {reply.status}")
            found = json.loads(reply.read(_MOST_GREETING))
            said = found["said"]
            if not hmac.compare_digest(str(found["proof"]), proof(self._secret, nonce, said)):
                raise Unserved("it is not the server that left the notice")
            return dict(said)

    def stream(self, request: Request) -> Iterator[ServedEvent]:
        """The events, the last of them the answer."""
        from shelftalk.server.exact import unpacked

        with self._held():
            reply = self._post("stream", request)
            kind = ""
            for line in reply:
                name, _, data = line.decode("ascii").rstrip("\n").partition(": ")
                if name == "event":
                    kind = data
                elif name == "data":
                    if kind in ("error", "unserved"):
                        _raise(kind, json.loads(data))
                    step = ServedEvent(kind, unpacked(json.loads(data)))
                    yield step
                    if isinstance(step.value, Answer):
                        return
            raise Unserved("it broke off")

    def ask(self, request: Request) -> Answer:
        """The answer, as a shelf's `ask` gives it: all reasons at once."""
        answer = cast("Answer", list(self.stream(request))[-1].value)
        whole = {name: ms for name, ms in answer.timings_ms.items() if name != "first_reason"}
        return replace(answer, timings_ms=whole)

    def aside(self, name: str, given: tuple[Any, ...]) -> Any:
        """What a function of `conversation.BESIDE` returns there."""
        from shelftalk.server.exact import unpacked

        with self._held():
            found = json.loads(self._post(name, given).read())
            if "error" in found:
                _raise("error", found["error"])
            return unpacked(found["returned"])

    def _post(self, name: str, sent: Any) -> http.client.HTTPResponse:
        from shelftalk.server.exact import packed

        if self._http.sock is not None:
            self._http.sock.settimeout(_SILENCE_S)
        headers = {"Authorization": f"Bearer {self._secret}", "Content-Type": "application/json"}
        self._http.auto_open = 0  # the secret and the words go down the line that was proven, never down another
        self._http.request("POST", f"/near/{name}", json.dumps(packed(sent)), headers)
        reply = self._http.getresponse()
        if reply.status != http.client.OK:
            raise Unserved(f"it answered with status {reply.status}")
        return reply

    @contextmanager
    def _held(self) -> Iterator[None]:
        try:
            yield
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
            raise Unserved(f"{self.url}: {error or type(error).__name__}") from error
        except Unserved as error:
            raise Unserved(f"{self.url}: {error}") from error


class Served:
    """A shelf for a file of requests (bulk.py) whose batches a server answers where one can be used, else that shelf."""

    def __init__(self, shelf: Shelf, answers: Answers) -> None:
        self.settings, self.catalog, self.check = shelf.settings, shelf.catalog, shelf.check
        self._shelf, self._answers = shelf, answers

    def ask_many(self, requests: Sequence[Request], *, batch: int = 16) -> Iterator[Answer]:
        """As `Shelf.ask_many`."""
        found = self._answers.ask_all(requests)
        yield from self._shelf.ask_many(requests, batch=batch) if found is None else found


def find(catalog: Path, settings: Settings) -> _Line | None:
    """The line to a server of that catalogue that is ready and answers as these settings would have it; None without one.

    One that is starting is waited for, and the user told.
    """
    until = None
    while True:
        line, starting = _look(catalog, settings)
        if line is not None or not starting:
            return line
        now = time.monotonic()
        if until is None:
            until = now + _START_S
            common.fail(f"a server of this catalogue is starting; waiting for it, {_START_S:.0f} s at most")
        elif now >= until:
            common.fail("the server is not ready yet; answering without it")
            return None
        time.sleep(_LOOK_EVERY_S)


def _look(catalog: Path, settings: Settings) -> tuple[_Line | None, bool]:
    """The line to a server that can be used, and where there is none whether one that may be used is starting."""
    from shelftalk.server.alike import likeness, servers_of
    from shelftalk.server.notice import left_for

    try:
        notices = left_for(settings.home_folder, catalog)
        if not notices:
            return None, False
        mine = likeness(settings, catalog, servers=servers_of(settings))
    except (OSError, UnicodeError) as error:  # whatever it is, the shelf tells of it better
        logger.info("no server was looked for: %s", error)
        return None, False
    starting = False
    for notice in notices:
        line = _Line(notice)
        try:
            said = line.greet()
        except Unserved as error:
            logger.info("a server is not used: %s", error)
            starting |= notice.starting
        else:
            if said["likeness"] == mine and not said["not_ready"]:
                logger.info("the server at %s answers (process %s)", notice.url, notice.pid)
                return line, False
            starting |= said["likeness"] == mine and bool(said.get("starting"))
            other = "it has other settings, prompts or another version" if said["likeness"] else ""
            logger.info("the server at %s is not used: %s", notice.url, said["not_ready"] or other)
        line.close()
    return None, starting


def _raise(kind: str, told: Any) -> None:
    if kind == "error":
        name, message = told
        raise _ERRORS[name](message)
    raise Unserved(str(told))


def _tell(error: Unserved) -> None:
    common.fail(f"no answer from the server at {error}; answering without it")
