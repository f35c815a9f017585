"""What the routes share: the shelves, the pools over them, and whether the server is ready."""

from __future__ import annotations

import logging

from shelftalk.engines.base import Engine
from shelftalk.errors import ShelftalkError
from shelftalk.recommender import Shelf
from shelftalk.server.answering import Answering
from shelftalk.server.auth import Gate
from shelftalk.server.db import Conversations, Interactions, Keys, connect, migrate
from shelftalk.server.db.connect import default_url
from shelftalk.server.pool import Pool
from shelftalk.settings import Settings
from shelftalk.values import Request

logger = logging.getLogger(__name__)

_WARM_UP = "something useful"


class ServerState:
    """Opened once a process. `not_ready` says why no answer can be given yet, "" once one was.

    Engines in this process answer one batch at a time, so they get one shelf; a vLLM server gets `serve.workers`.
    """

    def __init__(self, settings: Settings, shelf: Shelf) -> None:
        self.settings, self.shelf = settings, shelf
        self.not_ready = "the language model is being loaded"
        self.pool = Pool([shelf], queue=settings.serve.queue)
        self.fallback = Pool([self._without_model()], queue=settings.serve.queue)
        self.answering = self._answering()
        self._database = connect(default_url(settings))
        migrate(self._database)
        self.conversations = Conversations(self._database)
        self.interactions = Interactions(self._database)
        self.keys = Keys(self._database)
        self.gate = Gate(self.keys)

    def warm_up(self) -> None:
        """Loads the engine and gives a real answer. Safe to run in a thread; the reason is kept where it fails."""
        try:
            if self._needs_model():
                engine = self.shelf.engine
                if engine.name == "server":
                    self._widen(engine)
            self.shelf.ask(Request(_WARM_UP, k=1))
        except ShelftalkError as error:
            self.not_ready = f"no answer could be given: {type(error).__name__}"
            logger.error("warm-up failed: %s", error)
            return
        self.not_ready = ""

    def close(self) -> None:
        """Frees the engine of the language model and the database's connections."""
        self.shelf.close()
        self._database.dispose()

    def _needs_model(self) -> bool:
        s = self.settings
        return s.explain.mode == "model" or s.rank.strategy != "none" or s.understand.mode != "reader"

    def _without_model(self) -> Shelf:
        s = self.settings
        plain = s.model_copy(
            update={
                "explain": s.explain.model_copy(update={"mode": "record"}),
                "rank": s.rank.model_copy(update={"strategy": "none"}),
                "understand": s.understand.model_copy(update={"mode": "reader"}),
            }
        )
        return Shelf(self.shelf.catalog, plain, self.shelf.prompts, None)

    def _widen(self, engine: Engine) -> None:
        shelf, s = self.shelf, self.settings
        others = [Shelf(shelf.catalog, s, shelf.prompts, engine) for _ in range(s.serve.workers - 1)]
        self.pool = Pool([shelf, *others], queue=s.serve.queue)
        self.answering = self._answering()

    def _answering(self) -> Answering:
        serve = self.settings.serve
        return Answering(self.pool, self.fallback if serve.fallback == "record" else None, limit_s=serve.limit_s)
