"""The verifier on functions made in memory: one test per rule, with place and message."""

import math
from collections.abc import Callable
from itertools import pairwise

import pytest

from q_store.qir import dialects
from q_store.qir.angle import Angle, as_angle
from q_store.qir.builder import FuncBuilder
from q_store.qir.diagnostics import Diagnostic, QStoreError
from q_store.qir.func import Func, Module
from q_store.qir.location import PythonLocation
from q_store.qir.observables import Expval, PauliSum, Probs, State
from q_store.qir.ops import Op, Region
from q_store.qir.registry import op_def
from q_store.qir.types import BIT, C128, F64, QUBIT, Type, f64
from q_store.qir.values import Value
from q_store.qir.verifier import verify, verify_module

H, X, CX, RX = (op_def(f"q.{name}") for name in ("h", "x", "cx", "rx"))


def qubits(*names: str) -> list[Value]:
    return [Value(QUBIT, name) for name in names]


def func(args: list[Value], ops: list[Op], results: list[Value]) -> Func:
    roles = ["weight" if arg.type.kind == "f64" else None for arg in args]
    return Func("f", tuple(args), tuple(roles), tuple(ops), tuple(results))


def refused(broken: Func) -> Diagnostic:
    with pytest.raises(QStoreError) as caught:
        verify(broken)
    (found,) = caught.value.diagnostics
    assert found.notes[0] == "in function @f"
    return found


def marked(found: Diagnostic) -> str:
    """The op the window of statements points at."""
    (line,) = [note for note in found.notes if note.startswith("> ")]
    return line.removeprefix("> ")


def one_op(op: Callable[[Value], Op]) -> Func:
    """A function that does one op on a qubit and returns the qubits it gives."""
    a = Value(QUBIT, "a")
    made = op(a)
    return func([a], [made], [value for value in made.results if value.type is QUBIT])


def test_wire_used_twice() -> None:
    a, b, c = qubits("a", "b", "c")
    found = refused(func([a], [Op(H, (a,), (), (b,)), Op(X, (a,), (), (c,))], [b, c]))
    assert (found.code, marked(found)) == ("QS201", "op 1: %c = q.x %a")
    assert found.message == "the wire %a is used a second time"


def test_wire_returned_twice() -> None:
    (a,) = qubits("a")
    found = refused(func([a], [], [a, a]))
    assert (found.code, found.message) == ("QS201", "the wire %a is returned a second time")


def test_wire_never_consumed() -> None:
    a, b = qubits("a", "b")
    found = refused(func([a], [Op(H, (a,), (), (b,))], []))
    assert (found.code, found.message) == ("QS202", "the wire %b is never consumed")


def test_value_defined_twice() -> None:
    (a,) = qubits("a")
    found = refused(func([a], [Op(H, (a,), (), (a,))], [a]))
    assert (found.code, found.message) == ("QS203", "%a is defined twice")
    assert marked(found).startswith("op 0")


def test_function_defined_twice() -> None:
    with pytest.raises(QStoreError, match="function @f is defined twice") as caught:
        verify_module(Module((func([], [], []), func([], [], []))))
    assert caught.value.code == "QS203"


def test_used_before_defined() -> None:
    a, b, c = qubits("a", "b", "c")
    found = refused(func([a], [Op(H, (b,), (), (c,)), Op(H, (a,), (), (b,))], [c]))
    assert (found.code, found.message) == ("QS204", "%b is used before it is defined")
    assert refused(func([], [], [a])).message == "%a is returned before it is defined"


def test_parameter_used_before_defined() -> None:
    x = Value(F64, "x")
    found = refused(one_op(lambda a: Op(RX, (a,), (Angle.of(x),), (Value(QUBIT, "b"),))))
    assert (found.code, found.message) == ("QS204", "%x is used before it is defined")


