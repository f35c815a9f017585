"""A suite says what is asked, of which catalogue, and how the answers are measured: a YAML file, checked by a schema.

Shipped suites stand in data/suites/NAME.yaml; any other is given by its path, and names files beside itself.
docs/evaluate.md shows how to write one.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from shelftalk.errors import ShelftalkError, UsageError
from shelftalk.evaluate import sources
from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.feeds import feed_digest, hashed, products_of
from shelftalk.evaluate.sources.base import Feed, Gains, Place, fault, wrong
from shelftalk.resources import resource
from shelftalk.settings import Settings
from shelftalk.shoppers.newness import Newness
from shelftalk.values import Product
from shelftalk.variants import SHORT, PathVariant

Task = Literal["answer", "rank", "suits"]


class CatalogSpec(BaseModel):
    """A catalogue of a suite: a `feed` (with its `format` or `mapping` file), or the `folder` of one that is there."""

    model_config = ConfigDict(extra="forbid")

    feed: str | None = None
    format: str | None = None
    mapping: str | None = None
    folder: str | None = None


class NewItems(BaseModel):
    """Which products metrics count as new: those released in the `days` before `today`."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(ge=1, le=3650)
    today: date


class Suite(BaseModel):
    """What a suite's file says. `k` are the picks asked for (None: what the request or the settings say), `depth` how far
    a ranking is kept; `pool` "judged" offers only the judged products of a request; `settings` hold for every variant that
    does not set them; `new_items` says which products metrics of new items count, beside those that `perturb` holds out; `histories` is kept for shoppers' interactions, which no suite can give yet."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    version: int = Field(1, ge=1)
    description: str = ""
    task: Task
    data: dict[str, Any]
    catalog: CatalogSpec | dict[str, CatalogSpec] | None = None
    metrics: list[str] = Field(min_length=1)
    k: int | None = Field(None, ge=1, le=50)
    depth: int = Field(50, ge=1, le=1000)
    gains: Gains = "linear"
    pool: Literal["catalog", "judged"] = "catalog"
    unjudged: Literal["irrelevant", "removed"] = "irrelevant"
    slices: list[str] = []
    limit: int | None = Field(None, ge=1)
    settings: dict[str, str | bool | int | float] = {}
    perturb: dict[str, Any] | None = None
    new_items: NewItems | None = None
    histories: None = None

    _file: Path = PrivateAttr(default=Path("suite.yaml"))
    _folder: Path | None = PrivateAttr(default=None)
    _text: str = PrivateAttr(default="")

    def at(self, *loc: str | int) -> str:
        """The suite's file, with the line of that key: where a message says that something is wrong."""
        return f"{self._file}{_line(self._text, loc)}"

    def in_force(self, variant: PathVariant, base: Settings | None = None) -> Settings:
        """The settings of a variant over the suite's over `base`. UsageError names the place of a wrong one."""
        try:
            return variant.settings(base, self.settings)
        except ShelftalkError as error:
            variant.settings(base)  # raises where the suite is not to blame
            key = next((key for key in self.settings if SHORT.get(key, key) in str(error)), "")
            raise UsageError(f"{self.at('settings', key)}: {error}") from error

    def load(self, *, split: str | None = None, limit: int | None = None, seed: int = 0) -> SuiteCases:
        """The suite's cases, in their order: of that split, and at most so many, drawn with the seed.

        Variations (`perturb`) are made of the drawn cases. UsageError names file, line and remedy for whatever is wrong.
        """
        place = self._place("data")
        data = {**self.data, **({"split": split} if split is not None else {})}
        own = self._feeds(self._place("catalog"))
        loaded = sources.load(data, self.at("data"), place, self.gains, own)
        feeds = {**loaded.feeds, **own}
        cases = _drawn(loaded.cases, limit or self.limit, seed)
        if self.pool == "judged":
            cases = [_pooled(case) for case in cases if case.grades]
            if not cases:
                raise UsageError(
                    f"{self.at('pool')}: no request is left, for a judged pool keeps those with grades alone; "
                    "add grades, take a larger limit, or leave 'pool' out"
                )
        cases, fresh = self._perturbed(cases, feeds, seed)
        fresh |= self._released(feeds)
        cases = [replace(case, columns=self._columns(case)) for case in cases]
        unknown = [name for name in self.slices if not any(name in case.columns for case in cases)]
        if unknown:
            known = sorted({name for case in loaded.cases for name in case.columns})
            raise UsageError(
                f"{self.at('slices')}: slices names {', '.join(unknown)}, which no case has; there is: {', '.join(known)}"
            )
        return SuiteCases(
            self, tuple(cases), feeds, loaded.interactions, loaded.judged, fresh, split or data.get("split")
        )

    def _place(self, key: str) -> Place:
        shipped = self._file.parent == resource("data/suites")
        return Place(self.name, self._file.parent, self._folder, None if shipped else self.at(key))

    def _feeds(self, place: Place) -> dict[str, Feed]:
        if self.catalog is None:
            return {}
        given = {"main": self.catalog} if isinstance(self.catalog, CatalogSpec) else self.catalog
        found = {}
        for key, spec in given.items():
            if (spec.feed is None) == (spec.folder is None):
                raise UsageError(f"{self.at('catalog')}: catalog {key!r} needs either 'feed' or 'folder'")
            found[key] = Feed(
                place.find(spec.feed, "the feed") if spec.feed else None,
                spec.format,
                place.find(spec.mapping, "the mapping file") if spec.mapping else None,
                place.find(spec.folder, "the catalogue") if spec.folder else None,
            )
        return found

    def _perturbed(self, cases: list[Case], feeds: Mapping[str, Feed], seed: int) -> tuple[list[Case], frozenset[str]]:
        if self.perturb is None:
            return cases, frozenset()
        from shelftalk.evaluate.perturb import new_items, perturb

        products: dict[str, Sequence[Product]] = {key: products_of(feed) for key, feed in feeds.items()}
        try:
            return perturb(cases, self.perturb, seed, products), new_items(self.perturb, products)
        except UsageError as error:
            raise UsageError(f"{self.at('perturb')}: {error}") from error

    def _released(self, feeds: Mapping[str, Feed]) -> frozenset[str]:
        """The ids of the products that `new_items` calls new."""
        if self.new_items is None:
            return frozenset()
        newness = Newness(self.new_items.today, self.new_items.days)
        return frozenset(p.id for feed in feeds.values() for p in products_of(feed) if newness(p))

    def _columns(self, case: Case) -> dict[str, str | float | int | bool]:
        return {name: v for name, v in case.columns.items() if not self.slices or name in self.slices}


