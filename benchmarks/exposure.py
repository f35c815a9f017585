"""New products' exposure with the floor against plain ranking, what it costs in nDCG, and what diversity costs.

    python benchmarks/exposure.py --catalog .demo/catalog --split dev --sweep      # which settings
    python benchmarks/exposure.py --catalog .demo/catalog --split test [--k 3] [--share .15 --distance .1 ...]
    python benchmarks/exposure.py --catalog .demo/catalog --split dev --diversity
    python benchmarks/exposure.py --catalog CHORUS_CATALOGUE --data DATA/chorus --split train|test --drawn .05 ...

The requests with a positive judgment, understood by the encoders, ranked without a language model. New is what was released in the
last `--days` days before the data's day, or with `--drawn SHARE` a share of the catalogue that a hash draws, `--draws` times: figures
are means over draws. The ranking is plain once; each setting then arranges the same ranking through the pipeline's own code (pipeline/arranging.py), over
`--passes` passes through the requests, each shuffled with its own seed, with one account throughout. Exposure is 1 / log2(1 + rank) over
the `--k` places shown; nDCG@10 has linear gains and unjudged 0. Intervals: 95%, bootstrap over requests, the means over passes paired.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

import chorus
from demo import ndcg
from shelftalk.evaluate.paired import paired
from shelftalk.evaluate.perturb.coldstart import held_out
from shelftalk.facts.traits import traits_of
from shelftalk.pipeline import Shelf
from shelftalk.pipeline.arranging import Arranging
from shelftalk.pipeline.state import PipelineState
from shelftalk.request import request_from
from shelftalk.settings import Settings, load_settings
from shelftalk.shoppers.exposure import exposure
from shelftalk.shoppers.newness import Newness
from shelftalk.values import Candidate, Product, Ranking, Request

DAYS = {"demo": "2026-11-01", "chorus": "2020-06-01"}  # the day of each data set
DEPTH = 50
DRAWS = 10_000


@dataclass
class Case:
    """A request's state and plain ranking, and its grades."""

    id: str
    state: PipelineState
    ranking: Ranking
    grades: dict[str, int]


class _Recording(Arranging):
    """Leaves rankings as they are but for the spread over kinds, and keeps them."""

    kept: tuple[PipelineState, Ranking] | None = None

    def arrange(self, state: PipelineState, ranking: Ranking) -> Ranking:
        self.kept = (state, ranking)
        return super().arrange(state, ranking)


class _Drawn(Arranging):
    """With a set of new products that was drawn."""

    new: frozenset[str] = frozenset()

    def newness(self) -> Newness:
        found = super().newness()
        return _In(found.today, 0, new=self.new)


@dataclass(frozen=True)
class _In(Newness):
    new: frozenset[str] = frozenset()

    def __call__(self, product: Product) -> bool:
        return product.id in self.new


def asked_of_demo(folder: Path, split: str) -> list[tuple[Request, dict[str, int]]]:
    """The demo's requests of a split that something is right for, with their grades."""
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / f"qrels.{split}.txt").read_text("utf-8").splitlines():
        query, _, product, grade = line.split()
        grades[query][product] = int(grade)
    records = map(json.loads, (folder / "requests.jsonl").read_text("utf-8").splitlines())
    of_split = [r for r in records if r["split"] == split and any(grades[r["id"]].values())]
    return [(request_from(r), grades[r["id"]]) for r in of_split]


def read(shelf: Shelf, asked: Sequence[tuple[Request, dict[str, int]]]) -> list[Case]:
    """The requests with their plain rankings."""
    recorder = shelf.arranging = _Recording(shelf.catalog, shelf.settings, shelf.prompts)
    cases = []
    for request, grades in asked:
        shelf.order_only(request, k=DEPTH)
        assert recorder.kept is not None
        cases.append(Case(request.id, *recorder.kept, grades))
    return cases


