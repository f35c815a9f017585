"""Templates with front matter, found by task/name[@version] and rendered into prompts.

A template is a file prompts/TASK/NAME@VERSION.jinja: YAML front matter (id, version, task, variables, description,
model_notes; and, where wanted, examples, trusted, trained and trial), then Jinja blocks `system`, `user` and optionally
`assistant` (a prefix that the model continues). Rendering is sandboxed and strict: an undefined variable is an error that
names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import yaml
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shelftalk.errors import PromptError
from shelftalk.prompts.examples import PromptExample, parse_examples
from shelftalk.prompts.filters import FILTERS, finalize
from shelftalk.resources import resource
from shelftalk.values import Message, Prompt

if TYPE_CHECKING:
    from shelftalk.settings import Settings

_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_NAME = re.compile(r"(?P<name>[a-z0-9_-]+)@(?P<version>\d+)\.jinja\Z")
_REF = re.compile(r"(?P<task>[a-z0-9_-]+)/(?P<name>[a-z0-9_-]+)(?:@(?P<version>\d+))?\Z")
_ROLES = ("system", "user", "assistant")


def environment() -> ImmutableSandboxedEnvironment:
    """A fresh environment as every template is compiled in: sandboxed, strict, with the filters for untrusted text."""
    made = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False,
        finalize=finalize, autoescape=False,
    )  # fmt: skip
    made.filters.update(FILTERS)
    return made


@dataclass(frozen=True)
class Template:
    """One version of one prompt. `ref` is "task/name@version", the name that answers carry.

    `examples` are its tests; `trusted` are the parts of untrusted variables that the program itself makes
    ("candidates.label"); `trained` is the version that the adapter served with it was trained with (None: no adapter was);
    `on_trial` says that only its full name finds it. `first_line` is the line of the file on which `source` begins.
    """

    task: str
    name: str
    version: int
    description: str
    variables: Mapping[str, str]
    path: Path
    source: str
    model_notes: str = ""
    examples: tuple[PromptExample, ...] = ()
    trusted: tuple[str, ...] = ()
    trained: int | None = None
    on_trial: bool = False
    first_line: int = 1
    _compiled: jinja2.Template = field(repr=False, compare=False, default=None)  # type: ignore[assignment]

    @property
    def ref(self) -> str:
        """task/name@version."""
        return f"{self.task}/{self.name}@{self.version}"

    def render(self, **variables: Any) -> Prompt:
        """The prompt for these variables; PromptError names a variable that is missing or unknown."""
        missing = [name for name in self.variables if name not in variables]
        unknown = [name for name in variables if name not in self.variables]
        if missing or unknown:
            raise PromptError(
                f"prompt {self.ref} ({self.path.name}): "
                + "; ".join(
                    part
                    for part in (
                        f"variables not given: {', '.join(missing)}" if missing else "",
                        f"variables it does not declare: {', '.join(unknown)}" if unknown else "",
                    )
                    if part
                )
            )
        messages = []
        for role in _ROLES:
            block = self._compiled.blocks.get(role)
            if block is None:
                continue
            try:
                context = self._compiled.new_context(dict(variables))
                text = "".join(block(context))
            except jinja2.TemplateError as error:
                raise PromptError(f"prompt {self.ref} ({self.path.name}), block {role}: {error.message}") from error
            text = text.strip("\n") if role == "assistant" else text.strip()
            if text:
                messages.append(Message(role, text))
        return Prompt(tuple(messages), self.ref)


def parse_template(path: Path, task: str | None = None) -> Template:
    """The template in that file, of that task or of the one that its front matter names; PromptError says which line or key is
    wrong."""
    match = _NAME.match(path.name)
    if not match:
        raise PromptError(f"{path}: a prompt file is named NAME@VERSION.jinja (lower case, a whole number)")
    header, source, first = _front_matter(path)
    task = str(header.get("task")) if task is None else task
    for key in ("id", "version", "task", "variables"):
        if key not in header:
            raise PromptError(f"{path}: front matter lacks '{key}'")
    if (header["id"], header["version"], header["task"]) != (match["name"], int(match["version"]), task):
        raise PromptError(f"{path}: id, version and task in the front matter differ from the file's name and folder")
    variables = header["variables"]
    if not isinstance(variables, dict):
        raise PromptError(f"{path}: 'variables' must map each name to what it is")
    compiled = _compiled(path, source, first, variables)
    _check_options(path, header)
    return Template(
        task, match["name"], int(match["version"]), str(header.get("description", "")),
        {str(k): str(v) for k, v in variables.items()}, path, source, str(header.get("model_notes", "")),
        parse_examples(header.get("examples"), path), tuple(str(part) for part in header.get("trusted") or []),
        header.get("trained"), bool(header.get("trial", False)), first, compiled,
    )  # fmt: skip


def _front_matter(path: Path) -> tuple[dict[str, Any], str, int]:
    """The keys, the template below them and the line of the file that it begins on."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    front = _FRONT.match(text)
    if not front:
        raise PromptError(f"{path}: no front matter; begin the file with '---', the keys, and '---'")
    try:
        header = yaml.safe_load(front.group(1)) or {}
    except yaml.YAMLError as error:
        raise PromptError(f"{path}: front matter is not YAML: {error}") from error
    if not isinstance(header, dict):
        raise PromptError(f"{path}: front matter must be keys and values")
    return header, text[front.end() :], text[: front.end()].count("\n") + 1


