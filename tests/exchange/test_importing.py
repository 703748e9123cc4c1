"""Rows in: the good ones are kept, the wrong ones come back to be mended and sent again."""

import io
import json
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.errors import Invalid, NotPermitted
from app.core.jobs import Job
from app.exchange import codecs
from app.exchange.importing import MARKS, Report
from app.exchange.models import Format
from app.needs.models import Need, NeedStatus
from app.organizations.models import Organization
from app.programmes.models import Programme, ProgrammeStatus, Provenance
from tests.conftest import As
from tests.exchange.conftest import GOOD, HEADER, Import


def counts(report: Report) -> tuple[int, int, int, int]:
    created, updated, unchanged = (report.count(name) for name in ("created", "updated", "unchanged"))
    return created, updated, unchanged, len(report.wrong)


def number(session: Session, of: Any) -> int:
    return session.scalar(select(func.count()).select_from(of)) or 0


def test_an_imported_programme_is_active_and_the_organizations_own(
    as_partner: Import, session: Session, partner: As
):
    report = as_partner(f"{HEADER}\n{GOOD}\n")

    [programme] = session.scalars(select(Programme))
    assert counts(report) == (1, 0, 0, 0)
    assert programme.status is ProgrammeStatus.ACTIVE
    assert programme.provenance is Provenance.ORGANIZATION
    assert programme.organization.ref == partner.organization.ref


def test_the_same_file_again_changes_nothing(as_partner: Import, session: Session):
    as_partner(f"{HEADER}\n{GOOD}\n")
    events = number(session, AuditEvent)

    assert counts(as_partner(f"{HEADER}\n{GOOD}\n")) == (0, 0, 1, 0)
    assert counts(as_partner(f"{HEADER}\n{GOOD.replace('Stockpile', 'Armoury')}\n")) == (0, 1, 0, 0)
    assert number(session, Programme) == 1
    assert number(session, AuditEvent) == events + 1


@pytest.mark.parametrize(
    ("line", "column", "value", "reason"),
    [
        ("A2,T,S,WPN-PSN,011", "themes", "WPN-PSN", "the nearest: WPN-PSM"),
        ("A2,T,S,WPN-PSM; WPN-PSN,011", "themes", "WPN-PSM; WPN-PSN", "'WPN-PSN' is not a code"),
        ("A2,T,S,,011", "themes", "", "at least 1 item"),
        ("A2,,S,WPN-PSM,011", "title", "", "at least 1 character"),
        (f"A2,{'x' * 301},S,WPN-PSM,011", "title", "x" * 200, "at most 300"),
        (f"A2,T,{'x' * 200_000},WPN-PSM,011", "summary", "x" * 200, "at most 10000"),
        ("A2,T,S,WPN-PSM,XX", "coverage.regions", "XX", "is not a code of the vocabulary region"),
        ("A2,T,S,WPN-PSM,", "coverage", "", "Field required"),
        ("A2,T,S,WPN-PSM", "", "", "4 cells and the header 5"),
        ("A2,T,a\u202eb,WPN-PSM,011", "summary", "a\u202eb", "turns the direction"),
        ("A2,T,a\x00b,WPN-PSM,011", "summary", "a\\x00b", "control character"),
        ("A1,T,S,WPN-PSM,011", "external_id", "A1", "1 above is about the same record"),
    ],
)
def test_a_wrong_row_comes_back_and_the_good_one_is_kept(
    as_partner: Import, session: Session, line: str, column: str, value: str, reason: str
):
    report = as_partner(f"{HEADER}\n{GOOD}\n{line}\n")

    [error] = report.errors
    assert (error.row, error.column, error.value) == (3, column, value)
    assert reason in error.reason
    assert [row.external_id for row in session.scalars(select(Programme))] == ["A1"]


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"starts_on": "1.2.2026"}, "starts_on", "A day is written as 2027-12-31"),
        ({"starts_on": "2026-02-30"}, "starts_on", "day value is outside expected range"),
        ({"starts_on": "2026-02-02", "ends_on": "2026-01-01"}, "ends_on", "ends before it starts"),
        ({"capacity": "many"}, "capacity", "valid integer"),
        ({"budget": "1e400", "currency": "USD"}, "budget", "no more than 15 digits"),
        ({"coverage.global": "perhaps"}, "coverage.global", "valid boolean"),
        ({"coverage.countries": "TOG"}, "coverage.countries", "TG"),
        ({"partners": "PARTNR:funding"}, "partners", "PARTNER"),
        ({"partners": "PARTNER:paying"}, "partners", "'funding', 'accountable' or 'implementing'"),
        ({"organization": "OTHER"}, "organization", "You write the programmes of PARTNER alone"),
        ({"provenance.source_url": "=HYPERLINK(1)"}, "provenance.source_url", "begins with https"),
        ({"status": "live"}, "status", "'draft', 'active', 'suspended' or 'ended'"),
    ],
)
def test_each_cell_is_judged_as_a_single_request_would_be(
    as_partner: Import, other_partner: As, cells: dict[str, str], column: str, reason: str
):
    document = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | cells

    report = as_partner(codecs.write(Format.CSV, list(document), [document]))

    [error] = report.errors
    assert error.column == column
    assert reason in error.reason


