"""The pass contract refuses passes that break it."""

from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from q_store.passes.base import FuncPass, Relation
from q_store.passes.context import Context
from q_store.passes.pipeline import Pipeline
from q_store.passes.rewrite import without
from q_store.qir.angle import Angle
from q_store.qir.diagnostics import QStoreError
from q_store.qir.func import Func, Module
from q_store.qir.parser import parse_module
from q_store.testing.contract import assert_pass_contract

TEXT = """qir 1
func @main(%x: f64, %q: qubit) -> (qubit) {
  %q.1 = q.rx(%x) %q
  %q.2 = q.p(0.5) %q.1
  return %q.2
}
"""


@pytest.fixture
def func() -> Func:
    return parse_module(TEXT).main


@dataclass(frozen=True)
class Bad(FuncPass):
    """A pass to go wrong in many ways."""

    name: ClassVar[str] = "bad"


class ChangesMeaning(Bad):
    idempotent: ClassVar[bool] = False

    def on_func(self, func: Func, ctx: Context) -> Func:
        return without(func, {len(func.ops) - 1})


class ChangesPhase(Bad):
    relation: ClassVar[Relation] = "exact"

    def on_func(self, func: Func, ctx: Context) -> Func:
        from q_store.qir.registry import gate

        last = func.ops[-1]
        if last.defn.name != "q.p":
            return func
        row = type(last)(gate("rz"), last.operands, last.angles, last.results)
        return func.replace(ops=(*func.ops[:-1], row))


class ChangesInput(Bad):
    def on_func(self, func: Func, ctx: Context) -> Func:
        func.ops[-1].angles = (Angle(0.25),)
        return func


class ChangesIdentity(Bad):
    def on_func(self, func: Func, ctx: Context) -> Func:
        func.ops = tuple(op.replace() for op in func.ops)
        return func


class NeverSettles(Bad):
    def on_func(self, func: Func, ctx: Context) -> Func:
        return func.replace()


class BreaksTheModule(Bad):
    def on_func(self, func: Func, ctx: Context) -> Func:
        return func.replace(ops=func.ops[:-1])


class DropsParameters(Bad):
    def on_func(self, func: Func, ctx: Context) -> Func:
        return func.replace(roles=("input", *func.roles[1:]))


@dataclass(frozen=True)
class Undecided(Bad):
    """Does something else every time."""

    runs: list[int] = field(default_factory=list)

    def on_func(self, func: Func, ctx: Context) -> Func:
        self.runs.append(1)
        return func if len(self.runs) % 2 else without(func, {0})


@pytest.mark.parametrize(
    ("pass_", "words"),
    [
        (ChangesMeaning(), "not equivalent"),
        (ChangesPhase(), "not equivalent"),
        (ChangesInput(), "changed the text of its input"),
        (ChangesIdentity(), "changed an object of its input"),
        (NeverSettles(), "a second run of `bad` changed something"),
        (DropsParameters(), "second run|changed the arguments"),
        (Undecided(), "is not deterministic"),
    ],
)
def test_what_is_refused(pass_: Bad, words: str, func: Func) -> None:
    with pytest.raises(AssertionError, match=words):
        assert_pass_contract(pass_, func)


def test_a_broken_module_is_the_verifiers_to_report(func: Func) -> None:
    with pytest.raises(QStoreError):
        assert_pass_contract(BreaksTheModule(), func)


def test_a_declared_relation_is_enough(func: Func) -> None:
    class Declared(ChangesPhase):
        relation: ClassVar[Relation] = "phase"

    assert_pass_contract(Declared(), func)


def test_the_result_comes_back(func: Func) -> None:
    (pass_,) = Pipeline.parse("cancel").passes
    module = Module((func,))
    assert assert_pass_contract(pass_, module) is module
