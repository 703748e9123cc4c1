"""Many decisions in one sitting, and one that was overtaken holds no other up."""

import re
from html import unescape

from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.pairings.models import Decision, Pairing, PairingStatus
from tests.conftest import As, run_jobs
from tests.web.conftest import STORAGE, World, make_need, send


def fields(page: str) -> dict[str, list[str]]:
    """What a browser would send of the form's hidden fields, by name."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page):
        found.setdefault(name, []).append(unescape(value))
    found.pop("token")
    return found


def of_need(session: Session, world: World) -> list[Pairing]:
    return session.query(Pairing).filter_by(need_id=world.need.id).order_by(Pairing.score.desc()).all()


def test_accepting_one_and_rejecting_the_rest_takes_one_choice_and_one_click(
    officer: As, world: World, session: Session
):
    form = fields(officer.get("/review").text)
    best, *others = of_need(session, world)

    answer = send(officer, "/review", **form, **{f"choice-{best.id}": "accept", "rest": "reject:other_preferred"})

    assert answer.headers["location"] == "/review?said=decided-several"
    session.expire_all()
    assert [pair.status for pair in of_need(session, world)] == [
        PairingStatus.ACCEPTED,
        *[PairingStatus.REJECTED for _ in others],
    ]
    assert len(others) >= 1


def test_a_need_without_a_choice_is_left_as_it_is(officer: As, world: World, session: Session):
    form = fields(officer.get("/review").text)

    send(officer, "/review", **form, rest="reject:other_preferred")

    assert session.query(Decision).count() == 0


def test_a_pair_that_is_none_is_refused_and_nothing_is_decided(officer: As, world: World, session: Session):
    form = fields(officer.get("/review").text)
    form[f"pairs-{world.need.ref}"] = ["zzz"]

    answer = send(officer, "/review", **form, **{"choice-zzz": "accept", "etag-zzz": '"1"'})

    assert answer.status_code == 422
    assert session.query(Decision).count() == 0


def test_what_somebody_else_decided_holds_no_other_need_up(
    app: FastAPI, officer: As, admin: As, world: World, session: Session
):
    second = make_need(session, officer.actor, {**STORAGE, "title": "Registers of rifles in police armouries"})
    session.commit()
    run_jobs(app)
    form = fields(officer.get("/review").text)
    overtaken = of_need(session, world)[0]
    other = session.query(Pairing).filter_by(need_id=second.id).order_by(Pairing.score.desc()).first()
    tag = admin.get(f"/api/v1/pairings/{overtaken.id}").headers["ETag"]
    body = {"judgement": "reject", "reason": "timing"}
    admin.post(f"/api/v1/pairings/{overtaken.id}/decisions", json=body, headers={"If-Match": tag})

    chosen = {f"choice-{overtaken.id}": "accept", f"choice-{other.id}": "accept"}
    answer = send(officer, "/review", **form, **chosen)

    assert answer.status_code == 422
    assert "Somebody else decided meanwhile" in answer.text
    session.expire_all()
    assert (overtaken.status, other.status) == (PairingStatus.REJECTED, PairingStatus.ACCEPTED)


def test_an_unknown_choice_changes_nothing(officer: As, world: World, session: Session):
    form = fields(officer.get("/review").text)
    best = of_need(session, world)[0]

    answer = send(officer, "/review", **form, **{f"choice-{best.id}": "reject:because"})

    assert answer.status_code == 422
    assert session.query(Decision).count() == 0
