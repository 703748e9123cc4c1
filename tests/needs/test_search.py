"""Search and filters of the list, each among needs that must not be found."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import As
from tests.needs.conftest import DEPOTS, Stated

Found = list[str]

DRONES = {"title": "No authority may stop a drone", "description": "Police at the stadium have no equipment."}
FRENCH = {
    "title": "Marquage des armes légères et de petit calibre",
    "description": "Deux machines sont hors service.",
    "language": "fr",
}
PROVISION = {
    "title": "Armouries exposed to attack",
    "description": "Fences are missing.",
    "provisions": [{"instrument": "2370", "paragraph": "6"}, {"instrument": "1373", "paragraph": "2 (a)"}],
}
NOISE = (
    {"title": "Border posts without scanners", "description": "Six of 2,370 trucks are searched; OP 6 is a form."},
    {"title": "Courts lack training", "description": "Judges have no guidance on 1373 or 2370."},
    {
        "title": "Prison registers",
        "description": "Paper files.",
        "provisions": [{"instrument": "2370", "paragraph": "7"}],
    },
)


@pytest.fixture
def needs(stated: Stated) -> dict[str, Any]:
    for noise in NOISE:
        stated(**noise)
    return {"drones": stated(**DRONES), "french": stated(**FRENCH), "provision": stated(**PROVISION)}


def found(reader: As, **wanted: Any) -> Found:
    answer = reader.get("/api/v1/needs", params=wanted)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    "q", ["drone", "drones", "UAS", "uas", "unmanned aircraft systems", "无人机", "stadium drone"]
)
def test_a_need_is_found_by_every_name_of_its_subject(needs: Any, officer: As, q: str):
    assert found(officer, q=q) == [DRONES["title"]]


@pytest.mark.parametrize("q", ["SALW", "small arms", "marquage", "armes"])
def test_a_french_need_is_found_by_the_english_acronym(needs: Any, officer: As, q: str):
    assert found(officer, q=q) == [FRENCH["title"]]


@pytest.mark.parametrize("q", ["OP 6 of 2370", "1373, 2 (a)", "S/RES/2370 (2017), para. 6", "attack OP 6 of 2370"])
def test_a_need_is_found_by_its_provision(needs: Any, officer: As, q: str):
    assert found(officer, q=q) == [PROVISION["title"]]


def test_a_need_is_found_by_its_reference(needs: Any, officer: As):
    assert found(officer, q=needs["drones"]["ref"]) == [DRONES["title"]]


def test_a_translation_is_searched_in_its_language(stated: Stated, needs: Any, officer: As):
    text = {"title": "Лодки", "description": "Патрульных лодок нет"}
    stated(title="Boats", description="There are none", translations={"ru": text})

    assert found(officer, q="патрульная лодка") == ["Boats"]


def test_a_title_comes_before_a_description(stated: Stated, officer: As):
    stated(title="Ballistics laboratory", description="Nothing else.")
    stated(title="Police", description="A laboratory for ballistics is wanted.")

    assert found(officer, q="ballistics") == ["Ballistics laboratory", "Police"]


def test_searching_finds_what_the_need_says_now(stated: Stated, officer: As):
    need = stated(title="Before")
    officer.patch(f"/api/v1/needs/{need['ref']}", json={"title": "After"}, headers={"If-Match": need["etag"]})

    assert (found(officer, q="before"), found(officer, q="after")) == ([], ["After"])


@pytest.mark.parametrize(
    ("wanted", "titles"),
    [
        ({"theme": "WPN-PSM"}, ["A"]), ({"theme": ["WPN-PSM", "WPN-MRT"]}, ["A", "B"]),
        ({"weapon": "SALW"}, ["B"]),
        ({"dimension": "operational"}, ["A"]), ({"function": "prevent"}, ["B"]),
        ({"assistance_type": "training"}, ["B"]),
        ({"country": "TG"}, ["A"]), ({"region": "011"}, ["A"]), ({"region": "002"}, ["A", "B"]),
        ({"region": "142"}, ["C"]),
        ({"instrument": "2370"}, ["A", "B"]), ({"provision": "OP 6 of 2370"}, ["A"]),
        ({"provision": "2370:7"}, ["B"]),
        ({"provision": "2370"}, ["A", "B"]), ({"instrument": "ATT"}, ["C"]), ({"provision": "ATT:6"}, ["C"]),
        ({"priority": "high"}, ["A"]), ({"priority": ["high", "low"]}, ["A", "B"]),
        ({"status": "draft"}, ["A", "B", "C"]),
        ({"beneficiary_kind": "police"}, ["B"]), ({"responsible": "me"}, ["A", "B", "C"]),
        ({"status": "open"}, []),
        ({"since": "2020-01-01"}, ["A", "B", "C"]), ({"since": "2100-01-01"}, []),
        ({"theme": "WPN-PSM", "country": "KE"}, []), ({"q": "second", "theme": "WPN-MRT"}, ["B"]),
    ],
)  # fmt: skip
def test_filters_find_what_has_the_code_and_nothing_else(
    stated: Stated, officer: As, wanted: dict[str, Any], titles: Found
):
    stated(
        title="A", description="first", themes=["WPN-PSM"], dimensions=["operational"], priority="high",
        provisions=[{"instrument": "2370", "paragraph": "6"}],
    )  # fmt: skip
    stated(
        title="B", description="second", recipient={"countries": ["KE"]}, themes=["WPN-MRT"], weapons=["SALW"],
        functions=["prevent"], assistance_types=["training"], priority="low", beneficiary_kind="police",
        provisions=[{"instrument": "2370", "paragraph": "7"}],
    )  # fmt: skip
    att = [{"instrument": "ATT", "paragraph": "article 6 (3)"}]
    stated(title="C", description="third", recipient={"region": "034"}, provisions=att)

    assert sorted(found(officer, **wanted)) == titles


@pytest.mark.parametrize(
    ("wanted", "pointer", "near"),
    [
        ({"theme": "WPN-PMS"}, "theme", "WPN-PSM"), ({"country": "Togoo"}, "country", "TG"),
        ({"provision": "??"}, "provision", "2370:6"), ({"instrument": "2371"}, "instrument", "2370"),
        ({"assessment": "A-1"}, "assessment", "A-1"), ({"sort": "score"}, "sort", "newest"),
        ({"q": "a\x00"}, "q", "control character"), ({"q": "x" * 301}, "q", "300"),
        ({"since": "soon"}, "since", "2027-12-31"),
        ({"themes": "WPN-PSM"}, "themes", "nearest: theme"),
        ({"limit": 0}, "limit", "1"), ({"limit": 201}, "limit", "200"), ({"cursor": "!"}, "cursor", "start again"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_named_with_what_was_probably_meant(
    officer: As, wanted: dict[str, Any], pointer: str, near: str
):
    answer = officer.get("/api/v1/needs", params=wanted)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert near in answer.json()["errors"][0]["message"]


def test_facets_count_each_filter_without_its_own_choice(stated: Stated, officer: As):
    stated(themes=["WPN-PSM"], priority="high")
    stated(themes=["WPN-MRT"], priority="high", recipient={"countries": ["KE"]})
    stated(themes=["WPN-MRT", "WPN-PSM"], priority="low", recipient={"countries": ["KE"]})

    page = officer.get("/api/v1/needs?facets=true&count=true&theme=WPN-PSM&country=KE").json()

    assert page["total"] == len(page["items"]) == 1
    assert page["facets"]["theme"] == {"WPN-MRT": 2, "WPN-PSM": 1}
    assert page["facets"]["country"] == {"KE": 1, "TG": 1}
    assert page["facets"]["priority"] == {"low": 1}
    assert page["facets"]["status"] == {"draft": 1}


@pytest.mark.parametrize("sort", ["newest", "oldest", "title", "priority", "wanted_by", None])
def test_pages_follow_one_another_without_gap_or_repeat(stated: Stated, officer: As, sort: str | None):
    for n, priority in enumerate(["high", "low", None, "medium", "high"]):
        day = None if n == 2 else f"2027-01-0{n + 1}"
        stated(title=f"Need {4 - n}", priority=priority, wanted_by=day, description="the same word")
    order = {"sort": sort} if sort else {"q": "word"}
    whole = found(officer, **order)

    paged: Found = []
    url = "/api/v1/needs?limit=2&" + "&".join(f"{name}={value}" for name, value in order.items())
    while url:
        answer = officer.get(url)
        paged += [item["title"] for item in answer.json()["items"]]
        link = answer.headers.get("Link", "")
        url = link[1 : link.index(">")] if link else ""

    assert paged == whole
    assert len(set(whole)) == 5
    expected = {
        "title": ["Need 0", "Need 1", "Need 2", "Need 3", "Need 4"],
        "wanted_by": ["Need 4", "Need 3", "Need 1", "Need 0", "Need 2"],
        "oldest": ["Need 4", "Need 3", "Need 2", "Need 1", "Need 0"],
    }
    assert expected.get(sort or "", whole) == whole


@settings(
    deadline=None, database=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=120))
def test_no_search_is_a_fault_of_ours(officer: As, q: str):
    answer = officer.get("/api/v1/needs", params={"q": q.encode("utf-8", "replace").decode(), "facets": "true"})

    assert answer.status_code in {200, 422}


@pytest.mark.parametrize(
    "q", ["a b " * 70, "无人机" * 90, '"' * 50, "NOT drone OR *", "c_ p_ t_", "NEAR(a b)", "- * ^ :"]
)
def test_words_of_the_index_have_no_meaning_in_a_search(officer: As, q: str):
    assert officer.get("/api/v1/needs", params={"q": q}).status_code == 200


@settings(
    deadline=None, database=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(st.characters(), min_size=1, max_size=80))
def test_no_text_is_a_fault_of_ours_and_what_is_taken_comes_back(stated: Stated, officer: As, text: str):
    body = json.dumps({**DEPOTS, "title": text, "institution": text, "description": text})
    answer = officer.post("/api/v1/needs", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in {201, 422}, answer.text
    if answer.status_code == 201:
        assert officer.get(f"/api/v1/needs/{answer.json()['ref']}").json()["title"] == answer.json()["title"]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "W10",
        "eyJhIjoxfQ",
        "WyJ4IiwieSJd",
        "WzFlOTk5LCJ4Il0",
        "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwieCJd",
        "\ud83d\ude00",
    ],
)
def test_no_cursor_is_a_fault_of_ours(stated: Stated, officer: As, cursor: str):
    stated()

    for sort in ("newest", "title", "priority", "wanted_by"):
        url = "/api/v1/needs"
        params = {"cursor": cursor.encode("utf-16", "surrogatepass").decode("utf-16"), "sort": sort}
        assert officer.get(url, params=params).status_code in {200, 422}
