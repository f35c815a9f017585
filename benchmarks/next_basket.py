"""Next baskets of uci_online_retail: candidate sources against popularity, item-kNN, ALS and BPR, on one time split.

    python benchmarks/next_basket.py --data DATA --work FOLDER               # frozen at the split, the table of docs/results.md
    python benchmarks/next_basket.py --data DATA --work FOLDER --steps 4     # everything refitted each week of a window
    python benchmarks/next_basket.py --data DATA --work FOLDER --weights     # prints the blend fitted on dev

Lines of customers with a number, of a stock code that is an item, with a quantity and a price above 0. Train ends with 2011-10-13, dev is
2011-10-14 to 11-10, test 2011-11-11 to 12-09. A case is a customer's first basket in the window; what is known is what came before its
day: of the customer the last 1, 5 or 20 lines (all, for reference), of a customer who is new nothing but country and day. All methods
rank the items that the shop had sold before that day; those that it had not still count in the ideal list. nDCG@10, gain 1 for each
item of the basket. An item is unseen where no line before the split (with --steps, before the last fit) has it.

The shop's items are a catalogue of their own here: title and the day of the first sale, embedded with the default embedder. Blend,
half-life and the peers' settings are chosen on dev and kept in FOLDER/dev-STEPS.json, where a further run finds them; test is looked at
once. A method's figures are kept in FOLDER too (delete it to measure anew). Popularity, kNN, ALS and BPR are given the same
lines; where they cannot tell (a customer without history), kNN, ALS and BPR give popularity. Intervals are a bootstrap over customers.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import re
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from scipy.sparse import csr_matrix

from shelftalk.catalog import Catalog
from shelftalk.resources import resource
from shelftalk.shoppers.candidates import Blend, rank_for, scores_for
from shelftalk.shoppers.candidates.fit import Table, learn, table
from shelftalk.shoppers.candidates.split import Case, ndcg, next_baskets, slices
from shelftalk.shoppers.candidates.weigh import Choice, choice, weigh
from shelftalk.values import Context, Interaction, Product

warnings.filterwarnings("ignore", module="implicit")
SPLIT, TEST, END = (datetime(2011, m, d, tzinfo=UTC) for m, d in ((10, 14), (11, 11), (12, 10)))
LEVELS = (1, 5, 20, None)
NAMES = {0: "0 (new)", 1: "1", 5: "5", 20: "20", None: "all"}
HALF_LIVES = (1.0, 2.0, 4.0, 7.0, 14.0, 30.0, 60.0)
DRAWS = 2_000
FITTED = 700
DEMO_HALF_LIFE = 30.0


@dataclass
class Shop:
    """The lines of the shop as interactions, its items and the day of each one's first sale."""

    interactions: list[Interaction]
    products: list[Product]
    first: dict[str, datetime] = field(default_factory=dict)

    def sold_before(self, at: datetime) -> list[str]:
        """The ids of the items that had been sold before a moment."""
        return [i for i, day in self.first.items() if day < at]


def read(path: Path) -> Shop:
    """The invoices as interactions."""
    interactions, titles, first, prices = [], {}, {}, {}
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        for n, row in enumerate(csv.DictReader(file)):
            code = row["StockCode"].strip().upper()
            if not re.match(r"\d{5}", code) or row["InvoiceNo"].startswith("C"):
                continue
            if float(row["Quantity"]) <= 0 or float(row["UnitPrice"]) <= 0:
                continue
            at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
            first.setdefault(code, at.replace(hour=0, minute=0))
            titles.setdefault(code, row["Description"].strip())
            prices.setdefault(code, row["UnitPrice"])
            if row["CustomerID"]:
                interactions.append(
                    Interaction(
                        row["CustomerID"].removesuffix(".0"), "purchase", at, code, str(n), float(row["Quantity"]),
                        session=row["InvoiceNo"], place=row["Country"],
                    )
                )  # fmt: skip
    products = [
        Product(i, title or i, price=Decimal(prices[i]), currency="GBP", released_at=first[i].date().isoformat())
        for i, title in titles.items()
    ]
    return Shop(interactions, products, first)


