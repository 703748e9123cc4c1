"""Where each role begins: officers with what waits, partners with their own programmes, donors with open needs."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from sqlalchemy.orm import Session

from app.access.clearances import queries as clearances
from app.access.permissions import Permission, Requires
from app.clocks import queries as clocks
from app.clocks.schemas import ClockFilter
from app.core.actor import Actor, Role
from app.core.paging import Paging
from app.core.settings import Settings
from app.interest import queries as interests
from app.interest.models import InterestStatus
from app.interest.schemas import InterestFilter
from app.needs import queries as needs
from app.needs.models import NeedStatus
from app.needs.schemas import NeedFilter
from app.pairings import queries as pairings
from app.pairings.models import Origin, PairingStatus
from app.pairings.schemas import PairingFilter
from app.programmes import queries as programmes
from app.programmes.models import Freshness
from app.programmes.schemas import ProgrammeFilter
from app.referrals.attention import attention
from app.web.render import PageDep, go

router = APIRouter(include_in_schema=False)
Self = Annotated[Actor, Depends(Requires(Permission.ME))]
_COUNT = Paging(limit=1, count=True)
_LATE = (Freshness.OVERDUE, Freshness.STALE)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of work: how much there is, where it is done, and what to do when there is none."""

    name: str
    count: int
    path: str
    otherwise: str


@router.get("/")
def home(page: PageDep, actor: Self) -> Response:
    if actor.role is Role.PARTNER and page.viewer.me:
        return go(f"/programmes?organization={quote(page.viewer.me.organization)}")
    if actor.role is Role.DONOR:
        return go("/needs")
    overdue = _overdue(page.session, actor, page.request.app.state.settings)
    return page.show("home.html", waiting=[overdue, *_waiting(page.session, actor)])


def _overdue(session: Session, actor: Actor, settings: Settings) -> Waiting:
    late = clocks.due_list(session, actor, ClockFilter(overdue=True), _COUNT, settings)
    return Waiting("of yours overdue", late.total or 0, "/clocks?overdue=true", "Nothing of yours is overdue.")


def _waiting(session: Session, actor: Actor) -> list[Waiting]:
    return [
        Waiting(
            "proposals to review",
            _pairs(session, actor, PairingStatus.PROPOSED),
            "/pairings",
            "Open a need, and what fits it is proposed here.",
        ),
        Waiting(
            "of them changed since they were rejected",
            _pairs(session, actor, PairingStatus.PROPOSED, changed=True),
            "/pairings?changed_since_rejection=true",
            "A rejected pair comes back only when one of its sides changed.",
        ),
        Waiting(
            "of them offered by partners",
            _offered(session, actor),
            "/pairings?origin=partner",
            "Partners offer on needs that are released to them.",
        ),
        Waiting(
            "acts for a second officer to clear",
            clearances.waiting(session, actor),
            "/clearances?state=waiting",
            "Where the office asks for a second officer, what is to be cleared is here.",
        ),
        Waiting(
            "accepted pairings to convey",
            _pairs(session, actor, PairingStatus.ACCEPTED),
            "/referrals/new",
            "Accept a proposal to find it here.",
        ),
        Waiting(
            "matters of referrals for an officer",
            len(attention(session, actor)),
            "/referrals",
            "Questions, refusals and partial deliveries are put here.",
        ),
        Waiting(
            "interests of delegations to answer",
            _interests(session, actor),
            "/interests?status=open&sort=waiting",
            "Delegations express interest in needs that are released to them.",
        ),
        Waiting(
            "drafts of needs",
            _needs(session, actor, NeedStatus.DRAFT),
            "/needs?status=draft",
            "State a need to begin.",
        ),
        Waiting(
            "open needs",
            _needs(session, actor, NeedStatus.OPEN),
            "/needs?status=open",
            "Open a draft once it is specific enough.",
        ),
        Waiting(
            "programmes whose assurance has ended",
            programmes.page(session, actor, ProgrammeFilter(freshness=list(_LATE)), _COUNT)[1].total or 0,
            "/programmes?" + "&".join(f"freshness={each.value}" for each in _LATE),
            "Every programme was assured in time.",
        ),
    ]


def _pairs(session: Session, actor: Actor, status: PairingStatus, changed: bool | None = None) -> int:
    wanted = PairingFilter(status=[status], changed_since_rejection=changed)
    return pairings.page(session, actor, wanted, _COUNT)[1].total or 0


def _offered(session: Session, actor: Actor) -> int:
    wanted = PairingFilter(status=[PairingStatus.PROPOSED], origin=[Origin.PARTNER])
    return pairings.page(session, actor, wanted, _COUNT)[1].total or 0


def _interests(session: Session, actor: Actor) -> int:
    return interests.page(session, actor, InterestFilter(status=[InterestStatus.OPEN]), _COUNT).total or 0


def _needs(session: Session, actor: Actor, status: NeedStatus) -> int:
    return needs.listed(session, actor, NeedFilter.model_validate({"status": [status]}), _COUNT).total or 0
