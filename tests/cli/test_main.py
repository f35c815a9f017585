"""The command line as a process: what a shell sees of it."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("arguments", [["schema", "answer"], ["schema", "request"]])
def test_a_reader_that_leaves_early_hears_nothing_of_it(arguments: list[str]) -> None:
    program = [sys.executable, "-m", "shelftalk", *arguments]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout
        assert running.stderr
        running.stdout.close()  # before anything was written
        assert running.stderr.read() == ""
    assert running.returncode == 141


def test_an_unknown_command_is_a_usage_error_without_a_traceback() -> None:
    done = subprocess.run([sys.executable, "-m", "shelftalk", "bogus"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_help_loads_nothing_heavy() -> None:
    heavy = "numpy", "pydantic", "lancedb", "torch", "transformers", "onnxruntime", "peft"
    told = f"import sys, shelftalk.cli.main; print(sorted(set({heavy!r}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout == "[]\n"
