"""No route, page, export, count or facet shows more of a need than its releases allow: walked, not listed."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy.orm import Session

from app.core.db import utc_now
from app.needs.models import Release
from app.notices.reading import read_events
from app.organizations.service import ensure_built_in_groups
from tests.conftest import As

NEEDS = "/api/v1/needs"
SUMMARY = {"titlemark"}
FULL = SUMMARY | {"descriptionmark", "institutionmark", "effortsmark", "estimatormark"}
ACCEPTED = {"on": "2026-01-15", "reference": "referencemark"}
NEVER = {
    "unreleasedmark", "heldmark", "agreementmark", "sourcemark", "overridemark", "contactmark", "referencemark",
    "internalmark",
}  # fmt: skip
PROGRAMME = {
    "title": "Depots",
    "summary": "Builds depots",
    "themes": ["WPN-PSM"],
    "coverage": {"global": True},
    "status": "active",
}


class Scene:
    """One need that says something else in each field, and what else the routes' paths can name."""

    def __init__(self, officer: As, partner: As, donor: As) -> None:
        self.officer = officer
        self.comment = self._consulted()
        visit = officer.post(
            "/api/v1/assessments", json={"kind": "focused", "states": ["TG"], "symbol": "contactmark"}
        ).json()
        self.need = officer.post(
            NEEDS,
            json={
                "recipient": {"countries": ["TG"]},
                "title": "Depots titlemark",
                "description": "Depots descriptionmark",
                "institution": "institutionmark",
                "existing_efforts": "effortsmark",
                "indicative_cost": {"low": 10, "currency": "USD", "estimated_by": "estimatormark"},
                "source": "assessment",
                "assessment": visit["ref"],
                "source_ref": "sourcemark",
                "themes": ["WPN-PSM"],
                "assistance_types": ["training"],
                "clauses": ["GUIDE-M#storage"],
            },
        ).json()["ref"]
        self.programme = partner.post("/api/v1/programmes", json=PROGRAMME).json()["ref"]
        self.move("open", override_reason="overridemark")
        pair = {"need": self.need, "programme": self.programme}
        self.pairing = officer.post("/api/v1/pairings", json=pair).json()["id"]
        self.assessment = visit["id"]
        self.offer = self._offered(partner)
        self.interest = self._expressed(donor)
        self.readers = {"partner": partner, "donor": donor}
        said = {"clause": "storage", "text": "Depots have gates."}
        self.own_comment = partner.post("/api/v1/practices/GUIDE-M/comments", json=said).json()["id"]
        self.searches = {name: _kept(reader) for name, reader in self.readers.items()}
        self.referrals = [self._declined(partner)]
        agreed = {"country": "TG", "reference": "agreementmark", "agreed_on": "2026-01-15"}
        self.agreement = officer.post("/api/v1/silence-agreements", json=agreed).json()["id"]
        self.ended = officer.get(f"{NEEDS}/{self.need}/releases").json()["items"][0]["id"]
        self.held = self._held()

    def _held(self) -> str:
        """A release to all partners that waits for a second officer."""
        settings = self.officer.client.app.state.settings
        settings.clearance = "always"
        body = {"audience": {"group": "partners"}, "fields": "full", "basis": "document", "reference": "heldmark"}
        asked = self.officer.post(f"{NEEDS}/{self.need}/releases", json=body)
        settings.clearance = "off"
        assert asked.status_code == 202, asked.text
        return str(asked.json()["id"])

    def edit(self, **changes: str) -> None:
        etag = self.officer.get(f"{NEEDS}/{self.need}").json()["etag"]
        answer = self.officer.patch(f"{NEEDS}/{self.need}", json=changes, headers={"If-Match": etag})
        assert answer.status_code == 200, answer.text

    def extend(self, release_id: str, basis: str) -> str:
        body = {"basis": basis, "reference": "referencemark"}
        answer = self.officer.post(f"{NEEDS}/{self.need}/releases/{release_id}/extension", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def object_to(self, release_id: str) -> None:
        objection = {"country": "TG", "reference": "referencemark"}
        url = f"{NEEDS}/{self.need}/releases/{release_id}/objections"
        assert self.officer.post(url, json=objection).status_code == 200

    def _consulted(self) -> str:
        """GUIDE-M, with versions 1 and 2 published and 3 open; its comment was made on behalf of a workshop."""
        guide = "/api/v1/practices/GUIDE-M"
        self.officer.post("/api/v1/practices", json={"ref": "GUIDE-M", "title": "Guide to depots"})
        for number, text in enumerate(("Depots have locks.", "Depots have keys.", "Depots have guards."), start=1):
            markdown = {"markdown": f"## Storage {{#storage themes=WPN-PSM}}\n\n{text}\n## End\n"}
            opened = self.officer.post(f"{guide}/versions", json=markdown)
            assert opened.status_code == 201, opened.text
            if number < 3:
                etag = {"If-Match": opened.json()["etag"]}
                self.officer.post(f"{guide}/versions/{number}/status", json={"status": "current"}, headers=etag)
        said = {"clause": "storage", "text": "contactmark", "workshop": "contactmark", "source": "contactmark"}
        made = self.officer.post(f"{guide}/comments", json={**said, "said_on": "2026-10-01"})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])

    def _offered(self, partner: As) -> str:
        """An offer that the partner made while it saw the need, which it does no more."""
        release = self.release({"organization": "PARTNER"}, "full")
        offered = partner.post(f"{NEEDS}/{self.need}/offers", json={"programme": self.programme})
        assert offered.status_code == 201, offered.text
        assert self.officer.delete(f"{NEEDS}/{self.need}/releases/{release}").status_code == 204
        return str(offered.json()["id"])

    def _expressed(self, donor: As) -> str:
        """An interest that the donor expressed while it saw the need, which it does no more."""
        release = self.release({"organization": "DONOR"}, "full")
        expressed = donor.post("/api/v1/interests", json={"need": self.need, "kind": "full_funding"})
        assert expressed.status_code == 201, expressed.text
        assert self.officer.delete(f"{NEEDS}/{self.need}/releases/{release}").status_code == 204
        return str(expressed.json()["id"])

    def _declined(self, partner: As) -> str:
        """A letter that the partner answered, asked about and declined, after which it sees the need no more."""
        pairing = f"/api/v1/pairings/{self.pairing}"
        etag = self.officer.get(pairing).json()["etag"]
        accepted = self.officer.post(
            f"{pairing}/decisions", json={"judgement": "accept"}, headers={"If-Match": etag}
        )
        assert accepted.status_code == 201, accepted.text
        letter = {
            "organization": "PARTNER",
            "pairings": [self.pairing],
            "note": "internalmark",
            "release": {"basis": "document", "reference": "referencemark"},
        }
        conveyed = self.officer.post("/api/v1/referrals", json=letter)
        assert conveyed.status_code == 201, conveyed.text
        line = f"/api/v1/referrals/{conveyed.json()['id']}/lines/1/moves"
        for who, said in (
            (partner, {"move": "ask", "note": "Which depots?"}),
            (self.officer, {"move": "answer", "note": "All of them"}),
            (partner, {"move": "take_up", "part": "whole"}),
            (self.officer, {"move": "start", "accepted": ACCEPTED, "note": "internalmark"}),
            (self.officer, {"move": "report", "outcome": "not_delivered", "note": "internalmark"}),
            (partner, {"move": "decline", "reason": "no_funds"}),
        ):
            made = who.post(line, json=said, headers={"If-Match": "*"})
            assert made.status_code == 201, made.text
        return str(conveyed.json()["id"])

    def take_up(self, session: Session) -> list[str]:
        """A second letter, taken up, and the donor's interest that funds it; return the releases they stand on."""
        partner = self.readers["partner"]
        programme = partner.post("/api/v1/programmes", json={**PROGRAMME, "title": "Stores"}).json()["ref"]
        pairing = self.officer.post("/api/v1/pairings", json={"need": self.need, "programme": programme}).json()
        accept, tag = {"judgement": "accept"}, {"If-Match": pairing["etag"]}
        self.officer.post(f"/api/v1/pairings/{pairing['id']}/decisions", json=accept, headers=tag)
        releases = [self.release(PARTNER, "full"), self.release(DONORS, "full")]
        letter = {"organization": "PARTNER", "pairings": [pairing["id"]], "note": "internalmark"}
        referral = self.officer.post("/api/v1/referrals", json=letter).json()["id"]
        taken = {"move": "take_up", "part": "whole", "if_funded": True}
        move = f"/api/v1/referrals/{referral}/lines/1/moves"
        assert partner.post(move, json=taken, headers={"If-Match": "*"}).status_code == 201
        assert partner.post(f"{NEEDS}/{self.need}/named", json={}).status_code == 201
        funds = {"status": "acknowledged", "funds": {"referral": referral, "line": 1}}
        interest = f"/api/v1/interests/{self.interest}"
        assert self.officer.patch(interest, json=funds, headers={"If-Match": "*"}).status_code == 200
        read_events(session, self.officer.client.app.state.settings)
        session.commit()
        self.referrals.append(referral)
        return releases

    def feeds(self, reader: str) -> list[str]:
        """The secret addresses of a reader's feeds, which no session is needed for."""
        who = self.readers.get(reader)
        if who is None:
            return []
        asked = ("/api/v1/feeds/needs/address", f"/api/v1/searches/{self.searches[reader]}/address")
        made = [who.post(path, json={}).json()["address"] for path in asked]
        return [f"/feeds/{address.partition('/feeds/')[2]}" for address in made]

    def move(self, status: str, **more: str) -> None:
        etag = self.officer.get(f"{NEEDS}/{self.need}").json()["etag"]
        body = {"status": status, **more}
        answer = self.officer.post(f"{NEEDS}/{self.need}/status", json=body, headers={"If-Match": etag})
        assert answer.status_code == 200, answer.text

    def release(self, audience: dict[str, str], fields: str, **more: object) -> str:
        body = {"audience": audience, "fields": fields, "basis": "document", "reference": "referencemark", **more}
        answer = self.officer.post(f"{NEEDS}/{self.need}/releases", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def paths(self, app: FastAPI) -> Iterator[str]:
        """Every GET address of the application, its parameters filled with what exists and with what does not."""
        for _, paths in self.addresses(app):
            yield from paths

    def addresses(self, app: FastAPI) -> Iterator[tuple[str, list[str]]]:
        """The same, by route: its path with parameters, and the addresses that they make."""
        own = {
            "needs": [self.need],
            "programmes": [self.programme],
            "practices": ["GUIDE-M"],
            "organizations": ["PARTNER"],
            "groups": ["donors"],
            "maturity": [str(uuid4())],
        }
        names = {
            "agreement_id": [self.agreement],
            "clearance_id": [self.held],
            "number": ["1", "3"],
            "anchor": ["storage"],
            "comment_id": [self.comment, self.own_comment],
            "pairing_id": [self.pairing],
            "offer_id": [self.offer],
            "interest_id": [self.interest],
            "name": ["theme"],
            "search_id": list(self.searches.values()),
            "referral_id": self.referrals,
            "assessment_id": [self.assessment],
            "release_id": [self.ended, str(uuid4())],
            "country": ["TG"],
            "organization_ref": ["PARTNER"],
            "delegation_ref": ["DONOR"],
            "kind": ["conveyance", "reminder", "acceptance", "inquiry"],
            "format": ["csv", "jsonl", "xlsx"],
            "form": ["html", "docx", "xlsx"],
            "extension": ["csv", "jsonl", "xlsx"],
        }
        for context in iter_route_contexts(app.routes):
            if isinstance(context.original_route, APIRoute) and "GET" in context.original_route.methods:
                kind = context.path.removeprefix("/api/v1").split("/")[1]
                refs = own.get(kind) or [ref for named in own.values() for ref in named]
                yield context.path, list(_filled(context.path, {**names, "ref": refs}))


def _kept(reader: As) -> str:
    query = {"q": "depots", "theme": ["WPN-PSM"]}
    kept = reader.post("/api/v1/searches", json={"name": "Depots of mine", "query": query})
    return str(kept.json()["id"])


def _filled(path: str, names: dict[str, list[str]]) -> Iterator[str]:
    parameter = re.search(r"\{(\w+)(?::\w+)?\}", path)
    if parameter is None:
        yield path
        return
    for value in names.get(parameter[1], [str(uuid4())]):
        yield from _filled(path.replace(parameter[0], value), names)


def _text(content: bytes) -> str:
    """What an answer says; a workbook's parts are unpacked first."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as workbook:
        return "".join(workbook.read(name).decode("utf-8", "replace") for name in workbook.namelist())


@pytest.fixture
def scene(officer: As, partner: As, donor: As, session: Session) -> Scene:
    ensure_built_in_groups(session)
    session.commit()
    return Scene(officer, partner, donor)


def expire(session: Session, release_id: str) -> None:
    release = session.get_one(Release, UUID(release_id))
    release.starts_at, release.ends_at = utc_now() - timedelta(days=2), utc_now() - timedelta(days=1)
    session.commit()


PARTNER, OTHER = {"organization": "PARTNER"}, {"organization": "OTHER"}
PARTNERS, DONORS = {"group": "partners"}, {"group": "donors"}


def tomorrow() -> str:
    return (utc_now() + timedelta(days=1)).isoformat()


def withdraw(scene: Scene, release_id: str) -> None:
    assert scene.officer.delete(f"{NEEDS}/{scene.need}/releases/{release_id}").status_code == 204


def edited_after(scene: Scene, extended: bool) -> None:
    """Edit what was released; `extended` asks for the newer text by silence, which is not over."""
    release = scene.release(PARTNER, "full")
    scene.edit(title="Depots titlemark unreleasedmark", institution="institutionmark unreleasedmark")
    if extended:
        scene.extend(release, "silence")


def withdraw_extension(scene: Scene) -> None:
    release = scene.release(PARTNER, "full")
    scene.edit(title="Depots titlemark unreleasedmark")
    withdraw(scene, scene.extend(release, "document"))


def end_while_taken_up(scene: Scene, session: Session) -> None:
    """Consent ends on a line that is live and funded, of which both sides were told while they saw the need."""
    to_partner, to_donors = scene.take_up(session)
    withdraw(scene, to_partner)
    expire(session, to_donors)


def reopen(scene: Scene) -> None:
    scene.move("closed", outcome="withdrawn")
    scene.move("draft", reason="reopened in a test")


Arrange = Callable[[Scene, Session], object]
STATES: dict[str, tuple[Arrange, dict[str, set[str]]]] = {
    "nothing": (lambda scene, _: None, {}),
    "summary to partners": (
        lambda scene, _: scene.release(PARTNERS, "summary"),
        {"partner": SUMMARY, "other_partner": SUMMARY},
    ),
    "summary to one": (lambda scene, _: scene.release(PARTNER, "summary"), {"partner": SUMMARY}),
    "full to one": (lambda scene, _: scene.release(PARTNER, "full"), {"partner": FULL}),
    "full to another": (lambda scene, _: scene.release(OTHER, "full"), {"other_partner": FULL}),
    "full to donors": (lambda scene, _: scene.release(DONORS, "full"), {"donor": FULL}),
    "full and summary": (
        lambda scene, _: (scene.release(PARTNER, "full"), scene.release(PARTNERS, "summary")),
        {"partner": FULL, "other_partner": SUMMARY},
    ),
    "one excepted": (
        lambda scene, _: scene.release(PARTNERS, "full", **{"except": ["PARTNER"]}),
        {"other_partner": FULL},
    ),
    "expired": (lambda scene, session: expire(session, scene.release(DONORS, "full")), {}),
    "withdrawn": (lambda scene, _: withdraw(scene, scene.release(DONORS, "full")), {}),
    "tomorrow": (lambda scene, _: scene.release(DONORS, "full", **{"from": tomorrow()}), {}),
    "on hold": (lambda scene, _: (scene.release(DONORS, "full"), scene.move("on_hold")), {}),
    "silence that runs": (lambda scene, _: scene.release(PARTNER, "full", basis="silence"), {}),
    "silence that was broken": (
        lambda scene, _: scene.object_to(scene.release(PARTNER, "full", basis="silence")),
        {},
    ),
    "edited after the consent": (lambda scene, _: edited_after(scene, False), {"partner": FULL}),
    "extension by silence that runs": (lambda scene, _: edited_after(scene, True), {"partner": FULL}),
    "extension withdrawn": (lambda scene, _: withdraw_extension(scene), {}),
    "taken up": (lambda scene, session: scene.take_up(session), {"partner": FULL, "donor": FULL}),
    "ended while taken up": (end_while_taken_up, {}),
    "draft again": (lambda scene, _: (scene.release(PARTNER, "full"), reopen(scene)), {}),
}


# Where a reader keeps what it entered itself: the reference of the need, and nothing that the need says.
OWN_RECORDS = {
    "partner": r"(/api/v1)?/offers(/[0-9a-f-]{36})?",
    "donor": r"(/api/v1)?/interests(/[0-9a-f-]{36})?",
}


def keeps_own_record(reader: str, path: str) -> bool:
    return re.fullmatch(OWN_RECORDS.get(reader, "-"), path) is not None


def arrange(state: str, scene: Scene, session: Session) -> dict[str, set[str]]:
    """Bring about one state of releases; return what each reader may then see."""
    bring_about, allowed = STATES[state]
    bring_about(scene, session)
    return allowed


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_shown_beyond_the_releases(
    app: FastAPI, scene: Scene, session: Session, partner: As, other_partner: As, donor: As, state: str
):
    """On SQLite every address in every state; on PostgreSQL the addresses are dealt out over the states.

    What is seen is decided by one query, which the next test asks in every state on both.
    """
    allowed = arrange(state, scene, session)
    every = 1 if session.get_bind().dialect.name == "sqlite" else 3
    first = list(STATES).index(state) % every
    readers = {"partner": partner, "donor": donor}
    if "other_partner" in allowed or state == "nothing":  # else it sees what the donor sees, who has more to lose
        readers["other_partner"] = other_partner

    for name, reader in readers.items():
        may_see = allowed.get(name, set())
        for path in (*scene.paths(app), *scene.feeds(name))[first::every]:
            answer = reader.get(path, follow_redirects=False)
            assert answer.status_code < 500, path
            assert answer.status_code != 429, "the walk is refused, so it proves nothing"
            text = _text(answer.content)
            shown = {mark for mark in FULL | NEVER if mark in text}
            assert shown <= may_see, f"{name} reads {shown - may_see} at {path} while {state}"
            if not may_see and scene.need not in path and not keeps_own_record(name, path):
                assert scene.need not in text, f"{name} learns of the need at {path} while {state}"


# What outsiders may ask for and the scene has none of: the reader's own jobs, imports and keys, links of letters.
NOT_IN_SCENE = {
    "/api/v1/jobs/{job_id}",
    "/api/v1/imports/{import_id}",
    "/api/v1/imports/{import_id}/refused-rows",
    "/api/v1/keys/{key_id}",
    "/link/{secret}",
    "/assure/{token}",
    "/metrics",
}


def test_the_walk_reads_something_at_every_address_that_outsiders_may_read(
    app: FastAPI, scene: Scene, session: Session, partner: As, donor: As
):
    scene.take_up(session)
    unread = set()

    for template, paths in scene.addresses(app):
        statuses = {
            who.get(path, follow_redirects=False).status_code for who in (partner, donor) for path in paths
        }
        if not (statuses & {200, 303} or statuses <= {401, 403}):
            unread.add(template)

    assert unread == NOT_IN_SCENE


@pytest.mark.parametrize("state", STATES)
def test_searches_counts_and_facets_follow_the_releases(
    scene: Scene, session: Session, partner: As, other_partner: As, donor: As, state: str
):
    allowed = arrange(state, scene, session)
    questions = [({"q": mark}, mark) for mark in sorted((FULL | NEVER) - {"estimatormark"})]
    questions += [({"country": "TG"}, "descriptionmark"), ({"assistance_type": "training"}, "descriptionmark")]
    questions += [({"theme": "WPN-PSM"}, "titlemark"), ({"region": "011"}, "titlemark")]

    for name, reader in {"partner": partner, "other_partner": other_partner, "donor": donor}.items():
        may_see = allowed.get(name, set())
        for question, mark in questions:
            page = reader.get(NEEDS, params={**question, "count": True, "facets": True}).json()
            expected = int(mark in may_see)
            assert (page["total"], len(page["items"])) == (expected, expected), f"{name}: {question} while {state}"
        everything = reader.get(NEEDS, params={"count": True, "facets": True}).json()
        assert everything["total"] == int(bool(may_see))
        countries = everything["facets"].get("country", {})
        assert countries.get("TG", 0) == int("descriptionmark" in may_see)


@pytest.mark.parametrize("sort", ["newest", "oldest", "title", "priority", "wanted_by"])
def test_a_hidden_need_and_an_unknown_one_answer_alike(scene: Scene, donor: As, sort: str):
    for path in ("", "/status", "/suggestions", "/releases", "/merge"):
        for method in ("get", "post", "patch"):
            send = getattr(donor, method)
            body = {} if method == "get" else {"json": {}}
            hidden = send(f"{NEEDS}/{scene.need}{path}", **body)
            unknown = send(f"{NEEDS}/N-2026-22222{path}", **body)
            assert hidden.status_code == unknown.status_code
            assert hidden.text.replace(scene.need, "") == unknown.text.replace("N-2026-22222", "")
    assert donor.get(NEEDS, params={"sort": sort, "count": True}).json()["total"] == 0
