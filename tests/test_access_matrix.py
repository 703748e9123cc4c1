"""Every API route declares a permission, and each kind of caller is let in or kept out by it before any lookup."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.access.models import KeyScope
from app.access.permissions import GRANTS, Permission, Requires, granted
from app.core.actor import Actor, Role
from app.organizations.keys.schemas import KeyIn
from app.organizations.keys.service import issue
from tests.conftest import As

PRACTICES = "/api/v1/practices"  # what is published is for everybody; who is signed in sees consultations too
PUBLIC = {
    "/api/v1/vocabularies",
    "/api/v1/vocabularies/{name}",
    PRACTICES,
    *(f"{PRACTICES}/{{ref}}{rest}" for rest in ("", "/clauses", "/clauses/{anchor}", "/diff", "/treatment")),
    f"{PRACTICES}/{{ref}}/versions/{{number}}",
}
QUERIES = {"/api/v1/audit": {"subject": "no-such-thing"}}  # officers read the trail of a record, not the whole
OUTSIDERS = (Role.PARTNER, Role.DONOR)


class Call(NamedTuple):
    method: str
    path: str
    needs: frozenset[Permission]

    @property
    def address(self) -> str:
        """The path with parameters that name nothing."""
        return re.sub(r"{[^}]+}", "no-such-thing", self.path)


def called_by(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for child in dependant.dependencies:
        yield from called_by(child)


def calls(app: FastAPI) -> list[Call]:
    """Every method of every API route, with the permissions that it requires."""
    found = []
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and context.path.startswith("/api/"):
            needs = {call.permission for call in called_by(route.dependant) if isinstance(call, Requires)}
            found += [Call(method, context.path, frozenset(needs)) for method in sorted(context.methods)]
    return found


def statuses(app: FastAPI, client: TestClient) -> dict[Call, int]:
    """What each route that needs a permission answers to a request that names nothing and sends an empty body."""
    asked = [call for call in calls(app) if call.needs]
    body = {"GET": None, "DELETE": None}

    def ask(call: Call) -> int:
        sent = body.get(call.method, {})
        return client.request(call.method, call.address, json=sent, params=QUERIES.get(call.path)).status_code

    return {call: ask(call) for call in asked}


def as_key(app: FastAPI, session: Session, owner: As) -> TestClient:
    _key, text = issue(session, owner.actor, KeyIn(scope=KeyScope.READ))
    return TestClient(app, headers={"Authorization": f"Bearer {text}"})


def test_every_route_requires_a_permission_or_is_listed_as_public(app: FastAPI):
    assert {call.path for call in calls(app) if not call.needs} == PUBLIC


def test_the_walk_finds_the_routes(app: FastAPI):
    walked = {call.address for call in calls(app)}

    assert {"/api/v1/organizations/no-such-thing", "/api/v1/users", "/api/v1/me"} <= walked


def test_nobody_is_asked_to_sign_in_everywhere(app: FastAPI, anybody: TestClient):
    assert {call: status for call, status in statuses(app, anybody).items() if status != 401} == {}


@pytest.mark.parametrize("role", Role)
def test_a_role_reaches_what_it_is_granted_and_nothing_else(
    app: FastAPI, request: pytest.FixtureRequest, role: Role
):
    caller: As = request.getfixturevalue(role.value)

    answers = statuses(app, caller.client)

    assert {call: status for call, status in answers.items() if is_wrong(caller.actor, call, status)} == {}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PARTNER])
def test_a_key_that_reads_reaches_what_its_role_may_read(
    app: FastAPI, session: Session, request: pytest.FixtureRequest, role: Role
):
    owner: As = request.getfixturevalue(role.value)
    actor = Actor(role, owner.organization.id, label="key", may_write=False)

    answers = statuses(app, as_key(app, session, owner))

    assert {call: status for call, status in answers.items() if is_wrong(actor, call, status)} == {}


def test_a_key_that_is_not_valid_is_not_ignored(app: FastAPI, admin: As):
    admin.client.headers["Authorization"] = "Bearer cpk_000000000000_0000"

    assert set(statuses(app, admin.client).values()) == {401}


def is_wrong(actor: Actor, call: Call, status: int) -> bool:
    """Whether the answer contradicts the table: 403 for what is not granted, neither 401 nor 403 for what is."""
    return status in {401, 403} if call.needs <= granted(actor) else status != 403


@pytest.mark.parametrize("role", OUTSIDERS)
def test_those_outside_cted_hold_no_permission_on_what_is_its_own(role: Role):
    own = {
        Permission.ASSESSMENT_READ, Permission.ASSESSMENT_WRITE, Permission.NEED_WRITE, Permission.RELEASE_READ,
        Permission.RELEASE_WRITE, Permission.PAIRING_READ, Permission.PAIRING_DECIDE, Permission.MATCH_RUN,
        Permission.AUDIT_READ, Permission.AUDIT_READ_ALL, Permission.USER_MANAGE, Permission.GROUP_READ,
        Permission.GROUP_MANAGE, Permission.ORGANIZATION_WRITE, Permission.MODEL_READ, Permission.CANDIDATE_READ,
        Permission.MODEL_MANAGE, Permission.PORTFOLIO_READ, Permission.FILE_READ,
    }  # fmt: skip

    assert GRANTS[role] & own == set()


def test_officers_manage_neither_accounts_nor_keys_nor_groups_nor_models():
    admins_own = {
        Permission.USER_MANAGE,
        Permission.KEY_MANAGE,
        Permission.GROUP_MANAGE,
        Permission.ORGANIZATION_WRITE,
        Permission.CANDIDATE_READ,
        Permission.MODEL_MANAGE,
    }

    assert GRANTS[Role.OFFICER] & admins_own == set()
