"""What a run is kept under covers all that answers a request."""

from __future__ import annotations

import ast
from pathlib import Path

import shelftalk
from shelftalk.evaluate import identity

PACKAGE = Path(shelftalk.__file__).parent
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or p.name != "__init__.py")


def _module(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {name.split(".")[1] for name in names if name.startswith("shelftalk.")}
    return found


def test_a_run_is_of_an_older_version_once_anything_that_answers_a_request_changes() -> None:
    reached, new = set(), {"pipeline"}
    while new:
        reached |= new
        files = [path for path in FILES if _module(path) in new]
        new = set().union(*map(_imports, files)) - reached
    hashed = {part.removesuffix(".py") for part in identity._PATH}
    assert all((PACKAGE / part).exists() for part in identity._PATH)
    assert reached - {"errors", "resources"} <= hashed
