"""Running pipelines under observation: timing, verification, printing, kept intermediates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Literal, TextIO

from q_store.passes.context import Context, Instrument, RuleCount, title
from q_store.passes.limiting import PassLimit
from q_store.passes.pipeline import Pipeline, format_pass, is_group
from q_store.passes.printing import Printer
from q_store.passes.reproducing import Reproducer
from q_store.qir.diagnostics import Diagnostic, QStoreError
from q_store.qir.verifier import verify_module

if TYPE_CHECKING:
    from q_store.passes.base import Pass
    from q_store.passes.rewrite import Rule
    from q_store.qir.func import Module

Keep = Literal["none", "changed", "all"]


@dataclass(frozen=True, slots=True)
class PassRecord:
    """What one run of one pass did."""

    name: str
    text: str
    """The pass with its options, as a pipeline spells it."""
    depth: int
    """How many combinators or named pipelines it ran inside."""
    is_group: bool
    """Whether it is a combinator or a named pipeline; its time covers its parts."""
    changed: bool
    wall_ms: float
    gates_before: int
    gates_after: int
    gates_2q_before: int
    """Gates on two and more wires."""
    gates_2q_after: int


@dataclass(frozen=True, slots=True)
class PassRun:
    """The outcome of `PassManager.run`."""

    module: Module
    records: tuple[PassRecord, ...]
    """In the order the passes finished."""
    rules: Mapping[Rule, RuleCount]
    """How often each rewrite rule was offered an op and fired."""
    diagnostics: tuple[Diagnostic, ...]
    """Warnings and notes of passes."""
    kept: tuple[tuple[str, Module], ...]
    """Modules after passes, with the text of the pass."""
    wall_ms: float


@dataclass(frozen=True, slots=True)
class PassManager:
    """A pipeline and how to watch it.

    >>> from q_store.qir.parser import parse_module
    >>> text = "qir 1\\nfunc @f(%q: qubit) {\\n %a = q.h %q\\n %b = q.h %a\\n return %b\\n}\\n"
    >>> PassManager("cancel").run(parse_module(text)).records[0].gates_after
    0
    """

    pipeline: Pipeline | str = "default"
    """Text is parsed; see `Pipeline.parse` for its errors."""
    verify_each: bool = False
    """Verify the module after every pass that changed it, and once before the first."""
    print_after: Collection[str] = ()
    """`all`, `changed` or names of passes; the module is printed to `stream` after them."""
    stream: TextIO | None = None
    """Where the `print_…` write and `pass_limit` counts; standard error when not given."""
    keep: Keep = "none"
    """Which intermediate modules to keep."""
    instruments: Sequence[Instrument] = ()
    """More watchers, called after the built-in ones."""
    print_before: Collection[str] = ()
    """As `print_after`, before them."""
    print_diff: Collection[str] = ()
    """As `print_after`, but only what changed, as a unified diff."""
    reproducer: str | Path | None = None
    """A file to write when a pass fails: the module before it and the command that repeats it."""
    pass_limit: int | None = None
    """Run only so many passes, each a line on `stream`; see `PassLimit`."""

    def run(self, module: Module) -> PassRun:
        """Run the pipeline. Raises `QS402` for an unknown name to print, `QS406` when `verify_each`
        finds that a pass broke the module, `QS414` for a wrong `pass_limit`, and whatever the
        passes raise."""
        pipeline = self.pipeline
        if isinstance(pipeline, str):
            pipeline = Pipeline.parse(pipeline)
        recorder, keeper = _Recorder(), _Keeper(self.keep)
        watchers: list[Instrument] = [recorder, keeper, *self._watchers()]
        if self.verify_each:
            verify_module(module)
            watchers.append(_Verifier())
        ctx = Context([*watchers, *self.instruments])
        start = perf_counter()
        result = pipeline.run(module, ctx)
        wall_ms = (perf_counter() - start) * 1e3
        return PassRun(
            result,
            tuple(recorder.records),
            ctx.rules,
            tuple(ctx.diagnostics),
            tuple(keeper.kept),
            wall_ms,
        )

    def _watchers(self) -> list[Instrument]:
        """The instruments that the fields ask for."""
        watchers: list[Instrument] = []
        if self.pass_limit is not None:
            watchers.append(PassLimit(self.pass_limit, self.stream))
        if self.print_before or self.print_after or self.print_diff:
            names = {"before": self.print_before, "after": self.print_after}
            watchers.append(Printer(self.stream, **names, diff=self.print_diff))
        if self.reproducer is not None:
            watchers.append(Reproducer(self.reproducer))
        return watchers


def run_pipeline(pipeline: Pipeline | str, module: Module) -> Module:
    """The module after a pipeline, unwatched."""
    parsed = Pipeline.parse(pipeline) if isinstance(pipeline, str) else pipeline
    return parsed.run(module, Context())


def _name(pass_: Pass) -> str:
    return title(pass_) or pass_.name


@dataclass(slots=True)
class _Recorder:
    records: list[PassRecord] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)

    def before(self, pass_: Pass, module: Module) -> None:
        self.starts.append(perf_counter())

    def after(self, pass_: Pass, module: Module, result: Module) -> None:
        wall_ms = (perf_counter() - self.starts.pop()) * 1e3
        before, after = _gate_counts(module), _gate_counts(result)
        self.records.append(
            PassRecord(
                _name(pass_),
                format_pass(pass_),
                len(self.starts),
                is_group(pass_),
                result is not module,
                wall_ms,
                before[0],
                after[0],
                before[1],
                after[1],
            )
        )


def _gate_counts(module: Module) -> tuple[int, int]:
    """Gates, and gates on two and more wires, of the whole module."""
    from q_store.passes.cost import gate_counts

    counts = [gate_counts(func) for func in module.funcs]
    return sum(count[0] for count in counts), sum(count[1] for count in counts)


@dataclass(slots=True)
class _Keeper(Instrument):
    keep: Keep
    kept: list[tuple[str, Module]] = field(default_factory=list)

    def after(self, pass_: Pass, module: Module, result: Module) -> None:
        wanted = self.keep == "all" or (self.keep == "changed" and result is not module)
        if wanted and not is_group(pass_):
            self.kept.append((format_pass(pass_), result))


class _Verifier(Instrument):
    def after(self, pass_: Pass, module: Module, result: Module) -> None:
        if result is module:
            return
        try:
            verify_module(result)
        except QStoreError as problem:
            raise QStoreError(
                Diagnostic(
                    "QS406",
                    f"the pass `{format_pass(pass_)}` made a module that does not verify",
                    help="this is a mistake in the pass, not in the program",
                ),
                *problem.diagnostics,
            ) from problem
