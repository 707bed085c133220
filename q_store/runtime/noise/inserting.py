"""A circuit with the noise of a model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from q_store.frontends.trace import as_func
from q_store.passes.context import Context
from q_store.passes.decompose import Decompose
from q_store.qir import dialects
from q_store.qir.angle import Angle
from q_store.qir.func import Func
from q_store.qir.ops import Gate, Op, OpDef, Region
from q_store.qir.registry import built_in_gates, op_def
from q_store.qir.types import QUBIT
from q_store.qir.values import Value
from q_store.runtime.noise.models import NoiseModel


def noisy(circuit: Any, model: str | NoiseModel | Mapping[str, Any]) -> Func:
    """The circuit with a model's channels after its gates, and its errors of reading.

    The gates are those of the circuit as it is given: compile first for the noise of compiled
    gates. Gates on more than two wires are written out in smaller ones. Gates in the bodies of a
    `q.if` are followed by their channels there.

    Args:
        circuit: A `Func` or `Module`, a `QuantumCircuit`, text, or a circuit of another library.
        model: A `NoiseModel`, the name of a published one such as `aria-1`, or a `to_dict`.

    Raises:
        QStoreError: `QS610` unknown name, `QS611` unusable model, `QS332` not a circuit.
    """
    func, chosen = as_func(circuit), NoiseModel.of(model)
    func = Decompose(_narrow_gates()).on_func(func, Context())
    inserting = _Inserting(chosen)
    ops = inserting.block(func.ops)
    return func.replace(ops=ops, results=inserting.now(func.results))


@cache
def _narrow_gates() -> tuple[str, ...]:
    """Gates on at most two wires."""
    return tuple(name for name, row in built_in_gates().items() if (row.wires or 0) <= 2)


class _Inserting:
    def __init__(self, model: NoiseModel) -> None:
        self.model = model
        self.wires: dict[Value, Value] = {}
        """What carries on from a wire that a channel took."""

    def now(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        return tuple([self.wires.get(value, value) for value in values])

    def block(self, ops: tuple[Op, ...]) -> tuple[Op, ...]:
        found: list[Op] = []
        for op in ops:
            if op.defn is dialects.OBSERVE and any(self.model.readout):
                for wire in op.operands:
                    self.apply(dialects.READOUT, self.model.readout, (wire,), found)
            regions = tuple([self.region(body) for body in op.regions])
            found.append(op.replace(operands=self.now(op.operands), regions=regions))
            if isinstance(op.defn, Gate) and op.results:
                self.after(op, found)
        return tuple(found)

    def region(self, body: Region) -> Region:
        ops = self.block(body.ops)
        return Region(body.args, ops, self.now(body.results))

    def after(self, op: Op, into: list[Op]) -> None:
        """The channels behind a gate."""
        for name, numbers in self.model.after(op.defn.mnemonic, len(op.results)):
            row = op_def(f"n.{name}")
            if row.wires == len(op.results):
                self.apply(row, numbers, op.results, into)
            else:
                for wire in op.results:
                    self.apply(row, numbers, (wire,), into)

    def apply(
        self, row: OpDef, numbers: tuple[float, ...], wires: tuple[Value, ...], into: list[Op]
    ) -> None:
        """A channel on wires as they are now."""
        results = tuple([Value(QUBIT, wire.name) for wire in wires])
        angles = tuple([Angle(number) for number in numbers])
        into.append(Op(row, self.now(wires), angles, results))
        self.wires.update(zip(wires, results, strict=True))
