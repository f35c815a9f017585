"""How often the statements that the language model writes hold, and whether anything false is shown.

    python benchmarks/claims.py --data DATA [--sets chorus productqa retail demo] [--jobs 20] [--prompt explain/reason@1 ...]
        [--engine transformers] [--adapter none] [--show 20] [--record] [--written] [--latency]

Made-up requests over development data only (the training categories of productqa, a sample of chorus and of
retail_demo_store, the bundled demo): limits, equalities and negations taken from real records, a third of them missed
by some pick. Prints a Markdown table: the share of shown claims that are the model's and the record's, the picks that were
asked for twice, statements dropped, tokens and seconds a pick, and claims that an independent check finds false. That check
(shelftalk.evaluate.faithfulness) shares no code with the package's checker. `--written` prints instead the share of statements
of the first try that the package's checker passes, and what it says of the others.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from shelftalk.catalog.facets import collect
from shelftalk.catalog.readers import Reject, read_feed
from shelftalk.engines import Engine, load_engine
from shelftalk.evaluate.faithfulness import AnsweredRequest, Independent
from shelftalk.evaluate.metrics.intervals import wilson
from shelftalk.explain import Explainer, ExplainJob
from shelftalk.explain.check import Check
from shelftalk.explain.statements import statements
from shelftalk.explain.vocabulary import Vocabulary
from shelftalk.explain.write import Writer
from shelftalk.facts.card import card_facts
from shelftalk.prompts import PromptLibrary
from shelftalk.resources import resource
from shelftalk.settings import ExplainSettings, load_settings
from shelftalk.values import Constraint, Explanation, Facets, Intent, Product, Sort

# Requests and their data -----------------------------------------------------------------------------------------------


def shelves(data: Path, names: Sequence[str], seed: int) -> Iterator[tuple[str, list[list[Product]], Facets]]:
    """Each set's name, its groups of products that compete for one request, and its facets."""
    rng = random.Random(seed)
    for name in names:
        if name == "productqa":
            groups = [_read(folder, "productqa") for folder in sorted((data / "productqa" / "train").iterdir())]
        elif name == "demo":
            groups = _by_category(_read(resource("data/demo") / "products.jsonl", "jsonl"))
        else:
            folder, form = {"chorus": ("chorus", "chorus"), "retail": ("retail_demo_store", "retail-demo-store")}[name]
            products = _read(data / folder, form)
            groups = _by_category(rng.sample(products, min(3000, len(products))))
        yield name, [g for g in groups if len(g) >= 3], collect(p for g in groups for p in g)


def _read(path: Path, form: str) -> list[Product]:
    return [row for row in read_feed(path, format=form) if not isinstance(row, Reject)]


def _by_category(products: Sequence[Product]) -> list[list[Product]]:
    groups: dict[str, list[Product]] = {}
    for product in products:
        kind = product.attributes.get("product_type") or (product.categories[-1] if product.categories else "")
        groups.setdefault(str(kind), []).append(product)
    return list(groups.values())


def make_jobs(groups: Sequence[list[Product]], count: int, seed: int) -> list[ExplainJob]:
    """`count` jobs of three picks each, with constraints that the first pick meets and the others may miss."""
    rng = random.Random(seed)
    jobs = []
    for n in range(count):
        picks = rng.sample(groups[n % len(groups)] if len(groups) > 1 else groups[0], 3)
        constraints = _constraints(rng, picks)
        word = next((w for w in rng.sample(picks[0].title.split(), len(picks[0].title.split())) if w.isalpha()), "")
        sort = Sort("price", "asc", "the cheapest") if rng.random() < 0.15 else None
        spoken = ", ".join(c.span for c in constraints)
        request = f"{'the cheapest ' if sort else 'a '}{word.lower()} please: {spoken}"
        intent = Intent(tuple(constraints), sort, None, (word.lower(),) if word else (), query=word)
        jobs.append(ExplainJob(request, intent, tuple(picks), relaxed=tuple(constraints)))
    return jobs


