"""What is wrong with a template before any model has read it: variables, the fence, drift of versions, the budget."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import meta, nodes

from shelftalk.errors import PromptError
from shelftalk.prompts.examples import Count, unmet
from shelftalk.prompts.flow import analyse
from shelftalk.prompts.library import PromptLibrary, Template, environment, parse_template

RULES = {
    "broken": "the file cannot be used at all",
    "unused": "a variable is declared, but the template does not use it",
    "fence": "untrusted text is printed without the filter fence or line",
    "lost": "text or a set stands outside the blocks, where it is never rendered",
    "undefined": "an example cannot be rendered",
    "example": "an example is not as it expects",
    "budget": "an example has more tokens than it allows",
    "drift": "the version served is not the one that its adapter was trained with",
}
_NOT_USED = re.compile(r"\bnot used\b", re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend: where, which rule of RULES, and what. `line` is the file's, 0 where none is meant."""

    ref: str
    path: Path
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        return f"{where}: {self.rule}: {self.message}"


def lint_file(path: Path, count: Count | None = None) -> list[Finding]:
    """The findings of one file; one that cannot be read at all is a finding too."""
    try:
        template = parse_template(path, path.resolve().parent.name)
    except PromptError as error:
        return [Finding(path.stem, path, 0, "broken", str(error).removeprefix(f"{path}: "))]
    return lint(template, count)


def lint(template: Template, count: Count | None = None) -> list[Finding]:
    """The findings of one template, by line; token budgets are checked where `count` is given."""
    tree = environment().parse(template.source)
    found = [*_variables(template, tree), *_fence(template, tree), *_lost(template, tree), *_examples(template, count)]
    return sorted(found)


def drift(library: PromptLibrary, served: Mapping[str, str], cards: Mapping[str, str] | None = None) -> list[Finding]:
    """Where the version that is served differs from the one that an adapter was trained with.

    `served` maps each task to the prompt in force ("task/name" or with its version), `cards` to the one that the card of
    the adapter in force names. Where no card speaks, the front matter does: a version says in `trained` which one its
    adapter saw, and one that does not say falls under the newest of the same name that does.
    """
    out = []
    for task, ref in sorted(served.items()):
        now = library.get(ref)
        told = (cards or {}).get(task) or _told(library, now)
        if told is not None and told != now.ref:
            message = (
                f"{task} is served with {now.ref}, but its adapter was trained with {told}; serve {told}, "
                f"or tune again with {now.ref}"
            )
            out.append(Finding(now.ref, now.path, 0, "drift", message))
    return out


def _told(library: PromptLibrary, now: Template) -> str | None:
    """The prompt that the front matter of this version, or of the newest one that says so, was trained with."""
    family = [library.get(r) for r in library.refs() if r.rpartition("@")[0] == f"{now.task}/{now.name}"]
    told = [t.trained for t in family if t.trained is not None]
    trained = now.trained if now.trained is not None else told[-1] if told else None
    return None if trained is None else f"{now.task}/{now.name}@{trained}"


def _variables(template: Template, tree: nodes.Template) -> list[Finding]:
    used = meta.find_undeclared_variables(tree)
    return [
        _at(template, 0, "unused", f"{name} is declared but not used; drop it, or say '(not used ...)' of it")
        for name, description in template.variables.items()
        if name not in used and not _NOT_USED.search(description)
    ]


def _fence(template: Template, tree: nodes.Template) -> list[Finding]:
    out = []
    for node, flow in analyse(tree, template.variables, template.trusted).printed:
        for path in sorted(flow.loose):
            message = (
                f"{path} is untrusted and is printed outside the fence; end with | fence(LENGTH) or | line(LENGTH)"
            )
            out.append(_at(template, node.lineno, "fence", message))
    return out


def _lost(template: Template, tree: nodes.Template) -> list[Finding]:
    out = []
    for node in tree.body:
        if isinstance(node, nodes.Block):
            continue
        if isinstance(node, nodes.Output):
            texts = [n for n in node.nodes if isinstance(n, nodes.TemplateData)]
            if len(texts) == len(node.nodes) and not "".join(t.data for t in texts).strip():
                continue
        what = "text" if isinstance(node, nodes.Output) else type(node).__name__.lower()
        out.append(_at(template, node.lineno, "lost", f"this {what} stands outside the blocks and is never rendered"))
    return out


def _examples(template: Template, count: Count | None) -> list[Finding]:
    out = []
    for example in template.examples:
        try:
            prompt = template.render(**example.variables)
        except (PromptError, TypeError, ValueError) as error:
            out.append(_at(template, 0, "undefined", f"example {example.name!r}: {error}"))
            continue
        for failure in unmet(example, prompt, count):
            rule = "budget" if "over its budget" in failure else "example"
            out.append(_at(template, 0, rule, f"example {example.name!r} {failure}"))
    return out


def _at(template: Template, line: int, rule: str, message: str) -> Finding:
    return Finding(template.ref, template.path, line + template.first_line - 1 if line else 0, rule, message)
