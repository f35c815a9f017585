"""Checks and counts the written set: `python data/wishes/check.py [FILE ...]`. Exit 1 where a line is not in the format."""

from __future__ import annotations

import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
SECTIONS = ("fields", "wishes", "needs", "reasons")
NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
ORDINAL = {"second": "2", "third": "3", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "one": "1"}


def complaints(
    path: Path, names: set[str], fields_of: dict[str, dict[str, object]], counts: dict[str, int]
) -> list[str]:
    out: list[str] = []
    section, fields = "", {"price": "number", "rating": "number"}
    for n, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        line = raw.strip()
        where = f"{path.name}:{n}"
        if not line or line.startswith("#"):
            continue
        if line.startswith("= "):
            section = ""
            counts["kinds"] = counts.get("kinds", 0) + (line[2:] not in fields_of)
            fields = fields_of.setdefault(line[2:], {"price": "number", "rating": "number"})
            continue
        if line in SECTIONS:
            section = line
            continue
        counts[section] = counts.get(section, 0) + 1
        try:
            if section == "fields":
                name, _, what = line.partition(": ")
                if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or not what:
                    raise ValueError("a field is name: range, values or yes/no")
                if re.fullmatch(r"-?[\d.]+\.\.-?[\d.]+", what):
                    fields[name] = "number"
                elif what == "yes/no":
                    fields[name] = "boolean"
                else:
                    fields[name] = [v.strip() for v in what.split(",")]
                    if len(fields[name]) < 2:
                        raise ValueError("a field of values needs two at least")
            elif section == "wishes":
                text, bar, parts = line.rpartition(" | ")
                if not bar:
                    raise ValueError("no ' | '")
                wanted = [] if parts.strip() == "-" else [p.strip() for p in parts.split(";")]
                spans = re.findall(r"\[([^\]]+)\]", text)
                if len(spans) != len(wanted):
                    raise ValueError(f"{len(spans)} brackets, {len(wanted)} parts")
                for part in wanted:
                    if part == "none":
                        continue
                    bare = part.rstrip("!?")
                    name, _, value = bare.partition(" ")
                    kind = fields.get(name)
                    if kind is None:
                        raise ValueError(f"no field {name!r}")
                    if kind == "number" and value not in ("low", "high"):
                        raise ValueError(f"{name} is a number: low or high, not {value!r}")
                    if kind == "boolean" and value not in ("yes", "no"):
                        raise ValueError(f"{name} is yes or no, not {value!r}")
                    if isinstance(kind, list) and value.removeprefix("not ") not in kind:
                        raise ValueError(f"{name} has no value {value!r}")
            elif section == "needs":
                _, bar, kinds = line.rpartition(" | ")
                if not bar:
                    raise ValueError("no ' | '")
                for kind in kinds.split(";"):
                    if kind.strip() not in names:
                        raise ValueError(f"no kind {kind.strip()!r}")
            elif section == "reasons":
                parts = line.split(" || ")
                if len(parts) != 3:
                    raise ValueError("a reason is request || facts || reason")
                facts = [f.strip() for f in parts[1].split(";")]
                cited = [int(c) for c in re.findall(r"\[(\d+)\]", parts[2])]
                if not cited or max(cited) > len(facts):
                    raise ValueError("cites no fact, or one that is not there")
                if re.search(r"\[[^\]\d]", parts[2]):
                    raise ValueError("cite as [1]")
                said = re.sub(r"\[\d+\]", "", parts[2]).replace(",", "")
                held = set(NUMBER.findall((parts[0] + " " + parts[1]).replace(",", "")))
                held |= {h.rstrip("0").rstrip(".") for h in held if "." in h}
                for number in NUMBER.findall(said):
                    if number not in held:
                        raise ValueError(f"says {number}, which stands in no fact")
                if len(said.split()) > 45:
                    raise ValueError("over 45 words")
            else:
                raise ValueError("a line outside a section")
        except ValueError as error:
            out.append(f"{where}: {error}: {line[:90]}")
    return out


def main() -> int:
    files = sorted((HERE / "kinds").glob("*.txt")) + sorted((HERE / "train").glob("*.txt"))
    files += [path for path in map(Path, sys.argv[1:]) if path.resolve() not in {f.resolve() for f in files}]
    names = {line.strip() for line in (HERE / "kinds.txt").read_text("utf-8").splitlines() if line.strip()}
    names |= {line[2:].strip() for f in files for line in f.read_text("utf-8").splitlines() if line.startswith("= ")}
    fields: dict[str, dict[str, object]] = {}
    counts: dict[str, int] = {}
    found = [c for path in files for c in complaints(path, names, fields, counts)]
    print(*found, sep="\n")
    print(counts)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
