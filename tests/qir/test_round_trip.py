"""Text of random functions reads back to itself, and everything that depends on that."""

import copy
import json
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from q_store.qir import dialects
from q_store.qir.angle import Angle, Ref
from q_store.qir.builder import FuncBuilder
from q_store.qir.func import Func, Module, element_refs
from q_store.qir.identity import canonical_text, content_hash, same_func
from q_store.qir.observables import Expval, Observation, PauliSum, Probs, Sample, State
from q_store.qir.ops import Op, OpDef, Region
from q_store.qir.parser import parse_module
from q_store.qir.printer import print_func, print_module
from q_store.qir.registry import all_gates, op_def
from q_store.qir.types import BIT, F64, QUBIT, f64
from q_store.qir.values import Value
from q_store.qir.verifier import verify_module

# Hints are whatever users call things; the first few collide on purpose.
HINTS = ["q0", "q0", "v", "", "θ", "_", "w 1", "a.b", "0", "q0.1", "%x", "\n", "λ\u0301", "return"]
hints = st.one_of(st.sampled_from(HINTS), st.text(max_size=4))
finite = st.floats(allow_nan=False, allow_infinity=False)
coefs = st.one_of(st.sampled_from([1.0, -1.0, 0.5, 2.0]), finite)


@st.composite
def parameters(draw: st.DrawFn) -> tuple[list[Value], list[str]]:
    """Parameters of every shape, listed in another order than they were created in."""
    shapes = st.sampled_from([(), (3,), (2, 2), (0,)])
    made = [Value(f64(*shape), draw(hints)) for shape in draw(st.lists(shapes, max_size=4))]
    args = draw(st.permutations(made))
    return list(args), [draw(st.sampled_from(["input", "weight"])) for _ in args]


class Writer:
    """Draws the ops of one body and threads its wires."""

    def __init__(self, draw: st.DrawFn, refs: list[Ref], bits: list[Value], depth: int) -> None:
        self.draw, self.depth = draw, depth
        self.refs, self.bits = list(refs), list(bits)
        self.ops: list[Op] = []

    def angle(self) -> Angle:
        terms = st.lists(st.tuples(st.sampled_from(self.refs), coefs), max_size=3)
        found = self.draw(terms) if self.refs else []
        return Angle.sum(self.draw(finite), dict(found).items())

    def fresh(self, like: list[Value]) -> tuple[Value, ...]:
        return tuple(Value(wire.type, self.draw(hints)) for wire in like)

    def body(self, wires: list[Value], length: int) -> list[Value]:
        for _ in range(length - self.draw(st.integers(0, length))):
            kinds = [self.gate, self.gate, self.special, self.scalar, self.conditional]
            wires = self.draw(st.sampled_from(kinds))(wires)
        return wires

    def put(self, row: OpDef, angles: tuple[Angle, ...], wires: list[Value], n: int) -> list[Value]:
        order = self.draw(st.permutations(range(len(wires))))[:n]
        operands = [wires[i] for i in order]
        results = self.fresh(operands)
        self.ops.append(Op(row, tuple(operands), angles, results))
        after = list(wires)
        for i, value in zip(order, results, strict=True):
            after[i] = value
        return after

    def gate(self, wires: list[Value]) -> list[Value]:
        fitting = [row for row in all_gates().values() if row.wires <= len(wires)]
        row = self.draw(st.sampled_from(fitting))
        return self.put(row, tuple(self.angle() for _ in row.angle_names), wires, row.wires)

    def special(self, wires: list[Value]) -> list[Value]:
        rows = [dialects.BARRIER, dialects.RESET, dialects.MEASURE, *dialects.NOISE]
        fitting = [row for row in rows if (row.wires or 0) <= len(wires) and wires]
        if not fitting:
            return wires
        row = self.draw(st.sampled_from(fitting))
        if row is dialects.MEASURE:
            return self.measure(wires)
        n = self.draw(st.integers(0, len(wires))) if row.wires is None else row.wires
        probability = st.floats(0, 1 / max(len(row.angle_names), 1))
        angles = tuple(Angle(self.draw(probability)) for _ in row.angle_names)
        return self.put(row, angles, wires, n)

    def measure(self, wires: list[Value]) -> list[Value]:
        at = self.draw(st.integers(0, len(wires) - 1))
        results = (Value(QUBIT, self.draw(hints)), Value(BIT, self.draw(hints)))
        self.ops.append(Op(dialects.MEASURE, (wires[at],), (), results))
        self.bits.append(results[1])
        return [*wires[:at], results[0], *wires[at + 1 :]]

    def scalar(self, wires: list[Value]) -> list[Value]:
        row = self.draw(st.sampled_from(dialects.CLASSICAL))
        value = Value(F64, self.draw(hints))
        self.ops.append(Op(row, (), tuple(self.angle() for _ in row.angle_names), (value,)))
        self.refs.append((value, ()))
        return wires

    def conditional(self, wires: list[Value]) -> list[Value]:
        if not wires or self.depth > 2:
            return wires
        if not self.bits:
            wires = self.measure(wires)
        bit = self.draw(st.sampled_from(self.bits))
        regions = (self.region(wires), self.region(wires))
        results = self.fresh(wires)
        self.ops.append(Op(dialects.IF, (bit, *wires), (), results, regions=regions))
        return list(results)

    def region(self, wires: list[Value]) -> Region:
        inner = Writer(self.draw, self.refs, self.bits, self.depth + 1)
        args = inner.fresh(wires)
        results = inner.body(list(args), 2)
        return Region(args, tuple(inner.ops), tuple(results))


