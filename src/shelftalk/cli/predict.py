"""`shelftalk predict`: will a shopper like a product, for a file of pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common
from shelftalk.cli.keys import DatabaseOption
from shelftalk.errors import PARTIAL, UsageError

if TYPE_CHECKING:
    from shelftalk.settings import Settings
    from shelftalk.shoppers.predict import Histories
    from shelftalk.values.shopper import Interaction

TenantOption = Annotated[str, typer.Option("--tenant", help="Whose shoppers in the server's database.")]
InteractionsOption = Annotated[
    Path | None,
    typer.Option(
        "--interactions",
        help="What shoppers did, from this file (any that `shelftalk events import` takes) instead of the database.",
    ),
]


def predict(
    source: Annotated[Path, typer.Option("--input", help="File of pairs (JSON Lines).")],
    output: Annotated[Path, typer.Option("--output", help="File for the predictions (JSON Lines), in input order.")],
    catalog: common.CatalogOption = None,
    interactions: InteractionsOption = None,
    predictor: Annotated[str, typer.Option("--predictor", help="features, or model: the language model.")] = "features",
    batch: Annotated[int, typer.Option("--batch", min=1, max=512, help="Pairs predicted together.")] = 64,
    tenant: TenantOption = "",
    database: DatabaseOption = None,
    model: common.ModelOption = None,
    engine: common.EngineOption = None,
    server: common.ServerOption = None,
) -> None:
    """Tell whether shoppers will like products: probability, rating, yes or no, and why (docs/predict.md).

    A line of the input has "user" or "history" (a list of product ids, or of records with a "rating"), and "product_id" or "product".
    An interrupted run resumes where it stopped when the same command is given again. Exit code 8 if lines had an error.
    """
    common.quiet()
    from shelftalk.catalog import Catalog
    from shelftalk.prompts import PromptLibrary
    from shelftalk.server.outputs import remember
    from shelftalk.shoppers.predict import open_predictions, predict_file

    if predictor not in ("features", "model"):
        raise UsageError(f"unknown predictor {predictor!r}; there is: features, model")
    settings = common.settings_from(model, engine, server)
    console = common.stderr()
    with ExitStack() as open_:
        held = Catalog.open(catalog or settings.catalog, home=settings.home_folder)
        found, histories, name = known_shoppers(settings, interactions, database, tenant)
        loaded = None
        if predictor == "model":
            from shelftalk.engines import load_engine

            loaded = load_engine(settings)
            open_.callback(loaded.close)
        with console.status("learning from what shoppers did"):
            made = open_predictions(held.pinned(), found, histories, PromptLibrary.of(settings), engine=loaded)
        of = f"{held.path.resolve()}\0{held.version}\0{predictor}\0{settings.model}\0{settings.adapter}\0{interactions}\0{tenant}"
        remember(output, "predictions", settings.home_folder)
        written = _with_bar(
            lambda show: predict_file(made, source, output, of=of, batch=batch, name=name, progress=show), output
        )
    resumed = f", {written.resumed} of them by an earlier run" if written.resumed else ""
    console.print(
        f"{written.lines - written.failed} predicted{resumed}, {written.failed} lines with an error; {output}",
        soft_wrap=True,
    )
    if written.failed:
        raise typer.Exit(PARTIAL)


def known_shoppers(
    settings: Settings, file: Path | None, database: str | None, tenant: str
) -> tuple[Iterable[Interaction], Histories, Callable[[str], str]]:
    """What shoppers did, oldest first, the history of a user by the shop's own id, and the name that a user has in what is written (a
    pseudonym, or the id as given): from a file, or from the server's database."""
    if file is not None:
        if database is not None:
            raise UsageError("give --interactions or --database, not both")
        return *_of_file(file), str
    from shelftalk.privacy.pseudonym import load_pseudonyms
    from shelftalk.server.db import Users, connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.server.db.consented import Consented
    from shelftalk.server.predicting import latest

    url = database or default_url(settings)
    engine = connect(url)
    migrate(engine)
    users, defaults = Users(engine, load_pseudonyms(settings, url)), settings.privacy.consent_default
    own = Consented(engine, "personalisation", defaults)
    counted = latest(Consented(engine, "analytics", defaults), tenant)
    return (
        counted,
        lambda user: own.of_user(users.of(user, tenant), tenant=tenant, limit=2000),
        lambda user: users.of(user, tenant),
    )


def _of_file(file: Path) -> tuple[Iterable[Interaction], Histories]:
    from shelftalk.shoppers.reading import read_interactions

    bad: list[dict[str, Any]] = []
    found = sorted(read_interactions(file, bad.append), key=lambda e: e.at)
    if bad:
        first = f"line {bad[0]['line']}: {bad[0]['reason']}"
        common.fail(f"{file}: {len(bad)} rows are left out; the first, {first}")
    by_user: dict[str, list[Interaction]] = {}
    for event in found:
        by_user.setdefault(event.user, []).append(event)
    return found, lambda user: by_user.get(user, [])


def _with_bar(work: Any, output: Path) -> Any:
    """Runs the work under a progress bar; where it is cut, says where what is done is kept."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from shelftalk.resumable import partial_of

    columns = (TextColumn("predicting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=common.stderr()) as bar:
            task = bar.add_task("predicting", total=None)
            return work(lambda done, total: bar.update(task, completed=done, total=total))
    except BaseException:
        if partial_of(output).exists():
            common.fail(f"what was predicted is kept in {partial_of(output)}; the same command goes on from there")
        raise
