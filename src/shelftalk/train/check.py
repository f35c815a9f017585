"""What is refused before the work starts: a set that cannot be trained on, a full disk, a checkpoint that is damaged."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shelftalk.errors import EngineError, StorageError, UsageError
from shelftalk.resources import file_digest
from shelftalk.train.callbacks import NOTE
from shelftalk.train.encode import Encoded

__all__ = [
    "alone",
    "checked_rows",
    "enough_room",
    "fitting",
    "load_data",
    "newest_checkpoint",
    "output_folder",
    "require_training",
    "room_for",
]

_COLUMNS = ("task", "prompt", "completion")
_WEIGHTS = "adapter_model.safetensors"

logger = logging.getLogger(__name__)


def require_training() -> None:
    """EngineError where the packages of training are not installed."""
    import importlib.util

    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # TRL and others report their use otherwise
    missing = [n for n in ("datasets", "peft", "trl", "tensorboard", "matplotlib") if not importlib.util.find_spec(n)]
    if missing:
        raise EngineError(f"training needs {', '.join(missing)}; run pip install 'shelftalk[train]'")


def load_data(folder: Path | None, tasks: Sequence[str] | None = None) -> dict[str, Any]:
    """The splits of a data set as `datasets` tables, of these tasks alone; UsageError says what is wrong with it."""
    if folder is None:
        raise UsageError("no data set is named; set sft.data to the folder that 'shelftalk train data' wrote")
    if not folder.is_dir():
        raise UsageError(f"data set {folder}: no such folder; run 'shelftalk train data --config FILE' first")
    loaded = _loaded(folder)
    splits = {name: _of_tasks(split, tasks, f"data set {folder}, split {name}") for name, split in loaded.items()}
    for name in ("train", "dev"):
        there = sorted(set(loaded[name]["task"]))
        for task in tasks or ():
            if task not in there:
                raise UsageError(f"data set {folder}, split {name}: no task {task!r}; there is: {', '.join(there)}")
        checked_rows(splits[name], f"data set {folder}, split {name}")
    return splits


def _loaded(folder: Path) -> Any:
    import datasets

    datasets.disable_progress_bars()
    try:
        loaded = datasets.load_from_disk(str(folder))
    except Exception as error:
        for state in sorted(folder.glob("*/state.json")):
            if not json.loads(state.read_text(encoding="utf-8")).get("_data_files"):  # datasets cannot load no rows
                checked_rows([], f"data set {folder}, split {state.parent.name}")
        raise UsageError(
            f"data set {folder} cannot be read ({str(error).splitlines()[0]}); write it anew with 'shelftalk train data'"
        ) from error
    if not isinstance(loaded, datasets.DatasetDict) or not {"train", "dev"} <= set(loaded):
        raise UsageError(f"data set {folder} must have the splits train and dev; 'shelftalk train data' writes both")
    return loaded


def _of_tasks(split: Any, tasks: Sequence[str] | None, where: str) -> Any:
    if missing := [c for c in _COLUMNS if c not in split.column_names]:
        raise UsageError(f"{where}: no column {', '.join(missing)}")
    if tasks is None:
        return split
    return split.select([i for i, task in enumerate(split["task"]) if task in tasks])


def checked_rows(rows: Any, where: str) -> None:
    """UsageError where there is no row, a row has no answer (a task without labels), or a prompt is empty."""
    if not len(rows):
        raise UsageError(f"{where} is empty; there is nothing to learn from. Check the sources of the data")
    unlabelled: dict[str, int] = {}
    for i, row in enumerate(rows):
        if not row["prompt"] or not any(str(m["content"]).strip() for m in row["prompt"]):
            raise UsageError(f"{where}, row {i} (task {row['task']}): the prompt is empty")
        answer = row["completion"][-1]["content"] if row["completion"] else ""
        if not str(answer or "").strip():
            unlabelled[row["task"]] = unlabelled.get(row["task"], 0) + 1
    if unlabelled:
        told = ", ".join(f"{task} ({count} rows)" for task, count in sorted(unlabelled.items()))
        raise UsageError(f"{where}: rows without an answer in {told}; leave the task out (sft.tasks) or label it")


def fitting(encoded: Sequence[Encoded], longest: int, where: str) -> tuple[list[int], int]:
    """The places of the examples of at most `longest` tokens, and how many are longer; UsageError when none fits."""
    kept = [i for i, e in enumerate(encoded) if len(e.ids) <= longest]
    if not kept:
        shortest = min(len(e.ids) for e in encoded)
        raise UsageError(
            f"{where}: no example fits into max_length {longest} (the shortest has {shortest} tokens); raise it"
        )
    return kept, len(encoded) - len(kept)


def output_folder(output: Path) -> None:
    """UsageError where the output is no folder, StorageError where it cannot be made or written to."""
    if output.exists() and not output.is_dir():
        raise UsageError(f"output {output} is a file; name a folder for the run")
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):
            pass
    except OSError as error:
        raise StorageError(f"output {output} cannot be written: {error.strerror}; choose another place") from error


@contextmanager
def alone(output: Path) -> Iterator[None]:
    """Holds the output folder for one run; UsageError where another holds it. Of several processes the first asks."""
    from filelock import FileLock, Timeout

    if os.environ.get("RANK", "0") != "0":
        yield
        return
    output_folder(output)
    lock = FileLock(output / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise UsageError(f"another run is writing to {output}; let it end, or name another output") from error
    try:
        yield
    finally:
        lock.release()


def enough_room(output: Path, parameters: int, keep: int) -> None:
    """StorageError where `keep` + 1 checkpoints (weights, and Adam's two moments, 4 bytes each) would fill the disk."""
    needed = (keep + 1) * parameters * 12 + parameters * 4 + 64 * 1024**2
    room_for(output, needed, "the checkpoints need", "choose another output, or keep fewer checkpoints (sft.keep)")


def room_for(target: Path, needed: int, what: str, remedy: str) -> None:
    """StorageError where fewer than `needed` bytes are free at the place of `target`, which need not be there yet."""
    place = target
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise StorageError(
            f"{target}: {free // 1024**2} MB free, and {what} {needed // 1024**2 + 1} MB; make room, {remedy}"
        )


def newest_checkpoint(output: Path, wanted: Mapping[str, Any]) -> tuple[Path, dict[str, Any]]:
    """The newest checkpoint and its note: `seconds` it had run, `tokens` it had read.

    An incomplete one (its note comes last) is removed. UsageError where there is none or it is of
    other data or model; StorageError where a file of it is damaged: it names the one before.
    """
    found = sorted(
        (p for p in output.glob("checkpoint-*") if p.name.removeprefix("checkpoint-").isdigit()),
        key=lambda p: int(p.name.removeprefix("checkpoint-")),
    )
    while found and not (found[-1] / NOTE).exists():
        cut = found.pop()
        logger.warning("%s is incomplete; it is removed", cut)
        shutil.rmtree(cut, ignore_errors=True)
    if not found:
        raise UsageError(f"{output} has no checkpoint to resume from; run without --resume")
    newest = found[-1]
    if (wrong := _damage(newest)) is not None:
        before = f"the run then goes on from {found[-2].name}" if len(found) > 1 else "then begin without --resume"
        raise StorageError(f"checkpoint {newest} is damaged ({wrong}); delete this folder; {before}")
    note = json.loads((newest / NOTE).read_text(encoding="utf-8"))
    for key, value in wanted.items():
        if note.get(key) != value:
            raise UsageError(
                f"checkpoint {newest} was made with another {key.replace('_', ' ')} than this training file gives; "
                "restore the old one, or choose another output and begin anew"
            )
    return newest, note


def _damage(folder: Path) -> str | None:
    """What is wrong with a checkpoint's files, None when all can be read."""
    from safetensors import SafetensorError, safe_open

    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
        json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        return f"no {Path(str(error.filename)).name}"
    except (OSError, ValueError) as error:
        return f"{error}"
    try:
        with safe_open(folder / _WEIGHTS, "np") as file:
            if not list(file.keys()):
                return f"{_WEIGHTS} is empty"
        if note.get("weights", hashed := file_digest(folder / _WEIGHTS)) != hashed:
            return f"{_WEIGHTS}: its bytes are not those that were saved"
    except (OSError, SafetensorError) as error:
        return f"{_WEIGHTS}: {error}"
    states = sorted(p.name for p in folder.glob("rng_state*.pth"))
    for name in ("optimizer.pt", "scheduler.pt", *states):
        try:
            with zipfile.ZipFile(folder / name) as archive:
                if (bad := archive.testzip()) is not None:
                    return f"{name}: {bad}"
        except (OSError, zipfile.BadZipFile) as error:
            return f"{name}: {error}"
    return None
