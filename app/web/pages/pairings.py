"""The review queue, one pairing side by side, and the decisions on it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import utc_now
from app.core.errors import NotFound
from app.core.paging import Paging
from app.needs import queries as needs
from app.needs.schemas import NeedView
from app.pairings import queries, service, suggesting
from app.pairings.models import Pairing, PairingStatus
from app.pairings.ranking import Ranking
from app.pairings.routes import RankingDep
from app.pairings.schemas import (
    ContributionOut,
    DecisionIn,
    PairingFilter,
    PairingOut,
    PairingSort,
    SuggestionFilter,
    SuggestionOut,
)
from app.programmes import queries as programmes
from app.programmes.schemas import ProgrammeView
from app.referrals import queries as lines
from app.referrals import service as referrals
from app.web.explanations import marked, marks, parts_of, printed
from app.web.forms import Form, FormDep, attempt_once, filled
from app.web.lists import asked, chips, first_path, next_path, paging_of
from app.web.pages.need_desk import REASONS
from app.web.pages.needs import show_desk
from app.web.pages.organizations import organization_choices
from app.web.render import Page, PageDep, go
from app.web.words import spoken

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.PAIRING_READ))]
Judge = Annotated[Actor, Depends(Requires(Permission.PAIRING_DECIDE))]
SORTS = {
    PairingSort.BEST: "Highest score first",
    PairingSort.LEAST: "Lowest score first",
    PairingSort.NEWEST: "Newest first",
    PairingSort.OLDEST: "Oldest first",
}
_NAMES = {"changed_since_rejection": "Changed since rejection", "left_out": "Left out because of a fact"}
_CHIPPED = ["status", "theme", "region", "organization", "need", "programme", "origin", *_NAMES]


@router.get("/pairings")
def queue_page(page: PageDep, actor: Reader) -> Response:
    wanted = asked(page.request, PairingFilter)
    if "status" not in page.request.query_params:
        wanted.status = [PairingStatus.PROPOSED]
    items, found = queries.page(page.session, actor, wanted, paging_of(page.request))
    out = queries.page(page.session, actor, PairingFilter(left_out=True), Paging(limit=1, count=True))[1]
    now = utc_now()
    return page.show(
        "pairings/queue.html",
        pairings=[(item, (now - item.proposed_at).days, printed(item.score)) for item in items],
        total=found.total,
        left_out=out.total,
        wanted=wanted,
        statuses=[(status.value, spoken(status).capitalize()) for status in PairingStatus],
        sorts=[(sort.value, name) for sort, name in SORTS.items()],
        organizations=organization_choices(page.session, actor),
        chips=chips(page.request, _CHIPPED, lambda name, value: _label(page, name, value)),
        first=first_path(page.request),
        next=next_path(page.request, found),
    )


@router.get("/pairings/{pairing_id}")
def pairing_page(page: PageDep, actor: Reader, ranking: RankingDep, pairing_id: UUID) -> Response:
    return _pairing_page(page, actor, ranking, queries.get(page.session, actor, pairing_id), Form())


@router.post("/pairings/{pairing_id}/decisions")
def decide(page: PageDep, form: FormDep, actor: Judge, ranking: RankingDep, pairing_id: UUID) -> Response:
    def do() -> str:
        pairing = service.claim(page.session, actor, pairing_id, form.text("version"))
        return str(referrals.decide(page.session, actor, pairing, _decision(form)).id)

    if attempt_once(page.session, actor, form, do) is None:
        return _pairing_page(page, actor, ranking, queries.get(page.session, actor, pairing_id), form)
    return go(f"/pairings/{pairing_id}", "decided")


@router.post("/needs/{ref}/decisions")
def decide_on_need(page: PageDep, form: FormDep, actor: Judge, ranking: RankingDep, ref: str) -> Response:
    """Decide on a suggestion on the need's own page; one that is not stored yet is stored with it."""
    need = needs.load(page.session, actor, ref)
    about = form.text("programme")

    def do() -> str:
        programme = programmes.get(page.session, actor, about)
        pairing, is_new = service.store(page.session, actor, ranking, need, programme)
        if not form.text("judgement"):
            return str(pairing.id)
        read_as = "*" if is_new else form.text("version") or queries.etag(pairing, queries.today())
        claimed = service.claim(page.session, actor, pairing.id, read_as)
        return str(referrals.decide(page.session, actor, claimed, _decision(form)).id)

    if attempt_once(page.session, actor, form, do) is None:
        return show_desk(page, actor, ranking, ref, form, about=about)
    return go(f"/needs/{ref}", "decided" if form.text("judgement") else "stored", at=about)


def _pairing_page(page: Page, actor: Actor, ranking: Ranking, pairing: Pairing, form: Form) -> Response:
    [shown] = queries.shown(page.session, [pairing], queries.today())
    need = needs.get(page.session, actor, shown.need.ref)
    programme = programmes.view(actor, programmes.get(page.session, actor, shown.programme.ref))
    today = _suggestion(page, actor, ranking, shown)
    return page.show(
        "pairings/pairing.html",
        form.status,
        pairing=shown,
        need=need,
        programme=programme,
        parts=parts_of(shown.contributions, shown.score),
        score=printed(shown.score),
        today=today,
        today_score=printed(today.score) if today else "",
        marked=_marked(need, programme, (today.contributions if today else None) or []),
        decisions=queries.decisions(page.session, actor, pairing),
        referred=lines.of_pairing(page.session, actor, pairing.id),
        reasons=REASONS,
        form=form,
    )


def _marked(need: NeedView, programme: ProgrammeView, reasons: list[ContributionOut]) -> dict[str, Any]:
    """The texts of both sides in pieces, the matched words marked."""
    on_need, on_programme = marks(reasons, "need"), marks(reasons, "programme")
    return {
        "need_title": marked(need.title, on_need.get("title", [])),
        "need_text": marked(getattr(need, "description", ""), on_need.get("text", [])),
        "title": marked(programme.title, on_programme.get("title", [])),
        "summary": marked(programme.summary, on_programme.get("summary", [])),
        "activities": [
            marked(activity, on_programme.get(f"activities.{n}", []))
            for n, activity in enumerate(programme.activities)
        ],
    }


def _suggestion(page: Page, actor: Actor, ranking: Ranking, shown: PairingOut) -> SuggestionOut | None:
    """The pair as it is explained today: its gates, and where the words stand in the texts."""
    need = needs.load(page.session, actor, shown.need.ref)
    wanted = SuggestionFilter(programme=shown.programme.ref)
    try:
        return suggesting.for_need(page.session, actor, ranking, need, wanted).items[0]
    except (NotFound, IndexError):  # registered a moment ago: not in the index yet
        return None


def _decision(form: Form) -> DecisionIn:
    names = ("judgement", "reason", "note", "until", "duplicate_of")
    values: dict[str, Any] = filled(**{name: form.text(name).strip() for name in names})
    return DecisionIn.model_validate(values)


def _label(page: Page, name: str, value: str) -> str:
    if name in {"theme", "region"}:
        return page.labels(name, value)
    return _NAMES.get(name) or spoken(value)
