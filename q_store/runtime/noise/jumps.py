"""Trajectories in which the state decides: damping, resets, measured bits, `q.if`, any channel.

A trajectory applies one Kraus operator K_k of each channel, chosen with its probability
p_k = |K_k psi|^2 and divided by sqrt(p_k) (Dalibard, Castin and Mølmer, doi:10.1103/
PhysRevLett.68.580). Once the choices are made, the whole trajectory is a sparse linear map with
constants in it, and its adjoint is run with those constants held fixed. That gradient is unbiased
although the probabilities depend on the parameters: the mean is the sum over all histories h of
<phi_h|O|phi_h> for states phi_h that are not normalised, its derivative the sum of the derivatives
of these, and each is p_h times what the adjoint of the trajectory h gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from q_store.runtime.batched.arguments import Arguments, bind_arguments, split_gradients
from q_store.runtime.batched.pool import thread_limit
from q_store.runtime.noise.binding import Binder, from_groups, to_groups
from q_store.runtime.noise.blocks import Cells, Tape, make_tape
from q_store.runtime.noise.factors import Event, Factor, GateWriter, events
from q_store.runtime.noise.harmonics import Matrix, constant
from q_store.runtime.noise.mixtures import word_probabilities
from q_store.runtime.noise.native import Machine, width_for
from q_store.runtime.noise.pauli_factors import kraus_operators
from q_store.runtime.noise.readings import Reading
from q_store.runtime.noise.representations import real_matrix, words
from q_store.runtime.noise.state_readings import StateExpvalReading, StateProbsReading
from q_store.runtime.noise.sweeping import reverse_sweep, segment_length, spread
from q_store.runtime.noise.trajectories import Array, Doubles, Rows, TrajectoryProgram, Wanted
from q_store.targets.executable import MEASURE, Executable

Conditions = tuple[tuple[int, int], ...]

_NEGLIGIBLE: Final = 1e-13
"""What an entry of a K^dagger K may be to count as zero."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One random choice: which of a channel's operators a lane applies.

    `ladder` holds cumulative probabilities where they are constants. Otherwise `weights` says how
    probable each operator is for each setting of its wires, (operators, 2**wires), or where
    `joint` for the products of every two rows of the wires' part of the state.
    """

    number: int
    factor: Factor
    options: Matrix
    """The operators as real matrices, the identity last."""
    conditions: Conditions = ()
    ladder: Doubles | None = None
    weights: Doubles | None = None
    joint: bool = False
    bit: int = -1


@dataclass(frozen=True, eq=False)
class Guard:
    """A gate that runs under conditions."""

    factor: Factor
    conditions: Conditions


@dataclass(eq=False)
class Stage:
    """What is decided at one point of a circuit, then the factors up to the next such point."""

    choice: Choice | None
    guards: list[Guard] = field(default_factory=list)
    factors: list[Factor] = field(default_factory=list)


class JumpWriter:
    """The stages of an executable on state vectors."""

    def __init__(self, executable: Executable) -> None:
        n = executable.n_qubits
        self.events = events(executable)
        self.sizes = (2,) * (n + 1)
        self.gates = GateWriter(real_matrix, lambda wire: (wire,), (n,))
        self.stages = [Stage(None)]
        self.early: list[Choice] = []
        """Choices that the state has no say in."""
        self.count = self.bits = 0

    def write(self) -> JumpWriter:
        for event in self.events:
            if event.is_gate:
                self.gate(event)
            else:
                self.channel(event)
        return self

    def gate(self, event: Event) -> None:
        stage = self.stages[-1]
        for item in self.gates.write(event.name, event.wires, event.rows):
            if event.conditions:
                item = Factor(item.digits, item.parts, item.angle, varies=True)
                stage.guards.append(Guard(item, event.conditions))
            stage.factors.append(item)

    def channel(self, event: Event) -> None:
        mixture = _mixture(event)
        if mixture is not None:
            chances, operators = mixture
            choice = self.choice(event, operators, ladder=np.cumsum(chances))
            self.early.append(choice)
        else:
            operators = np.array(kraus_operators(event))
            weights, joint = _weights(operators)
            choice = self.choice(event, operators, weights=weights, joint=joint)
            self.stages.append(Stage(choice))
        self.stages[-1].factors.append(choice.factor)

    def choice(self, event: Event, operators: Any, **chances: Any) -> Choice:
        matrices = [real_matrix(operator) for operator in operators]
        options = np.stack([*matrices, np.eye(len(matrices[0]))])
        # Marks that no simplification takes for entries of the identity.
        marks = np.where(np.any(options != 0, axis=0), 0.5, 0.0)
        item = Factor(self.gates.digits(event.wires), constant(marks), varies=True)
        bit = self.bits if event.name == MEASURE else -1
        self.bits += event.name == MEASURE
        self.count += 1
        number = self.count - 1
        return Choice(number, item, options, event.conditions, bit=bit, **chances)


def _mixture(event: Event) -> tuple[Doubles, Any] | None:
    """Probabilities and unitaries of a channel in which the state has no say, without those that
    never happen; `None` for any other op."""
    if event.conditions or event.name == MEASURE:
        return None
    chances = word_probabilities(event)
    if chances is not None:
        return chances[chances > 0], words(len(event.wires))[chances > 0]
    operators = np.array(kraus_operators(event))
    squares = _squares(operators)
    chances = np.trace(squares, axis1=1, axis2=2).real / squares.shape[1]
    if np.abs(squares - chances[:, None, None] * np.eye(squares.shape[1])).max() > _NEGLIGIBLE:
        return None
    happens = chances > 0
    return chances[happens], operators[happens] / np.sqrt(chances[happens])[:, None, None]


def _weights(operators: Any) -> tuple[Doubles, bool]:
    """The diagonals of K^dagger K where these are diagonal; else those matrices as quadratic forms
    of a state's real and imaginary parts, and that they are such."""
    squares = _squares(operators)
    diagonals = np.diagonal(squares, axis1=1, axis2=2).real
    if np.abs(squares * (1 - np.eye(squares.shape[1]))).max() <= _NEGLIGIBLE:
        return np.ascontiguousarray(diagonals), False
    return np.stack([real_matrix(square).ravel() for square in squares]), True


