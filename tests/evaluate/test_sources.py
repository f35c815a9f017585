"""Each kind of data gives the cases that its set holds, and tells a wrong line by its place."""

from __future__ import annotations

import gzip
import json

import pytest
from tests.evaluate.own import REQUESTS, write_suite

from shelftalk.errors import UsageError
from shelftalk.evaluate.feeds import products_of
from shelftalk.evaluate.suite import load_suite


@pytest.fixture
def productqa(tmp_path):
    """Two categories in the layout of ProductQA."""
    for split, category in (("test", "pens"), ("train", "mice"), ("train", "blades")):
        folder = tmp_path / "productqa" / split / category
        folder.mkdir(parents=True)
        record = {f"{category}1": {"title": f"One of {category}", "price": "3.00"}, f"{category}2": {"title": "Two"}}
        (folder / "metadata.json").write_text(json.dumps(record))
        (folder / "schema.json").write_text("{}")
        sql = "SELECT x FROM `pens` WHERE refillable = 'yes' AND tip_size <= 0.5 ORDER BY price ASC LIMIT 1;"
        rows = [
            {"id": "s0", "type": "search_qa", "question": "a refillable one?", "short_answer": [{"asin": f"{category}1"}], "extra_data": {"sql": sql}},
            {"id": "s1", "type": "search_qa", "question": "a golden one?", "short_answer": [], "extra_data": {"sql": "SELECT x FROM `pens` WHERE y = 1"}},
            {"id": "r0", "type": "reasoning_qa", "question": "good for notes?", "asin": f"{category}2", "short_answer": "Yes", "extra_data": {"type": "use"}},
            {"id": "r1", "type": "reasoning_qa", "question": "does it dry?", "asin": f"{category}2", "short_answer": "fast"},
            {"id": "f0", "type": "fact_qa", "question": "how long?", "short_answer": "1 m"},
        ]  # fmt: skip
        with gzip.open(folder / "qa.jsonl.gz", "wt") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)
    return tmp_path


def test_productqa_search_has_gold_sets_and_a_catalogue_a_category(productqa) -> None:
    loaded = load_suite("productqa-search", productqa).load()
    refillable, golden = loaded.cases
    assert refillable.id == "pens/s0"
    assert refillable.gold == {"pens1"}
    assert refillable.grades == {"pens1": 1.0}
    assert (refillable.columns["constraints"], refillable.columns["superlative"]) == (2, True)
    assert golden.gold == frozenset()
    assert golden.grades is None
    assert golden.columns["empty"] is True
    assert list(loaded.feeds) == ["pens"]
    assert refillable.catalog == "pens"


def test_productqa_in_one_catalogue_has_the_categories_of_its_split_and_no_other(productqa) -> None:
    loaded = load_suite("productqa-search-all", productqa).load()
    assert {case.catalog for case in loaded.cases} == {"main"}
    from shelftalk.evaluate.feeds import products_of

    assert {p.id for p in products_of(loaded.feeds["main"])} == {"pens1", "pens2"}


def test_productqa_reasoning_asks_yes_or_no_of_one_product(productqa) -> None:
    (case,) = load_suite("productqa-reasoning", productqa).load().cases
    assert (case.label, case.product, case.columns["about"]) == (True, "pens2", "use")


def test_productqa_dev_and_train_are_different_categories(productqa) -> None:
    suite = load_suite("productqa-search", productqa)
    assert {c.columns["category"] for c in suite.load(split="dev").cases} == {"mice"}
    assert {c.columns["category"] for c in suite.load(split="train").cases} == {"blades"}


def chorus(folder, text: str):
    (folder / "chorus").mkdir(exist_ok=True)
    (folder / "chorus" / "ratings.test.csv").write_text(text)
    (folder / "chorus" / "products.jsonl.gz").write_bytes(gzip.compress(b'{"id": "1", "title": "x"}\n'))
    return folder


