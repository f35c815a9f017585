"""`shelftalk prompts`: list, show, render, lint, test, diff."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.catalog.fakes import HashEmbedder
from tests.evaluate.own import Model, write_suite
from tests.homes import new_home
from typer.testing import CliRunner, Result

from shelftalk.cli import prompts_tokens
from shelftalk.cli.main import app
from shelftalk.cli.prompts_tokens import Tokeniser
from shelftalk.errors import EngineError, PromptError, UsageError
from shelftalk.evaluate import catalogs, models
from shelftalk.evaluate.runfolder import RunFolder
from shelftalk.prompts import PromptLibrary

FRONT = "---\nid: yesno\nversion: {version}\ntask: suit\nvariables:\n  question: words (untrusted)\n  product: a record (untrusted)\n{more}---\n"
BODY = "{% block user %}\nIs {{ product | fence(50) }} good for {{ question | fence }}?\n{% endblock %}\n"
EXAMPLE = "examples:\n  - name: kettle\n    variables: {question: tea, product: Kettle}\n    expect: {contains: Kettle, max_tokens: 9}\n"


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tokenizer of words, so that no model is looked for."""
    counter = Tokeniser("words", lambda text: len(text.split()), lambda prompt: 99)
    monkeypatch.setattr(prompts_tokens, "load_tokeniser", lambda settings: counter)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "suit").mkdir()
    path = tmp_path / "suit" / "yesno@7.jinja"
    path.write_text(FRONT.format(version=7, more=EXAMPLE) + BODY)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["prompts", *map(str, arguments)])


def test_list_says_which_version_is_in_force_and_which_is_on_trial() -> None:
    rows = {row["ref"]: row for row in json.loads(run("list", "--json").stdout)}
    assert set(rows) == set(PromptLibrary.default().refs())
    assert rows["suit/yesno@1"]["state"] == "in force"
    assert rows["suit/yesno@2"]["state"] == "on trial"
    assert "suit/yesno@1" in run("list").stdout


def test_show_prints_the_file_letter_for_letter(file: Path) -> None:
    assert run("show", file).stdout == file.read_text()


def test_render_shows_an_example_with_where_each_piece_comes_from_and_its_tokens(file: Path) -> None:
    done = json.loads(run("render", file, "--example", "kettle", "--json").stdout)
    pieces = done["messages"][0]["pieces"]
    assert "".join(p["text"] for p in pieces) == 'Is "Kettle" good for "tea"?'
    assert [p["variable"] for p in pieces if p["origin"] == "untrusted"] == ["product", "question"]
    assert done["tokens"] == {"texts": 5, "with_chat_template": 99, "by_variable": {"product": 1, "question": 1}}
    shown = run("render", file).stdout
    assert "5 tokens of words, 99 with the chat template" in shown


def test_render_refuses_an_example_that_is_not_there(file: Path) -> None:
    assert "'kettle'" in str(run("render", file, "--example", "toaster").exception)
    assert isinstance(run("render", file, "--example", "toaster").exception, PromptError)
    assert isinstance(run("render", file, "--example", "a", "--request", "b").exception, UsageError)


def test_lint_leaves_with_0_on_a_clean_file_and_with_1_on_findings(file: Path) -> None:
    assert run("lint", file).exit_code == 0
    file.write_text(file.read_text().replace("| fence(50)", "").replace("max_tokens: 9", "max_tokens: 2"))
    done = run("lint", file)
    assert done.exit_code == 1
    assert f"{file}:14: fence: product is untrusted" in done.stdout
    assert "has 5 tokens, over its budget of 2" in done.stdout
    assert "1 prompt, 2 findings" in done.stdout
    assert {f["rule"] for f in json.loads(run("lint", file, "--json").stdout)} == {"fence", "budget"}


def test_lint_and_test_take_a_folder_of_templates(file: Path) -> None:
    folder = file.parent.parent
    assert "1 prompt, no findings" in run("lint", folder).stdout
    assert run("test", folder).exit_code == 0
    (folder / "empty").mkdir()
    assert "empty: holds no template" in str(run("lint", folder / "empty").exception)


