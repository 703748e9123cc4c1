"""What one officer answers for passes to another: each record audited by itself, none forgotten."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.actor import Role
from app.core.db import utc_now
from tests.clocks.conftest import Maker
from tests.conftest import As

URL = "/api/v1/clocks/handover"


@pytest.fixture
def successor(app: FastAPI, session: Session, officer: As) -> As:
    return As(app, session, Role.OFFICER, officer.organization)


@pytest.fixture
def third(app: FastAPI, session: Session, officer: As) -> As:
    return As(app, session, Role.OFFICER, officer.organization)


def wanted(source: As, to: As, needs: Any = None, **more: Any) -> dict[str, Any]:
    which = {"all": True} if needs is None else {"needs": needs}
    return {"from": source.user.email, "to": to.user.email, "reason": "Leaves the team", **which, **more}


def roles(session: Session, record: Any) -> tuple[Any, Any]:
    session.refresh(record)
    return record.responsible_id, record.deputy_id


def test_all_needs_and_assessments_pass_and_each_leaves_an_event(
    session: Session, maker: Maker, officer: As, successor: As, third: As
):
    need = maker.need()
    deputized = maker.need(responsible=third.user, deputy=officer.user)
    was_deputy = maker.need(deputy=successor.user)
    others = maker.need(responsible=third.user)
    visit = maker.assessment("2026-01-05")
    session.commit()

    answer = officer.post(URL, json=wanted(officer, successor))

    assert answer.status_code == 200
    assert answer.json()["needs"] == sorted([need.ref, deputized.ref, was_deputy.ref])
    assert answer.json()["assessments"] == [visit.ref]
    new = successor.user.id
    assert roles(session, need) == roles(session, was_deputy) == roles(session, visit) == (new, None)
    assert roles(session, deputized) == (third.user.id, new)
    assert roles(session, others) == (third.user.id, None)
    events = session.scalars(select(AuditEvent).where(AuditEvent.action.like("%.handed_over"))).all()
    assert {event.subject_ref for event in events} == {need.ref, deputized.ref, was_deputy.ref, visit.ref}
    assert {event.after["reason"] for event in events} == {"Leaves the team"}
    [own] = [event for event in events if event.subject_ref == need.ref]
    assert own.before == {"responsible": officer.user.email, "deputy": None}
    assert own.after["responsible"] == successor.user.email


def test_named_needs_pass_with_a_new_deputy_and_others_stay(
    session: Session, maker: Maker, officer: As, successor: As, third: As
):
    passing, staying = maker.need(), maker.need()
    session.commit()

    answer = officer.post(URL, json=wanted(officer, successor, [passing.ref], deputy=third.user.email))

    assert answer.json()["needs"] == [passing.ref]
    assert roles(session, passing) == (successor.user.id, third.user.id)
    assert roles(session, staying) == (officer.user.id, None)


def test_who_left_hands_over_and_what_nobody_answers_for_is_taken(
    session: Session, maker: Maker, officer: As, successor: As
):
    successor.user.disabled_at = utc_now()
    session.add(successor.user)
    left, nobodys = maker.need(responsible=successor.user), maker.need()
    nobodys.responsible_id = None
    session.commit()

    first = officer.post(URL, json=wanted(successor, officer))
    second = officer.post(URL, json={"to": officer.user.email, "needs": [nobodys.ref], "reason": "Taken"})

    assert (first.json()["needs"], second.json()["needs"]) == ([left.ref], [nobodys.ref])
    assert roles(session, nobodys) == (officer.user.id, None)


def test_a_repeated_hand_over_is_one(session: Session, maker: Maker, officer: As, successor: As):
    need, visit = maker.need(), maker.assessment("2026-01-05")
    session.commit()

    first, second = (
        officer.post(URL, json=wanted(officer, successor), headers={"Idempotency-Key": "h-1"}) for _ in range(2)
    )

    assert first.json() == second.json()
    assert (first.json()["needs"], first.json()["assessments"]) == ([need.ref], [visit.ref])
    assert len(session.scalars(select(AuditEvent).where(AuditEvent.action == "need.handed_over")).all()) == 1


def test_a_hand_over_that_cannot_be_is_refused_whole(
    session: Session, maker: Maker, officer: As, successor: As, third: As, partner: As
):
    mine, theirs = maker.need(), maker.need(responsible=third.user)
    session.commit()
    email = officer.user.email
    refused = [
        (wanted(officer, successor, [mine.ref, theirs.ref, "N-2026-XXXXX"]), 422, "/needs/1"),
        (wanted(officer, successor, ["a\x00b"]), 422, "/needs/0"),
        (wanted(officer, successor, [mine.ref], all=True), 422, "/"),
        (wanted(officer, partner), 422, "/to"),
        (wanted(partner, successor), 422, "/from"),
        (wanted(officer, successor, deputy=partner.user.email), 422, "/deputy"),
        (wanted(officer, successor, []), 422, "/"),
        (wanted(officer, successor, "some"), 422, "/needs"),
        (wanted(officer, officer), 422, "/"),
        (wanted(officer, successor, deputy=successor.user.email), 422, "/"),
        (wanted(officer, successor, reason=""), 422, "/reason"),
        ({"to": email, "all": True, "reason": "x"}, 422, "/"),
        ({"to": email, "needs": [mine.ref], "reason": "x"}, 422, "/needs/0"),
    ]

    for body, status, pointer in refused:
        answer = officer.post(URL, json=body)
        assert answer.status_code == status, body
        assert answer.json()["errors"][0]["pointer"].startswith(pointer), answer.json()
    assert roles(session, mine) == (officer.user.id, None)
    assert officer.post(URL, json=wanted(successor, officer)).status_code == 409


@pytest.mark.parametrize("role", ["partner", "donor"])
def test_nobody_outside_hands_over_or_learns_who_is_an_officer(
    request: pytest.FixtureRequest, officer: As, role: str
):
    visitor: As = request.getfixturevalue(role)

    assert visitor.post(URL, json=wanted(officer, visitor)).status_code == 403
    assert visitor.get("/api/v1/clocks", params={"officer": officer.user.email}).status_code == 403
    assert visitor.get("/feeds/clocks.ics").status_code == 403
