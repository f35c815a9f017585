"""The language models of an evaluation's runs: which one answers, and what tells its answers from another's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from shelftalk.engines import Engine, load_engine
from shelftalk.evaluate import identity
from shelftalk.evaluate.cache import CachedEngine, Store
from shelftalk.settings import Settings

__all__ = ["Engines"]


@dataclass
class Engines:
    """The language models of several runs, one loaded at a time, with the store of kept answers.

    `load` opens one; a test gives its own. `fresh` asks everything anew.
    """

    load: Callable[[Settings], Engine] = lambda settings: load_engine(settings, batch=True)
    identify: Callable[[Settings], tuple[str, str, str]] = identity.model_identity
    served: Callable[[Settings], str | None] = identity.served_model
    decides: Callable[[Settings], str | None] = identity.server_decisions
    fresh: bool = False
    _open: dict[str, CachedEngine] = field(default_factory=dict)
    _stores: dict[Path, Store] = field(default_factory=dict)

    def get(self, settings: Settings) -> CachedEngine:
        """The engine of those settings; its model is loaded when something must be asked, and others are freed then."""
        name, known, model = self.identify(settings)
        path = settings.home_folder / "evaluate" / "answers.sqlite"
        store = self._stores.setdefault(path, Store(path)) if path not in self._stores else self._stores[path]
        if name == "server":
            # Another model behind the same address is another model; where the server is gone, the last one counts.
            if served := self.served(settings):
                store.keep_name(known, served)
            known = f"{known} {store.name(known) or ''}"
            # So is another way to choose among labels; it is held to, so that a run's answers are all of one way.
            if decides := self.decides(settings):
                store.keep_name(f"{known} decides", decides)
            way = store.name(f"{known} decides") or "off"
            settings = settings.model_copy(update={"server_decisions": way})
            known = known if way == "off" else f"{known} {way}"
        if known not in self._open:

            def load() -> Engine:
                for key, other in self._open.items():
                    if key != known:
                        other.unload()
                return self.load(settings)

            self._open[known] = CachedEngine(load, known, store, name=name, model=model, fresh=self.fresh)
        return self._open[known]

    def close(self) -> None:
        """Frees the model and closes the stores."""
        for engine in self._open.values():
            engine.unload()
        for store in self._stores.values():
            store.close()
        self._open, self._stores = {}, {}