def _squares(operators: Any) -> Any:
    """K^dagger K of each operator."""
    return np.einsum("kji,kjl->kil", operators.conj(), operators)


class JumpProgram(TrajectoryProgram):
    """Trajectories on state vectors. A choice is a uniform number."""

    @cached_property
    def _writer(self) -> JumpWriter:
        return JumpWriter(self.executable).write()

    @cached_property
    def _taped(self) -> tuple[Tape, list[int]]:
        stages = [stage.factors for stage in self._writer.stages]
        deciding = [stage.choice.factor.digits for stage in self._writer.stages if stage.choice]
        return make_tape(stages, self._writer.sizes, skewed=False, watched=deciding)

    @cached_property
    def _binder(self) -> Binder:
        exe = self.executable
        return Binder(self._taped[0].values, exe.n_inputs + exe.n_derived + exe.n_weights)

    @property
    def n_choices(self) -> int:
        return self._writer.count

    def _decide(self, uniforms: Doubles, sample: NDArray[np.intp]) -> tuple[Array, Array, Doubles]:
        return sample, uniforms, np.ones(len(sample))

    def _reading(self, wanted: Wanted) -> Reading:
        if wanted.kind == "expval":
            return StateExpvalReading(self.executable)
        return StateProbsReading(self.executable.n_qubits, wanted.qubits)

    def _evaluate(self, rows: Rows, wanted: Wanted) -> Array:
        return self._run(rows, wanted, None)[0]

    def _gradient(self, rows: Rows, wanted: Wanted, cotangent: Array) -> tuple[Array, Array, Array]:
        values, slopes = self._run(rows, wanted, cotangent)
        assert slopes is not None
        args = self._arguments(rows)
        pulled = self._binder.pull_back(args, slopes)
        return values, *split_gradients(self.executable, self.classical, args, pulled)

    def _arguments(self, rows: Rows) -> Arguments:
        return bind_arguments(
            self.executable, self.classical, self.dtype, rows.inputs, rows.weights
        )

    def _run(
        self, rows: Rows, wanted: Wanted, cotangent: Array | None
    ) -> tuple[Array, Doubles | None]:
        """Outputs (R, width) and with a cotangent the derivatives by entry value (values, R)."""
        tape, _ = self._taped
        count = len(rows.sample)
        width = width_for(self.dtype, tape.size, count)
        numbers = to_groups(self._binder.values(self._arguments(rows)), width, self.dtype)
        uniforms = to_groups(rows.choices.T, width, np.dtype(np.float64))
        reading = self._reading(wanted)
        outputs = np.empty((len(numbers), reading.width, width), self.dtype)
        seeds = None if cotangent is None else to_groups(cotangent.T, width, self.dtype)
        slopes = None if seeds is None else np.zeros_like(numbers)
        segment = segment_length(tape, width, self.dtype) if slopes is not None else 0

        def task(begin: int, end: int) -> None:
            machine = Machine(tape, self.dtype, width)
            for group in range(begin, end):
                history = _History(self, machine, numbers[group], uniforms[group])
                history.run()
                if seeds is None or slopes is None:
                    outputs[group] = reading.read(machine.state)
                else:
                    outputs[group], slopes[group] = reverse_sweep(
                        machine, history.values, _begin, reading, seeds[group], segment
                    )
                    slopes[group][history.muted] = 0

        spread(task, len(numbers), thread_limit(self.threads), sum(tape.costs))
        return (
            from_groups(outputs, count).T.astype(self.dtype),
            None if slopes is None else from_groups(slopes, count),
        )


