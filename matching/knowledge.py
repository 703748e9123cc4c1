"""The one loader of the matcher's data files: glossary, cues, taxonomy, geography; a bad line is named."""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType

from matching.text import LANGUAGES

DATA = Path(__file__).parent / "data"
GLOSSARY_COLUMNS = ("id", "acronym", "en", "en_synonyms", "fr", "es", "ru", "ar", "zh", "note")
LEXICON_COLUMNS = ("kind", "code", "weight", "en", "fr", "es", "ru", "ar", "zh", "note")
LEXICON_KINDS = {"assistance_type": "assistance"}
LEXICON_WEIGHTS = {"strong": 2.0, "weak": 0.9}
CUE_COLUMNS = ("code", "weight", "en", "fr", "es", "ru", "ar", "zh", "note")
ASSISTANCE_TYPES = (
    "legal_drafting", "advisory", "training", "equipment",
    "infrastructure", "peer_exchange", "assessment", "funding",
)  # fmt: skip


class KnowledgeError(ValueError):
    """A data file has a line that cannot be read; the message names file, line, column and what would be right."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One entry of the glossary: an id made from the English term, its terms by language, the main one first."""

    id: str
    label: str
    acronym: str
    terms: Mapping[str, tuple[str, ...]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase in one language that points to a code of the taxonomy with a weight."""

    code: str
    weight: float
    language: str
    phrase: str

    @property
    def is_exact(self) -> bool:
        """An acronym, to be met in its own letter case and in any language."""
        return is_acronym(self.phrase)


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme of the taxonomy with its pillar, scope and the English terms listed there."""

    code: str
    label: str
    pillar: str
    scope: str
    terms: tuple[str, ...]
    dimensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Themes, pillars and the other code lists; `labels` holds a label for every code."""

    themes: Mapping[str, Theme]
    pillars: Mapping[str, str]
    dimensions: tuple[str, ...]
    functions: tuple[str, ...]
    weapons: Mapping[str, str]
    subcodes: Mapping[str, tuple[str, ...]]

    def kind_of(self, code: str) -> str | None:
        """The list that a code is from: theme, dimension, function, weapon or assistance."""
        if code in self.themes:
            return "theme"
        if code in self.weapons:
            return "weapon"
        named = {"dimension": self.dimensions, "function": self.functions, "assistance": ASSISTANCE_TYPES}
        return next((kind for kind, codes in named.items() if code in codes), None)

    def label(self, code: str) -> str:
        """A label for any code; the code itself in words where the list has none."""
        if code in self.themes:
            return self.themes[code].label
        return self.weapons.get(code, code.replace("_", " "))


@dataclass(frozen=True, slots=True)
class Country:
    """A State as in countries.csv; `region` is its M49 subregion, `names` by language."""

    iso2: str
    iso3: str
    m49: str
    region: str
    status: str
    names: Mapping[str, str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """An M49 region with its parent region's code ("" for the world)."""

    code: str
    parent: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Membership:
    """That a country belongs to a regional body, from and until when (None: not known, still)."""

    organization: str
    country: str
    since: date | None
    until: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Geography:
    """Countries, the tree of regions, memberships, and the remarks that narrow a region ("Sahelian")."""

    countries: Mapping[str, Country] = field(default_factory=dict)
    regions: Mapping[str, Region] = field(default_factory=dict)
    memberships: tuple[Membership, ...] = ()
    contexts: tuple[tuple[str, frozenset[str]], ...] = ()


@cache
def glossary() -> tuple[Concept, ...]:
    """The glossary that comes with the package."""
    return read_glossary(DATA / "glossary.tsv")


@cache
def taxonomy() -> Taxonomy:
    """The taxonomy that comes with the package."""
    return read_taxonomy(DATA / "taxonomy.json")


def themes() -> Mapping[str, Theme]:
    """The themes by code, in the taxonomy's order."""
    return taxonomy().themes


def weapons() -> Mapping[str, str]:
    """Labels of the weapon categories by code."""
    return taxonomy().weapons


@cache
def cues() -> tuple[Cue, ...]:
    """The phrases that point to codes, as they come with the package."""
    return read_lexicon(DATA / "lexicon.tsv", taxonomy()) + read_cues(DATA / "cues.tsv", taxonomy())


@cache
def geography() -> Geography:
    """Countries, regions and memberships that come with the package; empty where a file is not there."""
    return Geography(
        MappingProxyType({country.iso2: country for country in _countries(DATA / "countries.csv")}),
        MappingProxyType({region.code: region for region in _regions(DATA / "regions.csv")}),
        tuple(_memberships(DATA / "memberships.csv")),
        tuple(_contexts(DATA / "contexts.tsv")),
    )


def read_glossary(path: Path) -> tuple[Concept, ...]:
    """Read a glossary file; raises KnowledgeError naming file, line and column.

    An empty `id` is made from the English term: "small arms" becomes "small-arms".
    """
    concepts: dict[str, Concept] = {}
    for number, row in _rows(path, GLOSSARY_COLUMNS, "\t", optional="id"):
        if not row["en"]:
            raise KnowledgeError(f"{path.name}, line {number}, column en: empty; write the English term")
        concept = _concept(row)
        if concept.id in concepts:
            raise KnowledgeError(f"{path.name}, line {number}, column id: {concept.id!r} is there twice; keep one")
        concepts[concept.id] = concept
    return tuple(concepts.values())


def _concept(row: dict[str, str]) -> Concept:
    terms = {language: tuple(_alternatives(row[language])) for language in LANGUAGES}
    terms["en"] += tuple(_alternatives(row["en_synonyms"]))
    return Concept(row["id"] or slug(row["en"]), row["en"], row["acronym"], MappingProxyType(terms), row["note"])


def _alternatives(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def is_acronym(term: str) -> bool:
    """Whether a term is one word with mostly capitals, to be matched in its own letter case."""
    if " " in term or term.islower():
        return False
    capitals = sum(map(str.isupper, term))
    return capitals >= 2 and capitals * 2 >= sum(map(str.isalpha, term))


def merged_glossary(base: tuple[Concept, ...], added: tuple[Concept, ...]) -> tuple[Concept, ...]:
    """`added` concepts behind the base; one with the id of a base concept replaces it."""
    return tuple({concept.id: concept for concept in (*base, *added)}.values())


def merged_taxonomy(base: Taxonomy, added: Taxonomy) -> Taxonomy:
    """Themes, pillars, weapon categories and sub-codes of both; an added code that exists is replaced."""
    return Taxonomy(
        MappingProxyType({**base.themes, **added.themes}),
        MappingProxyType({**base.pillars, **added.pillars}),
        base.dimensions,
        base.functions,
        MappingProxyType({**base.weapons, **added.weapons}),
        MappingProxyType({**base.subcodes, **added.subcodes}),
    )


def slug(term: str) -> str:
    """A term as an identifier: "small arms and light weapons" becomes "small-arms-and-light-weapons"."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-") or "concept"


def read_cues(path: Path, known: Taxonomy) -> tuple[Cue, ...]:
    """Read a file of cues (columns code, weight, six languages, note); raises KnowledgeError for a bad line."""
    found: list[Cue] = []
    for number, row in _rows(path, CUE_COLUMNS, "\t"):
        where = f"{path.name}, line {number}, column"
        codes = row["code"].split("+")
        for code in codes:
            if known.kind_of(code) is None:
                raise KnowledgeError(
                    f"{where} code: {code!r} is no code of the taxonomy, such as WPN-PSM or training"
                )
        weight = _weight(row["weight"], where)
        for language in LANGUAGES:
            for phrase in _alternatives(row[language]):
                found.extend(Cue(code, weight, language, phrase) for code in codes)
    return tuple(found)


def read_lexicon(path: Path, known: Taxonomy) -> tuple[Cue, ...]:
    """Read a lexicon: rows of phrases for one code, strong or weak; raises KnowledgeError for a bad line."""
    found: list[Cue] = []
    for number, row in _rows(path, LEXICON_COLUMNS, "\t"):
        where = f"{path.name}, line {number}, column"
        kind = LEXICON_KINDS.get(row["kind"], row["kind"])
        if known.kind_of(row["code"]) != kind:
            raise KnowledgeError(f"{where} code: {row['code']!r} is no {row['kind']} of the taxonomy")
        if row["weight"] not in LEXICON_WEIGHTS:
            raise KnowledgeError(f"{where} weight: {row['weight']!r} must be strong or weak")
        weight = LEXICON_WEIGHTS[row["weight"]]
        for language in LANGUAGES:
            found.extend(Cue(row["code"], weight, language, phrase) for phrase in _alternatives(row[language]))
    return tuple(found)


def _weight(cell: str, where: str) -> float:
    try:
        weight = float(cell or "1")
    except ValueError:
        weight = 0.0
    if not 0 < weight <= 10:
        raise KnowledgeError(f"{where} weight: {cell!r} is not a number above 0 and up to 10, such as 1 or 0.5")
    return weight


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy file; raises KnowledgeError where it is no JSON or a theme lacks its code."""
    try:
        parsed = json.loads(path.read_text(encoding="utf-8"))
        return Taxonomy(
            MappingProxyType({row["code"]: _theme(row) for row in parsed.get("themes", [])}),
            MappingProxyType({row["code"]: row["label"] for row in parsed.get("pillars", [])}),
            tuple(parsed.get("dimensions", ())),
            tuple(parsed.get("functions", ())),
            MappingProxyType({row["code"]: row["label"] for row in parsed.get("weapons", [])}),
            MappingProxyType({code: tuple(labels) for code, labels in parsed.get("subcodes", {}).items()}),
        )
    except json.JSONDecodeError as error:
        raise KnowledgeError(f"{path.name}, line {error.lineno}, column {error.colno}: {error.msg}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise KnowledgeError(f"{path.name}: a theme, pillar or weapon lacks {error}; see taxonomy.json") from error


def _theme(row: dict[str, object]) -> Theme:
    terms, dimensions = row.get("terms", ()), row.get("dimensions", ())
    assert isinstance(terms, list | tuple)
    assert isinstance(dimensions, list | tuple)
    return Theme(
        str(row["code"]), str(row["label"]), str(row.get("pillar", "")), str(row.get("scope", "")),
        tuple(map(str, terms)), tuple(map(str, dimensions)),
    )  # fmt: skip


def _countries(path: Path) -> Iterator[Country]:
    for row in _csv(path):
        names = {language: row[f"name_{language}"] for language in LANGUAGES}
        yield Country(
            row["iso2"],
            row["iso3"],
            row["m49"],
            row["region"],
            row["status"],
            MappingProxyType(names),
            row["note"],
        )


def _regions(path: Path) -> Iterator[Region]:
    for row in _csv(path):
        names = {language: row[f"name_{language}"] for language in LANGUAGES}
        yield Region(row["code"], row["parent"], MappingProxyType(names))


def _memberships(path: Path) -> Iterator[Membership]:
    for row in _csv(path):
        since, until = (_day(row[column]) for column in ("from", "until"))
        yield Membership(row["organization"], row["country"], since, until, row["source"])


def _day(cell: str) -> date | None:
    """A day as 2020-05-01; a year or a month alone means its first day."""
    return date.fromisoformat(f"{cell}-01-01"[:10]) if cell else None


def _contexts(path: Path) -> Iterator[tuple[str, frozenset[str]]]:
    if path.exists():
        for _, row in _rows(path, ("phrase", "countries"), "\t"):
            for phrase in _alternatives(row["phrase"]):
                yield phrase, frozenset(row["countries"].split())


def _csv(path: Path) -> Iterator[dict[str, str]]:
    if path.exists():
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                yield {key: value or "" for key, value in row.items()}


def _rows(
    path: Path, columns: tuple[str, ...], separator: str, optional: str = ""
) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a separated file with a header line, with line numbers; blank lines are skipped.

    The column `optional` may be left out of the file altogether; it then reads as empty.
    """
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    if optional and lines and optional not in lines[0].split(separator):
        bare = tuple(column for column in columns if column != optional)
        yield from ((number, {optional: "", **row}) for number, row in _rows(path, bare, separator))
        return
    if not lines or tuple(lines[0].split(separator)) != columns:
        raise KnowledgeError(f"{path.name}, line 1: the header must be {', '.join(columns)}, separated by tabs")
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        cells = line.split(separator)
        if len(cells) > len(columns):
            raise KnowledgeError(
                f"{path.name}, line {number}, column {len(cells)}: more than {len(columns)} cells; remove a tab"
            )
        yield number, dict(zip(columns, [*cells, *[""] * (len(columns) - len(cells))], strict=True))
