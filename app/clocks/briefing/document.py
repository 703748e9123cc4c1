"""A briefing as a document for print and .docx, and as a workbook; both carry the same marking and notes."""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from xlsxwriter import Workbook

from app.clocks.briefing.figures import FIGURES
from app.clocks.briefing.schemas import Annex, BriefingOut, Count, Figure, Period, Row
from app.core.documents import Document, Facts, Heading, Paragraph, Part, Table
from app.core.marking import RECIPIENT_ALONE
from app.needs.schemas import NeedFull, NeedSummary

TITLE = "Briefing on capacity needs"
SHORT: Mapping[Figure, str] = {
    Figure.NEW: "New",
    Figure.ACCEPTED: "Accepted",
    Figure.CONVEYED: "Referred",
    Figure.UNSUPPORTED: "Unsupported",
    Figure.DELIVERED: "Delivered",
    Figure.PARTLY_DELIVERED: "In part",
    Figure.NOT_DELIVERED: "Not delivered",
    Figure.NOT_CONFIRMED: "Not confirmed",
    Figure.DECLINED: "Declined",
}
HOW = (
    "A need of several regions or themes counts in each of them, so rows do not add up to the figures above. "
    "Regions and themes are those that needs have today; a region of few Member States, and those beside it, are "
    "counted under the one in which they lie."
)
INVENTED = "Illustrative records are counted: this is not a briefing on real needs."
Labels = Mapping[tuple[str, str], str]


def document_of(briefing: BriefingOut, recipient: str, made_on: date, labels: Labels) -> Document:
    """The briefing for one recipient."""
    parts: list[Part] = [Facts([("Period", spoken(briefing.period)), ("Before", spoken(briefing.previous))])]
    if briefing.illustrative:
        parts.append(Paragraph(INVENTED))
    for title, table in tables(briefing):
        parts += [Heading(title), table]
    parts += [Paragraph(HOW, quiet=True), *_annex(briefing.annex, labels)]
    return Document(TITLE, RECIPIENT_ALONE, recipient, made_on, parts)


def tables(briefing: BriefingOut) -> list[tuple[str, Table]]:
    """Every table with its heading. A cell of the long ones reads "3 / 2": this period, and the one before."""
    now_before = ("Figure", "This period", "Before")
    figures = [(one.title, str(one.now), str(one.before)) for one in briefing.figures]
    declined = [(one.reason.replace("_", " "), str(one.now), str(one.before)) for one in briefing.declined]
    numbers = frozenset({1, 2})
    return [
        ("Figures", Table(now_before, figures, numbers=numbers)),
        (
            "Reasons for declining",
            Table(("Reason", *now_before[1:]), declined, "Nothing was declined.", numbers=numbers),
        ),
        ("By region: this period / before", _by("Region", briefing.regions)),
        ("By theme: this period / before", _by("Theme", briefing.themes)),
    ]


def workbook_of(briefing: BriefingOut, recipient: str, made_on: date, labels: Labels) -> bytes:
    """The briefing as an Excel workbook: a sheet a table, numbers as numbers, two columns for each figure."""
    target = io.BytesIO()
    workbook = Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    document = document_of(briefing, recipient, made_on, labels)
    above = f"{document.marking} · {document.addressed} · {document.day} · {spoken(briefing.period)}"
    for name, columns, rows in _sheets(briefing, labels):
        sheet, bold = workbook.add_worksheet(name), workbook.add_format({"bold": True})
        sheet.write_string(0, 0, above)
        sheet.write_row(2, 0, columns, bold)
        for number, row in enumerate(rows, start=3):
            _write(sheet, number, row)
        for number, note in enumerate(_notes(briefing, document), start=len(rows) + 4):
            sheet.write_string(number, 0, note)
        sheet.set_column(0, 0, 40)
    workbook.close()
    return target.getvalue()


def spoken(period: Period) -> str:
    begun, until = period.from_on, period.until_on
    return f"{begun.day} {begun:%B %Y} to {until.day} {until:%B %Y}"


def _by(name: str, rows: Sequence[Row]) -> Table:
    said = [(row.label, *(_pair(row.figures[figure]) for figure in FIGURES)) for row in rows]
    return Table((name, *SHORT.values()), said, "Nothing to count.", numbers=frozenset(range(1, len(SHORT) + 1)))


