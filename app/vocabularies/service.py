"""Load the vocabularies' files into rows; run at every `init`, so that a new release brings its new codes."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.vocabularies.models import Term
from matching.knowledge import DATA

LANGUAGES = {
    "en": "English", "fr": "français", "es": "español", "ru": "русский", "ar": "العربية", "zh": "中文",
    "pt": "português",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: str
    code: str
    labels: dict[str, str]
    parent: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def load_vocabularies(session: Session, folder: Path = DATA) -> int:
    """Insert or update every term of the files in `folder`; return how many there are. Nothing is removed."""
    known = {(term.kind, term.code): term for term in session.scalars(select(Term))}
    entries = list(_entries(folder))
    for position, entry in enumerate(entries):
        term = known.get((entry.kind, entry.code)) or Term(kind=entry.kind, code=entry.code)
        term.position, term.parent, term.labels, term.facts = (
            position,
            entry.parent,
            entry.labels,
            entry.facts,
        )
        session.add(term)
    session.flush()
    return len(entries)


def add_invented_country(session: Session, code: str, region: str, labels: dict[str, str]) -> Term:
    """Add a State that does not exist, under a user-assigned code, for the demo alone."""
    term = session.get(Term, ("country", code)) or Term(kind="country", code=code)
    term.position, term.parent, term.labels, term.facts = 10_000, region, labels, {"invented": True}
    session.add(term)
    session.flush()
    return term


def _entries(folder: Path) -> Iterator[_Entry]:
    taxonomy = json.loads((folder / "taxonomy.json").read_text(encoding="utf-8"))
    yield from (_coded("pillar", row) for row in taxonomy["pillars"])
    for row in taxonomy["themes"]:
        yield _Entry("theme", row["code"], _labels(row), row["pillar"], {"scope": row["scope"]})
    yield from (_coded("weapon", row) for row in taxonomy["weapons"])
    for kind, plural in _LISTS.items():
        yield from (_coded(kind, row) for row in taxonomy.get(plural, []))
    for code, label in LANGUAGES.items():
        yield _Entry("language", code, {"en": label})
    for row in _rows(folder / "regions.csv"):
        yield _Entry("region", row["code"], _names(row), row["parent"] or None)
    for row in _rows(folder / "countries.csv"):
        facts = {name: row[name] for name in ("iso3", "m49", "status", "note")}
        yield _Entry("country", row["iso2"], _names(row), row["region"], facts)


_LISTS = {
    "dimension": "dimensions",
    "function": "functions",
    "assistance_type": "assistance_types",
    "beneficiary_kind": "beneficiary_kinds",
    "priority": "priorities",
    "resolution": "resolutions",
    "instrument": "instruments",
}


def _coded(kind: str, row: dict[str, Any] | str) -> _Entry:
    if isinstance(row, str):
        return _Entry(kind, row, {"en": row.replace("_", " ")})
    code = str(row.get("code") or row["number"])
    facts = {key: value for key, value in row.items() if key not in {"code", "label", "labels"}}
    return _Entry(kind, code, _labels(row), None, facts)


def _labels(row: dict[str, Any]) -> dict[str, str]:
    english = row.get("label") or row.get("title") or row.get("name") or ""
    return {"en": str(english), **row.get("labels", {})}


def _names(row: dict[str, str]) -> dict[str, str]:
    return {code: row[f"name_{code}"] for code in ("en", "fr", "es", "ru", "ar", "zh") if row[f"name_{code}"]}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
