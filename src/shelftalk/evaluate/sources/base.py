"""What a source of cases gives, and what sources share: where sets are found, gains, columns, reading lines and qrels."""

from __future__ import annotations

import difflib
import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shelftalk.errors import UsageError
from shelftalk.evaluate.cases import Case
from shelftalk.values import Product

Gains = Literal["linear", "exponential"] | dict[int | float, Annotated[float, Field(ge=0, allow_inf_nan=False)]]


@dataclass(frozen=True, slots=True)
class Feed:
    """Where the products of a catalogue come from: a feed with its format or mapping file, a catalogue that is there
    already (`folder`), or `products` made for the suite."""

    feed: Path | None = None
    format: str | None = None
    mapping: Path | None = None
    folder: Path | None = None
    products: tuple[Product, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a source gives: the cases, the feeds of the catalogues they are put to, and what is known of interactions.

    `judged` says where a product was named ("file, line 3"), by catalogue and id, so that one that the catalogue lacks
    can be reported.
    """

    cases: list[Case]
    feeds: Mapping[str, Feed]
    interactions: Mapping[str, int] = field(default_factory=dict)
    judged: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a suite looks: beside its own file first, then in the folder of data sets. `file` is that of a user's own
    suite, with the line that names what is looked for."""

    suite: str
    here: Path
    data: Path | None = None
    file: str | None = None

    def find(self, name: str, what: str) -> Path:
        """The file or folder of that name; UsageError says where it was looked for and what to do."""
        given = Path(name).expanduser()
        looked = [given] if given.is_absolute() else [self.here / given]
        if self.data is not None and not given.is_absolute():
            looked.append(self.data / given)
        for path in looked:
            if path.exists():
                return path
        if self.file is not None:
            raise UsageError(
                f"{self.file}: {what} not found at {' or '.join(map(str, looked))}; mend the path: it is looked for beside "
                "the suite's file, then in the folder of data sets (--data)"
            )
        other = "the" if self.data is None else "another"
        remedy = f"give {other} folder of data sets with --data DIR, the setting 'data' or SHELFTALK_DATA"
        raise UsageError(
            f"suite {self.suite}: {what} not found at {' or '.join(map(str, looked))}; {remedy} (docs/evaluate.md says "
            "where each set comes from)"
        )


class SourceOptions(BaseModel):
    """The options of a source, as they stand under `data` in a suite."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def read(cls, record: Mapping[str, Any], where: str) -> Any:
        """The options; UsageError names the key that is wrong."""
        try:
            return cls(**{k: v for k, v in record.items() if k != "kind"})
        except ValidationError as error:
            raise UsageError(f"{where}: {wrong(error, 'data', cls)}") from error


def fault(error: ValidationError) -> Any:
    """The fault that is told: an unknown key before all others, since a key that is lacking is often one misspelt."""
    every = error.errors()
    return next((found for found in every if found["type"] == "extra_forbidden"), every[0])


def wrong(error: ValidationError, above: str, model: type[BaseModel]) -> str:
    """The first fault of a validation in one line, with the keys there are where one is unknown."""
    first = fault(error)
    if first["loc"][:1] == ("gains",):
        said = "write linear, exponential, or a table of grades with a gain of 0 or more for each"
        return f"gains: {said} (got {first.get('input')!r})"
    name = ".".join(str(part) for part in ((above,) if above else ()) + tuple(first["loc"]))
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(first["loc"][-1]), model.model_fields, 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"unknown key {name}{hint}; there is: {', '.join(model.model_fields)}"
    if first["type"] == "missing":
        return f"lacks the key {name}"
    said = {
        "string_pattern_mismatch": "write lower-case letters, figures, '.', '_' and '-'",
        "too_short": "name at least one",
    }.get(first["type"], first["msg"])
    return f"{name}: {said} (got {first.get('input')!r})"


def gain(grade: float, gains: Gains) -> float:
    """The gain of a grade: itself, 2^grade - 1 (Burges et al. 2005), or what the suite's table says."""
    if gains == "linear":
        return float(grade)
    if gains == "exponential":
        return float(2**grade - 1)
    if grade not in gains:
        raise UsageError(f"grade {grade:g} has no gain; 'gains' names {', '.join(f'{g:g}' for g in sorted(gains))}")
    return float(gains[grade])


def length(text: str) -> str:
    """How long a request is, as a column to slice by."""
    words = len(text.split())
    return "1-3 words" if words <= 3 else "4-8 words" if words <= 8 else "9-15 words" if words <= 15 else "16+ words"


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file (gzipped or not) with their line numbers; UsageError names file and line."""
    opener = gzip.open if path.suffix == ".gz" else open
    number = 0
    try:
        with opener(path, "rt", encoding="utf-8-sig", errors="surrogateescape") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                if _torn(line):
                    raise UsageError(f"{path}, line {number}: not UTF-8; save the file as UTF-8")
                record = json.loads(line)
                if "\\u" in line and _torn(json.dumps(record, ensure_ascii=False)):
                    raise UsageError(
                        f"{path}, line {number}: holds half of a character (\\ud800 to \\udfff); mend the text"
                    )
                if not isinstance(record, dict):
                    raise UsageError(f"{path}, line {number}: must be a JSON object; write one object a line")
                yield number, record
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{path}, line {number}: not JSON ({error.msg}, column {error.colno}); mend the line"
        ) from error
    except (OSError, EOFError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error


def _torn(text: str) -> bool:
    """Whether the text holds lone surrogates: bytes that were no UTF-8, or escapes that stand for half a character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def qrels(path: Path) -> Iterator[tuple[int, str, str, float]]:
    """Line number, request id, product id and grade of TREC qrels ("request 0 product grade"); UsageError names the line.

    A grade below 0, TREC's mark for junk, counts as 0.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    for number, line in enumerate(lines, start=1):
        parts = line.split()
        if not parts:
            continue
        try:
            request, _, product, grade = parts
            if not isfinite(float(grade)):
                raise ValueError
            yield number, request, product, max(0.0, float(grade))
        except ValueError:
            raise UsageError(
                f"{path}, line {number}: {line[:80]!r} is no judgment; write 'request 0 product grade'"
            ) from None


def digest(paths: list[Path]) -> str:
    """The SHA-256 over the names and contents of files, and of every file below folders, in the order of their names."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            total.update(f"{file.name}\0{file.stat().st_size}\0".encode())
            with file.open("rb") as source:
                total.update(hashlib.file_digest(source, "sha256").digest())
    return total.hexdigest()
