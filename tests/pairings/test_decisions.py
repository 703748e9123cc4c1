from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.actor import Role
from app.needs import service as needs
from app.needs.models import NeedStatus
from app.needs.schemas import NeedMove
from app.pairings import queries
from app.pairings.models import Pairing, PairingStatus
from app.pairings.moves import MOVES
from tests.conftest import As, run_jobs
from tests.pairings.conftest import NeedMaker, ProgrammeMaker, judged, pair_of, queue, tag

PATH = "/api/v1/pairings"


def decide(who: As, pairing: Pairing, headers: dict[str, str] | None = None, **body: object):
    return who.post(f"{PATH}/{pairing.id}/decisions", json=body, headers=headers or tag(pairing))


def test_an_accepted_pair_leaves_the_queue_and_names_its_officer(officer: As, proposed: Pairing):
    shown = judged(officer, proposed, "accept", note="fits")

    assert (shown["status"], shown["moves"]) == ("accepted", ["retract"])
    assert shown["decision"]["judgement"] == "accept"
    assert (shown["decision"]["note"], shown["decision"]["officer"]) == ("fits", officer.user.email)
    assert queue(officer) == []


@pytest.mark.parametrize("judgement", ["reject", "defer"])
def test_to_turn_a_pair_down_needs_a_reason(officer: As, proposed: Pairing, judgement: str):
    answer = decide(officer, proposed, judgement=judgement)

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/reason"
    assert "region_not_covered" in error["message"]


def test_what_the_table_forbids_is_a_conflict_that_says_what_is_possible(officer: As, proposed: Pairing):
    answer = decide(officer, proposed, judgement="retract", reason="other")

    assert answer.status_code == 409
    assert "accept, reject, defer" in answer.json()["detail"]


def test_every_way_back_leads_to_the_queue(officer: As, proposed: Pairing):
    for judgement in ("reject", "reopen", "defer", "reopen", "accept", "retract", "reopen"):
        reason = {} if judgement in {"accept", "reopen"} else {"reason": "timing"}
        shown = judged(officer, proposed, judgement, **reason)

    assert shown["status"] == "proposed"
    assert [item["id"] for item in queue(officer)] == [str(proposed.id)]
    made = officer.get(f"{PATH}/{proposed.id}/decisions").json()["items"]
    assert [decision["number"] for decision in made] == [1, 2, 3, 4, 5, 6, 7]


def test_the_table_has_every_state_that_can_be_left():
    left = {status for moves in MOVES.values() for status in moves}
    assert left == set(PairingStatus) - {PairingStatus.SUPERSEDED}


def test_a_decision_cannot_be_rewritten(session: Session, officer: As, proposed: Pairing):
    judged(officer, proposed, "reject", reason="other")

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("UPDATE decision SET note = 'never said'"))


def test_a_decision_leaves_an_audit_event(session: Session, officer: As, proposed: Pairing):
    judged(officer, proposed, "reject", reason="wrong_theme")

    event = session.query(AuditEvent).order_by(AuditEvent.number.desc()).first()
    assert event is not None
    assert (event.action, event.subject_id) == ("pairing.reject", str(proposed.id))
    assert (event.before, event.after["reason"]) == ({"status": "proposed"}, "wrong_theme")


def test_a_deferred_pair_comes_back_by_itself_on_its_day(session: Session, officer: As, proposed: Pairing):
    tomorrow = queries.today() + timedelta(days=1)
    shown = judged(officer, proposed, "defer", reason="timing", until=tomorrow.isoformat())
    assert (shown["status"], queue(officer)) == ("deferred", [])

    assert queries.status_on(session.get_one(Pairing, proposed.id), tomorrow) is PairingStatus.PROPOSED
    wanted = queries.PairingFilter(status=[PairingStatus.PROPOSED])
    assert session.scalars(queries.search(session, officer.actor, wanted, tomorrow)).all() == [proposed]
    [seen] = queries.shown(session, [proposed], tomorrow)
    assert (seen.status, seen.deferred_until) == (PairingStatus.PROPOSED, None)
    assert seen.etag != shown["etag"]


