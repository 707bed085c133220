"""Averages over random trajectories behind the `Program` protocol.

A trajectory is one history of random choices: which error a channel made, what a measurement gave.
Outputs are means over trajectories, so they are unbiased, and so are their gradients: each is the
exact derivative of what the trajectory, with its choices held fixed, contributes (`mixtures.py`,
`jumps.py` say why). Fresh trajectories are drawn for each call; with a seed the k-th call of a
program repeats in every run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from q_store.qir.diagnostics import error
from q_store.runtime.batched.arguments import bind_arguments, check_dtype, check_qubits, check_shape
from q_store.runtime.batched.classical import Classical
from q_store.targets.executable import Executable

Array = NDArray[Any]
Doubles = NDArray[np.float64]

DEFAULT_TRAJECTORIES: Final = 1000
_CHUNK_NUMBERS: Final = 1 << 21


@dataclass(frozen=True, slots=True)
class Wanted:
    """An output: `expval`, or `probs` of some qubits."""

    kind: str
    qubits: tuple[int, ...] = ()


EXPVAL: Final = Wanted("expval")


@dataclass(slots=True)
class Rows:
    """Trajectories to run together, one row each."""

    sample: NDArray[np.intp]
    """Which sample of the batch a row belongs to, (R,)."""
    count: Doubles
    """How many equal trajectories a row stands for, (R,)."""
    inputs: Array
    weights: Array
    """(P,) or (R, P)."""
    choices: Array
    """The random choices, (R, …); what they mean is the program's affair."""