def _compiled(path: Path, source: str, first: int, variables: Mapping[str, Any]) -> jinja2.Template:
    jinja = environment()
    try:
        tree = jinja.parse(source)
        compiled = jinja.from_string(source)
    except jinja2.TemplateSyntaxError as error:
        raise PromptError(f"{path}, line {error.lineno + first - 1}: {error.message}") from error
    undeclared = sorted(meta.find_undeclared_variables(tree) - set(variables))
    if undeclared:
        raise PromptError(f"{path}: uses variables that the front matter does not declare: {', '.join(undeclared)}")
    if set(compiled.blocks) - set(_ROLES) or "user" not in compiled.blocks:
        raise PromptError(f"{path}: needs a block 'user', and knows system, user and assistant only")
    return compiled


def _check_options(path: Path, header: Mapping[str, Any]) -> None:
    trained, trusted = header.get("trained"), header.get("trusted") or []
    if trained is not None and (isinstance(trained, bool) or not isinstance(trained, int)):
        raise PromptError(f"{path}: 'trained' must be the version that the adapter was trained with, not {trained!r}")
    if not isinstance(trusted, list) or any(str(part).split(".")[0] not in header["variables"] for part in trusted):
        raise PromptError(f"{path}: 'trusted' must list parts of the variables declared, such as candidates.label")
    if not isinstance(header.get("trial", False), bool):
        raise PromptError(f"{path}: 'trial' must be true or false, not {header['trial']!r}")


