"""Circuits to and from other libraries: the functions `q_store` offers by name.

Every `to_…` takes a `QuantumCircuit`, a `Func` or `Module`, IR text, or a circuit of any other
library that can be read. The libraries are extras; `QS801` says which one is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from q_store.frontends.formats import library
from q_store.frontends.trace import as_func

if TYPE_CHECKING:
    from q_store.frontends.circuit import QuantumCircuit


def _module(name: str, package: str) -> Any:
    """A module of ours that imports another library. Raises `QS801`."""
    return library(f"q_store.{name}", package)


def from_qiskit(
    circuit: object, inputs: Iterable[Any] | None = None, *, name: str | None = None
) -> QuantumCircuit:
    """The circuit a `qiskit.QuantumCircuit` describes; Qiskit's qubit i is wire i.

    `inputs` names the parameters that are data. See `q_store.frontends.qiskit`.
    """
    made: QuantumCircuit = _module("frontends.qiskit", "qiskit").from_qiskit(
        circuit, inputs, name=name
    )
    return made


def to_qiskit(circuit: object) -> Any:
    """A `qiskit.QuantumCircuit` that does what the circuit does; wire i is Qiskit's qubit i.

    Raises `QS332` for what is no circuit and `QS356` for what Qiskit cannot express.
    """
    return _module("targets.to_qiskit", "qiskit").to_qiskit(as_func(circuit))


def qiskit_observables(circuit: object) -> Any:
    """The expectation values a circuit ends with, as a list of `SparsePauliOp`."""
    return _module("targets.to_qiskit", "qiskit").qiskit_observables(as_func(circuit))


def from_cirq(
    circuit: object,
    inputs: Iterable[Any] | None = None,
    *,
    qubits: Iterable[Any] | None = None,
    name: str = "main",
) -> QuantumCircuit:
    """The circuit a `cirq.Circuit` describes; its qubits in sorted order, or as given, are wires
    0, 1, ….

    `inputs` names the symbols that are data. See `q_store.frontends.cirq`.
    """
    made: QuantumCircuit = _module("frontends.cirq", "cirq").from_cirq(
        circuit, inputs, qubits=qubits, name=name
    )
    return made


def to_cirq(circuit: object) -> Any:
    """A `cirq.Circuit` on line qubits that does what the circuit does; wire i is `LineQubit(i)`.

    Raises `QS332` for what is no circuit and `QS356` for what Cirq cannot express.
    """
    return _module("targets.to_cirq", "cirq").to_cirq(as_func(circuit))


def cirq_observables(circuit: object) -> Any:
    """The expectation values a circuit ends with, as a list of `cirq.PauliSum` on line qubits."""
    return _module("targets.to_cirq", "cirq").cirq_observables(as_func(circuit))


def to_dsl(circuit: object) -> str:
    """A program of the text language that does what the circuit does; docs/dsl.md describes it.

    Raises `QS332` for what is no circuit and `QS140` for what the language cannot express.
    """
    from q_store.frontends.dsl import to_dsl as printed

    return printed(as_func(circuit))


def from_qasm(
    program: str | Path,
    *,
    u: str = "spec",
    constants: Mapping[str, int | float | bool] | None = None,
    file: str = "<qasm>",
) -> QuantumCircuit:
    """The circuit of an OpenQASM 2 or 3 program: its text, or the path of a `.qasm` file.

    `u` is the phase convention of OpenQASM 3's `U`, `"spec"` or `"qiskit"`; `constants` are values
    of inputs that shape the circuit; `file` is the name errors show for a text. See
    `q_store.frontends.qasm`.
    """
    from q_store.frontends.qasm import from_qasm as read

    return read(program, u=u, constants=constants, file=file)


def to_qasm2(circuit: object) -> str:
    """OpenQASM 2.0 text of a circuit without parameters. Raises `QS382` and `QS356`."""
    from q_store.targets.to_qasm import to_qasm2 as write

    return write(as_func(circuit))


def to_qasm3(circuit: object, *, u: str = "spec", arrays: bool = True) -> str:
    """OpenQASM 3.0 text of a circuit, parameters as inputs. Raises `QS356`.

    `arrays=False` writes one scalar input for each element; `u="qiskit"` takes Qiskit's phase of
    `U`.
    """
    from q_store.targets.to_qasm import to_qasm3 as write

    return write(as_func(circuit), u=u, arrays=arrays)


def from_pennylane(
    source: object,
    *,
    shapes: Mapping[str, Any] | None = None,
    constants: Mapping[str, Any] | None = None,
    inputs: Iterable[str] | None = None,
    wires: Iterable[Any] | None = None,
    name: str = "main",
) -> QuantumCircuit:
    """The circuit of a PennyLane QNode, tape or quantum function; see
    `q_store.frontends.pennylane`.

    `shapes` gives the shapes of arguments that are arrays, `inputs` names those that are data.
    """
    made: QuantumCircuit = _module("frontends.pennylane", "pennylane").from_pennylane(
        source, shapes=shapes, constants=constants, inputs=inputs, wires=wires, name=name
    )
    return made


def to_pennylane(circuit: object, *, samples: str = "sample") -> Callable[..., Any]:
    """A quantum function for `qml.QNode`, its arguments the circuit's parameters; wire i is the
    label i. Raises `QS332` for what is no circuit and `QS356`."""
    made: Callable[..., Any] = _module("targets.to_pennylane", "pennylane").to_pennylane(
        as_func(circuit), samples=samples
    )
    return made


def to_mlir(circuit: object) -> str:
    """The circuit as an MLIR module in generic form, shaped as Catalyst's. Raises `QS356`."""
    from q_store.targets.mlir import to_mlir as write

    return write(as_func(circuit))
