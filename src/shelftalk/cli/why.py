"""`shelftalk why`: why a product is picked for a request, or why it is not."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from shelftalk.cli import common


def why(
    request: Annotated[str, typer.Argument(help="The shopper's request.")],
    product_id: Annotated[str, typer.Argument(help="The product's id.")],
    catalog: common.CatalogOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
) -> None:
    """Say why a product is picked for a request, which constraint it fails, or what ranks above it."""
    with common.open_shelf(catalog, common.settings_from(model, engine, server)) as shelf:
        found = shelf.why(request, product_id)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=1))
        return
    from shelftalk.cli.show import safe

    console = common.stdout()
    for line in found.lines():
        console.print(safe(line))
