"""Ranks assistance programmes for capacity needs in six languages, every score a sum of reasons; pure library."""

from matching import concepts, gates, geography, knowledge, text
from matching.analysis import Analysis, analyse
from matching.inference import Inferred, infer
from matching.knowledge import KnowledgeError
from matching.matcher import Matcher
from matching.model import Model, load_model
from matching.types import Contribution, Gate, Need, Place, Programme, Span, Suggestion

__all__ = [
    "Analysis",
    "Contribution",
    "Gate",
    "Inferred",
    "KnowledgeError",
    "Matcher",
    "Model",
    "Need",
    "Place",
    "Programme",
    "Span",
    "Suggestion",
    "analyse",
    "concepts",
    "gates",
    "geography",
    "infer",
    "knowledge",
    "load_model",
    "text",
]
