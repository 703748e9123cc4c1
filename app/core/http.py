"""Conventions of the REST surface: entity tags, If-Match, strict bodies and Idempotency-Key."""

import hashlib
import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel, ConfigDict

from app.core.documents import CONTENT_TYPES, Document, DocumentFormat, written
from app.core.errors import PreconditionRequired, Stale


class Body(BaseModel):
    """A request body: unknown fields are refused and `false` is no number."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


def etag_of(value: Any) -> str:
    """Return a strong entity tag for a version number, or for the hash of what is shown."""
    shown = json.dumps(value, sort_keys=True, default=str)
    return f'"{value}"' if isinstance(value, int) else f'"{hashlib.sha256(shown.encode()).hexdigest()[:24]}"'


NEEDED = "The ETag of the record as you read it: 428 without, 412 when somebody changed it meanwhile."
HONOURED = "The ETag of the record as you read it, if you want 412 when somebody changed it meanwhile."


def _needed(if_match: Annotated[str | None, Header(description=NEEDED)] = None) -> str | None:
    return if_match


def _honoured(if_match: Annotated[str | None, Header(description=HONOURED)] = None) -> str | None:
    return if_match


# What an operation asks for is what its description lists.
NeedsMatch = Annotated[str | None, Depends(_needed)]
IfMatch = Annotated[str | None, Depends(_honoured)]


def require_match(wanted: str | None, etag: str) -> None:
    """Raise 428 without an If-Match header (`wanted`) and 412 when it does not name `etag`."""
    honour_match(present(wanted), etag)


def present(wanted: str | None) -> str:
    """The If-Match header. Raises 428 without one."""
    if wanted is None:
        raise PreconditionRequired("Send If-Match with the ETag of the record as you read it")
    return wanted


def honour_match(wanted: str | None, etag: str) -> None:
    """Raise 412 when an If-Match header was sent and does not name `etag`."""
    if wanted is not None and wanted.strip() != "*" and etag not in {tag.strip() for tag in wanted.split(",")}:
        raise Stale("Somebody else changed this record meanwhile; read it again and retry", ETag=etag)


def set_etag(response: Response, etag: str) -> None:
    response.headers["ETag"] = etag


def document_answer(document: Document, form: DocumentFormat, name: str) -> Response:
    """A document as a page to print, or as a file `name`.docx."""
    is_file = form is DocumentFormat.DOCX
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'} if is_file else {}
    return Response(written(document, form), media_type=CONTENT_TYPES[form], headers=headers)


def next_path(request: Request) -> str:
    """The path of this list with its parameters but the cursor, ready for `cursor=` to be appended."""
    kept = [(key, value) for key, value in request.query_params.multi_items() if key != "cursor"]
    return str(request.url.replace(query="").path) + "?" + "".join(f"{_quote(k)}={_quote(v)}&" for k, v in kept)


def _quote(text: str) -> str:
    return quote(text, safe="")
