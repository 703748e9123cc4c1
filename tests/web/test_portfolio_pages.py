"""The portfolio, coverage and meeting files on pages: what they say, where they lead, and who is kept out."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from tests.conftest import As
from tests.portfolio.conftest import Filler
from tests.portfolio.conftest import filler as filler
from tests.web.conftest import World
from tests.web.reading import faults, read

LISTS = [f"/portfolio/{name}" for name in ("unsupported", "crowded", "overlap")]


@pytest.mark.parametrize("path", ["/portfolio", *LISTS, "/files", "/files/state/TG"])
def test_officers_alone_read_the_portfolio(officer: As, partner: As, donor: As, world: World, path: str):
    assert officer.get(path).status_code == 200
    for outsider in (partner, donor):
        assert outsider.get(path).status_code == 403


def test_unsupported_and_crowded_needs_are_led_to(officer: As, filler: Filler):
    filler.need(title="Nobody's need")
    crowded = filler.need(title="Everybody's need")
    for _ in range(4):
        filler.line(crowded)
    filler.session.commit()

    overview = officer.get("/portfolio").text
    waiting, crowd = officer.get("/portfolio/unsupported").text, officer.get("/portfolio/crowded").text

    assert faults(overview) == faults(waiting) == faults(crowd) == []
    assert "Nobody's need" in read(waiting).text
    assert "Everybody's need" not in read(waiting).text
    assert "4 under way" in read(crowd).text
    assert {"/portfolio/unsupported", "/portfolio/crowded"} <= {a["href"] for a in read(overview).all("a")}


def test_a_filter_of_the_portfolio_is_a_chip(officer: As, filler: Filler):
    filler.need(title="Of armouries")
    filler.need(title="Of airports", themes=("BLE-AVS",))
    filler.session.commit()

    page = read(officer.get("/portfolio/unsupported?theme=BLE-AVS").text)

    assert "Of airports" in page.text
    assert "Of armouries" not in page.text
    assert "/portfolio/unsupported" in [a["href"] for a in page.all("a") if a.get("class", "").startswith("chip")]
    assert officer.get("/portfolio/unsupported?theme=NONE").status_code == 422


def test_overlapping_programmes_stand_side_by_side_with_the_sum(officer: As, world: World):
    page = officer.get("/portfolio/overlap").text

    said = read(page).text
    assert faults(page) == []
    assert world.armouries.title in said
    assert world.stockpiles.title in said
    assert "1 pair" in said
    score = re.search(r"Similarity ([\d.]+)", said)
    assert score is not None
    adds = re.findall(r'data-label="Adds">([\d.]+)<', page)
    assert sum(int(each.replace(".", "")) for each in adds) == int(score[1].replace(".", ""))


def test_coverage_leads_to_the_needs_and_programmes_of_a_cell(officer: As, donor: As, partner: As, world: World):
    page = officer.get("/coverage").text

    links = {a["href"] for a in read(page).all("a")}
    assert faults(page) == []
    assert "/needs?status=open&theme=WPN-PSM&region=011" in links
    assert "/programmes?theme=WPN-PSM&region=011" in links
    assert "1 need" in read(donor.get("/coverage").text).text
    assert "No open need with a theme is released to you" in read(partner.get("/coverage").text).text
    assert faults(officer.get("/coverage?all=yes").text) == []


def test_a_file_is_two_clicks_away_in_each_form(officer: As, world: World, session: Session):

    def led_to(form: str) -> str:
        chosen = {"kind": "state", "of": "TG", "form": form}
        return officer.get("/files/open", params=chosen, follow_redirects=False).headers["location"]

    forms = {form: led_to(form) for form in ("html", "docx", "handover", "handover-docx")}

    assert forms == {
        "html": "/files/state/TG",
        "docx": "/api/v1/files/state/TG?format=docx",
        "handover": "/files/state/TG?for=handover",
        "handover-docx": "/api/v1/files/state/TG?format=docx&for=handover",
    }
    for path in forms.values():
        assert officer.get(path).status_code == 200
    assert len(session.scalars(select(AuditEvent).where(AuditEvent.action == "file.printed")).all()) == 4
    assert officer.get("/files/open", follow_redirects=False).headers["location"] == "/files"
    assert officer.get("/files/open?kind=none&of=TG").status_code == 422
    assert officer.get("/files/state/ZZ").status_code == 404


def test_the_form_to_hand_over_says_to_the_officer_alone_what_it_leaves_out(officer: As, filler: Filler):
    filler.need(title="Ports of two States", states=("TG", "KE"))
    filler.session.commit()

    page = officer.get("/files/state/TG?for=handover").text
    handed = officer.get("/api/v1/files/state/TG?for=handover").text

    assert '<nav class="no-print' in page
    assert "left out: 1 that it has together with other States" in page
    assert "left out" not in handed


def test_what_a_browser_prints_carries_its_marking(officer: As, donor: As, world: World):
    ours, theirs = (reader.get(f"/needs/{world.arabic.ref}").text for reader in (officer, donor))

    assert re.search(
        r'print-only marking">.*Confidential: for CTED alone.*For .*CTED-T.*Listing is not endorsement', ours
    )
    assert re.search(r'print-only marking">.*Restricted: for its recipient alone.*For .*DONOR.*Listing', theirs)
