"""CSV and TSV: a header, then one product a row. A column has one type, told from all its cells in a first pass.

An unclosed quote costs its own line and not the rest of the file.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import whitespace
from typing import Any, Literal

from shelftalk.catalog.product import FieldError, read_number
from shelftalk.catalog.readers.base import OTHER_NAMES, TWICE, FeedRow, meant_as, plain_name
from shelftalk.catalog.readers.files import FeedLine, Source, lines, opened
from shelftalk.catalog.readers.jsonlines import DECODER, malformed
from shelftalk.catalog.readers.sales import SALE, sale_field, with_sale
from shelftalk.values import CORE_FIELDS

MAX_RECORD_LINES = 1000
"""Lines that one quoted cell may span; a quote open for longer is taken for an unclosed one."""

ColumnType = Literal["text", "number", "boolean", "list", "empty"]
_DELIMITERS = ",;\t|"
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d{0,14})(\.\d{1,15})?", re.ASCII)
_CODES = re.compile(r"(^|[_ .])(id|sku|gtin|ean|upc|isbn|mpn|asin|barcode|code|zip|phone)s?\d*$", re.IGNORECASE)
_FLAGS = {"true": True, "false": False, "yes": True, "no": False, "y": True, "n": False}
_AFTER_QUOTE = "text after a closing quote"
_MARKS = "\ufeff\u200b\u2060"  # of byte order, which an export puts before its header and not at its beginning, and of no width
_BEFORE = re.compile(rf"\s*[{_MARKS}]+\s*")
_EMPTY = re.compile(rf'[\s",;|{_MARKS}]+')  # all that there is in a row without a value
_SEPARATOR = re.compile(r'"?sep=([,;|\t]|\\t)"?', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class TabularRecord:
    """A row's cells with the line it began on, or what is wrong with it."""

    line: int
    cells: Sequence[str]
    raw: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FeedTable:
    """A header and a way to read the rows below it, as often as needed."""

    header: tuple[str, ...]
    records: Callable[[Source], Iterator[TabularRecord]]


def read(source: Source) -> Iterator[FeedRow]:
    """The rows of a native CSV or TSV feed."""
    found = table(source)
    names = tuple(core_name(name) for name in found.header)
    missing = [name for name in ("id", "title") if name not in names]
    if missing:
        columns = ", ".join(found.header)
        raise source.error(
            f"no column {' and no column '.join(missing)} among: {columns}; describe them in a mapping file"
        )
    types = column_types(names, found.records(Source(source.path)), source)
    filled = [name for name, column in zip(names, types, strict=True) if column in ("text", "list")]
    for field in OTHER_NAMES:
        if (named := meant_as(field, filled)) is not None:
            source.took(named, field)
            names = tuple(field if name == named else name for name in names)
    for record in found.records(source):
        yield with_sale(native_row(names, types, record), source)


def table(source: Source, header_row: int = 1) -> FeedTable:
    """The table of a CSV or TSV file; the delimiter is the commonest of , ; tab | in the header, or what "sep=;" says. The header is
    the `header_row`th of the rows that may be one (`heading`); columns may share a name.

    FeedError where there is no header.
    """
    header, delimiter, start = heading(source, header_row)

    def rows(again: Source) -> Iterator[TabularRecord]:
        return (r for r in _records(again, header, delimiter) if r.line > start)

    return FeedTable(header, rows)


def heading(source: Source, header_row: int = 1) -> tuple[tuple[str, ...], str, int]:
    """(the names of the columns, the delimiter, the line of the header) of a table.

    Lines that stand before a header are passed over: a spreadsheet's "sep=;", those of nothing but separators and, where the header
    is not told to be another than the first row, Meta's, whose cells begin with "#".
    """
    told, row = None, 0
    for record in _records(Source(source.path), None):
        if not record.problem and not _EMPTY.sub("", record.raw):
            continue
        if match := _SEPARATOR.fullmatch(record.raw.strip(f" \r\n{_MARKS}")):
            told = match[1].replace("\\t", "\t")
            continue
        row += 1
        if row < header_row:
            continue
        if record.problem:
            raise source.error(f"the header, line {record.line}: {record.problem}")
        delimiter = told or sniff(record.raw)
        marked = _BEFORE.match(record.raw)
        first = record.raw[marked.end() :] if marked else record.raw
        try:
            header = tuple(map(column_name, next(csv.reader([first], delimiter=delimiter))))
        except csv.Error as error:
            raise source.error(f"the header, line {record.line}: {_phrase(str(error))}") from error
        while header and not header[-1]:
            header = header[:-1]
        if (
            header_row > 1
            or not header[0].startswith("#")
            or {"id", "title"} & {core_name(name.strip("# ")) for name in header}
        ):
            return header, delimiter, record.line
    raise source.error("empty: no header")


