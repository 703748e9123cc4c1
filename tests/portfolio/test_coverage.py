"""Coverage counts what its reader may see, and no count tells more than a release does."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.needs.models import ReleaseFields
from tests.conftest import As
from tests.portfolio.conftest import Filler
from tests.test_disclosure import STATES, Scene, arrange
from tests.test_disclosure import scene as scene

COVERAGE = "/api/v1/coverage"


def cell(reader: As, theme: str = "WPN-PSM", region: str = "011") -> dict[str, Any]:
    answer = reader.get(COVERAGE)
    assert answer.status_code == 200, answer.text
    nothing = {"needs": 0, "programmes": 0, "without": 0}
    return next((c for c in answer.json()["cells"] if (c["theme"], c["region"]) == (theme, region)), nothing)


@pytest.mark.parametrize("state", STATES)
def test_a_need_counts_for_those_alone_who_see_it(
    scene: Scene, session: Session, partner: As, other_partner: As, donor: As, state: str
):
    allowed = arrange(state, scene, session)

    for name, reader in {"partner": partner, "other_partner": other_partner, "donor": donor}.items():
        opened = reader.get("/api/v1/needs?status=open&count=true").json()["total"]
        assert reader.get(COVERAGE).json()["needs"] == opened == cell(reader)["needs"]
        assert opened <= int(bool(allowed.get(name)))


@pytest.mark.parametrize(("fields", "without"), [("summary", 0), ("full", 1)])
def test_whether_a_state_is_served_is_told_to_those_alone_who_are_shown_the_state(
    officer: As, donor: As, filler: Filler, fields: str, without: int
):
    filler.release(filler.need(states=("TG",)), donor.organization, ReleaseFields(fields))
    filler.programme(countries=("ML",))
    filler.session.commit()

    assert cell(officer)["without"] == 1
    assert cell(donor) == {"theme": "WPN-PSM", "region": "011", "needs": 1, "programmes": 1, "without": without}


def test_a_need_is_with_a_programme_when_one_serves_one_of_its_states_in_the_region(officer: As, filler: Filler):
    filler.need(states=("TG", "KE"))
    filler.programme(countries=("TG",))
    filler.session.commit()

    assert (cell(officer)["without"], cell(officer, region="014")["without"]) == (0, 1)


def test_a_partners_own_draft_is_no_coverage(officer: As, partner: As, filler: Filler):
    body = {"title": "Depots", "summary": "s", "themes": ["WPN-PSM"], "coverage": {"global": True}}
    assert partner.post("/api/v1/programmes", json=body | {"status": "draft"}).status_code == 201

    assert cell(partner)["programmes"] == 0


def test_a_need_without_a_theme_is_in_no_cell_but_in_the_total(officer: As, filler: Filler):
    filler.need(themes=())
    filler.session.commit()

    answer = officer.get(COVERAGE).json()

    assert (answer["needs"], answer["cells"]) == (1, [])


WRONG = [
    "coverage?theme=x",
    "portfolio/fairness?x=1",
    "portfolio/unsupported?region=ZZ",
    "portfolio/unsupported?cursor=e30",
    "portfolio/crowded?limit=0",
    "portfolio/crowded?theme=%00",
]


@pytest.mark.parametrize("path", WRONG)
def test_what_no_list_takes_is_refused(officer: As, path: str):
    assert officer.get(f"/api/v1/{path}").status_code == 422


def test_pages_of_a_list_go_on_where_one_ends(officer: As, filler: Filler):
    made = {filler.need(opened=100 + n).need.ref for n in range(5)}
    filler.session.commit()

    first = officer.get("/api/v1/portfolio/unsupported?limit=3&count=true").json()
    second = officer.get("/api/v1/portfolio/unsupported", params={"limit": 3, "cursor": first["next"]}).json()

    assert (first["total"], second["next"]) == (5, None)
    assert {item["ref"] for item in [*first["items"], *second["items"]]} == made
    assert [item["days_open"] for item in first["items"]] == [104, 103, 102]
