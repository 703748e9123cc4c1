"""Referrals: what waits, the letters that each role sees, and the moves that each side makes of their lines."""

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.pairings.models import Reason
from app.referrals import letter_facts, letters, queries, service, shown
from app.referrals.attention import Waiting, Waits, attention
from app.referrals.letters import LetterKind
from app.referrals.models import DeclineReason, Delivered, Diligence, LineStatus, Move, Referral, Side
from app.referrals.moves import check_maker
from app.referrals.routes import clocks_of
from app.referrals.schemas import MoveIn, ReferralFilter
from app.web.forms import Form, FormDep, attempt_once, filled
from app.web.lists import asked, chips, first_path, next_path, paging_of
from app.web.pages.organizations import organization_choices
from app.web.render import Page, PageDep, go
from app.web.words import spoken

router = APIRouter(prefix="/referrals", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.REFERRAL_READ))]
Mover = Annotated[Actor, Depends(Requires(Permission.REFERRAL_ANSWER))]

WAITS = {
    Waits.QUESTION: "asks for information",
    Waits.SIGHT_ENDED: "no longer sees the need: its release ended",
    Waits.DECLINED: "declined",
    Waits.PARTIAL: "was delivered in part, or not at all",
    Waits.TO_ANSWER: "waits for your answer",
}
# What was done, in the list of what both sides said.
MADE = {
    Move.TAKE_UP: "Taken up",
    Move.DECLINE: "Declined",
    Move.ASK: "Question",
    Move.ANSWER: "Answer",
    Move.START: "Delivery started",
    Move.REPORT: "Reported",
    Move.INQUIRE: "State asked how it went",
    Move.COMPLETE: "Completed",
    Move.RETRACT: "Retracted",
}
_DRAFTS = {
    LetterKind.CONVEYANCE: "Letter to the organization",
    LetterKind.REMINDER: "Reminder to the organization",
    LetterKind.ACCEPTANCE: "Note verbale: does the State accept?",
    LetterKind.INQUIRY: "Note verbale: was it met?",
}
_FIELDS = {
    "accepted": "accepted_on",
    "accepted/reference": "accepted_reference",
    "diligence": "diligence_result",
    "diligence/on": "diligence_on",
    "diligence/reference": "diligence_reference",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter that can be drafted, in which language first, and to which States where there are several."""

    kind: str
    name: str
    language: str
    states: Sequence[str]


@router.get("")
def list_page(page: PageDep, actor: Reader) -> Response:
    wanted = asked(page.request, ReferralFilter)
    found = queries.page(page.session, actor, wanted, paging_of(page.request))
    return page.show(
        "referrals/list.html",
        waiting=_by_letter(attention(page.session, actor)),
        said_of=WAITS,
        referrals=shown.shown(page.session, actor, [row.Referral for row in found.rows]),
        total=found.total,
        wanted=wanted,
        statuses=[(status.value, spoken(status).capitalize()) for status in LineStatus],
        organizations=organization_choices(page.session, actor) if actor.is_cted else [],
        chips=chips(page.request, ["status", "organization", "need"], lambda _name, value: spoken(value)),
        first=first_path(page.request),
        next=next_path(page.request, found),
    )


@router.get("/{referral_id}")
def referral_page(page: PageDep, actor: Reader, referral_id: UUID) -> Response:
    return _referral_page(page, actor, queries.get(page.session, actor, referral_id), Form(), 0)


@router.get("/{referral_id}/need/{ref}")
def need_page(page: PageDep, actor: Reader, referral_id: UUID, ref: str) -> Response:
    """A need of the letter exactly as its organization reads it now."""
    referral = queries.get(page.session, actor, referral_id)
    need = queries.need_as_shown(page.session, actor, referral, ref)
    return page.show("referrals/need.html", need=need, referral=referral)


@router.post("/{referral_id}/lines/{n}/moves")
def move(page: PageDep, form: FormDep, actor: Mover, referral_id: UUID, n: int) -> Response:
    def do() -> str:
        wanted = MoveIn.model_validate(body_of(form))
        check_maker(actor, wanted.move)
        line = service.claim(page.session, actor, referral_id, n, form.text("version"))
        return str(service.move(page.session, actor, line, wanted, clocks_of(page.request)).id)

    referral = queries.get(page.session, actor, referral_id)
    if attempt_once(page.session, actor, form, do, _FIELDS) is None:
        page.session.expire_all()
        return _referral_page(page, actor, referral, form, n)
    return go(f"/referrals/{referral_id}", "moved", at=f"line-{n}")


def body_of(form: Form) -> dict[str, Any]:
    """The move that a form asks for."""
    names = ("move", "reason", "part", "what", "from_on", "on", "outcome", "side", "note")
    accepted = filled(on=form.text("accepted_on"), reference=form.text("accepted_reference").strip())
    told = {name: form.text(f"diligence_{name}").strip() for name in ("result", "on", "reference")}
    return filled(
        **{name: form.text(name).strip() for name in names},
        if_funded=True if form.text("if_funded") else None,
        accepted=accepted,
        diligence=filled(**told),
    )


def _referral_page(page: Page, actor: Actor, referral: Referral, form: Form, about: int) -> Response:
    """The letter; `form` is what was refused, about line `about`."""
    return page.show(
        "referrals/referral.html",
        form.status,
        referral=shown.one(page.session, actor, referral),
        form=form,
        blank=Form(),
        about=about,
        made={move.value: name for move, name in MADE.items()},
        said_of={kind.value: told for kind, told in WAITS.items()},
        choices=_choices(),
        drafts=_drafts(page, referral) if page.viewer.may(Permission.FILE_READ) else [],
    )


def _drafts(page: Page, referral: Referral) -> list[Draft]:
    """The letters that can be drafted now."""
    found = []
    for kind, name in _DRAFTS.items():
        lines = letters.lines_of(page.session, referral, kind)
        states = letter_facts.states_of(page.session, lines) if kind in letters.TO_STATE else []
        language = "en" if kind in letters.TO_STATE else referral.organization.correspondence_language
        found += [Draft(kind.value, name, language, states if len(states) > 1 else [])] if lines else []
    return found


def _choices() -> Mapping[str, list[tuple[str, str]]]:
    sides = [(Side.STATE.value, "The State"), (Side.ORGANIZATION.value, "The organization, as it wrote to us")]
    return {
        "decline": _named(DeclineReason),
        "retract": _named(reason for reason in Reason if reason is not Reason.DUPLICATE_OF),
        "outcome": _named(Delivered),
        "diligence": _named(Diligence),
        "side": sides,
    }


def _named(values: Iterable[enum.StrEnum]) -> list[tuple[str, str]]:
    return [(one.value, spoken(one).capitalize()) for one in values]


def _by_letter(waiting: list[Waiting]) -> list[tuple[Waiting, str]]:
    """Each with the address of its line."""
    return [(one, f"/referrals/{one.line.referral_id}#line-{one.line.n}") for one in waiting]
