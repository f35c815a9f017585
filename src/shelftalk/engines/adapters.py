"""Adapters: where one is, which base it belongs to, and the base with it merged in, made once below the home folder.

An unmerged LoRA is 5 to 10 times slower on a CPU, so both engines in process load the merged folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelftalk.engines.common import import_transformers
from shelftalk.engines.models import ProgressCallback
from shelftalk.errors import EngineError, StorageError
from shelftalk.lora import CARD, CONFIG, WEIGHTS, check, read_config
from shelftalk.resources import file_digest, resource

__all__ = [
    "CARD",
    "CONFIG",
    "WEIGHTS",
    "Adapter",
    "adapter_folders",
    "content_hash",
    "find_adapter",
    "fingerprint",
    "merge",
    "merged_model",
]

_MARKER = "shelftalk-merged.json"
_SAMPLE = 64
# What vLLM takes as max_lora_rank (vllm.config.lora.MaxLoRARanks); an adapter may have any rank up to the largest.
SERVED_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter's folder, its name, the hash of its content, and the base it was trained on as far as it says."""

    folder: Path
    name: str
    hash: str
    base: str
    base_fingerprint: str | None
    rank: int

    @property
    def ref(self) -> str:
        """NAME@HASH."""
        return f"{self.name}@{self.hash}"


def adapter_folders(home: Path) -> list[Path]:
    """The folders that hold published adapters: those that travel with the package, then the home folder's."""
    try:
        shipped = [resource("serve/adapters")]
    except FileNotFoundError:
        shipped = []
    return [*shipped, home.expanduser() / "adapters"]


def find_adapter(name: str, home: Path) -> Adapter:
    """The adapter in a folder, or published under NAME@HASH or NAME (the newest). EngineError lists what there is."""
    folder = Path(name).expanduser()
    if (folder / CONFIG).is_file():
        return read_adapter(folder)
    if folder.is_dir() and (folder / "adapter" / CONFIG).is_file():
        return read_adapter(folder / "adapter")
    if folder.is_absolute() or name.startswith((".", "~")):
        raise EngineError(f"adapter {name!r}: no {CONFIG} there; give the folder that 'shelftalk train sft' wrote")
    published = [p for root in adapter_folders(home) for p in root.glob("*@*") if (p / CONFIG).is_file()]
    found = [p for p in published if p.name == name or p.name.rpartition("@")[0] == name]
    if not found:
        there = ", ".join(sorted(p.name for p in published)) or "none"
        raise EngineError(f"no adapter {name!r}; give a folder, or the name of a published one (there is: {there})")
    return read_adapter(max(found, key=_published_at))


def read_adapter(folder: Path) -> Adapter:
    """What an adapter's folder says of it; EngineError where a file is missing or damaged."""
    from safetensors import SafetensorError, safe_open

    config = read_config(folder)
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8-sig")) if (folder / CARD).is_file() else {}
        with safe_open(folder / WEIGHTS, "np") as file:
            if not list(file.keys()):
                raise EngineError(f"adapter {folder}: {WEIGHTS} holds nothing")
    except (OSError, ValueError, SafetensorError) as error:
        raise EngineError(f"adapter {folder} cannot be read: {error}; copy it anew or train it again") from error
    base = card.get("base") if isinstance(card, dict) else None
    base = base if isinstance(base, dict) else {}
    return Adapter(
        folder,
        folder.name.rpartition("@")[0] or (folder.parent.name if folder.name == "adapter" else folder.name),
        content_hash(folder),
        str(base.get("name") or config.get("base_model_name_or_path") or ""),
        base.get("fingerprint"),
        int(config.get("r") or config.get("init_r") or 0),
    )


def content_hash(folder: Path) -> str:
    """12 hexadecimal digits of SHA-256 over the weights and what of the configuration changes the result."""
    digest = hashlib.sha256()
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8-sig"))
    kept = {
        key: config.get(key) for key in ("peft_type", "r", "lora_alpha", "use_rslora", "use_dora", "target_modules")
    }
    if isinstance(kept["target_modules"], list):
        kept["target_modules"] = sorted(kept["target_modules"])
    digest.update(json.dumps(kept, sort_keys=True).encode())
    with (folder / WEIGHTS).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()[:12]