@st.composite
def observations(draw: st.DrawFn, n: int) -> tuple[Observation, ...]:
    qubits = (
        st.lists(st.integers(0, n - 1), unique=True, max_size=n).map(tuple) if n else st.just(())
    )
    words = qubits.map(lambda qs: tuple(sorted((q, draw(st.sampled_from("XYZ"))) for q in qs)))
    sums = st.lists(st.tuples(finite, words), max_size=3, unique_by=lambda term: term[1])
    kinds = st.one_of(
        sums.map(PauliSum.of).map(Expval),
        qubits.map(Probs),
        qubits.map(Sample),
        st.just(State()),
    )
    return tuple(draw(st.lists(kinds, max_size=3)))


attributes = st.dictionaries(
    st.from_regex(r"[^\W\d][\w.]{0,5}", fullmatch=True),
    st.one_of(st.integers(), finite, st.text()),
    max_size=3,
)


@st.composite
def functions(draw: st.DrawFn, name: str = "f") -> Func:
    args, roles = draw(parameters())
    refs = [ref for arg in args for ref in element_refs(arg)]
    passed = [Value(QUBIT, draw(hints)) for _ in range(draw(st.integers(0, 2)))]
    writer = Writer(draw, refs, [], 0)
    alloc = tuple(Value(QUBIT, draw(hints)) for _ in range(draw(st.sampled_from([2, 3, 1, 0]))))
    writer.ops.append(Op(dialects.ALLOC, results=alloc))
    wires = writer.body([*passed, *alloc], 12)
    results = tuple(wires)
    if draw(st.booleans()):
        seen = draw(observations(len(wires)))
        results = tuple(Value(o.result_type(len(wires)), draw(hints)) for o in seen)
        writer.ops.append(Op(dialects.OBSERVE, tuple(wires), (), results, observations=seen))
    attrs = draw(attributes)
    return Func(
        name, (*args, *passed), (*roles, *[None] * len(passed)), tuple(writer.ops), results, attrs
    )


modules = st.lists(st.just(None), max_size=2).flatmap(
    lambda parts: st.tuples(*[functions(f"f{i}") for i in range(len(parts))]).map(Module)
)


@given(modules)
def test_text_reads_back_byte_for_byte(module: Module) -> None:
    verify_module(module)
    text = print_module(module)
    read = parse_module(text)
    assert print_module(read) == text
    assert str(read) == text


@given(modules)
def test_reading_keeps_meaning(module: Module) -> None:
    read = parse_module(print_module(module))
    assert canonical_text(read) == canonical_text(module)
    assert content_hash(read) == content_hash(module)
    for func, other in zip(module.funcs, read.funcs, strict=True):
        assert same_func(func, other)
        assert func.roles == other.roles
        assert dict(func.attrs) == dict(other.attrs)
        assert [op.defn for op in func.ops] == [op.defn for op in other.ops]
        assert [op.observations for op in func.ops] == [op.observations for op in other.ops]


@given(functions())
def test_canonical_text_is_text(func: Func) -> None:
    text = canonical_text(Module((func,)))
    assert canonical_text(parse_module(text)) == text


def renamed(func: Func, hint: str) -> Func:
    """The same function with another hint on every value its ops define."""
    twin = copy.deepcopy(func)
    pending = list(twin.ops)
    while pending:
        op = pending.pop()
        for value in op.results:
            value.name = hint
        for region in op.regions:
            pending += region.ops
            for value in region.args:
                value.name = hint
    return twin


@given(functions(), hints)
def test_identity_ignores_hints_of_wires(func: Func, hint: str) -> None:
    twin = renamed(func, hint)
    assert same_func(func, twin)
    assert content_hash(Module((func,))) == content_hash(Module((twin,)))


@given(functions(), functions())
def test_same_func_is_equality_of_canonical_text(left: Func, right: Func) -> None:
    equal = print_func(left, canonical=True) == print_func(right, canonical=True)
    assert same_func(left, right) is equal
    hashes = content_hash(Module((left,))), content_hash(Module((right,)))
    assert (hashes[0] == hashes[1]) is equal


TWINS = [copy.deepcopy, *[lambda m, p=p: pickle.loads(pickle.dumps(m, p)) for p in (2, 4, 5)]]


@pytest.mark.parametrize("twin", TWINS)
@given(module=modules)
def test_copies_are_the_same_program(module: Module, twin) -> None:
    text = print_module(module)
    copied = twin(module)
    verify_module(copied)
    assert print_module(copied) == text
    assert content_hash(copied) == content_hash(module)
    for func, other in zip(module.funcs, copied.funcs, strict=True):
        assert all(
            mine.defn is theirs.defn for mine, theirs in zip(func.ops, other.ops, strict=True)
        )
        assert set(func.args).isdisjoint(other.args)
        with pytest.raises(TypeError):
            other.attrs["new"] = 1


