"""Documents as flat cells."""

from typing import Any

import pytest

from app.exchange import shapes
from app.exchange.schemas import NeedRow
from app.organizations.schemas import OrganizationIn
from app.programmes.schemas import ProgrammeRow

PROGRAMME = shapes.columns_of(ProgrammeRow)
NEED = shapes.columns_of(NeedRow)


def test_nested_fields_have_dotted_columns():
    paths = {column.path for column in PROGRAMME}

    assert {"title", "coverage.global", "coverage.regions", "provenance.source_url", "partners"} <= paths
    assert "coverage" not in paths


@pytest.mark.parametrize(
    ("path", "value", "cell"),
    [
        ("themes", ["WPN-PSM", "WPN-LEG"], "WPN-PSM; WPN-LEG"),
        ("activities", ["one; two", "three"], '["one; two", "three"]'),
        ("activities", ["[draft] law"], '["[draft] law"]'),
        ("partners", [{"organization": "EU", "role": "funding"}, {"organization": "AU"}], "EU:funding; AU"),
        ("coverage.global", True, "true"),
        ("capacity", 4, 4),
        ("budget", 1000.5, 1000.5),
        ("starts_on", "2026-01-01", "2026-01-01"),
        ("summary", "[not a list]", "[not a list]"),
    ],
)
def test_a_value_is_written_to_a_cell_and_read_from_it(path: str, value: Any, cell: Any):
    [column] = [column for column in PROGRAMME if column.path == path]
    document: Any = value
    for name in reversed(path.split(".")):
        document = {name: document}

    assert shapes.flat([column], document) == {path: cell}
    assert shapes.nested(PROGRAMME, {path: str(cell)}) == document


def test_provisions_are_pairs_and_translations_are_json():
    document = {
        "provisions": [{"instrument": "2370", "paragraph": "6"}, {"instrument": "ATT"}],
        "translations": {"fr": {"title": "Titre", "description": "Texte"}},
        "recipient": {"countries": ["XA"]},
    }

    cells = shapes.flat(NEED, document)

    assert cells["provisions"] == "2370:6; ATT"
    assert cells["recipient.countries"] == "XA"
    assert shapes.nested(NEED, {name: cell for name, cell in cells.items() if cell is not None}) == document


def test_lists_of_larger_objects_are_json():
    columns = shapes.columns_of(OrganizationIn)
    members = [{"country": "TG", "from": "2020-01-01"}, {"country": "ML"}]

    cells = shapes.flat(columns, {"members": members})

    assert shapes.nested(columns, {"members": cells["members"]}) == {"members": members}


def test_an_empty_cell_clears_what_can_be_cleared_and_else_says_nothing():
    cells = {"funding": "", "capacity": " ", "weapons": "", "kind": "", "title": "", "coverage.global": ""}

    assert shapes.nested(PROGRAMME, cells) == {"funding": None, "capacity": None, "weapons": None, "title": ""}


def test_zeros_that_a_spreadsheet_took_off_a_region_are_put_back():
    assert shapes.nested(PROGRAMME, {"coverage.regions": "11; 2"}) == {"coverage": {"regions": ["011", "002"]}}


def test_a_cell_that_is_not_what_its_column_holds_stays_as_it_is_written():
    cells = {"capacity": "many", "coverage.global": "perhaps", "partners": "[EU"}

    assert shapes.nested(PROGRAMME, cells) == {
        "capacity": "many",
        "coverage": {"global": "perhaps"},
        "partners": [{"organization": "[EU"}],
    }


def test_an_object_may_stand_as_json_in_one_cell():
    assert shapes.nested(PROGRAMME, {"coverage": '{"global": true}'}) == {"coverage": {"global": True}}
