"""A form that is sent twice is done once: by a double click, by Back and again, and both at the same time."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.access.models import ApiKey, User
from app.core.http import etag_of
from app.needs.models import Need, NeedStatus, Release
from app.pairings.models import Decision, MatchRun
from app.programmes.models import Programme
from tests.conftest import As
from tests.pairings.conftest import officers, served  # noqa: F401
from tests.web.conftest import World, send
from tests.web.reading import faults, read
from tests.web.test_forms import NEED, PROGRAMME, version_of


def key_of(page: str, action: str) -> str:
    """The key in the page's form that is sent to `action`."""
    return page.split(f'action="{action}"')[1].split('name="form" value="')[1].split('"')[0]


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_every_form_that_makes_something_has_a_key_of_its_own(admin: As, partner: As, world: World):
    need = f"/needs/{world.need.ref}"
    keys = [
        *(
            key_of(admin.get(path).text, path)
            for path in ("/needs/new", "/programmes/new", "/users", "/keys", "/runs")
        ),
        key_of(partner.get("/keys").text, "/keys"),
        key_of(admin.get(f"{need}/release").text, f"{need}/release"),
        key_of(admin.get(need).text, f"{need}/decisions"),
        key_of(admin.get(f"/pairings/{world.pairing.id}").text, f"/pairings/{world.pairing.id}/decisions"),
    ]

    assert len(set(keys)) == len(keys)
    assert all(len(key) == 16 for key in keys)


