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
    vllm: Annotated[
        list[str] | None,
        typer.Option(
            "--vllm", help="Address of a running vLLM server; repeat for several.", show_default="one is started"
        ),
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help="Port to listen on.", show_default="8000")
    ] = None,
) -> None:
    """Serve recommendations over HTTP until interrupted (docs/api.md, docs/operations.md).

    While it runs, `shelftalk ask` and `chat` of the same user over the same catalogue let it answer and load no model
    themselves; while it starts they wait for it.
    Where vLLM is installed and no address is given, a vLLM server is started with it and stopped with it. SIGHUP
    reloads settings and prompts.
    """

    def load() -> Settings:
        settings = common.settings_from(model, engine, None)
        changed = {"host": host, "port": port, "vllm": tuple(vllm) if vllm else None}
        settings.serve = settings.serve.model_copy(update={k: v for k, v in changed.items() if v is not None})
        if vllm and engine is None:
            settings.engine = "server"
        if catalog is not None:
            settings.catalog = catalog
        return settings

    settings = load()
    _addresses(settings)
    common.quiet()
    from shelftalk.catalog import Catalog

    Catalog.open(
        settings.catalog, home=settings.home_folder
    )  # a missing or damaged catalogue is told before anything starts
    _keyed(settings)
    free_address(settings.serve.host, settings.serve.port)
    import uvicorn

    from shelftalk.server import logs
    from shelftalk.server.announced import Announced
    from shelftalk.server.app import create_app
    from shelftalk.server.notice import new_secret
    from shelftalk.server.protocol import HurriedProtocol, raise_open_files
    from shelftalk.server.telemetry import trace_by_environment

    trace_by_environment()
    raise_open_files()
    logs.configure(settings.serve.log_format)
    app = create_app(settings, load=load)
    app.state.near = new_secret()

    def listens() -> None:
        common.stderr().print(f"listening at http://{settings.serve.host}:{settings.serve.port}", soft_wrap=True)

    config = uvicorn.Config(
        app, host=settings.serve.host, port=settings.serve.port, log_config=None, access_log=False,
        timeout_graceful_shutdown=int(settings.serve.drain_s), server_header=False, http=HurriedProtocol,
    )  # fmt: skip
    server = Announced(
        config, home=settings.home_folder, catalog=settings.catalog, secret=app.state.near, listens=listens
    )
    try:
        server.run()
    except KeyboardInterrupt:  # uvicorn raises it anew once all has ended
        pass
    finally:
        server.withdraw()
    if not server.started:
        raise typer.Exit(3)


def _addresses(settings: Settings) -> None:
    """Raises UsageError for an address of a vLLM server that is none."""
    for address in settings.serve.vllm:
        if not address.startswith(("http://", "https://")):
            raise UsageError(f"address {address!r} of a vLLM server must begin with http:// or https://")


def _keyed(settings: Settings) -> None:
    """Raises UsageError where the server would listen beyond this machine with no key defined, or where the key of pseudonyms is not
    that of the database."""
    from shelftalk.privacy.pseudonym import load_pseudonyms
    from shelftalk.server.addresses import loopback
    from shelftalk.server.db import Keys, Users, connect, migrate
    from shelftalk.server.db.connect import default_url

    engine = connect(default_url(settings))
    migrate(engine)
    Users(engine, load_pseudonyms(settings))
    if not loopback(settings.serve.host) and not Keys(engine).any():
        raise UsageError(
            f"no key is defined, so the server listens on the loopback alone, not at {settings.serve.host}: make one with "
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
