"""`shelftalk profile`: what is known of a shopper, read, corrected and forgotten; and of a product or a conversation."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common
from shelftalk.cli.keys import DatabaseOption
from shelftalk.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Engine

    from shelftalk.catalog import Catalog
    from shelftalk.prompts import PromptLibrary
    from shelftalk.server.profiling import Profiling
    from shelftalk.settings import Settings
    from shelftalk.shoppers.profiles import Offers, Profile
    from shelftalk.shoppers.profiles.offers import Counted
    from shelftalk.values import Intent

app = typer.Typer(help="Read, correct and forget what is known of shoppers.", no_args_is_help=True)
User = Annotated[str, typer.Argument(help="The shop's own id of the user, or their pseudonym.")]
TenantOption = Annotated[str, typer.Option("--tenant", help="The tenant whose user it is.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True)
class _Ground:
    """What profiles are read from, without an embedder or a language model."""

    catalog: Catalog
    settings: Settings
    prompts: PromptLibrary
    counted: Counted

    def offers(self) -> Offers:
        return self.counted.of(self.catalog.products, self.catalog.facets())


@dataclass(frozen=True)
class _Opened:
    profiling: Profiling
    ground: _Ground
    engine: Engine

    def understood(self, words: str) -> Intent:
        """What words ask for, as the settings have requests read."""
        from shelftalk.pipeline import Shelf

        with Shelf.open(self.ground.catalog.path, settings=self.ground.settings) as shelf:
            return shelf.understand(words).intent


@app.command()
def show(
    user: User,
    evidence: Annotated[bool, typer.Option("--evidence", help="List the interactions below each line.")] = False,
    as_json: JsonOption = False,
    tenant: TenantOption = "",
    catalog: common.CatalogOption = None,
    database: DatabaseOption = None,
) -> None:
    """Show a shopper's profile, line by line."""
    with _opened(catalog, database) as held:
        _print(held.profiling.of(user, tenant=tenant), as_json, evidence)


@app.command()
def edit(
    user: User,
    line: Annotated[str | None, typer.Argument(help="The id of the line to change, as `show` prints it.")] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch the line, or the whole profile.")] = None,
    want: Annotated[str | None, typer.Option("--want", help="is, not, low or high.")] = None,
    value: Annotated[str | None, typer.Option("--value", help="The value wanted; yes or no for such fields.")] = None,
    span: Annotated[str | None, typer.Option("--range", help="A range of a number: 20-80.")] = None,
    weight: Annotated[float | None, typer.Option("--weight", min=0, max=1, help="How much it counts.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the line.")] = False,
    add: Annotated[str | None, typer.Option("--add", help="Add a line in words: 'no perfume'.")] = None,
    field: Annotated[
        str | None, typer.Option("--field", help="Add a line on this field, with --want and --value.")
    ] = None,
    category: Annotated[str, typer.Option("--category", help="Where an added line holds.")] = "",
    aspect: Annotated[list[str], typer.Option("--aspect", help="Switch an aspect: price=off. May be repeated.")] = [],  # noqa: B006
    as_json: JsonOption = False,
    tenant: TenantOption = "",
    catalog: common.CatalogOption = None,
    database: DatabaseOption = None,
) -> None:
    """Correct a profile: change, switch, delete or add a line, or switch all of it. It holds from the next answer on."""
    from shelftalk.server.profiling import Change

    if want is not None and want not in ("is", "not", "low", "high"):
        raise UsageError(f"--want {want!r}: choose from is, not, low, high")
    with _opened(catalog, database) as held:
        said: Any = _said(value, field, line, held.profiling, user, tenant)
        change = Change(on, want, said, _range(span), weight)  # type: ignore[arg-type]
        what = [line is not None, add is not None, field is not None, bool(aspect) or (on is not None and line is None)]
        if sum(what) != 1:
            raise UsageError("give one of: LINE with what is to change, --add, --field, or --on, --off and --aspect for the whole")  # fmt: skip
        if line is not None and not delete and change == Change():
            raise UsageError("say what is to change: --on, --off, --want, --value, --range, --weight or --delete")
        if line is not None:
            made = held.profiling.delete(user, line, tenant=tenant) if delete else held.profiling.change(user, line, change, tenant=tenant)  # fmt: skip
        elif add is not None:
            held.profiling.may_add(user, tenant=tenant)
            made = held.profiling.say(user, add, held.understood(add), tenant=tenant)
        elif field is not None:
            made = held.profiling.add(user, _line(field, change, category), tenant=tenant)
        else:
            made = held.profiling.switch(user, on=on, aspects=_aspects(aspect), tenant=tenant)
        _print(made, as_json, False)


@app.command()
def forget(user: User, tenant: TenantOption = "", catalog: common.CatalogOption = None, database: DatabaseOption = None) -> None:  # fmt: skip
    """Forget a shopper: delete all interactions and corrections."""
    with _opened(catalog, database) as held:
        done = held.profiling.forget(user, tenant=tenant)
    typer.echo(f"deleted {done['interactions']} interactions and {done['corrections']} corrections")


