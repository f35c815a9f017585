"""What the routes share: the shelves, the pools over them, the database, and whether the server is ready."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import threading
from collections.abc import Callable, Sequence

from sqlalchemy import Engine

from shelftalk.errors import ShelftalkError
from shelftalk.gaps import Held
from shelftalk.pipeline import Shelf
from shelftalk.privacy import pii
from shelftalk.privacy.consent import Purpose
from shelftalk.privacy.keepers import Keeper, Person
from shelftalk.privacy.pseudonym import load_pseudonyms
from shelftalk.server.addresses import loopback
from shelftalk.server.alike import likeness
from shelftalk.server.auth import Gate
from shelftalk.server.counting import Counting
from shelftalk.server.db import (
    Consents,
    Conversations,
    Experiments,
    Gaps,
    Interactions,
    Keys,
    Profiles,
    ShownStore,
    Users,
    connect,
    migrate,
)
from shelftalk.server.db.connect import default_url
from shelftalk.server.db.consented import Consented
from shelftalk.server.db.gaps import catalog_name
from shelftalk.server.db.products import ProductHistory
from shelftalk.server.experimenting import Experimenting
from shelftalk.server.items import ItemProfiles
from shelftalk.server.keepers import keepers, person_of
from shelftalk.server.live import (
    Model,
    addresses,
    needs_model,
    open_model,
    open_shelf,
    places,
    same_model,
    warm,
    without_model,
)
from shelftalk.server.personal_data import without_personal
from shelftalk.server.pool import Pool
from shelftalk.server.predicting import Predicting
from shelftalk.server.profiling import Profiling
from shelftalk.server.recent import Recent, Recorded, watch
from shelftalk.server.retention import Retention
from shelftalk.server.shown import MEETING, ShownCounting
from shelftalk.server.stages import STAGES
from shelftalk.server.telemetry import Telemetry, trace_headers
from shelftalk.server.upstreams import Upstreams
from shelftalk.server.vllm_process import VllmProcess
from shelftalk.settings import Settings
from shelftalk.shoppers.newness import Newness
from shelftalk.values import Answer, Explanation

logger = logging.getLogger(__name__)

_LONGEST_WAIT_S = 30.0
_LOADING = "the language model is being loaded"


class ServerState:
    """Opened once a process. `not_ready` says why no answer can be given yet, "" once one was.

    `shelf` gives the catalogue and the prompts; where it has an engine of its own (`given`), that one answers, else the
    settings say which. `serve.workers` requests are answered side by side, and share the engine's batches. `load` reads the settings anew for `reload`. `likeness` tells the commands of this machine whether they
    would answer as this server does.
    """

    def __init__(
        self,
        settings: Settings,
        shelf: Shelf,
        telemetry: Telemetry | None = None,
        *,
        given: bool = True,
        load: Callable[[], Settings] | None = None,
    ) -> None:
        self.settings, self.shelf, self.telemetry = settings, shelf, telemetry or Telemetry()
        self._opened, self._given, self._load = shelf, given, load
        self._waiting_for, self._failed = _LOADING, ""
        self._starting: VllmProcess | None = None
        self._model = Model()
        self.likeness = self._likeness(settings, shelf)
        self.recent = Recent(keep=settings.serve.keep_requests)
        self._closing = threading.Event()
        self._random = random.Random(secrets.randbits(128))  # draws the lists of the setting explore
        self._reloading = asyncio.Lock()
        self._database = connect(default_url(settings))
        migrate(self._database)
        catalog = catalog_name(shelf.catalog.path)
        self.interactions = Interactions(self._database, scrub=settings.privacy.scrub)
        self.shown = ShownCounting(
            ShownStore(self._database, catalog),
            lambda: self.settings.exposure,
            self._newness,
            lambda: self.interactions.product_counts(kinds=MEETING, tenant=None),
        ).start()
        plain = without_model(settings, shelf)  # answers until the language model can
        self.pool = self._pool(shelf if given else plain)
        self.fallback = self._pool(plain)
        self.answering = self._answering()
        self.conversations = Conversations(self._database)
        self.users = Users(self._database, load_pseudonyms(settings))
        self.corrections = Profiles(self._database)
        self.profiling = Profiling(
            lambda: self.shelf, self.interactions, self.corrections, self.users, self.may_personalise,
            lambda text: without_personal(text, self.settings),
        )  # fmt: skip
        self.items = ItemProfiles(shelf.catalog, ProductHistory(self._database), self.profiling)
        self.experiments = Experiments(self._database)
        self.experimenting = Experimenting(
            self.experiments, lambda: (self.settings, self.shelf), self._watched, given=given
        )
        self.predicting = Predicting(self)
        self.consents = Consents(self._database, settings.privacy.consent_default)
        self.retention = Retention(self._database, lambda: self.settings.privacy).start()
        self.gaps = Gaps(self._database, catalog)
        self.counting = Counting(
            self.gaps,
            days=lambda: self.settings.serve.gap_days,
            lost=self.telemetry.uncounted,
            held=Held(shelf.catalog.facets),
        ).start()
        self.keys = Keys(self._database)
        self.gate = Gate(self.keys, open_without_keys=loopback(settings.serve.host))
        self.telemetry.watch(self)

    def may_personalise(self, user: str, tenant: str) -> bool:
        """Whether a user (a pseudonym) lets their history act on answers."""
        return bool(user) and self.consents.allowed(user, "personalisation", tenant=tenant)

    def serving(self, purpose: Purpose) -> Interactions:
        """The interactions of those who consent to a purpose."""
        return Consented(self._database, purpose, self.settings.privacy.consent_default)

    def person(self, user: str, tenant: str) -> tuple[Person, list[Keeper]]:
        """The person behind a shop's id (or a pseudonym), and all that keeps something of persons here."""
        return person_of(user, self.users, self._database, tenant=tenant), keepers(
            self._database, self.settings, self._forget
        )

    def _forget(self, person: Person) -> int:
        """How much this process held of a person in memory and holds no more; wordings are not a person's, and all go."""
        self.shelf.forget_wordings()
        return self.recent.forget(person.texts)

    @property
    def database(self) -> Engine:
        """The database that all routes share."""
        return self._database

    @property
    def not_ready(self) -> str:
        """Why a request would not be answered as the settings want it, "" where it would."""
        down = isinstance(self._model.engine, Upstreams) and not self._model.engine.any_up()
        if not self._waiting_for and down and self.settings.serve.fallback == "error":
            return "no language model server is up"
        if self._waiting_for and self._starting is not None and self._starting.trouble:
            return "the language model does not start"
        return self._waiting_for

    @property
    def starting(self) -> bool:
        """Whether the first try to get ready goes on, so that it may well be soon."""
        return self.not_ready == _LOADING

    @property
    def cause(self) -> str:
        """What the operator needs to know where `not_ready` is not "". It tells of the inside: paths, addresses, models."""
        process = self._starting if self._waiting_for else self._model.process
        if process is not None and process.trouble:
            return process.trouble
        if self._waiting_for:
            return self._failed
        return self._model.engine.reasons() if isinstance(self._model.engine, Upstreams) else ""

    def warm_up(self) -> None:
        """Opens the language model and gives a real answer; tries again until it has, or the server stops.

        Safe to run in a thread.
        """
        wait = 1.0
        while not self._closing.is_set():
            try:
                self._use(self.settings, *self._ready(self.settings, started=self._began))
                self.experimenting.start()
                break
            except Exception as error:  # a library's too: nothing must end the tries in silence
                if isinstance(error, ShelftalkError):
                    logger.error("not ready: %s", error)
                else:
                    logger.exception("not ready")
                self._waiting_for = f"no answer could be given: {type(error).__name__}"
                self._failed = str(error) if isinstance(error, ShelftalkError) else ""  # ours are written to be read
            self._closing.wait(wait)
            wait = min(2 * wait, _LONGEST_WAIT_S)
        if self.settings.privacy.scrub and not self._closing.is_set():
            pii.warm_up()  # so that the first text with an address in it does not wait

    async def reload(self) -> str:
        """Reads settings and prompts anew and puts them to use, with a new language model where they name another.

        What is under way is answered the old way. Where anything fails all stays as it was; "" or what was wrong. The
        catalogue, the database, addresses, keys and limits of bodies are not changed by this.
        """
        async with self._reloading:
            try:
                settings = self._load() if self._load else self.settings
                before, old = self.pool, self._model
                keep = old if self._given or same_model(self.settings, settings) else None
                self._use(settings, *await asyncio.to_thread(self._ready, settings, keep))
            except ShelftalkError as error:
                logger.error("reload failed, all stays as it was: %s", error)
                return str(error)
            except Exception as error:  # whatever it is, what answers now goes on
                logger.exception("reload failed, all stays as it was", exc_info=error)
                return type(error).__name__
            logger.info("reloaded: settings and prompts%s", "" if keep else ", and the language model")
            await before.drain(settings.serve.limit_s)
            if keep is None:
                await asyncio.to_thread(old.close)
            return ""

    def upstreams(self) -> list[tuple[bool, int, int]]:
        """(up, calls under way, calls answered) of each language model server."""
        return self._model.engine.states() if isinstance(self._model.engine, Upstreams) else []

    def restarts(self) -> int:
        """Times that the vLLM server beside was started again."""
        return self._model.process.restarts if self._model.process else 0

    def stop(self) -> None:
        """Ends the warm-up, if it still goes on."""
        self._closing.set()

    def close(self) -> None:
        """Frees the language model that was opened here, and the database's connections."""
        self.stop()
        self.experimenting.close()
        self._model.close()
        if not self._given:
            self._opened.close()
        self.counting.close()
        self.retention.close()
        self.shown.close()
        self._database.dispose()

    def _began(self, process: VllmProcess) -> None:
        self._starting = process

    def _ready(
        self,
        settings: Settings,
        model: Model | None = None,
        started: Callable[[VllmProcess], None] = lambda process: None,
    ) -> tuple[Shelf, Model]:
        """A shelf that has given a real answer, and its language model."""
        if self._given:
            engine = self._opened.engine if needs_model(settings) else None
            same = settings is self.settings
            shelf = self._opened if same else open_shelf(settings, self._opened, Model(engine))
            warm(shelf, Model(engine))
            return shelf, Model()
        opened = model or open_model(settings, self._closing.is_set, started)
        try:
            shelf = open_shelf(settings, self._opened, opened)
            warm(shelf, opened)
        except BaseException:
            if model is None:
                opened.close()
            raise
        return shelf, opened

    def _use(self, settings: Settings, shelf: Shelf, model: Model) -> None:
        self.settings, self._model, self.shelf = settings, model, shelf
        self.consents = Consents(self._database, settings.privacy.consent_default)
        self.pool = self._pool(shelf)
        self.fallback = self._pool(without_model(settings, shelf))
        self.likeness = self._likeness(settings, shelf)
        self._waiting_for, self._starting = "", None
        self.answering = self._answering()

    @staticmethod
    def _likeness(settings: Settings, shelf: Shelf) -> str:
        try:
            return likeness(settings, shelf.catalog.path, shelf.prompts.folder, servers=addresses(settings))
        except (OSError, UnicodeError) as error:  # then no command uses this server, and all else goes on
            logger.info("commands on this machine answer by themselves: %s", error)
            return ""

    def _pool(self, shelf: Shelf) -> Pool:
        many = places(self.settings, shelf.loaded)
        self._watched(shelf)
        return Pool(shelf, many, queue=self.settings.serve.queue, headers=trace_headers)

    def _watched(self, shelf: Shelf) -> None:
        """Has a shelf, the server's own or a variant's, tell of its answers and share what is kept over them."""
        watch(shelf, self.recent, self._answered)
        shelf.arranging.account, shelf.arranging.counts = self.shown.account, self.shown.met
        shelf.arranging.random = self._random

    def _newness(self) -> Newness:
        return self.shelf.arranging.newness()

    def _answered(self, answer: Answer, explanations: Sequence[Explanation]) -> None:
        self.telemetry.answered(answer, explanations)
        self.shown.note(answer)

    def _answering(self) -> Recorded:
        serve = self.settings.serve
        asked = needs_model(self.settings)  # where it is not, there is nothing to fall back from
        return Recorded(
            self.recent,
            self.pool,
            self.fallback if serve.fallback == "record" and asked else None,
            limit_s=serve.limit_s,
            limits={stage: float(getattr(serve, f"{stage}_s")) for stage in STAGES} if asked else {},
            loading=lambda: bool(self._waiting_for) and asked,
            watcher=self.telemetry,
            fell_back=self.telemetry.fell_back,
        )
