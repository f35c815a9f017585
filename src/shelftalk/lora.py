"""What an adapter's folder must hold to be added to a base: one check for the language model's and the encoders'.

PEFT itself says which weights an adapter of that configuration has on that base (the base is built from its config.json
without weights); the file must hold exactly these, in these shapes, and nothing but finite numbers. It knows no engine.
"""

from __future__ import annotations

import difflib
import json
import logging
import math
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shelftalk.errors import EngineError

__all__ = ["CARD", "CONFIG", "KINDS", "WEIGHTS", "base_names", "check", "read_config"]

CARD = "training.json"  # what an adapter was trained on and from, written beside its weights
WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
KINDS = ("LORA", "ADALORA")
_PREFIX = "base_model.model."
_CACHED = re.compile(r"models--(?:[^/\\]*--)?(?P<name>[^/\\]+)")  # a folder of the hub's cache

logger = logging.getLogger(__name__)

Shapes = dict[str, tuple[int, ...]]


def read_config(folder: Path) -> dict[str, Any]:
    """adapter_config.json of an adapter. EngineError where it is not there, is no JSON object, or holds no sound kind, rank or
    alpha."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise EngineError(f"adapter {folder} cannot be read: {error}; copy it anew or train it again") from error
    if not isinstance(config, dict):
        raise EngineError(f"adapter {folder}: {CONFIG} must hold a JSON object; copy it anew or train it again")
    if (kind := str(config.get("peft_type")).upper()) not in KINDS:
        raise EngineError(
            f"adapter {folder} is of PEFT type {config.get('peft_type')}; only {', '.join(KINDS)} are served"
        )
    rank, alpha = (kind == "ADALORA" and config.get("init_r")) or config.get("r"), config.get("lora_alpha")
    if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
        raise EngineError(f"adapter {folder}: {CONFIG} gives rank {rank!r}; it must be a whole number of 1 or more")
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not math.isfinite(alpha):
        raise EngineError(f"adapter {folder}: {CONFIG} gives lora_alpha {alpha!r}; it must be a number")
    return config


def base_names(name: str) -> frozenset[str]:
    """The names that a base is known by, in small letters, from a Hugging Face name, a folder or what a file says of it; none
    where it is a path that tells only where the base lay on some machine."""
    if found := _CACHED.search(name):
        return frozenset({found["name"].casefold()})
    folder = Path(name).expanduser()
    names = set()
    if (folder / "config.json").is_file():
        names |= {
            folder.name,
            folder.resolve().name,
            str(_json(folder / "config.json").get("_name_or_path") or "").rpartition("/")[2],
        }
    elif name.count("/") <= 1 and not name.startswith((".", "/", "~")) and "\\" not in name:
        names.add(name.rpartition("/")[2])
    return frozenset(n.casefold() for n in names if n)


def check(folder: Path, base: Path, *, causal: bool = True, name: str | None = None) -> dict[str, float]:
    """The scale alpha / r of each adapted module, once the adapter is known to fit the base in that folder.

    `causal` says that the base is a language model, else it is an encoder. EngineError says what is wrong: a file that cannot
    be read, targets or names that the base has not, weights that are missing, another rank, shape or vocabulary, another
    base's name, numbers that are none.
    """
    told = f"adapter {name or folder}"
    config = read_config(folder)
    if causal:  # the base of an encoder is found by that name
        _same_base(told, folder, config, base)
    expected, own, scales = _expected(told, folder, base, causal)
    held = _held(told, folder)
    _compare(told, held, expected, own, base.name)
    _vocabulary(told, folder, own, base.name)
    _finite(told, folder, scales)
    return scales


def _same_base(told: str, folder: Path, config: Mapping[str, Any], base: Path) -> None:
    """Refuses a base of another name than the configuration's; where training.json knows the base's weights (their fingerprint
    is compared elsewhere), the two files of the adapter must agree."""
    card = _json(folder / CARD).get("base")
    card = card if isinstance(card, dict) else {}
    named = base_names(str(config.get("base_model_name_or_path") or ""))
    if card.get("fingerprint") and card.get("name"):
        known, whose = base_names(str(card["name"])), f"{CARD} names {card['name']}"
    else:
        known, whose = base_names(str(base)), f"the model is {base.name}"
    if named and known and not named & known:
        raise EngineError(
            f"{told}: {CONFIG} names {config['base_model_name_or_path']} as its base, but {whose}; set 'model' to its base, or, "
            "where both are the same weights, correct base_model_name_or_path"
        )


def _expected(told: str, folder: Path, base: Path, causal: bool) -> tuple[Shapes, Shapes, dict[str, float]]:
    """The shapes of the weights that PEFT makes of the configuration on this base, those of the base itself, and the scales."""
    try:
        import peft
        import torch
        import transformers
    except ImportError as error:
        raise EngineError(f"an adapter needs the package {error.name}; run pip install 'shelftalk'") from error
    loader = transformers.AutoModelForCausalLM if causal else transformers.AutoModel
    try:
        with torch.device("meta"):
            model = loader.from_config(transformers.AutoConfig.from_pretrained(base, local_files_only=True))
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        raise EngineError(
            f"{told} cannot be checked: transformers cannot build {base.name} ({_line(error)})"
        ) from error
    own = {n: tuple(p.shape) for n, p in model.named_parameters(remove_duplicate=False)}
    try:
        config = peft.PeftConfig.from_pretrained(str(folder))
        config.inference_mode = True
        config.init_lora_weights = True  # other beginnings need the base's weights
        ranks = _ended_ranks(config)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrapped = peft.PeftModel(model, config, low_cpu_mem_usage=True)
            state = peft.get_peft_model_state_dict(wrapped, save_embedding_layers=False)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError, NotImplementedError) as error:
        raise EngineError(
            f"{told}: {CONFIG} does not fit {base.name}: {_line(error)}; it was made for another model"
        ) from error
    scales = {
        n.removeprefix(_PREFIX): float(next(iter(m.scaling.values())))
        for n, m in wrapped.named_modules()
        if isinstance(getattr(m, "scaling", None), dict) and m.scaling
    }
    shapes = {_today(n): tuple(t.shape) for n, t in state.items()}
    for n, shape in shapes.items():
        module, _, part = n.removeprefix(_PREFIX).partition(".lora_")
        if module in ranks:
            shapes[n] = (shape[0], ranks[module]) if part.startswith("B") else (ranks[module], *shape[1:])
    return shapes, own, scales


def _ended_ranks(config: Any) -> dict[str, int]:
    """The rank of each module that AdaLoRA ended with, taken out of the configuration: PEFT counts them with the weights at hand."""
    if str(getattr(config.peft_type, "value", config.peft_type)) != "ADALORA":
        return {}
    pattern, config.rank_pattern = config.rank_pattern or {}, None
    modules = {n: n.removeprefix(_PREFIX).partition(".lora_E")[0] for n in pattern}
    return {modules[n]: sum(kept) if isinstance(kept, list) else int(kept) for n, kept in pattern.items()}


def _held(told: str, folder: Path) -> Shapes:
    """The shapes of the weights in the file, by the names that PEFT gives them today."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / WEIGHTS, "pt") as file:
            found = {n: tuple(file.get_slice(n).get_shape()) for n in file.keys()}  # noqa: SIM118  safe_open is no mapping
    except (OSError, SafetensorError) as error:
        raise EngineError(
            f"{told}: {WEIGHTS} cannot be read: {_line(error)}; copy it anew or train it again"
        ) from error
    return {_today(n): shape for n, shape in found.items()}


