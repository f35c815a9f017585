"""TRL's SFTTrainer with the head applied to the answers' positions alone, examples weighted, and the task's own score.

A prompt of 250 tokens has an answer of 1 to 60. TRL's fused head skips the prompt on GPUs with Triton only; elsewhere it
projects each position onto all 49,152 words and logs their entropy, which doubles the time of a step on a CPU.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from shelftalk.train.encode import IGNORED

__all__ = ["Pad", "answer_log_probs", "trainer_class"]

_CHUNK = 512  # positions projected at once: 100 MB of logits for 49,152 words in fp32


class Pad:
    """Collates rows of input_ids, labels and weights (one a token), padded on the right.

    The width is a multiple of `multiple`: bfloat16 on a CPU compiles its products anew for each shape.
    """

    def __init__(self, pad: int, multiple: int = 1) -> None:
        self.pad, self.multiple = pad, multiple

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        import torch

        width = -(-max(len(row["input_ids"]) for row in rows) // self.multiple) * self.multiple

        def filled(key: str, value: float) -> Any:
            return torch.tensor([[*row[key], *[value] * (width - len(row[key]))] for row in rows])

        mask = [[1] * len(row["input_ids"]) + [0] * (width - len(row["input_ids"])) for row in rows]
        return {
            "input_ids": filled("input_ids", self.pad), "labels": filled("labels", IGNORED),
            "attention_mask": torch.tensor(mask),
            "weights": filled("weights", 0.0),
        }  # fmt: skip


def answer_log_probs(hidden: Any, labels: Any, head: Any) -> tuple[Any, Any, Any]:
    """Log-probability of each next-token label, zero where it is ignored; the mask; and where the label came first.

    `hidden` (rows, length, size) are the last hidden states, `labels` (rows, length); results are (rows, length - 1).
    """
    import torch
    from torch.nn.functional import cross_entropy
    from torch.utils.checkpoint import checkpoint

    labels = labels[:, 1:]
    mask = labels != IGNORED
    wanted, states = labels[mask], hidden[:, :-1][mask]

    def score(part: Any, words: Any) -> tuple[Any, Any]:
        logits = head(part).float()
        return -cross_entropy(logits, words, reduction="none"), logits.detach().argmax(-1) == words

    parts = [
        score(part, words) if len(wanted) <= _CHUNK else checkpoint(score, part, words, use_reentrant=False)
        for part, words in zip(states.split(_CHUNK), wanted.split(_CHUNK), strict=True)
    ]
    found = torch.cat([part[0] for part in parts]) if parts else states.sum(-1).float()
    first = torch.cat([part[1] for part in parts]) if parts else mask[mask]
    spread = torch.zeros(mask.shape, dtype=found.dtype, device=found.device).masked_scatter(mask, found)
    return spread, mask, torch.zeros_like(mask).masked_scatter(mask, first)


def _compact(model: Any) -> None:
    """Gives a causal model's fused forward (TRL's `fused_lm_head=True`) the head on labelled positions alone."""
    from trl.trainer.utils import FusedCausalLMOutput

    before = model.forward

    def forward(self: Any, *args: Any, fused_lm_head: bool = False, labels: Any = None, **kwargs: Any) -> Any:
        if not fused_lm_head:
            return before(*args, **({"labels": labels} if labels is not None else {}), **kwargs)
        kwargs.update(use_cache=False)
        hidden = self.base_model(*args, **kwargs).last_hidden_state
        log_probs, mask, first = answer_log_probs(hidden, labels, self.get_output_embeddings())
        # zero, so that PEFT's AdaLoRA can add its orthogonality term to it
        return FusedCausalLMOutput(loss=log_probs.new_zeros(()), log_probs=log_probs, label_mask=mask, is_top1=first)

    model.forward = types.MethodType(forward, model)


def compactable(model: Any) -> bool:
    """Whether the head is a plain projection: no soft cap, no scale, no router to keep count of, and no Triton kernel."""
    config = model.config.get_text_config()
    scaled = ("final_logit_softcapping", "logit_scale", "output_multiplier", "lm_head_multiplier", "logits_scaling")
    if any(getattr(config, name, None) not in (None, 1, 1.0) for name in scaled):
        return False
    return not hasattr(config, "output_router_logits") and next(model.parameters()).device.type == "cpu"


@cache
def trainer_class() -> Any:
    """The SFTTrainer subclass (made when first asked for: importing TRL takes seconds).

    Beside SFTTrainer's arguments it takes `score`, a function from the model to the dev score of each task and their
    mean under "score", and `progress`, the share of the training that is over by time (None: by steps alone).
    """
    from torch.optim.lr_scheduler import LambdaLR
    from transformers import PrinterCallback
    from trl import SFTTrainer

    from shelftalk.train.callbacks import rate

    class AnswerTrainer(SFTTrainer):  # type: ignore[misc]
        def __init__(
            self, *args: Any, score: Callable[[Any], dict[str, float]] | None = None,
            progress: Callable[[], float] | None = None, schedule: tuple[str, float] = ("linear", 0.03), **kwargs: Any,
        ) -> None:  # fmt: skip
            super().__init__(*args, **kwargs)
            self._score, self._progress, self._schedule = score, progress, schedule
            base = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
            if compactable(base):
                _compact(base)
            self.remove_callback(PrinterCallback)

        def create_model_card(self, *args: Any, **kwargs: Any) -> None:
            """None: the card is written when an adapter is published."""

        def _set_signature_columns_if_needed(self) -> None:
            self._signature_columns = ["input_ids", "labels", "seq_lengths", "weights"]

        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            kind, warmup = self._schedule
            self.lr_scheduler = LambdaLR(
                optimizer or self.optimizer,
                lambda step: rate(step, num_training_steps, self._progress() if self._progress else 0.0, kind, warmup),
            )
            return self.lr_scheduler

        def _get_num_items_in_batch(self, batch_samples: list[Any], device: Any) -> Any:
            return _step_weight(self, batch_samples, device)

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            loss, outputs = _answer_loss(self, model, dict(inputs), num_items_in_batch)
            return (loss, outputs) if return_outputs else loss

        def evaluation_loop(self, *args: Any, **kwargs: Any) -> Any:
            output = super().evaluation_loop(*args, **kwargs)
            if self._score is not None:
                prefix = kwargs.get("metric_key_prefix", "eval")
                scores = self._score(self.accelerator.unwrap_model(self.model))
                output.metrics.update({f"{prefix}_{name}": value for name, value in scores.items()})
            return output

    return AnswerTrainer


def _step_weight(trainer: Any, batches: list[Any], device: Any) -> Any:
    """The sum of the weights of all answer tokens of the step, over all devices."""
    import torch

    if not batches:
        return None
    total = sum(_weighted(batch["labels"], batch.get("weights")) for batch in batches)
    total = torch.as_tensor(total, dtype=torch.float32, device=device)
    if trainer.args.average_tokens_across_devices and trainer.args.world_size > 1:
        total = trainer.accelerator.gather(total).sum()
    return total


def _answer_loss(trainer: Any, model: Any, inputs: dict[str, Any], total: Any) -> tuple[Any, Any]:
    """The weighted loss of the answers' tokens, over `total` (None: their own weight), and the model's outputs."""
    import torch
    from peft.helpers import disable_input_dtype_casting

    args, weights = trainer.args, inputs.pop("weights", None)
    # under autocast the adapter's float32 weights are rounded, not each activation widened for them and back
    with disable_input_dtype_casting(model, active=args.bf16 and args.use_cpu):
        outputs = model(**inputs, fused_lm_head=True)
    log_probs = outputs.log_probs if weights is None else outputs.log_probs * weights[:, 1:]
    share = _weighted(inputs["labels"], weights) if total is None else total
    loss = -log_probs.sum() / torch.as_tensor(share, device=log_probs.device).clamp(min=1e-9)
    if total is not None and args.average_tokens_across_devices:
        loss = loss * trainer.accelerator.num_processes
    bare = trainer.accelerator.unwrap_model(model)
    if model.training and getattr(getattr(bare, "active_peft_config", None), "peft_type", "") == "ADALORA":
        loss = loss + outputs.loss / args.gradient_accumulation_steps
    _count_tokens(trainer, inputs, outputs, loss.device)
    return loss, outputs


def _count_tokens(trainer: Any, inputs: dict[str, Any], outputs: Any, device: Any) -> None:
    import torch

    mode = "train" if trainer.model.training else "eval"
    seen, right = outputs.label_mask.sum(), outputs.is_top1.sum()
    trainer._metrics[mode]["token_accuracy"].append((right / seen.clamp(min=1)).item())
    if mode == "train":
        some = inputs.get("attention_mask")
        tokens = some.sum() if some is not None else torch.tensor(inputs["input_ids"].numel())
        trainer._total_train_tokens += int(trainer.accelerator.gather(tokens.to(device)).sum().item())
    trainer._metrics[mode]["num_tokens"] = [trainer._total_train_tokens]


def _weighted(labels: Any, weights: Any) -> Any:
    """What the answers' tokens count together."""
    return (labels[:, 1:] != IGNORED).sum() if weights is None else weights[:, 1:].sum()
