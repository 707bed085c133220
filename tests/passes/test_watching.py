"""Seeing what passes do: where a run is, diffs, limits, reproducers, and hooks of instruments."""

import io
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given

from q_store.cli import main
from q_store.passes.base import FuncPass, Pass
from q_store.passes.context import Context
from q_store.passes.fixpoint import Fixpoint
from q_store.passes.limiting import PassLimit
from q_store.passes.manager import PassManager, run_pipeline
from q_store.passes.pipeline import Pipeline
from q_store.passes.printing import diff_modules
from q_store.qir.diagnostics import QStoreError, error
from q_store.qir.func import Func, Module
from q_store.qir.parser import parse_module
from q_store.qir.printer import Names, print_func, print_module
from q_store.testing.strategies import circuits

TEXT = """qir 1
func @main() -> (qubit, qubit) {
  %q0, %q1 = q.alloc 2
  %q0.1 = q.h %q0
  %q0.2 = q.h %q0.1
  %q0.3, %q1.1 = q.cx %q0.2, %q1
  %q0.4 = q.s %q0.3
  return %q0.4, %q1.1
}
"""


@pytest.fixture
def module() -> Module:
    return parse_module(TEXT)


@dataclass(frozen=True, slots=True)
class Breaks(FuncPass):
    """Forgets the last op, or raises."""

    name: ClassVar[str] = "breaks"

    how: str = "op"

    def on_func(self, func: Func, ctx: Context) -> Func:
        if self.how == "mistake":
            raise ZeroDivisionError("a mistake")
        if self.how == "error":
            raise error("QS408", "`h` cannot be written")
        return func.replace(ops=func.ops[:-1])


# --- printing ---------------------------------------------------------------------------------


def shown(module: Module, pipeline: str, **options: object) -> str:
    stream = io.StringIO()
    PassManager(pipeline, stream=stream, **options).run(module)
    return stream.getvalue()


def heads(text: str) -> list[str]:
    return [line.removeprefix("// ") for line in text.splitlines() if line.startswith("//")]


def test_programs_before_and_after_say_where_the_run_is(module: Module) -> None:
    text = shown(module, "O1", print_before=["cancel"], print_after=["cancel", "fixpoint", "O1"])
    inner = "cancel (changed), in O1 > fixpoint > round 1"
    assert heads(text) == [
        "before cancel, in O1 > fixpoint > round 1",
        f"after {inner}",
        "after fixpoint(cancel,merge-rotations) (changed), in O1",
        "after O1 (changed)",
    ]
    assert print_module(module) in text


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["changed"], ["before cancel (changed)"]),
        (["all"], ["before cancel", "before merge-rotations"]),
        (["changed", "cancel"], ["before cancel"]),
    ],
)
def test_before_all_changed_and_named(
    module: Module, names: list[str], expected: list[str]
) -> None:
    assert heads(shown(module, "cancel,merge-rotations", print_before=names)) == expected


def test_a_second_round_is_another_place(module: Module) -> None:
    said = heads(shown(module, "fixpoint(merge-rotations,cancel)", print_after="all"))
    assert said == [
        "after merge-rotations (unchanged), in fixpoint > round 1",
        "after cancel (changed), in fixpoint > round 1",
        "after merge-rotations (unchanged), in fixpoint > round 2",
    ]


def test_a_diff_keeps_the_names_of_what_stays(module: Module) -> None:
    assert shown(module, "O1", print_diff=["all"]).splitlines() == [
        "// cancel, in O1 > fixpoint > round 1",
        "--- @main before cancel",
        "+++ @main after cancel",
        "@@ -1,7 +1,5 @@",
        " func @main() -> (qubit, qubit) {",
        "   %q0, %q1 = q.alloc 2",
        "-  %q0.1 = q.h %q0",
        "-  %q0.2 = q.h %q0.1",
        "-  %q0.3, %q1.1 = q.cx %q0.2, %q1",
        "+  %q0.3, %q1.1 = q.cx %q0, %q1",
        "   %q0.4 = q.s %q0.3",
        "   return %q0.4, %q1.1",
    ]


