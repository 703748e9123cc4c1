"""Convey accepted pairings: choose those of one letter, see what the organization will read, say on what basis."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.clearances.models import Clearance
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.needs import previews, release_queries
from app.needs.models import Basis, Need, ReleaseFields
from app.needs.release_schemas import Preview
from app.organizations import queries as organizations
from app.organizations.models import Organization
from app.programmes import queries as programmes
from app.programmes.models import ProgrammeKind
from app.programmes.schemas import ProgrammeFilter
from app.referrals import clearing, conveying, queries
from app.referrals.models import Referral
from app.referrals.schemas import ReferralIn
from app.web.forms import Form, FormDep, attempt_once, filled, new_form
from app.web.lists import PAGE_SIZE
from app.web.names import codes_of
from app.web.pages.organizations import organization_choices
from app.web.pages.releases import gone_on, name_of, rules_of
from app.web.render import Page, PageDep
from app.web.words import spoken

router = APIRouter(prefix="/referrals", include_in_schema=False)
Conveyor = Annotated[Actor, Depends(Requires(Permission.REFERRAL_CONVEY))]
_FIELDS = {
    "pairings": "pairing",
    "release": "reference",
    "release/basis": "basis",
    "release/from": "starts_at",
    "release/until": "ends_at",
}
MOST_FUNDS = 10 * PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Shown:
    """A need of the letter as the organization will read it, and whether it sees it already."""

    need: Need
    preview: Preview
    released: bool
    states: list[str]


@router.get("/new")
def new_page(page: PageDep, actor: Conveyor) -> Response:
    """The form of a letter to `organization`; without one, the organizations that a letter could go to."""
    ref = page.request.query_params.get("organization", "")
    if not ref:
        found = queries.organizations_to_convey(page.session, actor)
        return page.show("referrals/organizations.html", found=found)
    organization = organizations.get(page.session, actor, ref)
    offered = queries.to_convey(page.session, actor, organization.id)
    ticked = page.request.query_params.getlist("pairing") or [str(pairing.id) for pairing in offered]
    form = new_form(page.request, {"organization": [ref], "pairing": ticked, "basis": [Basis.DOCUMENT.value]})
    return _form_page(page, actor, organization, form) if isinstance(form, Form) else form


@router.post("/new")
def convey(page: PageDep, form: FormDep, actor: Conveyor) -> Response:
    organization = organizations.get(page.session, actor, form.text("organization"))

    def do() -> str:
        wanted = ReferralIn.model_validate(body_of(page, form))
        return _name_of(clearing.convey(page.session, actor, wanted, rules_of(page)))

    made = attempt_once(page.session, actor, form, do, _FIELDS)
    if made is None:
        return _form_page(page, actor, organization, form)
    return gone_on(made, f"/referrals/{made}", "conveyed")


def _name_of(done: Referral | Clearance) -> str:
    return name_of(done) if isinstance(done, Clearance) else str(done.id)


def body_of(page: Page, form: Form) -> dict[str, Any]:
    """The letter that the form asks for; a release is part of it where a reference was given."""
    states = codes_of("\n".join(form.many("state")), "country", page.labels)
    consents = [filled(country=state, reference=form.text(f"consent-{state}").strip()) for state in states]
    basis = filled(
        basis=form.text("basis"),
        reference=form.text("reference").strip(),
        starts_at=form.text("starts_at"),
        ends_at=form.text("ends_at"),
        consents=[consent for consent in consents if "reference" in consent],
    )
    return {
        "organization": form.text("organization"),
        "pairings": form.many("pairing"),
        "note": form.text("note").strip(),
        "acknowledged": form.many("acknowledged"),
        "funds": form.many("funds"),
        "co_implementers": form.listed("co_implementers"),
        **filled(release=basis if "reference" in basis else None),
    }


def _form_page(page: Page, actor: Actor, organization: Organization, form: Form) -> Response:
    offered = queries.to_convey(page.session, actor, organization.id)
    needs = list({pairing.need_id: pairing.need for pairing in offered}.values())
    seen = {need.id: _shown(page, organization, need) for need in needs}
    lacking = [one for one in seen.values() if not one.released]
    return page.show(
        "referrals/new.html",
        form.status,
        form=form,
        organization=organization,
        offered=[(pairing, seen[pairing.need_id]) for pairing in offered],
        needs=list(seen.values()),
        lacking=lacking,
        states=sorted({state for one in lacking if len(one.states) > 1 for state in one.states}),
        notes=conveying.advisories_for(page.session, needs),
        bases=[(one.value, spoken(one).capitalize()) for one in Basis if one is not Basis.SILENCE],
        funds=_funds(page, actor),
        organizations=organization_choices(page.session, actor),
    )


def _shown(page: Page, organization: Organization, need: Need) -> Shown:
    return Shown(
        need,
        previews.as_released(page.session, need, need.revision, ReleaseFields.FULL),
        conveying.serving_release(page.session, organization.id, need) is not None,
        release_queries.states(page.session, need, need.revision),
    )


def _funds(page: Page, actor: Actor) -> list[tuple[str, str]]:
    every = programmes.search(page.session, actor, ProgrammeFilter(kind=[ProgrammeKind.FUND]))
    found = page.session.scalars(every.limit(MOST_FUNDS))
    return sorted((fund.ref, fund.title) for fund in found)
