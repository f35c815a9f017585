"""The encoders that are shipped for wishes and needs (serve/matchers), loaded once a process."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shelftalk.errors import EngineError
from shelftalk.lora import WEIGHTS
from shelftalk.resources import file_digest, resource
from shelftalk.understand.model.kept import KeptVectors
from shelftalk.understand.model.matching import HEAD, FieldMatcher, KindMatcher, NeedHead, TextMatcher, Vectors

if TYPE_CHECKING:
    from shelftalk.catalog.embed import Embedder

__all__ = ["Matchers", "load_matchers", "ready_matchers", "shared_matchers"]

SHIPPED, SHIPPED_NEEDS = "serve/matchers/wish-minilm", "serve/matchers/need-minilm"
LARGER, LARGER_NEEDS = "serve/matchers/wish-mpnet", "serve/matchers/need-mpnet"
SHIPPED_TEXTS = "serve/matchers/text-mpnet"

log = logging.getLogger(__name__)


class Matchers(NamedTuple):
    """What orders the fields of a wish, what orders the kinds for a need, and what finds the sentences that answer either."""

    fields: FieldMatcher
    kinds: KindMatcher
    texts: TextMatcher | None = None


def load_matchers(home: Path, larger: bool = True) -> Matchers | None:
    """The shipped matchers, prepared under `home` at first use; None (and a warning) where they cannot be loaded. Without `larger`,
    or where its base is not installed (a warning says so), fields and kinds are ordered by the small encoders alone."""
    try:
        fields, needs = _shipped(SHIPPED, home), _shipped(SHIPPED_NEEDS, home)
        large_fields, large_kinds = (_larger(name, home) if larger else None for name in (LARGER, LARGER_NEEDS))
        head = _shipped_head(needs.dimensions)
        texts = _larger(SHIPPED_TEXTS, home) if larger else None
        return Matchers(
            FieldMatcher(_vectors(SHIPPED, fields, home), large_fields),
            KindMatcher(_vectors(SHIPPED_NEEDS, needs, home), head, large_kinds),
            TextMatcher(texts) if texts else None,
        )
    except (EngineError, OSError, ValueError, KeyError) as error:
        log.warning("the matchers cannot be loaded, fields and kinds are shown as they come: %s", error)
        return None


MOST_HELD = 2  # places whose matchers are held: each takes some hundred megabytes
_held: dict[tuple[Path, bool], Matchers | None] = {}
_loading = threading.Lock()


def shared_matchers(home: Path, larger: bool = True) -> Matchers | None:
    """`load_matchers`, once a process: shelves share the encoders and the vectors that they keep, which are safe to share."""
    key = home, larger
    with _loading:
        if key not in _held:
            while len(_held) >= MOST_HELD:
                _held.pop(next(iter(_held)), None)
            _held[key] = load_matchers(home, larger)
        return _held[key]


def ready_matchers(home: Path, larger: bool = True) -> Matchers | None:
    """What `shared_matchers` gives, without waiting: None while it is not loaded."""
    return _held.get((home, larger))


def _shipped_head(dimensions: int) -> NeedHead | None:
    """The head beside the matcher of kinds; None (and a warning) where it cannot be used: requests are then read without it."""
    folder = resource(SHIPPED_NEEDS)
    try:
        return NeedHead.read(folder, dimensions)
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning(
            "%s is left out, needs are told from other requests without it: %s; fit it anew with `shelftalk train matcher`",
            folder / HEAD, error,
        )  # fmt: skip
        return None


def _shipped(name: str, home: Path) -> Embedder:
    from shelftalk.catalog.embed import load_embedder

    return load_embedder(str(resource(name)), home)


def _vectors(name: str, embedder: Embedder, home: Path) -> Vectors:
    """The embedder with what it made before, kept under `home`."""
    digest = file_digest(resource(name) / WEIGHTS)[:12]
    return Vectors(embedder, KeptVectors(home / "vectors" / f"{digest}-{embedder.way}.sqlite", embedder.dimensions))


def _larger(name: str, home: Path) -> Vectors | None:
    try:
        return _vectors(name, _shipped(name, home), home)
    except (EngineError, OSError, ValueError, KeyError) as error:
        log.warning("wishes and needs are read by the small encoder alone: %s", error)
        return None
