"""The language model in this process, by transformers: starts in seconds and runs wherever torch does.

Float32 on a CPU, so that the same prompt gets the same text whatever stands beside it in a batch or in the cache;
bfloat16 on a GPU.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from shelftalk.engines import kv
from shelftalk.engines.base import Choice, Decoding, Generation, Prompt
from shelftalk.engines.common import Chat, each, import_transformers, normalised, too_long
from shelftalk.engines.decode import DecodedRow, Decoder
from shelftalk.engines.prefix import PrefixStore
from shelftalk.errors import EngineError
from shelftalk.values import Tokens

__all__ = ["TransformersEngine"]

_BATCH_ROWS = 16
_BATCH_TOKENS = 16_384
_SAME_START = 32

logger = logging.getLogger(__name__)

_GRAMMAR_BYTES = 64 * 2**20  # compiled grammars kept; beyond, the oldest go


class TransformersEngine:
    """A causal model of a folder or a Hugging Face name, loaded when made. EngineError when it cannot be loaded.

    `context` bounds prompt and answer together, in tokens; `device` is "auto", "cpu" or "cuda"; `dtype` is torch's name
    of another precision ("bfloat16" reads and writes faster on CPUs with AVX512-BF16 or AMX).
    """

    name = "transformers"

    def __init__(
        self,
        model: Path | str,
        *,
        device: str = "auto",
        context: int = 4096,
        prefix_cache: bool = True,
        dtype: str | None = None,
    ) -> None:
        self.model = Path(model).name if isinstance(model, Path) else model
        torch, transformers = import_transformers()
        place = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        precision = getattr(torch, dtype or ("bfloat16" if place.startswith("cuda") else "float32"))
        local = {"local_files_only": True} if isinstance(model, Path) else {}
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(model, **local)
            loaded = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=precision, **local)
        except (OSError, ValueError, RuntimeError, KeyError, ImportError) as error:
            raise EngineError(
                f"model {model} cannot be loaded: {str(error).strip().splitlines()[0]}; "
                "check the folder or the name, or run 'shelftalk doctor'"
            ) from error
        loaded = loaded.to(place).eval()
        fits = PrefixStore.fits(loaded)
        if fits and place == "cpu" and loaded.config._attn_implementation == "sdpa":
            loaded.set_attn_implementation(kv.register())
        self._chat = Chat(self._tokenizer, self.model)
        self._vocabulary = loaded.config.get_text_config().vocab_size
        self._context = min(context, getattr(loaded.config.get_text_config(), "max_position_embeddings", context))
        self._stop_ids = _stop_ids(loaded, self._tokenizer)
        self._store = PrefixStore() if prefix_cache and fits else None
        self._decoder: Decoder | None = Decoder(loaded, self._tokenizer, sorted(self._stop_ids), self._store)
        self._grammars: Any = None
        self._lock = threading.Lock()
        logger.info("loaded %s with transformers on %s in %s", self.model, place, str(precision).removeprefix("torch."))

    def choose(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> list[Choice]:
        """One Choice a prompt, in order; exact, from the logits of the next token."""
        import torch

        decoder = self._open()
        if not prompts:
            return []
        label_ids = self._chat.label_ids(labels)
        ids = [self._ids(prompt, 1) for prompt in prompts]
        choices: list[Choice | None] = [None] * len(ids)
        for batch in batches(ids, [1] * len(ids)):
            logits = decoder.logits([ids[i] for i in batch])[:, label_ids]
            for i, row in zip(batch, torch.log_softmax(logits, dim=-1).tolist(), strict=True):
                choices[i] = Choice(normalised(dict(zip(labels, row, strict=True))), Tokens(len(ids[i]), 1))
        return [choice for choice in choices if choice is not None]

    def generate(self, prompts: Sequence[Prompt], decoding: Decoding | Sequence[Decoding]) -> list[Generation]:
        """One Generation a prompt, in order."""
        decoder = self._open()
        rows = [self._row(p, d) for p, d in zip(prompts, each(prompts, decoding), strict=True)]
        for batch in batches([row.ids for row in rows], [row.decoding.max_tokens for row in rows]):
            decoder.run([rows[i] for i in batch])
        return [row.generation(decoder.finished_text(row)) for row in rows]

    def stream(self, prompt: Prompt, decoding: Decoding) -> Iterator[str]:
        """The text of one generation, piece by piece as it is written."""
        decoder = self._open()
        return decoder.pieces(self._row(prompt, decoding))

    def count_tokens(self, text: str) -> int:
        """The number of tokens of a plain text."""
        return self._chat.count(text)

    def close(self) -> None:
        """Free the model; safe to call twice."""
        self._decoder = None
        if self._store is not None:
            self._store.clear()

    def _open(self) -> Decoder:
        if self._decoder is None:
            raise EngineError(f"the engine of {self.model} was closed; load a new one")
        return self._decoder

    def _ids(self, prompt: Prompt, room: int) -> list[int]:
        ids = self._chat.ids(prompt)
        if len(ids) + room > self._context:
            raise too_long(self.model, len(ids), room, self._context)
        return ids

    def _row(self, prompt: Prompt, decoding: Decoding) -> DecodedRow:
        return DecodedRow(self._ids(prompt, decoding.max_tokens), decoding, self._matcher(decoding))

    def _matcher(self, decoding: Decoding) -> Any:
        """A fresh matcher of the schema or grammar, None without either. The compiler remembers what it compiled."""
        if decoding.schema is None and decoding.grammar is None:
            return None
        import xgrammar

        with self._lock:
            if self._grammars is None:
                info = xgrammar.TokenizerInfo.from_huggingface(
                    self._tokenizer, vocab_size=self._vocabulary, stop_token_ids=sorted(self._stop_ids)
                )
                self._grammars = xgrammar.GrammarCompiler(info, max_threads=2, cache_limit_bytes=_GRAMMAR_BYTES)
        try:
            # one fixed spacing: with any white space allowed, a small model may write blanks to the end
            # and the compact one, because vLLM writes that
            if decoding.schema is None:
                grammar = self._grammars.compile_grammar(decoding.grammar)
            else:
                grammar = self._grammars.compile_json_schema(
                    json.dumps(decoding.schema), any_whitespace=False, separators=(",", ":")
                )
        except RuntimeError as error:
            what = "the JSON Schema cannot be made into a grammar" if decoding.schema else "the grammar cannot be read"
            raise EngineError(f"{what}: {error}") from error
        return xgrammar.GrammarMatcher(grammar)


def batches(ids: Sequence[Sequence[int]], room: Sequence[int]) -> list[list[int]]:
    """Indices in batches: prompts with the same beginning together, the longest first, bounded in rows and tokens."""
    starts: dict[tuple[int, ...], list[int]] = {}
    for i, row in enumerate(ids):
        starts.setdefault(tuple(row[:_SAME_START]), []).append(i)
    alone = [group[0] for group in starts.values() if len(group) == 1]
    groups = [group for group in starts.values() if len(group) > 1] + ([alone] if alone else [])
    out: list[list[int]] = []
    for group in groups:
        batch: list[int] = []
        widest = 0
        for i in sorted(group, key=lambda i: -(len(ids[i]) + room[i])):
            widest = max(widest, len(ids[i]) + room[i])
            if batch and (len(batch) == _BATCH_ROWS or widest * (len(batch) + 1) > _BATCH_TOKENS):
                out.append(batch)
                batch, widest = [], len(ids[i]) + room[i]
            batch.append(i)
        if batch:
            out.append(batch)
    return out


def _stop_ids(model: Any, tokenizer: Any) -> set[int]:
    declared = model.generation_config.eos_token_id
    found = set(declared if isinstance(declared, list) else [declared]) | {tokenizer.eos_token_id}
    return {int(i) for i in found if i is not None}
