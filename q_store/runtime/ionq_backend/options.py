"""How circuits run on IonQ's machines, and backends with options of their own."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from q_store.qir.diagnostics import error
from q_store.runtime.backends.table import BACKENDS, backend_row, register
from q_store.targets.ionq.devices import device

if TYPE_CHECKING:
    from q_store.runtime.ionq_client.client import IonQClient

LOCAL: Final = "ionq.local"
MACHINES: Final = ("ionq.simulator", "ionq.aria", "ionq.forte", "ionq.forte-enterprise")
_OPTIONS: dict[str, MachineOptions] = {}
_LOCK: Final = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOptions:
    """What a job says beside its circuits, and its limits."""

    machine: str = "ionq.simulator"
    """Where circuits run, by our name."""
    local: bool = False
    """On the service of this process instead of IonQ's."""
    shots: int = 1000
    """Of every circuit, where a layer or a call does not say. The ideal simulator is exact."""
    noise: str | None = None
    """A noise model of the simulator, `forte-1`."""
    seed: int | None = None
    """Of the noise, from 1."""
    debiasing: bool | None = False
    """`None` leaves the choice to the service, which debiases from 500 shots on and charges for
    it; a layer sends many small circuits, so by default it is off."""
    symmetry_verification: bool | None = None
    session: str | None = None
    name: str = "q-store"
    metadata: Mapping[str, str] = field(default_factory=dict)
    max_usd: float | None = None
    """Most that all circuits of this backend may cost together: a job that by estimate would
    exceed it is not sent (`QS764`)."""
    max_circuits: int | None = None
    """Most circuits of one call (`QS764`)."""
    level: int = 3
    """How hard to compile, 0 to 3; once for each circuit."""
    timeout: float | None = None
    """Seconds to wait for a job; `None` for as long as it takes."""
    poll: float = 1.0
    """Seconds between looks at a job at first."""
    client: IonQClient | None = field(default=None, compare=False, repr=False)
    """Who sends jobs; by default a client with the key of `configure`."""

    def __post_init__(self) -> None:
        device(self.machine)
        _whole("shots", self.shots)
        if self.max_circuits is not None:
            _whole("max_circuits", self.max_circuits)
        if self.level not in (0, 1, 2, 3) or isinstance(self.level, bool):
            raise error("QS763", f"level must be 0 to 3, got {self.level!r}")
        for name in ("max_usd", "timeout"):
            value = getattr(self, name)
            if value is not None and not _positive(value):
                raise error("QS763", f"{name} must be a positive number or None, got {value!r}")
        if self.noise is not None and self.machine != "ionq.simulator":
            raise error(
                "QS763",
                f"noise={self.noise!r} goes with the simulator, got machine={self.machine!r}",
                help="a machine has its own noise",
            )

    @property
    def exact(self) -> bool:
        """Whether results are exact probabilities."""
        return self.machine == "ionq.simulator" and self.noise in (None, "ideal")


def _whole(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise error("QS763", f"{name} must be a whole number from 1 up, got {value!r}")


def _positive(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isfinite(value) and value > 0


def options_of(backend: str) -> MachineOptions:
    """The options of a backend by its name, the same object as long as they hold."""
    with _LOCK:
        found = _OPTIONS.get(backend)
        if found is None:
            if backend == LOCAL:
                found = MachineOptions(machine="ionq.forte", local=True, poll=0.002)
            else:
                found = MachineOptions(machine=backend)
            _OPTIONS[backend] = found
    return found


def ionq_backend(backend: str, *, name: str | None = None, **options: Any) -> str:
    """A backend with options of its own; the name it gives is for `backend=`.

    >>> ionq_backend("ionq.local", machine="ionq.aria", shots=200, name="ionq.local/aria")
    'ionq.local/aria'

    Args:
        backend: `ionq.simulator`, `ionq.aria`, `ionq.forte`, `ionq.forte-enterprise`, or
            `ionq.local`, which can be any of them.
        name: How to call it; the same name again replaces it. Default: the backend's name and a
            number.
        **options: See `MachineOptions`.

    Raises:
        QStoreError: `QS763` for an unusable option or another backend.
    """
    known = (*MACHINES, LOCAL)
    if backend not in known:
        raise error("QS763", f"backend must be one of {', '.join(known)}, got {backend!r}")
    base = options_of(backend)
    unknown = [key for key in options if key not in MachineOptions.__dataclass_fields__]
    if unknown:
        raise error("QS763", f"there is no option {unknown[0]!r} of IonQ's machines")
    made = replace(base, **options)
    with _LOCK:
        called = name or f"{backend}#{1 + sum(key.startswith(f'{backend}#') for key in _OPTIONS)}"
        if called in (*known, "auto") or (called in BACKENDS and called not in _OPTIONS):
            raise error("QS763", f"{called!r} is the name of another backend")
        _OPTIONS[called] = made
    row = backend_row(backend)
    # A client of its own has its own key.
    ready = row.not_ready if made.client is None else ""
    able = replace(row.capabilities, exact=made.exact, max_qubits=device(made.machine).qubits)
    register(replace(row, name=called, not_ready=ready, capabilities=able))
    return called
