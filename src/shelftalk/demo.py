"""The bundled demo: the default models unpacked, the catalogue under data/demo indexed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from shelftalk.catalog import Catalog, import_feed, load_embedder
from shelftalk.errors import CatalogError
from shelftalk.resources import resource
from shelftalk.settings import Settings


def prepare_demo(folder: Path, settings: Settings, say: Callable[[str], None] = lambda text: None) -> Path:
    """The folder of the demo's catalogue, indexed if it was not yet or if the bundled products have changed."""
    if settings.model == "default" and settings.server is None:
        from shelftalk.engines.models import resolve_model

        say("preparing the default language model (once)")
        resolve_model("default", settings.home_folder)
    catalog = folder / "catalog"
    feed = resource("data/demo") / "products.jsonl"
    say("indexing the bundled catalogue")
    folder.mkdir(parents=True, exist_ok=True)
    embedder = load_embedder(settings.embedder, settings.home_folder)
    if (catalog / "catalog.json").exists():
        try:
            Catalog.open(catalog, embedder=embedder, home=settings.home_folder)
        except CatalogError:  # made by another version or with another embedder: it holds nothing but the demo
            shutil.rmtree(catalog)
    import_feed(feed, catalog, embedder=embedder, home=settings.home_folder)
    return catalog
