"""What was seen at a past time is what was really shown then, whatever happened before and since."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.core.actor import Actor, Role
from app.core.errors import Conflict, Invalid
from app.core.paging import Paging
from app.needs import past, queries, releases
from app.needs import service as needs
from app.needs.models import Need, NeedStatus, Release
from app.needs.periods import Period
from app.needs.release_schemas import Consent, ExtensionIn, ReleaseIn
from app.needs.schemas import NeedIn, NeedMove, NeedPatch
from app.organizations import service as organizations
from app.organizations.groups import service as groups
from app.organizations.groups.schemas import GroupIn, GroupMemberIn, GroupPatch
from app.organizations.models import Group, Organization, OrganizationKind
from app.organizations.schemas import OrganizationPatch
from tests.conftest import As, make_organization
from tests.needs.test_releases import NEEDS, opened, release

NEED = {
    "recipient": {"countries": ["TG", "BJ"]},
    "title": "Depots",
    "description": "Rifles in depots without inventories.",
    "source": "other",
}
BOTH = [{"country": "TG", "reference": "letter of TG"}, {"country": "BJ", "reference": "letter of BJ"}]
OUTCOMES = {NeedStatus.CLOSED: {"outcome": "not_met"}, NeedStatus.DRAFT: {"reason": "a test"}}
Shown = tuple[str, int]


class Clock:
    """The time that the application reads, moved by the test."""

    def __init__(self, begins: datetime) -> None:
        self.time = begins

    def now(self, _zone: Any = None) -> datetime:
        return self.time


@dataclass
class Office:
    """One need, two organizations and a group, and what each organization was shown after each step."""

    session: Session
    clock: Clock
    officer: Actor
    need: Need
    group: Group
    readers: dict[str, Organization]
    lines: list[Release] = field(default_factory=list)
    seen: list[tuple[datetime, str, Shown | None]] = field(default_factory=list)

    def take(self, step: str, first: int, second: int) -> None:
        """Make a step, or leave it where the tables forbid it; then look with every reader's eyes."""
        try:
            with self.session.begin_nested():
                _STEPS[step](self, first, second)
                self.session.flush()
        except (Conflict, Invalid):
            self.session.expire_all()
        for ref, organization in self.readers.items():
            actor = Actor(Role.PARTNER, organization.id)
            self.seen.append((self.clock.time, ref, shown(self.session, queries.visible(actor))))
        self.clock.time += timedelta(minutes=1)

    def move(self, first: int, _second: int) -> None:
        allowed = sorted(needs.MOVES[self.need.status])
        status = allowed[first % len(allowed)]
        more = {"override_reason": "a test"} if status is NeedStatus.OPEN else OUTCOMES.get(status, {})
        needs.move(self.session, self.officer, self.need, NeedMove.model_validate({"status": status, **more}))

    def edit(self, first: int, _second: int) -> None:
        needs.update(self.session, self.officer, self.need, NeedPatch(title=f"Depots {first}"))

    def release(self, first: int, second: int) -> None:
        audiences = [{"group": "watched"}, {"group": "partners"}, {"group": "donors"}, {"organization": "ONE"}]
        unusual = second % 8  # most releases are plain: they are in force at once, until they are withdrawn
        wanted = {
            "audience": audiences[first % 4],
            "except": ["TWO"] if unusual == 1 and first % 4 < 3 else [],
            "fields": "full" if first % 8 < 4 else "summary",
            "basis": "document",
            "reference": "a note",
            "from": self.clock.time + timedelta(days=1) if unusual == 2 else None,
            "until": self.clock.time + timedelta(days=1) if unusual == 3 else None,
            "consents": BOTH[:1] if unusual == 4 else BOTH,
        }
        made = releases.record_release(self.session, self.officer, self.need, ReleaseIn.model_validate(wanted))
        self.lines.append(made)

    def extend(self, first: int, second: int) -> None:
        wanted = {"basis": "document", "reference": "a note", "consents": BOTH[:1] if second % 4 == 1 else BOTH}
        asked = ExtensionIn.model_validate(wanted)
        self.lines.append(releases.extend(self.session, self.officer, self.need, self._line(first), asked))

    def consent(self, first: int, _second: int) -> None:
        given_now = Consent.model_validate(BOTH[1])
        releases.add_consent(self.session, self.officer, self.need, self._line(first), given_now)

    def withdraw(self, first: int, _second: int) -> None:
        releases.withdraw(self.session, self.officer, self.need, self._line(first))

    def regroup(self, first: int, second: int) -> None:
        refs = [ref for n, ref in enumerate(self.readers) if first >> n & 1]
        until = (self.clock.time + timedelta(days=1)).date() if second % 4 == 1 else None
        members = [GroupMemberIn(organization=ref, until_on=until) for ref in refs]
        groups.update(self.session, self.officer, self.group, GroupPatch(members=members))

    def become(self, first: int, second: int) -> None:
        kinds = list(OrganizationKind)
        changed = list(self.readers.values())[first % 2]
        values = OrganizationPatch.model_validate({"kind": kinds[second % 3].value})
        organizations.update(self.session, self.officer, changed, values)

    def wait(self, first: int, second: int) -> None:
        self.clock.time += timedelta(hours=second if first % 2 else 0, minutes=first)

    def _line(self, n: int) -> Release:
        if not self.lines:
            raise Conflict("there is no release yet")
        return self.lines[n % len(self.lines)]


