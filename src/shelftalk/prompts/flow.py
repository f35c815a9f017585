"""Where untrusted text flows in a template, read from its Jinja tree without rendering it.

A variable whose description says "(untrusted" is followed through attributes, loops, sets, macros, filters and
concatenation to every place that prints it. On the way it must pass the filter `fence` or `line`; a filter, slice or
method that could undo the fence makes it untrusted again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from jinja2 import nodes

FENCES = frozenset({"fence", "line"})
# What these filters give is a number or a truth value, whatever went in.
_NUMBERS = frozenset({"length", "count", "wordcount", "int", "float", "round", "abs", "filesizeformat"})
# These keep a fence closed: they change no quote and cut nothing off.
_AFTER_FENCE = frozenset(
    {"upper", "lower", "string", "default", "d", "join", "indent", "list", "first", "last", "trim"}
)
_DEEPEST = 20


@dataclass(frozen=True)
class Flow:
    """What an expression may hold: paths of untrusted values as they came, paths that were fenced, macros it may be."""

    loose: frozenset[str] = frozenset()
    fenced: frozenset[str] = frozenset()
    macros: tuple[nodes.Macro, ...] = ()

    def __or__(self, other: Flow) -> Flow:
        macros = self.macros + tuple(m for m in other.macros if m not in self.macros)
        return Flow(self.loose | other.loose, self.fenced | other.fenced, macros)

    @property
    def closed(self) -> Flow:
        """The same after a fence."""
        return Flow(frozenset(), self.loose | self.fenced)

    @property
    def opened(self) -> Flow:
        """The same after something that may have undone the fence."""
        return Flow(self.loose | self.fenced)


NOTHING = Flow()


def joined(flows: Iterable[Flow]) -> Flow:
    """All of them at once."""
    return reduce(Flow.__or__, flows, NOTHING)


Scope = dict[str, Flow]


@dataclass
class Analysis:
    """The flows of one template. `printed` holds each expression that a block prints with what it may hold."""

    untrusted: frozenset[str]
    trusted: frozenset[str]
    printed: list[tuple[nodes.Expr, Flow]] = field(default_factory=list)
    _seen: dict[int, int] = field(default_factory=dict)
    _namespaces: set[str] = field(default_factory=set)
    _depth: int = 0

    def run(self, tree: nodes.Template) -> Analysis:
        """Follows every block of the tree; each starts from the variables alone, as rendering does."""
        for block in tree.find_all(nodes.Block):
            self._body(block.body, self._variables(), report=True)
        return self

    def _variables(self) -> Scope:
        return {name: Flow(frozenset({name})) for name in self.untrusted}

    # Statements: each changes the scope and gives what it prints ------------------------------------------------

    def _body(self, body: Sequence[nodes.Node], scope: Scope, *, report: bool) -> Flow:
        return joined([self._statement(node, scope, report) for node in body])

    def _statement(self, node: nodes.Node, scope: Scope, report: bool) -> Flow:
        match node:
            case nodes.Output():
                return joined([self._print(child, scope, report) for child in node.nodes])
            case nodes.If():
                return self._if(node, scope, report)
            case nodes.For():
                return self._for(node, scope, report)
            case nodes.CallBlock():
                return self._call_block(node, scope, report)
            case nodes.FilterBlock():
                filtered = self._chain(node.filter, self._body(node.body, dict(scope), report=False), scope)
                self._report(node.filter, filtered, report)
                return filtered
            case nodes.With():
                inner = dict(scope)
                for target, given in zip(node.targets, node.values, strict=True):
                    self._bind(target, self._expr(given, scope), inner)
                return self._body(node.body, inner, report=report)
            case nodes.Scope() | nodes.ScopedEvalContextModifier():
                return self._body(node.body, dict(scope), report=report)
        self._assigned(node, scope)
        return NOTHING

    def _assigned(self, node: nodes.Node, scope: Scope) -> None:
        """What prints nothing, and may bind a name."""
        if isinstance(node, nodes.Assign):
            self._bind(node.target, self._expr(node.node, scope), scope)
        elif isinstance(node, nodes.AssignBlock):
            value = self._body(node.body, dict(scope), report=False)
            self._bind(node.target, self._chain(node.filter, value, scope), scope)
        elif isinstance(node, nodes.Macro):
            scope[node.name] = Flow(macros=(node,))

    def _call_block(self, node: nodes.CallBlock, scope: Scope, report: bool) -> Flow:
        inner = dict(scope)
        for parameter in node.args:
            inner[parameter.name] = joined([self._expr(a, scope) for a in node.call.args])
        caller = self._body(node.body, inner, report=False)
        flow = self._call(node.call, scope, {"caller": caller})
        self._report(node.call, flow, report)
        return flow

    def _print(self, node: nodes.Expr, scope: Scope, report: bool) -> Flow:
        if isinstance(node, nodes.TemplateData):
            return NOTHING
        flow = self._expr(node, scope)
        self._report(node, flow, report)
        return flow

    def _report(self, node: nodes.Expr, flow: Flow, report: bool) -> None:
        if not report:
            return
        if (at := self._seen.get(id(node))) is None:
            self._seen[id(node)] = len(self.printed)
            self.printed.append((node, flow))
        else:
            self.printed[at] = (node, self.printed[at][1] | flow)

    def _if(self, node: nodes.If, scope: Scope, report: bool) -> Flow:
        branches = [(node.body, dict(scope)), *((b.body, dict(scope)) for b in node.elif_), (node.else_, dict(scope))]
        printed = joined([self._body(body, inner, report=report) for body, inner in branches])
        for name in {name for _, inner in branches for name in inner}:
            scope[name] = joined(inner[name] for _, inner in branches if name in inner)
        return printed

    def _for(self, node: nodes.For, scope: Scope, report: bool) -> Flow:
        items = self._expr(node.iter, scope)
        inner, printed = dict(scope), NOTHING
        for _ in range(3):  # what one turn sets, the next may print
            self._bind(node.target, items, inner)
            inner["loop"] = items
            before = dict(inner)
            printed |= self._body(node.body, inner, report=report)
            inner = {name: inner.get(name, NOTHING) | before.get(name, NOTHING) for name in {*inner, *before}}
        for name in self._namespaces & set(scope):  # the only thing that a loop leaves behind
            scope[name] |= inner[name]
        return printed | self._body(node.else_, dict(scope), report=report)

    def _bind(self, target: nodes.Node, flow: Flow, scope: Scope) -> None:
        if isinstance(target, nodes.Name):
            scope[target.name] = flow
        elif isinstance(target, nodes.NSRef):
            scope[target.name] = scope.get(target.name, NOTHING) | flow
            self._namespaces.add(target.name)
        elif isinstance(target, (nodes.Tuple, nodes.List)):
            for item in target.items:
                self._bind(item, flow, scope)

    # Expressions: each gives what it may hold ---------------------------------------------------------------------

    def _expr(self, node: nodes.Node | None, scope: Scope) -> Flow:
        match node:
            case nodes.Name():
                return scope.get(node.name, NOTHING)
            case nodes.Getattr():
                if isinstance(node.node, nodes.Name) and node.node.name == "loop":
                    return self._expr(node.node, scope) if node.attr in ("previtem", "nextitem") else NOTHING
                return self._part(self._expr(node.node, scope), node.attr)
            case nodes.Getitem():
                held = self._expr(node.node, scope)
                if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
                    return self._part(held, node.arg.value)
                return held.opened if isinstance(node.arg, nodes.Slice) else held
            case nodes.Filter():
                return self._filter(node, self._expr(node.node, scope), scope)
            case nodes.Call():
                return self._call(node, scope, {})
            case nodes.CondExpr():
                return self._expr(node.expr1, scope) | self._expr(node.expr2, scope)
            case nodes.Compare() | nodes.Not() | nodes.Test() | nodes.Const() | nodes.TemplateData() | None:
                return NOTHING
            case nodes.Sub() | nodes.Div() | nodes.FloorDiv() | nodes.Pow() | nodes.Neg() | nodes.Pos():
                return NOTHING  # numbers alone
            case _:  # concatenation, sums, formatting, and, or, lists, tuples, dictionaries
                return joined([self._expr(child, scope) for child in node.iter_child_nodes()])

    def _part(self, held: Flow, name: str) -> Flow:
        loose = frozenset(path for old in held.loose if (path := f"{old}.{name}") not in self.trusted)
        return Flow(loose, held.fenced)

    def _filter(self, node: nodes.Filter, value: Flow, scope: Scope) -> Flow:
        name = node.name
        if name in FENCES:
            return value.closed
        if name in _NUMBERS:
            return NOTHING
        if name == "map" and node.args and isinstance(node.args[0], nodes.Const) and node.args[0].value in FENCES:
            return value.closed
        for keyword in node.kwargs or []:
            if name == "map" and keyword.key == "attribute" and isinstance(keyword.value, nodes.Const):
                return self._part(value, str(keyword.value.value))
        more = joined(self._expr(a, scope) for a in [*node.args, *(k.value for k in node.kwargs or [])])
        return (value if name in _AFTER_FENCE else value.opened) | more

    def _chain(self, node: nodes.Filter | None, value: Flow, scope: Scope) -> Flow:
        """What the filters of a block make of its text."""
        if node is None:
            return value
        inner = node.node if isinstance(node.node, nodes.Filter) else None
        return self._filter(node, self._chain(inner, value, scope), scope)

    def _call(self, node: nodes.Call, scope: Scope, extra: Mapping[str, Flow]) -> Flow:
        given = [self._expr(a, scope) for a in node.args]
        named = {k.key: self._expr(k.value, scope) for k in node.kwargs}
        everything = joined([*given, *named.values()])
        if isinstance(node.node, nodes.Getattr):
            if isinstance(node.node.node, nodes.Name) and node.node.node.name == "loop":
                return everything if node.node.attr == "cycle" else NOTHING
            return self._expr(node.node.node, scope).opened | everything  # a method: .replace(), .items()
        if isinstance(node.node, nodes.Name) and node.node.name == "range":
            return NOTHING
        called = self._expr(node.node, scope)
        out = Flow(called.loose, called.fenced) | (NOTHING if called.macros else everything)
        for macro in called.macros:
            out |= self._macro(macro, given, named, scope, extra)
        return out

    def _macro(
        self,
        macro: nodes.Macro,
        given: Sequence[Flow],
        named: Mapping[str, Flow],
        scope: Scope,
        extra: Mapping[str, Flow],
    ) -> Flow:
        if self._depth >= _DEEPEST:
            return joined([*given, *named.values()])
        inner = {**scope, **extra}
        names = [a.name for a in macro.args]
        defaults = dict(zip(names[len(names) - len(macro.defaults) :], macro.defaults, strict=True))
        for at, name in enumerate(names):
            inner[name] = given[at] if at < len(given) else named.get(name, self._expr(defaults.get(name), scope))
        inner["varargs"] = joined(given[len(names) :])
        inner["kwargs"] = joined(flow for name, flow in named.items() if name not in names)
        self._depth += 1
        try:
            return self._body(macro.body, inner, report=False)
        finally:
            self._depth -= 1


def analyse(tree: nodes.Template, variables: Mapping[str, str], trusted: Iterable[str] = ()) -> Analysis:
    """The flows of a parsed template whose variables are described as in its front matter."""
    untrusted = frozenset(name for name, description in variables.items() if "(untrusted" in description.lower())
    return Analysis(untrusted, frozenset(trusted)).run(tree)
