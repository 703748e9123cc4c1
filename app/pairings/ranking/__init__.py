"""The only bridge to the matching library: rows become its values, and one index of programmes stays current."""

from app.pairings.ranking.ahead import Ahead, Engine
from app.pairings.ranking.current import FULL_RUN, MODEL_CHANGED, PROPOSALS, Ranking
from app.pairings.ranking.index import PROPOSED, Index
from app.pairings.ranking.rows import stated
from app.pairings.ranking.spoken import codes_in
from matching import Model, Place, Suggestion
from matching import Need as StatedNeed

__all__ = [
    "FULL_RUN",
    "MODEL_CHANGED",
    "PROPOSALS",
    "PROPOSED",
    "Ahead",
    "Engine",
    "Index",
    "Model",
    "Place",
    "Ranking",
    "StatedNeed",
    "Suggestion",
    "codes_in",
    "stated",
]
