"""The adjoint function undoes the function."""

import numpy as np
import pytest
from hypothesis import given

from q_store.passes.adjoint import adjoint
from q_store.passes.manager import run_pipeline
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func
from q_store.qir.identity import same_func
from q_store.qir.parser import parse_module
from q_store.qir.verifier import verify
from q_store.runtime.reference_func import unitary_of_func
from q_store.testing.equivalence import random_bindings
from q_store.testing.strategies import circuits


@given(circuits(max_qubits=3))
def test_it_undoes_the_function(func: Func) -> None:
    inverse = adjoint(func)
    verify(inverse)
    for binding in random_bindings(func):
        there, back = unitary_of_func(func, binding), unitary_of_func(inverse, binding)
        np.testing.assert_allclose(back @ there, np.eye(len(there)), atol=1e-9)


@given(circuits(max_qubits=3, observed=False))
def test_parameters_keep_names_and_roles(func: Func) -> None:
    def parameters(func: Func) -> list[tuple[object, ...]]:
        pairs = zip(func.args, func.roles, strict=True)
        return [(arg.name, arg.type, role) for arg, role in pairs if arg.type.kind == "f64"]

    assert parameters(adjoint(func)) == parameters(func)


REFUSED = """qir 1
func @body(%q: qubit) -> (qubit) {{
  {statement}
  return %q.1
}}
"""


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("%q.1 = q.reset %q", "q.reset"),
        ("%q.1, %c = q.measure %q", "q.measure"),
        ("%q.1 = n.bit_flip(0.5) %q", "n.bit_flip"),
    ],
)
def test_it_refuses_what_is_not_unitary(statement: str, name: str) -> None:
    module = parse_module(REFUSED.format(statement=statement), "body.qir")
    with pytest.raises(QStoreError) as caught:
        run_pipeline("adjoint", module)
    assert caught.value.code == "QS407"
    shown = str(caught.value)
    assert f"@body has no adjoint: `{name}` is not unitary" in shown
    assert "body.qir:3:3" in shown
    assert "in pass `adjoint`" in shown


def test_the_op_is_named_when_its_place_is_unknown() -> None:
    func = parse_module(REFUSED.format(statement="%q.1 = q.reset %q")).main
    bare = func.replace(ops=tuple(op.replace() for op in func.ops))
    for op in bare.ops:
        op.loc = None
    with pytest.raises(QStoreError, match="op 0 of @body: %q"):
        adjoint(bare)


def test_options_and_repetition() -> None:
    text = (
        "qir 1\nfunc @a() {\n  return\n}\n\nfunc @b(%q: qubit) {\n  %r = q.s %q\n  return %r\n}\n"
    )
    module = parse_module(text)
    result = run_pipeline("adjoint{func=b}", module)
    assert [func.name for func in result.funcs] == ["a", "b", "b_dag"]
    assert result.funcs[:2] == module.funcs
    assert run_pipeline("adjoint{func=b}", result) is result
    with pytest.raises(QStoreError, match="no function @c"):
        run_pipeline("adjoint{func=c}", module)


@given(circuits(max_qubits=3, observed=False, scalars=False))
def test_twice_is_the_function(func: Func) -> None:
    twice = run_pipeline("O1", parse_module(f"qir 1\n{adjoint(adjoint(func))}")).main
    for binding in random_bindings(func, 1):
        np.testing.assert_allclose(
            unitary_of_func(twice, binding), unitary_of_func(func, binding), atol=1e-9
        )
    assert same_func(adjoint(func), adjoint(func))
