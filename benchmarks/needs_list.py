"""Times the list, search and facets of needs over a filled database, for an officer and a donor.

    python -m benchmarks.needs_list [--needs 100000] [--database sqlite:////tmp/needs.db]

Prints milliseconds (median of five), by the clock and of this process's own work, and the latter as a multiple of
what reading one need takes. SQLite works in this process; of PostgreSQL the clock alone tells.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from app.core.actor import Actor, Role
from app.core.db import make_engine, session_factory, utc_now
from app.core.migrate import upgrade
from app.core.model import new_ref
from app.core.paging import Paging
from app.needs import queries, search
from app.needs.models import Need, NeedCode, NeedRevision, NeedStatusChange, RecipientKind, Release
from app.needs.schemas import NeedFilter
from app.needs.writing import _codes, _settled
from app.organizations.models import BuiltIn, Group, Level, Organization, OrganizationKind
from app.vocabularies.service import load_vocabularies

SEED = Path(__file__).parents[1] / "seed_data" / "needs.jsonl"
BATCH = 5_000
COUNTRIES = ("TG", "ML", "NE", "KE", "TD", "PH", "IQ", "PE", "UZ", "FJ")


def main() -> None:
    arguments = _arguments()
    engine = make_engine(arguments.database)
    with engine.begin() as connection:
        upgrade(connection)
    open_session = session_factory(engine)
    with open_session(True) as session, session.begin():
        if session.scalar(select(Need.id).limit(1)) is None:
            fill(session, arguments.needs)
    with open_session(False) as session, session.begin():
        measure(session)


def fill(session: Session, number: int) -> None:
    """Store `number` open needs; of four, two are released to donors as summaries and one whole."""
    load_vocabularies(session)
    cted, donor = _organization("CTED", OrganizationKind.IMPLEMENTER), _organization("D", OrganizationKind.DONOR)
    donors = session.scalar(select(Group).where(Group.built_in == BuiltIn.DONORS))
    donors = donors or Group(ref="donors", name="Donors", built_in=BuiltIn.DONORS)
    session.add_all([cted, donor, donors])
    session.flush()
    samples = list(_samples(session))
    for start in range(0, number, BATCH):
        _insert(session, samples, range(start + 1, min(start + BATCH, number) + 1), donors.id)
        print(f"\r{start + BATCH:,} needs", end="", flush=True)  # noqa: T201
    session.execute(text("ANALYZE"))
    print()  # noqa: T201


def measure(session: Session) -> None:
    """Print a line for each question and reader."""
    refs = {o.ref: o.id for o in session.scalars(select(Organization))}
    readers = (Actor(Role.OFFICER, refs["CTED"]), Actor(Role.DONOR, refs["D"]))
    for actor in readers:
        page = queries.listed(session, actor, NeedFilter(), Paging(1))
        ref = page.items[0].ref
        one = _line(actor, "one need", partial(queries.get, session, actor, ref), None)
        for name, ask in _questions(session, actor):
            _line(actor, name, ask, one)


def _line(actor: Actor, name: str, ask: Callable[[], Any], one: float | None) -> float:
    clock, work = _median(ask, time.perf_counter), _median(ask, time.process_time)
    times = f"{work / (one or work):8.1f} ×"
    print(f"{actor.role:8} {name:30} {clock:8.1f} ms {work:8.1f} ms of work {times}")  # noqa: T201
    return work


def _questions(session: Session, actor: Actor) -> Iterator[tuple[str, Callable[[], Any]]]:
    def ask(facets: bool = False, count: bool = False, **wanted: Any) -> Callable[[], Any]:
        return lambda: queries.listed(session, actor, NeedFilter(**wanted), Paging(50, None, count), facets)

    yield "first page", ask()
    yield "first page, counted", ask(count=True)
    yield "first page, with facets", ask(facets=True, count=True)
    yield "by priority", ask(sort="priority")
    yield "by day wanted", ask(sort="wanted_by")
    yield "one theme", ask(theme=["WPN-PSM"], count=True)
    yield "one theme, with facets", ask(theme=["WPN-PSM"], count=True, facets=True)
    yield "one country, with facets", ask(country=["TG"], count=True, facets=True)
    yield "search: drone", ask(q="drone", count=True)
    yield "search: drone, with facets", ask(q="drone", count=True, facets=True)
    yield "search: OP 6 of 2370", ask(q="OP 6 of 2370", count=True)
    yield "search: a rare word", ask(q="w777", count=True)
    page = queries.listed(session, actor, NeedFilter(), Paging(200))
    for _ in range(20):
        page = queries.listed(session, actor, NeedFilter(), Paging(200, page.next))
    yield "a page after 4,000", lambda: queries.listed(session, actor, NeedFilter(), Paging(50, page.next))


def _samples(session: Session) -> Iterator[tuple[NeedRevision, list[NeedCode]]]:
    """The illustrative needs as revisions with codes and tokens, each for one of ten countries."""
    empty = dict.fromkeys(("priority", "beneficiary_kind", "indicative_cost", "wanted_by"))
    lists: dict[str, Any] = {"translations": {}, "unconfirmed": [], "institution": "", "existing_efforts": ""}
    codes: dict[str, Any] = {
        name: [] for name in ("weapons", "functions", "dimensions", "assistance_types", "provisions")
    }
    for n, line in enumerate(SEED.read_text(encoding="utf-8").splitlines()):
        recipient = {"countries": [COUNTRIES[n % len(COUNTRIES)]]}
        said = _settled({**empty, **lists, **codes, **json.loads(line), "recipient": recipient})
        made = list(_codes(session, said, None))
        revision = NeedRevision(
            **{name: said[name] for name in ("title", "description", "language", "provisions", "translations")},
            recipient_kind=RecipientKind.COUNTRIES, priority=said["priority"], context="", institution="",
            existing_efforts="", unconfirmed=[], codes=made,
        )  # fmt: skip
        search.index(session, "N-2026-AAAAA", revision)
        yield revision, made


def _insert(
    session: Session,
    samples: list[tuple[NeedRevision, list[NeedCode]]],
    numbers: range,
    donors_id: UUID,
) -> None:
    rows: dict[Any, list[dict[str, Any]]] = {
        kind: [] for kind in (Need, NeedStatusChange, NeedRevision, NeedCode, Release)
    }
    for n in numbers:
        _add(rows, random.choice(samples), n, donors_id)
    for kind, values in rows.items():
        session.execute(insert(kind), values)


def _add(rows: dict[Any, list[dict[str, Any]]], sample: tuple[NeedRevision, Any], n: int, donors_id: UUID) -> None:
    revision, codes = sample
    need_id, at = uuid4(), utc_now() - timedelta(minutes=random.randrange(1_000_000))
    head = {"id": need_id, "ref": f"{new_ref('N', 2026)}{n}", "status": "open", "source": "other", "revision": 1}
    rows[Need].append({**head, "created_at": at, "changed_at": at, "version": 1, "illustrative": True})
    rows[NeedStatusChange].append({"need_id": need_id, "status": "open", "at": at})
    kept = ("coded", "description", "language", "provisions", "translations", "recipient_kind", "priority")
    said = {name: getattr(revision, name) for name in kept}
    tokens = f"{revision.summary_tokens} w{n % 1000}", f"{revision.full_tokens} w{n % 1000}"
    rows[NeedRevision].append(
        {
            "id": n, "need_id": need_id, "number": 1, "title": f"{revision.title} {n}", **said, "made_at": at,
            "summary_tokens": tokens[0], "full_tokens": tokens[1], "context": "", "institution": "",
            "existing_efforts": "", "cost_estimated_by": "", "unconfirmed": [],
        }
    )  # fmt: skip
    for code in codes:
        held = {"field": code.field, "code": code.code, "kind": code.kind, "position": code.position}
        rows[NeedCode].append({"revision_id": n, **held})
    if n % 4:
        fields = "full" if n % 4 == 1 else "summary"
        shown = {"id": uuid4(), "need_id": need_id, "revision": 1, "group_id": donors_id, "fields": fields}
        times = dict.fromkeys(("starts_at", "recorded_at", "complete_at"), at)
        rows[Release].append({**shown, **times, "basis": "document", "reference": "a benchmark"})


def _organization(ref: str, kind: OrganizationKind) -> Organization:
    return Organization(ref=ref, name=ref, level=Level.INTERNATIONAL, kind=kind)


def _median(ask: Callable[[], Any], now: Callable[[], float]) -> float:
    times = []
    for _ in range(5):
        begun = now()
        ask()
        times.append((now() - begun) * 1000)
    return statistics.median(times)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--needs", type=int, default=100_000)
    default = f"sqlite:///{tempfile.gettempdir()}/counterpart-benchmark-needs.db"
    parser.add_argument("--database", default=default)
    return parser.parse_args()


if __name__ == "__main__":
    main()
