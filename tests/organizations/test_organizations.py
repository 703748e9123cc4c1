"""Organizations: read by all who are signed in, managed by admins."""

from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.organizations.models import Organization, OrganizationKind
from tests.conftest import As, make_organization

UNODA = {"ref": "UNODA-T", "name": "Office for Disarmament Affairs", "level": "international"}
UNREC = {
    "ref": "UNREC-T",
    "name": "Regional Centre in Africa",
    "level": "regional",
    "parent": "UNODA-T",
    "mailboxes": ["office@unrec.example"],
    "members": [{"country": "TG", "from": "1986-01-01", "source": "founding text"}, {"country": "ML"}],
}


def test_an_admin_makes_an_organization_with_parent_and_members(admin: As, partner: As):
    admin.post("/api/v1/organizations", json=UNODA)
    made = admin.post("/api/v1/organizations", json=UNREC)

    read = partner.get("/api/v1/organizations/UNREC-T").json()
    assert made.status_code == 201
    assert read == made.json()
    assert read["parent"] == "UNODA-T"
    assert [member["country"] for member in read["members"]] == ["ML", "TG"]
    assert read["members"][1]["from"] == "1986-01-01"


def test_a_change_keeps_what_is_absent_and_clears_what_is_null(admin: As):
    admin.post("/api/v1/organizations", json=UNODA)
    first = admin.post("/api/v1/organizations", json={**UNREC, "mandate": "Assists"})
    change = {"parent": None, "members": [{"country": "TG", "from": "1986-01-01", "until": "2025-01-29"}]}

    answer = admin.patch("/api/v1/organizations/UNREC-T", json=change, headers={"If-Match": first.headers["ETag"]})

    assert answer.status_code == 200
    assert answer.headers["ETag"] != first.headers["ETag"]
    assert (answer.json()["parent"], answer.json()["mandate"]) == (None, "Assists")
    assert [(m["country"], m["until"]) for m in answer.json()["members"]] == [("TG", "2025-01-29")]


def test_a_change_of_the_members_alone_changes_the_etag(admin: As):
    first = admin.post("/api/v1/organizations", json=UNODA)

    answer = admin.patch(
        "/api/v1/organizations/UNODA-T",
        json={"members": [{"country": "TG"}]},
        headers={"If-Match": first.headers["ETag"]},
    )

    assert answer.headers["ETag"] != first.headers["ETag"]


def test_a_change_needs_the_present_etag(admin: As):
    first = admin.post("/api/v1/organizations", json=UNODA).headers["ETag"]
    admin.patch("/api/v1/organizations/UNODA-T", json={"name": "Other"}, headers={"If-Match": first})

    def change(headers: dict[str, str]) -> int:
        return admin.patch("/api/v1/organizations/UNODA-T", json={"name": "Third"}, headers=headers).status_code

    assert change({}) == 428
    assert change({"If-Match": first}) == 412


def test_a_change_leaves_one_event_with_the_changed_fields(admin: As, session: Session):
    etag = admin.post("/api/v1/organizations", json=UNODA).headers["ETag"]
    admin.patch("/api/v1/organizations/UNODA-T", json={"name": "Disarmament"}, headers={"If-Match": etag})
    admin.patch("/api/v1/organizations/UNODA-T", json={"name": "Disarmament"}, headers={"If-Match": "*"})

    events = session.query(AuditEvent).filter_by(subject_ref="UNODA-T").order_by(AuditEvent.number).all()
    assert [event.action for event in events] == ["organization.created", "organization.changed"]
    assert (events[1].before, events[1].after) == ({"name": UNODA["name"]}, {"name": "Disarmament"})


def test_a_reference_is_unique(admin: As):
    admin.post("/api/v1/organizations", json=UNODA)

    answer = admin.post("/api/v1/organizations", json=UNODA)

    assert (answer.status_code, answer.json()["detail"]) == (409, "There is an organization UNODA-T already")


