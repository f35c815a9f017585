"""Builds a data set from a configuration: sources are read, tasks render their examples, leaks are refused, and the rows
are written as a `datasets` folder with a card.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import random
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shelftalk.engines.common import Chat
from shelftalk.engines.models import is_address, resolve_model
from shelftalk.errors import EngineError, StorageError, UsageError
from shelftalk.prompts import PromptLibrary, Template
from shelftalk.resources import resource
from shelftalk.settings import Settings
from shelftalk.train.card import Report, card, facts
from shelftalk.train.config import DataConfig, Source, WrittenSource, resolve
from shelftalk.train.leaks import leaks, without_repeats
from shelftalk.train.sets import sources, written
from shelftalk.train.sets.example import SPLITS, Example, Judged
from shelftalk.train.sets.graded import graded, made_up
from shelftalk.train.sets.logs import logs
from shelftalk.train.sets.ranking import listwise, pointwise
from shelftalk.train.sets.scribe import Scribe
from shelftalk.train.sets.shop import indexed_shop
from shelftalk.train.sets.suits import suits
from shelftalk.train.sets.synthetic import catalogue
from shelftalk.train.sets.understanding import understand
from shelftalk.understand.matching import FieldMatcher
from shelftalk.written import WrittenSet, read_written

logger = logging.getLogger(__name__)

Say = Callable[[str], None]
NAMED_LEAKS = 10
CARD = "card.json"


@dataclass(frozen=True)
class Built:
    """A data set in memory: its rows in order, what the card states, and the report of what was left out."""

    examples: list[Example]
    known: dict[str, Any]
    report: Report


def tokenizer_of(model: str, settings: Settings) -> Chat:
    """The model's own tokenizer and chat template. UsageError for a server's address, EngineError where it has none."""
    if is_address(model):
        raise UsageError(
            f"model {model}: a server's tokenizer cannot be used here; give a folder or a Hugging Face name"
        )
    from transformers import AutoTokenizer

    place = resolve_model(model, settings.home_folder)
    try:
        return Chat(AutoTokenizer.from_pretrained(place), str(place))
    except (OSError, ValueError) as error:
        said = str(error).strip().partition("\n")[0]
        raise EngineError(f"model {model}: its tokenizer cannot be had ({said}); give its folder instead") from error


def make(
    config: DataConfig, out: Path, settings: Settings, *, overwrite: bool = False, say: Say = lambda _: None
) -> Built:
    """The set, built and written to `out`. Nothing is left in `out` unless all of it is.

    Raises UsageError for an empty set, a task without rows to train on, leaks between splits (naming the rows) and an
    `out` that holds something else.
    """
    check_out(out, overwrite)
    built = build(config, settings, say)
    check_out(out, overwrite)  # another build may have written it meanwhile
    say(f"writing {sum(built.known['rows'].values()):,} rows to {out}")
    write(built, out)
    return built


def check_out(out: Path, overwrite: bool) -> None:
    """Raises UsageError where `out` holds something that must not be overwritten, StorageError where nothing can be
    written beside it."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; give a folder for the data set")
    if out.is_dir() and any(out.iterdir()):
        if not (out / CARD).is_file():
            raise UsageError(f"{out}: holds something that is no data set of ours; choose another folder")
        if not overwrite:
            raise UsageError(f"{out}: holds a data set already; choose another folder, or give --overwrite")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError as error:
        raise StorageError(f"{out}: cannot be written: {error.strerror}; choose another place") from error


