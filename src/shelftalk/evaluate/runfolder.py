"""A run is a folder of plain files: what a variant did with the cases of a suite, its scores, and how it came about.

    run.json         suite, variant, seed, versions, hardware, counts, the mean of each metric with its 95% interval
    answers.parquet  what was answered, one row a case and repeat
    scores.parquet   the value of each metric for each case ("m:NAME"), with the columns to slice by
    prompts.parquet  what the language model was asked, and what it said
    run.trec         the rankings of the first repeat

While a run is going on, its outcomes stand in answers.partial.jsonl; every file appears whole or not at all. It knows no
suite and no metric.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shelftalk.errors import StorageError, UsageError
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.ids import token
from shelftalk.resources import file_digest

FORMAT = 1
RUN, ANSWERS, SCORES, PROMPTS, TREC = "run.json", "answers.parquet", "scores.parquet", "prompts.parquet", "run.trec"
PARTIAL = "answers.partial.jsonl"
LOCK = ".running"


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One prompt that the language model was given for a case, as text, and its answer (a text, or JSON of labels with
    log-probabilities)."""

    id: str
    task: str
    template: str
    prompt: str
    completion: str
    repeat: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run, read: `meta` is run.json, the rest are pandas tables."""

    meta: dict[str, Any]
    answers: Any
    scores: Any
    prompts: Any
    path: Path

    @property
    def name(self) -> str:
        """The variant's name."""
        return str(self.meta["variant"]["name"])