@dataclass(frozen=True)
class SuiteCases:
    """The cases of a suite with the feeds they are put to, and what is known beside: counts of interactions, where a
    product was judged, and the products held out as new."""

    suite: Suite
    cases: tuple[Case, ...]
    feeds: Mapping[str, Feed]
    interactions: Mapping[str, int] = field(default_factory=dict)
    judged: Mapping[tuple[str, str], str] = field(default_factory=dict)
    new_items: frozenset[str] = frozenset()
    split: str | None = None

    def asked(self) -> str:
        """A hash of all that decides what is answered: requests, catalogues, task, numbers wanted."""
        suite = self.suite
        feeds = {key: feed_digest(feed) for key, feed in sorted(self.feeds.items())}
        head = [suite.task, suite.k, suite.depth, feeds]
        cases = [
            [c.id, asdict(c.request), c.catalog, c.product, [asdict(p) for p in c.overlay]] for c in self.cases
        ]  # fmt: skip
        return hashed([head, cases])

    def known(self) -> str:
        """A hash of all that the answers are measured against: judgments, gold, columns, and how they are treated."""
        suite = self.suite
        head = [suite.gains, suite.pool, suite.unjudged, sorted(self.interactions.items()), sorted(self.new_items)]
        cases = [
            [c.id, sorted((c.grades or {}).items()), None if c.gold is None else sorted(c.gold), c.label, c.group,
             sorted(c.columns.items()), c.meta, c.grades is None]
            for c in self.cases
        ]  # fmt: skip
        return hashed([head, cases])


