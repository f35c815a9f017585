"""What an operator sees: Prometheus metrics and OpenTelemetry spans. Neither holds a key, a request's text or a user.

Metrics are of this process; the scraper adds processes up. Spans go nowhere unless the standard OTEL_ variables say where.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Protocol

from opentelemetry import propagate, trace
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shelftalk.errors import UsageError
from shelftalk.values import Answer, Explanation

_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Load(Protocol):
    """How many requests are answered side by side, and how many wait."""

    @property
    def waiting(self) -> int: ...
    @property
    def queue(self) -> int: ...
    @property
    def active(self) -> int: ...
    @property
    def size(self) -> int: ...


class ObservedServer(Protocol):
    """What is read off a server when its metrics are asked for."""

    @property
    def not_ready(self) -> str: ...
    @property
    def pool(self) -> Load: ...
    def upstreams(self) -> list[tuple[bool, int, int]]: ...
    def restarts(self) -> int: ...


class Telemetry:
    """The metrics of one gateway, and its tracer. Safe to call from any thread."""

    def __init__(self) -> None:
        self.registry = r = CollectorRegistry()
        ProcessCollector(registry=r)
        self.tracer = trace.get_tracer("shelftalk")
        self._requests = Counter(
            "shelftalk_requests", "Requests by route, method and status (499: the client left)",
            ["route", "method", "status"], registry=r,
        )  # fmt: skip
        self._seconds = Histogram(
            "shelftalk_request_seconds", "From the first byte of a request to the last of its reply", ["route"],
            buckets=_QUICK, registry=r,
        )  # fmt: skip
        self._stages = Histogram(
            "shelftalk_stage_seconds", "Time in a stage, the queue included", ["stage"], buckets=_QUICK, registry=r
        )
        self._stage_errors = Counter("shelftalk_stage_errors", "Stages that failed", ["stage", "error"], registry=r)
        self._first = Histogram(
            "shelftalk_first_reason_seconds", "From the start of understanding to the first checked reason",
            buckets=_QUICK, registry=r,
        )  # fmt: skip
        self._answers = Counter("shelftalk_answers", "Answers given", ["outcome"], registry=r)
        self._tokens = Counter("shelftalk_tokens", "Tokens of the language model", ["kind"], registry=r)
        self._reasons = Counter(
            "shelftalk_reasons", "Reasons by source: the model, a wording kept from before, the record", ["source"],
            registry=r,
        )  # fmt: skip
        self._dropped = Counter("shelftalk_claims_dropped", "Wordings of the model that did not hold", registry=r)
        self._relaxed = Counter("shelftalk_relaxations", "Limits given up because nothing fitted", registry=r)
        self._errors = Counter("shelftalk_errors", "Errors told to clients, by type", ["type"], registry=r)
        self._fallbacks = Counter(
            "shelftalk_fallbacks", "Answers without the language model: loading, slow or failed", ["why", "stage"],
            registry=r,
        )  # fmt: skip
        self._left = Counter("shelftalk_clients_left", "Clients that left before their answer was whole", registry=r)
        self._unkept = Counter("shelftalk_turns_not_kept", "Answers that could not be put down", registry=r)
        self._new_places = Counter("shelftalk_new_places", "Places given to new products (exposure.share)", registry=r)
        self._given_up = Counter(
            "shelftalk_relevance_given_up", "Parts of answers' discounted scores given up for new products", registry=r
        )
        self._uncounted = Counter(
            "shelftalk_gaps_not_counted", "Wishes and needs that could not be counted", registry=r
        )

    def watch(self, state: ObservedServer) -> None:
        """Adds what is read when it is asked for: queue, shelves, servers, readiness."""
        self.registry.register(_Live(state))

    def text(self) -> bytes:
        """All metrics in Prometheus's text form."""
        return generate_latest(self.registry)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if status == 499:
            self._left.inc()

    def error(self, kind: str) -> None:
        """An error was told to a client."""
        self._errors.labels(kind).inc()

    def unkept(self) -> None:
        """A turn could not be stored."""
        self._unkept.inc()

    def uncounted(self, requests: int) -> None:
        """Gaps of so many requests were not counted."""
        self._uncounted.inc(requests)

    def stage(self, name: str, started_ns: int, ended_ns: int, failed: str | None) -> None:
        """A stage ended: its time, and a span below the request's."""
        self._stages.labels(name).observe((ended_ns - started_ns) / 1e9)
        if failed:
            self._stage_errors.labels(name, failed).inc()
        span = self.tracer.start_span(f"shelftalk.{name}", start_time=started_ns)
        if failed:
            span.set_status(trace.StatusCode.ERROR, failed)
        span.end(end_time=ended_ns)

    def fell_back(self, why: str, stage: str) -> None:
        """The language model did not answer."""
        self._fallbacks.labels(why, stage).inc()

    def answered(self, answer: Answer, explanations: Sequence[Explanation]) -> None:
        """An answer was finished."""
        outcome = "not_shopping" if not answer.intent.shopping else "no_match" if answer.no_match else "picks"
        self._answers.labels(outcome).inc()
        self._tokens.labels("prompt").inc(answer.tokens.prompt)
        self._tokens.labels("completion").inc(answer.tokens.completion)
        self._relaxed.inc(len(answer.relaxed))
        if answer.exposure is not None:
            self._new_places.inc(len(answer.exposure["placed"]))
            self._given_up.inc(answer.exposure["given_up"])
        self._dropped.inc(sum(e.dropped for e in explanations))
        for explanation in explanations:
            self._reasons.labels(_source(explanation)).inc()
        if "first_reason" in answer.timings_ms:
            self._first.observe(answer.timings_ms["first_reason"] / 1000)


