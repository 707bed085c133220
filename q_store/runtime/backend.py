"""Backends: what runs an executable, behind one protocol.

A backend turns an `Executable` into a `Program` (`q_store.runtime.program`) for one dtype. The
table of backends is `q_store.runtime.backends.table`.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from q_store.qir.diagnostics import error
from q_store.runtime.backends.automatic import (
    AUTO,
    EMBEDDED,
    FROM_QUBITS,
    AutomaticProgram,
    candidates,
)
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.table import BACKENDS, DOUBLE, SINGLE, Backend, backend_row
from q_store.runtime.backends.tailored import TailoredProgram
from q_store.runtime.config import settings
from q_store.runtime.program import Program
from q_store.runtime.simulator_config import SimulatorConfig
from q_store.targets.executable import Executable

BackendLike = str | SimulatorConfig | Mapping[str, Any] | None
"""What is given as `backend`: a name, a config (or its `to_dict`), `None` for the default set by
`configure`."""


def place(
    backend: BackendLike,
    *,
    n_qubits: int | None = None,
    strict: bool = False,
    stacklevel: int = 3,
) -> Placement:
    """The backend that will run, with its settings.

    A known backend that is not available falls back to `batched`, a GPU that is not there to the
    processor, each with one warning, or raises with `strict` (`QS604`, `QS623`). Raises `QS603`
    for an unknown name and what `SimulatorConfig` raises.
    """
    config = SimulatorConfig.of(settings().default_backend if backend is None else backend)
    if config.backend == "auto":
        return _automatic(config, n_qubits, strict, stacklevel + 1)
    row = backend_row(config.backend)
    reason = row.missing()
    if not reason and row.capabilities.devices == ("gpu",):
        reason = row.no_gpu()
    if reason:
        message = f"backend {row.name!r} is not available: {reason}"
        _give_way(message, "QS604", EMBEDDED, strict, stacklevel)
        return Placement(EMBEDDED, precision=config.dtype, batch_size=config.batch_size)
    device = _device(row, config.place, strict, stacklevel + 1)
    return _placement(row, config, device)


def resolve_backend(backend: BackendLike, *, strict: bool = False) -> str:
    """The name of the backend that will run; see `place`. For `auto` that is the embedded engine,
    beside which many qubits may use others."""
    return place(backend, strict=strict, stacklevel=4).name


def load(executable: Executable, dtype: DTypeLike, backend: Placement | str = EMBEDDED) -> Program:
    """A program of a backend that `place` or `resolve_backend` gave.

    It takes and gives arrays of `dtype`. It calculates in the placement's precision, else in
    `dtype` where the backend offers that, else in the backend's own, which is said once.
    """
    placement = Placement(backend) if isinstance(backend, str) else backend
    if placement.name == AUTO and (executable.effects or executable.misreads):
        placement = replace(placement, name=EMBEDDED)
    row, wanted = row_of(placement), np.dtype(dtype)
    _check_size(row, executable.n_qubits)
    _check_effects(row, executable)
    computed = np.dtype(placement.precision or _offered(row, wanted.name))
    program: Program = _loaded(row, executable, computed, placement)
    processes = placement.processes if hasattr(program, "placement") else None
    if computed == wanted and placement.batch_size is None and processes is None:
        return program
    return TailoredProgram(program, wanted, placement.batch_size, processes)


def row_of(placement: Placement) -> Backend:
    """The row of a placement; what `auto` takes, the embedded engine can."""
    return backend_row(EMBEDDED if placement.name == AUTO else placement.name)


def backend_of(program: Any, placement: Placement) -> str:
    """The name of the backend that runs a program; of `auto`, that of its latest call."""
    inner = getattr(program, "program", program)
    return inner.last if isinstance(inner, AutomaticProgram) else row_of(placement).name


def _check_size(row: Backend, n_qubits: int) -> None:
    most = row.capabilities.max_qubits
    if 1 <= n_qubits <= most:
        return
    who = [b.name for b in BACKENDS.values() if n_qubits <= b.capabilities.max_qubits]
    raise error(
        "QS505",
        f"backend {row.name!r} runs 1 to {most} qubits, got {n_qubits}",
        help=f"backends that may: {', '.join(who)}" if n_qubits and who else "",
    )


def _offered(row: Backend, dtype: str) -> str:
    if dtype in row.capabilities.precisions:
        return dtype
    if dtype not in (SINGLE, DOUBLE):
        raise error("QS512", f"dtype must be float32 or float64, got {dtype}")
    instead = row.capabilities.precisions[0]
    _say_once(f"backend {row.name!r} calculates in {instead}; results are given as {dtype}")
    return instead


def _loaded(row: Backend, executable: Executable, dtype: Any, placement: Placement) -> Any:
    """A program of a backend; errors of reading are put around it."""
    if placement.name == AUTO:
        return AutomaticProgram(executable, dtype, placement)
    if not executable.misreads:
        return row.load(executable, dtype, placement)
    from q_store.runtime.noise.readout import ReadoutProgram, without_readout

    return ReadoutProgram(row.load(without_readout(executable), dtype, placement), executable)


def _check_effects(row: Backend, executable: Executable) -> None:
    """Raises `QS540` for an op that the backend cannot run, naming backends that can."""
    for effect in executable.effects:
        if not row.capabilities.runs(effect):
            who = [b.name for b in BACKENDS.values() if b.loader and b.capabilities.runs(effect)]
            raise error(
                "QS540",
                f"backend {row.name!r} cannot run `{effect}`",
                help=f"backends that can: {', '.join(who)}" if who else "",
            )


@cache
def _say_once(message: str) -> None:
    logging.getLogger("q_store").warning(message)


def _automatic(
    config: SimulatorConfig, n_qubits: int | None, strict: bool, stacklevel: int
) -> Placement:
    """`auto`: a GPU where one is wanted and there, else the embedded engine, and for many qubits
    whichever simulator is expected to be fastest for a call."""
    wants_gpu = config.place not in (None, "cpu")
    prefers_gpu = config.prefer_gpu and n_qubits is not None and n_qubits > config.threshold
    if wants_gpu or prefers_gpu:
        for row in BACKENDS.values():
            if "gpu" in row.capabilities.devices and not row.missing() and not row.no_gpu():
                return _placement(row, config, config.place or "gpu")
        message = "no backend here has a GPU to run on"
        if wants_gpu:
            _give_way(message, "QS623", EMBEDDED, strict, stacklevel)
        else:
            logging.getLogger("q_store").info("%s; running on %r", message, EMBEDDED)
    found = _placement(backend_row(EMBEDDED), config, "cpu")
    large = n_qubits is not None and n_qubits >= FROM_QUBITS
    return replace(found, name=AUTO) if large and len(candidates(SINGLE)) > 1 else found


def _device(row: Backend, wanted: str | None, strict: bool, stacklevel: int) -> str:
    """The device to run on: the one wanted, or the backend's first."""
    first = row.capabilities.devices[0]
    if wanted is None or wanted == first:
        return first
    if wanted == "cpu":
        if "cpu" in row.capabilities.devices:
            return wanted
        raise error("QS621", f"backend {row.name!r} does not run on device 'cpu'")
    reason = row.no_gpu()
    if not reason:
        return wanted
    message = f"device {wanted!r} is not available: {reason}"
    _give_way(message, "QS623", f"{first} of {row.name}", strict, stacklevel)
    return first


def _placement(row: Backend, config: SimulatorConfig, device: str) -> Placement:
    return Placement(
        row.name,
        device,
        config.dtype,
        config.batch_size,
        config.threads,
        config.processes,
        config.fusion,
        config.method,
        config.noise_model,
        config.trajectories,
        config.seed,
    )


def _give_way(message: str, code: str, instead: str, strict: bool, stacklevel: int) -> None:
    """One warning, or an error with `strict`."""
    if strict:
        raise error(code, message, help="use backend='auto', or strict=False to fall back")
    warnings.warn(f"{message}; running on {instead!r} instead", RuntimeWarning, stacklevel)
