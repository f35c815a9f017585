from __future__ import annotations

from pathlib import Path

import pytest

from shelftalk.prompts import PromptLibrary
from shelftalk.prompts.lint import RULES, drift, lint, lint_file

FRONT = "---\nid: {name}\nversion: {version}\ntask: talk\nvariables:\n  x: words (untrusted)\n{more}---\n{body}"
GOOD = "{% block user %}{{ x | fence }}{% endblock %}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "talk").mkdir()
    return tmp_path


def write(folder: Path, body: str = GOOD, *, name: str = "greet", version: int = 1, more: str = "") -> Path:
    path = folder / "talk" / f"{name}@{version}.jinja"
    path.write_text(FRONT.format(name=name, version=version, more=more, body=body))
    return path


def rules(path: Path) -> list[str]:
    return [finding.rule for finding in lint_file(path, len)]


def test_a_good_prompt_has_no_findings(folder) -> None:
    assert rules(write(folder)) == []


def test_untrusted_text_outside_the_fence_is_found_on_its_line_of_the_file(folder) -> None:
    path = write(folder, "{% block user %}\n{{ x }}\n{% endblock %}\n")
    [finding] = lint_file(path)
    assert (finding.rule, finding.line) == ("fence", 9)
    assert path.read_text().splitlines()[finding.line - 1] == "{{ x }}"
    assert str(finding).startswith(f"{path}:9: fence: x is untrusted")


def test_a_variable_that_is_not_used_is_found_unless_its_description_says_so(folder) -> None:
    assert rules(write(folder, more="  y: a number\n")) == ["unused"]
    assert rules(write(folder, more="  y: a number (not used by this version)\n")) == []


def test_a_file_that_cannot_be_read_is_a_finding_not_an_end(folder) -> None:
    assert rules(write(folder, "{% block user %}{{ y }}{% endblock %}")) == ["broken"]
    assert rules(write(folder, "{% block user %}{{ %}{% endblock %}")) == ["broken"]


def test_what_stands_outside_the_blocks_is_found_because_it_is_never_rendered(folder) -> None:
    assert rules(write(folder, "{% set y = 1 %}\n" + GOOD)) == ["lost"]
    assert rules(write(folder, "Be kind.\n" + GOOD)) == ["lost"]


def example(expect: str, variables: str = "{x: Ada}") -> str:
    return f"examples:\n  - name: one\n    variables: {variables}\n    expect: {expect}\n"


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        (example("{contains: Ada, not_contains: Bob, max_tokens: 5}"), None),
        (example("{contains: Bob}"), "example"),
        (example("{not_contains: Ada}"), "example"),
        (example("{max_tokens: 4}"), "budget"),
        (example("{}", "{}"), "undefined"),
        (example("{}", "{x: a, z: b}"), "undefined"),
        (example("{contain: Ada}"), "broken"),
        (example("{choices: {labels: [yes, no], best: maybe}}"), "broken"),
        ("examples: {name: one}\n", "broken"),
        ("trained: newest\n", "broken"),
        ("trusted: [z.label]\n", "broken"),
    ],
)
def test_examples_are_held_against_what_they_expect(folder, more, rule) -> None:
    assert rules(write(folder, more=more)) == ([rule] if rule else [])


def test_a_budget_is_not_held_without_a_tokenizer(folder) -> None:
    assert lint_file(write(folder, more=example("{max_tokens: 1}"))) == []


def test_a_version_that_its_adapter_was_not_trained_with_drifts(folder) -> None:
    write(folder, version=1, more="trained: 1\n")
    library = PromptLibrary(folder)
    assert drift(library, {"talk": "talk/greet"}) == []
    write(folder, version=2)
    [finding] = drift(PromptLibrary(folder), {"talk": "talk/greet"})
    assert finding.ref == "talk/greet@2"
    assert "trained with talk/greet@1" in finding.message
    assert drift(PromptLibrary(folder), {"talk": "talk/greet@1"}) == []
    write(folder, version=2, more="trained: 2\n")
    assert drift(PromptLibrary(folder), {"talk": "talk/greet"}) == []


def test_the_card_of_the_adapter_in_force_speaks_before_the_front_matter(folder) -> None:
    write(folder, version=1, more="trained: 1\n")
    [finding] = drift(PromptLibrary(folder), {"talk": "talk/greet"}, {"talk": "talk/greet@3"})
    assert "trained with talk/greet@3" in finding.message


def test_every_shipped_prompt_is_free_of_findings_and_carries_an_example() -> None:
    library = PromptLibrary.default()
    for ref in library.refs():
        template = library.get(ref)
        assert [str(finding) for finding in lint(template)] == []
        assert template.examples, f"{ref} has no example"


@pytest.mark.model
def test_the_examples_of_every_shipped_prompt_keep_their_token_budgets(engine) -> None:
    library = PromptLibrary.default()
    assert [str(f) for ref in library.refs() for f in lint(library.get(ref), engine.count_tokens)] == []


def test_every_rule_is_explained_in_the_docs() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "prompts.md").read_text(encoding="utf-8")
    assert [rule for rule in RULES if f"`{rule}`" not in page] == []