def arranging(shelf: Shelf, settings: Settings, drawn: frozenset[str] | None) -> Arranging:
    """The pipeline's own, under these settings; with `drawn` new products where they are given."""
    if drawn is None:
        return Arranging(shelf.catalog, settings, shelf.prompts)
    made = _Drawn(shelf.catalog, settings, shelf.prompts)
    made.new = drawn
    return made


@dataclass
class Measured:
    """By request, means over passes: exposure of new products, of all, nDCG@10; and the answers changed and the loss told, over all."""

    new: np.ndarray
    total: np.ndarray
    ndcg: np.ndarray
    changed: float
    given_up: float


def measure(made: Arranging, cases: Sequence[Case], k: int, passes: int) -> Measured:
    """What an arranging shows."""
    new, total, score = (np.zeros(len(cases)) for _ in range(3))
    told: list[float] = []
    is_new = made.newness()
    for number in range(passes):
        order = list(range(len(cases)))
        random.Random(number).shuffle(order)
        for n in order:
            case = cases[n]
            case.state.reordered = None
            ranked = made.arrange(case.state, case.ranking).candidates
            shown = ranked[: case.state.places(k)]
            gains = [exposure(rank) for rank in range(1, len(shown) + 1)]
            new[n] += sum(e for e, c in zip(gains, shown, strict=True) if is_new(c.product))
            total[n] += sum(gains)
            score[n] += ndcg([c.product.id for c in ranked], case.grades)
            done = case.state.reordered
            told.append(done.given_up if done and done.placed else 0.0)
    return Measured(
        new / passes, total / passes, score / passes, float(np.mean([t > 0 for t in told])), float(np.mean(told))
    )


def mean(found: Sequence[Measured]) -> Measured:
    """The means of several draws, request by request."""
    arrays = [np.mean([getattr(m, name) for m in found], axis=0) for name in ("new", "total", "ndcg")]
    changed, given_up = (float(np.mean([getattr(m, name) for m in found])) for name in ("changed", "given_up"))
    return Measured(*arrays, changed, given_up)


def ratio(with_floor: Measured, plain: Measured) -> tuple[float, float, float]:
    """Exposure of new products with the floor over that without, and its interval (requests drawn, both together)."""
    drawn = np.random.default_rng(0).integers(0, len(plain.new), (DRAWS, len(plain.new)))
    a, b = with_floor.new[drawn].sum(axis=1), plain.new[drawn].sum(axis=1)
    low, high = np.percentile(a[b > 0] / b[b > 0], [2.5, 97.5])
    return with_floor.new.sum() / plain.new.sum(), float(low), float(high)


def row(name: str, with_floor: Measured, plain: Measured) -> str:
    """A line of the table."""
    times, low, high = ratio(with_floor, plain)
    loss = paired(with_floor.ndcg - plain.ndcg)[0]
    share, before = with_floor.new.sum() / with_floor.total.sum(), plain.new.sum() / plain.total.sum()
    return (
        f"| {name} | {before:.3f} | {share:.3f} | {times:.2f} ({low:.2f} to {high:.2f}) | {plain.ndcg.mean():.3f} | "
        f"{loss.mean:+.4f} ({loss.low:+.4f} to {loss.high:+.4f}) | {with_floor.changed:.2f} | {with_floor.given_up:.4f} |"
    )


def varied(settings: Settings, group: str, **changes: object) -> Settings:
    """The settings with some of a group changed."""
    return settings.model_copy(update={group: getattr(settings, group).model_copy(update=changes)})


def unlike(candidates: Sequence[Candidate]) -> float:
    """Mean distance of the pairs: 1 - Jaccard's index of brand, categories and attribute values."""
    traits = [traits_of(c.product) for c in candidates]
    pairs = [1 - len(a & b) / len(a | b) for a, b in combinations(traits, 2)]
    return float(np.mean(pairs)) if pairs else 0.0


