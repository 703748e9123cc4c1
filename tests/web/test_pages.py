"""Every page, once for each role: rendered, parsed, and held against what makes a page usable."""

import re
from typing import get_args

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.access.permissions import GRANTS, Requires
from app.core.actor import Role
from app.web.forms import FormDep
from tests.conftest import As
from tests.test_access_matrix import called_by
from tests.web.conftest import World, make_referral
from tests.web.reading import faults, read

FORM_CHECK = get_args(FormDep)[1].dependency
PUBLIC = {"/practices", "/practices/{ref}", "/practices/{ref}/diff", "/practices/{ref}/treatment"}
OPEN = {
    "/sign-in",
    "/sign-out",
    "/forgotten",
    "/link/{secret}",
    "/assure/{token}",
    "/docs",
    "/healthz",
    "/readyz",
    "/metrics",
}


SEEN_BY_SOME = {
    "/needs/{ref}",
    "/referrals/{referral_id}",
    "/referrals/{referral_id}/need/{ref}",
    "/practices/{ref}/comments/{comment_id}",
}


def pages(app: FastAPI) -> dict[str, APIRoute]:
    """Every page that is read, by its path."""
    found = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and "GET" in context.methods and not context.path.startswith("/api/"):
            found[context.path] = route
    return {
        path: route
        for path, route in found.items()
        if path not in OPEN and not path.startswith(("/exports", "/feeds"))
    }


def address(path: str, world: World, referral: str) -> str:
    """The path with the world's records in it."""
    ref = world.armouries.ref if path.startswith("/programmes") else world.need.ref
    if path.startswith("/practices"):
        ref = "GUIDE-1"
    named = {
        "ref": ref,
        "anchor": "marking",
        "assessment_id": world.assessment,
        "comment_id": str(world.comment.id),
        "interest_id": str(world.interest.id),
        "pairing_id": str(world.pairing.id),
        "referral_id": referral,
        "release_id": str(world.release.id),
        "clearance_id": str(world.held.id),
        "run_id": "00000000-0000-4000-8000-000000000000",
    }
    named |= {"country": "TG", "organization_ref": "UNODA-T", "delegation_ref": "DONOR"}
    return re.sub(r"{(\w+)}", lambda found: named[found[1]], path)


@pytest.mark.parametrize("role", Role)
def test_every_page_renders_for_every_role_that_may_read_it(
    app: FastAPI, request: pytest.FixtureRequest, session: Session, world: World, role: Role
):
    referral = make_referral(
        session, request.getfixturevalue("officer"), request.getfixturevalue("partner"), world
    )
    visitor: As = request.getfixturevalue(role.value)
    wrong = {}

    for path, route in pages(app).items():
        needed = {call.permission for call in called_by(route.dependant) if isinstance(call, Requires)}
        answer = visitor.get(
            address(path, world, referral) + ("?audience=group:donors" if path.endswith("preview") else "")
        )
        allowed = {200, 404} if path in {"/runs/{run_id}", "/maturity/{ref}"} else {200}
        expected = allowed if needed <= GRANTS[role] else {403}
        if role not in {Role.ADMIN, Role.OFFICER} and path in SEEN_BY_SOME:
            expected = {200, 404}
        found = [f"status {answer.status_code}"] * (answer.status_code not in expected) + faults(answer.text)
        if found:
            wrong[path] = found

    assert wrong == {}


def test_every_page_requires_a_permission(app: FastAPI):
    unguarded = {
        path
        for path, route in pages(app).items()
        if not any(isinstance(c, Requires) for c in called_by(route.dependant))
    }

    assert unguarded == PUBLIC


def test_every_form_is_checked_for_its_token(app: FastAPI):
    unchecked = set()
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        writes = isinstance(route, APIRoute) and "POST" in context.methods and not context.path.startswith("/api/")
        if writes and FORM_CHECK not in called_by(route.dependant):
            unchecked.add(context.path)

    assert unchecked == set()


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_and_back(anybody: TestClient):
    answer = anybody.get("/needs?theme=WPN-PSM", follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/needs%3Ftheme%3DWPN-PSM"
    assert faults(anybody.get("/sign-in").text) == []


def test_the_navigation_offers_what_the_role_may_do(admin: As, officer: As, partner: As, donor: As, world: World):
    offered = {
        name: [
            a["href"]
            for a in read(visitor.get("/programmes").text).all("a")
            if a["href"] in {"/", "/needs", "/pairings", "/programmes", "/runs", "/users", "/keys"}
        ][1:]
        for name, visitor in (("admin", admin), ("officer", officer), ("partner", partner), ("donor", donor))
    }

    assert offered["donor"] == ["/needs", "/programmes"]
    assert offered["partner"] == ["/needs", "/programmes", "/keys"]
    assert offered["officer"] == ["/", "/needs", "/pairings", "/programmes", "/runs"]
    assert offered["admin"] == [*offered["officer"], "/users", "/keys"]


def test_each_role_begins_where_its_work_is(officer: As, partner: As, donor: As, world: World):
    assert "What waits" in officer.get("/").text
    assert partner.get("/", follow_redirects=False).headers["location"] == "/programmes?organization=PARTNER"
    assert donor.get("/", follow_redirects=False).headers["location"] == "/needs"


def test_record_texts_say_their_language_and_find_their_own_direction(officer: As, world: World):
    page = read(officer.get(f"/needs/{world.arabic.ref}").text)

    [heading] = page.all("h1")
    assert heading == {"lang": "ar", "dir": "auto"}


def test_a_page_that_is_not_there_is_said_in_a_page(officer: As):
    answer = officer.get("/needs/N-2026-XXXXX")

    assert answer.status_code == 404
    assert faults(answer.text) == []
    assert "There is nothing here" in answer.text


def test_pages_fail_in_pages_and_the_api_in_documents(officer: As):
    assert officer.get("/nothing").headers["content-type"].startswith("text/html")
    assert officer.get("/api/v1/nothing").headers["content-type"] == "application/problem+json"
