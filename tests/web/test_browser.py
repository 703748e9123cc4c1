"""The main paths in a real browser against a real server: without scripts, by keyboard, on a phone, with axe."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.models import User
from app.access.passwords import hash_password
from app.core.actor import Actor, Role
from app.core.jobs import run_pending
from app.core.migrate import upgrade
from app.core.settings import Settings
from app.main import create_app
from app.organizations.models import OrganizationKind
from app.pairings.models import Pairing
from app.vocabularies.service import load_vocabularies
from tests.conftest import make_organization
from tests.web.browsing import NEEDS_BROWSER, PASSWORD, PHONE, Visitor, serving, violations
from tests.web.conftest import (
    AIRPORTS,
    ARABIC,
    ARMOURIES,
    STOCKPILES,
    STORAGE,
    make_groups,
    make_need,
    make_programme,
    make_release,
)

pytestmark = NEEDS_BROWSER


@dataclass(frozen=True)
class Served:
    """A running server, and the addresses of what is in it."""

    url: str
    decided: dict[bool, str]
    arabic: str
    programme: str
    pairing: str

    @property
    def pages(self) -> dict[Role, list[str]]:
        need, release = f"/needs/{self.arabic}", f"/needs/{self.arabic}/release?fields=full"
        officer = [
            "/",
            "/needs",
            f"/needs?q={'x' * 200}",
            need,
            f"{need}/edit",
            release,
            "/pairings",
            self.pairing,
            "/runs",
            "/clocks?whose=all",
            "/clocks/handover",
            "/briefing",
            "/interests",
            "/assessments",
            "/assessments/new",
            "/review",
            "/referrals",
            "/clearances",
            "/silence",
            "/sight",
            "/portfolio",
            "/portfolio/overlap",
            "/coverage",
            "/files",
            "/practices",
            "/notices",
            "/offers",
        ]
        donor = ["/needs", need, "/programmes", self.programme, "/interests", "/searches"]
        donor += ["/practices", "/coverage"]
        return {
            Role.OFFICER: [*officer, "/programmes", self.programme, f"{self.programme}/edit", "/nothing"],
            Role.ADMIN: ["/users", "/keys"],
            Role.PARTNER: [
                "/programmes/new",
                "/keys",
                "/offers",
                "/offers/needs",
                "/referrals",
                "/programmes/due",
            ],
            Role.DONOR: donor,
        }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The whole product on a database of its own, on a free port, with its job thread."""
    folder = tmp_path_factory.mktemp("served")
    app = create_app(Settings(data_dir=folder, sign_in_attempts_per_minute=0, _env_file=None))
    with app.state.engine.begin() as connection:
        upgrade(connection)
    with app.state.open_session(True) as session:
        made = _fill(app, session)
    with serving(app) as url:
        yield Served(url, **made)


@pytest.fixture
def visitor(chromium: Browser, served: Served) -> Iterator[Visitor]:
    visitor = Visitor(chromium, served)
    yield visitor
    for context in visitor.contexts:
        context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_officer_accepts_one_and_rejects_one_and_both_stand_after_a_run(
    visitor: Visitor, served: Served, scripts: bool
):
    page = visitor(Role.OFFICER, scripts)
    expect(page.get_by_role("heading", level=1)).to_have_text("What waits")
    page.get_by_role("link", name="Needs", exact=True).click()
    page.get_by_role("searchbox").fill(served.decided[scripts].removeprefix("A need "))
    page.get_by_role("button", name="Apply filters").click()
    page.get_by_role("link", name=served.decided[scripts]).click()
    chosen, refused = (page.get_by_role("article", name=said["title"]) for said in (ARMOURIES, STOCKPILES))

    chosen.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status")).to_contain_text("Your decision is recorded")
    refused.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("alert")).to_contain_text("needs a reason")
    refused.get_by_role("combobox", name="Reason").select_option("timing")
    refused.get_by_label("Note").fill("Not before May")
    refused.get_by_role("button", name="Reject").click()
    expect(refused).to_contain_text("rejected: timing")

    need = page.url.partition("?")[0]
    page.get_by_role("link", name="Match runs").click()
    page.get_by_role("button", name="Run over everything").click()
    expect(page.get_by_role("main")).to_contain_text("To the review queue", timeout=60_000)

    page.goto(need)
    expect(chosen.get_by_role("link", name="accepted")).to_be_visible()
    expect(refused).to_contain_text("rejected: timing")
    refused.get_by_role("link", name="rejected: timing").click()
    expect(page.get_by_role("region", name="Decisions")).to_contain_text("Not before May")


