"""Passes of one's own: in pipelines, in `compile`, on the command line, and what cannot be one."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytest

import q_store
from q_store import QStoreError, QuantumCircuit
from q_store.passes.pipeline import Pipeline
from q_store.passes.registry import PASSES
from q_store.plugins import FuncPass, RuleSet, register_pass, rule, sweep, unregister_pass
from q_store.runtime.compile_cache import SMALLEST
from q_store.testing.contract import assert_pass_contract

FILE = """
from dataclasses import dataclass
from typing import ClassVar
from q_store.plugins import FuncPass, RuleSet, register_pass, rule, sweep

@rule("q.barrier")
def drop_barrier(s, op):
    return op.operands

@register_pass
@dataclass(frozen=True)
class DropBarriers(FuncPass):
    '''Takes out every barrier.'''
    name: ClassVar[str] = "drop-barriers"
    def on_func(self, func, ctx):
        return sweep(func, RuleSet([drop_barrier]), ctx)
"""


@pytest.fixture(autouse=True)
def _passes_stay() -> Iterator[None]:
    before = set(PASSES)
    yield
    for name in set(PASSES) - before:
        unregister_pass(name)


@rule("q.barrier")
def drop_barrier(s: Any, op: Any) -> Any:
    return op.operands


def registered() -> type[FuncPass]:
    @register_pass
    @dataclass(frozen=True)
    class DropBarriers(FuncPass):
        name: ClassVar[str] = "drop-barriers"
        look_back: int = 3
        mode: Literal["all", "some"] = "all"
        names: tuple[str, ...] = ()

        def on_func(self, func: Any, ctx: Any) -> Any:
            return func if self.mode == "some" else sweep(func, RuleSet([drop_barrier]), ctx)

    return DropBarriers


CIRCUIT = QuantumCircuit(2).h(0).barrier().h(0).cx(0, 1).expval("Z1")


def test_pipelines_know_a_registered_pass_and_its_options() -> None:
    cls = registered()
    text = "drop-barriers{look-back=5 names=a,b},fixpoint(drop-barriers,cancel)"
    pipeline = Pipeline.parse(text)
    assert pipeline.passes[0] == cls(look_back=5, names=("a", "b"))
    assert str(pipeline) == text
    assert len(q_store.compile(CIRCUIT, passes=text).func.ops) == 3
    assert_pass_contract(cls(), CIRCUIT.to_ir())
    with pytest.raises(QStoreError, match="option `mode` of `drop-barriers` needs"):
        Pipeline.parse("drop-barriers{mode=none}")


def test_a_class_may_be_defined_again_and_forgotten() -> None:
    first, second = registered(), registered()
    assert type(Pipeline.parse("drop-barriers").passes[0]) is second is not first
    unregister_pass("drop-barriers")
    for action in (lambda: Pipeline.parse("drop-barriers"), lambda: unregister_pass("cancel")):
        with pytest.raises(QStoreError) as caught:
            action()
        assert caught.value.code == "QS402"
    assert "cancel" in PASSES


def made(frozen: bool = True, **parts: Any) -> type:
    notes = {name: ClassVar[Any] for name in ("name", "relation", "idempotent") if name in parts}
    notes |= parts.pop("annotations", {})
    parts = {"__annotations__": notes, "on_func": lambda self, func, ctx: func, **parts}
    return dataclass(frozen=frozen)(type("Mine", (FuncPass,), parts))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: made(name="cancel"), "the name `cancel` is taken"),
        (lambda: made(name="default"), "the name `default` is taken"),
        (lambda: made(name="My Pass"), "kebab-case text .* got 'My Pass'"),
        (lambda: made(), "kebab-case text .* got None"),
        (lambda: type("Mine", (FuncPass,), {"name": "mine"}), "no frozen dataclass"),
        (lambda: type("Mine", (made(name="mine"),), {"name": "mine"}), "no frozen dataclass"),
        (lambda: made(name="mine", relation="same"), "`relation` must be .* got 'same'"),
        (lambda: made(name="mine", idempotent=1), "`idempotent` must be a bool, got 1"),
        (lambda: made(name="mine", on_func=FuncPass.on_func), "no `on_func"),
        (lambda: made(name="mine", run=None), "no `run"),
        (lambda: made(name="mine", annotations={"a": list}, a=None), "option `a` must be"),
        (lambda: made(name="mine", annotations={"a": tuple[int, int]}, a=()), "option `a` must"),
    ],
)
def test_what_cannot_be_a_pass(make: Callable[[], type], words: str) -> None:
    before = dict(PASSES)
    with pytest.raises(QStoreError, match=words) as caught:
        register_pass(make())
    assert caught.value.code == "QS412"
    assert before == PASSES


def test_executables_of_other_passes_are_not_kept() -> None:
    """Another pass of the same text would get what the first one made."""
    circuit = QuantumCircuit(1)
    for _ in range(SMALLEST):
        circuit.rx(0, 0.01)
    circuit.expval("Z0")

    def compiled(angle: float) -> Any:
        @register_pass
        @dataclass(frozen=True)
        class Turn(FuncPass):
            name: ClassVar[str] = "turn"
            relation: ClassVar[str] = "observed"

            def on_func(self, func: Any, ctx: Any) -> Any:
                return QuantumCircuit(1).rx(0, angle).expval("Z0").to_ir()

        return q_store.compile(circuit, passes="turn")()

    assert compiled(0.3) == pytest.approx(np.cos(0.3))
    assert compiled(0.4) == pytest.approx(np.cos(0.4))


def test_the_command_loads_files_that_register_passes(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    (tmp_path / "c.qir").write_text(CIRCUIT.to_text())

    def qstorec(*argv: str) -> subprocess.CompletedProcess[str]:
        code = "import sys; from q_store.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", code, *argv]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    done = qstorec("compile", "c.qir", "--load", "mine.py", "-p", "drop-barriers,cancel")
    assert (done.returncode, "barrier" in done.stdout, "q.h" in done.stdout) == (0, False, False)
    listed = qstorec("passes", "--load", "mine.py")
    assert "drop-barriers" in listed.stdout
    assert "Takes out every barrier." in listed.stdout
    missing = qstorec("compile", "c.qir", "--load", "no.py")
    assert (missing.returncode, missing.stderr[:12]) == (1, "error[QS701]")
    assert "QS402" in qstorec("compile", "c.qir", "-p", "drop-barriers").stderr
