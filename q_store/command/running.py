"""`qstorec run`: one sample through a backend."""

from __future__ import annotations

import warnings
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from q_store.command import exit_codes
from q_store.command.binding import Vector, bind
from q_store.command.compiling import run_passes
from q_store.command.output import Output, table
from q_store.command.sources import load_module, observing
from q_store.passes.pipeline import Pipeline
from q_store.qir.diagnostics import error
from q_store.qir.observables import PauliSum, Word
from q_store.runtime.backend import load, place, row_of
from q_store.runtime.backends.placement import Placement
from q_store.runtime.noise import noisy
from q_store.runtime.simulator_config import SimulatorConfig
from q_store.targets.executable import Executable
from q_store.targets.executable import Output as Observed
from q_store.targets.lower import lower

_SCHEMA: Final = "qstorec/run/1"
_DEFAULT_SHOTS: Final = 1000
_MAX_LINES: Final = 64
"""Most outcomes to list of one distribution or state; `--json` has all."""


def run_file(args: Namespace, out: Output) -> int:
    """Bind, run, and report every output in order."""
    executable = _executable(args, out)
    inputs, weights = bind(executable, args.bind)
    backend = _backend(args, executable, out)
    experiment = _Experiment(executable, inputs, weights, args, backend)
    results = list(experiment.results())
    if args.json:
        settings = {
            "backend": backend.name,
            "dtype": args.dtype,
            "shots": args.shots,
            "seed": args.seed,
        }
        out.document(_SCHEMA, settings | {"outputs": results})
    else:
        out.data("".join(map(_page, results)))
    return exit_codes.DONE


def _executable(args: Namespace, out: Output) -> Executable:
    """A saved executable as it is; anything else through the pipeline. A circuit that observes
    nothing is observed by Z on every qubit."""
    if args.file.endswith(".npz"):
        if args.noise is not None:
            raise error(
                "QS612",
                f"{args.file} is compiled already and cannot get the noise of {args.noise!r}",
                help="run the circuit it was compiled from",
            )
        return Executable.load(args.file)
    module = load_module(args.file, args)
    if module.main.observe is None:
        module = observing(module, None)
    func = run_passes(module, Pipeline.parse(args.passes), args, out).module.main
    return lower(func if args.noise is None else noisy(func, args.noise))


def _backend(args: Namespace, executable: Executable, out: Output) -> Placement:
    """The backend that runs; what falls back to another one says so."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        placement = place(SimulatorConfig(args.backend, trajectories=args.trajectories))
    for warning in caught:
        out.talk(f"warning: {warning.message}")
    drawn = "seed" in row_of(placement).capabilities.settings
    return replace(placement, seed=args.seed) if drawn and executable.effects else placement


class _Experiment:
    """An executable with numbers for its parameters."""

    def __init__(
        self,
        executable: Executable,
        inputs: Vector,
        weights: Vector,
        args: Namespace,
        backend: Placement,
    ) -> None:
        self.executable = executable
        self.arguments = (inputs[None, :], weights)
        self.shots: int | None = args.shots
        self.seed: int = args.seed
        self.dtype: str = args.dtype
        self.backend = backend
        self.program = load(executable, args.dtype, backend)

    def results(self) -> Iterator[dict[str, Any]]:
        """One record for each observable, distribution, sample or state, in order."""
        values, errors = self.expvals() if self.executable.n_observables else (np.zeros(0), None)
        for position, output in enumerate(self.executable.outputs):
            if output.kind == "expval":
                for index in range(output.start, output.stop):
                    name = f"expval({_observable(self.executable, index)!r})"
                    record = {"output": name, "kind": "expval", "value": float(values[index])}
                    yield record if errors is None else record | {"error": float(errors[index])}
            else:
                yield self.distribution(output, self.seed + position)

    def expvals(self) -> tuple[Vector, Vector | None]:
        """Expectation values (E,), exact or each Pauli word measured `shots` times; means over
        trajectories come with their standard errors."""
        if self.shots is not None:
            return self.measured(self.shots), None
        estimate = getattr(self.program, "estimate", None)
        if estimate is None:
            return np.asarray(self.program.expvals(*self.arguments)[0], np.float64), None
        values, errors = estimate(*self.arguments)
        return np.asarray(values[0], np.float64), np.asarray(errors[0], np.float64)

    def measured(self, shots: int) -> Vector:
        """Expectation values (E,) from measurements of each Pauli word."""
        x = self.executable
        words = replace(
            x,
            term_ptr=np.arange(len(x.term_x) + 1, dtype=np.int32),
            term_coef=np.ones_like(x.term_coef),
            outputs=(Observed("expval", 0, len(x.term_x)),),
        )
        parts = x.term_coef * self.word_means(load(words, self.dtype, self.backend), shots)
        bounds = zip(x.term_ptr[:-1], x.term_ptr[1:], strict=True)
        return np.array([parts[low:high].sum() for low, high in bounds])

    def word_means(self, program: Any, shots: int) -> Vector:
        """The mean of each word's measurements; trajectories are measured once each."""
        measure = getattr(program, "word_means", None)
        if measure is not None:
            return np.asarray(measure(*self.arguments, shots, self.seed)[0], np.float64)
        exact = program.expvals(*self.arguments)[0]
        ups = np.clip((1.0 + exact.astype(np.float64)) / 2.0, 0.0, 1.0)
        draws = np.random.default_rng(self.seed).binomial(shots, ups)
        return np.asarray(2.0 * draws / shots - 1.0)

    def distribution(self, output: Observed, seed: int) -> dict[str, Any]:
        if output.kind == "state":
            return _state_record(self.program.state(*self.arguments)[0])
        name = f"{output.kind}({', '.join(map(str, output.qubits))})"
        record = {"output": name, "kind": output.kind, "qubits": list(output.qubits)}
        if output.kind == "probs" and self.shots is None:
            values = self.program.probs(*self.arguments, output.qubits)[0]
            return record | {"values": [float(value) for value in values]}
        shots = self.shots or _DEFAULT_SHOTS
        counts = self.counts(output.qubits, shots, seed)
        if output.kind == "sample":
            return record | {"shots": shots, "counts": counts}
        width = 2 ** len(output.qubits)
        labels = (_label(index, len(output.qubits)) for index in range(width))
        return record | {"shots": shots, "values": [counts.get(b, 0) / shots for b in labels]}

    def counts(self, qubits: tuple[int, ...], shots: int, seed: int) -> dict[str, int]:
        """How often each outcome came, outcomes in order."""
        bits = self.program.samples(*self.arguments, qubits, shots, seed)[0]
        outcomes, times = np.unique(bits, axis=0, return_counts=True)
        rows = zip(outcomes, times, strict=True)
        return {"".join(map(str, row)): int(count) for row, count in rows}


