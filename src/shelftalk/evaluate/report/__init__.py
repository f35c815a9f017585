"""The report: finished runs as one self-contained page that needs no network and runs nothing that a text could bring."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shelftalk.evaluate.files import write_whole

if TYPE_CHECKING:
    from shelftalk.evaluate.runfolder import Run

_HERE = Path(__file__).resolve().parent


def write_report(
    runs: Sequence[Run], path: Path, *, rows: int = 2000, details: int = 8, metric: str | None = None, title: str | None = None
) -> int:  # fmt: skip
    """The size of the page in bytes; the file appears whole or not at all. Of several runs the first is the baseline.

    UsageError for runs over different requests and for unknown metrics; StorageError where it cannot be written.
    """
    page = render(runs, rows=rows, details=details, metric=metric, title=title)
    write_whole(path, lambda out: out.write(page))
    return len(page.encode("utf-8"))


def render(
    runs: Sequence[Run], *, rows: int = 2000, details: int = 8, metric: str | None = None, title: str | None = None
) -> str:  # fmt: skip
    """The page. Every text from runs is escaped, and the page's policy lets only its own script and style run."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from shelftalk.evaluate.report.view import view

    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # fmt: skip
    style, script = (_HERE.joinpath(name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    return environment.get_template("page.html.jinja").render(
        **view(runs, rows=rows, details=details, metric=metric, title=title),
        style=Markup(style),  # noqa: S704  the page's own file
        script=Markup(script),  # noqa: S704  the page's own file
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
