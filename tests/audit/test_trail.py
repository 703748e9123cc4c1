"""The chain holds or says where it does not; who may read it is answered before any lookup."""

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.access.models import ApiKey
from app.audit import service as audit
from app.audit.chain import verify
from app.audit.models import AuditEvent
from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.organizations.models import Organization
from app.pairings.models import MatchRun
from tests.conftest import As


@pytest.fixture
def three_events(session: Session, cted: Organization) -> list[AuditEvent]:
    for name in ("first", "second", "third"):
        audit.record(session, Actor(Role.ADMIN, cted.id), "organization.renamed", cted, after={"name": name})
    session.commit()
    return session.query(AuditEvent).order_by(AuditEvent.number).all()


def _unprotect(session: Session, engine: Engine) -> None:
    """Do what somebody with the database in their hands could do."""
    if engine.dialect.name == "sqlite":
        session.execute(text("DROP TRIGGER audit_event_update_refused"))
        session.execute(text("DROP TRIGGER audit_event_delete_refused"))
    else:
        session.execute(text("DROP TRIGGER audit_event_refused ON audit_event"))


def test_an_untouched_chain_holds(session: Session, three_events: list[AuditEvent]):
    head = three_events[-1].hash

    found = verify(session)

    assert (found.events, found.head, found.broken_at) == (3, head, None)


@pytest.mark.parametrize(
    ("tampering", "broken_at", "reason"),
    [
        ("UPDATE audit_event SET action = 'nothing' WHERE number = 2", 2, "it is not as it was written"),
        ("UPDATE audit_event SET actor_label = 'x' WHERE number = 3", 3, "it is not as it was written"),
        ("DELETE FROM audit_event WHERE number = 1", 1, "it is missing"),
        ("DELETE FROM audit_event WHERE number = 2", 2, "it is missing"),
    ],
)
def test_the_first_broken_link_is_named(
    session: Session,
    engine: Engine,
    three_events: list[AuditEvent],
    tampering: str,
    broken_at: int,
    reason: str,
):
    _unprotect(session, engine)
    session.execute(text(tampering))
    session.expire_all()

    found = verify(session)

    assert (found.broken_at, found.reason) == (broken_at, reason)


def test_an_event_put_in_between_does_not_follow(session: Session, engine: Engine, three_events: list[AuditEvent]):
    _unprotect(session, engine)
    session.execute(text("UPDATE audit_event SET number = 4 WHERE number = 3"))
    session.expire_all()

    assert verify(session).broken_at == 3


def test_an_admin_reads_everything_newest_first(admin: As, three_events: list[AuditEvent]):
    answer = admin.get("/api/v1/audit?count=true&limit=2").json()

    assert [item["after"]["name"] for item in answer["items"]] == ["third", "second"]
    assert answer["total"] == 3
    rest = admin.get(f"/api/v1/audit?limit=2&cursor={answer['next']}").json()
    assert [item["after"]["name"] for item in rest["items"]] == ["first"]


def test_an_officer_reads_what_happened_to_one_record(officer: As, three_events: list[AuditEvent]):
    of_record = officer.get("/api/v1/audit?subject=CTED-T")
    of_nothing = officer.get("/api/v1/audit?subject=N-2026-ZZZZZ")

    assert [item["action"] for item in of_record.json()["items"]] == ["organization.renamed"] * 3
    assert of_nothing.json()["items"] == []


def test_an_officer_must_name_the_record(officer: As, three_events: list[AuditEvent]):
    assert officer.get("/api/v1/audit").status_code == 403


def test_an_officer_does_not_read_what_happened_to_accounts(officer: As, session: Session):
    audit.record(session, officer.actor, "user.created", officer.user)
    session.commit()

    answer = officer.get(f"/api/v1/audit?subject={officer.user.id}")

    assert answer.json()["items"] == []


def test_an_officer_does_not_read_what_an_organization_keeps_for_itself(officer: As, partner: As, admin: As):
    wanted = {"name": "Mine", "query": {"q": "depots"}}
    search = partner.post("/api/v1/searches", json=wanted).json()["id"]
    partner.post(f"/api/v1/searches/{search}/address", json={})

    whole = admin.get("/api/v1/audit").json()["items"]

    kept = {item["subject_id"] for item in whole if item["action"] in {"search.kept", "address.issued"}}
    assert len(kept) == 2
    for subject in kept:
        assert officer.get(f"/api/v1/audit?subject={subject}").json()["items"] == []


def test_nobody_else_reads_the_trail(partner: As, donor: As):
    for reader in (partner, donor):
        assert reader.get("/api/v1/audit?subject=CTED-T").status_code == 403


def test_a_subject_that_no_record_could_have_is_refused(admin: As):
    assert admin.get("/api/v1/audit?subject=%00").status_code == 422


@pytest.fixture
def key(session: Session, cted: Organization) -> ApiKey:
    made = ApiKey(public_id="a" * 12, secret_hash="b" * 64, organization_id=cted.id, role=Role.OFFICER)
    session.add(made)
    session.commit()
    return made


def test_a_request_that_renames_a_key_and_leaves_no_event_fails_the_test(app: FastAPI, key: ApiKey):
    with pytest.raises(AssertionError, match="ApiKey"), app.state.open_session(True) as request, request.begin():
        request.get_one(ApiKey, key.id).name = "renamed"


def test_a_run_without_an_event_fails_the_test(app: FastAPI):
    with pytest.raises(AssertionError, match="MatchRun"), app.state.open_session(True) as request, request.begin():
        request.add(MatchRun(full=False))


def test_that_a_key_was_used_and_how_far_a_run_is_need_no_event(app: FastAPI, session: Session, key: ApiKey):
    run = MatchRun(full=False)
    session.add(run)
    session.commit()

    with app.state.open_session(True) as request, request.begin():
        request.get_one(ApiKey, key.id).last_used_at = utc_now()
        request.get_one(MatchRun, run.id).needs_done = 3

    assert session.query(AuditEvent).count() == 0
