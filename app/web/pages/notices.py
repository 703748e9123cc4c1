"""What waits for the reader and how they are told of it; and the page of a link that assures one programme."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.notices import assurance, queries, service
from app.notices.models import Delivery
from app.notices.rules import CONCERNS
from app.notices.schemas import NoticesPatch
from app.programmes.routes import RulesDep
from app.web.forms import Form, FormDep, attempt_once
from app.web.render import Page, PageDep, go
from app.web.visitors import show_to_visitor

router = APIRouter(include_in_schema=False)
links = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.NOTICE_READ))]
Chooser = Annotated[Actor, Depends(Requires(Permission.NOTICE_CHOOSE))]
KINDS = {
    "referral": "A referral waits for your organization's answer",
    "answer": "What the other side said on a referral: an answer, a question, an outcome",
    "offer": "Offers of assistance: received, or what became of yours",
    "interest": "Interests of delegations: expressed, or what became of yours",
    "consent": "Consent ended while a referral is under way",
    "clearance": "A second officer is asked to clear something",
    "clock": "Something is due, or late",
    "freshness": "A programme of yours is to be assured",
}
DELIVERIES = [
    (Delivery.AT_ONCE.value, "at once"),
    (Delivery.DAILY.value, "in a daily digest"),
    (Delivery.NONE.value, "not by e-mail"),
]


@router.get("/notices")
def notices_page(page: PageDep, actor: Reader) -> Response:
    return _notices_page(page, actor, Form())


@router.post("/notices/seen")
def mark_seen(page: PageDep, form: FormDep, actor: Chooser) -> Response:
    return _change(page, form, actor, {"seen": form.many("seen")}, "notices-seen")


@router.post("/notices/choices")
def choose(page: PageDep, form: FormDep, actor: Chooser) -> Response:
    chosen = {kind.value: form.text(kind.value) or None for kind in CONCERNS[actor.role]}
    return _change(page, form, actor, {"choices": chosen}, "notices-chosen")


@links.get("/assure/{token}")
def assurance_page(page: PageDep, token: str) -> Response:
    """One button. Opening the page does nothing, because mail scanners open links."""
    return _offered(page, assurance.find(page.session, token), token)


@links.post("/assure/{token}")
def assure_by_link(page: PageDep, form: FormDep, token: str, rules: RulesDep) -> Response:
    return _offered(page, assurance.use(page.session, token, rules), token)


def _change(page: Page, form: Form, actor: Actor, wanted: dict[str, object], said: str) -> Response:
    def do() -> str:
        service.change(page.session, actor, NoticesPatch.model_validate(wanted))
        return said

    if attempt_once(page.session, actor, form, do) is None:
        return _notices_page(page, actor, form)
    return go("/notices", said)


def _notices_page(page: Page, actor: Actor, form: Form) -> Response:
    return page.show(
        "notices/notices.html",
        form.status,
        found=queries.overview(page.session, actor, page.request.app.state.settings),
        kinds=KINDS,
        deliveries=DELIVERIES,
        form=form,
    )


def _offered(page: Page, offered: assurance.Offered, token: str) -> Response:
    return show_to_visitor(
        page,
        "notices/assure.html",
        programme=offered.programme,
        used=offered.link.used_at,
        until=offered.link.expires_at,
        token_of_link=token,
    )
