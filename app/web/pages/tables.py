"""An assessment's table of recommendations: pasted or chosen, looked at row by row, and then saved."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from app.access.permissions import Permission, Requires
from app.assessments import queries as assessments
from app.assessments.models import Assessment
from app.core.actor import Actor
from app.core.errors import Invalid
from app.exchange.tables import files, kept, pasted
from app.exchange.tables.grid import Grid
from app.exchange.tables.schemas import ColumnField, TableOptions, TableResult
from app.exchange.tables.service import take_table
from app.pairings.ranking import Ranking
from app.pairings.routes import RankingDep
from app.web.forms import Form, FormDep, attempt, attempt_once, filled
from app.web.pages.assessments import show_assessment
from app.web.render import Page, PageDep, go
from app.web.words import capital, spoken

router = APIRouter(prefix="/assessments", include_in_schema=False)
Writer = Annotated[Actor, Depends(Requires(Permission.NEED_WRITE))]
FIELDS = [(field.value, capital(spoken(field))) for field in ColumnField]


@router.post("/{assessment_id}/table")
def read_table(page: PageDep, form: FormDep, actor: Writer, ranking: RankingDep, assessment_id: str) -> Response:
    """Read what was pasted or chosen, and show what would become of each row."""
    assessment = assessments.get(page.session, actor, assessment_id)
    sent = page.request.state.entered.get("file")
    name = sent.filename or "" if isinstance(sent, UploadFile) else ""
    grids = attempt(page.session, form, lambda: _grids(sent, form.text("text")), {"": "text"})
    if grids is None:
        return show_assessment(page, actor, assessment, form)
    return _look(page, actor, ranking, assessment, grids, Form({"file_name": [name[:200]]}))


@router.post("/{assessment_id}/rows")
def save_rows(page: PageDep, form: FormDep, actor: Writer, ranking: RankingDep, assessment_id: str) -> Response:
    """Read the table again as the officer says, or save it."""
    assessment = assessments.get(page.session, actor, assessment_id)
    grids = kept.read(form.text("grids"))
    if form.text("step") != "save":
        return _look(page, actor, ranking, assessment, grids, form)
    results: list[TableResult] = []

    def do() -> str:
        results.append(_take(page, actor, ranking, assessment, grids, form, dry_run=False))
        return assessment.ref

    if attempt_once(page.session, actor, form, do) is None:
        return _look(page, actor, ranking, assessment, grids, form)
    if any(result.refused or result.asks for result in results):
        return _show(page, assessment, grids, results[0], Form({"file_name": [form.text("file_name")]}))
    return go(f"/assessments/{assessment.ref}", "table-taken", at="needs")


def _grids(sent: object, text: str) -> list[Grid]:
    content = sent.file.read() if isinstance(sent, UploadFile) and sent.filename else b""
    if not content and not text.strip():
        raise Invalid.field("/text", "Paste a table, or choose a file")
    return files.read(content) if content else pasted.read(text)


def _look(
    page: Page, actor: Actor, ranking: Ranking, assessment: Assessment, grids: list[Grid], form: Form
) -> Response:
    result = attempt(
        page.session, form, lambda: _take(page, actor, ranking, assessment, grids, form, dry_run=True)
    )
    if result is None:
        return show_assessment(page, actor, assessment, form)
    return _show(page, assessment, grids, result, form)


def _take(
    page: Page,
    actor: Actor,
    ranking: Ranking,
    assessment: Assessment,
    grids: list[Grid],
    form: Form,
    dry_run: bool,
) -> TableResult:
    threshold = page.request.app.state.settings.specificity_threshold
    options = TableOptions.model_validate({"columns": _columns(form, grids), "choices": _choices(form)})
    name = form.text("file_name")
    return take_table(page.session, actor, ranking, assessment, grids, options, dry_run, name, threshold)


def _show(page: Page, assessment: Assessment, grids: list[Grid], result: TableResult, form: Form) -> Response:
    return page.show(
        "assessments/table.html",
        form.status,
        assessment=assessments.shown(assessment),
        result=result,
        samples=[_samples(grid) for grid in grids],
        grids=kept.write(grids),
        form=form,
        fields=FIELDS,
    )


def _samples(grid: Grid) -> list[str]:
    """For each column the first words that stand in it, below its heading."""
    texts = [
        [row[place] for row in (line.texts for line in grid.lines) if place < len(row)]
        for place in range(grid.width)
    ]
    return [next((text[:80] for text in column[1:] if text), "") for column in texts]


def _columns(form: Form, grids: list[Grid]) -> list[list[str | None]]:
    """What each column was said to be; nothing where the form did not ask yet, and the guess stands."""
    if form.text("asked") != "columns":
        return []
    return [
        [form.text(f"column-{table}-{place}") or None for place in range(grid.width)]
        for table, grid in enumerate(grids, start=1)
    ]


def _choices(form: Form) -> list[dict[str, Any]]:
    """The rows on which a choice was made: `choice-7` of the need whose number is in `number-7`."""
    numbers = [name.removeprefix("number-") for name, _ in form.items() if name.startswith("number-")]
    return [
        filled(source_ref=form.text(f"number-{n}"), keep=form.text(f"choice-{n}"), etag=form.text(f"etag-{n}"))
        for n in numbers
        if form.text(f"choice-{n}")
    ]