def test_lint_checks_all_that_is_shipped_by_default() -> None:
    library = PromptLibrary.default()
    assert f"{len(library.refs())} prompts" in run("lint").stdout


def test_lint_says_that_budgets_were_not_checked_where_there_is_no_tokenizer(file: Path, monkeypatch) -> None:
    def missing(settings: object) -> Tokeniser:
        raise EngineError("no model here")

    monkeypatch.setattr(prompts_tokens, "load_tokeniser", missing)
    done = run("lint", file)
    assert done.exit_code == 0
    assert "token budgets were not checked: no model here" in done.stderr


def test_the_examples_run_as_tests_and_a_failure_is_an_exit_code(file: Path) -> None:
    assert run("test", file).exit_code == 0
    file.write_text(file.read_text().replace("contains: Kettle", "contains: Toaster"))
    done = run("test", file)
    assert done.exit_code == 1
    assert "lacks 'Toaster'" in done.stdout


def test_diff_shows_the_lines_that_differ_and_what_the_examples_become(file: Path) -> None:
    other = file.with_name("yesno@8.jinja")
    other.write_text(file.read_text().replace("version: 7", "version: 8").replace("good for", "fit for"))
    done = run("diff", file, other, "--rendered")
    assert "-Is {{ product | fence(50) }} good for {{ question | fence }}?" in done.stdout
    assert '+Is "Kettle" fit for "tea"?' in done.stdout
    assert "the same" in run("diff", file, file).stdout


def test_diff_names_what_callers_must_know(file: Path) -> None:
    other = file.with_name("yesno@8.jinja")
    text = (
        file.read_text().replace("version: 7", "version: 8").replace("a record (untrusted)", "a record\n  tone: a word")
    )
    other.write_text(text)
    shown = run("diff", file, other).stdout
    assert "also takes the variable tone" in shown
    assert "product is declared untrusted in one of them only" in shown


def test_an_unknown_prompt_lists_what_there_is() -> None:
    assert "rank/listwise@1" in str(run("show", "rank/nothing").exception)
    assert "no such file" in str(run("show", "nowhere.jinja").exception)


@pytest.mark.parametrize(
    ("ref", "holds"),
    [
        ("suit/yesno", 'Question: "a rain jacket under 60"'),
        ("rank/listwise", 'The shopper asks: "a rain jacket under 60"'),
        ("rank/pointwise", "Does this product suit the request?"),
        ("explain/reason", "price: "),
        ("understand/intent", "- price (number, EUR)"),
        ("rank/graded", "\ngrade:"),
    ],
)
def test_a_request_goes_through_the_real_stages_without_a_model(ref, holds, demo_catalog: Path) -> None:
    done = run("render", ref, "--request", "a rain jacket under 60", "--catalog", demo_catalog, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    text = "\n".join(p["text"] for m in told["messages"] for p in m["pieces"])
    joined = "".join(p["text"] for m in told["messages"] for p in m["pieces"])
    assert holds in joined or holds in text
    assert "untrusted" in {p["origin"] for m in told["messages"] for p in m["pieces"]}


def test_a_wish_goes_through_the_real_stages_without_a_model(demo_catalog: Path) -> None:
    wish = "a rain jacket that is easy to carry"
    done = run("render", "understand/wishes", "--request", wish, "--catalog", demo_catalog, "--json")
    assert done.exit_code == 0, done.output
    text = "".join(p["text"] for m in json.loads(done.stdout)["messages"] for p in m["pieces"])
    assert wish in text
    assert "packable yes/no" in text


@pytest.fixture
def kettles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A suite of one's own, answered with a stand-in for the language model."""
    monkeypatch.setenv("SHELFTALK_HOME", str(new_home(tmp_path / "home")))
    monkeypatch.setattr(catalogs, "load_embedder", lambda name, home: HashEmbedder())
    monkeypatch.setattr(models, "load_engine", lambda settings, batch: Model())
    return write_suite(tmp_path / "suite", metrics=["mrr", "tokens_prompt", "latency_ms"])


def asked_with(folder: Path) -> set[str]:
    return set(RunFolder.read(folder).prompts["template"])


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ("rank/listwise@1", "rank/listwise@2", "strategy=listwise"),
        ("rank/pointwise@1", "rank/pointwise@2", "strategy=pointwise"),
        ("understand/intent@1", "understand/intent@2", "mode=model"),
        ("rank/generated@1", "rank/generated@2", "strategy=generated"),
    ],
)
def test_diff_on_a_suite_asks_with_either_prompt_whatever_the_settings_are(kettles, tmp_path, a, b, said) -> None:
    done = run("diff", a, b, "--suite", kettles, "--out", tmp_path / "runs")
    assert done.exit_code == 0, done.output
    assert f"{a} with {said}: asked " in done.stderr
    key = f"prompt.{a.partition('/')[0]}"
    folders = [tmp_path / "runs" / f"{key}={ref.partition('/')[2]}" for ref in (a, b)]
    task = a.partition("/")[0]
    assert [{ref for ref in asked_with(f) if ref.startswith(task)} for f in folders] == [{a}, {b}]
    assert f"{key}={b.partition('/')[2]} against" in done.stdout


