"""The score of the real task on held-out examples: accuracy of an answer, nDCG of an order, exactness of an intent, AUC of likes.

What kind a row is of is read from its answer: "yes" or "no", a candidate's letter, a JSON object, or text.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from shelftalk.engines.common import Chat
from shelftalk.train.encode import answer_of, encode, prompt_of

__all__ = ["Scorer", "canonical", "kind_of", "labels_of", "request_of", "text_score"]

RANKING = ("listwise", "pointwise")
LIKES = "likes"
_LETTER = re.compile(r"[A-T]\Z|[0-3]\Z")
_LISTED = re.compile(r"^([A-T])\. ", re.MULTILINE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def kind_of(answer: str) -> str:
    """ "yesno", "letter", "json" or "text"."""
    if answer in ("yes", "no"):
        return "yesno"
    if _LETTER.match(answer):
        return "letter"
    return "json" if answer.lstrip().startswith("{") else "text"


def labels_of(row: Mapping[str, Any]) -> list[str]:
    """The answers among which this row's is chosen: as the row says, else yes and no, or the letters its prompt lists."""
    if row.get("labels"):
        return list(row["labels"])
    if kind_of(answer_of(row)) == "yesno":
        return ["yes", "no"]
    text = "\n".join(m["content"] for m in row["prompt"])
    listed = sorted({*_LISTED.findall(text), answer_of(row)})
    return [chr(c) for c in range(ord("A"), ord(listed[-1]) + 1)]


def request_of(row: Mapping[str, Any]) -> str:
    """Which request the row belongs to: its `query`, or its `group` in sets that name none."""
    return str(row.get("query") or row.get("group"))


