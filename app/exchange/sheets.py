"""Sheets in the files that offices work with: comments of a workshop, a State's self-assessment, its template."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.errors import FieldError
from app.core.fields import Code, Line
from app.core.rows import Refused, Written
from app.exchange import codecs
from app.exchange.codecs import CONTENT_TYPES, Row, Table
from app.exchange.models import Format
from app.exchange.routes import FILE, UploadDep, format_of
from app.maturity import service as maturity
from app.maturity.schemas import RowRefused, SheetIn, SheetOut
from app.practices import comments, queries
from app.practices.schemas import ClauseFilter

router = APIRouter()
Officer = Annotated[Actor, Depends(Requires(Permission.PRACTICE_WRITE))]
Assessor = Annotated[Actor, Depends(Requires(Permission.MATURITY_WRITE))]
Reader = Annotated[Actor, Depends(Requires(Permission.MATURITY_READ))]
TEMPLATE = ("clause", "number", "title", "now", "wanted", "evidence")
_TOLD = {"number", "title"}  # what the template says for its reader


class CommentSheetOut(BaseModel):
    """What became of a sheet of comments; `unchanged` were recorded before."""

    created: int
    unchanged: int
    refused: list[RowRefused]


@router.post("/practices/{ref}/comments/sheet", tags=["practices"], openapi_extra=FILE)
def take_in_comments(
    response: Response,
    actor: Officer,
    session: SessionDep,
    ref: str,
    upload: UploadDep,
    once: OnceDep,
    format: Format | None = None,
) -> CommentSheetOut:
    """Record a sheet of comments (clause, text, country or workshop, source, said_on), each row by itself."""
    table = codecs.read(format or format_of(upload), upload.content)
    return once(
        response,
        lambda: comments_of(session, actor, ref, table),
        lambda done: [done.model_dump_json()],
        lambda kept: CommentSheetOut.model_validate_json(kept[0]),
    )


@router.post("/maturity/sheet", tags=["maturity"], openapi_extra=FILE)
def take_in_sheet(
    response: Response,
    actor: Assessor,
    session: SessionDep,
    upload: UploadDep,
    once: OnceDep,
    country: Annotated[Code, Query()],
    practice: Annotated[Code, Query()],
    reference: Annotated[str, Line(300, 1), Query()],
    received_on: date,
    dry_run: bool = False,
    format: Format | None = None,
) -> SheetOut:
    """Take in a State's own sheet (clause, now, wanted, evidence). `dry_run` only says what would become of it."""
    table = codecs.read(format or format_of(upload), upload.content)
    said = {"country": country, "practice": practice, "reference": reference, "received_on": received_on}
    values = SheetIn.model_validate({**said, "dry_run": dry_run})
    return once(
        response,
        lambda: levels_of(session, actor, values, table),
        lambda done: [done.model_dump_json()],
        lambda kept: SheetOut.model_validate_json(kept[0]),
    )


@router.get("/maturity/template/{ref}", tags=["maturity"], response_class=Response)
def download_template(actor: Reader, session: SessionDep, ref: str, format: Format = Format.XLSX) -> Response:
    """A sheet to be filled in: the clauses in force of a document, with columns for levels and evidence."""
    content = template(session, actor, ref, format)
    named = {"Content-Disposition": f'attachment; filename="self-assessment-{ref}.{format}"'}
    return Response(content, media_type=CONTENT_TYPES[format], headers=named)


def template(session: Session, actor: Actor, ref: str, form: Format) -> bytes:
    """The clauses in force that say something, one a row. Raises NotFound."""
    clauses = [one for one in queries.clauses(session, actor, ref, ClauseFilter()) if one.body]
    rows = [{"clause": one.id, "number": one.number, "title": one.title} for one in clauses]
    return codecs.write(form, TEMPLATE, rows)


def comments_of(session: Session, actor: Actor, ref: str, table: Table) -> CommentSheetOut:
    """Record the rows of a table as comments on the version that is open for consultation."""
    version = queries.consultation(session, actor, ref)
    outcomes = list(comments.make_each(session, actor, version, rows_of(table)))
    written = [one.outcome for one in outcomes if isinstance(one, Written)]
    refused = [
        RowRefused(row=row.number, errors=[_said(error) for error in one.errors] or [one.detail])
        for row, one in zip(table.rows, outcomes, strict=True)
        if isinstance(one, Refused)
    ]
    return CommentSheetOut(created=written.count("created"), unchanged=written.count("unchanged"), refused=refused)


def levels_of(session: Session, actor: Actor, values: SheetIn, table: Table) -> SheetOut:
    """Take in the rows of a table as a State's levels; rows are numbered as the file's author counts them."""
    rows = [row for row in table.rows if not _is_blank(row)]
    found = maturity.take_in(session, actor, values, rows_of(Table(table.columns, rows)))
    taken = [one.model_copy(update={"row": rows[one.row - 1].number}) for one in found.taken]
    refused = [one.model_copy(update={"row": rows[one.row - 1].number}) for one in found.refused]
    return found.model_copy(update={"taken": taken, "refused": refused})


def rows_of(table: Table) -> Sequence[Any]:
    """Each row's cells that say something; a row that could not be read stays refused."""
    return [_row(row) for row in table.rows]


def _row(row: Row) -> dict[str, Any] | Refused:
    if row.fault:
        return Refused(422, row.fault, [FieldError(f"/{row.column}", row.fault)] if row.column else ())
    return {name: cell for name, cell in row.cells.items() if name not in _TOLD and cell not in ("", None)}


def _is_blank(row: Row) -> bool:
    """Whether a row of the template was left as it is: no level was filled in."""
    return not row.fault and not any(row.cells.get(name) for name in ("now", "wanted", "evidence"))


def _said(error: FieldError) -> str:
    return f"{error.pointer}: {error.message}"
