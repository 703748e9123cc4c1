"""An assessment's table of recommendations over HTTP: a file of a form, or text."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires
from app.assessments import queries as assessments
from app.core.actor import Actor
from app.core.bodies import MAX_JSON_SIZE
from app.core.db import SessionDep
from app.core.errors import FieldError, Invalid
from app.core.fields import clean
from app.exchange.tables import files, pasted, queries
from app.exchange.tables.grid import Grid
from app.exchange.tables.schemas import TableIn, TableOptions, TableResult
from app.exchange.tables.service import take_table
from app.pairings.routes import RankingDep

router = APIRouter(prefix="/assessments", tags=["assessments"])
M = TypeVar("M", bound=BaseModel)
Writer = Annotated[Actor, Depends(Requires(Permission.NEED_WRITE))]
_FORM = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "columns": {"type": "string", "description": "as in JSON"},
        "choices": {"type": "string", "description": "as in JSON"},
    },
    "required": ["file"],
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "application/json": {"schema": {"type": "object", "required": ["text"]}},
        },
    }
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A table as it came: its bytes or its text, and what is said of it."""

    options: TableOptions
    text: str = ""
    content: bytes = b""
    file_name: str = ""

    def grids(self) -> list[Grid]:
        return files.read(self.content) if self.content else pasted.read(self.text)


async def _sent(request: Request, _actor: Writer) -> Sent:
    body = await request.body()
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        async with request.form(max_files=1) as form:
            return await _of_form(form)
    if len(body) > MAX_JSON_SIZE:
        raise Invalid.field("/text", f"The body is larger than {MAX_JSON_SIZE} bytes; send the table as a file")
    values = _model(TableIn, _parsed(body, ""))
    return Sent(values, text=values.text)


SentDep = Annotated[Sent, Depends(_sent)]


@router.post("/{assessment_id}/table", response_model=TableResult, openapi_extra=_BODY)
def take_recommendations(
    request: Request,
    response: Response,
    actor: Writer,
    session: SessionDep,
    ranking: RankingDep,
    assessment_id: str,
    sent: SentDep,
    once: OnceDep,
    dry_run: bool = False,
) -> TableResult:
    """Draft a need for each row of an assessment's table of recommendations, or bring it up to date.

    The table is a .docx, .xlsx or CSV file in a form's field `file`, or `text` as JSON. Needs are known by their
    number (`source_ref`): a row that says what it said before changes nothing, one whose need was edited since
    `asks` until `choices` says which text is kept. Rows at fault are named; the others are taken.
    `dry_run` only tries.
    """
    assessment = assessments.get(session, actor, assessment_id)
    threshold = request.app.state.settings.specificity_threshold

    def do() -> TableResult:
        grids = sent.grids()
        return take_table(
            session, actor, ranking, assessment, grids, sent.options, dry_run, sent.file_name, threshold
        )

    if dry_run:
        return do()
    return once(
        response, do, lambda done: [str(done.id)], lambda kept: queries.result(session, actor, UUID(kept[0]))
    )


async def _of_form(form: FormData) -> Sent:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Invalid.field("/file", "Send the file in the form's field `file`")
    said = {name: _field(form, name) for name in ("columns", "choices") if form.get(name)}
    options = _model(TableOptions, said)
    content = await file.read()
    if not content:
        raise Invalid.field("/file", "The file is empty")
    return Sent(options, content=content, file_name=clean((file.filename or "")[:200].replace("\n", " ")))


def _field(form: FormData, name: str) -> Any:
    value = form.get(name)
    return _parsed(value.encode() if isinstance(value, str) else b"", f"/{name}")


def _parsed(body: bytes, pointer: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid.field(
            pointer or "/text", "This is not JSON; send `text` as JSON, or a file in a form"
        ) from None


def _model(model: type[M], values: Any) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = [FieldError("/" + "/".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise Invalid("Some of what was sent cannot be accepted", wrong) from None
