"""Assessments: the list, one of them with its needs, its form, and what is done to many of its needs at once."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from app.access.permissions import Permission, Requires
from app.assessments import queries, service
from app.assessments.models import Agreement, Assessment, AssessmentKind
from app.assessments.schemas import AssessmentFilter, AssessmentIn, AssessmentOut, AssessmentPatch
from app.core.actor import Actor
from app.core.http import etag_of
from app.core.paging import Paging
from app.needs import bulk, specificity
from app.needs import queries as needs
from app.needs.bulk_schemas import BulkResult, Chosen
from app.needs.models import NeedStatus
from app.needs.schemas import NeedFilter, NeedOfficer, Specificity, SpecificityIn
from app.web.forms import Form, FormDep, attempt_once, filled, new_form, same_version, version_read
from app.web.lists import asked, first_path, next_path, paging_of
from app.web.names import codes_of, names_of
from app.web.render import Page, PageDep, go
from app.web.words import capital, spoken

router = APIRouter(prefix="/assessments", include_in_schema=False)
Reader = Annotated[Actor, Depends(Requires(Permission.ASSESSMENT_READ))]
Writer = Annotated[Actor, Depends(Requires(Permission.ASSESSMENT_WRITE))]
NeedWriter = Annotated[Actor, Depends(Requires(Permission.NEED_WRITE))]
_MOST_SHOWN = 500
_LINES = (
    "visit_from",
    "visit_until",
    "draft_sent_on",
    "adopted_on",
    "report_received_on",
    "observations_received_on",
    "steps_reported_on",
    "responsible",
    "deputy",
    "symbol",
    "agreement_on",
)
_SAID = {"confirm": "codes-confirmed", "open": "needs-opened"}


@dataclass(frozen=True, slots=True)
class NeedRow:
    """A need of the assessment, and how specific it is."""

    need: NeedOfficer
    specificity: Specificity

    @property
    def is_draft(self) -> bool:
        return self.need.status is NeedStatus.DRAFT


@router.get("")
def list_page(page: PageDep, actor: Reader) -> Response:
    wanted = asked(page.request, AssessmentFilter)
    found = queries.search(page.session, actor, wanted, paging_of(page.request))
    return page.show(
        "assessments/list.html",
        assessments=[queries.shown(row[0]) for row in found.rows],
        total=found.total,
        first=first_path(page.request),
        next=next_path(page.request, found),
    )


@router.get("/new")
def new_page(page: PageDep, actor: Writer) -> Response:
    form = new_form(page.request, {"kind": ["comprehensive"], "agreement": ["pending"]})
    return _form_page(page, form, None) if isinstance(form, Form) else form


@router.post("/new")
def record(page: PageDep, form: FormDep, actor: Writer) -> Response:
    def do() -> str:
        values = AssessmentIn.model_validate(filled(**_body(page, form)))
        return service.register(page.session, actor, values)[0].ref

    ref = attempt_once(page.session, actor, form, do)
    return _form_page(page, form, None) if ref is None else go(f"/assessments/{ref}", "assessment-saved")


@router.get("/{assessment_id}")
def assessment_page(page: PageDep, actor: Reader, assessment_id: str) -> Response:
    return show_assessment(page, actor, queries.get(page.session, actor, assessment_id), Form())


@router.get("/{assessment_id}/edit")
def edit_page(page: PageDep, actor: Writer, assessment_id: str) -> Response:
    assessment = queries.get(page.session, actor, assessment_id)
    return _form_page(page, _form_of(page, queries.shown(assessment)), assessment)


@router.post("/{assessment_id}/edit")
def change(page: PageDep, form: FormDep, actor: Writer, assessment_id: str) -> Response:
    assessment = queries.get(page.session, actor, assessment_id)

    def do() -> str:
        same_version(form, etag_of(assessment.version))
        values = AssessmentPatch.model_validate(_body(page, form))
        return service.update(page.session, actor, assessment, values).ref

    if attempt_once(page.session, actor, form, do) is None:
        return _form_page(page, form, assessment)
    return go(f"/assessments/{assessment.ref}", "assessment-saved")


@router.post("/{assessment_id}/needs")
def act_on_needs(page: PageDep, form: FormDep, actor: NeedWriter, assessment_id: str) -> Response:
    """Confirm the codes of the chosen needs, or of the one whose button was pressed, or open the chosen ones."""
    assessment = queries.get(page.session, actor, assessment_id)
    action = "open" if form.text("action") == "open" else "confirm"
    results: list[BulkResult] = []

    def do() -> str:
        chosen = [_chosen(value) for value in form.many("only") or form.many("need")]
        results.append(_act(page, actor, assessment, action, chosen))
        return assessment.ref

    if attempt_once(page.session, actor, form, do) is None:
        return show_assessment(page, actor, assessment, form)
    if any(result.refused for result in results):
        return show_assessment(page, actor, assessment, Form(), results[0], action)
    return go(f"/assessments/{assessment.ref}", _SAID[action], at="needs")


def show_assessment(
    page: Page,
    actor: Actor,
    assessment: Assessment,
    form: Form,
    result: BulkResult | None = None,
    action: str = "",
) -> Response:
    """The page of an assessment; `form` is what was refused, `result` what became of many needs."""
    rows = _need_rows(page, actor, assessment)
    return page.show(
        "assessments/assessment.html",
        form.status,
        form=form,
        assessment=queries.shown(assessment),
        rows=rows,
        waiting=[row for row in rows if row.need.unconfirmed],
        ready=[row for row in rows if row.is_draft and row.specificity.passes],
        result=result,
        action=action,
        most=_MOST_SHOWN,
    )


def _act(page: Page, actor: Actor, assessment: Assessment, action: str, chosen: list[Chosen]) -> BulkResult:
    if action == "open":
        threshold = page.request.app.state.settings.specificity_threshold
        return bulk.open_needs(page.session, actor, assessment, chosen, threshold)
    return bulk.confirm_codes(page.session, actor, assessment, chosen)


def _chosen(value: str) -> Chosen:
    ref, _, etag = value.partition(" ")
    return Chosen(ref=ref, etag=etag or None)


def _need_rows(page: Page, actor: Actor, assessment: Assessment) -> list[NeedRow]:
    """Its needs in the order of their numbers, as a person counts: 2 before 10."""
    threshold = page.request.app.state.settings.specificity_threshold
    wanted = NeedFilter(assessment=[assessment.ref])
    found = needs.listed(page.session, actor, wanted, Paging(limit=_MOST_SHOWN)).items
    listed = [need for need in found if isinstance(need, NeedOfficer)]
    rows = [NeedRow(need, specificity.check(_text_of(need), threshold)) for need in listed]
    return sorted(rows, key=lambda row: (_counted(row.need.source_ref or ""), row.need.ref))


def _text_of(need: NeedOfficer) -> SpecificityIn:
    return SpecificityIn.model_validate({name: getattr(need, name) for name in SpecificityIn.model_fields})


def _counted(number: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.findall(r"\d{1,9}|\D+", number)]


def _form_page(page: Page, form: Form, assessment: Assessment | None) -> Response:
    return page.show(
        "assessments/form.html",
        form.status,
        form=form,
        ref=assessment.ref if assessment else None,
        version=version_read(form, etag_of(assessment.version) if assessment else ""),
        kinds=[(kind.value, capital(spoken(kind))) for kind in AssessmentKind],
        agreements=[(one.value, capital(spoken(one))) for one in Agreement],
    )


def _body(page: Page, form: Form) -> dict[str, Any]:
    return {
        "kind": form.text("kind"),
        "states": codes_of(form.text("states"), "country", page.labels),
        "agreement": form.text("agreement"),
        "illustrative": form.text("illustrative") == "yes",
        **{name: form.text(name).strip() or None for name in (*_LINES, "external_id")},
    }


def _form_of(page: Page, shown: AssessmentOut) -> Form:
    values = {name: [str(getattr(shown, name) or "")] for name in (*_LINES, "external_id", "kind", "agreement")}
    states = {"states": [names_of(shown.states, "country", page.labels)]}
    return Form({**values, **states, **({"illustrative": ["yes"]} if shown.illustrative else {})})
