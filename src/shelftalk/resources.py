"""Where the files that travel with the package are: prompts/, data/ and serve/, in a checkout or inside the wheel."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The folder or file of that name ("prompts", "data/demo", "serve"); FileNotFoundError where it was not packaged."""
    for root in (_HERE / "_files", _HERE.parent.parent):
        if (root / name).exists():
            return root / name
    raise FileNotFoundError(f"{name} is not packaged with shelftalk; reinstall the package")
