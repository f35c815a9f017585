"""What each rule of the rule-based parser is worth: a suite's requests are understood with the rule switched off, and those that are
then understood otherwise are answered both ways.

    python benchmarks/rules.py demo --split dev
    python benchmarks/rules.py productqa-search --split train --limit 800 --data DATA --rule flags --rule sizes

It prints, a rule a line, how many requests change and, for each figure that moves, the mean drop with the one-sided lower bound at 95%
(as `shelftalk eval gate` has it), and how many requests get worse and better. No language model is asked.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from shelftalk.evaluate.answering import CaseAnswerer
from shelftalk.evaluate.cases import Case
from shelftalk.evaluate.catalogs import Catalogs
from shelftalk.evaluate.metrics import MetricContext, score_case
from shelftalk.evaluate.paired import one_sided
from shelftalk.evaluate.suite import load_suite
from shelftalk.pipeline import Shelf
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import UnderstandSettings
from shelftalk.understand import Understander, rules
from shelftalk.understand.rules.bodies import Bodies  # import-linter holds for the package alone
from shelftalk.variants import PathVariant

FIGURES = ("valid_first", "exact_set", "refusal_right", "ndcg@10", "recall@10")


def _gives(value: Callable[[], Any]) -> Callable[..., Any]:
    return lambda *args, **named: value()


_NOTHING = _gives(lambda: ([], set()))
# Rule -> the functions that stand for it (module.function) and what they give when it is off.
RULES: dict[str, dict[str, Callable[..., Any]]] = {
    "absence": {"absence.absent": _NOTHING},
    "x-free": {"absence.freed": _gives(set)},
    "ages": {"ages.ages": _NOTHING},
    "not of the product": {"astray.questioned": _gives(list), "astray.astray": _gives(lambda: False)},
    "averages": {"averages.averages": _gives(list)},
    "bodies": {"bodies.bodies": _gives(Bodies)},
    "counts": {"counts.plural_count": _gives(lambda: None), "counts.how_many": _gives(lambda: (None, set()))},
    "dates": {"dates.dates": _NOTHING},
    "flags": {"flags.flags": _NOTHING},
    "free of": {"flags._free_of": _gives(lambda: None)},
    "placing": {"placing.placed": lambda intent, *rest: (intent, ())},
    "excluded": {"refusals.excluded": _gives(tuple)},
    "mixtures": {"refusals.with_mixtures": lambda known, refused, **how: refused},
    "limits end refusals": {"refusals.limits_begin": _gives(set)},
    "senses": {"senses.elsewhere": _gives(lambda: False), "senses.another_word": _gives(lambda: False)},
    "sizes": {"sizes.sizes": _gives(lambda: ([], set(), {}))},
    "slips": {"slips.set_right": lambda text, index: (text, {})},
    "spelling": {"spelling.corrected": lambda text, index: (text, ())},
    "superlatives": {"superlatives.order": _gives(lambda: None)},
    "thrift": {"superlatives.thrift": _gives(lambda: False), "superlatives.thrift_tokens": _gives(set)},
    "unknown": {"unknown.unknown": _gives(lambda: ([], []))},
    "mild": {"soft.milds": _gives(list), "soft.mildly": _gives(lambda: False)},
    "preferences": {"soft.preferences": _gives(tuple)},
    "talk": {"soft.is_shopping": _gives(lambda: True)},
    "unisex": {"named_values._for_all": _gives(lambda: None)},
    "names another": {"support._names_another": _gives(lambda: False)},
    "as a modifier": {"support._modifies": _gives(lambda: False)},
    "so many": {"quantities._for_so_many": _gives(lambda: None)},
    "pronouns": {"quantities._pronoun": _gives(lambda: False)},
    "rejected after": {"polarity.rejected_after": _gives(lambda: False)},
    "feet and inches": {"amounts._feet_and_inches": lambda text, found: found},
}  # fmt: skip


@contextmanager
def off(rule: str) -> Iterator[None]:
    """The rule does nothing, wherever it was imported to."""
    held = [m for name, m in sys.modules.items() if name.startswith("shelftalk.understand")]
    undo: list[tuple[Any, str, Any]] = []
    for place, nothing in RULES[rule].items():
        module, name = place.split(".")
        old = getattr(importlib.import_module(f"{rules.__name__}.{module}"), name)
        for m in held:
            if vars(m).get(name) is old:
                undo.append((m, name, old))
                setattr(m, name, nothing)
    try:
        yield
    finally:
        for m, name, old in undo:
            setattr(m, name, old)


class Bench:
    """A suite's requests over opened catalogues; a request is answered once for each way in which it is understood."""

    def __init__(self, suite: str, split: str | None, limit: int | None, data: Path | None) -> None:
        self.suite = load_suite(suite, data)
        loaded = self.suite.load(split=split, limit=limit)
        self.cases = list(loaded.cases)
        self.settings = self.suite.in_force(PathVariant("rules", {"strategy": "none", "mode": "rules"}))
        self.catalogs = Catalogs(loaded.feeds, self.settings)
        self.answerer = CaseAnswerer(self.suite, None)
        self._shelves: dict[str, Shelf] = {}
        self._scores: dict[tuple[str, str], dict[str, float | None]] = {}

    def shelf(self, case: Case) -> Shelf:
        if case.catalog not in self._shelves:
            catalog = self.catalogs.open(case.catalog, case.overlay)
            self._shelves[case.catalog] = Shelf(catalog, self.settings, PromptLibrary.default(), None)
        return self._shelves[case.catalog]

    def understood(self) -> dict[str, str]:
        """What is understood of each request, as text to compare."""
        parsers: dict[str, Understander] = {}
        out = {}
        for case in self.cases:
            catalog = self.shelf(case).catalog
            if case.catalog not in parsers:
                mode = UnderstandSettings(mode="rules")
                parsers[case.catalog] = Understander(
                    catalog.facets(), settings=mode, products=lambda i, c=catalog: c.get_many([i]).get(i)
                )
            u = parsers[case.catalog].understand(replace(case.request, k=case.request.k or self.suite.k))
            out[case.id] = repr((u.intent, u.notes, u.asked))
        return out

    def score(self, case: Case, understood: str) -> dict[str, float | None]:
        key = (case.id, understood)
        if key not in self._scores:
            outcome = next(iter(self.answerer.batch(self.shelf(case), [case], 0)))[0]
            context = MetricContext(lambda key, i: self.catalogs.open(key).get_many([i]).get(i), lambda key: ())
            self._scores[key] = score_case(FIGURES, case, outcome, context)
        return self._scores[key]


