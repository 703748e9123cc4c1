"""The clauses of a need, and what cites a document."""

from pydantic import BaseModel, Field

from app.pairings.schemas import ContributionOut
from app.practices.schemas import Citation, ClauseOut


class LikeClause(BaseModel):
    """A clause in force that is like a need. The weights of `contributions` sum to the score."""

    clause: ClauseOut
    score: float
    contributions: list[ContributionOut]


class ClausesOfNeed(BaseModel):
    """What a need cites, which of that says something else now or is gone, and what else is like it."""

    need: str
    cited: list[Citation]
    changed: list[Citation]
    similar: list[LikeClause]


class Cites(BaseModel):
    """A need or a programme that cites a clause."""

    kind: str = Field(description="need or programme")
    ref: str
    title: str
    citation: Citation
