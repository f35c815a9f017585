"""A variant is written as KEY=VALUE,...; wrong keys and values are told with what there is."""

from __future__ import annotations

import pytest

from shelftalk.errors import PromptError, UsageError
from shelftalk.evaluate.identity import hash_of, templates
from shelftalk.prompts import PromptLibrary
from shelftalk.settings import load_settings
from shelftalk.variants import PathVariant, effective, parse_variants

PROMPT = """---
id: mine
version: 7
task: rank
variables: {request: what is asked, candidates: what to choose from}
---
{% block user %}{{ request | fence }}{{ candidates | length }}{% endblock %}
"""


def one(text: str) -> PathVariant:
    (variant,) = parse_variants([text])
    return variant


def test_without_any_there_is_the_default_variant() -> None:
    assert parse_variants([]) == [PathVariant("default", {})]
    assert effective(PathVariant().settings()) == effective(load_settings())


def test_short_keys_and_dotted_settings_reach_the_settings() -> None:
    settings = one("strategy=listwise,mode=both,explain=record,permutations=3,rank.model_weight=.3,k=5").settings()
    assert (settings.rank.strategy, settings.understand.mode, settings.explain.mode) == ("listwise", "both", "record")
    assert (settings.rank.permutations, settings.rank.model_weight, settings.k) == (3, 0.3, 5)


def test_a_suites_settings_hold_where_the_variant_says_nothing() -> None:
    beneath = {"explain": "record", "rank.depth": 20}
    assert one("strategy=none").settings(beneath=beneath).explain.mode == "record"
    assert one("explain=model").settings(beneath=beneath).explain.mode == "model"
    assert one("explain=model").settings(beneath=beneath).rank.depth == 20
    with pytest.raises(UsageError, match="the suite's settings: there is no setting 'rank.deep'"):
        one("strategy=none").settings(beneath={"rank.deep": 1})


def test_values_separated_by_a_bar_make_a_grid() -> None:
    names = [v.name for v in parse_variants(["strategy=none|listwise,permutations=1|3"])]
    assert names == [
        "strategy=none,permutations=1", "strategy=none,permutations=3",
        "strategy=listwise,permutations=1", "strategy=listwise,permutations=3",
    ]  # fmt: skip


def test_a_variant_can_be_given_a_name() -> None:
    assert one("name=base,strategy=none").name == "base"
    assert [v.name for v in parse_variants(["name=try,strategy=none|listwise"])] == [
        "try,strategy=none", "try,strategy=listwise",
    ]  # fmt: skip


def test_names_make_folders_that_differ_and_stay_inside() -> None:
    names = ["model=../../etc/passwd", "model=/etc/passwd", "model=" + "x" * 300]
    slugs = [one(name).slug for name in names]
    assert len(set(slugs)) == 3
    assert all("/" not in slug and not slug.startswith(".") and len(slug) < 100 for slug in slugs)


def test_an_address_as_the_model_is_a_server() -> None:
    assert one("model=http://localhost:8000").settings().server == "http://localhost:8000"


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["stratgy=none"], r"unknown key 'stratgy' \(did you mean strategy\?\); there is: strategy, .*prompt\.rank.*rank\.model_weight"),
        (["strategy"], "'strategy' is not KEY=VALUE"),
        (["strategy=none,strategy=listwise"], "strategy is given twice"),
        (["home=/tmp"], "unknown key 'home'"),
        (["api_key=x"], "unknown key 'api_key'"),
        (["strategy=none", "strategy=none"], "is given twice"),
        (["prompt.rank=nowhere@1.jinja"], "no such file"),
    ],
)  # fmt: skip
def test_a_wrong_variant_is_told(texts, message) -> None:
    with pytest.raises(UsageError, match=message):
        _ = [variant.settings() for variant in parse_variants(texts)]


def test_a_value_that_a_setting_refuses_is_told() -> None:
    with pytest.raises(UsageError, match=r"setting rank\.strategy"):
        one("strategy=best").settings()


def test_a_prompt_of_the_library_is_named_by_version() -> None:
    variant = one("mode=rules,strategy=listwise,prompt.rank=listwise@1,prompt.explain=reason@1")
    settings = variant.settings()
    assert (settings.rank.prompt, settings.explain.prompt) == ("listwise@1", "explain/reason@1")
    used = templates(settings, "rank", variant.library())
    assert {task: t.ref for task, t in used.items()} == {"rank": "rank/listwise@1"}
    wrong = one("strategy=listwise,prompt.rank=listwise@99")
    with pytest.raises(PromptError, match=r"no prompt rank/listwise@99; there is: "):
        templates(wrong.settings(), "rank", wrong.library())


def test_a_template_file_outside_the_library_is_used_and_its_text_counts(tmp_path) -> None:
    file = tmp_path / "mine@7.jinja"
    file.write_text(PROMPT)
    variant = one(f"strategy=listwise,prompt.rank={file}")
    used = templates(variant.settings(), "rank", variant.library())["rank"]
    assert (used.ref, used.path) == ("rank/mine@7", file)
    before = hash_of(used)
    file.write_text(PROMPT.replace("length", "list"))
    assert hash_of(templates(variant.settings(), "rank", variant.library())["rank"]) != before
    assert "rank/mine@7" not in PromptLibrary.default().refs()


@pytest.mark.parametrize("version", [1, 7])
def test_wishes_are_read_with_the_template_that_the_variant_names(tmp_path, version) -> None:
    text = PromptLibrary.default().get("understand/wishes@1").path.read_text()
    file = tmp_path / f"wishes@{version}.jinja"
    file.write_text(text.replace("version: 1", f"version: {version}"))
    variant = one(f"prompt.understand={file}")
    library = variant.library()
    used = templates(variant.settings(), "answer", library)
    assert used["understand"].path == file
    assert library.get("understand/wishes").path == file
    assert used["kinds"].path == PromptLibrary.default().get("understand/kinds").path


def test_only_the_prompts_that_a_task_uses_count() -> None:
    library = PromptLibrary.default()
    assert templates(one("strategy=none,mode=rules").settings(), "rank", library) == {}
    wishes = templates(one("strategy=none").settings(), "rank", library)
    assert {name: t.ref for name, t in wishes.items()} == {
        "understand": "understand/wishes@1", "kinds": "understand/kinds@1",
    }  # fmt: skip
    alone = templates(one("strategy=none,mode=model,prompt.understand=intent@1").settings(), "rank", library)
    assert {name: t.ref for name, t in alone.items()} == {"understand": "understand/intent@1"}
    assert set(templates(one("strategy=listwise,mode=both").settings(), "answer", library)) == {
        "understand", "rank", "explain",
    }  # fmt: skip
    assert set(templates(one("strategy=none").settings(), "suits", library)) == {"suit"}


def test_a_prompt_that_is_not_there_is_told_even_where_the_run_would_not_use_it() -> None:
    with pytest.raises(PromptError, match="listwise@7"):
        PathVariant("x", {"prompt.rank": "listwise@7"}).library()
