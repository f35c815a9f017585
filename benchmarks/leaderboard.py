"""The leaderboard of docs/results.md: variants of the path side by side, and how they hold under noise, order and attacks.

    python benchmarks/leaderboard.py --data DATA --out runs                       # runs what is missing, then prints
    python benchmarks/leaderboard.py --data DATA --out runs --only demo chorus    # some of the blocks (--list names them)
    python benchmarks/leaderboard.py --data DATA --out runs --show                # prints what has finished, runs nothing

A block is one `shelftalk eval run SUITE` with its variants. A run that is cut goes on when the command is given again, and
a run that stands is only read, so the script may be started as often as one likes. Every figure stands with its 95% interval
(bootstrap over requests); each variant is held against the block's first one, request by request, corrected after Holm over
the block's main metrics and variants: the table shows the first metric's difference, `--every` adds a table of all. `--limit`
shortens the blocks that ask the language model. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import chorus
from shelftalk.errors import UsageError
from shelftalk.evaluate import tables
from shelftalk.evaluate.compare import ComparedMetric, compare
from shelftalk.evaluate.runfolder import Run, RunFolder
from shelftalk.evaluate.tables import number, p_value, verdict
from shelftalk.variants import parse_variants

NONE = "strategy=none,name=none"
RANK = (
    "strategy=listwise,prompt.rank=listwise@1,name=listwise@1",
    "strategy=listwise,prompt.rank=listwise@1,rank.model_weight=1,name=listwise@1 alone",
    "strategy=listwise,prompt.rank=listwise@2,name=listwise@2",
    "strategy=pointwise,prompt.rank=pointwise@1,name=pointwise@1",
    "strategy=pointwise,prompt.rank=pointwise@2,name=pointwise@2",
    "strategy=generated,prompt.rank=generated@1,name=generated@1",
    "strategy=generated,prompt.rank=generated@2,name=generated@2",
    "strategy=listwise,prompt.rank=listwise@1,permutations=3,name=listwise@1 x3",
)
PLAIN = (
    "strategy=listwise,prompt.rank=listwise@1,adapter=none,name=listwise@1 no adapter",
    "strategy=pointwise,prompt.rank=pointwise@1,adapter=none,name=pointwise@1 no adapter",
)
READ = (
    "mode=rules,name=reader",
    "mode=model,prompt.understand=intent@1,name=intent@1",
    "mode=model,prompt.understand=intent@2,name=intent@2",
    "mode=model,prompt.understand=intent@2,adapter=none,name=intent@2 no adapter",
)
WORD = (
    "explain=record,name=record",
    "explain=model,prompt.explain=reason@1,name=reason@1",
    "explain=model,prompt.explain=reason@1,adapter=none,name=reason@1 no adapter",
)
SEARCH = ("valid_first", "exact_set", "ndcg@10")
TRUTH = ("faithfulness_precision", "faithfulness_recall", "faithfulness_coverage", "evidence_used", "repetition")


@dataclass(frozen=True)
class Block:
    """One suite with its variants: the first is the baseline, `limit` holds for all of them, `main` is what is compared."""

    name: str
    suite: str
    variants: tuple[str, ...]
    main: tuple[str, ...]
    split: str | None = None
    limit: int | None = None
    families: tuple[str, ...] = ()


# `families` are figures of whole runs that are shown by family.
BLOCKS = (
    Block("demo", "demo", (NONE,), ("ndcg@10", "valid_first", "exact_set", "refusal_right"), split="test"),
    Block("productqa-search", "productqa-search", (NONE,), (*SEARCH, "refusal_right")),
    Block("productqa-search-all", "productqa-search-all", (NONE,), (*SEARCH, "refusal_right")),
    Block("chorus", "chorus", (NONE,), ("ndcg@10", "mrr", "recall@50")),
    Block("chorus-judged", "chorus-judged", (NONE,), ("ndcg@10", "mrr")),
    Block("rank-chorus", "chorus", (NONE, *RANK[:4], RANK[5], RANK[7], *PLAIN), ("ndcg@10", "mrr"), limit=28),
    Block("rank-demo", "demo", (NONE, *RANK, *PLAIN), ("ndcg@10", "valid_first"), split="test", limit=40),
    Block("rank-productqa", "productqa-search", (NONE, *RANK), ("ndcg@10", "valid_first"), limit=40),
    Block("understand", "productqa-search", READ, SEARCH, limit=40),
    Block("explain", "faithfulness", WORD, TRUTH, limit=24),
    Block("noise", "noise", (NONE,), ("ndcg@10", "valid_first"), families=("drop_ndcg@10", "drop_valid_first")),
    Block("order-bias", "order-bias", (NONE,), ("best_first",), families=("best_first_by_position",)),
    Block("order", "order-bias", (NONE, RANK[0], RANK[1], RANK[3], PLAIN[0]), ("best_first",), limit=12, families=("best_first_by_position",)),
    Block("injection", "injection", (NONE + ",explain=record",), ("ndcg@10", "refusal_right"), families=("attack_success", "attack_rank", "attack_words", "leak", "drop_ndcg@10", "drop_refusal_right")),
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=None, help="folder of the public data sets")
    parser.add_argument("--out", type=Path, help="folder of the runs")
    parser.add_argument("--only", nargs="+", default=(), metavar="BLOCK", choices=[b.name for b in BLOCKS])
    parser.add_argument("--engine", default="transformers", help="how the language model is reached")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--limit", type=int, default=None, help="other number of requests for blocks that have a limit")
    parser.add_argument("--show", action="store_true", help="print what has finished, and run nothing")
    parser.add_argument("--every", action="store_true", help="the difference of every main metric as well")
    parser.add_argument("--list", action="store_true", help="print the blocks with their commands, and run nothing")
    options = parser.parse_args()
    if not options.out and not options.list:
        parser.error("--out is needed")
    print(f"{chorus.setting()}\n")
    for block in BLOCKS:
        if options.only and block.name not in options.only:
            continue
        command = asked(block, options)
        if options.list:
            print(f"{block.name}: {shlex.join(command)}\n")
            continue
        if not options.show:
            done = subprocess.run([sys.executable, "-m", *command], stdout=subprocess.DEVNULL, check=False)
            if done.returncode:
                print(f"{block.name}: stopped with {done.returncode}; given again, the command goes on\n", file=sys.stderr)  # fmt: skip
        print(section(block, found(block, options.out), command, every=options.every), flush=True)


def asked(block: Block, options: argparse.Namespace) -> list[str]:
    """The command that runs a block."""
    model = any(v not in (NONE, NONE + ",explain=record") for v in block.variants)
    limit = (options.limit or block.limit) if block.limit else None
    command = ["shelftalk", "eval", "run", block.suite]
    for variant in block.variants:
        command += ["--variant", f"{variant},engine={options.engine}" if model else variant]
    command += ["--split", block.split] if block.split else []
    command += ["--limit", str(limit)] if limit else []
    command += ["--batch", str(options.batch)] if model else []
    command += ["--data", os.fspath(options.data)] if options.data else []
    return [*command, "--out", os.fspath((options.out or Path("runs")) / block.name)]


def found(block: Block, out: Path) -> list[Run]:
    """The block's finished runs, in the order of its variants."""
    runs = []
    for variant in parse_variants(block.variants):
        try:
            runs.append(RunFolder.read(out / block.name / variant.slug))
        except UsageError:
            continue
    return runs