@pytest.mark.parametrize(
    ("op", "message"),
    [
        (lambda a: Op(CX, (a,), (), (Value(QUBIT),)), "`q.cx` needs 2 qubits, got 1"),
        (lambda a: Op(H, (a,), (), ()), "`q.h` cannot define 0 values here"),
        (lambda a: Op(H, (a,), (), (Value(F64, "b"),)), "`q.h` defines a qubit here, not %b: f64"),
        (lambda a: Op(dialects.ALLOC, (), (), (Value(BIT, "c"),)), "defines a qubit here"),
        (lambda a: Op(dialects.MEASURE, (a,), (), (Value(QUBIT),)), "cannot define 1 value here"),
        (lambda a: Op(dialects.IF, (a,), (), ()), "`q.if` needs a bit as its first operand"),
        (lambda a: Op(dialects.IF, (), (), ()), "`q.if` needs a bit as its first operand"),
        (
            lambda a: Op(
                dialects.OBSERVE, (a,), (), (Value(F64, "p"),), observations=(Probs((0,)),)
            ),
            "`m.observe` defines a f64[2] here, not %p: f64",
        ),
    ],
)
def test_operands_and_results(op: Callable[[Value], Op], message: str) -> None:
    found = refused(one_op(op))
    assert found.code == "QS205"
    assert message in found.message
    assert marked(found).startswith("op 0")


def test_operand_of_the_wrong_type() -> None:
    x, b = Value(F64, "x"), Value(QUBIT, "b")
    found = refused(func([x], [Op(H, (x,), (), (b,))], [b]))
    assert (found.code, found.message) == ("QS205", "`q.h` needs qubits, got %x: f64")
    a = Value(QUBIT, "a")
    found = refused(func([a], [Op(RX, (a,), (Angle.of(a),), (b,))], [b]))
    assert (found.code, found.message) == ("QS205", "an angle needs an f64, got %a: qubit")


@pytest.mark.parametrize(
    ("name", "angles", "message"),
    [
        ("q.rx", [], "`q.rx` takes 1 angle (theta), got 0"),
        ("q.h", [1.0], "`q.h` takes 0 angles, got 1"),
        ("n.bit_flip", [1.5], "`n.bit_flip` needs probabilities from 0 to 1, got 1.5"),
        ("n.bit_flip", [-0.1], "`n.bit_flip` needs probabilities from 0 to 1, got -0.1"),
        (
            "n.pauli",
            [0.5, 0.5, 0.1],
            "needs probabilities that are together at most 1, got 0.5, 0.5, 0.1",
        ),
    ],
)
def test_angles(name: str, angles: list[float], message: str) -> None:
    numbers = tuple(map(as_angle, angles))
    found = refused(one_op(lambda a: Op(op_def(name), (a,), numbers, (Value(QUBIT, "b"),))))
    assert found.code == "QS206"
    assert message in found.message


def test_probabilities_may_be_rounded() -> None:
    thirds = (as_angle(0.4), as_angle(0.4), as_angle(0.2 + 2e-16))
    verify(one_op(lambda a: Op(op_def("n.pauli"), (a,), thirds, (Value(QUBIT),))))


def test_probabilities_are_numbers() -> None:
    x, a, b = Value(F64, "x"), *qubits("a", "b")
    found = refused(func([x, a], [Op(op_def("n.bit_flip"), (a,), (Angle.of(x),), (b,))], [b]))
    assert (found.code, found.message) == (
        "QS206",
        "the probabilities of `n.bit_flip` must be numbers",
    )


@pytest.mark.parametrize("index", [(), (2,), (-1,), (0, 0)])
def test_index_out_of_range(index: tuple[int, ...]) -> None:
    w, a, b = Value(f64(2), "w"), *qubits("a", "b")
    found = refused(func([w, a], [Op(RX, (a,), (Angle.of(w, *index),), (b,))], [b]))
    assert found.code == "QS207"
    assert found.message == f"index {list(index)} is out of range for %w: f64[2]"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_are_finite(number: float) -> None:
    x, a, b = Value(F64, "x"), *qubits("a", "b")
    for angle in (as_angle(number), Angle(0.0, (((x, ()), number),))):
        found = refused(func([x, a], [Op(RX, (a,), (angle,), (b,))], [b]))
        assert found.code == "QS208"
        assert str(number) in found.message
    builder = FuncBuilder("f", 1)
    found = refused(builder.finish([Expval(PauliSum(((number, ()),)))]))
    assert found.code == "QS208"
    assert found.message.startswith("a coefficient of expval(")


