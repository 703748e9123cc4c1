"""Vocabularies are read by everybody, and a wrong code is answered with the nearest right ones."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.vocabularies.queries import check_code, check_codes, labels, terms
from app.vocabularies.service import SIX, load_vocabularies


def test_a_vocabulary_has_labels_in_six_languages(anybody: TestClient):
    answer = anybody.get("/api/v1/vocabularies/weapons").json()

    salw = next(term for term in answer["terms"] if term["code"] == "SALW")
    assert answer["name"] == "weapon"
    assert salw["labels"]["fr"] == "Armes légères et de petit calibre"
    assert set(salw["labels"]) == {"en", "fr", "es", "ru", "ar", "zh"}


@pytest.mark.parametrize(
    "kind", ["theme", "weapon", "dimension", "function", "assistance_type", "country", "region"]
)
def test_no_label_is_missing_where_needs_are_coded(session: Session, kind: str):
    assert [term.code for term in terms(session, kind) if not all(term.labels.get(code) for code in SIX)] == []


def test_there_are_the_member_states_and_the_observers(anybody: TestClient):
    countries = anybody.get("/api/v1/vocabularies/countries").json()["terms"]

    by_status = [term["facts"]["status"] for term in countries]
    assert (by_status.count("member"), by_status.count("observer")) == (193, 2)


def test_there_are_the_currencies_in_use_and_no_others(anybody: TestClient):
    listed = anybody.get("/api/v1/vocabularies/currencies").json()["terms"]
    codes = {term["code"] for term in listed}

    assert {"USD", "EUR", "CHF", "XOF", "KES", "ZWG"} <= codes
    assert codes.isdisjoint({"DEM", "HRK", "BGN", "ZWL", "XXX", "XTS"})
    assert next(term["labels"]["fr"] for term in listed if term["code"] == "USD") == "dollar des États-Unis"


@pytest.mark.parametrize("name", ["country", "countries", "Countries"])
def test_a_vocabulary_has_a_singular_and_a_plural_name(anybody: TestClient, name: str):
    assert anybody.get(f"/api/v1/vocabularies/{name}").json()["name"] == "country"


def test_an_unknown_vocabulary_is_answered_with_the_known_ones(anybody: TestClient):
    answer = anybody.get("/api/v1/vocabularies/colours")

    assert answer.status_code == 404
    assert "themes" in answer.json()["detail"]
    assert "countries" in anybody.get("/api/v1/vocabularies").json()["items"]


def test_an_unchanged_vocabulary_is_not_sent_again(anybody: TestClient):
    first = anybody.get("/api/v1/vocabularies/themes")
    again = anybody.get("/api/v1/vocabularies/themes", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"] == "public, max-age=3600"
    assert (again.status_code, again.content) == (304, b"")


def test_loading_again_changes_nothing(session: Session):
    before = labels(session, "fr")
    load_vocabularies(session)

    assert labels(session, "fr") == before


def test_a_label_that_is_missing_is_shown_in_english(session: Session):
    assert labels(session, "fr")["instrument", "POA"].startswith("Programme of Action")


@pytest.mark.parametrize(
    ("kind", "wrong", "near"),
    [
        ("theme", "WPN-PSN", "WPN-PSM"),
        ("theme", "stockpile", "WPN-PSM"),
        ("country", "Kenia", "KE (Kenya)"),
        ("country", "tg", "TG (Togo)"),
        ("function", "prévenir", "prevent"),
        ("priority", "urgent", "high, medium, low"),
        ("country", "Atlantis and Mu", "/api/v1/vocabularies/countries"),
    ],
)
def test_a_wrong_code_is_answered_with_near_ones(session: Session, kind: str, wrong: str, near: str):
    with pytest.raises(Invalid) as caught:
        check_code(session, kind, wrong, "/field")

    assert caught.value.errors[0].pointer == "/field"
    assert near in caught.value.errors[0].message


def test_each_wrong_code_of_a_list_is_named_by_its_place(session: Session):
    with pytest.raises(Invalid) as caught:
        check_codes(session, "theme", ["X1", "WPN-PSM", "X2\0", "\ud800"], "/themes")

    assert [error.pointer for error in caught.value.errors] == ["/themes/0", "/themes/2", "/themes/3"]


def test_right_codes_and_none_pass(session: Session):
    check_codes(session, "theme", ["WPN-PSM", "WPN-PSM"], "/themes")
    check_code(session, "country", None, "/country")
