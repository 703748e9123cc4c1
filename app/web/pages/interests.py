"""Interests: a delegation expresses and withdraws its own, officers answer and link; names that may be told."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.interest import naming, queries, service
from app.interest.models import Interest, InterestStatus
from app.interest.schemas import InterestFilter, InterestIn, InterestPatch, InterestSort, NamingIn
from app.needs import queries as needs
from app.pairings.routes import RankingDep
from app.web.forms import Form, FormDep, attempt_once, filled, same_version, whole_number
from app.web.lists import asked, chips, first_path, next_path, paging_of
from app.web.pages.money import KINDS
from app.web.pages.needs import show_desk
from app.web.pages.offers import show_need
from app.web.render import Page, PageDep, go
from app.web.words import spoken

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.INTEREST_READ))]
Donor = Annotated[Actor, Depends(Requires(Permission.INTEREST_EXPRESS))]
Changer = Annotated[Actor, Depends(Requires(Permission.INTEREST_CHANGE))]
Namer = Annotated[Actor, Depends(Requires(Permission.REFERRAL_ANSWER))]
_SAID = ("kind", "amount", "currency", "note")
# What each button of the page of an interest asks for.
_STEPS = {
    "withdraw": InterestStatus.WITHDRAWN,
    "acknowledge": InterestStatus.ACKNOWLEDGED,
    "fulfil": InterestStatus.FULFILLED,
}


@router.get("/interests")
def interests_page(page: PageDep, actor: Reader) -> Response:
    wanted = asked(page.request, InterestFilter).model_copy(update={"sort": InterestSort.WAITING})
    found = queries.page(page.session, actor, wanted, paging_of(page.request))
    return page.show(
        "interests/list.html",
        interests=queries.shown(page.session, actor, [row.Interest for row in found.rows], _days(page)),
        total=found.total,
        wanted=wanted,
        statuses=[(status.value, spoken(status).capitalize()) for status in InterestStatus],
        chips=chips(page.request, ["status", "kind", "need", "delegation"], lambda _name, value: spoken(value)),
        first=first_path(page.request),
        next=next_path(page.request, found),
    )


@router.post("/needs/{ref}/interests")
def express_page(page: PageDep, form: FormDep, actor: Donor, ref: str) -> Response:
    def do() -> str:
        values = filled(**{name: form.text(name).strip() for name in _SAID})
        return str(service.express(page.session, actor, InterestIn.model_validate({"need": ref, **values})).id)

    if attempt_once(page.session, actor, form, do) is None:
        return show_need(page, actor, needs.get(page.session, actor, ref), form)
    return go("/interests", "interest-expressed")


@router.get("/interests/{interest_id}")
def interest_page(page: PageDep, actor: Reader, interest_id: UUID) -> Response:
    interest = queries.get(page.session, actor, interest_id)
    return _interest_page(page, actor, interest, _form_of(interest))


@router.post("/interests/{interest_id}")
def change_page(page: PageDep, form: FormDep, actor: Changer, interest_id: UUID) -> Response:
    _refuse_foreign(actor, form)
    interest = queries.get(page.session, actor, interest_id)

    def do() -> str:
        same_version(form, queries.etag(interest))
        values = InterestPatch.model_validate(_body(form))
        return str(service.change(page.session, actor, interest, values).id)

    if attempt_once(page.session, actor, form, do, {"funds/referral": "funds", "funds/line": "funds"}) is None:
        return _interest_page(page, actor, interest, _again(interest, form))
    return go(f"/interests/{interest_id}", "interest-changed")


@router.post("/needs/{ref}/named")
def name_page(page: PageDep, form: FormDep, actor: Namer, ranking: RankingDep, ref: str) -> Response:
    def do() -> str:
        names = ("organization", "agreed_on", "reference")
        values = NamingIn.model_validate(filled(**{name: form.text(name).strip() for name in names}))
        return str(naming.agree(page.session, actor, ref, values).id)

    if attempt_once(page.session, actor, form, do) is not None:
        return go(f"/needs/{ref}", "named", at="named")
    if actor.is_cted:
        return show_desk(page, actor, ranking, ref, form)
    return show_need(page, actor, needs.get(page.session, actor, ref), form)


@router.post("/needs/{ref}/named/{organization}/withdrawal")
def unname_page(page: PageDep, form: FormDep, actor: Namer, ref: str, organization: str) -> Response:
    naming.withdraw(page.session, actor, ref, organization)
    return go(f"/needs/{ref}", "unnamed")


def _interest_page(page: Page, actor: Actor, interest: Interest, form: Form) -> Response:
    page.session.refresh(interest)
    [shown] = queries.shown(page.session, actor, [interest], _days(page))
    lines = queries.lines_of_need(page.session, actor, interest.need_id)
    return page.show(
        "interests/interest.html",
        form.status,
        interest=shown,
        form=form,
        kinds=KINDS,
        lines=[(f"{line.referral_id}/{line.n}", _named(line)) for line in lines],
    )


def _named(line: Any) -> str:
    conveyed = f"{line.conveyed_at.day} {line.conveyed_at:%B %Y}"
    return f"{line.referral.organization.ref}, conveyed {conveyed}: {spoken(line.status)}"


def _form_of(interest: Interest) -> Form:
    """The page's form as the record fills it."""
    amount = "" if interest.amount is None else f"{interest.amount.normalize():f}"
    line = f"{interest.line.referral_id}/{interest.line.n}" if interest.line else ""
    said = {
        "kind": interest.kind.value,
        "amount": amount,
        "currency": interest.currency or "",
        "note": interest.note,
    }
    return Form({name: [value] for name, value in {**said, "funds": line}.items()})


def _again(interest: Interest, refused: Form) -> Form:
    """What was entered; where another button was refused, the record's own form with the reason."""
    if refused.text("step") == "change":
        return refused
    form = _form_of(interest)
    form.refusal, form.errors, form.status = refused.refusal, refused.errors, refused.status
    return form


def _refuse_foreign(actor: Actor, form: Form) -> None:
    """Refuse a button that the actor's side does not have, before any interest is looked up."""
    if status := _STEPS.get(form.text("step")):
        service.refuse_foreign(actor, InterestPatch(status=status))


def _body(form: Form) -> dict[str, Any]:
    step = form.text("step")
    if step == "change":
        values = {name: form.text(name).strip() or None for name in _SAID}
        return {**values, "note": values["note"] or ""}
    body: dict[str, Any] = {"status": _STEPS[step].value} if step in _STEPS else {}
    if step == "link" or (step in {"fulfil", "acknowledge"} and form.text("funds")):
        body["funds"] = _funds(form.text("funds"))
    return body


def _funds(named: str) -> dict[str, Any] | None:
    """The line that the list names, as referral/number; nothing for none."""
    if not named:
        return None
    referral, _, number = named.partition("/")
    return {"referral": referral, "line": whole_number(number)}


def _days(page: Page) -> int:
    days: int = page.request.app.state.settings.interest_working_days
    return days