def _constraints(rng: random.Random, picks: Sequence[Product]) -> list[Constraint]:
    first, found = picks[0], []
    if first.price and rng.random() < 0.5:
        high = max(p.price or first.price for p in picks) if rng.random() < 0.66 else first.price
        limit = Decimal(int(high * Decimal("1.1")) + 3)
        found.append(Constraint("price", "<=", limit, f"under {limit}"))
    names = [n for n, v in first.attributes.items() if v is not None and len(str(v)) < 40]
    for name in rng.sample(names, min(len(names), rng.choice([0, 1, 1, 2]))):
        value = first.attributes[name]
        if isinstance(value, bool):
            found.append(Constraint(name, "=", value, f"{name} {value}"))
        elif isinstance(value, (int, float)):
            operator = rng.choice([">=", "<=", ">", "<"])
            step = {">": -1, "<": 1}.get(operator, 0) * max(1, abs(int(value)) // 5)
            found.append(Constraint(name, operator, value + step, f"{name} {value + step}"))  # type: ignore[arg-type]
        else:
            wanted = value[0] if isinstance(value, tuple) else value
            found.append(Constraint(name, "=", wanted, f"{wanted}"))
    if first.brand and rng.random() < 0.2:
        other = next((p.brand for p in picks if p.brand and p.brand != first.brand), None)
        if other:
            found.append(Constraint("brand", "!=", other, f"not {other}"))
    return found


# The measurement -------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """Counts over the shown claims of one run."""

    claims: int = 0
    worded: int = 0
    picks: int = 0
    again: int = 0
    dropped: int = 0
    alike: int = 0
    prompt: int = 0
    completion: int = 0
    seconds: float = 0.0
    false: list[str] = field(default_factory=list)

    def add(self, job: ExplainJob, explanations: Sequence[Explanation]) -> None:
        """Count one job's explanations."""
        check = Independent()
        asked = AnsweredRequest(job.intent, job.products, job.relaxed, job.request)
        self.alike += len(explanations) - len({e.reason for e in explanations})
        for product, one in zip(job.products, explanations, strict=True):
            self.picks += 1
            self.claims += len(one.claims)
            self.worded += sum(c.source == "model" for c in one.claims)
            self.again += one.regenerated
            self.dropped += one.dropped
            self.prompt += one.tokens.prompt
            self.completion += one.tokens.completion
            for claim in one.claims:
                self.false += [f"{product.id}: {claim.text!r}: {f}" for f in check.faults(claim, product, asked)]

    def row(self, name: str, prompt: str) -> str:
        """The tally as a row of the table."""
        n, picks = max(1, self.claims), max(1, self.picks)
        return (
            f"| {name} | {prompt} | {self.picks} | {self.claims} | {self.worded / n:.0%} | {1 - self.worded / n:.0%} | "
            f"{self.again / picks:.0%} | {self.dropped} | {self.prompt / picks:.0f} | {self.completion / picks:.1f} | "
            f"{self.seconds / picks:.2f} | {self.alike} | {len(self.false)} |"
        )


def measure(explainer: Explainer, jobs: Sequence[ExplainJob], show: int) -> Tally:
    """The tally of the jobs, eight at a time in one batch."""
    tally = Tally()
    shown = 0
    for start in range(0, len(jobs), 8):
        began = time.perf_counter()
        answers = explainer.explain_many(jobs[start : start + 8])
        tally.seconds += time.perf_counter() - began
        for job, explanations in zip(jobs[start : start + 8], answers, strict=True):
            tally.add(job, explanations)
            for one in explanations:
                if shown < show:
                    source = "".join(c.source[0] for c in one.claims)
                    print(f"    [{source}] {one.reason}", file=sys.stderr)
                    shown += 1
    return tally


def written(
    engine: Engine, settings: ExplainSettings, facets: Facets, jobs: Sequence[ExplainJob], show: int
) -> tuple[str, Counter[str]]:
    """The share of statements of the first try that hold, and why the others do not."""
    writer = Writer(lambda: engine, PromptLibrary.default().get(settings.prompt), settings)
    said, refused = 0, Counter[str]()
    for job in jobs:
        cards = [card_facts(product, facets, job.intent, job.scope) for product in job.products]
        checks = [
            Check(p, Vocabulary.of(facets, p), job.intent, job.request, c)
            for p, c in zip(job.products, cards, strict=True)
        ]
        for check, found in zip(checks, writer.write(checks), strict=True):
            for one in statements(found.wrote[0]) if found.wrote else ():
                why = check.why_not(one.text, [check.cards[n - 1] for n in one.cited if 1 <= n <= len(check.cards)])
                said += 1
                refused.update([why] if why else [])
                if said <= show:
                    print(f"    {one.text}  {why}", file=sys.stderr)
    return _share(said - refused.total(), said), refused


def _share(hits: int, n: int) -> str:
    low, high = wilson(hits / n, n) if n else (0.0, 1.0)
    return f"{hits / n:.3f} ({low:.3f} to {high:.3f}, n={n})" if n else "none"


def latency(explainer: Explainer, jobs: Sequence[ExplainJob]) -> str:
    """A row of p50 and p95 seconds to the first pick's reason and to all three, one job at a time, nothing remembered."""
    first: list[float] = []
    whole: list[float] = []
    for job in jobs:
        explainer.forget()
        began = time.perf_counter()
        steps = explainer.iterate(job)
        next(steps)
        first.append(time.perf_counter() - began)
        list(steps)
        whole.append(time.perf_counter() - began)
    cells = [f"{sorted(v)[min(len(v) - 1, int(q * len(v)))]:.2f}" for v in (first, whole) for q in (0.5, 0.95)]
    return f"| {explainer.prompt or 'record'} | {len(jobs)} | {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", nargs="+", default=["chorus", "productqa", "retail", "demo"])
    parser.add_argument("--jobs", type=int, default=12, help="jobs of three picks, a set")
    parser.add_argument("--prompt", nargs="+", default=[ExplainSettings().prompt])
    parser.add_argument("--record", action="store_true", help="no model: only what the record speaks")
    parser.add_argument("--engine", default="transformers")
    parser.add_argument("--model", default="default")
    parser.add_argument("--adapter", default="none")
    parser.add_argument("--written", action="store_true", help="what the model writes before anything is dropped")
    parser.add_argument("--latency", action="store_true", help="time one job after the other instead")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--show", type=int, default=0, help="print that many reasons of each run to standard error")
    parser.add_argument("--json", type=Path, help="also write the false claims here")
    args = parser.parse_args()
    engine: Engine | None = None
    if not args.record:
        engine = load_engine(load_settings(engine=args.engine, model=args.model, adapter=args.adapter))
    if args.latency:
        print("| prompt | jobs | first reason p50 s | p95 s | three reasons p50 s | p95 s |\n|---|---|---|---|---|---|")
        _, groups, facets = next(shelves(args.data, ["demo"], args.seed))
        for ref in args.prompt:
            settings = ExplainSettings(prompt=ref)
            explainer = Explainer(facets, engine, PromptLibrary.default(), settings)
            jobs = make_jobs(groups, args.jobs + 2, args.seed)
            explainer.explain_many(jobs[:2])
            print(latency(explainer, jobs[2:]), flush=True)
        return 0
    if args.written and engine is not None:
        print("| set | prompt | statements of the first try that hold |\n|---|---|---|")
        for name, groups, facets in shelves(args.data, args.sets, args.seed):
            for ref in args.prompt:
                jobs = make_jobs(groups, args.jobs, args.seed)
                row, refused = written(engine, ExplainSettings(prompt=ref), facets, jobs, args.show)
                print(f"| {name} | {ref} | {row} |", flush=True)
                print(*(f"{n} {why}" for why, n in refused.most_common(30)), sep="\n", file=sys.stderr)
        return 0
    print("| set | prompt | picks | claims | the model's | the record's | asked twice | dropped | prompt tokens | written tokens | seconds | reasons alike | false |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    false: list[str] = []
    for name, groups, facets in shelves(args.data, args.sets, args.seed):
        jobs = make_jobs(groups, args.jobs, args.seed)
        for ref in args.prompt:
            explainer = Explainer(facets, engine, PromptLibrary.default(), ExplainSettings(prompt=ref))
            tally = measure(explainer, jobs, args.show)
            print(tally.row(name, explainer.prompt or "record"), flush=True)
            false += tally.false
    for fault in false[:40]:
        print(fault, file=sys.stderr)
    if args.json:
        args.json.write_text(json.dumps(false, indent=1, ensure_ascii=False), encoding="utf-8")
    return 1 if false else 0


if __name__ == "__main__":
    raise SystemExit(main())
