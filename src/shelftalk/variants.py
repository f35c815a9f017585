"""A variant is the path with some settings and prompts changed: KEY=VALUE,KEY=VALUE, where A|B makes one of each."""

from __future__ import annotations

import difflib
import hashlib
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from shelftalk.errors import UsageError
from shelftalk.prompts import LayeredLibrary, PromptLibrary, Template
from shelftalk.prompts.library import parse_template
from shelftalk.settings import Settings, load_settings

# Settings that say where things are or how they are served, not what is answered: no variant may set them.
PLACES = frozenset({"home", "catalog", "data", "api_key", "max_request_chars", "serve", "train", "privacy", "explore"})
SHORT = {
    "strategy": "rank.strategy",
    "permutations": "rank.permutations",
    "mode": "understand.mode",
    "explain": "explain.mode",
}
# The settings that name each task's prompt, and whether the value carries the task's folder.
PROMPTS = {
    "prompt.rank": ("rank", "rank.prompt", False),
    "prompt.understand": ("understand", "understand.prompt", True),
    "prompt.explain": ("explain", "explain.prompt", True),
    "prompt.suit": ("suit", "rank.suits_prompt", True),
}


@dataclass(frozen=True)
class PathVariant:
    """A named set of changes: `given` maps keys to values as they were written."""

    name: str = "default"
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        """The name as a folder's name."""
        text = re.sub(r"[^A-Za-z0-9.@+_=-]+", "-", self.name.replace(",", "_")).strip("-.") or "variant"
        if len(text) > 80 or text != self.name.replace(",", "_"):
            text = f"{text[:80]}-{hashlib.sha256(self.name.encode()).hexdigest()[:6]}"
        return text

    def settings(self, base: Settings | None = None, beneath: Mapping[str, Any] | None = None) -> Settings:
        """The settings in force: `base`, then `beneath` (what a suite sets), then the variant's. UsageError names a wrong one."""
        tree: dict[str, Any] = (base or load_settings()).model_dump()
        for name, value in (beneath or {}).items():
            _put(tree, setting(name, "the suite's settings"), value)
        for key, value in self.given.items():
            if key == "model" and value.startswith(("http://", "https://")):
                _put(tree, "server", value)
            elif key in PROMPTS:
                _put(tree, *self._prompt(key, value))
            else:
                _put(tree, SHORT.get(key, key), value)
        return load_settings(**tree)

    def library(self, base: PromptLibrary | None = None) -> PromptLibrary:
        """The prompts in force: the library, with the templates that the variant names in front of it. Whoever asks for one of
        their names without a version gets the version that the variant names.

        PromptError for a prompt that the variant names and that is not there, even where this run would not use it.
        """
        base = base or PromptLibrary.default()
        given = {key: value for key, value in self.given.items() if key in PROMPTS}
        named = [_template(key, value) or base.get(self.prompt(key)) for key, value in given.items()]
        return LayeredLibrary(base, named) if named else base

    def prompt(self, key: str) -> str:
        """The prompt that a key of PROMPTS names, as task/name, with its version where it has one."""
        task, _, with_task = PROMPTS[key]
        ref = self._prompt(key, self.given[key])[1]
        return ref if with_task else f"{task}/{ref}"

    def _prompt(self, key: str, value: str) -> tuple[str, str]:
        task, setting, with_task = PROMPTS[key]
        template = _template(key, value)
        name = f"{template.name}@{template.version}" if template else value.removeprefix(f"{task}/")
        return setting, f"{task}/{name}" if with_task else name


def parse_variants(texts: Sequence[str]) -> list[PathVariant]:
    """The variants that the texts ask for, a grid where values are separated by |; the default one where there is none.

    UsageError for a wrong key (with the list of keys), a key given twice, and two variants of one name.
    """
    found = [variant for text in texts for variant in _grid(text)] or [PathVariant()]
    names = [v.name for v in found]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise UsageError(f"--variant {twice[0]!r} is given twice; give each once, or a 'name=' of its own")
    return found


def keys() -> list[str]:
    """All keys that a variant may set."""
    return [*SHORT, *PROMPTS, *(name for name in flatten(Settings.model_fields) if name not in SHORT.values()), "name"]


def flatten(fields: Mapping[str, Any], above: str = "") -> list[str]:
    """The dotted names of the settings that decide what is answered."""
    found = []
    for name, info in fields.items():
        if not above and name in PLACES:
            continue
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += flatten(inner.model_fields, f"{name}.")
        else:
            found.append(above + name)
    return found


def effective(settings: Settings) -> dict[str, Any]:
    """Every setting that decides what is answered, by its dotted name, as JSON holds it."""
    tree = settings.model_dump(mode="json")
    found: dict[str, Any] = {}
    for name in flatten(Settings.model_fields):
        value: Any = tree
        for part in name.split("."):
            value = value[part]
        found[name] = value
    return found


def _grid(text: str) -> list[PathVariant]:
    chosen: dict[str, list[str]] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        key, equals, value = (s.strip() for s in part.partition("="))
        if not equals or not value:
            raise UsageError(f"--variant {text!r}: {part!r} is not KEY=VALUE")
        if key not in keys():
            near = difflib.get_close_matches(key, keys(), 1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise UsageError(f"--variant: unknown key {key!r}{hint}; there is: {', '.join(keys())}")
        if key in chosen:
            raise UsageError(f"--variant {text!r}: {key} is given twice; separate values with | to try each")
        chosen[key] = [v.strip() for v in value.split("|") if v.strip()]
    named = chosen.pop("name", None)
    found = []
    for values in itertools.product(*chosen.values()):
        given = dict(zip(chosen, values, strict=True))
        shown = ",".join(f"{k}={_short(v)}" for k, v in given.items())
        moving = ",".join(f"{k}={_short(v)}" for k, v in given.items() if len(chosen[k]) > 1)
        name = (f"{named[0]},{moving}" if moving else named[0]) if named else shown
        found.append(PathVariant(name or "default", given))
    return found


def _short(value: str) -> str:
    return Path(value).name if value.endswith(".jinja") else value


def _template(key: str, value: str) -> Template | None:
    """The template in the file that the value names, None where it names one of the library."""
    path = Path(value).expanduser()
    if value.endswith(".jinja") or path.is_file():
        if not path.is_file():
            raise UsageError(
                f"--variant {key}={value}: no such file; give NAME@VERSION of the library or a template file"
            )
        return parse_template(path, PROMPTS[key][0])
    return None


def setting(name: str, where: str) -> str:
    """The dotted name of a setting that decides what is answered; UsageError for any other."""
    dotted = SHORT.get(name, name)
    known = flatten(Settings.model_fields)
    if dotted not in known:
        near = difflib.get_close_matches(name, [*SHORT, *known], 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(f"{where}: there is no setting {name!r}{hint}; there is: {', '.join([*SHORT, *known])}")
    return dotted


def _put(tree: dict[str, Any], dotted: str, value: Any) -> None:
    *above, last = dotted.split(".")
    for part in above:
        tree = tree[part]
    tree[last] = value
