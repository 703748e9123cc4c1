"""Programmes: the list, one programme, its form, its status and its assurance."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.errors import Invalid
from app.pairings import capacity
from app.practices import citing
from app.programmes import queries, service
from app.programmes.models import Programme, ProgrammeStatus, Provenance
from app.programmes.routes import RulesDep
from app.programmes.schemas import Assurance, ProgrammeFilter, ProgrammeIn, ProgrammeMove, ProgrammePatch
from app.web.forms import Form, FormDep, attempt, attempt_once, new_form, same_version
from app.web.lists import Facet, asked, chips, facet, first_path, next_path, paging_of
from app.web.pages.organizations import organization_choices
from app.web.pages.programme_form import FIELDS, body_of, form_of
from app.web.render import Page, PageDep, go
from app.web.words import spoken

router = APIRouter(prefix="/programmes", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.PROGRAMME_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.PROGRAMME_WRITE))]

# The facets in their order, each with its heading and the vocabulary that its codes are from.
_FACETS: Mapping[str, tuple[str, str | None]] = {
    "theme": ("Theme", "theme"),
    "region": ("Serves", "region"),
    "kind": ("Kind", None),
    "dimension": ("Dimension", "dimension"),
    "function": ("Function", "function"),
    "weapon": ("Weapons", "weapon"),
    "assistance_type": ("Assistance", "assistance_type"),
    "status": ("Status", None),
    "freshness": ("Assurance", None),
    "organization": ("Organization", None),
}
_WORDED = {"kind", "status", "freshness"}
_MOST_DUE = 50
_CHIPPED = [*_FACETS, "country", "q"]


@router.get("")
def list_page(page: PageDep, actor: Reader) -> Response:
    wanted = asked(page.request, ProgrammeFilter)
    views, found = queries.page(page.session, actor, wanted, paging_of(page.request))
    counts = queries.facets(page.session, actor, wanted)
    return page.show(
        "programmes/list.html",
        programmes=views,
        total=found.total,
        due=queries.to_assure(page.session, actor, 1)[1] if page.viewer.may(Permission.PROGRAMME_WRITE) else 0,
        wanted=wanted,
        facets=[_facet(page, name, counts.get(name, {}), getattr(wanted, name)) for name in _FACETS],
        chips=chips(page.request, _CHIPPED, lambda name, value: _label(page, name, value)),
        first=first_path(page.request),
        next=next_path(page.request, found),
    )


@router.get("/new")
def new_page(page: PageDep, actor: Writer) -> Response:
    form = new_form(page.request, {"kind": ["assistance"], "language": ["en"]})
    return _form_page(page, actor, form, None) if isinstance(form, Form) else form


@router.post("/new")
def register(page: PageDep, form: FormDep, actor: Writer, rules: RulesDep) -> Response:
    def do() -> str:
        values = ProgrammeIn.model_validate(body_of(form, page.labels, new=True))
        return service.register(page.session, actor, values, rules, guard=_only_new)[0].ref

    ref = attempt_once(page.session, actor, form, do, FIELDS)
    if ref is None:
        return _form_page(page, actor, form, None)
    return go(f"/programmes/{ref}", "programme-saved")


@router.get("/due")
def due_page(page: PageDep, actor: Writer) -> Response:
    return _due_page(page, actor, Form())


@router.post("/due")
def assure_several(page: PageDep, form: FormDep, actor: Writer, rules: RulesDep) -> Response:
    """Assure the one whose button was pressed, or all that are ticked: when one cannot be, none is."""
    refs = [form.text("one")] if form.text("one") else form.many("ref")

    def do() -> str:
        if not refs:
            raise Invalid("Tick the programmes that are right today")
        for ref in refs:
            service.assure(page.session, actor, queries.get(page.session, actor, ref), None, rules)
        return ",".join(refs)

    if attempt_once(page.session, actor, form, do) is None:
        return _due_page(page, actor, form)
    return go("/programmes/due", "assured" if len(refs) == 1 else "assured-several")


@router.get("/{ref}")
def programme_page(page: PageDep, actor: Reader, ref: str) -> Response:
    return _programme_page(page, actor, queries.get(page.session, actor, ref), Form())


@router.get("/{ref}/edit")
def edit_page(page: PageDep, actor: Writer, ref: str) -> Response:
    programme = queries.get(page.session, actor, ref)
    shown = queries.view(actor, programme)
    return _form_page(page, actor, form_of(shown, page.labels), programme)


@router.post("/{ref}/edit")
def change(page: PageDep, form: FormDep, actor: Writer, ref: str) -> Response:
    programme = queries.get(page.session, actor, ref)

    def do() -> str:
        same_version(form, queries.view(actor, programme).etag)
        values = ProgrammePatch.model_validate(body_of(form, page.labels, new=False))
        return service.update(page.session, actor, programme, values).ref

    if attempt_once(page.session, actor, form, do, FIELDS) is None:
        return _form_page(page, actor, form, programme)
    return go(f"/programmes/{ref}", "programme-saved")


@router.post("/{ref}/status")
def move(page: PageDep, form: FormDep, actor: Writer, ref: str, rules: RulesDep) -> Response:
    programme = queries.get(page.session, actor, ref)

    def do() -> str:
        same_version(form, queries.view(actor, programme).etag)
        wanted = ProgrammeMove.model_validate({"status": form.text("status"), "reason": form.text("reason")})
        return service.move(page.session, actor, programme, wanted, rules).ref

    if attempt_once(page.session, actor, form, do) is None:
        return _programme_page(page, actor, programme, form)
    return go(f"/programmes/{ref}", "programme-moved")


@router.post("/{ref}/assurance")
def assure(page: PageDep, form: FormDep, actor: Writer, ref: str, rules: RulesDep) -> Response:
    programme = queries.get(page.session, actor, ref)

    def do() -> Programme:
        until = Assurance.model_validate({"assured_until": form.text("assured_until") or None}).assured_until
        return service.assure(page.session, actor, programme, until, rules)

    if attempt(page.session, form, do) is None:
        return _programme_page(page, actor, programme, form)
    return go(f"/programmes/{ref}", "assured")


def _due_page(page: Page, actor: Actor, form: Form) -> Response:
    due, total = queries.to_assure(page.session, actor, _MOST_DUE)
    return page.show(
        "programmes/due.html",
        form.status,
        programmes=due,
        more=total > len(due),
        chosen=form.many("ref") if form.refusal else [one.ref for one in due if not one.contradictions],
        days=page.request.app.state.settings.assurance_days,
        form=form,
    )


def _programme_page(page: Page, actor: Actor, programme: Programme, form: Form) -> Response:
    shown = queries.view(actor, programme)
    moves = [status for status in ProgrammeStatus if status in service.MOVES[shown.status]]
    return page.show(
        "programmes/programme.html",
        form.status,
        programme=shown,
        whole=queries.may_read_whole(actor, programme),
        engaged=capacity.engaged(page.session, programme.id),
        cited=citing.citations(page.session, shown.clauses),
        writes=may_write(actor, programme),
        moves=moves,
        form=form,
    )


def _form_page(page: Page, actor: Actor, form: Form, programme: Programme | None) -> Response:
    shown = queries.view(actor, programme) if programme else None
    version = form.text("version") or (shown.etag if shown else "")
    return page.show(
        "programmes/form.html",
        form.status,
        form=form,
        ref=shown.ref if shown else None,
        version=version,
        newest=shown.etag if shown else "",
        organizations=organization_choices(page.session, actor) if actor.is_cted else [],
    )


def may_write(actor: Actor, programme: Programme) -> bool:
    """Whether the pages offer to change it; the service decides again."""
    own = programme.organization_id == actor.organization_id
    return own or (actor.is_cted and programme.provenance is Provenance.PUBLIC_SOURCES)


def _only_new(existing: Programme | None) -> None:
    """A form for a new programme changes none that exists."""
    if existing is not None:
        message = f"{existing.ref} has this identifier already; edit that programme, or give another identifier"
        raise Invalid.field("/external_id", message)


def _facet(page: Page, name: str, counts: Mapping[str, int], chosen: list[Any]) -> Facet:
    return facet(name, _FACETS[name][0], counts, chosen, lambda code: _label(page, name, code))


def _label(page: Page, name: str, value: str) -> str:
    if name == "country":
        return page.labels("country", value)
    if name == "q":
        return f"“{value}”"
    kind = _FACETS[name][1]
    if kind:
        return page.labels(kind, value)
    return spoken(value).capitalize() if name in _WORDED else value
