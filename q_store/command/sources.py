"""What a command works on: IR text, standard input, or an object of a Python file."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from q_store.command import user_code
from q_store.command.files import read_text
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.func import Module

if TYPE_CHECKING:
    from q_store.frontends.circuit import QuantumCircuit


def load_module(file: str, args: Namespace) -> Module:
    """The module a FILE argument names, with the observables of `--observable` if any.

    Raises `QS701` to `QS705`, and what reading, tracing and verifying raise.
    """
    place = user_code.split_python(file)
    if place is None:
        module = read_module(file)
    else:
        module = _from_object(*place, getattr(args, "n_qubits", None))
    observables = getattr(args, "observable", None)
    return observing(module, observables) if observables else module


def read_module(file: str) -> Module:
    """A file, or standard input for `-`: IR text, OpenQASM or the text language, told apart by how
    it begins."""
    from q_store.frontends.qasm import from_qasm, is_qasm
    from q_store.qir.parser import parse_module

    text = read_text(file)
    name = "<stdin>" if file == "-" else file
    if is_qasm(text):
        return from_qasm(text, file=name).to_module()
    if _is_text_language(file, text):
        from q_store.frontends.dsl import from_dsl

        return Module((from_dsl(text, file=name),))
    return parse_module(text, name)


def _is_text_language(file: str, text: str) -> bool:
    from q_store.frontends.dsl.reading import SUFFIXES, is_dsl

    return file.endswith(SUFFIXES) or (not file.endswith(".qir") and is_dsl(text))


def observing(module: Module, observables: Sequence[str] | None) -> Module:
    """The module whose first function ends with these observables, or with the default ones: Z on
    every qubit, or on those it measures."""
    from q_store.frontends.observing import observe

    main = observe(module.main, observables, "expval")
    return Module((main, *module.funcs[1:]))


def _from_object(file: str, name: str, n_qubits: int | None) -> Module:
    from q_store.frontends.trace import trace_circuit
    from q_store.qir.verifier import verify_module

    found = user_code.load_object(file, name)
    if callable(found) and _module(found) is None:
        if user_code.takes_nothing(found):
            found = user_code.call(file, found)
        else:
            found = user_code.call(file, trace_circuit, found, n_qubits).func
    module = _module(found)
    if module is None:
        kind = type(found)
        raise error(
            "QS705",
            f"`{name}` in {file} is a {kind.__module__}.{kind.__qualname__}, not a circuit",
            help="expected a QuantumCircuit, a Func or Module, or a function that gives one",
        )
    verify_module(module)
    return module


def _module(found: object) -> Module | None:
    """The module of what is a circuit object in any library; `None` for anything else."""
    from q_store.frontends.trace import as_func

    if isinstance(found, Module):
        return found
    if isinstance(found, str):
        return None  # text belongs into a file of its own
    try:
        return Module((as_func(found),))
    except QStoreError as problem:
        if problem.code != "QS332":
            raise
        return None


def circuit_of(module: Module) -> QuantumCircuit:
    """The first function as a circuit, for drawing. Raises `QS340` where there is none."""
    from q_store.frontends.circuit import QuantumCircuit

    return QuantumCircuit.from_ir(module)
