"""Analyses: answers, and that they are remembered only while the function lives."""

import gc
import weakref

import pytest

from q_store.passes.analysis import (
    analysis,
    layers,
    layers_2q,
    parameter_use,
    producers,
    users,
    wires,
)
from q_store.passes.cost import cost, gate_counts
from q_store.passes.light_cone import outside_cone
from q_store.qir.func import Func
from q_store.qir.parser import parse_module

TEXT = """qir 1
func @main(%x: f64[3] input, %a: qubit, %w: f64) -> (f64) {
  %b, %c = q.alloc 2
  %t = f.sin(%x[0])
  %u = f.mul(%t, %w)
  %a.1 = q.rx(%u) %a
  %a.2, %b.1 = q.cx %a.1, %b
  %b.2, %c.1 = q.barrier %b.1, %c
  %c.2 = q.h %c.1
  %c.3, %m = q.measure %c.2
  %b.3 = q.if %m, %b.2 {
    (%p)
    %p.1 = q.ry(%x[1]) %p
    %p.2 = q.h %p.1
    yield %p.2
  } else {
    (%r)
    yield %r
  }
  q.phase(%w)
  %e = m.observe %a.2, %b.3, %c.3 [expval(Z0)]
  return %e
}
"""


@pytest.fixture
def func() -> Func:
    return parse_module(TEXT).main


def test_producers_and_users(func: Func) -> None:
    u = func.ops[2].results[0]
    assert producers(func)[u] is func.ops[2]
    assert users(func)[u] == (func.ops[3],)
    assert func.args[0] not in producers(func)
    inner = func.ops[8].regions[0].ops[0]
    assert users(func)[func.args[0]] == (func.ops[1], inner)
    assert producers(func)[inner.results[0]] is inner


def test_wires_number_qubits_through_bodies(func: Func) -> None:
    numbers = wires(func)
    assert [numbers[value] for value in func.ops[-1].operands] == [0, 1, 2]
    body = func.ops[8].regions[0]
    assert [numbers[value] for value in (*body.args, *body.results)] == [1, 1]


def test_layers(func: Func) -> None:
    assert layers(func) == (0, 0, 0, 1, 2, 2, 3, 4, 6, 0, 6)
    assert layers_2q(func) == (0, 0, 0, 0, 1, 1, 1, 1, 2, 0, 2)


def test_parameter_use_sees_through_classical_ops(func: Func) -> None:
    used = {(value.name, index): count for (value, index), count in parameter_use(func).items()}
    assert used == {("x", (0,)): 1, ("x", (1,)): 1, ("w", ()): 2}


def test_cost(func: Func) -> None:
    report = cost(func)
    assert (report.gates, report.gates_1q, report.gates_2q, report.gates_3q_plus) == (5, 4, 1, 0)
    assert (report.depth, report.depth_2q, report.parameters) == (6, 2, 3)
    assert dict(report.histogram) == {"q.h": 2, "q.rx": 1, "q.cx": 1, "q.ry": 1}
    assert next(iter(report.histogram)) == "q.h"
    assert gate_counts(func) == (5, 1)


def test_light_cone_positions(func: Func) -> None:
    assert outside_cone(func) == {5, 6, 7, 8, 9, 4}


def test_answers_are_kept_and_die_with_their_function() -> None:
    asked = []

    @analysis
    def length(func: Func) -> int:
        asked.append(1)
        return len(func.ops)

    func = parse_module(TEXT).main
    assert [length(func), length(func)] == [11, 11]
    assert len(asked) == 1
    every = (producers, users, wires, layers, layers_2q, parameter_use, cost, outside_cone)
    for question in every:
        assert question(func) is question(func)
    watch = weakref.ref(func)
    del func
    gc.collect()
    assert watch() is None
