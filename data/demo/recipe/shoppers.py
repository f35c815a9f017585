"""Invents what the shoppers did: visits with views, clicks, carts, purchases and dismissals that follow their interests."""

from __future__ import annotations

import datetime as dt
import random
import re
from typing import Any

from . import HERE, SEED
from .rules import all_hold, parse

FIRST, LAST = dt.datetime(2025, 6, 1), dt.datetime(2026, 10, 31)
VISITS = {0: (0, 0), 1: (1, 4), 2: (4, 10), 3: (10, 18)}


def read_shoppers() -> list[dict[str, Any]]:
    """The shoppers as written, with their interests as (category code, predicates)."""
    shoppers = []
    for line in (HERE / "shoppers.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, consent, level, profile, interests = line.split("|")
        wants = [(code, parse(text)) for code, text in re.findall(r"(\w{4}) \(([^)]*)\)", interests)]
        shoppers.append(
            {"name": name, "consent": consent == "y", "level": int(level), "profile": profile, "wants": wants}
        )
    return shoppers


def users(shoppers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of users.jsonl; a shopper without a profile has no such key."""
    return [
        {"id": f"u-{s['name']}", **({"profile": s["profile"]} if s["profile"] != "-" else {}), "consent": s["consent"]}
        for s in shoppers
    ]


def _visit(
    shopper: dict[str, Any], products: list[dict[str, Any]], rng: random.Random, time: dt.datetime, owned: set[str]
) -> list[tuple[dt.datetime, str, str]]:
    """What happened in one visit, as (time, product id, event)."""
    code, wants = rng.choice(shopper["wants"])
    day = time.date().isoformat()
    shelf = [p for p in products if p["id"].startswith(code) and p["released_at"] <= day and p["id"] not in owned]
    liked = {p["id"] for p in shelf if all_hold(p, wants)}
    weights = {p["id"]: (8 if p["id"] in liked else 1) * (p.get("rating") or 3.5) ** 2 for p in shelf}
    done: list[tuple[dt.datetime, str, str]] = []

    def step(id_: str, event: str, low: int, high: int) -> None:
        nonlocal time
        time += dt.timedelta(seconds=rng.randint(low, high))
        done.append((time, id_, event))

    bought = False
    for _ in range(min(len(shelf), rng.randint(2, 6))):
        id_ = rng.choices(list(weights), list(weights.values()))[0]
        del weights[id_]
        step(id_, "view", 4, 90)
        if rng.random() < (0.6 if id_ in liked else 0.2):
            step(id_, "click", 2, 20)
            if not bought and id_ in liked and rng.random() < 0.35:
                step(id_, "cart", 20, 240)
                if rng.random() < 0.6:
                    step(id_, "buy", 60, 600)
                    owned.add(id_)
                    bought = True
        elif id_ not in liked and rng.random() < 0.15:
            step(id_, "dismiss", 1, 8)
    return done


def interactions(shoppers: list[dict[str, Any]], products: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of interactions.jsonl, oldest first. Nobody meets a product before its release or buys one twice."""
    events = []
    for shopper in shoppers:
        rng = random.Random(f"{SEED}:{shopper['name']}")
        days = (LAST - FIRST).days
        start = rng.randint(0, days * 2 // 3)
        visits = rng.randint(*VISITS[shopper["level"]])
        owned: set[str] = set()
        for day in sorted(rng.sample(range(start, days), visits)):
            hour = rng.choices(range(6, 24), [1, 2, 3, 2, 2, 3, 4, 3, 2, 2, 2, 3, 4, 6, 8, 8, 6, 3])[0]
            time = FIRST + dt.timedelta(days=day, hours=hour, seconds=rng.randint(0, 2400))
            events += [(t, f"u-{shopper['name']}", p, e) for t, p, e in _visit(shopper, products, rng, time, owned)]
    events.sort()
    return [{"user": u, "product": p, "event": e, "time": f"{t.isoformat()}Z"} for t, u, p, e in events]
