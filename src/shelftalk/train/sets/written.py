"""The written set becomes training rows: wishes read as criteria, kinds for a need, and reasons from numbered facts.

A request stays as it was written; what changes from row to row is the shop around it: which fields it has, in which order
and under which names, so that the model learns to look for the field rather than to remember it. Where the field that
answers a wish is not among those shown, the right answer is that none does.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from shelftalk.catalog.standing import superlatives
from shelftalk.prompts import PromptLibrary
from shelftalk.train.sets.example import TrainingExample
from shelftalk.understand.model import (
    MOST_KINDS,
    MOST_OFFERED,
    FieldMatcher,
    WishRequest,
    needs_prompt,
    plain_order,
    prompt,
    written,
)
from shelftalk.understand.model import plain as plain_field
from shelftalk.values import Criterion, Facet, Scalar
from shelftalk.written import Kind, Reason, Wish, WrittenSet
from shelftalk.written.parse import HELD, FieldSpec

__all__ = ["facet_of", "needs", "reasons", "renamed", "wishes"]

# How a superlative is said of one thing alone.
_BARE = {
    "lightest": "light", "heaviest": "heavy", "cheapest": "cheap", "longest": "long", "shortest": "short", "narrowest": "narrow",
    "widest": "wide", "lowest": "low", "tallest": "tall", "highest": "high", "thinnest": "thin", "thickest": "thick",
    "quietest": "quiet", "loudest": "loud", "dimmest": "dim", "brightest": "bright", "smallest": "small", "largest": "large",
}  # fmt: skip
_UNITS = {
    "g": ("kg", "oz"),
    "kg": ("g", "lb"),
    "cm": ("mm", "in"),
    "mm": ("cm",),
    "hours": ("h", "min"),
    "l": ("ml",),
    "ml": ("l",),
}
_UNIT = re.compile(r"_(g|kg|mg|lb|oz|cm|mm|m|km|in|inch|l|ml|w|kw|wh|kwh|mah|v|gb|tb|hz|db|lm|hours|hour|h|min|minutes|s|seconds|days|months|years|c|bar|mbar|rpm|psi|nits|mp|dpi|lux|n|nm)$")  # fmt: skip


def facet_of(spec: FieldSpec, name: str | None = None) -> Facet:
    """The facet that a catalogue of such products has."""
    values = tuple((v, 1) for v in spec.values) if spec.kind == "text" else ()
    return Facet(name or spec.name, spec.kind, 1, len(values) or 2, values, spec.low, spec.high)


_CORE = (Facet("price", "money", 1, 2), Facet("rating", "number", 1, 2))


def wishes(
    found: WrittenSet, library: PromptLibrary, seed: int, variants: int = 2, matcher: FieldMatcher | None = None
) -> Iterator[TrainingExample]:
    """`variants` rows a request of train, each in another shop, and one a request of dev and test, in its own; the fields are
    offered as the matcher orders them."""
    template = library.get("understand/wishes@1")
    for n, wish in enumerate([*found.wishes, *plain_wishes(found, seed)]):
        for turn in range(variants if wish.split == "train" else 1):
            draw = random.Random(f"{seed} {n} {turn}")
            kinds, fields, wants = _shop(wish, found.kinds, draw) if wish.split == "train" else _own(wish, found.kinds)
            offered = matcher.offer(kinds, wish.text, fields) if matcher else plain_order(fields, 2 * MOST_OFFERED)
            shown = {o.facet.field: o.ways for o in offered}
            wants = [w if w is None or _offers(shown, w) else None for w in wants]
            question = WishRequest(wish.text, kinds, tuple(offered))
            yield TrainingExample(
                "wishes", prompt(template, question), written(wants, wish.words), "written", f"wish/{n}", wish.split,
                f"wish/{n}/{turn}", f"wish/{n}", wish.text, tags=(wish.kind,),
            )  # fmt: skip


Shop = tuple[tuple[str, ...], list[Facet], Sequence[Criterion | None]]


def plain_wishes(found: WrittenSet, seed: int) -> Iterator[Wish]:
    """Wishes that name their field, one a field of the kinds that training may see: "a kettle with a large capacity", "light tent",
    "desk lamp, dimmable". What people type most is plain; the written lines are seldom that."""
    for kind in found.kinds.values():
        if kind.name in HELD:
            continue
        thing = kind.name.lower().removesuffix("s") if not kind.name.endswith("ss") else kind.name.lower()
        for spec in kind.fields:
            draw = random.Random(f"{seed} {kind.name} {spec.name} plain")
            name = plain_field(_UNIT.sub("", spec.name))
            if spec.kind == "number":
                want = draw.choice(("low", "high"))
                ends = superlatives(spec.name)
                bare = _BARE.get(ends[want == "high"], ("low", "high")[want == "high"])
                words = draw.choice(
                    (f"{bare} {name}", f"{bare} {name}", bare if bare not in ("low", "high") else f"{bare} {name}")
                )
                criterion = Criterion(spec.name, want, None, 2, words)  # type: ignore[arg-type]
            elif spec.kind == "boolean":
                yes = draw.random() < 0.75
                words = name if yes else f"no {name}"
                criterion = Criterion(spec.name, "is", yes, 2, words)
            else:
                value = draw.choice(spec.values)
                refused = draw.random() < 0.2
                words = f"not {value}" if refused else value
                criterion = Criterion(spec.name, "not" if refused else "is", value, 2, words)
            text = draw.choice(
                (f"{thing} with {words}", f"{words} {thing}", f"{thing}, {words}", f"I need a {thing}: {words}", words)
            )
            yield Wish(text, kind.name, (words,), (criterion,), "train")


def _offers(shown: Mapping[str, Sequence[Scalar]], want: Criterion) -> bool:
    """Whether what is wanted is among what is shown."""
    if want.field not in shown:
        return False
    return want.value is None or isinstance(want.value, bool) or want.value in shown[want.field]


def _own(wish: Wish, kinds: Mapping[str, Kind]) -> Shop:
    fields = [facet_of(spec) for spec in kinds[wish.kind].fields]
    return (wish.kind,), [*fields, *_CORE], wish.wants


def _shop(wish: Wish, kinds: Mapping[str, Kind], draw: random.Random) -> Shop:
    """Some of the kind's fields in another order, at times with those of a second kind, at times under other names."""
    wanted = {w.field for w in wish.wants if w is not None}
    specs = list(kinds[wish.kind].fields)
    hidden = draw.choice(sorted(wanted)) if wanted - {"price", "rating"} and draw.random() < 0.05 else None
    named = [wish.kind]
    if draw.random() < 0.12:
        other = kinds[draw.choice(sorted(kinds))]
        if draw.random() < 0.5:
            named = draw.sample([wish.kind, other.name], 2)
        specs += [
            s
            for s in draw.sample(other.fields, min(4, len(other.fields)))
            if all(s.name != mine.name for mine in specs)
        ]
    keep = [s for s in specs if s.name in wanted or draw.random() < draw.choice((0.6, 0.85, 1.0))]
    keep = [s for s in keep if s.name != hidden]
    draw.shuffle(keep)
    style = draw.choice(("same", "same", "same", "unit", "bare", "camel", "words"))
    names = {s.name: renamed(s.name, style, draw) for s in keep}
    if len(set(names.values())) < len(names):
        names = {s.name: s.name for s in keep}
    core = [f for f in _CORE if f.field in wanted or draw.random() < 0.9]
    fields = [facet_of(_shown_values(s, wish, draw), names[s.name]) for s in keep] + core
    held = {s.name for s in keep} | {f.field for f in core}
    wants = [
        replace(w, field=names.get(w.field, w.field)) if w is not None and w.field in held else None for w in wish.wants
    ]
    return tuple(named), fields, wants