@pytest.mark.parametrize(
    ("header", "pointer", "said"),
    [
        ("external_id,title,themes,coverage.regions", "summary", "The column 'summary' is missing"),
        ("title,summary,themes", "coverage", "give one or more of coverage.global"),
        (HEADER + ",titel", "titel", "the nearest: title"),
        (HEADER + ",coverage.region", "coverage.region", "the nearest: coverage.regions"),
    ],
)
def test_a_header_that_cannot_be_is_refused_before_any_row(
    as_partner: Import, session: Session, header: str, pointer: str, said: str
):
    row = ",".join("x" for _ in header.split(","))

    with pytest.raises(Invalid) as refused:
        as_partner(f"{header}\n{row}\n")

    assert said in {error.pointer: error.message for error in refused.value.errors}[pointer]
    assert number(session, Programme) == 0


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl"])
def test_the_wrong_rows_come_back_in_a_file_that_can_be_mended_and_sent_again(
    as_partner: Import, session: Session, form: str
):
    names = HEADER.split(",")
    good, wrong = GOOD.split(","), ["A2", "-5 degrees", "Says =1+1", "WPN-PSN", "011"]
    rows: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in (good, wrong)]
    if form == "jsonl":
        rows = [
            {**row, "themes": row["themes"].split("; "), "coverage": {"regions": [row.pop("coverage.regions")]}}
            for row in rows
        ]
        for row in rows:
            row.pop("coverage.regions", None)
    report = as_partner(codecs.write(Format(form), names, rows), form=form)

    returned = report.refused_rows(Format(form))

    assert returned is not None
    [row] = codecs.read(Format(form), returned).rows
    assert row.cells["title"] == "-5 degrees"
    assert str(row.cells["_row"]) == ("2" if form == "jsonl" else "3")
    assert row.cells["_column"] == "themes"
    assert row.cells["_value"] == "WPN-PSN"
    assert "WPN-PSM" in row.cells["_reason"]
    mended = json.loads(json.dumps(row.cells).replace('"WPN-PSN"', '"WPN-PSM"'))
    again = as_partner(codecs.write(Format(form), list(mended), [mended]), form=form)
    assert counts(again) == (1, 0, 0, 0)
    assert number(session, Programme) == 2


def test_a_broken_line_of_json_comes_back_too(as_partner: Import):
    report = as_partner('{"title": "x"\n', form="jsonl")

    returned = report.refused_rows(Format.JSONL)
    assert returned is not None
    assert json.loads(returned)["_value"] == '{"title": "x"'