def test_a_deferral_without_a_day_lasts_thirty(officer: As, proposed: Pairing):
    shown = judged(officer, proposed, "defer", reason="timing")
    assert shown["deferred_until"] == (queries.today() + timedelta(days=30)).isoformat()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"judgement": "accept", "until": "2999-01-01"}, "/until"),
        ({"judgement": "defer", "reason": "timing", "until": "2020-01-01"}, "/until"),
        ({"judgement": "reject", "reason": "duplicate_of"}, "/duplicate_of"),
        ({"judgement": "reject", "reason": "nonsense"}, "/reason"),
        ({"judgement": "reject", "reason": "other", "note": "bad \u202e mark"}, "/note"),
        ({"judgement": "perhaps"}, "/judgement"),
        ({"judgement": "accept", "more": 1}, "/more"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_by_name(
    officer: As, proposed: Pairing, body: dict[str, str], pointer: str
):
    answer = officer.post(f"{PATH}/{proposed.id}/decisions", json=body, headers=tag(proposed))

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_duplicate_names_another_pair_of_the_same_need(
    session: Session, app, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    wanted, one, other = need(), programme(), programme(title="Armoury management, again")
    elsewhere = need(recipient={"countries": ["BJ"]})
    run_jobs(app)
    pair = pair_of(session, wanted, one)

    def duplicate_of(other: Pairing):
        return decide(officer, pair, judgement="reject", reason="duplicate_of", duplicate_of=str(other.id))

    assert duplicate_of(pair_of(session, elsewhere, one)).status_code == 422
    assert duplicate_of(pair).status_code == 422
    made = duplicate_of(pair_of(session, wanted, other))
    assert made.json()["decision"]["duplicate_of"] == str(pair_of(session, wanted, other).id)


def test_only_an_open_needs_pair_is_accepted(session: Session, officer: As, proposed: Pairing):
    needs.move(session, officer.actor, proposed.need, NeedMove(status=NeedStatus.ON_HOLD))
    session.commit()

    answer = decide(officer, proposed, judgement="accept")
    assert answer.status_code == 409
    assert "on_hold" in answer.json()["detail"]
    assert decide(officer, proposed, judgement="reject", reason="timing").status_code == 201


def test_a_decision_needs_the_tag_of_what_was_read(officer: As, proposed: Pairing):
    body = {"judgement": "accept"}
    assert officer.post(f"{PATH}/{proposed.id}/decisions", json=body).status_code == 428
    read = officer.get(f"{PATH}/{proposed.id}").headers["ETag"]
    judged(officer, proposed, "reject", reason="wrong_theme")

    late = decide(officer, proposed, headers={"If-Match": read}, judgement="accept")

    assert late.status_code == 412
    assert "rejected" in late.json()["detail"]
    assert "wrong_theme" in late.json()["detail"]
    assert late.headers["ETag"] == officer.get(f"{PATH}/{proposed.id}").headers["ETag"] != read


def test_a_decision_sent_twice_is_made_once(officer: As, proposed: Pairing):
    headers = {**tag(proposed), "Idempotency-Key": "once"}
    first = decide(officer, proposed, headers=headers, judgement="accept")
    again = decide(officer, proposed, headers=headers, judgement="accept")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert len(officer.get(f"{PATH}/{proposed.id}/decisions").json()["items"]) == 1


@pytest.fixture
def three(session: Session, app, need: NeedMaker, programme: ProgrammeMaker) -> list[Pairing]:
    """Three proposals of one need."""
    wanted = need()
    offered = [programme(title=f"Armoury management {letter}") for letter in "ABC"]
    run_jobs(app)
    return [pair_of(session, wanted, each) for each in offered]


def item(pairing: Pairing, judgement: str, **more: str) -> dict[str, str]:
    return {"pairing": str(pairing.id), "etag": tag(pairing)["If-Match"], "judgement": judgement, **more}


def test_one_call_decides_on_all_proposals_of_a_need(officer: As, three: list[Pairing]):
    first, *others = three
    body = {
        "decisions": [item(first, "accept"), *(item(each, "reject", reason="other_preferred") for each in others)]
    }

    answer = officer.post(f"/api/v1/needs/{first.need.ref}/decisions", json=body)

    assert answer.status_code == 201
    assert [each["status"] for each in answer.json()["items"]] == ["accepted", "rejected", "rejected"]
    assert queue(officer) == []


def test_one_call_decides_on_none_where_one_cannot_be(officer: As, three: list[Pairing]):
    first, second, third = three
    late = item(third, "accept")
    judged(officer, third, "reject", reason="other")

    path = f"/api/v1/needs/{first.need.ref}/decisions"
    stale = officer.post(path, json={"decisions": [item(first, "accept"), late]})
    unreasoned = officer.post(path, json={"decisions": [item(first, "accept"), item(second, "reject")]})

    assert (stale.status_code, unreasoned.status_code) == (412, 422)
    assert [error["pointer"] for error in stale.json()["errors"]] == ["/decisions/1"]
    assert [error["pointer"] for error in unreasoned.json()["errors"]] == ["/decisions/1/reason"]
    assert {each["id"] for each in queue(officer)} == {str(first.id), str(second.id)}


def test_one_call_refuses_the_pair_of_another_need(officer: As, three: list[Pairing], need: NeedMaker):
    other = need(title="Another need")
    path = f"/api/v1/needs/{other.ref}/decisions"

    foreign = officer.post(path, json={"decisions": [item(three[0], "accept")]})
    twice = officer.post(path, json={"decisions": [item(three[0], "accept")] * 2})

    assert (foreign.status_code, twice.status_code) == (422, 422)
    assert foreign.json()["errors"][0]["pointer"] == "/decisions/0/pairing"


@pytest.mark.parametrize("role", [Role.PARTNER, Role.DONOR])
def test_partners_and_donors_are_refused_before_anything_is_looked_up(
    request: pytest.FixtureRequest, proposed: Pairing, role: Role
):
    outsider: As = request.getfixturevalue(role.value)
    nowhere = "00000000-0000-0000-0000-000000000000"
    for known, unknown in (
        (f"{PATH}/{proposed.id}", f"{PATH}/{nowhere}"),
        (f"{PATH}/{proposed.id}/decisions", f"{PATH}/{nowhere}/decisions"),
        (f"/api/v1/needs/{proposed.need.ref}/suggestions", "/api/v1/needs/N-0000-AAAAA/suggestions"),
        ("/api/v1/match-runs", f"/api/v1/match-runs/{nowhere}"),
    ):
        answers = [outsider.get(path) for path in (known, unknown)]
        assert [answer.status_code for answer in answers] == [403, 403]
        assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert outsider.get("/api/v1/model").status_code == 403
    assert outsider.post(PATH, json={"need": "N", "programme": "P"}).status_code == 403
