"""The bundled demo: the default models unpacked, the catalogue under data/demo indexed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from shelftalk.catalog import import_feed
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
    import_feed(feed, catalog)
    return catalog