def test_diffs_of_functions_that_come_and_go(module: Module) -> None:
    other = Module((module.main.replace(name="other"),))
    text = diff_modules(module, other, "rename")
    assert text.count("--- @other before rename") == 1
    assert text.count("--- @main before rename") == 1
    assert diff_modules(module, module) == ""


@given(circuits(max_qubits=3, max_ops=8))
def test_names_in_diffs_stand_for_one_value_each(func: Func) -> None:
    after = run_pipeline("cancel,decompose{basis=u-cx}", Module((func,))).main
    old = Names()
    print_func(func, names=old)
    new = Names(before=old)
    print_func(after, names=new)
    values = {*func.args, *(value for op in func.ops for value in op.results)}
    made = {value for op in after.ops for value in op.results}
    assert all(new(value) == old(value) for value in made & values)
    texts = [*map(old, values), *map(new, made - values)]
    assert len(set(texts)) == len(texts)


def test_candidates_are_told_apart(module: Module) -> None:
    text = shown(module, "ionq-native", print_before=["resynthesize-pairs"])
    candidates = [head for head in heads(text) if "candidate" in head]
    assert "in ionq-native > candidate 1 of 4 (plain)" in candidates[0]
    assert "in ionq-native > candidate 4 of 4 (equal, ordered)" in candidates[-1]
    (note,) = [n for n in PassManager("ionq-native").run(module).diagnostics if n.code == "QS413"]
    assert note.severity == "note"
    assert "kept candidate 1 of 4 (plain) for @main" in note.message


# --- limits -----------------------------------------------------------------------------------


def test_a_limit_runs_the_first_passes_only(module: Module) -> None:
    stream = io.StringIO()
    run = PassManager("canonicalize,fixpoint(cancel,merge-rotations)", pass_limit=1, stream=stream)
    assert run.run(module).module is module
    assert stream.getvalue().splitlines() == [
        "pass 1: canonicalize",
        "pass 2: cancel, in fixpoint > round 1 (left out)",
        "pass 3: merge-rotations, in fixpoint > round 1 (left out)",
    ]


