"""Real threads on databases of their own: of two who act on one line, pair or need, one does and one is told."""

from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.core.actor import Role
from app.organizations.models import OrganizationKind
from tests.conftest import As, make_organization
from tests.pairings.conftest import officers, served
from tests.pairings.test_two_officers import _at_once
from tests.referrals.conftest import API, BASIS, Desk

__all__ = ["officers", "served"]


@pytest.fixture
def desks(served: FastAPI, officers: tuple[Session, As, As]) -> tuple[Desk, As]:
    """The desk of one officer, with a partner, and another officer."""
    session, one, other = officers
    body = make_organization(session, "PARTNER", OrganizationKind.IMPLEMENTER)
    return Desk(session, one, As(served, session, Role.PARTNER, body)), other


def conveyed(desk: Desk) -> dict[str, Any]:
    """A letter of one new pair; the desk's own session holds no lock while it is made."""
    body = {"organization": "PARTNER", "pairings": [str(desk.pairing().id)], "release": BASIS}
    desk.session.commit()
    answer = desk.officer.post(f"{API}/referrals", json=body)
    assert answer.status_code == 201, answer.text
    letter: dict[str, Any] = answer.json()
    return letter


def statuses(answers: list[Any]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def test_a_pair_is_conveyed_by_one_of_two_officers(desks: tuple[Desk, As]):
    desk, other = desks
    body = {"organization": "PARTNER", "pairings": [str(desk.pairing().id)], "release": BASIS}
    desk.session.commit()

    answers = _at_once(*[lambda who=who: who.post(f"{API}/referrals", json=body) for who in (desk.officer, other)])

    assert statuses(answers) == [201, 409]


def test_a_line_is_answered_or_retracted_and_never_both(desks: tuple[Desk, As]):
    desk, other = desks
    letter = conveyed(desk)
    path = f"{API}/referrals/{letter['id']}/lines/1/moves"
    headers = {"If-Match": letter["lines"][0]["etag"]}

    answers = _at_once(
        lambda: desk.partner.post(path, json={"move": "take_up", "part": "whole"}, headers=headers),
        lambda: other.post(path, json={"move": "retract", "reason": "timing"}, headers=headers),
    )

    assert statuses(answers) == [201, 412]


def test_a_need_is_closed_or_conveyed_and_never_both(desks: tuple[Desk, As]):
    desk, other = desks
    pair = desk.pairing()
    ref = pair.need.ref
    letter = {"organization": "PARTNER", "pairings": [str(pair.id)], "release": BASIS}
    desk.session.commit()
    etag = other.get(f"{API}/needs/{ref}").json()["etag"]
    closing = {"status": "closed", "outcome": "withdrawn"}

    answers = _at_once(
        lambda: desk.officer.post(f"{API}/referrals", json=letter),
        lambda: other.post(f"{API}/needs/{ref}/status", json=closing, headers={"If-Match": etag}),
    )

    assert statuses(answers) in ([200, 409], [201, 409])
    closed = other.get(f"{API}/needs/{ref}").json()["status"] == "closed"
    live = other.get(f"{API}/referrals", params={"live": "true"}).json()["items"]
    assert closed != bool(live)


def test_a_line_and_its_pairing_retracted_at_once_end_once(desks: tuple[Desk, As]):
    desk, other = desks
    letter = conveyed(desk)
    line = letter["lines"][0]
    pairing = f"{API}/pairings/{line['pairing']}"
    read_as = {"If-Match": other.get(pairing).json()["etag"]}
    path = f"{API}/referrals/{letter['id']}/lines/1/moves"
    said = {"reason": "timing"}

    answers = _at_once(
        lambda: desk.officer.post(path, json={"move": "retract", **said}, headers={"If-Match": line["etag"]}),
        lambda: other.post(f"{pairing}/decisions", json={"judgement": "retract", **said}, headers=read_as),
    )

    assert statuses(answers) == [201, 412]
    assert len(other.get(f"{pairing}/decisions").json()["items"]) == 1
