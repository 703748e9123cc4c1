"""A recommendation as the draft of a need: its title from its text, cells that are codes or days read as such."""

import calendar
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.assessments.models import Assessment
from app.core.text import folded
from app.exchange.tables.columns import priorities
from app.exchange.tables.rows import Recommendation
from app.exchange.tables.schemas import CellFault
from app.needs.content import marks_of
from app.pairings.coding import Coder, Suggested

LONGEST_TITLE = 300
_A_CLAUSE = 160
_SENTENCE = re.compile(r"(?<=[.!?؟。！？])(?:\s+|(?<=[。！？]))|[;؛；:：]\s*|\n")
_CLAUSE = re.compile(r"[,،，]\s*|\s+[–—-]\s+")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_MONTH = re.compile(r"(\d{1,2})[./-](\d{4})")
_QUARTER = re.compile(r"[QT]\s?([1-4])[\s/-]*(\d{4})", re.IGNORECASE)
_YEAR = re.compile(
    r"(?:end of|fin|finales de|конец|к концу|نهاية)?\s*(\d{4})(?:\s*(?:年|г\.?|год|года))?(?:底|末)?",
    re.IGNORECASE,
)
_LEAST_YEAR, _MOST_YEAR = 2000, 2100
_RESOLUTION_WORDS = re.compile(
    r"[\W\d_]|\b(?:resolution|resolutions|res|op|ops|operative|paragraphs?|paras?|security|council|unscr|scr|un|of|the|and"
    r"|s|r[ée]solutions?|paragraphes?|du|de|la|le|et|conseil|s[ée]curit[ée]|resoluci[oó]n(?:es)?|p[áa]rrafos?|consejo|y"
    r"|резолюци\w*|пункт\w*|п|и|القرار|الفقرة|من|第|号|决议|段|[a-z])\b",
    re.IGNORECASE,
)  # fmt: skip


@dataclass(slots=True)
class Draft:
    """What a row says as a need's fields. `said` is what the table says itself, without what was suggested."""

    values: dict[str, Any]
    said: dict[str, Any]
    title_is_derived: bool
    notes: list[CellFault] = field(default_factory=list)


def draft(row: Recommendation, assessment: Assessment) -> Draft:
    """Read a row. What cannot be read as a priority, a day or a provision is kept in the text, and noted."""
    notes: list[CellFault] = []
    said: dict[str, Any] = {"description": row.text("description")}
    for name in ("institution", "existing_efforts"):
        if name in row.parts:
            said[name] = row.text(name) if name == "existing_efforts" else row.text(name).replace("\n", "; ")
    said |= _understood(row, notes)
    said["description"] = "\n".join(filter(None, [said["description"], *_kept_as_text(row, said)]))
    derived = "title" not in row.parts
    said["title"] = title_of(row.text("description")) if derived else row.text("title").replace("\n", " ")
    values = {
        **said,
        "recipient": {"countries": [state.code for state in assessment.states]},
        "source": "assessment",
        "assessment": assessment.ref,
        "source_ref": row.number,
        "illustrative": assessment.illustrative,
    }
    return Draft(values, said, derived, notes)


def title_of(text: str) -> str:
    """The first clause of a text, shortened at a word where it is long. A person edits it afterwards."""
    first = next((part.strip() for part in _SENTENCE.split(text) if part and part.strip()), "")
    if len(first) > _A_CLAUSE:
        first = _shortened(first)
    return first.rstrip(" .。,،，;") or text[:LONGEST_TITLE].strip()


def codes_for(coder: Coder, text: str, cited: str, language: str | None = None) -> dict[str, Any]:
    """Suggested codes as fields of a need, all of them marked as unconfirmed."""
    found: Suggested = coder.suggest(text, language, cited)
    fields: dict[str, Any] = {name: list(codes) for name, codes in found.codes.items() if codes}
    if found.provisions:
        fields["provisions"] = [dict(one) for one in found.provisions]
    return {**fields, "unconfirmed": marks_of(fields)} if fields else {}


def _shortened(clause: str) -> str:
    parts = _CLAUSE.split(clause[:_A_CLAUSE])
    whole = clause[: len(clause[:_A_CLAUSE]) - len(parts[-1])].rstrip(" ,،，–—-") if len(parts) > 1 else ""
    if len(whole) > _A_CLAUSE // 3:
        return whole
    cut = clause[:_A_CLAUSE]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut else cut} …"


def _understood(row: Recommendation, notes: list[CellFault]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if written := row.text("priority"):
        said["priority"] = _priority(written)
        if said["priority"] is None:
            reason = "is no priority; write high, medium or low. It is kept in the text"
            notes.append(CellFault(column=row.heading("priority"), value=written[:200], reason=reason))
    if written := row.text("wanted_by"):
        day = day_of(written)
        said["wanted_by"] = day.isoformat() if day else None
        if day is None:
            reason = "is no day; write it as 2027-12-31. It is kept in the text"
            notes.append(CellFault(column=row.heading("wanted_by"), value=written[:200], reason=reason))
    return said


def _kept_as_text(row: Recommendation, said: dict[str, Any]) -> Iterator[str]:
    """Cells that became no code or day, under their headings; a law is named nowhere else."""
    for name in ("provision", "priority", "wanted_by"):
        text = row.text(name)
        if text and (_RESOLUTION_WORDS.sub("", text) if name == "provision" else said.get(name) is None):
            heading = row.heading(name)
            yield f"{heading}: {text}" if heading else text


def _priority(written: str) -> str | None:
    known = priorities()
    text = folded(" ".join(written.split()).strip(" .:"))
    return known.get(text) or next((known[word] for word in re.findall(r"\w+", text) if word in known), None)


def day_of(written: str) -> date | None:
    """The day that a cell names; of a month, a quarter or a year its last. Days stand before months."""
    text = unicodedata.normalize("NFKC", written).strip(" .")
    if found := _ISO.fullmatch(text[:10]):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_FIRST.fullmatch(text):
        return _day(int(found[3]), int(found[2]), int(found[1]))
    if found := _QUARTER.fullmatch(text):
        return _last(int(found[2]), 3 * int(found[1]))
    if found := _MONTH.fullmatch(text):
        return _last(int(found[2]), int(found[1]))
    if found := _YEAR.fullmatch(text):
        return _day(int(found[1]), 12, 31)
    return None


def _last(year: int, month: int) -> date | None:
    return _day(year, month, calendar.monthrange(year, month)[1]) if 1 <= month <= 12 else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if _LEAST_YEAR <= year <= _MOST_YEAR else None
    except ValueError:
        return None
