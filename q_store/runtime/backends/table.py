"""The table of backends: one row each, in one place.

A row says what a backend can do and where its loader is; nothing is imported before it runs.
`register` adds a row of another package.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from q_store.qir.diagnostics import did_you_mean, error

SINGLE: Final = "float32"
DOUBLE: Final = "float64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a backend can do."""

    max_qubits: int
    """Most qubits of a circuit; for simulators memory is usually the nearer limit."""
    precisions: tuple[str, ...] = (SINGLE, DOUBLE)
    """What it calculates in, the default first."""
    exact: bool = True
    """Exact expectation values and probabilities; otherwise estimates from shots."""
    states: bool = True
    """Gives state vectors."""
    shots: bool = True
    """Gives samples."""
    noise: tuple[str, ...] = ()
    """How it simulates noise channels: of `trajectories`, `density_matrix`; or `machine`."""
    mid_circuit: tuple[str, ...] = ()
    """What it runs in the middle of a circuit, of `q.measure` (with `q.if`) and `q.reset`."""
    adjoint: bool = False
    """Gradients by the adjoint method; otherwise by shift rules."""
    devices: tuple[str, ...] = ("cpu",)
    """Kinds of device, of `cpu`, `gpu`, `remote`."""
    cost: str = "free"
    """`free`, or `shots` for machines that charge."""
    settings: tuple[str, ...] = ()
    """Which of the optional settings `threads`, `processes`, `fusion`, `method`, `noise_model`,
    `trajectories`, `seed` it has."""
    methods: tuple[str, ...] = ()
    """Values of the setting `method`, the default first."""
    threads_from: int | None = None
    """From how many qubits on threads share a state; `None` for never."""

    def runs(self, effect: str) -> bool:
        """Whether an op of an executable that is no gate can be run; see `Executable.effects`."""
        if effect.startswith("n."):
            return any(way != "machine" for way in self.noise)
        return effect in self.mid_circuit


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One row."""

    name: str
    title: str
    loader: str | Callable[..., Any]
    """`module:function` or the function: `(executable, dtype, placement)` to a `Program`. Empty
    for a name that programs may use although nothing here can run it."""
    capabilities: Capabilities
    packages: tuple[str, ...] = ()
    """Modules that must be there."""
    extra: str = ""
    """The extra of this package that brings them."""
    not_ready: str = ""
    """`module:function` that says what is missing although the packages are there, or an empty
    text."""
    gpu_missing: str = ""
    """`module:function` that says why there is no GPU, or an empty text when there is one."""

    def missing(self) -> str:
        """Why this backend cannot run here, or an empty text."""
        if not self.loader:
            return "nothing in this installation runs it"
        absent = [name for name in self.packages if not _installed(name)]
        if not absent:
            return str(resolved(self.not_ready)()) if self.not_ready else ""
        hint = f" (pip install 'q-store[{self.extra}]')" if self.extra else ""
        return f"the module {absent[0]} is not installed{hint}"

    def no_gpu(self) -> str:
        """Why this backend has no GPU to run on, or an empty text."""
        if "gpu" not in self.capabilities.devices:
            return f"{self.name!r} runs on {', '.join(self.capabilities.devices)} only"
        return str(resolved(self.gpu_missing)()) if self.gpu_missing else ""

    def load(self, executable: Any, dtype: Any, placement: Any) -> Any:
        """A `Program` of an executable."""
        return resolved(self.loader)(executable, dtype, placement)


def resolved(name: str | Callable[..., Any]) -> Callable[..., Any]:
    """The function `module:function` names."""
    if not isinstance(name, str):
        return name
    module, _, attribute = name.partition(":")
    function: Callable[..., Any] = getattr(import_module(module), attribute)
    return function


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


_HERE: Final = "q_store.runtime.backends"

_KEY: Final = "q_store.runtime.ionq_backend.loading:no_key"

_ROWS: Final = (
    Backend(
        name="batched",
        title="the embedded engine",
        loader=f"{_HERE}.embedded:load",
        capabilities=Capabilities(
            max_qubits=48,
            noise=("density_matrix", "trajectories"),
            mid_circuit=("q.measure", "q.reset"),
            adjoint=True,
            settings=("threads", "method", "trajectories", "seed"),
            methods=("density_matrix", "trajectories"),
        ),
    ),
    Backend(
        name="qsim",
        title="Google's qsim",
        loader=f"{_HERE}.qsim:load",
        capabilities=Capabilities(
            max_qubits=40,
            precisions=(SINGLE,),
            noise=("trajectories",),
            devices=("cpu", "gpu"),
            settings=("threads", "processes", "fusion", "trajectories", "seed"),
            threads_from=16,
        ),
        packages=("qsimcirq",),
        extra="qsim",
        gpu_missing=f"{_HERE}.qsim_module:gpu_missing",
    ),
    Backend(
        name="lightning.qubit",
        title="PennyLane Lightning on the processor",
        loader=f"{_HERE}.lightning:load",
        capabilities=Capabilities(max_qubits=40, adjoint=True, settings=("processes",)),
        packages=("pennylane_lightning.lightning_qubit_ops",),
        extra="lightning",
    ),
    Backend(
        name="lightning.gpu",
        title="PennyLane Lightning on an NVIDIA GPU",
        loader=f"{_HERE}.lightning:load",
        capabilities=Capabilities(max_qubits=40, adjoint=True, devices=("gpu",)),
        packages=("pennylane_lightning.lightning_gpu_ops",),
        gpu_missing=f"{_HERE}.lightning_devices:cuda_missing",
    ),
    Backend(
        name="lightning.kokkos",
        title="PennyLane Lightning on Kokkos",
        loader=f"{_HERE}.lightning:load",
        capabilities=Capabilities(max_qubits=40, adjoint=True, devices=("cpu", "gpu")),
        packages=("pennylane_lightning.lightning_kokkos_ops",),
        extra="lightning-kokkos",
        gpu_missing=f"{_HERE}.lightning_devices:kokkos_gpu_missing",
    ),
    Backend(
        name="aer",
        title="Qiskit Aer",
        loader=f"{_HERE}.aer:load",
        capabilities=Capabilities(
            max_qubits=63,
            precisions=(DOUBLE, SINGLE),
            noise=("density_matrix", "trajectories"),
            mid_circuit=("q.reset",),
            devices=("cpu", "gpu"),
            settings=("threads", "method", "noise_model"),
            methods=("statevector", "density_matrix", "matrix_product_state", "stabilizer"),
            threads_from=14,
        ),
        packages=("qiskit_aer",),
        extra="aer",
        gpu_missing=f"{_HERE}.aer:gpu_missing",
    ),
    *(
        Backend(
            name=name,
            title=title,
            loader="q_store.runtime.ionq_backend.loading:load",
            capabilities=Capabilities(
                max_qubits=qubits,
                precisions=(DOUBLE, SINGLE),
                exact=name == "ionq.simulator",
                states=False,
                noise=("machine",),
                devices=("remote",),
                cost=cost,
            ),
            packages=("requests",),
            extra="ionq",
            not_ready=ready,
        )
        for name, title, qubits, cost, ready in (
            ("ionq.simulator", "IonQ's simulator", 29, "free", _KEY),
            ("ionq.aria", "IonQ Aria", 25, "shots", _KEY),
            ("ionq.forte", "IonQ Forte", 36, "shots", _KEY),
            ("ionq.forte-enterprise", "IonQ Forte Enterprise", 36, "shots", _KEY),
            ("ionq.local", "IonQ's API and machines, simulated in this process", 36, "free", ""),
        )
    ),
)

BACKENDS: Final[dict[str, Backend]] = {row.name: row for row in _ROWS}
"""Every known backend by name."""


def register(row: Backend) -> None:
    """Add the backend of another package, or put another row in the place of one."""
    BACKENDS[row.name] = row


def backend_row(name: str) -> Backend:
    """The row of a name. Raises `QS603` for an unknown one."""
    row = BACKENDS.get(name)
    if row is None:
        known = (*BACKENDS, "auto")
        near = did_you_mean(name, known)
        raise error("QS603", f"unknown backend {name!r}", help=near or f"known: {', '.join(known)}")
    return row
