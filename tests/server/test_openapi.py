"""The published description is complete, and requests made from it in bulk find no way to surprise the server."""

from __future__ import annotations

import os
from typing import Any

import hypothesis
import pytest
import schemathesis
from fastapi.testclient import TestClient
from schemathesis import checks as c

EXAMPLES = int(os.environ.get("SHELFTALK_SCHEMATHESIS_EXAMPLES", "8"))
# A server that asks for no key ignores one; bodies that are refused for their meaning rather than their form are no fault.
CHECKS = [
    c.not_a_server_error,
    c.status_code_conformance,
    c.content_type_conformance,
    c.response_schema_conformance,
    c.unsupported_method,
]


def _operations(client: TestClient) -> list[tuple[str, str, dict[str, Any]]]:
    paths = client.get("/openapi.json").json()["paths"]
    return [(path, method, operation) for path, methods in paths.items() for method, operation in methods.items()]


def test_every_operation_is_described_with_its_errors(client: TestClient) -> None:
    for path, method, operation in _operations(client):
        where = f"{method} {path}"
        assert operation.get("summary"), where
        assert operation.get("description"), where
        if path in ("/healthz", "/readyz", "/metrics"):
            continue
        responses = operation["responses"]
        for status in ("401", "403", "422", "429", "503"):
            assert status in responses, f"{where} does not tell of {status}"
            schema = responses[status]["content"]["application/json"]["schema"]
            assert schema["$ref"].endswith("/Failure"), where


def test_every_body_has_an_example_that_the_server_takes(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    tried = 0
    for path, method, operation in _operations(client):
        if "requestBody" not in operation or "{" in path:
            continue
        reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for example in description["components"]["schemas"][reference].get("examples", []):
            tried += 1
            if path == "/v1/interactions" and "product_id" in example:
                pick = client.post("/v1/recommendations", json={"request": "a tent"}).json()["picks"][0]
                example["product_id"] = pick["product_id"]
            reply = client.request(method, path, json=example)
            assert reply.status_code < 300, f"{path}: {reply.text}"
        assert description["components"]["schemas"][reference].get("examples"), f"{path} has no example"
    assert tried >= 5


def test_generated_requests_find_nothing(client: TestClient) -> None:
    schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    schema.app = client.app
    problems: list[str] = []
    for result in schema.get_all_operations():
        operation = result.ok()

        @hypothesis.settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate],
        )  # fmt: skip
        @hypothesis.given(case=operation.as_strategy())
        def one(case: schemathesis.Case) -> None:
            sent = case.as_transport_kwargs(base_url="http://testserver")
            kept = {
                key: sent[key] for key in ("method", "url", "params", "json", "headers") if sent.get(key) is not None
            }
            reply = client.request(**kept, content=sent.get("data"))
            case.validate_response(reply, checks=CHECKS)

        try:
            one()
        except BaseException as error:
            problems.append(f"{operation.label}: {error}"[:1500])
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize("content", [b"\xff\xfe{", b"[" * 50_000, b'{"request": "\xed\xa0\x80"}', b"", b"null", b"NaN"])
def test_bodies_that_no_schema_would_make_are_refused_plainly(client: TestClient, content: bytes) -> None:
    for path in ("/v1/recommendations", "/v1/chat/completions", "/v1/rerank", "/v1/products", "/v1/interactions"):
        reply = client.post(path, content=content, headers={"content-type": "application/json"})
        assert reply.status_code in (400, 413, 422), f"{path}: {reply.status_code}"
        assert reply.json()["error"]["type"]
