"""The tools, called by the official MCP client: in process, and over stdio from a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from tests.server.helpers import environment, free_port, until

from shelftalk.pipeline import Shelf
from shelftalk.server.mcp import create_mcp
from shelftalk.settings import Settings


def _call(settings: Settings, name: str, **arguments: Any) -> Any:
    async def run() -> Any:
        async with Client(create_mcp(Shelf.open(settings=settings))) as client:
            return await client.call_tool(name, arguments)

    return asyncio.run(run())


def test_recommend_gives_picks_with_checked_claims(server_settings: Settings) -> None:
    found = _call(server_settings, "recommend", request="a tent for two under 200", k=2).structured_content
    assert len(found["picks"]) == 2
    assert all(claim["verified"] for pick in found["picks"] for claim in pick["claims"])
    assert found["picks"][0]["title"] in found["text"]


def test_recommend_goes_on_from_its_history(server_settings: Settings) -> None:
    first = _call(server_settings, "recommend", request="a tent for two under 200", k=3).structured_content
    history = [{"role": "user", "content": first["request"]}, {"role": "assistant", "content": first["text"]}]
    told = _call(server_settings, "recommend", request="how heavy is the second?", history=history).structured_content
    assert [p["product_id"] for p in told["picks"]] == [first["picks"][1]["product_id"]]


def test_search_then_compare_tells_in_what_products_differ(server_settings: Settings) -> None:
    products = _call(server_settings, "search", query="tents", k=3).structured_content["products"]
    ids = [p["id"] for p in products]
    table = _call(server_settings, "compare", product_ids=ids).structured_content
    assert len(table["fields"]["price"]) == 3
    assert "id" in table["differing"]


def test_null_is_what_is_left_out(server_settings: Settings) -> None:
    found = _call(server_settings, "recommend", request="a tent for two", k=None, history=None).structured_content
    assert len(found["picks"]) == 3
    assert len(_call(server_settings, "search", query="tents", k=None).structured_content["products"]) == 10


def test_explain_and_product_answer_for_one_product(server_settings: Settings) -> None:
    product = _call(server_settings, "search", query="tents", k=1).structured_content["products"][0]["id"]
    assert _call(server_settings, "product", product_id=product).structured_content["id"] == product
    why = _call(server_settings, "explain", request="a tent for two under 20", product_id=product).structured_content
    assert why["summary"]


def test_a_search_for_words_that_are_no_request_finds_what_carries_them(server_settings: Settings) -> None:
    found = _call(server_settings, "search", query="'; -- Grenholt", k=3).structured_content
    assert all("Grenholt" in p["title"] for p in found["products"])


def test_a_search_says_which_limits_were_given_up(server_settings: Settings) -> None:
    found = _call(server_settings, "search", query="tents under 2 euros", k=3).structured_content
    assert found["no_match"]
    assert found["relaxed"] == [{"field": "price", "operator": "<", "value": 2}]
    assert found["products"]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("product", {"product_id": "nope"}, "no product"),
        ("explain", {"request": "a tent", "product_id": "nope"}, "there is no product 'nope'"),
        ("product", {"product_id": "x" * 513}, "at most 512"),
        ("recommend", {"request": " "}, "empty"),
        ("recommend", {"request": "tent", "history": [{"role": "system", "content": "x"}]}, "history.0.role"),
        ("recommend", {"request": "tent", "k": 0}, "greater than or equal"),
        ("search", {}, "query: Field required"),
        ("search", {"query": None}, "query: Input should be a valid string"),
        ("compare", {"product_ids": ["RAIN-134"]}, "product_ids: List should have at least 2 items"),
    ],
)
def test_what_cannot_be_done_is_a_tool_error_in_plain_words(
    server_settings: Settings, tool: str, arguments: dict[str, Any], words: str
) -> None:
    result = _call(server_settings, tool, **arguments)
    assert result.is_error
    assert words in result.content[0].text
    assert "Traceback" not in result.content[0].text
    assert "pydantic" not in result.content[0].text
    assert "validation error" not in result.content[0].text


def test_an_assistant_can_start_it_over_stdio(server_settings: Settings, tmp_path: Path) -> None:
    async def run() -> list[str]:
        command = StdioServerParameters(
            command=sys.executable,
            args=["-m", "shelftalk", "mcp", "--catalog", str(server_settings.catalog)],
            env={"SHELFTALK_EXPLAIN__MODE": "record", "PATH": "", "HOME": str(Path.home())},
            cwd=tmp_path,
        )
        async with Client(stdio_client(command)) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            answer = await client.call_tool("recommend", {"request": "a tent for two", "k": 1})
            assert len(answer.structured_content["picks"]) == 1
            return tools

    assert sorted(asyncio.run(run())) == ["compare", "explain", "product", "recommend", "search"]


def test_it_is_offered_on_the_loopback_alone(server_settings: Settings) -> None:
    command = [sys.executable, "-m", "shelftalk", "mcp", "--catalog", str(server_settings.catalog), "--transport", "http", "--host", "0.0.0.0"]  # fmt: skip
    done = subprocess.run(command, env=environment(SHELFTALK_EXPLAIN__MODE="record"), capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode != 0
    assert "put a proxy that asks for one in front" in " ".join(done.stderr.split())


def test_it_is_reached_over_streamable_http(server_settings: Settings, tmp_path: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/mcp"
    command = [sys.executable, "-m", "shelftalk", "mcp", "--catalog", str(server_settings.catalog), "--transport", "http", "--port", str(port)]  # fmt: skip
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment(SHELFTALK_EXPLAIN__MODE="record"), stderr=subprocess.DEVNULL
    )

    async def run() -> tuple[list[str], Any]:
        async with Client(address) as client:
            tools = [tool.name for tool in (await client.list_tools()).tools]
            return tools, await client.call_tool("recommend", {"request": "a tent for two", "k": 1})

    try:
        with contextlib.suppress(httpx.HTTPError):
            until(lambda: httpx.get(address).status_code > 0)
        tools, answer = asyncio.run(run())
        assert sorted(tools) == ["compare", "explain", "product", "recommend", "search"]
        assert len(answer.structured_content["picks"]) == 1
        opening = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        accept = {"Accept": "application/json, text/event-stream"}
        rebound = httpx.post(address, json=opening, headers={**accept, "Host": "evil.example"})
        assert rebound.status_code in (403, 421), "a page of another site that points its name here is refused"
    finally:
        process.terminate()
        assert process.wait(20) is not None
