"""Learning from decisions: candidates beside the model in force, put in force by an admin and by nobody else."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.core.errors import Conflict
from app.needs.service import newest
from app.pairings import model_queries, model_service
from app.pairings.model_candidates import ModelCandidate
from app.pairings.model_schemas import CandidateIn
from app.pairings.models import Pairing, PairingStatus
from app.pairings.ranking import Ranking, stated
from app.programmes import service as programmes
from app.programmes.schemas import ProgrammePatch
from tests.conftest import As, run_jobs
from tests.pairings.conftest import AIRPORTS, NeedMaker, ProgrammeMaker, changed, judged


@pytest.fixture
def ranking(app: FastAPI) -> Ranking:
    found: Ranking = app.state.ranking
    return found


@pytest.fixture
def decided(
    session: Session, app: FastAPI, officer: As, need: NeedMaker, programme: ProgrammeMaker
) -> list[Pairing]:
    """Six needs, for each of which one programme was accepted and one rejected."""
    offered = [programme(), programme(**AIRPORTS)]
    pairs = []
    for number in range(6):
        made = need(title=f"Secure storage of small arms, barracks {number}")
        for one in offered:
            stored = officer.post("/api/v1/pairings", json={"need": made.ref, "programme": one.ref}).json()
            pairing = session.get_one(Pairing, UUID(stored["id"]))
            if one is offered[0]:
                judged(officer, pairing, "accept")
            else:
                judged(officer, pairing, "reject", reason="wrong_theme")
            pairs.append(pairing)
    return pairs


@pytest.fixture
def candidate(session: Session, admin: As, ranking: Ranking, decided: list[Pairing]) -> ModelCandidate:
    """A candidate that looks at geography alone, as if learnt."""
    made = model_service.train(session, admin.actor, ranking, CandidateIn(note="geography alone"))
    model = ranking.installed.with_weights(made.name, {"geography": 1.0}, 0.1)
    made.weights, made.floor, made.fingerprint = dict(model.weights), 0.1, model.fingerprint
    session.commit()
    return made


def train(admin: As, **values: Any) -> Any:
    answer = admin.post("/api/v1/model/candidates", json=values)
    assert answer.status_code == 201, answer.text
    return answer.json()


def activate(admin: As, name: str) -> Any:
    tag = admin.get("/api/v1/model").headers["etag"]
    path = "installed" if name == "installed" else f"candidates/{name}"
    return admin.post(f"/api/v1/model/{path}/activate", headers={"If-Match": tag})


def test_a_candidate_stands_beside_the_model_in_force_with_its_figures(admin: As, decided: list[Pairing]):
    before = admin.get("/api/v1/model").json()

    trained = train(admin, note="first try")

    assert trained["name"] == f"{before['name']}-learned.1"
    assert trained["compared_with"] == before["name"]
    assert trained["note"] == "first try"
    assert trained["trained_by"] == admin.user.email
    assert not trained["in_force"]
    assert not trained["outdated"]
    figures = trained["figures"]
    assert (figures["decisions"], figures["accepted"], figures["left_out"]) == (12, 6, {})
    assert figures["present"]["auc"] == 1
    assert len(figures["drift"]) == len(before["weights"])
    assert trained["disagreements"]["needs"] == 6
    assert admin.get("/api/v1/model").json() == before
    assert admin.get(f"/api/v1/model/candidates/{trained['name']}").json() == trained
    assert admin.get("/api/v1/model/candidates").json()["items"] == [trained]


def test_training_leaves_an_event_and_activation_another(session: Session, admin: As, decided: list[Pairing]):
    name = train(admin)["name"]
    activate(admin, name)
    activate(admin, name)
    activate(admin, "installed")

    told = session.scalars(
        select(AuditEvent).where(AuditEvent.subject_type == "ModelCandidate").order_by(AuditEvent.number)
    ).all()
    installed = name.removesuffix("-learned.1")
    assert [(event.action, event.subject_ref) for event in told] == [
        ("model.trained", name),
        ("model.activated", name),
        ("model.activated", name),
    ]
    assert told[0].after["decisions"] == 12
    assert (told[1].before, told[1].after) == ({"in_force": installed}, {"in_force": name})
    assert (told[2].before, told[2].after) == ({"in_force": name}, {"in_force": installed})


def test_a_request_sent_twice_trains_once(session: Session, admin: As, decided: list[Pairing]):
    again = {"Idempotency-Key": "once"}
    first = admin.post("/api/v1/model/candidates", json={}, headers=again)
    second = admin.post("/api/v1/model/candidates", json={}, headers=again)

    assert first.json() == second.json()
    assert len(session.scalars(select(ModelCandidate)).all()) == 1


def test_too_few_decisions_are_refused_with_what_is_needed(admin: As):
    answer = admin.post("/api/v1/model/candidates", json={})

    assert answer.status_code == 409
    assert "0 accepted and 0 rejected pairs" in answer.json()["detail"]


@pytest.mark.parametrize(
    "reason", ["political_or_consent", "already_assisted", "timing", "programme_full", "duplicate_of"]
)
def test_a_rejection_that_says_nothing_of_the_match_is_left_out(
    session: Session, admin: As, officer: As, decided: list[Pairing], reason: str
):
    accepted, rejected = decided[:2]
    judged(officer, rejected, "reopen")
    other = {"duplicate_of": str(accepted.id)} if reason == "duplicate_of" else {}
    judged(officer, rejected, "reject", reason=reason, **other)

    found, left_out = model_queries.decided(session, admin.actor)

    assert len(found) == 11
    assert left_out == {reason: 1}


def test_the_newest_judgement_counts_and_an_undecided_pair_does_not(
    session: Session, admin: As, officer: As, decided: list[Pairing]
):
    judged(officer, decided[0], "retract", reason="timing")
    judged(officer, decided[1], "reopen")
    judged(officer, decided[3], "reopen")
    judged(officer, decided[3], "accept")

    found, left_out = model_queries.decided(session, admin.actor)

    assert (len(found), sum(one.accepted for one in found), left_out) == (10, 6, {})


def test_a_need_is_read_as_it_was_when_decided_on(
    session: Session, admin: As, officer: As, decided: list[Pairing]
):
    changed(session, officer.actor, decided[0].need, title="Something else", description="Now about ports.")

    found, _ = model_queries.decided(session, admin.actor)

    assert len(found) == 12
    assert "Something else" not in {one.revision.title for one in found}


def test_decisions_on_a_programme_that_changed_since_are_left_out(
    session: Session, admin: As, officer: As, decided: list[Pairing]
):
    programmes.update(session, officer.actor, decided[1].programme, ProgrammePatch(summary="Now about ports."))
    session.commit()

    found, left_out = model_queries.decided(session, admin.actor)

    assert (len(found), left_out) == (6, {"changed since": 6})


def test_activation_changes_scores_everywhere_and_going_back_restores_them(
    session: Session, app: FastAPI, admin: As, officer: As, ranking: Ranking, candidate: ModelCandidate
):
    need = f"/api/v1/needs/{session.scalars(select(Pairing)).first().need.ref}/suggestions"  # type: ignore[union-attr]
    elsewhere = Ranking(app.state.settings.data_dir)
    before = officer.get(need).json()
    elsewhere.current(session)

    assert activate(admin, candidate.name).json()["name"] == candidate.name
    during = officer.get(need).json()

    assert during["model"] == candidate.name == elsewhere.current(session).model.name
    assert [one["score"] for one in during["items"]] == [1.0, 1.0]
    assert [one["score"] for one in before["items"]] != [1.0, 1.0]
    assert activate(admin, "installed").json()["before"] == candidate.name
    assert officer.get(need).json() == before
    assert elsewhere.current(session).model.name == before["model"]


def test_a_process_that_starts_later_scores_by_the_model_in_force(
    session: Session, app: FastAPI, admin: As, candidate: ModelCandidate
):
    activate(admin, candidate.name)

    started = Ranking(app.state.settings.data_dir).current(session)

    assert started.model.name == candidate.name
    assert started.model.fingerprint == candidate.fingerprint


def test_an_index_under_a_candidate_is_one_fitted_anew(
    session: Session, app: FastAPI, admin: As, ranking: Ranking, candidate: ModelCandidate, decided: list[Pairing]
):
    need = decided[0].need
    said = stated(need.id, newest(session, need))
    ranking.current(session)
    activate(admin, candidate.name)

    moved, fitted = ranking.current(session), Ranking(app.state.settings.data_dir).current(session)

    assert moved.suggest(said, 10) == fitted.suggest(said, 10)


def test_a_run_after_activation_looks_at_every_open_need(
    session: Session, app: FastAPI, admin: As, officer: As, need: NeedMaker, candidate: ModelCandidate
):
    made = need(title="Secure storage of small arms, the last barracks")
    run_jobs(app)
    officer.post("/api/v1/match-runs", json={})
    run_jobs(app)
    activate(admin, candidate.name)
    officer.post("/api/v1/match-runs", json={})
    run_jobs(app)

    session.expire_all()
    told = set(session.scalars(select(Pairing.status).where(Pairing.need_id == made.id)))
    assert told == {PairingStatus.SUPERSEDED}  # geography alone reaches no floor


def test_what_would_be_proposed_otherwise_is_listed(admin: As, candidate: ModelCandidate):
    answer = admin.get(f"/api/v1/model/candidates/{candidate.name}/disagreements")

    found = answer.json()
    assert (found["needs"], found["proposed"]) == (6, 6)
    assert (found["gained"], found["lost"]) == (0, 6)  # without geography nothing reaches its floor
    assert {one["change"] for one in found["items"]} == {"lost"}
    assert {one["status"] for one in found["items"]} == {"accepted"}


def test_two_admins_at_once_are_told_of_each_other(admin: As, candidate: ModelCandidate):
    path = f"/api/v1/model/candidates/{candidate.name}/activate"
    stale = admin.get("/api/v1/model").headers["etag"]
    assert activate(admin, candidate.name).status_code == 200

    assert admin.post(path).status_code == 428
    assert admin.post(path, headers={"If-Match": stale}).status_code == 412
    installed = "/api/v1/model/installed/activate"
    assert admin.post(installed, headers={"If-Match": stale}).status_code == 412


def test_the_database_holds_at_most_one_model_in_force(session: Session, candidate: ModelCandidate):
    columns = {c.name: getattr(candidate, c.name) for c in ModelCandidate.__table__.columns}
    new = {"id": uuid4(), "number": 2, "name": "other", "in_force": True}
    candidate.in_force = True
    session.add(ModelCandidate(**{**columns, **new}))

    with pytest.raises(IntegrityError):
        session.flush()


def test_a_candidate_of_another_glossary_is_not_put_in_force(
    session: Session, admin: As, ranking: Ranking, candidate: ModelCandidate
):
    candidate.knowledge_fingerprint = "0" * 64
    session.commit()

    assert admin.get(f"/api/v1/model/candidates/{candidate.name}").json()["outdated"] is True
    with pytest.raises(Conflict, match="train a new one"):
        model_service.activate(session, admin.actor, ranking, candidate)


def test_an_officer_reads_the_model_and_no_candidate(officer: As, partner: As, candidate: ModelCandidate):
    path = f"/api/v1/model/candidates/{candidate.name}"

    assert officer.get("/api/v1/model").status_code == 200
    assert partner.get("/api/v1/model").status_code == 403
    for who in (officer, partner):
        assert who.get(path).status_code == 403
        assert who.get("/api/v1/model/candidates").status_code == 403
        assert who.post("/api/v1/model/candidates", json={}).status_code == 403
        assert who.post(f"{path}/activate", headers={"If-Match": "*"}).status_code == 403


def test_a_candidate_that_does_not_exist_is_404(admin: As):
    path = "/api/v1/model/candidates/no-such"

    assert admin.get(path).status_code == 404
    assert admin.get(f"{path}/disagreements").status_code == 404
    assert admin.post(f"{path}/activate", headers={"If-Match": "*"}).status_code == 404
