"""Metrics add up to what happened, spans have the stages, logs have the request's id; no text and no key in any."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shelftalk.errors import UsageError
from shelftalk.server import logs
from shelftalk.server.telemetry import Telemetry, trace_by_environment

TENT = "a tent for two under 200"
SECRET = "st-zyxwvutsrq-not-a-real-key"
DASHBOARD = Path(__file__).resolve().parents[2] / "serve" / "grafana" / "shelftalk.json"


def _value(client: TestClient, name: str, **labels: str) -> float:
    total = 0.0
    for line in client.get("/metrics").text.splitlines():
        if re.match(rf"{name}[ {{]", line) and all(f'{key}="{value}"' in line for key, value in labels.items()):
            total += float(line.rsplit(" ", 1)[1])
    return total


def test_an_answer_is_counted_with_its_route_stages_and_reasons(client: TestClient) -> None:
    stages = ("queue", "understand", "retrieve", "rank", "explain")

    def counts() -> dict[str, float]:
        found = {s: _value(client, "shelftalk_stage_seconds_count", stage=s) for s in stages}
        found["requests"] = _value(
            client, "shelftalk_requests_total", route="/v1/recommendations", method="POST", status="200"
        )
        found["reasons"] = _value(client, "shelftalk_reasons_total", source="record")
        found["answers"] = _value(client, "shelftalk_answers_total", outcome="picks")
        return found

    before = counts()
    client.post("/v1/recommendations", json={"request": TENT, "k": 2})
    added = {name: value - before[name] for name, value in counts().items()}
    assert added == {**dict.fromkeys(stages, 1), "requests": 1, "reasons": 2, "answers": 1}


def test_who_is_signed_in_is_counted_with_the_route_as_well(client: TestClient) -> None:
    def count() -> float:
        return _value(client, "shelftalk_requests_total", route="/v1/facets", method="GET", status="200")

    before = count()
    assert client.get("/v1/facets", headers={"Cookie": "shelftalk_key=st-some-key"}).status_code == 200
    assert count() == before + 1


def test_what_was_relaxed_refused_or_not_found_is_counted(client: TestClient) -> None:
    before = _value(client, "shelftalk_relaxations_total")
    answer = client.post("/v1/recommendations", json={"request": "a tent under 3 euros"}).json()
    assert _value(client, "shelftalk_relaxations_total") - before == len(answer["relaxed"])
    refused = _value(client, "shelftalk_errors_total", type="invalid_request")
    client.post("/v1/recommendations", json={"request": ""})
    client.get("/v1/products/none/such/thing")
    assert _value(client, "shelftalk_errors_total", type="invalid_request") == refused + 1
    assert _value(client, "shelftalk_ready") == 1


def test_a_path_with_a_users_name_in_it_is_counted_by_its_template(client: TestClient) -> None:
    client.get("/v1/users/u-mallory/interactions")
    text = client.get("/metrics").text
    assert 'route="/v1/users/{user}/interactions"' in text
    assert "mallory" not in text


def test_an_odd_method_makes_no_series_of_its_own(client: TestClient) -> None:
    client.request("BREW", "/healthz")
    assert 'method="BREW"' not in client.get("/metrics").text


@pytest.fixture
def spans(client: TestClient) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry: Telemetry = client.app.state.server.telemetry  # type: ignore[attr-defined]
    before, telemetry.tracer = telemetry.tracer, provider.get_tracer("test")
    yield exporter
    telemetry.tracer = before


def test_each_stage_is_a_span_of_the_request_in_the_callers_trace(
    client: TestClient, spans: InMemorySpanExporter
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "Authorization": f"Bearer {SECRET}"}
    client.post("/v1/recommendations", json={"request": TENT}, headers=headers)
    found = {span.name: span for span in spans.get_finished_spans()}
    request = found["POST /v1/recommendations"]
    assert request.parent is not None
    assert format(request.context.trace_id, "032x") == trace
    for stage in ("understand", "retrieve", "rank", "explain"):
        span = found[f"shelftalk.{stage}"]
        assert span.parent is not None
        assert span.parent.span_id == request.context.span_id
        assert request.start_time <= span.start_time <= span.end_time <= request.end_time
    told = " ".join(span.to_json() for span in spans.get_finished_spans())
    assert "tent" not in told
    assert SECRET not in told


def test_the_trace_goes_on_to_the_language_models_server(client: TestClient, spans: InMemorySpanExporter) -> None:
    pool = client.app.state.server.pool  # type: ignore[attr-defined]
    shelf = pool._shelf
    seen = []
    real = shelf.begin
    shelf.begin = lambda request, call, **more: (seen.append(dict(call.headers)), real(request, call, **more))[1]
    try:
        client.post("/v1/recommendations", json={"request": TENT})
    finally:
        del shelf.begin
    trace_id = format(spans.get_finished_spans()[-1].context.trace_id, "032x")
    assert seen
    assert trace_id in seen[0]["traceparent"]


def test_logs_are_json_with_the_requests_id_and_without_its_text_or_key(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, ours = logging.getLogger(), logging.getLogger("shelftalk")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    try:
        logs.configure("json")
        reply = client.post("/v1/recommendations", json={"request": TENT}, headers={"X-API-Key": SECRET})
        client.get("/v1/products/T-1/why", params={"request": TENT})
        client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": TENT}]})
        logging.getLogger("shelftalk.vllm").info("Starting vLLM")
        logging.getLogger("shelftalk.other").error("odd", exc_info=ValueError("broken"))
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    asked = next(line for line in lines if line["event"] == "request")
    assert asked["request_id"] == reply.headers["X-Request-Id"]
    assert (asked["route"], asked["status"], asked["level"]) == ("/v1/recommendations", 200, "info")
    assert asked["ms"] > 0
    assert any(line["event"] == "Starting vLLM" and line["logger"] == "shelftalk.vllm" for line in lines)
    assert any("ValueError: broken" in line.get("exception", "") for line in lines)
    assert "tent" not in out.getvalue()
    assert SECRET not in out.getvalue()


def test_nothing_is_exported_by_default_and_a_wrong_exporter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    assert trace_by_environment() is False
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert trace_by_environment() is False
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "carrier-pigeon")
    with pytest.raises(UsageError, match="carrier-pigeon"):
        trace_by_environment()


def test_the_dashboard_asks_for_metrics_that_there_are(client: TestClient) -> None:
    client.post("/v1/recommendations", json={"request": TENT})
    text = client.get("/metrics").text
    there = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)) | set(re.findall(r"^(\w+)[ {]", text, re.MULTILINE))
    telemetry: Telemetry = client.app.state.server.telemetry  # type: ignore[attr-defined]
    for family in telemetry.registry.collect():
        kinds = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        there |= {family.name + end for end in kinds}
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    queries = [t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", [])]
    assert len(queries) > 10
    asked = {name for query in queries for name in re.findall(r"\b(?:shelftalk|process)_\w+", query)}
    assert asked <= there, asked - there
    shown = {name.removesuffix("_total").removesuffix("_bucket") for name in asked}
    ours = {family.name for family in telemetry.registry.collect() if family.name.startswith("shelftalk_")}
    assert ours - shown <= {"shelftalk_queue_limit", "shelftalk_shelves"}, "a metric that no panel shows"
