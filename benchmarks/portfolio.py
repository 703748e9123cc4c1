"""Times the portfolio over a filled database: needs and programmes by the thousand, pairings and referral lines.

    python -m benchmarks.portfolio [--needs 10000] [--programmes 10000] [--database sqlite:////tmp/portfolio.db]

Prints milliseconds, the median of three, by the clock and of this process's own work.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from app.core.actor import Actor, Role
from app.core.db import make_engine, session_factory, utc_now
from app.core.migrate import upgrade
from app.core.model import new_ref
from app.core.paging import Paging
from app.core.settings import Settings
from app.needs.models import Need, Release
from app.organizations.models import Organization
from app.pairings.models import Origin, Pairing, PairingStatus
from app.pairings.ranking import Ranking
from app.portfolio import attention, coverage, fairness, overlap, pipeline
from app.portfolio.files import delegation, state
from app.portfolio.schemas import OverlapList, PortfolioFilter
from app.programmes.models import Programme, ProgrammeCode, ProgrammeStatus
from app.referrals.models import LineStatus, Part, Referral, ReferralLine
from benchmarks import needs_list
from benchmarks.matching_generator import programmes as offers

BATCH = 5_000
STARTED = (LineStatus.TAKEN_UP, LineStatus.IN_DELIVERY)


def main() -> None:
    arguments = _arguments()
    engine = make_engine(arguments.database)
    with engine.begin() as connection:
        upgrade(connection)
    open_session = session_factory(engine)
    with open_session(True) as session, session.begin():
        if session.scalar(select(Need.id).limit(1)) is None:
            needs_list.fill(session, arguments.needs)
            _offer(session, arguments.programmes)
            _refer(session)
            session.execute(text("ANALYZE"))
    with open_session(False) as session, session.begin():
        measure(session)


def measure(session: Session) -> None:
    """Print a line for each question."""
    refs = {one.ref: one.id for one in session.scalars(select(Organization))}
    officer, donor = Actor(Role.OFFICER, refs["CTED"]), Actor(Role.DONOR, refs["D"])
    for name, ask in _questions(session, officer, donor):
        clock, work = _median(ask, time.perf_counter), _median(ask, time.process_time)
        print(f"{name:32} {clock:9.1f} ms {work:9.1f} ms of work")  # noqa: T201


def _questions(session: Session, officer: Actor, donor: Actor) -> Iterator[tuple[str, Callable[[], Any]]]:
    page, everything = Paging(50, count=True), PortfolioFilter()
    settings = Settings(_env_file=None)
    yield "unsupported", partial(attention.unsupported, session, officer, everything, 60, page)
    yield "crowded", partial(attention.crowded, session, officer, everything, page)
    yield "fairness", partial(fairness.fairness, session, officer)
    yield "pipeline", partial(pipeline.pipeline, session, officer)
    yield "coverage, officer", partial(coverage.coverage, session, officer)
    yield "coverage, donor", partial(coverage.coverage, session, donor)
    yield "file on a State", partial(state.for_officers, session, officer, "TG", settings)
    yield "file for a delegation", partial(delegation.file_for, session, officer, "D", 10)
    ranking = Ranking(Path(tempfile.mkdtemp()))
    ranking.current(session)
    yield "overlap, 20 programmes", partial(overlap.listed, session, officer, ranking, OverlapList())
    yield "overlap, 50 programmes", partial(overlap.listed, session, officer, ranking, OverlapList(limit=50))


def _median(ask: Callable[[], Any], clock: Callable[[], float]) -> float:
    times = []
    for _ in range(3):
        begun = clock()
        ask()
        times.append((clock() - begun) * 1000)
    return statistics.median(times)


def _offer(session: Session, number: int) -> None:
    """Store `number` live programmes, from word lists and with real codes."""
    owner = session.scalars(select(Organization.id).where(Organization.ref == "CTED")).one()
    rows: list[dict[str, Any]] = []
    codes: list[dict[str, Any]] = []
    for n, made in enumerate(offers(number)):
        key, at = uuid4(), utc_now() - timedelta(minutes=n)
        said = {"title": made.title, "summary": made.summary, "language": "en", "activities": []}
        place, until = made.coverage, at.date() + timedelta(days=180)
        rows.append(
            {
                "id": key, "ref": f"{new_ref('P', 2026)}{n}", "organization_id": owner, "kind": "assistance",
                "status": ProgrammeStatus.ACTIVE, "is_global": bool(place and place.is_global), **said,
                "assured_until": until, "created_at": at, "changed_at": at, "version": 1,
                "provenance": "organization",
            }
        )  # fmt: skip
        named = [("themes", "theme", code) for code in made.themes]
        named += [("regions", "region", code) for code in (place.regions if place else ())]
        named += [("countries", "country", code) for code in (place.countries if place else ())]
        codes += [
            {"programme_id": key, "field": field, "kind": kind, "code": code, "position": position}
            for position, (field, kind, code) in enumerate(named)
        ]
    _insert(session, Programme, rows)
    _insert(session, ProgrammeCode, codes)


def _refer(session: Session) -> None:
    """Two pairings a need at random, and a referral line for every third of them."""
    chance = random.Random(3)
    needs = session.execute(select(Need.id, Release.id).outerjoin(Release, Release.need_id == Need.id)).all()
    offered = list(session.scalars(select(Programme.id)))
    owner = session.scalars(select(Organization.id).where(Organization.ref == "CTED")).one()
    rows: dict[Any, list[dict[str, Any]]] = {Pairing: [], Referral: [], ReferralLine: []}
    for need_id, release_id in needs:
        for programme_id in chance.sample(offered, 2):
            key, at = uuid4(), utc_now() - timedelta(minutes=chance.randrange(500_000))
            is_sent = release_id is not None and chance.random() < 0.33
            status = PairingStatus.CONVEYED if is_sent else PairingStatus.PROPOSED
            pair = {"id": key, "need_id": need_id, "programme_id": programme_id, "status": status, "score": 0.5}
            said = {"origin": Origin.MATCHER, "model": "m", "need_revision": 1, "proposed_at": at}
            rows[Pairing].append(
                {**pair, **said, "contributions": [], "changed_since_rejection": False, "version": 1}
            )
            if is_sent:
                _send(rows, chance, (key, need_id, release_id), owner)
    for kind, values in rows.items():
        _insert(session, kind, values)


def _send(
    rows: dict[Any, list[dict[str, Any]]], chance: random.Random, about: tuple[Any, Any, Any], owner: Any
) -> None:
    key, at = uuid4(), utc_now() - timedelta(minutes=chance.randrange(300_000))
    status = chance.choice([LineStatus.CONVEYED, *STARTED])
    rows[Referral].append({"id": key, "organization_id": owner, "conveyed_at": at, "note": "", "version": 1})
    line = {"id": uuid4(), "referral_id": key, "n": 1, "status": status, "conveyed_at": at, "version": 1}
    line |= dict(zip(("pairing_id", "need_id", "release_id"), about, strict=True))
    line |= {"what": "", "if_funded": False, "diligence_reference": "", "part": None, "answered_at": None}
    line |= {"accepted_on": None, "acceptance_reference": None, "started_on": None}
    if status in STARTED:
        line |= {"part": Part.WHOLE, "answered_at": at}
    if status is LineStatus.IN_DELIVERY:
        line |= {"accepted_on": at.date(), "acceptance_reference": "a benchmark", "started_on": at.date()}
    rows[ReferralLine].append(line)


def _insert(session: Session, kind: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        session.execute(insert(kind), rows[start : start + BATCH])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--needs", type=int, default=10_000)
    parser.add_argument("--programmes", type=int, default=10_000)
    default = f"sqlite:///{tempfile.gettempdir()}/counterpart-benchmark-portfolio.db"
    parser.add_argument("--database", default=default)
    return parser.parse_args()


if __name__ == "__main__":
    main()
