"""From a pasted table to open needs on the pages: looked at first, saved, confirmed and opened in a few clicks."""

import html
import re
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.authentication import SESSION_COOKIE
from app.access.service import csrf_token
from app.needs.models import Need, NeedRevision, NeedStatus
from tests.conftest import As
from tests.exchange.tables.conftest import DRONES, HEADER, STORES, TABLE
from tests.web.conftest import send
from tests.web.reading import faults, read


@pytest.fixture
def visit(officer: As) -> str:
    made = officer.post("/api/v1/assessments", json={"kind": "focused", "states": ["TG"]}).json()
    return str(made["ref"])


def paste(officer: As, visit: str, text: str = TABLE) -> Response:
    return send(officer, f"/assessments/{visit}/table", text=text)


def fields_of(answer: Response) -> dict[str, str]:
    """The hidden fields and selected columns of the page's form, as a browser would send them."""
    found = {}
    for attributes in read(answer.text).all("input"):
        if attributes.get("type") == "hidden" and attributes.get("name") not in {"token", None}:
            found[str(attributes["name"])] = attributes.get("value") or ""
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', answer.text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = html.unescape(chosen[1]) if chosen else ""
    return found


def save(officer: As, visit: str, looked: Response, **more: str) -> Response:
    return send(officer, f"/assessments/{visit}/rows", **{**fields_of(looked), "step": "save", **more})


def chosen(session: Session) -> list[str]:
    return [f'{need.ref} "{need.version}"' for need in session.scalars(select(Need).order_by(Need.source_ref))]