_STEPS: dict[str, Callable[[Office, int, int], None]] = {
    name: getattr(Office, name)
    for name in ("move", "edit", "release", "extend", "consent", "withdraw", "regroup", "become", "wait")
}
# Releases, and time that passes, come often: without them there is nothing to see.
_OFTEN = [*_STEPS, "release", "release", "regroup", "become", "extend", "edit"]


def shown(session: Session, statement: Any) -> Shown | None:
    """The revision and field set that a reader is shown, if any; never more than one."""
    rows = session.execute(statement).all()
    assert len(rows) <= 1
    return (rows[0].fields.value, rows[0].NeedRevision.number) if rows else None


@pytest.fixture
def office(session: Session, cted: Organization, monkeypatch: pytest.MonkeyPatch) -> Office:
    clock = Clock(datetime(2026, 3, 2, 22, tzinfo=UTC))
    monkeypatch.setattr("app.core.db.datetime", clock)
    officer = Actor(Role.OFFICER, cted.id)
    organizations.ensure_built_in_groups(session)
    readers = {ref: make_organization(session, ref, OrganizationKind.IMPLEMENTER) for ref in ("ONE", "TWO")}
    group = groups.create(session, officer, GroupIn(ref="watched", name="Watched"))
    need = needs.create(session, officer, NeedIn.model_validate(NEED))
    opening = NeedMove.model_validate({"status": "open", "override_reason": "a test"})
    needs.move(session, officer, need, opening)
    session.flush()
    return Office(session, clock, officer, need, group, readers)


@settings(
    max_examples=25, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    st.lists(st.tuples(st.sampled_from(_OFTEN), st.integers(0, 30), st.integers(0, 59)), min_size=10, max_size=25)
)
def test_the_past_is_what_was_shown(office: Office, steps: list[tuple[str, int, int]]):
    session, begins = office.session, office.clock.time
    trial = session.begin_nested()
    office.lines, office.seen = [], []
    steps = [("release", 1, 0), ("release", 8, 0), ("regroup", 3, 0), *steps]

    for step in steps:
        office.take(*step)
    assert any(seen for *_, seen in office.seen)

    for at, ref, expected in office.seen:
        reader = office.readers[ref]
        moment, day = Period(at, at), Period(at.replace(hour=0, minute=0), at + timedelta(microseconds=1))
        assert shown(session, queries.visible(Actor(Role.PARTNER, reader.id), at)) == expected
        assert told(past.seers(session, office.need, moment), ref) == ({expected} - {None})
        if expected and ref == "ONE":
            assert expected in told(past.seers(session, office.need, day), ref)
        listed = past.seen_by(session, office.officer, reader, moment, Paging())
        assert {(item.fields.value, item.revision) for item in listed.items} == ({expected} - {None})
    trial.rollback()
    session.expire_all()
    office.clock.time = begins


