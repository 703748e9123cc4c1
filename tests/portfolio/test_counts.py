"""What the database counts is what counting by hand gives, on portfolios made at random."""

import random
from datetime import UTC, datetime, time
from itertools import pairwise
from statistics import median
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.needs.models import NeedStatus, Outcome
from app.pairings.models import PairingStatus
from app.portfolio.pipeline import STAGES
from app.programmes.models import Programme, ProgrammeKind, ProgrammeStatus
from app.referrals.models import LIVE, LineStatus
from tests.conftest import As
from tests.portfolio.conftest import HOMES, THEMES, Filler, Stated

PORTFOLIO = "/api/v1/portfolio"


@pytest.fixture(params=[1, 2])
def stated(request: pytest.FixtureRequest, filler: Filler, session: Session) -> list[Stated]:
    chance = random.Random(request.param)
    for _ in range(60):
        filler.at_random(chance)
    for _ in range(30):
        filler.programme(
            tuple(chance.sample(sorted(HOMES), chance.choice([0, 1, 2]))),
            tuple(chance.sample(["011", "202", "142"], chance.choice([0, 0, 1]))),
            chance.random() < 0.1,
            tuple(chance.sample(THEMES, chance.choice([0, 1, 2]))),
            chance.choice([ProgrammeStatus.ACTIVE, ProgrammeStatus.ACTIVE, ProgrammeStatus.DRAFT]),
            chance.choice([ProgrammeKind.ASSISTANCE, ProgrammeKind.ASSISTANCE, ProgrammeKind.FUND]),
        )
    session.commit()
    return filler.stated


def opening(one: Stated) -> datetime | None:
    """The last time it was opened."""
    return max((change.at for change in one.changes if change.status is NeedStatus.OPEN), default=None)


def first_opening(one: Stated) -> datetime | None:
    return min((change.at for change in one.changes if change.status is NeedStatus.OPEN), default=None)


def is_unsupported(one: Stated, now: datetime) -> bool:
    opened = opening(one)
    if one.need.status is not NeedStatus.OPEN or opened is None or (now - opened).days < 60:
        return False
    serving = (*LIVE, LineStatus.COMPLETED)
    return not any(line.status in serving for line in one.lines)


def test_unsupported_needs_are_those_that_nobody_is_at_work_on(officer: As, filler: Filler, stated: list[Stated]):
    expected = {one.need.ref for one in stated if is_unsupported(one, filler.now)}

    page = officer.get(f"{PORTFOLIO}/unsupported?limit=200&count=true").json()

    assert {item["ref"] for item in page["items"]} == expected
    assert page["items"] == sorted(page["items"], key=lambda item: -item["days_open"])
    assert page["total"] == len(expected) > 2


def test_crowded_needs_are_those_with_more_than_three_live_lines(officer: As, stated: list[Stated]):
    live = {one.need.ref: sum(line.status in LIVE for line in one.lines) for one in stated}
    opened = {one.need.ref for one in stated if one.need.status is NeedStatus.OPEN}

    page = officer.get(f"{PORTFOLIO}/crowded?limit=200").json()

    found = {item["ref"]: item["live"] for item in page["items"]}
    assert found == {ref: number for ref, number in live.items() if number > 3 and ref in opened}


def test_fairness_counts_what_was_ever_opened(officer: As, stated: list[Stated]):
    groups: dict[tuple[str, str], list[Stated]] = {}
    for one in stated:
        if first_opening(one) and one.need.outcome is not Outcome.DUPLICATE:
            for kind, codes in (("regions", one.regions), ("themes", one.themes)):
                for code in codes:
                    groups.setdefault((kind, code), []).append(one)

    answer = officer.get(f"{PORTFOLIO}/fairness").json()

    for (kind, code), members in groups.items():
        [found] = [share for share in answer[kind] if share["code"] == code]
        assert found == share(code, members)
    assert len(answer["regions"]) + len(answer["themes"]) == len(groups)


def share(code: str, members: list[Stated]) -> dict[str, Any]:
    kept = [[line for line in one.lines if line.status is not LineStatus.RETRACTED] for one in members]
    referred = sum(bool(lines) for lines in kept)
    answered = sum(any(line.part for line in lines) for lines in kept)
    days = []
    for one, lines in zip(members, kept, strict=True):
        opened = first_opening(one)
        if lines and opened:
            days.append(max(0, (min(line.conveyed_at for line in lines) - opened).days))
    return {
        "code": code,
        "needs": len(members),
        "referred": referred,
        "answered": answered,
        "share_referred": referred / len(members),
        "share_answered": answered / len(members),
        "median_days": median(days) if days else None,
    }


