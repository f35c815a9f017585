"""`shelftalk experiment`: variants on live traffic, started, watched and stopped in the server's database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common
from shelftalk.cli.experiment_show import full, short
from shelftalk.cli.keys import DatabaseOption

if TYPE_CHECKING:
    from shelftalk.experiments.definition import Definition
    from shelftalk.server.db import Experiments
    from shelftalk.settings import Settings

app = typer.Typer(
    help="Compare variants on live traffic, with intervals that may be looked at always.", no_args_is_help=True
)
NameArgument = Annotated[str, typer.Argument(help="The experiment's name.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def start(
    name: NameArgument,
    variant: Annotated[
        list[str],
        typer.Option(
            "--variant", help="NAME or NAME:KEY=VALUE,... as in `shelftalk eval run`; the first is the control."
        ),
    ],
    metric: Annotated[str, typer.Option("--metric", help="What decides (docs/experiments.md).")] = "click_through",
    guardrail: Annotated[
        list[str], typer.Option("--guardrail", help="What must not get worse: METRIC, METRIC:10% or METRIC:0.02.")
    ] = [],  # noqa: B006
    weights: Annotated[str, typer.Option("--weights", help="control=80,warm=20", show_default="equal")] = "",
    share: Annotated[float, typer.Option("--share", help="The share of the traffic that takes part, up to 1.")] = 1.0,
    window: Annotated[
        str, typer.Option("--window", help="How long after the first exposure what a user does counts: 12h, 7d.")
    ] = "7d",
    alpha: Annotated[float, typer.Option("--alpha", help="Chance of a false difference, whenever one looks.")] = 0.05,
    least: Annotated[int, typer.Option("--least", help="Users a variant before anything is concluded.")] = 200,
    expected: Annotated[
        int, typer.Option("--expect", help="Users of two variants near which the intervals are narrowest.")
    ] = 10_000,
    database: DatabaseOption = None,
) -> None:
    """Start an experiment; running servers take part within seconds."""
    from datetime import timedelta

    from shelftalk.experiments.definition import Definition, parse_arms, parse_span
    from shelftalk.experiments.metrics import parse_guardrail
    from shelftalk.settings import load_settings

    span: timedelta = parse_span(window)
    definition = Definition(
        name, parse_arms(variant, weights), metric, tuple(map(parse_guardrail, guardrail)), share, span, alpha, least, expected
    )  # fmt: skip
    servable(definition, load_settings())
    made = _store(database).start(definition)
    told = ", ".join(f"{arm.name} {100 * held:.3g}%" for arm, held in zip(definition.variants, made.phases[0][1].values(), strict=True))  # fmt: skip
    common.stderr().print(f"{name} runs on {share:.0%} of the traffic: {told}", soft_wrap=True)


@app.command()
def change(
    name: NameArgument,
    weights: Annotated[str, typer.Option("--weights", help="control=80,warm=20")] = "",
    share: Annotated[float | None, typer.Option("--share", help="The share of the traffic that takes part.")] = None,
    database: DatabaseOption = None,
) -> None:
    """Change weights or share; no more users see another variant than must."""
    from shelftalk.errors import UsageError
    from shelftalk.experiments.definition import parse_weights

    if not weights and share is None:
        raise UsageError("give --weights or --share")
    changed = _store(database).change(name, weights=parse_weights(weights) or None, share=share)
    common.stderr().print(f"{name}: {changed.definition.share:.0%} of the traffic", soft_wrap=True)


@app.command()
def stop(
    name: NameArgument,
    why: Annotated[str, typer.Option("--why", help="A note that stays with it.")] = "",
    database: DatabaseOption = None,
) -> None:
    """Stop an experiment; its users are answered as all others again."""
    _store(database).stop(name, why)
    common.stderr().print(f"{name} is stopped", soft_wrap=True)


@app.command("list")
def show(as_json: JsonOption = False, database: DatabaseOption = None) -> None:
    """List the experiments, newest first."""
    from rich.table import Table

    found = [one.to_dict() for one in _store(database).all()]
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    table = Table("name", "state", "since", "traffic", "variants", "metric")
    for one in found:
        variants = "; ".join(f"{v['name']} {v['given']}".strip() for v in one["variants"])
        table.add_row(
            one["name"], one["state"], one["started_at"][:16], f"{one['traffic']:.0%}", variants, one["metric"]
        )
    common.stdout().print(table)


@app.command()
def status(name: NameArgument, database: DatabaseOption = None) -> None:
    """Say in a few lines how it stands."""
    store = _store(database)
    for line in short(store.get(name), store.report(name), store.counts(name)):
        common.stdout().print(line, soft_wrap=True, markup=False)


@app.command()
def report(name: NameArgument, as_json: JsonOption = False, database: DatabaseOption = None) -> None:
    """Show every metric with its always-valid interval, the checks, and the decision."""
    store = _store(database)
    found, told = store.get(name), store.report(name)
    if as_json:
        typer.echo(json.dumps({"experiment": found.to_dict(), "report": told.to_dict()}, indent=1))
        return
    for part in full(found, told, store.counts(name)):
        common.stdout().print(part, soft_wrap=isinstance(part, str), markup=not isinstance(part, str))


@app.command()
def logs(
    output: Annotated[Path, typer.Option("--output", help="JSON Lines of lists drawn at random, with their rewards.")],
    reward: Annotated[
        str, typer.Option("--reward", help="click, cart or purchase of a product that was shown.")
    ] = "click",
    window: Annotated[str, typer.Option("--window", help="How long after the answer it counts.")] = "24h",
    database: DatabaseOption = None,
) -> None:
    """Write the lists that were drawn at random (setting explore) with what their users did."""
    from shelftalk.experiments.definition import parse_span
    from shelftalk.experiments.logs import write_logs
    from shelftalk.server.outputs import remember

    remember(output, "logged lists", common.settings_from().home_folder)
    written = write_logs(output, _store(database).slates(reward, parse_span(window)))
    common.stderr().print(f"{written} lists in {output}", soft_wrap=True)


@app.command()
def offpolicy(
    logged: Annotated[Path, typer.Option("--logs", help="What `shelftalk experiment logs` wrote.")],
    policy: Annotated[
        list[str],
        typer.Option("--policy", help="greedy, uniform, temperature=X, score:NAME, or a variant: KEY=VALUE,..."),
    ],
    temperature: Annotated[
        float, typer.Option("--temperature", min=0, help="How freely the policy draws by its scores; 0: not at all.")
    ] = 0.0,
    as_json: JsonOption = False,
    catalog: common.CatalogOption = None,
) -> None:
    """Estimate from logged lists what another policy would have earned (IPS, SNIPS, doubly robust, with 95% intervals)."""
    from shelftalk.cli.experiment_offpolicy import estimated

    rows = estimated(logged, policy, temperature, catalog)
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    from rich.table import Table

    table = Table("policy", "estimator", "reward per answer", "95% interval", "effective lists", "of")
    for row in rows:
        table.add_row(
            row["policy"], row["estimator"], f"{row['value']:.4f}", f"{row['low']:.4f} to {row['high']:.4f}",
            f"{row['effective']:,.0f}", f"{row['lists']:,}",
        )  # fmt: skip
    common.stdout().print(table)
    for note in dict.fromkeys(note for row in rows for note in row["notes"]):
        common.stderr().print(note, soft_wrap=True, markup=False)


def servable(definition: Definition, settings: Settings) -> None:
    """Raises what tells why a server with these settings could not serve a variant; a language model's server is asked for adapters."""
    from shelftalk.engines.load import server_engine
    from shelftalk.prompts import PromptLibrary
    from shelftalk.server.arms import check, path_variant
    from shelftalk.server.live import addresses, needs_model

    check(definition, settings, PromptLibrary.of(settings))
    for arm in definition.variants:
        varied = path_variant(arm).settings(settings)
        for address in addresses(varied) if needs_model(varied) and varied.adapter != settings.adapter else ():
            server_engine(varied.model_copy(update={"server": address}), timeout=5.0).close()


def _store(database: str | None) -> Experiments:
    from shelftalk.server.db import Experiments, connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.settings import load_settings

    engine = connect(database or default_url(load_settings()))
    migrate(engine)
    return Experiments(engine)


__all__: list[Any] = ["app", "servable"]
