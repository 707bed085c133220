"""Hypothesis strategies for angles, ops and whole functions.

Gates are drawn from the gate table, so a new row is covered without a change here. Uniformly random
circuits hardly ever give a peephole pass anything to do, so circuits are biased towards
redundancy: ops are repeated, inverted, echoed and given with exchanged wires. A circuit is drawn as
a flat list of instructions, which shrinks well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import factorial, pi
from typing import TYPE_CHECKING, Any, Final

try:
    from hypothesis import strategies as st
except ImportError as problem:
    raise ImportError(
        "q_store.testing.strategies needs Hypothesis: pip install 'q-store[dev]'"
    ) from problem

from q_store.qir import dialects
from q_store.qir.angle import Angle, Ref
from q_store.qir.builder import FuncBuilder
from q_store.qir.channels import kraus_numbers
from q_store.qir.func import Func, element_refs
from q_store.qir.observables import Expval, Observation, PauliSum, Probs, Sample, State
from q_store.qir.ops import Gate, Op, Region
from q_store.qir.registry import all_gates, table_cache
from q_store.qir.types import QUBIT, f64
from q_store.qir.values import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPECIAL: Final = (0.0, *(k * pi / 4 for k in range(-16, 17) if k), 2 * pi + 1e-6, -2 * pi - 1e-6)
"""Numbers at which something happens: multiples of pi/4 through two periods, and neighbours."""

_WEIGHTS: Final = {
    **dict.fromkeys(("x", "z", "h", "s", "sdg", "rx", "ry", "p", "cz", "rzz", "crz", "ccx"), 4),
    **{"rz": 8, "cx": 16, "swap": 2},
}
"""How often common gates are drawn, in relation to the others."""
_SCALARS: Final = ("affine", "sin", "cos", "tanh", "mul", "div", "abs", "atan2")
_COEFS: Final = (1.0, 1.0, -1.0, 2.0, -0.5, 0.3)


@dataclass(frozen=True, slots=True)
class AngleSpec:
    """An affine angle over parameters that do not exist yet: positions in a list of refs."""

    const: float
    terms: tuple[tuple[float, int], ...] = ()

    def angle(self, refs: Sequence[Ref]) -> Angle:
        """The angle over these refs; a number when there are none."""
        if not refs:
            return Angle(self.const)
        return Angle.sum(self.const, [(refs[at % len(refs)], coef) for coef, at in self.terms])


@dataclass(frozen=True, slots=True)
class Instruction:
    """One step of building a circuit."""

    kind: str
    row: Gate
    code: int
    """Decides wires, or which earlier op is meant; any number has a meaning."""
    angles: tuple[AngleSpec, ...]
    probability: float = 0.0
    body: tuple[Instruction, ...] = ()


def numbers() -> st.SearchStrategy[float]:
    """Constant angles: special values and generic ones, all within two periods of zero or so."""
    return st.one_of(
        st.sampled_from(SPECIAL),
        st.integers(-15_000, 15_000).map(lambda k: k / 1000.0),
    )


@cache
def angle_specs() -> st.SearchStrategy[AngleSpec]:
    """Numbers, single parameters, scaled and shared ones, sums."""
    term = st.tuples(st.sampled_from(_COEFS), st.integers(0, 9))
    symbolic = st.builds(
        AngleSpec,
        st.sampled_from((0.0, 0.0, 0.5, pi)),
        st.lists(term, min_size=1, max_size=2).map(tuple),
    )
    return st.one_of(st.builds(AngleSpec, numbers()), symbolic)


def angles(refs: Sequence[Ref] = ()) -> st.SearchStrategy[Angle]:
    """Affine angles over some refs; numbers only when there are none."""
    return angle_specs().map(lambda spec: spec.angle(refs))


@table_cache
def gate_rows(max_wires: int, names: tuple[str, ...] = ()) -> tuple[Gate, ...]:
    """Every gate on at most this many wires, common ones several times; only the named ones when
    there are names."""
    rows = [all_gates()[name] for name in names] or list(all_gates().values())
    rows = [row for row in rows if (row.wires or 0) <= max_wires]
    return tuple([row for row in rows for _ in range(_WEIGHTS.get(row.mnemonic, 1))])


# Building a strategy costs more than drawing from it, so those drawn from often are kept.


@cache
def _several_angles(count: int) -> st.SearchStrategy[tuple[AngleSpec, ...]]:
    return st.tuples(*[angle_specs()] * count)


_CODES: Final = st.integers(0, 5039)
_RATES: Final = st.sampled_from((0.0, 0.05, 0.3))


@cache
def instructions(
    rows: tuple[Gate, ...], kinds: tuple[str, ...], depth: int = 0
) -> st.SearchStrategy[Instruction]:
    """One instruction about these rows; `if` has a body of instructions of its own."""
    kind_strategy, row_strategy = st.sampled_from(kinds), st.sampled_from(rows)
    body_strategy: st.SearchStrategy[list[Instruction]] = st.just([])
    if "if" in kinds and depth < 2:
        body_strategy = st.lists(instructions(rows, kinds, depth + 1), max_size=3)

    @st.composite
    def instruction(draw: st.DrawFn) -> Instruction:
        kind, row = draw(kind_strategy), draw(row_strategy)
        specs = draw(_several_angles(len(row.angle_names)))
        rate = draw(_RATES) if kind == "noise" else 0.0
        body = draw(body_strategy) if kind == "if" else []
        return Instruction(kind, row, draw(_CODES), specs, rate, tuple(body))

    return instruction()


REDUNDANT: Final = (*["gate"] * 8, *["exchange"] * 3, *("repeat", "split", "invert", "echo") * 2)
MID_CIRCUIT: Final = ("measure", "reset", "if")


def pick_wires(code: int, count: int, wires: int) -> list[int]:
    """`count` distinct wires out of `wires`; every choice in every order has a code."""
    left = list(range(wires))
    code %= factorial(wires)
    chosen = []
    for size in range(wires, wires - count, -1):
        code, at = divmod(code, size)
        chosen.append(left.pop(at))
    return chosen


class _Writer:
    """Carries out instructions on a builder."""

    def __init__(self, builder: FuncBuilder, refs: list[Ref], bits: list[Value]) -> None:
        self.builder = builder
        self.refs = refs
        self.bits = bits
        self.done: list[tuple[Gate, list[int], tuple[Angle, ...]]] = []

    def write(self, step: Instruction) -> None:
        getattr(self, f"write_{step.kind}")(step)

    def gate(self, row: Gate, wires: list[int], own: tuple[Angle, ...]) -> None:
        if len(wires) <= len(self.builder.wires):
            self.builder.gate(row, wires, own)
            self.done.append((row, wires, own))

    def write_gate(self, step: Instruction) -> None:
        available, needed = len(self.builder.wires), step.row.wires or 0
        if needed <= available:
            wires = pick_wires(step.code, needed, available)
            self.gate(step.row, wires, tuple([spec.angle(self.refs) for spec in step.angles]))

    def write_repeat(self, step: Instruction) -> None:
        """An earlier gate again."""
        if not self.done:
            return self.write_gate(step)
        self.gate(*self.done[-1 - step.code % len(self.done)])

    def write_split(self, step: Instruction) -> None:
        """A recent gate again with other angles."""
        if not self.done:
            return self.write_gate(step)
        row, wires, own = self.done[-1 - step.code % min(len(self.done), 4)]
        self.gate(row, wires, tuple([angle * 0.5 - 0.25 for angle in own]))

    def write_invert(self, step: Instruction) -> None:
        """The inverse of a recent gate."""
        if not self.done:
            return self.write_gate(step)
        self.invert(*self.done[-1 - step.code % min(len(self.done), 4)])

    def write_exchange(self, step: Instruction) -> None:
        """The inverse of a recent gate, on its wires in another order."""
        recent = [entry for entry in self.done[-4:] if len(entry[1]) > 1]
        if not recent:
            return self.write_gate(step)
        row, wires, own = recent[step.code % len(recent)]
        first = step.code % (len(wires) - 1)
        wires = [*wires[:first], wires[first + 1], wires[first], *wires[first + 2 :]]
        self.invert(row, wires, own)

    def write_echo(self, step: Instruction) -> None:
        """Undo the last few gates, last one first."""
        if not self.done:
            return self.write_gate(step)
        for row, wires, own in reversed(self.done[-1 - step.code % 3 :]):
            self.invert(row, wires, own)

    def invert(self, row: Gate, wires: list[int], own: tuple[Angle, ...]) -> None:
        for name, at, numbers in row.inverse(*own):
            self.gate(
                all_gates()[name], [wires[place] for place in at], tuple(map(_angle, numbers))
            )

    def write_barrier(self, step: Instruction) -> None:
        wires = len(self.builder.wires)
        if wires:
            chosen = pick_wires(step.code, 1 + step.code % wires, wires)
            self.builder.gate(dialects.BARRIER, chosen)

    def write_measure(self, step: Instruction) -> None:
        if self.builder.wires:
            self.bits.append(self.builder.measure(step.code % len(self.builder.wires)))

    def write_reset(self, step: Instruction) -> None:
        if self.builder.wires:
            self.builder.gate(dialects.RESET, [step.code % len(self.builder.wires)])

    def write_noise(self, step: Instruction) -> None:
        row = _CHANNELS[step.code % len(_CHANNELS)]
        needed, wires = row.wires or 0, len(self.builder.wires)
        if needed <= wires:
            self.builder.gate(row, pick_wires(step.code, needed, wires), _numbers_of(row, step))

    def write_if(self, step: Instruction) -> None:
        wires = len(self.builder.wires)
        if not self.bits or not wires:
            return self.write_gate(step)
        at = pick_wires(step.code, 1 + step.code % wires, wires)
        cut = len(step.body) // 2
        regions = (self.region(step.body[cut:], at), self.region(step.body[:cut], at))
        taken = tuple([self.builder.wires[wire] for wire in at])
        given = tuple([Value(QUBIT, wire.name) for wire in taken])
        bit = self.bits[step.code % len(self.bits)]
        self.builder.append(Op(dialects.IF, (bit, *taken), (), given, regions=regions))
        for wire, value in zip(at, given, strict=True):
            self.builder.wires[wire] = value

    def region(self, steps: Sequence[Instruction], at: Sequence[int]) -> Region:
        inner = FuncBuilder("body", 0)
        inner.wires = [Value(QUBIT, self.builder.wires[wire].name) for wire in at]
        args = tuple(inner.wires)
        writer = _Writer(inner, list(self.refs), list(self.bits))
        for step in steps:
            writer.write(step)
        body = inner.finish()
        return Region(args, body.ops, body.results)


_CHANNELS: Final = (*dialects.NOISE, *dialects.KRAUS[:2])


def _numbers_of(row: dialects.Channel, step: Instruction) -> Sequence[float]:
    """Probabilities, the same for each, or the Kraus operators of some channel."""
    if not isinstance(row, dialects.Listed):
        count = len(row.angle_names)
        return [step.probability / (1 if count < 4 else count)] * count
    return kraus_numbers(random_kraus(row.wires or 1, 1 + step.code % 3, step.code))


def random_kraus(wires: int, count: int, seed: int) -> NDArray[np.complex128]:
    """Kraus operators (count, 2**wires, 2**wires) of a channel: the blocks of a random isometry."""
    import numpy as np

    random, size = np.random.default_rng(seed), 1 << wires
    real, imaginary = random.normal(size=(2, count * size, size))
    blocks: NDArray[np.complex128] = np.linalg.qr(real + 1j * imaginary)[0]
    return blocks.reshape(count, size, size)


def _angle(number: Any) -> Angle:
    return number if isinstance(number, Angle) else Angle(float(number))


def some_of(wires: int, least: int) -> st.SearchStrategy[tuple[int, ...]]:
    """At most two different wires."""
    wire = st.integers(0, max(wires - 1, 0))
    most = min(wires, 2)
    return st.lists(wire, unique=True, min_size=least, max_size=most).map(tuple)


def _expval(terms: Sequence[tuple[float, tuple[int, ...], str]]) -> Observation:
    return Expval(
        PauliSum.of(
            (coef, tuple(sorted(zip(at, letters, strict=False)))) for coef, at, letters in terms
        )
    )


@st.composite
def observations(draw: st.DrawFn, wires: int) -> tuple[Observation, ...]:
    """One to three observations of some wires; the whole state now and then."""
    word = st.tuples(
        st.sampled_from((1.0, -0.5)), some_of(wires, 0), st.sampled_from(("ZZ", "ZX", "YZ", "XX"))
    )
    kinds: list[st.SearchStrategy[Observation]] = [st.lists(word, min_size=1).map(_expval)] * 3
    if wires:
        some = some_of(wires, 1)
        kinds += [some.map(Probs), some.map(Sample), st.just(State())]
    return tuple(draw(st.lists(st.one_of(*kinds), min_size=1, max_size=3)))


@cache
def _wire_counts(least: int, most: int) -> st.SearchStrategy[int]:
    """Mostly two and more wires, one or none now and then."""
    return st.sampled_from([n for n in range(least, most + 1) for _ in range(3 if n > 1 else 1)])


@st.composite
def circuits(
    draw: st.DrawFn,
    *,
    min_qubits: int = 1,
    max_qubits: int = 4,
    max_ops: int = 16,
    parameters: bool = True,
    scalars: bool = True,
    mid_circuit: bool = False,
    noise: bool = False,
    observed: bool | None = None,
    gates: tuple[str, ...] = (),
    max_gate_wires: int = 3,
) -> Func:
    """Functions `@main` over the whole gate table.

    `parameters` gives them `%x: f64[2] input`, `%w: f64[2,2]` and `%theta`; `scalars` adds
    classical ops; `mid_circuit` measurements, resets and `q.if`; `noise` channels. With `observed`
    they end in `m.observe`, without in wires, of their own or taken as arguments; `None` draws.
    `gates` are the mnemonics to use, all by default; there are qubits for one of them at least.
    """
    narrowest = min([row.wires or 0 for row in gate_rows(max_gate_wires, gates)], default=0)
    wires = draw(_wire_counts(max(min_qubits, narrowest), max_qubits))
    builder = FuncBuilder("main", wires)
    refs: list[Ref] = []
    if parameters and draw(st.booleans()):
        refs = _parameters(builder)
        if scalars:
            for name, first, second in draw(st.lists(_scalar_specs(), max_size=2)):
                _write_scalar(builder, refs, name, first, second)
    kinds = (*REDUNDANT, "barrier") + MID_CIRCUIT * 3 * mid_circuit + ("noise",) * 2 * noise
    writer = _Writer(builder, refs, [])
    if draw(st.booleans()):
        # Many mistakes do not show on |0>.
        for wire in range(wires):
            builder.gate("ry", [wire], [0.7 + 0.4 * wire])
    # Left to themselves, lists are so short that nothing happens in most of them.
    least = draw(st.sampled_from((0, max_ops // 4, max_ops // 2, max_ops // 2)))
    step = instructions(gate_rows(min(wires, max_gate_wires), gates), kinds)
    for each in draw(st.lists(step, min_size=least, max_size=max_ops)):
        writer.write(each)
    if draw(st.booleans()) if observed is None else observed:
        return builder.finish(draw(observations(wires)))
    return _with_own_wires(builder.finish(), draw(st.integers(0, 5039)))


def _parameters(builder: FuncBuilder) -> list[Ref]:
    values = (
        builder.param("x", f64(2), "input"),
        builder.param("w", f64(2, 2)),
        builder.param("theta"),
    )
    return [ref for value in values for ref in element_refs(value)]


def _scalar_specs() -> st.SearchStrategy[tuple[str, AngleSpec, AngleSpec]]:
    return st.tuples(st.sampled_from(_SCALARS), angle_specs(), angle_specs())


def _write_scalar(
    builder: FuncBuilder, refs: list[Ref], name: str, first: AngleSpec, second: AngleSpec
) -> None:
    arguments = [first.angle(refs)]
    if name == "div":
        arguments.append(Angle(second.const or 1.0))
    elif name in ("mul", "atan2"):
        arguments.append(second.angle(refs))
    refs.append((builder.scalar(name, arguments), ()))


def _with_own_wires(func: Func, code: int) -> Func:
    """For half of the codes, the allocated wires become arguments and return in another order."""
    if code % 2 or not func.ops or func.ops[0].defn is not dialects.ALLOC:
        return func
    fresh = func.ops[0].results
    order = pick_wires(code // 2, len(func.results), len(func.results))
    return func.replace(
        args=(*func.args, *fresh),
        roles=(*func.roles, *[None] * len(fresh)),
        ops=func.ops[1:],
        results=tuple([func.results[place] for place in order]),
    )