def number_of(session: Session, model: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_an_assessment_is_recorded_and_edited_on_its_form(officer: As):
    made = send(officer, "/assessments/new", kind="focused", states="Togo\nBenin", agreement="pending")
    path = made.headers["location"].split("?")[0]

    page = officer.get(path)
    version = re.search(r'name="version" value="([^"]*)"', officer.get(f"{path}/edit").text)
    assert version
    values = {"kind": "focused", "states": "Togo", "agreement": "yes", "agreement_on": "2026-05-01"}
    changed = send(officer, f"{path}/edit", **values, version=html.unescape(version[1]))

    assert "Focused assessment: Benin, Togo" in read(page.text).text
    assert faults(page.text) == []
    assert changed.status_code == 303
    assert "Yes, 1 May 2026" in read(officer.get(path).text).text


@pytest.mark.parametrize("wrong", [{"states": "Atlantis"}, {"agreement": "yes"}, {"visit_until": "2026-03-01"}])
def test_a_refused_assessment_keeps_what_was_entered(officer: As, wrong: dict[str, str]):
    entered = {"kind": "focused", "states": "Togo", "agreement": "pending", "symbol": "S/AC.40/X", **wrong}

    answer = send(officer, "/assessments/new", **entered)

    assert answer.status_code == 422
    assert "S/AC.40/X" in answer.text
    assert faults(answer.text) == []


def test_a_pasted_table_is_shown_row_by_row_before_anything_is_saved(officer: As, visit: str, session: Session):
    answer = paste(officer, visit)

    text = read(answer.text).text
    assert answer.status_code == 200
    assert "Nothing is saved yet. 2 new" in text
    assert "specific" in text
    assert "Stockpile security" in text
    assert faults(answer.text) == []
    assert number_of(session, Need) == 0


def test_the_whole_way_is_five_clicks(officer: As, visit: str, session: Session):
    looked = paste(officer, visit)
    saved = save(officer, visit, looked)
    page = officer.get(f"/assessments/{visit}")
    needs = f"/assessments/{visit}/needs"
    confirmed = send(officer, needs, action="confirm", need=chosen(session))
    session.expire_all()
    first = chosen(session)[0]
    opened = send(officer, needs, action="open", need=first)

    assert [answer.status_code for answer in (saved, confirmed, opened)] == [303, 303, 303]
    assert faults(page.text) == []
    session.expire_all()
    one, two = session.scalars(select(Need).order_by(Need.source_ref)).all()
    assert (one.status, two.status) == (NeedStatus.OPEN, NeedStatus.DRAFT)
    newest = select(NeedRevision.unconfirmed).where(NeedRevision.need_id == one.id, NeedRevision.number == 2)
    assert session.scalar(newest) == []


def test_what_is_too_vague_to_be_opened_says_why_and_the_others_open(officer: As, visit: str, session: Session):
    vague = f"{HEADER}\n1\t{STORES}\tLogistics Directorate\tOne register works\thigh\t\n2\tHelp is needed.\t\t\t\t"
    save(officer, visit, paste(officer, visit, vague))

    answer = send(officer, f"/assessments/{visit}/needs", action="open", need=chosen(session))

    assert answer.status_code == 200
    assert "1 opened; 1 left as they were" in read(answer.text).text
    assert "Too vague to be opened" in answer.text
    assert faults(answer.text) == []


def test_the_codes_of_one_need_are_confirmed_by_its_own_button(officer: As, visit: str, session: Session):
    save(officer, visit, paste(officer, visit))
    both = chosen(session)

    send(officer, f"/assessments/{visit}/needs", only=both[0], need=both)

    session.expire_all()
    assert [need.revision for need in session.scalars(select(Need).order_by(Need.source_ref))] == [2, 1]


def test_codes_of_a_need_that_changed_meanwhile_are_not_confirmed(officer: As, visit: str, session: Session):
    save(officer, visit, paste(officer, visit))
    both = chosen(session)
    url = f"/api/v1/needs/{both[0].split()[0]}"
    officer.patch(url, json={"title": "Newer"}, headers={"If-Match": both[0].split(" ")[1]})

    answer = send(officer, f"/assessments/{visit}/needs", action="confirm", need=both)

    assert "1 confirmed; 1 left as they were" in read(answer.text).text


def test_a_form_sent_twice_saves_once(officer: As, visit: str, session: Session):
    looked = paste(officer, visit)

    first, again = save(officer, visit, looked), save(officer, visit, looked)

    assert (first.status_code, again.status_code) == (303, 303)
    assert number_of(session, Need) == 2


def test_a_table_that_is_not_recognized_is_read_as_the_officer_says(officer: As, visit: str, session: Session):
    looked = paste(officer, visit, "Ziffer\tAussage\n4\tTrain forty border guards in search.")
    assert "no column of recommendations was recognized" in looked.text

    fields = {**fields_of(looked), "column-1-0": "source_ref", "column-1-1": "description", "step": "again"}
    again = send(officer, f"/assessments/{visit}/rows", **fields)
    save(officer, visit, again)

    assert "Train forty border guards" in again.text
    assert "4" in list(session.scalars(select(Need.source_ref)))


def test_a_row_whose_need_was_edited_waits_for_a_choice(officer: As, visit: str, session: Session):
    save(officer, visit, paste(officer, visit))
    ref, etag = chosen(session)[1].split(" ")
    edited = {"description": "An officer's better words."}
    officer.patch(f"/api/v1/needs/{ref}", json=edited, headers={"If-Match": etag})

    looked = paste(officer, visit, TABLE.replace(DRONES, "New words of the table."))
    assert "1 for you to choose" in read(looked.text).text
    assert "An officer&#39;s better words." in looked.text
    assert faults(looked.text) == []
    number = re.search(r'name="choice-(\d+)"', looked.text)
    assert number
    saved = save(officer, visit, looked, **{f"choice-{number[1]}": "table"})

    assert saved.status_code == 303
    assert officer.get(f"/api/v1/needs/{ref}").json()["description"] == "New words of the table."


def test_rows_that_cannot_be_taken_are_named_after_saving_too(officer: As, visit: str):
    looked = paste(officer, visit, f"{TABLE}\n9\t\tPolice\t\t\t")

    answer = save(officer, visit, looked)

    assert answer.status_code == 200
    assert "1 that cannot be taken" in read(answer.text).text
    assert "is empty; a need has a text" in read(answer.text).text
    assert faults(answer.text) == []


@pytest.mark.parametrize("text", ["", "   ", "%PDF-1.7", "<table></table>", "x" * 2_600_000])
def test_what_is_no_table_is_refused_with_a_message(officer: As, visit: str, text: str):
    answer = paste(officer, visit, text)

    assert answer.status_code in {200, 422}
    assert "table" in read(answer.text).text
    assert faults(answer.text) == []


def test_a_file_is_chosen_in_place_of_pasting(officer: As, visit: str):
    token = csrf_token(officer.client.app.state.settings.secret, officer.client.cookies[SESSION_COOKIE])  # type: ignore[attr-defined]
    sent = {"file": ("table.csv", TABLE.encode(), "text/csv")}

    answer = officer.post(f"/assessments/{visit}/table", data={"token": token, "text": ""}, files=sent)

    assert "2 new" in read(answer.text).text
    assert 'value="table.csv"' in answer.text


@pytest.mark.parametrize("grids", ["", "nonsense", "[1]", '[{"name":"x","lines":[]}]', "[" * 5_000])
def test_a_table_that_was_tampered_with_is_refused(officer: As, visit: str, grids: str):
    assert send(officer, f"/assessments/{visit}/rows", grids=grids, step="save").status_code == 422


def test_marks_in_a_table_stay_text(officer: As, visit: str):
    answer = paste(officer, visit, f"{HEADER}\n1\t<script>alert(1)</script> for the police\t\t\t\t")

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


def test_nobody_but_officers_reaches_an_assessment(visit: str, partner: As, donor: As):
    for outsider in (partner, donor):
        for path in ("", "/new", f"/{visit}", f"/{visit}/edit", "/none"):
            assert outsider.get(f"/assessments{path}").status_code == 403
        for path in ("table", "rows", "needs"):
            assert send(outsider, f"/assessments/{visit}/{path}", text=TABLE).status_code == 403


def test_an_assessment_that_is_not_there_is_not_found(officer: As):
    assert officer.get("/assessments/none").status_code == 404
    assert send(officer, "/assessments/none/table", text=TABLE).status_code == 404


def test_specificity_is_said_while_writing(officer: As):
    vague = {"title": "Help", "description": "Legislative, material, technical and financial assistance"}

    answer = send(officer, "/needs/specificity", **vague, language="en")

    assert answer.status_code == 200
    assert "too vague to be opened" in answer.text
    assert "<html" not in answer.text
    assert 'hx-post="/needs/specificity"' in officer.get("/needs/new").text
