"""A briefing counts what a careful reader of the records would, names no State, and annexes what is released."""

import io
import random
import zipfile
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from openpyxl import load_workbook
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.audit.models import AuditEvent
from app.clocks.briefing import queries
from app.clocks.briefing.models import Briefing
from app.clocks.briefing.regions import folded
from app.clocks.briefing.schemas import BriefingFilter, BriefingOut, Figure, Period
from app.core.db import utc_now
from app.core.settings import Settings
from app.needs.models import (
    Need,
    NeedCode,
    NeedRevision,
    NeedStatus,
    NeedStatusChange,
    ReleaseException,
    ReleaseFields,
)
from app.organizations.models import Group, GroupMember
from app.pairings.models import Decision, Judgement, Pairing, PairingStatus
from app.referrals.models import DeclineReason, Delivered, LineOutcome, LineStatus, ReferralLine, Side
from tests.clocks.conftest import Maker
from tests.conftest import As

URL = "/api/v1/briefing"
HOMES = {"TG": "011", "KE": "014", "KZ": "143", "FJ": "054", "TO": "061", "US": "021", "JM": "029"}
FOLDS = {"054": "009", "061": "009", "021": "019", "029": "019"}
THEMES = ("WPN-PSM", "WPN-LEG", "BLE-AVS")
MAY_JUNE = Period(from_on=date(2026, 5, 1), until_on=date(2026, 6, 30))
MARCH_APRIL = Period(from_on=date(2026, 3, 1), until_on=date(2026, 4, 30))


def counts(found: BriefingOut) -> dict[str, tuple[int, int]]:
    return {one.figure.value: (one.now, one.before) for one in found.figures if one.now or one.before}


@pytest.fixture
def read(session: Session, officer: As, settings: Settings):
    def briefing(period: Period = MAY_JUNE, **more: Any) -> BriefingOut:
        return queries.briefing(session, officer.actor, period, settings, **more)

    return briefing


def test_each_figure_counts_in_its_period_and_beside_the_one_before(maker: Maker, read: Any):
    maker.kept(Briefing(from_on=date(2026, 3, 1), until_on=date(2026, 4, 30), given_on=date(2026, 4, 30)))
    fresh = maker.need(opened="2026-05-01")
    old = maker.need(opened="2026-04-30")
    maker.decided(maker.pairing(fresh), "2026-06-30")
    maker.decided(maker.pairing(fresh), "2026-06-30")
    maker.line(
        old, LineStatus.DECLINED, conveyed="2026-05-10", ended="2026-06-01", reason=DeclineReason.NO_CAPACITY
    )
    maker.line(old, LineStatus.DECLINED, conveyed="2026-03-10", ended="2026-07-01")
    done = maker.line(old, LineStatus.COMPLETED, conveyed="2026-01-10", ended="2026-05-05")
    maker.told(done, "2026-04-01", Side.STATE, Delivered.PARTLY_DELIVERED)
    maker.told(done, "2026-05-01", Side.STATE, Delivered.DELIVERED, number=2)
    unconfirmed = maker.line(old, LineStatus.COMPLETED, conveyed="2026-01-10", ended="2026-04-05", confirmed=False)
    maker.told(unconfirmed, "2026-04-01")

    found = read()

    assert found.previous == MARCH_APRIL
    assert counts(found) == {
        "new": (1, 1), "accepted": (1, 0), "conveyed": (1, 1), "delivered": (1, 0), "not_confirmed": (0, 1),
        "declined": (1, 0), "unsupported": (1, 0),
    }  # fmt: skip
    assert [(one.reason, one.now, one.before) for one in found.declined] == [("no_capacity", 1, 0)]


