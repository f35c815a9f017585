"""The catalogues that suites are put to: indexed once under home/suites, and opened again from there.

A folder is named after the content of its feed and the embedder, so a changed feed is indexed anew. Products that a case
puts in (its overlay) live in a copy of the catalogue, one for all cases that share them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock

from shelftalk.catalog import Catalog, import_feed, load_embedder
from shelftalk.catalog.importer import ImportStatus
from shelftalk.catalog.upsert import EmbedderProtocol
from shelftalk.errors import CatalogError, UsageError
from shelftalk.evaluate.feeds import feed_digest
from shelftalk.evaluate.sources.base import Feed
from shelftalk.settings import Settings
from shelftalk.values import Product

_DONE = "suite.json"
Watcher = Callable[[str, int], None]

log = logging.getLogger(__name__)


class Catalogs:
    """Opens the catalogues of one suite. `watch` is told what is being indexed and how many products are in; `rejected`
    holds, by catalogue, how many rows of its feed could not be read, and the file with the reasons."""

    def __init__(self, feeds: Mapping[str, Feed], settings: Settings, watch: Watcher = lambda text, done: None) -> None:
        self._feeds, self._settings, self._watch = feeds, settings, watch
        self._root = settings.home_folder / "suites"
        self._open: dict[tuple[str, str], Catalog] = {}
        self._embedder: EmbedderProtocol | None = None
        self.rejected: dict[str, tuple[int, str]] = {}

    def open(self, key: str, overlay: Sequence[Product] = ()) -> Catalog:
        """The catalogue of that key, with these products put in. Raises CatalogError, FeedError or StorageError."""
        mark = overlay_key(overlay)
        if (key, mark) not in self._open:
            folder = self._base(key)
            if overlay:
                folder = self._with(folder, key, overlay, mark)
            self._open[key, mark] = Catalog.open(
                folder, embedder=self._shared(folder), home=self._settings.home_folder
            )  # fmt: skip
        return self._open[key, mark]

    def _shared(self, folder: Path) -> EmbedderProtocol | None:
        """The one embedder for all catalogues made here; a catalogue of the user's own brings what it was made with."""
        if not folder.is_relative_to(self._root):
            return None
        if self._embedder is None:
            self._embedder = load_embedder(self._settings.embedder, self._settings.home_folder)
        return self._embedder

    def _base(self, key: str) -> Path:
        feed = self._feeds[key]
        if feed.folder is not None or (feed.feed is None and not feed.products):
            return feed.folder or Path()
        name = hashlib.sha256(f"{feed_digest(feed)}\0{self._settings.embedder}".encode()).hexdigest()[:24]
        folder = self._root / name
        self._root.mkdir(parents=True, exist_ok=True)
        with FileLock(self._root / f"{name}.lock"):
            if self._whole(folder):
                self._note(key, folder)
                return folder
            self._watch(f"indexing {_named(key, feed)}", 0)
            done = self._put_in(feed, folder) if feed.feed is None else self._imported(key, feed, folder)
            (folder / _DONE).write_text(json.dumps(done) + "\n", encoding="utf-8")
            self._note(key, folder)
        return folder

    def _imported(self, key: str, feed: Feed, folder: Path) -> dict[str, Any]:
        """Indexes the feed's file into the folder; what is told of it."""
        assert feed.feed is not None
        log.info("indexing %s into %s", feed.feed, folder)
        report = import_feed(
            feed.feed, folder, format=feed.format, mapping=feed.mapping, embedder=self._shared(folder),
            home=self._settings.home_folder, progress=lambda p: self._told(key, feed, p),
        )  # fmt: skip
        if not report.read - report.rejected:
            shutil.rmtree(folder, ignore_errors=True)
            raise CatalogError(f"{feed.feed}: no product of this feed can be read; see `shelftalk catalog import`")
        if report.rejected:
            log.info("%s: %d rows were rejected, see %s", feed.feed, report.rejected, report.rejects_path)
        return {
            "feed": feed.feed.name, "products": report.read - report.rejected, "rejected": report.rejected,
            "rejects": str(report.rejects_path or ""),
        }  # fmt: skip

    def _put_in(self, feed: Feed, folder: Path) -> dict[str, Any]:
        """Indexes products made for the suite into the folder; what is told of it."""
        log.info("indexing %d made products into %s", len(feed.products), folder)
        shutil.rmtree(folder, ignore_errors=True)
        made = Catalog.open(folder, create=True, embedder=self._shared(folder), home=self._settings.home_folder)
        made.upsert(list(feed.products))
        made.facets()
        return {"feed": "", "products": len(feed.products), "rejected": 0, "rejects": ""}

    def _note(self, key: str, folder: Path) -> None:
        """Keeps how many rows of the feed were left out, and where they stand."""
        done = json.loads((folder / _DONE).read_text(encoding="utf-8"))
        if done.get("rejected"):
            self.rejected[key] = (int(done["rejected"]), str(done.get("rejects") or folder / "rejects"))

    def _told(self, key: str, feed: Feed, now: ImportStatus) -> None:
        self._watch(f"indexing {_named(key, feed)}", now.kept)

    def _whole(self, folder: Path) -> bool:
        """Whether the folder holds a finished catalogue that this version can read; one that it cannot is thrown away."""
        if not (folder / _DONE).is_file():
            return False
        try:
            Catalog.open(folder, embedder=self._shared(folder), home=self._settings.home_folder)
        except CatalogError as error:
            log.info("indexing anew: %s", error)
            shutil.rmtree(folder)
            return False
        return True

    def _with(self, base: Path, key: str, overlay: Sequence[Product], mark: str) -> Path:
        """A copy of the catalogue with the overlay's products put in."""
        version = Catalog.open(base, home=self._settings.home_folder).version
        name = hashlib.sha256(f"{base.resolve()}\0{version}\0{mark}".encode()).hexdigest()[:24]
        folder = self._root / f"overlay-{name}"
        with FileLock(self._root / f"overlay-{name}.lock"):
            if self._whole(folder):
                return folder
            self._watch(f"putting {len(overlay)} products into a copy of {key}", 0)
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(base, folder, ignore=shutil.ignore_patterns(_DONE, "*.lock"))
            copy = Catalog.open(folder, embedder=self._shared(folder), home=self._settings.home_folder)
            copy.upsert(list(overlay))
            copy.facets()
            (folder / _DONE).write_text(json.dumps({"overlay": mark}) + "\n", encoding="utf-8")
        return folder


def _named(key: str, feed: Feed) -> str:
    return key if key != "main" or feed.feed is None else feed.feed.name


def check_judged(judged: Mapping[tuple[str, str], str], key: str, there: Callable[[list[str]], Container[str]]) -> None:
    """Raises UsageError where a judgment names a product that the catalogue of that key lacks; `there` finds those it has."""
    named = {product: where for (catalog, product), where in judged.items() if catalog == key}
    known = there(list(named))
    unknown = [product for product in named if product not in known]
    if unknown:
        raise UsageError(
            f"{named[unknown[0]]}: names product {unknown[0]!r}, which the suite's catalogue {key!r} does not hold "
            f"({len(unknown)} such in all); mend the id, add the product to the feed or take the line out"
        )


def overlay_key(overlay: Sequence[Product]) -> str:
    """A hash of the products that a case puts into its catalogue, "" for none; their order plays no part."""
    if not overlay:
        return ""
    records = sorted(json.dumps(asdict(p), default=str, sort_keys=True) for p in overlay)
    return hashlib.sha256("\n".join(records).encode()).hexdigest()[:24]