def build(config: DataConfig, settings: Settings, say: Say = lambda _: None, chat: Chat | None = None) -> Built:
    """The set, in memory."""
    chat = chat or tokenizer_of(config.model, settings)
    report = Report()
    judged = []
    direct = [source for source in config.sources if source.kind == "written"]
    for source in config.sources:
        if source.kind == "written":
            continue
        found = list(_judged(source, config, settings, report))
        say(f"{source.kind}: {len(found):,} judged requests")
        if not found:
            first = report.rejects[0] if source.kind == "logs" and report.rejects else None
            why = f" ({len(report.rejects)} rows refused, the first: {first})" if first else ""
            raise UsageError(f"source {source.kind}: gives no judged request{why}; mend it, or leave the source out")
        judged += found
    scribe, prompts = Scribe(chat.count, config.model), PromptLibrary.default()
    examples: list[Example] = []
    for task, wanted in config.tasks.items():
        drawn = _drawn(task, judged, config, report)
        made = [*_examples(task, drawn, scribe, prompts, settings, config, report)]
        made += [e for source in direct for e in _written(task, source, prompts, settings, config, report)]
        rows = [replace(e, weight=e.weight * wanted.weight) for e in made]
        say(f"{task}: {len(rows):,} examples")
        examples += rows
    cleaned = without_repeats(examples)
    report.left_out["rows that repeat another"] += cleaned.duplicates
    report.left_out["rows whose question is answered in two ways"] += cleaned.contradictions
    kept = _parted(cleaned.examples, config, report)
    kept = list(_capped(kept, config, report))
    for task in config.tasks:
        if not any(e.task == task and e.split == "train" for e in kept):
            raise UsageError(
                f"task {task}: no row to train on is left; see what was left out: "
                + (", ".join(f"{why} ({n})" for why, n in report.left_out.items() if n) or "nothing")
            )
        if not any(e.task == task and e.split == "dev" for e in kept):
            raise UsageError(
                f"task {task}: no row in dev is left, so no training could be scored; hold more out (a source's `dev`), or "
                "leave the task out"
            )
    lengths = {e.id: (len(chat.ids(e.prompt)), chat.count(e.completion)) for e in kept}
    report.left_out = Counter({why: n for why, n in report.left_out.items() if n})
    known = facts(kept, lengths, report, config.model_dump(mode="json"))
    return Built(kept, known, report)


def _judged(source: Source, config: DataConfig, settings: Settings, report: Report) -> Iterator[Judged]:
    catalogs = config.catalogs.expanduser() if config.catalogs else settings.home_folder / "train" / "catalogs"
    indexed = any(
        task in ("pointwise", "listwise") for task in config.tasks
    )  # grades need no search: what was judged is what is shown
    match source.kind:
        case "productqa":
            folder = resolve(source.path, config)
            _hashed(report, folder, sorted(folder.glob("*/qa.jsonl*")))
            yield from sources.productqa(source, folder, settings, config.seed)
        case "chorus":
            feed, ratings = resolve(source.feed, config), resolve(source.ratings, config)
            _hashed(report, ratings.parent, [ratings, feed])
            yield from sources.chorus(source, feed, ratings, catalogs / _key(feed) if indexed else None, settings)
        case "esci":
            feed, labels = resolve(source.feed, config), resolve(source.labels, config)
            _hashed(report, labels.parent, [labels, feed])
            yield from sources.esci(source, feed, labels, catalogs / _key(feed) if indexed else None, settings)
        case "demo":
            place = resolve(source.path, config) if source.path else resource("data/demo")
            _hashed(report, place, sorted(place.glob("*.jsonl")) + sorted(place.glob("qrels.dev.txt")))
            yield from sources.demo(source, place, catalogs / "demo", settings)
        case "logs":
            path, feed = resolve(source.path, config), resolve(source.catalog, config)
            _hashed(report, path.parent, [path])
            _hashed(report, feed.parent, [feed])
            shop = indexed_shop("logs", feed, catalogs / _key(feed), settings, source.format)
            yield from logs(path, shop, source.dev, source.test, report.rejects)
        case "catalogue":
            feed = resolve(source.catalog, config)
            _hashed(report, feed.parent, [feed])
            shop = indexed_shop("catalogue", feed, catalogs / _key(feed), settings, source.format)
            yield from catalogue(shop, source.requests, source.dev, source.test, config.seed)


def _key(feed: Path) -> str:
    return f"{feed.stem.partition('.')[0]}-{hashlib.sha256(str(feed.resolve()).encode()).hexdigest()[:8]}"


def _hashed(report: Report, root: Path, files: Sequence[Path]) -> None:
    for file in files:
        if not file.is_file():  # a catalogue's folder: its products are in the rows
            continue
        with file.open("rb") as data:
            report.files[str(file.relative_to(root.parent) if file.is_relative_to(root.parent) else file.name)] = (
                hashlib.file_digest(data, "sha256").hexdigest()
            )


def _examples(
    task: str, judged: Sequence[Judged], scribe: Scribe, prompts: PromptLibrary, settings: Settings,
    config: DataConfig, report: Report,
) -> Iterator[Example]:  # fmt: skip
    match task:
        case "suits":
            yield from suits(judged, scribe, prompts, settings, config.seed, config.hostile)
        case "pointwise":
            yield from pointwise(
                judged, scribe, served(task, prompts, settings), settings, config.rank, config.seed, config.hostile
            )
        case "listwise":
            yield from listwise(
                judged, scribe, served(task, prompts, settings), settings, config.rank, config.seed, config.hostile
            )
        case "graded":
            yield from graded(judged, prompts, config.rank, config.seed, config.hostile)
        case "understand":
            yield from understand(judged, scribe, prompts, settings, report.left_out)