def test_unsupported_is_what_was_so_at_the_end_of_the_period_whatever_came_later(maker: Maker, read: Any):
    later = maker.need(opened="2026-05-01")
    maker.line(later, conveyed="2026-07-01")
    young = maker.need(opened="2026-05-02")
    closed_since = maker.need(opened="2026-01-01", status=NeedStatus.CLOSED, outcome="withdrawn")
    maker.changed(closed_since, NeedStatus.CLOSED, "2026-07-15")
    retracted = maker.need(opened="2026-01-01")
    maker.line(retracted, LineStatus.RETRACTED, conveyed="2026-02-01", ended="2026-06-30")
    at_work = maker.need(opened="2026-01-01")
    maker.line(at_work, LineStatus.RETRACTED, conveyed="2026-02-01", ended="2026-07-01")

    found = read()

    assert counts(found)["unsupported"][0] == 3, (later.ref, closed_since.ref, retracted.ref, young.ref)


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_are_those_of_a_naive_count_on_random_records(
    session: Session, maker: Maker, read: Any, settings: Settings, seed: int
):
    chance = random.Random(seed)
    for _ in range(60):
        fill(maker, chance)
    session.commit()

    found = read()

    naive = {name: Naive(session, period, settings.unsupported_days) for name, period in
             (("now", MAY_JUNE), ("before", found.previous))}  # fmt: skip
    assert {one.figure: (one.now, one.before) for one in found.figures} == {
        figure: (len(naive["now"].units[figure]), len(naive["before"].units[figure])) for figure in Figure
    }
    for rows, field in ((found.regions, "regions"), (found.themes, "themes")):
        said = {(row.code, figure, name): getattr(count, name)
                for row in rows for figure, count in row.figures.items() for name in naive}  # fmt: skip
        assert {key: value for key, value in said.items() if value} == {
            (code, figure, name): value
            for name, counted in naive.items()
            for (code, figure), value in counted.by(field).items()
        }


def test_the_number_of_statements_does_not_grow_with_the_records(session: Session, maker: Maker, read: Any):
    def statements() -> int:
        session.commit()
        ran: list[str] = []
        engine = session.connection().engine

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            ran.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        read()
        event.remove(engine, "before_cursor_execute", note)
        return len(ran)

    chance = random.Random(9)
    make_group(maker)
    fill(maker, chance)
    few = statements()
    for _ in range(30):
        fill(maker, chance)

    assert statements() <= few + 2  # codes of the annex are there to be read


def test_a_region_of_few_states_and_those_beside_it_are_counted_under_the_one_around_them(session: Session):
    under = folded(session)

    assert {code: under[code] for code in FOLDS} == FOLDS
    assert under["419"] == under["013"] == "019"
    assert not {"011", "014", "015", "143", "030", "155", "009", "019", "002"} & set(under)


def make_group(maker: Maker, ref: str = "committee") -> Group:
    group: Group = maker.kept(Group(ref=ref, name="The Committee"))
    member = GroupMember(group_id=group.id, organization_id=maker.organization.id, from_on=date(2020, 1, 1))
    maker.kept(member)
    return group


def test_the_annex_holds_what_is_released_to_the_group_now_and_nothing_else(
    session: Session, maker: Maker, officer: As
):
    group, other = make_group(maker), make_group(maker, "others")
    named = {"organization_id": None, "group_id": group.id}
    needs = [maker.need(opened="2026-01-01", title=f"Title {n}") for n in range(8)]
    full, both, withdrawn, ended, elsewhere, excepted, held, hidden = needs
    maker.release(full, **named)
    maker.release(both, **named, fields=ReleaseFields.SUMMARY)
    maker.release(withdrawn, **named, withdrawn_at=utc_now())
    maker.release(ended, ends="2026-02-01", **named)
    maker.release(elsewhere, organization_id=None, group_id=other.id)
    left_out = maker.release(excepted, **named)
    maker.kept(ReleaseException(release_id=left_out.id, organization_id=maker.organization.id))
    maker.release(held, **named)
    held.status = NeedStatus.ON_HOLD
    session.commit()

    answer = officer.get(URL)
    annex = answer.json()["annex"]

    shown = {need["ref"]: need for need in annex["needs"]}
    assert set(shown) == {full.ref, both.ref}
    assert shown[full.ref]["recipient"] == {"countries": ["TG"]}
    assert "recipient" not in shown[both.ref]
    assert not {"responsible", "source", "assessment"} & set(shown[full.ref])
    assert hidden.ref not in answer.text


