"""The browsable copy of the API's description, from files of our own."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)
_PAGE = Path(__file__).parents[1] / "static" / "docs.html"


@router.get("/docs")
def browsable_description() -> FileResponse:
    return FileResponse(_PAGE)