@given(modules)
def test_copies_of_read_programs_keep_their_places(module: Module) -> None:
    read = parse_module(print_module(module), "a.qir")
    for func, other in zip(read.funcs, copy.deepcopy(read).funcs, strict=True):
        spans = [op.loc.span() for op in func.ops]
        assert spans == [op.loc.span() for op in other.ops]
        assert all(span.file == "a.qir" for span in spans)


@given(functions())
def test_replace_changes_what_it_is_given(func: Func) -> None:
    assert print_func(func.replace()) == print_func(func)
    assert func.replace(name="g").name == "g"
    assert func.replace(attrs={}).attrs == {}
    for op in func.ops:
        same = op.replace()
        assert (same.defn, same.operands, same.results) == (op.defn, op.operands, op.results)
        assert op.replace(operands=()).operands == ()


@given(st.text())
def test_any_function_name_prints_as_text(name: str) -> None:
    text = print_module(Module((Func(name, (), (), (), ()),)))
    assert print_module(parse_module(text)) == text


def test_fixed_hash() -> None:
    """The hash names files on disk: it changes with the format version only."""
    b = FuncBuilder("bell", 2)
    theta = b.param("theta")
    b.gate("h", [0])
    b.gate("crx", [0, 1], [Angle.of(theta) * 0.5 + 1])
    module = Module((b.finish([Expval(PauliSum.parse("Z0 - 0.5*X1 Y0")), Probs((1,))]),))
    assert canonical_text(module) == (
        "qir 1\n"
        "func @bell(%theta: f64 weight) -> (f64, f64[2]) {\n"
        "  %v, %v.1 = q.alloc 2\n"
        "  %v.2 = q.h %v\n"
        "  %v.3, %v.4 = q.crx(0.5*%theta + 1.0) %v.2, %v.1\n"
        "  %v.5, %v.6 = m.observe %v.3, %v.4 [expval(Z0 + -0.5*Y0 X1), probs(1)]\n"
        "  return %v.5, %v.6\n"
        "}\n"
    )
    program = (
        "import sys; from q_store.qir.parser import parse_module;"
        "from q_store.qir.identity import content_hash;"
        "print(content_hash(parse_module(sys.stdin.read())))"
    )
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            input=print_module(module),
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
        )
        assert done.stdout.strip() == content_hash(module)


def test_names_of_arguments_count() -> None:
    def with_param(name: str) -> Module:
        b = FuncBuilder("f", 1)
        b.gate("rx", [0], [Angle.of(b.param(name))])
        return Module((b.finish(),))

    assert content_hash(with_param("a")) == content_hash(with_param("a"))
    assert content_hash(with_param("a")) != content_hash(with_param("b"))


def test_the_empty_module() -> None:
    assert print_module(Module(())) == "qir 1\n"
    assert parse_module("qir 1").funcs == ()
    assert json.dumps(content_hash(Module(())))


def test_missing_else_is_an_empty_body() -> None:
    text = (
        "qir 1\nfunc @f(%q: qubit) -> (qubit) {\n  %a, %c = q.measure %q\n"
        "  %b = q.if %c, %a {\n    (%t)\n    %u = q.x %t\n    yield %u\n  }\n  return %b\n}\n"
    )
    printed = print_module(parse_module(text))
    assert "} else {\n    (%t.1)\n    yield %t.1\n  }\n" in printed
    assert print_module(parse_module(printed)) == printed


def test_bodies_have_their_own_names() -> None:
    body = "{\n    (%t)\n    %s = f.sin(%x)\n    %u = q.rx(%s) %t\n    yield %u\n  }"
    text = (
        "qir 1\nfunc @f(%q: qubit, %x: f64) {\n  %a, %c = q.measure %q\n"
        f"  %b = q.if %c, %a {body} else {body}\n  return %b\n}}\n"
    )
    printed = print_module(parse_module(text))
    assert printed.count("f.sin(%x)") == 2
    assert print_module(parse_module(printed)) == printed


def test_angles_that_begin_alike_are_not_mixed_up() -> None:
    angles = ["0.5*%x", "0.5", "%x", "%x + 0.5", "0.5*%x", "%x.1", "%x", "0.5", "-0.5"]
    lines = [f"  %q.{i + 1} = q.rx({a}) %q{f'.{i}' if i else ''}" for i, a in enumerate(angles)]
    head = "func @f(%x: f64 weight, %x.1: f64 weight, %q: qubit) -> (qubit) {"
    text = "\n".join(["qir 1", head, *lines, f"  return %q.{len(angles)}", "}", ""])
    assert print_module(parse_module(text)) == text


def test_op_def_reads_pickles() -> None:
    for name in ("q.rx", "m.observe", "n.pauli", "f.sin"):
        row = op_def(name)
        assert pickle.loads(pickle.dumps(row)) is row
        assert copy.deepcopy(row) is row