def canonical(text: str) -> Any:
    """The JSON value with lists in a fixed order, so that the order of constraints is no difference; None if no JSON."""

    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: ordered(value[key]) for key in sorted(value)}
        if isinstance(value, list):
            return sorted((ordered(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
        return value

    try:
        return ordered(json.loads(text))
    except ValueError:
        return None


def text_score(written: str, right: str, prompt: str) -> float:
    """F1 of the words shared with the right text (0 to 1); 0 where it has a number that the prompt lacks."""
    if set(_NUMBER.findall(written)) - set(_NUMBER.findall(prompt)) - set(_NUMBER.findall(right)):
        return 0.0
    a, b = Counter(re.findall(r"\w+", written.lower())), Counter(re.findall(r"\w+", right.lower()))
    shared = sum((a & b).values())
    return 2 * shared / (sum(a.values()) + sum(b.values())) if shared else 0.0


def ndcg(scored: Sequence[tuple[float, float]]) -> float:
    """nDCG of (score, gain) pairs, gains as they are, no cut (Jarvelin and Kekalainen 2002); the worse first in a tie."""

    def total(gains: Sequence[float]) -> float:
        return sum(gain / math.log2(2 + i) for i, gain in enumerate(gains))

    best = total(sorted((gain for _, gain in scored), reverse=True))
    return total([gain for _, gain in sorted(scored, key=lambda m: (-m[0], m[1]))]) / best if best else 0.0


def auc_values(scores: Sequence[float], right: Sequence[bool]) -> list[float]:
    """For each row that is right the share of the others that score below it, half for a tie: their mean is the AUC. One of .5 where
    there are none of either."""
    below = [s for s, yes in zip(scores, right, strict=True) if not yes]
    above = [s for s, yes in zip(scores, right, strict=True) if yes]
    if not below or not above:
        return [0.5]
    return [sum((s > other) + 0.5 * (s == other) for other in below) / len(below) for s in above]


class Scorer:
    """Scores a model on rows. `last` keeps each row's value by task of the latest call, for intervals.

    The mean over tasks is "score"; each task's own is "score_TASK". Ranking tasks are scored with nDCG over a
    prompt's letters or a group's products, by the rows' gains (1 for the right answer where they have none).
    """

    def __init__(
        self, rows: Sequence[Mapping[str, Any]], chat: Chat, end: int, *, max_new_tokens: int = 160, batch: int = 16
    ) -> None:
        self.rows, self.chat, self.end = list(rows), chat, end
        self.max_new_tokens, self.batch = max_new_tokens, batch
        self.last: dict[str, list[float]] = {}

    def __call__(self, model: Any) -> dict[str, float]:
        """The scores by name, each from 0 to 1. The model is left in the mode it was in."""
        import torch

        by_task: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in self.rows:
            by_task[str(row["task"])].append(row)
        training = model.training
        model.eval()
        try:
            with torch.inference_mode():
                self.last = {task: self._task(model, task, rows) for task, rows in sorted(by_task.items())}
        finally:
            model.train(training)
        scores = {f"score_{task}": sum(v) / len(v) for task, v in self.last.items() if v}
        return {**scores, "score": sum(scores.values()) / len(scores)} if scores else {}

    def _task(self, model: Any, task: str, rows: Sequence[Mapping[str, Any]]) -> list[float]:
        chosen = [row for row in rows if kind_of(answer_of(row)) in ("yesno", "letter")]
        written = [row for row in rows if kind_of(answer_of(row)) not in ("yesno", "letter")]
        out = self._chosen(model, task, chosen) if chosen else []
        return out + (self._written(model, written) if written else [])

    def _chosen(self, model: Any, task: str, rows: Sequence[Mapping[str, Any]]) -> list[float]:
        probabilities = self._probabilities(model, rows)
        if task == LIKES:
            return auc_values([p["yes"] for p in probabilities], [answer_of(r) == "yes" for r in rows])
        if task not in RANKING:
            return [float(max(p, key=lambda a: p[a]) == answer_of(r)) for p, r in zip(probabilities, rows, strict=True)]
        values = []
        groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for p, row in zip(probabilities, rows, strict=True):
            labels = labels_of(row)
            gains = dict(zip(labels, row.get("gains") or [float(a == answer_of(row)) for a in labels], strict=True))
            if kind_of(answer_of(row)) == "letter":
                values.append(ndcg([(p[label], gains[label]) for label in labels]))
            else:
                groups[request_of(row)].append((p["yes"], gains["yes"]))
        return values + [ndcg(members) for members in groups.values() if max(g for _, g in members) > 0]

    def _probabilities(self, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
        import torch

        out: list[dict[str, float]] = [{}] * len(rows)
        ids = [self.chat.ids(prompt_of(row)) for row in rows]
        for at in _batches(ids, self.batch):
            logits = (
                model(**_left([ids[i] for i in at], self.end, model.device), logits_to_keep=1).logits[:, -1].float()
            )
            for i, row in zip(at, logits, strict=True):
                labels = labels_of(rows[i])
                chosen = torch.softmax(row[self.chat.label_ids(labels)], -1).tolist()
                out[i] = dict(zip(labels, chosen, strict=True))
        return out

    def _written(self, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[float]:
        exact = self._would_write(model, rows)
        values = [1.0 if same else 0.0 for same in exact]
        rest = [i for i, same in enumerate(exact) if not same]
        ids = {i: self.chat.ids(prompt_of(rows[i])) for i in rest}
        for at in _batches([ids[i] for i in rest], self.batch):
            for i, text in zip([rest[j] for j in at], self._generate(model, [ids[rest[j]] for j in at]), strict=True):
                right = answer_of(rows[i])
                if kind_of(right) == "json":
                    values[i] = float(canonical(text) is not None and canonical(text) == canonical(right))
                else:
                    values[i] = text_score(text, right, "\n".join(m["content"] for m in rows[i]["prompt"]))
        return values

    def _would_write(self, model: Any, rows: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Whether greedy decoding writes each right answer to the letter: one pass, without decoding."""
        from torch import argmax

        out = [False] * len(rows)
        encoded = [encode(row, self.chat, self.end) for row in rows]
        for at in _batches([e.ids for e in encoded], self.batch):
            longest = max(len(encoded[i].ids) - encoded[i].prompt for i in at)
            given = _left([encoded[i].ids for i in at], self.end, model.device)
            best = argmax(model(**given, logits_to_keep=longest + 1).logits, -1).tolist()
            for i, row in zip(at, best, strict=True):
                answer = encoded[i].ids[encoded[i].prompt :]
                out[i] = row[-len(answer) - 1 : -1] == answer
        return out

    def _generate(self, model: Any, ids: Sequence[Sequence[int]]) -> list[str]:
        given = _left(ids, self.end, model.device)
        written = model.generate(
            **given, max_new_tokens=self.max_new_tokens, do_sample=False, use_cache=True, pad_token_id=self.end,
            eos_token_id=self.end, temperature=None, top_p=None, top_k=None,
        )[:, given["input_ids"].shape[1] :]  # fmt: skip
        return [str(t).strip() for t in self.chat.tokenizer.batch_decode(written, skip_special_tokens=True)]


def _batches(ids: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    return [order[i : i + size] for i in range(0, len(order), size)]


def _left(ids: Sequence[Sequence[int]], pad: int, device: Any) -> dict[str, Any]:
    import torch

    width = max(len(row) for row in ids)
    rows = [[pad] * (width - len(row)) + list(row) for row in ids]
    mask = [[0] * (width - len(row)) + [1] * len(row) for row in ids]
    return {
        "input_ids": torch.tensor(rows, device=device), "attention_mask": torch.tensor(mask, device=device)
    }  # fmt: skip
