"""What the commands share: options, consoles, settings from options, logging."""

from __future__ import annotations

import errno
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shelftalk.text import clean

if TYPE_CHECKING:
    from rich.console import Console

    from shelftalk.pipeline import Shelf
    from shelftalk.settings import Settings

CatalogOption = Annotated[
    Path | None, typer.Option("--catalog", help="Folder of the catalogue.", show_default="the setting catalog")
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", help="Language model: default, a folder, a Hugging Face name, or a server's address."),
]
EngineOption = Annotated[str | None, typer.Option("--engine", help="auto, vllm, server or transformers.")]
ServerOption = Annotated[str | None, typer.Option("--server", help="Address of a running vLLM server.")]
LocalOption = Annotated[
    bool,
    typer.Option("--local", help="Answer in this process, even if a `shelftalk serve` of this catalogue is running."),
]


def stdout() -> Console:
    """The console that answers go to; BrokenPipeError where its reader is gone."""
    from rich.console import Console

    class AnswerConsole(Console):
        def on_broken_pipe(self) -> None:
            self.quiet = True
            raise BrokenPipeError(errno.EPIPE, "the reader of the output is gone")

    return AnswerConsole(highlight=False)


def stderr() -> Console:
    """The console that progress and errors go to."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def fail(message: str) -> None:
    """Prints an error as one line, without the control characters that untrusted parts of it may hold."""
    print(f"shelftalk: {clean(message)}", file=sys.stderr)


def settings_from(model: str | None = None, engine: str | None = None, server: str | None = None) -> Settings:
    """The settings in force with these options over them; a model that is an address is a server."""
    from shelftalk.settings import load_settings

    if model and model.startswith(("http://", "https://")):
        model, server = None, model
    return load_settings(model=model, engine=engine or ("server" if server else None), server=server)


def open_shelf(catalog: Path | None, settings: Settings, *, batch: bool = False) -> Shelf:
    """The shelf over that catalogue, with library noise kept off the terminal."""
    quiet()
    from shelftalk.pipeline import Shelf

    return Shelf.open(catalog, settings=settings, batch=batch)


def quiet() -> None:
    """Keeps progress bars and warnings of libraries off the terminal."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    if not logging.getLogger().isEnabledFor(logging.INFO):
        import warnings

        warnings.filterwarnings("ignore")


def configure_logging(verbose: bool) -> None:
    """Warnings to stderr, or everything from shelftalk at INFO when verbose."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    if verbose:
        logging.getLogger("shelftalk").setLevel(logging.INFO)
