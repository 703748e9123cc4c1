"""A stale or full programme leaves the queue, and it is said that it did; an overdue one stays, marked."""

from datetime import date, timedelta
from uuid import uuid4

from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.needs.models import Basis, Release, ReleaseFields
from app.pairings.capacity import ENGAGED, engaged
from app.pairings.models import Pairing, PairingStatus
from app.programmes.models import Programme
from app.referrals.models import LineStatus, Part, Referral, ReferralLine
from tests.conftest import As, run_jobs
from tests.pairings.conftest import NeedMaker, ProgrammeMaker, pair_of, queue


def assured_until(session: Session, programme: Programme, days: int) -> None:
    programme.assured_until = utc_now().date() + timedelta(days=days)
    session.commit()


def taken_up(session: Session, pairing: Pairing, status: LineStatus = LineStatus.TAKEN_UP) -> ReferralLine:
    """A line as a referral that was answered leaves it."""
    now = utc_now()
    release = Release(
        need_id=pairing.need_id,
        revision=1,
        organization_id=pairing.programme.organization_id,
        fields=ReleaseFields.FULL,
        basis=Basis.DOCUMENT,
        reference="note verbale 7",
        starts_at=now,
        complete_at=now,
    )
    letter = Referral(organization_id=pairing.programme.organization_id)
    session.add_all([release, letter])
    session.flush()
    pairing.status, pairing.version = PairingStatus.CONVEYED, pairing.version + 1
    line = ReferralLine(
        referral_id=letter.id,
        n=1,
        pairing_id=pairing.id,
        need_id=pairing.need_id,
        release_id=release.id,
        status=status,
        part=None if status is LineStatus.CONVEYED else Part.WHOLE,
    )
    session.add(line)
    session.commit()
    return line


def gates(officer: As, need: str, programme: str) -> dict[str, bool]:
    asked = {"programme": programme}
    [found] = officer.get(f"/api/v1/needs/{need}/suggestions", params=asked).json()["items"]
    return {gate["gate"]: gate["passed"] for gate in found["gates"]}


def test_a_proposal_of_a_stale_programme_is_left_out_and_the_reason_is_said(
    session: Session, officer: As, proposed: Pairing
):
    assured_until(session, proposed.programme, -91)

    in_queue, left_out = queue(officer), queue(officer, left_out="true")
    page = officer.get("/pairings").text

    assert in_queue == []
    since = utc_now().date() - timedelta(days=91)
    assert [one["left_out"] for one in left_out] == [f"stale: nobody has assured its programme since {since}"]
    assert "1 proposal is left out" in page
    assert f"stale: nobody has assured its programme since {since}" in officer.get("/pairings?left_out=true").text
    assert "Left out for now" in officer.get(f"/needs/{proposed.need.ref}").text


def test_a_run_leaves_what_is_stale_as_it_is_and_it_returns_when_it_is_assured(
    app: FastAPI, session: Session, officer: As, proposed: Pairing
):
    assured_until(session, proposed.programme, -91)
    officer.post("/api/v1/match-runs", json={})
    run_jobs(app)
    assert session.get_one(Pairing, proposed.id).status is PairingStatus.PROPOSED

    officer.post(f"/api/v1/programmes/{proposed.programme.ref}/assurance")

    assert [one["left_out"] for one in queue(officer)] == [None]


def test_an_overdue_programme_stays_in_the_queue_and_is_marked(session: Session, officer: As, proposed: Pairing):
    assured_until(session, proposed.programme, -1)

    [found] = queue(officer)

    assert (found["programme"]["freshness"], found["left_out"]) == ("overdue", None)
    assert "assurance overdue" in officer.get("/pairings").text


def test_a_programme_is_full_when_the_lines_that_it_carries_reach_its_capacity(
    app: FastAPI, session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    small = programme(capacity=1)
    first, second = need(), need(title="Another armoury of the police", recipient={"countries": ["BJ"]})
    run_jobs(app)
    line = taken_up(session, pair_of(session, first, small), LineStatus.CONVEYED)
    assert gates(officer, second.ref, small.ref)["full"]

    line.status, line.part = LineStatus.TAKEN_UP, Part.WHOLE
    officer.post("/api/v1/assessments", json={"kind": "focused", "states": ["TG"]})  # any event: moves leave one

    assert not gates(officer, second.ref, small.ref)["full"]
    [left_out] = queue(officer, left_out="true")
    assert left_out["left_out"] == "full: its programme serves as many recipients as it can"
    assert "1 now" in officer.get(f"/programmes/{small.ref}").text


def test_a_programme_has_room_again_when_a_line_ends(
    app: FastAPI, session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    small = programme(capacity=1)
    first, second = need(), need(title="Another armoury of the police", recipient={"countries": ["BJ"]})
    run_jobs(app)
    line = taken_up(session, pair_of(session, first, small))
    assert queue(officer) == []

    line.status, line.ended_at, line.confirmed = LineStatus.COMPLETED, utc_now(), True
    line.accepted_on, line.acceptance_reference, line.started_on = date(2026, 9, 1), "nv 8", date(2026, 9, 2)
    session.commit()

    assert [one["need"]["ref"] for one in queue(officer)] == [second.ref]


def test_a_programme_that_states_no_capacity_is_never_full(
    session: Session, officer: As, proposed: Pairing, need: NeedMaker
):
    taken_up(session, proposed)
    other = need(title="Another armoury of the police")

    assert gates(officer, other.ref, proposed.programme.ref)["full"]


def test_what_is_read_by_name_is_named_so(session: Session):
    assert (ReferralLine.__tablename__, set(ENGAGED)) == (
        "referral_line",
        {LineStatus.TAKEN_UP.value, LineStatus.IN_DELIVERY.value},
    )
    assert engaged(session, uuid4()) == 0
