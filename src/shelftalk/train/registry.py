"""The published adapters of a folder: registry.json, one entry each, newest last."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from shelftalk.engines.adapters import CARD, CONFIG, adapter_folders, content_hash, read_adapter
from shelftalk.errors import EngineError, StorageError

__all__ = ["REGISTRY", "entries", "record", "rows"]

REGISTRY = "registry.json"


def entries(root: Path) -> list[dict[str, Any]]:
    """The entries of a folder's registry, [] where there is none; StorageError where it is damaged."""
    path = root / REGISTRY
    if not path.is_file():
        return []
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(read, list) or not all(isinstance(e, dict) and "ref" in e for e in read):
            raise ValueError("it is no list of entries")
    except (OSError, ValueError) as error:
        raise StorageError(
            f"{path} is damaged ({error}); restore it, or delete it and publish the adapters anew"
        ) from error
    return read


def record(root: Path, entry: dict[str, Any]) -> None:
    """Adds an entry, in place of one with the same ref; the file is replaced whole."""
    kept = [e for e in entries(root) if e["ref"] != entry["ref"]]
    handle, name = tempfile.mkstemp(dir=root, prefix=".registry.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(json.dumps([*kept, entry], indent=1) + "\n")
    Path(name).chmod(0o644)
    Path(name).replace(root / REGISTRY)


def rows(home: Path) -> list[dict[str, Any]]:
    """Each published adapter that can be used by name: its registry entry, its folder and its state.

    `state` is "ready", "damaged" (the content is not what its name says) or "missing".
    """
    out = []
    for root in adapter_folders(home):
        known = {e["ref"]: e for e in entries(root)} if root.is_dir() else {}
        folders = {p.name: p for p in sorted(root.glob("*@*")) if p.is_dir()}
        for ref in [*known, *(name for name in folders if name not in known)]:
            entry = known.get(ref) or _described(folders[ref])
            out.append({**entry, "ref": ref, "folder": str(root / ref), "state": _state(root / ref)})
    return out


def _state(folder: Path) -> str:
    if not (folder / CONFIG).is_file():
        return "missing"
    try:
        return "ready" if content_hash(folder) == folder.name.rpartition("@")[2] else "damaged"
    except (OSError, ValueError):
        return "damaged"


def _described(folder: Path) -> dict[str, Any]:
    try:
        adapter = read_adapter(folder)
        card = json.loads((folder / CARD).read_text(encoding="utf-8-sig")) if (folder / CARD).is_file() else {}
    except (EngineError, OSError, ValueError):
        return {}
    return {
        "base": adapter.base,
        "rank": adapter.rank,
        "tasks": sorted(card.get("tasks", {})),
        "scores": card.get("scores", {}),
    }
