"""Which sentence of a description answers what a shopper said, by meaning.

Beside the default embedder a second encoder chooses: the same network with an adapter that `shelftalk train embedder` taught on texts
written for it. Products are not found with it: it finds them no better (docs/decisions/0002-embedding.md).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from shelftalk.catalog.embed import load_embedder
from shelftalk.errors import EngineError
from shelftalk.resources import resource

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Quoter", "load_quoter"]

SHIPPED = "serve/matchers/quote-minilm"
# How near (cosine) a sentence must stand to be quoted: at either floor 15 of 100 sentences of other kinds pass, and 60 to 64 of those that
# answer (the texts' dev part).
NEAR, SHIPPED_NEAR = 0.2, 0.31

log = logging.getLogger(__name__)


class Encoder(Protocol):
    """What choosing needs of an embedder."""

    @property
    def name(self) -> str: ...
    def encode(self, texts: Sequence[str]) -> np.ndarray: ...


class Quoter:
    """Chooses by an encoder's cosines; nothing that stands farther than `near` is chosen."""

    def __init__(self, encoder: Encoder, near: float = NEAR) -> None:
        self._encoder, self._near = encoder, near

    def nearest(self, request: str, sentences: Sequence[str]) -> str:
        """The sentence that is nearest to the request in meaning; "" where none is near."""
        if not sentences:
            return ""
        vectors = self._encoder.encode([request, *sentences])
        near = vectors[1:] @ vectors[0]
        best = int(near.argmax())
        return sentences[best] if near[best] >= self._near else ""


def load_quoter(embedder: Encoder, home: Path) -> Quoter:
    """The shipped one beside the default embedder, prepared under `home` at first use; a shop's own embedder, or the default one where
    that cannot be loaded, chooses itself."""
    if embedder.name != "default":
        return Quoter(embedder)
    try:
        return Quoter(load_embedder(str(resource(SHIPPED)), home), SHIPPED_NEAR)
    except (EngineError, OSError) as error:
        log.warning("the encoder that chooses quotes cannot be loaded, the embedder chooses them: %s", error)
        return Quoter(embedder)