def test_misplaced_observations() -> None:
    a, b, e = *qubits("a", "b"), Value(F64, "e")
    observe = Op(dialects.OBSERVE, (a,), (), (e,), observations=(Expval(PauliSum.z(0)),))
    found = refused(func([a], [observe, Op(op_def("q.phase"), (), (as_angle(1),), ())], [e]))
    assert (found.code, marked(found)[:4]) == ("QS209", "op 0")
    found = refused(func([a], [Op(H, (a,), (), (b,), observations=(State(),))], [b]))
    assert (found.code, found.message) == ("QS209", "`q.h` cannot observe; `m.observe` does")


@pytest.mark.parametrize(
    ("observation", "message"),
    [
        (Expval(PauliSum.z(2)), "expval(Z2) names qubit 2; this `m.observe` has 2 qubits"),
        (Probs((0, 5)), "probs(0, 5) names qubit 5; this `m.observe` has 2 qubits"),
        (Probs((-1,)), "probs(-1) names qubit -1"),
        (Probs((1, 1)), "probs(1, 1) names a qubit twice"),
    ],
)
def test_observed_qubits(observation: Expval | Probs, message: str) -> None:
    found = refused(FuncBuilder("f", 2).finish([observation]))
    assert found.code == "QS210"
    assert message in found.message


def test_dense_observation_of_too_many_qubits() -> None:
    with pytest.raises(QStoreError) as caught:
        FuncBuilder("f", 63).finish([State()])
    assert caught.value.code == "QS210"
    verify(FuncBuilder("f", 62).finish([State()]))


def conditional(*regions: Region, wires: int = 1) -> Func:
    """Measure, then run one of two bodies on the wires."""
    args = qubits(*"abcdef"[:wires])
    measured, bit = Value(QUBIT, "m"), Value(BIT, "c")
    out = qubits(*"uvwxyz"[:wires])
    ops = [
        Op(dialects.MEASURE, (args[0],), (), (measured, bit)),
        Op(dialects.IF, (bit, measured, *args[1:]), (), tuple(out), regions=regions),
    ]
    return func(args, ops, out)


def passing(wires: int = 1) -> Region:
    args = tuple(qubits(*"rst"[:wires]))
    return Region(args, (), args)


def test_bodies() -> None:
    verify(conditional(passing(), passing()))
    verify(conditional(passing(2), passing(2), wires=2))
    for broken, message in [
        (conditional(), "`q.if` needs two bodies, got 0"),
        (conditional(passing(2), passing()), "must take and yield 1 wire"),
        (conditional(passing(), Region((), (), ())), "must take and yield 1 wire"),
        (conditional(passing(), Region((Value(BIT, "b"),), (), ())), "must take and yield 1 wire"),
    ]:
        found = refused(broken)
        assert found.code == "QS211"
        assert message in found.message
        assert marked(found).startswith("op 1: %u")


def test_bodies_take_and_yield_qubits() -> None:
    (a,), bit, x = qubits("a"), Value(BIT, "b"), Value(F64, "x")
    found = refused(conditional(passing(), Region((bit,), (), (a,))))
    assert (found.code, found.message) == ("QS211", "a body takes qubits, got %b: bit")
    sine = Op(op_def("f.sin"), (), (as_angle(1),), (x,))
    found = refused(conditional(passing(), Region((a,), (sine,), (x,))))
    assert (found.code, found.message) == ("QS211", "a body yields qubits, got %x: f64")


def test_other_ops_have_no_bodies() -> None:
    found = refused(one_op(lambda a: Op(H, (a,), (), (Value(QUBIT),), regions=(passing(),))))
    assert (found.code, found.message) == ("QS211", "`q.h` has no bodies; `q.if` has")


def test_linearity_holds_inside_bodies() -> None:
    a, b, c = qubits("a", "b", "c")
    lost = Region((a,), (Op(dialects.ALLOC, (), (), (b,)),), (a,))
    found = refused(conditional(passing(), lost))
    assert (found.code, found.message) == ("QS202", "the wire %b is never consumed")
    twice = Region((a,), (Op(H, (a,), (), (b,)), Op(H, (a,), (), (c,))), (b,))
    found = refused(conditional(passing(), twice))
    assert (found.code, marked(found)) == ("QS201", "op 1: %c = q.h %a")


