"""One story from the report to a verified outcome, through the API alone: who may not see something never does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy.orm import Session

from app.audit.chain import verify
from app.core.actor import Role
from app.core.settings import Settings
from app.organizations.service import ensure_built_in_groups
from tests.conftest import As, run_jobs
from tests.test_disclosure import _filled, _text

API = "/api/v1"
TABLE = """No.\tRecommendation\tProvision\tPriority\tResponsible authority\tWhat exists already
1\tEnable the 12 armouries of the national police to keep and check registers of small arms: \
train 24 storekeepers in stockpile management\t2370, OP 6\thigh\tDirectorate General of Police\t\
Paper registers are kept at 3 of them
2\tEnable the two laboratories of the gendarmerie to mark and trace 5,000 seized firearms under the \
law on weapons: train 10 technicians\t2370, OP 6\tmedium\tGendarmerie\tOne marking machine was received in 2024
3\tLegislative, material, technical and financial assistance\t\tlow\t\t
"""
STORAGE = {
    "title": "Armoury management and registers of small arms for police forces",
    "summary": "Stockpile management: armouries, registers of small arms, and the training of storekeepers.",
    "themes": ["WPN-PSM"],
    "weapons": ["SALW"],
    "assistance_types": ["training"],
    "coverage": {"regions": ["011"]},
}
TRACING = {
    "title": "Marking and tracing of seized firearms for laboratories",
    "summary": "Training of technicians in marking, record-keeping and tracing of firearms that were seized.",
    "themes": ["WPN-MRT"],
    "weapons": ["SALW"],
    "assistance_types": ["training"],
    "coverage": {"regions": ["011"]},
}
# What the two needs say, each word of it in one of them alone.
WORDS = {"storekeepers in stockpile", "laboratories of the gendarmerie", "Directorate General of Police"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An office where a second officer clears what goes out."""
    return Settings(
        data_dir=tmp_path,
        database_url="sqlite://",
        run_jobs_in_process=False,
        clearance="always",
        requests_per_minute=100_000,
        _env_file=None,
    )


class Office:
    """What the officers of the story do, each call a success or the test ends."""

    def __init__(self, app: FastAPI, officer: As, second: As) -> None:
        self.app, self.officer, self.second = app, officer, second

    def done(self, answer: Any, status: int = 201) -> Any:
        assert answer.status_code == status, f"{answer.request.method} {answer.request.url.path}: {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str, **asked: Any) -> Any:
        return self.done(self.officer.get(f"{API}{path}", params=asked), 200)

    def post(self, path: str, status: int = 201, **body: Any) -> Any:
        return self.done(self.officer.post(f"{API}{path}", json=body), status)

    def tagged(self, path: str, body: dict[str, Any], expected: int) -> Any:
        """Post what needs If-Match, with the newest tag of the record that the path is below."""
        tag = self.officer.get(f"{API}{path.rpartition('/')[0]}").headers["ETag"]
        return self.done(self.officer.post(f"{API}{path}", json=body, headers={"If-Match": tag}), expected)

    def change(self, path: str, body: dict[str, Any]) -> Any:
        tag = self.officer.get(f"{API}{path}").headers["ETag"]
        return self.done(self.officer.patch(f"{API}{path}", json=body, headers={"If-Match": tag}), 200)

    def move(self, ref: str, body: dict[str, Any], expected: int = 200) -> Any:
        return self.tagged(f"/needs/{ref}/status", body, expected)

    def cleared(self, held: dict[str, Any]) -> dict[str, Any]:
        """What was held is cleared by the second officer; its own officer cannot."""
        path = f"{API}/clearances/{held['id']}"
        tag = {"If-Match": self.second.get(path).headers["ETag"]}
        own = self.officer.post(f"{path}/decisions", json={"cleared": True}, headers=tag)
        assert own.status_code in {403, 409}, own.text
        answer = self.second.post(f"{path}/decisions", json={"cleared": True}, headers=tag)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def released(self, refs: list[str], assessment: str, **more: Any) -> None:
        body = {"fields": "full", "basis": "document", "reference": "Note verbale 7", "needs": refs, **more}
        held = self.post(f"/assessments/{assessment}/releases", 202, **body)
        self.cleared(held)

    def release(self, ref: str, expected: int = 201, **more: Any) -> Any:
        """To one organization it is recorded at once, to a group it waits for a second officer (202)."""
        body = {"fields": "full", "basis": "document", "reference": "Note verbale 8", **more}
        return self.post(f"/needs/{ref}/releases", expected, **body)

    def withdraw(self, ref: str) -> None:
        """The State takes all of its consent back."""
        for release in self.get(f"/needs/{ref}/releases")["items"]:
            if release["in_force"]:
                answer = self.officer.delete(f"{API}/needs/{ref}/releases/{release['id']}")
                assert answer.status_code == 204, answer.text

    def line(self, referral: str, n: int, move: str, who: As | None = None, **said: Any) -> Any:
        who = who or self.officer
        tag = self.done(who.get(f"{API}/referrals/{referral}"), 200)["etag"]
        path = f"{API}/referrals/{referral}/lines/{n}/moves"
        return self.done(who.post(path, json={"move": move, **said}, headers={"If-Match": tag}))


