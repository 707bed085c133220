"""The light cone: what goes, what stays, and that gradients of what went are zero."""

import pytest
from hypothesis import given

from q_store.passes.context import Context
from q_store.passes.light_cone import LightCone
from q_store.qir.func import Func
from q_store.qir.parser import parse_module
from q_store.testing.equivalence import assert_equivalent
from q_store.testing.strategies import circuits

HEAD = "qir 1\nfunc @main(%w: f64[3]) -> (f64) {\n  %a, %b = q.alloc 2\n"


def left(body: str, observed: str) -> list[str]:
    """Names of the gates that stay; `body` ends with the wires %x and %y."""
    text = f"{HEAD}{body}\n  %e = m.observe %x, %y [{observed}]\n  return %e\n}}\n"
    func = parse_module(text.replace("-> (f64)", "")).main
    result = LightCone().on_func(func, Context())
    assert_equivalent(func, result, "observed")
    return [op.defn.name for op in result.ops[1:-1]]


PAIR = "  %a.1 = q.ry(%w[0]) %a\n  %b.1 = q.ry(%w[1]) %b\n"


@pytest.mark.parametrize(
    ("body", "observed", "kept"),
    [
        (f"{PAIR}  %x, %y = q.cx %a.1, %b.1", "expval(Z0)", ["q.ry"]),
        (f"{PAIR}  %x, %y = q.cx %a.1, %b.1", "expval(X1)", ["q.ry"]),
        (f"{PAIR}  %x, %y = q.cx %a.1, %b.1", "expval(Z1)", ["q.ry", "q.ry", "q.cx"]),
        (f"{PAIR}  %x, %y = q.cx %a.1, %b.1", "expval(Z0 X1)", ["q.ry", "q.ry"]),
        (f"{PAIR}  %x, %y = q.cz %a.1, %b.1", "probs(0, 1)", ["q.ry", "q.ry"]),
        (f"{PAIR}  %x, %y = q.cz %a.1, %b.1", "expval(Z0 + X0)", ["q.ry", "q.ry", "q.cz"]),
        (f"{PAIR}  %x, %y = q.barrier %a.1, %b.1", "expval(Z0)", ["q.ry", "q.barrier"]),
        (f"{PAIR}  %x, %y = q.barrier %a.1, %b.1", "expval(I)", []),
        (f"{PAIR}  %x, %y = n.depolarizing2(0.1) %a.1, %b.1", "expval(I)", []),
        (f"{PAIR}  %x, %y = q.cz %a.1, %b.1", "expval(0.0*Z0)", []),
        ("  q.phase(%w[0])\n  %x, %y = q.swap %a, %b", "expval(Z0)", ["q.swap"]),
        (
            f"{PAIR}  %x, %c = q.measure %a.1\n  %y = q.h %b.1",
            "expval(X0)",
            ["q.ry", "q.measure"],
        ),
        (f"{PAIR}  %x, %c = q.measure %a.1\n  %y = q.h %b.1", "sample(0)", ["q.ry"]),
        (f"{PAIR}  %x = q.reset %a.1\n  %y = q.h %b.1", "sample(0)", ["q.reset"]),
        (
            "  %t = f.sin(%w[0])\n  %x = q.ry(%t) %a\n  %y = q.ry(%t) %b",
            "expval(Z1)",
            ["f.sin", "q.ry"],
        ),
        ("  %t = f.sin(%w[0])\n  %x = q.ry(%t) %a\n  %y = q.h %b", "expval(Z1)", ["q.h"]),
    ],
)
def test_what_stays(body: str, observed: str, kept: list[str]) -> None:
    assert left(body, observed) == kept


def test_a_whole_state_keeps_everything() -> None:
    assert left("  %x, %y = q.cz %a, %b\n  q.phase(0.5)", "state") == ["q.cz", "q.phase"]


@given(circuits(max_qubits=3, max_ops=10, observed=True, mid_circuit=True, noise=True))
def test_observations_stay_the_same(func: Func) -> None:
    assert_equivalent(func, LightCone().on_func(func, Context()), "observed")


@given(circuits(observed=True, gates=("cx", "ry", "rz", "cz", "h", "x", "crx", "swap")))
def test_few_gates_many_coincidences(func: Func) -> None:
    assert_equivalent(func, LightCone().on_func(func, Context()), "observed")