def told(sights: list[Any], ref: str) -> set[Shown]:
    return {(sight.fields.value, sight.revision) for sight in sights if sight.organization == ref}


def test_the_walk_sees_something(office: Office):
    """The steps above would prove little if nobody ever saw anything by them."""
    office.take("release", 3, 0)
    office.take("regroup", 1, 0)
    office.take("release", 8, 0)

    assert [shown for _, ref, shown in office.seen if ref == "ONE"] == [("full", 1)] * 3


def test_a_day_names_whoever_saw_a_need_for_an_hour_of_it(office: Office):
    office.clock.time = datetime(2026, 3, 3, 9, tzinfo=UTC)
    office.take("release", 3, 0)
    office.clock.time = datetime(2026, 3, 3, 10, tzinfo=UTC)
    office.take("withdraw", 0, 0)
    office.clock.time = datetime(2026, 3, 5, tzinfo=UTC)
    days = [Period(datetime(2026, 3, n, tzinfo=UTC), datetime(2026, 3, n + 1, tzinfo=UTC)) for n in (2, 3, 4)]

    seen = [told(past.seers(office.session, office.need, day), "ONE") for day in days]

    assert seen == [set(), {("full", 1)}, set()]
    reader = office.readers["ONE"]
    of_reader = [past.seen_by(office.session, office.officer, reader, day, Paging()).items for day in days]
    assert [len(items) for items in of_reader] == [0, 1, 0]


def test_a_member_who_was_sent_away_in_the_morning_is_named_for_that_day(office: Office):
    office.take("regroup", 1, 0)
    office.take("release", 8, 0)
    office.clock.time = datetime(2026, 3, 3, 9, tzinfo=UTC)
    office.take("regroup", 0, 0)
    office.clock.time = datetime(2026, 3, 5, tzinfo=UTC)
    days = [Period(datetime(2026, 3, n, tzinfo=UTC), datetime(2026, 3, n + 1, tzinfo=UTC)) for n in (3, 4)]

    assert [told(past.seers(office.session, office.need, day), "ONE") for day in days] == [{("full", 1)}, set()]


@pytest.mark.parametrize("path", [f"{NEEDS}/REF/releases", "/api/v1/organizations/PARTNER/sight"])
@pytest.mark.parametrize(
    "at", ["yesterday", "2026-13-40", "0001-01-01", "2026-05-05T25:00:00Z", "2026-05-05T10:00:00", "9999-12-31"]
)
def test_a_day_that_is_none_is_refused(officer: As, partner: As, path: str, at: str):
    ref = opened(officer)

    answer = officer.get(path.replace("REF", ref), params={"at": at})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "at")


def test_who_saw_what_is_answered_for_an_organization_and_for_a_group(
    officer: As, partner: As, donor: As, session: Session
):
    organizations.ensure_built_in_groups(session)
    session.commit()
    first, second = opened(officer), opened(officer)
    release(officer, first, {"organization": "PARTNER"}, "full")
    release(officer, second, {"group": "donors"})

    of_partner = officer.get("/api/v1/organizations/PARTNER/sight").json()["items"]
    of_donors = officer.get("/api/v1/groups/donors/sight").json()["items"]

    assert [(item["need"], item["fields"]) for item in of_partner] == [(first, "full")]
    assert [(item["need"], item["fields"]) for item in of_donors] == [(second, "summary")]
    assert officer.get("/api/v1/organizations/NOBODY/sight").status_code == 404
    assert officer.get("/api/v1/groups/nobody/sight").status_code == 404
