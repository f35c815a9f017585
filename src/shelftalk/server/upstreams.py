"""Several vLLM servers as one engine: each is watched, each request goes to the healthy one with the least under way.

All calls of one request's batch go to one server, because they share a prefix that it then holds. Where a server fails,
the same call goes to another, once each.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from shelftalk.engines.base import Choice, Decoding, Engine, Generation, Prompt
from shelftalk.engines.decisions import DecisionsMode
from shelftalk.engines.server_engine import ServerEngine, Unreachable
from shelftalk.errors import EngineError

__all__ = ["Upstreams"]

logger = logging.getLogger(__name__)
T = TypeVar("T")
_CONNECTIONS = 256
Connect = Callable[[str], ServerEngine]


@dataclass
class _Member:
    address: str
    engine: ServerEngine | None = None
    up: bool = False
    active: int = 0
    served: int = 0
    why: str = "not asked yet"
    well_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Upstreams:
    """An engine over the servers at `addresses`; nothing is asked before `start`. EngineError where none is up.

    A server that refuses its health check is down at once, one that is slow to answer it after `patience_s`.
    """

    name = "server"

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        model: str | None = None,
        api_key: str | None = None,
        decisions: DecisionsMode = "auto",
        every_s: float = 2.0,
        patience_s: float = 20.0,
        connect: Connect | None = None,
    ) -> None:
        if not addresses:
            raise ValueError("at least one address is needed")
        self._connect = connect or (
            lambda address: ServerEngine(
                address, model=model, api_key=api_key, connections=_CONNECTIONS, decisions=decisions
            )
        )
        self._members = [_Member(address) for address in dict.fromkeys(addresses)]
        self.model = ""  # of the first server that was reached
        self._every_s, self._patience_s = every_s, patience_s
        self._lock = threading.Lock()
        self._turn = itertools.count()
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []

    def start(self) -> Upstreams:
        """The engine itself, once the servers are watched, each by a thread of its own."""
        for member in self._members:
            thread = threading.Thread(target=self._watch, args=(member,), name="shelftalk-upstream", daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def wait(self, timeout_s: float) -> bool:
        """Whether a server is up, within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stop.is_set() or self.any_up(), timeout_s) and self.any_up()

    def any_up(self) -> bool:
        """Whether a server is up now."""
        return any(m.up for m in self._members)

    def reasons(self) -> str:
        """Why no server can answer, each by its address."""
        return "; ".join(f"{m.address}: {m.why}" for m in self._members)

    def states(self) -> list[tuple[bool, int, int]]:
        """(up, calls under way, calls answered) of each server, in the order given."""
        return [(m.up, m.active, m.served) for m in self._members]

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        """One Choice a prompt, in order."""
        return self._ask(lambda engine: engine.choose(prompts, labels))

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """One Generation a prompt, in order."""
        return self._ask(lambda engine: engine.generate(prompts, decoding))

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        """The text of one generation; another server is tried only before the first piece."""
        tried: set[str] = set()
        while True:
            member, engine = self._take(tried)
            begun = False
            try:
                for piece in engine.stream(prompt, decoding):
                    begun = True
                    yield piece
                member.served += 1
                return
            except Unreachable as error:
                self._down(member, str(error))
                if begun:
                    raise
            finally:
                self._give(member)

    def count_tokens(self, text: str) -> int:
        """The number of tokens of a plain text, by one of the servers."""
        return self._ask(lambda engine: engine.count_tokens(text))

    def close(self) -> None:
        """Ends the watching and closes the connections; safe to call twice."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        for member in self._members:
            with member.lock:
                member.up = False
                if member.engine is not None:
                    member.engine.close()

    def _ask(self, call: Callable[[Engine], T]) -> T:
        tried: set[str] = set()
        while True:
            member, engine = self._take(tried)
            try:
                answer = call(engine)
                member.served += 1
                return answer
            except Unreachable as error:
                self._down(member, str(error))
            finally:
                self._give(member)

    def _take(self, tried: set[str]) -> tuple[_Member, ServerEngine]:
        with self._lock:
            able = [m for m in self._members if m.up and m.engine is not None and m.address not in tried]
            if not able:
                raise EngineError(f"no language model server can answer ({self.reasons()})")
            turn = next(self._turn)
            member = min(able, key=lambda m: (m.active, (able.index(m) - turn) % len(able)))
            member.active += 1
            tried.add(member.address)
            assert member.engine is not None
            return member, member.engine

    def _give(self, member: _Member) -> None:
        with self._lock:
            member.active -= 1

    def _watch(self, member: _Member) -> None:
        while not self._stop.is_set():
            self._check(member)
            self._stop.wait(self._every_s)

    def _check(self, member: _Member) -> None:
        started = time.monotonic()
        with member.lock:
            if self._stop.is_set():
                return
            try:
                if member.engine is None:
                    member.engine = self._connect(member.address)
                    self.model = self.model or member.engine.model
                else:
                    health = member.engine.health(min(5.0, self._patience_s))
                    if health == "slow" and time.monotonic() - member.well_at < self._patience_s:
                        return  # much to do, perhaps; requests have time limits of their own
                    if health != "well":
                        self._down(member, f"its health check is {health}")
                        return
            except EngineError as error:
                self._down(member, str(error))
                return
        member.well_at = time.monotonic()
        if not member.up:
            logger.info("the language model's server at %s is up (%.1f s)", member.address, time.monotonic() - started)
            with self._changed:
                member.up, member.why = True, ""
                self._changed.notify_all()

    def _down(self, member: _Member, why: str) -> None:
        if member.up:
            logger.warning("the language model's server at %s is down: %s", member.address, why)
        member.up, member.why = False, why
