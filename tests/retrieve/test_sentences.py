"""A product's own sentences are weighed in: what answers the request without a word of it comes first, and limits and order hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.catalog.fakes import HashEmbedder, product

from shelftalk.catalog import Catalog
from shelftalk.facts.sentences import MOST, sentences
from shelftalk.retrieve import Retriever
from shelftalk.retrieve.sentences import READ, by_sentences
from shelftalk.settings import RetrieveSettings
from shelftalk.values import Candidate, Constraint, Criterion, Intent, Sort

SHOES = [
    product("a", "Road shoe", "90", categories=("Shoes",), weight_g=250, description="A shoe that will not rub the dust off."),
    product("b", "Trail shoe", "80", categories=("Shoes",), weight_g=300, description="For mud. Seamless inside, so nothing chafes."),
    product("c", "Town shoe", "70", categories=("Shoes",), weight_g=350, description="Polishes up in no time at all."),
]  # fmt: skip


def near(kinds: Sequence[str], said: str, told: Sequence[str]) -> list[float]:
    """Only what says that nothing chafes is near."""
    return [0.9 if "chafes" in one else 0.1 for one in told]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog.open(tmp_path / "c", create=True, embedder=HashEmbedder())
    catalog.upsert(SHOES)
    return catalog


def found(catalog: Catalog, intent: Intent, **settings: float) -> list[str]:
    retriever = Retriever(catalog, RetrieveSettings(**settings), near)  # type: ignore[arg-type]
    return [c.product.id for c in retriever.retrieve(intent).candidates]


def test_a_sentence_that_shares_no_word_with_the_request_leads(catalog: Catalog) -> None:
    intent = Intent(query="shoes that will not rub", kinds=("Shoes",))
    assert found(catalog, intent, text_weight=0)[0] == "a"
    assert found(catalog, intent, text_weight=1)[0] == "b"


def test_where_no_kind_is_in_question_sentences_count_nothing(catalog: Catalog) -> None:
    assert found(catalog, Intent(query="shoes that will not rub"))[0] == "a"


def test_limits_and_a_superlative_hold_whatever_the_sentences_say(catalog: Catalog) -> None:
    light = Constraint("weight_g", "<", 300)
    assert found(catalog, Intent((light,), query="shoes that will not rub", kinds=("Shoes",))) == ["a"]
    assert found(catalog, Intent(query="shoes that will not rub", sort=Sort("price", "asc"))) == ["c", "b", "a"]


def test_where_criteria_and_kind_hold_every_word_the_sentences_only_part_what_stands_alike(catalog: Catalog) -> None:
    light = Criterion("weight_g", "low", words="light")
    assert found(catalog, Intent(query="light shoes", kinds=("Shoes",), criteria=(light,)))[0] == "a"


def test_only_the_first_candidates_are_read_and_scores_fall() -> None:
    many = [
        Candidate(product(str(n), f"Shoe {n}", "10", description="Here nothing chafes."), 1 - n / 100, {})
        for n in range(40)
    ]
    read: list[str] = []

    def count(kinds: Sequence[str], said: str, told: Sequence[str]) -> list[float]:
        read.extend(told)
        return near(kinds, said, told)

    out = by_sentences(many, ("Shoes",), "will not rub", count, 1.0)
    assert len(read) == 2 * READ
    assert [c.product.id for c in out] == [c.product.id for c in many]
    assert [c.score for c in out] == sorted((c.score for c in out), reverse=True)
    assert out[0].scores["text"] == 0.9
    assert "text" not in out[READ].scores


def test_without_an_encoder_nothing_changes() -> None:
    some = [Candidate(p, 1.0, {}) for p in SHOES]
    assert by_sentences(some, ("Shoes",), "will not rub", lambda kinds, said, told: None, 1.0) == tuple(some)


def test_the_sentences_of_a_product_are_its_title_and_the_first_of_its_description() -> None:
    long = product("x", "A shoe", "10", description=" ".join(f"Sentence number {n} of it." for n in range(40)))
    told = sentences(long)
    assert told[:2] == ["A shoe", "Sentence number 0 of it"]
    assert len(told) == MOST + 1
    assert sentences(product("y", "A shoe", "10", description="Red.\nSo fine.")) == ["A shoe"]


def test_beside_criteria_only_an_outstanding_sentence_counts(catalog: Catalog) -> None:
    light = Criterion("weight_g", "low", None, 2, "will not")
    intent = Intent(query="shoes that will not rub", kinds=("Shoes",), criteria=(light,))
    dull = Retriever(
        catalog, RetrieveSettings(), lambda kinds, said, told: [0.45 if "chafes" in t else 0.1 for t in told]
    )
    assert dull.retrieve(intent).candidates[0].product.id == "a"
    assert found(catalog, intent)[0] == "b"
