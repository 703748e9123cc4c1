"""The five rules, in six languages."""

import pytest

from app.needs.schemas import ProvisionIn, SpecificityIn
from app.needs.specificity import check, rules
from tests.conftest import As

GOOD = {
    "en": "Customs already has 12 scanners under the 2019 law; officers should be able to read images",
    "fr": "La douane dispose de 12 scanners selon la loi; former les agents à la lecture des images",
    "es": "La dirección de aduanas cuenta con 12 escáneres según la ley; capacitar a los agentes",
    "ru": "Таможенное управление уже имеет 12 сканеров по закону; сотрудники должны быть способны читать снимки",
    "ar": "لدى مديرية الجمارك 12 جهازا بموجب القانون، تدريب الموظفين",
    "zh": "海关现有12台扫描仪，依照法律，需要培训人员",
}


@pytest.mark.parametrize("language", list(GOOD))
def test_a_specific_text_meets_every_rule_in_its_language(language: str):
    checked = check(SpecificityIn(description=GOOD[language], language=language))

    assert (checked.missing, checked.score, checked.passes) == ([], 1.0, True)


@pytest.mark.parametrize("language", list(GOOD))
def test_hints_are_in_the_language_of_the_text(language: str):
    checked = check(SpecificityIn(description="?", language=language))

    assert [missing.hint for missing in checked.missing] == [rule.hints[language] for rule in rules()]


def test_a_vague_text_fails_and_says_what_is_missing(officer: As):
    vague = {"description": "Legislative, material, technical and financial assistance is needed."}

    checked = officer.post("/api/v1/needs/specificity", json=vague).json()

    assert (checked["score"], checked["threshold"], checked["passes"]) == (0.0, 0.6, False)
    named = [missing["rule"] for missing in checked["missing"]]
    assert named == ["institution", "provision", "ability", "quantity", "existing"]


def test_fields_of_their_own_answer_a_rule():
    checked = check(
        SpecificityIn(
            description="?",
            institution="Customs",
            provisions=[ProvisionIn(instrument="2370", paragraph="6")],
            existing_efforts="Two scanners",
        )
    )

    evidence = {met.rule: met.evidence for met in checked.met}
    assert evidence == {"institution": "Customs", "provision": "2370 6", "existing": "Two scanners"}


@pytest.mark.parametrize("text", ["since 2019", "resolution 2370 (2017)", "paragraph 6 of resolution 2370"])
def test_years_and_resolutions_are_no_quantities(text: str):
    assert "quantity" in [missing.rule for missing in check(SpecificityIn(description=text)).missing]


def test_only_those_who_write_needs_check_texts(donor: As):
    assert donor.post("/api/v1/needs/specificity", json={"description": "x"}).status_code == 403
