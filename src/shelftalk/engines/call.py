"""On whose behalf an engine is asked, and whether the answer is still wanted.

Whoever asks on behalf of others (the server) opens a Call around the work; an engine looks at `current()`. Without one
nothing is ever cancelled, and nothing is salted.
"""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from shelftalk.errors import EngineError

__all__ = ["Call", "Cancel", "Cancelled", "Slot", "current", "holding", "opened", "waiting"]


class Cancelled(EngineError):
    """The answer is not wanted any more: the client left, or its time is up."""

    def __init__(self) -> None:
        super().__init__("the answer was called off: nobody waits for it any more, or its time is up")


class Cancel:
    """Set once, from any thread; then what was hooked to it is called."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = False
        self._hooks: dict[int, Callable[[], object]] = {}
        self._next = 0

    @property
    def is_set(self) -> bool:
        """Whether the work was called off."""
        return self._set

    def set(self) -> None:
        """Calls the work off. Safe to call twice."""
        with self._lock:
            self._set = True
            hooks = list(self._hooks.values())
            self._hooks.clear()
        for hook in hooks:
            hook()

    @contextlib.contextmanager
    def hooked(self, hook: Callable[[], object]) -> Iterator[None]:
        """While this is open, `hook` is called when the work is called off; at once where it was already."""
        with self._lock:
            already = self._set
            number = self._next = self._next + 1
            if not already:
                self._hooks[number] = hook
        if already:
            hook()
        try:
            yield
        finally:
            with self._lock:
                self._hooks.pop(number, None)


@dataclass(frozen=True, eq=False)
class Call:
    """Whom an engine works for: its `cancel`, the tenant, headers for a server (such as traceparent), and the request's id."""

    cancel: Cancel = field(default_factory=Cancel)
    tenant: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    id: str = ""

    @property
    def salt(self) -> str | None:
        """What keeps a tenant's prompts apart in a shared prefix cache; None where there are no tenants."""
        if not self.tenant:
            return None
        return hashlib.sha256(b"shelftalk prefix cache\0" + self.tenant.encode("utf-8", "surrogatepass")).hexdigest()

    def check(self) -> None:
        """Raises Cancelled where the work was called off."""
        if self.cancel.is_set:
            raise Cancelled


class Slot(Protocol):
    """A thread's share of the CPU."""

    def lent(self) -> contextlib.AbstractContextManager[None]:
        """While open, another thread may work in its place."""


_thread = threading.local()


@contextlib.contextmanager
def holding(slot: Slot) -> Iterator[None]:
    """While this is open, the running thread works in that share of the CPU."""
    _thread.slot = slot
    try:
        yield
    finally:
        _thread.slot = None


def waiting() -> contextlib.AbstractContextManager[None]:
    """While this is open, the thread waits for a language model: its share of the CPU, if it has one, is another's."""
    slot: Slot | None = getattr(_thread, "slot", None)
    return contextlib.nullcontext() if slot is None else slot.lent()


_NONE = Call()
_current: contextvars.ContextVar[Call] = contextvars.ContextVar("shelftalk_call", default=_NONE)


def current() -> Call:
    """The call that the running work belongs to."""
    return _current.get()


@contextlib.contextmanager
def opened(call: Call) -> Iterator[Call]:
    """While this is open, work of this thread (or task) belongs to `call`."""
    before = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(before)
