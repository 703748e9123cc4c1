"""Meeting files: chosen on one page, printed or saved in one click."""

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.documents import DocumentFormat
from app.organizations import queries as organizations
from app.organizations.models import BuiltIn
from app.organizations.schemas import OrganizationFilter
from app.portfolio.files.kinds import FileKind, Purpose
from app.portfolio.files.making import leave_note, make
from app.portfolio.files.records import states_with_needs
from app.portfolio.files.state import shared_with_others
from app.web.pages.organizations import organization_choices
from app.web.render import Page, PageDep, go

router = APIRouter(include_in_schema=False)
Officer = Annotated[Actor, Depends(Requires(Permission.FILE_READ))]
SAVED, HANDED, HANDED_SAVED = "docx", "handover", "handover-docx"


@router.get("/files")
def files_page(page: PageDep, actor: Officer) -> Response:
    delegations = list(organizations.KINDS_OF[BuiltIn.DONORS])
    return page.show(
        "files/files.html",
        states=_states(page, actor),
        organizations=organization_choices(page.session, actor),
        delegations=organization_choices(page.session, actor, OrganizationFilter(kind=delegations)),
    )


@router.get("/files/open")
def open_file(
    page: PageDep, actor: Officer, kind: FileKind = FileKind.STATE, of: str = "", form: str = ""
) -> Response:
    """Lead from the choice to the file: a page to print, or the .docx."""
    if not of.strip():
        return go("/files")
    path = f"/files/{kind}/{quote(of.strip(), safe='')}"
    purpose = "for=handover" if form in {HANDED, HANDED_SAVED} else ""
    if form in {SAVED, HANDED_SAVED}:
        return go(f"/api/v1{path}?format=docx" + (f"&{purpose}" if purpose else ""))
    return go(path + (f"?{purpose}" if purpose else ""))


@router.get("/files/state/{country}")
def state_file_page(page: PageDep, actor: Officer, country: str) -> Response:
    """The file on a State, for officers or (`?for=handover`) to hand over."""
    is_handed = page.request.query_params.get("for") == Purpose.HANDOVER
    purpose = Purpose.HANDOVER if is_handed else Purpose.OFFICERS
    code, saved = quote(country, safe=""), "/api/v1/files/state/"
    if not is_handed:
        others = [
            (f"{saved}{code}?format=docx", "as .docx"),
            (f"/files/state/{code}?for=handover", "to hand over"),
        ]
        return _shown(page, actor, FileKind.STATE, country, purpose, others)
    others = [(f"{saved}{code}?for=handover&format=docx", "as .docx"), (f"/files/state/{code}", "for officers")]
    if left_out := shared_with_others(page.session, actor, country):
        said = f"left out: {left_out} that it has together with other States"
        others.append((f"/needs?country={code}", said))
    return _shown(page, actor, FileKind.STATE, country, purpose, others)


@router.get("/files/organization/{organization_ref}")
def organization_file_page(page: PageDep, actor: Officer, organization_ref: str) -> Response:
    return _shown(page, actor, FileKind.ORGANIZATION, organization_ref)


@router.get("/files/delegation/{delegation_ref}")
def delegation_file_page(page: PageDep, actor: Officer, delegation_ref: str) -> Response:
    return _shown(page, actor, FileKind.DELEGATION, delegation_ref)


def _shown(
    page: Page,
    actor: Actor,
    kind: FileKind,
    ref: str,
    purpose: Purpose = Purpose.OFFICERS,
    others: Sequence[tuple[str, str]] = (),
) -> Response:
    """The file as a page to print, after the event that it goes out."""
    state = page.request.app.state
    made = make(page.session, actor, kind, ref, state.settings, purpose)
    leave_note(state.open_session, actor, made, DocumentFormat.HTML, getattr(page.request.state, "request_id", ""))
    saved = (f"/api/v1/files/{kind}/{quote(ref, safe='')}?format=docx", "as .docx")
    return page.show_document(made.document, [*(others or (saved,)), ("/files", "other meeting files")])


def _states(page: Page, actor: Actor) -> dict[str, list[tuple[str, str]]]:
    """Every State by its name; those with needs first, with how many."""
    counts, named = states_with_needs(page.session, actor), page.labels.choices("country")
    in_order = sorted(named, key=lambda pair: pair[1])
    return {
        "With needs": [(code, f"{name} ({counts[code]})") for code, name in in_order if code in counts],
        "Without": [(code, name) for code, name in in_order if code not in counts],
    }
