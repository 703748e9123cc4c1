"""The six rules, in six languages: a good need passes, a vague one fails however it is worded."""

import json
from pathlib import Path

import pytest

from app.needs.schemas import ProvisionIn, Specificity, SpecificityIn
from app.needs.specificity import check, rules
from tests.conftest import As

TEXTS = json.loads(Path(__file__).with_name("texts.json").read_text(encoding="utf-8"))
GOOD, VAGUE = TEXTS["good"], TEXTS["vague"]
CASES_GOOD = [(language, text) for language, texts in GOOD.items() for text in texts]
CASES_VAGUE = [(language, text) for language, texts in VAGUE.items() for text in texts]
DEPOTS = "The Logistics Directorate keeps rifles in nine depots."


def missing(checked: Specificity) -> list[str]:
    return [one.rule for one in checked.missing]


def evidence(checked: Specificity) -> dict[str, str]:
    return {one.rule: one.evidence for one in checked.met}


@pytest.mark.parametrize(("language", "text"), CASES_GOOD)
def test_a_well_written_need_passes_in_its_language(language: str, text: str):
    checked = check(SpecificityIn(description=text, language=language))

    assert checked.passes, missing(checked)
    assert checked.score >= 0.8


@pytest.mark.parametrize(("language", "text"), CASES_VAGUE)
def test_a_vague_need_fails_in_its_language_however_it_is_worded(language: str, text: str):
    checked = check(SpecificityIn(description=text, language=language))

    assert not checked.passes, evidence(checked)
    assert checked.score <= 0.34


@pytest.mark.parametrize(("language", "text"), [*CASES_GOOD, *CASES_VAGUE])
def test_a_text_whose_language_is_not_said_is_judged_the_same(language: str, text: str):
    said = check(SpecificityIn(description=text, language=language))

    assert check(SpecificityIn(description=text)).passes == said.passes


def test_a_french_text_on_a_form_that_says_english_is_judged_as_french():
    assert check(SpecificityIn(description=GOOD["fr"][0], language="en")).passes


@pytest.mark.parametrize("language", list(GOOD))
def test_hints_are_in_the_language_of_the_text(language: str):
    checked = check(SpecificityIn(description="?", language=language))

    assert [one.hint for one in checked.missing] == [rule.hints[language] for rule in rules()]


def test_a_vague_text_fails_and_says_what_is_missing(officer: As):
    vague = {"description": "Legislative, material, technical and financial assistance is needed."}

    checked = officer.post("/api/v1/needs/specificity", json=vague).json()

    assert (checked["score"], checked["threshold"], checked["passes"]) == (0.0, 0.6, False)
    named = [one["rule"] for one in checked["missing"]]
    assert named == ["institution", "provision", "ability", "quantity", "existing", "one_subject"]
    assert checked["missing"][-1]["found"] == "Legislative, material, technical and financial assistance"


def test_fields_of_their_own_answer_a_rule():
    checked = check(
        SpecificityIn(
            description="?",
            institution="Customs",
            provisions=[ProvisionIn(instrument="2370", paragraph="6")],
            existing_efforts="Two scanners",
        )
    )

    assert evidence(checked) == {"institution": "Customs", "provision": "2370 6", "existing": "Two scanners"}


@pytest.mark.parametrize("named", ["Competent authorities", "the authorities", "relevant services"])
def test_a_field_that_names_nobody_answers_nothing(named: str):
    assert "institution" in missing(check(SpecificityIn(description="?", institution=named)))


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("ability", "Training. Skills. So that it is better."),
        ("ability", "Training is needed in the field of counter-terrorism."),
        ("existing", "Support is already wanted, and has been asked for."),
        ("institution", "The competent authorities and relevant services of the State need help."),
        ("provision", "In order to act against terrorism, law enforcement and the rule of law matter."),
        ("provision", "The legal framework does not follow relevant resolutions and international standards."),
        ("provision", "Resolution 2370 (2017) is to be implemented in full."),
        ("quantity", "Help is wanted within two years, and for 18 months after that."),
    ],
)
def test_generic_words_answer_nothing(rule: str, text: str):
    assert rule in missing(check(SpecificityIn(description=text, language="en")))


@pytest.mark.parametrize("text", ["since 2019", "resolution 2370 (2017)", "paragraph 6 of resolution 2370"])
def test_years_and_resolutions_are_no_quantities(text: str):
    assert "quantity" in missing(check(SpecificityIn(description=text)))


def test_a_marker_is_shown_with_what_stands_beside_it():
    checked = check(SpecificityIn(description=f"{DEPOTS} Storekeepers should be able to count.", language="en"))

    assert evidence(checked)["ability"] == "able to … Storekeepers"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{DEPOTS} (a) Build a fence around them; (b) train the border police in search.", "(a) … (b)"),
        ("1. Adopt a firearms law.\n2. Equip the laboratory of the police.", "(1) … (2)"),
        (
            "As said in recommendation 4 and in recommendation 9 of the report.",
            "recommendation 4, recommendation 9",
        ),
        ("أولا تدريب الشرطة: (أ) وضع قانون الأسلحة؛ (ب) تجهيز المختبر الوطني", "(أ) … (ب)"),
        ("一、制定枪支法。\n二、装备警察实验室。", "(一) … (二)"),
        ("Strengthen maritime security, prisons and the financing of terrorism file.", ""),
        ("Work on drones and/or prisons in the whole country.", ""),
        ("Renforcer la sûreté portuaire, les prisons et la lutte contre le blanchiment.", ""),
        ("Reforzar la seguridad portuaria, las cárceles y la lucha contra el blanqueo.", ""),
        ("Усилить безопасность границ, тюрем и борьбу с отмыванием денег.", ""),
        ("تعزيز أمن الحدود والسجون ومكافحة غسل الأموال في البلد", ""),
        ("加强边防、监狱管理和打击洗钱工作", ""),
    ],
)
def test_several_subjects_in_one_record_are_named(text: str, found: str):
    checked = check(SpecificityIn(description=text))

    [fault] = [one for one in checked.missing if one.rule == "one_subject"]
    assert fault.found
    assert found in fault.found


@pytest.mark.parametrize(
    "text",
    [
        "As resolution 1373 (2001), paragraph 2 (a), asks, the firearms law is to cover recruitment.",
        "Operators, examiners and storekeepers of the police need training, equipment and a register of rifles.",
        "The police seized 14 drones with explosives at one border post.",
    ],
)
def test_one_subject_with_several_sides_is_one(text: str):
    assert "one_subject" not in missing(check(SpecificityIn(description=text, language="en")))


def test_themes_of_more_than_three_areas_are_several_subjects():
    values = SpecificityIn(description=DEPOTS, themes=["WPN-PSM", "BLE-MAR", "FIN-CFT", "VIC-SUP"])

    assert "one_subject" in missing(check(values))


def test_only_those_who_write_needs_check_texts(donor: As):
    assert donor.post("/api/v1/needs/specificity", json={"description": "x"}).status_code == 403
