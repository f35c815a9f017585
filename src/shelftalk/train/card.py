"""The card of a data set: what is in it, how long its rows are, where they come from, and the hash of its content."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shelftalk.train.sets.example import SPLITS, TrainingExample

LICENCES = {
    "productqa": "ProductQA (AGILE, Feng et al. 2024, arXiv 2405.14751), Apache-2.0",
    "chorus": "Chorus (querqy/chorus), Apache-2.0; product text Icecat, Open Content License",
    "esci": "Amazon Shopping Queries (Reddy et al. 2022, arXiv 2206.06588) and ESCI-S, Apache-2.0",
    "demo": "the bundled demo, Apache-2.0",
    "written": "the written set of data/wishes, Apache-2.0",
    "logs": "the shop's own logs",
    "catalogue": "the shop's own catalogue; requests made up from its facets",
    "interactions": "what the shop's own shoppers did",
}
_PERCENTILES = (50, 90, 99, 100)


@dataclass
class Report:
    """What a build did beside its rows: what was left out and why, by reason, and the rows of logs that were refused."""

    left_out: Counter[str] = field(default_factory=Counter)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


def content_hash(examples: Sequence[TrainingExample]) -> str:
    """The SHA-256 of all rows in order, split by split: two sets with one hash train the same."""
    digest = hashlib.sha256()
    for split in SPLITS:
        digest.update(f"{split}\n".encode())
        for example in examples:
            if example.split == split:
                digest.update(json.dumps(example.row(), sort_keys=True, ensure_ascii=False).encode())
    return digest.hexdigest()


def percentiles(lengths: Sequence[int]) -> dict[str, int]:
    """The nearest-rank percentiles 50, 90, 99 and 100 of the lengths."""
    ordered = sorted(lengths)
    return {f"p{p}": ordered[max(0, -(-len(ordered) * p // 100) - 1)] for p in _PERCENTILES} if ordered else {}


def facts(
    examples: Sequence[TrainingExample],
    lengths: Mapping[str, tuple[int, int]],
    report: Report,
    config: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything the card states, as JSON: counts, token lengths (`lengths` maps a row's id to the tokens of its prompt
    and of its completion), answers, sources, hash and the configuration."""
    tasks: dict[str, Any] = {}
    for task in sorted({e.task for e in examples}):
        mine = [e for e in examples if e.task == task]
        short = Counter(e.completion for e in mine if e.labels)
        tasks[task] = {
            "rows": {split: sum(e.split == split for e in mine) for split in SPLITS},
            "groups": {split: len({e.group for e in mine if e.split == split}) for split in SPLITS},
            "sources": dict(sorted(Counter(e.source for e in mine).items())),
            "templates": sorted({e.prompt.template for e in mine}),
            "answers": dict(short.most_common()),
            "tags": dict(sorted(Counter(tag for e in mine for tag in e.tags).items())),
            "prompt_tokens": percentiles([lengths[e.id][0] for e in mine]),
            "completion_tokens": percentiles([lengths[e.id][1] for e in mine]),
            "train_tokens": sum(sum(lengths[e.id]) for e in mine if e.split == "train"),
        }
    return {
        "content_hash": content_hash(examples),
        "rows": {split: sum(e.split == split for e in examples) for split in SPLITS},
        "tasks": tasks,
        "licences": {s: LICENCES[s] for s in sorted({e.source for e in examples})},
        "left_out": dict(sorted(report.left_out.items())),
        "rejected_rows": len(report.rejects),
        "leaks_dropped": len(report.leaks),
        "held_out": {s: sorted({e.group for e in examples if e.split == s}) for s in ("dev", "test")},
        "files": report.files,
        "config": dict(config),
    }


def card(known: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    lines = [
        "# A supervised set for Shelftalk",
        "",
        "Made by `shelftalk train data`. Prompts are those that the stages render in service; for the tasks suits, pointwise",
        "and listwise the completion is the label token that an engine scores. Where the last message of a prompt is the",
        "assistant's, the completion goes on right behind it.",
        "",
        f"Content hash (SHA-256): `{known['content_hash']}`",
        "",
        "| task | train | dev | test | prompt tokens p50 / p90 / p99 / most | completion p50 / most | tokens to train on |",
        "|---|---|---|---|---|---|---|",
    ]
    for task, t in known["tasks"].items():
        p, c = t["prompt_tokens"], t["completion_tokens"]
        lines.append(
            f"| {task} | {t['rows']['train']:,} | {t['rows']['dev']:,} | {t['rows']['test']:,} | {p['p50']} / {p['p90']} / "
            f"{p['p99']} / {p['p100']} | {c['p50']} / {c['p100']} | {t['train_tokens']:,} |"
        )
    lines += ["", "## Tasks", ""]
    for task, t in known["tasks"].items():
        answers = ", ".join(f"{a} {n:,}" for a, n in t["answers"].items())
        lines.append(
            f"- {task}: templates {', '.join(t['templates'])}; rows by source: "
            + ", ".join(f"{s} {n:,}" for s, n in t["sources"].items())
            + (f"; answers: {answers}" if answers else "")
            + (f"; {', '.join(f'{k} {n:,}' for k, n in t['tags'].items())}" if t["tags"] else "")
        )
    lines += ["", "## Sources and licences", "", *(f"- {s}: {text}" for s, text in known["licences"].items())]
    lines += ["", "## Files read (SHA-256)", "", *(f"- {name}: `{digest}`" for name, digest in known["files"].items())]
    lines += ["", "## Held out", ""]
    for split, groups in known["held_out"].items():
        shown = ", ".join(groups[:12]) + (f" and {len(groups) - 12} more" if len(groups) > 12 else "")
        lines.append(f"- {split}: {shown or 'nothing'}")
    lines += ["", "## Left out", "", *(f"- {why}: {n:,}" for why, n in known["left_out"].items())]
    lines += [
        f"- rows of logs that could not be read: {known['rejected_rows']:,}",
        f"- rows dropped because another split holds the request, nearly the same one, or the prompt: {known['leaks_dropped']:,}",
        "",
    ]
    return "\n".join(lines)
