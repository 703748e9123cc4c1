"""Programmes alike in the same place, theme and time are told once, with what their likeness is the sum of."""

from datetime import timedelta
from itertools import combinations
from math import fsum
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.pairings.overlap import similarity
from app.programmes.models import Programme
from tests.conftest import As
from tests.pairings.conftest import AIRPORTS, ProgrammeMaker, programme, unoda

__all__ = ["programme", "unoda"]
OVERLAP = "/api/v1/portfolio/overlap"
TODAY = utc_now().date()
ALIKE = {
    "title": "Armouries of the police: management and locks",
    "summary": "Armouries for small arms: secure storage, locks and registers, training of storekeepers.",
}


def asked(officer: As, **parameters: Any) -> Any:
    answer = officer.get(OVERLAP, params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pairs(answer: Any) -> set[frozenset[str]]:
    return {frozenset((item["one"]["ref"], item["other"]["ref"])) for item in answer["items"]}


@pytest.fixture
def two(programme: ProgrammeMaker) -> tuple[Programme, Programme]:
    first = programme()
    programme(**AIRPORTS)
    programme(**{**AIRPORTS, "title": "Border posts", "summary": "Radio sets for posts.", "themes": ["WPN-LEG"]})
    return first, programme(**ALIKE)


def test_two_alike_are_told_once_the_newer_first(officer: As, two: tuple[Programme, Programme]):
    older, newer = two

    answer = asked(officer)

    [pair] = answer["items"]
    assert (pair["one"]["ref"], pair["other"]["ref"], pair["themes"]) == (newer.ref, older.ref, ["WPN-PSM"])
    assert (answer["looked_at"], answer["next"]) == (4, None)


def test_the_reasons_sum_to_the_score_which_is_the_mean_of_both_directions(
    app: FastAPI, session: Session, officer: As, two: tuple[Programme, Programme]
):
    [pair] = asked(officer)["items"]
    index = app.state.ranking.current(session)

    there, _ = similarity(index, two[0].id, two[1].id)
    back, _ = similarity(index, two[1].id, two[0].id)

    assert fsum(part["adds"] for part in pair["shared"]) == pytest.approx(pair["score"], abs=1e-9)
    assert there == pytest.approx(back, abs=1e-9)
    assert pair["score"] == pytest.approx(there, abs=1e-9)
    assert pair["score"] >= asked(officer)["floor"]
    words = {word for part in pair["shared"] if part["kind"] == "term" for word in part["one"]}
    assert "Armouries" in words


@pytest.mark.parametrize(
    "said",
    [
        {"coverage": {"countries": ["KE"]}},
        {"themes": ["WPN-LEG"]},
        {"starts_on": (TODAY + timedelta(days=90)).isoformat()},
        {"excluded": ["TG", "BJ"]},
        {"kind": "fund", "applies": "state"},
    ],
)
def test_another_place_theme_time_or_kind_is_no_overlap(
    officer: As, programme: ProgrammeMaker, said: dict[str, Any]
):
    programme(ends_on=(TODAY + timedelta(days=30)).isoformat())
    programme(**{**ALIKE, **said})

    assert asked(officer)["items"] == []


def test_the_portions_together_tell_every_pair_once(officer: As, programme: ProgrammeMaker):
    made = [programme(**{**ALIKE, "title": f"{ALIKE['title']} {word}"}) for word in ("north", "south", "east")]

    found, cursor = [], None
    for _ in range(3):
        answer = asked(officer, limit=1, **({"cursor": cursor} if cursor else {}))
        found += [frozenset((item["one"]["ref"], item["other"]["ref"])) for item in answer["items"]]
        cursor = answer["next"]

    expected = [frozenset(two) for two in combinations([one.ref for one in made], 2)]
    assert cursor is None
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))


def test_one_programme_can_be_asked_for_and_a_theme(officer: As, two: tuple[Programme, Programme]):
    older, newer = two

    assert pairs(asked(officer, programme=older.ref)) == {frozenset((older.ref, newer.ref))}
    assert pairs(asked(officer, theme="WPN-PSM")) == {frozenset((older.ref, newer.ref))}
    assert asked(officer, theme="WPN-LEG")["items"] == []
    assert officer.get(OVERLAP, params={"programme": "P-2026-XXXXX"}).status_code == 404
    assert officer.get(OVERLAP, params={"theme": "NONE"}).status_code == 422
    assert officer.get(OVERLAP, params={"cursor": "x"}).status_code == 422
    assert officer.get(OVERLAP, params={"limit": 500}).status_code == 422


def test_an_ended_programme_overlaps_with_nothing(officer: As, session: Session, two: tuple[Programme, Programme]):
    loaded = session.scalars(select(Programme).where(Programme.ref == two[0].ref)).one()
    etag = officer.get(f"/api/v1/programmes/{loaded.ref}").json()["etag"]
    path = f"/api/v1/programmes/{loaded.ref}/status"
    assert officer.post(path, json={"status": "ended"}, headers={"If-Match": etag}).status_code == 200

    assert asked(officer)["items"] == []
