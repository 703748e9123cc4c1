"""A referral in a real browser: from two accepted pairings to a need met in part, and what is left of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from app.access.models import User
from app.access.passwords import hash_password
from app.core.actor import Actor, Role
from app.core.migrate import upgrade
from app.core.settings import Settings
from app.main import create_app
from app.needs.models import Need
from app.organizations.models import OrganizationKind
from app.pairings.models import Origin, Pairing, PairingStatus
from app.programmes import service as programmes
from app.programmes.schemas import ProgrammeIn
from app.vocabularies.service import load_vocabularies
from tests.conftest import make_organization
from tests.web.browsing import NEEDS_BROWSER, PASSWORD, PHONE, Visitor, serving, violations
from tests.web.conftest import ARABIC, ARMOURIES, STORAGE, make_groups, make_need

pytestmark = NEEDS_BROWSER


@dataclass(frozen=True)
class Office:
    """A running server with two accepted pairs of one organization."""

    url: str
    needs: tuple[str, str]


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    app = create_app(Settings(data_dir=folder, sign_in_attempts_per_minute=0, _env_file=None))
    with app.state.engine.begin() as connection:
        upgrade(connection)
    with app.state.open_session(True) as session:
        needs = _fill(session)
    with serving(app) as url:
        yield Office(url, needs)


@pytest.fixture
def visitor(chromium: Browser, office: Office) -> Iterator[Visitor]:
    visitor = Visitor(chromium, office)
    yield visitor
    for context in visitor.contexts:
        context.close()


def do(page: Page, summary: str, fields: dict[str, str], choices: dict[str, str] | None = None) -> None:
    """Open a form of the first line, fill it in and send it."""
    form = page.locator("#line-1 details").filter(has_text=summary).first
    form.locator("summary").click()
    for label, option in (choices or {}).items():
        form.get_by_label(label, exact=True).select_option(option)
    for label, text in fields.items():
        form.get_by_label(label).fill(text)
    form.get_by_role("button").click()
    expect(page.get_by_role("status").first).to_contain_text("recorded")


def test_a_referral_from_letter_to_residual_need_without_scripts(visitor: Visitor, office: Office):
    officer, partner = visitor(Role.OFFICER, scripts=False), visitor(Role.PARTNER, scripts=False)

    officer.goto("/referrals")
    officer.get_by_role("link", name="Convey accepted pairings").click()
    officer.get_by_role("link", name="PARTNER").click()
    expect(officer.get_by_role("checkbox").first).to_be_checked()
    officer.get_by_label("Reference").fill("Note verbale 12")
    officer.get_by_role("button", name="Convey").click()
    expect(officer.get_by_role("status").first).to_contain_text("The letter is recorded")
    letter = officer.url.partition("?")[0]

    partner.goto("/referrals")
    partner.get_by_role("link", name="Waits for your answer").first.click()
    do(partner, "Ask for information", {"Your question": "Which depots?"})
    officer.goto("/referrals")
    expect(officer.get_by_role("region", name="What waits", exact=True)).to_contain_text("asks for information")
    officer.goto(letter)
    do(officer, "Answer the question", {"The answer": "The nine of the police"})
    partner.goto(letter)
    do(partner, "Take it up", {"Which part": "Two of nine depots"}, {"How much": "part"})
    officer.goto(letter)
    accepted = {"The State accepted on": "2026-01-15", "The document that says so": "Note verbale 14"}
    do(officer, "Start the delivery", accepted)
    partner.goto(letter)
    do(partner, "Report how it went", {"Note": "Seven are left"}, {"How it went": "partly_delivered"})
    officer.goto(letter)
    do(officer, "Record how it went", {}, {"How it went": "partly_delivered", "As reported by": "state"})
    do(officer, "Complete", {})
    officer.get_by_role("link", name="Close the need as partly met").click()
    officer.locator("#status summary", has_text="Close it").click()
    officer.get_by_label("Outcome").select_option("partly_met")
    officer.get_by_role("button", name="Close", exact=True).click()

    expect(officer.get_by_role("main")).to_contain_text("closed: partly met")
    officer.goto("/needs?status=draft")
    expect(officer.get_by_role("article")).to_have_count(1)
    partner.goto(letter)
    expect(partner.get_by_role("main")).to_contain_text("A need that is not released to you now")


@pytest.mark.parametrize("width", [1280, PHONE])
def test_the_pages_of_referrals_are_accessible_and_fit_a_phone(visitor: Visitor, office: Office, width: int):
    officer = visitor(Role.OFFICER, width=width)
    found: dict[str, object] = {}
    first, _ = office.needs

    def look(page: Page) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth") > width
        if (broken := violations(page)) or wide:
            found[page.url] = (broken, wide)

    for path in ("/referrals", "/referrals/new", "/referrals/new?organization=PARTNER", "/advisories"):
        officer.goto(path)
        look(officer)
    officer.goto("/referrals/new?organization=PARTNER")
    officer.get_by_label("Reference").fill("Note verbale 12")
    officer.get_by_role("button", name="Convey").click()
    expect(officer.get_by_role("status").first).to_contain_text("The letter is recorded")
    letter = officer.url.partition("?")[0]
    look(officer)
    partner = visitor(Role.PARTNER, width=width)
    for path in ("/referrals", letter, f"{letter}/need/{first}"):
        partner.goto(path)
        for summary in partner.locator("#line-1 summary").all():
            summary.click()
        look(partner)
    officer.goto(f"/needs/{first}")
    look(officer)

    assert found == {}


def _fill(session: Session) -> tuple[str, str]:
    load_vocabularies(session)
    make_groups(session)
    bodies = {ref: make_organization(session, ref, OrganizationKind.IMPLEMENTER) for ref in ("CTED-T", "PARTNER")}
    people = {Role.OFFICER: "CTED-T", Role.PARTNER: "PARTNER"}
    for role, ref in people.items():
        session.add(
            User(
                email=f"{role}@example.org",
                role=role,
                organization_id=bodies[ref].id,
                password_hash=hash_password(PASSWORD),
            )
        )
    officer, partner = Actor(Role.OFFICER, bodies["CTED-T"].id), Actor(Role.PARTNER, bodies["PARTNER"].id)
    offered, _ = programmes.register(
        session, partner, ProgrammeIn.model_validate({**ARMOURIES, "status": "active"})
    )
    needs = [make_need(session, officer, said) for said in (STORAGE, ARABIC)]
    session.add_all(_accepted(need, offered.id) for need in needs)
    session.commit()
    return needs[0].ref, needs[1].ref


def _accepted(need: Need, programme_id: object) -> Pairing:
    return Pairing(
        need=need,
        programme_id=programme_id,
        status=PairingStatus.ACCEPTED,
        origin=Origin.OFFICER,
        score=0.5,
        need_revision=1,
        model="for the test",
    )
