"""The configuration of a data set: which sources, which tasks, how much of each, and what is held out. A YAML file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from shelftalk.errors import UsageError

Task = Literal["suits", "pointwise", "listwise", "understand", "wishes", "needs", "reasons", "graded", "likes"]
Share = Annotated[float, Field(ge=0, lt=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProductqaSource(_Part):
    """ProductQA categories (folders with metadata.json and qa.jsonl.gz); `dev` and `test` are categories held out by name."""

    kind: Literal["productqa"]
    path: Path
    dev: list[str] = []
    test: list[str] = []
    fact_share: float = Field(0.0, ge=0, le=1)


class ChorusSource(_Part):
    """A catalogue with graded queries (CSV: query, docid, rating 0 to 3), split by query."""

    kind: Literal["chorus"]
    feed: Path
    ratings: Path
    format: str | None = "chorus"
    dev: Share = 0.15
    test: Share = 0.1


class DemoSource(_Part):
    """The bundled demo's judged requests of its dev split, or a folder laid out like it."""

    kind: Literal["demo"]
    path: Path | None = None
    judged: Literal["dev"] = "dev"  # the test split is for measuring
    dev: Share = 0.2
    test: Share = 0.1


class LogsSource(_Part):
    """A shop's behaviour: JSON Lines with request, shown, clicked, bought and dismissed (lists of product ids)."""

    kind: Literal["logs"]
    path: Path
    catalog: Path
    format: str | None = None
    dev: Share = 0.1
    test: Share = 0.1


class CatalogueSource(_Part):
    """A catalogue alone: `requests` requests are made up from its facets."""

    kind: Literal["catalogue"]
    catalog: Path
    format: str | None = None
    requests: int = Field(1000, ge=10)
    dev: Share = 0.1
    test: Share = 0.1


class EsciSource(_Part):
    """A catalogue with queries labelled E, S, C or I (CSV: query, docid, label), split by query."""

    kind: Literal["esci"]
    feed: Path
    labels: Path
    format: str | None = "esci"
    dev: Share = 0.15
    test: Share = 0.1


class WrittenSource(_Part):
    """The written set (wishes, needs and reasons), by default the bundled one; its splits are its own. `variants` are the rows a
    request of each task, every one in another made-up shop; `files` those whose wishes and needs train (all). `matcher` orders the fields of wishes: a folder that
    `shelftalk train matcher` wrote (best one that was not trained on those lines: an order that is right more often than in
    service teaches to trust it), or none."""

    kind: Literal["written"]
    path: Path | None = None
    files: list[str] = ["*"]
    matcher: Path | None = None
    variants: dict[Literal["wishes", "needs", "reasons"], Annotated[int, Field(ge=1, le=20)]] = {}


class InteractionsSource(_Part):
    """What shoppers did (JSON Lines or CSV, docs/predict.md): will a shopper like a product. `by` parts examples by time (the latest are
    the test) or by user; `balanced` has train hold as many that were liked as that were not; `least` is how many products a shopper met
    before an example counts."""

    kind: Literal["interactions"]
    path: Path
    catalog: Path
    format: str | None = None
    by: Literal["time", "user"] = "time"
    balanced: bool = True
    least: int = Field(1, ge=0)
    dev: Share = 0.15
    test: Share = 0.25


Source = Annotated[
    ProductqaSource
    | ChorusSource
    | DemoSource
    | LogsSource
    | CatalogueSource
    | EsciSource
    | WrittenSource
    | InteractionsSource,
    Field(discriminator="kind"),
]


class TaskConfig(_Part):
    """How much of a task: at most so many judged requests of each source in each split (by the source's kind; without a
    number all), at most so many rows in each split, and the weight of its rows in the loss."""

    requests: dict[str, Annotated[int, Field(ge=0)]] = {}
    train: int | None = Field(None, ge=1)
    dev: int | None = Field(600, ge=1)
    test: int | None = Field(600, ge=1)
    weight: float = Field(1.0, gt=0)


class RankConfig(_Part):
    """Products a request is shown with: how many that suit, how many that do not (the hardest from the first `depth` of
    retrieval), and the smallest and largest window of a listwise prompt."""

    suiting: int = Field(6, ge=1)
    unsuiting: int = Field(8, ge=1)
    depth: int = Field(30, ge=2, le=1000)
    windows: int = Field(4, ge=1)
    window: tuple[Annotated[int, Field(ge=2)], Annotated[int, Field(le=20)]] = (3, 8)

    @field_validator("window")
    @classmethod
    def _rising(cls, value: tuple[int, int]) -> tuple[int, int]:
        if value[0] > value[1]:
            raise ValueError("the smallest window first, then the largest")
        return value


