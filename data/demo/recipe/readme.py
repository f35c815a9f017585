"""Writes the README of the demo data, so that its counts are those of the files beside it."""

from __future__ import annotations

from collections import Counter
from typing import Any

TEXT = """# Demo data

A small general shop, made up for Shelftalk: its catalogue, judged requests and shoppers. Brands, products, people and
events are invented, and any likeness to real ones is chance. Licence: Apache-2.0, like the rest of the repository.

`python data/demo/generate.py` writes every file here, this one too, byte for byte the same; `--check` compares and
leaves with exit code 1 where they differ. The rows, sentences, requests and shoppers were written by hand
(`recipe/tables/*.txt`, `recipe/requests.txt`, `recipe/shoppers.txt`); the script fills in and draws, from a seed, what a
person would not: price endings, list prices, ratings and reviews, stock, release dates, which sentences describe which
product, and what the shoppers did.

| file | what | lines |
|---|---|---|
{files}

## products.jsonl
The native schema. {products} products, {categories} categories, {brands} brands, prices in EUR from {cheapest} to {dearest}. Attributes
carry their unit in the name (`battery_life_hours`, `weight_g`) and always have the same type: number, text, boolean or
list of texts. {new} products have no review yet, {out} are out of stock, {preorder} can be preordered, {listed} have a higher
`list_price`. Optional attributes are missing here and there, as in a real feed. The shop's "today" is {today}.

| category | code | products | attributes |
|---|---|---|---|
{table}

## requests.jsonl
`{{"id", "request", "history"?, "k"?, "split", "kind", "category", "intent", "soft", "no_match"}}`. `intent` is the gold
reading: hard `constraints`, `sort`, `limit`, `exclude` (product ids) and `shopping`. `soft` are wishes as predicates, each
with the words it stands for. {held}
are asked for in test requests only, and no test request repeats one of dev.

| kind | dev | test | what it tries |
|---|---|---|---|
{kinds}

## qrels.dev.txt, qrels.test.txt
TREC qrels, `request 0 product grade`, by a rule from the attributes ({judged} judgments; grades 3, 2, 1, 0: {grades}):
- a product that breaks a hard constraint, lacks the constrained value or is excluded: 0;
- with a sort: the best `limit` (1 when not said), ties included, get 3, the next three places 2, the seven after those 1, the
  rest, and products without the sorted value, 0;
- with soft wishes: all held 3, at least half 2, fewer 1 (none: 0, where the category is the only constraint);
- otherwise every fitting product gets 3.

Every product above 0 is listed. The 0s are up to 12 near misses that break one constraint, and a few others; a product
not listed is 0 as well. A request that nothing fits has 0s alone, and one that is no shopping request has no lines: leave
both out of ranking metrics and score the refusal. Availability plays no part unless the request asks for it.
Unisex clothes and shoes fit a request for women's or men's ones. Words without a number ("light", "not too dear") are soft
wishes with a threshold that a shop assistant would name; the request's line holds it.

## users.jsonl, interactions.jsonl
{users} shoppers `{{"id", "profile"?, "consent"}}`, {silent} of them without any interaction ({refused} did not consent to keeping
any), and {events} interactions `{{"user", "product", "event", "time"}}` from {first} to {last} (UTC):
{by_event}. Nobody meets a product before its release.
"""
TRIES = {
    "exact": "hard limits in plain words",
    "range": "from this to that, about, between",
    "soft": "wishes beside the limits",
    "gift": "for someone else",
    "negation": "not this, without that",
    "superlative": "the cheapest, the longest, the best rated",
    "misspelling": "typed in a hurry",
    "alternatives": "this or that",
    "units": "units in words or other units",
    "count": "how many are wanted",
    "turns": "refers to earlier turns",
    "nothing": "nothing in the shop fits",
    "other": "no shopping request",
}


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def write_readme(
    products: list[dict[str, Any]],
    requests: list[dict[str, Any]],
    qrels: dict[str, str],
    users: list[dict[str, Any]],
    events: list[dict[str, Any]],
    codes: dict[str, str],
    today: str,
) -> str:
    """The README's text."""
    shelves = Counter(p["categories"][-1] for p in products)
    kinds = Counter((r["kind"], r["split"]) for r in requests)
    dev = {r["category"] for r in requests if r["split"] == "dev"}
    held = sorted({r["category"] for r in requests if r["category"]} - dev)
    lines = [line for text in qrels.values() for line in text.splitlines()]
    grades = Counter(line.split()[-1] for line in lines)
    names = {leaf: set().union(*(p["attributes"] for p in products if p["categories"][-1] == leaf)) for leaf in shelves}
    prices = sorted((float(p["price"]), p["price"]) for p in products)
    actions = Counter(e["event"] for e in events)
    files = [
        _row("products.jsonl", "the catalogue", len(products)),
        _row("requests.jsonl", "requests with their gold intent", len(requests)),
        *(_row(name, "graded judgments", text.count("\n")) for name, text in qrels.items()),
        _row("users.jsonl", "shoppers", len(users)),
        _row("interactions.jsonl", "what they did", len(events)),
    ]
    return TEXT.format(
        files="\n".join(files),
        products=len(products),
        categories=len(shelves),
        brands=len({p["brand"] for p in products}),
        cheapest=prices[0][1],
        dearest=prices[-1][1],
        new=sum(not p["review_count"] for p in products),
        out=sum(p["availability"] == "out_of_stock" for p in products),
        preorder=sum(p["availability"] == "preorder" for p in products),
        listed=sum("list_price" in p for p in products),
        today=today,
        table="\n".join(_row(leaf, codes[leaf], n, len(names[leaf])) for leaf, n in shelves.items()),
        held=", ".join(held[:-1]) + " and " + held[-1],
        kinds="\n".join(_row(k, kinds[k, "dev"], kinds[k, "test"], what) for k, what in TRIES.items()),
        judged=len(lines),
        grades=", ".join(str(grades[g]) for g in "3210"),
        users=len(users),
        silent=len({u["id"] for u in users} - {e["user"] for e in events}),
        refused=sum(not u["consent"] for u in users),
        events=len(events),
        first=events[0]["time"][:10],
        last=events[-1]["time"][:10],
        by_event=", ".join(f"{n} {event}" for event, n in actions.most_common()),
    )