class RunFolder:
    """The folder of one run, to be written and read."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)

    # Reading

    @classmethod
    def read(cls, path: Path | str) -> Run:
        """The run in that folder. UsageError names the file that is missing, damaged or of another format."""
        import pandas as pd

        folder = cls(path)
        meta = folder.meta()
        tables = []
        for name in (ANSWERS, SCORES, PROMPTS):
            file = folder.path / name
            try:
                tables.append(pd.read_parquet(file))
            except FileNotFoundError as error:
                raise UsageError(f"{file}: missing; run `shelftalk eval run` again with the same --out") from error
            except (OSError, ValueError) as error:
                raise UsageError(
                    f"{file}: not readable as parquet ({error}); run `shelftalk eval run` again with the same --out"
                ) from error
        for name, table, column in (
            (ANSWERS, tables[0], "answer"),
            (SCORES, tables[1], "group"),
            (PROMPTS, tables[2], "prompt"),
        ):
            if column not in table:
                raise UsageError(f"{folder.path / name}: has no column {column!r}; run `shelftalk eval run` again")
        if not len(tables[0]):
            raise UsageError(f"{folder.path}: an empty run, no request was answered; run `shelftalk eval run` again")
        return Run(meta, tables[0], tables[1], tables[2], folder.path)

    def meta(self) -> dict[str, Any]:
        """run.json. UsageError names the file and what to do."""
        file = self.path / RUN
        if not self.path.is_dir():
            raise UsageError(f"{self.path}: no such run folder; `shelftalk eval run SUITE --out DIR` makes one")
        if not file.is_file():
            inner = sorted(p.parent.name for p in self.path.glob(f"*/{RUN}"))
            hint = "the run was interrupted: give the same `shelftalk eval run` command again, and it resumes"
            if inner:
                hint = f"runs are one folder below: {', '.join(inner[:5])}"
            elif not (self.path / PARTIAL).is_file():
                hint = "this is no run folder; `shelftalk eval run SUITE --out DIR` makes one"
            raise UsageError(f"{file}: missing; {hint}")
        try:
            meta = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{file}: not readable as JSON ({error}); delete {self.path} and run `shelftalk eval run` again"
            ) from error
        if not isinstance(meta, dict) or meta.get("format") != FORMAT:
            found = meta.get("format") if isinstance(meta, dict) else None
            raise UsageError(
                f"{file}: format {found!r}, but this version reads {FORMAT}; run `shelftalk eval run` again"
            )
        return meta

    def finished(self) -> dict[str, Any] | None:
        """run.json of a finished run, or None where there is none that can be read."""
        try:
            return self.meta()
        except UsageError:
            return None

    def damaged(self, meta: Mapping[str, Any] | None) -> tuple[str, ...]:
        """The names of a finished run's files that are missing or are not what was written; `meta` None: nor is run.json."""
        if meta is None:
            return (RUN,) if (self.path / RUN).exists() else ()
        written = meta.get("files") or {}
        return tuple(name for name in (ANSWERS, SCORES, PROMPTS, TREC) if not self._sound(name, written.get(name)))

    def _sound(self, name: str, digest: str | None) -> bool:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            if digest is not None:
                return file_digest(self.path / name) == digest
            if name == TREC:  # a run of before there were digests
                return (self.path / name).is_file()
            pq.read_table(self.path / name)
        except (OSError, pa.ArrowException):
            return False
        return True

    def outcomes(self) -> list[Outcome]:
        """The outcomes that answers.parquet holds, in order. UsageError where it cannot be read."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            rows = pq.read_table(self.path / ANSWERS).to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise UsageError(f"{self.path / ANSWERS}: not readable as parquet: {error}") from error
        return [
            Outcome(
                row["id"], tuple(row["ranking"]), tuple(row["scores"]),
                json.loads(row["answer"]) if row["answer"] is not None else None, row["verdict"], row["probability"],
                row["error"], row["latency_ms"], json.loads(row["timings"]),
                (row["prompt_tokens"], row["completion_tokens"]), row["repeat"],
            )
            for row in rows
        ]  # fmt: skip

    # Writing

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the folder against other runs, which would put their answers between. StorageError where one has it."""
        from filelock import FileLock, Timeout

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / LOCK)
            lock.acquire(timeout=0)
        except Timeout as error:
            raise StorageError(
                f"{self.path}: another `shelftalk eval run` is writing here; wait until it has ended, or give another --out"
            ) from error
        except OSError as error:
            raise StorageError(
                f"{self.path}: cannot be written: {error.strerror or error}; choose another --out"
            ) from error
        try:
            yield
        finally:
            (self.path / LOCK).unlink(missing_ok=True)
            lock.release()

    def left(self) -> dict[str, Any]:
        """What the file of a cut run says it belongs to ("identity" and "parts"), {} where there is none."""
        try:
            with (self.path / PARTIAL).open(encoding="utf-8") as source:
                head = json.loads(source.readline())
        except (OSError, ValueError):
            return {}
        return head if isinstance(head, dict) else {}

    def resume(self, identity: str, parts: Mapping[str, Any] | None = None) -> tuple[list[Outcome], list[ModelCall]]:
        """What an earlier, cut run of the same identity left; a torn last line is cut off, another run's file is removed.

        `parts` are what the identity is a hash of, kept so that a later run can say what had changed.
        """
        file = self.path / PARTIAL
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            raw = file.read_bytes() if file.exists() else b""
            whole = raw[: raw.rfind(b"\n") + 1]
            lines = whole.decode("utf-8", errors="replace").split("\n")[:-1]  # a text may hold other ends of lines
            if not lines or self.left().get("identity") != identity:
                head = {"shelftalk": "partial run", "format": FORMAT, "identity": identity, "parts": dict(parts or {})}
                file.write_text(json.dumps(head) + "\n", encoding="utf-8")
                return [], []
            if len(whole) < len(raw):
                os.truncate(file, len(whole))
        except OSError as error:
            raise StorageError(f"{file}: cannot be written: {error.strerror or error}; choose another --out") from error
        outcomes, asked, sound = [], [], [lines[0]]
        for line in lines[1:]:
            try:
                record = json.loads(line)
                kept, calls = _outcome(record["outcome"]), [ModelCall(**a) for a in record["asked"]]
            except (ValueError, KeyError, TypeError):
                continue  # a damaged line's case is answered anew
            outcomes.append(kept)
            asked += calls
            sound.append(line)
        if len(sound) < len(lines):
            self._text(PARTIAL, "".join(f"{line}\n" for line in sound))
        return outcomes, asked

    def append(self, done: Iterable[tuple[Outcome, Sequence[ModelCall]]]) -> None:
        """Keeps outcomes with what was asked for them, so that a cut run goes on behind them."""
        file = self.path / PARTIAL
        try:
            with file.open("a", encoding="utf-8") as out:
                for outcome, asked in done:
                    record = {"outcome": asdict(outcome), "asked": [asdict(a) for a in asked]}
                    out.write(json.dumps(record, ensure_ascii=False) + "\n")
        except OSError as error:
            raise StorageError(
                f"{file}: cannot be written: {error.strerror or error}; make room and run the same command again"
            ) from error

    def write(
        self,
        meta: Mapping[str, Any],
        cases: Sequence[Case],
        outcomes: Sequence[Outcome],
        values: Sequence[Mapping[str, float | None]],
        asked: Sequence[ModelCall] | None,
    ) -> None:
        """Writes the finished run; `values` are the metrics of each outcome, `asked` None keeps the prompts as they are.

        run.json comes last: a folder with one is whole.
        """
        by_id = {case.id: case for case in cases}
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / RUN).unlink(missing_ok=True)
            self._parquet(ANSWERS, _answers(by_id, outcomes))
            self._parquet(SCORES, _scores(by_id, outcomes, values))
            if asked is not None:
                self._parquet(PROMPTS, _prompts(asked))
            self._text(TREC, "".join(_trec(outcomes, str(meta["variant"]["name"]))))
            files = {name: file_digest(self.path / name) for name in (ANSWERS, SCORES, PROMPTS, TREC)}
            told = {**meta, "files": files}
            self._text(RUN, json.dumps(told, indent=1, ensure_ascii=False, sort_keys=False) + "\n")
            (self.path / PARTIAL).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{self.path}: cannot be written: {error.strerror or error}; make room or choose another --out"
            ) from error

    def _parquet(self, name: str, table: Any) -> None:
        import pyarrow.parquet as pq

        partial = self.path / f"{name}.partial"
        pq.write_table(table, partial)
        partial.replace(self.path / name)

    def _text(self, name: str, text: str) -> None:
        partial = self.path / f"{name}.partial"
        partial.write_text(text, encoding="utf-8")
        partial.replace(self.path / name)


