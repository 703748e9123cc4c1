"""Take a table of an assessment's recommendations in, or try it, and keep what became of it."""

from collections.abc import Sequence
from uuid import uuid4

from sqlalchemy.orm import Session

from app.access.permissions import Permission, check
from app.assessments.models import Assessment
from app.audit import service as audit
from app.core.actor import Actor
from app.core.errors import Invalid
from app.exchange.tables.columns import Layout, guess, with_fields
from app.exchange.tables.grid import Grid
from app.exchange.tables.models import TakenTable
from app.exchange.tables.rows import Recommendation, Skipped, number_in_order, recommendations
from app.exchange.tables.schemas import CellFault, ColumnField, RowOut, TableOptions, TableOut, TableResult
from app.exchange.tables.taking import Taker
from app.needs.specificity import THRESHOLD
from app.pairings.coding import Coder
from app.pairings.ranking import Ranking

_COUNTED = ("created", "updated", "unchanged", "asks", "refused", "skipped")
_HEADINGS_SHOWN = 200
MOST_TAKEN = 300  # one takes some 40 ms, and other writers wait meanwhile


def take_table(
    session: Session,
    actor: Actor,
    ranking: Ranking,
    assessment: Assessment,
    grids: Sequence[Grid],
    options: TableOptions,
    dry_run: bool = False,
    file_name: str = "",
    threshold: float = THRESHOLD,
) -> TableResult:
    """Draft a need for each row, or bring it up to date; with `dry_run` try it and keep nothing.

    Raises NotPermitted for an actor who writes no needs, Invalid for more rows than can be taken at once.
    """
    check(actor, Permission.NEED_WRITE)
    layouts = _layouts(grids, options)
    rows, skipped = _rows(grids, layouts)
    if len(rows) > MOST_TAKEN:
        raise Invalid(f"There are {len(rows)} recommendations; send at most {MOST_TAKEN} at a time")
    savepoint = session.begin_nested()
    table_id = uuid4()
    table = TakenTable(id=table_id, assessment_id=assessment.id, file_name=file_name[:200], result={})
    table.user_id, table.key_id = actor.user_id, actor.key_id
    session.add(table)
    session.flush()
    taker = Taker(session, actor, assessment, Coder(session, ranking), table_id, options.choices, threshold)
    taken = [taker.take(row) for row in rows]
    result = _result(grids, layouts, taken, skipped, dry_run)
    if dry_run:
        savepoint.rollback()
        result = _without_what_is_gone(result)
    else:
        result.id = table_id
        table.result = result.model_dump(mode="json")
        savepoint.commit()
    counts = {name: getattr(result, name) for name in _COUNTED}
    after = {"table": result.id, "file_name": file_name[:200], **counts}
    action = "assessment.table_tried" if dry_run else "assessment.table_taken"
    audit.record(session, actor, action, assessment, after=after)
    return result


def _layouts(grids: Sequence[Grid], options: TableOptions) -> list[Layout]:
    layouts: list[Layout] = []
    for place, grid in enumerate(grids):
        before = next((layout for layout in reversed(layouts) if layout.is_known), None)
        guessed = guess(grid, before)
        said = options.columns[place] if place < len(options.columns) else []
        layouts.append(with_fields(grid, said, guessed) if said else guessed)
    return layouts


def _rows(grids: Sequence[Grid], layouts: Sequence[Layout]) -> tuple[list[Recommendation], list[Skipped]]:
    rows: list[Recommendation] = []
    skipped: list[Skipped] = []
    for number, (grid, layout) in enumerate(zip(grids, layouts, strict=True), start=1):
        if layout.is_known:
            found, left = recommendations(grid, number, layout)
            rows += found
            skipped += left
    return number_in_order(rows), skipped


def _result(
    grids: Sequence[Grid],
    layouts: Sequence[Layout],
    taken: Sequence[RowOut],
    skipped: Sequence[Skipped],
    dry_run: bool,
) -> TableResult:
    rows = sorted([*taken, *map(_skipped, skipped)], key=lambda row: (row.table, row.row))
    counts = {name: sum(row.outcome == name for row in rows) for name in _COUNTED}
    tables = [
        _table(n, grid, layout, taken)
        for n, (grid, layout) in enumerate(zip(grids, layouts, strict=True), start=1)
    ]
    return TableResult(dry_run=dry_run, tables=tables, rows=rows, **counts)


def _table(number: int, grid: Grid, layout: Layout, taken: Sequence[RowOut]) -> TableOut:
    return TableOut(
        table=number,
        name=grid.name,
        headings=[layout.heading(place)[:_HEADINGS_SHOWN] for place in range(grid.width)],
        columns=[ColumnField(name) if name else None for name in layout.fields],
        rows=sum(row.table == number for row in taken),
        recognized=layout.is_known,
    )


def _skipped(one: Skipped) -> RowOut:
    said = [CellFault(column="", value=one.text, reason=f"is taken for {one.reason}, not for a recommendation")]
    return RowOut(
        table=one.place.table, row=one.place.row, source_ref="", outcome="skipped", text=one.text, notes=said
    )


def _without_what_is_gone(result: TableResult) -> TableResult:
    """Without the references of needs that a dry run made and undid."""
    for row in result.rows:
        if row.outcome == "created":
            row.need = row.etag = None
    return result
