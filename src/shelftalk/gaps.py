"""What shoppers want and the catalogue does not answer: wishes that no field answers, needs that nothing meets.

Each is reduced to the words of the wish alone, masked and cut, under a key by which like ones are counted together. All words of
a group that carry meaning are in its key, so an example tells nothing that the others of the group did not say too. It knows
no database: the server counts into one, a file of answers is counted in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from shelftalk.text import clean, shorten
from shelftalk.values import CORE_FIELDS, Facets, Intent
from shelftalk.words.stems import stem, words
from shelftalk.words.stop import FILLER, FUNCTION, STOP_WORDS, content_stems
from shelftalk.words.units import UNITS

What = Literal["wish", "need"]

MOST_CHARS = 80
MOST_KEY = 200
MOST_KINDS = 3

_EMAIL, _NUMBER, _LINK = "[email]", "[number]", "[link]"
_MASK = re.compile(r"\[(?:email|number|link)\]")
_URL = re.compile(r"(?:https?://|www\.)[^\s]+", re.IGNORECASE)
# Phone, card and account numbers: seven digits or more with at most two signs between one and the next.
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s().,/_·\-\u2010-\u2015]{0,2}\d){6,}")


@dataclass(frozen=True, slots=True)
class Gap:
    """One wish or need of one request: its key, its words, and the kinds of product in question.

    `again` says that an earlier turn of the same conversation held the same words.
    """

    what: What
    key: str
    words: str
    kinds: tuple[str, ...] = ()
    again: bool = False


@dataclass(frozen=True, slots=True)
class GapCount:
    """What was asked for so often: `words` is an example, `kinds` the requests by kind, the days are in UTC (ISO)."""

    what: What
    words: str
    requests: int
    conversations: int
    kinds: Mapping[str, int] = field(default_factory=dict)
    first_seen: str | None = None
    last_seen: str | None = None

    def __add__(self, other: GapCount) -> GapCount:
        """Both together; they are of one group."""
        kinds = {k: self.kinds.get(k, 0) + other.kinds.get(k, 0) for k in (*self.kinds, *other.kinds)}
        return replace(
            self, requests=self.requests + other.requests, kinds=commonest(kinds),
            conversations=self.conversations + other.conversations,
        )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """The count as `shelftalk gaps --json` prints it."""
        return {
            "what": self.what, "words": self.words, "requests": self.requests, "conversations": self.conversations,
            "kinds": dict(self.kinds), "first_seen": self.first_seen, "last_seen": self.last_seen,
        }  # fmt: skip


def gaps_of(
    request: str,
    intent: Intent,
    *,
    no_match: bool = False,
    relaxed: bool = False,
    earlier: Sequence[str] = (),
    held: Collection[str] = (),
) -> list[Gap]:
    """The gaps that this request shows; [] for most. `earlier` are the texts of the user's turns before it.

    A wish that was carried over from an earlier turn is that turn's, not this one's. A need counts where no category was named
    and nothing like it is sold; limits that are too tight are no gap. The wishes about such a thing are left out, and so are words that were read after all: as a limit or
    a criterion, or as one of the values that fields hold (`held`, by `key_of`).
    """
    if not intent.shopping:
        return []
    named, kinds = _kinds(intent)
    if no_match and not relaxed and not named:
        asked: list[tuple[What, str]] = [("need", _need(intent))]
        if not intent.kind:  # a thing that is plainly named is missing, whatever was read of it
            asked = [(what, words) for what, words in asked if not _was_read(words, intent)]
    else:
        said = _stems(request)
        left = [words for words in intent.unanswered if _stems(words) <= said and not _was_read(words, intent)]
        asked = [("wish", words) for words in left if key_of(words) not in held]
    before = [_stems(text) for text in earlier] if asked else []
    found: dict[str, Gap] = {}
    for what, text in asked:
        shown = masked(text)
        if key := key_of(shown):
            again = any(_stems(text) <= turn for turn in before)
            found.setdefault(key, Gap(what, key, shown, kinds, again))
    return list(found.values())


def masked(text: str) -> str:
    """The text on one line without control characters, with addresses, links and long numbers masked, of 80 characters at most."""
    text = clean(text.encode("utf-8", "ignore").decode("utf-8"))
    text = _LONG_NUMBER.sub(_NUMBER, _URL.sub(_LINK, text))
    return shorten(clean(_without_addresses(text)), MOST_CHARS)


_TURNING = frozenset({"no", "not", "without", "nor", "less", "more", "too"})  # "not noisy" is another wish than "noisy"


def key_of(text: str) -> str:
    """What like wishes share: the stems of their words without stop words and case, sorted, each once. "" where none are left."""
    return " ".join(sorted(_stems(_MASK.sub(" ", text.casefold()))))[:MOST_KEY]


class Held:
    """The values that fields of a catalogue hold, by `key_of`: who asks for one misses no field. Read anew for each version."""

    def __init__(self, facets: Callable[[], Facets]) -> None:
        self._facets, self._of, self._keys = facets, -1, frozenset[str]()

    def __call__(self) -> Collection[str]:
        """Texts of attributes alone: a brand or a category may be called like a wish."""
        facets = self._facets()
        if facets.version != self._of:
            texts = [f for f in facets if f.kind in ("text", "list") and f.field not in CORE_FIELDS]
            self._keys = frozenset(key_of(str(value)) for facet in texts for value, _ in facet.values)
            self._of = facets.version
        return self._keys


class Tally:
    """Counts gaps in memory, for a file of answers."""

    def __init__(self) -> None:
        self._rows: dict[tuple[What, str, tuple[str, ...]], GapCount] = {}

    def add(self, gaps: Iterable[Gap]) -> None:
        """Counts the gaps of one request."""
        for gap in gaps:
            row = (gap.what, gap.key, gap.kinds)
            one = GapCount(gap.what, gap.words, 1, int(not gap.again), dict.fromkeys(gap.kinds, 1))
            self._rows[row] = self._rows[row] + one if row in self._rows else one

    def top(self, *, kind: str | None = None, least: int = 1, limit: int = 20) -> list[GapCount]:
        """The commonest first: those that at least `least` conversations share, about one kind of product where it is named."""
        found: dict[tuple[What, str], GapCount] = {}
        for (what, key, kinds), count in self._rows.items():
            if kind is None or same_kind(kind, kinds):
                found[what, key] = found[what, key] + count if (what, key) in found else count
        return sorted((g for g in found.values() if g.conversations >= least), key=order)[:limit]


def commonest(kinds: Mapping[str, int]) -> dict[str, int]:
    """Kinds with their requests, the commonest first."""
    return dict(sorted(kinds.items(), key=lambda k: (-k[1], k[0])))


def order(count: GapCount) -> tuple[int, str, str]:
    """Sorts counts: the commonest first, then by what and words."""
    return -count.requests, count.what, count.words


def by_kind(counts: Sequence[GapCount], most: int = 5) -> list[tuple[str, list[tuple[GapCount, int]]]]:
    """(kind, its commonest gaps with the requests for that kind), the kind with the most requests first, "" for no kind."""
    found: dict[str, list[tuple[GapCount, int]]] = {}
    for count in counts:
        for kind, requests in (count.kinds or {"": count.requests}).items():
            found.setdefault(kind, []).append((count, requests))
    rows = [(kind, sorted(held, key=lambda h: (-h[1], h[0].words))) for kind, held in found.items()]
    rows.sort(key=lambda row: (-sum(n for _, n in row[1]), row[0]))
    return [(kind, held[:most]) for kind, held in rows]


def same_kind(kind: str, kinds: Iterable[str]) -> bool:
    """Whether a kind of product, as a person types it, is among these."""
    return clean(kind).casefold() in {k.casefold() for k in kinds}


def _stems(text: str) -> set[str]:
    return {stem(word) for word in words(text.casefold()) if word not in STOP_WORDS or word in _TURNING}


def _was_read(text: str, intent: Intent) -> bool:
    """Whether all words that carry meaning are those of limits, of the order or of criteria; a plain limit ("under 130") holds none."""
    said = [word for word in words(text) if word not in FUNCTION]
    if any(c.isdigit() for c in text) and all(_of_a_limit(word) for word in said):
        return True
    meant = {stem for stem, word in content_stems(text) if word not in FUNCTION}
    read = [part for c in intent.constraints for part in (c.span, _text(c.value))]
    read += [part for c in intent.criteria for part in (c.words, c.field.replace("_", " "), _text(c.value))]
    read += [intent.sort.span] if intent.sort else []
    return (meant or _stems(text)) <= _stems(" ".join(read))


def _of_a_limit(word: str) -> bool:
    """Whether the word is a number, a unit, or one that says no more ("most" of "at most 2 kg")."""
    unit = re.fullmatch(r"(?:\d+)?(\D*)", word)
    return unit is not None and (unit[1] in ("", *UNITS) or unit[1] in FILLER or not content_stems(unit[1]))


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _need(intent: Intent) -> str:
    """The thing asked for by its name; else what was searched for without the wishes about it; else the wishes themselves."""
    if intent.kind:
        return intent.kind
    wished = _stems(" ".join(intent.preferences))
    rest = " ".join(w for w in intent.query.split() if not _stems(w) <= wished)
    return rest if key_of(rest) else " ".join(intent.preferences)


def _kinds(intent: Intent) -> tuple[bool, tuple[str, ...]]:
    """Whether the request names a category, and the categories in question, three at most."""
    for limit in intent.constraints:
        if limit.field == "categories" and limit.operator in ("=", "in"):
            values = limit.value if isinstance(limit.value, tuple) else (limit.value,)
            return True, _cleaned(map(str, values))
    return False, _cleaned(intent.kinds)


def _cleaned(kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({text for kind in kinds if (text := masked(kind))})[:MOST_KINDS])


def _without_addresses(text: str) -> str:
    """The text with every word that holds an at sign masked, and the word beside one that stands at an end or alone."""
    parts, out = text.split(" "), [""]
    for i, part in enumerate(parts):
        before, after = parts[max(i - 1, 0)], parts[min(i + 1, len(parts) - 1)]
        if not ("@" in part or before.endswith("@") or after.startswith("@")):
            out.append(part)
        elif out[-1] != _EMAIL:
            out.append(_EMAIL)
    return " ".join(out[1:])
