"""The circuit builder.

>>> circuit = QuantumCircuit(2)
>>> circuit.h(0).cx(0, 1).rx(1, param="theta").measure_all()
QuantumCircuit(n_qubits=2): 3 gates, depth 3, parameters theta
>>> print(circuit.draw())
q0: ─[H]──●───────────────[M]─
          │
q1: ──────⊕──[RX(theta)]──[M]─
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import isfinite
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, Final, Self

from q_store.frontends.binding import Binding
from q_store.frontends.broadcasting import turns
from q_store.frontends.expr import Expr, as_number
from q_store.frontends.foreign import pauli_sum_of
from q_store.frontends.gate_methods import GateMethods
from q_store.frontends.instruction import (
    AngleLike,
    Instruction,
    StoredAngle,
    check_angles,
    check_wires,
    failure,
)
from q_store.frontends.lowering import lower
from q_store.frontends.parameters import InputParams, ParameterTable, with_roles
from q_store.qir import dialects
from q_store.qir.diagnostics import QStoreError, did_you_mean, error
from q_store.qir.func import Func, Module
from q_store.qir.location import PythonLocation
from q_store.qir.observables import (
    Expval,
    Observation,
    Probs,
    Sample,
    State,
    observation_qubits,
)
from q_store.qir.ops import Gate, OpDef
from q_store.qir.registry import all_ops, gate, registered

_MAX_QUBITS: Final = 100_000


class UnknownGate(QStoreError, AttributeError):
    """`circuit.rxy(0)`: neither a gate nor another method."""


def _caller(depth: int) -> PythonLocation:
    """The user's line, `depth` calls above the caller of this function."""
    frame = sys._getframe(depth + 1)
    return PythonLocation(frame.f_code.co_filename, frame.f_lineno)


