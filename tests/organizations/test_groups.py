"""Groups: dated lists of organizations, whose past is never rewritten."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.organizations.models import Group, GroupMember
from app.organizations.queries import groups_of
from app.organizations.service import ensure_built_in_groups
from tests.conftest import As

TODAY = utc_now().date()
SAHEL = {"ref": "sahel", "name": "Sahel", "members": [{"organization": "PARTNER"}]}


def day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def refs(session: Session, who: As, days_ago: int = 0) -> set[str]:
    at = utc_now() - timedelta(days=days_ago)
    groups = session.scalars(groups_of(who.organization.id, at))
    return {session.get_one(Group, group_id).ref for group_id in groups}


def test_a_member_belongs_to_the_group_from_today(admin: As, partner: As, other_partner: As, session: Session):
    answer = admin.post("/api/v1/groups", json=SAHEL)

    assert answer.status_code == 201
    assert answer.json()["members"] == [{"organization": "PARTNER", "from": day(0), "until": None}]
    assert refs(session, partner) == {"sahel"}
    assert refs(session, partner, days_ago=1) == set()
    assert refs(session, other_partner) == set()


def test_who_is_left_out_is_a_member_until_today(admin: As, partner: As, session: Session):
    etag = admin.post("/api/v1/groups", json=SAHEL).headers["ETag"]
    long_ago = utc_now() - timedelta(days=30)
    session.query(GroupMember).update({"from_on": long_ago.date(), "added_at": long_ago})

    answer = admin.patch("/api/v1/groups/sahel", json={"members": []}, headers={"If-Match": etag})

    assert answer.json()["members"] == [{"organization": "PARTNER", "from": day(-30), "until": day(0)}]
    assert refs(session, partner) == set()
    assert refs(session, partner, days_ago=1) == {"sahel"}
    assert answer.headers["ETag"] != etag


def test_a_membership_to_come_can_be_dropped(admin: As, partner: As):
    to_come = {"organization": "PARTNER", "from": day(5)}
    etag = admin.post("/api/v1/groups", json={**SAHEL, "members": [to_come]}).headers["ETag"]

    answer = admin.patch("/api/v1/groups/sahel", json={"members": []}, headers={"If-Match": etag})

    assert answer.json()["members"] == []


def test_who_came_back_the_same_day_is_a_member_again(admin: As, partner: As, session: Session):
    admin.post("/api/v1/groups", json=SAHEL)
    for members in ([], [{"organization": "PARTNER"}]):
        admin.patch("/api/v1/groups/sahel", json={"members": members}, headers={"If-Match": "*"})

    assert refs(session, partner) == {"sahel"}


@pytest.mark.parametrize(
    ("member", "pointer"),
    [
        ({"organization": "PARTNER", "from": day(-3)}, "/members/0/from"),
        ({"organization": "PARTNER", "from": day(3), "until": day(2)}, "/members/0/until"),
        ({"organization": "PARTNERS"}, "/members/0/organization"),
    ],
)
def test_the_past_and_the_impossible_are_refused(admin: As, partner: As, member: dict[str, str], pointer: str):
    answer = admin.post("/api/v1/groups", json={**SAHEL, "members": [member]})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


def test_an_ended_membership_stays_as_it_was(admin: As, partner: As, session: Session):
    admin.post("/api/v1/groups", json=SAHEL)
    ended = {"from_on": TODAY - timedelta(days=30), "until_on": TODAY - timedelta(days=9)}
    session.query(GroupMember).update(ended)
    longer = {"organization": "PARTNER", "from": day(-30)}

    answer = admin.patch("/api/v1/groups/sahel", json={"members": [longer]}, headers={"If-Match": "*"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/members/0/until")


def test_the_built_in_groups_follow_the_kinds(admin: As, partner: As, donor: As, session: Session):
    ensure_built_in_groups(session)
    ensure_built_in_groups(session)

    assert (refs(session, partner), refs(session, donor)) == ({"partners"}, {"donors"})
    listed = {group["ref"]: group for group in admin.get("/api/v1/groups").json()["items"]}
    assert [member["organization"] for member in listed["donors"]["members"]] == ["DONOR"]
    answer = admin.patch(
        "/api/v1/groups/donors", json={"name": "X"}, headers={"If-Match": listed["donors"]["etag"]}
    )
    assert answer.status_code == 409


def test_officers_read_groups_and_admins_write_them(admin: As, officer: As, partner: As):
    admin.post("/api/v1/groups", json=SAHEL)

    assert officer.get("/api/v1/groups/sahel").json()["name"] == "Sahel"
    assert officer.post("/api/v1/groups", json=SAHEL).status_code == 403
    assert partner.get("/api/v1/groups/sahel").status_code == 403


def test_a_group_exists_once(admin: As, partner: As):
    admin.post("/api/v1/groups", json=SAHEL)

    assert admin.post("/api/v1/groups", json=SAHEL).status_code == 409
    assert admin.get("/api/v1/groups/none").status_code == 404