def test_nothing_outside_the_annex_names_a_need_or_a_state(session: Session, maker: Maker, officer: As):
    need = maker.need(opened=utc_now().date() - timedelta(days=3), title="Titlemark")
    maker.line(need, conveyed=utc_now().date())
    session.commit()

    for path in (URL, "/exports/briefing.html", "/exports/briefing.docx", "/exports/briefing.xlsx"):
        said = text_of(officer.get(path).content)
        assert not [mark for mark in (need.ref, "Titlemark", "Descriptionmark", "Togo", '"TG"') if mark in said]
        assert "Western Africa" in said


def text_of(content: bytes) -> str:
    """What an answer says; the parts of a file are unpacked first."""
    if not content.startswith(b"PK"):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return "".join(file.read(name).decode("utf-8", "replace") for name in file.namelist())


@pytest.mark.parametrize("form", ["html", "docx", "xlsx"])
def test_every_form_carries_its_marking_recipient_and_date_and_is_audited(
    session: Session, maker: Maker, officer: As, form: str
):
    group = make_group(maker)
    need = maker.need(opened="2026-01-01", title="=1+1 Titlemark")
    maker.release(need, organization_id=None, group_id=group.id)
    session.commit()

    answer = officer.get(f"/exports/briefing.{form}", params={"recipient": "the Chair"})

    said = text_of(answer.content)
    marked = ["Restricted: for its recipient alone", "the Chair", f"{utc_now():%B %Y}"]
    marked += ["Listing is not endorsement", need.ref, "Descriptionmark"]
    assert [words for words in marked if words not in said] == []
    told = session.scalars(select(AuditEvent).where(AuditEvent.action == "briefing.exported")).one()
    assert (told.after["form"], told.after["recipient"], told.after["group"]) == (form, "the Chair", "committee")
    assert told.actor_user_id == officer.user.id


def test_the_spreadsheet_holds_numbers_as_numbers_and_no_formulas(session: Session, maker: Maker, officer: As):
    group = make_group(maker)
    maker.release(maker.need(title="=1+1"), organization_id=None, group_id=group.id)
    maker.need(opened=utc_now().date())
    session.commit()

    book = load_workbook(io.BytesIO(officer.get("/exports/briefing.xlsx").content))

    assert book.sheetnames == ["Figures", "Declined", "Region", "Theme", "Annex"]
    assert [cell.value for cell in book["Figures"][4]] == ["New needs", 1, 0]
    titles = [row for row in book["Annex"].iter_rows(min_row=4) if row[1].value == "Title"]
    assert [(row[2].value, row[2].data_type) for row in titles] == [("=1+1", "s")]


def test_giving_a_briefing_starts_the_next_period_and_the_next_clock(session: Session, officer: As):
    today = utc_now().date()
    given = officer.post(
        URL, json={"from": "2026-01-01", "to": "2026-02-28", "given_on": "2026-03-02", "note": "x"}
    )
    again = officer.post(URL, json={"given_on": str(today)})

    assert given.status_code == again.status_code == 201
    assert given.json()["period"] == {"from": "2026-01-01", "to": "2026-02-28"}
    assert again.json()["period"] == {"from": "2026-03-01", "to": str(today)}
    listed = officer.get(f"{URL}/given", params={"count": True}).json()
    assert [one["id"] for one in listed["items"]] == [again.json()["id"], given.json()["id"]]
    assert listed["total"] == 2
    [clock] = officer.get("/api/v1/clocks", params={"clock": "briefing"}).json()["items"]
    assert (clock["started_on"], clock["next"]["path"]) == (str(today), "/briefing")
    assert officer.get(URL).json()["period"] == {"from": str(today), "to": str(today)}


