"""What every backend must do, as checks that any package can run on its own backend.

    from q_store.testing.conformance import CHECKS, Subject

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_my_backend(check):
        check(Subject("my-backend"))

A check raises `AssertionError`. Results are compared with the oracle `q_store.runtime.reference`,
which shares no code with any backend. Checks of what a backend's capabilities exclude pass.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.qir.diagnostics import QStoreError
from q_store.qir.registry import all_gates
from q_store.runtime import reference
from q_store.runtime.backend import BackendLike, load, place
from q_store.runtime.backends.table import Capabilities, backend_row
from q_store.targets.executable import Executable
from q_store.testing import conformance_circuits as circuits
from q_store.testing.conformance_circuits import Case, cotangent

Array = NDArray[Any]
Check = Callable[["Subject"], None]


@dataclass(frozen=True)
class Subject:
    """A backend under test, in one precision."""

    backend: BackendLike
    dtype: str = "float32"
    tolerance: float = 0.0
    """Largest difference allowed; 0 for 5e-5 in float32 and 1e-9 in float64."""

    @property
    def allowed(self) -> float:
        offered = self.capabilities.precisions
        single = self.dtype == "float32" or "float64" not in offered
        return self.tolerance or (5e-5 if single else 1e-9)

    @property
    def capabilities(self) -> Capabilities:
        return backend_row(place(self.backend, strict=True).name).capabilities

    def load(self, executable: Executable) -> Any:
        """The program of the backend itself, never of a fallback."""
        return load(executable, self.dtype, place(self.backend, strict=True))

    def near(self, got: object, wanted: object, what: str) -> None:
        """Both arrays have one shape and agree."""
        a, b = np.asarray(got), np.asarray(wanted)
        assert a.shape == b.shape, f"{self.backend}: {what} has shape {a.shape}, not {b.shape}"
        worst = float(np.abs(a - b).max(initial=0.0))
        assert worst <= self.allowed, f"{self.backend}: {what} is off by {worst:.3g}"

    def raises(self, code: str, call: Callable[..., Any], *args: Any) -> None:
        """The call raises a diagnostic with this code."""
        try:
            call(*args)
        except QStoreError as problem:
            found = problem.code
        else:
            found = "nothing"
        assert found == code, f"{self.backend}: raised {found} instead of {code}"


def _rows(function: Callable[..., Any], case: Case, weights: Array) -> Array:
    """A function of the oracle, sample by sample."""
    w = np.broadcast_to(weights, (len(case.inputs), case.executable.n_weights))
    rows = [function(case.executable, x, v) for x, v in zip(case.inputs, w, strict=True)]
    return np.array(rows)


def expectation_values(subject: Subject) -> None:
    """Of every circuit, with shared weights and with those of each sample."""
    for case in circuits.cases():
        program = subject.load(case.executable)
        for weights in (case.weights, case.per_sample):
            wanted = _rows(reference.expvals, case, weights)
            subject.near(program.expvals(case.inputs, weights), wanted, f"expvals of {case.name}")
            found, _ = program.forward(case.inputs, weights, False)
            subject.near(found, wanted, f"forward of {case.name}")


def every_gate(subject: Subject) -> None:
    """Each row of the gate table: expectation values, and gradients to all of its angles."""
    for mnemonic in all_gates():
        case = circuits.gate_case(mnemonic)
        program = subject.load(case.executable)
        g = cotangent(1, case.executable.n_observables)
        values, _, d_weights = program.value_and_vjp(case.inputs, case.weights, g)
        subject.near(values, _rows(reference.expvals, case, case.weights), f"`{mnemonic}`")
        wanted = reference.expval_vjp(case.executable, case.inputs[0], case.weights, g[0])[1]
        subject.near(d_weights, wanted, f"gradient of `{mnemonic}`")


def states(subject: Subject) -> None:
    """With their global phase and their gradients."""
    if not subject.capabilities.states:
        return
    for case in (*circuits.cases(), circuits.gate_case("phase"), circuits.gate_case("u")):
        program = subject.load(case.executable)
        found = program.state(case.inputs, case.weights)
        wanted = _rows(reference.state, case, case.weights)
        subject.near(found, wanted, f"state of {case.name}")
        real = cotangent(*wanted.shape)
        g = real + 1j * real[:, ::-1]
        again, d_inputs, d_weights = program.state_vjp(case.inputs, case.weights, g)
        subject.near(again, wanted, f"state of {case.name} with its gradient")
        # dL = Re<g|d psi>, and the oracle differentiates 2 Re<bra|d psi>.
        pairs = [
            reference.adjoint(case.executable, x, case.weights, row / 2)
            for x, row in zip(case.inputs, g, strict=True)
        ]
        subject.near(d_inputs, [a for a, _ in pairs], f"state gradient of {case.name}, inputs")
        subject.near(d_weights, sum(b for _, b in pairs), f"state gradient of {case.name}, weights")


def probabilities(subject: Subject) -> None:
    """Of all qubits and of some, in any order, with gradients."""
    for case in circuits.cases():
        program, n = subject.load(case.executable), case.executable.n_qubits
        whole = np.abs(_rows(reference.state, case, case.weights)) ** 2
        for qubits in circuits.tuples(n):
            wanted = np.array([reference.marginal(row, qubits) for row in whole])
            found = program.probs(case.inputs, case.weights, qubits)
            subject.near(found, wanted, f"probabilities {qubits} of {case.name}")
        g = cotangent(*whole.shape)
        all_qubits = tuple(range(n))
        _, d_inputs, d_weights = program.probs_vjp(case.inputs, case.weights, g, all_qubits)
        pairs = [
            reference.probs_vjp(case.executable, x, case.weights, row)
            for x, row in zip(case.inputs, g, strict=True)
        ]
        subject.near(d_inputs, [a for a, _ in pairs], f"probs gradient of {case.name}, inputs")
        subject.near(d_weights, sum(b for _, b in pairs), f"probs gradient of {case.name}, weights")


def gradients(subject: Subject) -> None:
    """To inputs and weights, shared and per sample, in one call and in two."""
    for case in circuits.cases():
        program = subject.load(case.executable)
        g = cotangent(len(case.inputs), case.executable.n_observables)
        for weights in (case.weights, case.per_sample):
            rows = np.broadcast_to(weights, (len(case.inputs), case.executable.n_weights))
            pairs = [
                reference.expval_vjp(case.executable, x, v, row)
                for x, v, row in zip(case.inputs, rows, g, strict=True)
            ]
            by_weight = np.array([b for _, b in pairs])
            wanted = by_weight if weights.ndim == 2 else by_weight.sum(axis=0)
            _, d_inputs, d_weights = program.value_and_vjp(case.inputs, weights, g)
            subject.near(d_inputs, [a for a, _ in pairs], f"gradient of {case.name}, inputs")
            subject.near(d_weights, wanted, f"gradient of {case.name}, weights")
            saved = program.forward(case.inputs, weights, True)[1]
            twice = program.backward(saved, case.inputs, weights, g)
            subject.near(twice[0], d_inputs, f"backward of {case.name}, inputs")
            subject.near(twice[1], d_weights, f"backward of {case.name}, weights")


def samples(subject: Subject) -> None:
    """Frequencies of outcomes within five standard deviations of the probabilities."""
    if not subject.capabilities.shots:
        return
    case, shots = circuits.layers(3, 2, 5), 2000
    program = subject.load(case.executable)
    whole = np.abs(_rows(reference.state, case, case.weights)) ** 2
    for qubits in circuits.tuples(3):
        bits = program.samples(case.inputs, case.weights, qubits, shots, 11)
        assert bits.shape == (5, shots, len(qubits)), f"samples have shape {bits.shape}"
        assert bits.dtype == np.uint8, f"samples have dtype {bits.dtype}"
        places = 1 << np.arange(len(qubits))[::-1]
        outcomes = (bits * places).sum(axis=2)
        for row in range(5):
            chances = reference.marginal(whole[row], qubits)
            counts = np.bincount(outcomes[row], minlength=len(chances))
            error = np.sqrt(shots * chances * (1 - chances)) + 1e-9
            worst = float(np.abs((counts - shots * chances) / error).max())
            assert worst < 5, f"{subject.backend}: samples of {qubits} are off by {worst:.1f} sigma"


def seeds(subject: Subject) -> None:
    """A seed repeats, another differs, and a sample does not depend on those beside it."""
    if not subject.capabilities.shots:
        return
    case, qubits = circuits.layers(3, 2, 5), (2, 0, 1)
    program = subject.load(case.executable)

    def draw(seed: Any) -> Array:
        found: Array = program.samples(case.inputs, case.weights, qubits, 100, seed)
        return found

    assert (draw(3) == draw(3)).all(), f"{subject.backend}: a seed does not repeat"
    assert (draw(3) != draw(4)).any(), f"{subject.backend}: seeds make no difference"
    first = program.samples(case.inputs[:1], case.weights, qubits, 100, 3)
    assert (first == draw(3)[:1]).all(), f"{subject.backend}: a sample depends on its neighbours"
    for bad in ("3", 1.5, -1, True):
        subject.raises("QS626", draw, bad)
    for shots in (-1, 2.0, True):
        subject.raises("QS533", program.samples, case.inputs, case.weights, qubits, shots, 3)


def empty_batches(subject: Subject) -> None:
    """No sample: arrays of the right shapes, gradients of shared weights zero."""
    case = circuits.layers(3, 2, 5)
    exe, none = case.executable, case.inputs[:0]
    program = subject.load(exe)
    e, p = exe.n_observables, exe.n_weights
    assert program.expvals(none, case.weights).shape == (0, e)
    values, d_inputs, d_weights = program.value_and_vjp(none, case.weights, np.zeros((0, e)))
    assert (values.shape, d_inputs.shape) == ((0, e), none.shape)
    subject.near(d_weights, np.zeros(p), "gradient of an empty batch")
    assert program.probs(none, case.weights, (1,)).shape == (0, 2)
    if subject.capabilities.shots:
        assert program.samples(none, case.weights, (1,), 7, 0).shape == (0, 7, 1)
    if subject.capabilities.states:
        assert program.state(none, case.weights).shape == (0, 8)


def large_batches(subject: Subject) -> None:
    """257 samples are what their parts are."""
    case = circuits.layers(3, 2, 5)
    program = subject.load(case.executable)
    inputs = np.random.default_rng(0).uniform(-3, 3, (257, case.executable.n_inputs))
    found = program.expvals(inputs, case.weights)
    parts = [program.expvals(inputs[k : k + 100], case.weights) for k in (0, 100, 200)]
    subject.near(found, np.concatenate(parts), "a large batch")


def not_finite(subject: Subject) -> None:
    """A sample with NaN or infinity gives NaN, its neighbours what they give alone."""
    case = circuits.layers(3, 2, 5)
    program = subject.load(case.executable)
    inputs = case.inputs.copy()
    inputs[1, 0], inputs[3, 2] = np.nan, np.inf
    found = program.expvals(inputs, case.weights)
    good = [0, 2, 4]
    assert np.isnan(found[[1, 3]]).any(axis=1).all(), f"{subject.backend}: NaN is lost"
    subject.near(found[good], program.expvals(case.inputs, case.weights)[good], "neighbours of NaN")


def errors(subject: Subject) -> None:
    """Wrong shapes and qubits are diagnostics."""
    case = circuits.layers(3, 2, 5)
    program, x, w = subject.load(case.executable), case.inputs, case.weights
    wrong = np.zeros((5, case.executable.n_observables + 1))
    subject.raises("QS530", program.expvals, x[:, :-1], w)
    subject.raises("QS530", program.expvals, x, w[:-1])
    subject.raises("QS530", program.expvals, x, np.zeros((4, len(w))))
    subject.raises("QS531", program.value_and_vjp, x, w, wrong)
    subject.raises("QS532", program.probs, x, w, (0, 0))
    subject.raises("QS532", program.probs, x, w, (3,))


def copies(subject: Subject) -> None:
    """A program survives pickle, and the arguments of a call stay as they were."""
    case = circuits.layers(3, 2, 5)
    program = subject.load(case.executable)
    inputs, weights = case.inputs.copy(), case.weights.copy()
    wanted = program.expvals(inputs, weights)
    twin = pickle.loads(pickle.dumps(program))
    subject.near(twin.expvals(inputs, weights), wanted, "a copy of the program")
    assert (inputs == case.inputs).all(), f"{subject.backend}: inputs were changed"
    assert (weights == case.weights).all(), f"{subject.backend}: weights were changed"


def threads(subject: Subject) -> None:
    """One program, several threads at once."""
    case = circuits.layers(3, 2, 5)
    program = subject.load(case.executable)
    points = [case.inputs + 0.1 * k for k in range(8)]
    alone = [program.expvals(x, case.weights) for x in points]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda x: program.expvals(x, case.weights), points * 4))
    for k, found in enumerate(together):
        subject.near(found, alone[k % 8], "a call among others")


CHECKS: Final[tuple[Check, ...]] = (
    expectation_values,
    every_gate,
    states,
    probabilities,
    gradients,
    samples,
    seeds,
    empty_batches,
    large_batches,
    not_finite,
    errors,
    copies,
    threads,
)
"""Every check, in the order of reading."""
