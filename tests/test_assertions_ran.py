"""An assertion that no case of a passing test reaches fails the run."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
ROOT = str(Path(__file__).parents[1])

SOUND = """
import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_each_is_reached_by_one_case(n):
    if n == 1:
        assert n
    else:
        assert n > 1
"""
HOLLOW = """
def test_nothing_is_proven():
    for n in []:
        assert n
"""


@pytest.mark.parametrize(("text", "fails"), [(SOUND, False), (HOLLOW, True)], ids=["sound", "hollow"])
def test_what_is_never_reached_is_told(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, text: str, fails: bool) -> None:  # fmt: skip
    monkeypatch.setenv("PYTHONPATH", ROOT, prepend=":")
    pytester.makepyfile(test_it=text)
    options = ("-p", "tests.assertions_ran", "-o", "enable_assertion_pass_hook=true", "-p", "no:cacheprovider")
    done = pytester.runpytest_subprocess(*options)
    assert (done.ret == pytest.ExitCode.TESTS_FAILED) == fails
    assert ("test_it.py:3: never reached in test_nothing_is_proven" in done.stdout.str()) == fails
