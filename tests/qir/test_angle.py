"""Angles obey the laws of affine forms and survive their own text."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.qir.angle import ZERO, Angle, Ref, as_angle, format_angle
from q_store.qir.parser import parse_module
from q_store.qir.types import F64, f64
from q_store.qir.values import Value

X, V, M = Value(F64, "x"), Value(f64(3), "v"), Value(f64(2, 2), "m")
REFS: list[Ref] = [(X, ()), (V, (0,)), (V, (2,)), (M, (0, 1)), (M, (1, 0))]

modest = st.floats(-1e3, 1e3)
finite = st.floats(allow_nan=False, allow_infinity=False)


def angles(numbers: st.SearchStrategy[float]) -> st.SearchStrategy[Angle]:
    """Angles over `REFS`, repeated refs and zero coefficients included."""
    terms = st.lists(st.tuples(st.sampled_from(REFS), numbers), max_size=6)
    return st.builds(Angle.sum, numbers, terms).filter(is_finite)


def is_finite(angle: Angle) -> bool:
    return all(math.isfinite(coef) for _, coef in angle.terms)


points = st.lists(modest, min_size=len(REFS), max_size=len(REFS)).map(
    lambda numbers: dict(zip(REFS, numbers, strict=True))
)


def close(left: float, right: float) -> bool:
    return math.isclose(left, right, rel_tol=1e-9, abs_tol=1e-3)


def is_canonical(angle: Angle) -> bool:
    keys = [(ref[0].serial, ref[1]) for ref, _ in angle.terms]
    return keys == sorted(set(keys)) and all(coef != 0.0 for _, coef in angle.terms)


@given(angles(modest), angles(modest), modest, points)
def test_arithmetic_is_that_of_the_numbers(
    a: Angle, b: Angle, factor: float, at: dict[Ref, float]
) -> None:
    x, y = a.evaluate(at), b.evaluate(at)
    assert close((a + b).evaluate(at), x + y)
    assert close((a - b).evaluate(at), x - y)
    assert close((-a).evaluate(at), -x)
    assert close((a * factor).evaluate(at), x * factor)
    assert close((factor * a).evaluate(at), x * factor)
    assert close((a + factor).evaluate(at), x + factor)
    assert close((factor - a).evaluate(at), factor - x)
    assert close((a / 4).evaluate(at), x / 4)


@given(angles(modest), angles(modest))
def test_ring_laws_that_hold_exactly(a: Angle, b: Angle) -> None:
    assert a + b == b + a
    assert a + ZERO == a
    assert a - a == ZERO
    minus = -a
    assert -minus == a
    assert a * 2 == a + a
    assert a * 0 == ZERO
    assert hash(a + b) == hash(b + a)


@given(angles(finite), angles(finite), finite)
def test_results_are_canonical(a: Angle, b: Angle, factor: float) -> None:
    for result in (a, a + b, a - b, -a, a * factor, a + factor, a * 1e-200 * 1e-200):
        assert is_canonical(result)
        assert type(result.const) is float
        assert all(type(coef) is float for _, coef in result.terms)


@given(angles(modest), points)
def test_substituting_numbers_is_evaluating(a: Angle, at: dict[Ref, float]) -> None:
    bound = a.map_refs(lambda ref: at[ref])
    assert bound.is_const
    assert close(bound.const, a.evaluate(at))


@given(angles(modest), angles(modest), points)
def test_substituting_an_angle(a: Angle, inner: Angle, at: dict[Ref, float]) -> None:
    value = a.map_refs(lambda ref: inner).evaluate(at)
    expected = a.const + sum(coef * inner.evaluate(at) for _, coef in a.terms)
    assert math.isclose(value, expected, rel_tol=1e-6, abs_tol=1e-2)


def read(text: str) -> Angle:
    """The angle a text stands for, its values exchanged for those of this file."""
    module = parse_module(
        f"qir 1\nfunc @f(%x: f64, %v: f64[3], %m: f64[2,2]) {{\n  q.phase({text})\n  return\n}}\n"
    )
    here = {"x": X, "v": V, "m": M}
    angle = module.main.ops[0].angles[0]
    return Angle.sum(angle.const, [((here[ref[0].name], ref[1]), c) for ref, c in angle.terms])


@given(angles(finite))
def test_text_reads_back_exactly(a: Angle) -> None:
    text = format_angle(a, lambda value: f"%{value.name}")
    assert read(text) == a
    assert repr(a) == text


@pytest.mark.parametrize(
    ("text", "angle"),
    [
        ("0.5", as_angle(0.5)),
        ("-1e-3", as_angle(-0.001)),
        (".5 + 2.", as_angle(2.5)),
        ("-%x", -Angle.of(X)),
        ("1 - %x - 2*%v[2]", 1 - Angle.of(X) - 2 * Angle.of(V, 2)),
        ("1 -2*%x -3", -2 - 2 * Angle.of(X)),
        ("%x - %x", ZERO),
        ("0*%x", ZERO),
        ("%m[1,0] + %m[1,0]", 2 * Angle.of(M, 1, 0)),
    ],
)
def test_spellings_people_write(text: str, angle: Angle) -> None:
    assert read(text) == angle


def test_numpy_scalars_leave_no_trace() -> None:
    half = np.float64(0.5)
    made = [
        Angle.of(X) * half + half,
        half * Angle.of(X) + half,
        Angle.of(X) / np.float64(2) + half,
    ]
    made += [Angle.of(X) * np.float32(0.5) + np.float32(0.5), Angle.sum(half, [((X, ()), half)])]
    assert {repr(angle) for angle in made} == {"0.5*%x + 0.5"}


def test_minus_zero_prints_as_zero() -> None:
    assert repr(as_angle(-0.0)) == "0.0"
    assert repr(ZERO * -1.0) == "0.0"


def test_products_of_angles_are_refused() -> None:
    with pytest.raises(TypeError):
        Angle.of(X) * Angle.of(X)
    with pytest.raises(TypeError):
        Angle.of(X) + "1"
    assert Angle.of(X) * as_angle(2.0) == as_angle(2.0) * Angle.of(X) == 2 * Angle.of(X)


def test_predicates() -> None:
    assert ZERO.is_zero
    assert as_angle(1).is_const
    assert not as_angle(1e-300).is_zero
    assert not Angle.of(X).is_const
    assert Angle.of(X) != "x"


@pytest.mark.parametrize("twin", [copy.deepcopy, lambda part: pickle.loads(pickle.dumps(part))])
def test_copies_are_canonical_for_their_new_values(twin) -> None:
    angle = Angle.of(V, 1) + Angle.of(X)
    hash(angle)
    (v, x), copied = twin(((V, X), angle))
    assert is_canonical(copied)
    again = Angle.of(x) + Angle.of(v, 1)
    assert copied == again
    assert hash(copied) == hash(again)
