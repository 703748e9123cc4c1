"""A second officer: with `clearance: always` a release to a group waits, and is done anew when it is cleared."""

from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.clearances.models import Clearance
from app.access.models import User
from app.audit.models import AuditEvent
from app.core.actor import Actor, Role
from app.core.db import utc_now
from app.organizations.keys.schemas import KeyIn
from app.organizations.keys.service import issue
from app.organizations.models import Organization
from app.organizations.service import ensure_built_in_groups
from tests.conftest import As
from tests.needs.test_consent import ACT, edit, of_assessment, title
from tests.needs.test_releases import NEEDS, opened, refs

DONORS = {"audience": {"group": "donors"}, "fields": "summary", "basis": "document", "reference": "note 12"}
HELD = "/api/v1/clearances"


@pytest.fixture(autouse=True)
def always(app: FastAPI, session: Session) -> None:
    ensure_built_in_groups(session)
    session.commit()
    app.state.settings.clearance = "always"


@pytest.fixture
def second(app: FastAPI, session: Session, cted: Organization) -> As:
    return As(app, session, Role.OFFICER, cted)


def ask(officer: As, ref: str, **more: object) -> dict:
    answer = officer.post(f"{NEEDS}/{ref}/releases", json={**DONORS, **more})
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"{HELD}/{answer.json()['id']}"
    return answer.json()


def decide(who: As | TestClient, held: dict, cleared: bool = True, note: str = "") -> object:
    body = {"cleared": cleared, "note": note}
    return who.post(f"{HELD}/{held['id']}/decisions", json=body, headers={"If-Match": held["etag"]})


def test_a_release_to_a_group_waits_and_is_recorded_when_a_second_officer_clears_it(
    officer: As, second: As, donor: As
):
    ref = opened(officer)
    held = ask(officer, ref)
    assert (held["state"], held["about"], held["asked_by"]) == ("waiting", ref, officer.user.email)
    assert refs(donor) == []

    cleared = decide(second, held)

    assert cleared.status_code == 200, cleared.text
    assert (cleared.json()["state"], cleared.json()["decided_by"]) == ("cleared", second.user.email)
    assert refs(donor) == [ref]
    [line] = officer.get(f"{NEEDS}/{ref}/releases").json()["items"]
    assert (line["id"], line["recorded_by"], line["cleared_by"]) == (
        cleared.json()["made"][0],
        officer.user.email,
        second.user.email,
    )


def test_one_organization_needs_no_second_officer(officer: As, partner: As):
    ref = opened(officer)

    answer = officer.post(f"{NEEDS}/{ref}/releases", json={**DONORS, "audience": {"organization": "PARTNER"}})

    assert answer.status_code == 201
    assert refs(partner) == [ref]


def test_whoever_asked_does_not_clear_and_may_take_it_back(officer: As, donor: As):
    held = ask(officer, opened(officer))

    own = decide(officer, held)
    back = decide(officer, held, cleared=False, note="too early")

    assert (own.status_code, back.status_code, back.json()["state"]) == (409, 200, "refused")
    assert refs(donor) == []


def test_a_key_counts_as_its_issuer(app: FastAPI, session: Session, admin: As, officer: As, donor: As):
    ref = opened(officer)
    _, text = issue(session, admin.actor, KeyIn(role=Role.OFFICER, organization="CTED-T"))
    key, other = (TestClient(app, headers={"Authorization": f"Bearer {text}"}) for _ in range(2))
    held = key.post(f"{NEEDS}/{ref}/releases", json=DONORS).json()
    assert held["asked_by"] == admin.user.email

    assert decide(admin, held).status_code == 409
    assert decide(other, held).status_code == 409
    assert decide(officer, held).status_code == 200
    assert refs(donor) == [ref]


def test_a_key_that_no_account_issued_clears_nothing(app: FastAPI, session: Session, officer: As):
    operator = Actor(Role.ADMIN, officer.organization.id, label="operator")
    _, text = issue(session, operator, KeyIn(role=Role.OFFICER, organization="CTED-T"))
    held = ask(officer, opened(officer))

    assert decide(TestClient(app, headers={"Authorization": f"Bearer {text}"}), held).status_code == 409


def test_the_table_itself_refuses_that_one_account_asks_and_clears(officer: As, session: Session):
    held = ask(officer, opened(officer))
    kept = session.get_one(Clearance, UUID(held["id"]))
    kept.cleared, kept.decided_at, kept.decided_by_id = True, utc_now(), officer.user.id

    with pytest.raises(Exception, match="by_another"):
        session.flush()
    session.rollback()


def test_what_would_be_refused_is_refused_before_it_waits(officer: As):
    ref = opened(officer)

    wrong = officer.post(f"{NEEDS}/{ref}/releases", json={**DONORS, "audience": {"group": "friends"}})

    assert wrong.status_code == 422
    assert officer.get(HELD).json()["items"] == []


