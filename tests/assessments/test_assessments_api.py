from tests.conftest import As

VISIT = {"kind": "comprehensive", "states": ["TG", "BJ"], "visit_from": "2026-03-02", "visit_until": "2026-03-06"}
PATH = "/api/v1/assessments"


def test_an_assessment_is_recorded_and_read_back(officer: As):
    made = officer.post(PATH, json=VISIT)

    assert made.status_code == 201
    read = officer.get(f"{PATH}/{made.json()['id']}")
    assert read.json()["states"] == ["BJ", "TG"]
    assert read.headers["etag"] == made.json()["etag"]


def test_posting_the_same_external_identifier_again_updates(officer: As):
    first = officer.post(PATH, json={**VISIT, "external_id": "CTED-77"}).json()

    again = officer.post(PATH, json={**VISIT, "external_id": "CTED-77", "symbol": "S/AC.40/2026/1"})

    assert again.status_code == 200
    assert again.json()["id"] == first["id"]
    assert again.json()["symbol"] == "S/AC.40/2026/1"


def test_a_stale_change_is_refused_and_the_newer_one_kept(officer: As):
    made = officer.post(PATH, json=VISIT).json()
    path, old = f"{PATH}/{made['id']}", {"If-Match": made["etag"]}
    assert officer.patch(path, json={"symbol": "newer"}, headers=old).status_code == 200

    assert officer.patch(path, json={"symbol": "older"}, headers=old).status_code == 412
    assert officer.patch(path, json={"symbol": "older"}).status_code == 428
    assert officer.get(path).json()["symbol"] == "newer"


def test_null_clears_and_an_absent_field_is_kept(officer: As):
    made = officer.post(PATH, json={**VISIT, "symbol": "S/AC.40/2026/2"}).json()

    patched = officer.patch(
        f"{PATH}/{made['id']}", json={"visit_until": None}, headers={"If-Match": made["etag"]}
    ).json()

    assert patched["visit_until"] is None
    assert patched["symbol"] == "S/AC.40/2026/2"


def test_an_unknown_state_is_named_with_the_nearest_codes(officer: As):
    answer = officer.post(PATH, json={**VISIT, "states": ["TG", "Togoo"]})

    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/states/1"
    assert "TG (Togo)" in error["message"]


def test_a_visit_that_ends_before_it_begins_is_refused(officer: As):
    answer = officer.post(PATH, json={**VISIT, "visit_until": "2026-03-01"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/visit_until"


def test_an_agreement_has_a_day(officer: As):
    assert officer.post(PATH, json={**VISIT, "agreement": "yes"}).status_code == 422
    agreed = {**VISIT, "agreement": "yes", "agreement_on": "2026-05-01"}
    assert officer.post(PATH, json=agreed).status_code == 201


def test_only_officers_read_assessments(officer: As, partner: As, donor: As):
    officer.post(PATH, json=VISIT)
    assert partner.get(PATH).status_code == 403
    assert donor.get(PATH).status_code == 403


def test_the_list_is_filtered_by_state_and_paged(officer: As):
    for state in ("TG", "BJ", "GH"):
        officer.post(PATH, json={"kind": "survey", "states": [state]})

    page = officer.get(PATH, params={"state": ["TG", "GH"], "limit": 1, "count": True}).json()

    assert page["total"] == 2
    rest = officer.get(PATH, params={"state": ["TG", "GH"], "cursor": page["next"]}).json()
    states = [item["states"] for item in page["items"] + rest["items"]]
    assert sorted(states) == [["GH"], ["TG"]]


def test_a_cursor_of_another_list_is_refused(officer: As):
    assert officer.get(PATH, params={"cursor": "bm9uc2Vuc2U"}).status_code == 422


def test_a_repeated_key_records_one_assessment(officer: As):
    key = {"Idempotency-Key": "visit-1"}
    first = officer.post(PATH, json=VISIT, headers=key)
    again = officer.post(PATH, json=VISIT, headers=key)
    other = officer.post(PATH, json={**VISIT, "symbol": "x"}, headers=key)

    assert again.status_code == first.status_code == 201
    assert again.json()["id"] == first.json()["id"]
    assert other.status_code == 422
    assert officer.get(PATH, params={"count": True}).json()["total"] == 1


def test_what_the_state_answered_is_dated_after_the_report_and_whoever_records_answers_for_it(officer: As):
    early = officer.post(
        PATH, json={**VISIT, "report_received_on": "2026-05-02", "observations_received_on": "2026-05-01"}
    )
    without_report = officer.post(PATH, json={**VISIT, "steps_reported_on": "2026-05-01"})
    made = officer.post(
        PATH, json={**VISIT, "report_received_on": "2026-05-01", "observations_received_on": "2026-05-30"}
    ).json()
    patched = officer.patch(
        f"{PATH}/{made['id']}", json={"responsible": None}, headers={"If-Match": made["etag"]}
    ).json()

    assert early.json()["errors"][0]["pointer"] == "/observations_received_on"
    assert without_report.json()["errors"][0]["pointer"] == "/steps_reported_on"
    assert made["observations_received_on"] == "2026-05-30"
    assert (made["responsible"], patched["responsible"]) == (officer.user.email, None)
