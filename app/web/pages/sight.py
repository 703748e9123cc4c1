"""Who could see what on a day: of one need, and of one organization or group."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.paging import Found, Paging
from app.needs import past, queries
from app.needs.periods import Period, period_of, this_moment
from app.web.forms import Form
from app.web.lists import PAGE_SIZE, next_path
from app.web.pages.releases import audiences
from app.web.render import PageDep

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.RELEASE_READ))]


@router.get("/needs/{ref}/sight")
def need_page(page: PageDep, actor: Reader, ref: str) -> Response:
    need = queries.load(page.session, actor, ref)
    form, period = _asked(page)
    seen = past.seers(page.session, need, period) if period else []
    return page.show("consent/seers.html", form.status, need=need, form=form, period=period, seen=seen)


@router.get("/sight")
def audience_page(page: PageDep, actor: Reader) -> Response:
    form, period = _asked(page)
    found, following = None, None
    if period and form.text("audience"):
        try:
            reader = past.reader_called(page.session, form.text("audience"))
            cursor = page.request.query_params.get("cursor", "")[:2000] or None
            found = past.seen_by(page.session, actor, reader, period, Paging(PAGE_SIZE, cursor))
            following = next_path(page.request, Found((), found.next, None))
        except Invalid as error:
            form.refuse(error, {})
    return page.show(
        "consent/sight.html",
        form.status,
        form=form,
        period=period,
        found=found,
        next=following,
        audiences=audiences(page, actor),
    )


def _asked(page: PageDep) -> tuple[Form, Period | None]:
    """The form as it was filled in, and the day that it asks for: now where it names none."""
    values = page.request.query_params
    form = Form({"on": [values.get("on", "")], "audience": [values.get("audience", "")]})
    try:
        return form, period_of(form.text("on")) if form.text("on") else this_moment()
    except Invalid as error:
        form.refuse(error, {"at": "on"})
        return form, None