def test_diff_on_a_suite_says_where_the_path_never_asks(kettles, tmp_path) -> None:
    done = run("diff", "suit/yesno@1", "suit/yesno@2", "--suite", kettles, "--out", tmp_path / "runs")
    assert "never asks with prompts of suit/; take one of the task suits" in str(done.exception)
    done = run("diff", "judge/pointwise", "rank/listwise", "--suite", kettles, "--out", tmp_path / "runs")
    assert "prompts of different tasks" in str(done.exception)
    done = run("diff", "rank/listwise@1", "rank/listwise@1", "--suite", kettles, "--out", tmp_path / "runs")
    assert "is given twice" in str(done.exception)


@pytest.mark.parametrize("ref", ["understand/wishes@1", "rank/graded@1"])
def test_diff_on_a_suite_asks_with_the_prompts_that_the_path_uses_by_default(kettles, tmp_path, ref) -> None:
    shipped = PromptLibrary.default().path(ref)
    (tmp_path / shipped.parent.name).mkdir()
    other = tmp_path / shipped.parent.name / shipped.name.replace("@1", "@9")
    text = shipped.read_text().replace("version: 1", "version: 9")
    other.write_text(text.replace("{% block user %}", "{% block user %}Think of the shopper. "))
    done = run("diff", ref, other, "--suite", kettles, "--out", tmp_path / "runs")
    assert done.exit_code == 0, done.output
    told = {}
    for folder in (tmp_path / "runs").iterdir():
        prompts = RunFolder.read(folder).prompts
        told |= {t: list(prompts[prompts.template == t].prompt) for t in prompts.template if t.startswith(ref[:-2])}
    assert set(told) == {ref, ref.replace("@1", "@9")}
    assert all("Think of the shopper" in p for p in told.pop(ref.replace("@1", "@9")))
    assert not any("Think of the shopper" in p for p in told[ref])


def test_diff_on_a_suite_tells_two_files_of_one_name_apart(kettles, tmp_path) -> None:
    paths = []
    for name, words in (("old", "good for"), ("new", "best for")):
        (tmp_path / name / "rank").mkdir(parents=True)
        paths.append(tmp_path / name / "rank" / "listwise@9.jinja")
        text = PromptLibrary.default().path("rank/listwise@1").read_text().replace("version: 1", "version: 9")
        paths[-1].write_text(text.replace("suits the shopper best", f"is {words} the shopper"))
    done = run("diff", *paths, "--suite", kettles, "--out", tmp_path / "runs")
    assert done.exit_code == 0, done.output
    runs = [RunFolder.read(f).prompts for f in sorted((tmp_path / "runs").iterdir())]
    prompts = [run[run["task"] == "rank"]["prompt"].iloc[0] for run in runs]
    assert sorted("best for" in p for p in prompts) == [False, True]
