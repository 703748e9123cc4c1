"""A State's permission to show a need: the officer sees what would be shown, and then records it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.paging import Paging
from app.needs import previews, queries, release_queries, releases
from app.needs.models import Basis, Need, ReleaseFields
from app.needs.release_schemas import Consent, ReleaseIn
from app.organizations.groups import queries as groups
from app.pairings.routes import RankingDep
from app.web.forms import Form, FormDep, attempt_once, filled, new_form, whole_number
from app.web.names import codes_of
from app.web.pages.needs import show_desk
from app.web.pages.organizations import organization_choices
from app.web.render import Page, PageDep, go
from app.web.words import spoken

router = APIRouter(prefix="/needs", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.RELEASE_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.RELEASE_WRITE))]
_FIELDS = {"from": "starts_at", "until": "ends_at", "except": "excepted", "audience/group": "audience"}


@router.get("/{ref}/release")
def release_page(
    page: PageDep, actor: Writer, ref: str, fields: ReleaseFields = ReleaseFields.SUMMARY
) -> Response:
    need = queries.load(page.session, actor, ref)
    form = new_form(page.request, {"fields": [fields.value]})
    return _release_page(page, actor, need, form) if isinstance(form, Form) else form


@router.post("/{ref}/release")
def record(page: PageDep, form: FormDep, actor: Writer, ref: str) -> Response:
    need = queries.load(page.session, actor, ref)

    def do() -> str:
        wanted = ReleaseIn.model_validate(_body(page, form))
        return str(releases.record_release(page.session, actor, need, wanted).id)

    if attempt_once(page.session, actor, form, do, _FIELDS) is None:
        return _release_page(page, actor, need, form)
    return go(f"/needs/{ref}", "release-recorded")


@router.post("/{ref}/releases/{release_id}/withdrawal")
def withdraw(page: PageDep, form: FormDep, actor: Writer, ref: str, release_id: UUID) -> Response:
    need = queries.load(page.session, actor, ref)
    releases.withdraw(page.session, actor, need, release_queries.get(page.session, actor, need, release_id))
    return go(f"/needs/{ref}", "release-withdrawn")


@router.post("/{ref}/releases/{release_id}/consents")
def add_consent(
    page: PageDep, form: FormDep, actor: Writer, ranking: RankingDep, ref: str, release_id: UUID
) -> Response:
    need = queries.load(page.session, actor, ref)
    release = release_queries.get(page.session, actor, need, release_id)

    def do() -> str:
        values = {"country": form.text("country"), "reference": form.text("reference")}
        releases.add_consent(page.session, actor, need, release, Consent.model_validate(values))
        return str(release_id)

    if attempt_once(page.session, actor, form, do) is None:
        return show_desk(page, actor, ranking, ref, form)
    return go(f"/needs/{ref}", "consent-recorded")


@router.get("/{ref}/preview")
def preview_page(page: PageDep, actor: Reader, ref: str, audience: str) -> Response:
    need = queries.load(page.session, actor, ref)
    preview = previews.as_seen_by(page.session, need, audience)
    return page.show("needs/preview.html", ref=ref, audience=audience.partition(":")[2], preview=preview)


def _release_page(page: Page, actor: Actor, need: Need, form: Form) -> Response:
    """The form beside exactly what the audience would read: the revision is the one that is looked at."""
    fields = ReleaseFields.FULL if form.text("fields") == ReleaseFields.FULL else ReleaseFields.SUMMARY
    asked = whole_number(form.text("revision"))
    number = asked if isinstance(asked, int) and 0 < asked <= need.revision else need.revision
    shown = queries.get(page.session, actor, need.ref)
    states = release_queries.states(page.session, need, number)
    return page.show(
        "needs/release.html",
        form.status,
        form=form,
        need=shown,
        fields=fields,
        revision=number,
        preview=previews.as_released(page.session, need, number, fields),
        states=states if len(states) > 1 else [],
        groups=_groups(page, actor),
        organizations=[(f"organization:{ref}", name) for ref, name in organization_choices(page.session, actor)],
        bases=[(basis.value, spoken(basis).capitalize()) for basis in Basis],
    )


def _groups(page: Page, actor: Actor) -> list[tuple[str, str]]:
    found = groups.search(page.session, actor, Paging(limit=500))
    return [(f"group:{row.Group.ref}", row.Group.name) for row in found.rows]


def _body(page: Page, form: Form) -> dict[str, Any]:
    kind, _, ref = form.text("audience").partition(":")
    states = codes_of("\n".join(form.many("state")), "country", page.labels)
    consents = [filled(country=state, reference=form.text(f"consent-{state}").strip()) for state in states]
    return {
        "audience": {kind: ref} if kind in {"group", "organization"} else {},
        "fields": form.text("fields"),
        "basis": form.text("basis"),
        "reference": form.text("reference"),
        **filled(
            revision=whole_number(form.text("revision")),
            starts_at=form.text("starts_at"),
            ends_at=form.text("ends_at"),
            consents=[consent for consent in consents if "reference" in consent],
        ),
        "except": form.listed("excepted"),
    }