def test_a_donor_browses_open_needs_without_javascript(visitor: Visitor, served: Served):
    page = visitor(Role.DONOR, scripts=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Open needs")
    expect(page.get_by_role("article")).to_have_count(1)

    page.get_by_label("Stockpile security").check()
    page.get_by_role("button", name="Apply filters").click()
    page.get_by_role("link", name="remove this filter").click()
    page.get_by_role("article").get_by_role("link").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(ARABIC["title"])
    expect(page.get_by_role("main")).not_to_contain_text("Suggested programmes")


def test_a_partner_adds_a_programme_by_keyboard_alone(visitor: Visitor):
    page = visitor(Role.PARTNER)
    page.goto("/programmes/new")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    while not page.evaluate("document.activeElement.id === 'title'"):
        page.keyboard.press("Tab")
    page.keyboard.type("Registers for armouries")
    page.keyboard.press("Tab")
    page.keyboard.type("We help police to keep registers of their small arms.")
    page.keyboard.press("Control+a")
    page.keyboard.press("Tab")
    page.get_by_label("Stockpile security").focus()
    page.keyboard.press("Space")
    page.get_by_label("Worldwide").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Registers for armouries")
    expect(page.get_by_role("status")).to_contain_text("The programme is saved")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_form_that_is_sent_again_after_going_back_stores_nothing_twice(visitor: Visitor, scripts: bool):
    page = visitor(Role.PARTNER, scripts)
    title = f"Advice on registers, {'with' if scripts else 'without'} scripts"

    page.goto("/programmes/new")
    for _ in range(2):
        page.get_by_label("Title").fill(title)
        page.get_by_label("Summary").fill("We advise police on registers of their small arms.")
        page.get_by_label("Stockpile security").check()
        page.get_by_label("Worldwide").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Add a programme")

    page.goto("/programmes?organization=PARTNER&status=draft")
    expect(page.get_by_role("link", name=title)).to_have_count(1)


def test_what_has_the_focus_is_seen(visitor: Visitor):
    page = visitor(Role.DONOR)
    style = "getComputedStyle(document.activeElement)"
    outlines = []
    for _ in range(12):
        page.keyboard.press("Tab")
        outlines.append(
            page.evaluate(
                f"[document.activeElement.outerHTML.slice(0, 99), {style}.outlineStyle, {style}.outlineWidth]"
            )
        )

    on_page = [one for one in outlines if not one[0].startswith("<body")]  # else the browser's own bar has it
    assert len(on_page) > 8
    assert [one for one in on_page if one[1:] != ["solid", "3px"]] == []


def test_arabic_reads_from_the_right(visitor: Visitor, served: Served):
    page = visitor(Role.OFFICER)
    page.goto(f"/needs/{served.arabic}")

    assert page.evaluate("getComputedStyle(document.querySelector('h1')).direction") == "rtl"


@pytest.mark.parametrize("role", Role)
def test_pages_have_no_accessibility_violations(visitor: Visitor, served: Served, role: Role):
    page = visitor(role)
    found = {}
    for path in served.pages[role]:
        page.goto(path)
        if broken := violations(page):
            found[path] = broken

    assert found == {}


@pytest.mark.parametrize("role", Role)
def test_no_page_is_wider_than_a_phone(visitor: Visitor, served: Served, role: Role):
    page = visitor(role, width=PHONE)
    wider = {}
    for path in served.pages[role]:
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE:
            wider[path] = width

    assert wider == {}


@pytest.mark.parametrize("role", Role)
def test_no_list_is_scrolled_sideways_on_a_phone(visitor: Visitor, served: Served, role: Role):
    page = visitor(role, width=PHONE)
    scrolled = {}
    for path in served.pages[role]:
        page.goto(path)
        wide = page.evaluate(
            "[...document.querySelectorAll('.stacked')].filter(each => each.scrollWidth > each.clientWidth).length"
        )
        if wide or page.locator(".table-scroll").filter(has=page.locator(".stacked")).evaluate_all(
            "found => found.some(each => each.scrollWidth > each.clientWidth + 1)"
        ):
            scrolled[path] = wide

    assert scrolled == {}


def test_the_queue_is_a_table_to_who_hears_it_on_a_phone_too(visitor: Visitor, served: Served):
    page = visitor(Role.OFFICER, width=PHONE)
    page.goto("/pairings?status=proposed&status=accepted&status=rejected")
    table = page.get_by_role("table")

    expect(table.get_by_role("columnheader")).to_have_text(
        ["Need", "Programme", "Score", "Age", "Origin", "Status", "Review"]
    )
    first = table.get_by_role("row").nth(1)
    expect(first.get_by_role("rowheader")).to_be_visible()
    expect(first.get_by_role("cell")).to_have_count(6)
    expect(first.get_by_role("cell").nth(1)).to_have_css("display", "inline-block")


def test_no_page_asks_for_anything_that_the_policy_refuses(visitor: Visitor, served: Served):
    page = visitor(Role.OFFICER)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((served.url, "data:")) else complaints.append(asked.url),
    )
    for path in served.pages[Role.OFFICER][:-1]:
        page.goto(path)

    assert complaints == []


def _fill(app: FastAPI, session: Session) -> dict[str, object]:
    """Accounts for each role, programmes, a need for each run of the main path and one released to donors."""
    load_vocabularies(session)
    make_groups(session)
    kinds = {
        "CTED-T": OrganizationKind.IMPLEMENTER,
        "PARTNER": OrganizationKind.IMPLEMENTER,
        "DONOR": OrganizationKind.DONOR,
    }
    bodies = {ref: make_organization(session, ref, kind) for ref, kind in kinds.items()}
    of = {Role.ADMIN: "CTED-T", Role.OFFICER: "CTED-T", Role.PARTNER: "PARTNER", Role.DONOR: "DONOR"}
    hashed = hash_password(PASSWORD)
    accounts = [
        User(email=f"{role}@example.org", role=role, organization_id=bodies[ref].id, password_hash=hashed)
        for role, ref in of.items()
    ]
    session.add_all(accounts)
    session.flush()
    officer = Actor(Role.OFFICER, bodies["CTED-T"].id, user_id=accounts[1].id)
    offered = [make_programme(session, officer, "PARTNER", said) for said in (ARMOURIES, STOCKPILES, AIRPORTS)]
    decided = {scripts: f"A need {name}" for scripts, name in ((True, "of the lakes"), (False, "of the coast"))}
    for title in decided.values():
        make_need(session, officer, {**STORAGE, "title": title})
    arabic = make_need(session, officer, ARABIC)
    make_release(session, officer, arabic, "full")
    session.commit()
    run_pending(app.state.open_session, app.state.job_handlers)
    pairing = session.scalars(select(Pairing.id).limit(1)).one()
    return {
        "decided": decided,
        "arabic": arabic.ref,
        "programme": f"/programmes/{offered[0].ref}",
        "pairing": f"/pairings/{pairing}",
    }