def _today(name: str) -> str:
    """DoRA's magnitudes were once saved as a module's weight, and PEFT reads both."""
    return name.replace("lora_magnitude_vector.weight", "lora_magnitude_vector")


def _compare(told: str, held: Shapes, expected: Shapes, own: Shapes, base: str) -> None:
    """Refuses names and shapes that are not the expected ones; a whole weight of the base in its own shape is PEFT's habit."""
    strange = [n for n in held if n not in expected and own.get(n.removeprefix(_PREFIX)) != held[n]]
    missing = [n for n in expected if n not in held]
    if strange:
        first = strange[0]
        whole = own.get(first.removeprefix(_PREFIX))
        if whole is not None:
            raise EngineError(f"{told} does not fit {base}: {_shape(first, held[first], whole)}")
        nearest = next(iter(difflib.get_close_matches(first, expected, 1, 0)), "")
        wrapped = first.replace(_PREFIX * 2, _PREFIX) in expected
        how = (
            f"; the prefix {_PREFIX!r} stands there twice (it was saved from a model that was wrapped already)"
            if wrapped
            else f", which has names such as {nearest}" if nearest else ""
        )  # fmt: skip
        raise EngineError(
            f"{told}: {len(strange)} of its {len(held)} weights match nothing in {base}: {first}{how}. They would be left out "
            "without a word; save the adapter again with names of this base"
        )
    if missing:
        raise EngineError(
            f"{told} lacks {len(missing)} of the {len(expected)} weights that {CONFIG} stands for on {base}, the first being "
            f"{missing[0]}; copy it anew or train it again"
        )
    if unlike := [n for n in held if n in expected and held[n] != expected[n]]:
        raise EngineError(f"{told} does not fit {base}: {_shape(unlike[0], held[unlike[0]], expected[unlike[0]])}")