class _Live(Collector):
    """Metrics that are read off the server when they are asked for."""

    def __init__(self, state: ObservedServer) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """The gauges of this moment."""
        s = self._state
        yield _gauge("shelftalk_ready", "1 once a real answer was given", float(not s.not_ready))
        yield _gauge("shelftalk_queue_length", "Requests that wait for a place", s.pool.waiting)
        yield _gauge("shelftalk_queue_limit", "Requests that may wait", s.pool.queue)
        yield _gauge("shelftalk_active", "Requests being answered", s.pool.active)
        yield _gauge("shelftalk_shelves", "Requests that can be answered side by side", s.pool.size)
        up = GaugeMetricFamily("shelftalk_upstream_up", "1 where a vLLM server is well", labels=["upstream"])
        active = GaugeMetricFamily("shelftalk_upstream_active", "Calls under way at a vLLM server", labels=["upstream"])
        for number, (well, under_way, _) in enumerate(s.upstreams()):
            up.add_metric([str(number)], float(well))
            active.add_metric([str(number)], under_way)
        yield up
        yield active
        restarts = CounterMetricFamily("shelftalk_vllm_restarts", "Times the vLLM server beside was started again")
        restarts.add_metric([], s.restarts())
        yield restarts

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of time."""
        return []


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)


def _source(explanation: Explanation) -> str:
    if not any(claim.source == "model" for claim in explanation.claims):
        return "record"
    return "model" if explanation.tokens.completion else "remembered"


def trace_headers() -> Mapping[str, str]:
    """What carries the current trace to another server: traceparent, where a trace is recorded."""
    headers: dict[str, str] = {}
    propagate.inject(headers)
    return headers


def trace_by_environment() -> bool:
    """Whether spans are exported: as OTEL_TRACES_EXPORTER names, or by OTLP where an endpoint is set; else not at all.

    Raises UsageError for an exporter that is not installed.
    """
    wanted = os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if not wanted:
        endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
        wanted = "otlp" if any(os.environ.get(name) for name in endpoints) else "none"
    if wanted == "none" or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        resource=Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "shelftalk")})
    )
    for name in wanted.split(","):
        provider.add_span_processor(BatchSpanProcessor(_exporter(name.strip())()))
    trace.set_tracer_provider(provider)
    return True


def _exporter(name: str) -> type:
    if name == "otlp":
        protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        name = "otlp_proto_http" if (protocol or "").startswith("http") else "otlp_proto_grpc"
    found = next(iter(entry_points(group="opentelemetry_traces_exporter", name=name)), None)
    if found is None:
        raise UsageError(
            f"OTEL_TRACES_EXPORTER wants {name!r}, which is not installed; install opentelemetry-exporter-otlp, or unset it"
        )
    exporter: type = found.load()
    return exporter
