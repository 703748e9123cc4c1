from fastapi import APIRouter, Request, Response

from app.core.db import SessionDep
from app.core.http import etag_of
from app.vocabularies import queries
from app.vocabularies.schemas import VocabularyNames, VocabularyOut

router = APIRouter(prefix="/vocabularies", tags=["vocabularies"])
KEPT = "public, max-age=3600"  # terms change with a release of the software alone


@router.get("", response_model=VocabularyNames)
def list_vocabularies(response: Response, session: SessionDep) -> VocabularyNames:
    """Name every vocabulary. Needs no sign-in."""
    response.headers["Cache-Control"] = KEPT
    return VocabularyNames(items=list(queries.names(session)))


@router.get("/{name}", response_model=VocabularyOut, responses={304: {"description": "Not modified"}})
def read_vocabulary(
    request: Request, response: Response, session: SessionDep, name: str
) -> VocabularyOut | Response:
    """Read one vocabulary, by its singular or plural name. Needs no sign-in."""
    found = queries.vocabulary(session, name)
    etag = etag_of(found.model_dump())
    kept = {"Cache-Control": KEPT, "ETag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=kept)
    response.headers.update(kept)
    return found
