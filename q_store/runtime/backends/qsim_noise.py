"""qsim's quantum trajectories: noisy circuits as C++ objects, averaged over random runs.

Of a channel that is a mixture of unitaries one is drawn; of another, qsim draws Kraus operators by
their lower bounds first and looks at the state when it must. Values, probabilities and gradients
(shift rules) are averages over `TRAJECTORIES` runs unless `trajectories=` says otherwise; a shot of
a sample is a run of its own.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from q_store.qir.diagnostics import error
from q_store.qir.dialects import KRAUS, NOISE
from q_store.qir.registry import op_def
from q_store.runtime.backends.paulis import marginal
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.qsim import Add, QsimProgram, flat, gate_set
from q_store.runtime.backends.tape import GateSet, TapeOp
from q_store.runtime.batched.arguments import check_qubits
from q_store.runtime.seeds import check_seed
from q_store.targets.executable import Executable

Array = NDArray[Any]

TRAJECTORIES: Final = 1000
_CHANNELS: Final = frozenset(row.name for row in (*NOISE, *KRAUS))
_SEEDS: Final = 2**31 - 1


class TrajectoriesProgram(QsimProgram):
    """A noisy circuit on qsim."""

    gates = GateSet("qsim", gate_set().names | _CHANNELS, gate_set().live)
    suffix = "_channel"

    def __init__(self, executable: Executable, dtype: DTypeLike, placement: Placement) -> None:
        super().__init__(executable, dtype, placement)
        self._options["r"] = placement.trajectories or TRAJECTORIES
        self._seed = placement.seed or 0

    def _new_circuit(self) -> Any:
        return self._qsim.NoisyCircuit()

    def _add(self, op: TapeOp, time: int) -> Add:
        if op.name not in _CHANNELS:
            return super()._add(op, time)
        wires = [self.n - 1 - wire for wire in op.wires]
        row: Any = op_def(op.name)
        kraus = [_operator(matrix) for matrix in row.kraus(*op.angles)]
        return lambda _, c: self._qsim.add_channel(time, wires, kraus, c)

    def _seeds(self, count: int, *path: int) -> list[int]:
        stream = np.random.default_rng(np.random.SeedSequence((self._seed, *path)))
        return [int(seed) for seed in stream.integers(1, _SEEDS, count)]

    def run_states(self, slots: Array) -> Array:
        """Raises `QS627`: a noisy circuit has no state vector."""
        raise error("QS627", "qsim's trajectories of a noisy circuit have no state vector")

    def run_expvals(self, slots: Array) -> Array:
        """See `SlottedProgram.run_expvals`."""
        words = np.ones((len(slots), len(self._words)))
        used = [term for term, word in enumerate(self._words) if word is not None]
        wanted = [self._words[term] for term in used]
        simulate = self._qsim.qtrajectory_simulate_expectation_values
        seeds = self._seeds(len(slots))
        for row, values in enumerate(slots.tolist() if used else ()):
            options = {**self._circuit(values), "s": seeds[row]}
            words[row, used] = np.real(simulate(options, wanted, 0))
        return self.observables.gathered(words)

    def run_probs(self, slots: Array, qubits: tuple[int, ...]) -> Array:
        """See `SlottedProgram.run_probs`."""
        found = np.zeros((len(slots), 1 << len(qubits)))
        runs = self._options["r"]
        for row, values in enumerate(slots.tolist()):
            options = self._circuit(values) | {"r": 1}
            for seed in self._seeds(runs, row):
                state = self._qsim.qtrajectory_simulate_fullstate(options | {"s": seed}, 0)
                chances = np.square(state, dtype=np.float64).reshape(-1, 2).sum(axis=1)
                found[row] += marginal(chances[None], qubits, self.n)[0]
        found /= runs
        return found

    def samples(
        self,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        qubits: Any = None,
        shots: int = 1024,
        seed: int | None = None,
    ) -> NDArray[np.uint8]:
        """See `SlottedProgram.samples`; a run for every shot."""
        check_seed(seed)
        bound = self.bind(inputs, weights)
        chosen = check_qubits(self.executable, qubits)
        places = self.n - 1 - np.array(chosen)
        entropy = np.random.SeedSequence(seed).entropy
        found = np.zeros((bound.batch, shots, len(chosen)), np.uint8)
        for row, values in enumerate(bound.slots.tolist()):
            stream = np.random.SeedSequence(entropy, spawn_key=(row,))
            seeds = np.random.default_rng(stream).integers(1, _SEEDS, shots).tolist()
            options = self._circuit(values) | {"r": 1}
            draw = self._qsim.qtrajectory_sample_final
            outcomes = [draw(options | {"s": one}, 1)[0] for one in seeds]
            found[row] = np.array(outcomes, np.int64)[:, None] >> places & 1
        return found


def _operator(matrix: Array) -> tuple[float, list[float], bool]:
    """A Kraus operator as qsim takes it: a lower bound of its probability and the matrix, or the
    probability and a unitary."""
    bound = float(np.linalg.svd(matrix, compute_uv=False).min()) ** 2
    square = matrix.conj().T @ matrix
    if bound > 0 and np.allclose(square, bound * np.eye(len(matrix)), atol=1e-12):
        return bound, flat(matrix / np.sqrt(bound)), True
    return bound, flat(matrix), False
