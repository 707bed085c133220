"""Symbols: arithmetic against Python numbers, arrays, names, and what is refused."""

import copy
import math
import operator
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.frontends.arrays import MAX_GROWN
from q_store.frontends.expr import Call, Expr, Ref
from q_store.frontends.symbols import array, matrix, parse_symbol, scalar, vector
from q_store.qir.diagnostics import QStoreError

VALUES = {"a": 0.7, "b": -1.3, "x[0]": 0.25, "x[1]": 2.5}
LEAVES = {"a": scalar("a"), "b": scalar("b"), "x[0]": vector("x")[0], "x[1]": vector("x", 2)[1]}
NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.floats(-5, 5).map(lambda v: round(v, 3)),
    st.sampled_from([np.float64(-1.5), np.int64(2), np.array(0.75)]),
)

Pair = tuple[Any, float]
"""An expression, and the number it must have."""


def leaf(name: str) -> Pair:
    return LEAVES[name], VALUES[name]


UNARY: list[Callable[[Any], Any]] = [
    operator.neg,
    operator.pos,
    abs,
    lambda v: v**2,
    lambda v: v**3,
    lambda v: v / 2,
    lambda v: (np.pi - v) ** 2,
    np.sin,
    np.cos,
    np.tanh,
    np.arctan,
    np.square,
    np.negative,
    np.deg2rad,
    np.degrees,
    np.absolute,
]
BINARY: list[Callable[[Any, Any], Any]] = [
    operator.add,
    operator.sub,
    operator.mul,
    np.add,
    np.subtract,
    np.multiply,
    np.arctan2,
    lambda v, w: v / (w * w + 1),
    lambda v, w: np.divide(v, 2 + np.cos(w)),
    lambda v, w: (v * v + 1) ** (w / 4),
]


def pairs() -> st.SearchStrategy[Pair]:
    """Trees of operations, built twice: once of symbols and once of their values."""
    leaves = st.one_of(
        st.sampled_from(sorted(VALUES)).map(leaf), NUMBERS.map(lambda v: (v, float(v)))
    )
    trees = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(lambda f, p: (f(p[0]), f(p[1])), st.sampled_from(UNARY), inner),
            st.builds(
                lambda f, p, q: (f(p[0], q[0]), f(p[1], q[1])),
                st.sampled_from(BINARY),
                inner,
                inner,
            ),
        ),
        max_leaves=6,
    )
    return trees.filter(lambda pair: isinstance(pair[0], Expr))


@given(pairs())
def test_expressions_have_the_value_python_computes(pair: Pair) -> None:
    expr, value = pair
    assert expr.evaluate(VALUES) == pytest.approx(float(value), rel=1e-9, abs=1e-9)


@given(pairs())
def test_expressions_survive_pickle_and_deepcopy(pair: Pair) -> None:
    expr = pair[0]
    for twin in (pickle.loads(pickle.dumps(expr)), copy.deepcopy(expr)):
        assert twin == expr
        assert hash(twin) == hash(expr)


def test_affine_arithmetic_stays_affine() -> None:
    x, w = vector("x"), vector("w")
    expr = 2 * x[0] + w[1] - (x[0] - 1) / 2
    assert repr(expr) == "1.5*x[0] + w[1] + 0.5"
    assert expr.depth == 0
    assert x[0] + w[1] == w[1] + x[0]
    assert hash(x[0] + w[1]) == hash(w[1] + x[0])
    assert x[0] - x[0] == 0
    assert x[0] != w[0]


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (np.pi * vector("x")[0], "3.141592653589793*x[0]"),
        (vector("x")[0] * vector("x")[1], "x[0]*x[1]"),
        ((1 - scalar("t")) * (2 * scalar("u")), "(-t + 1.0)*(2.0*u)"),
        (1 / scalar("t"), "1.0/t"),
        (scalar("t") ** scalar("u"), "t**u"),
        (scalar("t") ** -1, "1.0/t"),
        (scalar("t") ** 0, "1.0"),
        (scalar("t") ** 0.5, "sqrt(t)"),
        (-np.arctan2(scalar("t"), matrix("w", 2, 2)[1, 0]), "-atan2(t, w[1,0])"),
        (scalar("t") * 0, "0.0"),
        (-scalar("t") - 2, "-t - 2.0"),
    ],
)
def test_expressions_are_readable(expr: Expr, text: str) -> None:
    assert repr(expr) == text


