"""Which piece of a rendered prompt came from where: the template's own words, computed values, fenced untrusted text.

The template is rendered a second time with marks around everything that `{{ }}` prints; the marks are then read off. They
are characters of Unicode's private use area; where a value holds some itself, or the marks would change the text, the
message is given as one piece of unknown origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from shelftalk.prompts.filters import Fenced, fence, finalize, plain_line
from shelftalk.prompts.flow import FENCES, analyse
from shelftalk.prompts.library import Template, environment

Origin = Literal["literal", "trusted", "untrusted", "loose", "unknown"]

_OPEN, _CLOSE, _FIRST = "\ue000", "\ue001", 0xE100
_MOST = 0xF8FF - _FIRST


@dataclass(frozen=True)
class Segment:
    """A piece of a message. `origin` is "literal" (the template's words), "trusted" (computed or declared trusted),
    "untrusted" (through the fence), "loose" (untrusted outside the fence) or "unknown"; `variable` names where from."""

    origin: Origin
    text: str
    variable: str = ""


def segments(template: Template, variables: Mapping[str, Any]) -> list[tuple[str, list[Segment]]]:
    """Each message of the rendered prompt as (role, pieces); the pieces' texts join to the message's very text.

    Raises PromptError as rendering does.
    """
    real = template.render(**variables)
    marked, labels = _marked(template)
    shown = {message.role: message.content for message in marked.render(**variables).messages}
    out = []
    for message in real.messages:
        pieces = _read(shown.get(message.role, ""), labels)
        pieces = _trimmed(pieces, strip_spaces=message.role != "assistant")
        if "".join(p.text for p in pieces) != message.content:
            pieces = [Segment("unknown", message.content)]
        out.append((message.role, pieces))
    return out


def _marked(template: Template) -> tuple[Template, list[tuple[Origin, str]]]:
    """The template with a mark around everything printed, and what the marks mean by their number."""
    jinja = environment()
    tree = jinja.parse(template.source)
    loose = {id(n): flow.loose for n, flow in analyse(tree, template.variables, template.trusted).printed if flow.loose}
    labels: list[tuple[Origin, str]] = [("untrusted", "")]

    def wrap(text: str, at: int) -> Fenced:
        return Fenced(f"{_OPEN}{chr(_FIRST + at)}{_scrub(text)}{_CLOSE}")

    def printed(value: Any, at: int) -> Fenced:
        text = str(finalize(value))
        return Fenced(f"{_OPEN}{chr(_FIRST + at)}{text}{_CLOSE}") if text else Fenced("")

    jinja.filters["_printed"] = printed
    jinja.filters["_fenced"] = wrap
    jinja.filters["_fence"] = lambda value, *rest: wrap(fence(value, *rest), 0)
    jinja.filters["_line"] = lambda value, *rest: wrap(plain_line(value, *rest), 0)
    tree = _Marker(labels, loose, frozenset(template.variables)).visit(tree)
    tree.set_environment(jinja)
    code = jinja.compile(tree, template.ref, template.ref)
    return replace(template, _compiled=jinja.template_class.from_code(jinja, code, jinja.make_globals(None))), labels


class _Marker(NodeTransformer):
    """Wraps fences and printed expressions in filters that leave marks."""

    def __init__(
        self, labels: list[tuple[Origin, str]], loose: Mapping[int, frozenset[str]], variables: frozenset[str]
    ) -> None:
        self.labels, self.loose, self.variables = labels, loose, variables
        self.sources: dict[str, str] = {}

    def visit_For(self, node: nodes.For) -> nodes.Node:
        """A loop's names stand for what it runs over."""
        self._learn(node.target, node.iter)
        return self.generic_visit(node)

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:
        """A set's names stand for what they are set to."""
        self._learn(node.target, node.node)
        return self.generic_visit(node)

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:
        """Every fence is marked, also one that `map` applies."""
        name = self._names(node)
        self.generic_visit(node)
        if node.name == "map" and node.args and isinstance(node.args[0], nodes.Const) and node.args[0].value in FENCES:
            node.args[0].value = f"_{node.args[0].value}"
            return node
        return self._wrap(node, "_fenced", "untrusted", name) if node.name in FENCES else node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        """Every printed expression is marked."""
        for at, child in enumerate(node.nodes):
            if isinstance(child, nodes.TemplateData):
                continue
            loose = self.loose.get(id(child), frozenset())
            name, origin = self._names(child), "loose" if loose else "trusted"
            node.nodes[at] = self._wrap(self.visit(child), "_printed", origin, ", ".join(sorted(loose)) or name)
        return node

    def _learn(self, target: nodes.Node, source: nodes.Node) -> None:
        name = self._names(source)
        for one in [target, *target.find_all(nodes.Name)]:
            if isinstance(one, nodes.Name) and one.name not in self.variables:
                self.sources[one.name] = name

    def _names(self, node: nodes.Node) -> str:
        """The template's variables that an expression draws on, as "request" or "candidates.text"."""
        found: dict[str, None] = {}
        inside = {id(n.node) for n in [node, *node.find_all(nodes.Getattr)] if isinstance(n, nodes.Getattr)}
        for one in [node, *node.find_all((nodes.Getattr, nodes.Name))]:
            if isinstance(one, nodes.Getattr) and isinstance(one.node, nodes.Name):
                if root := self._root(one.node.name):
                    found[f"{root}.{one.attr}"] = None
            elif isinstance(one, nodes.Name) and id(one) not in inside and (root := self._root(one.name)):
                found.update(dict.fromkeys(root.split(", ")))
        return ", ".join(found)

    def _root(self, name: str) -> str:
        return name if name in self.variables else self.sources.get(name, "")

    def _wrap(self, node: Any, name: str, origin: Any, variable: str) -> nodes.Filter:
        label = (origin, variable)
        if label not in self.labels and len(self.labels) < _MOST:
            self.labels.append(label)
        at = self.labels.index(label) if label in self.labels else 0
        return nodes.Filter(node, name, [nodes.Const(at, lineno=node.lineno)], [], None, None, lineno=node.lineno)


def _read(text: str, labels: list[tuple[Origin, str]]) -> list[Segment]:
    out: list[Segment] = []
    stack: list[tuple[Origin, str]] = [("literal", "")]
    at = 0
    while at < len(text):
        if text[at] == _OPEN and at + 1 < len(text):
            number = ord(text[at + 1]) - _FIRST
            stack.append(labels[number] if 0 <= number < len(labels) else ("unknown", ""))
            at += 2
        elif text[at] == _CLOSE:
            if len(stack) > 1:
                stack.pop()
            at += 1
        else:
            end = min((p for p in (text.find(_OPEN, at), text.find(_CLOSE, at)) if p >= 0), default=len(text))
            origin, variable = stack[-1]
            if out and (out[-1].origin, out[-1].variable) == (origin, variable) == ("literal", ""):
                out[-1] = replace(out[-1], text=out[-1].text + text[at:end])
            else:
                out.append(Segment(origin, text[at:end], variable))
            at = end
    return out


def _trimmed(pieces: list[Segment], *, strip_spaces: bool) -> list[Segment]:
    """The pieces without the white space that rendering takes off a message's ends."""
    chars = None if strip_spaces else "\n"
    while pieces and not pieces[0].text.lstrip(chars):
        pieces = pieces[1:]
    while pieces and not pieces[-1].text.rstrip(chars):
        pieces = pieces[:-1]
    if pieces:
        pieces = [replace(pieces[0], text=pieces[0].text.lstrip(chars)), *pieces[1:]]
        pieces = [*pieces[:-1], replace(pieces[-1], text=pieces[-1].text.rstrip(chars))]
    return pieces


def _scrub(text: str) -> str:
    """The text without marks that are inside already (a fence around fenced text)."""
    out, skip = [], False
    for char in text:
        if skip:
            skip = False
        elif char == _OPEN:
            skip = True
        elif char != _CLOSE:
            out.append(char)
    return "".join(out)
