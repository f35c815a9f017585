"""Next answers that respect a refusal, and what it costs: over HTTP, on the demo's requests, checked against the feed alone.

    python benchmarks/refusals.py [--cases 200] [--output FILE.json]

Each case is a conversation: a request of the demo (dev and test; nothing is fitted here), one of its picks is refused with a why (brand, price,
look, have, none; picks and whys in turn), the same is asked again as the page does it (with the intent as understood), then asked anew in
words. Respected is a refusal where in both answers the product and its variants are absent, with "brand" all of its brand, with
"price" all of its kind that cost as much or more. "look" is a leaning: only the product itself must be gone. The extra work is the
time that a request takes with what is known of the shopper (five refusals, 200 interactions) less the time without, in process, in one run.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
WHYS = ("brand", "price", "look", "have", "other")


def shop() -> dict[str, dict[str, Any]]:
    """The feed itself, by id."""
    lines = (ROOT / "data/demo/products.jsonl").read_text("utf-8").splitlines()
    return {p["id"]: p for p in map(json.loads, lines)}


def broken(answer: dict[str, Any], gone: dict[str, Any], why: str, products: dict[str, dict[str, Any]]) -> list[str]:
    """The ids of picks that a refusal rules out."""
    found = []
    for pick in answer["picks"]:
        product = products[pick["product_id"]]
        group = gone.get("item_group_id")
        same = product["id"] == gone["id"] or (group and product.get("item_group_id") == group)
        brand = why == "brand" and product.get("brand") == gone.get("brand")
        kind = set(product.get("categories", ())) & set(gone.get("categories", ())[-1:])
        dear = why == "price" and kind and float(product["price"]) >= float(gone["price"])
        if same or brand or dear:
            found.append(product["id"])
    return found


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95% interval of a share."""
    z, p = 1.96, hits / of
    middle, half = p + z * z / (2 * of), z * ((p * (1 - p) + z * z / (4 * of)) / of) ** 0.5
    return (middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)


def served(folder: Path) -> Any:
    """A client of a server over the demo, without a language model."""
    from fastapi.testclient import TestClient

    from shelftalk.demo import prepare_demo
    from shelftalk.server.app import create_app
    from shelftalk.settings import load_settings

    settings = load_settings(
        catalog=prepare_demo(folder / "demo", load_settings()), understand={"mode": "encoders"},
        rank={"strategy": "none"}, explain={"mode": "record"}, serve={"database": f"sqlite:///{folder}/serve.db"},
    )  # fmt: skip
    return TestClient(create_app(settings), client=("127.0.0.1", 5000)), settings


def run(client: Any, cases: int) -> dict[str, Any]:
    """The share of refusals that both next answers respect."""
    products = shop()
    asked = [json.loads(line) for line in (ROOT / "data/demo/requests.jsonl").read_text("utf-8").splitlines()]
    asked = [r for r in asked if not r.get("history") and r["intent"].get("shopping", True)]
    random.Random(7).shuffle(asked)
    kept, by_why, failures = 0, dict.fromkeys(WHYS, (0, 0)), []
    n = 0
    while n < cases:
        request, why = asked[n % len(asked)]["request"], WHYS[n % len(WHYS)]
        talk = client.post("/v1/conversations").json()["id"]
        first = client.post("/v1/recommendations", json={"request": request, "conversation": talk}).json()
        if not first["picks"]:
            asked.pop(n % len(asked))
            continue
        gone = products[first["picks"][(n // len(WHYS)) % len(first["picks"])]["product_id"]]
        noted = {"product_id": gone["id"], "kind": "dismiss", "why": why, "conversation": talk}
        assert client.post("/v1/interactions", json=noted).status_code == 201
        again = {"request": request, "conversation": talk, "intent": first["intent"]}
        answers = [
            client.post("/v1/recommendations", json=again).json(),
            client.post("/v1/recommendations", json={"request": request, "conversation": talk}).json(),
        ]
        bad = [i for answer in answers for i in broken(answer, gone, why, products)]
        kept += not bad
        hits, of = by_why[why]
        by_why[why] = hits + (not bad), of + 1
        if bad:
            failures.append({"request": request, "refused": gone["id"], "why": why, "shown": bad})
        n += 1
    return {"cases": cases, "respected": kept, "interval": wilson(kept, cases), "by_why": by_why, "failures": failures}


def extra_work(settings: Any, rounds: int = 40) -> dict[str, float]:
    """Milliseconds that a known shopper adds to an answer, in process: reading the profile from 200 interactions, and the answer itself."""
    from shelftalk.pipeline import Shelf
    from shelftalk.values import Context, Interaction, Refusal, Request

    draw, ids, now = random.Random(7), sorted(shop()), datetime(2026, 11, 1, tzinfo=UTC)
    done = [
        Interaction(
            "u",
            draw.choice(("view", "click", "cart", "purchase")),
            now - timedelta(hours=9 * n),
            draw.choice(ids),
            f"i{n}",
        )
        for n in range(200)
    ]
    texts = [json.loads(r)["request"] for r in (ROOT / "data/demo/requests.jsonl").read_text("utf-8").splitlines()]
    reading, plain, known = [], [], []
    with Shelf.open(settings=settings) as shelf:
        shelf.known("u", done, context=Context(now))
        for text in texts[:5]:
            shelf.ask(text)
        for text in texts[5 : 5 + rounds]:
            shelf.ask(text)  # what is kept of a request is kept for both
            began = time.perf_counter()
            shelf.ask(text)
            plain.append(time.perf_counter() - began)
            began = time.perf_counter()
            who = shelf.known("u", done, context=Context(now))
            reading.append(time.perf_counter() - began)
            refused = tuple(Refusal(i, why) for i, why in zip(draw.sample(ids, 5), WHYS, strict=True))
            who = type(who)(who.user, who.lines, who.history, refused, who.context, who.text, who.owned)
            began = time.perf_counter()
            shelf.ask(Request(text, shopper=who))
            known.append(time.perf_counter() - began)
    more = np.array(known) - np.array(plain) + np.array(reading)
    return {
        "reading_ms": 1000 * statistics.median(reading), "answer_ms": 1000 * statistics.median(plain),
        "extra_ms": 1000 * float(np.median(more)), "extra_p95_ms": 1000 * float(np.percentile(more, 95)),
    }  # fmt: skip


def main() -> None:
    """Prints the figures, and writes them where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200, help="0: the extra work alone")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        client, settings = served(Path(folder))
        found: dict[str, Any] = {}
        if options.cases:
            with client:
                while client.get("/readyz").status_code != 200:
                    time.sleep(0.1)
                found = run(client, options.cases)
        found["extra_work"] = extra_work(settings)
    if options.cases:
        low, high = found["interval"]
        print(f"refusals respected: {found['respected']} of {found['cases']} ({low:.3f} to {high:.3f})")
        print("by why:", ", ".join(f"{why} {hits}/{of}" for why, (hits, of) in found["by_why"].items()))
        for failure in found["failures"][:10]:
            print("not respected:", failure)
    print("extra work, ms:", {name: round(value, 1) for name, value in found["extra_work"].items()})
    if options.output:
        options.output.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
