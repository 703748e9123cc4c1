from pathlib import Path

import pytest

from matching import KnowledgeError, Matcher, Need, Place, Programme, infer, knowledge, load_model
from matching.geography import Atlas, Territory, level, share
from matching.knowledge import CUE_COLUMNS, GLOSSARY_COLUMNS

HEADER = "\t".join(GLOSSARY_COLUMNS)
MODEL = load_model()
ATLAS = Atlas(MODEL.geography, {"XA": "011"})


def written(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["acronym\ten"], "line 1: the header must be"),
        ([HEADER, "x\tX\t\tsyn"], "line 2, column en: empty"),
        ([HEADER, "", "\t\tterm", "term\t\tother"], "line 4, column id: 'term' is there twice"),
        ([HEADER, "\t\tterm" + "\t" * 9], "line 2, column 12: more than 10 cells"),
    ],
)
def test_a_bad_line_of_a_glossary_is_named(tmp_path: Path, lines: list[str], message: str) -> None:
    written(tmp_path, "glossary.tsv", *lines)

    with pytest.raises(KnowledgeError, match=message):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("WPN-XXX\t1\tphrase", "line 2, column code: 'WPN-XXX'"),
        ("WPN-PSM\theavy\tphrase", "line 2, column weight: 'heavy'"),
        ("WPN-PSM\tnan\tphrase", "line 2, column weight: 'nan'"),
    ],
)
def test_a_bad_cue_is_named(tmp_path: Path, line: str, message: str) -> None:
    written(tmp_path, "cues.tsv", "\t".join(CUE_COLUMNS), line)

    with pytest.raises(KnowledgeError, match=message):
        load_model(tmp_path)


def test_a_broken_taxonomy_is_named_with_its_line(tmp_path: Path) -> None:
    written(tmp_path, "taxonomy.json", "{", "nonsense")

    with pytest.raises(KnowledgeError, match=r"taxonomy\.json, line 2, column 1"):
        load_model(tmp_path)


def test_an_installed_system_adds_a_concept_that_joins_two_languages(tmp_path: Path) -> None:
    written(tmp_path, "glossary.tsv", HEADER, "\t\tzorbling\t\tzorblage\t\t\t\t\t")
    programme = Programme(
        "p", "Zorbling", "Courses in zorbling for customs and border guards.", coverage=Place(is_global=True)
    )
    need = Need(
        "n",
        "Zorblage",
        "Le zorblage manque aux douaniers des postes frontières.",
        recipient=Place(countries=("ML",)),
    )

    with_it, without = Matcher([programme], load_model(tmp_path)), Matcher([programme], MODEL)

    assert "concept:zorbling" in [c.feature for c in with_it.explain(need, "p").contributions]
    assert "concept:zorbling" not in [c.feature for c in without.explain(need, "p").contributions]


def test_a_model_has_another_fingerprint_whenever_it_scores_otherwise(tmp_path: Path) -> None:
    written(tmp_path, "glossary.tsv", HEADER, "\t\tzorbling")
    heavier = MODEL.with_weights("heavier", {**MODEL.weights, "text": 0.9})

    prints = {MODEL.fingerprint, load_model(tmp_path).fingerprint, heavier.fingerprint}

    assert len(prints) == 3
    assert load_model().fingerprint == MODEL.fingerprint
    assert all(len(print_) == 64 for print_ in prints)


def test_candidate_weights_are_clipped_and_rescaled_to_one() -> None:
    candidate = MODEL.with_weights("c", {"text": 3.0, "theme": 1.0, "geography": -5.0})

    assert candidate.weights["text"] == 0.75
    assert candidate.weights["geography"] == 0
    assert sum(candidate.weights.values()) == pytest.approx(1)


@pytest.mark.parametrize("weights", [{}, {"text": float("nan")}, {"text": -1.0}])
def test_weights_that_cannot_be_rescaled_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(KnowledgeError):
        MODEL.with_weights("c", weights)


def test_every_theme_and_weapon_category_can_be_inferred_in_six_languages() -> None:
    spoken = {(cue.code, cue.language) for cue in MODEL.cues}

    for code in (*knowledge.themes(), *knowledge.weapons(), *knowledge.ASSISTANCE_TYPES):
        assert {language for known, language in spoken if known == code} >= {"en", "fr", "es", "ru", "ar", "zh"}, (
            code
        )


@pytest.mark.parametrize(
    ("text", "theme", "kind"),
    [
        ("Training on marking machines and firearms registers", "WPN-MRT", "training"),
        ("Rédaction d'une loi sur les armes à feu", "WPN-LEG", "legal_drafting"),
        ("Equipos antidrones para detectar aeronaves no tripuladas", "WPN-UAS", "equipment"),
        ("Обучение сотрудников тюрем: реабилитация осужденных", "PRR-FTF", "training"),
        ("تدريب وحدة المعلومات المالية على مكافحة تمويل الإرهاب", "FIN-CFT", "training"),
        ("海关集装箱查验设备", "BLE-CUS", "equipment"),
    ],
)
def test_codes_are_inferred_from_a_text_with_the_words_behind_them(text: str, theme: str, kind: str) -> None:
    found = infer(text, None, MODEL)

    first = found["themes"][0]
    assert first.code == theme
    assert kind in [one.code for one in found["assistance_types"]]
    assert all(text[start:end] == surface for surface, start, end in first.reasons)


def test_a_text_of_another_field_suggests_no_theme() -> None:
    assert infer("The recipe asks for two eggs and a cup of flour.", "en", MODEL)["themes"] == ()


@pytest.mark.parametrize(
    ("recipient", "coverage", "expected"),
    [
        (Place(regions=("011",)), Place(is_global=True), 1.0),
        (Place(regions=("011",)), Place(regions=("011",)), 1.0),
        (Place(regions=("011",)), Place(regions=("002",)), 1.0),
        (Place(regions=("011",)), Place(countries=("ML",)), 0.5),
        (Place(regions=("011",)), Place(countries=("KE",)), 0.0),
        (Place(regions=("011",), context="Sahelian, landlocked"), Place(countries=("ML",)), 1.0),
        (Place(countries=("ML", "KE")), Place(countries=("ML",)), 1.0),
        (Place(countries=("XA",)), Place(regions=("202",)), 1.0),
        (Place(is_global=True), Place(countries=("ML",)), 1.0),
    ],
)
def test_geography_is_full_from_a_third_of_the_states_half_below_and_none_outside(
    recipient: Place, coverage: Place, expected: float
) -> None:
    assert level(share(ATLAS.territory(recipient), ATLAS.territory(coverage))) == expected


def test_an_excluded_state_does_not_count_as_covered() -> None:
    need, everywhere = ATLAS.territory(Place(countries=("ML", "NE"))), Territory(everywhere=True)

    assert share(need, everywhere, ("ML",)) == 0.5
