"""One engine of this process, asked by many threads: calls that wait while the model works go together into its next batch.

An engine works on one batch at a time. Whoever asks meanwhile waits, and what waits is put to the model at once: the batch grows with
the load, and nobody waits for more than the batch that runs. A server batches by itself and needs none of this.
"""

from __future__ import annotations

import concurrent.futures
import contextvars
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from shelftalk.engines.base import Choice, Decoding, Engine, Generation, Prompt
from shelftalk.engines.call import Call, Cancelled, current, opened, waiting
from shelftalk.errors import EngineError

__all__ = ["MOST_PROMPTS", "SharedEngine", "shared_engine"]

MOST_PROMPTS = 64  # in one batch of several callers


@dataclass(eq=False)
class _Asked:
    """What one caller waits for. Calls of the same `key` can go together."""

    key: tuple[Any, ...]
    prompts: Sequence[Prompt]
    decodings: Sequence[Decoding]
    call: Call
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    answer: concurrent.futures.Future[list[Any]] = field(default_factory=concurrent.futures.Future)


class SharedEngine:
    """An Engine over another one, which it closes. Calls of one tenant share batches; those of several do not, as their prompts'
    common beginnings are kept apart."""

    shared = True  # several calls at once pay

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.model = engine.name, engine.model
        self._waiting: deque[_Asked] = deque()
        self._change = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="shelftalk-batches", daemon=True)
        self._thread.start()

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        """As the engine's."""
        return self._ask(_Asked(("choose", tuple(labels), current().tenant), prompts, (), current()))

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """As the engine's."""
        each = [decoding] * len(prompts) if isinstance(decoding, Decoding) else list(decoding)
        if len(each) != len(prompts):
            raise ValueError(f"{len(prompts)} prompts and {len(each)} decodings")
        return self._ask(_Asked(("generate", current().tenant), prompts, each, current()))

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        """The text of one generation, in one piece: a batch has no other end."""
        yield self.generate([prompt], decoding)[0].text

    def count_tokens(self, text: str) -> int:
        """As the engine's."""
        return self._engine.count_tokens(text)

    def close(self) -> None:
        """Ends the thread once the batch that runs is done, fails what waits, and closes the engine; safe to call twice."""
        with self._change:
            self._closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
            self._change.notify_all()
        for one in waiting:
            _settle(one, _gone())  # it may have left just now
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self._engine.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)  # what an engine has beyond the interface

    def _ask(self, asked: _Asked) -> list[Any]:
        if not asked.prompts:
            return []
        asked.call.check()
        with self._change:
            if self._closed:
                raise _gone()
            self._waiting.append(asked)
            self._change.notify()

        def leave() -> None:
            with self._change:
                if asked in self._waiting:
                    self._waiting.remove(asked)
            _settle(asked, Cancelled())

        with asked.call.cancel.hooked(leave), waiting():
            return asked.answer.result()

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            try:
                self._answer(batch)
            except BaseException as error:  # the thread must outlive whatever a library throws
                for one in batch:
                    _settle(one, error)

    def _next(self) -> list[_Asked] | None:
        """The calls for the next batch, the longest waiting and those that can go with it; None once closed."""
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            batch = [self._waiting.popleft()]
            size = len(batch[0].prompts)
            for other in list(self._waiting):
                if other.key == batch[0].key and size + len(other.prompts) <= MOST_PROMPTS:
                    self._waiting.remove(other)
                    batch.append(other)
                    size += len(other.prompts)
            return batch

    def _answer(self, batch: list[_Asked]) -> None:
        if len(batch) == 1:
            self._alone(batch[0])
            return
        together = Call(tenant=batch[0].call.tenant, headers=batch[0].call.headers)
        left = [len(batch)]

        def leaves() -> None:
            with _settling:
                left[0] -= 1
            if left[0] == 0:  # nobody waits any more
                together.cancel.set()

        hooks = [one.call.cancel.hooked(leaves) for one in batch]
        for hook in hooks:
            hook.__enter__()
        try:
            prompts = [p for one in batch for p in one.prompts]
            decodings = [d for one in batch for d in one.decodings]
            with opened(together):
                found = iter(self._put(batch[0].key, prompts, decodings))
            for one in batch:
                _settle(one, [next(found) for _ in one.prompts])
        except Exception:  # one caller's prompt may be what fails: each is asked alone
            for one in batch:
                if not one.answer.done():
                    self._alone(one)
        finally:
            for hook in hooks:
                hook.__exit__(None, None, None)

    def _alone(self, one: _Asked) -> None:
        def work() -> list[Any]:
            one.call.check()
            return self._put(one.key, one.prompts, one.decodings)

        try:
            _settle(one, one.context.run(work))
        except Exception as error:
            _settle(one, error)

    def _put(self, key: tuple[Any, ...], prompts: Sequence[Prompt], decodings: Sequence[Decoding]) -> list[Any]:
        ask: Callable[..., list[Any]] = getattr(self._engine, key[0])
        return ask(prompts, list(key[1]) if key[0] == "choose" else decodings)


def shared_engine(engine: Engine) -> Engine:
    """The engine for several threads at once: a server batches by itself, one of this process is shared."""
    return engine if engine.name == "server" else SharedEngine(engine)


_settling = threading.Lock()


def _settle(one: _Asked, result: list[Any] | BaseException) -> None:
    """Tells the caller, who may have left."""
    with _settling:
        if one.answer.done():
            return
        if isinstance(result, BaseException):
            one.answer.set_exception(result)
        else:
            one.answer.set_result(result)


def _gone() -> EngineError:
    return EngineError("the language model was closed")
