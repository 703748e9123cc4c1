"""Guidelines as anybody reads them: the documents, one version with its clauses, what changed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.practices import queries, service
from app.practices.models import PUBLISHED, VersionStatus
from app.practices.schemas import Change, ClauseFilter, ClauseOut, PracticeIn, VersionMove
from app.web.forms import Form, FormDep, attempt_once, filled, new_form, same_version
from app.web.lists import Facet, asked, chips, facet
from app.web.render import Page, PageDep, go
from app.web.words import spoken

router = APIRouter(prefix="/practices", include_in_schema=False)
Writer = Annotated[Actor, Depends(Requires(Permission.PRACTICE_WRITE))]
_FACETS = {"stage": "Stage", "theme": "Theme", "weapon": "Weapons"}


class _Compared(BaseModel):
    """Which two versions are compared."""

    model_config = ConfigDict(extra="forbid")

    before: Annotated[int, Field(ge=1, le=100_000)] | None = None
    after: Annotated[int, Field(ge=1, le=100_000)] | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """The clauses of a version that were asked for, and the choices among all of them."""

    clauses: Sequence[ClauseOut]
    facets: Sequence[Facet]


@router.get("")
def practices_page(page: PageDep) -> Response:
    return page.show("practices/list.html", practices=queries.listed(page.session, page.viewer.actor))


@router.get("/new")
def new_practice_page(page: PageDep, actor: Writer) -> Response:
    form = new_form(page.request, {"language": ["en"]})
    return page.show("practices/new.html", form=form) if isinstance(form, Form) else form


@router.post("/new")
def create_practice(page: PageDep, form: FormDep, actor: Writer) -> Response:
    def do() -> str:
        names = ("ref", "title", "about", "language")
        values = filled(**{name: form.text(name).strip() for name in names})
        return service.create(page.session, actor, PracticeIn.model_validate(values)).ref

    ref = attempt_once(page.session, actor, form, do)
    if ref is None:
        return page.show("practices/new.html", form.status, form=form)
    return go(f"/practices/{ref}/import", "practice-begun")


@router.get("/{ref}")
def practice_page(page: PageDep, ref: str) -> Response:
    actor, wanted = page.viewer.actor, asked(page.request, ClauseFilter)
    practice = queries.get(page.session, actor, ref)
    number = wanted.version or practice.current
    if number is None:
        return page.show("practices/empty.html", practice=practice)
    version = queries.version_view(queries.version(page.session, actor, ref, number))
    return page.show(
        "practices/read.html",
        practice=practice,
        version=version,
        reading=_reading(page, ref, wanted, version.texts),
        wanted=wanted,
        chips=chips(page.request, _FACETS, lambda name, value: _label(page, name, value)),
        has_record=version.status in PUBLISHED,
    )


@router.get("/{ref}/diff")
def difference_page(page: PageDep, ref: str) -> Response:
    actor, wanted = page.viewer.actor, asked(page.request, _Compared)
    practice = queries.get(page.session, actor, ref)
    diff = queries.difference(page.session, actor, ref, wanted.before, wanted.after)
    counts = Counter(one.change for one in diff.clauses)
    return page.show(
        "practices/difference.html", practice=practice, diff=diff, counts=[(one, counts[one]) for one in Change]
    )


@router.get("/{ref}/treatment")
def treatment_page(page: PageDep, ref: str) -> Response:
    actor, wanted = page.viewer.actor, asked(page.request, ClauseFilter)
    practice = queries.get(page.session, actor, ref)
    record = queries.treatment(page.session, actor, ref, wanted.version)
    return page.show("practices/treatment.html", practice=practice, record=record)


@router.post("/{ref}/versions/{number}/status")
def move_version(page: PageDep, form: FormDep, actor: Writer, ref: str, number: int) -> Response:
    version = queries.version(page.session, actor, ref, number)
    shown = queries.version_view(version)

    def do() -> str:
        same_version(form, shown.etag)
        status = VersionMove.model_validate({"status": form.text("status")})
        return str(service.move(page.session, actor, version, status).number)

    if attempt_once(page.session, actor, form, do) is None:
        return page.show("practices/refused.html", form.status, form=form, practice=shown.practice, number=number)
    return go(
        f"/practices/{ref}",
        "version-published" if form.text("status") == VersionStatus.CURRENT else "version-withdrawn",
    )


def _reading(page: Page, ref: str, wanted: ClauseFilter, texts: Sequence[ClauseOut]) -> _Reading:
    clauses = queries.clauses(page.session, page.viewer.actor, ref, wanted) if _narrows(wanted) else texts
    counts = {
        "stage": Counter(one.stage.value for one in texts if one.stage),
        "theme": Counter(code for one in texts for code in one.themes),
        "weapon": Counter(code for one in texts for code in one.weapons),
    }
    facets = [_facet(page, name, counts[name], getattr(wanted, name)) for name in _FACETS]
    return _Reading(clauses, facets)


def _facet(page: Page, name: str, counts: Counter[str], chosen: Sequence[str]) -> Facet:
    return facet(name, _FACETS[name], dict(counts.most_common()), chosen, lambda code: _label(page, name, code))


def _narrows(wanted: ClauseFilter) -> bool:
    return bool(wanted.theme or wanted.weapon or wanted.stage)


def _label(page: Page, name: str, code: str) -> str:
    return spoken(code) if name == "stage" else page.labels(name, code)
