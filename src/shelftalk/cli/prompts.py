"""`shelftalk prompts`: list, show, render, lint, test, diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from shelftalk.cli import common
from shelftalk.errors import EngineError, PromptError, UsageError

if TYPE_CHECKING:
    from shelftalk.prompts.library import PromptLibrary, Template

app = typer.Typer(no_args_is_help=True, help="Prompt templates: list, show, render, lint, test, diff.")

Ref = Annotated[str, typer.Argument(help="task/name, task/name@version, or a .jinja file.")]
Refs = Annotated[
    list[str] | None,
    typer.Argument(help="Prompts, .jinja files or folders of them.", show_default="all shipped prompts"),
]


@app.command("list")
def list_prompts(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List every prompt, the shipped ones and those of prompts.folder, with its versions, the one in use, and its examples."""
    rows = _rows()
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    from rich.table import Table

    from shelftalk.cli.show import safe

    table = Table("prompt", "state", "examples", "for", box=None, pad_edge=False)
    for row in rows:
        table.add_row(safe(row["ref"]), row["state"], str(row["examples"]), safe(row["description"]))
    common.stdout().print(table)


@app.command("show")
def show(ref: Ref) -> None:
    """Show a prompt's file: variables, notes, examples, text; and what its wording cannot change."""
    from rich.syntax import Syntax

    template = open_template(ref)
    console = common.stdout()
    text = template.path.read_text(encoding="utf-8-sig")
    _say_bound(template)
    if not console.is_terminal:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    console.print(f"[bold]{template.ref}[/bold]  [dim]{template.path}[/dim]", soft_wrap=True)
    console.print(Syntax(text, "jinja", word_wrap=True, background_color="default"))


@app.command("render")
def render(
    ref: Ref,
    example: Annotated[str | None, typer.Option("--example", help="Name of an example; the first by default.")] = None,
    request: Annotated[str | None, typer.Option("--request", help="A request to run through the real stages.")] = None,
    catalog: common.CatalogOption = None,
    product: Annotated[str | None, typer.Option("--product", help="Product for a prompt that takes one.")] = None,
    nth: Annotated[int, typer.Option("--nth", min=1, help="Which of the request's prompts to show.")] = 1,
    model: common.ModelOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Pieces and token counts as JSON.")] = False,
) -> None:
    """Render a prompt as a model reads it, with tokens, each piece coloured by its origin.

    With --request the variables come from the real stages over the catalogue, as they would for a shopper; no language
    model is asked. Otherwise they are those of an example in the front matter.
    """
    from shelftalk.cli.prompts_stages import render_example, render_request
    from shelftalk.cli.prompts_tokens import load_tokeniser

    if request is not None and example is not None:
        raise UsageError("give --request or --example, not both")
    template = open_template(ref)
    tokeniser = load_tokeniser(common.settings_from(model))
    if request is None:
        rendering = render_example(template, example, tokeniser)
    else:
        settings = common.settings_from(model)
        rendering = render_request(template, request, catalog, settings, tokeniser, nth=nth, product=product)
    if as_json:
        typer.echo(json.dumps(rendering.to_dict(), ensure_ascii=False, indent=1))
    else:
        from shelftalk.cli.prompts_show import print_rendering

        print_rendering(rendering, common.stdout())
        _say_bound(template)


