"""`counterpart clocks` and `counterpart briefing`: what is due, and what the Committee is told."""

import enum
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.audit import service as audit
from app.audit.notes import Print
from app.cli.failures import Failure
from app.cli.session import answer, open_settings, operator, transaction
from app.clocks import queries
from app.clocks.briefing import queries as briefings
from app.clocks.briefing.document import document_of, spoken, tables, workbook_of
from app.clocks.briefing.schemas import RECIPIENT, BriefingFilter, BriefingOut
from app.clocks.schemas import ClockFilter, Due, Whose
from app.clocks.table import ClockName
from app.core.db import utc_now
from app.core.documents import DocumentFormat, Table, written
from app.core.marking import RECIPIENT_ALONE
from app.core.paging import Paging
from app.vocabularies import queries as vocabularies

_MOST = 10_000
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]


class Form(enum.StrEnum):
    TEXT = "text"
    HTML = "html"
    DOCX = "docx"
    XLSX = "xlsx"


def clocks(
    clock: Annotated[
        list[ClockName] | None, typer.Option(help="Only this clock; may be given several times.")
    ] = None,
    officer: Annotated[str | None, typer.Option(help="What this officer answers for, by e-mail address.")] = None,
    unassigned: Annotated[bool, typer.Option("--unassigned", help="What no officer answers for.")] = False,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Due by this day.")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is overdue.")] = False,
    as_json: AsJson = False,
) -> int:
    """List what is due, the longest overdue first. The exit status is 1 when something is overdue."""
    wanted = ClockFilter(
        clock=clock or [],
        whose=Whose.UNASSIGNED if unassigned else Whose.ALL,
        officer=officer,
        until=until.date() if until else None,
        overdue=overdue,
    )
    with transaction(writes=False) as session:
        found = queries.due_list(session, operator(session), wanted, Paging(_MOST), open_settings())
    if as_json:
        answer(json.dumps([due.model_dump(mode="json") for due in found.items], indent=1))
    for due in found.items if not as_json else []:
        answer(_line(due))
    if not found.items and not as_json:
        answer("nothing is due")
    return int(any(due.overdue for due in found.items))


def briefing(
    begins: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")] = None,
    ends: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day.")] = None,
    group: Annotated[str | None, typer.Option(help="The group whose needs are annexed.")] = None,
    recipient: Annotated[str, typer.Option(help="For whom a file is marked.")] = RECIPIENT,
    form: Annotated[Form, typer.Option("--format", help="How to write it.")] = Form.TEXT,
    output: Annotated[Path | None, typer.Option(help="A file; stdout if unsaid.", dir_okay=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Count a period beside the one before; unsaid, from the last briefing until today.

    A file carries its marking, recipient and date, and leaves an audit event.
    """
    wanted = BriefingFilter(from_on=begins.date() if begins else None, until_on=ends.date() if ends else None)
    if as_json and form is not Form.TEXT:
        raise Failure("--json and --format exclude each other")
    settings = open_settings()
    with transaction(writes=form is not Form.TEXT) as session:
        actor = operator(session)
        period = briefings.period_of(session, actor, wanted, settings)
        found = briefings.briefing(session, actor, period, settings, group)
        if form is not Form.TEXT:
            told = {"form": form, "recipient": recipient, "marking": RECIPIENT_ALONE}
            about = Print("briefing", f"{period.from_on} to {period.until_on}")
            audit.record(session, actor, "briefing.exported", about, after=told)
        labels = vocabularies.labels(session, "en")
    if as_json:
        _give(found.model_dump_json(by_alias=True, indent=1).encode() + b"\n", output)
    elif form is Form.TEXT:
        _give(_text(found).encode(), output)
    elif form is Form.XLSX:
        _give(workbook_of(found, recipient, utc_now().date(), labels), output)
    else:
        document = document_of(found, recipient, utc_now().date(), labels)
        _give(written(document, DocumentFormat(form.value)), output)


def _line(due: Due) -> str:
    days = f"{abs(due.days)} day{'' if abs(due.days) == 1 else 's'}"
    left = f"{days} overdue" if due.overdue else f"in {days}"
    line = f" line {due.line}" if due.line else ""
    return f"{due.due_on}\t{left}\t{due.title}\t{due.ref}{line}\t{due.responsible or '-'}"


def _text(found: BriefingOut) -> str:
    """The figures in columns; the annex by references alone."""
    lines = [f"{spoken(found.period)}, beside {spoken(found.previous)}", ""]
    for title, table in tables(found):
        lines += [title, *_columns(table), ""]
    if found.annex is not None:
        refs = ", ".join(need.ref for need in found.annex.needs)
        lines += [f"Annex, the group {found.annex.group}: {refs or 'no need is released to it'}", ""]
    return "\n".join(lines)


def _columns(table: Table) -> list[str]:
    rows = [tuple(table.columns), *(tuple(row) for row in table.rows)]
    if len(rows) == 1:
        return [f"  {table.otherwise}"]
    widths = [max(len(row[place]) for row in rows) for place in range(len(table.columns))]
    lined = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return [f"  {'  '.join(cells)}".rstrip() for cells in lined]


def _give(content: bytes, output: Path | None) -> None:
    if output is not None:
        output.write_bytes(content)
    else:
        sys.stdout.buffer.write(content)