def read_demo() -> Shop:
    """The demo's shop: what people looked at, put in the basket and bought."""
    folder = resource("data/demo")
    products = [
        Product(
            p["id"], p["title"], p.get("description", ""), p.get("brand"), categories=tuple(p["categories"]),
            released_at=p.get("released_at"), review_count=p.get("review_count"),
        )
        for p in map(json.loads, (folder / "products.jsonl").read_text(encoding="utf-8").splitlines())
    ]  # fmt: skip
    done = [
        Interaction(i["user"], kind, datetime.fromisoformat(i["time"]), i["product"], str(n))
        for n, i in enumerate(map(json.loads, (folder / "interactions.jsonl").read_text(encoding="utf-8").splitlines()))
        if (kind := {"buy": "purchase"}.get(i["event"], i["event"])) != "dismiss"
    ]
    first = {p.id: datetime.fromisoformat(p.released_at or "2000-01-01").replace(tzinfo=UTC) for p in products}
    return Shop(done, products, first)


def catalogue(shop: Shop, folder: Path) -> Catalog:
    """The shop's items, embedded with the default embedder; made once."""
    catalog = Catalog.open(folder / "catalog", create=True)
    if catalog.count() != len(shop.products):
        catalog.upsert(shop.products)
    return catalog


# Peers ---------------------------------------------------------------------------------------------------------------

Scorer = Callable[[Case], np.ndarray]


@dataclass
class Peers:
    """Popularity, item-kNN, ALS and BPR over the lines before a moment; each gives a score for every item."""

    held: Table
    at: float
    settings: dict[str, Any]

    def __post_init__(self) -> None:
        self.n = len(self.held.ids)
        self.index = {i: n for n, i in enumerate(self.held.ids)}
        self.matrix = csr_matrix((np.ones(len(self.held)), (self.held.user, self.held.item)), (self.held.users, self.n))
        self.matrix.sum_duplicates()
        self.matrix.data[:] = 1.0
        self.popular = np.bincount(self.held.item, minlength=self.n).astype(float)

    def recent(self, half_life: float) -> np.ndarray:
        return np.bincount(self.held.item, np.exp2(-(self.at - self.held.day) / half_life), minlength=self.n)

    def history(self, case: Case) -> list[int]:
        return [self.index[i.product_id] for i in case.history if i.product_id in self.index]

    def popularity(self) -> Scorer:
        return lambda case: self.popular

    def recent_popularity(self) -> Scorer:
        values = self.recent(self.settings["half_life"])
        return lambda case: values

    def knn(self) -> Scorer:
        kind, options = self.settings["knn"]
        model = KNN[kind](K=self.settings["K"], num_threads=1, **options)
        model.fit(self.matrix, show_progress=False)
        similar = csr_matrix(model.similarity)

        def score(case: Case) -> np.ndarray:
            own = self.history(case)
            return np.asarray(similar[own].sum(axis=0)).ravel() if own else self.popular

        return score

    def als(self) -> Scorer:
        factors, alpha = self.settings["als"]
        model = AlternatingLeastSquares(
            factors=factors, alpha=alpha, regularization=0.1, iterations=15, num_threads=1, random_state=0
        )
        model.fit(self.matrix.astype(np.float32), show_progress=False)

        def score(case: Case) -> np.ndarray:
            own = sorted(set(self.history(case)))
            if not own:
                return self.popular
            row = csr_matrix((np.ones(len(own), dtype=np.float32), ([0] * len(own), own)), (1, self.n))
            return model.item_factors @ model.recalculate_user(0, row)

        return score

    def bpr(self) -> Scorer:
        model = BayesianPersonalizedRanking(factors=64, iterations=100, num_threads=1, random_state=0)
        model.fit(self.matrix.astype(np.float32), show_progress=False)

        def score(case: Case) -> np.ndarray:  # a new user's factors are the mean of what they took: BPR cannot fold in
            own = self.history(case)
            return model.item_factors @ model.item_factors[own].mean(axis=0) if own else self.popular

        return score


KNN = {"cosine": CosineRecommender, "tfidf": TFIDFRecommender, "bm25": BM25Recommender}
PEERS = {
    "popularity": Peers.popularity, "popularity, recent": Peers.recent_popularity, "item-kNN": Peers.knn,
    "ALS": Peers.als, "BPR": Peers.bpr,
}  # fmt: skip
CHOICES = {
    "item-kNN": ("knn", [("cosine", {}), ("tfidf", {}), ("bm25", {}), ("bm25", {"K1": 100, "B": 0.5})]),
    "ALS": ("als", [(64, 1.0), (64, 10.0), (128, 10.0), (64, 40.0)]),
    "popularity, recent": ("half_life", HALF_LIVES),
}
FIRST = {"half_life": 4.0, "knn": ("tfidf", {}), "K": 200, "als": (128, 10.0)}