def test_half_a_surrogate_pair_is_refused_and_can_be_sent_back(as_partner: Import):
    row = {"title": "\ud800", "summary": "s", "themes": ["WPN-PSM"], "coverage": {"global": True}}

    report = as_partner(json.dumps(row), form="jsonl")

    [error] = report.errors
    assert (error.column, error.value) == ("title", "\\ud800")
    assert report.refused_rows(Format.JSONL)


def test_a_formula_in_a_workbook_is_read_as_its_text_or_value_and_never_kept_as_one(as_partner: Import):
    workbook = openpyxl.Workbook()
    workbook.active.append(HEADER.split(","))
    workbook.active.append(["A1", '=HYPERLINK("http://example.org")', "S", "WPN-PSM", "011"])
    target = io.BytesIO()
    workbook.save(target)

    [error] = as_partner(target.getvalue(), form="xlsx").errors

    assert error.column == "title"


def test_a_try_keeps_nothing_and_says_the_same(as_partner: Import, session: Session):
    content = f"{HEADER}\n{GOOD}\nA2,T,S,WPN-PSN,011\n"

    tried = as_partner(content, dry_run=True)

    assert counts(tried) == (1, 0, 0, 1)
    for of in (Programme, AuditEvent, Job):
        assert number(session, of) == 0
    assert counts(as_partner(content)) == (1, 0, 0, 1)


def test_a_partner_imports_programmes_alone(as_partner: Import):
    for kind in ("organizations", "needs"):
        with pytest.raises(NotPermitted):
            as_partner("ref\nx\n", kind=kind)


def test_organizations_are_known_by_reference_and_parents_may_come_later(as_admin: Import, session: Session):
    content = (
        "ref,name,level,parent\nCHILD,Child,regional,MOTHER\nMOTHER,Mother,regional,\nLOST,Lost,regional,NOBODY\n"
    )

    report = as_admin(content, kind="organizations")

    child = session.scalar(select(Organization).where(Organization.ref == "CHILD"))
    assert counts(report) == (2, 0, 0, 1)
    assert child is not None
    assert child.parent is not None
    assert child.parent.ref == "MOTHER"
    assert (report.errors[0].row, report.errors[0].column) == (4, "parent")
    assert counts(as_admin(content, kind="organizations")) == (0, 0, 2, 1)


def test_organizations_above_each_other_are_refused(as_admin: Import):
    content = "ref,name,level,parent\nA1,A,regional,B1\nB1,B,regional,A1\n"

    assert len(as_admin(content, kind="organizations").wrong) == 2


def test_needs_arrive_as_drafts_and_are_known_by_their_source(as_admin: Import, session: Session):
    content = (
        "source,source_ref,title,description,language,recipient.region,provisions,themes\n"
        "other,N1,Armouries,The ministry lacks a register.,en,11,2370:6; ATT,WPN-PSM\n"
        "other,N2,Armouries,The ministry lacks a register.,en,11,9999:6,WPN-PSM\n"
    )

    report = as_admin(content, kind="needs")

    [need] = session.scalars(select(Need))
    assert counts(report) == (1, 0, 0, 1)
    assert report.errors[0].column == "provisions"
    assert need.status is NeedStatus.DRAFT
    assert counts(as_admin(content, kind="needs")) == (0, 0, 1, 1)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_cells_beyond_the_header_come_back_and_are_refused_until_they_are_gone(as_partner: Import, form: str):
    broken = "A2,T,Trains, equips, and advises,WPN-PSM,011"
    report = as_partner(f"{HEADER}\n{GOOD}\n{broken}\n")
    returned = report.refused_rows(Format(form))
    assert returned is not None
    [row] = codecs.read(Format(form), returned).rows
    assert [cell.strip() for name, cell in row.cells.items() if name not in MARKS] == [
        cell.strip() for cell in broken.split(",")
    ]

    again = as_partner(returned, form=form)

    assert (again.written, len(again.wrong)) == ([], 1)
    assert "_extra_1, _extra_2" in again.errors[0].reason
    assert again.refused_rows(Format(form)) is not None
