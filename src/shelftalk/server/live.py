"""What answers now: the shelf, the language model behind them, and the server that runs it. Replaced whole on a reload."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from shelftalk.engines.base import Decoding, Engine
from shelftalk.engines.load import choose_engine, served_adapter
from shelftalk.engines.models import is_address
from shelftalk.engines.shared import shared_engine
from shelftalk.errors import EngineError
from shelftalk.pipeline import Shelf
from shelftalk.prompts import PromptLibrary
from shelftalk.server.upstreams import Upstreams
from shelftalk.server.vllm_process import VllmProcess, vllm_beside
from shelftalk.settings import Settings
from shelftalk.values import Message, Prompt, Request

logger = logging.getLogger(__name__)

_WARM_UP = "something useful"
_SLICE_S = 0.5
_START_S = 900.0


@dataclass
class Model:
    """The language model of a shelf. `process` is the vLLM server beside, None where there is none."""

    engine: Engine | None = None
    process: VllmProcess | None = None

    def close(self) -> None:
        """Frees it; safe to call twice."""
        if self.engine is not None:
            self.engine.close()
        if self.process is not None:
            self.process.stop()


def needs_model(settings: Settings) -> bool:
    """Whether any stage asks the language model."""
    s = settings
    return s.explain.mode == "model" or s.rank.strategy != "none" or s.understand.asks_model


def addresses(settings: Settings) -> list[str]:
    """The servers that the settings name, each once."""
    named = [settings.server, settings.model if is_address(settings.model) else None, *settings.serve.vllm]
    return list(dict.fromkeys(address for address in named if address))


def same_model(old: Settings, new: Settings) -> bool:
    """Whether the language model that runs for `old` serves `new` as well."""
    names = ("model", "adapter", "engine", "api_key", "home", "server_decisions")
    same = all(getattr(old, name) == getattr(new, name) for name in names)
    return same and addresses(old) == addresses(new) and needs_model(old) == needs_model(new)


def open_model(
    settings: Settings, closing: Callable[[], bool], started: Callable[[VllmProcess], None] = lambda process: None
) -> Model:
    """The language model of the settings, once it can be asked: servers by address, vLLM beside, or in this process.

    `started` is given the vLLM server beside, which may take minutes to answer. Raises EngineError where none can be had.
    """
    if not needs_model(settings):
        return Model()
    servers = addresses(settings)
    if not servers and choose_engine(settings, batch=True)[0] != "vllm":
        from shelftalk.engines.load import load_engine

        return Model(shared_engine(load_engine(settings)))
    model = Model()
    try:
        if servers:
            named = None if settings.model == "default" or is_address(settings.model) else settings.model
            engine = Upstreams(
                servers,
                model=served_adapter(settings) or named,
                api_key=settings.api_key,
                decisions=settings.server_decisions,
            ).start()
        else:
            model.process, key = vllm_beside(settings)
            started(model.process)
            engine = Upstreams([model.process.address], api_key=key, decisions=settings.server_decisions).start()
        model.engine, waited = engine, 0.0
        while not engine.wait(_SLICE_S):
            waited += _SLICE_S
            if closing() or waited > (_START_S if model.process else 10.0):
                if model.process and model.process.trouble:
                    raise EngineError(model.process.trouble)
                engine.choose([_hello()], ["yes"])  # raises with the reasons of each server
    except BaseException:
        model.close()
        raise
    return model


def open_shelf(settings: Settings, shelf: Shelf, model: Model) -> Shelf:
    """A shelf over the same catalogue with these settings and this language model."""
    return Shelf(shelf.catalog, settings, PromptLibrary.of(settings, shelf.prompts.folder), model.engine)


def places(settings: Settings, engine: Engine | None) -> int:
    """How many requests can be answered side by side: `serve.workers`, one where the engine takes one call at a time."""
    together = engine is None or engine.name == "server" or getattr(engine, "shared", False)
    return settings.serve.workers if together else 1


def warm(shelf: Shelf, model: Model) -> None:
    """Gives a real answer, and has the language model write a word. Raises ShelftalkError where either fails."""
    shelf.service.ready()
    shelf.ask(Request(_WARM_UP, k=1))
    if model.engine is not None:
        model.engine.generate([_hello()], Decoding(max_tokens=1))


def without_model(settings: Settings, shelf: Shelf) -> Shelf:
    """A shelf that answers without the language model, and does not wait for encoders that are not loaded yet."""
    plain = settings.model_copy(
        update={
            "explain": settings.explain.model_copy(update={"mode": "record"}),
            "rank": settings.rank.model_copy(update={"strategy": "none"}),
            "understand": settings.understand.model_copy(
                update={"mode": "encoders" if settings.understand.reads_wishes else "rules"}
            ),
        }
    )
    return Shelf(shelf.catalog, plain, shelf.prompts, None, waits=False)


def _hello() -> Prompt:
    return Prompt((Message("user", "hello"),))


__all__ = [
    "Model",
    "addresses",
    "needs_model",
    "open_model",
    "open_shelf",
    "places",
    "same_model",
    "warm",
    "without_model",
]
