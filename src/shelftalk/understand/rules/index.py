"""The catalogue's facets made ready for reading requests: every value and field name under the stems of its words.

Built once for a version of the facets; a request then costs dictionary look-ups, however many values there are.
"""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from dataclasses import dataclass, field

from shelftalk.understand.rules.lexicon import ALSO_CALLED, CONCEPTS, NAME_NOISE
from shelftalk.understand.rules.measures import Measure, measure
from shelftalk.understand.rules.tokens import stems, words
from shelftalk.values import CORE_FIELDS, Facet, Facets, Scalar
from shelftalk.words.stems import bag, stem
from shelftalk.words.stop import FILLER
from shelftalk.words.units import Unit, unit

_BRAND = bag("brand manufacturer maker vendor designer label")
_COLOR = frozenset(stem(w) for w in ("color", "colour"))
_TRUE = frozenset({"yes", "true", "y"})
_FALSE = frozenset({"no", "false", "n", "none", "not applicable"})
_LASTS = re.compile(r"(?:duration|time|runtime)_min$")
_SKIP = frozenset({"title", "description", "id", "url", "images", "currency", "stock", "availability"})


@dataclass(slots=True)
class Field:
    """A facet with the words it is known by: `name` its own stems, `known` also their synonyms.

    `trusted` says that products which may have the field mostly do. In a field that few products carry, a value proves
    little: most that would fit have no value there, so it becomes a constraint only where the request names the field.
    """

    facet: Facet
    name: tuple[str, ...]
    known: frozenset[str]
    unit: Unit | None
    kind: str  # "number", "money", "boolean", "text", "list", "date"
    yes: Scalar | None = None
    no: Scalar | None = None
    numeric_values: dict[float, Scalar] = field(default_factory=dict)
    brand: bool = False
    trusted: bool = True
    within: frozenset[str] = frozenset()  # the categories that carry it, lower case; empty where not known
    synonyms: dict[str, frozenset[str]] = field(default_factory=dict)
    written: tuple[tuple[Scalar, Measure], ...] = ()  # the values of a text field that are measures
    models: dict[tuple[str, ...], set[str]] = field(
        default_factory=dict
    )  # numbers by the name before them: "iPhone 15"

    @property
    def field(self) -> str:
        """The facet's field name."""
        return self.facet.field

    @property
    def number(self) -> bool:
        """Whether it is compared by size."""
        return self.kind in ("number", "money")

    def carried(self, category: str | None) -> bool:
        """Whether products of that category may have the field; True where nothing is known."""
        return not category or not self.within or category in self.within

    def bounds(self) -> tuple[float, float] | None:
        """The smallest and largest number the catalogue holds in it."""
        if self.numeric_values and not self.number:
            return min(self.numeric_values), max(self.numeric_values)
        try:
            return float(self.facet.minimum), float(self.facet.maximum)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a field as a request may name it; `exact` where all of its words are given, not just a telling one."""

    field: str
    value: Scalar
    count: int
    exact: bool = True


class Index:
    """The facets by field, by value and by name. `fields` keeps the facets' order, commonest first."""

    def __init__(self, facets: Facets) -> None:
        self.facets = facets
        self.currencies = tuple(c for c, _ in facets.currencies) or ((facets.currency,) if facets.currency else ())
        self._narrowed: dict[str, Index] = {}
        self.fields: dict[str, Field] = {}
        sizes = _category_sizes(facets)
        for facet in facets:
            if facet.field not in _SKIP:
                self.fields[facet.field] = _field(facet, _least(facet.field, facets))
                self.fields[facet.field].trusted = _trusted(facet, facets.products, sizes)
        owned = {w for known in self.fields.values() for w in known.name}
        for known in self.fields.values():
            for word in known.name:
                known.synonyms[word] = CONCEPTS.get(word, frozenset()) - (owned - set(known.name))
        self.values: dict[tuple[str, ...], list[Value]] = defaultdict(list)
        self.starts: dict[str, int] = {}  # the length of the longest value that begins with a stem
        self.tokens: dict[str, set[str]] = defaultdict(set)
        partial: dict[str, dict[tuple[str, Scalar], Value]] = defaultdict(dict)
        for known in self.fields.values():
            if known.number or known.kind == "date" or known.yes is not None or known.no is not None:
                continue
            for value, count in known.facet.values:
                self._add(known, value, count, partial)
        self.partial = {w: list(vs.values()) for w, vs in partial.items() if len(vs) == 1}
        self.nouns = self._nouns()
        self.heads = self._heads()
        self.vocabulary, self.vocabulary_stems = self._vocabulary()
        self.by_name = frozenset(w for known in self.fields.values() for w in known.name)
        self.numbered = frozenset(
            k.name[0] for k in self.fields.values() if k.kind == "number" and k.unit is None and len(k.name) == 1
        )
        self.by_word: dict[str, list[Field]] = defaultdict(list)
        for known in self.fields.values():
            for word in known.known:
                self.by_word[word].append(known)

    def _add(
        self, known: Field, value: Scalar, count: int, partial: dict[str, dict[tuple[str, Scalar], Value]]
    ) -> None:
        text = str(value)
        key = stems(text)
        if not key or len(key) > 8:
            head = stems(re.split(r"[:(/,]", text)[0])
            if not head or len(head) > 5:
                return
            key = head
            self._put(key, Value(known.field, value, count, exact=False))
        else:
            self._put(key, Value(known.field, value, count))
        bare = stems(re.sub(r"\([^)]*\)", " ", text))
        one = stems(re.sub(r"\b([A-Z]{2,})s\b", r"\1", text))  # "TVs" are more than one TV
        for other in {bare, one} - {(), key}:
            self._put(other, Value(known.field, value, count))
        if len(key) > 1:
            glued = "".join(words(text))
            self._put((stem(glued),), Value(known.field, value, count))
            without = tuple(w for w in key if w not in known.name)
            if without and without != key:
                self._put(without, Value(known.field, value, count, exact=False))
            for word in key:
                if len(word) > 2 and not word.isdigit() and word not in known.name:
                    partial[word][(known.field, value)] = Value(known.field, value, count, exact=False)
        elif not key[0].isdigit():
            partial[key[0]][(known.field, value)] = Value(known.field, value, count)

    def _put(self, key: tuple[str, ...], value: Value) -> None:
        held = self.values[key]
        if all((v.field, v.value) != (value.field, value.value) for v in held):
            held.append(value)
        self.starts[key[0]] = max(self.starts.get(key[0], 1), len(key))
        for word in key:
            self.tokens[word].add(value.field)

    def _nouns(self) -> frozenset[str]:
        """Stems of the words that name the catalogue's products: those of its categories."""
        found: set[str] = set()
        categories = self.fields.get("categories")
        if categories is not None:
            for value, _ in categories.facet.values:
                found.update(stems(str(value)))
        return frozenset(found - {stem(w) for w in ("and", "for", "the")})

    def narrowed(self, category: str) -> Index:
        """The same index with only the fields that products of the category carry."""
        held = self._narrowed.get(category)
        if held is None:
            held = copy.copy(self)
            held.fields = {name: known for name, known in self.fields.items() if known.carried(category)}
            held.by_word = defaultdict(list)
            for word, fields in self.by_word.items():
                held.by_word[word] = [f for f in fields if f.carried(category)]
            self._narrowed[category] = held
        return held

    def _heads(self) -> dict[str, Value]:
        """The last word of a category's name where one category alone ends with it: "bottle" is Water Bottles."""
        found: dict[str, list[Value]] = defaultdict(list)
        categories = self.fields.get("categories")
        for value, count in categories.facet.values if categories else ():
            key = stems(str(value))
            if key and len(key[-1]) > 2:
                found[key[-1]].append(Value("categories", value, count, exact=len(key) == 1))
        return {word: values[0] for word, values in found.items() if len(values) == 1}

    def _vocabulary(self) -> tuple[dict[tuple[str, int], list[str]], frozenset[str]]:
        """The catalogue's own words by first letter and length, for misspellings, and the stems of all of them."""
        held: set[str] = set()
        for known in self.fields.values():
            held.update(words(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", known.field)))
            if known.number or known.yes is not None or known.no is not None:
                continue
            for value, _ in known.facet.values:
                if len(str(value)) <= 60:
                    held.update(words(str(value)))
        shaped: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in held:
            for form in {word, word if word.endswith("ss") else word.removesuffix("s")}:
                if len(form) >= 4 and form.isalpha():
                    shaped[form[0], len(form)].append(form)
        return dict(shaped), frozenset(stem(w) for w in held)


# The share of products that must carry a field (of the catalogue, or of a category of its own) for it to be trusted.
TRUSTED_SHARE = 0.5


def _category_sizes(facets: Facets) -> dict[str, int]:
    categories = facets.get("categories")
    return {str(v): n for v, n in categories.values} if categories else {}


def _trusted(facet: Facet, products: int, sizes: dict[str, int]) -> bool:
    if not products or not facet.count or facet.field in CORE_FIELDS:
        return True
    telling = max(2 if products < 100 else 5, products // 100)  # a smaller category tells nothing
    whole = min([products, *(sizes[c] for c in facet.categories if sizes.get(c, 0) >= telling)])
    return facet.count >= TRUSTED_SHARE * whole


def named(known: Field, given: frozenset[str]) -> float:
    """The share of a field name's words that the given stems hold, a synonym counting 0.8."""
    telling = [w for w in known.name if w not in NAME_NOISE] or list(known.name)
    if not telling:
        return 0.0
    score = 0.0
    for word in telling:
        if word in given or ALSO_CALLED.get(word, frozenset()) & given:
            score += 1.0
        elif known.synonyms.get(word, frozenset()) & given:
            score += 0.8
        elif CONCEPTS.get(word, frozenset()) & given:
            score += 0.5
    return score / len(telling)


def _least(field_name: str, facets: Facets) -> bool:
    """Whether "min" in a field's name is the least of something, not minutes: "players_min" beside "players_max", "age_min" alone."""
    pair = facets.get(f"{field_name.removesuffix('_min')}_max") is not None
    return field_name.endswith("_min") and (pair or _LASTS.search(field_name) is None)


def _field(facet: Facet, least: bool = False) -> Field:
    name = _name(facet.field)
    measure = unit(facet.unit)
    if measure is not None or facet.unit:
        drop = {facet.unit, stem(facet.unit.lower()) if facet.unit else ""} | ({measure.name} if measure else set())
        name = tuple(w for w in name if w not in drop and unit(w) != measure) or name
    if measure is None and not least and len(name) > 1 and facet.kind in ("number", "money"):
        last = unit(name[-1]) or unit(facet.field.replace("-", "_").rsplit("_", 1)[-1])
        if last is not None:
            measure, name = last, name[:-1]
    known = set(name)
    for word in name:
        known |= CONCEPTS.get(word, frozenset())
    out = Field(
        facet,
        name,
        frozenset(known - (NAME_NOISE - (set(name) if set(name) <= NAME_NOISE else set()))),
        measure,
        facet.kind,
        brand=bool(_BRAND & set(words(facet.field))),
    )
    out.within = frozenset(c.lower() for c in facet.categories)
    held = {str(v).strip().lower(): v for v, _ in facet.values}
    if facet.kind == "boolean":
        out.yes = True if "true" in held else None
        out.no = False if "false" in held else None
    elif facet.kind == "text" and held and set(held) <= (_TRUE | _FALSE) and set(held) & (_TRUE | {"no", "false"}):
        out.yes = next((v for k, v in held.items() if k in _TRUE), None)
        out.no = next((v for k, v in held.items() if k in _FALSE), None)
    elif facet.kind == "text" and held:
        for value, _ in facet.values:
            match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z\"']{0,6})\s*", str(value))
            if not match:
                out.numeric_values = {}
                break
            out.numeric_values[float(match.group(1))] = value
    _read_values(out)
    return out


def _read_values(known: Field) -> None:
    """What values of a text field say beside their words: measures, and models by name and number."""
    if known.kind not in ("text", "list") or known.brand or is_color(known) or known.field == "categories":
        return
    found = ((v, measure(str(v))) for v, _ in known.facet.values)
    known.written = tuple((v, m) for v, m in found if m is not None)
    for value, _ in known.facet.values:
        key = stems(str(value))
        n = next((j for j, w in enumerate(key) if w[0].isdigit()), 0)
        if n and len("".join(key[:n])) > 2:
            known.models.setdefault(key[:n], set()).add(key[n])


def _name(field_name: str) -> tuple[str, ...]:
    split = (
        re.sub(r"(?<=[a-z])(?=[A-Z])", " ", field_name.removeprefix("attributes.")).replace("_", " ").replace(".", " ")
    )
    found = tuple(w for w in stems(split) if w)
    return found or (field_name.lower(),)


def names_kind(known: Field) -> bool:
    """Whether the field's values name what a product is."""
    return known.field == "categories" or known.name in (("kind",), ("type",), ("product", "type"), ("item", "type"))


def is_color(known: Field) -> bool:
    """Whether the field holds a colour."""
    return bool(_COLOR & set(known.name))


__all__ = ["FILLER", "Field", "Index", "Value", "is_color", "named", "names_kind"]
