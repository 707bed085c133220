"""Where a document says which qubits are measured into which bits.

The flat formats measure everything; who reads the result has to know what its bits mean. Every
tool keeps that in a place of its own.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final

from q_store.frontends.ionq.node import Node
from q_store.qir.ionq_names import MEASURED

Register = tuple[tuple[int, bool], ...]
"""Qubits of a register in the order of its bits, and whether the bit is to be inverted."""

_ENTRY: Final = re.compile(r"(!?)(\d{1,6})\Z")
_MAX_HEADER: Final = 1_000_000
"""Bytes of an unpacked header."""


def registers_of(item: Node, job: Node, index: int, count: int, qubits: int) -> list[Register]:
    """The registers of circuit `index` of `count`; none where nothing is said.

    `item` is the circuit, `job` the document around it. What other tools note in the metadata
    counts where it is understood. Raises `QS735` for our own notes and for `registers`.
    """
    metadata = job.get("metadata")
    notes = metadata.value if isinstance(metadata.value, Mapping) else {}
    if MEASURED in notes:
        return _own(metadata.get(MEASURED), index, count, qubits)
    for place in (item, job) if count == 1 else (item,):
        if place.get("registers"):
            return _named(place.get("registers").object(), qubits)
    for read in (_of_qiskit, _of_cirq):
        found = read(notes, index, count)
        if found and all(_fits(register, qubits) for register in found):
            return [tuple([(qubit, False) for qubit in register]) for register in found]
    return []


def _own(note: Node, index: int, count: int, qubits: int) -> list[Register]:
    texts = note.text().split(";")
    if len(texts) != count:
        raise note.fail(f"notes for {len(texts)} circuits, and there are {count}")
    registers: list[Register] = []
    for text in texts[index].split("|"):
        entries = [_ENTRY.match(part) for part in text.split(",")]
        found = [(int(entry[2]), bool(entry[1])) for entry in entries if entry]
        if len(found) != len(entries) or not _fits([qubit for qubit, _ in found], qubits):
            raise note.fail(f"expected qubits such as `0,2|!1`, got {text!r}")
        registers.append(tuple(found))
    return registers


def _named(registers: Node, qubits: int) -> list[Register]:
    found: list[Register] = []
    for name in registers.value:
        node = registers.get(name)
        # A null is a bit that nothing is measured into.
        listed = [part.integer(0, qubits - 1) for part in node.items() if part]
        if not _fits(listed, qubits):
            raise node.fail(f"a qubit occurs twice among {listed}")
        if listed:
            found.append(tuple([(qubit, False) for qubit in listed]))
    return found


def _fits(register: Any, qubits: int) -> bool:
    return (
        bool(register)
        and all(isinstance(qubit, int) and 0 <= qubit < qubits for qubit in register)
        and len(set(register)) == len(register)
    )


def _of_qiskit(notes: Mapping[str, Any], index: int, count: int) -> list[list[int]]:
    """qiskit-ionq packs a header: base64 of gzip of JSON with `meas_mapped`."""
    packed = notes.get("qiskit_header")
    if not isinstance(packed, str):
        return []
    try:
        reader = zlib.decompressobj(wbits=31)
        text = reader.decompress(base64.b64decode(packed, validate=True), _MAX_HEADER)
        header = json.loads(text)
    except (ValueError, binascii.Error, zlib.error, RecursionError):
        return []
    headers = header if isinstance(header, list) else [header]
    if len(headers) != count or not isinstance(headers[index], Mapping):
        return []
    mapped = headers[index].get("meas_mapped")
    return [[q for q in mapped if q is not None]] if isinstance(mapped, list) else []


def _of_cirq(notes: Mapping[str, Any], index: int, count: int) -> list[list[int]]:
    """cirq-ionq writes `key` US `0,1` RS `key` US `2` in chunks of forty characters."""
    if count > 1:
        try:
            listed = json.loads(notes.get("measurements", ""))
        except (TypeError, ValueError, RecursionError):
            return []
        if not isinstance(listed, list) or len(listed) != count:
            return []
        notes = listed[index] if isinstance(listed[index], Mapping) else {}
    chunks = [notes[key] for key in sorted(notes) if re.fullmatch(r"measurement\d", key)]
    registers = []
    for entry in "".join(map(str, chunks)).split("\x1e"):
        _, found, places = entry.partition("\x1f")
        parts = places.split(",")
        if not found or not all(part.isdecimal() and len(part) < 7 for part in parts):
            return []
        registers.append([int(part) for part in parts])
    return registers
