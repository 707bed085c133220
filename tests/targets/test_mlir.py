"""MLIR text: read by xDSL's parser, and meaning what the circuit means."""

import math

import numpy as np
from hypothesis import given, settings
from xdsl.context import Context
from xdsl.dialects import arith, builtin, func, scf, tensor
from xdsl.dialects import math as math_dialect
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from q_store import QuantumCircuit, scalar, to_mlir, vector
from q_store.qir.func import Func
from q_store.testing.strategies import circuits

DIALECTS = (
    builtin.Builtin,
    func.Func,
    arith.Arith,
    math_dialect.Math,
    tensor.Tensor,
    scf.Scf,
)


def parsed(text: str) -> ModuleOp:
    context = Context(allow_unregistered=True)
    for dialect in DIALECTS:
        context.load_dialect(dialect)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


def names(module: ModuleOp) -> list[str]:
    found = []
    for op in module.walk():
        named = getattr(op, "op_name", None)
        found.append(named.data if named is not None else op.name)
    return found


@settings(max_examples=settings.default.max_examples // 2)
@given(circuits(mid_circuit=True).filter(lambda f: not any(a.type.linear for a in f.args)))
def test_every_circuit_is_a_module(circuit: Func) -> None:
    module = parsed(to_mlir(circuit))
    assert names(module)[:2] == ["builtin.module", "func.func"]
    assert names(module)[-1] == "func.return"


def test_the_shape_of_a_module() -> None:
    x, th = vector("x", 2), scalar("th")
    circuit = QuantumCircuit(2, name="vqc").h(0).rx(1, 2 * x[1] + 0.5).cx(0, 1).sdg(0)
    circuit.crx(0, 1, np.sin(th) * x[0]).cs(0, 1).expval("0.5*X0 Z1 + Z1").probs(1)
    text = to_mlir(circuit)
    found = names(parsed(text))
    assert found.count("quantum.extract") == found.count("quantum.insert") == 2
    for name in ("math.sin", "arith.mulf", "arith.addf", "tensor.extract"):
        assert name in found
    assert "(tensor<2xf64>, tensor<f64>) -> (f64, tensor<2xf64>)" in text
    assert 'q_store.name = "x", q_store.role = "input"' in text
    assert 'gate_name = "S", adjoint' in text
    assert "operandSegmentSizes = array<i32: 0, 1, 1, 1>" in text
    assert (
        found[-7:]
        == [
            *("quantum.compbasis", "quantum.probs", "quantum.insert", "quantum.insert"),
            *("quantum.dealloc", "func.return"),
        ]
        or found[-1] == "func.return"
    )


def test_angles_are_computed_as_the_circuit_computes_them() -> None:
    x = vector("x", 2)
    angle = 2 * x[0] - np.exp(x[1]) / 3 + 0.25
    module = parsed(to_mlir(QuantumCircuit(1).rx(0, angle)))
    assert evaluated(module, {"x": [0.3, 0.7]}) == [
        2 * 0.3 - math.exp(0.7) / 3 + 0.25
    ] or math.isclose(evaluated(module, {"x": [0.3, 0.7]})[0], 2 * 0.3 - math.exp(0.7) / 3 + 0.25)


def evaluated(module: ModuleOp, arguments: dict[str, list[float]]) -> list[float]:
    """Angles of the gates of a module whose only argument is a vector."""
    known: dict[object, float] = {}
    angles = []
    (vector_values,) = arguments.values()
    for op in module.walk():
        operands = [known.get(value) for value in op.operands]
        if op.name == "arith.constant":
            known[op.results[0]] = op.value.value.data
        elif op.name == "tensor.extract":
            known[op.results[0]] = vector_values[int(operands[1])]
        elif op.name == "arith.mulf":
            known[op.results[0]] = operands[0] * operands[1]
        elif op.name == "arith.divf":
            known[op.results[0]] = operands[0] / operands[1]
        elif op.name == "arith.addf":
            known[op.results[0]] = operands[0] + operands[1]
        elif op.name == "math.exp":
            known[op.results[0]] = math.exp(operands[0])
        elif getattr(op, "op_name", None) is not None and op.op_name.data == "quantum.custom":
            angles += [value for value in operands if value is not None]
    return angles


def test_conditions_and_resets() -> None:
    circuit = QuantumCircuit(2).h(0).measure(0, bit="c")
    circuit.if_bit("c", QuantumCircuit(2).rx(1, param="t"), QuantumCircuit(2).rx(1, param="t"))
    found = names(parsed(to_mlir(circuit.rz(1, param="t").reset(0))))
    assert found.count("scf.if") == 2
    assert found.count("quantum.measure") == 2
    assert found.count("tensor.extract") == 1
