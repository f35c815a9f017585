"""HTML in a feed's texts becomes text: what a browser would show, in words alone. It knows nothing of products.

Only what is HTML is touched: an element of HTML in angle brackets, or a character reference that ends in a semicolon, as often
escaped as it may be. "Size <M", "a < b > c" and "R&D; more" stay letter for letter.
"""

from __future__ import annotations

import html
import re
from html.entities import html5

# Elements that begin a line of their own, and those that stand within one.
_BLOCKS = (
    "address article aside blockquote body br caption center dd details div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 head header hr html legend li main nav ol p pre section summary table tbody td tfoot th thead tr ul"
)
_INLINE = (
    "a abbr acronym b bdi bdo big button cite code del dfn em embed font i iframe img input ins kbd label link mark meta nobr noscript "
    "object option picture q s samp script select small source span strike strong style sub sup svg template textarea time "
    "title tt u var video wbr"
)
BLOCKS, INLINE = frozenset(_BLOCKS.split()), frozenset(_INLINE.split())
_SILENT = frozenset(("script", "style", "template", "head", "title", "noscript", "svg", "iframe", "object"))
_TAG = re.compile(
    rf"<(/?)({'|'.join(sorted(BLOCKS | INLINE, key=len, reverse=True))})(?:\s*+/?+|\s(?=[^<>]*=)[^<>]*+)>|<!--|-->|<!doctype[^<>]*>",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# "&amp;amp;amp;lt;" at once, so that no text takes a pass for each time it was escaped.
_ESCAPED = re.compile(r"&(?:(?:amp|AMP|#0*38|#[xX]0*26);)+(?=#?\w+;)")
_PASSES = 4


def plain_text(text: str) -> str:
    """The text without HTML; letter for letter as it is where there is none."""
    for _ in range(_PASSES):
        if "<" not in text and "&" not in text:
            return text
        before = text
        if "&" in text:
            text = unescaped(text)
        if _TAG.search(text):
            text = _stripped(text)
        if text == before:
            return text
    return text


def unescaped(text: str) -> str:
    """The text with the characters that its references stand for; what is no reference of HTML stays."""
    return _REFERENCE.sub(_character, _ESCAPED.sub("&", text))


def _character(match: re.Match[str]) -> str:
    name = match[0][1:]
    return html.unescape(match[0]) if name.startswith("#") or name in html5 else match[0]


def _stripped(text: str) -> str:
    said: list[str] = []
    opened: dict[str, int] = {}  # where what is not shown began
    place = 0
    lines = False
    for match in _TAG.finditer(text):
        said.append(text[place : match.start()])
        place = match.end()
        close, name = match[1], (match[2] or match[0]).lower()
        if name == "-->" or (close and name in _SILENT):
            if (start := opened.pop("<!--" if name == "-->" else name, None)) is not None:
                del said[start:]
            elif name == "-->":
                said.append(name)
        elif name == "<!--" or name in _SILENT:
            opened.setdefault(name, len(said))
        elif name in BLOCKS:
            said.append("\0")
            lines = True
    said.append(text[place:])
    joined = "".join(said)
    if not lines:
        return joined
    shown = (" ".join(line.split()) for line in joined.split("\0"))
    return "\n".join(line for line in shown if line)