def fingerprint(model: Path) -> str:
    """16 hexadecimal digits that tell a base's weights from another's: names, shapes and the first values of each tensor.

    It does not depend on how the tensors are spread over files. EngineError where the folder has no safetensors, or damaged
    ones.
    """
    from safetensors import SafetensorError, safe_open

    files = sorted(model.glob("*.safetensors"))
    if not files:
        raise EngineError(f"model folder {model} has no *.safetensors; adapters need a base in that format")
    torch, _ = import_transformers()
    told: list[bytes] = []
    for path in files:
        try:
            with safe_open(path, "pt") as file:
                for name in file.keys():  # noqa: SIM118  safe_open is no mapping
                    part = file.get_slice(name)
                    shape = part.get_shape()
                    first = part[:1].flatten()[:_SAMPLE] if shape else file.get_tensor(name).flatten()
                    values = first.to(torch.bfloat16).view(torch.int16).numpy().tobytes()
                    told.append(f"{name} {shape} ".encode() + values)
        except SafetensorError as error:
            raise EngineError(f"model file {path} is damaged: {error}; remove its folder and make it again") from error
    return hashlib.sha256(b"\n".join(sorted(told))).hexdigest()[:16]


def local_base(base: Path | str) -> Path:
    """The base's folder; a Hugging Face name is downloaded. EngineError where it cannot be had."""
    if isinstance(base, Path):
        return base
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(base, allow_patterns=["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]))
    except Exception as error:
        raise EngineError(f"model {base} cannot be had: {error}; give its folder instead") from error


def check_base(adapter: Adapter, base: Path) -> None:
    """EngineError where the adapter was trained on other weights than these, or `lora.check` finds it unsound for them."""
    if adapter.base_fingerprint is not None and adapter.base_fingerprint != (here := fingerprint(base)):
        raise EngineError(
            f"adapter {adapter.ref} was trained on {adapter.base} ({adapter.base_fingerprint}), not on {base.name} "
            f"({here}); set 'model' to its base, or train one for this model"
        )
    check(adapter.folder, base, name=adapter.ref)


def merge(base: Path, adapter: Adapter, target: Path) -> None:
    """Writes the base with the adapter merged in, as bf16 safetensors with the tokenizer, into a new folder.

    The sum is made in float32. EngineError where the adapter does not fit the base.
    """
    check_base(adapter, base)
    torch, transformers = import_transformers()
    import peft

    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
    merged = peft.PeftModel.from_pretrained(model, str(adapter.folder)).merge_and_unload(safe_merge=True)
    merged.to(torch.bfloat16).save_pretrained(target)
    transformers.AutoTokenizer.from_pretrained(base, local_files_only=True).save_pretrained(target)


def merged_model(base: Path | str, name: str, home: Path, progress: ProgressCallback | None = None) -> Path:
    """The folder below home/models of the base with that adapter merged in, made the first time (seconds).

    Written beside its place and renamed, under a lock, so that a cut leaves nothing half done.
    """
    adapter = find_adapter(name, home)
    source = local_base(base)
    folder = home.expanduser() / "models" / f"{source.name}+{adapter.hash}"
    made_of = file_digest(adapter.folder / CONFIG)
    if _whole(folder, made_of):
        return folder
    from filelock import FileLock

    say = progress or logger.info
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            if _whole(folder, made_of):
                return folder
            say(f"merging adapter {adapter.ref} into {source.name} (once)")
            for left in folder.parent.glob(f".{folder.name}.*"):
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
                fresh = Path(temporary) / "model"
                merge(source, adapter, fresh)
                sizes = {p.name: p.stat().st_size for p in sorted(fresh.iterdir())}
                told = {"base": source.name, "adapter": adapter.ref, "config": made_of, "files": sizes}
                (fresh / _MARKER).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
                if folder.exists():
                    folder.replace(Path(temporary) / "damaged")
                fresh.replace(folder)
    except OSError as error:
        raise StorageError(
            f"cannot write the merged model to {folder}: {error.strerror or error}; make room or set another place "
            "(setting 'home', SHELFTALK_HOME)"
        ) from error
    return folder


def _whole(folder: Path, config: str) -> bool:
    """Each file has the size that was written down, and the adapter's configuration is the one that was checked."""
    try:
        told: dict[str, Any] = json.loads((folder / _MARKER).read_text(encoding="utf-8"))
        files = told["files"].items()
        return told["config"] == config and all((folder / name).stat().st_size == size for name, size in files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _published_at(folder: Path) -> tuple[str, str]:
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8-sig"))
        return str(card.get("published") or card.get("finished") or ""), folder.name
    except (OSError, ValueError, AttributeError):
        return "", folder.name
