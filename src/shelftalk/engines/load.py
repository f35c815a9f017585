"""Which engine answers: what the settings name, or the one that measurement favours on this machine."""

from __future__ import annotations

import logging

from shelftalk.engines.base import Engine
from shelftalk.engines.models import Progress, resolve_model
from shelftalk.settings import Settings

__all__ = ["load_engine"]

logger = logging.getLogger(__name__)


def load_engine(settings: Settings, *, batch: bool = False, progress: Progress | None = None) -> Engine:
    """The engine in force, loaded. EngineError says what is missing and what to do."""
    from shelftalk.engines.transformers_engine import TransformersEngine

    return TransformersEngine(resolve_model(settings.model, settings.home_folder, progress))
