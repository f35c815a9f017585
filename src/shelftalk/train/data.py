"""Builds a data set from a configuration: sources are read, tasks render their examples, leaks are refused, and the rows
are written as a `datasets` folder with a card.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from shelftalk.engines.common import Chat
from shelftalk.engines.models import is_address, resolve_model
from shelftalk.errors import EngineError, UsageError
from shelftalk.prompts import PromptLibrary, Template
from shelftalk.resources import resource
from shelftalk.server.may_train import may_train
from shelftalk.server.training_sets import remember
from shelftalk.settings import Settings
from shelftalk.train.card import Report, facts
from shelftalk.train.config import DataConfig, InteractionsSource, Source, WrittenSource, resolve
from shelftalk.train.draw import capped, drawn, parted
from shelftalk.train.folder import Built, check_out, write
from shelftalk.train.sets import sources, written
from shelftalk.train.sets.example import Judged, TrainingExample
from shelftalk.train.sets.graded import graded, made_up
from shelftalk.train.sets.leaks import without_repeats
from shelftalk.train.sets.likes import likes
from shelftalk.train.sets.logs import logs
from shelftalk.train.sets.ranking import listwise, pointwise
from shelftalk.train.sets.scribe import Scribe
from shelftalk.train.sets.shop import indexed_shop
from shelftalk.train.sets.suits import suits
from shelftalk.train.sets.synthetic import catalogue
from shelftalk.train.sets.understanding import understand
from shelftalk.understand.model import FieldMatcher
from shelftalk.written import WrittenSet, read_written

Say = Callable[[str], None]


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
    remember(out, settings.home_folder)  # so that a person's rows can be taken out again
    return built


def build(config: DataConfig, settings: Settings, say: Say = lambda _: None, chat: Chat | None = None) -> Built:
    """The set, in memory."""
    chat = chat or tokenizer_of(config.model, settings)
    report = Report()
    judged = []
    direct = [source for source in config.sources if source.kind in ("written", "interactions")]
    for source in config.sources:
        if source in direct:
            continue
        found = list(_judged(source, config, settings, report))
        say(f"{source.kind}: {len(found):,} judged requests")
        if not found:
            first = report.rejects[0] if source.kind == "logs" and report.rejects else None
            why = f" ({len(report.rejects)} rows refused, the first: {first})" if first else ""
            raise UsageError(f"source {source.kind}: gives no judged request{why}; mend it, or leave the source out")
        judged += found
    scribe, prompts = Scribe(chat.count, config.model), PromptLibrary.of(settings)
    examples: list[TrainingExample] = []
    for task, wanted in config.tasks.items():
        mine = drawn(task, judged, config, report)
        made = [*_examples(task, mine, scribe, prompts, settings, config, report)]
        made += [e for source in direct for e in _direct(task, source, prompts, settings, config, report)]
        rows = [replace(e, weight=e.weight * wanted.weight) for e in made]
        say(f"{task}: {len(rows):,} examples")
        examples += rows
    cleaned = without_repeats(examples)
    report.left_out["rows that repeat another"] += cleaned.duplicates
    report.left_out["rows whose question is answered in two ways"] += cleaned.contradictions
    kept = parted(cleaned.examples, config, report)
    kept = list(capped(kept, config, report))
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
) -> Iterator[TrainingExample]:  # fmt: skip
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


def _direct(
    task: str, source: Source, prompts: PromptLibrary, settings: Settings, config: DataConfig, report: Report
) -> Iterator[TrainingExample]:
    """The rows of a source that gives examples without a judged request."""
    if isinstance(source, WrittenSource):
        yield from _written(task, source, prompts, settings, config, report)
    elif isinstance(source, InteractionsSource) and task == "likes":
        path, feed = resolve(source.path, config), resolve(source.catalog, config)
        _hashed(report, path.parent, [path])
        _hashed(report, feed.parent, [feed])
        allowed = may_train(settings)

        def let_through(user: str) -> bool:
            if not (may := allowed(user)):
                report.left_out["interactions of users who do not consent to training"] += 1
            return may

        yield from likes(source, path, feed, prompts, config.seed, report.rejects, let_through)


def _written(
    task: str, source: WrittenSource, prompts: PromptLibrary, settings: Settings, config: DataConfig, report: Report
) -> Iterator[TrainingExample]:
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
    return prompts.named("rank", named or strategy, "rank.prompt")