def test_a_repeated_request_makes_one(admin: As, session: Session):
    first, second = (
        admin.post("/api/v1/organizations", json=UNODA, headers={"Idempotency-Key": "one"}) for _ in range(2)
    )

    assert second.json() == first.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert session.query(Organization).filter_by(ref="UNODA-T").count() == 1


def test_bad_input_is_named_by_field(admin: As):
    def errors(**fields: object) -> dict[str, str]:
        answer = admin.post("/api/v1/organizations", json={**UNODA, **fields})
        assert answer.status_code == 422, answer.text
        return {error["pointer"]: error["message"] for error in answer.json()["errors"]}

    admin.post("/api/v1/organizations", json=UNREC | {"parent": None})

    assert "without spaces" in errors(ref="A/B")["/ref"]
    assert "UNREC-T" in errors(parent="UNREC")["/parent"]
    assert "KE (Kenya)" in errors(members=[{"country": "Kenia"}])["/members/0/country"]
    assert "/members/0/until" in errors(members=[{"country": "TG", "from": "2020-01-02", "until": "2020-01-01"}])
    assert "twice" in errors(members=[{"country": "TG"}, {"country": "TG"}])["/members"]
    assert "language" in errors(correspondence_language="xx")["/correspondence_language"]
    assert "/colour" in errors(colour="blue")
    assert "/name" in errors(name="a\u202eb")


def test_no_organization_stands_above_itself(admin: As):
    etag = admin.post("/api/v1/organizations", json=UNODA).headers["ETag"]
    admin.post("/api/v1/organizations", json=UNREC)

    answer = admin.patch("/api/v1/organizations/UNODA-T", json={"parent": "UNREC-T"}, headers={"If-Match": etag})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/parent")


def test_the_list_is_filtered_and_paged(admin: As, session: Session):
    for number in range(3):
        make_organization(session, f"ZZ-{number}", OrganizationKind.BOTH)
    admin.post("/api/v1/organizations", json=UNREC | {"parent": None, "ref": "ZZ-A", "kind": "donor"})

    first = admin.get("/api/v1/organizations?q=zz-&limit=2&count=true").json()
    rest = admin.get("/api/v1/organizations", params={"q": "zz-", "limit": 2, "cursor": first["next"]}).json()

    assert sorted(item["ref"] for item in first["items"] + rest["items"]) == ["ZZ-0", "ZZ-1", "ZZ-2", "ZZ-A"]
    assert (first["total"], rest["next"]) == (4, None)
    assert [i["ref"] for i in admin.get("/api/v1/organizations?q=zz-&kind=donor").json()["items"]] == ["ZZ-A"]
    assert [i["ref"] for i in admin.get("/api/v1/organizations?member=TG").json()["items"]] == ["ZZ-A"]


def test_an_organization_that_does_not_exist_is_not_found(partner: As):
    assert partner.get("/api/v1/organizations/NOPE").status_code == 404
    assert partner.get("/api/v1/organizations/%00").status_code == 404


def test_a_duplicate_is_merged_and_stays_readable(admin: As, session: Session):
    make_organization(session, "GOOD", OrganizationKind.BOTH)
    make_organization(session, "DUPLICATE", OrganizationKind.BOTH)
    admin.post("/api/v1/groups", json={"ref": "g", "name": "G", "members": [{"organization": "DUPLICATE"}]})

    answer = admin.post("/api/v1/organizations/DUPLICATE/merge", json={"into": "GOOD"}, headers={"If-Match": "*"})

    assert (answer.status_code, answer.json()["merged_into"]) == (200, "GOOD")
    assert admin.get("/api/v1/groups/g").json()["members"][0]["until"] is not None
    refused = admin.post("/api/v1/keys", json={"organization": "DUPLICATE", "role": "partner"})
    assert "merged into GOOD" in refused.json()["detail"]


def test_an_organization_with_accounts_is_not_merged(admin: As, partner: As, session: Session):
    make_organization(session, "GOOD", OrganizationKind.BOTH)

    answer = admin.post("/api/v1/organizations/PARTNER/merge", json={"into": "GOOD"}, headers={"If-Match": "*"})

    assert answer.status_code == 409