def _begin(state: Array) -> None:
    """|0…0>, a real number."""
    state[:] = 0
    state[0] = 1


class _History:
    """The choices of one lane group: a run forward that fills in the values of the tape."""

    def __init__(
        self, program: JumpProgram, machine: Machine, numbers: Array, uniforms: Doubles
    ) -> None:
        self.stages, self.ends = program._writer.stages, program._taped[1]
        self.early = program._writer.early
        self.machine, self.uniforms = machine, uniforms
        self.values = machine.copy(numbers)
        self.bits = np.zeros((program._writer.bits, machine.width), np.int64)
        self.muted = np.zeros(numbers.shape, bool)

    def run(self) -> None:
        """From |0…0> to the final state."""
        for choice in self.early:
            assert choice.ladder is not None
            ladder = choice.ladder[:-1, None]
            option = (self.uniforms[choice.number] >= ladder).sum(axis=0)
            self.take(choice, option, np.ones(self.machine.width))
        _begin(self.machine.state)
        first, asked = 0, self.machine.tape.length
        for stage, end in zip(self.stages, self.ends, strict=True):
            if stage.choice is not None:
                self.choose(stage.choice, asked)
                asked += 1
            for guard in stage.guards:
                self.guard(guard)
            self.machine.forward(self.values, first, end)
            first = end

    def active(self, conditions: Conditions) -> NDArray[np.bool_]:
        """The lanes in which all conditions hold."""
        found = np.ones(self.machine.width, bool)
        for bit, value in conditions:
            found &= self.bits[bit] == value
        return found

    def choose(self, choice: Choice, block: int) -> None:
        """Let the state decide; a block of the tape gives its populations."""
        assert choice.weights is not None
        if choice.joint:
            parts = self.machine.products(self.values, block).astype(np.float64)
        else:
            halves = self.machine.squares(self.values, block).astype(np.float64)
            parts = halves[::2] + halves[1::2]
        chances = np.maximum(choice.weights @ parts, 0.0)
        ladder = np.cumsum(chances, axis=0)
        option = (self.uniforms[choice.number] * ladder[-1] >= ladder[:-1]).sum(axis=0)
        taken = np.take_along_axis(chances, option[None], axis=0)[0]
        # Lanes without a sample have no state.
        scale = 1 / np.sqrt(np.where(taken == 0, np.inf, taken))
        active = self.active(choice.conditions)
        if choice.bit >= 0:
            self.bits[choice.bit] = option
        option = np.where(active, option, len(choice.options) - 1)
        self.take(choice, option, np.where(active, scale, 1.0))

    def take(self, choice: Choice, option: NDArray[Any], scale: Doubles) -> None:
        """Write the entries of the operators that the lanes take."""
        cells = self.cells(choice.factor)
        table = choice.options[:, cells.rows, cells.columns]
        self.values[cells.numbers] = (table[option] * scale[:, None]).T

    def guard(self, guard: Guard) -> None:
        """Put the identity where a gate does not run."""
        cells, active = self.cells(guard.factor), self.active(guard.conditions)
        identity = (cells.rows == cells.columns)[:, None]
        own = cells.numbers
        self.values[own] = np.where(active, self.values[own], identity)
        self.muted[own] = ~active

    def cells(self, item: Factor) -> Cells:
        return self.machine.tape.cells[item]