class QuantumCircuit(GateMethods):
    """A circuit under construction on `n_qubits` wires, counted from 0, that start in |0>.

    Every gate of the table and every alias is a method: wires first, then angles in radians, each
    a number, an expression of symbols, or by `param=` the name of a parameter. Methods that build
    return the circuit itself, so calls can be chained; `bind`, `compose`, `inverse`, `controlled`,
    `power` and `repeat` return new circuits. Qubit 0 is the most significant bit of a state index.

    Two circuits are equal when they do the same steps in the same order with equal angles.
    """

    def __init__(self, n_qubits: int, *, name: str = "main") -> None:
        """Raises `QS304` unless `n_qubits` is a positive integer."""
        whole = hasattr(n_qubits, "__index__") and not isinstance(n_qubits, bool | Expr)
        if not whole or not 0 < n_qubits <= _MAX_QUBITS:
            raise error(
                "QS304", f"n_qubits must be an integer from 1 to {_MAX_QUBITS}, got {n_qubits!r}"
            )
        self._n_qubits = int(n_qubits)
        self.name = name
        self._steps: list[Instruction] = []
        self._observations: list[Observation] = []
        self._measured: dict[int, None] = {}
        self._bits: dict[str, None] = {}
        self.parameter_table = ParameterTable()
        """Names, shapes and declared roles; change it through `declare` only."""

    # --- building -----------------------------------------------------------------------------

    def _gate(
        self,
        name: str,
        wires: tuple[object, ...],
        angles: tuple[object, ...],
        params: object = None,
    ) -> Self:
        """Called by every gate method; the user's line is two calls up."""
        row = all_ops()[name]
        loc = _caller(2)
        if params is not None:
            if any(angle is not None for angle in angles):
                raise failure(loc, "QS309", f"`{row.mnemonic}` got angles and parameter names")
            angles = tuple(params) if isinstance(params, list | tuple) else (params,)
            for item in angles:
                if not isinstance(item, str):
                    raise failure(loc, "QS313", f"expected the name of a parameter, got {item!r}")
        try:
            return self._add(row, wires, angles, loc)
        except QStoreError:
            several = turns(row, wires, angles, loc)
            if several is None:
                raise
        size, table = len(self._steps), self.parameter_table.copy()
        try:
            for turn in several:
                self._add(row, *turn, loc)
        except QStoreError:  # All of the gates are added, or none.
            del self._steps[size:]
            self.parameter_table = table
            raise
        return self

    def _registered(
        self, row: Gate, *operands: object, param: object = None, params: object = None
    ) -> Self:
        """The method of a gate from outside: wires first, then angles."""
        count = row.wires or 0
        wires, angles = operands[:count], operands[count:]
        if len(wires) < count:
            why = f"`{row.mnemonic}` acts on {count} wires, got {len(wires)}"
            raise failure(_caller(1), "QS305", why)
        return self._gate(row.name, wires, angles, params if param is None else param)

    def _add(
        self, row: OpDef, wires: Sequence[object], angles: Sequence[object], loc: PythonLocation
    ) -> Self:
        checked = check_wires(row.mnemonic, wires, self._n_qubits, loc)
        if self._measured and not self._measured.keys().isdisjoint(checked):
            self._fail_after_measurement(row.mnemonic, checked, loc)
        stored = check_angles(row, angles, loc, len(checked)) if angles or row.angle_names else ()
        for angle in stored:
            if type(angle) is not float:
                self.parameter_table.note(stored)
                break
        self._steps.append(Instruction(row, checked, stored, loc))
        return self

    def _targets(
        self, name: str, wires: tuple[object, ...]
    ) -> tuple[tuple[int, ...], PythonLocation]:
        loc = _caller(2)
        checked = check_wires(name, wires, self._n_qubits, loc)
        if not self._measured.keys().isdisjoint(checked):
            self._fail_after_measurement(name, checked, loc)
        return checked, loc

    def _fail_after_measurement(
        self, name: str, wires: tuple[int, ...], loc: PythonLocation
    ) -> None:
        wire = next(wire for wire in wires if wire in self._measured)
        raise failure(
            loc,
            "QS325",
            f"`{name}` on wire {wire}, which has been measured",
            "measurements come last; `measure(q, bit='c')` measures in the middle",
        )

    def append(self, name: str, wires: Sequence[int] | int, *angles: AngleLike) -> Self:
        """Add a gate or noise channel by mnemonic, alias or full name.

        Raises `QS103` for an unknown name and `QS305` for a wrong number of wires.
        """
        channels = {row.mnemonic: row for row in dialects.CHANNELS}
        row = channels.get(str(name).removeprefix("n.")) or gate(str(name))
        targets = (wires,) if isinstance(wires, int) else tuple(wires)
        loc = _caller(1)
        if row.wires not in (len(targets), None):
            raise failure(
                loc, "QS305", f"`{row.mnemonic}` acts on {row.wires} wires, got {len(targets)}"
            )
        return self._add(row, targets, angles, loc)

    def barrier(self, *qubits: int) -> Self:
        """No gate moves across it; on all qubits when none are named."""
        return self._add(dialects.BARRIER, qubits or range(self._n_qubits), (), _caller(1))

    def reset(self, *qubits: int) -> Self:
        """Put qubits into |0>."""
        loc = _caller(1)
        for qubit in qubits:
            self._add(dialects.RESET, (qubit,), (), loc)
        return self

    def measure(self, *qubits: int, bit: str | None = None) -> Self:
        """Measure qubits at the end, or with `bit=` one qubit in the middle.

        Measured at the end, they are what the circuit is about: layers take Z on each of them, and
        running with shots gives their bits in the order listed. No gate may follow on them. In the
        middle, the outcome is stored in the named bit for `if_bit`, and gates may follow.
        """
        loc = _caller(1)
        if bit is None:
            return self._measure_last(qubits, loc)
        if len(qubits) != 1:
            raise failure(loc, "QS305", f"`measure` into a bit takes one wire, got {len(qubits)}")
        if not isinstance(bit, str) or not bit.isidentifier():
            raise failure(loc, "QS326", f"a bit needs a name such as 'c0', got {bit!r}")
        self._add(dialects.MEASURE, qubits, (), loc)
        wires = self._steps[-1].wires
        self._steps[-1] = Instruction(dialects.MEASURE, wires, (), loc, bit)
        self._bits[bit] = None
        return self

    def _measure_last(self, qubits: Sequence[object], loc: PythonLocation) -> Self:
        checked = check_wires("measure", qubits, self._n_qubits, loc)
        for wire in checked:
            if wire in self._measured:
                raise failure(loc, "QS302", f"`measure` on wire {wire}, which is measured already")
        if not checked:
            raise failure(loc, "QS305", "`measure` needs wires", "`measure_all()` measures all")
        before = Sample(tuple(self._measured))
        self._measured |= dict.fromkeys(checked)
        now = Sample(tuple(self._measured))
        if before in self._observations:
            self._observations[self._observations.index(before)] = now
        else:
            self._observations.append(now)
        return self

    def measure_all(self) -> Self:
        """Measure every qubit that has not been measured, in order."""
        rest = [wire for wire in range(self._n_qubits) if wire not in self._measured]
        return self._measure_last(rest, _caller(1)) if rest else self

    def if_bit(
        self, bit: str, then_circuit: QuantumCircuit, else_circuit: QuantumCircuit | None = None
    ) -> Self:
        """Do one circuit when a measured bit is 1, and another or nothing when it is 0.

        The circuits have the width of this one and act on the same wires. Bits they measure are
        theirs alone. Raises `QS326` for an unknown bit and `QS327` for a wrong width.
        """
        loc = _caller(1)
        if bit not in self._bits:
            raise failure(
                loc,
                "QS326",
                f"no bit `{bit}` has been measured",
                did_you_mean(str(bit), self._bits) or "write `measure(q, bit='c')` first",
            )
        branches = [then_circuit, *([] if else_circuit is None else [else_circuit])]
        for branch in branches:
            self._check_part(branch, range(self._n_qubits), loc)
            if branch.observations:
                raise failure(
                    loc,
                    "QS327",
                    f"a circuit under `if_bit` cannot end with {branch.observations[0]!r}",
                    "only the whole circuit observes; `measure(q, bit='c')` measures in the middle",
                )
        wires = sorted({wire for part in branches for step in part for wire in step.wires})
        if self._measured and not self._measured.keys().isdisjoint(wires):
            self._fail_after_measurement(dialects.IF.mnemonic, tuple(wires), loc)
        for branch in branches:
            self.parameter_table.merge(branch.parameter_table)
        bodies = (tuple(then_circuit), tuple(else_circuit or ()))
        self._steps.append(Instruction(dialects.IF, tuple(wires), (), loc, bit, bodies))
        return self

    def _check_part(
        self, other: object, qubits: Sequence[object], loc: PythonLocation
    ) -> tuple[int, ...]:
        if not isinstance(other, QuantumCircuit):
            raise failure(loc, "QS327", f"expected a QuantumCircuit, got {type(other).__name__}")
        if other.n_qubits != len(qubits) or other.n_qubits > self._n_qubits:
            raise failure(
                loc,
                "QS327",
                f"a circuit on {other.n_qubits} qubits cannot be put on {len(qubits)} wires of "
                f"{self._n_qubits}",
                "`compose(other, qubits=[...])` says which",
            )
        return check_wires("compose", qubits, self._n_qubits, loc)

    # --- observing ----------------------------------------------------------------------------

    def expval(self, *observables: object) -> Self:
        """Add expectation values, each of a Pauli sum such as `"0.5*X0 Z2 + Z1"`, or of an
        observable of another library.

        Raises `QS107` for a malformed observable and `QS301` for a qubit out of range.
        """
        return self._observe([Expval(pauli_sum_of(item)) for item in observables], _caller(1))

    observe = expval

    def probs(self, *qubits: int) -> Self:
        """Add the probabilities of the outcomes of some qubits, by default all; the first listed
        is the most significant bit of the outcome."""
        return self._observe([Probs(self._some("probs", qubits, _caller(1)))], _caller(1))

    def sample(self, *qubits: int) -> Self:
        """Add measured bits of some qubits, by default all, in the order listed."""
        return self._observe([Sample(self._some("sample", qubits, _caller(1)))], _caller(1))

    def state(self) -> Self:
        """Add the state vector, 2**n_qubits complex numbers, qubit 0 most significant."""
        return self._observe([State()], _caller(1))

    def _some(self, name: str, qubits: tuple[int, ...], loc: PythonLocation) -> tuple[int, ...]:
        return check_wires(name, qubits or range(self._n_qubits), self._n_qubits, loc)

    def _observe(self, observations: Sequence[Observation], loc: PythonLocation) -> Self:
        for observation in observations:
            qubits = observation_qubits(observation) or ()
            check_wires(repr(observation), qubits, self._n_qubits, loc)
        self._observations += observations
        return self

    # --- what is there ------------------------------------------------------------------------

    @property
    def n_qubits(self) -> int:
        """Number of wires."""
        return self._n_qubits

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What the circuit ends with, in order."""
        return tuple(self._observations)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in order of first appearance."""
        return self.parameter_table.names

    @property
    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter by name; `()` for a scalar."""
        return {entry.name: entry.shape for entry in self.parameter_table}

    @property
    def depth(self) -> int:
        """Length of the longest chain of gates on shared wires; barriers count nothing."""
        free = [0] * self._n_qubits
        for step in self._steps:
            if step.wires:
                count = step.row is not dialects.BARRIER
                level = max([free[wire] for wire in step.wires]) + count
                for wire in step.wires:
                    free[wire] = level
        return max(free)

    def count_ops(self) -> dict[str, int]:
        """How often each gate or other step occurs, by mnemonic, the most frequent first."""
        return dict(Counter(step.name for step in self._steps).most_common())

    def __len__(self) -> int:
        """Number of steps, conditionals counted once."""
        return len(self._steps)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Instruction]:
        return iter(self._steps)

    def __getitem__(self, position: int) -> Instruction:
        return self._steps[position]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QuantumCircuit):
            return NotImplemented
        from q_store.qir.identity import same_func

        if self.n_qubits != other.n_qubits or len(self) != len(other):
            return False
        return same_func(self.to_ir(), other.to_ir().replace(name=self.name))

    def __repr__(self) -> str:
        gates = sum(step.is_gate for step in self._steps)
        text = f"QuantumCircuit(n_qubits={self.n_qubits}): {gates} gates, depth {self.depth}"
        return text + (f", parameters {', '.join(self.parameters)}" if self.parameters else "")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"'QuantumCircuit' object has no attribute {name!r}")
        row = registered(name)
        if row is not None:
            return partial(self._registered, row)
        known = [method for method in dir(type(self)) if not method.startswith("_")]
        message = f"a circuit has no gate or method `{name}`"
        found = failure(_caller(1), "QS103", message, did_you_mean(name, known))
        raise UnknownGate(*found.diagnostics)

    # --- new circuits -------------------------------------------------------------------------

    def copy(self) -> QuantumCircuit:
        """An independent circuit with the same content."""
        result = self._like(self._n_qubits, self._steps)
        result._observations = list(self._observations)
        result._measured = dict(self._measured)
        return result

    def _like(self, n_qubits: int, steps: Sequence[Instruction]) -> QuantumCircuit:
        """A circuit with these steps, parameters and bits, which observes nothing."""
        result = QuantumCircuit(n_qubits, name=self.name)
        result._steps = list(steps)
        result._bits = dict(self._bits)
        result.parameter_table = self.parameter_table.copy()
        return result

    def bind(self, values: Mapping[str, Any] | None = None, /, **named: Any) -> QuantumCircuit:
        """The circuit with some parameters replaced by numbers or expressions.

        Keys are names of scalars, `"w[0]"` for one element, or names of arrays with nested
        sequences of their shape. What is not named stays symbolic. Raises `QS320` for an unknown
        name, `QS321` for a value of a wrong shape or kind, `QS307` for NaN and infinities.
        """
        if not isinstance(values, Mapping | None):
            raise error("QS321", f"`bind` takes a mapping of names, got {values!r}")
        binding = Binding(self.parameter_table, {**(values or {}), **named})
        steps = [step.mapped(int, binding.angle) for step in self._steps]
        result = self.copy()
        result._steps = steps
        result.parameter_table = binding.remaining
        return result

    def compose(
        self, other: QuantumCircuit, qubits: Sequence[int] | int | None = None
    ) -> QuantumCircuit:
        """This circuit, then another on some of its wires: wire i of `other` is `qubits[i]`.

        What `other` observes is left out. Parameters of the same name are the same parameter.
        Raises `QS327` for a wrong number of wires and `QS314` where parameters disagree.
        """
        loc = _caller(1)
        if qubits is None:
            qubits = range(getattr(other, "n_qubits", 0))
        wires = self._check_part(other, [qubits] if isinstance(qubits, int) else qubits, loc)
        result = self.copy()
        result.parameter_table.merge(other.parameter_table)
        result._bits |= other._bits
        for step in other:
            moved = step.mapped(wires.__getitem__)
            if result._measured and not result._measured.keys().isdisjoint(moved.wires):
                self._fail_after_measurement(step.name, moved.wires, loc)
            result._steps.append(moved)
        return result

    def inverse(self) -> QuantumCircuit:
        """The circuit that undoes this one; it observes nothing. Raises `QS323`."""
        from q_store.frontends import transform

        return self._like(self._n_qubits, transform.inverse(self._steps, _caller(1)))

    def controlled(self, n: int = 1) -> QuantumCircuit:
        """The circuit under `n` controls, which are new wires 0 to n-1; wire q becomes n + q.

        The global phase becomes a phase of the controls. It observes nothing. Raises `QS323` for
        steps that are no gates, `QS304` unless `n` is a positive integer.
        """
        from q_store.frontends import transform

        loc = _caller(1)
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise failure(loc, "QS304", f"expected a positive number of controls, got {n!r}")
        moved = [step.mapped(n.__add__) for step in self._steps]
        return self._like(self._n_qubits + n, transform.controlled(moved, range(n), loc))

    def power(self, exponent: float) -> QuantumCircuit:
        """The circuit to an integer power, negative ones included, or to a fraction where that is
        exact: commuting rotations and phases, whose angles are scaled. It observes nothing.

        Raises `QS324` where a fraction is not exact and `QS323` for steps that are no gates.
        """
        from q_store.frontends import transform

        loc = _caller(1)
        number = as_number(exponent)
        if number is None or not isfinite(number):
            raise failure(loc, "QS324", f"the exponent must be a finite number, got {exponent!r}")
        return self._like(self._n_qubits, transform.power(self._steps, number, loc))

    def repeat(self, times: int) -> QuantumCircuit:
        """The steps this many times in a row, measurements in the middle included; it observes
        what this circuit observes. Raises `QS304` for a negative or fractional number."""
        if isinstance(times, bool) or not isinstance(times, int) or times < 0:
            raise failure(_caller(1), "QS304", f"a circuit cannot be repeated {times!r} times")
        result = self.copy()
        result._steps = self._steps * times
        result._bits = dict(self._bits) if times else {}
        return result

    # --- exchange -----------------------------------------------------------------------------

    def to_ir(self, *, input_params: InputParams | None = None) -> Func:
        """The circuit as an IR function whose arguments are the parameters in order.

        `input_params` says which parameters are data: a list of names or a prefix. By default
        these are names such as `x`, `x3`, `inputs`, `data`, `feature2`. Raises `QS338`.
        """
        parameters = with_roles(list(self.parameter_table), input_params)
        return lower(self.name, self._n_qubits, self._steps, parameters, self._observations)

    def to_module(self, *, input_params: InputParams | None = None) -> Module:
        """A module with the one function `to_ir` gives."""
        return Module((self.to_ir(input_params=input_params),))

    @staticmethod
    def from_ir(program: Func | Module) -> QuantumCircuit:
        """The circuit of an IR function, or of the first function of a module.

        Raises `QS340` for a function that no circuit can express.
        """
        from q_store.frontends.raising import raise_func

        func = program.main if isinstance(program, Module) else program
        if not isinstance(func, Func):
            raise error("QS340", f"expected a Func or a Module, got {type(program).__name__}")
        raised = raise_func(func)
        result = QuantumCircuit.of_steps(
            raised.n_qubits, raised.steps, raised.parameters, name=func.name
        )
        result._observations = list(raised.observations)
        return result

    @staticmethod
    def of_steps(
        n_qubits: int, steps: Sequence[Instruction], parameters: ParameterTable, *, name: str
    ) -> QuantumCircuit:
        """A circuit of finished steps whose angles use the given parameters; it observes nothing.

        For readers of other formats: wires and angles are taken as they are.
        """
        result = QuantumCircuit(n_qubits, name=name)
        result._steps, result.parameter_table = list(steps), parameters
        result._bits = {step.bit: None for step in result._steps if step.bit}
        return result

    def to_text(self) -> str:
        """The circuit as IR text."""
        return str(self.to_module())

    @staticmethod
    def from_text(text: str, file: str = "<text>") -> QuantumCircuit:
        """Read IR text. Raises `QStoreError` with every problem found."""
        from q_store.qir.parser import parse_module

        return QuantumCircuit.from_ir(parse_module(text, file))

    def save(self, path: str | Path) -> None:
        """Write the circuit as IR text, UTF-8. Raises `QS341` when the file cannot be written."""
        text = self.to_text()
        _with_file(path, lambda: Path(path).write_text(text, encoding="utf-8"))

    @staticmethod
    def load(path: str | Path) -> QuantumCircuit:
        """Read a file of IR text. Raises `QS341` when it cannot be read."""
        text = _with_file(path, lambda: Path(path).read_text(encoding="utf-8"))
        return QuantumCircuit.from_text(str(text), str(path))

    # --- drawing ------------------------------------------------------------------------------

    def draw(self, format: str = "text", *, width: int | None = None) -> str:
        """A drawing as text, or with `format="svg"` as SVG.

        Text is folded at `width` columns: by default the terminal's, 0 for never. Raises `QS328`.
        """
        from q_store.frontends import drawing
        from q_store.frontends.drawing.layout import lay_out

        if format not in ("text", "svg"):
            raise error("QS328", f"unknown drawing format {format!r}", help="use 'text' or 'svg'")
        layout = lay_out(self._n_qubits, self._steps, self._observations)
        if format == "svg":
            return drawing.draw_svg(layout)
        return drawing.draw_text(layout, get_terminal_size().columns if width is None else width)

    def __str__(self) -> str:
        return self.draw()

    def _repr_html_(self) -> str:
        return self.draw("svg")


def _with_file(path: str | Path, action: Callable[[], object]) -> object:
    try:
        return action()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise error("QS341", f"cannot use the file {path}: {reason}") from problem


__all__ = ["Instruction", "QuantumCircuit", "StoredAngle", "UnknownGate"]