def main() -> None:
    """Prints the trial of each rule named, or of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("suite")
    parser.add_argument("--rule", dest="rules", action="append", metavar="RULE", help=", ".join(RULES))
    parser.add_argument("--split")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    if strange := [rule for rule in options.rules or () if rule not in RULES]:
        parser.error(f"no rule is called {strange[0]!r}; there are: {', '.join(RULES)}")
    for module in pkgutil.iter_modules(rules.__path__):
        importlib.import_module(f"{rules.__name__}.{module.name}")
    bench = Bench(options.suite, options.split, options.limit, options.data)
    base = bench.understood()
    for rule in options.rules or list(RULES):
        with off(rule):
            without = bench.understood()
            changed = [case for case in bench.cases if without[case.id] != base[case.id]]
            after = [bench.score(case, without[case.id]) for case in changed]
        before = [bench.score(case, base[case.id]) for case in changed]
        told = [f"{rule:20} changed {len(changed):4}"]
        for figure in FIGURES:
            pairs = [(b[figure], a[figure]) for b, a in zip(before, after, strict=True)]
            drops = np.array([b - a for b, a in pairs if a is not None and b is not None])
            if drops.any():
                padded = np.concatenate([drops, np.zeros(len(bench.cases) - len(drops))])
                seen = one_sided(padded)
                told.append(
                    f"{figure} {-seen.mean:+.4f} (drop at least {seen.low:.4f}; {seen.wins} worse, {seen.losses} better)"
                )
        print("; ".join(told), flush=True)


if __name__ == "__main__":
    main()
