"""Reading OpenQASM 2 and 3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from q_store.qir.diagnostics import did_you_mean, error

if TYPE_CHECKING:
    from q_store.frontends.circuit import QuantumCircuit
    from q_store.frontends.qasm.places import Source
    from q_store.frontends.qasm.statements import Program

_CONVENTIONS = ("spec", "qiskit")


_START = re.compile(
    r"(?:\s|//[^\n]*(?:\n|\Z)|/\*.*?\*/)*+"
    r'(?:OPENQASM\s+[0-9.]+\s*;|include\s+"(?:qelib1|stdgates)\.inc")',
    re.S,
)


def is_qasm(text: str) -> bool:
    """Whether a text is OpenQASM, by its first statement."""
    return bool(_START.match(text))


def from_qasm(
    program: str | Path,
    *,
    u: str = "spec",
    constants: Mapping[str, int | float | bool] | None = None,
    file: str = "<qasm>",
) -> QuantumCircuit:
    """The circuit of an OpenQASM 2 or 3 program: its text, or the path of its file.

    `input float`, `input angle` and `input array[float[64], n]` become parameters; inputs that
    shape the circuit, such as `input int n`, get their values by `constants`. Loops are unrolled,
    subroutines put where they are called. Measurements that nothing follows are what the circuit
    ends with, in the order of the bits they go to; the others stay in the middle, and `if` on
    their bits becomes `q.if`.

    `u` is the convention of OpenQASM 3 programs for the phase of `U`, `u2` and `u3`, which matters
    under controls: `"spec"` for the specification's, `"qiskit"` for files Qiskit wrote. OpenQASM 2
    knows one only. Qubit 0 is the first declared qubit; registers follow each other.

    Raises `QS370` to `QS380` with the place in the text, `QS801` without the package openqasm3.
    """
    if u not in _CONVENTIONS:
        raise error("QS381", f"u must be 'spec' or 'qiskit', got {u!r}")
    return read_qasm(*_text_of(program, file), u=u, constants=constants)


def read_qasm(
    text: str,
    name: str,
    folder: Path | None,
    *,
    u: str = "spec",
    constants: Mapping[str, int | float | bool] | None = None,
) -> QuantumCircuit:
    """The circuit of a text. `name` is what errors call it, `folder` where its includes are.
    Raises as `from_qasm`."""
    from q_store.frontends.qasm.finish import finished

    state, source = _carried_out(text, name, folder, u, constants or {})
    return finished(state, source, _identifier(name))


def read_measurements(
    text: str, name: str
) -> tuple[QuantumCircuit, dict[str, tuple[str | None, ...]]]:
    """The circuit of a text with every measurement as a step of its own, the last ones too, and
    for each register what its bits hold in the end: the bit of a measurement, `None` where nothing
    was measured. Raises as `from_qasm`."""
    from q_store.frontends.qasm.finish import with_measurements

    return with_measurements(*_carried_out(text, name, None, "spec", {}))


def _carried_out(
    text: str,
    name: str,
    folder: Path | None,
    u: str,
    constants: Mapping[str, int | float | bool],
) -> tuple[Program, Source]:
    from q_store.frontends.qasm.finish import grouped, renamed
    from q_store.frontends.qasm.read import source_of
    from q_store.frontends.qasm.statements import Program

    source = source_of(text, name)
    state = Program(source, "qiskit" if u == "qiskit" else "spec", constants, folder)
    try:
        statements = state.read()
        _check_constants(statements, constants)
        state.renamed = renamed(source)
        state.vectors = grouped(_inputs(statements))
        state.run(statements)
    except RecursionError as problem:
        raise error("QS373", f"{name} is nested too deeply to be read") from problem
    return state, source


def _text_of(program: str | Path, file: str) -> tuple[str, str, Path | None]:
    """Text, the name to show, and the folder of files it may include."""
    is_path = isinstance(program, Path) or (
        isinstance(program, str)
        and program.endswith((".qasm", ".inc"))
        and not set(program) & set("\n;")
    )
    if not is_path:
        if not isinstance(program, str):
            kind = type(program).__name__
            raise error("QS381", f"expected OpenQASM text or the path of a file, got {kind}")
        return program, file, None
    path = Path(program)
    try:
        return path.read_text(encoding="utf-8-sig"), str(path), path.parent
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "it is not UTF-8 text"
        raise error("QS341", f"cannot use the file {path}: {reason}") from problem


def _check_constants(statements: list[Any], constants: Mapping[str, Any]) -> None:
    """Raises `QS137` for a value of an input that the program does not have."""
    known = [node.identifier.name for node in statements if type(node).__name__ == "IODeclaration"]
    for name in constants:
        if name not in known:
            raise error(
                "QS137",
                f"the program has no input `{name}`",
                notes=[f"it has: {', '.join(known) or 'none'}"],
                help=did_you_mean(str(name), known),
            )


def _inputs(statements: list[Any]) -> list[str]:
    """Names of the scalar inputs."""
    return [
        node.identifier.name
        for node in statements
        if type(node).__name__ == "IODeclaration"
        and node.io_identifier.name == "input"
        and type(node.type).__name__ in ("FloatType", "AngleType")
    ]


def _identifier(name: str) -> str:
    stem = Path(name).stem if name.endswith((".qasm", ".inc")) else "main"
    return stem if stem.isidentifier() else "main"