def column_name(cell: str) -> str:
    """The name in a cell of a header as it looks: composed letters, one space between words, none around them, no marks."""
    return " ".join(unicodedata.normalize("NFC", cell).strip(_MARKS + whitespace).split())


def sniff(header: str) -> str:
    """The delimiter of a table by its header line: the commonest of , ; tab | outside quotes."""
    bare = _QUOTED.sub("", header)
    return max(_DELIMITERS, key=bare.count)


class _Feeder:
    """Lines for csv.reader; it remembers those of the row at hand, so that they can be given back."""

    def __init__(self, source: Iterator[FeedLine]) -> None:
        self._source = source
        self._again: deque[FeedLine] = deque()
        self.taken: list[FeedLine] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_RECORD_LINES:
            raise csv.Error("unclosed quote")
        line = self._again.popleft() if self._again else next(self._source, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self.taken.append(line)
        return line.text if line.text is not None else "\n"

    def give_back(self) -> None:
        """Every line of the row but its first is read anew."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.ended = False


def _records(source: Source, header: tuple[str, ...] | None, delimiter: str = ",") -> Iterator[TabularRecord]:
    csv.field_size_limit(2**31 - 1)
    with opened(source) as stream:
        feeder = _Feeder(lines(source, stream))
        reader = csv.reader(feeder, delimiter=delimiter, strict=True)
        while (read := _next_row(feeder, reader, delimiter)) is not None:
            record = _checked(feeder, *read, header)
            if record is not None:
                yield record


def _next_row(feeder: _Feeder, reader: Iterator[list[str]], delimiter: str) -> tuple[list[str], str] | None:
    """The cells of the next row, or what is wrong with it; None at the end of the file."""
    feeder.taken = []
    try:
        return next(reader), ""
    except StopIteration:
        return ([], "unclosed quote") if feeder.taken else None
    except csv.Error as error:
        problem = _phrase(str(error))
    first = feeder.taken[0]
    if problem == _AFTER_QUOTE and len(feeder.taken) == 1 and first.text is not None and not feeder.ended:
        # Text after a closing quote, all on one line: `"Slim" jeans` is kept letter for letter.
        return _literal(first.text, delimiter), ""
    return [], problem


def _checked(feeder: _Feeder, cells: list[str], problem: str, header: tuple[str, ...] | None) -> TabularRecord | None:
    """The row as a record, with its fault if it has one; None for an empty row."""
    taken, first = feeder.taken, feeder.taken[0]
    bad = next((line for line in taken if line.text is None), None)
    if bad is None and feeder.ended and not problem:
        problem = "unclosed quote"
    problem = problem or _misfit(cells, header)
    if (problem or bad is not None) and len(taken) > 1:
        feeder.give_back()
        problem = "unclosed quote" if first.text is not None else ""
        bad = first if first.text is None else None
    if bad is not None:
        return TabularRecord(bad.number, (), bad.raw, bad.problem)
    if problem:
        return TabularRecord(first.number, (), first.text or "", problem)
    if header is None:
        return TabularRecord(first.number, cells, "".join(line.text or "" for line in taken))
    return TabularRecord(first.number, cells, "") if any(cell and not cell.isspace() for cell in cells) else None


def _misfit(cells: list[str], header: tuple[str, ...] | None) -> str:
    """What is wrong with the number of cells, once empty ones beyond the header are taken off."""
    if header is None or len(cells) == len(header) or not any(cells):
        return ""
    while len(cells) > len(header) and not cells[-1]:
        cells.pop()
    return "" if len(cells) == len(header) else f"{len(cells)} cells where the header has {len(header)}"


def _phrase(error: str) -> str:
    if "new-line character" in error:
        return "a lone carriage return outside quotes"
    if "expected after" in error:
        return _AFTER_QUOTE
    return "unclosed quote" if "unexpected end" in error else error


def _literal(line: str, delimiter: str) -> list[str]:
    cells = line.rstrip("\r\n").split(delimiter)
    return [c[1:-1].replace('""', '"') if len(c) > 1 and c[0] == c[-1] == '"' else c for c in cells]


def core_name(name: str) -> str:
    """A column's name as a core field's, or as that of a sale, where it is one in any case ("List Price"), else as it stands."""
    plain = plain_name(name)
    return plain if plain in CORE_FIELDS else sale_field(plain) or name


def column_types(
    names: Sequence[str], records: Iterator[TabularRecord], source: Source | None = None
) -> tuple[ColumnType, ...]:
    """The type of each column, by all of its cells: boolean where all say true or false, yes or no, or Y or N, list where
    any holds "|", number where all are plain decimal numbers (no leading zeros, 15 digits at most, and no column of codes
    such as gtin), else text. `source` is told of columns of yes or no."""
    kinds: list[set[ColumnType]] = [set() for _ in names]
    spelled: list[set[str]] = [set() for _ in names]
    for record in records:
        for held, flags, cell in zip(kinds, spelled, record.cells, strict=False):
            text = cell.strip()
            if not text:
                continue
            if "|" in text:
                held.add("list")
            elif text.lower() in _FLAGS:
                held.add("boolean")
                flags.add(text.lower())
            elif _NUMBER.fullmatch(text):
                held.add("number")
            else:
                held.add("text")
    types = tuple(_one_type(name, held) for name, held in zip(names, kinds, strict=True))
    for name, column, flags in zip(names, types, spelled, strict=True):
        if (
            source is not None
            and name
            and name not in CORE_FIELDS
            and name not in SALE
            and column == "boolean"
            and flags - {"true", "false"}
        ):
            source.took(name, "yes or no")
    return types


def _one_type(name: str, held: set[ColumnType]) -> ColumnType:
    if not held:
        return "empty"
    if "list" in held:
        return "list"
    if held == {"number"} and not _CODES.search(name):
        return "number"
    return "boolean" if held == {"boolean"} else "text"


def typed(cell: str, column: ColumnType) -> Any:
    """A cell in its column's type, None where it is empty; text stays letter for letter."""
    if not cell or cell.isspace():
        return None
    if column == "number":
        return read_number(cell)
    if column == "boolean":
        return _FLAGS[cell.strip().lower()]
    if column == "list":
        return [part.strip() for part in cell.split("|") if part.strip()]
    return cell


def _json_list(cell: str) -> list[str] | None:
    """The texts of a cell that is a JSON list of texts, else None."""
    try:
        held = DECODER.decode(cell)
    except (ValueError, RecursionError):
        return None
    return held if isinstance(held, list) and all(isinstance(v, str) for v in held) else None


def native_row(names: Sequence[str], types: Sequence[ColumnType], record: TabularRecord) -> FeedRow:
    """The native record of a table's row: core columns by name, `attributes` as JSON, `attributes.NAME` and other columns
    as attributes in their column's type."""
    if record.problem:
        return FeedRow(record.line, {}, FieldError("line", record.raw, record.problem))
    native: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    dropped: list[FieldError] = []
    for name, column, cell in zip(names, types, record.cells, strict=False):
        if not name or not cell or cell.isspace():
            continue
        if name in native and name != "images":
            if cell.strip() != native[name]:
                dropped.append(FieldError(name, cell, TWICE))
        elif name in ("attributes", "hidden_attributes"):
            native[name], wrong = _object(cell)
            dropped += [FieldError(name, cell, wrong)] if wrong else []
        elif name in ("id", "item_group_id"):
            native[name] = cell.strip()
        elif name in ("images", "categories") and cell.lstrip().startswith("[") and (listed := _json_list(cell)):
            native[name] = listed
        elif name == "images" or (name == "categories" and "|" in cell and ">" not in cell):
            native[name] = list(dict.fromkeys((*native.get(name, ()), *typed(cell, "list"))))
        elif name in CORE_FIELDS or name in SALE:
            native[name] = cell
        else:
            add(attributes, name.removeprefix("attributes."), typed(cell, column))
    native["attributes"] = {**native.get("attributes", {}), **attributes}
    return FeedRow(record.line, native, dropped=tuple(dropped))


def add(held: dict[str, Any], name: str, value: Any) -> None:
    """Puts a value under its name; beside another of that name, which a second column may have, it makes a list."""
    before = held.get(name)
    if before is None or before == value:
        held[name] = value
    elif value is not None:
        listed = [one for each in (before, value) for one in (each if isinstance(each, list) else [each])]
        held[name] = list(dict.fromkeys(listed))


def _object(cell: str) -> tuple[Mapping[str, Any], str]:
    """The JSON object of a cell, or none and what is wrong with it."""
    try:
        held = DECODER.decode(cell)
    except (ValueError, RecursionError) as error:
        return {}, malformed(error)
    return (held, "") if isinstance(held, Mapping) else ({}, "must be a JSON object of names and values")
