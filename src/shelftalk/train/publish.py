"""Publishing: an adapter under NAME@HASH with small weights, a model card and an entry in the registry."""

from __future__ import annotations

import json
import random
import re
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from shelftalk.engines.adapters import CARD, CONFIG, WEIGHTS, Adapter, content_hash, find_adapter, read_adapter
from shelftalk.engines.common import import_transformers
from shelftalk.errors import UsageError
from shelftalk.train.card import LICENCES
from shelftalk.train.lora import SERVED_RANKS, served_rank
from shelftalk.train.registry import record

__all__ = ["interval", "publish", "refuse_unserved"]

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_RESAMPLES = 2000


def publish(
    source: str, name: str, root: Path, home: Path, *, licence: str, limits: str = "", measured: Path | None = None
) -> Adapter:
    """The published adapter: a folder NAME@HASH below `root`, its weights in bf16 and its card as README.md.

    `measured` is a JSON file of further figures, {"metric": {"value": v, "low": l, "high": h, "command": c}}. UsageError
    where the name cannot be one, the adapter is not servable, or a file is not what it should be.
    """
    if not _NAME.match(name):
        raise UsageError(f"adapter name {name!r}: use small letters, digits, '.', '_' and '-' (at most 64)")
    if not licence.strip():
        raise UsageError(
            "an adapter is published with the licence of its data and base; name it, e.g. --licence CC-BY-4.0"
        )
    if root.exists() and not root.is_dir():
        raise UsageError(f"{root} is a file; name a folder to publish to")
    adapter = find_adapter(source, home)
    card = _card(adapter)
    config = json.loads((adapter.folder / CONFIG).read_text(encoding="utf-8-sig"))
    refuse_unserved(config, adapter)
    figures = _figures(measured)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".publish.") as temporary:
        fresh = Path(temporary) / "adapter"
        fresh.mkdir()
        shutil.copyfile(adapter.folder / CONFIG, fresh / CONFIG)
        _halve(adapter.folder / WEIGHTS, fresh / WEIGHTS)
        kept = {**card, "published": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "licence": licence}
        kept["intervals"] = {task: interval(v) for task, v in card.get("dev_values", {}).items() if v}
        kept["measured"] = figures
        (fresh / CARD).write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        ref = f"{name}@{content_hash(fresh)}"
        (fresh / "README.md").write_text(model_card(ref, kept, config, limits), encoding="utf-8")
        fresh.chmod(0o755)
        target = root / ref
        if target.exists():
            shutil.rmtree(target)
        fresh.replace(target)
    made = read_adapter(target)
    record(
        root,
        {
            "ref": ref, "name": name, "hash": made.hash, "base": made.base, "base_fingerprint": made.base_fingerprint,
            "rank": made.rank, "max_lora_rank": served_rank(made.rank), "tasks": sorted(card.get("tasks", {})),
            "scores": card.get("scores", {}), "data": card.get("data", {}).get("train", {}).get("sha256"),
            "licence": licence, "published": kept["published"],
            "bytes": sum(p.stat().st_size for p in target.iterdir()),
        },
    )  # fmt: skip
    return made


def refuse_unserved(config: Mapping[str, Any], adapter: Adapter) -> None:
    """UsageError where vLLM would refuse the adapter and merging is no way round it."""
    if config.get("modules_to_save"):
        raise UsageError(
            f"adapter {adapter.name} holds whole modules ({', '.join(config['modules_to_save'])}), which no server loads "
            "as an adapter; train it again without modules_to_save"
        )
    if adapter.rank > SERVED_RANKS[-1]:
        raise UsageError(f"adapter {adapter.name} has rank {adapter.rank}; vLLM serves up to {SERVED_RANKS[-1]}")
    if str(config.get("peft_type")).upper() not in ("LORA", "ADALORA"):
        raise UsageError(
            f"adapter {adapter.name} is of PEFT type {config.get('peft_type')}; only LoRA kinds are served"
        )


def interval(values: Sequence[float], seed: int = 0) -> dict[str, float]:
    """Mean and 95% interval of a score by the percentile bootstrap (2,000 resamples of the examples; Efron 1979)."""
    rng = random.Random(seed)
    n = len(values)
    means = sorted(sum(rng.choices(values, k=n)) / n for _ in range(_RESAMPLES))
    low, high = means[int(0.025 * _RESAMPLES)], means[int(0.975 * _RESAMPLES) - 1]
    return {"value": round(sum(values) / n, 4), "low": round(low, 4), "high": round(high, 4), "examples": n}