def test_a_need_that_is_sent_twice_is_stored_once(session: Session, officer: As):
    key = key_of(officer.get("/needs/new").text, "/needs/new")

    answers = [send(officer, "/needs/new", **NEED, form=key) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert count(session, Need) == 1


def test_who_comes_back_to_the_form_comes_back_to_the_same_one(officer: As, world: World):
    for path in ("/needs/new", "/programmes/new", f"/needs/{world.need.ref}/release?fields=full"):
        opened = officer.get(path)
        again = officer.get(str(opened.url))

        action = path.partition("?")[0]
        assert key_of(opened.text, action) == key_of(again.text, action)
        assert key_of(officer.get(path).text, action) != key_of(opened.text, action)
        assert "everything releasable" in again.text or "release" not in path


def test_a_programme_that_is_sent_twice_is_registered_once(session: Session, partner: As):
    answers = [send(partner, "/programmes/new", **PROGRAMME, form="one") for _ in range(2)]

    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert count(session, Programme) == 1


def test_a_refused_form_keeps_what_was_entered_and_is_sent_again(session: Session, officer: As):
    refused = send(officer, "/needs/new", **{**NEED, "title": ""}, form="one")
    assert refused.status_code == 422
    assert key_of(refused.text, "/needs/new") == "one"
    assert NEED["description"] in refused.text

    answers = [send(officer, "/needs/new", **NEED, form="one") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert count(session, Need) == 1


def test_what_is_entered_anew_into_a_form_that_was_sent_is_not_lost(session: Session, officer: As):
    send(officer, "/needs/new", **NEED, form="one")
    other = {**NEED, "title": "No register of seized vehicles"}

    asked = send(officer, "/needs/new", **other, form="one")

    assert asked.status_code == 409
    assert faults(asked.text) == []
    assert "This form was sent before" in asked.text
    assert "No register of seized vehicles" in asked.text
    assert count(session, Need) == 1
    assert send(officer, "/needs/new", **other, form=key_of(asked.text, "/needs/new")).status_code == 303
    assert count(session, Need) == 2


def test_a_form_of_somebody_else_has_no_part_in_mine(session: Session, officer: As, admin: As):
    for visitor in (officer, admin):
        assert send(visitor, "/needs/new", **NEED, form="one").status_code == 303

    assert count(session, Need) == 2


def test_a_key_of_any_shape_is_a_key(session: Session, officer: As):
    for key in ("a\x00b", "x" * 5000, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")):
        assert send(officer, "/needs/new", **NEED, form=key).status_code == 303

    assert count(session, Need) == 3


def test_a_decision_that_is_sent_twice_is_one_decision_and_no_quarrel(session: Session, officer: As, world: World):
    path, version = f"/pairings/{world.pairing.id}/decisions", version_of(world.pairing)

    answers = [send(officer, path, judgement="accept", version=version, form="one") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert count(session, Decision) == 1


def test_a_status_and_an_edit_that_are_sent_twice_are_done_once(session: Session, officer: As, world: World):
    need = world.need
    closed = {"status": "closed", "outcome": "partly_met", "version": etag_of(need.version)}
    before = count(session, Need)

    moved = [send(officer, f"/needs/{need.ref}/status", **closed, form="one") for _ in range(2)]
    session.refresh(need)
    changed = {**NEED, "version": etag_of(need.version)}
    edited = [send(officer, f"/needs/{need.ref}/edit", **changed, form="two") for _ in range(2)]

    assert [answer.status_code for answer in (*moved, *edited)] == [303] * 4
    session.refresh(need)
    assert (need.status, need.revision, count(session, Need)) == (NeedStatus.CLOSED, 2, before + 1)


def test_a_third_persons_save_is_not_taken_over_unseen_by_a_form_that_was_sent_before(
    session: Session, officer: As, admin: As, world: World
):
    """The form comes back with what was entered anew; meanwhile somebody else saved the record too."""
    path, need = f"/needs/{world.need.ref}/edit", world.need
    read_as = {"version": etag_of(need.version)}
    send(officer, path, **NEED, **read_as, form="one")
    other = {**NEED, "title": "What the officer entered anew"}
    again = send(officer, path, **other, **read_as, form="one")
    assert again.status_code == 409
    version = again.text.split('name="version" value="')[1].split('"')[0].replace("&#34;", '"')
    session.refresh(need)
    send(admin, path, **{**NEED, "title": "What the third person saved"}, version=etag_of(need.version))

    answer = send(officer, path, **other, version=version, form=key_of(again.text, path))

    assert answer.status_code == 412
    assert "What the officer entered anew" in answer.text
    session.refresh(need)
    assert officer.get(f"/api/v1/needs/{need.ref}").json()["title"] == "What the third person saved"


def test_a_release_a_run_and_an_invitation_that_are_sent_twice_are_made_once(
    session: Session, admin: As, partner: As, world: World
):
    permission = {"audience": "organization:PARTNER", "fields": "summary", "revision": "1", "basis": "document"}
    invited = {"email": "new@example.org", "role": "partner", "organization": "PARTNER"}
    before = {model: count(session, model) for model in (Release, MatchRun, User)}

    for _ in range(2):
        send(admin, f"/needs/{world.need.ref}/release", **permission, reference="Note 17", form="one")
        send(admin, "/runs", form="two")
    answers = [send(admin, "/users", **invited, form="three") for _ in range(2)]

    assert {model: count(session, model) - known for model, known in before.items()} == dict.fromkeys(before, 1)
    assert [answer.status_code for answer in answers] == [201, 303]
    assert "New link" in admin.get(answers[1].headers["location"]).text


def test_a_key_is_issued_once_and_who_missed_it_is_told(session: Session, partner: As):
    answers = [send(partner, "/keys", name="our system", scope="write", form="one") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 303]
    told = partner.get(answers[1].headers["location"]).text
    assert "one key was issued" in read(told).text
    assert "cpk_" not in told
    assert count(session, ApiKey) == 1


def test_a_need_that_is_sent_twice_at_the_same_time_is_stored_once(officers: tuple[Session, As, As]):  # noqa: F811
    session, officer, _ = officers
    session.commit()

    answers = _at_once(lambda: send(officer, "/needs/new", **NEED, form="one"))

    assert [answer.status_code for answer in answers] == [303] * 4, answers[-1].text
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert count(session, Need) == 1


def test_a_post_that_is_sent_twice_at_the_same_time_is_answered_twice(officers: tuple[Session, As, As]):  # noqa: F811
    session, officer, _ = officers
    wanted = {"recipient": {"countries": ["TG"]}, "title": "A", "description": "B", "source": "other"}
    session.commit()

    answers = _at_once(lambda: officer.post("/api/v1/needs", json=wanted, headers={"Idempotency-Key": "one"}))

    assert [answer.status_code for answer in answers] == [201] * 4, answers[-1].text
    assert count(session, Need) == 1


def _at_once(call: Callable[[], Any]) -> list[Any]:
    """What four threads are answered that begin together."""
    ready = threading.Barrier(4)

    def wait() -> Any:
        ready.wait()
        return call()

    with ThreadPoolExecutor(4) as pool:
        return [each.result() for each in [pool.submit(wait) for _ in range(4)]]
