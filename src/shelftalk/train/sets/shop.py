"""A shop as the build sees it: its products and facets, how it reads requests, and what its search would offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from shelftalk.catalog import Catalog, import_feed, load_embedder
from shelftalk.catalog.facets import collect
from shelftalk.catalog.readers import read_feed
from shelftalk.errors import FeedError, UsageError
from shelftalk.facts.holds import as_number, holds
from shelftalk.retrieve import Retriever
from shelftalk.settings import Settings
from shelftalk.understand import Understander
from shelftalk.values import Facets, Intent, Product, Request


class Shop:
    """Products with their facets. `catalog` is the indexed catalogue; without one `search` finds by the intent alone."""

    def __init__(
        self, name: str, products: Mapping[str, Product], facets: Facets, settings: Settings, catalog: Catalog | None = None
    ) -> None:  # fmt: skip
        self.name, self.products, self.facets, self.settings, self.catalog = name, products, facets, settings, catalog
        self._read: dict[Request, Intent] = {}

    @cached_property
    def understander(self) -> Understander:
        """The rule-based parser that serves, over this shop's facets."""
        reading = self.settings.understand.model_copy(update={"mode": "rules"})
        return Understander(self.facets, settings=reading, products=self.products.get)

    @cached_property
    def _retriever(self) -> Retriever | None:
        return Retriever(self.catalog, self.settings.retrieve) if self.catalog is not None else None

    def read(self, request: Request) -> Intent:
        """The intent of a request as it is understood in service."""
        if request not in self._read:
            self._read[request] = self.understander.understand(request).intent
        return self._read[request]

    def search(self, intent: Intent, k: int) -> list[Product]:
        """What the shop would offer for the intent, best first: retrieval's candidates, or the products that break the
        fewest constraints where the shop has no index."""
        if self._retriever is not None:
            return [c.product for c in self._retriever.retrieve(intent, k=k).candidates[:k]]
        broken = {p.id: sum(not holds(c, p) for c in intent.constraints) for p in self.products.values()}
        return sorted(self.products.values(), key=lambda p: broken[p.id])[:k]


def selected(intent: Intent, products: Sequence[Product]) -> list[Product]:
    """The products that an intent selects; with a sort, those that tie for the first place."""
    left = [p for p in products if all(holds(c, p) for c in intent.constraints) and p.id not in intent.exclude]
    if intent.sort is None:
        return left
    sign = 1 if intent.sort.direction == "asc" else -1
    keyed = [(p, sign * n) for p in left if (n := as_number(p.value(intent.sort.field))) is not None]
    best = min((k for _, k in keyed), default=0.0)
    return [p for p, k in keyed if k == best] if keyed else left


def bare_shop(name: str, feed: Path, settings: Settings, format: str | None = None) -> Shop:
    """A small shop straight from its feed, without an index. FeedError where the feed holds no product."""
    products = {p.id: p for p in read_feed(feed, format=format) if isinstance(p, Product)}
    if not products:
        raise FeedError(f"{feed}: no product could be read; nothing can be learned from an empty catalogue")
    return Shop(name, products, collect(products.values()), settings)


def indexed_shop(name: str, feed: Path, folder: Path, settings: Settings, format: str | None = None) -> Shop:
    """A shop over the catalogue in `folder`; the feed is imported into it first, which is quick where it stands there
    already. A feed that is a catalogue's folder itself is opened as it is."""
    if (feed / "catalog.json").is_file():
        folder = feed
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
        embedder = load_embedder(settings.embedder, settings.home_folder)
        import_feed(feed, folder, format=format, embedder=embedder, home=settings.home_folder)
    catalog = Catalog.open(folder, home=settings.home_folder)
    products = {p.id: p for p in catalog.products()}
    if not products:
        raise UsageError(f"catalogue {folder} holds no product; nothing can be learned from it")
    return Shop(name, products, catalog.facets(), settings, catalog)
