"""Paths that are cut at the slashes the client wrote: %2F stands for a slash within an id, as RFC 3986 (2.2) has it.

Servers decode a path before they route it, which makes "a%2Fb" two segments; here each is decoded by itself.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

__all__ = ["SegmentRoute"]


class SegmentRoute(APIRoute):
    """A route whose parameters may hold any character; for routers whose path parameters are all text."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the route is meant, with its parameters decoded."""
        raw = scope.get("raw_path")
        if scope["type"] != "http" or not raw:
            return super().matches(scope)
        segments = raw.partition(b"?")[0].decode("latin-1").split("/")
        match, child = super().matches({**scope, "path": "/".join(_held(unquote(part)) for part in segments)})
        parameters: dict[str, Any] = child.get("path_params", {})
        told = {name: _given(value) if isinstance(value, str) else value for name, value in parameters.items()}
        return match, {**child, "path_params": told} if child else child


def _held(text: str) -> str:
    """The text without a slash, so that a pattern takes it for one segment."""
    return text.replace("%", "%25").replace("/", "%2F")


def _given(text: str) -> str:
    return text.replace("%2F", "/").replace("%25", "%")
