"""The Committee's briefing: a period beside the one before, its forms to hand out, and that it was given."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import ValidationError

from app.access.permissions import Permission, Requires
from app.clocks.briefing import queries, service
from app.clocks.briefing.document import HOW, INVENTED, spoken, tables
from app.clocks.briefing.schemas import RECIPIENT, BriefingFilter, BriefingIn
from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.paging import Paging
from app.web.forms import Form, FormDep, attempt_once, filled
from app.web.render import Page, PageDep, go

router = APIRouter(prefix="/briefing", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.BRIEFING_READ))]
Giver = Annotated[Actor, Depends(Requires(Permission.BRIEFING_GIVE))]
FORMS = [("html", "Print"), ("docx", "Word file"), ("xlsx", "Spreadsheet")]
_MOST_SHOWN = 12


@router.get("")
def briefing_page(page: PageDep, actor: Reader) -> Response:
    return _briefing_page(page, actor, _asked(page), Form())


@router.post("")
def give(page: PageDep, form: FormDep, actor: Giver) -> Response:
    def do() -> str:
        names = ("from", "to", "given_on", "note")
        values = BriefingIn.model_validate(filled(**{name: form.text(name).strip() for name in names}))
        return str(service.give(page.session, actor, values, page.request.app.state.settings).id)

    if attempt_once(page.session, actor, form, do) is None:
        return _briefing_page(page, actor, BriefingFilter(), form)
    return go("/briefing", "briefing-given", at="given")


def _asked(page: Page) -> BriefingFilter:
    """The period that the address asks for; fields left blank ask for nothing. Raises Invalid."""
    query = page.request.query_params
    try:
        return BriefingFilter.model_validate(
            filled(**{name: query.get(name, "") for name in ("from", "to", "group")})
        )
    except ValidationError:
        raise Invalid("A period is written as two days, such as 2026-09-01 and 2026-10-31") from None


def _briefing_page(page: Page, actor: Actor, wanted: BriefingFilter, form: Form) -> Response:
    settings = page.request.app.state.settings
    period = queries.period_of(page.session, actor, wanted, settings)
    found = queries.briefing(page.session, actor, period, settings, wanted.group)
    kept = {"from": str(period.from_on), "to": str(period.until_on)} | (
        {"group": wanted.group} if wanted.group else {}
    )
    return page.show(
        "briefing/briefing.html",
        form.status,
        form=form,
        briefing=found,
        period=spoken(period),
        previous=spoken(found.previous),
        tables=tables(found),
        group=wanted.group or settings.briefing_group,
        forms=FORMS,
        kept=kept,
        recipient=RECIPIENT,
        given=[
            queries.shown(row.Briefing) for row in queries.given(page.session, actor, Paging(_MOST_SHOWN)).rows
        ],
        how=HOW,
        invented=INVENTED,
    )
