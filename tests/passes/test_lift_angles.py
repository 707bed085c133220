"""Slots: one per symbolic angle, each read once."""

from collections import Counter

from hypothesis import given

from q_store.passes.context import Context
from q_store.passes.lift_angles import LiftAngles
from q_store.passes.manager import run_pipeline
from q_store.qir.angle import Angle
from q_store.qir.func import Func, Module
from q_store.qir.ops import Gate
from q_store.testing.strategies import circuits


def lift(func: Func) -> Func:
    return LiftAngles().on_func(func, Context())


@given(circuits())
def test_every_symbolic_angle_is_one_slot_read_once(func: Func) -> None:
    lifted = lift(func)
    slots = {op.results[0]: op for op in lifted.ops if op.defn.name == "f.affine"}
    reads = Counter[object]()
    for op in lifted.ops:
        if isinstance(op.defn, Gate):
            for angle in op.angles:
                if not angle.is_const:
                    ((value, index), coef) = angle.terms[0]
                    assert angle == Angle.of(value)
                    assert (index, coef) == ((), 1.0)
                    assert value in slots
                    reads[value] += 1
    assert all(count == 1 for count in reads.values())


@given(circuits())
def test_gates_stay_and_numbers_stay(func: Func) -> None:
    before, after = list(func.gates), list(lift(func).gates)
    assert [op.defn for op in before] == [op.defn for op in after]
    for old, new in zip(before, after, strict=True):
        assert old.results == new.results
        for angle, lifted in zip(old.angles, new.angles, strict=True):
            assert angle.is_const == lifted.is_const
            assert not angle.is_const or angle == lifted


@given(circuits())
def test_optimising_afterwards_keeps_slots_apart(func: Func) -> None:
    lifted = lift(func)
    again = run_pipeline("canonicalize,lift-angles", Module((lifted,)))
    assert run_pipeline("lift-angles", again) is again