def _shown_values(spec: FieldSpec, wish: Wish, draw: random.Random) -> FieldSpec:
    """The field with its values in another order, some left out, those that the request wants kept within what is shown."""
    if spec.kind != "text":
        return spec
    wanted = [str(w.value) for w in wish.wants if w is not None and w.field == spec.name]
    rest = [v for v in spec.values if v not in wanted]
    draw.shuffle(rest)
    shown = [*wanted, *rest[: draw.randint(2, 6)]]
    draw.shuffle(shown)
    return replace(spec, values=tuple(shown))


def renamed(name: str, style: str, draw: random.Random) -> str:
    """The field's name as another shop might write it: another unit, none, camel case, or words."""
    if style == "unit" and (match := _UNIT.search(name)) and match[1] in _UNITS:
        return f"{name[: match.start()]}_{draw.choice(_UNITS[match[1]])}"
    if style == "bare":
        return _UNIT.sub("", name)
    if style == "camel":
        first, *rest = name.split("_")
        return first + "".join(part.capitalize() for part in rest)
    if style == "words":
        bare, match = _UNIT.sub("", name), _UNIT.search(name)
        text = bare.replace("_", " ").capitalize()
        return f"{text} ({match[1]})" if match and draw.random() < 0.5 else text
    return name


def needs(
    found: WrittenSet, library: PromptLibrary, near: Mapping[str, Sequence[str]], seed: int, variants: int = 3
) -> Iterator[TrainingExample]:
    """Rows in which a need is shown with its kinds among others; `near` are the kinds nearest to each need by the embedder,
    as the search offers them."""
    template = library.get("understand/kinds@1")
    for n, need in enumerate(found.needs):
        for turn in range(variants if need.split == "train" else 1):
            draw = random.Random(f"{seed} {n} {turn}")
            pool = [k for k in near.get(need.text, ()) if k not in need.kinds]
            if need.split == "train":
                pool = draw.sample(pool, min(len(pool), 2 * MOST_KINDS))
            others = pool[: MOST_KINDS - len(need.kinds)]
            listed = [*need.kinds, *others]
            draw.shuffle(listed)
            yield TrainingExample(
                "needs", needs_prompt(template, need.text, listed), "; ".join(need.kinds[:3]), "written", f"need/{n}", need.split,
                f"need/{n}/{turn}", f"need/{n}", need.text,
            )  # fmt: skip
    for n, wish in enumerate(found.wishes):
        if not names_kind(wish):
            continue
        draw = random.Random(f"{seed} {n} named")
        others = [k for k in near.get(wish.text, ()) if k != wish.kind][: MOST_KINDS - 1]
        listed = draw.sample([wish.kind, *others], len(others) + 1)
        yield TrainingExample(
            "needs", needs_prompt(template, wish.text, listed), wish.kind, "written", f"wish/{n}", wish.split,
            f"named/{n}", f"named/{n}", wish.text,
        )  # fmt: skip