def _written(
    task: str, source: WrittenSource, prompts: PromptLibrary, settings: Settings, config: DataConfig, report: Report
) -> Iterator[Example]:
    """The rows of the written set for a task, none for a task that it does not teach."""
    if task not in ("wishes", "needs", "reasons", "graded"):
        return
    folder = resolve(source.path, config) if source.path else resource("data/wishes")
    _hashed(
        report, folder.parent, [*sorted((folder / "kinds").glob("*.txt")), *sorted((folder / "train").glob("*.txt"))]
    )
    found = read_written(folder, source.files)
    if task == "graded":
        yield from made_up(found, prompts, config.seed, config.hostile)
        return
    variants = source.variants.get(task, {"wishes": 2, "needs": 3, "reasons": 1}[task])  # type: ignore[call-overload]
    if task == "wishes":
        yield from written.wishes(found, prompts, config.seed, variants, _matcher(source, config, settings))
    elif task == "needs":
        yield from written.needs(found, prompts, _near_kinds(found, settings), config.seed, variants)
    else:
        yield from written.reasons(found, prompts, config.seed, variants)


def _matcher(source: WrittenSource, config: DataConfig, settings: Settings) -> FieldMatcher | None:
    """The field matcher that a source names."""
    if source.matcher is None:
        return None
    from shelftalk.catalog.embed import load_embedder

    return FieldMatcher(load_embedder(str(source.matcher.expanduser()), settings.home_folder))


def _near_kinds(found: WrittenSet, settings: Settings) -> dict[str, list[str]]:
    """The 40 kinds nearest to each need, and to each wish that names its kind, by the default embedder, nearest first."""
    from shelftalk.catalog.embed import load_embedder

    embedder = load_embedder("default", settings.home_folder)
    names = list(found.kinds)
    kinds = embedder.encode(names)
    texts = [need.text for need in found.needs] + [wish.text for wish in found.wishes if written.names_kind(wish)]
    similar = embedder.encode(texts) @ kinds.T if texts else []
    return {text: [names[i] for i in (-row).argsort()[:40]] for text, row in zip(texts, similar, strict=True)}


def served(strategy: str, prompts: PromptLibrary, settings: Settings) -> Template:
    """The template that a ranking strategy is served with: the settings' own where they name one for it."""
    named = settings.rank.prompt if settings.rank.strategy == strategy else None
    return prompts.get(f"rank/{named or strategy}")


