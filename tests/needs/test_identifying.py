"""Before a release the officer is warned where a text points to one State."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.needs import identifying
from app.vocabularies.models import Term
from tests.conftest import As
from tests.needs.test_releases import NEEDS, opened


def named(session: Session, text: str) -> list[str]:
    return [told.split(" names ")[1].split(":")[0] for told in identifying.warnings(session, {"title": text})]


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("The Togolese police", "Togo"),
        ("la gendarmerie togolaise", "Togo"),
        ("la policía togolesa", "Togo"),
        ("depots near Lomé", "Togo"),
        ("les dépôts de Côte d'Ivoire", "Côte d'Ivoire"),
        ("the Ivorian customs", "Côte d'Ivoire"),
        ("в Саудовской Аравии", "Saudi Arabia"),
        ("полиция Франции", "France"),
        ("الشرطة في توغو", "Togo"),
        ("الشرطة التوغولية", None),
        ("القضاء الليبي", "Libya"),
        ("المستودعات في مالي", "Mali"),
        ("多哥的警察", "Togo"),
        ("Vietnamese coast guard", "Viet Nam"),
        ("in Tanzania", "United Republic of Tanzania"),
    ],
)
def test_a_state_is_known_by_names_forms_people_and_capitals(session: Session, text: str, state: str | None):
    assert named(session, text) == ([state] if state else [])


@pytest.mark.parametrize(
    "text",
    [
        "Secure storage of small arms",
        "malicious use of drones",
        "training in French, English and Spanish",
        "нормальная работа складов",
        "мало складов",
        "التحقيق المالي في المصارف",
        "دعم مالي للشرطة",
        "a polished report",
        "the Madrid Guiding Principles and the Inter-American Committee",
        "an omanual of procedure",
    ],
)
def test_words_that_only_look_like_a_state_are_left_alone(session: Session, text: str):
    assert named(session, text) == []


def test_every_word_belongs_to_a_state_that_exists(session: Session):
    codes = set(session.scalars(select(Term.code).where(Term.kind == "country")))
    with (Path(identifying.__file__).parent / "state_words.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))

    assert {row["code"] for row in rows} <= codes
    assert len({row["code"] for row in rows}) == len(rows)
    assert all(word.strip("* ") for row in rows for word in row["words"].split("|"))


def preview(officer: As, ref: str, fields: str) -> list[str]:
    return officer.get(f"{NEEDS}/{ref}/preview", params={"fields": fields}).json()["warnings"]


def test_every_released_text_is_read_and_no_other(officer: As):
    ref = opened(
        officer,
        recipient={"region": "011", "context": "near Bamako"},
        title="Depots without inventory",
        description="As in Ghanaian depots.",
        institution="Nigerian Armoury Service",
        existing_efforts="A register from Senegal",
        indicative_cost={"low": 1, "currency": "USD", "estimated_by": "Gambian Treasury"},
        translations={"fr": {"title": "Dépôts béninois", "description": "Comme en Guinée"}},
    )

    summary, full = preview(officer, ref, "summary"), preview(officer, ref, "full")

    assert summary == ["The title in fr names Benin: whoever reads it knows the State"]
    assert {told.split(" names ")[0] for told in full} == {
        "The title in fr", "The description in fr", "The description", "The institution", "The existing efforts",
        "The remark on the recipient", "The source of the estimate",
    }  # fmt: skip


def test_a_full_release_warns_of_other_states_than_the_recipient_that_it_shows(officer: As):
    ref = opened(officer, title="Depots in Togo", existing_efforts="As in Benin")

    assert preview(officer, ref, "summary") == ["The title names Togo: whoever reads it knows the State"]
    assert preview(officer, ref, "full") == ["The existing efforts names Benin: whoever reads it knows the State"]


def test_a_summary_whose_title_names_the_institution_is_warned_of(officer: As):
    ref = opened(officer, title="Registers of the Logistics Directorate")

    assert preview(officer, ref, "summary") == ["The title names the institution, which a summary leaves out"]


def test_a_region_of_few_states_is_warned_of(officer: As):
    ref = opened(officer, recipient={"countries": ["NZ"]})

    assert preview(officer, ref, "summary") == ["The region Australia and New Zealand holds 2 States alone"]