def names_kind(wish: Wish) -> bool:
    """Whether a request names its kind: the last word of the kind's name stands in it."""
    last = wish.kind.split()[-1].lower()
    stems = {last, last.removesuffix("s"), last.removesuffix("es"), last.removesuffix("ies") + "y"}
    return bool(stems & set(re.findall(r"[a-z]+", wish.text.lower())))


_LOW = frozenset(
    ["lightest", "cheapest", "shortest", "narrowest", "lowest", "quietest", "smallest", "dimmest", "thinnest"]
)
_HIGH = frozenset(
    ["heaviest", "longest", "widest", "tallest", "loudest", "largest", "brightest", "highest", "thickest"]
)
_AGAINST = re.compile(r"\b(?:but|though|not|however|only|isn't|yet|rather|too)\b", re.I)


def reasons(found: WrittenSet, library: PromptLibrary, seed: int, variants: int = 1) -> Iterator[TrainingExample]:
    """Rows in which a card is followed by its reason. The facts that the reason rests on first come first, as when served,
    and the wish that they answer is stated as a criterion."""
    template = library.get("explain/reason@1")
    for n, reason in enumerate(found.reasons):
        for turn in range(variants if reason.split == "train" else 1):
            draw = random.Random(f"{seed} {n} {turn}")
            facts, text = _reordered(reason, draw if turn else None)
            yield TrainingExample(
                "reasons", template.render(request=reason.request, wants=_wants(reason), product=_title(reason, draw), facts=facts),
                text, "written", f"reason/{n}", reason.split, f"reason/{n}/{turn}", f"reason/{n}", reason.request,
                tags=(reason.kind,),
            )  # fmt: skip


def _title(reason: Reason, draw: random.Random) -> str:
    from shelftalk.written.products import made_products

    return made_products([Kind(reason.kind, ())], 1, draw.randint(0, 10**6))[0].title


def _wants(reason: Reason) -> list[str]:
    cited = re.search(r"\[(\d+)\]", reason.text)
    fact = reason.facts[int(cited[1]) - 1] if cited else ""
    name, _, value = fact.partition(": ")
    standing = set(re.findall(r"[a-z]+est\b|cheapest", value))
    sentence = reason.text[: cited.start()] if cited else ""
    against = bool(_AGAINST.search(sentence))
    if "most expensive" in value:
        return [f"{name} {'low' if against else 'high'}"]
    if standing & _LOW:
        return [f"{name} {'high' if against else 'low'}"]
    if standing & _HIGH:
        return [f"{name} {'low' if against else 'high'}"]
    first = value.split(",")[0].strip()
    if first in ("yes", "no"):
        other = "no" if first == "yes" else "yes"
        return [f"{name} {other if against else first}"]
    return [name]


def _reordered(reason: Reason, draw: random.Random | None) -> tuple[list[str], str]:
    """The facts with those cited in front, in the order they are cited, and the text with its numbers changed to match."""
    cited = list(dict.fromkeys(int(c) for c in re.findall(r"\[(\d+)\]", reason.text)))
    rest = [i for i in range(1, len(reason.facts) + 1) if i not in cited]
    order = [
        *cited[:1],
        *(
            sorted([*cited[1:], *rest])
            if draw is None
            else draw.sample([*cited[1:], *rest], len(cited[1:]) + len(rest))
        ),
    ]
    place = {old: new for new, old in enumerate(order, 1)}
    text = re.sub(r"\[(\d+)\]", lambda m: f"[{place[int(m[1])]}]", reason.text)
    return [reason.facts[i - 1] for i in order], text