def _state_record(state: Any) -> dict[str, Any]:
    """A state vector, or the density matrix of a noisy circuit, as pairs of real numbers."""
    pairs = [[float(number.real), float(number.imag)] for number in state.ravel()]
    if state.ndim == 1:
        return {"output": "state", "kind": "state", "amplitudes": pairs}
    size = len(state)
    rows = [pairs[start : start + size] for start in range(0, size * size, size)]
    return {"output": "state", "kind": "density_matrix", "rows": rows}


def _observable(executable: Executable, index: int) -> PauliSum:
    """The Pauli sum of one expectation value, read off its bit masks."""
    n, (low, high) = executable.n_qubits, executable.term_ptr[index : index + 2]
    terms: list[tuple[float, Word]] = []
    for term in range(low, high):
        x, z = int(executable.term_x[term]), int(executable.term_z[term])
        letters = [(q, (x >> (n - 1 - q) & 1, z >> (n - 1 - q) & 1)) for q in range(n)]
        word = tuple((q, _LETTERS[bits]) for q, bits in letters if bits in _LETTERS)
        terms.append((float(executable.term_coef[term]), word))
    return PauliSum.of(terms)


_LETTERS: Final = {(1, 0): "X", (1, 1): "Y", (0, 1): "Z"}


def _label(index: int, qubits: int) -> str:
    return format(index, f"0{qubits}b") if qubits else ""


def _page(result: dict[str, Any]) -> str:
    """A result for people: one line for a value, else the outcomes that occur."""
    if result["kind"] == "expval":
        error_of = f" ± {result['error']:.2g}" if "error" in result else ""
        return f"{result['output']} = {result['value']!r}{error_of}\n"
    rows = list(_outcomes(result))
    more = len(rows) - _MAX_LINES
    shown = [("  " + label, text) for label, text in rows[:_MAX_LINES]]
    tail = f"  … {more} more; --json lists all\n" if more > 0 else ""
    return f"{result['output']}\n" + (table(shown) if shown else "") + tail


def _outcomes(result: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if result["kind"] == "sample":
        yield from ((label, str(count)) for label, count in result["counts"].items())
    elif result["kind"] == "probs":
        n = len(result["qubits"])
        pairs = enumerate(result["values"])
        yield from ((_label(i, n), repr(value)) for i, value in pairs if value)
    elif result["kind"] == "density_matrix":
        n = len(result["rows"]).bit_length() - 1
        for i, row in enumerate(result["rows"]):
            for j, pair in enumerate(row):
                if any(pair):
                    yield f"{_label(i, n)} {_label(j, n)}", _complex(*pair)
    else:
        n = len(result["amplitudes"]).bit_length() - 1
        yield from (
            (_label(i, n), _complex(*pair))
            for i, pair in enumerate(result["amplitudes"])
            if any(pair)
        )


def _complex(real: float, imaginary: float) -> str:
    return f"{real!r} {'-' if imaginary < 0 else '+'} {abs(imaginary)!r}j"
