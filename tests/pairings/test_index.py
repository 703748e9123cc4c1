from datetime import date

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from app.needs.service import newest
from app.pairings.ranking import Ranking, StatedNeed, current, stated
from app.programmes import service as programmes
from app.programmes.schemas import ProgrammePatch
from tests.conftest import As
from tests.pairings.conftest import AIRPORTS, NeedMaker, ProgrammeMaker


@pytest.fixture
def ranking(app: FastAPI) -> Ranking:
    ranking: Ranking = app.state.ranking
    return ranking


@pytest.fixture
def armouries(session: Session, need: NeedMaker) -> StatedNeed:
    made = need()
    return stated(made.id, newest(session, made))


def scores(ranking: Ranking, session: Session, need: StatedNeed) -> dict[str, float]:
    return {one.programme_id: one.score for one in ranking.current(session).suggest(need, 100)}


def test_an_index_is_the_same_object_until_something_changes(
    session: Session, ranking: Ranking, programme: ProgrammeMaker
):
    programme()
    before = ranking.current(session)

    assert ranking.current(session) is before
    programme()
    assert ranking.current(session) is not before


@pytest.mark.parametrize("small", [0, 500], ids=["row by row", "fitted anew"])
def test_a_change_is_taken_in_and_whoever_holds_the_old_index_is_not_disturbed(
    monkeypatch: pytest.MonkeyPatch,
    session: Session,
    officer: As,
    ranking: Ranking,
    programme: ProgrammeMaker,
    armouries: StatedNeed,
    small: int,
):
    monkeypatch.setattr(current, "SMALL", small)
    others = [programme(title=f"Armouries {number}") for number in range(12)]
    changing = programme(**AIRPORTS)
    before = ranking.current(session)
    old = {one.programme_id: one.score for one in before.suggest(armouries, 100)}

    better = ProgrammePatch(summary="Locks for armouries", themes=["WPN-PSM"])
    programmes.update(session, officer.actor, changing, better)
    added = programme(title="Armouries, at last")
    session.commit()
    new = scores(ranking, session, armouries)

    assert new[str(changing.id)] > old[str(changing.id)]
    assert new.keys() - old.keys() == {str(added.id)}
    assert {one.programme_id: one.score for one in before.suggest(armouries, 100)} == old
    unchanged = [new[str(other.id)] == old[str(other.id)] for other in others]
    assert all(unchanged) is (small == 0)


def test_a_programme_that_only_ages_goes_stale_on_its_day(
    session: Session,
    ranking: Ranking,
    programme: ProgrammeMaker,
    monkeypatch: pytest.MonkeyPatch,
    armouries: StatedNeed,
):
    programme(assured_until="2030-01-01")
    assert len(scores(ranking, session, armouries)) == 1

    later = current.utc_now().replace(year=2031)
    monkeypatch.setattr(current, "utc_now", lambda: later)

    assert ranking.current(session).day == date(2031, later.month, later.day)
    assert scores(ranking, session, armouries) == {}