def load_suite(name: str | Path, data: Path | None = None) -> Suite:
    """The shipped suite of that name, or the one in that file; `data` is the folder of data sets.

    Raises UsageError that names the file, the line and what may stand there.
    """
    path = _path(name)
    try:
        text = path.read_text(encoding="utf-8")
        record = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{path}{line}: not YAML: {getattr(error, 'problem', None) or error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    if twice := _twice(yaml.compose(text)):
        raise UsageError(f"{path}, line {twice[1]}: {twice[0]} is given twice; keep one")
    if not isinstance(record, dict):
        raise UsageError(f"{path}: must be keys and values; docs/evaluate.md shows a suite")
    try:
        suite = Suite(**record)
    except ValidationError as error:
        loc = fault(error)["loc"]
        message = wrong(error, "", Suite)
        if loc == ("histories",):
            message = "histories: suites with shoppers' histories cannot be run yet; leave the key out"
        raise UsageError(f"{path}{_line(text, loc)}: {message}") from error
    _check_names(suite, path, text)
    suite._file, suite._folder, suite._text = path, _data_folder(data), text
    return suite


def _check_names(suite: Suite, path: Path, text: str) -> None:
    """Raises UsageError, with the line, for a metric or a setting that there is not."""
    from shelftalk.evaluate.metrics import find
    from shelftalk.variants import setting

    for at, name in enumerate(suite.metrics):
        try:
            find(name)
        except UsageError as error:
            raise UsageError(f"{path}{_line(text, ('metrics', at))}: {error}") from error
    for name in suite.settings:
        setting(name, f"{path}{_line(text, ('settings', name))}: settings")


def list_suites() -> list[Suite]:
    """The shipped suites by name."""
    return [load_suite(path) for path in sorted(resource("data/suites").glob("*.yaml"))]


def _path(name: str | Path) -> Path:
    folder = resource("data/suites")
    shipped = folder / f"{name}.yaml"
    if isinstance(name, str) and "/" not in name and shipped.is_file():
        return shipped
    path = Path(name).expanduser()
    if path.is_file():
        return path
    if path.suffix in (".yaml", ".yml") or "/" in str(name):
        raise UsageError(f"{path}: no such suite file")
    names = ", ".join(sorted(p.stem for p in folder.glob("*.yaml")))
    raise UsageError(f"there is no suite {str(name)!r}; there is: {names}, or give the path of a suite of your own")


def _data_folder(data: Path | None) -> Path | None:
    if data is not None and not data.is_dir():
        raise UsageError(f"--data {data}: no such folder; give the folder that holds the data sets")
    return data


def _line(text: str, loc: tuple[int | str, ...]) -> str:
    """ ", line 7" of the place that a validation error names, as far as the file goes down to it."""
    node = yaml.compose(text)
    line = 0
    for part in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
            continue
        if not isinstance(node, yaml.MappingNode):
            break
        found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return f", line {line}" if line else ""


def _twice(node: Any) -> tuple[str, int] | None:
    """A key that stands twice in a mapping, of which YAML would keep the last in silence, and its line."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                return str(key.value), key.start_mark.line + 1
            seen.add(key.value)
            if found := _twice(value):
                return found
    elif isinstance(node, yaml.SequenceNode):
        return next((found for value in node.value if (found := _twice(value))), None)
    return None


def _drawn(cases: list[Case], limit: int | None, seed: int) -> list[Case]:
    if limit is None or limit >= len(cases):
        return cases
    kept = set(random.Random(seed).sample(range(len(cases)), limit))
    return [case for i, case in enumerate(cases) if i in kept]


def _pooled(case: Case) -> Case:
    return replace(case, request=replace(case.request, candidates=tuple(case.grades or ())))
