"""Templates of one's own: a folder by one setting, or a file wherever a name may stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from shelftalk.errors import PromptError
from shelftalk.prompts import LayeredLibrary, PromptLibrary
from shelftalk.resources import resource
from shelftalk.settings import load_settings

SHIPPED = resource("prompts")


def own(folder: Path, task: str, name: str, version: int, *, of: str = "", replace: tuple[str, str] = ("", ""), extra: str = "") -> Path:  # fmt: skip
    """A template of that name with the words of a shipped one (`of`, else its first version), some of them replaced."""
    source = (SHIPPED / task / f"{of or name + '@1'}.jinja").read_text("utf-8")
    head, body = source.split("\n---\n", 1)
    lines = [line for line in head.splitlines() if not line.startswith(("id:", "version:", "trial:", "trained:"))]
    lines[1:1] = [f"id: {name}", f"version: {version}", *([extra] if extra else [])]
    file = folder / task / f"{name}@{version}.jinja"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n---\n" + body.replace(*replace), encoding="utf-8")
    return file


def library(folder: Path) -> PromptLibrary:
    return PromptLibrary.of(load_settings(prompts={"folder": str(folder)}))


def test_a_name_of_ones_own_takes_its_newest_version_and_the_rest_stay(tmp_path: Path) -> None:
    file = own(tmp_path, "explain", "record", 2)
    own(tmp_path, "explain", "record", 3, extra="trial: true")
    own(tmp_path, "explain", "mine", 1, of="reason@1")
    found = library(tmp_path)
    assert found.get("explain/record").path == file
    assert found.get("explain/record@1").path == SHIPPED / "explain" / "record@1.jinja"
    assert found.get("explain/record@3").on_trial
    assert found.get("explain/mine").ref == "explain/mine@1"
    assert found.get("rank/listwise") == PromptLibrary.default().get("rank/listwise")
    assert {"explain/record@1", "explain/record@2", "explain/mine@1", "rank/graded@1"} <= set(found.refs())
    assert found.path("explain/record@2") == file


def test_a_version_of_ones_own_stands_before_a_newer_one_that_is_shipped(tmp_path: Path) -> None:
    shipped = tmp_path / "shipped"
    for version in (1, 2, 4):
        own(shipped, "explain", "record", version)
    mine = own(tmp_path / "mine", "explain", "record", 3)
    assert PromptLibrary(shipped, tmp_path / "mine").get("explain/record").path == mine


def test_what_is_laid_over_stands_before_ones_own(tmp_path: Path) -> None:
    own(tmp_path, "explain", "record", 2)
    base = library(tmp_path)
    over = LayeredLibrary(base, [base.get("explain/record@1")])
    assert over.get("explain/record").version == 1
    assert LayeredLibrary(base, []).get("explain/record").version == 2


def test_a_file_stands_wherever_a_name_does(tmp_path: Path) -> None:
    file = own(tmp_path, "rank", "mine", 1, of="listwise@1")
    loose = tmp_path / "mine@1.jinja"
    loose.write_bytes(file.read_bytes())
    found = PromptLibrary.default()
    for ref in (str(file), str(loose)):
        assert found.get(ref).ref == "rank/mine@1"
        assert found.named("rank", ref, "rank.prompt").ref == "rank/mine@1"
    for name in ("listwise", "listwise@1", "rank/listwise", "rank/listwise@1"):
        assert found.named("rank", name, "rank.prompt").name == "listwise"
    with pytest.raises(
        PromptError, match=r"setting explain\.prompt: rank/mine@1 is a prompt of rank; name one of explain/"
    ):
        found.named("explain", str(file), "explain.prompt")
    with pytest.raises(PromptError, match=r"gone@1\.jinja: no such file"):
        found.get(str(tmp_path / "gone@1.jinja"))


def test_a_copy_of_the_packages_prompts_is_taken_and_a_changed_released_one_is_not(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(SHIPPED, tmp_path / "copy")
    assert library(tmp_path / "copy").refs() == PromptLibrary.default().refs()
    file = tmp_path / "copy" / "explain" / "record@1.jinja"
    file.write_text(file.read_text() + "\n{# mine #}\n")
    with pytest.raises(
        PromptError, match=r"explain/record@1 travels with the package .* next version, record@2\.jinja"
    ):
        library(tmp_path / "copy")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda f: None, "no such folder; the setting prompts.folder"),
        (lambda f: f.mkdir(), "holds no template"),
        (lambda f: own(f.parent / "x", "explain", "record", 2).rename(f.parent / "record@2.jinja") and (f.mkdir(), (f.parent / "record@2.jinja").rename(f / "record@2.jinja")), "would not be found"),
        (lambda f: own(f, "explain", "record", 2, replace=("{%", "{!")), "needs a block 'user'|line"),
        (lambda f: own(f, "explain", "record", 2).write_text("text"), "no front matter"),
        (lambda f: own(f, "rank", "listwise", 9, of="pointwise@1"), "rank/listwise is given the variables candidates, request"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_used_is_told_before_anything_is_asked(tmp_path: Path, make, said: str) -> None:
    make(tmp_path / "own")
    with pytest.raises(PromptError, match=said):
        library(tmp_path / "own")


# The whole path


WORDS = "{{ name | line(60) }}: {{ value | line(160) }}"
MINE = (WORDS, WORDS.replace(":", " is"))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder whose words for what a record says, and for reasons, are one's own."""
    own(tmp_path / "mine", "explain", "record", 2, replace=MINE)
    own(tmp_path / "mine", "explain", "reason", 2)
    own(tmp_path / "mine", "rank", "listwise", 7)
    return tmp_path / "mine"