def test_the_text_that_was_asked_for_is_the_one_that_is_released(officer: As, second: As, donor: As):
    ref = opened(officer)
    held = ask(officer, ref)
    edit(officer, ref, title="Edited after it was asked")

    decide(second, held)

    assert title(donor, ref) == "Depots without inventory"


def test_what_is_no_longer_possible_is_answered_and_stays_to_be_refused(officer: As, second: As, donor: As):
    ref, other = opened(officer), opened(officer)
    held = ask(officer, ref)
    etag = officer.get(f"{NEEDS}/{ref}").json()["etag"]
    officer.post(f"{NEEDS}/{ref}/merge", json={"into": other}, headers={"If-Match": etag})

    answer = decide(second, held)

    assert answer.status_code == 409
    assert officer.get(f"{HELD}/{held['id']}").json()["state"] == "waiting"
    assert decide(second, held, cleared=False).status_code == 422
    assert decide(second, held, cleared=False, note="merged").json()["state"] == "refused"


def test_whoever_asked_must_still_be_an_officer(officer: As, second: As, donor: As, session: Session):
    held = ask(officer, opened(officer))
    session.get_one(User, officer.user.id).disabled_at = utc_now()
    session.commit()

    assert decide(second, held).status_code == 409
    assert refs(donor) == []


def test_two_who_decide_at_once_are_told(officer: As, second: As, admin: As):
    held = ask(officer, opened(officer))

    assert decide(second, held).status_code == 200
    assert decide(admin, held, cleared=False, note="no").status_code == 412
    newest = officer.get(f"{HELD}/{held['id']}").json()
    assert decide(admin, newest, cleared=False, note="no").status_code == 409


def test_an_act_for_an_assessment_waits_as_one(officer: As, second: As, donor: As):
    visit, [one, two] = of_assessment(officer, 2)
    asked = officer.post(f"/api/v1/assessments/{visit['id']}/releases", json=ACT)
    assert (asked.status_code, asked.json()["about"]) == (202, visit["ref"])
    third = opened(officer, source="assessment", assessment=visit["ref"], source_ref="later")

    made = decide(second, asked.json()).json()["made"]

    assert len(made) == 2
    assert sorted(refs(donor)) == sorted([one, two])
    assert third not in refs(donor)


def test_an_extension_to_a_group_waits_while_the_old_text_stays(app: FastAPI, officer: As, second: As, donor: As):
    ref = opened(officer)
    first = decide(second, ask(officer, ref)).json()["made"][0]
    edit(officer, ref, title="Nine depots")
    body = {"basis": "document", "reference": "note 13"}

    asked = officer.post(f"{NEEDS}/{ref}/releases/{first}/extension", json=body)

    assert (asked.status_code, title(donor, ref)) == (202, "Depots without inventory")
    assert decide(second, asked.json()).status_code == 200
    assert title(donor, ref) == "Nine depots"


def test_a_replay_of_what_waits_answers_with_how_it_was_decided(officer: As, second: As, donor: As):
    ref = opened(officer)
    sent = {"json": DONORS, "headers": {"Idempotency-Key": "once"}}
    held = officer.post(f"{NEEDS}/{ref}/releases", **sent).json()
    decide(second, held)

    again = officer.post(f"{NEEDS}/{ref}/releases", **sent)

    assert (again.status_code, again.json()["id"], again.json()["state"]) == (202, held["id"], "cleared")
    assert len(officer.get(f"{NEEDS}/{ref}/releases").json()["items"]) == 1


def test_asking_and_clearing_leave_events_of_their_own(officer: As, second: As, session: Session):
    ref = opened(officer)
    decide(second, ask(officer, ref))

    events = session.scalars(select(AuditEvent).order_by(AuditEvent.number)).all()
    told = [
        (each.action, each.actor_user_id) for each in events if "clear" in each.action or "release." in each.action
    ]
    assert told == [
        ("clearance.asked", officer.user.id),
        ("release.recorded", officer.user.id),
        ("clearance.cleared", second.user.id),
    ]


def test_held_acts_are_listed_by_state_and_for_officers_alone(officer: As, second: As, partner: As, donor: As):
    refused, waiting = ask(officer, opened(officer)), ask(officer, opened(officer))
    decide(second, refused, cleared=False, note="no")

    listed = officer.get(HELD, params={"state": "waiting", "count": True}).json()

    assert ([item["id"] for item in listed["items"]], listed["total"]) == ([waiting["id"]], 1)
    for outsider in (partner, donor):
        assert outsider.get(HELD).status_code == 403
        assert outsider.get(f"{HELD}/{waiting['id']}").status_code == 403