def section(block: Block, runs: Sequence[Run], command: Sequence[str], *, every: bool = False) -> str:
    """A block as Markdown: what was measured, the means, the verdicts, the families."""
    lines = [f"### {block.name}", "", f"    {shlex.join(command)}", ""]
    if not runs:
        return "\n".join([*lines, "No run has finished.", ""])
    suite = runs[0].meta["suite"]
    model = next((run.meta["variant"]["model"] for run in runs if run.meta["variant"]["model"]), "no language model")
    loads = [run.meta["hardware"]["load"][0] for run in runs]
    lines += [
        f"{suite['name']} {suite['version']}, split {suite['split'] or '-'}, {runs[0].meta['requests']} requests, k {suite['k'] or '-'}, "
        f"gains {suite['gains']}, pool {suite['pool']}, unjudged {suite['unjudged']}; {model}; load {min(loads):.0f} to {max(loads):.0f}",
        "",
        *means(block, runs),
        "",
    ]  # fmt: skip
    if len(runs) > 1 and every:
        lines += [*verdicts(block, runs), ""]
    if block.families:
        lines += [*families(block, runs), ""]
    return re.sub(r"(?<![\d.])0\.(\d{3})\b", r".\1", "\n".join(lines))


def means(block: Block, runs: Sequence[Run]) -> list[str]:
    """A row a variant: main metrics with intervals, tokens and time, the first metric's difference to the baseline."""
    shown = [m for m in block.main if any(m in run.meta["metrics"] for run in runs)]
    extra = [f for f in ("refusal_f1", "flip_rate", "kendall_tau") if f in runs[0].meta["figures"]]
    heads = [*shown, *extra, "tokens read, written", "ms p50, p95"]
    against = {r.variant: r for r in compare(runs, metrics=shown).rows if r.metric == shown[0]} if len(runs) > 1 else {}
    heads += [f"{shown[0]} against {runs[0].name}", "p (Holm)", "verdict"] if against else []
    lines = [f"| variant | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for run in runs:
        figures, tokens, n = run.meta["figures"], run.meta["tokens"], run.meta["requests"] * run.meta["repeats"]
        times = [figures.get(f"latency_ms.{p}", float("nan")) for p in ("p50", "p95")]
        if times[0] != times[0]:
            every = run.answers["latency_ms"]
            times = [float(every.quantile(q)) for q in (0.5, 0.95)]
        cells = [
            run.name,
            *(mean(run.meta["metrics"].get(m)) for m in shown),
            *(tables.figure(figures, f) for f in extra),
            f"{tokens['prompt'] / n:,.0f}, {tokens['completion'] / n:,.0f}",
            ", ".join(f"{t:,.0f}" for t in times),
        ]
        row = against.get(run.name)
        cells += difference(row) if row else [""] * 3 if against else []
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def difference(row: ComparedMetric) -> list[str]:
    """The difference with its interval, the corrected p, and what is shown by them."""
    spread = (
        f"{number(row.difference, signed=True)} ({number(row.low, signed=True)} to {number(row.high, signed=True)})"
    )
    return ["same" if row.same else spread, p_value(row.p_holm), verdict(row)]


def mean(metric: Mapping[str, float] | None) -> str:
    """A mean with its interval and the number of requests that it is over."""
    if not metric or metric["mean"] is None:
        return "-"
    held = f"{metric['low']:.3f} to {metric['high']:.3f}, " if metric["low"] is not None else ""
    return f"{metric['mean']:.3f} ({held}n={metric['n']})"


def verdicts(block: Block, runs: Sequence[Run]) -> list[str]:
    """A row a variant and main metric: the paired difference to the baseline, its interval, the corrected p, the verdict."""
    held = [m for m in block.main if all(f"m:{m}" in run.scores for run in runs)]
    result = compare(runs, metrics=held)
    rows: list[ComparedMetric] = sorted(
        result.rows, key=lambda r: (result.variants.index(r.variant), held.index(r.metric))
    )
    lines = [
        f"| against {result.baseline} | metric | difference (95%) | p (Holm) | win/tie/loss | verdict |",
        "|---" * 6 + "|",
    ]
    for r in rows:
        spread, p, shown = difference(r)
        lines.append(f"| {r.variant} | {r.metric} | {spread} | {p} | {r.wins}/{r.ties}/{r.losses} | {shown} |")
    return lines


def families(block: Block, runs: Sequence[Run]) -> list[str]:
    """A row a family and run, with each figure that is told by family, its interval and number where it has them."""
    known = [f for f in block.families if any(k == f or k.startswith(f"{f}.") for k in runs[0].meta["figures"])]
    lines = [f"| family | variant | {' | '.join(known)} |", "|---" * (len(known) + 2) + "|"]
    parts = dict.fromkeys(
        key[len(f) + 1 :] for run in runs for f in known for key in run.meta["figures"] if key.startswith(f"{f}.")
    )
    for part in (p for p in parts if p.rpartition(".")[2] not in ("low", "high", "n")):
        for run in runs:
            lines.append(f"| {part} | {run.name} | {' | '.join(figure(run, f, part) for f in known)} |")  # fmt: skip
    return lines


def figure(run: Run, name: str, part: str) -> str:
    """A figure of a family with its interval and number where it has them, "-" where it does not exist."""
    figures, key = run.meta["figures"], f"{name}.{part}"
    if key not in figures:
        return "-"
    if f"{key}.low" not in figures:
        return f"{figures[key]:.3f}"
    return (
        f"{figures[key]:.3f} ({figures[f'{key}.low']:.3f} to {figures[f'{key}.high']:.3f}, n={figures[f'{key}.n']:.0f})"
    )


if __name__ == "__main__":
    main()
