"""The page's own files, and the policy that lets nothing else run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).parent
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' https: data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def page(template: str, values: Mapping[str, Any], status: int = 200) -> Response:
    """The template filled in, under the policy; it is never stored by caches."""
    html = _environment().get_template(template).render(values)
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
    return Response(html, status, headers, media_type="text/html; charset=utf-8")


@lru_cache(maxsize=1)
def _static() -> dict[str, tuple[bytes, str, str]]:
    found = {}
    for path in sorted((_HERE / "static").iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            found[path.name] = (content, _TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:16]}"')
    return found


def static(name: str, known: str | None) -> Response | None:
    """The file of that name, 304 where the client has it already, None where there is none."""
    if name not in _static():
        return None
    content, kind, tag = _static()[name]
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    if known == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=kind)
