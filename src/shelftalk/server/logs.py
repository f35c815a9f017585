"""Structured logs: a JSON object a line, with the request's id; plain lines at a terminal. They hold no request text, and no personal data."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog

from shelftalk.privacy.pii import ready, scrub

__all__ = ["configure"]


def configure(form: Literal["auto", "json", "text"] = "auto", level: int = logging.INFO) -> None:
    """Sends all logs of this process to stderr: Shelftalk's and vLLM's from `level` on, warnings of everything else.

    Fields given as `extra` stand beside the event. "auto" is text at a terminal, JSON elsewhere.
    """
    plain = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper("iso", utc=True),
    ]
    if plain:
        shared.append(without_personal_data)  # a traceback is written by the renderer, without the values of variables
    end: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if plain
        else [
            structlog.processors.format_exc_info,
            without_personal_data,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove, *end]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("shelftalk").setLevel(level)


_OWN = frozenset({"timestamp", "level", "logger", "request_id", "ms"})  # made here: no text of anybody's


def without_personal_data(
    logger: object, name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:  # fmt: skip
    """The line without e-mail addresses, phone, card and account numbers, whatever brought them there (a library's message, an error's).

    Before the recognisers are loaded no text that holds any has been read, so there is nothing to take out.
    """
    if ready():
        for key, value in event.items():
            if isinstance(value, str) and key not in _OWN:
                event[key] = scrub(value).text
    return event
