"""q-store: a compiler toolchain for quantum machine learning.

Names are loaded on first use, so importing this package is free of numpy and of any framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "4.0.0"

if TYPE_CHECKING:
    from q_store import gradients as gradients
    from q_store import interop as interop
    from q_store import ionq as ionq
    from q_store import optimizers as optimizers
    from q_store import testing as testing
    from q_store.compiled import CompiledCircuit, compile, unitary
    from q_store.frontends.circuit import QuantumCircuit
    from q_store.frontends.dsl import from_dsl
    from q_store.frontends.symbols import matrix, scalar, vector
    from q_store.interop import (
        from_cirq,
        from_pennylane,
        from_qasm,
        from_qiskit,
        to_cirq,
        to_dsl,
        to_mlir,
        to_pennylane,
        to_qasm2,
        to_qasm3,
        to_qiskit,
    )
    from q_store.qir.diagnostics import QStoreError
    from q_store.qir.observables import PauliSum
    from q_store.runtime.config import configure
    from q_store.runtime.gradient_config import GradientConfig
    from q_store.runtime.noise import NoiseModel, noisy
    from q_store.runtime.simulator_config import SimulatorConfig

_HOMES = {
    "CompiledCircuit": "q_store.compiled",
    "GradientConfig": "q_store.runtime.gradient_config",
    "compile": "q_store.compiled",
    "QStoreError": "q_store.qir.diagnostics",
    "QuantumCircuit": "q_store.frontends.circuit",
    "NoiseModel": "q_store.runtime.noise",
    "PauliSum": "q_store.qir.observables",
    "SimulatorConfig": "q_store.runtime.simulator_config",
    "configure": "q_store.runtime.config",
    "from_cirq": "q_store.interop",
    "from_dsl": "q_store.frontends.dsl",
    "from_pennylane": "q_store.interop",
    "from_qasm": "q_store.interop",
    "from_qiskit": "q_store.interop",
    "matrix": "q_store.frontends.symbols",
    "noisy": "q_store.runtime.noise",
    "scalar": "q_store.frontends.symbols",
    "to_cirq": "q_store.interop",
    "to_dsl": "q_store.interop",
    "to_mlir": "q_store.interop",
    "to_pennylane": "q_store.interop",
    "to_qasm2": "q_store.interop",
    "to_qasm3": "q_store.interop",
    "to_qiskit": "q_store.interop",
    "unitary": "q_store.compiled",
    "vector": "q_store.frontends.symbols",
}

_MODULES = ("gradients", "interop", "ionq", "optimizers", "testing")
"""Modules that need no `import` of their own; those of frameworks do."""

__all__ = [
    "CompiledCircuit",
    "GradientConfig",
    "NoiseModel",
    "PauliSum",
    "QStoreError",
    "QuantumCircuit",
    "SimulatorConfig",
    "__version__",
    "compile",
    "configure",
    "from_cirq",
    "from_dsl",
    "from_pennylane",
    "from_qasm",
    "from_qiskit",
    "matrix",
    "noisy",
    "scalar",
    "to_cirq",
    "to_dsl",
    "to_mlir",
    "to_pennylane",
    "to_qasm2",
    "to_qasm3",
    "to_qiskit",
    "unitary",
    "vector",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_MODULES})
