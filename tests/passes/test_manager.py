"""What the manager shows: records, printing, kept modules, verification, blame."""

import io
from dataclasses import dataclass
from typing import ClassVar

import pytest

from q_store.passes.base import FuncPass, Pass
from q_store.passes.context import Context
from q_store.passes.fixpoint import Fixpoint
from q_store.passes.manager import PassManager, run_pipeline
from q_store.passes.pipeline import Pipeline
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.func import Func, Module
from q_store.qir.parser import parse_module
from q_store.qir.printer import print_module

TEXT = """qir 1
func @main() -> (qubit, qubit) {
  %q0, %q1 = q.alloc 2
  %q0.1 = q.h %q0
  %q0.2 = q.h %q0.1
  %q0.3, %q1.1 = q.cx %q0.2, %q1
  return %q0.3, %q1.1
}
"""

ROUND = "in O1 > fixpoint > round 1"


@pytest.fixture
def module() -> Module:
    return parse_module(TEXT)


@dataclass(frozen=True, slots=True)
class Toggle(FuncPass):
    """Reverses the names of the function: never settles."""

    name: ClassVar[str] = "toggle"
    idempotent: ClassVar[bool] = False

    def on_func(self, func: Func, ctx: Context) -> Func:
        return func.replace(name=func.name[::-1])


@dataclass(frozen=True, slots=True)
class DropWire(FuncPass):
    """Forgets the last op."""

    name: ClassVar[str] = "drop-wire"

    def on_func(self, func: Func, ctx: Context) -> Func:
        return func.replace(ops=func.ops[:-1])


@dataclass(frozen=True, slots=True)
class Raises(FuncPass):
    """Raises what it is given."""

    name: ClassVar[str] = "raises"

    problem: BaseException | None = None

    def on_func(self, func: Func, ctx: Context) -> Func:
        raise self.problem or error("QS110", "nothing to see")


def test_records_tell_what_every_pass_did(module: Module) -> None:
    run = PassManager("O1").run(module)
    rows = [(record.depth, record.name, record.changed) for record in run.records]
    assert rows == [
        (1, "canonicalize", False),
        (2, "cancel", True),
        (2, "merge-rotations", False),
        (1, "fixpoint", True),
        (0, "O1", True),
    ]
    cancel = run.records[1]
    assert (cancel.gates_before, cancel.gates_after) == (3, 1)
    assert (cancel.gates_2q_before, cancel.gates_2q_after) == (1, 1)
    assert run.records[3].text == "fixpoint(cancel,merge-rotations)"
    assert [record.is_group for record in run.records] == [False, False, False, True, True]
    assert 0 <= cancel.wall_ms <= run.records[3].wall_ms <= run.wall_ms


def test_a_fixpoint_asks_an_idempotent_pass_only_about_news(module: Module) -> None:
    run = PassManager("fixpoint(cancel)").run(module)
    assert [record.name for record in run.records] == ["cancel", "fixpoint"]


def test_rule_statistics(module: Module) -> None:
    run = PassManager("cancel").run(module)
    ((rule, count),) = run.rules.items()
    assert rule.name == "cancel-inverse"
    assert rule.site.partition(":")[0].endswith("cancel.py")
    assert (count.offered, count.fired) == (3, 1)


@pytest.mark.parametrize(
    ("names", "heads"),
    [
        (
            ["all"],
            [
                "canonicalize (unchanged), in O1",
                f"cancel (changed), {ROUND}",
                f"merge-rotations (unchanged), {ROUND}",
            ],
        ),
        (["changed"], [f"cancel (changed), {ROUND}"]),
        (["merge-rotations"], [f"merge-rotations (unchanged), {ROUND}"]),
        ("cancel", [f"cancel (changed), {ROUND}"]),
    ],
)
def test_print_after(module: Module, names: list[str] | str, heads: list[str]) -> None:
    stream = io.StringIO()
    PassManager("O1", print_after=names, stream=stream).run(module)
    shown = [line for line in stream.getvalue().splitlines() if line.startswith("//")]
    assert shown == [f"// after {head}" for head in heads]
    assert "func @main" in stream.getvalue()


