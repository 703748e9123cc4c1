"""Needs: the list that each role may see, one need, its form, and for officers what they do with it."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.http import etag_of
from app.core.paging import Found
from app.interest import listing
from app.interest.schemas import NeedQuery
from app.needs import queries, service
from app.needs.models import Need
from app.needs.schemas import NeedIn, NeedMove, NeedPatch, NeedSort
from app.pairings.routes import RankingDep
from app.referrals import service as referrals
from app.web.forms import Form, FormDep, attempt_once, filled, new_form, same_version, version_read
from app.web.lists import Facet, asked, chips, facet, first_path, next_path, paging_of
from app.web.pages.clauses import clauses_of
from app.web.pages.money import money_of
from app.web.pages.need_desk import desk
from app.web.pages.need_form import FIELDS, body_of, form_of, specificity_of
from app.web.pages.offers import show_need
from app.web.pages.organizations import organization_choices
from app.web.render import Page, PageDep, go
from app.web.words import spoken

router = APIRouter(prefix="/needs", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.NEED_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.NEED_WRITE))]

# The facets in their order, each with its heading and the vocabulary that its codes are from.
_FACETS: Mapping[str, tuple[str, str | None]] = {
    "theme": ("Theme", "theme"),
    "region": ("Region", "region"),
    "priority": ("Priority", "priority"),
    "dimension": ("Dimension", "dimension"),
    "function": ("Function", "function"),
    "weapon": ("Weapons", "weapon"),
    "assistance_type": ("Assistance", "assistance_type"),
    "country": ("Country", "country"),
}
_OFFICERS_FACETS = {"status": ("Status", None), **_FACETS}
_CHIPPED = [
    *_OFFICERS_FACETS,
    "instrument",
    "provision",
    "q",
    "since",
    "responsible",
    "assessment",
    "ready_to_fund",
]
SORTS = {
    NeedSort.NEWEST: "Newest first",
    NeedSort.OLDEST: "Oldest first",
    NeedSort.TITLE: "By title",
    NeedSort.PRIORITY: "By priority",
    NeedSort.WANTED_BY: "Wanted soonest",
}


@router.get("")
def list_page(page: PageDep, actor: Reader) -> Response:
    wanted = asked(page.request, NeedQuery)
    found = listing.listed(page.session, actor, wanted, paging_of(page.request), facets=True)
    counts = found.facets or {}
    offered = _OFFICERS_FACETS if actor.is_cted else _FACETS
    return page.show(
        "needs/list.html",
        needs=found.items,
        total=found.total,
        wanted=wanted,
        sorts=[(sort.value, name) for sort, name in SORTS.items()],
        facets=[_facet(page, name, counts.get(name, {}), getattr(wanted, name)) for name in offered],
        chips=chips(page.request, _CHIPPED, lambda name, value: _label(page, name, value)),
        query=urlencode(wanted.model_dump(mode="json", exclude_defaults=True), doseq=True),
        first=first_path(page.request),
        next=next_path(page.request, Found((), found.next, found.total)),
    )


@router.get("/new")
def new_page(page: PageDep, actor: Writer) -> Response:
    form = new_form(page.request, {"language": ["en"], "recipient": ["countries"], "source": ["state_request"]})
    return _form_page(page, actor, form, None) if isinstance(form, Form) else form


@router.post("/new")
def create(page: PageDep, form: FormDep, actor: Writer) -> Response:
    if form.text("step") == "check":
        return _form_page(page, actor, form, None, check=True)

    def do() -> str:
        values = NeedIn.model_validate(filled(**body_of(form, page.labels)))
        return service.create(page.session, actor, values).ref

    ref = attempt_once(page.session, actor, form, do, FIELDS)
    if ref is None:
        return _form_page(page, actor, form, None)
    return go(f"/needs/{ref}", "need-saved")


@router.post("/specificity")
def specificity_part(page: PageDep, form: FormDep, _actor: Writer) -> Response:
    """How specific the text is, as a part of the form's page, while it is being written."""
    return page.show("needs/specificity.html", specificity=specificity_of(page, form))