def test_equal_calls_are_one_object_and_shared_parts_stay_small() -> None:
    t = scalar("t")
    assert (np.sin(t) + 1).terms[0][0] is (2 * np.sin(t)).terms[0][0]
    for _ in range(60):
        t = t * t - 0.5
    assert len(repr(t)) < 2000
    assert list(t.refs()) == [Ref("t")]
    assert t.evaluate({"t": 1.0}) == pytest.approx(t.evaluate({"t": -1.0}))
    assert pickle.loads(pickle.dumps(t)) == t


def test_numbers_of_other_kinds() -> None:
    t = scalar("t")
    for half in (np.float32(0.5), np.float16(0.5), np.array(0.5), Fraction(1, 2)):
        assert half * t == t * half == t / 2


def test_torch_functions_mean_the_numpy_ones() -> None:
    import torch

    t = scalar("t")
    assert torch.sin(t) == np.sin(t)
    assert torch.tensor(2.0) * t == 2 * t
    assert t - torch.tensor(2.0) == t - 2


# --- arrays -----------------------------------------------------------------------------------


def test_arrays_without_a_shape_grow_by_the_largest_index() -> None:
    x = vector("x")
    assert x.extent == ()
    assert [repr(x[3]), repr(x[np.int64(1)]), repr(x[..., 2])] == ["x[3]", "x[1]", "x[2]"]
    assert x.extent == (4,)
    w = matrix("w")
    assert repr(w[1][2] + w[0, 4]) == "w[1,2] + w[0,4]"
    assert w.extent == (2, 5)


def test_arrays_with_a_shape() -> None:
    w = matrix("w", 2, 3)
    assert (len(w), w.shape, w.size, w.ndim) == (2, (2, 3), 6, 2)
    assert [repr(e) for row in w for e in row][-1] == "w[1,2]"
    assert repr(w[-1, -1]) == repr(w[1][2]) == repr(w[1:, 2][0]) == "w[1,2]"
    assert repr(list(w[:, ::2][1])) == "[w[1,0], w[1,2]]"
    assert repr(w.reshape(3, 2)[2, 1]) == repr(w.flatten()[5]) == repr(w.reshape(-1)[-1])
    assert repr(array("v", (2, 2, 2))[1, 0, 1]) == "v[1,0,1]"


def test_elementwise_arithmetic_needs_no_size_and_no_numpy_array() -> None:
    x, v = vector("x"), vector("v", 3)
    assert repr((np.pi * x / 2 + 1)[4]) == "1.5707963267948966*x[4] + 1.0"
    assert repr((x * v)[2]) == "x[2]*v[2]"
    assert [repr(e) for e in np.array([1.0, 2.0, 3.0]) * v] == ["v[0]", "2.0*v[1]", "3.0*v[2]"]
    assert repr(np.add(v, (1, scalar("t"), 2))[1]) == "v[1] + t"
    assert repr(np.sin(v)[2]) == "sin(v[2])"
    assert repr((np.ones((2, 2)) * scalar("t"))[1, 1]) == "t"
    assert repr(v @ [1, 2, 3]) == repr([1, 2, 3] @ v) == "v[0] + 2.0*v[1] + 3.0*v[2]"
    assert np.sum(v) == v.sum() == sum(v) == v[0] + v[1] + v[2]


