"""How a list is written: one line a user, the same bytes whenever it is made from the same input (docs/lists.md)."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, Literal

from shelftalk.text import clean
from shelftalk.values import Answer

LIST_VERSION = "1.0"
Format = Literal["jsonl", "parquet"]
# of an answer; its id and its timings differ from run to run
_KEPT = ("opening", "notes", "no_match", "model", "engine", "prompts")


def list_line(number: int, user: str, answer: Answer) -> dict[str, Any]:
    """The line of a user's list."""
    told = answer.to_dict()
    picks = [{**pick, "url": held.product.url} for pick, held in zip(told["picks"], answer.picks, strict=True)]
    kept = {key: told[key] for key in _KEPT}
    return {"version": LIST_VERSION, "row": number, "user": user, "picks": picks, **kept}


def error_line(number: int, user: str, error: str) -> dict[str, Any]:
    """The line that stands for a row of which no list could be made; `user` is "" where the row names none that can be read."""
    return {"version": LIST_VERSION, "row": number, "user": user, "error": clean(error), "picks": []}


def encode(lines: Sequence[dict[str, Any]], format: Format) -> bytes:
    """The content of a part."""
    if format == "jsonl":
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode("utf-8", "replace")
    return _parquet(lines)


def decode(content: bytes, format: Format) -> list[dict[str, Any]]:
    """The lines of a part; ValueError for one that is torn."""
    if format == "jsonl":
        if content and not content.endswith(b"\n"):
            raise ValueError("ends in the middle of a line")
        return [json.loads(line) for line in content.split(b"\n")[:-1]]
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return [json.loads(text) for text in pq.read_table(io.BytesIO(content)).column("line").to_pylist()]
    except (pa.ArrowException, OSError, KeyError) as error:
        raise ValueError(f"is no Parquet: {error}") from error


def _parquet(lines: Sequence[dict[str, Any]]) -> bytes:
    """Columns for what is filtered and joined, and `line`, the whole line as JSON."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pick = pa.struct([
        ("product_id", pa.string()), ("rank", pa.int32()), ("score", pa.float64()), ("title", pa.string()),
        ("price", pa.string()), ("currency", pa.string()), ("reason", pa.string()),
    ])  # fmt: skip
    schema = pa.schema([
        ("row", pa.int64()), ("user", pa.string()), ("error", pa.string()), ("picks", pa.list_(pick)), ("line", pa.string()),
    ])  # fmt: skip
    names = [pick.field(i).name for i in range(pick.num_fields)]
    rows = [
        {
            "row": line["row"],
            "user": line["user"],
            "error": line.get("error"),
            "picks": [{name: one[name] for name in names} for one in line["picks"]],
            "line": json.dumps(line, ensure_ascii=False).encode("utf-8", "replace").decode(),
        }
        for line in lines
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(_whole(rows), schema=schema), out, compression="zstd")
    return out.getvalue()


def _whole(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, with what is no Unicode scalar value (half of a surrogate pair) replaced, as in JSON Lines."""

    def mended(value: Any) -> Any:
        if isinstance(value, str):
            return value.encode("utf-8", "replace").decode()
        if isinstance(value, list):
            return [mended(v) for v in value]
        return {k: mended(v) for k, v in value.items()} if isinstance(value, dict) else value

    return [mended(row) for row in rows]
