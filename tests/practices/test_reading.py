import pytest

from app.core.errors import Invalid
from app.practices.markdown import parse
from app.practices.matching import Earlier, match
from tests.conftest import As
from tests.practices.conftest import Library

EARLIER = [
    Earlier("marking", "1", "Marking", "Every firearm is marked at manufacture and at import."),
    Earlier("detection", "2", "Detection at borders", "Customs select consignments by risk."),
    Earlier("records", "3", "Records", "A central register holds every arm and every transfer of it."),
]
ANCHORS = [one.anchor for one in EARLIER]


def matched(markdown: str) -> list[tuple[str, str]]:
    found = match(parse(markdown).sections, EARLIER, ANCHORS)
    return [(one.anchor, one.how) for one in found]


def test_an_id_is_kept_whatever_else_changes():
    assert matched("## 9 Something else {#marking}\n\nNothing alike.\n## Other\n") == [
        ("marking", "id"),
        ("other", "new"),
    ]


def test_a_heading_that_stands_once_is_the_same_clause():
    assert matched("## 4 RECORDS\n\nWritten anew.\n## 5 Marking\n") == [
        ("records", "heading"),
        ("marking", "heading"),
    ]


def test_a_text_under_another_heading_is_found_by_what_it_says():
    found = matched("## Central register\n\nA central register holds every arm and every transfer of it.\n## Z\n")

    assert found == [("records", "similar"), ("z", "new")]


def test_a_number_makes_up_for_some_of_what_differs():
    text = "## 2 Finding arms\n\nCustoms select shipments by their risk.\n## Y\n"

    assert matched(text)[0] == ("detection", "number")


def test_a_number_alone_is_no_match():
    assert matched("## 1 Precursors\n\nSellers report what they find suspicious.\n## Y\n")[0] == (
        "precursors",
        "new",
    )


def test_new_ids_are_readable_and_given_once():
    found = matched("## Élan vital\n## Marking\n\nx\n## Marking\n\ny\n## 标识\n## عنوان\n")

    assert [anchor for anchor, _ in found] == ["elan-vital", "marking-2", "marking-3", "clause", "clause-2"]


def test_an_id_of_an_older_version_comes_back():
    found = match(parse("## A {#gone}\n## B\n").sections, EARLIER, [*ANCHORS, "gone"])

    assert (found[0].anchor, found[0].how) == ("gone", "returned")


def test_blanks_inside_a_heading_cost_no_more_than_other_letters():
    with pytest.raises(Invalid, match="longer than 300"):
        parse(f"## A{' ' * 300_000}b\n")  # took minutes where each blank was tried as the first before braces

    assert parse("## 1 One   {#one}  \n").sections[0].anchor == "one"


def test_headings_in_code_and_quotations_are_text():
    parsed = parse("## 1 One\n\n```\n# no heading\n```\n\n> ## nor this\n\n- # nor this\n")

    assert [section.title for section in parsed.sections] == ["One"]
    assert "# no heading" in parsed.sections[0].body


def test_what_a_heading_states_holds_below_it():
    parsed = parse(
        "## SALW {.upstream weapons=SALW}\n### Marking {themes=WPN-MRT}\n### Seizure {.downstream}\n## End\n"
    )

    assert [(one.stage, one.codes) for one in parsed.sections] == [
        ("upstream", {"weapons": ["SALW"]}),
        ("upstream", {"weapons": ["SALW"], "themes": ["WPN-MRT"]}),
        ("downstream", {"weapons": ["SALW"]}),
        ("", {}),
    ]


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("only text", "There is no heading"),
        ("## One {#Bad Id}\n", "'Bad' is no id"),
        ("## One {#a}\n## Two {#a}\n", "Line 2: the id 'a' stands in line 1 already"),
        ("## One {.sideways}\n", "'sideways' is no stage"),
        ("## One {colour=red}\n", "says nothing here"),
        ("##\n\ntext\n", "a heading says nothing"),
        (f"## {'x' * 301}\n", "longer than 300 characters"),
        (f"## One\n\n{'x' * 20_001}\n", "divide it by headings"),
        ("## One\n" * 501, "up to 500"),
    ],
)
def test_what_cannot_be_taken_is_named(markdown: str, said: str):
    with pytest.raises(Invalid) as refused:
        parse(markdown)

    assert said in str([error.message for error in refused.value.errors])


def test_a_plan_shows_how_each_heading_was_matched_and_keeps_nothing(library: Library, officer: As):
    library.move(2, "withdrawn")
    text = "## 1 Marking\n\nEvery firearm is marked.\n## 7 Laser marks\n\nNew."

    plan = officer.post(f"{library.path}/plan", json={"markdown": text}).json()

    assert plan["compared_with"] == 1
    assert [(row["anchor"], row["how"], row["change"]) for row in plan["rows"]] == [
        ("marking", "heading", "changed"),
        ("laser-marks", "new", "added"),
    ]
    assert [one["anchor"] for one in plan["dropped"]] == ["detection", "records"]
    assert [one["number"] for one in officer.get(library.path).json()["versions"]] == [2, 1]


def test_unknown_codes_are_refused_with_their_line(library: Library, officer: As):
    library.move(2, "withdrawn")
    text = "## One {themes=WPN-MARK}\n## Two {provisions=9999:1}\n"

    refused = officer.post(f"{library.path}/versions", json={"markdown": text})

    assert refused.status_code == 422
    messages = [error["message"] for error in refused.json()["errors"]]
    assert messages[0].startswith("Line 1: 'WPN-MARK' is not a code")
    assert messages[1].startswith("Line 2: '9999' is not a code")


@pytest.mark.parametrize("ref", ["a", "lower-case", "-X1", "WITH SPACE", "X" * 41])
def test_a_reference_is_short_and_plain(officer: As, ref: str):
    assert officer.post("/api/v1/practices", json={"ref": ref, "title": "One"}).status_code == 422


def test_a_reference_is_taken_once(library: Library, officer: As):
    assert officer.post("/api/v1/practices", json={"ref": "GUIDE-1", "title": "One"}).status_code == 409
