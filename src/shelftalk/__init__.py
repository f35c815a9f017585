"""Shelftalk answers "what should I buy?" from a shop's own catalogue, with reasons that the catalogue proves.

from shelftalk import Shelf

with Shelf.open("catalog") as shelf:
    answer = shelf.ask("a light rain jacket under 80")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shelftalk.pipeline import Event, Shelf
    from shelftalk.settings import Settings, load_settings
    from shelftalk.values import Answer, Intent, Request, Turn

__all__ = ["Answer", "Event", "Intent", "Request", "Settings", "Shelf", "Turn", "load_settings"]

_WHERE = {"Shelf": "pipeline", "Event": "pipeline", "Settings": "settings", "load_settings": "settings"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'shelftalk' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"shelftalk.{_WHERE.get(name, 'values')}"), name)
