"""The pages hold together: links lead somewhere, commands and options exist, quoted errors are raised by the code."""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import pytest
import typer

from shelftalk.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

FENCE = re.compile(r"^( *)(```+)[ \t]*(\w*)[^\n]*\n(.*?)^\1\2[ \t]*$", re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r"(?:^ {4}[^\n]*\n)+", re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
# The command with what may stand before it: a prompt sign, variables, the folder of the environment.
COMMAND = re.compile(r"^\s*(?:\$ +)?(?:[A-Z_]+=\S* +)*(?:[\w./-]*/)?shelftalk +(\S.*)$")
QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# The folders of usual home and mount points, and those that this very checkout and user live in.
_HERE = "|".join(re.escape(f"{folder}/") for folder in (ROOT.parent, Path.home()) if folder != Path("/"))
MACHINE = re.compile(rf"(?<![\w.])(?:{_HERE}|/home/|/Users/|/mnt/|[A-Z]:\\)\w*")
REGISTRY = re.compile(
    r"\b(?:pypi\.org|pythonhosted\.org|download\.pytorch\.org|npmjs\.(?:org|com)|crates\.io|conda\.anaconda\.org)\b"
)


def prose(text: str) -> str:
    """The page without its code."""
    return INLINE.sub("", FENCE.sub("", text))


def snippets(text: str) -> Iterator[str]:
    """Every inline code span, and every line of the blocks that are not another language."""
    for match in FENCE.finditer(text):
        if match[3] in ("", "sh", "bash", "shell", "console", "text"):
            yield from match[4].replace("\\\n", " ").splitlines()
    rest = FENCE.sub("", text)
    for match in INDENTED.finditer(rest):
        yield from match[0].replace("\\\n", " ").splitlines()
    yield from (match[1] for match in INLINE.finditer(rest))


def commands(text: str) -> Iterator[str]:
    """What follows `shelftalk` in every snippet that calls it, without quoted texts and what the shell reads itself."""
    for snippet in snippets(text):
        if match := COMMAND.match(snippet.replace("\\|", "|")):
            yield re.split(r" (?:#|&&|;|>) ", QUOTED.sub("TEXT", match[1]) + " ")[0].strip()


@cache
def program() -> Any:
    """The command line program."""
    return typer.main.get_command(app)


def named(line: str) -> tuple[str, list[Any]]:
    """What is wrong with a command's name ("" for nothing), and the commands that the line names."""
    group = program()
    words = line.split()
    if words[0].startswith("-") or words[0].isupper():
        return "", [group]
    found = group.commands.get(words[0])
    if found is None:
        return f"no command {words[0]!r}", []
    rest = list(takewhile(lambda word: not word.startswith(("-", "[")), words[1:]))
    if not hasattr(found, "commands") or not rest:
        return "", [found]
    alternatives = [rest[0]]
    for before, word in pairwise(rest):
        if before == "|":
            alternatives.append(word)
    unknown = [word for word in alternatives if word not in found.commands and not word.isupper()]
    if unknown:
        return f"no command {words[0]} {unknown[0]!r}", []
    return "", [found.commands[word] for word in alternatives if word in found.commands]


def problems_of(line: str) -> list[str]:
    """Everything in a command line that the command line program does not know."""
    problem, found = named(line)
    if problem:
        return [problem]
    known = {name for command in found for p in command.params for name in (*p.opts, *p.secondary_opts)} | {"--help"}
    return [f"no option {option}" for option in OPTION.findall(line) if option not in known]


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors that the page's headings get on a code host."""
    made: list[str] = []
    for heading in re.findall(r"^#{1,6} +(.+?) *#*$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        seen = sum(1 for other in made if other == slug)
        made += [slug, f"{slug}-{seen}"] if seen else [slug]
    return frozenset(made)


@cache
def spoken() -> tuple[str, ...]:
    """Every text that the code can say, with a NUL wherever a value goes in, and the lines of the scripts."""
    said: list[str] = []
    for file in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [str(v.value) if isinstance(v, ast.Constant) else "\0" for v in node.values]
                said.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                said.append(node.value)
    for file in sorted((ROOT / "scripts").glob("*.sh")):
        said += [re.sub(r"\$\w+", "\0", line) for line in file.read_text(encoding="utf-8").splitlines()]
    return tuple(said)


def is_said(message: str) -> bool:
    """Whether one text of the code holds the pieces of a message in their order; `...` stands for a value."""
    pieces = [re.escape(piece.strip()) for piece in message.split("...") if piece.strip()]
    pattern = re.compile(r"[^\n]*?".join(pieces))
    return any(pattern.search(text) for text in spoken())


@pages
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    broken = []
    for target in LINK.findall(prose(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        lost = anchor and file.suffix == ".md" and file.is_file() and anchor not in anchors(file)
        if not file.exists() or not file.is_relative_to(ROOT) or lost:
            broken.append(target)
    assert not broken, f"{page.relative_to(ROOT)} links to what is not there: {broken}"


@pages
def test_every_command_and_option_on_a_page_exists(page: Path) -> None:
    wrong = {line: found for line in commands(page.read_text(encoding="utf-8")) if (found := problems_of(line))}
    assert not wrong, f"{page.relative_to(ROOT)}: {wrong}"


@pages
def test_no_page_names_a_place_on_one_machine_or_the_address_of_a_package_registry(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = [match[0] for pattern in (MACHINE, REGISTRY) for match in pattern.finditer(text)]
    assert not found, f"{page.relative_to(ROOT)} names {found}"


def test_pages_that_the_code_sends_a_reader_to_exist() -> None:
    sent = {path for text in spoken() for path in re.findall(r"docs/[\w./-]+\.md", text)}
    assert sent, "the code names no page at all: the search for them is broken"
    lost = sorted(path for path in sent if not (ROOT / path).is_file())
    assert not lost, f"the code names pages that are not there: {lost}"


def test_the_indices_list_every_page_beside_them() -> None:
    for index in (DOCS / "README.md", DOCS / "decisions" / "README.md"):
        listed = {target.partition("#")[0].rstrip("/") for target in LINK.findall(index.read_text(encoding="utf-8"))}
        there = {page.name for page in index.parent.glob("*.md") if page != index}
        assert there <= listed, f"{index.relative_to(ROOT)} leaves out {sorted(there - listed)}"


def test_every_error_that_troubleshooting_quotes_is_one_that_the_code_raises() -> None:
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    quoted = [span for row in re.findall(r"^\|([^|]+)\|", text, re.MULTILINE) for span in INLINE.findall(row)]
    assert len(quoted) >= 30
    stale = [message for message in quoted if not is_said(message)]
    assert not stale, f"no line of the code says: {stale}"


@pytest.mark.parametrize(
    "line, expected",
    [
        ("ask TEXT --catalog DIR --k 3", []),
        ("catalog import | show | stats", []),
        ("catalog import FEED [--format NAME | --map FILE.yaml]", []),
        ("--help", []),
        ("suggest TEXT", ["no command 'suggest'"]),
        ("catalog import | drop", ["no command catalog 'drop'"]),
        ("why TEXT ID --markdown", ["no option --markdown"]),
        ("catalog import FEED --sideways", ["no option --sideways"]),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(line: str, expected: list[str]) -> None:
    assert problems_of(line) == expected


def test_commands_are_found_in_spans_and_blocks_whatever_stands_before_them() -> None:
    page = '`shelftalk ask "a --fake one"`\n\n```\n$ SHELFTALK_K=2 .venv/bin/shelftalk chat --k 2 # --no\n```\n\n    shelftalk doctor\n'
    assert sorted(commands(page)) == ["ask TEXT", "chat --k 2", "doctor"]
    assert not list(commands("```python\nshelftalk ask\n```\n`shelftalk.toml` `import shelftalk`"))


def test_a_message_that_the_code_does_not_hold_is_noticed() -> None:
    assert is_said("no catalogue at ...; make one with")
    assert not is_said("the catalogue at ... was eaten by the dog")


def test_no_two_runs_of_the_pages_stand_in_one_folder_with_different_suites() -> None:
    """A run's folder takes one suite and split; commands that follow each other on the pages can all be run."""
    from shelftalk.variants import parse_variants

    held: dict[str, tuple[str, str]] = {}
    for page in PAGES:
        for command in re.findall(r"shelftalk eval run (.+)", page.read_text(encoding="utf-8").replace("\\\n", " ")):
            words = shlex.split(command.split("`")[0])
            given = dict(pairwise(words))
            out, run = given.get("--out"), (words[0], given.get("--split", ""))
            if out is None or words[0].isupper():
                continue
            names = [value for option, value in pairwise(words) if option == "--variant"]
            for variant in parse_variants(names):
                folder = f"{out}/{variant.name}"
                assert held.setdefault(folder, run) == run, f"{page}: {folder}"
    assert len(held) > 10


def test_each_decision_is_listed_once_by_its_own_title() -> None:
    listed = re.findall(r"^- \[(.+)\]\((.+)\)$", (DOCS / "decisions" / "README.md").read_text(), re.MULTILINE)
    decisions = sorted((DOCS / "decisions").glob("0*.md"))
    titles = [page.read_text().split("\n", 1)[0].removeprefix("# ") for page in decisions]
    assert listed == [(title, page.name) for title, page in zip(titles, decisions, strict=True)]


def test_the_settings_that_are_said_to_need_no_language_model_need_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SHELFTALK_")]:
        monkeypatch.delenv(name)
    from shelftalk.server.live import needs_model
    from shelftalk.settings import load_settings

    row = next(r for r in (DOCS / "operations.md").read_text().split("\n") if r.startswith("| no stage asks a model"))
    said: dict[str, dict[str, str]] = {}
    for group, name, value in re.findall(r"`(\w+)\.(\w+) = \"(\w+)\"`", row):
        said.setdefault(group, {})[name] = value
    assert not needs_model(load_settings(**said))
    written = re.search(r"shelftalk_settings =\n((?:    .+\n)+)", (DOCS / "testing.md").read_text())
    assert written is not None
    given = re.findall(r"(\w+)\.(\w+) = (\w+)", written[1])
    assert not needs_model(load_settings(**{group: {name: value} for group, name, value in given}))
