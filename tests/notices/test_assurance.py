"""One click in a letter re-assures a programme: opening the page does nothing, the button works once."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.access.service import csrf_token
from app.audit.models import AuditEvent
from app.core.db import utc_now
from app.notices.models import AssuranceLink
from app.programmes.models import Programme
from app.web.render import VISITOR_COOKIE
from tests.conftest import As
from tests.notices.conftest import Postbox, choose, looking, programme_due

HALF_A_YEAR = timedelta(days=180)


@pytest.fixture
def programme(session: Session, partner: As, postbox: Postbox) -> Programme:
    choose(partner, freshness="at_once")
    return programme_due(session, partner)


def mailed_link(app: FastAPI, postbox: Postbox) -> str:
    """The path of the link in the newest letter."""
    looking(app)
    found = re.search(r"http://127\.0\.0\.1:8000(/assure/\S+)", postbox.texts[-1])
    assert found is not None
    return found[1]


def press(app: FastAPI, visitor: TestClient, path: str) -> int:
    visitor.get(path)
    token = csrf_token(app.state.settings.secret, visitor.cookies[VISITOR_COOKIE])
    return visitor.post(path, data={"token": token}).status_code


def test_the_link_says_which_programme_and_opening_it_does_nothing(
    app: FastAPI, session: Session, anybody: TestClient, postbox: Postbox, programme: Programme
):
    path, before = mailed_link(app, postbox), programme.assured_until

    page = anybody.get(path)

    assert (programme.ref in page.text, programme.title in page.text) == (True, True)
    session.expire_all()
    assert programme.assured_until == before
    assert session.query(AssuranceLink).one().used_at is None


def test_the_button_assures_it_in_the_name_of_whom_it_was_sent_to(
    app: FastAPI, session: Session, anybody: TestClient, partner: As, postbox: Postbox, programme: Programme
):
    path = mailed_link(app, postbox)

    assert press(app, anybody, path) == 200

    session.expire_all()
    assert programme.assured_until == utc_now().date() + HALF_A_YEAR
    event = session.query(AuditEvent).filter_by(action="programme.assured").one()
    assert (event.actor_user_id, event.actor_label, event.subject_ref) == (partner.user.id, "link", programme.ref)


def test_the_link_works_once_and_says_so(
    app: FastAPI, session: Session, anybody: TestClient, postbox: Postbox, programme: Programme
):
    path = mailed_link(app, postbox)
    press(app, anybody, path)
    programme.assured_until = utc_now().date() + timedelta(days=1)
    session.commit()

    assert press(app, anybody, path) == 200

    session.expire_all()
    assert programme.assured_until == utc_now().date() + timedelta(days=1)
    assert "does nothing more" in anybody.get(path).text


def test_a_link_that_is_past_or_of_a_disabled_account_is_dead(
    app: FastAPI, session: Session, anybody: TestClient, admin: As, partner: As, postbox: Postbox,
    programme: Programme,
):  # fmt: skip
    path = mailed_link(app, postbox)
    link = session.query(AssuranceLink).one()
    link.expires_at = utc_now() - timedelta(seconds=1)
    session.commit()
    assert anybody.get(path).status_code == 404

    link.expires_at = utc_now() + timedelta(days=1)
    session.commit()
    admin.delete(f"/api/v1/users/{partner.user.id}")

    assert anybody.get(path).status_code == 404
    assert press_with_cookie(app, anybody, path) == 404


def press_with_cookie(app: FastAPI, visitor: TestClient, path: str) -> int:
    visitor.get("/sign-in")
    token = csrf_token(app.state.settings.secret, visitor.cookies[VISITOR_COOKIE])
    return visitor.post(path, data={"token": token}).status_code


@pytest.mark.parametrize(
    "change", [lambda t: t[:-1] + ("A" if t[-1] != "A" else "B"), lambda t: t[:32], str.upper]
)
def test_a_secret_that_is_not_the_one_is_refused(
    app: FastAPI, anybody: TestClient, postbox: Postbox, programme: Programme, change
):
    token = mailed_link(app, postbox).removeprefix("/assure/")

    assert anybody.get(f"/assure/{change(token)}").status_code == 404


@pytest.mark.parametrize("token", ["x", "0" * 75, "%00", "ü" * 80, "0" * 32, "g" * 40])
def test_nonsense_is_no_link(anybody: TestClient, token: str):
    assert anybody.get(f"/assure/{token}").status_code == 404


def test_the_button_without_the_page_is_refused(app: FastAPI, anybody: TestClient, postbox: Postbox, programme):
    path = mailed_link(app, postbox)

    assert anybody.post(path).status_code == 403
    assert anybody.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_the_secret_is_stored_nowhere(app: FastAPI, session: Session, postbox: Postbox, programme: Programme):
    token = mailed_link(app, postbox).removeprefix("/assure/")

    link = session.query(AssuranceLink).one()
    assert token.startswith(link.id.hex)
    assert token[32:] not in link.secret_hash


def test_a_link_does_not_assure_what_another_organization_took_over(
    app: FastAPI, session: Session, anybody: TestClient, other_partner: As, postbox: Postbox, programme: Programme
):
    path = mailed_link(app, postbox)
    programme.organization_id = other_partner.organization.id
    session.commit()

    assert press(app, anybody, path) == 403
