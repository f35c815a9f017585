"""Fixtures that every folder of tests shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None)  # a busy machine is no fault of what is tested
settings.load_profile("suite")
os.environ.setdefault("HF_HUB_OFFLINE", "1")  # before huggingface_hub: no test waits for a network
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: waiting threads that spin stall a busy machine

# Most tests of answers look at what a model words; the shipped default (the record speaks) has tests of its own.
os.environ.setdefault("SHELFTALK_EXPLAIN__MODE", "model")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets: SHELFTALK_DATA, or shared/data beside the checkout."""
    folder = Path(os.environ.get("SHELFTALK_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no public data sets at {folder}; set SHELFTALK_DATA")
    return folder


@pytest.fixture(scope="session")
def home() -> Path:
    """Where unpacked models are kept between test runs: SHELFTALK_HOME, or the default."""
    from shelftalk.settings import load_settings

    return load_settings().home_folder


@pytest.fixture(scope="session")
def engine(home: Path):
    """The real default language model in process, shared by all tests that need one."""
    from shelftalk.engines import load_engine
    from shelftalk.settings import load_settings

    loaded = load_engine(load_settings(engine="transformers"))
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def demo_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled catalogue, indexed with the real embedder."""
    from shelftalk.demo import prepare_demo
    from shelftalk.settings import load_settings

    return prepare_demo(tmp_path_factory.mktemp("demo"), load_settings())
