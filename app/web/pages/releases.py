"""A State's permission to show a need: the officer sees what would be shown, then records, extends or ends it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.clearances.models import Clearance
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.paging import Paging
from app.needs import differences, held, previews, queries, release_queries, releases, silence
from app.needs.models import Need, Release, ReleaseFields
from app.needs.release_schemas import Consent, ExtensionIn, Objection, ReleaseIn, Withdrawal
from app.organizations.groups import queries as groups
from app.pairings.routes import RankingDep
from app.web.forms import Form, FormDep, attempt_once, filled, new_form, whole_number
from app.web.pages.needs import show_desk
from app.web.pages.organizations import organization_choices
from app.web.pages.release_form import BASES, FIELDS, audience_of, permission_of
from app.web.render import Page, PageDep, go

router = APIRouter(prefix="/needs", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.RELEASE_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.RELEASE_WRITE))]
_HELD = "held:"


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
        return name_of(held.record_release(page.session, actor, need, wanted, rules_of(page)))

    made = attempt_once(page.session, actor, form, do, FIELDS)
    return _release_page(page, actor, need, form) if made is None else gone_on(made, f"/needs/{ref}")


@router.get("/{ref}/releases/{release_id}/extension")
def extension_page(page: PageDep, actor: Writer, ref: str, release_id: UUID) -> Response:
    need = queries.load(page.session, actor, ref)
    release = release_queries.get(page.session, actor, need, release_id)
    form = new_form(page.request, {})
    return _extension_page(page, need, release, form) if isinstance(form, Form) else form


@router.post("/{ref}/releases/{release_id}/extension")
def extend(page: PageDep, form: FormDep, actor: Writer, ref: str, release_id: UUID) -> Response:
    need = queries.load(page.session, actor, ref)
    release = release_queries.get(page.session, actor, need, release_id)

    def do() -> str:
        values = {**permission_of(page, form), "revision": whole_number(form.text("revision"))}
        wanted = ExtensionIn.model_validate(values)
        return name_of(held.extend(page.session, actor, need, release, wanted, rules_of(page)))

    made = attempt_once(page.session, actor, form, do, FIELDS)
    return _extension_page(page, need, release, form) if made is None else gone_on(made, f"/needs/{ref}")


@router.post("/{ref}/releases/{release_id}/withdrawal")
def withdraw(
    page: PageDep, form: FormDep, actor: Writer, ranking: RankingDep, ref: str, release_id: UUID
) -> Response:
    need = queries.load(page.session, actor, ref)
    release = release_queries.get(page.session, actor, need, release_id)

    def do() -> str:
        releases.withdraw(page.session, actor, need, release, Withdrawal.model_validate(_why(form)))
        return str(release_id)

    if attempt_once(page.session, actor, form, do) is None:
        return show_desk(page, actor, ranking, ref, form)
    return go(f"/needs/{ref}", "release-withdrawn", "releases")


@router.post("/{ref}/releases/{release_id}/objection")
def object_to(
    page: PageDep, form: FormDep, actor: Writer, ranking: RankingDep, ref: str, release_id: UUID
) -> Response:
    need = queries.load(page.session, actor, ref)
    release = release_queries.get(page.session, actor, need, release_id)

    def do() -> str:
        objection = Objection.model_validate({"reference": form.text("reference"), **_why(form)})
        releases.object_to(page.session, actor, need, release, objection)
        return str(release_id)

    if attempt_once(page.session, actor, form, do) is None:
        return show_desk(page, actor, ranking, ref, form)
    return go(f"/needs/{ref}", "objection-recorded", "releases")


@router.post("/{ref}/withdrawal")
def withdraw_all(page: PageDep, form: FormDep, actor: Writer, ranking: RankingDep, ref: str) -> Response:
    need = queries.load(page.session, actor, ref)

    def do() -> str:
        return str(len(releases.withdraw_all(page.session, actor, need, Withdrawal.model_validate(_why(form)))))

    if attempt_once(page.session, actor, form, do) is None:
        return show_desk(page, actor, ranking, ref, form)
    return go(f"/needs/{ref}", "all-withdrawn", "releases")


@router.post("/{ref}/releases/{release_id}/consents")
def add_consent(
    page: PageDep, form: FormDep, actor: Writer, ranking: RankingDep, ref: str, release_id: UUID
) -> Response:
    need = queries.load(page.session, actor, ref)
    release = release_queries.get(page.session, actor, need, release_id)

    def do() -> str:
        link = filled(document_url=form.text("document_url").strip())
        values = {"country": form.text("country"), "reference": form.text("reference"), **link}
        releases.add_consent(page.session, actor, need, release, Consent.model_validate(values))
        return str(release_id)

    if attempt_once(page.session, actor, form, do) is None:
        return show_desk(page, actor, ranking, ref, form)
    return go(f"/needs/{ref}", "consent-recorded", "releases")


@router.get("/{ref}/preview")
def preview_page(page: PageDep, actor: Reader, ref: str, audience: str) -> Response:
    need = queries.load(page.session, actor, ref)
    preview = previews.as_seen_by(page.session, need, audience)
    return page.show("needs/preview.html", ref=ref, audience=audience.partition(":")[2], preview=preview)


def rules_of(page: Page) -> held.Rules:
    return held.Rules.of(page.request.app.state.settings)


def name_of(done: object) -> str:
    """What a form keeps of an act: that it waits for a second officer, and where, or nothing more than that."""
    return f"{_HELD}{done.id}" if isinstance(done, Clearance) else "recorded"


def gone_on(made: str, path: str, said: str = "release-recorded") -> Response:
    """On to the record, or to the act that waits for a second officer."""
    return go(f"/clearances/{made.removeprefix(_HELD)}", "held") if made.startswith(_HELD) else go(path, said)


def audiences(page: Page, actor: Actor) -> list[tuple[str, str]]:
    """Groups and organizations, as choices."""
    found = groups.search(page.session, actor, Paging(limit=500))
    named = [(f"group:{row.Group.ref}", row.Group.name) for row in found.rows]
    return named + [(f"organization:{ref}", name) for ref, name in organization_choices(page.session, actor)]


def _release_page(page: Page, actor: Actor, need: Need, form: Form) -> Response:
    """The form beside exactly what the audience would read: the revision is the one that is looked at."""
    fields = ReleaseFields.FULL if form.text("fields") == ReleaseFields.FULL else ReleaseFields.SUMMARY
    asked = whole_number(form.text("revision"))
    number = asked if isinstance(asked, int) and 0 < asked <= need.revision else need.revision
    states = release_queries.states(page.session, need, number)
    return page.show(
        "needs/release.html",
        form.status,
        form=form,
        need=queries.get(page.session, actor, need.ref),
        fields=fields,
        revision=number,
        preview=previews.as_released(page.session, need, number, fields),
        audiences=audiences(page, actor),
        **_about(page, states),
    )


def _extension_page(page: Page, need: Need, release: Release, form: Form) -> Response:
    """The newer text beside the one that is shown, with what differs between them."""
    states = release_queries.states(page.session, need, need.revision)
    return page.show(
        "needs/extension.html",
        form.status,
        form=form,
        need=need,
        release=release,
        differences=differences.between(page.session, need, release, need.revision),
        preview=previews.as_released(page.session, need, need.revision, release.fields),
        **_about(page, states),
    )


def _about(page: Page, states: list[str]) -> dict[str, Any]:
    """What every form of a permission shows: the States, which of them agreed to silence, and its days."""
    return {
        "states": states if len(states) > 1 else [],
        "agreed": silence.running(page.session, states),
        "silence_days": rules_of(page).silence_days,
        "bases": BASES,
    }


def _body(page: Page, form: Form) -> dict[str, Any]:
    return {
        "audience": audience_of(form),
        "fields": form.text("fields"),
        **permission_of(page, form),
        **filled(revision=whole_number(form.text("revision"))),
        "except": form.listed("excepted"),
    }


def _why(form: Form) -> dict[str, Any]:
    return filled(**{name: form.text(name).strip() for name in ("reference", "document_url", "note")})
