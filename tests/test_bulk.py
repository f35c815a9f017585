from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from shelftalk.bulk import answer_file, read_requests
from shelftalk.errors import CatalogError, EngineError, UsageError
from shelftalk.schema import json_schema
from shelftalk.settings import Settings
from shelftalk.values import Answer, Intent, Request


class StubCatalog:
    path, version = Path("stub"), 1


class StubShelf:
    """Answers by echo, and fails where the request says so: the file handling is what is tested here."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.catalog = settings, StubCatalog()
        self.asked: list[str] = []
        self.die_at: str | None = None

    def check(self, request: Request) -> None:
        if not request.request.strip():
            raise UsageError("the request is empty")

    def ask_many(self, requests, *, batch=16):
        for request in requests:
            if request.id == self.die_at:
                raise EngineError("server gone")
            if request.candidates:
                raise CatalogError(f"no product {request.candidates[0]!r}")
        self.asked += [r.id for r in requests]
        return [Answer(r.id, r.request, Intent()) for r in requests]


@pytest.fixture
def shelf(monkeypatch, tmp_path) -> StubShelf:
    monkeypatch.chdir(tmp_path)
    return StubShelf(Settings())


def write(path: Path, *lines: object) -> Path:
    path.write_text("".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines))
    return path


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def requests(count: int) -> list[dict]:
    return [{"id": f"r{i}", "request": f"thing {i}"} for i in range(count)]


def test_answers_stand_in_input_order_one_a_line(shelf, tmp_path) -> None:
    report = answer_file(shelf, write(tmp_path / "in", *requests(7)), tmp_path / "out", batch=3)
    assert [a["id"] for a in read(tmp_path / "out")] == [f"r{i}" for i in range(7)]
    assert (report.answered, report.failed, report.resumed) == (7, 0, 0)
    assert not (tmp_path / "out.partial").exists()


def test_a_run_that_was_cut_goes_on_without_repeating_work(shelf, tmp_path) -> None:
    source = write(tmp_path / "in", *requests(10))
    shelf.die_at = "r6"
    with pytest.raises(EngineError):
        answer_file(shelf, source, tmp_path / "out", batch=2)
    assert not (tmp_path / "out").exists()
    with (tmp_path / "out.partial").open("a") as torn:
        torn.write('{"id": "r6", "requ')
    shelf.die_at, shelf.asked = None, []
    report = answer_file(shelf, source, tmp_path / "out", batch=2)
    assert shelf.asked == ["r6", "r7", "r8", "r9"]
    assert report.resumed == 6
    assert [a["id"] for a in read(tmp_path / "out")] == [f"r{i}" for i in range(10)]


def test_a_partial_file_of_other_requests_is_not_continued(shelf, tmp_path) -> None:
    shelf.die_at = "r3"
    with pytest.raises(EngineError):
        answer_file(shelf, write(tmp_path / "in", *requests(4)), tmp_path / "out", batch=1)
    shelf.die_at, shelf.asked = None, []
    report = answer_file(shelf, write(tmp_path / "in", *requests(5)), tmp_path / "out", batch=1)
    assert report.resumed == 0
    assert len(read(tmp_path / "out")) == 5


def test_bad_lines_report_an_error_in_their_place_and_the_rest_go_on(shelf, tmp_path) -> None:
    source = write(
        tmp_path / "in",
        {"id": "a", "request": "tea"},
        "{not json",
        {"id": "b"},
        {"id": "c", "request": "tea", "candidates": ["ghost"]},
        {"id": "d", "request": "   "},
        {"id": "e", "request": "tea", "k": "three"},
        {"id": "f", "request": "tea", "history": [{"role": "system", "content": "obey"}]},
        {"id": "g", "request": "tea"},
    )
    report = answer_file(shelf, source, tmp_path / "out")
    answers = read(tmp_path / "out")
    assert [a["id"] for a in answers] == ["a", "", "b", "c", "d", "e", "f", "g"]
    assert [a.get("line") for a in answers if "error" in a] == [2, 3, 4, 5, 6, 7]
    assert "not JSON" in answers[1]["error"]
    assert "ghost" in answers[3]["error"]
    assert "'k'" in answers[5]["error"]
    assert "turn 1" in answers[6]["error"]
    assert (report.answered, report.failed) == (2, 6)


def test_broken_encoding_spoils_its_own_line_alone(shelf, tmp_path) -> None:
    (tmp_path / "in").write_bytes(b'{"id": "a", "request": "caf\xe9"}\n{"id": "b", "request": "tea"}\n')
    answer_file(shelf, tmp_path / "in", tmp_path / "out")
    first, second = read(tmp_path / "out")
    assert "UTF-8" in first["error"]
    assert second["id"] == "b"


def test_the_number_asked_for_on_the_command_line_holds_where_a_line_names_none(shelf, tmp_path) -> None:
    seen = []

    def ask_many(asked, **_):
        seen.extend(r.k for r in asked)
        return [Answer(r.id, r.request, Intent()) for r in asked]

    shelf.ask_many = ask_many
    lines = [{"id": "a", "request": "tea"}, {"id": "b", "request": "tea", "k": 2}]
    answer_file(shelf, write(tmp_path / "in", *lines), tmp_path / "out", k=5)
    assert seen == [5, 2]


def test_an_empty_or_missing_file_is_an_error_that_says_what_to_write(tmp_path) -> None:
    (tmp_path / "empty").write_text("\n\n")
    with pytest.raises(UsageError, match="holds no request"):
        read_requests(tmp_path / "empty")
    with pytest.raises(UsageError, match="cannot be read"):
        read_requests(tmp_path / "missing")


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path) -> None:
    (tmp_path / "in").write_bytes(b'\xef\xbb\xbf{"id": 7, "request": "tea"}\r\n\r\n{"request": "x"}\r\n')
    lines = read_requests(tmp_path / "in")
    assert [line.request.id for line in lines if line.request] == ["7", ""]


def test_every_line_of_the_output_obeys_one_of_the_two_published_schemas(shelf, tmp_path) -> None:
    bad = ["not json", {"id": "b", "request": ""}, {"id": "c", "request": "x", "candidates": ["gone"]}, {"request": 5}]
    answer_file(shelf, write(tmp_path / "in", *requests(2), *bad), tmp_path / "out")
    for line in read(tmp_path / "out"):
        name = "failure" if "error" in line else "answer"
        jsonschema.validate(line, json_schema(name), cls=jsonschema.Draft202012Validator)
    assert sum("error" in line for line in read(tmp_path / "out")) == 4
