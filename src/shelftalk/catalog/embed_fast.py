"""The fast way to embed on a CPU: a BERT model turned once into 8-bit integers, cached, and run one text at a time.

One text at a time wastes nothing on padding, gives a text the same vector whatever stands beside it, and keeps every core
busy through threads. Loading needs neither torch nor transformers. What cannot be run this way (another network, another
pooling, no onnxruntime) is said with NotFast, and the caller uses sentence-transformers as it comes.

    HOME/embedders/NAME-KEY/   model.onnx  tokenizer.json  meta.json (pooling, length, digests)
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelftalk.catalog import embed_graph
from shelftalk.resources import file_digest

if TYPE_CHECKING:
    import numpy as np

# Part of the cache's key: raise it whenever the graph or the cache's layout changes.
FORMAT = 1
FILES = ("model.onnx", "tokenizer.json")
CHUNK = 512

log = logging.getLogger(__name__)


class NotFast(Exception):
    """Why a model cannot be run by this module."""


class FastEncoder:
    """Texts to unit vectors by the cached 8-bit model; safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        for name in FILES:
            if file_digest(folder / name) != meta["digests"][name]:
                raise ValueError(f"{name} is not what was written")
        self.dimensions = int(meta["dimensions"])
        self._pooling: str = meta["pooling"]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(int(meta["max_seq_length"]))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors of the texts in their order: float32, shape (len(texts), dimensions)."""
        import numpy as np

        out = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        if len(texts) == 1:
            out[0] = self._one(self._tokenizer.encode(texts[0]).ids)
            return out
        with ThreadPoolExecutor(cores()) as pool:
            for start in range(0, len(texts), CHUNK):
                ids = [e.ids for e in self._tokenizer.encode_batch_fast(list(texts[start : start + CHUNK]))]
                for n, vector in enumerate(pool.map(self._one, ids), start):
                    out[n] = vector
        return out

    def _one(self, ids: list[int]) -> np.ndarray:
        import numpy as np

        hidden = self._session.run(None, {"input_ids": np.array([ids], dtype=np.int32)})[0][0]
        vector = hidden[0] if self._pooling == "cls" else hidden.mean(axis=0)
        norm = float(np.sqrt(vector @ vector))
        unit: np.ndarray = vector / norm if norm > 0 else vector
        return unit


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load(name: str, model: Path, home: Path) -> FastEncoder:
    """The fast encoder of a sentence-transformers model folder, converted now if it was not yet or its cache is damaged.

    Raises NotFast where this model, machine or cache folder does not allow it.
    """
    for package in ("onnxruntime", "onnx", "tokenizers", "safetensors"):
        if importlib.util.find_spec(package) is None:
            raise NotFast(f"{package} is not installed")
    try:
        folder = home / "embedders" / f"{_slug(name)}-{_key(model)}"
        if folder.exists():
            try:
                return FastEncoder(folder)
            except Exception as error:
                log.warning("the cached embedder in %s is damaged (%s); it is made again", folder, error)
                shutil.rmtree(folder, ignore_errors=True)
        _convert(model, folder)
        return FastEncoder(folder)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise NotFast(f"{type(error).__name__}: {error}") from error


def _convert(model: Path, folder: Path) -> None:
    from safetensors.numpy import load_file

    config = _json(model / "config.json")
    if not embed_graph.supported(config):
        raise NotFast(f"its network ({config.get('model_type')}) is not one that is converted")
    meta = {"pooling": _pooling(model), "max_seq_length": _length(model, config), "dimensions": config["hidden_size"]}
    for needed in ("model.safetensors", "tokenizer.json"):
        if not (model / needed).is_file():
            raise NotFast(f"it has no {needed}")
    log.info("converting the embedder in %s to 8-bit integers, once", model)
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        graph = embed_graph.build(config, load_file(model / "model.safetensors"), embed_graph.weight_range())
        (work / "model.onnx").write_bytes(graph)
        shutil.copyfile(model / "tokenizer.json", work / "tokenizer.json")
        meta["digests"] = {name: file_digest(work / name) for name in FILES}
        (work / "meta.json").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")
        try:
            work.rename(folder)
        except OSError:
            if not folder.exists():  # else another process was first, with the same files
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _pooling(model: Path) -> str:
    """ "mean" or "cls", where the modules are transformer, pooling and at most a normalisation; NotFast otherwise."""
    modules = [m["type"].rsplit(".", 1)[-1] for m in _json(model / "modules.json")]
    if modules not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise NotFast(f"its modules are {', '.join(modules)}")
    config = _json(model / _json(model / "modules.json")[1]["path"] / "config.json")
    modes = [k.removeprefix("pooling_mode_") for k, v in config.items() if k.startswith("pooling_mode_") and v is True]
    named = {"mean_tokens": "mean", "cls_token": "cls"}
    found = config.get("pooling_mode") if isinstance(config.get("pooling_mode"), str) else named.get("".join(modes))
    if found not in ("mean", "cls"):
        raise NotFast(f"its pooling is {found or ', '.join(modes)}")
    return str(found)


def _length(model: Path, config: dict[str, Any]) -> int:
    file = model / "sentence_bert_config.json"
    stated = _json(file).get("max_seq_length") if file.is_file() else None
    return min(int(stated or 512), int(config["max_position_embeddings"]))


def _key(model: Path) -> str:
    """A key that changes with the model's files and folder, the kind of processor and this module's format."""
    facts: list[Any] = [FORMAT, embed_graph.weight_range(), str(model.resolve())]
    for file in sorted(p for p in model.rglob("*") if p.suffix in (".json", ".safetensors")):
        facts.append([str(file.relative_to(model)), file.stat().st_size, int(file.stat().st_mtime)])
    return hashlib.blake2b(json.dumps(facts).encode(), digest_size=6).hexdigest()


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[-40:] or "model"


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
