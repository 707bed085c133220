"""The tests of the passes have teeth: wrong beliefs about gates are caught."""

from math import pi

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from q_store.passes import cancel, canonicalize, light_cone, look_back
from q_store.passes.facts import ANY_AXIS, axes, exchange_groups
from q_store.passes.look_back import RowAxes
from q_store.passes.pipeline import Pipeline
from q_store.passes.rewrite import RuleSet
from q_store.qir.func import Func
from q_store.qir.ops import Gate, OpDef
from q_store.testing.contract import assert_pass_contract
from q_store.testing.strategies import circuits


def survives(pipeline: str, gates: tuple[str, ...], observed: bool = False) -> bool:
    """Whether the contract holds on circuits of these gates."""
    (pass_,) = Pipeline.parse(pipeline).passes

    @settings(
        max_examples=300,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(circuits(gates=gates, observed=observed, max_qubits=3, max_ops=12))
    def check(func: Func) -> None:
        assert_pass_contract(pass_, func)

    try:
        check()
    except AssertionError:
        return False
    return True


def symmetric_cx_groups(row: Gate) -> tuple[tuple[int, ...], ...]:
    return ((0, 1),) if row.name == "q.cx" else exchange_groups(row)


def symmetric_everything(row: OpDef) -> tuple[int, ...]:
    return (0,) * (row.wires or 0)


class AllAxes(RowAxes):
    def __missing__(self, row: OpDef) -> tuple[int, ...]:
        self[row] = (ANY_AXIS,) * len(super().__missing__(row))
        return self[row]


def period_two_pi(row: Gate) -> tuple[float, ...]:
    return (2 * pi,) * len(row.angle_names)


def blind_targets(row: Gate) -> tuple[int, ...]:
    return (axes(row)[0], ANY_AXIS) if row.name == "q.cx" else axes(row)


MUTANTS: list[tuple[object, str, object, str, tuple[str, ...], bool]] = [
    (look_back, "wire_order", symmetric_everything, "cancel", ("dcx", "cswap"), False),
    (look_back, "commutes", lambda *_: True, "cancel", ("swap", "h", "rz"), False),
    (look_back, "row_axes", AllAxes(), "cancel", ("cx", "h", "x", "rz"), False),
    (canonicalize, "periods", period_two_pi, "canonicalize", ("rx", "crz", "cx"), False),
    (canonicalize, "exchange_groups", symmetric_cx_groups, "canonicalize", ("cx", "h"), False),
    (canonicalize, "is_identity_at_zero", lambda _: True, "canonicalize", ("u2", "p"), False),
    (cancel, "_inverts", lambda *_: True, "cancel", ("rx", "p", "crz"), False),
    (light_cone, "axes", blind_targets, "light-cone", ("cx", "h", "ry"), True),
    (light_cone, "Z_AXIS", ANY_AXIS, "light-cone", ("cx", "h", "ry"), True),
]


@pytest.mark.parametrize(("module", "name", "wrong", "pipeline", "gates", "observed"), MUTANTS)
def test_a_wrong_belief_is_caught(
    module: object,
    name: str,
    wrong: object,
    pipeline: str,
    gates: tuple[str, ...],
    observed: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What was derived from the right facts is not to help, nor the wrong ones to last.
    monkeypatch.setattr(look_back, "_letters", type(look_back._letters)())
    monkeypatch.setattr(canonicalize, "RULES", RuleSet(canonicalize.RULES))
    monkeypatch.setattr(module, name, wrong)
    assert not survives(pipeline, gates, observed)
