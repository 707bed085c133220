"""The sweep: what rules can do, and that it stays linear."""

import pytest

from q_store.passes.context import Context
from q_store.passes.rewrite import Answer, RuleSet, Sweep, rule, sweep, without
from q_store.qir.builder import FuncBuilder
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func
from q_store.qir.identity import same_func
from q_store.qir.ops import Op
from q_store.qir.parser import parse_module
from q_store.qir.registry import op_def
from q_store.qir.verifier import verify


def line(*gates: str) -> Func:
    """One wire with these gates."""
    builder = FuncBuilder("main", 1)
    for name in gates:
        builder.gate(name, [0])
    return builder.finish()


def gates(func: Func) -> list[str]:
    return [op.defn.mnemonic for op in func.gates]


@rule("q.x", "q.h")
def pairs(s: Sweep, op: Op) -> Answer:
    before = s.producer(op.operands[0])
    if before is None or before.defn is not op.defn:
        return None
    s.retract(before)
    return before.operands


@rule("q.s")
def s_is_t_twice(s: Sweep, op: Op) -> Answer:
    t = op_def("q.t")
    middle = Op(t, op.operands, (), (type(op.results[0])(op.results[0].type, "q0"),))
    s.emit(middle)
    return Op(t, middle.results, (), op.results)


@rule("q.y")
def spin(s: Sweep, op: Op) -> Answer:
    return op.replace()


def run(func: Func, *rules: object) -> tuple[Func, Context]:
    ctx = Context()
    result = sweep(func, RuleSet(rules), ctx)
    verify(result)
    return result, ctx


def test_cascades_collapse_in_one_sweep() -> None:
    result, ctx = run(line("h", "x", "x", "h", "z"), pairs)
    assert gates(result) == ["z"]
    assert (ctx.rules[pairs].offered, ctx.rules[pairs].fired) == (4, 2)


def test_nothing_to_do_gives_the_same_object() -> None:
    func = line("h", "x", "h")
    assert run(func, pairs)[0] is func


def test_untouched_ops_are_shared() -> None:
    func = line("z", "h", "h", "y", "y")
    result, _ = run(func, pairs)
    assert result.ops[1] is func.ops[1]
    assert result.ops[3] is func.ops[5]


def test_an_op_can_be_emitted_before_the_replacement() -> None:
    result, _ = run(line("h", "s", "h"), s_is_t_twice)
    assert gates(result) == ["h", "t", "t", "h"]


def test_ops_that_dissolve_pass_their_wires_on() -> None:
    @rule("q.id")
    def drop(s: Sweep, op: Op) -> Answer:
        return op.operands

    result, _ = run(line("id", "id", "h", "id"), drop)
    assert gates(result) == ["h"]
    assert result.results == result.ops[1].results


def test_retracting_rewires_the_op_in_between() -> None:
    builder = FuncBuilder("main", 2)
    for name, wires in (("h", [0]), ("cx", [0, 1]), ("z", [0])):
        builder.gate(name, wires)

    @rule("q.z")
    def take_h(s: Sweep, op: Op) -> Answer:
        cx = s.producer(op.operands[0])
        assert cx is not None
        h = s.producer(cx.operands[0])
        assert h is not None
        s.retract(h)
        return op.operands

    result, _ = run(builder.finish(), take_h)
    assert gates(result) == ["cx"]
    assert result.ops[1].operands == result.ops[0].results


def test_bodies_are_swept_by_themselves() -> None:
    text = """qir 1
func @main(%q: qubit, %r: qubit) -> (qubit, qubit) {
  %r.1, %c = q.measure %r
  %q.1 = q.x %q
  %q.2 = q.if %c, %q.1 {
    (%t)
    %t.1 = q.x %t
    %t.2 = q.h %t.1
    %t.3 = q.h %t.2
    yield %t.3
  }
  %q.3 = q.x %q.2
  return %q.3, %r.1
}
"""
    func = parse_module(text).main
    result, _ = run(func, pairs)
    assert [len(region.ops) for region in result.ops[2].regions] == [1, 0]
    assert gates(result) == ["x", "x"]
    assert result.ops[2].regions[1] is func.ops[2].regions[1]


def test_a_rule_without_end_is_stopped() -> None:
    with pytest.raises(QStoreError, match="never come to an end") as caught:
        run(line("y"), spin)
    assert caught.value.code == "QS411"


def test_rule_sets_join_and_keep_their_order() -> None:
    joined = pairs | s_is_t_twice | RuleSet([pairs, spin])
    assert list(joined) == [pairs, s_is_t_twice, spin]
    rules = {name: joined.of(op_def(f"q.{name}")) for name in ("x", "s", "y", "z")}
    assert rules == {"x": (pairs,), "s": (s_is_t_twice,), "y": (spin,), "z": ()}


def test_rules_know_where_they_are_defined() -> None:
    assert pairs.name == "pairs"
    assert repr(pairs).startswith("<rule pairs at ")
    assert "test_rewrite.py:" in pairs.site


def test_without_drops_ops() -> None:
    func = line("h", "x", "z")
    assert without(func, set()) is func
    assert same_func(without(func, {2}), line("h", "z"))


def test_offers_grow_linearly() -> None:
    """2000 gates that all cancel, inside out: every op is offered once, whatever its depth."""
    half = ["h", "x"] * 500
    result, ctx = run(line(*half, *reversed(half)), pairs)
    assert gates(result) == []
    assert ctx.rules[pairs].offered == 2000
