"""`qstorec compile` and `qstorec draw`."""

from __future__ import annotations

from argparse import Namespace
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from q_store.command import exit_codes
from q_store.command.emitting import KINDS, emitted
from q_store.command.files import write_files
from q_store.command.output import Output, json_document, table
from q_store.command.sources import circuit_of, load_module
from q_store.passes.manager import PassManager, PassRun
from q_store.passes.pipeline import Pipeline
from q_store.qir.diagnostics import error

if TYPE_CHECKING:
    from q_store.passes.cost import CostReport
    from q_store.qir.func import Module

_STATS_SCHEMA: Final = "qstorec/stats/1"
_COUNTS: Final = (
    "gates",
    "gates_1q",
    "gates_2q",
    "gates_3q_plus",
    "depth",
    "depth_2q",
    "parameters",
)


def compile_file(args: Namespace, out: Output) -> int:
    """Read, run the pipeline, write. Everything is made before anything is written."""
    wanted = _destinations(args)
    pipeline = Pipeline.parse(args.passes)
    start = perf_counter()
    module = load_module(args.file, args)
    read_ms = (perf_counter() - start) * 1e3
    run = run_passes(module, pipeline, args, out)
    start = perf_counter()
    made = [(file, _emit(kind, file, module, run, pipeline)) for kind, file in wanted]
    if args.timing:
        out.talk(_timing(run, read_ms, (perf_counter() - start) * 1e3))
    write_files([(file, data) for file, data in made if file is not None])
    for file, data in made:
        if file is None:
            out.data(data.decode())
    return exit_codes.DONE


def draw_file(args: Namespace, out: Output) -> int:
    """Draw the first function, after the passes of `-p` if any."""
    module = run_passes(load_module(args.file, args), Pipeline.parse(args.passes), args, out).module
    width = 0 if args.output and args.width is None else args.width
    picture = circuit_of(module).draw(args.format, width=width)
    picture = picture if picture.endswith("\n") else f"{picture}\n"
    if args.output:
        write_files([(args.output, picture.encode())])
    else:
        out.data(picture)
    return exit_codes.DONE


def run_passes(module: Module, pipeline: Pipeline, args: Namespace, out: Output) -> PassRun:
    """Run the pipeline as the flags of the command say, and pass on what passes have to say."""
    manager = PassManager(
        pipeline,
        verify_each=getattr(args, "verify_each", False),
        print_before=_names(args, "print_before"),
        print_after=_names(args, "print_after"),
        print_diff=_names(args, "print_diff"),
        reproducer=getattr(args, "reproducer", None),
        pass_limit=getattr(args, "pass_limit", None),
        stream=out.stderr,
    )
    out.detail(f"pipeline: {','.join(_spelled(pipeline)) or 'empty'}")
    run = manager.run(module)
    for found in run.diagnostics:
        out.diagnostic(found)
    for rule, count in run.rules.items():
        out.detail(f"rule {rule.name}: fired {count.fired} of {count.offered} times")
    return run


def _names(args: Namespace, flag: str) -> list[str]:
    return [name for text in getattr(args, flag, []) for name in text.split(",")]


def _spelled(pipeline: Pipeline) -> list[str]:
    """The passes of the pipeline, named pipelines written out."""
    from q_store.passes.pipeline import format_pass

    texts: list[str] = []
    for item in pipeline.passes:
        texts += _spelled(item) if isinstance(item, Pipeline) else [format_pass(item)]
    return texts


# --- what to write ----------------------------------------------------------------------------


def _destinations(args: Namespace) -> list[tuple[str, str | None]]:
    """Pairs of kind and file, `None` for standard output, of which there may be one.

    Raises `QS707` where two kinds go to one place, or binary data to standard output.
    """
    asked = [item for group in args.emit or [[("ir", None)]] for item in group]
    wanted = [(kind, file or args.output) for kind, file in asked]
    places = [file for _, file in wanted]
    if args.output and args.output not in places:
        raise error("QS707", f"nothing is left to write to {args.output}: --emit names files")
    if len(set(places)) != len(places):
        raise error(
            "QS707",
            "two kinds of output would go to the same place",
            help="name files: --emit ir=out.qir,stats",
        )
    for kind, file in wanted:
        if file is None and kind in KINDS and KINDS[kind].suffix:
            raise error(
                "QS707",
                f"`{kind}` is not text",
                help=f"name a file: --emit {kind}=out{KINDS[kind].suffix}",
            )
    return wanted


def _emit(kind: str, file: str | None, before: Module, run: PassRun, pipeline: Pipeline) -> bytes:
    if kind in KINDS:
        return emitted(kind, run.module)
    if kind == "drawing":
        svg = file is not None and file.endswith(".svg")
        width = None if file is None else 0
        text = circuit_of(run.module).draw("svg" if svg else "text", width=width)
        return (text if text.endswith("\n") else f"{text}\n").encode()
    return (_stats_json if kind == "stats-json" else _stats)(before, run, pipeline).encode()


def _stats(before: Module, run: PassRun, pipeline: Pipeline) -> str:
    """Counts before and after for each function."""
    parts = []
    for name, old, new in _reports(before, run.module):
        rows: list[tuple[str, ...]] = [(f"@{name}", "before", "after")]
        rows += [(key, str(getattr(old, key)), str(getattr(new, key))) for key in _COUNTS]
        names = dict.fromkeys((*old.histogram, *new.histogram))
        rows += [(n, str(old.histogram.get(n, 0)), str(new.histogram.get(n, 0))) for n in names]
        parts.append(table(rows, "<>>"))
    return "\n".join(parts)


def _stats_json(before: Module, run: PassRun, pipeline: Pipeline) -> str:
    functions = [
        {"name": name, "before": _as_dict(old), "after": _as_dict(new)}
        for name, old, new in _reports(before, run.module)
    ]
    return json_document(_STATS_SCHEMA, {"pipeline": str(pipeline), "functions": functions})


def _reports(before: Module, after: Module) -> list[tuple[str, CostReport, CostReport]]:
    from q_store.passes.cost import cost

    old = {func.name: cost(func) for func in before.funcs}
    pairs = [(func.name, cost(func)) for func in after.funcs]
    return [(name, old.get(name, report), report) for name, report in pairs]


def _as_dict(report: CostReport) -> dict[str, Any]:
    counts = {key: getattr(report, key) for key in _COUNTS}
    return counts | {"histogram": dict(report.histogram)}


# --- timing -----------------------------------------------------------------------------------


def _timing(run: PassRun, read_ms: float, emit_ms: float) -> str:
    """A line for each run of a pass in order, parts of combinators indented above them."""
    rows: list[tuple[str, ...]] = [("pass", "ms", "share", "gates", "2q", "")]
    total = max(run.wall_ms, 1e-9)
    for record in reversed(run.records):
        rows.insert(
            1,
            (
                "  " * record.depth + record.name,
                f"{record.wall_ms:.2f}",
                f"{record.wall_ms / total:.0%}",
                f"{record.gates_before} -> {record.gates_after}",
                f"{record.gates_2q_before} -> {record.gates_2q_after}",
                "changed" if record.changed else "",
            ),
        )
    return table(rows, "<>>>>") + (
        f"read {read_ms:.2f} ms, passes {run.wall_ms:.2f} ms, write {emit_ms:.2f} ms"
    )
