"""The language model's ways in: vLLM in process, a vLLM server over HTTP, transformers in process, and a fake for tests."""

from shelftalk.engines.base import Choice, Decoding, Engine, Generation
from shelftalk.engines.common import passive_threads
from shelftalk.engines.fake import FakeEngine
from shelftalk.engines.load import load_engine
from shelftalk.engines.models import resolve_model
from shelftalk.engines.shared import SharedEngine, shared_engine

__all__ = [
    "Choice",
    "Decoding",
    "Engine",
    "FakeEngine",
    "Generation",
    "SharedEngine",
    "load_engine",
    "resolve_model",
    "shared_engine",
]

passive_threads()  # an environment variable that must be there before anything imports torch
