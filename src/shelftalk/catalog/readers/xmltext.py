"""The text of an XML document as a parser can take it: decoded, and mended where a browser would read on.

Mended are a raw "&" or "<", HTML's named references, control characters, and bytes of another encoding. A document comes out in
segments, each from the beginning of an item to that of the next, so that a fault costs the item it stands in.
"""

from __future__ import annotations

import codecs
import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from typing import IO

from shelftalk.catalog.readers.files import MAX_LINE, Source, encoding, without_preamble

_HEAD, _BLOCK = 1 << 12, 1 << 16
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_BROKEN = re.compile("[\udc80-\udcff]+")
_ENDS = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
_XML = frozenset(("amp;", "lt;", "gt;", "quot;", "apos;"))
# HTML's elements that no feed has for its own; RSS, Atom and Google have a title, a link, a source.
_HTML = (
    "p|br|b|i|u|em|strong|span|div|ul|ol|li|h[1-6]|a|img|hr|font|small|big|sup|sub|table|tbody|thead|tr|td|th|center|"
    "blockquote|strike"
)
AMPERSAND = 'raw "&" or "<" read as text'
REFERENCES = "HTML references read as characters"
CONTROLS = "control characters taken out"
PREAMBLE = "text before the XML declaration left out"
BYTES = "bytes that are not in the document's encoding"


@dataclass(frozen=True, slots=True)
class Segment:
    """Mended text with the line it begins on; `item` where it begins with an item, `whole` where it is all of it."""

    text: str
    line: int
    item: bool
    whole: bool


def segments(source: Source, stream: IO[bytes], name: str, html_too: bool, mended: Counter[str]) -> Iterator[Segment]:
    """The document in segments, `name` being an item's local name. With `html_too`, HTML within elements is text. Counts in
    `mended` what was mended."""
    token = re.compile(
        r"<!\[CDATA\[|<!--|<\?|\]\]>|"
        r"&(?:#\d{1,9};|#[xX][0-9a-fA-F]{1,8};|[A-Za-z][A-Za-z0-9]{0,40};)?|"
        + (rf"(?P<html><)(?=/?(?i:{_HTML})[\s/>])|" if html_too else "")
        + rf"<(?![A-Za-z_:/!?])|(?P<item><(?:[\w.-]+:)?{re.escape(name)}(?=[\s/>]))"
    )
    parts: list[str] = []
    size, line, begun, item, whole = 0, 1, 1, False, True
    for text, starts in _pieces(_decoded(source, stream, mended), token, html_too, mended):
        if starts and parts:
            yield Segment("".join(parts), begun, item, whole)
        if starts or size > 2 * MAX_LINE:
            if not starts and parts:
                yield Segment("".join(parts), begun, item, False)
            parts, size, begun, item, whole = [], 0, line, starts, starts
        parts.append(text)
        size += len(text)
        line += text.count("\n")
    yield Segment("".join(parts), begun, item, whole)


def escaped(text: str) -> str:
    """A segment whose HTML elements are text."""
    return re.sub(rf"<(?=/?(?:{_HTML})[\s/>])", "&lt;", text, flags=re.IGNORECASE)


def _decoded(source: Source, stream: IO[bytes], mended: Counter[str]) -> Iterator[str]:
    start = stream.read(_HEAD)
    name, mark = encoding(start)
    declared = _DECLARED.match(start) if not mark else None
    if declared:
        try:
            name = codecs.lookup(declared[1].decode()).name
        except LookupError as error:
            raise source.error(f"declares the encoding {declared[1].decode()!r}, which is unknown") from error
        name = "utf-8" if name.startswith(("utf-16", "utf-32")) else name  # its own letters say otherwise
    decoder = codecs.getincrementaldecoder(name)("surrogateescape" if name == "utf-8" else "replace")
    block = start[mark:]
    # Bytes that are no UTF-8 are windows-1252, as a browser has it, unless the document has other letters in UTF-8.
    western = not any(c > "\x7f" and not "\ud800" <= c <= "\udfff" for c in block.decode("utf-8", "surrogateescape"))

    def whole(match: re.Match[str]) -> str:
        return match[0].encode("utf-8", "surrogateescape").decode("cp1252", "replace") if western else "\ufffd"

    while block:
        text, found = _BROKEN.subn(whole, decoder.decode(block))
        text, controls = _CONTROL.subn("", text)
        mended[BYTES] += found
        mended[CONTROLS] += controls
        yield text
        block = stream.read(_BLOCK)
    yield decoder.decode(b"", True).translate({0xDC00 + b: "\ufffd" for b in range(0x80, 0x100)})


def _pieces(
    blocks: Iterator[str], token: re.Pattern[str], html_too: bool, mended: Counter[str]
) -> Iterator[tuple[str, bool]]:
    """Pieces of mended text, and whether each begins an item; what may be half a token waits for the next block."""
    held, end, ended = "", "", False
    head = True
    while not ended:
        block = next(blocks, None)
        ended = block is None
        held += block or ""
        if head:  # nothing may stand before the declaration; lines are kept
            body = without_preamble(held)
            unknown = len(held) < _HEAD or not body or ("<?xml".startswith(body[:5]) and "?>" not in body[:_HEAD])
            if not ended and unknown:
                continue
            before = held[: len(held) - len(body)]
            mended[PREAMBLE] += bool(before.strip("\ufeff \t\r\n\u200b\u2060"))
            yield "\n" * before.count("\n"), False
            held = re.sub(r"^<\?xml[^>]*\?>", lambda m: "\n" * m[0].count("\n"), body)
            head = False
        ready = len(held) if ended else _safe(held)
        done, place = [], 0
        begins = False
        while place < ready:
            if end:
                found = held.find(end, place, ready)
                stop = ready if found < 0 else found + len(end)
                text = held[place:stop]
                done.append("\n" * text.count("\n") if end == "-->" else text)  # a comment says nothing of a product
                end = end if found < 0 else ""
                place = stop
                continue
            match = token.search(held, place, ready)
            if match is None:
                done.append(held[place:ready])
                break
            done.append(held[place : match.start()])
            place = match.end()
            if match["item"]:
                yield "".join(done), begins
                done, begins = [match[0]], True
                continue
            end = _ENDS.get(match[0], "")
            if html_too and match["html"]:
                done.append("&lt;")
            elif end != "-->":
                done.append(match[0] if end else _mended(match[0], mended))
        yield "".join(done), begins
        held = held[ready:]


def _safe(text: str) -> int:
    """How much of a text holds whole tokens, and no half of the end of one."""
    last = max(text.rfind("<"), text.rfind("&"))
    return last if last >= max(0, len(text) - 200) else len(text.rstrip("]-?"))


def _mended(found: str, mended: Counter[str]) -> str:
    if found.startswith("&#"):
        number = int(found[3:-1], 16) if found[2] in "xX" else int(found[2:-1])
        if 0x80 <= number <= 0x9F:
            mended[REFERENCES] += 1
            return html.unescape(found)
        if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF or _CONTROL.match(chr(number)):
            mended[CONTROLS] += 1
            return ""
        return found
    if found[1:] in _XML:
        return found
    if found[1:] in html5:
        mended[REFERENCES] += 1
        return html.escape(html5[found[1:]], quote=False)
    if found == "]]>":
        return "]]&gt;"
    mended[AMPERSAND] += 1
    return ("&amp;" if found[0] == "&" else "&lt;") + found[1:]
