"""Mounts the commands, and is the one place where errors become exit codes."""

from __future__ import annotations

import errno
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from shelftalk.cli import (
    ask,
    catalog,
    chat,
    churn,
    demo,
    doctor,
    eval,
    events,
    events_fit,
    experiment,
    exposure,
    for_you,
    gaps,
    keys,
    mcp,
    model,
    predict,
    privacy,
    profile,
    prompts,
    rank,
    recommend,
    schema,
    serve,
    train,
    why,
)
from shelftalk.cli.common import fail
from shelftalk.errors import ShelftalkError, StorageError

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: waiting threads that spin stall a busy machine


def _reader_gone() -> None:
    """Leaves quietly, as tools do whose output is no longer read (`| head -1`); what is still buffered goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(141)


class _Quiet(TyperGroup):
    """The commands; Typer itself would leave with 1 where the output's reader is gone, as if something had failed."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """What the command returns."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            _reader_gone()


app = typer.Typer(
    name="shelftalk",
    cls=_Quiet,
    help="Ask a shop's catalogue what to buy: a ranked list, with a reason for each pick that the catalogue proves.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("ask")(ask.ask)
app.command("chat")(chat.chat)
app.command("why")(why.why)
app.command("for-you")(for_you.for_you)
app.command("rank")(rank.rank)
app.add_typer(recommend.app, name="recommend")
app.add_typer(catalog.app, name="catalog")
app.add_typer(model.app, name="model")
app.add_typer(keys.app, name="keys")
events.app.command("fit")(events_fit.fit)
app.add_typer(events.app, name="events")
app.add_typer(eval.app, name="eval")
app.add_typer(train.app, name="train")
app.add_typer(prompts.app, name="prompts")
app.add_typer(profile.app, name="profile")
app.add_typer(privacy.app, name="privacy")
app.command("serve")(serve.serve)
app.command("mcp")(mcp.mcp)
app.command("gaps")(gaps.gaps)
app.command("exposure")(exposure.exposure)
app.add_typer(experiment.app, name="experiment")
app.command("predict")(predict.predict)
app.command("churn")(churn.churn)
app.command("doctor")(doctor.doctor)
app.command("schema")(schema.schema)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"shelftalk {version('shelftalk')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens, and show tracebacks.")] = False,
) -> None:
    from shelftalk.cli.common import configure_logging

    configure_logging(verbose)


def main() -> None:
    """Runs the command line; never returns."""
    try:
        app()
    except ShelftalkError as error:
        _leave(error)
    except KeyboardInterrupt:
        fail("interrupted")
        sys.exit(130)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            _leave(StorageError(f"{error.filename or 'disk'}: the disk is full; free some space and run this again"))
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EISDIR):
            _leave(StorageError(f"{error.filename or 'a file'}: {error.strerror}; choose another place"))
        raise


def _leave(error: ShelftalkError) -> None:
    if "-v" in sys.argv or "--verbose" in sys.argv:
        import traceback

        traceback.print_exc()
    fail(str(error))
    sys.exit(error.exit_code)
