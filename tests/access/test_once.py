"""Every POST that changes something takes an Idempotency-Key, and a replay is answered before If-Match is."""

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy.orm import Session

from app.access.models import IdempotencyRecord
from app.access.once import _once
from app.organizations.models import OrganizationKind
from tests.conftest import As, make_organization
from tests.test_access_matrix import called_by

STORE_NOTHING = {
    "/api/v1/needs/specificity",
    "/api/v1/suggestions",
    "/api/v1/vocabularies/suggestions",
    "/api/v1/practices/{ref}/plan",
}
NEED = {
    "recipient": {"countries": ["TG"]},
    "title": "Secure storage of small arms in police armouries",
    "description": "The police keep rifles in armouries without locks or registers.",
    "source": "other",
    "themes": ["WPN-PSM"],
}


def test_every_post_takes_an_idempotency_key(app: FastAPI):
    without = {
        context.path
        for context in iter_route_contexts(app.routes)
        if isinstance(route := context.original_route, APIRoute)
        and str(context.path).startswith("/api/")
        and "POST" in route.methods
        and _once not in called_by(route.dependant)
    }

    assert without - STORE_NOTHING == set()


def test_a_repeated_merge_of_organizations_is_answered_from_its_record(admin: As, session: Session):
    for ref in ("GOOD", "DUPLICATE"):
        make_organization(session, ref, OrganizationKind.BOTH)
    address = "/api/v1/organizations/DUPLICATE"
    headers = {"If-Match": admin.get(address).headers["ETag"], "Idempotency-Key": "k"}

    answers = [admin.post(f"{address}/merge", json={"into": "GOOD"}, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_a_repeated_move_and_merge_of_a_need_are_answered_from_their_records(officer: As, session: Session):
    into, ref = (officer.post("/api/v1/needs", json=NEED).json()["ref"] for _ in range(2))
    address = f"/api/v1/needs/{ref}"
    changes = {"status": {"status": "open", "override_reason": "for the test"}, "merge": {"into": into}}

    for verb, body in changes.items():
        headers = {"If-Match": officer.get(address).headers["ETag"], "Idempotency-Key": verb}
        answers = [officer.post(f"{address}/{verb}", json=body, headers=headers) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200], answers[1].text
        assert answers[0].json() == answers[1].json()

    assert session.query(IdempotencyRecord).count() == len(changes)