def _outcome(record: dict[str, Any]) -> Outcome:
    fields = {**record, "ranking": tuple(record["ranking"]), "scores": tuple(record["scores"])}
    return Outcome(**{**fields, "tokens": tuple(record["tokens"])})


def _answers(cases: Mapping[str, Case], outcomes: Sequence[Outcome]) -> Any:
    import pyarrow as pa

    schema = pa.schema(
        {
            "id": pa.string(), "repeat": pa.int32(), "request": pa.string(), "catalog": pa.string(),
            "ranking": pa.list_(pa.string()), "scores": pa.list_(pa.float64()), "answer": pa.string(),
            "verdict": pa.bool_(), "probability": pa.float64(), "error": pa.string(), "latency_ms": pa.float64(),
            "timings": pa.string(), "prompt_tokens": pa.int64(), "completion_tokens": pa.int64(),
        }.items()
    )  # fmt: skip
    rows = [
        {
            "id": o.id, "repeat": o.repeat, "request": cases[o.id].request.request, "catalog": cases[o.id].catalog,
            "ranking": list(o.ranking), "scores": list(o.scores),
            "answer": None if o.answer is None else json.dumps(o.answer, ensure_ascii=False),
            "verdict": o.verdict, "probability": o.probability, "error": o.error, "latency_ms": o.latency_ms,
            "timings": json.dumps(dict(o.timings_ms)), "prompt_tokens": o.tokens[0], "completion_tokens": o.tokens[1],
        }
        for o in outcomes
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=schema)


def _scores(
    cases: Mapping[str, Case], outcomes: Sequence[Outcome], values: Sequence[Mapping[str, float | None]]
) -> Any:
    import pyarrow as pa

    slices = list(dict.fromkeys(name for case in cases.values() for name in case.columns))
    metrics = list(dict.fromkeys(name for found in values for name in found))
    table: dict[str, Any] = {
        "id": pa.array([o.id for o in outcomes], pa.string()),
        "repeat": pa.array([o.repeat for o in outcomes], pa.int32()),
        "group": pa.array([cases[o.id].group for o in outcomes], pa.string()),
    }
    for name in slices:
        if name not in table:
            table[name] = _column([cases[o.id].columns.get(name) for o in outcomes])
    for name in metrics:
        found = [v.get(name) for v in values]
        table[f"m:{name}"] = pa.array([None if v is None else float(v) for v in found], pa.float64())
    return pa.table(table)


def _column(values: Sequence[Any]) -> Any:
    """A column of one type: booleans, numbers, else text."""
    import pyarrow as pa

    there = [v for v in values if v is not None]
    if there and all(isinstance(v, bool) for v in there):
        return pa.array(values, pa.bool_())
    if there and all(isinstance(v, int) and not isinstance(v, bool) for v in there):
        return pa.array(values, pa.int64())
    if there and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in there):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    return pa.array([None if v is None else str(v) for v in values], pa.string())


def _prompts(asked: Sequence[ModelCall]) -> Any:
    import pyarrow as pa

    names = ("id", "task", "template", "prompt", "completion")
    columns: dict[str, Any] = {name: pa.array([getattr(a, name) for a in asked], pa.string()) for name in names}
    return pa.table({**columns, "repeat": pa.array([a.repeat for a in asked], pa.int32())})


def _trec(outcomes: Sequence[Outcome], tag: str) -> Iterable[str]:
    """The first repeat's rankings as a TREC run; a case with nothing ranked has no line, white space in ids becomes %20."""
    mark = "".join(c if c.isalnum() or c in "._-" else "-" for c in tag) or "run"
    for outcome in outcomes:
        if outcome.repeat == 0:
            for place, product_id in enumerate(outcome.ranking, start=1):
                yield f"{token(outcome.id)} Q0 {token(product_id)} {place} {1 / place:.6f} {mark}\n"


__all__ = ["ModelCall", "Run", "RunFolder"]
