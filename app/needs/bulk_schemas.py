"""Many needs of an assessment at once: which, and what became of each."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.core.fields import Line
from app.core.http import Body


class Chosen(Body):
    """A need by its reference; `etag`, where it is sent, as it was read: a newer one is left as it is."""

    ref: Annotated[str, Line(20, 1)]
    etag: Annotated[str, Line(60)] | None = None


class ChosenNeeds(Body):
    """Needs of one assessment."""

    needs: list[Chosen] = Field(min_length=1, max_length=500)


class BulkRow(BaseModel):
    """What became of one need: done, unchanged (there was nothing to do), or refused with the reasons."""

    ref: str
    outcome: Literal["done", "unchanged", "refused"]
    status: int | None = None
    detail: str = ""
    reasons: list[str] = Field(default_factory=list)


class BulkResult(BaseModel):
    """What became of all of them."""

    done: int
    refused: int
    rows: list[BulkRow]