# Measuring -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """A slice of a window: its cases, what was known when it began, and what of the shop each case may be shown."""

    cases: Sequence[Case]
    held: Table
    start: datetime
    among: dict[datetime, list[str]]
    seen: frozenset[str]


def parts(shop: Shop, start: datetime, end: datetime, steps: int, kinds: Sequence[str] = ("purchase",)) -> list[Part]:
    """The window in slices, everything of each known up to its start."""
    ids = [p.id for p in shop.products]
    made = []
    begun: set[str] = set()
    for since, until in slices(start, end, steps):
        found = list(next_baskets(shop.interactions, since, until, levels=LEVELS, kinds=kinds))
        # A customer counts once: in the first slice they buy in; they are new where nothing came before the window.
        met = {i.user for i in shop.interactions if i.at < start}
        cases = [c for c in found if c.user not in begun and (c.level == 0 or c.user in met)]
        begun |= {c.user for c in found}
        held = table(shop.interactions, ids, since)
        seen = frozenset(i for i, n in Counter(held.item.tolist()).items() if n)
        among = {at: shop.sold_before(at) for at in {c.at for c in cases}}
        made.append(Part(cases, held, since, among, frozenset(ids[n] for n in seen)))
    return made


Measured = dict[tuple[str, int | None], tuple[float, float]]
Ranker = Callable[[Part], Callable[[Case], list[str]]]


def peer(name: str, settings: dict[str, Any]) -> Ranker:
    """A peer as a ranker of what a case may be shown."""

    def of(part: Part) -> Callable[[Case], list[str]]:
        peers = Peers(part.held, part.start.timestamp() / 86_400, settings)
        scorer = PEERS[name](peers)
        places = {at: np.array([peers.index[i] for i in ids]) for at, ids in part.among.items()}

        def rank(case: Case) -> list[str]:
            here = places[case.at]
            order = here[np.argsort(-scorer(case)[here], kind="stable")[:10]]
            return [part.held.ids[n] for n in order]

        return rank

    return of


def ours(catalog: Catalog, half_life: float, blend: Any) -> Ranker:
    """The product's own path; each list is made once."""
    done: dict[tuple[str, int | None], list[str]] = {}

    def of(part: Part) -> Callable[[Case], list[str]]:
        behaviour = learn(part.held, part.start, half_life=half_life, blend=blend)
        among = {at: frozenset(ids) for at, ids in part.among.items()}

        def rank(case: Case) -> list[str]:
            if (case.user, case.level) not in done:
                context = Context(at=case.at, place=case.place)
                found = rank_for(case.history, catalog, behaviour, context=context, k=10, among=among[case.at])
                done[case.user, case.level] = [s.product_id for s in found]
            return done[case.user, case.level]

        return rank

    return of


def with_new(rank: Ranker, catalog: Catalog, half_life: float) -> Ranker:
    """The same, its last place given to an item that nobody has taken yet: what is most like the customer's own and newest, evenly."""
    even = Blend({"liked": 1.0, "new": 1.0}, {"liked": 1.0, "new": 1.0}, 1.0)

    def of(part: Part) -> Callable[[Case], list[str]]:
        behaviour = learn(part.held, part.start, half_life=half_life)
        plain = rank(part)

        def ranked(case: Case) -> list[str]:
            ids = plain(case)
            unseen = [i for i in part.among[case.at] if i not in part.seen]
            if not unseen or set(ids) & set(unseen):
                return ids
            context = Context(at=case.at, place=case.place)
            found = scores_for(case.history, unseen, catalog, behaviour, context=context, blend=even)
            return [*ids[:9], max(found, key=lambda s: s.score).product_id]

        return ranked

    return of


def measured(ranker: Ranker, window: Sequence[Part]) -> Measured:
    """By customer and level: nDCG@10 of the whole basket, and of its unseen items alone (nan where it has none)."""
    found = {}
    for part in window:
        rank = ranker(part)
        for case in part.cases:
            ids = rank(case)
            unseen = case.bought - part.seen
            found[case.user, case.level] = ndcg(ids, case.bought), ndcg(ids, unseen) if unseen else np.nan
    return found


def kept_or_measured(path: Path, make: Callable[[], Measured]) -> Measured:
    """A method's figures: those of an earlier run of this command where they stand, else measured, and kept."""
    if path.exists():
        rows = json.loads(path.read_text(encoding="utf-8"))
        return {(user, level): (whole, np.nan if unseen is None else unseen) for user, level, whole, unseen in rows}
    found = make()
    rows = [
        [user, level, whole, None if np.isnan(unseen) else unseen] for (user, level), (whole, unseen) in found.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), encoding="utf-8")
    return found