def model_card(ref: str, card: Mapping[str, Any], config: Mapping[str, Any], limits: str) -> str:
    """The card as Markdown: what it is for, its data and licence, figures with intervals, how it was made, its limits."""
    base, recipe, data = card.get("base", {}), card.get("recipe", {}), card.get("data", {})
    kind = str(config.get("peft_type", "LORA"))
    kind = "DoRA" if config.get("use_dora") else "rsLoRA" if config.get("use_rslora") else kind
    lines = [
        "---", f"base_model: {base.get('name', '')}", "library_name: peft", yaml.safe_dump({"license": card.get("licence", "")}, allow_unicode=True).strip(), "---", "",
        f"# {ref}", "",
        f"A {kind} adapter of rank {config.get('r') or config.get('init_r')} for {base.get('name', 'its base')} (weights "
        f"{base.get('fingerprint', 'unknown')}), trained for: {', '.join(sorted(card.get('tasks', {}))) or 'unknown'}.", "",
        f"    SHELFTALK_ADAPTER={ref} shelftalk ask \"a lamp for reading\"", "",
        "## Data", "",
        f"Licence of the adapter: {card.get('licence', '')}. Sources and their licences:", "",
        *(f"- {source}: {LICENCES.get(source, 'not recorded')}" for source in card.get("sources", []) or ["not recorded"]), "",
        "| split | examples | SHA-256 |", "|---|---|---|",
        *(f"| {name} | {d.get('rows')} | {str(d.get('sha256'))[:16]} |" for name, d in data.items()), "",
        "## Figures", "",
        "On the dev split while training (95% interval by bootstrap over examples; `shelftalk train sft` prints the means):",
        "", "| task | before | after | 95% interval | examples |", "|---|---|---|---|---|",
        *(
            f"| {task} | {_shown(card.get('before', {}).get(f'score_{task}'))} | {i['value']:.3f} | "
            f"{i['low']:.3f} to {i['high']:.3f} | {i['examples']} |"
            for task, i in card.get("intervals", {}).items()
        ), "",
    ]  # fmt: skip
    if card.get("measured"):
        lines += ["Measured apart:", "", "| metric | value | 95% interval | command |", "|---|---|---|---|"]
        lines += [
            f"| {name} | {f['value']:.3f} | {_shown(f.get('low'))} to {_shown(f.get('high'))} | `{f.get('command', '')}` |"
            for name, f in card["measured"].items()
        ] + [""]
    versions = ", ".join(f"{name} {v}" for name, v in card.get("versions", {}).items())
    made = (
        f"{card.get('steps', '?')} steps, {card.get('tokens', '?')} tokens, {float(card.get('seconds', 0)) / 60:.0f} "
        f"minutes on {card.get('machine', 'an unknown machine')} ({card.get('device', 'cpu')}), "
        f"{card.get('peak_memory_mb', '?')} MB at most, ended by: {card.get('stopped', '?')}. {versions}."
    )
    lines += [
        "## How it was made", "", made, "", "```json", json.dumps(recipe, indent=1), "```", "", "## Limits", "",
        limits.strip() or "Made for the prompts of this package and the kinds of catalogue in its data. Scores on other "
        "catalogues and languages were not measured. It judges what a record says; it knows nothing of the world.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return "" if value is None else f"{float(value):.3f}"


def _card(adapter: Adapter) -> dict[str, Any]:
    path = adapter.folder / CARD
    if not path.is_file():
        raise UsageError(
            f"adapter {adapter.folder} has no {CARD}, so its data and base are not known; publish what 'shelftalk train "
            "sft' wrote"
        )
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8-sig"))
    return read


def _figures(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        read = json.loads(path.read_text(encoding="utf-8-sig"))
        return {
            str(k): {
                **v,
                "value": float(v["value"]),
                **{end: float(v[end]) for end in ("low", "high") if v.get(end) is not None},
            }
            for k, v in read.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: figures must be JSON, {{metric: {{value, low, high, command}}}}: {error}") from error


def _halve(source: Path, target: Path) -> None:
    """The same tensors in bf16, with no metadata but the format."""
    torch, _ = import_transformers()
    from safetensors.torch import load_file, save_file

    weights = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in sorted(load_file(source).items())}
    save_file(weights, target, metadata={"format": "pt"})
