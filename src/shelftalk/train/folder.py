"""A data set on disk: as `datasets` keeps it, with its card; the folder appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shelftalk.errors import StorageError, UsageError
from shelftalk.train.card import Report, card
from shelftalk.train.sets.example import SPLITS, TrainingExample

CARD = "card.json"


@dataclass(frozen=True)
class Built:
    """A data set in memory: its rows in order, what the card states, and the report of what was left out."""

    examples: list[TrainingExample]
    known: dict[str, Any]
    report: Report


def check_out(out: Path, overwrite: bool) -> None:
    """Raises UsageError where `out` holds something that must not be overwritten, StorageError where nothing can be
    written beside it."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; give a folder for the data set")
    if out.is_dir() and any(out.iterdir()):
        if not (out / CARD).is_file():
            raise UsageError(f"{out}: holds something that is no data set of ours; choose another folder")
        if not overwrite:
            raise UsageError(f"{out}: holds a data set already; choose another folder, or give --overwrite")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise StorageError(f"{out}: cannot be written: {error.strerror}; choose another place") from error


def write(built: Built, out: Path) -> None:
    """Writes the set: train, dev and test as `datasets` keeps them, README.md, card.json, rejects.jsonl if there are any.

    The folder appears whole or not at all. StorageError where the disk is full.
    """
    import datasets

    message = [{"role": datasets.Value("string"), "content": datasets.Value("string")}]
    text, number = datasets.Value("string"), datasets.Value("float64")
    features = datasets.Features(
        {
            "task": text, "prompt": message, "completion": message, "source": text, "group": text, "id": text,
            "weight": number, "query": text, "request": text, "labels": datasets.List(text),
            "gains": datasets.List(number), "template": text, "tags": datasets.List(text),
            "then": text,
        }
    )  # fmt: skip
    rows = {split: [e.row() for e in built.examples if e.split == split] for split in SPLITS}
    parts = {
        split: datasets.Dataset.from_list(held, features=features) for split, held in rows.items() if held
    }  # datasets cannot write a split without rows
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        datasets.disable_progress_bars()
        datasets.DatasetDict(parts).save_to_disk(partial)
        (partial / "README.md").write_text(card(built.known), encoding="utf-8")
        (partial / CARD).write_text(json.dumps(built.known, indent=1, default=str) + "\n", encoding="utf-8")
        if built.report.rejects:
            lines = (json.dumps(r, ensure_ascii=False) for r in built.report.rejects)
            (partial / "rejects.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if out.exists():
            shutil.rmtree(out)
        partial.replace(out)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(
            f"{out}: cannot be written: {error.strerror or error}; make room or choose another place"
        ) from error