def test_chorus_leaves_out_queries_without_a_positive_grade(tmp_path) -> None:
    data = chorus(tmp_path, "query,docid,rating\ntv,1,3\ntv,2,0\nram,1,0\nssd,1,2\n")
    assert [c.id for c in load_suite("chorus", data).load().cases] == ["tv", "ssd"]
    (mixed,) = load_suite("chorus-judged", data).load().cases
    assert (mixed.id, mixed.request.candidates) == ("tv", ("1", "2"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("query,doc,rating\ntv,1,3\n", r"ratings\.test\.csv, line 1: no column docid; the columns are query, docid, rating"),
        ("query,docid,rating\ntv,1,3\ntv,2,good\n", r"ratings\.test\.csv, line 3: rating 'good' is no number"),
        ("query,docid,rating\ntv,1,0\n", "an empty suite"),
    ],
)  # fmt: skip
def test_a_wrong_chorus_file_is_told_by_its_line(tmp_path, text, message) -> None:
    with pytest.raises(UsageError, match=message):
        load_suite("chorus", chorus(tmp_path, text)).load()


def esci(folder, text: str):
    (folder / "esci").mkdir()
    (folder / "esci" / "labels.test.csv").write_text(text)
    (folder / "esci" / "products.jsonl").write_text('{"asin": "B1", "title": "A belt"}\n')
    return folder


@pytest.mark.parametrize("columns", ["query,docid,label", "query_id,query,product_id,esci_label"])
def test_esci_grades_labels_with_the_gains_of_convention(tmp_path, columns) -> None:
    rows = [("belt", "B1", "E"), ("belt", "B2", "S"), ("belt", "B3", "C"), ("belt", "B4", "I"), ("hat", "B1", "S")]
    first = "7," if columns.startswith("query_id") else ""
    text = "".join(f"{line}\n" for line in [columns, *(first + ",".join(row) for row in rows)])
    (case,) = load_suite("esci", esci(tmp_path, text)).load().cases
    assert case.grades == {"B1": 1.0, "B2": 0.1, "B3": 0.01, "B4": 0.0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("query,doc,label\nbelt,B1,E\n", r"labels\.test\.csv, line 1: the columns must be query, docid .*has query, doc, label"),
        ("query,docid,label\nbelt,B1,E\nbelt,B2,good\n", r"labels\.test\.csv, line 3: label 'good' is none of E, S, C, I"),
        ("query,docid,label\nbelt,B1,S\n", "an empty suite"),
    ],
)  # fmt: skip
def test_a_wrong_esci_file_is_told_by_its_line(tmp_path, text, message) -> None:
    with pytest.raises(UsageError, match=message):
        load_suite("esci", esci(tmp_path, text)).load()


