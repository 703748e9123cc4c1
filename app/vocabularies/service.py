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

SIX = ("en", "fr", "es", "ru", "ar", "zh")
MEMBERSHIPS = DATA / "memberships.csv"
CURRENCIES = Path(__file__).parent / "currencies.json"  # it says itself where it is from
LANGUAGES = {  # each named in the six languages, in the order of SIX
    "en": ("English", "anglais", "inglés", "английский", "الإنكليزية", "英文"),
    "fr": ("French", "français", "francés", "французский", "الفرنسية", "法文"),
    "es": ("Spanish", "espagnol", "español", "испанский", "الإسبانية", "西班牙文"),
    "ru": ("Russian", "russe", "ruso", "русский", "الروسية", "俄文"),
    "ar": ("Arabic", "arabe", "árabe", "арабский", "العربية", "阿拉伯文"),
    "zh": ("Chinese", "chinois", "chino", "китайский", "الصينية", "中文"),
    "pt": ("Portuguese", "portugais", "portugués", "португальский", "البرتغالية", "葡萄牙文"),
}
_RESOLUTION = {  # as the United Nations cites one where its title is kept in English alone
    "fr": "Résolution {number} ({year})",
    "es": "Resolución {number} ({year})",
    "ru": "Резолюция {number} ({year})",
    "ar": "القرار {number} ({year})",
    "zh": "第{number}（{year}）号决议",
}


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
    for kind in ("dimension", "function"):
        labels = taxonomy[f"{kind}_labels"]
        yield from (_Entry(kind, code, labels[code]) for code in taxonomy[f"{kind}s"])
    for kind, plural in _LISTS.items():
        yield from (_coded(kind, row) for row in taxonomy[plural])
    for code, names in LANGUAGES.items():
        yield _Entry("language", code, dict(zip(SIX, names, strict=True)))
    for row in _rows(folder / "regions.csv"):
        yield _Entry("region", row["code"], _names(row), row["parent"] or None)
    for row in _rows(folder / "countries.csv"):
        facts = {name: row[name] for name in ("iso3", "m49", "status", "note")}
        yield _Entry("country", row["iso2"], _names(row), row["region"], facts)
    yield from (
        _coded("currency", row) for row in json.loads(CURRENCIES.read_text(encoding="utf-8"))["currencies"]
    )


_LISTS = {
    "assistance_type": "assistance_types",
    "beneficiary_kind": "beneficiary_kinds",
    "priority": "priorities",
    "resolution": "resolutions",
    "instrument": "instruments",
}


def _coded(kind: str, row: dict[str, Any]) -> _Entry:
    code = str(row.get("code") or row["number"])
    facts = {key: value for key, value in row.items() if key not in {"code", "label", "labels"}}
    return _Entry(kind, code, _labels(row), None, facts)


def _labels(row: dict[str, Any]) -> dict[str, str]:
    english = row.get("label") or row.get("title") or row.get("name") or ""
    cited = {code: form.format_map(row) for code, form in _RESOLUTION.items()} if "number" in row else {}
    return {"en": str(english), **cited, **row.get("labels", {})}


def _names(row: dict[str, str]) -> dict[str, str]:
    return {code: row[f"name_{code}"] for code in SIX if row[f"name_{code}"]}


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