@app.command("lint")
def lint_prompts(
    refs: Refs = None,
    model: common.ModelOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Check templates before a model reads them: unused and undefined variables, untrusted text outside the fence, versions
    that drift from what the adapter was trained with, examples over their budget. Exit code 1 on findings."""
    from shelftalk.cli.prompts_stages import in_force
    from shelftalk.prompts.lint import drift, lint_file

    settings = common.settings_from(model)
    count, without = _counter(settings)
    library = _library()
    paths = [p for ref in refs for p in _paths(ref)] if refs else [library.path(ref) for ref in library.refs()]
    found = [finding for path in paths for finding in lint_file(path, count)]
    broken = {finding.path for finding in found if finding.rule == "broken"}
    served = {task: ref for task, ref in in_force(settings).items() if ref}
    if not broken:
        mine = {path.resolve() for path in paths}
        found += [f for f in drift(library, served, _trained(settings)) if f.path.resolve() in mine]
    if as_json:
        keys = ("ref", "line", "rule", "message")
        typer.echo(json.dumps([{k: getattr(f, k) for k in keys} | {"path": str(f.path)} for f in found], indent=1))
    else:
        from shelftalk.cli.show import safe

        console = common.stdout()
        for finding in found:
            where = f"{finding.path}:{finding.line}" if finding.line else str(finding.path)
            text = f"{safe(where)}: [yellow]{finding.rule}[/yellow]: {safe(finding.message)}"
            console.print(text, soft_wrap=True)
        if without:
            common.stderr().print(f"token budgets were not checked: {safe(without)}", soft_wrap=True)
        things = "prompt" if len(paths) == 1 else "prompts"
        console.print(f"{len(paths)} {things}, {len(found) or 'no'} finding{'' if len(found) == 1 else 's'}")
    if found:
        raise typer.Exit(1)


@app.command("test")
def run_examples(
    refs: Refs = None,
    with_model: Annotated[
        bool, typer.Option("--choices", help="Also load the language model and check what it prefers.")
    ] = False,
    model: Annotated[str | None, typer.Option("--model", help="Also check what this language model prefers.")] = None,
    engine: common.EngineOption = None,
) -> None:
    """Run the prompts' examples. Without a model only the rendered text is checked. Exit code 1 if one fails."""
    from shelftalk.cli.prompts_stages import chooser
    from shelftalk.cli.show import safe
    from shelftalk.prompts.examples import unmet

    settings = common.settings_from(model, engine)
    count, without = _counter(settings)
    library = _library()
    named = [str(path) for ref in refs for path in _paths(ref)] if refs else library.refs()
    templates = [open_template(ref) for ref in named]
    console = common.stdout()
    failed = ran = 0
    with chooser(settings, wanted=with_model or model is not None) as choose:
        for template in templates:
            if not template.examples:
                console.print(f"[yellow]none[/yellow]  {safe(template.ref)} has no examples", soft_wrap=True)
            for example in template.examples:
                ran += 1
                try:
                    problems = unmet(example, template.render(**example.variables), count, choose)
                except PromptError as error:
                    problems = [f"cannot be rendered: {error}"]
                failed += bool(problems)
                state = "[red]fails[/red]" if problems else "[green]holds[/green]"
                console.print(f"{state} {safe(template.ref)}: {safe(example.name)}", soft_wrap=True)
                for problem in problems:
                    console.print(f"      {safe(problem)}", soft_wrap=True)
    if without:
        common.stderr().print(f"token budgets were not checked: {safe(without)}", soft_wrap=True)
    console.print(f"{ran} example{'' if ran == 1 else 's'}, {failed or 'none'} failed")
    if failed:
        raise typer.Exit(1)


@app.command("diff")
def diff(
    a: Annotated[str, typer.Argument(help="The older prompt: task/name@version or a .jinja file.")],
    b: Annotated[str, typer.Argument(help="The newer one.")],
    rendered: Annotated[bool, typer.Option("--rendered", help="Also compare the rendered examples.")] = False,
    suite: Annotated[str | None, typer.Option("--suite", help="Run this suite with both and compare.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the suite's runs.")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder of data sets outside the repository.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="Another split of the suite's data.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Number of requests of the suite.")] = None,
    model: common.ModelOption = None,
) -> None:
    """Show how two prompts differ: their text and, with --suite, their results."""
    from shelftalk.cli.prompts_show import print_diff

    first, second = open_template(a), open_template(b)
    print_diff(first, second, common.stdout(), rendered=rendered)
    if suite is not None:
        from shelftalk.cli.prompts_suite import compare_on_suite

        if out is None:
            raise UsageError("--suite needs --out, the folder that its runs are written to")
        compare_on_suite(suite, first, second, out=out, split=split, data=data, limit=limit, model=model)
    elif out or split or data or limit:
        raise UsageError("--out, --split, --data and --limit go with --suite")


def open_template(ref: str) -> Template:
    """The prompt of that name, or in that file. PromptError says what there is, or what is wrong with the file."""
    return _library().get(ref)


def _say_bound(template: Template) -> None:
    """Says what is written and read in answer to the prompt, whatever its wording asks for."""
    from shelftalk.cli.show import safe
    from shelftalk.prompts.bounds import bound_of

    told = bound_of(template.ref) or f"no stage asks with prompts of the task {template.task}"
    common.stderr().print(f"[dim]whatever its wording says: {safe(told)}[/dim]", soft_wrap=True)


def _library() -> PromptLibrary:
    from shelftalk.prompts.library import PromptLibrary
    from shelftalk.settings import load_settings

    return PromptLibrary.of(load_settings())


def _path(ref: str) -> Path:
    if not ref.endswith(".jinja"):
        return _library().path(ref)
    path = Path(ref)
    if not path.is_file():
        raise PromptError(f"{ref}: no such file; give a file prompts/TASK/NAME@VERSION.jinja or a name as task/name")
    return path


def _paths(ref: str) -> list[Path]:
    """The file of a prompt, or those in a folder and the folders below it."""
    if not Path(ref).is_dir():
        return [_path(ref)]
    if not (found := sorted(Path(ref).rglob("*.jinja"))):
        raise PromptError(f"{ref}: holds no template; files are named TASK/NAME@VERSION.jinja")
    return found


def _rows() -> list[dict[str, Any]]:
    from shelftalk.cli.prompts_stages import in_force
    from shelftalk.prompts.bounds import bound_of
    from shelftalk.settings import load_settings

    library = _library()
    served = {library.get(ref).ref for ref in in_force(load_settings()).values() if ref}
    rows = []
    for ref in library.refs():
        template = library.get(ref)
        state = "in force" if ref in served else "on trial" if template.on_trial else ""
        rows.append(
            {
                "ref": ref, "state": state, "examples": len(template.examples), "trained": template.trained,
                "variables": dict(template.variables), "description": template.description, "path": str(template.path),
                "bound": bound_of(ref),
            }
        )  # fmt: skip
    return rows


def _counter(settings: Any) -> tuple[Any, str]:
    """A counter of tokens, or None and why there is none."""
    from shelftalk.cli.prompts_tokens import load_tokeniser

    try:
        return load_tokeniser(settings).count, ""
    except EngineError as error:
        return None, str(error)


def _trained(settings: Any) -> dict[str, str]:
    """Which prompt of each task the adapter in force was trained with, as far as its card says."""
    from shelftalk.cli.prompts_stages import trained_prompts

    return trained_prompts(settings)