def diversity(shelf: Shelf, cases: Sequence[Case], settings: Settings, k: int) -> None:
    """The table of diversity: distance of the pairs shown against nDCG@10."""
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    variants: list[tuple[str, float]] = [("none", 0.0)]
    variants += [(name, w) for name in ("mmr", "dpp") for w in (0.1, 0.3, 0.5, 0.7)]
    print(
        "| chosen by | weight | distance of the pairs shown | difference | nDCG@10 difference |\n|---|---|---|---|---|"
    )
    for name, weight in variants:
        made = Arranging(
            shelf.catalog, varied(settings, "rank", diversity=name, diversity_weight=weight), shelf.prompts
        )
        ranked = [made.arrange(c.state, c.ranking).candidates for c in cases]
        apart = np.array([unlike(r[: c.state.places(k)]) for r, c in zip(ranked, cases, strict=True)])
        score = np.array([ndcg([x.product.id for x in r], c.grades) for r, c in zip(ranked, cases, strict=True)])
        found[f"{name} {weight}"] = apart, score
        base = found["none 0.0"]
        more, loss = paired(apart - base[0])[0], paired(score - base[1])[0]
        print(
            f"| {name} | {weight} | {apart.mean():.3f} | {more.mean:+.3f} ({more.low:+.3f} to {more.high:+.3f}) | "
            f"{loss.mean:+.4f} ({loss.low:+.4f} to {loss.high:+.4f}) |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=None, help="the Chorus files; without, the demo's")
    parser.add_argument("--demo", type=Path, default=Path(__file__).parents[1] / "data" / "demo")
    parser.add_argument("--split", choices=("dev", "train", "test"), default="dev")
    parser.add_argument("--k", type=int, default=3)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--drawn", type=float, default=None, metavar="SHARE")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--distance", type=float, default=0.2)
    parser.add_argument("--most-loss", type=float, default=0.05)
    parser.add_argument("--places", type=int, default=1)
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--diversity", action="store_true")
    options = parser.parse_args()
    name = "chorus" if options.data else "demo"
    settings = load_settings(
        k=options.k, explain={"mode": "record"}, understand={"mode": "encoders"}, rank={"strategy": "none"},
        exposure={"days": options.days, "today": DAYS[name]},
    )  # fmt: skip
    if options.data:
        held = chorus.grades(options.data, options.split)
        asked = [(Request(query, query), grades) for query, grades in held.items()]
    else:
        asked = asked_of_demo(options.demo, options.split)
    with Shelf.open(options.catalog, settings=settings) as shelf:
        cases = read(shelf, asked)
        print(f"{name} {options.split}, {len(cases)} requests, {options.k} places, understand encoders, rank none\n")
        if options.diversity:
            diversity(shelf, cases, settings, options.k)
            return
        draws: list[frozenset[str] | None] = [None]
        if options.drawn:
            ids = [p.id for p in shelf.catalog.products()]
            draws = [held_out(ids, options.drawn, f"exposure-{options.split}-{n}") for n in range(options.draws)]
        plain = mean([measure(arranging(shelf, settings, drawn), cases, options.k, 1) for drawn in draws])
        print("| share, distance, most loss, places | exposure of new, plain | with floor | times | nDCG@10 plain | difference | answers changed | given up, told |")  # fmt: skip
        print("|---|---|---|---|---|---|---|---|")

        def tried(share: float, distance: float, most_loss: float, places: int) -> None:
            changed = varied(
                settings, "exposure", share=share, distance=distance, most_loss=most_loss, places=places, window=90
            )
            made = [measure(arranging(shelf, changed, drawn), cases, options.k, options.passes) for drawn in draws]
            print(row(f"{share}, {distance}, {most_loss}, {places}", mean(made), plain), flush=True)

        run(tried, options)


def run(tried: Callable[[float, float, float, int], None], options: argparse.Namespace) -> None:
    """The settings of the command line, or a sweep over them."""
    if not options.sweep:
        tried(options.share, options.distance, options.most_loss, options.places)
        return
    for share in (0.1, 0.2, 0.3, 0.4):
        for distance, most_loss, places in (
            (0.1, 0.02, 1),
            (0.2, 0.02, 1),
            (0.2, 0.05, 1),
            (0.2, 0.05, 2),
            (0.3, 0.05, 1),
        ):
            tried(share, distance, most_loss, places)


if __name__ == "__main__":
    main()