def test_the_pipeline_counts_each_need_at_its_furthest_stage(officer: As, filler: Filler, stated: list[Stated]):
    kept = [one for one in stated if one.need.outcome not in (Outcome.DUPLICATE, Outcome.WITHDRAWN)]
    now = dict.fromkeys(STAGES, 0)
    reached = dict.fromkeys(STAGES, 0)
    for one in kept:
        if (stage := present(one)) is not None:
            now[stage] += 1
        for name in STAGES[: STAGES.index(ever(one)) + 1]:
            reached[name] += 1

    stages = officer.get(f"{PORTFOLIO}/pipeline").json()["stages"]

    assert {stage["stage"]: stage["now"] for stage in stages} == now
    assert {stage["stage"]: stage["reached"] for stage in stages} == reached
    for before, after in pairwise(stages):
        assert after["conversion"] == after["reached"] / before["reached"]


def present(one: Stated) -> str | None:
    statuses = {line.status.value for line in one.lines} & {"conveyed", "taken_up", "in_delivery", "completed"}
    if one.need.status is NeedStatus.CLOSED:
        return "completed" if "completed" in statuses else None
    statuses |= {pair.status.value for pair in one.pairings if pair.status is not PairingStatus.CONVEYED}
    if one.need.status is not NeedStatus.DRAFT:
        statuses.add("open")
    return max(statuses & set(STAGES) | {"draft"}, key=STAGES.index)


def ever(one: Stated) -> str:
    found = {"draft"}
    found |= {"open"} if first_opening(one) else set()
    found |= {"proposed"} if one.pairings else set()
    found |= {"accepted"} if one.decisions else set()
    found |= {"conveyed"} if one.lines else set()
    found |= {"taken_up"} if any(line.part for line in one.lines) else set()
    found |= {"in_delivery"} if any(line.started_on for line in one.lines) else set()
    found |= {"completed"} if any(line.status is LineStatus.COMPLETED for line in one.lines) else set()
    return max(found, key=STAGES.index)


def test_the_age_of_a_stage_is_the_middle_of_its_needs(officer: As, filler: Filler):
    for days in (10, 40, 300):
        filler.need(opened=days)
    filler.line(filler.need(opened=200), LineStatus.IN_DELIVERY, conveyed=100)
    filler.session.commit()

    stages = {stage["stage"]: stage for stage in officer.get(f"{PORTFOLIO}/pipeline").json()["stages"]}

    assert (stages["open"]["now"], stages["open"]["median_days"]) == (3, 40)
    assert stages["in_delivery"]["now"] == 1
    begun = datetime.combine(filler.ago(50).date(), time(), UTC)
    assert stages["in_delivery"]["median_days"] == (filler.now - begun).days


def serves(programme: Programme, state: str) -> bool:
    home = HOMES[state]
    above = {"011": {"011", "202", "002"}, "014": {"014", "202", "002"}, "035": {"035", "142"}}[home]
    codes = {(code.field, code.code) for code in programme.codes}
    return programme.is_global or ("countries", state) in codes or any(("regions", r) in codes for r in above)


def helps(programme: Programme, one: Stated, region: str) -> bool:
    return any(serves(programme, state) for state in one.states if HOMES[state] == region)


def in_region(programme: Programme, region: str) -> bool:
    codes = {code.code for code in programme.codes if code.field == "regions"}
    above = {"011": {"011", "202", "002"}, "014": {"014", "202", "002"}, "035": {"035", "142"}}[region]
    near = any(HOMES[code.code] == region for code in programme.codes if code.field == "countries")
    return programme.is_global or near or bool(codes & above)


def test_coverage_counts_needs_programmes_and_needs_without_any(officer: As, filler: Filler, stated: list[Stated]):
    live = [
        programme
        for programme in filler.programmes
        if programme.status is ProgrammeStatus.ACTIVE and programme.kind is not ProgrammeKind.FUND
    ]
    opened = [one for one in stated if one.need.status is NeedStatus.OPEN]

    answer = officer.get("/api/v1/coverage").json()

    cells = {(cell["theme"], cell["region"]): cell for cell in answer["cells"]}
    assert answer["needs"] == len(opened)
    assert answer["programmes"] == len(live)
    for theme in THEMES:
        offering = [one for one in live if theme in {code.code for code in one.codes if code.field == "themes"}]
        for region in ("011", "014", "035"):
            needs = [one for one in opened if theme in one.themes and region in one.regions]
            without = [one for one in needs if not any(helps(offer, one, region) for offer in offering)]
            cell = cells.get((theme, region), {"needs": 0, "programmes": 0, "without": 0})
            assert cell["needs"] == len(needs)
            assert cell["programmes"] == sum(in_region(offer, region) for offer in offering)
            assert cell["without"] == len(without)