def test_ask_and_why_speak_with_the_folders_words_and_so_does_a_reloaded_server(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.catalog.fakes import HashEmbedder
    from tests.pipeline.shop import PRODUCTS

    from shelftalk import Shelf
    from shelftalk.catalog import Catalog
    from shelftalk.server.alike import likeness
    from shelftalk.server.live import Model, open_shelf

    monkeypatch.setattr("shelftalk.catalog.embed.load_embedder", lambda *_: HashEmbedder())
    Catalog.open(tmp_path / "catalog", create=True, embedder=HashEmbedder()).upsert(PRODUCTS)
    monkeypatch.setenv("SHELFTALK_PROMPTS__FOLDER", str(mine))
    settings = load_settings(explain={"mode": "record"}, understand={"mode": "rules"}, rank={"strategy": "none"})
    with Shelf.open(tmp_path / "catalog", settings=settings) as shelf:
        assert shelf.ask("a red kettle").picks[0].reason == "Colour is red."
        assert [c.text for c in shelf.why("a red kettle", "k2").claims] == ["Colour is blue, not red."]
        before = likeness(settings, tmp_path / "catalog")
        own(mine, "explain", "record", 3, replace=(WORDS, WORDS.replace(":", " =")))
        assert likeness(settings, tmp_path / "catalog") != before, "a server of other words would not answer alike"
        again = open_shelf(settings, shelf, Model())
        assert again.ask("a red kettle").picks[0].reason == "Colour = red."


def test_a_run_follows_the_folder_and_is_another_one_when_a_file_of_it_changes(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.catalog.fakes import HashEmbedder
    from tests.evaluate.own import Model, own_settings, write_suite

    from shelftalk.evaluate import catalogs
    from shelftalk.evaluate.models import Engines
    from shelftalk.evaluate.runner import run_suite
    from shelftalk.evaluate.suite import load_suite
    from shelftalk.variants import parse_variants

    monkeypatch.setattr(catalogs, "load_embedder", lambda name, home: HashEmbedder())
    base = own_settings(tmp_path)
    settings = base.model_copy(update={"prompts": base.prompts.model_copy(update={"folder": mine})})
    suite = load_suite(write_suite(tmp_path / "suite"))

    def run(variant: str):
        engines = Engines(lambda _: Model(None), lambda s: ("fake", f"m {s.model}", "counting"))
        return run_suite(suite, parse_variants([variant])[0], tmp_path / "runs", settings=settings, engines=engines)

    assert run("strategy=listwise,mode=rules").meta["variant"]["prompts"] == {"rank": "rank/listwise@7"}
    assert run("strategy=listwise,mode=rules").state == "unchanged"
    (mine / "rank" / "listwise@7.jinja").write_text((mine / "rank" / "listwise@7.jinja").read_text() + "\n{# new #}\n")
    assert run("strategy=listwise,mode=rules").changed == ("prompts",)
    released = run("name=old,strategy=listwise,mode=rules,prompt.rank=listwise@1").meta["variant"]["prompts"]
    assert released == {"rank": "rank/listwise@1"}
    by_file = run(f"name=file,strategy=listwise,mode=rules,rank.prompt={mine / 'rank' / 'listwise@7.jinja'}")
    assert by_file.meta["variant"]["prompts"] == {"rank": "rank/listwise@7"}


def test_the_commands_show_ones_own_prompts_and_what_their_wording_cannot_change(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    from typer.testing import CliRunner

    from shelftalk.cli.main import app

    def call(*args: str):
        return CliRunner().invoke(app, ["prompts", *args], env={"COLUMNS": "200"})

    monkeypatch.setenv("SHELFTALK_PROMPTS__FOLDER", str(mine))
    monkeypatch.setenv("SHELFTALK_RANK__STRATEGY", "listwise")
    rows = {row["ref"]: row for row in json.loads(call("list", "--json").stdout)}
    assert rows["explain/reason@2"]["path"] == str(mine / "explain" / "reason@2.jinja")
    assert rows["rank/listwise@7"]["state"] == "in force"
    assert "at most 60 tokens" in rows["explain/reason@2"]["bound"]
    for ref in ("explain/reason", str(mine / "explain" / "reason@2.jinja")):
        shown = call("show", ref)
        assert "version: 2" in shown.stdout
        assert "whatever its wording says: one line of at most 60 tokens" in shown.stderr
    assert "holds explain/reason@2" in call("test", "explain/reason@2").stdout


def test_what_holds_whatever_a_wording_says_is_told_of_every_prompt_and_in_the_documentation() -> None:
    from shelftalk.explain.write import MAX_TOKENS, SECOND_TRY
    from shelftalk.prompts.bounds import BOUNDS, bound_of
    from shelftalk.understand.model import criteria, intents

    assert not [ref for ref in PromptLibrary.default().refs() if not bound_of(ref)]
    told = Path("docs/prompts.md").read_text("utf-8")
    for name, bound in BOUNDS.items():
        assert f"| `{name}` | {bound} |" in told
    assert f"at most {MAX_TOKENS} tokens" in BOUNDS["explain"]
    assert f"temperature {SECOND_TRY} or more" in BOUNDS["explain"]
    assert f"at most {intents.MAX_TOKENS} tokens" in BOUNDS["understand"]
    assert f"up to {criteria.MOST_WISHES} lines" in BOUNDS["understand/wishes"]
    assert f"at most {24 * criteria.MOST_WISHES} tokens" in BOUNDS["understand/wishes"]