@pytest.fixture
def office(app: FastAPI, session: Session, officer: As) -> Office:
    ensure_built_in_groups(session)
    session.commit()
    return Office(app, officer, As(app, session, Role.OFFICER, officer.organization))


def addresses(app: FastAPI, names: dict[str, list[str]]) -> Iterator[str]:
    """Every address that somebody outside could guess, its parameters filled with what exists."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and "GET" in context.methods:
            yield from _filled(context.path, names)


def learnt(app: FastAPI, reader: As, names: dict[str, list[str]]) -> set[str]:
    """The words of the needs that a reader finds at any address."""
    found = set()
    for address in addresses(app, names):
        answer = reader.get(address, follow_redirects=False)
        assert answer.status_code < 500, address
        found |= {word for word in WORDS if word in _text(answer.content)}
    return found


def test_from_the_report_to_a_verified_outcome(
    app: FastAPI, office: Office, partner: As, other_partner: As, donor: As, session: Session
):
    # The report's table becomes drafts; a vague one cannot be opened.
    visit = office.post("/assessments", kind="comprehensive", states=["TG"])["ref"]
    taken = office.done(office.officer.post(f"{API}/assessments/{visit}/table", json={"text": TABLE}), 200)
    first, second, vague = [row["need"] for row in taken["rows"]]
    assert [row["specificity"]["passes"] for row in taken["rows"]] == [True, True, False]
    drafts = {"needs": [{"ref": ref} for ref in (first, second, vague)]}
    office.done(office.officer.post(f"{API}/assessments/{visit}/confirmations", json=drafts), 200)
    opened = office.done(office.officer.post(f"{API}/assessments/{visit}/openings", json=drafts), 200)
    assert [row["outcome"] for row in opened["rows"]] == ["done", "done", "refused"]

    # Nobody outside knows of them before the State consents.
    names = {"ref": [first, second], "assessment_id": [visit]}
    for reader in (partner, other_partner, donor):
        assert learnt(app, reader, names) == set()

    # The State lets partners see both, cleared by a second officer; then a text is edited: not shown.
    office.released([first, second], visit, audience={"group": "partners"})
    assert learnt(app, partner, names) == WORDS
    assert learnt(app, donor, names) == set()

    # The matcher proposes, an officer decides on a need at once.
    storage = office.done(partner.post(f"{API}/programmes", json={**STORAGE, "status": "active"}))["ref"]
    office.done(other_partner.post(f"{API}/programmes", json={**STORAGE, "status": "active"}))
    run_jobs(app)
    best = office.get(f"/needs/{first}/suggestions")["items"]
    assert {one["programme"]["title"] for one in best if one["proposed"]} == {STORAGE["title"]}
    pairs = office.get("/pairings", need=first, status="proposed")["items"]
    decisions = [
        {"pairing": pair["id"], "etag": pair["etag"], "judgement": "accept"}
        if pair["programme"]["ref"] == storage
        else {"pairing": pair["id"], "etag": pair["etag"], "judgement": "reject", "reason": "other_preferred"}
        for pair in pairs
    ]
    office.post(f"/needs/{first}/decisions", decisions=decisions)
    accepted = next(pair["id"] for pair in pairs if pair["programme"]["ref"] == storage)

    # An offer arrives for the other need, and is accepted.
    tracing = office.done(partner.post(f"{API}/programmes", json={**TRACING, "status": "active"}))["ref"]
    like = office.done(partner.get(f"{API}/needs/similar-to-mine"), 200)["items"]
    assert (second, tracing) in {(one["need"]["ref"], one["programme"]["ref"]) for one in like}
    offer = office.done(partner.post(f"{API}/needs/{second}/offers", json={"programme": tracing}))["id"]
    [offered] = office.get("/pairings", origin="partner", need=second)["items"]
    office.tagged(f"/pairings/{offered['id']}/decisions", {"judgement": "accept"}, 201)
    assert partner.get(f"{API}/offers/{offer}").json()["status"] == "accepted"

    # One letter for two needs, cleared by a second officer.
    letter = {"organization": "PARTNER", "pairings": [accepted, offered["id"]]}
    basis = {"basis": "document", "reference": "Note verbale 8"}
    held = office.post("/referrals", 202, **letter, release=basis)
    [referral] = office.cleared(held)["made"]
    names |= {"referral_id": [referral], "offer_id": [offer]}
    assert other_partner.get(f"{API}/referrals/{referral}").status_code == 404

    # First withdrawal: no partner sees the first need any more, and the live line is put before the officer.
    office.withdraw(first)
    for reader in (partner, other_partner):
        assert learnt(app, reader, names) == WORDS - {"storekeepers in stockpile", "Directorate General of Police"}
    assert office.get(f"/referrals/{referral}")["lines"][0]["attention"]
    # The State lets the one organization see it.
    office.release(first, audience={"organization": "PARTNER"})
    assert learnt(app, partner, names) == WORDS
    assert "storekeepers" not in other_partner.get(f"{API}/needs").text

    # The organization takes up the first in part, if funded; the second in whole.
    office.line(referral, 1, "take_up", partner, part="part", what="Six of the armouries", if_funded=True)
    office.line(referral, 2, "take_up", partner, part="whole")

    # The donor sees the first, is interested, and learns that it is ready to fund.
    cost = {"low": 90_000, "high": 120_000, "currency": "USD", "estimated_by": "CTED"}
    consented = office.change(f"/needs/{first}", {"indicative_cost": cost})["revision"]
    # A text edited after consent is not shown until the release is extended.
    edited = office.get(f"/needs/{first}")["description"] + " Confidential afterthought."
    office.change(f"/needs/{first}", {"description": edited})
    assert "afterthought" not in partner.get(f"{API}/needs/{first}").text
    held = office.release(first, 202, audience={"group": "donors"}, revision=consented)
    office.cleared(held)
    assert "afterthought" not in donor.get(f"{API}/needs/{first}").text
    interest = office.done(donor.post(f"{API}/interests", json={"need": first, "kind": "co_funding"}))["id"]
    assert donor.get(f"{API}/needs/{first}/funding").json()["ready"] is True
    linked = {"status": "acknowledged", "funds": {"referral": referral, "line": 1}}
    office.change(f"/interests/{interest}", linked)
    names |= {"interest_id": [interest]}

    # The State accepts, the provider's due diligence is recorded, delivery begins.
    accepted_by = {"on": "2026-01-15", "reference": "Note verbale 9"}
    diligence = {"result": "done", "on": "2026-01-16", "reference": "DD 3"}
    for n in (1, 2):
        office.line(referral, n, "start", accepted=accepted_by, diligence=diligence)
    assert donor.get(f"{API}/interests/{interest}").json()["referral"]["status"] == "in_delivery"

    # Second withdrawal: the donor loses the need at once, and keeps what it entered.
    donors = next(
        release["id"]
        for release in office.get(f"/needs/{first}/releases")["items"]
        if release["audience"] == {"group": "donors"}
    )
    assert office.officer.delete(f"{API}/needs/{first}/releases/{donors}").status_code == 204
    assert learnt(app, donor, names) == set()
    kept = donor.get(f"{API}/interests/{interest}").json()
    assert (kept["need"], kept["title"], kept["referral"]["status"]) == (first, None, "in_delivery")

    # Delivered in part: both sides say so; the need is closed as partly met, what is left is a need of its own.
    office.line(referral, 1, "report", partner, outcome="partly_delivered", note="Four of six armouries")
    office.line(referral, 1, "report", side="state", outcome="partly_delivered", note="Two are left")
    closing = {"status": "closed", "outcome": "partly_met"}
    blocked = office.move(first, closing, 409)
    assert referral in str(blocked)
    office.line(referral, 1, "complete")
    office.move(first, closing)
    [residual] = [need for need in office.get("/needs", status="draft")["items"] if need["residual_of"] == first]
    assert residual["ref"] not in {first, second, vague}
    assert partner.get(f"{API}/needs/{first}").status_code == 404
    own = partner.get(f"{API}/referrals/{referral}").json()["lines"][0]
    assert (own["need"], own["status"]) == (None, "completed")

    # Third withdrawal, under a live line: put before the officer, and nothing is reachable any more.
    office.withdraw(second)
    everybody = (partner, other_partner, donor)
    names["ref"].append(residual["ref"])
    assert [learnt(app, reader, names) for reader in everybody] == [set(), set(), set()]
    line = office.get(f"/referrals/{referral}")["lines"][1]
    assert line["attention"]

    # The residual need is opened, and the figures and files tell of all this.
    office.move(residual["ref"], {"status": "open"})
    briefing = office.get("/briefing", **{"from": "2026-01-01"})
    assert "storekeepers" not in str(briefing)
    for kind, ref in (("state", "TG"), ("organization", "PARTNER"), ("delegation", "DONOR")):
        page = office.officer.get(f"{API}/files/{kind}/{ref}")
        assert page.status_code == 200, page.text
        word = office.officer.get(f"{API}/files/{kind}/{ref}", params={"format": "docx"})
        assert word.content.startswith(b"PK")
    assert "storekeepers in stockpile" not in office.officer.get(f"{API}/files/delegation/DONOR").text

    # Nothing of it can be changed afterwards without being noticed.
    session.commit()
    assert verify(session).broken_at is None
