from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.datastructures import UploadFile

from app.access.once import OnceDep
from app.access.permissions import Permission, Requires, check
from app.audit.notes import Print, note
from app.core.actor import Actor
from app.core.db import SessionDep
from app.core.errors import Invalid, NotFound
from app.core.fields import clean
from app.core.http import next_path
from app.core.paging import Page, set_link
from app.core.parameters import refuse_unknown_parameters
from app.exchange import queries, service
from app.exchange.codecs import CONTENT_TYPES
from app.exchange.exporting import EXPORTED, Filter, export_file, exported
from app.exchange.models import Format, ImportKind
from app.exchange.schemas import ImportListing, ImportOut
from app.exchange.writers import WRITES
from app.needs.schemas import NeedFilter
from app.organizations.schemas import OrganizationFilter
from app.pairings.schemas import PairingFilter
from app.programmes.schemas import ProgrammeFilter
from app.programmes.service import Rules

router = APIRouter(prefix="/imports", tags=["exchange"])
exports = APIRouter(prefix="/exports", tags=["exchange"], dependencies=[Depends(refuse_unknown_parameters)])
Reader = Annotated[Actor, Depends(Requires(Permission.JOB_READ))]
Importer = Annotated[Actor, Depends(Requires(Permission.IMPORT))]
Exporter = Annotated[Actor, Depends(Requires(Permission.EXPORT))]
PairingReader = Annotated[Actor, Depends(Requires(Permission.PAIRING_READ))]

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"schema": {"type": "object", "properties": {"file": _BINARY["schema"]}, "required": ["file"]}}
FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": _FORM, **dict.fromkeys(CONTENT_TYPES.values(), _BINARY)},
    }
}
_TYPES = {
    "text/csv": Format.CSV,
    "application/csv": Format.CSV,
    "application/jsonl": Format.JSONL,
    "application/x-ndjson": Format.JSONL,
    CONTENT_TYPES[Format.XLSX]: Format.XLSX,
}
_WRITTEN: dict[int | str, dict[str, Any]] = {
    200: {"description": "A file", "content": dict.fromkeys(CONTENT_TYPES.values(), _BINARY)}
}


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    content_type: str
    content: bytes


async def _upload(request: Request, file_name: Annotated[str, Query(max_length=200)] = "") -> Upload:
    """The file of a form, or the body itself."""
    body = await request.body()
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "multipart/form-data":
        return Upload(_file_name(file_name), content_type, body)
    async with request.form(max_files=1) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid.field("/file", "Send the file in the form's field `file`")
        return Upload(_file_name(file.filename or file_name), file.content_type or "", await file.read())


UploadDep = Annotated[Upload, Depends(_upload)]


@router.get("", response_model=Page[ImportOut])
def list_imports(
    request: Request,
    response: Response,
    actor: Reader,
    session: SessionDep,
    wanted: Annotated[ImportListing, Query()],
) -> Page[ImportOut]:
    """List imports, newest first."""
    found = queries.page(session, actor, wanted)
    set_link(response, next_path(request), found)
    return Page(items=[queries.shown(row.Import) for row in found.rows], next=found.next, total=found.total)


@router.post("", response_model=ImportOut, status_code=201, openapi_extra=FILE)
def import_rows(
    request: Request,
    response: Response,
    actor: Importer,
    session: SessionDep,
    kind: ImportKind,
    upload: UploadDep,
    once: OnceDep,
    format: Format | None = None,
    dry_run: bool = False,
) -> ImportOut:
    """Import a file of up to 5,000 rows, sent as the body or in a form's field `file`.

    The good rows are kept; `refused_rows` is the address of the others, each with what is wrong, to be mended
    and sent again. `dry_run` only tries.
    """
    check(actor, WRITES[kind])
    form = format or format_of(upload)
    settings = request.app.state.settings
    rules = Rules(settings.assurance_days, settings.review_first_programmes, imported=True)
    response.status_code = 201
    batch = once(
        response,
        lambda: service.take_in(session, actor, kind, form, upload.content, upload.name, dry_run, rules),
        lambda done: [str(done.id)],
        lambda kept: queries.get(session, actor, UUID(kept[0])),
    )
    response.headers["Location"] = f"/api/v1/imports/{batch.id}"
    return queries.shown(batch)


@router.get("/{import_id}", response_model=ImportOut)
def read_import(actor: Reader, session: SessionDep, import_id: UUID) -> ImportOut:
    """Read what became of one file."""
    return queries.shown(queries.get(session, actor, import_id))


@router.get("/{import_id}/refused-rows", response_class=Response, responses=_WRITTEN)
def download_refused_rows(actor: Reader, session: SessionDep, import_id: UUID) -> Response:
    """Download the rows that were refused, as a file of the same format that can be mended and sent again."""
    batch = queries.get(session, actor, import_id)
    if batch.refused_rows is None:
        raise NotFound("No row of this file was refused")
    return _file(batch.refused_rows, batch.format, f"{batch.kind}-refused.{batch.format}")


@exports.get("/organizations.{format}", response_class=Response, responses=_WRITTEN)
def export_organizations(
    request: Request,
    actor: Exporter,
    session: SessionDep,
    format: Format,
    wanted: Annotated[OrganizationFilter, Query()],
) -> Response:
    """Download organizations."""
    return _export(request, session, actor, wanted, format)


@exports.get("/programmes.{format}", response_class=Response, responses=_WRITTEN)
def export_programmes(
    request: Request,
    actor: Exporter,
    session: SessionDep,
    format: Format,
    wanted: Annotated[ProgrammeFilter, Query()],
) -> Response:
    """Download the programmes that you may see, with the fields that you may see."""
    return _export(request, session, actor, wanted, format)


@exports.get("/needs.{format}", response_class=Response, responses=_WRITTEN)
def export_needs(
    request: Request, actor: Exporter, session: SessionDep, format: Format, wanted: Annotated[NeedFilter, Query()]
) -> Response:
    """Download the needs that you may see, with what is released to you."""
    return _export(request, session, actor, wanted, format)


@exports.get("/pairings.{format}", response_class=Response, responses=_WRITTEN)
def export_pairings(
    request: Request,
    actor: PairingReader,
    session: SessionDep,
    format: Format,
    wanted: Annotated[PairingFilter, Query()],
) -> Response:
    """Download pairings with their scores and decisions. Officers alone."""
    return _export(request, session, actor, wanted, format)


def _export(request: Request, session: SessionDep, actor: Actor, wanted: Filter, form: Format) -> Response:
    """The file with its marking, after the event that it goes out."""
    content, marking = export_file(session, actor, wanted, form)
    told = exported(wanted, form, marking)
    request_id = getattr(request.state, "request_id", "")
    note(request.app.state.open_session, actor, EXPORTED, Print(marking.kind), told, request_id)
    return _file(content, form, marking.name(form), marking.headers)


def _file(content: bytes, form: Format, name: str, headers: Mapping[str, str] | None = None) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=CONTENT_TYPES[form], headers={**(headers or {}), **disposition})


def _file_name(name: str) -> str:
    try:
        return clean(PurePath(name).name)[:200]
    except ValueError as error:
        raise Invalid.field("file_name", str(error)) from None


def format_of(upload: Upload) -> Format:
    ending = PurePath(upload.name).suffix.lower().removeprefix(".")
    if ending in set(Format):
        return Format(ending)
    if upload.content_type in _TYPES:
        return _TYPES[upload.content_type]
    raise Invalid.field("format", "Say the format of the file: csv, jsonl or xlsx")
