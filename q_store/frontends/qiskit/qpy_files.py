"""QPY, Qiskit's own files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from qiskit import qpy
from qiskit.exceptions import QiskitError

from q_store.frontends.circuit import QuantumCircuit
from q_store.frontends.names import Names
from q_store.frontends.qiskit.reader import from_qiskit
from q_store.qir.diagnostics import error

MAX_QUBITS: Final = 100_000
MAX_BITS: Final = 1_000_000

_BROKEN: Final = (
    *(QiskitError, ValueError, TypeError, AttributeError, RuntimeError, KeyError, IndexError),
    *(struct.error, zlib.error, EOFError, OverflowError, MemoryError, ImportError),
)
"""What Qiskit raises when the bytes of a file are not what it wrote."""

_FILE_HEAD: Final = struct.Struct("!6sBBBBQc")
"""Mark, version, Qiskit's version, number of circuits, encoding of symbols; from version 10 on."""
_CIRCUIT_HEAD: Final = struct.Struct("!H1cHII")
"""Size of the name, kind and size of the phase, number of qubits and of bits."""


def load_qpy(
    path: str | Path, inputs: Iterable[Any] | None = None, *, position: int = 0
) -> QuantumCircuit:
    """Read one circuit of a QPY file. Raises `QS341` when that is not possible, `QS354` for too
    many qubits."""
    try:
        circuits = _unpacked(Path(path).read_bytes(), str(path))
    except OSError as problem:
        raise error("QS341", f"cannot read the QPY file {path}: {problem}") from problem
    if position >= len(circuits):
        raise error("QS341", f"the QPY file {path} has {len(circuits)} circuits")
    return from_qiskit(circuits[position], inputs)


def read_qpy(data: bytes, file: str) -> list[QuantumCircuit]:
    """All circuits of a QPY file, with distinct names. Raises as `load_qpy`."""
    circuits = _unpacked(data, file)
    if not circuits:
        raise error("QS341", f"the QPY file {file} has no circuits")
    names = Names()
    return [
        from_qiskit(circuit, name=names.of(position, circuit.name))
        for position, circuit in enumerate(circuits)
    ]


def _unpacked(data: bytes, file: str) -> list[Any]:
    try:
        for qubits, bits in _sizes(data):
            if qubits > MAX_QUBITS or bits > MAX_BITS:
                raise error(
                    "QS354",
                    f"the QPY file {file} has a circuit of {qubits} qubits and {bits} bits: at "
                    f"most {MAX_QUBITS} and {MAX_BITS} are read",
                )
        found: list[Any] = qpy.load(BytesIO(data))
    except _BROKEN as problem:
        raise error("QS341", f"cannot read the QPY file {file}: {problem}") from problem
    return found


def _sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """Numbers of qubits and bits of the circuits: of all from version 16 on, where a table says
    where they stand, before that of the first. Qiskit makes as many as a damaged file says."""
    _, version, *_, circuits, _ = _FILE_HEAD.unpack_from(data)
    start = _FILE_HEAD.size + 1
    for number in range(circuits if version >= 16 else 1):
        place = start
        if version >= 16:
            (place,) = struct.unpack_from("!Q", data, start + 8 * number)
        _, _, _, qubits, bits = _CIRCUIT_HEAD.unpack_from(data, place)
        yield qubits, bits
