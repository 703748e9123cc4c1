"""After the glossary changed, `counterpart reindex` lets older records be found by its words."""

import json
import sys
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.service import newest_number
from app.cli import main
from app.core import glossary, text
from app.needs.models import NeedRevision
from app.programmes import record
from app.programmes.models import Programme, ProgrammeSearch
from tests.conftest import As
from tests.pairings.conftest import arranged, officers, served  # noqa: F401

OWN = "id\tacronym\ten\ten_synonyms\tfr\tes\tru\tar\tzh\tnote\nstorekeeper\t\tstorekeeper\t\tclavandier\n"


@pytest.fixture
def installed(
    served: FastAPI,  # noqa: F811
    officers: tuple[Session, As, As],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[Session, As]]:
    """An installation with one need and one programme, both of storekeepers."""
    session, officer, _ = officers
    arranged(session, officer)
    monkeypatch.setenv("COUNTERPART_DATABASE_URL", served.state.settings.database_url)
    monkeypatch.setenv("COUNTERPART_DATA_DIR", str(served.state.settings.data_dir))
    monkeypatch.setattr(sys, "argv", ["counterpart", "reindex", "--json"])
    yield session, officer
    glossary.read_from(None)


def found(officer: As, q: str) -> list[int]:
    answers = [officer.get(f"/api/v1/{kind}", params={"q": q}).json() for kind in ("needs", "programmes")]
    return [len(answer["items"]) for answer in answers]


def run() -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def test_older_records_are_found_by_a_new_entry_after_a_reindex(
    served: FastAPI,  # noqa: F811
    installed: tuple[Session, As],
    capsys: pytest.CaptureFixture[str],
):
    _, officer = installed
    assert found(officer, "clavandier") == [0, 0]
    (served.state.settings.data_dir / "glossary.tsv").write_text(OWN, encoding="utf-8")
    text._model_of.cache_clear()  # as in the process that begins when the server is restarted
    assert found(officer, "clavandier") == [0, 0]

    assert run() == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["revisions"], told["programmes"]) == (1, 1)
    assert found(officer, "clavandier") == [1, 1]
    assert found(officer, "armoury") == [1, 1]


def test_a_reindex_under_the_same_glossary_changes_nothing_and_leaves_no_events(installed: tuple[Session, As]):
    session, _ = installed
    columns = select(NeedRevision.summary_tokens, NeedRevision.full_tokens, NeedRevision.coded)
    before = session.execute(columns).all(), session.scalars(select(ProgrammeSearch.tokens)).all()
    number = newest_number(session)
    session.commit()

    assert run() == 0

    assert (session.execute(columns).all(), session.scalars(select(ProgrammeSearch.tokens)).all()) == before
    assert newest_number(session) == number


def test_lost_search_columns_are_written_anew(installed: tuple[Session, As]):
    session, officer = installed
    revision, search = session.scalars(select(NeedRevision)).one(), session.scalars(select(ProgrammeSearch)).one()
    revision.full_tokens, revision.summary_tokens, revision.coded, search.tokens = "", "", "", ""
    session.commit()
    assert found(officer, "armoury") == [0, 0]

    assert run() == 0

    assert found(officer, "armoury") == [1, 1]


def test_a_glossary_that_cannot_be_read_is_named_and_nothing_is_written(
    served: FastAPI,  # noqa: F811
    installed: tuple[Session, As],
    capsys: pytest.CaptureFixture[str],
):
    (served.state.settings.data_dir / "glossary.tsv").write_text("not a glossary\n", encoding="utf-8")

    assert run() == 1

    assert "glossary.tsv, line 1" in capsys.readouterr().err


@pytest.mark.parametrize("served", ["postgres"], indirect=True)  # SQLite has one writer at a time
def test_a_programme_that_is_being_changed_waits_for_its_turn(
    served: FastAPI,  # noqa: F811
    installed: tuple[Session, As],
):
    session, _ = installed
    programme = session.scalars(select(Programme)).one()
    programme.title = "Changed meanwhile"
    session.flush()

    with served.state.open_session(True) as other, other.begin():
        assert record.reindex(other, [programme.id]) == [programme.id]
    session.commit()
    with served.state.open_session(True) as other, other.begin():
        assert record.reindex(other, [programme.id]) == []
