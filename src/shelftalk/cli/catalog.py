"""`shelftalk catalog`: import a feed, look at what is in, take products out, write them to a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shelftalk.cli.common import CatalogOption, quiet, settings_from, stderr, stdout
from shelftalk.errors import PARTIAL, CatalogError, UsageError

if TYPE_CHECKING:
    from shelftalk.catalog import Catalog
    from shelftalk.values import Facet

app = typer.Typer(help="Make and inspect a catalogue.", no_args_is_help=True)

NO_KINDS = (
    "no product has a category, so a need that names no product finds none, and a wish ('a light one') weighs the fields of "
    "all products alike: give the feed a column 'categories', or name yours in a mapping file (docs/catalog-formats.md)"
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _open(catalog: Path | None) -> Catalog:
    from shelftalk.catalog import Catalog

    quiet()
    settings = settings_from()
    return Catalog.open(catalog or settings.catalog, home=settings.home_folder)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))


@app.command("import")
def import_(
    feed: Annotated[Path, typer.Argument(help="The feed: a file (may be gzipped) or a folder.")],
    catalog: CatalogOption = None,
    format: Annotated[
        str | None, typer.Option(help="Format of the feed; by default recognised by its content.")
    ] = None,
    map: Annotated[Path | None, typer.Option("--map", help="YAML file that maps another format's fields.")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="File for rejected rows (CATALOG/rejects/FEED.rejects.jsonl).")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=1, max=100_000, help="Products per batch.")] = None,
    currency: Annotated[
        str | None, typer.Option(help="ISO 4217 code of prices that name no currency, or only a sign such as kr.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a catalogue from a feed, or update it. Exit code 8 if rows were rejected."""
    from shelftalk.catalog import import_feed, load_embedder
    from shelftalk.catalog.importer import BATCH
    from shelftalk.catalog.store import Catalog
    from shelftalk.cli.progress import ImportProgress

    quiet()
    settings = settings_from()
    folder = catalog or settings.catalog
    known = Catalog.open(folder, create=True, home=settings.home_folder)
    embedder = None
    if settings.embedder != "default" and not known.count():
        embedder = load_embedder(settings.embedder, settings.home_folder)
    with ImportProgress(stderr(), feed.name) as shown:
        report = import_feed(
            feed, folder, format=format, mapping=map, batch=batch or BATCH, rejects=rejects, progress=shown.show,
            embedder=embedder, home=settings.home_folder, currency=currency,
        )  # fmt: skip
    if as_json:
        counts = {name: getattr(report, name) for name in report.__slots__}
        paths = {n: str(path) if (path := counts[n]) else None for n in ("rejects_path", "dropped_path")}
        _print_json({**counts, **paths})
    else:
        from shelftalk.cli.show import safe

        stdout().print(
            f"{report.read} rows read: {report.added} products added, {report.updated} updated, {report.unchanged} "
            f"unchanged, {report.rejected} rows rejected; {report.embedded} embedded; {report.seconds:.1f} s",
            soft_wrap=True,
        )
        for what in sorted(set(report.read_as.values())):
            names = ", ".join(safe(name) for name, taken in report.read_as.items() if taken == what)
            stdout().print(f"read as {what}: {names}", soft_wrap=True)
        if report.no_kinds:
            stdout().print(f"[yellow]{NO_KINDS}[/yellow]", soft_wrap=True)
        for what, times in report.mended.items():
            stdout().print(f"mended: {safe(what)} ({times})", soft_wrap=True)
        if report.dropped_path:
            stdout().print(
                f"[yellow]{report.dropped} values left out: {safe(str(report.dropped_path))}[/yellow]", soft_wrap=True
            )
        if report.rejects_path:
            stdout().print(f"[yellow]rejected rows: {safe(str(report.rejects_path))}[/yellow]", soft_wrap=True)
    if report.rejected:
        raise typer.Exit(PARTIAL)