@pytest.mark.parametrize("pipeline", ["default", "ionq-native", "O1,ionq-native{level=1}"])
def test_every_limit_gives_a_program_up_to_the_whole_run(module: Module, pipeline: str) -> None:
    count = len([r for r in PassManager(pipeline).run(module).records if not r.is_group])
    texts = []
    for limit in {0, 1, count // 2, count - 1, count, count + 1}:
        manager = PassManager(pipeline, pass_limit=limit, verify_each=True, stream=io.StringIO())
        texts.append((limit, print_module(manager.run(module).module)))
    whole = print_module(PassManager(pipeline).run(module).module)
    assert dict(texts)[0] == print_module(module)
    assert dict(texts)[count + 1] == whole


@pytest.mark.parametrize("limit", [-1, 1.5, True, "3"])
def test_limits_that_are_none(limit: object) -> None:
    with pytest.raises(QStoreError, match="whole number from 0 up") as caught:
        PassLimit(limit)
    assert caught.value.code == "QS414"


# --- reproducers ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["op", "mistake", "error"])
def test_a_failing_pass_leaves_a_file(module: Module, how: str, tmp_path: Path) -> None:
    file = tmp_path / "r.qir"
    pipeline = Pipeline((*Pipeline.parse("cancel").passes, Fixpoint(Pipeline((Breaks(how),)))))
    with pytest.raises((QStoreError, ZeroDivisionError)) as caught:
        PassManager(pipeline, reproducer=file, verify_each=True).run(module)
    command, said, *_ = file.read_text().splitlines()
    text = "breaks" if how == "op" else f"breaks{{how={how}}}"
    assert f"-p '{text}'" in command or f"-p {text} " in command
    assert command.endswith(f"--verify-each --load {__file__}")
    assert said.startswith(f"// {text}, in fixpoint > round 1: ")
    problem = {"op": "QS406", "mistake": "ZeroDivisionError: a mistake", "error": "QS408"}[how]
    assert problem in said
    # The program before the pass, which is the one that `cancel` left.
    assert parse_module(file.read_text()).main.ops[1].defn.name == "q.cx"
    notes = caught.value.__notes__
    assert any(note == f"to repeat it: {command.removeprefix('// ')}" for note in notes)


def test_nothing_is_written_when_nothing_fails(module: Module, tmp_path: Path) -> None:
    PassManager("O2", reproducer=tmp_path / "r.qir").run(module)
    assert list(tmp_path.iterdir()) == []


def test_a_reproducer_that_cannot_be_written_hides_nothing(module: Module, tmp_path: Path) -> None:
    manager = PassManager(Pipeline((Breaks("error"),)), reproducer=tmp_path / "no" / "r.qir")
    with pytest.raises(QStoreError, match="cannot be written") as caught:
        manager.run(module)
    assert caught.value.code == "QS408"
    assert "no reproducer could be written" in caught.value.diagnostics[0].notes[-1]


def test_the_command_of_a_reproducer_repeats_the_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, file = tmp_path / "c.qir", tmp_path / "again.qir"
    program.write_text(TEXT)
    passes = "fixpoint(merge-rotations),decompose{basis=rz,cx}"
    assert main(["compile", str(program), "-p", passes, "--reproducer", str(file)]) == 1
    first = capsys.readouterr().err
    command = shlex.split(file.read_text().splitlines()[0].removeprefix("// qstorec "))
    assert main(command) == main(["compile", str(program), "-p", passes]) == 1
    assert first.splitlines()[0] in capsys.readouterr().err


# --- instruments ------------------------------------------------------------------------------


class Everything:
    """Defines every method that a run calls."""

    def __init__(self, unwanted: str = "") -> None:
        self.unwanted = unwanted
        self.said: list[str] = []

    def begin(self, context: Context) -> None:
        self.context = context

    def wants(self, pass_: Pass, module: Module) -> bool:
        return pass_.name != self.unwanted

    def before(self, pass_: Pass, module: Module) -> None:
        self.said.append(f"before {'/'.join(self.context.path)}")

    def after(self, pass_: Pass, module: Module, result: Module) -> None:
        self.said.append(f"after {pass_.name}")

    def failed(self, pass_: Pass, module: Module, problem: Exception) -> None:
        self.said.append(f"{pass_.name} failed: {type(problem).__name__}")


def test_hooks_of_an_instrument(module: Module) -> None:
    watcher = Everything("merge-rotations")
    PassManager("fixpoint(merge-rotations,cancel)", instruments=[watcher]).run(module)
    assert watcher.said == [
        "before fixpoint",
        "before fixpoint/round 1/cancel",
        "after cancel",
        "after fixpoint",
    ]
    assert watcher.context.path == ()


def test_failures_are_told_from_the_inside_out(module: Module) -> None:
    watcher = Everything()
    broken = Pipeline((Fixpoint(Pipeline((Breaks("mistake"),))),))
    with pytest.raises(ZeroDivisionError):
        PassManager(broken, instruments=[watcher]).run(module)
    assert watcher.said[-2:] == [f"{n} failed: ZeroDivisionError" for n in ("breaks", "fixpoint")]
    assert watcher.context.path == ()


def test_a_failed_verification_is_told_too(module: Module) -> None:
    watcher = Everything()
    with pytest.raises(QStoreError, match="does not verify"):
        PassManager(Pipeline((Breaks(),)), instruments=[watcher], verify_each=True).run(module)
    assert watcher.said[-1] == "breaks failed: QStoreError"
