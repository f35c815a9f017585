"""Decoding with a transformers model, many prompts at once: prefill, sample under a grammar, stop. It knows no chat.

Written out rather than left to `model.generate`, so that each row has its own limits, grammar, seed and stop strings,
finished rows leave the batch, and a prefix that prompts share is read once (see prefix.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shelftalk.engines.base import Decoding, Generation
from shelftalk.engines.call import current
from shelftalk.engines.common import cut_at_stop, held_back
from shelftalk.engines.kv import growing_cache
from shelftalk.engines.prefix import PrefixStore
from shelftalk.values import Tokens

__all__ = ["Decoder", "DecodedRow"]


class DecodedRow:
    """One prompt of a batch that is being decoded."""

    def __init__(self, ids: Sequence[int], decoding: Decoding, matcher: Any = None) -> None:
        self.ids, self.decoding, self.matcher = list(ids), decoding, matcher
        self.new: list[int] = []
        self.text = ""
        self.finish: str | None = "length" if decoding.max_tokens < 1 else None
        self.generator: Any = None

    def generation(self, text: str) -> Generation:
        """What was written, with the tokens it took."""
        return Generation(text, self.finish or "stop", Tokens(len(self.ids), len(self.new)))


class Decoder:
    """Runs a causal model over batches of token ids. `stop_ids` are the tokens that end a text."""

    def __init__(self, model: Any, tokenizer: Any, stop_ids: Sequence[int], store: PrefixStore | None) -> None:
        self.model, self.tokenizer, self.stop_ids, self.store = model, tokenizer, frozenset(stop_ids), store
        self.plain = PrefixStore.fits(model)
        self.device = model.device
        self.pad = next(iter(sorted(self.stop_ids)), 0)

    def logits(self, batch: Sequence[Sequence[int]]) -> Any:
        """Float32 logits of the next token after each prompt, shape (len(batch), vocabulary)."""
        return self._prefill(batch)[0]

    def run(self, rows: Sequence[DecodedRow]) -> None:
        """Write to the end of every row, as one batch."""
        for _ in self.steps(rows):
            pass

    def steps(self, rows: Sequence[DecodedRow]) -> Iterator[None]:
        """As `run`, pausing after each token of the batch. Raises Cancelled between tokens (see call.py)."""
        import torch

        active = [row for row in rows if row.finish is None]
        if not active:
            return
        with torch.inference_mode():
            logits, cache, mask = self._prefill([row.ids for row in active])
        slots = list(range(len(active)))
        while True:
            current().check()
            # inference_mode is entered anew for each step: it is bound to the thread and must not span a yield
            with torch.inference_mode():
                tokens = self._pick(logits, active)
            for row, token in zip(active, tokens, strict=True):
                self._take(row, token)
            yield
            going = [i for i, row in enumerate(active) if row.finish is None]
            if not going:
                return
            with torch.inference_mode():
                if len(going) < len(active):
                    active = [active[i] for i in going]
                    tokens = [tokens[i] for i in going]
                    slots = [slots[i] for i in going]
                    keep = torch.tensor(slots, device=self.device)
                    cache.batch_select_indices(keep)
                    mask, slots = mask[keep], list(range(len(active)))
                mask = torch.cat([mask, mask.new_ones(len(active), 1)], dim=1)
                last = torch.tensor(tokens, device=self.device)[:, None]
                logits = self._forward(last, mask, cache)

    def text(self, row: DecodedRow) -> str:
        """The text of a row so far, without special tokens."""
        return str(self.tokenizer.decode(row.new, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def finished_text(self, row: DecodedRow) -> str:
        """The text of a finished row, cut at the first stop string."""
        return cut_at_stop(self.text(row), row.decoding.stop)[0]

    def pieces(self, row: DecodedRow) -> Iterator[str]:
        """The row's text as it is written; what may be the beginning of a stop string or of a character waits."""
        shown = 0
        for _ in self.steps([row]):
            text, stopped = cut_at_stop(self.text(row), row.decoding.stop)
            end = len(text) if stopped or row.finish else len(text) - held_back(text, row.decoding.stop)
            if not row.finish:
                end = min(end, len(text.rstrip("\ufffd")))
            if end > shown:
                yield text[shown:end]
                shown = end

    def _take(self, row: DecodedRow, token: int) -> None:
        row.new.append(token)
        if token in self.stop_ids:
            row.finish = "stop"
            return
        if row.matcher is not None and not row.matcher.accept_token(token):  # pragma: no cover  the mask forbids it
            raise RuntimeError(f"token {token} was sampled against the grammar")
        if row.decoding.stop and cut_at_stop(self.text(row), row.decoding.stop)[1]:
            row.finish = "stop"
        elif len(row.new) >= row.decoding.max_tokens:
            row.finish = "length"

    def _pick(self, logits: Any, rows: Sequence[DecodedRow]) -> list[int]:
        if any(row.matcher is not None for row in rows):
            import xgrammar

            bitmask = xgrammar.allocate_token_bitmask(len(rows), logits.shape[-1])
            held = [i for i, row in enumerate(rows) if row.matcher is not None]
            for i in held:
                rows[i].matcher.fill_next_token_bitmask(bitmask, i)
            xgrammar.apply_token_bitmask_inplace(logits, bitmask.to(logits.device), indices=held)
        best: list[int] = logits.argmax(dim=-1).tolist()
        return [
            best[i] if row.decoding.temperature <= 0 else self._sample(logits[i], row) for i, row in enumerate(rows)
        ]

    def _sample(self, logits: Any, row: DecodedRow) -> int:
        """A token drawn from the smallest set whose probability reaches top_p (Holtzman et al. 2020, nucleus sampling)."""
        import torch

        if row.generator is None:
            row.generator = torch.Generator().manual_seed(row.decoding.seed)
        probabilities = torch.softmax(logits.float().cpu() / row.decoding.temperature, dim=-1)
        if row.decoding.top_p < 1:
            ordered, where = probabilities.sort(descending=True)
            before = ordered.cumsum(dim=-1) - ordered
            ordered[before >= row.decoding.top_p] = 0
            probabilities = torch.zeros_like(probabilities).scatter(0, where, ordered)
        return int(torch.multinomial(probabilities, 1, generator=row.generator))

    def _prefill(self, batch: Sequence[Sequence[int]]) -> tuple[Any, Any, Any]:
        """Logits (rows, vocabulary), cache and attention mask (rows, columns) after reading all prompts.

        Columns: the prefix that all rows share, then padding on the left of each row's rest.
        """
        import torch

        with torch.inference_mode():
            cache, shared = self._cache(), 0
            if self.store is not None:
                shared = self.store.fill(cache, batch, self._read)
            rest = [ids[shared:] for ids in batch]
            width = max(len(ids) for ids in rest)
            tokens = torch.tensor([[self.pad] * (width - len(ids)) + list(ids) for ids in rest], device=self.device)
            mask = torch.tensor(
                [[1] * shared + [0] * (width - len(ids)) + [1] * len(ids) for ids in rest], device=self.device
            )
            logits = self._forward(tokens, mask, cache)
            if self.store is not None:
                self.store.keep(cache, batch[0], shared, width)
            return logits, cache, mask

    def _cache(self) -> Any:
        if self.plain:
            return growing_cache()
        from transformers import DynamicCache

        return DynamicCache(config=self.model.config)

    def _read(self, ids: Sequence[int], cache: Any, seen: int) -> None:
        """Read tokens into a cache of one row that has seen `seen` others."""
        import torch

        tokens = torch.tensor([list(ids)], device=self.device)
        mask = torch.ones(1, seen + len(ids), dtype=torch.long, device=self.device)
        self._forward(tokens, mask, cache)

    def _forward(self, tokens: Any, mask: Any, cache: Any) -> Any:
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
        out = self.model(
            input_ids=tokens, attention_mask=mask, position_ids=positions, past_key_values=cache,
            use_cache=True, logits_to_keep=1,
        )  # fmt: skip
        return out.logits[:, -1].float()
