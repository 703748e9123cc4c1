"""The fullest meeting files come out of a printer on two pages."""

import mimetypes
import re
import secrets
from pathlib import Path

from playwright.sync_api import Browser, Route

from app.needs.models import NeedStatus, Outcome
from app.organizations.models import OrganizationKind
from app.referrals.models import LineStatus
from tests.conftest import As, make_organization
from tests.portfolio.conftest import Filler
from tests.portfolio.conftest import filler as filler
from tests.web.browsing import NEEDS_BROWSER

STATIC = Path(__file__).parents[2] / "app" / "web" / "static"
PLACE = "http://counterpart.example"
pytestmark = NEEDS_BROWSER


def pages_of(chromium: Browser, html: str) -> int:
    """How many sheets of A4 a page takes."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(PLACE)
        if path == "/":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            kind = mimetypes.guess_type(path)[0] or "text/plain"
            route.fulfill(body=(STATIC / path.removeprefix("/static/")).read_bytes(), content_type=kind)

    page = chromium.new_page()
    page.route("**/*", answer)
    page.goto(f"{PLACE}/")
    printed = page.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "1.5cm"))
    page.close()
    return len(re.findall(rb"/Type\s*/Page[^s]", printed))


def test_the_fullest_files_take_two_pages(officer: As, filler: Filler, chromium: Browser):
    others = [make_organization(filler.session, f"BODY-{n}", OrganizationKind.BOTH) for n in range(3)]
    for n in range(30):
        title = " ".join(secrets.token_hex(4) for _ in range(30))
        stated = filler.need(title=title)
        line = filler.line(stated, list(LineStatus)[n % 6], conveyed=200)
        line.pairing.programme.title = title
        for body in others:
            filler.release(stated, body, reference=title)
    for _ in range(10):
        filler.need(status=NeedStatus.CLOSED, outcome=Outcome.MET)
    filler.session.commit()

    for path in ("state/TG", "state/TG?for=handover", "organization/FILLED", "delegation/BODY-0"):
        html = officer.get(f"/api/v1/files/{path}").text
        assert "more</p>" in html
        assert (path, pages_of(chromium, html)) in {(path, 1), (path, 2)}