@app.command()
def item(
    product: Annotated[str, typer.Argument(help="The product's id.")],
    as_json: JsonOption = False,
    tenant: TenantOption = "",
    catalog: common.CatalogOption = None,
    database: DatabaseOption = None,
) -> None:
    """Show a product's profile: facts, what reviews say, who buys it, with what, and the trend."""
    from shelftalk.cli.profile_text import of_item
    from shelftalk.server.db.products import ProductHistory
    from shelftalk.server.items import ItemProfiles

    with _opened(catalog, database) as held:
        items = ItemProfiles(held.ground.catalog, ProductHistory(held.engine), held.profiling)
        made = items.of(product, tenant=tenant).to_dict()
    typer.echo(json.dumps(made, ensure_ascii=False, indent=2) if as_json else of_item(made))


@app.command()
def session(
    conversation: Annotated[str, typer.Argument(help="The conversation's id.")],
    tenant: TenantOption = "",
    catalog: common.CatalogOption = None,
    database: DatabaseOption = None,
) -> None:
    """Show what was asked, shown, liked and refused in a conversation, as JSON."""
    from shelftalk.server.db import Conversations
    from shelftalk.server.items import session_profile

    with _opened(catalog, database) as held:
        made = session_profile(conversation, Conversations(held.engine), held.profiling, tenant=tenant)
    typer.echo(json.dumps(made.to_dict(), ensure_ascii=False, indent=2))


@contextmanager
def _opened(catalog: Any, database: str | None) -> Iterator[_Opened]:
    """The profiles of the catalogue's shoppers in that database."""
    from shelftalk.catalog import Catalog
    from shelftalk.privacy.pseudonym import load_pseudonyms
    from shelftalk.prompts import PromptLibrary
    from shelftalk.server.db import Consents, Interactions, Profiles, Users, connect, migrate
    from shelftalk.server.db.connect import default_url
    from shelftalk.server.personal_data import without_personal
    from shelftalk.server.profiling import Profiling
    from shelftalk.settings import load_settings
    from shelftalk.shoppers.profiles.offers import Counted

    common.quiet()
    settings = load_settings()
    address = database or default_url(settings)
    engine: Engine = connect(address)
    migrate(engine)
    consents = Consents(engine, settings.privacy.consent_default)
    try:
        users = Users(engine, load_pseudonyms(settings, address))
        opened = Catalog.open(catalog or settings.catalog, home=settings.home_folder)
        ground = _Ground(opened, settings, PromptLibrary.of(settings), Counted(settings.profile.least_offer))
        profiling = Profiling(
            lambda: ground, Interactions(engine), Profiles(engine), users,
            lambda user, tenant: consents.allowed(user, "personalisation", tenant=tenant),
            lambda text: without_personal(text, settings),
        )  # fmt: skip
        yield _Opened(profiling, ground, engine)
    finally:
        engine.dispose()


def _print(made: Profile, as_json: bool, evidence: bool) -> None:
    from shelftalk.cli.profile_text import of_user

    told: Mapping[str, Any] = made.to_dict()
    typer.echo(json.dumps(told, ensure_ascii=False, indent=2) if as_json else of_user(told, evidence=evidence))


def _line(field: str, change: Any, category: str) -> Any:
    from shelftalk.values import Criterion, ProfileLine

    criterion = Criterion(field, change.want or "is", change.value)
    weight = 1.0 if change.weight is None else change.weight
    return ProfileLine("", criterion, category, weight, (), "stated", change.span)


def _said(value: str | None, field: str | None, line: str | None, profiling: Profiling, user: str, tenant: str) -> str | bool | None:  # fmt: skip
    """The value as the field holds it: yes and no as such."""
    if value is None:
        return None
    if field is None and line is not None:
        made = profiling.of(user, tenant=tenant)
        field = next((x.criterion.field for x in (*made.lines, *made.off) if x.id == line), None)
    facet = profiling.catalog.facets().get(field or "")
    if facet is not None and facet.kind == "boolean" and value.strip().lower() in ("yes", "true", "no", "false"):
        return value.strip().lower() in ("yes", "true")
    return value


def _range(text: str | None) -> tuple[Decimal, Decimal] | None:
    if text is None:
        return None
    low, dash, high = text.partition("-")
    try:
        found = (Decimal(low.strip()), Decimal(high.strip()))
    except InvalidOperation:
        raise UsageError(f"--range {text!r}: write two numbers, 20-80") from None
    if not dash or not all(end.is_finite() for end in found):
        raise UsageError(f"--range {text!r}: write two numbers, 20-80")
    return found


def _aspects(given: list[str]) -> dict[str, bool]:
    told = {}
    for one in given:
        name, _, state = one.partition("=")
        if state not in ("on", "off"):
            raise UsageError(f"--aspect {one!r}: write an aspect and on or off, price=off")
        told[name] = state == "on"
    return told
