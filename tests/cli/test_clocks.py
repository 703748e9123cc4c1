"""The commands clocks and briefing: what is due, with an exit status, and a briefing in every form."""

import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook

from app.audit.models import AuditEvent
from app.cli.session import transaction
from app.clocks.briefing.models import Briefing
from app.core.db import utc_now
from tests.cli.test_exchange import Call
from tests.cli.test_exchange import call as call


@pytest.fixture
def given(call: Call) -> None:
    """A briefing of this year's first two months."""
    with transaction() as session:
        session.add(Briefing(from_on=date(2026, 1, 1), until_on=date(2026, 2, 28), given_on=date(2026, 2, 28)))


def test_what_is_due_is_listed_and_the_status_says_if_it_is_overdue(
    call: Call, given: None, capsys: pytest.CaptureFixture[str]
):
    status = call("clocks", "--json")
    [due] = json.loads(capsys.readouterr().out)
    call("clocks")
    line = capsys.readouterr().out

    assert (due["clock"], due["due_on"], due["started_on"]) == ("briefing", "2026-04-28", "2026-02-28")
    assert status == int(due["overdue"])
    assert line.startswith("2026-04-28\t")
    assert call("clocks", "--until", "2026-04-27") == 0
    assert "nothing is due" in capsys.readouterr().out


def test_wrong_arguments_of_clocks_are_told(call: Call, capsys: pytest.CaptureFixture[str]):
    assert call("clocks", "--officer", "nobody@example.org") == 1
    assert "No officer has this address" in capsys.readouterr().err
    assert call("clocks", "--clock", "egg") == 2
    assert call("clocks", "--until", "soon") == 2


def test_a_briefing_is_printed_as_text_and_as_json(call: Call, given: None, capsys: pytest.CaptureFixture[str]):
    assert call("briefing", "--from", "2026-03-01", "--to", "2026-04-30") == 0
    text = capsys.readouterr().out
    assert call("briefing", "--from", "2026-03-01", "--to", "2026-04-30", "--json") == 0
    said = json.loads(capsys.readouterr().out)

    assert "1 March 2026 to 30 April 2026, beside 1 January 2026 to 28 February 2026" in text
    assert "New needs" in text
    assert said["period"] == {"from": "2026-03-01", "to": "2026-04-30"}
    assert said["previous"] == {"from": "2026-01-01", "to": "2026-02-28"}


def test_a_briefing_is_written_to_a_file_with_its_marking_and_an_audit_event(call: Call, tmp_path: Path):
    for form in ("docx", "xlsx", "html"):
        arguments = ["--format", form, "--output", str(tmp_path / f"b.{form}"), "--recipient", "the Chair"]
        assert call("briefing", *arguments) == 0

    header = Document(io.BytesIO((tmp_path / "b.docx").read_bytes())).sections[0].header.paragraphs[0].text
    assert header.startswith("Restricted: for its recipient alone · For the Chair")
    assert "the Chair" in load_workbook(tmp_path / "b.xlsx")["Figures"]["A1"].value
    assert "the Chair" in (tmp_path / "b.html").read_text()
    with transaction(writes=False) as session:
        told = [(event.actor_label, event.after["form"]) for event in session.query(AuditEvent)]
    assert told == [("operator", "docx"), ("operator", "xlsx"), ("operator", "html")]


def test_a_period_that_cannot_be_is_told_in_one_line(call: Call, capsys: pytest.CaptureFixture[str]):
    tomorrow = str(utc_now().date() + timedelta(days=1))

    assert call("briefing", "--to", tomorrow) == 1
    assert "today at the latest" in capsys.readouterr().err
    assert call("briefing", "--json", "--format", "docx") == 1
    assert call("briefing", "--group", "nobody") == 1
    assert call("briefing", "--from", "May") == 2
