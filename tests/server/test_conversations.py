"""The same conversations in the terminal, over HTTP, as chat completions and over MCP: every turn is understood alike.

The shop's list for "a kettle under 70" is LIST, best first; a question about one product leaves it standing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from mcp import Client
from tests.catalog.fakes import HashEmbedder
from tests.pipeline.shop import PRODUCTS, kettle
from tests.server.helpers import recorded
from typer.testing import CliRunner

from shelftalk.catalog import Catalog
from shelftalk.cli.main import app
from shelftalk.pipeline import Shelf
from shelftalk.server.app import create_app
from shelftalk.server.mcp import create_mcp
from shelftalk.settings import Settings, load_settings

MORE = [kettle("k5", "24.90", 1.2, "Orsk", "white"), kettle("k6", "34.90", 0.8, "Velm", "green")]
K = 3
FIRST = "a kettle under 70"
_ID = re.compile(r"id: (\S+)\s*$", re.M)

LIST = "k6 k3 k2"  # 34.90, 39.90 and 29.90
# What each turn after FIRST shows.
TALKS: dict[str, list[tuple[str, str]]] = {
    "cheaper than all of the list": [("is the second cordless?", "k3"), ("how big is it?", "k3"), ("cheaper ones", "k5 k1")],
    "cheaper than the one spoken of": [("how much is the second?", "k3"), ("a cheaper one", "k6 k2 k5")],
    "the one spoken of is too dear": [("what does the second cost?", "k3"), ("that's too expensive", "k6 k2 k5")],
    "cheaper than both compared": [("compare the first two", "k6 k3"), ("cheaper ones", "k5 k1")],
    "places stay those of the list": [("is the second cordless?", "k3"), ("is the third cordless?", "k2"), ("why the first?", "k6")],
    "thanks changes nothing": [("thanks!", ""), ("is the second cordless?", "k3")],
    "beyond a comparison": [("compare the first two", "k6 k3"), ("is the second cordless?", "k3"), ("how big is the third?", "k2")],
    "the first on screen of two": [("compare the last two", "k3 k2"), ("is the first cordless?", "k3")],
    "why not another": [("why not the k1?", "k1"), ("is it cordless?", "k1"), ("is the second cordless?", "k3")],
    "why not what is not sold": [("why not the Zyx?", ""), ("is the second cordless?", "k3")],
    "the first on screen of all": [("which is the biggest?", "k3 k2 k6"), ("is the first cordless?", "k3"), ("is it blue?", "k3")],
    "a new list": [("cheaper ones", "k5 k1"), ("is the first cordless?", "k5"), ("why the second?", "k1")],
    "another topic": [("a teapot", "t1"), ("is it dishwasher safe?", "t1")],
    "one turned down": [("not the second one", "k6 k4 k2"), ("how big is the second?", "k4")],
    "why of two": [("why the first two?", "k6 k3"), ("and the second, how big is it?", "k3")],
}  # fmt: skip


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, TestClient, Shelf]]:
    folder = tmp_path_factory.mktemp("talks")
    Catalog.open(folder / "shop", create=True, embedder=HashEmbedder()).upsert([*PRODUCTS, *MORE])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shelftalk.catalog.embed.load_embedder", lambda *_: HashEmbedder())
        for name, value in (("EXPLAIN__MODE", "record"), ("UNDERSTAND__MODE", "rules"), ("RANK__STRATEGY", "none")):
            patch.setenv(f"SHELFTALK_{name}", value)
        patch.chdir(folder)
        settings = recorded(load_settings(catalog=folder / "shop", k=K))
        settings.serve = settings.serve.model_copy(update={"database": f"sqlite:///{folder}/serve.db"})
        with TestClient(create_app(settings)) as client, Shelf.open(settings=settings) as shelf:
            while client.get("/readyz").status_code != 200:
                pass
            yield settings, client, shelf


def terminal(served: tuple[Settings, TestClient, Shelf], turns: list[str]) -> list[str]:
    command = ["chat", "--catalog", str(served[0].catalog), "--k", str(K), "--local"]
    done = CliRunner().invoke(app, command, input="\n".join(turns) + "\n", env={"COLUMNS": "500"})
    assert done.exit_code == 0, done.exception
    return [" ".join(_ID.findall(part)) for part in done.stdout.split("\n> ")[1 : len(turns) + 1]]


def http(served: tuple[Settings, TestClient, Shelf], turns: list[str]) -> list[str]:
    client = served[1]
    conversation = client.post("/v1/conversations", json={}).json()["id"]
    answers = [
        client.post("/v1/recommendations", json={"request": t, "conversation": conversation, "k": K}) for t in turns
    ]
    return [" ".join(p["product_id"] for p in a.json()["picks"]) for a in answers]


def completions(served: tuple[Settings, TestClient, Shelf], turns: list[str]) -> list[str]:
    messages: list[dict[str, str]] = []
    out = []
    for text in turns:
        messages.append({"role": "user", "content": text})
        found = served[1].post("/v1/chat/completions", json={"model": "shelftalk", "messages": messages}).json()
        messages.append({"role": "assistant", "content": found["choices"][0]["message"]["content"]})
        out.append(" ".join(p["product_id"] for p in found["shelftalk"]["picks"]))
    return out


def mcp(served: tuple[Settings, TestClient, Shelf], turns: list[str]) -> list[str]:
    async def talk() -> list[str]:
        history: list[dict[str, str]] = []
        out = []
        async with Client(create_mcp(served[2])) as client:
            for text in turns:
                result = await client.call_tool("recommend", {"request": text, "k": K, "history": history})
                found = result.structured_content
                history += [{"role": "user", "content": text}, {"role": "assistant", "content": found["text"]}]
                out.append(" ".join(p["product_id"] for p in found["picks"]))
        return out

    return asyncio.run(talk())


@pytest.mark.parametrize("surface", [terminal, http, completions, mcp])
@pytest.mark.parametrize("name", TALKS)
def test_a_conversation_shows_the_same_on_every_surface(
    served: tuple[Settings, TestClient, Shelf],
    name: str,
    surface: Callable[[tuple[Settings, TestClient, Shelf], list[str]], list[str]],
) -> None:
    turns = [(FIRST, LIST), *TALKS[name]]
    assert list(zip([t for t, _ in turns], surface(served, [t for t, _ in turns]), strict=True)) == turns