def test_bodies_do_not_reach_outside_wires() -> None:
    outer, inner, r, s = qubits("outer", "inner", "r", "s")
    grab = Region((inner,), (Op(CX, (inner, outer), (), (r, s)),), (r,))
    broken = conditional(grab, passing())
    broken = broken.replace(
        args=(*broken.args, outer), roles=(None, None), results=(*broken.results, outer)
    )
    found = refused(broken)
    assert found.code == "QS211"
    assert found.message == "the wire %outer is used inside a body it was not passed to"


def test_values_of_a_body_end_with_it() -> None:
    (a,), t = qubits("a"), Value(F64, "t")
    body = Region((a,), (Op(op_def("f.sin"), (), (as_angle(1),), (t,)),), (a,))
    broken = conditional(body, passing())
    (wire,), rotated = broken.results, Value(QUBIT, "z")
    broken = broken.replace(
        ops=(*broken.ops, Op(RX, (wire,), (Angle.of(t),), (rotated,))), results=(rotated,)
    )
    found = refused(broken)
    assert (found.code, found.message) == ("QS204", "%t is used outside the body that defines it")
    assert marked(found) == "op 2: %z = q.rx(%?t) %u"


def test_bodies_see_parameters_and_bits_of_any_depth() -> None:
    (a, b), x = qubits("a", "b"), Value(F64, "x")
    rotate = Region((a,), (Op(RX, (a,), (Angle.of(x),), (b,)),), (b,))
    outer = conditional(rotate, passing())
    verify(outer.replace(args=(x, *outer.args), roles=("input", None)))


@pytest.mark.parametrize("type", [C128, Type("c128", (4,)), Type("qubit", (2,)), Type("bit", (2,))])
def test_types_of_arguments(type: Type) -> None:
    found = refused(Func("f", (Value(type, "a"),), (None,), (), ()))
    assert (found.code, found.message) == ("QS212", f"a function cannot take %a: {type}")


def test_parameters_have_roles_and_only_they() -> None:
    for type, role in ((F64, None), (QUBIT, "input"), (BIT, "weight")):
        found = refused(Func("f", (Value(type, "a"),), (role,), (), ()))
        assert found.message == f"%a: {type} cannot have the role {role}"


def test_parameters_of_absurd_size() -> None:
    found = refused(func([Value(f64(2**30, 2**30), "w")], [], []))
    assert (found.code, "elements" in found.message) == ("QS212", True)


@pytest.mark.parametrize(
    ("key", "value"),
    [("light-cone", 1), ("", 1), ("1a", 1), ("a", math.nan), ("a", None), ("a", True), ("a", [1])],
)
def test_attributes_can_be_written(key: str, value: object) -> None:
    found = refused(Func("f", (), (), (), (), {key: value}))
    assert found.code == "QS212"


def test_python_lines_are_shown_when_known(tmp_path) -> None:
    program = tmp_path / "model.py"
    program.write_text("circuit = build()\n    circuit.h(0)\n")
    place = PythonLocation(str(program), 2)
    found = refused(one_op(lambda a: Op(CX, (a,), (), (Value(QUBIT),), loc=place)))
    assert found.span is not None
    assert found.span.render() == [
        f" --> {program}:2:5",
        "  |",
        "2 |     circuit.h(0)",
        "  |     ^^^^^^^^^^^^",
    ]
    assert found.notes == ("in function @f",)


def test_the_window_is_three_ops_either_side() -> None:
    wires = qubits(*[f"w{i}" for i in range(12)])
    ops = [Op(H, (a,), (), (b,)) for a, b in pairwise(wires)]
    ops[5] = Op(CX, (wires[5],), (), (wires[6],))
    found = refused(func([wires[0]], ops, [wires[-1]]))
    assert [note.split(":")[0] for note in found.notes[1:]] == [
        "  op 2",
        "  op 3",
        "  op 4",
        "> op 5",
        "  op 6",
        "  op 7",
        "  op 8",
    ]