class PromptLibrary:
    """All templates of one folder, with those of a folder of one's `own` laid over it; read and checked when first asked for."""

    def __init__(self, folder: Path, own: Path | None = None) -> None:
        if not folder.is_dir():
            raise PromptError(f"{folder}: no such folder of prompts")
        self.folder, self.own = folder, own
        self._cache: dict[str, Template] = {}
        if own is not None:
            self._check_own(own)

    @classmethod
    def default(cls) -> PromptLibrary:
        """The prompts that travel with the package."""
        return cls(resource("prompts"))

    @classmethod
    def of(cls, settings: Settings, folder: Path | None = None) -> PromptLibrary:
        """The prompts that these settings put in force: those of the package (or `folder`) under those of `prompts.folder`.

        PromptError where that is no folder of templates, one is broken, or one takes a name or version that is not its to take.
        """
        own = settings.prompts.folder
        return cls(folder or resource("prompts"), own.expanduser() if own is not None else None)

    def _check_own(self, own: Path) -> None:
        """Each template of one's own can be read, takes the variables that the program gives to its name, and is no released
        version with another text: a name with its version says what an answer was made with."""
        if not own.is_dir():
            raise PromptError(
                f"{own}: no such folder; the setting prompts.folder names a folder of TASK/NAME@VERSION.jinja"
            )
        files = sorted(own.glob("*/*.jinja"))
        if stray := sorted({*own.rglob("*.jinja")} - {*files}):
            raise PromptError(
                f"{stray[0]}: would not be found; a template stands at {own / 'TASK' / 'NAME@VERSION.jinja'}"
            )
        if not files:
            raise PromptError(
                f"{own}: holds no template (TASK/NAME@VERSION.jinja); mend or remove the setting prompts.folder"
            )
        shipped = PromptLibrary(self.folder)
        for path in files:
            mine = parse_template(path, path.parent.name)
            same = [r for r in shipped.refs() if r.partition("@")[0] == f"{mine.task}/{mine.name}"]
            if not same:
                continue
            if set(mine.variables) != (wanted := set(shipped.get(same[-1]).variables)):
                raise PromptError(
                    f"{path}: {mine.task}/{mine.name} is given the variables {', '.join(sorted(wanted))}; declare these, no more "
                    "and no fewer (one that is not used says so in its description)"
                )
            if mine.ref in same and _text(path) != _text(shipped.get(mine.ref).path):
                newest = max(int(r.rpartition("@")[2]) for r in same)
                raise PromptError(
                    f"{path}: {mine.ref} travels with the package and has another text; give yours the next version, "
                    f"{mine.name}@{newest + 1}.jinja"
                )

    def refs(self) -> list[str]:
        """Every task/name@version in the folder, sorted."""
        found = set()
        for path in (p for folder in self._folders() for p in folder.glob("*/*.jinja")):
            match = _NAME.match(path.name)
            found.add((path.parent.name, match["name"] if match else path.stem, int(match["version"]) if match else 0))
        return [f"{task}/{name}@{version}" for task, name, version in sorted(found)]

    def get(self, ref: str) -> Template:
        """The template of "task/name" (its newest version that is not on trial; one's own come first), of "task/name@version", or in
        the .jinja file at that path.

        PromptError lists what there is.
        """
        if ref.endswith(".jinja"):
            return parse_template(_file(ref))
        match = _REF.match(ref)
        if not match:
            raise PromptError(
                f"{ref!r} is no prompt name; write task/name or task/name@version, or the path of a .jinja file"
            )
        task, name = match["task"], match["name"]
        wanted = int(match["version"]) if match["version"] else None
        versions = [self._versions(folder, task, name) for folder in self._folders()]
        if not any(versions) or (wanted is not None and wanted not in {v for some in versions for v in some}):
            raise PromptError(f"no prompt {ref}; there is: {', '.join(self.refs()) or 'none'}")
        if wanted is not None:
            return self._read(task, name, wanted)
        newest_first = [self._read(task, name, v) for some in versions for v in some]
        return next((t for t in newest_first if not t.on_trial), newest_first[0])

    def named(self, task: str, name: str, setting: str) -> Template:
        """The template that a setting names for a task: as task/name[@version], as name[@version], or by the path of its file.

        PromptError where it is not there, or is a prompt of another task.
        """
        whole = name if name.endswith(".jinja") or "/" in name else f"{task}/{name}"
        found = self.get(whole)
        if found.task != task:
            raise PromptError(f"setting {setting}: {found.ref} is a prompt of {found.task}; name one of {task}/")
        return found

    def path(self, ref: str) -> Path:
        """The file of "task/name" (its newest version) or "task/name@version", which need not be well formed."""
        match = _REF.match(ref)
        if match and match["version"]:
            for folder in self._folders():
                path = folder / match["task"] / f"{match['name']}@{match['version']}.jinja"
                if path.is_file():
                    return path
        return self.get(ref).path

    def _folders(self) -> list[Path]:
        """Those that are looked through, one's own first."""
        return [self.folder] if self.own is None else [self.own, self.folder]

    def _versions(self, folder: Path, task: str, name: str) -> list[int]:
        """Newest first."""
        found = [_NAME.match(path.name) for path in (folder / task).glob(f"{name}@*.jinja")]
        return sorted((int(m["version"]) for m in found if m and m["name"] == name), reverse=True)

    def _read(self, task: str, name: str, version: int) -> Template:
        key = f"{task}/{name}@{version}"
        if key not in self._cache:
            file = f"{task}/{name}@{version}.jinja"
            folder = next(f for f in self._folders() if (f / file).is_file())
            self._cache[key] = parse_template(folder / file, task)
        return self._cache[key]


def _file(ref: str) -> Path:
    path = Path(ref).expanduser()
    if not path.is_file():
        raise PromptError(f"{ref}: no such file; give a file NAME@VERSION.jinja or a name as task/name")
    return path


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")


class LayeredLibrary(PromptLibrary):
    """A library with single templates laid over it; each takes the place of the version that it has, and of its bare name."""

    def __init__(self, base: PromptLibrary, templates: Sequence[Template]) -> None:
        super().__init__(base.folder, base.own)
        self._over = {t.ref: t for t in templates}
        self._named = {**self._over, **{f"{t.task}/{t.name}": t for t in templates}}

    def refs(self) -> list[str]:
        """Every task/name@version in the folder and laid over it, sorted."""
        return sorted({*super().refs(), *self._over})

    def get(self, ref: str) -> Template:
        """As in any library, but a bare name that was laid over stands for that version."""
        return self._named[ref] if ref in self._named else super().get(ref)
