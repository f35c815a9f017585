"""The Python blocks of docs/python.md run in order over the bundled catalogue, with the real default model."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.model
def test_the_examples_of_the_python_page_run(demo_catalog, engine) -> None:
    assert len(BLOCKS) >= 8
    names = {"catalog": demo_catalog, "engine": engine}
    for block in BLOCKS:
        exec(compile(block, str(PAGE), "exec"), names)
