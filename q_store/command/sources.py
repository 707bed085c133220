"""What a command works on: a program in any format, standard input, or an object of a Python
file."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from q_store.command.files import read_input
from q_store.frontends import python_files
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.func import Module

if TYPE_CHECKING:
    from q_store.frontends.circuit import QuantumCircuit
    from q_store.frontends.formats import Defines


def load_module(file: str, args: Namespace) -> Module:
    """The module a FILE argument names, with the observables of `--observable` if any.

    Raises `QS386`, `QS701` to `QS705`, and what reading, tracing and verifying raise.
    """
    defines = dict(getattr(args, "define", None) or ())
    place = python_files.split_python(file)
    if place is None:
        module = read_module(file, defines)
    elif defines:
        raise error(
            "QS386",
            f"{file} is an object of Python, which has no settings: nothing can be defined as "
            f"`{min(defines)}`",
        )
    else:
        module = _from_object(*place, getattr(args, "n_qubits", None))
    observables = getattr(args, "observable", None)
    module = observing(module, observables) if observables else module
    return bound(module, args.bind) if getattr(args, "bind_early", False) and args.bind else module


def bound(module: Module, texts: Sequence[str]) -> Module:
    """The module with numbers for parameters, or elements of them, of its first function; what is
    not named stays. Raises `QS712` to `QS714`."""
    from q_store.command.binding import read_elements
    from q_store.qir.binding import bind_elements
    from q_store.qir.func import element_names, element_refs

    refs = {
        name: ref
        for arg in module.main.args
        if arg.type.kind == "f64"
        for name, ref in zip(element_names(arg), element_refs(arg), strict=True)
    }
    numbers = read_elements(texts, tuple(refs))
    main = bind_elements(module.main, {refs[name]: value for name, value in numbers.items()})
    return Module((main, *module.funcs[1:]))


def read_module(file: str, defines: Defines | None = None) -> Module:
    """A file, or standard input for `-`: a program in any format, told apart by the name and by
    how it begins."""
    from q_store.frontends.formats import Program, module_of, read_program, understand

    if file == "-":
        return module_of(understand(Program("<stdin>", read_input(file), None, defines or {})))
    return module_of(read_program(file, defines))


def observing(module: Module, observables: Sequence[str] | None) -> Module:
    """The module whose first function ends with these observables, or with the default ones: Z on
    every qubit, or on those it measures."""
    from q_store.frontends.observing import observe

    main = observe(module.main, observables, "expval")
    return Module((main, *module.funcs[1:]))


def _from_object(file: str, name: str, n_qubits: int | None) -> Module:
    from q_store.frontends.trace import trace_circuit
    from q_store.qir.verifier import verify_module

    found = python_files.load_object(file, name)
    if callable(found) and _module(found) is None:
        if python_files.takes_nothing(found):
            found = python_files.call(file, _result, found)
        else:
            found = python_files.call(file, trace_circuit, found, n_qubits).func
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


def _result(function: Callable[[], object]) -> object:
    """What a function without arguments gives, or the circuit of PennyLane operators it puts
    down."""
    if "pennylane" not in sys.modules:
        return function()
    from q_store.frontends.pennylane import record_call

    made: object = record_call(lambda inner, _: inner(), function, {})
    return made


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
