"""An executable on IonQ's machines, behind the `Program` protocol.

Everything a call needs goes as one job: all samples of the batch, all groups of words, and for
gradients every shifted circuit. Compiling happens once for each way to measure; a call only binds
numbers. Gradients follow the two-term rule f' = (f(t + pi/2) - f(t - pi/2)) / 2 (Schuld et al.,
arXiv:1811.11184) for every angle that depends on a parameter.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from q_store.qir.diagnostics import error
from q_store.qir.ionq_names import qis_form
from q_store.qir.registry import all_gates
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.slotted import Evaluate, SlottedProgram
from q_store.runtime.backends.tape import GateSet, TapeOp
from q_store.runtime.batched.arguments import check_qubits
from q_store.runtime.ionq_backend.measuring import (
    Plan,
    Setting,
    joint,
    outcomes,
    setting,
    without_last_cliffords,
    word_mean,
    words_of,
)
from q_store.runtime.ionq_backend.runner import runner_of
from q_store.runtime.ionq_client.results import IonQResult
from q_store.targets.executable import Executable
from q_store.targets.ionq.json.circuits import IonqCircuit

Array = NDArray[Any]

_ROTATIONS: Final = frozenset({"rx", "ry", "rz", "rxx", "ryy", "rzz"})
"""Gates exp(-i t/2 P), whose angles obey the two-term rule."""


def _gates(backend: str) -> GateSet:
    """What the `qis` gate set has, which the compiler for native gates takes too; angles with
    parameters only in rotations."""
    rows = all_gates().values()
    fixed = frozenset([row.mnemonic for row in rows if row.wires and qis_form(row) is not None])
    return GateSet(backend, fixed, _ROTATIONS)


class IonqProgram(SlottedProgram):
    """A circuit on one of IonQ's machines. See `Program` for the methods.

    Raises `QS423` when the machine has too few qubits.
    """

    def __init__(self, executable: Executable, dtype: DTypeLike, placement: Placement) -> None:
        self.gates = _gates(placement.name)
        super().__init__(executable, dtype, placement)
        self.runner = runner_of(placement.name)
        self._charged = 0.0
        device = self.runner.device
        if executable.n_qubits > device.qubits:
            raise error(
                "QS423",
                f"`{device.name}` has {device.qubits} qubits, the circuit {executable.n_qubits}",
            )
        self._settings: dict[tuple[int, tuple[tuple[int, str], ...]], Setting] = {}

    # --- ways to measure ----------------------------------------------------------------------

    @cached_property
    def _plan(self) -> Plan:
        words = words_of(self.executable)
        way = without_last_cliffords if self.runner.options.level >= 2 else Plan.plain
        return way(self.tape, words)

    @property
    def groups(self) -> list[tuple[dict[int, str], list[int]]]:
        """Bases, and the terms that are measured in them."""
        return self._plan.groups

    def _setting(self, bases: dict[int, str], ops: Sequence[TapeOp] | None = None) -> Setting:
        """These gates, or all, measured in these bases."""
        ops = self.tape.ops if ops is None else ops
        key = (len(ops), tuple(sorted(bases.items())))
        found = self._settings.get(key)
        if found is None:
            options = self.runner.options
            found = setting(self.tape, ops, bases, self.runner.device, options.level)
            self._settings[key] = found
        return found

    # --- what is asked for --------------------------------------------------------------------

    def run_states(self, slots: Array) -> Array:
        """Raises `QS765`."""
        raise error(
            "QS765",
            f"`{self.placement.name}` measures; it does not give state vectors",
            help="ask for expectation values, probabilities or samples",
        )

    def run_expvals(self, slots: Array) -> Array:
        """Expectation values (B, E), by one job."""
        return self._combined(self._terms(slots, None))

    def run_probs(self, slots: Array, qubits: tuple[int, ...]) -> Array:
        """Probabilities (B, 2**k), by one job."""
        way = self._setting(dict.fromkeys(qubits, "Z"))
        order = [way.qubits.index(qubit) for qubit in qubits]
        found = []
        for result in self._run(way.circuits(slots)):
            bits, chances = outcomes(result)
            found.append(joint(bits[:, order], chances))
        return np.array(found)

    def run_vjp(self, slots: Array, cotangent: Array) -> tuple[Array, Array]:
        """Values and gradients, by one job."""
        return self._with_shifts(self.run_expvals, slots, cotangent)

    def run_probs_vjp(
        self, slots: Array, cotangent: Array, qubits: tuple[int, ...]
    ) -> tuple[Array, Array]:
        """Probabilities and gradients, by one job."""
        return self._with_shifts(lambda rows: self.run_probs(rows, qubits), slots, cotangent)

    def _with_shifts(
        self, evaluate: Evaluate, slots: Array, cotangent: Array
    ) -> tuple[Array, Array]:
        """Values and gradients (B, S) from one call of a function of slot rows."""
        batch = len(slots)
        values = evaluate(np.concatenate([slots, self._shifts.rows(slots)]))
        moved = values[batch:].reshape(batch, -1, values.shape[1])
        return values[:batch], self._shifts.contracted(moved, cotangent)

    def backward(
        self,
        saved: Array | None,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        cotangent: ArrayLike,
    ) -> tuple[Array, Array]:
        """Gradients by one job that does not measure the values again."""
        bound = self.bind(inputs, weights)
        wanted = self._cotangent(cotangent, (bound.batch, self.executable.n_observables))
        gradient = np.zeros(bound.slots.shape)
        if bound.batch and bound.slots.shape[1]:
            values = self.run_expvals(self._shifts.rows(bound.slots))
            values = values.reshape(bound.batch, -1, values.shape[1])
            gradient = self._shifts.contracted(values, wanted)
        return self._chained(bound, gradient)

    def word_means(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, shots: int, seed: int
    ) -> Array:
        """Means (B, terms) of that many shots of each term.

        The ideal simulator gives probabilities, from which shots are drawn here.
        """
        bound = self.bind(inputs, weights)
        if not bound.batch:
            return np.zeros((0, len(self._plan.words)), self.dtype)
        means = self._terms(bound.slots, shots)
        if self.runner.options.exact:
            random = np.random.default_rng(seed)
            means = 2 * random.binomial(shots, np.clip((1 + means) / 2, 0, 1)) / shots - 1
        return self._values(bound, means, len(self._plan.words))

    def samples(
        self,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        qubits: Any = None,
        shots: int = 1024,
        seed: int | None = None,
    ) -> NDArray[np.uint8]:
        """Measured bits (B, shots, k) as the machine gave them, in its order where it keeps it.

        The ideal simulator gives probabilities, from which shots are drawn here.
        """
        if self.runner.options.exact:
            return super().samples(inputs, weights, qubits, shots, seed)
        bound = self.bind(inputs, weights)
        chosen = check_qubits(self.executable, qubits)
        way = self._setting(dict.fromkeys(chosen, "Z"))
        order = [way.qubits.index(qubit) for qubit in chosen]
        found = np.zeros((bound.batch, shots, len(chosen)), np.uint8)
        if bound.batch and shots:
            for row, result in enumerate(self._run(way.circuits(bound.slots), shots)):
                found[row] = _shot_bits(result, shots)[:, order]
        return found

    # --- terms --------------------------------------------------------------------------------

    def _terms(self, slots: Array, shots: int | None) -> Array:
        """Means (B, terms) of all terms, by one job."""
        plan = self._plan
        means = np.ones((len(slots), len(plan.words)))
        circuits: list[IonqCircuit] = []
        ways = [self._setting(bases, plan.ops) for bases, _ in plan.groups]
        for way in ways:
            circuits += way.circuits(slots)
        results = self._run(circuits, shots)
        for place, (way, (_, members)) in enumerate(zip(ways, plan.groups, strict=True)):
            column = {qubit: k for k, qubit in enumerate(way.qubits)}
            for row in range(len(slots)):
                bits, chances = outcomes(results[place * len(slots) + row])
                for term in members:
                    own = [column[qubit] for qubit, _ in plan.words[term]]
                    means[row, term] = word_mean(bits, chances, own)
        return means * plan.signs

    def _combined(self, means: Array) -> Array:
        """Observables (B, E) of the means of their terms."""
        exe = self.executable
        weighted = means * exe.term_coef
        found = [
            weighted[:, start:stop].sum(axis=1)
            for start, stop in zip(exe.term_ptr[:-1], exe.term_ptr[1:], strict=True)
        ]
        return np.stack(found, axis=1) if found else np.zeros((len(means), 0))

    def _run(self, circuits: list[IonqCircuit], shots: int | None = None) -> list[IonQResult]:
        results, usd = self.runner.run(circuits, shots)
        self._charged += usd
        return results

    def charged(self) -> float:
        """US dollars charged since this was asked last."""
        fresh, self._charged = self._charged, 0.0
        return fresh


def _shot_bits(result: IonQResult, shots: int) -> NDArray[np.uint8]:
    """Bits (shots, k). The service leaves out shots that leaked; the first ones stand in for
    them."""
    texts = list(result.memory or ())
    if not texts:
        texts = [bits for bits, count in result.counts(shots).items() for _ in range(count)]
    texts = [texts[k % len(texts)] for k in range(shots)]
    return np.array([[bit == "1" for bit in text] for text in texts], np.uint8)
