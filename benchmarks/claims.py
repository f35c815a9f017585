"""How often the language model's wording of a claim holds, and whether anything false is shown.

    python benchmarks/claims.py --data DATA [--sets chorus productqa retail demo] [--jobs 20] [--unguided]
        [--prompt explain/claim@2 ...] [--engine transformers] [--show 20] [--record]

Made-up requests over development data only (the training categories of productqa, a sample of chorus and of
retail_demo_store, the bundled demo): limits, equalities and negations taken from real records, a third of them missed
by some pick. Prints a Markdown table: the share of shown claims that the model worded at the first and at the second
try, the share that the record speaks, tokens and seconds a claim, and claims that an independent check finds false.
That check (class Independent) is written anew here and shares no code with the package's checker.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from shelftalk.catalog.facets import collect
from shelftalk.catalog.readers import Reject, read_feed
from shelftalk.engines import Engine, load_engine
from shelftalk.explain import Explainer, ExplainJob
from shelftalk.prompts import PromptLibrary
from shelftalk.resources import resource
from shelftalk.settings import ExplainSettings, load_settings
from shelftalk.values import Claim, Constraint, Explanation, Facets, Intent, Product, Sort

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


# The independent check -------------------------------------------------------------------------------------------------

_NEUTRAL = frozenset(
    re.findall(
        r"\w+",
        """it its the this a an is are has have comes come with in of at by from and or for on that there was which to costs
        sells priced price made brand rated rating reviews review stock listed under category description mentions speaks
        title as released launched weighs lasts holds wide high long deep thick offers includes lacks without no not down
        catalogue suits you your asked wanted wished named though otherwise limit than more less over within between least
        these picks lowest highest battery left release date first include""",
    )
)
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


class Independent:
    """Finds what is false in a shown claim; standard library alone, its own reading of words, numbers and relations."""

    def faults(self, claim: Claim, product: Product, job: ExplainJob) -> list[str]:
        """What is wrong with the claim, empty where nothing is."""
        found = []
        if not claim.verified or not claim.evidence:
            found.append("not verified, or cites nothing")
        for piece in claim.evidence:
            if not _equal(_field(product, piece.field), piece.value):
                found.append(f"evidence {piece.field} is not the record's")
        head, tail = self._split(claim.text, product)
        found += self._words(claim, head, tail, job)
        found += self._numbers(claim, head)
        found += self._polarity(claim, head)
        found += self._tail(claim, tail, product, job)
        return found

    @staticmethod
    def _split(text: str, product: Product) -> tuple[str, str]:
        """What is said of the product, and what is said of the wish."""
        match = re.search(
            r"(?:, | and )(under|less than|more than|over|within|between|the [\d.,]+.* you|the lowest|the highest|as you|not |though)(?=.*)", text
        )  # fmt: skip
        body = text.rstrip(".")
        if not match:
            return body, ""
        return body[: match.start()], body[match.start() :].lstrip(", ")

    @staticmethod
    def _words(claim: Claim, head: str, tail: str, job: ExplainJob) -> list[str]:
        known = set(_NEUTRAL) | set(_MONTHS)
        for piece in claim.evidence:
            known |= set(_words(piece.field)) | set(_words(_text(piece.value)))
            known |= set(_words(re.sub(r"([a-z])([A-Z])", r"\1 \2", piece.field)))
        known |= {"minimum", "maximum", "number", "average", "quantity", "temperature"}
        known |= _unit_words(claim)
        wanted = {w for c in job.intent.constraints for w in _words(_text(c.value))}
        strange = [w for w in _words(head) if not _like(w, known)]
        strange += [w for w in _words(tail) if not _like(w, known | wanted)]
        return [f"says {w!r}" for w in strange if not w[0].isdigit()]

    @staticmethod
    def _numbers(claim: Claim, head: str) -> list[str]:
        held = {n for e in claim.evidence for n in _numbers(_text(e.value))}
        held |= {n for e in claim.evidence for n in _numbers(e.field)}
        return [f"says {n}" for n in _numbers(head) if not any(abs(n - h) < 1e-9 for h in held)]

    @staticmethod
    def _polarity(claim: Claim, head: str) -> list[str]:
        main = claim.evidence[0] if claim.evidence else None
        if main is None:
            return []
        if str(main.value).strip().lower() not in ("true", "false", "yes", "no"):
            held = set(_words(_text(main.value)) + _words(main.field))
            denials = {"not", "no", "without", "lacks"} & set(_words(head)) - held
            return ["denies what is no yes or no"] if denials else []
        truth = str(main.value).strip().lower() in ("true", "yes")
        said = " ".join(_words(head))
        for phrase in (" ".join(_words(main.field)), " ".join(_words(re.sub(r"([a-z])([A-Z])", r"\1 \2", main.field)))):
            said = said.replace(phrase, " ")
        denied = re.search(r"\b(?:not|no|without|lacks)\b", said) is not None
        return ["turns the truth round"] if denied == truth else []

    @staticmethod
    def _tail(claim: Claim, tail: str, product: Product, job: ExplainJob) -> list[str]:
        if not tail or not claim.evidence:
            return []
        main = claim.evidence[0]
        mine = [c for c in (*job.intent.constraints, *job.relaxed) if c.field.removeprefix("attributes.") == main.field]
        value = None if isinstance(main.value, str) else _number(main.value)
        faults = []
        among = re.search(r"the (lowest|highest) of these picks", tail)
        if among:
            all_ = [_number(_field(p, main.field)) for p in job.products]
            best = {"lowest": min, "highest": max}[among[1]]
            if None in all_ or value is None or value != best([v for v in all_ if v is not None]):
                faults.append("superlative is false")
            tail = tail.replace(among.group(), "").strip(" ,").removesuffix(" and").strip(" ,")
        limits = _numbers(tail)
        bounds = [n for c in mine for n in _numbers(_text(c.value))]
        if limits and value is not None and re.match(r"under|less|more|over|within|between|the |not ", tail):
            if any(not any(abs(n - b) < 1e-9 for b in bounds) for n in limits):
                faults.append("names a limit that nobody set")
            one = limits[0]
            true = {
                "under": value < one, "less": value < one, "more": value > one, "over": value > one,
                "within": value <= one, "between": len(limits) == 2 and one <= value <= limits[-1],
                "the": value == one, "not": value != one,
            }[tail.split()[0]]  # fmt: skip
            if not true:
                faults.append(f"relation is false: {tail}")
        elif tail.startswith("not "):
            wanted = [v for c in mine for v in (c.value if isinstance(c.value, tuple) else (c.value,))]
            held = {_text(v).lower() for v in (main.value if isinstance(main.value, (tuple, list)) else (main.value,))}
            if not wanted or any(_text(w).lower() in held for w in wanted):
                faults.append("denies what the record says, or what nobody asked about")
        elif re.match(r"as you", tail) and mine and not any(_satisfied(product, c) for c in mine):
            faults.append("says a wish is met that is not")
        elif re.match(r"as you", tail) and not mine:
            faults.append("says it was asked for, and it was not")
        elif tail.startswith("though") and not any(not _satisfied(product, c) for c in mine):
            faults.append("says a wish is missed that is met")
        return faults


def _field(product: Product, name: str) -> Any:
    return getattr(product, name, None) if name in Product.__dataclass_fields__ else product.attributes.get(name)


def _text(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return " , ".join(map(_text, value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _equal(a: Any, b: Any) -> bool:
    return _text(a) == _text(b)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower().replace("’", "'"))


def _numbers(text: str) -> list[float]:
    joined = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return [float(n) for n in re.findall(r"(?:(?<![\w.-])-)?(?<![\d.])\d+(?:\.\d+)?", joined)]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(str(value))
    except ValueError:
        found = _numbers(str(value))
        return found[0] if found and re.match(r"\s*\d", str(value)) else None


def _like(word: str, known: set[str]) -> bool:
    """In the list, but for the ending of a plural."""
    return any(w in known for w in (word, word + "s", word + "es", word.removesuffix("s"), word.removesuffix("y") + "ies")) or word == "t"  # fmt: skip


_UNIT_SPELLINGS = {
    "g": "g gram grams", "kg": "kg", "mg": "mg", "l": "litre litres l", "ml": "ml", "cl": "cl", "h": "hour hours", "hours": "hour hours",
    "hrs": "hour hours", "min": "minute minutes", "minutes": "minute minutes", "s": "second seconds", "seconds": "second seconds",
    "days": "day days", "months": "month months", "years": "year years", "year": "year years", "weeks": "week weeks",
    "in": "inch inches", "inch": "inch inches", "cm": "cm", "mm": "mm", "m": "m", "km": "km", "ft": "foot feet", "mi": "mile miles",
    "w": "w", "kw": "kw", "v": "v", "a": "a", "mah": "mah", "wh": "wh", "kwh": "kwh", "gb": "gb", "tb": "tb", "mb": "mb", "hz": "hz",
    "khz": "khz", "mhz": "mhz", "ghz": "ghz", "db": "db", "lm": "lumen lumens", "lumens": "lumen lumens", "mp": "megapixel megapixels",
    "c": "c", "f": "f", "k": "k", "lb": "lb", "lbs": "lb", "oz": "oz", "persons": "people person", "people": "people person", "pcs": "piece pieces",
    "pieces": "piece pieces", "cups": "cup cups", "liters": "litre litres", "litres": "litre litres", "dpi": "dpi", "rpm": "rpm",
}  # fmt: skip


def _unit_words(claim: Claim) -> set[str]:
    """The units that the cited fields' names carry, and the currencies of prices."""
    found: set[str] = set()
    for piece in claim.evidence:
        last = _words(piece.field)[-1:] or [""]
        found |= set(_UNIT_SPELLINGS.get(last[0], "").split())
        if piece.field in ("price", "list_price"):
            found |= {"usd", "eur", "gbp", "chf", "sek"}
    return found


