"""`shelftalk recommend`: lists for many users, and mails made of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from shelftalk.cli import common
from shelftalk.cli.keys import DatabaseOption
from shelftalk.errors import PARTIAL, UsageError

if TYPE_CHECKING:
    from shelftalk.lists import Report
    from shelftalk.server.known import InDatabase
    from shelftalk.settings import Settings

app = typer.Typer(invoke_without_command=True)
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose users these are, where keys have tenants.")]


@app.callback()
def recommend(
    context: typer.Context,
    users: Annotated[
        str | None,
        typer.Option(help="File or folder of users, JSON Lines or Parquet; a path, or an address (s3://, gs://)."),
    ] = None,
    output: Annotated[str | None, typer.Option("--output", help="Folder for the lists; a path, or an address.")] = None,
    catalog: Annotated[
        str | None,
        typer.Option(
            "--catalog",
            help="Folder of the catalogue, or a feed; a path, or an address.",
            show_default="the setting catalog",
        ),
    ] = None,
    k: Annotated[int | None, typer.Option("--k", min=1, max=50, help="Number of picks.")] = None,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="Make the lists in this process, or on Ray.")
    ] = "local",
    workers: Annotated[int, typer.Option(min=1, max=10_000, help="Workers on Ray.")] = 1,
    worker_cpus: Annotated[float, typer.Option(min=0, help="CPUs of a worker on Ray.")] = 1,
    worker_gpus: Annotated[float, typer.Option(min=0, help="GPUs of a worker on Ray.")] = 0,
    format: Annotated[Literal["jsonl", "parquet"], typer.Option(help="How lists are written.")] = "jsonl",
    explain: Annotated[
        Literal["record", "model"] | None,
        typer.Option(help="Who words the reasons.", show_default="the setting explain.mode"),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, max=4096, help="Users whose reasons are worded together.")] = 64,
    part: Annotated[int, typer.Option(min=1, max=100_000, help="Users in a file of the output.")] = 256,
    at: Annotated[
        str | None,
        typer.Option("--at", help="The moment that the lists are for, as 2026-11-30T09:00:00Z.", show_default="now"),
    ] = None,
    ids: Annotated[
        Literal["pseudonyms", "given"], typer.Option(help="How lines name users: by keyed hash, or by the id as given.")
    ] = "pseudonyms",
    again: Annotated[bool, typer.Option("--again", help="Remove what an earlier run left in the folder.")] = False,
    model: common.ModelOption = None,
    server: common.ServerOption = None,
    database: DatabaseOption = None,
    tenant: TenantOption = "",
) -> None:
    """Make an explained list for each of many users, without a request (docs/lists.md).

    A line of the input: {"user", optional "history", "context"}; without a history the server's database is asked. An interrupted run goes
    on where it stopped when the same command is given again.
    """
    if context.invoked_subcommand is not None:
        return
    if not users or not output:
        raise UsageError("name the users and a folder for their lists: shelftalk recommend --users FILE --output DIR")
    common.quiet()
    from shelftalk.lists import OnRay, OpenShelf, Options
    from shelftalk.privacy.pseudonym import load_pseudonyms

    settings = common.settings_from(model, None, server)
    if explain is not None:
        settings = settings.model_copy(update={"explain": settings.explain.model_copy(update={"mode": explain})})
    names = load_pseudonyms(settings, database)
    known = _known(settings, database, tenant)
    options = Options(
        k=k, format=format, batch=batch, size=part, at=_moment(at), name=_Named(names, tenant), plain=ids == "given", known=known
    )  # fmt: skip
    maker = OnRay(workers, worker_cpus, worker_gpus) if engine == "ray" else None
    report = _watched(
        users, output, catalog=catalog or settings.catalog, opener=OpenShelf(settings), options=options, maker=maker, again=again
    )  # fmt: skip
    said = [f"{report.lists} lists with {report.picks} picks"]
    said += [f"{report.resumed} users by an earlier run"] if report.resumed else []
    said += [f"nothing found for {report.empty}"] if report.empty else []
    said += [f"{report.errors} rows with an error"] if report.errors else []
    common.stderr().print(f"{', '.join(said)}; {output}", soft_wrap=True, markup=False)
    if report.errors:
        raise typer.Exit(PARTIAL)


@app.command()
def render(
    lists: Annotated[str, typer.Option("--list", help="Folder of lists, as `shelftalk recommend` made it.")],
    addresses: Annotated[
        str, typer.Option(help='File of {"user", "email", optional "name"}, JSON Lines; who is not in it gets no mail.')
    ],
    output: Annotated[str, typer.Option("--output", help="Folder for the mails, a file (.eml) a user.")],
    sender: Annotated[str, typer.Option("--from", help="Who writes, as: Shop <news@shop.example>")],
    unsubscribe: Annotated[str, typer.Option(help="Address to unsubscribe at; {user} stands for the user.")],
    template: Annotated[
        Path | None, typer.Option(help="Folder of templates.", show_default="serve/email/for-you")
    ] = None,
    database: DatabaseOption = None,
    tenant: TenantOption = "",
) -> None:
    """Write an e-mail for each user of a folder of lists, from templates; nothing is sent."""
    from shelftalk.lists.mail import MailTemplate, Sender, read_addresses, write_mails
    from shelftalk.lists.storage import Place
    from shelftalk.privacy.pseudonym import load_pseudonyms
    from shelftalk.settings import load_settings

    settings = load_settings()
    origin = Sender(sender, unsubscribe, settings.shop.link)
    book = read_addresses(Place.of(addresses), _Named(load_pseudonyms(settings, database), tenant))
    made = write_mails(Place.of(lists), book, Place.of(output), MailTemplate(template), origin, settings.home_folder)
    common.stderr().print(
        f"{made.mails} mails, {made.no_address} users without an address, {made.no_picks} lines without picks; {output}",
        soft_wrap=True, markup=False,
    )  # fmt: skip
    for told in made.failed[:20]:
        common.fail(told)
    if made.failed:
        common.fail(f"{len(made.failed)} mails could not be written")
        raise typer.Exit(PARTIAL)


class _Named:
    """Pseudonyms of one tenant's users."""

    def __init__(self, names: Any, tenant: str) -> None:
        self._names, self._tenant = names, tenant

    def __call__(self, user: str) -> str:
        return str(self._names.of(user, self._tenant))


def _watched(users: str, output: str, **how: Any) -> Report:
    """The lists made, with a bar on the terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from shelftalk.lists import recommend

    columns = (TextColumn("users"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=common.stderr()) as bar:
        task = bar.add_task("users", total=None)
        return recommend(
            users, output, progress=lambda done, total: bar.update(task, completed=done, total=total), **how
        )


def _known(settings: Settings, database: str | None, tenant: str) -> InDatabase | None:
    """The database, where there is one: a run reads it and makes none."""
    from shelftalk.server.db.connect import default_url
    from shelftalk.server.known import InDatabase

    url = database or default_url(settings)
    file = url.partition("sqlite:///")[2]
    if file and not Path(file).expanduser().is_file():
        return None
    return InDatabase(url, tenant, settings.privacy.consent_default)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--at {text!r} is no moment; write one like 2026-11-30T09:00:00Z") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
