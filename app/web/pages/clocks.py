"""What is due, by officer; the hand-over of what one answers for; and the address of one's calendar."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access import addresses
from app.access.addresses import Purpose
from app.access.permissions import Permission, Requires
from app.clocks import queries, service
from app.clocks.routes import feed_address
from app.clocks.schemas import ClockFilter, HandoverIn, Whose
from app.clocks.table import CLOCKS
from app.core import calendar
from app.core.actor import Actor
from app.core.paging import Found
from app.web.forms import Form, FormDep, attempt_once, filled
from app.web.lists import asked, chips, facet, first_path, next_path, paging_of
from app.web.render import Page, PageDep, go

router = APIRouter(prefix="/clocks", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.CLOCK_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.NEED_WRITE))]
WHOSE = [
    (Whose.MINE.value, "Mine"),
    (Whose.ALL.value, "Of all officers"),
    (Whose.UNASSIGNED.value, "Nobody answers for"),
]
_CHIPPED = ["clock", "officer", "until", "overdue"]
_FIELDS = {"": "needs", "from": "from"}


@router.get("")
def due_page(page: PageDep, actor: Reader) -> Response:
    wanted = asked(page.request, ClockFilter)
    settings = page.request.app.state.settings
    found = queries.due_list(page.session, actor, wanted, paging_of(page.request), settings)
    counts = found.counts or {}
    running = {name.value: tally.running for name, tally in counts.items()}
    return page.show(
        "clocks/due.html",
        due=found.items,
        total=found.total,
        overdue=sum(tally.overdue for tally in counts.values()),
        wanted=wanted,
        whose=WHOSE,
        chosen=wanted.whose or (Whose.MINE if actor.user_id else Whose.ALL),
        officers=queries.officers(page.session, actor),
        facets=[facet("clock", "Clock", running, wanted.clock, _title)],
        chips=chips(page.request, _CHIPPED, _chip),
        clocks=queries.table(settings),
        address=addresses.in_force(page.session, actor, Purpose.CLOCKS),
        holidays=[each for each in calendar.known_holidays() if not each.confirmed],
        first=first_path(page.request),
        next=next_path(page.request, Found([], found.next, None)),
    )


@router.get("/handover")
def handover_page(page: PageDep, actor: Writer) -> Response:
    own = page.viewer.me.user.email if page.viewer.me and page.viewer.me.user else ""
    needs = " ".join(page.request.query_params.getlist("need"))
    return _handover_page(page, actor, Form({"from": [own], "needs": [needs]}))


@router.post("/handover")
def hand_over(page: PageDep, form: FormDep, actor: Writer) -> Response:
    def do() -> str:
        named = form.listed("needs")
        names = ("from", "to", "deputy", "reason")
        body = filled(**{name: form.text(name).strip() for name in names}, needs=named)
        values = HandoverIn.model_validate(body | {"all": form.text("all") == "yes"})
        return str(len(service.hand_over(page.session, actor, values).needs))

    if attempt_once(page.session, actor, form, do, _FIELDS) is None:
        return _handover_page(page, actor, form)
    return go("/clocks", "handed-over")


@router.post("/address")
def get_address(page: PageDep, form: FormDep, actor: Reader) -> Response:
    shown: list[str] = []  # the secret, in this answer alone

    def do() -> str:
        shown.append(addresses.issue(page.session, actor, Purpose.CLOCKS))
        return "address"

    if attempt_once(page.session, actor, form, do) is None or not shown:
        return go("/clocks", "address-made-before", at="calendar")
    address = feed_address(page.request.app.state.settings.base_url, shown[0])
    return page.show("clocks/address.html", 201, address=address)


@router.post("/address/revocation")
def revoke_address(page: PageDep, form: FormDep, actor: Reader) -> Response:
    addresses.revoke(page.session, actor, Purpose.CLOCKS)
    return go("/clocks", "address-revoked", at="calendar")


def _handover_page(page: Page, actor: Actor, form: Form) -> Response:
    officers = [(email, email) for email in queries.officers(page.session, actor)]
    return page.show("clocks/handover.html", form.status, form=form, officers=officers)


def _title(name: str) -> str:
    return next(clock.title for own, clock in CLOCKS.items() if own.value == name)


def _chip(name: str, value: str) -> str:
    if name == "clock":
        return _title(value)
    return {"officer": value, "until": f"due by {value}", "overdue": "Overdue"}[name]
