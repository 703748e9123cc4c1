"""One act of consent for chosen needs of an assessment: each as the audience would read it, and one form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.assessments import queries
from app.assessments.models import Assessment
from app.core.actor import Actor
from app.needs import held, previews, release_queries, releases, silence
from app.needs.models import Need, ReleaseFields
from app.needs.release_schemas import AssessmentReleaseIn, Preview
from app.web.forms import Form, FormDep, attempt_once, filled, new_form, whole_number
from app.web.pages.release_form import BASES, FIELDS, audience_of, permission_of
from app.web.pages.releases import audiences, gone_on, name_of, rules_of
from app.web.render import Page, PageDep

router = APIRouter(prefix="/assessments", include_in_schema=False)
Writer = Annotated[Actor, Depends(Requires(Permission.RELEASE_WRITE))]


@dataclass(frozen=True, slots=True)
class Offered:
    """A need of the assessment as the audience would read one revision of it."""

    need: Need
    revision: int
    preview: Preview
    states: list[str]


@router.get("/{assessment_id}/release")
def release_page(
    page: PageDep, actor: Writer, assessment_id: str, fields: ReleaseFields = ReleaseFields.SUMMARY
) -> Response:
    assessment = queries.get(page.session, actor, assessment_id)
    chosen = [need.ref for need in _releasable(page, assessment)]
    form = new_form(page.request, {"fields": [fields.value], "need": chosen})
    return _release_page(page, actor, assessment, form) if isinstance(form, Form) else form


@router.post("/{assessment_id}/release")
def record(page: PageDep, form: FormDep, actor: Writer, assessment_id: str) -> Response:
    assessment = queries.get(page.session, actor, assessment_id)

    def do() -> str:
        wanted = AssessmentReleaseIn.model_validate(_body(page, form))
        needs = release_queries.needs_of(page.session, assessment.id, wanted.needs)
        rules = rules_of(page)
        return name_of(held.record_for_assessment(page.session, actor, assessment, needs, wanted, rules))

    made = attempt_once(page.session, actor, form, do, {**FIELDS, "needs": "need", "revisions": "need"})
    if made is None:
        return _release_page(page, actor, assessment, form)
    return gone_on(made, f"/assessments/{assessment.ref}", "releases-recorded")


def _release_page(page: Page, actor: Actor, assessment: Assessment, form: Form) -> Response:
    fields = ReleaseFields.FULL if form.text("fields") == ReleaseFields.FULL else ReleaseFields.SUMMARY
    offered = [_offered(page, need, form, fields) for need in _releasable(page, assessment)]
    states = sorted({state for one in offered for state in one.states})
    several = sorted({state for one in offered if len(one.states) > 1 for state in one.states})
    return page.show(
        "consent/assessment.html",
        form.status,
        form=form,
        assessment=assessment,
        fields=fields,
        offered=offered,
        audiences=audiences(page, actor),
        states=several,
        agreed=silence.running(page.session, states),
        silence_days=rules_of(page).silence_days,
        bases=BASES,
    )


def _offered(page: Page, need: Need, form: Form, fields: ReleaseFields) -> Offered:
    """The need at the revision that was looked at when the form was filled in, or the newest."""
    asked = whole_number(form.text(f"revision-{need.ref}"))
    number = asked if isinstance(asked, int) and 0 < asked <= need.revision else need.revision
    preview = previews.as_released(page.session, need, number, fields)
    return Offered(need, number, preview, release_queries.states(page.session, need, number))


def _releasable(page: Page, assessment: Assessment) -> Sequence[Need]:
    needs = release_queries.needs_of(page.session, assessment.id, None)
    return [need for need in needs if releases.is_releasable(need)]


def _body(page: Page, form: Form) -> dict[str, Any]:
    chosen = form.many("need")
    looked_at = {ref: whole_number(form.text(f"revision-{ref}")) for ref in chosen}
    return {
        "audience": audience_of(form),
        "fields": form.text("fields"),
        **permission_of(page, form),
        "needs": chosen,
        "revisions": filled(**looked_at),
        "except": form.listed("excepted"),
    }
