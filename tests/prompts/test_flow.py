"""Where untrusted text is printed: every way round the fence is found, and no honest template is accused."""

from __future__ import annotations

import pytest

from shelftalk.prompts.flow import analyse
from shelftalk.prompts.library import environment

VARIABLES = {"x": "words (untrusted)", "items": "list of {label, text} (untrusted)", "n": "a number"}


def loose(body: str) -> set[str]:
    tree = environment().parse("{% block user %}" + body + "{% endblock %}")
    found = analyse(tree, VARIABLES, ["items.label"]).printed
    return {path for _, flow in found for path in flow.loose}


@pytest.mark.parametrize(
    "body",
    [
        "{{ x | fence }}",
        "{{ x | string | line(60) }}",
        "{{ n }}{{ x | length }}{{ x == 'a' }}{{ x is defined }}",
        "{% if x %}yes{% endif %}",
        "{% for i in items %}{{ i.label }}. {{ i.text | fence(20) }}{{ loop.index }}{% endfor %}",
        "{{ 'a: ' ~ (x | fence) }}",
        "{% set y = x | fence %}{{ y }}",
        "{% set y %}{{ x }}{% endset %}{{ y | fence }}",
        "{% set y | line %}{{ x }}{% endset %}{{ y }}",
        "{% macro m(a) %}{{ a | fence }}{% endmacro %}{{ m(x) }}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x) | fence }}",
        "{% filter fence %}{{ x }}{% endfilter %}",
        "{{ items | map(attribute='text') | map('fence') | join(', ') }}",
        "{{ items | map(attribute='label') | join(', ') }}",
        "{{ (x | fence) | upper }}",
        "{% for i in items %}{% set a, b = i.text | fence, n %}{{ a }}{{ b }}{% endfor %}",
        "{% for i in range(items | length) %}{{ i }}{% endfor %}",
        "{% for i in items %}{% set x = i.text %}{% endfor %}{{ n }}",
        "{{ 'a' if x else 'b' }}",
    ],
)
def test_text_that_passes_the_fence_on_every_way_is_accepted(body: str) -> None:
    assert loose(body) == set()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("{{ x }}", "x"),
        ("{{ x | upper }}", "x"),
        ("{{ 'a: ' ~ x }}", "x"),
        ("{{ 'a %s' | format(x) }}", "x"),
        ("{{ 'a %s' % x }}", "x"),
        ("{{ x or 'none' }}", "x"),
        ("{{ n | default(x) }}", "x"),
        ("{{ x if n else 'none' }}", "x"),
        ("{{ x[3:] }}", "x"),
        ("{{ x.strip() }}", "x"),
        ("{{ x.a['b'] }}", "x.a.b"),
        ("{{ items[0].text }}", "items.text"),
        ("{{ items | map(attribute='text') | join }}", "items.text"),
        ("{{ items | join(', ') }}", "items"),
        ("{% for i in items %}{{ i.text }}{% endfor %}", "items.text"),
        ("{% for i in items %}{{ loop.previtem }}{% endfor %}", "items"),
        ("{% for k, v in x.items() %}{{ v }}{% endfor %}", "x"),
        ("{% for i in items %}{{ i.text | fence }}{% else %}{{ x }}{% endfor %}", "x"),
        ("{% set y = x %}{{ y }}", "x"),
        ("{% set y %}{{ x }}{% endset %}{{ y }}", "x"),
        ("{% set y = n %}{% if n %}{% set y = x %}{% endif %}{{ y }}", "x"),
        (
            "{% set ns = namespace(v=n) %}{% for i in items %}{% set ns.v = i.text %}{% endfor %}{{ ns.v }}",
            "items.text.v",
        ),
        ("{% set y = n %}{% for i in items %}{{ y }}{% set y = i.text %}{% endfor %}", "items.text"),
        ("{% with y = x %}{{ y }}{% endwith %}", "x"),
        ("{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x) }}", "x"),
        ("{% macro m(a, b=x) %}{{ b }}{% endmacro %}{{ m(n) }}", "x"),
        ("{% macro m() %}{{ varargs }}{% endmacro %}{{ m(x) }}", "x"),
        ("{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ x }}{% endcall %}", "x"),
        ("{% macro a(v) %}{{ v }}{% endmacro %}{% macro b(v) %}{{ a(v) }}{% endmacro %}{{ b(x) }}", "x"),
        ("{% filter upper %}{{ x }}{% endfilter %}", "x"),
        ("{{ x | fence | replace('\"', '') }}", "x"),
        ("{{ (x | fence)[1:] }}", "x"),
        ("{{ (x | fence).strip('\"') }}", "x"),
        ("{% if n %}{{ x | fence }}{% elif x %}{{ x }}{% endif %}", "x"),
    ],
)
def test_every_way_round_the_fence_is_found(body: str, path: str) -> None:
    assert loose(body) == {path}


def test_a_macro_that_calls_itself_ends() -> None:
    assert loose("{% macro m(a) %}{{ m(a) }}{% endmacro %}{{ m(x) }}") == {"x"}
