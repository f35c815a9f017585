"""The wheel carries prompts, demo data and configuration, and answers from an empty folder without the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("shelftalk-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def shelftalk(unpacked: Path, where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "SHELFTALK_EXPLAIN__MODE": "record"}
    command = [sys.executable, "-m", "shelftalk", *words]
    return subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)


def test_what_the_path_needs_travels_in_the_wheel(unpacked) -> None:
    files = unpacked / "shelftalk" / "_files"
    assert (files / "data" / "demo" / "products.jsonl").stat().st_size > 100_000
    assert list((files / "prompts" / "rank").glob("*.jinja"))
    assert list((files / "serve" / "vllm").glob("*.yaml"))
    assert (unpacked / "shelftalk" / "defaults.toml").exists()
    assert (unpacked / "shelftalk" / "py.typed").exists()


@pytest.mark.model
def test_the_wheel_answers_from_an_empty_folder(unpacked, tmp_path) -> None:
    where = shelftalk(unpacked, tmp_path, "--version")
    assert where.stdout.startswith("shelftalk ")
    code = "import shelftalk.resources as r; print(r.resource('prompts'))"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert str(unpacked) in found.stdout
    demo = shelftalk(unpacked, tmp_path, "demo", "--folder", "here")
    assert demo.returncode == 0, demo.stderr
    asked = shelftalk(unpacked, tmp_path, "ask", "--catalog", "here/catalog", "--json", "a tent for two")
    assert json.loads(asked.stdout)["picks"]


def test_help_is_instant_since_it_loads_nothing_heavy(tmp_path) -> None:
    code = (
        "import sys; sys.argv = ['shelftalk', '--help']\n"
        "import atexit; heavy = ('torch', 'vllm', 'transformers', 'lancedb', 'onnxruntime')\n"
        "from shelftalk.cli.main import app\n"
        "try: app()\nexcept SystemExit: pass\n"
        "print('HEAVY', [m for m in heavy if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "HEAVY []" in shown.stdout
