"""A language model whose answers are kept: what was asked once, of the same model in the same words, is never asked again.

The key is a SHA-256 over the model and its adapter, the messages, and how to decode or which labels; nothing that was asked
is stored, only answers. The model is loaded when something is asked that is not kept, and not before.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from shelftalk.engines.base import Choice, Decoding, Engine, Generation
from shelftalk.engines.common import each
from shelftalk.errors import StorageError
from shelftalk.values import Prompt, Tokens

FORMAT = 1
# A sampled decoding of another repeat, or of another seed of the run, is another question.
STRIDE = 1_000_003

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CachedCall:
    """One question as it was asked: its kind ("choose" or "generate"), the answer as text, the model's milliseconds for it
    (its share of the batch that it was asked in), and whether it was kept already."""

    kind: str
    prompt: Prompt
    reply: str
    ms: float
    tokens: Tokens
    kept: bool


class Store:
    """The kept answers in one SQLite file, safe for several processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=60, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            with self._db:
                for name, value in (
                    ("replies", "value TEXT, ms REAL"),
                    ("counts", "n INTEGER"),
                    ("names", "value TEXT"),
                ):
                    self._db.execute(f"CREATE TABLE IF NOT EXISTS {name} (key TEXT PRIMARY KEY, {value}) WITHOUT ROWID")
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from error

    def replies(self, keys: Sequence[str]) -> dict[str, tuple[str, float]]:
        """The kept answers of those keys, with their milliseconds."""
        found: dict[str, tuple[str, float]] = {}
        with self._lock:
            try:
                for at in range(0, len(keys), 500):
                    some = keys[at : at + 500]
                    marks = ",".join("?" * len(some))
                    sql = f"SELECT key, value, ms FROM replies WHERE key IN ({marks})"  # noqa: S608 - marks alone
                    found.update({key: (value, ms) for key, value, ms in self._db.execute(sql, some)})
            except sqlite3.Error as error:
                raise self._broken(error) from error
        return found

    def keep(self, answers: Mapping[str, tuple[str, float]]) -> None:
        """Keeps answers; they stand on the disk when this returns."""
        self._write("replies", "?, ?, ?", [(key, value, ms) for key, (value, ms) in answers.items()])

    def count(self, key: str) -> int | None:
        """The kept number of tokens of a text, or None."""
        found = self._one("counts", "n", key)
        return None if found is None else int(found)

    def keep_counts(self, counts: Mapping[str, int]) -> None:
        """Keeps numbers of tokens."""
        self._write("counts", "?, ?", list(counts.items()))

    def name(self, identity: str) -> str | None:
        """The name that the model of that identity gave itself when it was last loaded."""
        found = self._one("names", "value", identity)
        return None if found is None else str(found)

    def keep_name(self, identity: str, name: str) -> None:
        """Keeps a model's name."""
        self._write("names", "?, ?", [(identity, name)])

    def close(self) -> None:
        """Closes the file; safe to call twice."""
        with self._lock:
            self._db.close()

    def _one(self, table: str, column: str, key: str) -> Any:
        with self._lock:
            try:
                row = self._db.execute(f"SELECT {column} FROM {table} WHERE key = ?", (key,)).fetchone()  # noqa: S608
            except sqlite3.Error as error:
                raise self._broken(error) from error
        return row[0] if row else None

    def _write(self, table: str, marks: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        with self._lock:
            try:
                with self._db:
                    self._db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)  # noqa: S608
            except sqlite3.Error as error:
                raise self._broken(error) from error

    def _broken(self, error: Exception) -> StorageError:
        return StorageError(
            f"{self.path}: the kept answers cannot be used ({error}); make room, or delete the file: it holds nothing but "
            "answers that can be asked again"
        )


