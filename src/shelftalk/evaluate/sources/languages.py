"""The demo's judged requests in other languages, beside the English ones.

data/languages/demo.txt holds, for 40 requests of the demo, what a shopper of another language would type; the judgments are the
English request's. Each case has its English one as its `group`, so that drops are paired.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.metrics.robustness import CLEAN
from shelftalk.evaluate.sources import demo
from shelftalk.evaluate.sources.base import Gains, Loaded, Place, SourceOptions, length
from shelftalk.resources import resource

__all__ = ["LanguagesOptions", "load", "sections"]

_LINE = re.compile(r"(?P<language>[a-z]{2}): (?P<request>\S.*)")


class LanguagesOptions(SourceOptions):
    """`split`: the requests of dev or test alone (None: all 40); `path`: another file of the same form."""

    split: str | None = None
    path: str | None = None


def load(options: LanguagesOptions, place: Place, gains: Gains) -> Loaded:
    """Each English request, then the same in the other languages; columns `language` and `split`. UsageError names file and id of
    what the demo lacks or what is no line of the form "de: REQUEST"."""
    file = place.find(options.path, "the requests") if options.path else resource("data/languages/demo.txt")
    both = [demo.load(demo.DemoOptions(split=split), place, gains) for split in ("dev", "test")]
    known = {case.id: case for loaded in both for case in loaded.cases}
    cases: list[Case] = []
    for name, lines in sections(file).items():
        english = known.get(name)
        if english is None:
            raise UsageError(f"{file}: {name!r} is no request of the demo; name one of data/demo/requests.jsonl")
        if options.split is not None and english.columns["split"] != options.split:
            continue
        columns = {**english.columns, "language": "en"}
        cases.append(replace(english, columns=columns, meta={**english.meta, "family": CLEAN}, group=name))
        cases += [_translated(english, line, file) for line in lines]
    judged = {key: where for loaded in both for key, where in loaded.judged.items()}
    return Loaded(cases, both[0].feeds, both[0].interactions, judged)


def _translated(english: Case, line: str, file: Path) -> Case:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UsageError(f"{file}: {line!r} is not of the form 'de: REQUEST'")
    language, text = match["language"], match["request"]
    name = f"{english.id}.{language}"
    return replace(
        english,
        id=name,
        request=replace(english.request, request=text, id=name),
        columns={**english.columns, "language": language, "words": length(text)},
        group=english.id,
        meta={**english.meta, "family": language},
    )


def sections(file: Path) -> dict[str, list[str]]:
    """The lines of a text file under their "== NAME", in order; lines that begin with "#" are remarks."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (raw.strip() for raw in file.read_text("utf-8").splitlines()):
        if line.startswith("== "):
            name = line.removeprefix("== ")
            if name in found:
                raise UsageError(f"{file}: {name!r} stands twice; keep one")
            found[name] = []
        elif line and not line.startswith("#"):
            found[name].append(line)
    return found