def test_a_repeated_recording_is_one(officer: As):
    body, key = {"from": "2026-01-01", "to": "2026-02-28"}, {"Idempotency-Key": "b-1"}

    first, second = (officer.post(URL, json=body, headers=key) for _ in range(2))

    assert first.json() == second.json()
    assert officer.get(f"{URL}/given", params={"count": True}).json()["total"] == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"given_on": "2199-01-01"}, "/given_on"),
        ({"to": "2026-06-30", "given_on": "2026-06-29"}, "/to"),
        ({"from": "2026-06-30", "to": "2026-06-29"}, "/from"),
        ({"from": "1850-01-01"}, "/from"),
        ({"until": "2026-06-29"}, "/until"),
        ({"note": 7}, "/note"),
    ],
)
def test_a_briefing_that_cannot_have_been_is_refused(officer: As, body: dict[str, Any], pointer: str):
    answer = officer.post(URL, json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "asked",
    [{"to": "2199-01-01"}, {"from": "2026-06-30", "to": "2026-06-29"}, {"group": "nobody"}, {"group": "a\x00b"},
     {"from": "May"}, {"form": "docx"}],
)  # fmt: skip
def test_a_briefing_that_cannot_be_asked_for_is_refused(officer: As, asked: dict[str, str]):
    assert officer.get(URL, params=asked).status_code == 422


def test_without_a_briefing_it_begins_two_months_ago_and_is_compared_with_as_many_days(
    session: Session, officer: As, settings: Settings
):
    today = date(2026, 12, 31)
    wanted = BriefingFilter(until_on=date(2026, 4, 30))

    period = queries.period_of(session, officer.actor, wanted, settings, today)

    assert period == Period(from_on=date(2026, 3, 1), until_on=date(2026, 4, 30))
    assert queries.previous_of(session, officer.actor, period) == Period(
        from_on=date(2025, 12, 30), until_on=date(2026, 2, 28)
    )


@pytest.mark.parametrize("reader", ["partner", "donor"])
def test_nobody_outside_reads_or_exports_a_briefing(app: FastAPI, request: pytest.FixtureRequest, reader: str):
    visitor: As = request.getfixturevalue(reader)

    for path in (
        URL,
        f"{URL}/given",
        "/exports/briefing.docx",
        "/exports/briefing.html",
        "/exports/briefing.xlsx",
    ):
        assert visitor.get(path).status_code == 403


def fill(maker: Maker, chance: random.Random) -> None:
    """One need with some history between January and August, as it may come about."""

    def day(after: date = date(2026, 1, 1)) -> date:
        return after + timedelta(days=chance.randrange(0, max(1, (date(2026, 8, 31) - after).days)))

    states = chance.sample(sorted(HOMES), chance.choice([1, 1, 2]))
    codes = {
        "countries": states,
        "regions": sorted({HOMES[state] for state in states}),
        "themes": chance.sample(THEMES, chance.choice([0, 1, 2])),
    }
    opened = day()
    need = maker.need(opened=opened, codes=codes, illustrative=chance.random() < 0.1)
    for _ in range(chance.choice([0, 0, 1, 2])):
        held = day(opened)
        maker.changed(need, chance.choice([NeedStatus.ON_HOLD, NeedStatus.OPEN, NeedStatus.DRAFT]), held)
    for number in range(chance.choice([0, 1, 2])):
        pairing = maker.pairing(need, PairingStatus.ACCEPTED)
        maker.decided(pairing, day(opened))
        if number:
            deferred = maker.pairing(need, PairingStatus.DEFERRED, deferred_until=date(2026, 9, 1))
            maker.decided(deferred, day(opened), Judgement.DEFER)
    for _ in range(chance.choice([0, 0, 1, 3])):
        conveyed = day(opened)
        status = chance.choice(list(LineStatus))
        confirmed = chance.random() < 0.6
        reason = chance.choice(list(DeclineReason))
        line = maker.line(need, status, conveyed, ended=day(conveyed), confirmed=confirmed, reason=reason)
        if status is LineStatus.COMPLETED:
            maker.told(line, conveyed, outcome=chance.choice(list(Delivered)))
            for number in range(2, 2 + (chance.choice([1, 2]) if confirmed else 0)):
                maker.told(line, conveyed, Side.STATE, chance.choice(list(Delivered)), number)


