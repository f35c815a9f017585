"""Requests that people wrote for another shop (WebShop), put to the Retail Demo Store's catalogue; nothing is judged."""

from __future__ import annotations

import json
import random
from pathlib import Path

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.sources.base import Feed, Gains, Loaded, Place, SourceOptions, length
from shelftalk.values import Request


class RetailOptions(SourceOptions):
    """`sample` requests are drawn with `seed` from all 9,087; `path` and `requests`: the store's folder and the file."""

    sample: int = 300
    seed: int = 7
    path: str = "retail_demo_store"
    requests: str = "webshop/human_goals.json"


def load(options: RetailOptions, place: Place, gains: Gains) -> Loaded:
    """The sampled requests, without gold of any kind."""
    store = place.find(options.path, "the Retail Demo Store")
    texts = sample(place.find(options.requests, "WebShop's requests"), options.sample, options.seed)
    cases = [
        Case(str(i), Request(text, str(i)), columns={"words": length(text)})
        for i, text in enumerate(texts)
    ]  # fmt: skip
    return Loaded(cases, {"main": Feed(store, "retail-demo-store")})


def sample(file: Path, count: int, seed: int) -> list[str]:
    """That many of the requests of WebShop's human_goals.json, drawn with the seed; all of them where there are fewer."""
    try:
        goals = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: not readable as JSON: {error}") from error
    if not isinstance(goals, list) or not all(isinstance(g, str) for g in goals):
        raise UsageError(f"{file}: must be a JSON list of texts, as WebShop's human_goals.json is")
    return random.Random(seed).sample(goals, min(count, len(goals)))
