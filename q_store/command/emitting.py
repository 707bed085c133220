"""What `--emit` writes of a module: one table of kinds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from q_store.qir.func import Module


@dataclass(frozen=True, slots=True)
class Kind:
    """How a module becomes a file. Kinds of one circuit take the first function."""

    make: Callable[[Module], bytes | str]
    suffix: str = ""
    """Usual ending of the file, for kinds that are not text."""


def emitted(kind: str, module: Module) -> bytes:
    """The file's content. Raises `QS801` without the library that a kind needs, and what the
    target raises for what it cannot express."""
    made = KINDS[kind].make(module)
    return made if isinstance(made, bytes) else made.encode()


def _executable(module: Module) -> bytes:
    from q_store.command.binary import executable_bytes

    return executable_bytes(module)


def _dsl(module: Module) -> str:
    from q_store.interop import to_dsl

    return to_dsl(module)


def _qasm2(module: Module) -> str:
    from q_store.interop import to_qasm2

    return to_qasm2(module)


def _qasm3(module: Module) -> str:
    from q_store.interop import to_qasm3

    return to_qasm3(module)


def _mlir(module: Module) -> str:
    from q_store.interop import to_mlir

    return to_mlir(module)


def _qpy(module: Module) -> bytes:
    """Qiskit's own format: every function is a circuit of the file."""
    from q_store.interop import to_qiskit

    circuits = [to_qiskit(func) for func in module.funcs]
    from qiskit import qpy

    file = BytesIO()
    qpy.dump(circuits, file)
    return file.getvalue()


def _cirq_json(module: Module) -> str:
    from q_store.interop import to_cirq

    circuit = to_cirq(module)
    from cirq import to_json

    return f"{to_json(circuit)}\n"


def _pennylane(module: Module) -> str:
    """PennyLane has no files; its circuits are Python functions."""
    from q_store.targets.pennylane_text import to_pennylane_text

    return to_pennylane_text(module.main)


KINDS: Final[dict[str, Kind]] = {
    "ir": Kind(str),
    "dsl": Kind(_dsl),
    "qasm2": Kind(_qasm2),
    "qasm3": Kind(_qasm3),
    "qiskit": Kind(_qpy, ".qpy"),
    "cirq": Kind(_cirq_json),
    "pennylane": Kind(_pennylane),
    "mlir": Kind(_mlir),
    "executable": Kind(_executable, ".npz"),
}
"""The kinds that are made of the module alone; drawings and statistics know more."""
