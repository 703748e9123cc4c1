"""Reads many records into packed profiles, in this process or in several at once."""

import copyreg
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from types import MappingProxyType, TracebackType
from typing import Any, Self

from matching.features import Profiles, joined, pack
from matching.model import Model
from matching.profiles import need_profile, programme_profile
from matching.types import Need, Programme

AT_ONCE = 1_000
WORTH_A_PROCESS = 4_000

_model: Model | None = None


class Readers:
    """Reads records under one model; with more than one process, use it in a `with` statement."""

    def __init__(self, model: Model, processes: int = 1) -> None:
        self._model, self._processes = model, processes
        self._pool: ProcessPoolExecutor | None = None

    def programmes(self, listed: Sequence[Programme]) -> Profiles:
        """The profiles of programmes, in their order."""
        return joined([*self._packed(_packed_programmes, listed)])

    def needs(self, listed: Sequence[Need]) -> Profiles:
        """The profiles of needs, in their order."""
        return joined([*self._packed(_packed_needs, listed)])

    def _packed(
        self, read: Callable[[Sequence[Any], Model], Profiles], listed: Sequence[Any]
    ) -> Iterator[Profiles]:
        """A few records are read here: a process takes half a second to start."""
        some = [listed[first : first + AT_ONCE] for first in range(0, len(listed), AT_ONCE)]
        if self._processes < 2 or (self._pool is None and len(listed) < WORTH_A_PROCESS):
            return (read(records, self._model) for records in some)
        if self._pool is None:
            self._pool = self._started()
        with deaf_to_interrupts():  # the processes start with the first task
            return self._pool.map(_read_there, [read] * len(some), some)

    def _started(self) -> ProcessPoolExecutor:
        """Processes that have the model: copies of this one where it has a single thread, else new ones.

        A copy starts at once; of a process with more threads, such as a server, it might wait for ever for a lock.
        """
        global _model
        if sys.platform == "linux" and threading.active_count() == 1:
            _model = self._model
            return ProcessPoolExecutor(self._processes, multiprocessing.get_context("fork"), _begin, (None,))
        pickled = pickle.dumps(self._model, pickle.HIGHEST_PROTOCOL)
        return ProcessPoolExecutor(self._processes, multiprocessing.get_context("spawn"), _begin, (pickled,))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=kind is None, cancel_futures=True)  # after Ctrl-C nobody waits
            self._pool = None


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Processes that start here never hear Ctrl-C: they end when this one ends them. It hears it afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # which a new process inherits
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _packed_programmes(listed: Sequence[Programme], model: Model) -> Profiles:
    return pack(programme_profile(programme, model) for programme in listed)


def _packed_needs(listed: Sequence[Need], model: Model) -> Profiles:
    return pack(need_profile(need, model) for need in listed)


def _begin(pickled: bytes | None) -> None:
    """Each process receives the model once. Nothing that it makes has cycles, so it never looks for garbage.

    It ends when the process does that started it, in whatever way.
    """
    global _model
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()
    if pickled is not None:
        _model = pickle.loads(pickled)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read_there(read: Callable[[Sequence[Any], Model], Profiles], listed: Sequence[Any]) -> Profiles:
    if _model is None:
        raise RuntimeError("the process was started without a model")
    return read(listed, _model)


def _proxy(mapping: Mapping[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(mapping)


copyreg.pickle(MappingProxyType, lambda proxy: (_proxy, (dict(proxy),)))