def test_numpy_arrays_of_symbols() -> None:
    v = vector("v", 2)
    objects = np.asarray(v)
    assert objects.dtype == object
    assert list(np.sin(objects)) == list(np.sin(v))
    assert np.dot(np.array([2.0, 3.0]), v) == 2 * v[0] + 3 * v[1]
    assert np.mean(v) == (v[0] + v[1]) / 2


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("theta", Ref("theta")),
        ("θ_1", Ref("θ_1")),
        ("w[3]", Ref("w", (3,))),
        ("w[1,2]", Ref("w", (1, 2))),
        (" w[1][ 2 ] ", Ref("w", (1, 2))),
    ],
)
def test_names_in_text(text: str, ref: Ref) -> None:
    assert parse_symbol(text) == Expr.of(ref)


T, V, OPEN, W = scalar("t"), vector("v", 4), vector("x"), matrix("w", 2, 3)


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("QS307", lambda: T * math.nan),
        ("QS307", lambda: T + math.inf),
        ("QS307", lambda: 1e308 * T * 10),
        ("QS310", lambda: math.sin(T)),
        ("QS310", lambda: float(T)),
        ("QS310", lambda: range(T)),
        ("QS310", lambda: np.asarray(V, dtype=float)),
        ("QS311", lambda: bool(T)),
        ("QS311", lambda: T < 1),
        ("QS311", lambda: np.float64(1) >= T),
        ("QS311", lambda: T == 0.5),
        ("QS311", lambda: max(T, 1)),
        ("QS311", lambda: np.clip(T, 0, 1)),
        ("QS312", lambda: np.floor(T)),
        ("QS312", lambda: np.add.reduce(V)),
        ("QS312", lambda: np.multiply(T, "a")),
        ("QS312", lambda: V * ["a", 1, 2, 3]),
        ("QS312", lambda: np.sum(W, axis=0)),
        ("QS313", lambda: scalar("a b")),
        ("QS313", lambda: vector("")),
        ("QS313", lambda: parse_symbol("2*theta")),
        ("QS313", lambda: parse_symbol("w[-1]")),
        ("QS315", lambda: V[4]),
        ("QS315", lambda: V[-5]),
        ("QS315", lambda: W[0, 3]),
        ("QS315", lambda: W[0, 0, 0]),
        ("QS315", lambda: OPEN[MAX_GROWN]),
        ("QS315", lambda: OPEN[: 10**9]),
        ("QS315", lambda: parse_symbol("w[99999999]")),
        ("QS315", lambda: V[1.0]),
        ("QS315", lambda: V[True]),
        ("QS315", lambda: V[T]),
        ("QS316", lambda: list(OPEN)),
        ("QS316", lambda: len(OPEN)),
        ("QS316", lambda: OPEN[-1]),
        ("QS316", lambda: OPEN[1:]),
        ("QS316", lambda: list(OPEN[0])),
        ("QS316", lambda: np.asarray(OPEN)),
        ("QS316", lambda: sum(OPEN)),
        ("QS317", lambda: V * W),
        ("QS317", lambda: V.reshape(3, 2)),
        ("QS317", lambda: W @ W),
        ("QS317", lambda: vector("v", 0)),
        ("QS320", lambda: (T + 1).evaluate({})),
        ("QS322", lambda: T / 0),
        ("QS322", lambda: np.log(T).evaluate({"t": 0.0})),
        ("QS322", lambda: np.sqrt(T).evaluate({"t": -1.0})),
        ("QS322", lambda: (1 / T).evaluate({"t": 0.0})),
    ],
)
def test_what_symbols_refuse(code: str, action: Callable[[], object]) -> None:
    with pytest.raises(QStoreError) as caught:
        action()
    assert caught.value.code == code


def test_nesting_is_bounded() -> None:
    def nested() -> None:
        expr: Any = scalar("t")
        for _ in range(1000):
            expr = np.sin(expr)

    with pytest.raises(QStoreError) as caught:
        nested()
    assert caught.value.code == "QS318"


def test_complex_numbers_and_text_are_no_operands() -> None:
    for operand in (1j, "a", None, True):
        with pytest.raises((TypeError, QStoreError)):
            T * operand
    assert Call("sin", (T,)) is Call("sin", (scalar("t"),))
