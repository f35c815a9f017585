"""A pytest plugin: the run fails where an assertion of a test that passed was never reached, as under an `if` that is never true.

    make test-asserts

All cases of a parametrized test count together. It needs pytest's assertion hook, which files rewritten without it lack.
"""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

Function = tuple[str, str]  # the file, from the root, and the name


def pytest_configure(config: pytest.Config) -> None:
    if not config.getini("enable_assertion_pass_hook"):
        raise pytest.UsageError("tests.assertions_ran needs -o enable_assertion_pass_hook=true")
    config.pluginmanager.register(_Reached(config.rootpath))


def unreached(file: Path, names: set[str], lines: set[int]) -> list[tuple[str, int]]:
    """The functions among `names` with an assertion of theirs that stands on none of the `lines`."""
    return [
        (function.name, node.lineno)
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and function.name in names
        for node in ast.walk(function)
        if isinstance(node, ast.Assert) and node.lineno not in lines
    ]


class _Reached:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines: dict[str, set[int]] = {}
        self._left: Counter[Function] = Counter()  # cases that have not passed
        self._passed: set[Function] = set()

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._left.update(_function(item.nodeid) for item in items)

    def pytest_assertion_pass(self, item: pytest.Item, lineno: int) -> None:
        self._lines.setdefault(item.nodeid.partition("::")[0], set()).add(lineno)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed:
            self._left[_function(report.nodeid)] += 1
        elif report.when == "call":
            self._passed.add(_function(report.nodeid))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        whole = {function for function in self._passed if not self._left[function]}
        self.found = [
            f"{file}:{line}: never reached in {name}"
            for file in sorted({file for file, _ in whole})
            for name, line in unreached(
                self._root / file, {n for f, n in whole if f == file}, self._lines.get(file, set())
            )
        ]
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for told in self.found:
            terminalreporter.write_line(told)


def _function(nodeid: str) -> Function:
    file, _, name = nodeid.partition("::")
    return file, name.rpartition("::")[2].partition("[")[0] if "::" in name else name.partition("[")[0]