def _satisfied(product: Product, c: Constraint) -> bool:
    held, wanted = _field(product, c.field), c.value
    many = [_text(v).lower() for v in (wanted if isinstance(wanted, tuple) else (wanted,))]
    mine = [_text(v).lower() for v in (held if isinstance(held, tuple) else (held,))]
    if c.operator in ("=", "in"):
        return held is not None and any(m in many for m in mine)
    if c.operator in ("!=", "not in"):
        return not any(m in many for m in mine)
    a, b = _number(held), _number(wanted if not isinstance(wanted, tuple) else wanted[0])
    if a is None or b is None:
        return False
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}.get(c.operator, False)


# The measurement -------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """Counts over the shown claims of one run."""

    claims: int = 0
    first: int = 0
    second: int = 0
    record: int = 0
    picks: int = 0
    alike: int = 0
    prompt: int = 0
    completion: int = 0
    seconds: float = 0.0
    false: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, job: ExplainJob, explanations: Sequence[Explanation]) -> None:
        """Count one job's explanations."""
        check = Independent()
        self.alike += len(explanations) - len({e.reason for e in explanations})
        for product, one in zip(job.products, explanations, strict=True):
            self.picks += 1
            self.claims += len(one.claims)
            worded = sum(c.source == "model" for c in one.claims)
            again = max(0, one.regenerated - one.dropped)
            self.first += worded - again
            self.second += again
            self.record += len(one.claims) - worded
            self.prompt += one.tokens.prompt
            self.completion += one.tokens.completion
            for claim in one.claims:
                self.false += [f"{product.id}: {claim.text!r}: {f}" for f in check.faults(claim, product, job)]

    def row(self, name: str, prompt: str) -> str:
        """The tally as a row of the table."""
        n = max(1, self.claims)
        share = " | ".join(f"{100 * x / n:.0f}%" for x in (self.first, self.second, self.record))
        return (
            f"| {name} | {prompt} | {self.claims} | {share} | {self.prompt / n:.0f} | {self.completion / n:.1f} "
            f"| {self.seconds / n:.2f} | {self.alike} | {len(self.false)} |"
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--sets", nargs="+", default=["chorus", "productqa", "retail", "demo"])
    parser.add_argument("--jobs", type=int, default=12, help="jobs of three picks, a set")
    parser.add_argument("--prompt", nargs="+", default=["explain/claim"])
    parser.add_argument("--unguided", action="store_true", help="without the grammar of true frames")
    parser.add_argument("--record", action="store_true", help="no model: only what the record speaks")
    parser.add_argument("--engine", default="transformers")
    parser.add_argument("--model", default="default")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--show", type=int, default=0, help="print that many reasons of each run to standard error")
    parser.add_argument("--json", type=Path, help="also write the false claims here")
    args = parser.parse_args()
    engine: Engine | None = None
    if not args.record:
        engine = load_engine(load_settings(engine=args.engine, model=args.model))
    print("| set | prompt | claims | model, first try | model, second try | record | prompt tokens | written tokens | seconds | reasons alike | false |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    false: list[str] = []
    for name, groups, facets in shelves(args.data, args.sets, args.seed):
        jobs = make_jobs(groups, args.jobs, args.seed)
        for ref in args.prompt:
            settings = ExplainSettings(prompt=ref, guided=not args.unguided)
            explainer = Explainer(facets, engine, PromptLibrary.default(), settings)
            tally = measure(explainer, jobs, args.show)
            guided = "" if args.unguided or engine is None else ", guided"
            print(tally.row(name, f"{explainer.prompt or 'record'}{guided}"), flush=True)
            false += tally.false
    for fault in false[:40]:
        print(fault, file=sys.stderr)
    if args.json:
        args.json.write_text(json.dumps(false, indent=1, ensure_ascii=False), encoding="utf-8")
    return 1 if false else 0


if __name__ == "__main__":
    raise SystemExit(main())
