"""Suites are read from files, and whatever is wrong in them is told by file, line and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.evaluate.own import REQUESTS, write_suite

from shelftalk.errors import ShelftalkError, UsageError
from shelftalk.evaluate.suite import list_suites, load_suite
from shelftalk.variants import PathVariant


def test_the_shipped_suites_are_read_and_named_after_their_files() -> None:
    names = [suite.name for suite in list_suites()]
    assert {"demo", "productqa-search", "productqa-search-all", "productqa-reasoning", "chorus", "chorus-judged",
            "retail-requests"} <= set(names)  # fmt: skip
    assert all(suite._file.stem == suite.name and suite.description for suite in list_suites())


def test_every_metric_of_the_shipped_suites_exists() -> None:
    from shelftalk.evaluate.metrics import find

    assert all(find(name) for suite in list_suites() for name in suite.metrics)


def test_the_demo_suite_knows_what_fits_each_request() -> None:
    loaded = load_suite("demo").load()
    assert len(loaded.cases) == 89
    nothing = next(case for case in loaded.cases if case.columns["kind"] == "nothing")
    assert nothing.gold == frozenset()
    assert nothing.grades is None
    best = next(case for case in loaded.cases if case.columns["kind"] == "superlative")
    assert best.gold == {p for p, g in (best.grades or {}).items() if g == 3}
    assert load_suite("demo").load(split="test").cases[0].id.startswith("test-")


def test_a_limit_draws_the_same_requests_for_the_same_seed_and_keeps_their_order() -> None:
    suite = load_suite("demo")
    drawn = [case.id for case in suite.load(limit=10, seed=3).cases]
    assert drawn == [case.id for case in suite.load(limit=10, seed=3).cases]
    assert drawn == sorted(drawn)
    assert drawn != [case.id for case in suite.load(limit=10, seed=4).cases]


def test_a_suite_of_ones_own_carries_judgments_and_columns(tmp_path) -> None:
    loaded = load_suite(write_suite(tmp_path, qrels="r5 0 k3 2\nr5 0 t1 0\n", gains="exponential")).load()
    cases = {case.id: case for case in loaded.cases}
    assert cases["r1"].grades == {"k1": 3.0, "k3": 1.0}
    assert cases["r5"].grades == {"k3": 3.0, "t1": 0.0}
    assert cases["r4"].gold == frozenset()
    assert cases["r6"].grades is None
    assert cases["r1"].columns == {"words": "1-3 words", "turns": 1, "kind": "colour"}


def test_gains_can_be_a_table(tmp_path) -> None:
    loaded = load_suite(write_suite(tmp_path, gains={0: 0, 1: 1, 2: 10})).load()
    assert loaded.cases[0].grades == {"k1": 10.0, "k3": 1.0}
    with pytest.raises(UsageError, match="grade 2 has no gain"):
        load_suite(write_suite(tmp_path, gains={0: 0, 1: 1})).load()


def test_gains_can_be_a_table_of_grades_that_are_no_whole_numbers_and_are_never_below_0(tmp_path) -> None:
    loaded = load_suite(write_suite(tmp_path, qrels="r5 0 k3 0.5\n", gains={0.5: 4, 1: 5, 2: 6})).load()
    assert {case.id: case.grades for case in loaded.cases}["r5"] == {"k3": 4.0}
    with pytest.raises(UsageError, match=r"suite.yaml, line \d+: gains: write linear, exponential, or a table"):
        load_suite(write_suite(tmp_path, gains={0: 0, 1: -1, 2: 2}))


def test_a_judged_pool_without_a_judgment_is_refused(tmp_path) -> None:
    requests = tmp_path / "requests.jsonl"
    path = write_suite(tmp_path, pool="judged", task="rank")
    requests.write_text('{"id": "r1", "request": "a kettle"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"suite.yaml, line \d+: no request is left, for a judged pool"):
        load_suite(path).load()


def test_a_judged_pool_offers_the_judged_products_alone(tmp_path) -> None:
    loaded = load_suite(write_suite(tmp_path, pool="judged", task="rank")).load()
    assert [case.id for case in loaded.cases] == ["r1", "r3"]
    assert set(loaded.cases[0].request.candidates or ()) == {"k1", "k3"}


def test_slices_keep_only_the_named_columns(tmp_path) -> None:
    loaded = load_suite(write_suite(tmp_path, slices=["kind"])).load()
    assert loaded.cases[0].columns == {"kind": "colour"}
    with pytest.raises(UsageError, match="slices names shape, which no case has; there is: kind, turns, words"):
        load_suite(write_suite(tmp_path, slices=["shape"])).load()


def test_what_is_asked_and_what_is_known_are_told_apart(tmp_path) -> None:
    first = load_suite(write_suite(tmp_path / "a")).load()
    regraded = load_suite(write_suite(tmp_path / "b", [{**REQUESTS[0], "grades": {"k1": 1}}, *REQUESTS[1:]])).load()
    reworded = load_suite(
        write_suite(tmp_path / "c", [{**REQUESTS[0], "request": "red kettles"}, *REQUESTS[1:]])
    ).load()
    assert (first.asked(), first.known()) != (regraded.asked(), regraded.known())
    assert first.asked() == regraded.asked()
    assert first.asked() != reworded.asked()


def test_a_changed_feed_is_another_question(tmp_path) -> None:
    suite = load_suite(write_suite(tmp_path))
    before = suite.load().asked()
    feed = tmp_path / "products.jsonl"
    feed.write_text(feed.read_text().replace("19.90", "18.90"))
    assert suite.load().asked() != before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": ["mrr"]}, r"suite\.yaml, line \d+: unknown key metric \(did you mean metrics\?\); there is: name, version"),
        ({"metrics": ["mrr", "ndgc@5"]}, r"suite\.yaml, line 10: there is no metric 'ndgc@5' \(did you mean ndcg@5\?\)"),
        ({"settings": {"explian": "record"}}, r"suite\.yaml, line \d+: settings: there is no setting 'explian' \(did you mean explain\?\)"),
        ({"catalog": {"feed": "nowhere.csv"}}, r"suite\.yaml, line \d+: the feed not found at .*nowhere\.csv; mend the path"),
        ({"task": "guess"}, r"suite\.yaml, line 2: task: "),
        ({"metrics": []}, r"suite\.yaml, line \d+: metrics: "),
        ({"data": {"kind": "csv"}}, r"suite\.yaml, line \d+: data\.kind is 'csv'; there is: demo, productqa"),
        ({"data": {"kind": "jsonl", "file": "x"}}, r"suite\.yaml, line \d+: .*(lacks the key data\.requests|unknown key data\.file)"),
        ({"catalog": {"format": "google"}}, r"suite\.yaml, line \d+: catalog 'main' needs either 'feed' or 'folder'"),
        ({"catalog": None}, "needs 'catalog'"),
        ({"histories": "users.jsonl"}, "histories: suites with shoppers' histories cannot be run yet"),
    ],
)  # fmt: skip
def test_a_wrong_suite_is_told_by_file_and_key(tmp_path, changes, message) -> None:
    with pytest.raises(UsageError, match=message):
        load_suite(write_suite(tmp_path, **changes)).load()


def test_a_misspelt_key_is_told_rather_than_the_one_it_leaves_lacking(tmp_path) -> None:
    file = write_suite(tmp_path)
    file.write_text(file.read_text().replace("name:", "nmae:"))
    with pytest.raises(UsageError, match=r"line 1: unknown key nmae \(did you mean name\?\)"):
        load_suite(file)


def test_a_file_that_is_no_yaml_is_told_by_its_line(tmp_path) -> None:
    file = tmp_path / "suite.yaml"
    file.write_text("name: x\ntask: [answer\nmetrics: [mrr]\n")
    with pytest.raises(UsageError, match=r"suite\.yaml, line 3: not YAML"):
        load_suite(file)


def test_an_unknown_suite_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no suite 'demmo'; there is: .*chorus.*demo"):
        load_suite("demmo")
    with pytest.raises(UsageError, match="no such suite file"):
        load_suite("mine/suite.yaml")


def test_a_missing_set_says_how_to_name_its_folder(tmp_path) -> None:
    with pytest.raises(UsageError, match="ProductQA not found .* --data DIR, the setting 'data' or SHELFTALK_DATA"):
        load_suite("productqa-search").load()
    with pytest.raises(UsageError, match=f"Chorus not found at .*{tmp_path.name}/chorus"):
        load_suite("chorus", tmp_path).load()
    with pytest.raises(UsageError, match="no such folder"):
        load_suite("chorus", tmp_path / "nowhere")


def test_a_wrong_value_of_a_setting_is_told_by_its_line(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path, settings={"explain": "record", "rank.strategy": "nonsense"}))
    with pytest.raises(UsageError, match=r"suite\.yaml, line \d+: setting rank.strategy: .*'listwise'.*got 'nonsense'"):
        suite.in_force(PathVariant())
    with pytest.raises(ShelftalkError, match=r"^setting k: "):
        load_suite(write_suite(tmp_path / "b")).in_force(PathVariant("v", {"k": "500"}))


def test_a_key_given_twice_is_refused_rather_than_half_believed(tmp_path: Path) -> None:
    path = write_suite(tmp_path)
    path.write_text(path.read_text(encoding="utf-8") + "\nname: again\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"line \d+: name is given twice; keep one"):
        load_suite(path)


@pytest.mark.parametrize(
    "line, message",
    [
        (b'{"id": "z", "request": "a \\ud800 kettle"}', "holds half of a character"),
        (b'{"id": "z", "request": "\xff"}', "not UTF-8; save the file"),
    ],
)
def test_text_that_is_none_is_told_by_its_line(tmp_path: Path, line: bytes, message: str) -> None:
    suite = load_suite(write_suite(tmp_path))
    file = tmp_path / "requests.jsonl"
    before = file.read_bytes().rstrip(b"\n")
    file.write_bytes(before + b"\n" + line + b"\n")
    with pytest.raises(UsageError, match=rf"requests\.jsonl, line {before.count(bytes([10])) + 2}: {message}"):
        suite.load()


def test_an_empty_file_of_requests_is_named(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    (tmp_path / "requests.jsonl").write_text("\n", encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"requests\.jsonl: an empty suite, the file holds no request; write one a line"
    ):
        suite.load()


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    suite = load_suite(write_suite(tmp_path))
    file = tmp_path / "requests.jsonl"
    wanted = [case.id for case in suite.load().cases]
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert [case.id for case in suite.load().cases] == wanted
