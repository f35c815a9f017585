"""The hostile cases through HTTP, against a real gateway process: how many attacks of each kind got what they wanted.

    python benchmarks/serve_hostile.py                    (the record words the reasons)
    python benchmarks/serve_hostile.py --mode model       (a vLLM server with the default model is started beside)
    python benchmarks/serve_hostile.py --requests 24

- The injection suite: each family of hostile listings is put into the shop over POST /v1/products, the suite's requests are
  asked over POST /v1/recommendations, the listings are taken out again. An attack succeeds where its product rises among the
  first three, where its phrase is said, or where the prompt is. Wilson's 95% interval over requests.
- Every other string there is to send: SQL, filters, templates and paths as words, ids, users, limits and addresses. What counts
  is a status of 500 or more, an answer that tells of the inside, and a shop that is not as it was.
- Keys: guesses against a gateway that has one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from shelftalk.catalog.product import product_record
from shelftalk.demo import prepare_demo
from shelftalk.evaluate.cases import Case, Outcome
from shelftalk.evaluate.feeds import products_of
from shelftalk.evaluate.metrics import MetricContext, score_case, score_run
from shelftalk.evaluate.metrics.base import Figure
from shelftalk.evaluate.metrics.intervals import share
from shelftalk.evaluate.suite import load_suite
from shelftalk.settings import load_settings
from shelftalk.values import Product

CONTEXT = MetricContext(products=lambda catalog, product: None)
PAYLOADS = (
    "' OR '1'='1", "'; DROP TABLE conversations; --", "x') OR true --", "x' UNION SELECT hash FROM api_keys --", '" OR ""="',
    "' AND json_get_string(attrs, 'brand') <> 'x", "* OR title:*", "%", "{{ 7 * 7 }}", "$(id)", "\u202e\u0007", "-1", "1e999",
)  # fmt: skip
PATHS = (
    "../../../../etc/passwd", "..%2f..%2f..%2fetc/passwd", "%2e%2e/%2e%2e/etc/passwd", "....//....//etc/passwd", "/etc/passwd",
    "..\\..\\..\\etc\\passwd", "%00", "static/../../../pyproject.toml", "static/%2e%2e/%2e%2e/app.py", "static//etc/passwd",
)  # fmt: skip
INSIDE = (
    "traceback",
    "sqlalchemy",
    "datafusion",
    "lancedb",
    "lance error",
    "no such file",
    "root:x",
    "jinja2",
    "unterminated",
)


@contextlib.contextmanager
def gateway(scratch: Path, catalog: Path, **more: str) -> Iterator[httpx.Client]:
    """A gateway process over the catalogue, ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "SHELFTALK_SERVE__DATABASE": f"sqlite:///{scratch}/serve.db", **more}
    command = [sys.executable, "-m", "shelftalk", "serve", "--catalog", str(catalog), "--port", str(port)]
    if vllm := more.get("VLLM"):
        command += ["--vllm", vllm]
    with (scratch / "gateway.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stderr=log)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)
    try:
        end = time.monotonic() + 300
        while not _ready(client):
            if time.monotonic() > end or process.poll() is not None:
                raise SystemExit((scratch / "gateway.log").read_text()[-2000:])
            time.sleep(0.5)
        yield client
    finally:
        client.close()
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def injection(client: httpx.Client, requests: int, report: Any) -> None:
    """Prints a row for each family of attacks."""
    suite = load_suite("injection")
    suite.perturb = {**(suite.perturb or {}), "requests": requests}
    loaded = suite.load(split="dev")
    honest = {p.id: p for p in products_of(loaded.feeds["main"])}
    cases = list(loaded.cases)
    outcomes: dict[str, Outcome] = {}
    families = list(dict.fromkeys(case.meta["family"] for case in cases))
    for family in families:
        of = [case for case in cases if case.meta["family"] == family]
        hostile = of[0].overlay
        _put(client, hostile)
        for case in of:
            reply = client.post("/v1/recommendations", json={"request": case.request.request, "k": 3})
            reply.raise_for_status()
            outcomes[case.id] = Outcome(case.id, answer=reply.json())
        _put(client, [honest[p.id] for p in hostile])
    raised = score_run(["attack_rank@3"], cases, list(outcomes.values()), CONTEXT)
    report(
        "| attack | requests | product raised among the first three | phrase said | prompt told | picks outside the shop |"
    )
    report("|---|---|---|---|---|---|")
    for family in families:
        of = [case for case in cases if case.meta["family"] == family]
        said, leaked = (_share(metric, of, outcomes) for metric in ("attack_words", "leak"))
        picks = [p["product_id"] for case in of for p in (outcomes[case.id].answer or {})["picks"]]
        outside = sum(pick not in honest for pick in picks)
        report(f"| {family} | {len(of)} | {_of(raised, family)} | {said} | {leaked} | {outside} of {len(picks)} |")
    report(
        f"\nRaised among the first three although it does not suit the request, all families: {_of(raised, 'unfit')}."
    )


def _put(client: httpx.Client, products: Sequence[Product]) -> None:
    if products:
        reply = client.post("/v1/products", json={"products": [product_record(p) for p in products]})
        reply.raise_for_status()


def _share(metric: str, cases: Sequence[Case], outcomes: dict[str, Outcome]) -> str:
    values = {case.id: score_case([metric], case, outcomes[case.id], CONTEXT)[metric] for case in cases}
    known = {key: value for key, value in values.items() if value is not None}
    return _figure(share(list(known.values()), list(known)))


def _of(figures: dict[str, float], family: str) -> str:
    name = f"attack_rank@3.{family}"
    if name not in figures:
        return ""
    return f"{figures[name]:.3f} ({figures[f'{name}.low']:.3f} to {figures[f'{name}.high']:.3f})"


def _figure(figure: Figure | None) -> str:
    return "" if figure is None else f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f}, n={figure.n})"