def mean(found: Measured, level: int | None) -> float:
    return float(np.mean([v[0] for (_, at), v in found.items() if at == level]))


def chosen(window: Sequence[Part]) -> dict[str, Any]:
    """The peers' settings with the best mean over levels 1, 5 and 20 (popularity: of all) on dev."""
    settings = dict(FIRST)
    for name, (key, options) in CHOICES.items():
        tried = []
        for option in options:
            found = measured(peer(name, {**settings, key: option}), window)
            tried.append((np.mean([mean(found, level) for level in (1, 5, 20)]), option))
        settings[key] = max(tried, key=lambda pair: pair[0])[1]
        print(f"dev, {name}: " + ", ".join(f"{option} {value:.4f}" for value, option in tried), flush=True)
    return settings


def choices_of(catalog: Catalog, window: Sequence[Part], half_life: float) -> list[Choice]:
    """What the sources propose for FITTED customers of a window."""
    users = sorted({c.user for part in window for c in part.cases})
    some = set(random.Random(0).sample(users, min(FITTED, len(users))))
    choices = []
    for part in window:
        behaviour = learn(part.held, part.start, half_life=half_life)
        among = {at: frozenset(ids) for at, ids in part.among.items()}
        choices += [choice(c, catalog, behaviour, among[c.at]) for c in part.cases if c.user in some]
    return choices


def fitted(catalog: Catalog, window: Sequence[Part], half_life: float, work: Path) -> dict[str, Any]:
    """The blend that dev asks for, and the one that travels with the package: fitted on dev of this shop and of the demo's, each shop
    counting the same."""
    own = choices_of(catalog, window, half_life)
    _, demo_catalog, (early, _) = demo_shop(work / "demo")
    others = choices_of(demo_catalog, early, DEMO_HALF_LIFE)
    both = [replace(c, weight=1 / len(some)) for some in (own, others) for c in some]
    return {"blend": weigh(own).to_dict(), "default": weigh(both).to_dict()}


# Telling -------------------------------------------------------------------------------------------------------------


def interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    draws = np.random.default_rng(seed).integers(0, len(values), (DRAWS, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def told(values: np.ndarray) -> str:
    low, high = interval(values)
    return f"{values.mean():.4f} ({low:.4f} to {high:.4f})"


def tell(results: dict[str, Measured], levels: Sequence[int | None]) -> None:
    """The tables: nDCG@10 by level, and of unseen items; then ours over the best of the others."""
    print("\n| method | " + " | ".join(NAMES[level] for level in levels) + " |\n|---" + "|---" * len(levels) + "|")
    users = {level: sorted(u for u, at in next(iter(results.values())) if at == level) for level in levels}
    values = {
        name: {lv: np.array([found[u, lv][0] for u in users[lv]]) for lv in levels} for name, found in results.items()
    }
    print("| cases | " + " | ".join(str(len(users[level])) for level in levels) + " |")
    for name in results:
        print(f"| {name} | " + " | ".join(told(values[name][level]) for level in levels) + " |")
    for title, names in (
        ("best of the four", ("popularity", "item-kNN", "ALS", "BPR")),
        ("best of all others", tuple(PEERS)),
    ):
        cells = []
        for level in levels:
            best = max(names, key=lambda n: values[n][level].mean())
            a, b = values["shelftalk"][level], values[best][level]
            draws = np.random.default_rng(0).integers(0, len(a), (DRAWS, len(a)))
            others = b[draws].mean(axis=1)
            low, high = np.quantile(a[draws].mean(axis=1)[others > 0] / others[others > 0], (0.025, 0.975))
            cells.append(f"{a.mean() / b.mean():.2f} ({low:.2f} to {high:.2f}) of {best}")
        print(f"| shelftalk over the {title} | " + " | ".join(cells) + " |")
    print("\nItems unseen in training, nDCG@10 over the baskets that hold one:\n")
    print("| method | " + " | ".join(NAMES[level] for level in levels) + " |\n|---" + "|---" * len(levels) + "|")
    for name, found in results.items():
        cells = []
        for level in levels:
            some = np.array([found[u, level][1] for u in users[level] if not np.isnan(found[u, level][1])])
            cells.append(f"{told(some)}, n={len(some)}" if len(some) else "none")
        print(f"| {name} | " + " | ".join(cells) + " |")


def bounds(window: Sequence[Part]) -> None:
    """What lists for new customers reach that know their baskets: the best ten items for all of them together, and for those of each day.
    The first is more than any one list of a frozen method can have; the second more than any list that follows the day."""
    new = [case for part in window for case in part.cases if case.level == 0]
    days = {case.at for case in new}
    for name, groups in (("all", [new]), ("each day's", [[c for c in new if c.at == at] for at in days])):
        found = []
        for group in groups:
            worth: Counter[str] = Counter()
            for case in group:  # an item is worth more in a small basket, whose ideal list is short
                worth.update(dict.fromkeys(case.bought, 1 / ndcg_ideal(len(case.bought))))
            best = [i for i, _ in worth.most_common(10)]
            found += [ndcg(best, case.bought) for case in group]
        print(f"Hindsight, one list for {name} new customers: {told(np.array(found))}")


def ndcg_ideal(n: int) -> float:
    return float((1 / np.log2(np.arange(2, 2 + min(10, n)))).sum())


def demo_shop(folder: Path) -> tuple[Shop, Catalog, tuple[list[Part], list[Part]]]:
    """The demo's shop with its windows: dev is August and September 2026, test October."""
    shop = read_demo()
    kinds = ("click", "cart", "purchase")
    months = [datetime(2026, m, 1, tzinfo=UTC) for m in (8, 10, 11)]
    windows = [parts(shop, a, b, 1, kinds) for a, b in pairwise(months)]
    return shop, catalogue(shop, folder), (windows[0], windows[1])


def demo(work: Path) -> None:
    """What the demo's shoppers look at closer, put in the basket or buy next, by the blend that travels with the package."""
    _, catalog, (_, window) = demo_shop(work / "demo")
    rankers = {name: peer(name, {**FIRST, "half_life": DEMO_HALF_LIFE}) for name in PEERS}
    rankers["shelftalk"] = ours(catalog, DEMO_HALF_LIFE, Blend.default())
    tell({name: measured(ranker, window) for name, ranker in rankers.items()}, LEVELS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data sets")
    parser.add_argument("--work", type=Path, required=True, help="folder for the catalogue of the shop's items")
    parser.add_argument("--steps", type=int, default=1, help="so many fits in a window; 1 is frozen at the split")
    parser.add_argument("--dev", action="store_true", help="tables of dev, not of test")
    parser.add_argument("--weights", action="store_true", help="print the blends fitted on dev, and end")
    parser.add_argument(
        "--demo", action="store_true", help="the demo's shoppers instead, with the shipped blend: a small check"
    )
    parser.add_argument(
        "--only", nargs="+", default=(), help="measure these methods, keep their figures, print nothing"
    )
    options = parser.parse_args()
    begun = time.perf_counter()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.demo:
        demo(options.work)
        return
    shop = read(options.data / "uci_online_retail" / "online_retail.csv.gz")
    catalog = catalogue(shop, options.work)
    dev = parts(shop, SPLIT, TEST, options.steps)
    kept = options.work / f"dev-{options.steps}.json"
    held = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    if "settings" not in held:
        held["settings"] = chosen(dev)
        kept.write_text(json.dumps(held), encoding="utf-8")
    settings = held["settings"]
    half_life = settings["half_life"]
    if "blend" not in held and not (options.only and set(options.only) <= set(PEERS)):
        held |= fitted(catalog, dev, half_life, options.work)
        kept.write_text(json.dumps(held), encoding="utf-8")
    blend = Blend.from_dict(held["blend"]) if "blend" in held else Blend.default()
    print("dev chose:", json.dumps(held), flush=True)
    if options.weights:
        return
    window = dev if options.dev else parts(shop, TEST, END, options.steps)
    own = ours(catalog, half_life, blend)
    rankers = {**{name: peer(name, settings) for name in PEERS}, "shelftalk": own}
    rankers["shelftalk, one place for the unseen"] = with_new(own, catalog, half_life)
    folder = options.work / f"{'dev' if options.dev else 'test'}-{options.steps}"
    results = {}
    for name, ranker in rankers.items():
        if not options.only or name in options.only:
            results[name] = kept_or_measured(folder / f"{name}.json", lambda r=ranker: measured(r, window))
    if options.only:
        return
    tell(results, (0, *LEVELS))
    bounds(window)
    print(f"\n{len(shop.interactions)} lines, {len(shop.products)} items; {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
