"""Which sentence is quoted: the one that answers, not the one that shares a word, and none that is far."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.catalog.fakes import product

from shelftalk.catalog import Catalog, quoting
from shelftalk.catalog.embed import load_embedder
from shelftalk.catalog.quoting import Quoter, load_quoter


class Words:
    """Texts are near by the letters "a" and "b" they hold."""

    def __init__(self, name: str) -> None:
        self.name, self.dimensions = name, 2

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        found = np.array([[t.count("a") + 1e-6, t.count("b")] for t in texts], dtype=np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    def encode_query(self, text: str) -> np.ndarray:
        return self.encode([text])[0]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def test_the_nearest_is_quoted_and_nothing_that_is_far() -> None:
    quoter = Quoter(Words("mine"), near=0.5)
    assert quoter.nearest("b", ["a", "ab", "bb"]) == "bb"
    assert quoter.nearest("b", ["a", "aa"]) == ""
    assert quoter.nearest("b", []) == ""


@pytest.mark.model
@pytest.mark.parametrize(
    ("request_text", "sentences"),
    [
        (
            "something for my kitchen, it is tiny",
            ("Stands as narrow as a loaf of bread", "A kitchen classic since 1970"),
        ),
        (
            "I carry it on the bus every day",
            ("Light enough to forget on your shoulder", "Bus-yellow with black piping"),
        ),
        ("a lamp for reading while my wife sleeps", ("Lights one page and nothing else", "The bulb is included")),
    ],
)
def test_what_answers_is_quoted_before_what_shares_a_word(
    request_text: str, sentences: tuple[str, ...], home: Path
) -> None:
    default = load_embedder("default", home)
    assert Quoter(default).nearest(request_text, sentences) == sentences[1]
    assert load_quoter(default, home).nearest(request_text, sentences) == sentences[0]
    assert load_quoter(default, home).nearest(request_text, ["A two metre cable", "Made in Portugal"]) == ""


def test_a_shop_s_own_embedder_chooses_its_quotes(home: Path, tmp_path: Path) -> None:
    shop = Catalog.open(tmp_path / "catalog", create=True, embedder=Words("mine"), home=home)
    shop.upsert([product()])
    assert shop.quoter.nearest("bbb", ["a", "b"]) == "b"


def test_where_the_shipped_one_cannot_be_loaded_the_embedder_chooses_and_it_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(quoting, "SHIPPED", "serve/matchers/not-there")
    assert load_quoter(Words("default"), home).nearest("bbb", ["a", "b"]) == "b"
    assert "cannot be loaded" in caplog.text
