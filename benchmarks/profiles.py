"""Profile lines that their evidence supports: 100 profiles held against interactions and catalogue by the strict check.

    python benchmarks/profiles.py --data DIR [--seed 0]

60 profiles are of the bundled shoppers (data/demo), 40 of customers of uci_online_retail who bought on 5 days or more, drawn by the
seed; its catalogue is made of the invoices (description and median price; it has neither categories nor attributes). The check
(shoppers/profiles/support.py) shares no code with what makes the lines. Also told: lines found where each product that was chosen is
replaced by one drawn at random from the same category, which are chance by construction; how the bundled shoppers' lines agree with the
interests that they were written with (data/demo/recipe/shoppers.txt), which the profiles never see; and the time.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median

from scipy.stats import beta

from shelftalk.catalog.facets import collect
from shelftalk.catalog.product import parse_product
from shelftalk.shoppers.profiles import Offers, Profile, build_profile
from shelftalk.shoppers.profiles.corrections import aspect_of
from shelftalk.shoppers.profiles.support import Checker
from shelftalk.values import Interaction, Product

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "data" / "demo"
DEMO_NOW = datetime(2026, 11, 1, tzinfo=UTC)  # the bundled shop's own today
UCI_NOW = datetime(2011, 12, 10, tzinfo=UTC)  # the day after the last invoice
KINDS = {"buy": "purchase"}
LEAST_DAYS, CUSTOMERS = 5, 40
NAMED = 2  # shoppers of this level or above visit often enough to show an interest

Histories = dict[str, list[Interaction]]


def demo() -> tuple[list[Product], Histories]:
    """The bundled catalogue and what its shoppers did; those who did nothing have an empty history."""
    products = [parse_product(json.loads(line)) for line in (DEMO / "products.jsonl").open(encoding="utf-8")]
    found: Histories = {json.loads(line)["id"]: [] for line in (DEMO / "users.jsonl").open(encoding="utf-8")}
    for number, line in enumerate((DEMO / "interactions.jsonl").open(encoding="utf-8")):
        e = json.loads(line)
        at = datetime.fromisoformat(e["time"])
        found[e["user"]].append(
            Interaction(e["user"], KINDS.get(e["event"], e["event"]), at, e["product"], f"e{number}")
        )
    return products, found


def uci(folder: Path, seed: int) -> tuple[list[Product], Histories]:
    """The gift shop as a catalogue, and the purchases of the customers drawn; cancelled and unpriced lines are left out."""
    titles: dict[str, Counter[str]] = defaultdict(Counter)
    prices: dict[str, list[Decimal]] = defaultdict(list)
    done: Histories = defaultdict(list)
    path = folder / "uci_online_retail" / "online_retail.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines)):
            price, amount = Decimal(row["UnitPrice"]), int(row["Quantity"])
            if price <= 0 or amount <= 0 or not row["Description"].strip():
                continue
            item = row["StockCode"]
            titles[item][row["Description"].strip()] += 1
            prices[item].append(price)
            if row["CustomerID"]:
                at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
                done[row["CustomerID"]].append(
                    Interaction(row["CustomerID"], "purchase", at, item, f"i{number}", float(amount), price, "GBP", session=row["InvoiceNo"])
                )  # fmt: skip
    products = [
        Product(item, names.most_common(1)[0][0], price=median(prices[item]), currency="GBP")
        for item, names in titles.items()
    ]
    often = sorted(user for user, held in done.items() if len({i.at.date() for i in held}) >= LEAST_DAYS)
    drawn = random.Random(seed).sample(often, CUSTOMERS)
    return products, {user: done[user] for user in drawn}


def at_random(history: Sequence[Interaction], by_id: Mapping[str, Product], offers: Offers, rng: random.Random) -> list[Interaction]:  # fmt: skip
    """The same history with each product replaced by one of the same category, the same one each time."""
    shelves: dict[str, list[str]] = defaultdict(list)
    for product in by_id.values():
        shelves[offers.category_of(product)].append(product.id)
    instead: dict[str, str] = {}
    for shelf, ids in shelves.items():
        met = [
            i.product_id for i in history if i.product_id in by_id and offers.category_of(by_id[i.product_id]) == shelf
        ]
        different = list(dict.fromkeys(met))
        instead |= dict(zip(different, rng.sample(sorted(ids), len(different)), strict=True))
    return [replace(i, product_id=instead[i.product_id], price=None) for i in history if i.product_id in instead]


def interval(hits: int, of: int) -> str:
    """A share with its exact 95% interval (Clopper and Pearson, 1934)."""
    if not of:
        return "none"
    low = beta.ppf(0.025, hits, of - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, of - hits) if hits < of else 1.0
    return f"{hits} of {of}, {hits / of:.3f} ({low:.3f} to {high:.3f})"


def agreement(profiles: Mapping[str, Profile], products: Sequence[Product]) -> None:
    """How lines agree with the interests that the bundled shoppers were written with."""
    sys.path.insert(0, str(DEMO))
    from recipe.shoppers import read_shoppers

    codes = {p.categories[-1]: p.id.partition("-")[0] for p in products}
    kinds = [0, 0]
    fields = [0, 0]
    found = [0, 0]
    for shopper in read_shoppers():
        wants = {code: {predicate["field"] for predicate in held} for code, held in shopper["wants"]}
        lines = profiles[f"u-{shopper['name']}"].lines
        for line in lines:
            if line.criterion.field == "categories":
                kinds[0] += codes[str(line.criterion.value)] in wants
                kinds[1] += 1
            elif line.category:
                fields[0] += line.criterion.field in wants.get(codes[line.category], ())
                fields[1] += 1
        if shopper["level"] >= NAMED:
            said = {codes[str(x.criterion.value)] for x in lines if x.criterion.field == "categories"}
            found[0] += len(said & set(wants))
            found[1] += len(wants)
    print(f"kinds of product said that were written: {interval(*kinds)}")
    print(f"kinds of product written (shoppers who come often) that are said: {interval(*found)}")
    print(f"lines within a category on a field that the interest there names: {interval(*fields)}")


def report(name: str, products: Sequence[Product], histories: Histories, now: datetime, seed: int) -> tuple[int, int]:
    """Prints what is found of one shop; (lines supported, lines)."""
    facets = collect(products, 1)
    offers = Offers.of(products, facets)
    by_id = {p.id: p for p in products}
    checker = Checker(products, facets.currency)
    profiles: dict[str, Profile] = {}
    spent = []
    for user, history in histories.items():
        build_profile(user, history[:1], by_id, offers, now=now)  # templates are read once
        start = time.process_time()
        profiles[user] = build_profile(user, history, by_id, offers, now=now)
        spent.append((time.process_time() - start) * 1000)
    verdicts = [v for user, made in profiles.items() for v in checker.check(made.lines, histories[user], user, now)]
    good = sum(v.holds for v in verdicts)
    for verdict in verdicts:
        if not verdict.holds:
            print(f"  not supported: {verdict.line.text} ({'; '.join(verdict.wrong)})")
    rng = random.Random(seed)
    drawn = (build_profile(u, at_random(h, by_id, offers, rng), by_id, offers, now=now) for u, h in histories.items())
    chance = Counter(aspect_of(line) for made in drawn for line in made.lines)
    del chance["category"]  # the categories are those that were chosen
    kinds = Counter(aspect_of(v.line) for v in verdicts)
    print(f"{name}: {len(profiles)} profiles, {sum(bool(p.lines) for p in profiles.values())} with lines, {len(verdicts)} lines {dict(kinds)}")  # fmt: skip
    print(f"  supported: {interval(good, len(verdicts))}")
    print(f"  lines where what was chosen is drawn at random within its category: {dict(chance)}")
    print(f"  CPU time a profile, ms: median {median(spent):.1f}, most {max(spent):.1f} (of {max(map(len, histories.values()))} interactions)")  # fmt: skip
    if name == "demo":
        agreement(profiles, products)
    return good, len(verdicts)


def main() -> None:
    """Both shops, and together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds uci_online_retail")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    one = report("demo", *demo(), DEMO_NOW, arguments.seed)
    other = report("uci_online_retail", *uci(arguments.data, arguments.seed), UCI_NOW, arguments.seed)
    print(f"together, lines supported: {interval(one[0] + other[0], one[1] + other[1])}")


if __name__ == "__main__":
    main()