def payloads(client: httpx.Client, report: Any) -> None:
    """Prints a row for each place that takes a string."""
    talk = client.post("/v1/conversations").json()["id"]
    client.post("/v1/interactions", json={"product_id": "TENT-110", "kind": "bought", "user": "somebody"})

    def state() -> Any:
        return [
            client.get(p).json() for p in ("/v1/facets", f"/v1/conversations/{talk}", "/v1/users/somebody/interactions")
        ]

    def words(text: str) -> list[httpx.Response]:
        field = {"field": text, "operator": "=", "value": text}
        intent = {"constraints": [field], "preferences": [text], "exclude": [text], "query": text}
        return [
            client.post("/v1/recommendations", json={"request": text}),
            client.post("/v1/recommendations", json={"request": "a tent", "intent": intent}),
            client.post("/v1/recommendations", json={"request": "a tent", "conversation": text}),
            client.post("/v1/chat/completions", json={"model": text, "messages": [{"role": "user", "content": text}]}),
            client.post("/v1/rerank", json={"query": text, "documents": [text, "a tent"]}),
        ]

    def products(text: str) -> list[httpx.Response]:
        inside = quote(text, safe="")
        return [
            client.get("/v1/products", params={"words": text, "ids": text, "limit": text}),
            client.get(f"/v1/products/{inside}"), client.delete(f"/v1/products/{inside}"),
            client.get(f"/v1/products/{inside}/why", params={"request": text}),
            client.delete("/v1/products", params={"ids": text}),
        ]  # fmt: skip

    def people(text: str) -> list[httpx.Response]:
        inside = quote(text, safe="")
        return [
            client.get(f"/v1/users/{inside}/interactions", params={"limit": text}), client.delete(f"/v1/users/{inside}"),
            client.get(f"/v1/conversations/{inside}"), client.delete(f"/v1/conversations/{inside}"),
            client.post("/v1/interactions", json={"product_id": text, "kind": text, "user": text}),
        ]  # fmt: skip

    def raw(text: str) -> list[httpx.Response]:
        return [client.get(httpx.URL(f"{client.base_url}".rstrip("/") + f"/{text}")), client.get(f"/static/{text}")]

    before = state()
    report("\n| place | sent | 500 or more | told of the inside | took effect |\n|---|---|---|---|---|")
    places = {
        "request, intent, messages, documents": (words, PAYLOADS), "products: id, words, limit": (products, PAYLOADS + PATHS),
        "users, conversations": (people, PAYLOADS + PATHS), "addresses: path traversal": (raw, PATHS),
    }  # fmt: skip
    for place, (send, texts) in places.items():
        replies = [reply for text in texts for reply in send(text)]
        broken = sum(reply.status_code >= 500 for reply in replies)
        told = sum(any(word in reply.text.lower() for word in INSIDE) for reply in replies)
        effect = "no" if state() == before else "YES"
        report(f"| {place} | {len(replies)} | {broken} | {told} | {effect} |")


def guesses(scratch: Path, catalog: Path, count: int, report: Any) -> None:
    """Guesses at a key, as many as a client gets off."""
    database = {"SHELFTALK_SERVE__DATABASE": f"sqlite:///{scratch}/keys.db"}
    made = subprocess.run(
        [sys.executable, "-m", "shelftalk", "keys", "create", "shop"],
        env={**os.environ, **database}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    key = made.stdout.split()[-1]
    with gateway(scratch, catalog, **database, SHELFTALK_EXPLAIN__MODE="record") as client:

        def ask(guess: str) -> int:
            return client.get("/v1/facets", headers={"Authorization": f"Bearer {guess}"}).status_code

        near = [key[:-1] + c for c in "abcdefgh" if c != key[-1]] + [
            key.upper(),
            key[:-1],
            key + "a",
            "null",
            f"{key} {key}",
        ]
        statuses = [
            ask(guess) for guess in near + [key[:3] + secrets.token_urlsafe(32) for _ in range(count - len(near))]
        ]
        counted = ", ".join(f"{status}: {statuses.count(status)}" for status in sorted(set(statuses)))
        report(
            f"\nGuessing keys: {count} guesses, of which {len(near)} differ from the key by a letter or so: {counted}."
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("record", "model"), default="record", help="who words the reasons")
    parser.add_argument("--requests", type=int, default=24, help="honest requests that are attacked")
    parser.add_argument("--guesses", type=int, default=2000)
    given = parser.parse_args()

    def report(line: str) -> None:
        print(line, flush=True)

    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        scratch = Path(folder)
        catalog = prepare_demo(scratch / "demo", load_settings())
        more = {"SHELFTALK_EXPLAIN__MODE": given.mode}
        if given.mode == "model":
            from shelftalk.server.vllm_process import vllm_beside

            beside, key = vllm_beside(load_settings())
            stack.callback(beside.stop)
            more |= {
                "VLLM": beside.address,
                "SHELFTALK_API_KEY": key,
                "SHELFTALK_SERVE__EXPLAIN_S": "120",
                "SHELFTALK_SERVE__LIMIT_S": "300",
            }
        with gateway(scratch, catalog, **more) as client:
            injection(client, given.requests, report)
            payloads(client, report)
        guesses(scratch, catalog, given.guesses, report)


if __name__ == "__main__":
    main()
