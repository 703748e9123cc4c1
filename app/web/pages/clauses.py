"""Clauses of guidelines beside needs and programmes: cited, changed since, similar; and what cites a document."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.http import etag_of
from app.needs import queries as needs
from app.needs import service
from app.needs.schemas import NeedPatch
from app.pairings import clauses
from app.pairings.clause_schemas import ClausesOfNeed
from app.practices import queries as practices
from app.web.explanations import Part, parts_of, printed
from app.web.forms import FormDep, attempt_once, same_version
from app.web.render import Page, PageDep, go

router = APIRouter(include_in_schema=False)
Officer = Annotated[Actor, Depends(Requires(Permission.PRACTICE_WRITE))]
Writer = Annotated[Actor, Depends(Requires(Permission.NEED_WRITE))]
Similar = tuple[ClausesOfNeed, list[tuple[list[Part], str]]]


@router.get("/practices/{ref}/citations")
def citations_page(page: PageDep, actor: Officer, ref: str) -> Response:
    practice = practices.get(page.session, actor, ref)
    found = clauses.citing_practice(page.session, actor, ref)
    return page.show("practices/citations.html", practice=practice, found=found)


@router.post("/needs/{ref}/clauses")
def cite_clause(page: PageDep, form: FormDep, actor: Writer, ref: str) -> Response:
    """Cite one more clause, or another version of one that the need cites already."""
    need = needs.load(page.session, actor, ref)

    def do() -> str:
        same_version(form, etag_of(need.version))
        wanted = form.text("clause").strip()
        kept = [one for one in service.newest(page.session, need).clauses if not _same(one, wanted)]
        return service.update(page.session, actor, need, NeedPatch(clauses=[*kept, wanted])).ref

    if attempt_once(page.session, actor, form, do) is None:
        return page.show("needs/clause_refused.html", form.status, form=form, ref=need.ref)
    return go(f"/needs/{ref}", "clause-cited", at="clauses")


def clauses_of(page: Page, actor: Actor, ref: str) -> Similar:
    """The clauses of a need, and the score of each similar one taken apart."""
    found = clauses.of_need(page.session, actor, page.request.app.state.clause_shelf, ref)
    return found, [(parts_of(one.contributions, one.score), printed(one.score)) for one in found.similar]


def _same(one: str, other: str) -> bool:
    return one.partition("@")[0] == other.partition("@")[0]
