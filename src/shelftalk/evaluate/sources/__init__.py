"""Where the cases of a suite come from: a loader for each kind of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from shelftalk.errors import UsageError
from shelftalk.evaluate.sources import chorus, demo, esci, jsonl, languages, productqa, retail_requests, written
from shelftalk.evaluate.sources.base import Feed, Gains, Loaded, Place, SourceOptions

__all__ = ["KINDS", "Feed", "Gains", "Loaded", "Place", "load"]

KINDS: dict[str, tuple[type[SourceOptions], Callable[..., Loaded]]] = {
    "demo": (demo.DemoOptions, demo.load),
    "productqa": (productqa.ProductQAOptions, productqa.load),
    "chorus": (chorus.ChorusOptions, chorus.load),
    "retail-requests": (retail_requests.RetailOptions, retail_requests.load),
    "esci": (esci.EsciOptions, esci.load),
    "written": (written.WrittenOptions, written.load),
    "jsonl": (jsonl.JsonlOptions, jsonl.load),
    "languages": (languages.LanguagesOptions, languages.load),
}


def load(data: Mapping[str, Any], where: str, place: Place, gains: Gains, feeds: Mapping[str, Feed]) -> Loaded:
    """The cases and feeds of a suite's `data`; `feeds` are those that the suite names itself, which come first.

    Raises UsageError for an unknown kind or option, a missing set, a wrong line, and where there is no case.
    """
    kind = data.get("kind")
    if kind not in KINDS:
        raise UsageError(f"{where}: data.kind is {kind!r}; there is: {', '.join(KINDS)}")
    model, loader = KINDS[str(kind)]
    options = model.read(data, where)
    if kind == "written" and feeds:
        options = options.model_copy(update={"pool": "all"})
    if kind == "jsonl":
        if not feeds:
            raise UsageError(f"{where}: data.kind jsonl needs 'catalog': a feed, or the folder of a catalogue")
        loaded = loader(options, place, gains, feeds)
    else:
        loaded = loader(options, place, gains)
    if not loaded.cases:
        raise UsageError(f"{where}: an empty suite, its data holds no case; mend data.split")
    return loaded
