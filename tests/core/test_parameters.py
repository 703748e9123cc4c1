"""A misspelt parameter is refused wherever it is sent: without it a list would show too much."""

import pytest

from tests.conftest import As


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/exports/needs.csv?priorityy=high", "priority"),
        ("/exports/programmes.csv?themes=WPN-PSM", "theme"),
        ("/api/v1/pairings?statuss=proposed", "status"),
        ("/api/v1/groups?limits=1", "limit"),
        ("/api/v1/audit?limits=1", "limit"),
        ("/api/v1/match-runs?cursors=x", "cursor"),
    ],
)
def test_a_misspelt_parameter_is_refused_with_the_nearest(admin: As, path: str, near: str):
    answer = admin.get(path)

    assert answer.status_code == 422
    assert near in answer.json()["detail"]
    assert answer.json()["errors"][0]["pointer"] == path.partition("?")[2].partition("=")[0]