class Naive:
    """The figures of one period, counted record by record."""

    def __init__(self, session: Session, period: Period, days: int) -> None:
        self.session, self.period, self.days = session, period, days
        self.needs = {need.id: need for need in session.scalars(select(Need))}
        self.units: dict[Figure, dict[Any, Any]] = {figure: {} for figure in Figure}
        for need in self.needs.values():
            self._count_need(need)
        for line in session.scalars(select(ReferralLine)):
            self._count_line(line)

    def _within(self, moment: Any) -> bool:
        return moment is not None and self.period.from_on <= moment.date() <= self.period.until_on

    def _count_need(self, need: Need) -> None:
        changes = sorted(
            self.session.scalars(select(NeedStatusChange).where(NeedStatusChange.need_id == need.id)),
            key=lambda change: (change.at, change.id),
        )
        openings = [change.at for change in changes if change.status is NeedStatus.OPEN]
        if openings and self._within(min(openings)) and need.merged_into_id is None:
            self.units[Figure.NEW][need.id] = need.id
        decisions = (
            select(Decision).join(Pairing, Pairing.id == Decision.pairing_id).where(Pairing.need_id == need.id)
        )
        if any(d.judgement is Judgement.ACCEPT and self._within(d.at) for d in self.session.scalars(decisions)):
            self.units[Figure.ACCEPTED][need.id] = need.id
        lines = self.session.scalars(select(ReferralLine).where(ReferralLine.need_id == need.id)).all()
        if any(self._within(line.conveyed_at) for line in lines):
            self.units[Figure.CONVEYED][need.id] = need.id
        until = self.period.until_on
        past = [change for change in changes if change.at.date() <= until]
        served = any(
            line.conveyed_at.date() <= until
            and (line.ended_at is None or line.ended_at.date() > until or line.status is LineStatus.COMPLETED)
            for line in lines
        )
        long_enough = bool(past) and past[-1].at.date() + timedelta(days=self.days) <= until
        if long_enough and past[-1].status is NeedStatus.OPEN and not served:
            self.units[Figure.UNSUPPORTED][need.id] = need.id

    def _count_line(self, line: ReferralLine) -> None:
        if not self._within(line.ended_at):
            return
        if line.status is LineStatus.DECLINED:
            self.units[Figure.DECLINED][line.id] = line.need_id
        if line.status is LineStatus.COMPLETED and not line.confirmed:
            self.units[Figure.NOT_CONFIRMED][line.id] = line.need_id
        if line.status is LineStatus.COMPLETED and line.confirmed:
            told = self.session.scalars(select(LineOutcome).where(LineOutcome.line_id == line.id)).all()
            last = max((one for one in told if one.side is Side.STATE), key=lambda one: one.number)
            self.units[Figure(last.outcome.value)][line.id] = line.need_id

    def by(self, field: str) -> Counter[tuple[str | None, Figure]]:
        found: Counter[tuple[str | None, Figure]] = Counter()
        for figure, units in self.units.items():
            for need_id in units.values():
                revision = select(NeedRevision.id).where(NeedRevision.need_id == need_id)
                named = select(NeedCode.code).where(NeedCode.revision_id.in_(revision), NeedCode.field == field)
                codes = {FOLDS.get(code, code) for code in self.session.scalars(named)}
                found.update((code, figure) for code in codes or {None})
        return found
