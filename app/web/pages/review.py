"""Many decisions in one sitting: the proposals of ten needs on a page, one choice each, sent together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.paging import Paging
from app.needs import queries as needs
from app.pairings import queries
from app.pairings.models import Reason
from app.pairings.schemas import DecisionOn, PairingFilter, PairingOut
from app.referrals import service as referrals
from app.web.explanations import parts_of, printed
from app.web.forms import Form, FormDep, attempt, attempt_once, filled
from app.web.lists import asked, first_path, next_path
from app.web.render import Page, PageDep, go
from app.web.words import spoken

router = APIRouter(include_in_schema=False)
Judge = Annotated[Actor, Depends(Requires(Permission.PAIRING_DECIDE))]
NEEDS_A_PAGE = 10
LEAVE = ""
_REASONS = [reason for reason in Reason if reason is not Reason.DUPLICATE_OF]
# A judgement with its reason is one choice, such as `reject:wrong_theme`.
CHOICES: Sequence[tuple[str, str]] = [
    ("accept", "Accept"),
    *((f"reject:{reason}", f"Reject: {spoken(reason)}") for reason in _REASONS),
    *((f"defer:{reason}", f"Defer 30 days: {spoken(reason)}") for reason in (Reason.TIMING, Reason.OTHER)),
]
REJECTIONS = [(value, text) for value, text in CHOICES if value.startswith("reject")]


@router.get("/review")
def review_page(page: PageDep, actor: Judge) -> Response:
    return _review(page, actor, Form(), {})


@router.post("/review")
def decide_on_many(page: PageDep, form: FormDep, actor: Judge) -> Response:
    """Decide need by need: what is refused for one, because somebody decided meanwhile, holds no other up."""
    refused: dict[str, Form] = {}

    def do() -> str:
        for ref, decisions in _wanted(form):
            of_need = Form()
            attempt(page.session, of_need, lambda ref=ref, some=decisions: _decided(page, actor, ref, some))  # type: ignore[misc]
            if of_need.refusal:
                refused[ref] = of_need
        return "done"

    if attempt_once(page.session, actor, form, do) is None or refused:
        form.key = ""  # what could be done is done: what is sent next is something else
        return _review(page, actor, form, refused)
    return go("/review", "decided-several")


def _decided(page: Page, actor: Actor, ref: str, decisions: Sequence[DecisionOn]) -> str:
    need = needs.load(page.session, actor, ref)
    referrals.decide_several(page.session, actor, need, decisions)
    return ref


def _wanted(form: Form) -> Iterator[tuple[str, list[DecisionOn]]]:
    """For each need that the form showed, what was chosen for its pairs. Raises Invalid for an unknown choice."""
    for ref in dict.fromkeys(form.many("need")):
        chosen = [(pair, _choice(form, ref, pair)) for pair in form.many(f"pairs-{ref}")]
        decisions = [_decision(form, pair, choice) for pair, choice in chosen if choice != LEAVE]
        if decisions:
            yield ref, decisions


def _choice(form: Form, ref: str, pair: str) -> str:
    """What was chosen for the pair, else for the rest of its need where one of that need was accepted."""
    own = form.text(f"choice-{pair}")
    accepts = any(form.text(f"choice-{other}") == "accept" for other in form.many(f"pairs-{ref}"))
    return own or (form.text("rest") if accepts else LEAVE)


def _decision(form: Form, pair: str, choice: str) -> DecisionOn:
    if choice not in dict(CHOICES):
        raise Invalid.field("", "Choose one of the decisions that are offered")
    judgement, _, reason = choice.partition(":")
    said = filled(pairing=pair, etag=form.text(f"etag-{pair}"), judgement=judgement, reason=reason)
    return DecisionOn.model_validate(said)


def _review(page: Page, actor: Actor, form: Form, refused: Mapping[str, Form]) -> Response:
    wanted = asked(page.request, PairingFilter)
    paging = Paging(NEEDS_A_PAGE, page.request.query_params.get("cursor"), count=True)
    found, place = queries.needs_to_review(page.session, actor, wanted, paging)
    if refused or form.refusal:
        form.refusal = form.refusal or "Somebody else decided meanwhile on some needs; the others are saved"
        form.status = 422 if form.status == 200 else form.status
    return page.show(
        "pairings/review.html",
        form.status,
        needs=[(ref, [_row(pair) for pair in pairs]) for ref, pairs in found],
        total=place.total,
        choices=CHOICES,
        rejections=REJECTIONS,
        form=form,
        refused=refused,
        first=first_path(page.request),
        next=next_path(page.request, place),
    )


def _row(pair: PairingOut) -> tuple[PairingOut, str, list[str]]:
    """A pair, its score, and in words its strongest reasons but the place, which all of them cover."""
    reasons = [
        (reason.thousandths, reason.label)
        for part in parts_of(pair.contributions, pair.score)
        for reason in part.reasons
    ]
    strongest = sorted(reasons, key=lambda each: -each[0])[:4]
    return pair, printed(pair.score), [label for _, label in strongest]