@app.command()
def show(
    product_id: Annotated[str, typer.Argument(help="The product's id.")],
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a product's record."""
    from shelftalk.catalog.product import product_record
    from shelftalk.cli.show import safe

    shelf = _open(catalog)
    product = shelf.get(product_id)
    if product is None:
        raise CatalogError(f"no product {product_id!r} in the catalogue {shelf.path}")
    record = product_record(product)
    if as_json:
        _print_json(record)
        return
    out = stdout()
    out.print(f"[bold]{safe(product.title)}[/bold]", soft_wrap=True)
    attributes = record.pop("attributes", {})
    record.pop("title")
    for name, value in {**record, **attributes}.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        out.print(f"  [dim]{safe(name)}:[/dim] {safe(text)}", soft_wrap=True)


@app.command()
def stats(catalog: CatalogOption = None, as_json: JsonOption = False) -> None:
    """Print the size of the catalogue, and how it was made."""
    from shelftalk.cli.show import safe
    from shelftalk.values import plain

    found = {name: plain(value) for name, value in _open(catalog).stats().items()}
    if as_json:
        _print_json(found)
        return
    for name, value in found.items():
        stdout().print(f"{name.replace('_', ' '):<12} {safe(str(value)) if value is not None else '-'}", soft_wrap=True)


@app.command()
def facets(
    catalog: CatalogOption = None,
    field: Annotated[str | None, typer.Option(help="Only this field, with all its values.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the fields that requests can name: type, range and most common values."""
    from dataclasses import replace

    from rich.table import Table

    from shelftalk.catalog.facets import to_dict
    from shelftalk.cli.show import safe

    shelf = _open(catalog)
    found = shelf.facets()
    if field is not None:
        one = found.get(field)
        if one is None:
            raise UsageError(f"no facet {field!r} in the catalogue {shelf.path}; `shelftalk catalog facets` lists them")
        found = replace(found, facets=(one,))
    if as_json:
        _print_json(to_dict(found))
        return
    table = Table("field", "kind", "products", "distinct", "values", box=None, pad_edge=False, header_style="bold")
    for facet in found.facets:
        table.add_row(
            safe(facet.field), facet.kind, str(facet.count), str(facet.distinct), safe(_held(facet, field is None))
        )
    stdout().print(table)


def _held(facet: Facet, short: bool) -> str:
    from shelftalk.values import plain

    if facet.minimum is not None:
        span = f"{plain(facet.minimum)} to {plain(facet.maximum)}"
        return f"{span} {facet.unit}" if facet.unit else span
    shown = facet.values[:6] if short else facet.values
    more = ", ..." if facet.distinct > len(shown) else ""
    return ", ".join(f"{plain(value)} ({count})" for value, count in shown) + more


@app.command()
def remove(
    ids: Annotated[list[str], typer.Argument(help="Ids of the products to remove.")],
    catalog: CatalogOption = None,
) -> None:
    """Remove products from the catalogue. Unknown ids are reported, the others are removed."""
    shelf = _open(catalog)
    known = shelf.get_many(ids)
    count = shelf.remove(ids)
    stdout().print(f"{count} products removed, {shelf.count()} left")
    unknown = [i for i in dict.fromkeys(ids) if i not in known]
    if unknown:
        listed = ", ".join(repr(i) for i in unknown[:20]) + (", ..." if len(unknown) > 20 else "")
        raise CatalogError(f"not in the catalogue {shelf.path}: {listed}")


@app.command()
def export(
    file: Annotated[str, typer.Argument(help="The file to write, or - for JSON Lines on standard output.")],
    catalog: CatalogOption = None,
) -> None:
    """Write all products in the native schema: .jsonl, .csv, .parquet, .jsonl.gz or .csv.gz, by the file's ending."""
    from shelftalk.catalog.export import export_products, json_lines

    shelf = _open(catalog)
    if file == "-":
        json_lines(shelf.products(), sys.stdout)
        return
    count = export_products(shelf.products(), Path(file))
    stderr().print(f"{count} products written")
