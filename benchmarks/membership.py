"""Can it be told which requests the shipped adapter was trained on? A membership-inference check by its losses.

    python benchmarks/membership.py [--most 300] [--seed 0] [--output membership.json]

Members are lines of data/wishes/kinds in the split train, of which the shipped adapter was made; non-members are the lines of the same kinds
that the same hash put into dev and test (kinds that stand in no training row at all are left out). Two attacks, each a score by which a
line is called a member:

- loss: minus the mean loss of the right answer's tokens under the adapter (Yeom et al. 2018, arXiv 1709.01604);
- calibrated: the same less the base model's, by ratio of the losses (Carlini et al. 2021, arXiv 2012.07805; Watson et al. 2022, arXiv
  2111.08440), so that lines which are easy for any model do not count.

Printed: AUC and the true positive rate at 1% false positives (Carlini et al. 2022, arXiv 2112.03570), with 95% intervals by bootstrap over
members and non-members apart. An AUC of .5 is a coin's. The attacker knows the request and the right answer, and asks with the kind's own
fields: the training row's made-up shop is not known to him.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shelftalk.engines.adapters import find_adapter
from shelftalk.engines.common import Chat
from shelftalk.engines.models import resolve_model
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import SHIPPED_ADAPTER, load_settings
from shelftalk.train.encode import encode, end_of_turn
from shelftalk.train.sets.written import reasons, wishes
from shelftalk.written import WrittenSet, read_written
from shelftalk.written.parse import HELD

BATCH = 8
DRAWS = 2000


def rows(task: str, found: WrittenSet, library: PromptLibrary) -> Iterator[tuple[bool, dict[str, Any]]]:
    """(member, row) of a task's lines, each in its kind's own shop."""
    if task == "wishes":
        # every line as dev and test are asked, so that nothing but membership tells them apart
        train = {w.text for w in found.wishes if w.split == "train"}
        asked = WrittenSet(found.kinds, tuple(_as_test(w) for w in found.wishes if w.kind not in HELD))
        made = (e for e in wishes(asked, library, 0, 1) if e.split == "test")
        yield from ((e.row()["request"] in train, e.row()) for e in made)
    else:
        known = [r for r in found.reasons if r.kind not in HELD]
        asked = WrittenSet(found.kinds, reasons=tuple(map(_as_test, known)))
        for reason, made in zip(known, reasons(asked, library, 0, 1), strict=True):
            yield reason.split == "train", made.row()


def _as_test(line: Any) -> Any:
    from dataclasses import replace

    return replace(line, split="test")


def losses(model: Any, encoded: Sequence[Any], pad: int) -> np.ndarray:
    """The mean loss of each row's answer: float64, shape (rows,)."""
    import torch

    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i].ids))
    out = np.empty(len(encoded))
    for at in range(0, len(order), BATCH):
        some = order[at : at + BATCH]
        longest = max(len(encoded[i].ids) for i in some)
        ids = torch.tensor([encoded[i].ids + [pad] * (longest - len(encoded[i].ids)) for i in some])
        seen = torch.tensor([[1] * len(encoded[i].ids) + [0] * (longest - len(encoded[i].ids)) for i in some])
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=seen).logits.float()
        for row, i in enumerate(some):
            first, last = encoded[i].prompt, len(encoded[i].ids)
            told = torch.log_softmax(logits[row, first - 1 : last - 1], -1)
            out[i] = -told.gather(1, ids[row, first:last, None]).mean().item()
    return out


def auc(members: np.ndarray, others: np.ndarray) -> float:
    """The share of pairs in which the member's score is higher, a tie half (Mann and Whitney 1947)."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, members, "left") + np.searchsorted(ordered, members, "right")
    return float(below.mean() / 2 / len(others))


def found_at(members: np.ndarray, others: np.ndarray, rate: float = 0.01) -> float:
    """The share of members above the score that `rate` of the others exceed."""
    allowed = int(rate * len(others))
    return float((members > np.sort(others)[::-1][allowed]).mean())


def with_interval(measure: Any, members: np.ndarray, others: np.ndarray, rng: np.random.Generator) -> list[float]:
    """The measure and its 95% interval by percentile bootstrap."""
    draws = [
        measure(rng.choice(members, len(members)), rng.choice(others, len(others))) for _ in range(DRAWS)
    ]  # fmt: skip
    return [round(float(x), 3) for x in (measure(members, others), *np.percentile(draws, (2.5, 97.5)))]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--most", type=int, default=300, help="members, and non-members, of each task at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--adapter", default=SHIPPED_ADAPTER)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(max(1, torch.get_num_threads()))
    settings = load_settings()
    base = resolve_model("default", settings.home_folder)
    tokenizer = AutoTokenizer.from_pretrained(base)
    adapter = find_adapter(given.adapter, settings.home_folder)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = PeftModel.from_pretrained(model, str(adapter.folder)).eval()
    chat, end = Chat(tokenizer, "base"), end_of_turn(tokenizer)
    found, library = read_written(files=("kinds/*",)), PromptLibrary.of(settings)
    told = {}
    for task in ("wishes", "reasons"):
        pools: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
        for member, row in rows(task, found, library):
            pools[member].append(row)
        draw = random.Random(given.seed)
        chosen = {m: draw.sample(pool, min(len(pool), given.most)) for m, pool in pools.items()}
        encoded = [encode(row, chat, end) for m in (True, False) for row in chosen[m]]
        tuned = losses(model, encoded, tokenizer.eos_token_id)
        with model.disable_adapter():
            plain = losses(model, encoded, tokenizer.eos_token_id)
        n = len(chosen[True])
        rng = np.random.default_rng(given.seed)
        told[task] = {
            "members": n, "non_members": len(chosen[False]),
            "mean_loss": {"members": round(tuned[:n].mean(), 3), "non_members": round(tuned[n:].mean(), 3),
                          "members_base": round(plain[:n].mean(), 3), "non_members_base": round(plain[n:].mean(), 3)},
        }  # fmt: skip
        for attack, score in (("loss", -tuned), ("calibrated", -tuned / plain)):
            told[task][attack] = {
                "auc": with_interval(auc, score[:n], score[n:], rng),
                "tpr_at_1%_fpr": with_interval(found_at, score[:n], score[n:], rng),
            }
        print(task, json.dumps(told[task], indent=1), flush=True)
    if given.output:
        given.output.write_text(
            json.dumps({"adapter": adapter.folder.name, "seed": given.seed, **told}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
