"""Imports run one way, floor by floor: what stands on a floor may import only what lies below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from shelftalk.evaluate import identity

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "shelftalk"

# Floor 0 is the ground. Modules of one floor do not import each other, except inside their own folder.
FLOORS: dict[str, float] = {
    "errors": 0, "text": 0, "resources": 0, "values": 0,
    "settings": 1, "schema": 1, "request": 1,
    "catalog": 2, "engines": 2, "prompts": 2, "written": 2,
    "facts": 2.5,
    "understand": 3, "retrieve": 3, "rank": 3, "explain": 3,
    "asked": 4, "work": 4, "readings": 4, "pipeline": 4.5, "recommender": 5,
    "render": 6, "bulk": 6, "gaps": 6, "trec": 7, "demo": 6,
    "evaluate": 7, "server": 7, "train": 8, "testing": 8,
    "cli": 9, "__main__": 10,
}  # fmt: skip


def _module(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name.split(".")[1] for name in names if name.startswith("shelftalk.")}
    return found


FILES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or p.name != "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_floors_below(path: Path) -> None:
    here = _module(path)
    assert here in FLOORS, f"{here} stands on no floor; add it to FLOORS"
    wrong = {
        other
        for other in _imports(path)
        if other != here and FLOORS[other] >= FLOORS[here] and not (FLOORS[other] == FLOORS[here] == 0)
    }
    assert not wrong, f"{path.name} stands on floor {FLOORS[here]} and imports {wrong}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_slow_libraries_are_not_imported_at_the_top_of_a_module(path: Path) -> None:
    slow = {
        "torch",
        "vllm",
        "transformers",
        "sentence_transformers",
        "lancedb",
        "onnxruntime",
        "pandas",
        "datasets",
        "trl",
        "peft",
        "matplotlib",
        "scipy",
        "ranx",
    }
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = {alias.name.split(".")[0] for node in top if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module.split(".")[0] for node in top if isinstance(node, ast.ImportFrom) and node.module}
    assert not names & slow


def test_a_run_is_of_an_older_version_once_anything_that_answers_a_request_changes() -> None:
    reached, new = set(), {"recommender"}
    while new:
        reached |= new
        files = [path for path in FILES if _module(path) in new]
        new = set().union(*map(_imports, files)) - reached
    hashed = {part.removesuffix(".py") for part in identity._PATH}
    assert all((PACKAGE / part).exists() for part in identity._PATH)
    assert reached - {"errors", "resources"} <= hashed