class TrajectoryProgram(ABC):
    """What the programs of trajectories share. `trajectories` are run for each sample."""

    def __init__(
        self,
        executable: Executable,
        dtype: DTypeLike = np.float32,
        trajectories: int | None = None,
        seed: int | None = None,
        threads: int | None = None,
    ) -> None:
        self.executable = executable
        self.dtype = check_dtype(dtype)
        self.trajectories = trajectories or DEFAULT_TRAJECTORIES
        self.seed, self.threads = seed, threads
        self.classical = Classical(executable.classical, executable.n_inputs + executable.n_weights)
        self._calls = 0

    def __reduce__(self) -> tuple[Any, ...]:
        own = (self.executable, self.dtype, self.trajectories, self.seed, self.threads)
        return type(self), own

    # --- what a kind of trajectory decides ----------------------------------------------------

    @property
    @abstractmethod
    def n_choices(self) -> int:
        """Random numbers for each trajectory."""

    @abstractmethod
    def _decide(self, uniforms: Doubles, sample: NDArray[np.intp]) -> tuple[Array, Array, Doubles]:
        """Choices from uniform numbers (R, n_choices) of rows that belong to samples (R,):
        the sample, the choices and the count of every row that remains."""

    @abstractmethod
    def _evaluate(self, rows: Rows, wanted: Wanted) -> Array:
        """Outputs (R, width) of each row."""

    @abstractmethod
    def _gradient(self, rows: Rows, wanted: Wanted, cotangent: Array) -> tuple[Array, Array, Array]:
        """Outputs (R, width), and for a cotangent of that shape d_inputs (R, F) and d_weights of
        the shape of the rows' weights."""

    # --- rows ---------------------------------------------------------------------------------

    def _next_seed(self) -> int:
        """The seed of one call."""
        self._calls += 1
        if self.seed is None:
            return int(np.random.default_rng().integers(2**62))
        return int(np.random.SeedSequence((self.seed, self._calls)).generate_state(1, np.uint64)[0])

    def _checked(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> tuple[Array, Array]:
        """Inputs (B, F), and weights (P,) or (B, P)."""
        args = bind_arguments(self.executable, self.classical, self.dtype, inputs, weights)
        x = args.inputs[:, : self.executable.n_inputs]
        return x, args.weights if args.per_sample else args.weights[0]

    def _rows(self, x: Array, w: Array, count: int, seed: int, width: int = 1) -> Iterator[Rows]:
        """All trajectories of all samples, `width` numbers of output each, in parts."""
        numbers = self.n_choices + x.shape[1] + width
        most = max(1, _CHUNK_NUMBERS // max(numbers, 1))
        samples = max(1, most // count)
        for start in range(0, len(x), samples):
            stop = min(start + samples, len(x))
            streams = [_stream(seed, row) for row in range(start, stop)]
            for first in range(0, count, most):
                each = min(most, count - first)
                drawn = [stream.random((each, self.n_choices)) for stream in streams]
                sample = np.repeat(np.arange(start, stop), each)
                kept, choices, counts = self._decide(np.concatenate(drawn), sample)
                own = w[kept] if w.ndim == 2 else w
                yield Rows(kept, counts, x[kept], own, choices)

    def _means(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, wanted: Wanted, seed: int
    ) -> tuple[Doubles, Doubles]:
        """Means over trajectories and their standard errors, both (B, width)."""
        x, w = self._checked(inputs, weights)
        width = self._width(wanted)
        sums, squares = np.zeros((len(x), width)), np.zeros((len(x), width))
        for rows in self._rows(x, w, self.trajectories, seed, width):
            values = self._evaluate(rows, wanted).astype(np.float64)
            np.add.at(sums, rows.sample, rows.count[:, None] * values)
            np.add.at(squares, rows.sample, rows.count[:, None] * values**2)
        n = self.trajectories
        mean = sums / n
        variance = np.maximum(squares / n - mean**2, 0) / max(n - 1, 1)
        return mean, np.sqrt(variance)

    def _width(self, wanted: Wanted) -> int:
        return self.executable.n_observables if wanted.kind == "expval" else 1 << len(wanted.qubits)

    def _vjp(
        self,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        wanted: Wanted,
        cotangent: ArrayLike,
        seed: int,
    ) -> tuple[Array, Array, Array]:
        """Means (B, width) and gradients of sum(cotangent * means)."""
        x, w = self._checked(inputs, weights)
        width = self._width(wanted)
        given = np.asarray(cotangent, self.dtype)
        check_shape("cotangent", given.shape, (len(x), width))
        means, d_x, d_w = np.zeros((len(x), width)), np.zeros(x.shape), np.zeros(w.shape)
        for rows in self._rows(x, w, self.trajectories, seed, width):
            share = (rows.count / self.trajectories)[:, None]
            pulled = (given[rows.sample] * share).astype(self.dtype)
            values, by_input, by_weight = self._gradient(rows, wanted, pulled)
            np.add.at(means, rows.sample, values * share)
            np.add.at(d_x, rows.sample, by_input)
            if w.ndim == 2:
                np.add.at(d_w, rows.sample, by_weight)
            else:
                d_w += by_weight
        return means.astype(self.dtype), d_x.astype(self.dtype), d_w.astype(self.dtype)

    # --- the protocol -------------------------------------------------------------------------

    def estimate(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, seed: int | None = None
    ) -> tuple[Array, Array]:
        """Expectation values (B, E) and their standard errors."""
        chosen = self._next_seed() if seed is None else seed
        mean, spread = self._means(inputs, weights, EXPVAL, chosen)
        return mean.astype(self.dtype), spread.astype(self.dtype)

    def expvals(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Array:
        """See `Program.expvals`."""
        return self.estimate(inputs, weights)[0]

    def forward(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, keep_state: bool = False
    ) -> tuple[Array, Array | None]:
        """Values, and what makes `backward` run the same trajectories."""
        seed = self._next_seed()
        kept = np.array([seed], np.uint64) if keep_state else None
        return self.estimate(inputs, weights, seed)[0], kept

    def backward(
        self,
        saved: Array | None,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        cotangent: ArrayLike,
    ) -> tuple[Array, Array]:
        """See `Program.backward`."""
        seed = self._next_seed() if saved is None else int(saved[0])
        return self._vjp(inputs, weights, EXPVAL, cotangent, seed)[1:]

    def value_and_vjp(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, cotangent: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """See `Program.value_and_vjp`; values and gradients are of the same trajectories."""
        return self._vjp(inputs, weights, EXPVAL, cotangent, self._next_seed())

    def probs(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, qubits: Any = None
    ) -> Array:
        """See `Program.probs`."""
        wanted = Wanted("probs", check_qubits(self.executable, qubits))
        return self._means(inputs, weights, wanted, self._next_seed())[0].astype(self.dtype)

    def probs_vjp(
        self,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        cotangent: ArrayLike,
        qubits: Any = None,
    ) -> tuple[Array, Array, Array]:
        """See `Program.probs_vjp`."""
        wanted = Wanted("probs", check_qubits(self.executable, qubits))
        return self._vjp(inputs, weights, wanted, cotangent, self._next_seed())

    def samples(
        self,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        qubits: Any = None,
        shots: int = 1024,
        seed: int | None = None,
    ) -> NDArray[np.uint8]:
        """Measured bits (B, shots, k); every shot has a trajectory of its own."""
        if isinstance(shots, bool) or not isinstance(shots, int | np.integer) or shots < 0:
            raise error("QS533", f"shots must be a non-negative integer, got {shots!r}")
        wanted = Wanted("probs", check_qubits(self.executable, qubits))
        x, w = self._checked(inputs, weights)
        start = self._next_seed() if seed is None else seed
        outcomes: list[list[Array]] = [[] for _ in x]
        draws = [_stream(start, row, 1) for row in range(len(x))]
        for rows in self._rows(x, w, shots, start, self._width(wanted)) if shots else ():
            for row, chances in enumerate(self._evaluate(rows, wanted)):
                at = int(rows.sample[row])
                outcomes[at].append(_drawn(chances, int(rows.count[row]), draws[at], at))
        places = np.arange(len(wanted.qubits) - 1, -1, -1)
        bits = np.empty((len(x), shots, len(wanted.qubits)), np.uint8)
        for at, parts in enumerate(outcomes):
            if parts:
                mixed = draws[at].permutation(np.concatenate(parts))
                bits[at] = mixed[:, None] >> places & 1
        return bits

    def word_means(self, inputs: Array, weights: Array, shots: int, seed: int) -> Array:
        """Means (B, E) of `shots` measurements of each observable, a Pauli word with the values
        -1 and 1; every shot has a trajectory of its own."""
        x, w = self._checked(inputs, weights)
        width = self.executable.n_observables
        random = _stream(seed, 0, 1)
        ups = np.zeros((len(x), width))
        for rows in self._rows(x, w, shots, seed, width):
            chances = np.clip((1 + self._evaluate(rows, EXPVAL).astype(np.float64)) / 2, 0, 1)
            counts = rows.count.astype(np.int64)[:, None]
            np.add.at(ups, rows.sample, random.binomial(counts, chances))
        return np.asarray(2 * ups / shots - 1, self.dtype)

    def state(self, inputs: ArrayLike | None, weights: ArrayLike | None) -> Array:
        """Raises `QS541`: many trajectories have no one state."""
        raise _no_state()

    def state_vjp(
        self, inputs: ArrayLike | None, weights: ArrayLike | None, cotangent: ArrayLike
    ) -> tuple[Array, Array, Array]:
        """Raises `QS541`, as `state` does."""
        raise _no_state()


def _stream(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _drawn(chances: Array, count: int, random: np.random.Generator, row: int) -> Array:
    """Outcome numbers by inverting the cumulative distribution."""
    ladder = np.cumsum(np.maximum(chances, 0), dtype=np.float64)
    if not np.isfinite(ladder[-1]):
        raise error("QS534", f"sample {row} of the batch has parameters that are not finite")
    return np.asarray(np.searchsorted(ladder, random.random(count) * ladder[-1], side="right"))


def _no_state() -> Exception:
    return error(
        "QS541",
        "a simulation by trajectories has no state",
        help="SimulatorConfig('batched', method='density_matrix') has density matrices",
    )
