"""`shelftalk mcp`: the catalogue as tools for any client of the Model Context Protocol."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from shelftalk.cli import common
from shelftalk.errors import UsageError


def mcp(
    catalog: common.CatalogOption = None,
    transport: Annotated[
        Literal["stdio", "http"], typer.Option("--transport", help="stdio, or http (streamable HTTP at /mcp).")
    ] = "stdio",
    host: Annotated[str, typer.Option("--host", help="Address to listen on, with http.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on, with http.")] = 8001,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
) -> None:
    """Offer the tools recommend, search, compare, explain and product to an assistant (docs/mcp.md)."""
    from shelftalk.cli.serve import free_address
    from shelftalk.server.addresses import loopback

    if transport == "http" and not loopback(host):
        raise UsageError(
            f"the tools ask for no key, so they are offered on the loopback alone, not at {host}: put a proxy that asks for "
            "one in front"
        )
    with common.open_shelf(catalog, common.settings_from(model, engine, server)) as shelf:
        from shelftalk.server.mcp import create_mcp

        made = create_mcp(shelf)
        if transport == "stdio":
            made.run("stdio")
            return
        free_address(host, port)
        common.stderr().print(f"listening at http://{host}:{port}/mcp", soft_wrap=True)
        made.run("streamable-http", host=host, port=port)
