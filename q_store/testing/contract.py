"""What every pass promises, checked on one function at a time."""

from __future__ import annotations

from q_store.passes.base import Pass
from q_store.passes.context import Context
from q_store.qir.func import Func, Module
from q_store.qir.identity import canonical_text
from q_store.qir.ops import Op
from q_store.qir.parser import parse_module
from q_store.qir.printer import print_module
from q_store.qir.verifier import verify_module
from q_store.testing.equivalence import assert_equivalent, bind, random_bindings


def assert_pass_contract(pass_: Pass, program: Func | Module, *, seed: int = 0) -> Module:
    """Check a pass on a program and return what it made. Raises `AssertionError`, or what the
    verifier raises.

    The input stays untouched; the output verifies and reads back from its text; its meaning is what
    the pass's `relation` says, before and after parameters are bound; parameters keep their names,
    types and roles; the pass is deterministic; and where it is declared idempotent, a second run
    returns the same object.
    """
    module = program if isinstance(program, Module) else Module((program,))
    before, shape = print_module(module), _snapshot(module)
    result = pass_.run(module, Context())
    assert print_module(module) == before, f"`{pass_.name}` changed the text of its input"
    assert _snapshot(module) == shape, f"`{pass_.name}` changed an object of its input"
    verify_module(result)
    _check_text(pass_, result)
    again = pass_.run(module, Context())
    assert canonical_text(again) == canonical_text(result), f"`{pass_.name}` is not deterministic"
    if pass_.idempotent:
        second = pass_.run(result, Context())
        assert second is result, (
            f"a second run of `{pass_.name}` changed something\n"
            f"--- input\n{before}--- first\n{print_module(result)}"
            f"--- second\n{print_module(second)}"
        )
    for func in module.funcs:
        _check_meaning(pass_, func, result.func(func.name), seed)
    return result


def _snapshot(module: Module) -> list[tuple[object, ...]]:
    """Everything a pass could have put elsewhere in its input, by identity."""
    ops = [op for func in module.funcs for op in _all_ops(func.ops)]
    parts = [[getattr(op, name) for name in Op.__slots__] for op in ops]
    return [
        *[(func, func.args, func.roles, func.ops, func.results) for func in module.funcs],
        *[tuple(map(id, (op, *own))) for op, own in zip(ops, parts, strict=True)],
    ]


def _all_ops(ops: tuple[Op, ...]) -> list[Op]:
    return [
        inner for op in ops for inner in (op, *(o for r in op.regions for o in _all_ops(r.ops)))
    ]


def _check_text(pass_: Pass, result: Module) -> None:
    text = print_module(result)
    reread = print_module(parse_module(text))
    assert reread == text, (
        f"what `{pass_.name}` made does not survive its text\n"
        f"--- printed\n{text}--- read and printed again\n{reread}"
    )


def _check_meaning(pass_: Pass, func: Func, result: Func, seed: int) -> None:
    kept = [(arg.name, arg.type, role) for arg, role in zip(func.args, func.roles, strict=True)]
    made = [(arg.name, arg.type, role) for arg, role in zip(result.args, result.roles, strict=True)]
    assert kept == made, f"`{pass_.name}` changed the arguments of @{func.name}: {kept} -> {made}"
    assert_equivalent(func, result, pass_.relation, seed=seed)
    for binding in random_bindings(func, 1, seed + 1):
        bound = bind(func, binding)
        after = pass_.run(Module((bound,)), Context()).func(func.name)
        assert_equivalent(after, bind(result, binding), pass_.relation, seed=seed)
