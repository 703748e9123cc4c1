"""What the small jobs and the runs do to stored pairs, and what they leave alone."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.needs import service as needs
from app.needs.models import NeedStatus, Outcome
from app.needs.schemas import NeedMove
from app.pairings import runs
from app.pairings.models import MatchRun, Origin, Pairing, PairingStatus, RunStatus
from app.pairings.proposing import SYSTEM
from app.pairings.schemas import MatchRunOut
from app.programmes import service as programmes
from app.programmes.models import Programme, ProgrammeStatus
from app.programmes.schemas import Coverage, ProgrammeMove, ProgrammePatch
from tests.conftest import As, run_jobs
from tests.pairings.conftest import AIRPORTS, NeedMaker, ProgrammeMaker, changed, judged, pair_of, queue


def run(app: FastAPI, full: bool = True) -> MatchRunOut:
    return runs.run(app.state.open_session, app.state.ranking, SYSTEM, full)


def statuses(session: Session) -> dict[str, PairingStatus]:
    session.expire_all()
    return {pairing.programme.title: pairing.status for pairing in session.query(Pairing)}


def test_opening_a_need_proposes_what_fits_and_nothing_else(
    app: FastAPI, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    fitting, _ = programme(), programme(**AIRPORTS)
    need()
    run_jobs(app)

    [item] = queue(officer)
    assert item["programme"]["ref"] == fitting.ref
    assert (item["origin"], item["changed_since_rejection"], item["decision"]) == ("matcher", False, None)


def test_a_draft_is_proposed_nothing(app: FastAPI, session: Session, need: NeedMaker, programme: ProgrammeMaker):
    programme()
    need(status=NeedStatus.DRAFT)
    run_jobs(app)

    assert run(app).needs_total == 0
    assert statuses(session) == {}


def test_a_new_programme_appears_in_the_queue_of_open_needs(
    app: FastAPI, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    need()
    run_jobs(app)
    assert queue(officer) == []

    programme()
    run_jobs(app)
    assert len(queue(officer)) == 1


def test_a_stored_explanation_sums_to_its_score(officer: As, proposed: Pairing):
    [item] = queue(officer)
    assert sum(part["weight"] for part in item["contributions"]) == pytest.approx(item["score"], abs=1e-9)


def test_at_most_ten_are_proposed(app: FastAPI, officer: As, need: NeedMaker, programme: ProgrammeMaker):
    for number in range(12):
        programme(title=f"Armoury management {number}")
    need()
    run_jobs(app)
    run(app)

    assert len(queue(officer)) == 10


def test_a_run_loses_no_decision(
    app: FastAPI, session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    wanted = need()
    offered = {title: programme(title=title) for title in ("accepted", "rejected", "deferred", "retracted")}
    run_jobs(app)
    pairs = {title: pair_of(session, wanted, each) for title, each in offered.items()}
    judged(officer, pairs["accepted"], "accept")
    judged(officer, pairs["rejected"], "reject", reason="other")
    judged(officer, pairs["deferred"], "defer", reason="timing")
    judged(officer, pairs["retracted"], "accept")
    judged(officer, pairs["retracted"], "retract", reason="other")
    before = {title: officer.get(f"/api/v1/pairings/{pair.id}").json() for title, pair in pairs.items()}

    found = run(app)

    assert (found.new, found.kept, found.superseded) == (0, 4, 0)
    assert before == {title: officer.get(f"/api/v1/pairings/{pair.id}").json() for title, pair in pairs.items()}


def test_a_second_run_changes_nothing(app: FastAPI, session: Session, officer: As, proposed: Pairing):
    before = queue(officer)

    first, second = run(app), run(app)

    assert (first.new, first.kept, first.superseded) == (second.new, second.kept, second.superseded) == (0, 1, 0)
    assert queue(officer) == before


def test_a_rejected_pair_stays_away_until_a_text_changes_and_then_comes_back_marked(
    app: FastAPI, session: Session, officer: As, proposed: Pairing
):
    judged(officer, proposed, "reject", reason="wrong_capacity")
    run(app)
    assert queue(officer) == []

    changed(
        session, officer.actor, proposed.need, description="Rifles of the police lie in armouries without locks."
    )
    run_jobs(app)

    [item] = queue(officer, changed_since_rejection=True)
    assert (item["id"], item["status"], item["changed_since_rejection"]) == (str(proposed.id), "proposed", True)
    assert item["decision"]["reason"] == "wrong_capacity"


def test_a_rejected_pair_comes_back_when_the_programmes_coverage_changes(
    app: FastAPI, session: Session, officer: As, proposed: Pairing
):
    judged(officer, proposed, "reject", reason="region_not_covered")
    wider = ProgrammePatch(coverage=Coverage(countries=["TG", "BJ", "GH"]))
    programmes.update(session, officer.actor, proposed.programme, wider)
    session.commit()
    run_jobs(app)

    assert [item["changed_since_rejection"] for item in queue(officer)] == [True]


def test_a_pair_that_came_back_and_was_superseded_keeps_its_mark_and_never_returns_as_it_was_rejected(
    app: FastAPI, session: Session, officer: As, proposed: Pairing
):
    def covering(*countries: str) -> None:
        patch = ProgrammePatch(coverage=Coverage(countries=list(countries)))
        programmes.update(session, officer.actor, session.get_one(Programme, proposed.programme_id), patch)
        session.commit()

    judged(officer, proposed, "reject", reason="region_not_covered")
    covering("TG", "BJ", "GH")
    run(app)
    covering("FJ")
    assert run(app).superseded == 1

    covering("TG", "BJ")
    run(app)
    assert queue(officer) == [], "just what was rejected"

    covering("TG")
    run(app)
    assert [item["changed_since_rejection"] for item in queue(officer)] == [True]


def test_assurance_dates_and_remarks_revive_nothing(
    app: FastAPI, session: Session, officer: As, proposed: Pairing
):
    judged(officer, proposed, "reject", reason="other")
    offered = session.get_one(Programme, proposed.programme_id)
    programmes.assure(session, officer.actor, offered, offered.assured_until + timedelta(days=30))
    later = ProgrammePatch(ends_on=offered.assured_until + timedelta(days=400), funding="another donor")
    programmes.update(session, officer.actor, offered, later)
    changed(session, officer.actor, proposed.need, priority="high", institution="Togolese police")
    run_jobs(app)
    run(app)

    assert queue(officer) == []
    assert statuses(session) == {offered.title: PairingStatus.REJECTED}


def test_naming_the_same_codes_in_another_order_revives_nothing(
    app: FastAPI, session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    wanted, offered = need(themes=["WPN-PSM", "WPN-MRT"]), programme()
    run_jobs(app)
    judged(officer, pair_of(session, wanted, offered), "reject", reason="other")

    changed(session, officer.actor, wanted, themes=["WPN-MRT", "WPN-PSM"])
    run(app)
    assert queue(officer) == []


def test_a_run_supersedes_what_it_no_longer_proposes_and_proposes_it_again(
    app: FastAPI, session: Session, officer: As, proposed: Pairing
):
    title = proposed.programme.title
    changed(session, officer.actor, proposed.need, **{**_drones(), "recipient": {"countries": ["TG"]}})
    run_jobs(app)
    assert statuses(session) == {title: PairingStatus.PROPOSED}, "the small job supersedes nothing"

    assert run(app).superseded == 1
    assert statuses(session) == {title: PairingStatus.SUPERSEDED}

    changed(session, officer.actor, proposed.need)
    assert run(app).new == 1
    assert statuses(session) == {title: PairingStatus.PROPOSED}


def test_a_run_supersedes_nothing_that_an_officer_put_there(
    app: FastAPI, session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    wanted, unfit, fit = need(), programme(**AIRPORTS), programme()
    run_jobs(app)
    stored = officer.post("/api/v1/pairings", json={"need": wanted.ref, "programme": unfit.ref})
    assert (stored.status_code, stored.json()["origin"]) == (201, "officer")
    pair = pair_of(session, wanted, fit)
    judged(officer, pair, "reject", reason="other")
    judged(officer, pair, "reopen")
    changed(session, officer.actor, wanted, **_drones())

    assert run(app).superseded == 0
    assert set(statuses(session).values()) == {PairingStatus.PROPOSED}


def test_storing_a_pair_that_exists_answers_with_it(session: Session, officer: As, proposed: Pairing):
    body = {"need": proposed.need.ref, "programme": proposed.programme.ref}
    judged(officer, proposed, "reject", reason="other")

    answer = officer.post("/api/v1/pairings", json=body)

    assert (answer.status_code, answer.json()["status"]) == (200, "rejected")


def test_storing_a_superseded_pair_proposes_it_again(
    app: FastAPI, session: Session, officer: As, proposed: Pairing
):
    changed(session, officer.actor, proposed.need, **_drones())
    run(app)
    body = {"need": proposed.need.ref, "programme": proposed.programme.ref}

    answer = officer.post("/api/v1/pairings", json=body)

    assert (answer.status_code, answer.json()["status"], answer.json()["origin"]) == (200, "proposed", "officer")
    assert run(app).superseded == 0


def test_a_fund_is_never_paired(officer: As, need: NeedMaker, programme: ProgrammeMaker):
    fund = programme(kind="fund", title="Trust fund for armouries")
    answer = officer.post("/api/v1/pairings", json={"need": need().ref, "programme": fund.ref})
    assert answer.status_code == 409


def test_what_does_not_exist_is_not_paired(officer: As, proposed: Pairing):
    known = {"need": proposed.need.ref, "programme": proposed.programme.ref}
    for side, unknown in (("need", "N-2026-AAAAA"), ("programme", "P-2026-AAAAA")):
        answer = officer.post("/api/v1/pairings", json={**known, side: unknown})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"/{side}"


def test_a_pair_whose_need_closed_leaves_the_queue_without_being_changed(
    app: FastAPI, session: Session, officer: As, proposed: Pairing
):
    met = NeedMove(status=NeedStatus.CLOSED, outcome=Outcome.MET)
    needs.move(session, officer.actor, proposed.need, met)
    session.commit()
    run_jobs(app)
    run(app)

    assert queue(officer) == []
    assert [item["id"] for item in queue(officer, queue=False)] == [str(proposed.id)]


def test_a_pair_whose_programme_is_suspended_leaves_the_queue_and_returns_with_it(
    app: FastAPI, session: Session, officer: As, proposed: Pairing
):
    offered = session.get_one(Programme, proposed.programme_id)
    programmes.move(session, officer.actor, offered, ProgrammeMove(status=ProgrammeStatus.SUSPENDED))
    session.commit()
    run(app)
    assert queue(officer) == []

    programmes.move(session, officer.actor, offered, ProgrammeMove(status=ProgrammeStatus.ACTIVE))
    session.commit()
    assert len(queue(officer)) == 1


def test_a_pair_whose_programme_excludes_the_state_leaves_the_queue(
    session: Session, officer: As, proposed: Pairing
):
    offered = session.get_one(Programme, proposed.programme_id)
    programmes.update(session, officer.actor, offered, ProgrammePatch(excluded=["TG"]))
    session.commit()
    assert queue(officer) == []


def test_the_score_of_a_proposal_follows_its_texts_and_its_tag_does_not(
    app: FastAPI, session: Session, officer: As, proposed: Pairing
):
    [before] = queue(officer)
    changed(
        session, officer.actor, proposed.need, description="The police keep rifles in armouries without locks."
    )
    run_jobs(app)

    [after] = queue(officer)
    assert after["score"] != before["score"]
    assert (after["etag"], after["need_revision"]) == (before["etag"], 2)


def test_a_run_is_a_job_that_tells_how_far_it_is(app: FastAPI, session: Session, officer: As, need: NeedMaker):
    for number in range(runs.BATCH + 1):
        need(title=f"Armoury {number}")
    asked = officer.post("/api/v1/match-runs", json={"full": True})
    assert (asked.status_code, asked.json()["status"]) == (202, "queued")

    run_jobs(app)

    done = officer.get(asked.headers["Location"]).json()
    assert (done["status"], done["needs_done"], done["needs_total"]) == ("done", runs.BATCH + 1, runs.BATCH + 1)
    assert officer.get("/api/v1/match-runs").json()["items"] == [done]


def test_a_run_without_full_looks_only_at_what_changed(
    app: FastAPI, session: Session, officer: As, need: NeedMaker
):
    first, _ = need(), need(title="Another need")
    assert run(app, full=False).needs_total == 2
    assert run(app, full=False).needs_total == 0

    changed(session, officer.actor, first, priority="high")
    assert run(app, full=False).needs_total == 1


def test_an_interrupted_run_keeps_what_is_done_and_the_next_one_does_the_rest(
    app: FastAPI, session: Session, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    for number in range(runs.BATCH + 1):
        need(title=f"Armoury {number}")
    programme()

    def stop(state: MatchRunOut) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.run(app.state.open_session, app.state.ranking, SYSTEM, True, stop)

    [broken] = officer.get("/api/v1/match-runs").json()["items"]
    assert (broken["status"], broken["needs_done"]) == (RunStatus.FAILED, runs.BATCH)
    assert len(queue(officer)) == runs.BATCH
    found = run(app)
    assert (found.new, found.kept) == (1, runs.BATCH)


def test_the_queue_can_be_filtered(app: FastAPI, officer: As, need: NeedMaker, programme: ProgrammeMaker):
    wanted, offered = need(), programme()
    need(title="Another", recipient={"countries": ["BJ"]})
    run_jobs(app)

    assert len(queue(officer)) == 2
    assert [item["need"]["ref"] for item in queue(officer, need=wanted.ref)] == [wanted.ref]
    assert len(queue(officer, theme="WPN-PSM", region="011", organization=offered.organization.ref)) == 2
    assert (
        queue(officer, theme="WPN-UAS") == queue(officer, region="142") == queue(officer, organization="X") == []
    )
    assert queue(officer, min_score=1) == queue(officer, min_age=1) == []
    assert len(queue(officer, min_score=0.1, max_age=1)) == 2
    wrong = officer.get("/api/v1/pairings", params={"theme": "WPN-PSN"})
    assert (wrong.status_code, "WPN-PSM" in wrong.text) == (422, True)


def test_the_queue_is_read_page_by_page_in_every_order(
    app: FastAPI, officer: As, need: NeedMaker, programme: ProgrammeMaker
):
    programme()
    for number in range(5):
        need(title=f"Armoury {number}", description="Locks for " + "rifles and " * number + "pistols")
    run_jobs(app)
    whole = [item["id"] for item in queue(officer)]

    for sort in ("-score", "score", "-proposed_at", "proposed_at"):
        pages, cursor = [], {}
        while cursor is not None:
            answer = officer.get("/api/v1/pairings", params={"limit": 2, "sort": sort, "count": True, **cursor})
            pages += [item["id"] for item in answer.json()["items"]]
            assert answer.json()["total"] == 5
            cursor = {"cursor": answer.json()["next"]} if answer.json()["next"] else None
        assert sorted(pages) == sorted(whole)
    assert [each["score"] for each in queue(officer)] == sorted((e["score"] for e in queue(officer)), reverse=True)


def test_who_proposed_a_pair_is_kept(session: Session, proposed: Pairing):
    assert proposed.origin is Origin.MATCHER


def _drones() -> dict[str, object]:
    return {
        "title": "Authority over unmanned aircraft at public events",
        "description": "No law says who may detect and stop a hostile drone.",
        "themes": ["WPN-UAS"],
        "weapons": ["UAS"],
    }


def test_a_run_whose_process_died_is_marked_as_failed_by_the_next(app: FastAPI, session: Session):
    long_ago = utc_now() - timedelta(hours=1)
    lost = MatchRun(full=True, status=RunStatus.RUNNING, queued_at=long_ago, needs_total=50, needs_done=25)
    session.add(lost)

    run(app)

    session.refresh(lost)
    assert (lost.status, lost.message) == (
        RunStatus.FAILED,
        "Stopped after 25 of 50 needs; what is done is kept",
    )
