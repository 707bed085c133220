"""Runs of one-qubit gates: exact as pulses, never longer than needed, affine in parameters."""

from math import pi
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.passes.ionq.axes import choose_axes
from q_store.passes.ionq.turns import Run, about_y, about_z, euler, times
from q_store.passes.ionq.weyl import pair_form
from q_store.qir.angle import Angle
from q_store.qir.registry import all_gates
from q_store.qir.types import F64
from q_store.qir.unitary import steps_matrix
from q_store.qir.values import Value

ONE_WIRE = [name for name, row in all_gates().items() if row.wires == 1]
SPECIAL = st.sampled_from([0.0, pi / 2, pi, -pi / 2, -pi, 2 * pi, 3 * pi, -4 * pi, pi / 4])
NUMBERS = st.one_of(SPECIAL, st.floats(-7, 7))
THETA, PHI = Value(F64, "theta"), Value(F64, "phi")
SYMBOLS = st.builds(
    lambda const, a, b: const + a * Angle.of(THETA) + b * Angle.of(PHI),
    NUMBERS,
    st.sampled_from([1.0, -1.0, 0.5, 0.0]),
    st.sampled_from([0.0, 0.0, 1.0, -2.0]),
)


def gates(angles: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def with_angles(name: str) -> st.SearchStrategy[Any]:
        count = len(all_gates()[name].angle_names)
        return st.tuples(st.just(name), st.tuples(*[angles] * count))

    return st.lists(st.sampled_from(ONE_WIRE).flatmap(with_angles), max_size=6)


def number(angle: Any) -> float:
    known = {(THETA, ()): 0.731, (PHI, ()): -2.113}
    return angle.evaluate(known) if isinstance(angle, Angle) else float(angle)


def matrix(steps: list[tuple[str, tuple[Any, ...]]]) -> Any:
    return steps_matrix([(name, (0,), tuple(map(number, a))) for name, a in steps], 1)


def played(run: Run) -> Any:
    pulses, rest, phase = run.emit()
    return matrix([*[(name, (angle,)) for name, angle in pulses], ("rz", (rest,))]) * np.exp(
        1j * number(phase)
    )


def run_of(steps: list[tuple[str, tuple[Any, ...]]]) -> Run:
    run = Run()
    for name, angles in steps:
        run.add(name, angles)
    return run


@given(gates(NUMBERS))
def test_numeric_runs_are_exact_and_take_two_pulses_at_most(steps: Any) -> None:
    run = run_of(steps)
    assert np.allclose(played(run), matrix(steps), atol=1e-9)
    assert run.pulses() == len(run.emit()[0]) <= 2


@given(gates(SYMBOLS))
def test_symbolic_runs_are_exact(steps: Any) -> None:
    run = run_of(steps)
    assert np.allclose(played(run), matrix(steps), atol=1e-9)
    assert run.pulses() == len(run.emit()[0])


@given(gates(SYMBOLS))
def test_a_run_is_its_core_between_z_rotations(steps: Any) -> None:
    run = run_of(steps)
    first, core, last = run.strip()
    again = Run(core).extended((first,), (last,))
    again.phase = run.phase
    assert np.allclose(played(again), matrix(steps), atol=1e-9)


@given(*[NUMBERS] * 3)
def test_euler_angles_are_exact(a: float, b: float, c: float) -> None:
    turn = times(about_z(a), times(about_y(b), about_z(c)))
    x, y, z = euler(turn)
    assert np.allclose(times(about_z(x), times(about_y(y), about_z(z))), turn, atol=1e-9)
    assert 0 <= y <= pi


T = Angle.of(THETA)


@pytest.mark.parametrize(
    ("steps", "pulses"),
    [
        ([], 0),
        ([("rz", (0.3,))], 0),
        ([("rz", (T,))], 0),
        ([("t", ()), ("s", ())], 0),
        ([("x", ())], 1),
        ([("h", ())], 1),
        ([("h", ()), ("h", ())], 0),
        ([("u", (0.3, 0.4, 0.5))], 2),
        ([("rx", (T,))], 2),
        ([("u", (T, T, T))], 2),
        ([("h", ()), ("rz", (T,)), ("h", ())], 2),
        ([("x", ()), ("rz", (T,)), ("x", ())], 0),
        ([("rx", (T,)), ("x", ()), ("rx", (-T,))], 1),
        ([("rx", (T,)), ("rx", (-T,))], 0),
        ([("rx", (T,)), ("rx", (2 * T,))], 2),
        ([("ry", (T,)), ("rz", (T,)), ("h", ())], 3),
    ],
    ids=str,
)
def test_known_counts(steps: Any, pulses: int) -> None:
    run = run_of(steps)
    assert run.pulses() == pulses
    assert np.allclose(played(run), matrix(steps), atol=1e-9)


@pytest.mark.parametrize(
    ("runs", "total"),
    [
        # RXX alone, RZZ alone, a mixer between RZZ after Hadamards, a generic rotation between.
        (["frame", "unframe"], 0),
        (["", ""], 2),
        (["h", "rx", "rx", "h"], 0),
        (["h", "rx", "rx", ""], 1),
        (["", "", "", ""], 2),
        (["generic", "generic", "generic"], 4),
    ],
)
def test_axes_leave_few_pulses(runs: list[str], total: int) -> None:
    gates = {
        "frame": [("ry", (-pi / 2,))],
        "unframe": [("ry", (pi / 2,))],
        "h": [("h", ())],
        "rx": [("rx", (T,))],
        "generic": [("u", (0.3, 0.4, 0.5))],
        "": [],
    }
    made = [run_of(gates[name]) for name in runs]
    alphas = choose_axes(made)
    assert len(alphas) == len(runs) - 1
    count = 0
    for place, run in enumerate(made):
        whole = Run()
        if place:
            whole.add("ry", (-pi / 2,))
            whole.rz(-alphas[place - 1])
        for part in run.parts:
            whole.turn(part) if isinstance(part, tuple) else whole.rz(part)
        if place < len(alphas):
            whole.rz(alphas[place])
            whole.add("ry", (pi / 2,))
        count += whole.pulses()
    assert count == total


def unitary(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0]


@given(st.integers(0, 10_000))
def test_random_unitaries_of_a_pair_take_three_entanglers(seed: int) -> None:
    wanted = unitary(seed)
    form = pair_form(wanted)
    assert form is not None
    assert form.entanglers == 3
    assert np.allclose(steps_matrix(form.steps, 2), wanted, atol=1e-8)


@pytest.mark.parametrize(
    ("name", "angles", "entanglers"),
    [
        ("cx", (), 1),
        ("swap", (), 0),
        ("iswap", (), 1),
        ("dcx", (), 1),
        ("sqrt_iswap", (), 2),
        ("rzz", (0.3,), 1),
        ("rzz", (pi,), 0),
        ("cu3", (0.3, 0.4, 0.5), 1),
        ("fsim", (0.3, 0.4), 3),
        ("givens", (0.3,), 2),
        ("swappow", (0.5,), 3),
    ],
)
def test_known_unitaries_of_a_pair(name: str, angles: Any, entanglers: int) -> None:
    wanted = all_gates()[name].matrix(*angles)
    form = pair_form(wanted)
    assert form is not None
    assert form.entanglers == entanglers
    assert np.allclose(steps_matrix(form.steps, 2), wanted, atol=1e-8)
