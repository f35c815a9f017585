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


def test_every_file_of_the_package_is_in_the_wheel_and_nothing_else(unpacked) -> None:
    places = {"src/shelftalk": "", "prompts": "_files/prompts", "data": "_files/data", "serve": "_files/serve"}
    listed = subprocess.run(["git", "ls-files", "-z", *places], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("no git checkout: nothing says which files belong to the package")
    wanted = set()
    for name in filter(None, listed.stdout.split("\0")):
        place = next(p for p in places if name.startswith(f"{p}/"))
        if (ROOT / name).exists():
            wanted.add(str(Path(places[place]) / Path(name).relative_to(place)))
    package = unpacked / "shelftalk"
    there = {str(f.relative_to(package)) for f in package.rglob("*") if f.is_file() and "__pycache__" not in f.parts}
    assert sorted(wanted - there) == []
    assert [f for f in there - wanted if f.endswith((".pyc", ".db", ".log", ".env", ".safetensors", ".gguf"))] == []
    for needed in (
        "server/page/templates/studio.html.jinja", "server/page/static/chat.js", "server/db/migrations/env.py",
        "server/db/migrations/versions/0002_long_product_ids.py", "understand/rules/words.txt", "understand/rules/lexicon.toml", "understand/languages/languages.yaml", "words/units.toml", "_files/data/suites/injection.yaml",
        "_files/data/demo/products.jsonl", "_files/serve/vllm/cpu.yaml", "defaults.toml", "py.typed",
    ):  # fmt: skip
        assert needed in there


def test_the_wheels_own_files_are_the_ones_that_are_read(unpacked, tmp_path) -> None:
    code = """
import shelftalk, sys
from pathlib import Path
assert Path(shelftalk.__file__).is_relative_to(sys.argv[1]), shelftalk.__file__
from shelftalk.evaluate.suite import load_suite
from shelftalk.prompts import PromptLibrary
from shelftalk.server.db import connect, migrate, Keys
from shelftalk.server.page.files import page, static
from shelftalk.engines.serving import serve_command
library = PromptLibrary.default()
assert Path(library.folder).is_relative_to(sys.argv[1])
assert all(library.get(ref).source for ref in library.refs())
assert load_suite("injection").load(split="dev", limit=3).cases
database = connect("sqlite:///made.db")
migrate(database)
assert Keys(database).create("till", ["ask"])
assert b"chat.js" in page("chat.html.jinja", {"shelves": [], "products": 1, "currency": "EUR", "shop": {"basket": False, "button": "", "link": ""}}).body
assert static("studio.js", None).body
print("well")
"""
    found = subprocess.run(
        [sys.executable, "-c", code, str(unpacked)], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.stdout.strip() == "well", found.stderr[-2000:]


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
