"""One shop's tuning: a LoRA adapter of a causal language model, trained on rows of token ids. It knows neither Flower nor shelftalk."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch


def load(base: str, rank: int = 8, upper: int = 10, seed: int = 0) -> Any:
    """The model with a new adapter on all linear maps of its `upper` last layers, the same wherever it is made with that seed.

    What lies beneath is frozen: nothing of it is kept for the way back, which is most of the memory and half of the time.
    """
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
    torch.manual_seed(seed)
    deep = int(model.config.num_hidden_layers)
    chosen = list(range(max(0, deep - upper), deep))
    linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    return get_peft_model(
        model,
        LoraConfig(
            r=rank, lora_alpha=2 * rank, target_modules=linear, layers_to_transform=chosen, task_type="CAUSAL_LM"
        ),
    )


def weights(model: Any) -> dict[str, torch.Tensor]:
    """The adapter's weights by name: all that leaves a shop."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def put(model: Any, state: dict[str, torch.Tensor]) -> None:
    """Gives the adapter these weights. ValueError where they are another adapter's."""
    own = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if set(own) != set(state):
        raise ValueError(f"weights of another adapter: {sorted(set(own) ^ set(state))[:3]}")
    with torch.no_grad():
        for name, p in own.items():
            p.copy_(state[name])


def read(path: str | Path) -> list[dict[str, Any]]:
    """Rows of {"ids": token ids of prompt and answer, "prompt": how many are the prompt's}."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def batches(rows: Sequence[dict[str, Any]], size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Ids, attention and labels (-100 but for the answers) of each batch; rows of like length stand together."""
    for at in range(0, len(rows), size):
        some = rows[at : at + size]
        longest = max(len(r["ids"]) for r in some)
        fill = [longest - len(r["ids"]) for r in some]
        ids = torch.tensor([r["ids"] + [0] * n for r, n in zip(some, fill, strict=True)])
        seen = torch.tensor([[1] * len(r["ids"]) + [0] * n for r, n in zip(some, fill, strict=True)])
        labels = torch.tensor(
            [[-100] * r["prompt"] + r["ids"][r["prompt"] :] + [-100] * n for r, n in zip(some, fill, strict=True)]
        )
        yield ids, seen, labels


def answers(
    model: Any, ids: torch.Tensor, seen: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """(logits, wanted token) at each place of a batch whose next token is an answer's, row by row.

    The vocabulary's logits are made for these places alone: for all of them they would be the largest tensors by far.
    """
    inner = model.get_base_model()
    hidden = inner.model(input_ids=ids, attention_mask=seen, use_cache=False).last_hidden_state[:, :-1]
    wanted = labels[:, 1:]
    there = wanted >= 0
    return inner.lm_head(hidden[there]), wanted[there]


def train(model: Any, rows: Sequence[dict[str, Any]], *, seed: int, rate: float, size: int) -> float:
    """One epoch of AdamW over the rows, in an order of that seed, a step for each `size` of them; the mean loss of an answer's token."""
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=rate, weight_decay=0.0)
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    total, count = 0.0, 0
    for ids, seen, labels in batches(shuffled, size):
        logits, wanted = answers(model, ids, seen, labels)
        loss = torch.nn.functional.cross_entropy(logits, wanted)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        total, count = total + float(loss.detach()), count + 1
    return total / max(1, count)


def evaluate(model: Any, rows: Sequence[dict[str, Any]], size: int = 4) -> list[tuple[float, bool]]:
    """(mean loss of the answer's tokens, whether each of them is the likeliest) of each row, in order."""
    model.eval()
    out: list[tuple[float, bool]] = []
    with torch.inference_mode():
        for ids, seen, labels in batches(rows, size):
            logits, wanted = answers(model, ids, seen, labels)
            losses = torch.nn.functional.cross_entropy(logits, wanted, reduction="none")
            right = logits.argmax(-1) == wanted
            parts = (labels[:, 1:] >= 0).sum(1).tolist()
            out += [
                (float(loss.mean()), bool(hit.all()))
                for loss, hit in zip(losses.split(parts), right.split(parts), strict=True)
            ]
    return out


def peak_mb() -> float:
    """The most memory that this process has held so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # kilobytes on Linux