def _drawn(task: str, judged: Sequence[Judged], config: DataConfig, report: Report) -> list[Judged]:
    """The judged requests that a task can use, at most as many of a source and split as wanted, drawn by the seed.

    Of a split whose rows are capped a quarter more than that is drawn: some requests give no row, most give several.
    """
    able = [one for one in judged if usable(task, one)]
    chooser = random.Random(f"{config.seed} {task}")
    out: list[Judged] = []
    for split in SPLITS:
        for source in dict.fromkeys(one.source for one in able):
            mine = [one for one in able if one.source == source and one.split == split]
            wanted = config.tasks[task]  # type: ignore[index]
            rows = getattr(wanted, split)
            limits = [wanted.requests.get(source), None if rows is None else rows + rows // 4]
            most = min((limit for limit in limits if limit is not None), default=None)
            if most is not None and most < len(mine):
                report.left_out[f"{task}: requests beyond the number wanted ({split})"] += len(mine) - most
                mine = chooser.sample(mine, most)
            out += mine
    return out


def usable(task: str, one: Judged) -> bool:
    """Whether a judged request has what the task learns from."""
    match task:
        case "wishes" | "needs" | "reasons":
            return False
        case "suits":
            return one.verdicts is not None
        case "pointwise" | "listwise" | "graded":
            return one.grades is not None and one.ranked
    return one.intent is not None


def _parted(examples: Sequence[Example], config: DataConfig, report: Report) -> list[Example]:
    """The examples without leaks between splits: refused with the rows named, or dropped from the earlier split.

    A prompt that different requests lead to (a fact to be worded) is no fault of a source: it is always dropped there.
    """
    every = leaks(examples, config.near)
    if not every:
        return list(examples)
    found = [leak for leak in every if leak.kind != "prompt"]
    groups = [leak for leak in found if leak.kind == "group"]
    if groups or (found and config.leaks == "refuse"):
        named = groups or found
        shown = "; ".join(str(leak) for leak in named[:NAMED_LEAKS])
        more = f"; and {len(named) - NAMED_LEAKS} more" if len(named) > NAMED_LEAKS else ""
        what = (
            "hold out whole groups"
            if groups
            else "mend the sources, or set `leaks: drop` to leave such rows out of train"
        )
        raise UsageError(f"{len(named)} leaks between splits ({what}): {shown}{more}")
    leaking = {(leak.first.request, leak.first.split) for leak in found}
    same = {(leak.first.id, leak.first.split) for leak in every if leak.kind == "prompt"}
    report.leaks = [str(leak) for leak in every]
    kept = [e for e in examples if (e.request, e.split) not in leaking]
    report.left_out["rows whose request another split holds, or nearly"] += len(examples) - len(kept)
    whole = [e for e in kept if (e.id, e.split) not in same]
    report.left_out["rows whose very prompt another split holds"] += len(kept) - len(whole)
    return whole


def _capped(examples: Sequence[Example], config: DataConfig, report: Report) -> Iterator[Example]:
    """Shuffled by the seed, and at most as many a task and split as wanted; dev and test keep whole requests."""
    chooser = random.Random(config.seed)
    parts: dict[tuple[str, str], dict[str, list[Example]]] = defaultdict(lambda: defaultdict(list))
    for example in examples:
        key = example.id if example.split == "train" else example.query
        parts[example.task, example.split][key].append(example)
    kept: list[Example] = []
    for (task, split), queries in parts.items():
        most = getattr(config.tasks[task], split)  # type: ignore[index]
        taken = 0
        keys = chooser.sample(sorted(queries), len(queries))
        if split != "train":  # each source in turn, so that a score says something of the small ones too
            keys = _in_turn(keys, [queries[key][0].source for key in keys])
        for key in keys:
            if most is None or taken + len(queries[key]) <= most:
                kept += queries[key]
                taken += len(queries[key])
            else:
                report.left_out[f"{task}: rows beyond the number wanted ({split})"] += len(queries[key])
    for split in SPLITS:
        rows = [e for e in kept if e.split == split]
        chooser.shuffle(rows)
        yield from rows


def _in_turn(keys: Sequence[str], kinds: Sequence[str]) -> list[str]:
    """The keys, those of each kind in their order, one of each kind after the other."""
    places: Counter[str] = Counter()
    turns = []
    for key, kind in zip(keys, kinds, strict=True):
        turns.append((places[kind], kind, key))
        places[kind] += 1
    return [key for _, _, key in sorted(turns)]


def write(built: Built, out: Path) -> None:
    """Writes the set: train, dev and test as `datasets` keeps them, README.md, card.json, rejects.jsonl if there are any.

    The folder appears whole or not at all. StorageError where the disk is full.
    """
    import datasets

    message = [{"role": datasets.Value("string"), "content": datasets.Value("string")}]
    text, number = datasets.Value("string"), datasets.Value("float64")
    features = datasets.Features(
        {
            "task": text, "prompt": message, "completion": message, "source": text, "group": text, "id": text,
            "weight": number, "query": text, "request": text, "labels": datasets.List(text),
            "gains": datasets.List(number), "template": text, "tags": datasets.List(text),
            "then": text,
        }
    )  # fmt: skip
    rows = {split: [e.row() for e in built.examples if e.split == split] for split in SPLITS}
    parts = {
        split: datasets.Dataset.from_list(held, features=features) for split, held in rows.items() if held
    }  # datasets cannot write a split without rows
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        datasets.disable_progress_bars()
        datasets.DatasetDict(parts).save_to_disk(partial)
        (partial / "README.md").write_text(card(built.known), encoding="utf-8")
        (partial / CARD).write_text(json.dumps(built.known, indent=1, default=str) + "\n", encoding="utf-8")
        if built.report.rejects:
            lines = (json.dumps(r, ensure_ascii=False) for r in built.report.rejects)
            (partial / "rejects.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if out.exists():
            shutil.rmtree(out)
        partial.replace(out)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise StorageError(
            f"{out}: cannot be written: {error.strerror or error}; make room or choose another place"
        ) from error