def _shape(name: str, held: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """What a difference of two shapes means."""
    sizes = f"{list(held)}, where {list(wanted)} is wanted"
    side = {"lora_A": 0, "lora_B": 1, "lora_embedding_A": 0, "lora_embedding_B": 1}
    part = next((p for p in side if f".{p}" in name), None)
    if part is not None and len(held) == len(wanted) and held[side[part]] != wanted[side[part]]:
        return (
            f"{name} is {sizes}: it has rank {held[side[part]]} and {CONFIG} says {wanted[side[part]]}; the two files are not "
            "of one adapter"
        )
    if (part is None or "embedding" in part) and len(held) == 2 and held[1:] == wanted[1:]:
        return f"{name} is {sizes}: it was made for another vocabulary of {held[0]} tokens"
    return f"{name} is {sizes}: layer of another shape, so it was made for another model"


def _vocabulary(told: str, folder: Path, own: Shapes, base: str) -> None:
    """Refuses a tokenizer beside the adapter with more tokens than the base has embeddings for."""
    rows = max((shape[0] for n, shape in own.items() if "embed" in n and len(shape) == 2), default=0)
    vocabulary = _json(folder / "tokenizer.json")
    model = vocabulary.get("model")
    ids = [t.get("id", 0) for t in vocabulary.get("added_tokens") or [] if isinstance(t, dict)]
    words = model.get("vocab") if isinstance(model, dict) else None
    ids += list(words.values()) if isinstance(words, dict) else []
    largest = max((i for i in ids if isinstance(i, int)), default=-1)
    if rows and largest >= rows:
        raise EngineError(
            f"{told}: the tokenizer beside it has {largest + 1} tokens, {base} has {rows}; it was made for another vocabulary"
        )


def _finite(told: str, folder: Path, scales: Mapping[str, float]) -> None:
    """Refuses numbers that are none; warns where the adapter changes nothing."""
    import torch
    from safetensors import SafetensorError, safe_open

    bad: Counter[str] = Counter()
    moved, first = False, ""
    try:
        with safe_open(folder / WEIGHTS, "pt") as file:
            for name in file.keys():  # noqa: SIM118
                tensor = file.get_tensor(name).float()
                if not bool(torch.isfinite(tensor).all()):
                    first = first or name
                    bad["NaN" if bool(torch.isnan(tensor).any()) else "infinite"] += 1
                moved = moved or (
                    ("lora_B" in name or "embedding_B" in name or "lora_" not in name) and bool(tensor.any())
                )
    except (OSError, SafetensorError) as error:
        raise EngineError(
            f"{told}: {WEIGHTS} cannot be read: {_line(error)}; copy it anew or train it again"
        ) from error
    if bad:
        kinds = ", ".join(f"{kind} in {count}" for kind, count in bad.items())
        raise EngineError(
            f"{told} holds numbers that are none ({kinds} of its weights, the first being {first}); its training diverged or "
            "the file is damaged: train it again with a smaller learning rate, or copy it anew"
        )
    if not all(map(math.isfinite, scales.values())):
        raise EngineError(f"{told}: {CONFIG} gives a scale that is no number; correct lora_alpha")
    if not moved:
        logger.warning("%s changes nothing: what it adds to the model is 0 everywhere", told)


def _json(path: Path) -> dict[str, Any]:
    """The object in a file, {} where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
