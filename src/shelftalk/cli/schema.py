"""`shelftalk schema`: the JSON Schemas of the files that others read and write."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from shelftalk.errors import UsageError


def schema(
    name: Annotated[str, typer.Argument(help="answer, failure, list, list_failure, request or product.")],
) -> None:
    """Print the JSON Schema of an answer, a failure (the line for a request that failed), a list of `shelftalk recommend`, a request or a
    product."""
    from shelftalk.schema import NAMES, json_schema

    if name not in NAMES:
        raise UsageError(f"no schema {name!r}; there is: {', '.join(NAMES)}")
    typer.echo(json.dumps(json_schema(name), indent=1, ensure_ascii=False))