class CachedEngine:
    """An Engine that asks another one only what was not kept. `load` loads that one, at most once.

    `seed` is added to the seed of sampled decodings; `fresh` asks everything anew (and keeps it), once. `hits` counts the
    questions that earlier runs had asked, `misses` those that the model was asked.
    """

    def __init__(
        self, load: Callable[[], Engine], identity: str, store: Store, *, name: str, model: str, fresh: bool = False
    ) -> None:
        self.name, self.identity, self.seed, self.fresh = name, identity, 0, fresh
        self._load, self._store, self._guess = load, store, model
        self._inner: Engine | None = None
        self._records: list[CachedCall] = []
        self._session: set[str] = set()
        self._served: set[str] = set()
        self._counts: dict[str, int] = {}
        self._new_counts: dict[str, int] = {}
        self.hits = self.misses = 0

    @property
    def model(self) -> str:
        """The model's name, known without loading it once it was loaded somewhere."""
        return self._inner.model if self._inner else self._store.name(self.identity) or self._guess

    @property
    def loaded(self) -> bool:
        """Whether the model itself had to be loaded."""
        return self._inner is not None

    @property
    def inner(self) -> Engine:
        """The model itself, loaded now if it was not yet. Raises EngineError."""
        if self._inner is None:
            self._inner = self._load()
            self._store.keep_name(self.identity, self._inner.model)
        return self._inner

    def take(self) -> list[CachedCall]:
        """What was asked since the last time, in order."""
        taken, self._records = self._records, []
        return taken

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        """One Choice a prompt, in order; one batch for all that are not kept."""
        keys = [self._key("choose", prompt, list(labels)) for prompt in prompts]
        found = self._answer(
            "choose",
            prompts,
            keys,
            lambda at: list(map(_pack_choice, self.inner.choose([prompts[i] for i in at], labels))),
        )
        return [_choice(value) for value in found]

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """One Generation a prompt, in order; one batch for all that are not kept."""
        decodings = [
            replace(d, seed=d.seed + self.seed) if d.temperature > 0 else d for d in each(prompts, decoding)
        ]  # fmt: skip
        keys = [self._key("generate", p, _how(d)) for p, d in zip(prompts, decodings, strict=True)]
        found = self._answer(
            "generate",
            prompts,
            keys,
            lambda at: list(
                map(_pack_generation, self.inner.generate([prompts[i] for i in at], [decodings[i] for i in at]))
            ),
        )
        return [_generation(value) for value in found]

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        """The text of one generation, in one piece."""
        yield self.generate([prompt], decoding)[0].text

    def count_tokens(self, text: str) -> int:
        """The number of tokens of a plain text."""
        key = hashlib.sha256(f"{self.identity}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
        if key not in self._counts:
            kept = self._store.count(key)
            if kept is None:
                kept = self._new_counts[key] = self.inner.count_tokens(text)
            self._counts[key] = kept
        return self._counts[key]

    def flush(self) -> None:
        """Puts the numbers of tokens on the disk."""
        self._store.keep_counts(self._new_counts)
        self._new_counts = {}

    def unload(self) -> None:
        """Frees the model; it is loaded again when it is needed again."""
        self.flush()
        if self._inner is not None:
            self._inner.close()
            self._inner = None

    def close(self) -> None:
        """Frees the model."""
        self.unload()

    def _answer(
        self,
        kind: str,
        prompts: Sequence[Prompt],
        keys: Sequence[str],
        ask: Callable[[list[int]], list[dict[str, Any]]],
    ) -> list[dict[str, Any]]:
        wanted = [k for k in dict.fromkeys(keys) if not self.fresh or k in self._session]
        kept = {key: (json.loads(value), ms) for key, (value, ms) in self._store.replies(wanted).items()}
        first: dict[str, int] = {}
        for i, key in enumerate(keys):
            if key not in kept:
                first.setdefault(key, i)
        new: dict[str, tuple[dict[str, Any], float]] = {}
        if first:
            model = self.inner  # loading it is no time of the answer's
            started = time.perf_counter()
            answers = ask(list(first.values()))
            ms = (time.perf_counter() - started) * 1000 / len(first)
            log.debug("%s asked %d of %d prompts", model.name, len(first), len(keys))
            new = {key: (answer, ms) for key, answer in zip(first, answers, strict=True)}
            self._store.keep({key: (json.dumps(answer), ms) for key, (answer, ms) in new.items()})
            self._session.update(new)
            self.flush()
        old = {key for key in kept if key not in self._session} - self._served
        self._served |= old
        self.hits += len(old)
        self.misses += len(new)
        out = []
        for prompt, key in zip(prompts, keys, strict=True):
            value, ms = new[key] if key in new else kept[key]
            reply = value["text"] if kind == "generate" else json.dumps(value["logprobs"])
            self._records.append(CachedCall(kind, prompt, reply, ms, Tokens(*value["tokens"]), key in kept))
            out.append(value)
        return out

    def _key(self, kind: str, prompt: Prompt, how: Any) -> str:
        messages = [[m.role, m.content] for m in prompt.messages]
        text = json.dumps([FORMAT, self.identity, kind, messages, how], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def _how(decoding: Decoding) -> dict[str, Any]:
    """What of a decoding decides the text; a greedy one has no seed."""
    how = {**asdict(decoding), "schema": decoding.schema and json.dumps(decoding.schema, sort_keys=True)}
    return how if decoding.temperature > 0 else {**how, "seed": 0, "top_p": 1.0}


def _pack_choice(choice: Choice) -> dict[str, Any]:
    return {"logprobs": dict(choice.logprobs), "tokens": [choice.tokens.prompt, choice.tokens.completion]}


def _choice(value: Mapping[str, Any]) -> Choice:
    return Choice(value["logprobs"], Tokens(*value["tokens"]))


def _pack_generation(made: Generation) -> dict[str, Any]:
    return {"text": made.text, "finish": made.finish, "tokens": [made.tokens.prompt, made.tokens.completion]}


def _generation(value: Mapping[str, Any]) -> Generation:
    return Generation(value["text"], value["finish"], Tokens(*value["tokens"]))
