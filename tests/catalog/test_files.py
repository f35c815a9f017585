"""Sizes and files on a disk on which others write at the same time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shelftalk.catalog import files


def test_a_folder_that_goes_while_sizes_are_counted_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("kept", "gone"):
        (tmp_path / folder / "below").mkdir(parents=True)
        (tmp_path / folder / "below" / "data").write_bytes(b"12345")
    assert files.size(tmp_path) == 10
    scan = os.scandir

    def scandir(path: str | Path) -> object:
        if Path(path).name == "gone":
            Path(path).rename(tmp_path.parent / "elsewhere")
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert files.size(tmp_path) == 5