def _pair(count: Count) -> str:
    return f"{count.now} / {count.before}" if count.now or count.before else "–"


def _annex(annex: Annex | None, labels: Labels) -> Iterable[Part]:
    if annex is None:
        return
    yield Heading(f"Annex: needs released to the group {annex.group}")
    if not annex.needs:
        yield Paragraph("No need is released to this group at present.")
    for need in annex.needs:
        yield Heading(f"{need.ref} · {need.title}")
        yield Facts(_facts(need, labels))


def _facts(need: NeedFull | NeedSummary, labels: Labels) -> list[tuple[str, str]]:
    """What is released of a need, in words: every field that says something."""
    said = [
        ("Region", _named(labels, "region", need.regions)),
        ("Themes", _named(labels, "theme", need.themes)),
        ("Dimensions", _named(labels, "dimension", need.dimensions)),
        ("Functions", _named(labels, "function", need.functions)),
        ("Weapons", _named(labels, "weapon", need.weapons)),
        ("Priority", str(need.priority or "")),
        ("Illustrative", "yes" if need.illustrative else ""),
    ]
    if isinstance(need, NeedFull):
        said += _full_facts(need, labels)
    return [(name, text) for name, text in said if text]


def _full_facts(need: NeedFull, labels: Labels) -> list[tuple[str, str]]:
    provisions = [f"{one['instrument']} {one.get('paragraph') or ''}".strip() for one in need.provisions]
    return [
        ("Recipient", _recipient(need.recipient, labels)),
        ("Description", need.description),
        ("Institution", need.institution),
        ("Assistance", _named(labels, "assistance_type", need.assistance_types)),
        ("Provisions", "; ".join(provisions)),
        ("What is being done", need.existing_efforts),
        ("Indicative cost", _cost(need.indicative_cost)),
        ("Wanted by", need.wanted_by.isoformat() if need.wanted_by else ""),
    ]


def _recipient(recipient: Mapping[str, Any], labels: Labels) -> str:
    countries = _named(labels, "country", recipient.get("countries") or [])
    region = _named(labels, "region", [recipient["region"]] if recipient.get("region") else [])
    body = f"members of {recipient['members_of']}" if recipient.get("members_of") else ""
    return " · ".join(filter(None, (countries, region, body, recipient.get("context"))))


def _cost(cost: Mapping[str, Any] | None) -> str:
    if not cost:
        return ""
    ends = [f"{cost[name]:,}" for name in ("low", "high") if cost.get(name) is not None]
    by = f" (estimated by {cost['estimated_by']})" if cost.get("estimated_by") else ""
    return f"{cost['currency']} {' to '.join(ends)}{by}"


def _named(labels: Labels, kind: str, codes: Sequence[str]) -> str:
    return ", ".join(labels.get((kind, code), code) for code in codes)


def _sheets(briefing: BriefingOut, labels: Labels) -> Iterable[tuple[str, Sequence[str], Sequence[Sequence[Any]]]]:
    now_before = ("This period", "Before")
    yield "Figures", ("Figure", *now_before), [(one.title, one.now, one.before) for one in briefing.figures]
    declined = [(one.reason.replace("_", " "), one.now, one.before) for one in briefing.declined]
    yield "Declined", ("Reason", *now_before), declined
    columns = [column for name in SHORT.values() for column in (name, f"{name}, before")]
    for name, rows in (("Region", briefing.regions), ("Theme", briefing.themes)):
        yield name, (name, *columns), [(row.label, *_numbers(row)) for row in rows]
    if briefing.annex is not None:
        facts = [(need.ref, *fact) for need in briefing.annex.needs for fact in _titled(need, labels)]
        yield "Annex", ("Need", "Field", "As released"), facts


def _numbers(row: Row) -> list[int]:
    return [number for figure in FIGURES for number in (row.figures[figure].now, row.figures[figure].before)]


def _titled(need: NeedFull | NeedSummary, labels: Labels) -> list[tuple[str, str]]:
    return [("Title", need.title), *_facts(need, labels)]


def _notes(briefing: BriefingOut, document: Document) -> list[str]:
    return [*([INVENTED] if briefing.illustrative else []), HOW, *document.notes]


def _write(sheet: Any, number: int, row: Sequence[Any]) -> None:
    for place, value in enumerate(row):
        if isinstance(value, int):
            sheet.write_number(number, place, value)
        else:
            sheet.write_string(number, place, value)
