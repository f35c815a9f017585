"""`shelftalk serve`: the HTTP server over a catalogue."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Annotated

import typer

from shelftalk.cli import common
from shelftalk.errors import UsageError

if TYPE_CHECKING:
    from shelftalk.settings import Settings


def serve(
    catalog: common.CatalogOption = None,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    vllm: Annotated[str | None, typer.Option("--vllm", help="Address of a running vLLM server.")] = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen at.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Port to listen at.", show_default="8000")
    ] = None,
) -> None:
    """Serve recommendations over HTTP until interrupted (docs/api.md, docs/operations.md)."""
    settings = common.settings_from(model, engine, vllm)
    changed = {"host": host, "port": port}
    settings.serve = settings.serve.model_copy(update={k: v for k, v in changed.items() if v is not None})
    if catalog is not None:
        settings.catalog = catalog
    common.quiet()
    from shelftalk.catalog import Catalog

    Catalog.open(
        settings.catalog, home=settings.home_folder
    )  # a missing or damaged catalogue is told before anything starts
    _keyed(settings)
    free_address(settings.serve.host, settings.serve.port)
    import uvicorn

    from shelftalk.server.app import create_app

    common.stderr().print(f"listening at http://{settings.serve.host}:{settings.serve.port}", soft_wrap=True)
    uvicorn.run(
        create_app(settings), host=settings.serve.host, port=settings.serve.port, log_level="warning",
        timeout_graceful_shutdown=int(settings.serve.drain_s), server_header=False,
    )  # fmt: skip


def _keyed(settings: Settings) -> None:
    """Raises UsageError where the server would listen beyond this machine with no key defined."""
    import ipaddress

    from shelftalk.server.db import Keys, connect, migrate
    from shelftalk.server.db.connect import default_url

    host = settings.serve.host
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    engine = connect(default_url(settings))
    migrate(engine)
    if not local and not Keys(engine).any():
        raise UsageError(
            f"no key is defined, so the server listens on the loopback alone, not at {host}: make one with "
            "'shelftalk keys create NAME'"
        )
    engine.dispose()


def free_address(host: str, port: int) -> None:
    """Raises UsageError where that port cannot be listened at."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise UsageError(f"cannot listen at {host}:{port}: {error.strerror}; choose another with --port") from error