@pytest.mark.parametrize(
    ("request_line", "message"),
    [
        ({"id": "r1", "query": "a kettle"}, r"requests\.jsonl, line 2: unknown key 'query'; known: .*request"),
        ({"id": "r1"}, r"requests\.jsonl, line 2: 'request' must be a text"),
        ({"request": "a kettle"}, r"requests\.jsonl, line 2: no 'id'"),
        ({"id": "r2", "request": "a kettle"}, r"requests\.jsonl, line 2: id 'r2' stands in an earlier line too"),
        ({"id": "r1", "request": "x", "grades": {"k1": "good"}}, r"line 2: 'grades' must map product ids to numbers"),
        ({"id": "r1", "request": "x", "gold": "k1"}, r"line 2: 'gold' must be a list"),
        ({"id": "r1", "request": "x", "label": True}, r"line 2: 'label' must be true or false, with the id of the 'product'"),
        ({"id": "r1", "request": "x", "catalog": "other"}, r"line 2: catalog 'other' is none of the suite's; there is: main"),
        ({"id": "r1", "request": "x", "columns": {"a": []}}, r"line 2: 'columns' must map names"),
        ({"id": "r1", "request": "x", "columns": {"group": "a"}}, r"line 2: a column cannot be named 'group'; a run keeps id, repeat"),
        ({"id": "r1", "request": "x", "columns": {"m:mrr": 1}}, r"line 2: a column cannot be named 'm:mrr'"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_told_by_its_line(tmp_path, request_line, message) -> None:
    with pytest.raises(UsageError, match=message):
        load_suite(write_suite(tmp_path, [REQUESTS[1], request_line])).load()


def test_a_line_that_is_no_json_is_told(tmp_path) -> None:
    suite = load_suite(write_suite(tmp_path))
    (tmp_path / "requests.jsonl").write_text('{"id": "r1", "request": "x"}\n{"id": \n')
    with pytest.raises(UsageError, match=r"requests\.jsonl, line 2: not JSON"):
        suite.load()


@pytest.mark.parametrize(
    ("qrels", "message"),
    [
        ("r1 0 k1 2\nr1 k2 1\n", r"qrels\.txt, line 2: 'r1 k2 1' is no judgment; write 'request 0 product grade'"),
        ("r1 0 k1 2\n\nr9 0 k2 1\n", r"qrels\.txt, line 3: judges request 'r9', which .*requests\.jsonl does not hold"),
        ("r2 0 k1 2\nr2 0 k1 1\n", r"qrels\.txt, line 2: judges product 'k1' for request 'r2' a second time; keep one"),
        ("r1 0 k1 2\n", r"requests\.jsonl, line 1: has 'grades', and line 1 of the qrels judges it, too; keep"),
        ("r2 0 k1 nan\n", r"qrels\.txt, line 1: 'r2 0 k1 nan' is no judgment"),
    ],
)
def test_wrong_judgments_are_told_by_their_line(tmp_path, qrels, message) -> None:
    with pytest.raises(UsageError, match=message):
        load_suite(write_suite(tmp_path, qrels=qrels)).load()


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_byte_order_mark_is_read_over_in_every_file_of_a_suite(tmp_path, ends) -> None:
    file = write_suite(tmp_path, qrels="r2 0 k1 2\nr5 0 k2 1\n")
    for name in ("suite.yaml", "requests.jsonl", "products.jsonl", "qrels.txt"):
        text = (tmp_path / name).read_text("utf-8").replace("\n", ends)
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    loaded = load_suite(file).load()
    assert next(c.grades for c in loaded.cases if c.id == "r2") == {"k1": 2.0}
    assert next(c.request.request for c in loaded.cases if c.id == "r1") == "a red kettle"
    (feed,) = loaded.feeds.values()
    assert [p.id for p in products_of(feed)] == ["k1", "k2", "k3", "k4", "t1"]


def test_junk_in_trecs_sense_counts_as_not_relevant(tmp_path) -> None:
    cases = load_suite(write_suite(tmp_path, qrels="r2 0 k1 2\nr2 0 k2 -2\n")).load().cases
    assert next(c.grades for c in cases if c.id == "r2") == {"k1": 2.0, "k2": 0.0}


def test_no_requests_are_an_empty_suite(tmp_path) -> None:
    with pytest.raises(UsageError, match="an empty suite"):
        load_suite(write_suite(tmp_path, [])).load()


def test_the_public_sets_have_the_sizes_that_are_documented(shared_data) -> None:
    sizes = {"productqa-search": 2250, "chorus": 28, "chorus-judged": 22, "retail-requests": 300, "esci": 35}
    for name, size in sizes.items():
        assert len(load_suite(name, shared_data).load().cases) == size, name


def test_the_demos_requests_in_other_languages_stand_beside_the_english_ones() -> None:
    loaded = load_suite("languages").load()
    english = {c.id: c for c in loaded.cases if c.columns["language"] == "en"}
    others = [c for c in loaded.cases if c.id not in english]
    assert len(english) == 40
    assert {c.columns["language"] for c in others} == {"de", "es", "fr", "pt", "zh"}
    assert len(others) == 200
    assert all(c.grades == english[str(c.group)].grades and c.grades for c in others)
    assert all(c.request.request != english[str(c.group)].request.request for c in others)
    assert len([c for c in english.values() if c.columns["split"] == "test"]) == 20


def test_a_line_that_names_no_language_or_no_request_of_the_demo_is_told(tmp_path) -> None:
    for text, told in (
        ("== dev-001\nWanderschuhe\n", "not of the form"),
        ("== dev-999\nde: Schuhe\n", "no request of the demo"),
    ):
        (tmp_path / "own.txt").write_text(text)
        suite = tmp_path / "own.yaml"
        suite.write_text("name: own\ntask: answer\nmetrics: [recall@10]\ndata: {kind: languages, path: own.txt}\n")
        with pytest.raises(UsageError, match=told):
            load_suite(suite).load()