class DataConfig(_Part):
    """Everything that decides a data set. The same configuration over the same files gives the same rows."""

    seed: int = 0
    model: str = "default"
    root: Path | None = None
    catalogs: Path | None = None
    leaks: Literal["refuse", "drop"] = "refuse"
    near: float = Field(0.9, gt=0.5, le=1)
    hostile: float = Field(0.05, ge=0, le=0.5)
    tasks: dict[Task, TaskConfig]
    rank: RankConfig = RankConfig()
    sources: list[Source] = Field(min_length=1)


# What each kind of source can label.
LABELS: dict[str, frozenset[str]] = {
    "productqa": frozenset({"suits", "pointwise", "listwise", "understand", "graded"}),
    "chorus": frozenset({"pointwise", "listwise", "graded"}),
    "demo": frozenset({"pointwise", "listwise", "understand", "graded"}),
    "esci": frozenset({"pointwise", "listwise", "graded"}),
    "written": frozenset({"wishes", "needs", "reasons", "graded"}),
    "logs": frozenset({"pointwise", "listwise"}),
    "catalogue": frozenset({"suits", "pointwise", "listwise", "understand"}),
    "interactions": frozenset({"likes"}),
}


def load_config(path: Path) -> DataConfig:
    """The configuration in a YAML file, its tasks and sources held against each other.

    UsageError names the setting that is wrong, the task that no source labels, or the file that is not there.
    """
    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not YAML: {error}") from error
    if not isinstance(read, dict):
        raise UsageError(f"{path}: must be settings and their values; see serve/train/default.yaml")
    return parse_config(read, path)


def parse_config(read: dict[str, Any], where: Path) -> DataConfig:
    """The configuration of these settings; `where` is the file that errors name."""
    try:
        config = DataConfig.model_validate(read)
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{where}: {setting or 'settings'}: {first['msg']} (got {first.get('input')!r})") from error
    _check_tasks(config, where)
    for source in config.sources:
        _check_shares(source, where)
        _check_files(source, config, where)
    return config


def _check_tasks(config: DataConfig, where: Path) -> None:
    if not config.tasks:
        raise UsageError(f"{where}: tasks: names no task; name one of {', '.join(sorted(LABELS['productqa']))}")
    labelled = frozenset().union(*(LABELS[source.kind] for source in config.sources))
    for task in config.tasks:
        if task not in labelled:
            able = sorted(kind for kind, tasks in LABELS.items() if task in tasks)
            named = ", ".join(source.kind for source in config.sources)
            raise UsageError(
                f"{where}: tasks: no source gives labels for {task!r} (sources: {named}); add one of {', '.join(able)}, "
                "or leave the task out"
            )
    kinds = {source.kind for source in config.sources}
    for task, wanted in config.tasks.items():
        if unknown := sorted(set(wanted.requests) - kinds):
            raise UsageError(
                f"{where}: tasks.{task}.requests: {', '.join(unknown)} is no source here; there is: {', '.join(sorted(kinds))}"
            )


def _check_shares(source: Any, where: Path) -> None:
    held = [getattr(source, name, 0) for name in ("dev", "test")]
    if all(isinstance(share, float) for share in held) and sum(held) >= 1:
        raise UsageError(
            f"{where}: source {source.kind}: dev and test are {held[0]:g} and {held[1]:g} of the requests, which leaves "
            "nothing to train on; hold out less"
        )


def _check_files(source: Any, config: DataConfig, where: Path) -> None:
    """The files of a source are there, and none is a test split."""
    for name in ("path", "ratings", "labels") if source.kind in ("productqa", "chorus", "esci") else ():
        given = getattr(source, name, None)
        if given is not None and (given.name == "test" or ".test." in given.name):
            raise UsageError(
                f"{where}: source {source.kind}: {name}: {given} is a test split, which is for measuring; name the train "
                "split"
            )
    for name in ("path", "feed", "ratings", "labels", "catalog"):
        given = getattr(source, name, None)
        if isinstance(given, Path) and not resolve(given, config).exists():
            raise UsageError(
                f"{where}: source {source.kind}: {name}: there is no {resolve(given, config)}; relative paths start "
                "at `root`, else at SHELFTALK_DATA, else in this folder"
            )


def resolve(path: Path, config: DataConfig) -> Path:
    """Where a path of the configuration lies: itself if absolute, else below `root`, SHELFTALK_DATA or this folder."""
    path = path.expanduser()
    base = config.root or os.environ.get("SHELFTALK_DATA")
    return path if path.is_absolute() or base is None else Path(base).expanduser() / path
