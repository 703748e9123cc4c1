"""Any sequence of calls, by hypothesis: nothing reaches a state that the tables forbid, and nothing said is lost.

Needs, releases, pairings and referrals are driven through their services. A plain model beside them says what each
call should do; after each step the records are held against it, and sight against a naive reading of the releases.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine, StaticPool, func, select
from sqlalchemy.orm import Session

from app.audit.chain import verify
from app.audit.models import AuditEvent
from app.core.actor import Actor, Role
from app.core.db import make_engine, utc_now
from app.core.errors import DomainError, NotFound
from app.core.migrate import upgrade
from app.needs import queries as need_queries
from app.needs import releases
from app.needs import service as needs
from app.needs.models import Need, NeedStatus, Outcome, Release, ReleaseFields
from app.needs.release_schemas import ReleaseIn
from app.needs.schemas import NeedIn, NeedMove, NeedPatch
from app.organizations.models import Level, Organization, OrganizationKind
from app.organizations.service import ensure_built_in_groups
from app.pairings import moves as pairing_moves
from app.pairings import service as pairings
from app.pairings.models import Decision, Judgement, Origin, Pairing, PairingStatus, Reason
from app.pairings.schemas import DecisionIn
from app.programmes import service as programmes
from app.programmes.models import Programme
from app.programmes.schemas import ProgrammeIn
from app.referrals import conveying, service
from app.referrals.models import LIVE, LineAnswer, LineOutcome, LineStatus, Move, ReferralLine
from app.referrals.moves import MOVES, OFFICERS
from app.referrals.schemas import MoveIn, ReferralIn
from app.vocabularies.service import load_vocabularies
from tests.referrals.conftest import ACCEPTED, BASIS, STORAGE_HELP, STORES

MOST_NEEDS = 3
SAID: dict[Move, dict[str, Any]] = {
    Move.TAKE_UP: {"part": "whole"},
    Move.DECLINE: {"reason": "no_funds"},
    Move.ASK: {"note": "Where?"},
    Move.ANSWER: {"note": "There."},
    Move.START: {"accepted": ACCEPTED},
    Move.REPORT: {"outcome": "partly_delivered"},
    Move.INQUIRE: {},
    Move.COMPLETE: {},
    Move.RETRACT: {"reason": "timing"},
}
ENDS = {Move.DECLINE, Move.COMPLETE, Move.RETRACT}
AUDIENCES = [{"group": "partners"}, {"organization": "PARTNER"}, {"organization": "OTHER"}]
ENDING = [Move.DECLINE, Move.RETRACT]
WHOLE_WAY = [
    ("own", Move.ASK),
    ("officer", Move.ANSWER),
    ("own", Move.TAKE_UP),
    ("officer", Move.START),
    ("own", Move.REPORT),
    ("officer", Move.INQUIRE),
    ("officer", Move.REPORT),
    ("officer", Move.COMPLETE),
]
any_number = st.integers(0, 100)


def made_engine() -> Engine:
    """A migrated database in memory; each run works in a transaction of its own and leaves nothing."""
    engine = make_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    with engine.begin() as connection:
        upgrade(connection)
    with Session(engine) as session, session.begin():
        load_vocabularies(session)
        ensure_built_in_groups(session)
    return engine


class Procedure(RuleBasedStateMachine):
    """Officers and two organizations do whatever they like, in any order."""

    engine: Engine

    @initialize()
    def begin(self) -> None:
        self.connection = self.engine.connect()
        self.outermost = self.connection.begin()
        self.session = Session(self.connection, join_transaction_mode="create_savepoint")
        cted = self._organization("CTED-T")
        self.officer = Actor(Role.OFFICER, cted.id)
        self.sides = {ref: Actor(Role.PARTNER, self._organization(ref).id) for ref in ("PARTNER", "OTHER")}
        self.programmes = [self._programme(side) for side in self.sides.values() for _ in range(2)]
        self.needs: list[UUID] = []
        self.need_status: dict[UUID, NeedStatus] = {}
        self.pair_status: dict[UUID, PairingStatus] = {}
        self.line_status: dict[UUID, LineStatus] = {}
        self.answers: dict[UUID, int] = {}
        self.outcomes: dict[UUID, int] = {}
        self.decisions: dict[UUID, int] = {}
        self.events = 0
        self.session.commit()
        self.state_need(1)

    def teardown(self) -> None:
        if not hasattr(self, "session"):
            return
        verified = verify(self.session)
        assert verified.broken_at is None, verified
        self.session.close()
        self.outermost.rollback()
        self.connection.close()

    # What is done.

    @rule(of=any_number)
    def state_need(self, of: int) -> None:
        if len(self.needs) >= MOST_NEEDS:
            return
        need = needs.create(self.session, self.officer, NeedIn.model_validate(STORES))
        self.needs.append(need.id)
        self.need_status[need.id] = NeedStatus.DRAFT
        for programme in self.programmes:
            self._store(need, programme)
        self._move_need(need, NeedStatus.OPEN, None)

    @rule(which=any_number, status=st.sampled_from(NeedStatus), outcome=st.sampled_from(list(Outcome)[:4]))
    def move_need(self, which: int, status: NeedStatus, outcome: Outcome) -> None:
        need = self._need(which)
        self._move_need(need, status, outcome if status is NeedStatus.CLOSED else None)

    @rule(which=any_number, into=any_number)
    def merge_need(self, which: int, into: int) -> None:
        need, other = self._need(which), self._need(into)
        may = need is not other and not other.merged_into_id and not need.merged_into_id
        may = may and not self._live_of(need)

        def do() -> None:
            service.merge_need(self.session, self.officer, need, other.ref)
            self.need_status[need.id] = NeedStatus.CLOSED

        self._expect(may, do)

    @rule(which=any_number)
    def change_text(self, which: int) -> None:
        need = self._need(which)
        said = NeedPatch(institution=f"Directorate {need.revision}")
        self._expect(True, lambda: needs.update(self.session, self.officer, need, said))

    @rule(which=any_number, audience=st.sampled_from(AUDIENCES), fields=st.sampled_from(ReleaseFields))
    def release(self, which: int, audience: dict[str, str], fields: ReleaseFields) -> None:
        need = self._need(which)
        wanted = ReleaseIn.model_validate({**BASIS, "audience": audience, "fields": fields})
        self._expect(None, lambda: releases.record_release(self.session, self.officer, need, wanted))

    @rule(which=any_number)
    def withdraw(self, which: int) -> None:
        every = self.session.scalars(select(Release).order_by(Release.recorded_at, Release.id)).all()
        if every:
            release = every[which % len(every)]
            releases.withdraw(self.session, self.officer, release.need, release)
            self._commit()

    @rule(which=any_number, judgement=st.sampled_from(Judgement))
    def decide(self, which: int, judgement: Judgement) -> None:
        pairing = self._pair(which)
        target = pairing_moves.MOVES[judgement].get(self.pair_status[pairing.id])
        may = target is not None
        may = may and (target is not PairingStatus.ACCEPTED or self._is_open(pairing.need_id))
        line = self._live_line(pairing)
        reason = Reason.OTHER if judgement in pairings.NEED_REASON else None

        def do() -> None:
            claimed = pairings.claim(self.session, self.officer, pairing.id, "*")
            service.decide(self.session, self.officer, claimed, DecisionIn(judgement=judgement, reason=reason))
            assert target is not None
            self.pair_status[pairing.id] = target
            self.decisions[pairing.id] += 1
            if judgement is Judgement.RETRACT and line is not None:
                self._ended(line, LineStatus.RETRACTED)

        self._expect(may, do)

    @rule(
        whom=st.sampled_from(["PARTNER", "OTHER"]), first=any_number, count=st.integers(1, 3), told=st.booleans()
    )
    def convey(self, whom: str, first: int, count: int, told: bool) -> None:
        every = list(self.pair_status)
        chosen = [self.session.get_one(Pairing, every[(first + n) % len(every)]) for n in range(count)]
        chosen = list(dict.fromkeys(chosen))
        organization_id = self.sides[whom].organization_id
        may = all(
            self.pair_status[pair.id] is PairingStatus.ACCEPTED
            and self._is_open(pair.need_id)
            and pair.programme.organization_id == organization_id
            and (told or self._sees_newest(organization_id, pair.need))
            for pair in chosen
        )
        body = {
            "organization": whom,
            "pairings": [pair.id for pair in chosen],
            **({"release": BASIS} if told else {}),
        }

        def do() -> None:
            made = conveying.convey(self.session, self.officer, ReferralIn.model_validate(body))
            for line in made.lines:
                self.line_status[line.id] = LineStatus.CONVEYED
                self.answers[line.id] = self.outcomes[line.id] = 0
                self.pair_status[line.pairing_id] = PairingStatus.CONVEYED
                assert self._sees_newest(organization_id, line.need)

        self._expect(may, do)

    @rule(which=any_number, by=st.sampled_from(["officer", "own", "own", "other"]), move=st.sampled_from(Move))
    def move(self, which: int, by: str, move: Move) -> None:
        if self.line_status:
            every = list(self.line_status)
            self._move_line(self.session.get_one(ReferralLine, every[which % len(every)]), by, move)

    # What carries a pair far, so that short sequences reach the end.

    @rule(which=any_number)
    def accept_and_convey(self, which: int) -> None:
        pairing = self._pair(which)
        if not self._is_open(pairing.need_id):
            return
        for judgement in (Judgement.REOPEN, Judgement.ACCEPT):
            if self.pair_status[pairing.id] in pairing_moves.MOVES[judgement]:
                self.decide(which, judgement)
        owner = self.session.get_one(Organization, pairing.programme.organization_id)
        self.convey(owner.ref, list(self.pair_status).index(pairing.id), 1, told=True)

    @rule(which=any_number, how_far=st.integers(1, len(WHOLE_WAY)))
    def carry_on(self, which: int, how_far: int) -> None:
        if line := self._some_live_line(which):
            for by, move in WHOLE_WAY[:how_far]:
                self._move_line(line, by, move)

    @rule(
        which=any_number, far=st.booleans(), by=st.sampled_from(["officer", "own"]), move=st.sampled_from(ENDING)
    )
    def end(self, which: int, far: bool, by: str, move: Move) -> None:
        self.accept_and_convey(which)
        if line := self._some_live_line(which):
            if far:
                self._move_line(line, "own", Move.TAKE_UP)
            self._move_line(line, by, move)

    @rule(which=any_number)
    def retract_what_was_conveyed(self, which: int) -> None:
        conveyed = [pair for pair, status in self.pair_status.items() if status is PairingStatus.CONVEYED]
        if conveyed:
            pair = conveyed[which % len(conveyed)]
            self.decide(list(self.pair_status).index(pair), Judgement.RETRACT)

    @rule(which=any_number, merges=st.booleans())
    def close_what_is_referred(self, which: int, merges: bool) -> None:
        if line := self._some_live_line(which):
            place = self.needs.index(line.need_id)
            if merges:
                self.merge_need(place, place + 1)
            else:
                self.move_need(place, NeedStatus.CLOSED, Outcome.MET)

    # What holds after every step.

    @invariant()
    def the_records_say_what_the_tables_allow(self) -> None:
        self.session.expire_all()
        for need in self.session.scalars(select(Need).where(Need.id.in_(self.needs))):
            assert need.status is self.need_status[need.id]
            assert not (self._live_of(need) and (need.status is NeedStatus.CLOSED or need.merged_into_id))
        for pairing in self.session.scalars(select(Pairing)):
            assert pairing.status is self.pair_status[pairing.id]
        for line in self.session.scalars(select(ReferralLine)):
            assert line.status is self.line_status[line.id]
            assert line.status not in LIVE or line.pairing.status is PairingStatus.CONVEYED

    @invariant()
    def a_pair_has_at_most_one_live_line(self) -> None:
        live = select(ReferralLine.pairing_id).where(ReferralLine.status.in_(LIVE))
        twice = live.group_by(ReferralLine.pairing_id).having(func.count() > 1)
        assert self.session.scalars(twice).all() == []

    @invariant()
    def nothing_that_was_said_is_lost(self) -> None:
        for kept, record, key in (
            (self.answers, LineAnswer, LineAnswer.line_id),
            (self.outcomes, LineOutcome, LineOutcome.line_id),
            (self.decisions, Decision, Decision.pairing_id),
        ):
            numbers: dict[UUID, list[int]] = {}
            for owner, number in self.session.execute(select(key, record.number).order_by(record.number)):
                numbers.setdefault(owner, []).append(number)
            assert numbers == {owner: list(range(1, count + 1)) for owner, count in kept.items() if count}

    @invariant()
    def an_organization_sees_a_need_as_its_releases_say(self) -> None:
        for side in self.sides.values():
            for need_id in self.needs:
                need = self.session.get_one(Need, need_id)
                try:
                    shown = (need_queries.get(self.session, side, need.ref).fields,)
                except NotFound:
                    shown = ()
                best = [fields for fields, _ in self._sights(side.organization_id, need)]
                assert shown == (("full",) if ReleaseFields.FULL in best else ("summary",) if best else ())

    # How it is done, and what the model says of it.

    def _expect(self, may: bool | None, do: Callable[[], object]) -> None:
        """Do it: it succeeds as `may` says (None: either), and leaves an event where it does."""
        refusal = None
        try:
            with self.session.begin_nested():
                do()
        except DomainError as refused:
            refusal = refused
        assert may is None or may is (refusal is None), refusal or "it was done against the tables"
        self._commit(leaves_event=refusal is None)

    def _commit(self, leaves_event: bool = False) -> None:
        self.session.commit()
        events = self.session.scalar(select(func.max(AuditEvent.number))) or 0
        assert events > self.events or not leaves_event
        self.events = events

    def _move_need(self, need: Need, status: NeedStatus, outcome: Outcome | None) -> None:
        before = self.need_status[need.id]
        may = status in needs.MOVES[before]
        may = may and not (status is NeedStatus.CLOSED and self._live_of(need))
        wanted = NeedMove(status=status, outcome=outcome, reason="because", override_reason="for the test")

        def do() -> None:
            service.move_need(self.session, self.officer, need, wanted)
            self.need_status[need.id] = status

        self._expect(may, do)

    def _move_line(self, line: ReferralLine, by: str, move: Move) -> None:
        own = next(side for side in self.sides.values() if side.organization_id == line.referral.organization_id)
        stranger = next(side for side in self.sides.values() if side is not own)
        actor = {"officer": self.officer, "own": own, "other": stranger}[by]
        target = MOVES[move].get(self.line_status[line.id])
        asked, sides = line.question_at is not None, {told.side.value for told in line.outcomes}
        may = target is not None and by != "other" and (actor is self.officer or move not in OFFICERS)
        may = may and (move is not Move.ANSWER or asked) and (move is not Move.INQUIRE or "organization" in sides)
        may = may and (move is not Move.COMPLETE or sides == {"organization", "state"})

        def do() -> None:
            claimed = service.claim(self.session, actor, line.referral_id, line.n, "*")
            service.move(self.session, actor, claimed, MoveIn.model_validate({"move": move, **SAID[move]}))
            assert target is not None
            self.outcomes[line.id] += move is Move.REPORT
            if move is Move.RETRACT:
                self.pair_status[line.pairing_id] = PairingStatus.RETRACTED
                self.decisions[line.pairing_id] += 1
            self.answers[line.id] += move not in {Move.REPORT, Move.RETRACT}
            if move in ENDS:
                self.answers[line.id] -= move is not Move.RETRACT
                self._ended(line, target)
            self.line_status[line.id] = target

        self._expect(may, do)

    def _ended(self, line: ReferralLine, status: LineStatus) -> None:
        """The model's side of an end, and that the last one leaves no full sight by name."""
        self.line_status[line.id] = status
        self.answers[line.id] += 1
        organization_id = line.referral.organization_id
        others = [
            other
            for other in self.session.scalars(select(ReferralLine).where(ReferralLine.need_id == line.need_id))
            if other.referral.organization_id == organization_id and self.line_status[other.id] in LIVE
        ]
        by_name = [
            True for fields, named in self._sights(organization_id, line.need) if named and fields == "full"
        ]
        assert others or not by_name

    def _sights(self, organization_id: UUID, need: Need) -> list[tuple[ReleaseFields, bool]]:
        """What each release shows an organization now, read one by one, and whether it is by name."""
        found, now = [], utc_now()
        for release in self.session.scalars(select(Release).where(Release.need_id == need.id)):
            over = (release.withdrawn_at, release.ends_at, release.superseded_at)
            in_force = release.complete_at is not None and all(end is None or end > now for end in over)
            in_force = (
                in_force and max(release.starts_at, release.recorded_at, release.complete_at or _EVER) <= now
            )
            named = release.organization_id is not None
            mine = release.organization_id == organization_id if named else need.status is NeedStatus.OPEN
            if in_force and mine and need.status is not NeedStatus.DRAFT:
                found.append((release.fields, named))
        return found

    def _sees_newest(self, organization_id: UUID, need: Need) -> bool:
        return conveying.serving_release(self.session, organization_id, need) is not None

    def _live_of(self, need: Need) -> list[UUID]:
        of_need = select(ReferralLine.id).where(ReferralLine.need_id == need.id)
        return [line for line in self.session.scalars(of_need) if self.line_status[line] in LIVE]

    def _live_line(self, pairing: Pairing) -> ReferralLine | None:
        of_pair = self.session.scalars(select(ReferralLine).where(ReferralLine.pairing_id == pairing.id))
        return next((line for line in of_pair if self.line_status[line.id] in LIVE), None)

    def _some_live_line(self, which: int) -> ReferralLine | None:
        live = [line for line, status in self.line_status.items() if status in LIVE]
        return self.session.get_one(ReferralLine, live[which % len(live)]) if live else None

    def _is_open(self, need_id: UUID) -> bool:
        return self.need_status[need_id] is NeedStatus.OPEN

    def _need(self, which: int) -> Need:
        return self.session.get_one(Need, self.needs[which % len(self.needs)])

    def _pair(self, which: int) -> Pairing:
        every = list(self.pair_status)
        return self.session.get_one(Pairing, every[which % len(every)])

    def _store(self, need: Need, programme: Programme) -> None:
        pairing = Pairing(
            need=need,
            programme=programme,
            status=PairingStatus.PROPOSED,
            origin=Origin.OFFICER,
            score=0.5,
            need_revision=1,
            model="for the test",
        )
        self.session.add(pairing)
        self.session.flush()
        self.pair_status[pairing.id], self.decisions[pairing.id] = PairingStatus.PROPOSED, 0

    def _organization(self, ref: str) -> Organization:
        made = Organization(ref=ref, name=ref, level=Level.REGIONAL, kind=OrganizationKind.IMPLEMENTER)
        self.session.add(made)
        self.session.flush()
        return made

    def _programme(self, side: Actor) -> Programme:
        values = ProgrammeIn.model_validate({**STORAGE_HELP, "status": "active"})
        return programmes.register(self.session, side, values)[0]


_EVER = datetime(1, 1, 1, tzinfo=UTC)


def test_no_sequence_of_calls_breaks_the_procedure() -> None:
    """Derandomized, so that a run says the same each time; raise the numbers to search further."""
    engine = made_engine()
    machine = type("TestProcedure", (Procedure,), {"engine": engine})
    machine.TestCase.settings = settings(
        max_examples=15,
        stateful_step_count=20,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    machine.TestCase("runTest").runTest()
    engine.dispose()
