"""What a process wrote before it ended is told in one line: the error that began it."""

from __future__ import annotations

from shelftalk.server.causes import Cause


def _of(text: str) -> str:
    cause = Cause()
    for line in text.splitlines():
        cause.hear(line)
    return cause.words


def test_the_first_error_is_the_cause_and_what_follows_its_echo() -> None:
    told = _of(
        "(APIServer pid=7) WARNING 11-22 [system_utils.py:255] fd limit errors like `OSError: [Errno 24] Too many`.\n"
        "(EngineCore pid=9) ERROR 11-22 [core.py:1] EngineCore failed to start.\n"
        "(EngineCore pid=9) ERROR 11-22 [core.py:1] Traceback (most recent call last):\n"
        "(EngineCore pid=9) ERROR 11-22 [core.py:1] ValueError: No available memory for the cache blocks.\n"
        "RuntimeError: Engine core initialization failed. See root cause above."
    )
    assert told == "ValueError: No available memory for the cache blocks."


def test_a_line_that_belongs_to_the_error_is_told_with_it() -> None:
    told = _of(
        "Traceback (most recent call last):\n"
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig\n"
        "  Value error, the checkpoint has model type `nosuch`\n"
        "    For further information visit https://errors.pydantic.dev"
    )
    assert (
        told
        == "ValidationError: 1 validation error for ModelConfig Value error, the checkpoint has model type `nosuch`"
    )


def test_where_no_error_is_named_the_last_line_stands_for_it() -> None:
    assert _of("loading\nKilled\n\n") == "Killed"
    assert _of("") == ""
    assert len(_of("x" * 5000)) <= 500