def test_print_after_goes_to_standard_error(
    module: Module, capsys: pytest.CaptureFixture[str]
) -> None:
    PassManager("cancel", print_after=["cancel"]).run(module)
    assert capsys.readouterr().err.startswith("// after cancel (changed)\nqir 1\n")


def test_print_after_an_unknown_pass(module: Module) -> None:
    with pytest.raises(QStoreError, match="did you mean `cancel`"):
        PassManager("cancel", print_after=["cancle"]).run(module)


def test_kept_modules(module: Module) -> None:
    assert PassManager("O1").run(module).kept == ()
    changed = PassManager("O1", keep="changed").run(module)
    assert [text for text, _ in changed.kept] == ["cancel"]
    everything = PassManager("O1", keep="all").run(module).kept
    assert [text for text, _ in everything] == ["canonicalize", "cancel", "merge-rotations"]
    assert everything[0][1] is module
    assert print_module(everything[-1][1]) == print_module(changed.module)


def test_verify_each_blames_the_pass(module: Module) -> None:
    manager = PassManager(Pipeline((DropWire(),)), verify_each=True)
    with pytest.raises(QStoreError) as caught:
        manager.run(module)
    assert caught.value.code == "QS406"
    assert "the pass `drop-wire`" in str(caught.value)
    assert len(caught.value.diagnostics) == 2


def test_verify_each_checks_the_input_first(module: Module) -> None:
    broken = DropWire().run(module, Context())
    with pytest.raises(QStoreError, match="before it is defined"):
        PassManager("O1", verify_each=True).run(broken)


def test_errors_carry_the_innermost_pass(module: Module) -> None:
    pipeline = Pipeline((Fixpoint(Pipeline((Raises(),))),))
    with pytest.raises(QStoreError) as caught:
        PassManager(pipeline).run(module)
    assert caught.value.diagnostics[0].notes == ("in pass `raises`",)


def test_mistakes_in_a_pass_carry_its_name_too(module: Module) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        PassManager(Pipeline((Raises(ZeroDivisionError()),))).run(module)
    assert caught.value.__notes__ == ["in pass `raises`"]


def test_a_fixpoint_says_when_it_gave_up(module: Module) -> None:
    run = PassManager(Pipeline((Fixpoint(Pipeline((Toggle(),)), max_iterations=3),))).run(module)
    (warning,) = run.diagnostics
    assert (warning.code, warning.severity) == ("QS405", "warning")
    assert "after 3 rounds" in warning.message
    assert run.module.main.name == "niam"


def test_instruments_see_every_pass(module: Module) -> None:
    seen: list[tuple[str, str, bool]] = []

    class Watcher:
        def before(self, pass_: Pass, module: Module) -> None:
            seen.append(("before", pass_.name, False))

        def after(self, pass_: Pass, module: Module, result: Module) -> None:
            seen.append(("after", pass_.name, result is not module))

    PassManager("fixpoint(cancel)", instruments=[Watcher()]).run(module)
    assert seen == [
        ("before", "fixpoint", False),
        ("before", "cancel", False),
        ("after", "cancel", True),
        ("after", "fixpoint", True),
    ]


def test_run_pipeline_takes_text_and_pipelines(module: Module) -> None:
    text = print_module(run_pipeline("O1", module))
    assert print_module(run_pipeline(Pipeline.parse("O1"), module)) == text
    assert run_pipeline("", module) is module


def test_notes_of_passes_come_back() -> None:
    text = """qir 1
func @main(%w: f64[9]) -> (f64) {
  %q0, %q1 = q.alloc 2
  %q0.1 = q.rx(%w[0]) %q0
  %q1.1 = q.u(%w[1], %w[2], %w[3]) %q1
  %q1.2 = q.u(%w[4], %w[5], %w[6]) %q1.1
  %e = m.observe %q0.1, %q1.2 [expval(Z0)]
  return %e
}
"""
    (note,) = PassManager("light-cone").run(parse_module(text)).diagnostics
    assert note.code == "QS410"
    assert note.message.endswith("depends on %w[1], %w[2], %w[3], %w[4], %w[5] and 1 more")
