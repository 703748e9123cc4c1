"""Which engine ranks the needs of a run: this process, or dask workers."""

import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum

import typer

from app.pairings.ranking import Engine

NOT_INSTALLED = "dask is not installed here; run: pip install 'counterpart[dask]'"


class EngineName(StrEnum):
    LOCAL = "local"
    DASK = "dask"


def engine_named(
    name: EngineName, scheduler: str | None, processes: int, told: Callable[[int], None]
) -> AbstractContextManager[Engine | None]:
    """The engine to run with, None for this process. Raises BadParameter for one that cannot be used."""
    if name is EngineName.LOCAL:
        if scheduler is not None:
            raise typer.BadParameter("--scheduler is for --engine dask")
        return nullcontext()
    try:
        cluster = importlib.import_module("app.pairings.ranking.cluster")
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] not in {"dask", "distributed", "cryptography"}:
            raise
        raise typer.BadParameter(NOT_INSTALLED) from error
    started: AbstractContextManager[Engine] = cluster.engine(scheduler, processes, told)
    return started
