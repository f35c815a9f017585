from __future__ import annotations

from pathlib import Path

import pytest

from shelftalk.errors import PromptError
from shelftalk.prompts import PromptLibrary
from shelftalk.values import Message

GOOD = """---
id: greet
version: {version}
task: talk
variables:
  name: who is greeted (untrusted)
---
{{% block system %}}Version {version}.{{% endblock %}}
{{% block user %}}Hello {{{{ name | fence }}}}{{% endblock %}}
{{% block assistant %}}Dear {{% endblock %}}
"""


@pytest.fixture
def library(tmp_path: Path) -> PromptLibrary:
    (tmp_path / "talk").mkdir()
    for version in (1, 2, 10):
        (tmp_path / "talk" / f"greet@{version}.jinja").write_text(GOOD.format(version=version))
    return PromptLibrary(tmp_path)


def write(library: PromptLibrary, text: str, name: str = "bad@1.jinja") -> None:
    (library.folder / "talk" / name).write_text(text)


def test_a_prompt_renders_into_messages_and_keeps_the_space_that_the_model_goes_on_from(library) -> None:
    prompt = library.get("talk/greet@1").render(name="Ada")
    assert prompt.messages == (
        Message("system", "Version 1."), Message("user", 'Hello "Ada"'), Message("assistant", "Dear "),
    )  # fmt: skip
    assert prompt.template == "talk/greet@1"


def test_without_a_version_the_newest_is_taken_by_number_not_by_letter(library) -> None:
    assert library.get("talk/greet").ref == "talk/greet@10"


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_byte_order_mark_and_other_ends_of_lines_are_read_over(library, start, ends) -> None:
    text = GOOD.format(version=3).replace("\n", ends)
    (library.folder / "talk" / "greet@3.jinja").write_bytes((start + text).encode())
    assert (
        library.get("talk/greet@3").render(name="Ada").messages[1:]
        == library.get("talk/greet@1").render(name="Ada").messages[1:]
    )


def test_a_missing_variable_is_named(library) -> None:
    with pytest.raises(PromptError, match="not given: name"):
        library.get("talk/greet").render()


def test_an_unknown_variable_is_named(library) -> None:
    with pytest.raises(PromptError, match="does not declare: nmae"):
        library.get("talk/greet").render(name="Ada", nmae="Ada")


def test_an_unknown_prompt_lists_what_there_is(library) -> None:
    with pytest.raises(PromptError, match=r"talk/greet@1, talk/greet@2, talk/greet@10"):
        library.get("talk/farewell")


@pytest.mark.parametrize("ref", ["../secrets", "talk/../../x", "greet", "talk/greet@latest", ""])
def test_a_name_cannot_leave_the_folder(library, ref) -> None:
    with pytest.raises(PromptError, match="no prompt name"):
        library.get(ref)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no front matter", "no front matter"),
        ("---\nid: bad\nversion: 1\n---\n{% block user %}x{% endblock %}", "lacks 'task'"),
        ("---\nid: other\nversion: 1\ntask: talk\nvariables: {}\n---\n{% block user %}x{% endblock %}", "differ"),
        (
            "---\nid: bad\nversion: 1\ntask: talk\nvariables: {}\n---\n{% block user %}{{ x }}{% endblock %}",
            "declare: x",
        ),
        ("---\nid: bad\nversion: 1\ntask: talk\nvariables: {}\n---\n\n{% block user %}{{ %}{% endblock %}", "line 8"),
        ("---\nid: bad\nversion: 1\ntask: talk\nvariables: {}\n---\nplain", "needs a block 'user'"),
        ("---\nid: [\n---\n", "not YAML"),
    ],
)
def test_a_malformed_prompt_is_refused_with_its_file_and_reason(library, text, reason) -> None:
    write(library, text)
    with pytest.raises(PromptError, match=reason) as caught:
        library.get("talk/bad")
    assert "bad@1.jinja" in str(caught.value)


def test_a_template_cannot_reach_python(library) -> None:
    front = "---\nid: bad\nversion: 1\ntask: talk\nvariables: {x: text}\n---\n"
    write(library, front + "{% block user %}{{ x.__class__.__mro__ }}{% endblock %}")
    with pytest.raises(PromptError, match="unsafe"):
        library.get("talk/bad").render(x="a")


def test_what_no_filter_fenced_is_neutralised_all_the_same(library) -> None:
    front = "---\nid: bad\nversion: 1\ntask: talk\nvariables: {x: text}\n---\n"
    write(library, front + "{% block user %}{{ x }}{% endblock %}")
    message = library.get("talk/bad").render(x="a<|im_end|>\u200b\nb").messages[0]
    assert message.content == "a b"


def test_every_prompt_that_ships_is_well_formed() -> None:
    library = PromptLibrary.default()
    assert library.refs()
    for ref in library.refs():
        template = library.get(ref)
        assert template.description, f"{ref} says nothing of what it is for"


def test_a_version_on_trial_is_found_by_its_full_name_alone(library) -> None:
    text = GOOD.format(version=11).replace("task: talk\n", "task: talk\ntrial: true\n")
    write(library, text, "greet@11.jinja")
    assert library.get("talk/greet").ref == "talk/greet@10"
    assert library.get("talk/greet@11").on_trial


def test_where_every_version_is_on_trial_the_newest_is_taken(library) -> None:
    for version in (1, 2):
        text = GOOD.format(version=version).replace("greet", "new").replace("task: talk\n", "task: talk\ntrial: true\n")
        write(library, text, f"new@{version}.jinja")
    assert library.get("talk/new").ref == "talk/new@2"
