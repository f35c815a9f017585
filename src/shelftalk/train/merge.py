"""Merging for the fast path: the base with an adapter in it, held against the unmerged adapter on real prompts."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shelftalk.engines.adapters import Adapter, check_base, merge
from shelftalk.engines.common import Chat, import_transformers
from shelftalk.errors import EngineError, UsageError
from shelftalk.train.check import room_for
from shelftalk.values import Message, Prompt

__all__ = ["TOLERANCE", "agreement", "merge_checked"]

TOLERANCE = 0.15  # largest difference of a log-probability among the 20 likeliest words; bf16 rounds by about 0.05
_PROMPTS = (
    'Product: "title: wool scarf; colour: red; price: 25 EUR"\n\nQuestion: "a red scarf under 30 euros"\n\nAnswer yes or no.',
    'The shopper asks: "a quiet kettle"\n\nProducts:\nA. "Steel kettle, 1.7 l, 2200 W"\nB. "Glass kettle, silent boil"\n\n'
    "Which product suits the shopper best? Answer with its letter alone.",
)

logger = logging.getLogger(__name__)


def merge_checked(base: Path, adapter: Adapter, target: Path, prompts: Sequence[Prompt] = ()) -> float:
    """Writes the merged model to a new folder and returns how far its log-probabilities are from the unmerged adapter's.

    UsageError where the target is there; EngineError where they differ by more than TOLERANCE (the folder is removed).
    """
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty; name a new folder for the merged model")
    check_base(adapter, base)
    weights = sum(path.stat().st_size for path in base.glob("*.safetensors"))  # bf16 or wider, so not fewer bytes
    room_for(target, weights + 32 * 1024**2, "the merged model needs", "or choose another place")
    try:
        merge(base, adapter, target)
        worst = agreement(base, adapter, target, prompts)
        if worst > TOLERANCE:
            raise EngineError(
                f"adapter {adapter.ref}: merged, its log-probabilities differ from the unmerged ones by {worst:.3f} (at most "
                f"{TOLERANCE} is rounding); train with a smaller lora.alpha or learning rate, or serve it unmerged"
            )
        logger.info("merged %s: log-probabilities agree within %.4f", adapter.ref, worst)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)  # half a model, or a wrong one, would be taken for one
        raise
    return worst


def agreement(base: Path, adapter: Adapter, merged: Path, prompts: Sequence[Prompt] = ()) -> float:
    """The largest difference of a log-probability among the 20 likeliest next words, over the prompts (in nats)."""
    torch, transformers = import_transformers()
    import peft

    asked = list(prompts) or [Prompt((Message("user", text),), "merge/check") for text in _PROMPTS]
    chat = Chat(transformers.AutoTokenizer.from_pretrained(base, local_files_only=True), base.name)
    ids = [chat.ids(prompt) for prompt in asked]

    def told(model: Any) -> list[Any]:
        with torch.inference_mode():
            return [torch.log_softmax(model(torch.tensor([row])).logits[0, -1].float(), -1) for row in ids]

    def load(folder: Path) -> Any:
        return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)

    before = told(peft.PeftModel.from_pretrained(load(base), str(adapter.folder)).eval())
    after = told(load(merged).eval())
    return max(float((a - b)[a.topk(20).indices].abs().max()) for a, b in zip(before, after, strict=True))