@router.get("/{ref}")
def need_page(page: PageDep, actor: Reader, ranking: RankingDep, ref: str) -> Response:
    shown = queries.get(page.session, actor, ref)
    if not actor.is_cted:
        return show_need(page, actor, shown, Form())
    gated = page.request.query_params.get("gated") == "yes"
    return show_desk(page, actor, ranking, ref, Form(), gated=gated)


@router.get("/{ref}/edit")
def edit_page(page: PageDep, actor: Writer, ref: str) -> Response:
    need = queries.load(page.session, actor, ref)
    return _form_page(page, actor, form_of(queries.get(page.session, actor, ref), page.labels), need)


@router.post("/{ref}/edit")
def change(page: PageDep, form: FormDep, actor: Writer, ref: str) -> Response:
    need = queries.load(page.session, actor, ref)
    if form.text("step") == "check":
        return _form_page(page, actor, form, need, check=True)

    def do() -> str:
        same_version(form, etag_of(need.version))
        wanted = NeedPatch.model_validate(body_of(form, page.labels))
        return service.update(page.session, actor, need, wanted).ref

    if attempt_once(page.session, actor, form, do, FIELDS) is None:
        return _form_page(page, actor, form, need)
    return go(f"/needs/{ref}", "need-saved")


@router.post("/{ref}/status")
def move(page: PageDep, form: FormDep, actor: Writer, ranking: RankingDep, ref: str) -> Response:
    need = queries.load(page.session, actor, ref)
    threshold = page.request.app.state.settings.specificity_threshold

    def do() -> str:
        same_version(form, etag_of(need.version))
        names = ("status", "outcome", "reason", "override_reason")
        wanted = NeedMove.model_validate(filled(**{name: form.text(name).strip() for name in names}))
        return referrals.move_need(page.session, actor, need, wanted, threshold).ref

    if attempt_once(page.session, actor, form, do) is None:
        return show_desk(page, actor, ranking, ref, form)
    return go(f"/needs/{ref}", "need-opened" if form.text("status") == "open" else "need-moved")


@router.post("/{ref}/confirmation")
def confirm(page: PageDep, form: FormDep, actor: Writer, ranking: RankingDep, ref: str) -> Response:
    need = queries.load(page.session, actor, ref)

    def do() -> str:
        same_version(form, etag_of(need.version))
        return service.confirm(page.session, actor, need, form.many("mark")).ref

    if attempt_once(page.session, actor, form, do) is None:
        return show_desk(page, actor, ranking, ref, form)
    return go(f"/needs/{ref}", "need-saved")


def show_desk(
    page: Page, actor: Actor, ranking: RankingDep, ref: str, form: Form, gated: bool = False, about: str = ""
) -> Response:
    """An officer's page of a need; `form` is what was refused, `about` the programme that it was about."""
    shown = queries.get(page.session, actor, ref)
    laid_out = desk(page, actor, ranking, queries.load(page.session, actor, ref), gated)
    return page.show(
        "needs/need.html",
        form.status,
        need=shown,
        desk=laid_out,
        money=money_of(page, actor, ref),
        clauses=clauses_of(page, actor, ref),
        form=form,
        blank=Form(),
        about=about,
    )


def _form_page(page: Page, actor: Actor, form: Form, need: Need | None, check: bool = False) -> Response:
    """The form with what was entered; saved again, it is against the record that was read."""
    newest = etag_of(need.version) if need else ""
    return page.show(
        "needs/form.html",
        form.status,
        form=form,
        ref=need.ref if need else None,
        version=version_read(form, newest),
        specificity=specificity_of(page, form) if check else None,
        organizations=organization_choices(page.session, actor),
    )


def _facet(page: Page, name: str, counts: Mapping[str, int], chosen: list[Any]) -> Facet:
    return facet(name, _OFFICERS_FACETS[name][0], counts, chosen, lambda code: _label(page, name, code))


def _label(page: Page, name: str, value: str) -> str:
    if name == "q":
        return f"“{value}”"
    if name == "ready_to_fund":
        return "Ready to fund"
    kind = _OFFICERS_FACETS.get(name, ("", None))[1]
    return page.labels(kind, value) if kind else spoken(value).capitalize() if name == "status" else value
