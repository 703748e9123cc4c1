"""Which States agreed in writing to the silence procedure: record one, and record that it ended."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.paging import Paging
from app.needs import releases, silence
from app.needs.release_schemas import AgreementEnd, AgreementIn
from app.web.forms import Form, FormDep, attempt_once, filled
from app.web.lists import PAGE_SIZE, first_path, next_path
from app.web.names import code_of
from app.web.render import Page, PageDep, go, new_key

router = APIRouter(prefix="/silence", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.RELEASE_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.RELEASE_WRITE))]


@router.get("")
def list_page(page: PageDep, actor: Reader) -> Response:
    form = Form()
    form.key = new_key()
    return _list_page(page, actor, form)


@router.post("")
def record(page: PageDep, form: FormDep, actor: Writer) -> Response:
    def do() -> str:
        named = filled(document_url=form.text("document_url").strip(), agreed_on=form.text("agreed_on"))
        country = code_of(form.text("country"), "country", page.labels)
        wanted = AgreementIn.model_validate({"country": country, "reference": form.text("reference"), **named})
        return str(silence.record(page.session, actor, wanted).id)

    if attempt_once(page.session, actor, form, do) is None:
        return _list_page(page, actor, form)
    return go("/silence", "agreement-recorded")


@router.post("/{agreement_id}/end")
def end(page: PageDep, form: FormDep, actor: Writer, agreement_id: UUID) -> Response:
    agreement = silence.get(page.session, actor, agreement_id)

    def do() -> str:
        wanted = AgreementEnd.model_validate({"reference": form.text("ending")})
        return str(releases.end_agreement(page.session, actor, agreement, wanted.reference).id)

    if attempt_once(page.session, actor, form, do, {"reference": "ending"}) is None:
        return _list_page(page, actor, form)
    return go("/silence", "agreement-ended")


def _list_page(page: Page, actor: Actor, form: Form) -> Response:
    cursor = page.request.query_params.get("cursor", "")[:2000] or None
    found = silence.listed(page.session, actor, Paging(PAGE_SIZE, cursor))
    return page.show(
        "consent/silence.html",
        form.status,
        form=form,
        agreements=[silence.shown(row[0]) for row in found.rows],
        days=page.request.app.state.settings.silence_working_days,
        countries=page.labels.choices("country"),
        first=first_path(page.request),
        next=next_path(page.request, found),
    )
