"""Circuits in files: one table of formats, told by the ending of a name or by how a file begins.

Layers, `qstorec` and `q_store.compile` read files through `read_program`. A new format is one row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Union

from q_store.frontends.files import as_text, read_bytes
from q_store.qir.diagnostics import error
from q_store.qir.func import Func, Module
from q_store.qir.parser import parse_module
from q_store.qir.verifier import verify_module

if TYPE_CHECKING:
    from q_store.frontends.circuit import QuantumCircuit

Defines = Mapping[str, int | float | str]
"""Values for what shapes a program: settings and constants of the text language, inputs of
OpenQASM that are no angles. Text is read as an expression."""


Content = Union[Module, "list[QuantumCircuit]"]
"""What is in a file: functions, or circuits whose parameters may still be given roles."""


@dataclass(frozen=True, slots=True)
class Program:
    """What was read of a file, or given as text, before its format is understood."""

    name: str
    """What errors call it."""
    data: bytes
    folder: Path | None = None
    """Where files that it includes are looked for."""
    defines: Defines = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Raises `QS702`."""
        return as_text(self.data, self.name)


@dataclass(frozen=True, slots=True)
class Format:
    """One row of the table."""

    title: str
    suffixes: tuple[str, ...]
    begins: Callable[[bytes], bool]
    """Whether data without a telling name is of this format."""
    read: Callable[[Program], Content]
    takes_defines: bool = False


def read_program(file: str | Path, defines: Defines | None = None) -> Content:
    """What a file holds. See `FORMATS`.

    Raises `QS701` and `QS702` for a file that cannot be read, `QS386` for values a format has no
    use for, `QS801` without the library of a format, and what the format's reader raises.
    """
    path = Path(file)
    return understand(Program(str(file), read_bytes(path), path.parent, defines or {}))


def read_text_program(text: str, name: str, defines: Defines | None = None) -> Content:
    """What a text is in any format. Raises as `read_program`."""
    return understand(Program(name, text.encode("utf-8", "replace"), None, defines or {}))


def understand(program: Program) -> Content:
    """What a program is in any format. Raises as `read_program`."""
    form = format_of(program.name, program.data)
    if program.defines and not form.takes_defines:
        raise error(
            "QS386",
            f"{program.name} is {form.title}, which has no settings: "
            f"nothing can be defined as `{min(program.defines)}`",
            help="programs of the text language and of OpenQASM 3 have",
        )
    return form.read(program)


def module_of(content: Content) -> Module:
    """All of it as a verified module, the first circuit as its main function."""
    if not isinstance(content, Module):
        content = Module(tuple([circuit.to_ir() for circuit in content]))
    verify_module(content)
    return content


def first_of(content: Content) -> Func | QuantumCircuit:
    """The first function or circuit."""
    return content.main if isinstance(content, Module) else content[0]


def format_of(name: str, data: bytes) -> Format:
    """By the ending of the name, else by how the data begins; IR text when nothing tells."""
    for form in FORMATS:
        if name.endswith(form.suffixes):
            return form
    return next((form for form in FORMATS if form.begins(data)), FORMATS[-1])


def names_a_file(text: str) -> bool:
    """Whether a text is the name of a file rather than a program: one line that ends as the table
    says, or `FILE.py:NAME`."""
    return bool(_FILE_NAME.match(text))


def library(module: str, package: str, extra: str = "") -> Any:
    """A module of ours that imports another library. Raises `QS801` where that is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as problem:
        if (problem.name or "").partition(".")[0] != package:
            raise
        raise error(
            "QS801",
            f"{package} is not installed",
            help=f"pip install 'q-store[{extra or package}]'",
        ) from problem


# --- the formats ------------------------------------------------------------------------------


def _ir(program: Program) -> Content:
    return parse_module(program.text, program.name)


def _text_language(program: Program) -> Content:
    from q_store.frontends.dsl import from_dsl

    return Module((from_dsl(program.text, defines=program.defines, file=program.name),))


def _openqasm(program: Program) -> Content:
    from q_store.frontends.qasm import read_qasm

    constants = {name: _number(name, value) for name, value in program.defines.items()}
    return [read_qasm(program.text, program.name, program.folder, constants=constants)]


def _qpy(program: Program) -> Content:
    made: Content = library("q_store.frontends.qiskit", "qiskit").read_qpy(
        program.data, program.name
    )
    return made


def _json(program: Program) -> Content:
    """JSON says itself whose it is, by a key of its outermost object."""
    text = program.text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise error("QS387", f"{program.name} is no JSON: {problem}") from None
    keys = found if isinstance(found, dict) else {}
    for key, read in _JSON_READERS.items():
        if key in keys:
            return read(text, program.name)
    raise error(
        "QS387",
        f"{program.name} is JSON, but no circuit",
        notes=[f"a circuit has one of these keys: {', '.join(_JSON_READERS)}"],
    )


def _cirq_json(text: str, name: str) -> Content:
    return [library("q_store.frontends.cirq", "cirq").read_json(text, name)]


def _ionq_json(text: str, name: str) -> Content:
    from q_store.frontends.ionq import read_circuits

    return list(read_circuits(text, file=name))


_JSON_READERS: Final[dict[str, Callable[[str, str], Content]]] = {
    "cirq_type": _cirq_json,
    **dict.fromkeys(("input", "circuit", "circuits", "body"), _ionq_json),
}
"""By a key that the outermost object of a circuit has: what reads its text, given a name."""


def _python(program: Program) -> Content:
    raise error(
        "QS703",
        f"{program.name} is a Python file: say which object in it is the circuit",
        help=f"write {program.name}:NAME",
    )


def _number(name: str, value: int | float | str) -> int | float:
    if not isinstance(value, str):
        return value
    from q_store.frontends.dsl.reading import number_of

    return number_of(name, value)


def _is(check: str, module: str) -> Callable[[bytes], bool]:
    """A check of text by a function of a module that is imported when it is asked."""
    return lambda data: bool(
        getattr(import_module(module), check)(data.decode("utf-8-sig", "replace"))
    )


FORMATS: Final = (
    Format("a QPY file", (".qpy",), lambda data: data.startswith(b"QISKIT"), _qpy),
    Format("JSON", (".json",), lambda data: data.lstrip().startswith(b"{"), _json),
    Format("Python", (".py",), lambda data: False, _python),
    Format("OpenQASM", (".qasm",), _is("is_qasm", "q_store.frontends.qasm"), _openqasm, True),
    Format(
        "the text language",
        (".qst", ".qs"),
        _is("is_dsl", "q_store.frontends.dsl"),
        _text_language,
        True,
    ),
    Format("IR text", (".qir",), lambda data: True, _ir),
)
"""In the order in which data without a telling name is looked at."""

_SUFFIXES: Final = "|".join(re.escape(suffix) for form in FORMATS for suffix in form.suffixes)
_FILE_NAME: Final = re.compile(rf"[^\n;{{}}]+(?:{_SUFFIXES}|\.py:[\w.]+)\Z")
