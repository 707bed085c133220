"""The command line's grammar. It imports nothing but argparse, so `--help` is quick."""

from __future__ import annotations

import argparse
from typing import Final

from q_store.command.ionq_arguments import add_emit, add_ionq

_EPILOG: Final = """\
FILE is a program: IR text (.qir), the text language (.qst, .qs), OpenQASM (.qasm), QPY (.qpy), JSON
of Cirq or IonQ (.json), - for standard input, or FILE.py:NAME, which executes that Python file and
takes a circuit of any library, a Func or Module, or a function that gives one.

examples:
  qstorec compile bell.qir -p 'canonicalize,fixpoint(cancel,merge-rotations)' --timing
  qstorec compile model.py:circuit_fn --n-qubits 4 --emit ir=out.qir,stats
  qstorec compile qft.qst -D n=5 --emit qasm3,qiskit=qft.qpy
  qstorec run bell.qir --bind theta=0.3 --bind 'w=[0.1,0.2]'
  qstorec cost bell.qir --target ionq.forte --shots 1000 --budget 50
  qstorec emit bell.qir --target ionq.forte --gateset native > job.json
  qstorec ionq submit bell.qir --target ionq.simulator --shots 1000 --wait
  qstorec gates rx
  qstorec explain QS201

exit codes: 0 done, 1 wrong input, 2 wrong usage, 3 cannot (too large, backend missing),
4 an optional package is missing, 70 internal error, 130 interrupted
"""
EMIT_KINDS: Final = (
    *("ir", "dsl", "qasm2", "qasm3", "qiskit", "cirq", "pennylane", "mlir", "executable"),
    *("drawing", "stats", "stats-json"),
)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; the chosen command is in `command`."""
    parser = argparse.ArgumentParser(
        prog="qstorec",
        description="Compile, run and explain quantum circuits.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    _add_globals(parser, "auto", "human", 0)
    # The same flags after the command; what is not given there leaves the first ones alone.
    flags = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    _add_globals(flags, *[argparse.SUPPRESS] * 3)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")

    def command(name: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=help, description=f"{help}.", parents=[flags], allow_abbrev=False
        )

    _compile(command("compile", "Read a program, run passes on it and write the result"))
    _run(command("run", "Give expectation values, probabilities, samples or the state"))
    _cost(command("cost", "Say what a program costs on an IonQ machine"))
    add_emit(command("emit", "Write a program as a job of IonQ's service"), _source)
    add_ionq(command("ionq", "Jobs at IonQ's service, and a local one"), flags)
    _draw(command("draw", "Draw a circuit as text or SVG"))
    _validate(command("validate", "Read and verify programs and change nothing"))
    gates = command("gates", "List the gates, or show one")
    _listing(gates, "a gate, by any of its names")
    _load(gates)
    passes = command("passes", "List the passes and pipelines, or show one")
    _listing(passes, "a pass or pipeline")
    _load(passes)
    _listing(command("explain", "Explain a diagnostic code"), "a code, such as QS201")
    _calibrate(command("calibrate", "Measure the backends of this machine, for backend 'auto'"))
    _json(command("doctor", "Show versions, optional packages and the kernel cache"))
    return parser


def _add_globals(
    parser: argparse.ArgumentParser, color: str, form: str, verbosity: int | str
) -> None:
    group = parser.add_argument_group("global flags")
    group.add_argument(
        "-q",
        "--quiet",
        dest="verbosity",
        action="store_const",
        const=-1,
        default=verbosity,
        help="say nothing but errors",
    )
    group.add_argument(
        "-v",
        "--verbose",
        dest="verbosity",
        action="store_const",
        const=1,
        default=verbosity,
        help="say more: the pipeline, how often rules fired",
    )
    group.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default=color,
        help="colours on diagnostics; auto also looks at NO_COLOR, FORCE_COLOR and TERM",
    )
    group.add_argument(
        "--message-format",
        choices=("human", "short", "json"),
        default=form,
        help="form of diagnostics on standard error",
    )


def _compile(parser: argparse.ArgumentParser) -> None:
    _source(parser)
    _bind_early(parser)
    _pipeline(parser)
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write there instead of to standard output"
    )
    parser.add_argument(
        "--emit",
        metavar="KIND[=FILE],…",
        action="append",
        default=None,
        type=_emit,
        help=f"what to write: {', '.join(EMIT_KINDS)} (default: ir)",
    )
    parser.add_argument(
        "--timing", action="store_true", help="times and sizes of each pass on standard error"
    )
    _watching(parser)


def _watching(parser: argparse.ArgumentParser) -> None:
    """Looking at what passes do; all of it goes to standard error."""
    group = parser.add_argument_group("watching passes")
    for flag, what in (
        ("--print-before", "print the program before passes"),
        ("--print-after", "print the program after passes"),
        ("--print-diff", "print what passes change, as a unified diff"),
    ):
        group.add_argument(
            flag,
            metavar="all|changed|PASS",
            action="append",
            default=[],
            help=f"{what}; names with commas, or repeat",
        )
    group.add_argument(
        "--verify-each", action="store_true", help="verify after every pass that changed something"
    )
    group.add_argument(
        "--reproducer",
        metavar="FILE",
        help="when a pass fails, write the program before it and the command that repeats it",
    )
    group.add_argument(
        "--pass-limit",
        metavar="N",
        type=_natural,
        help="run the first N passes only, each a line with its number",
    )


def _bind(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--bind",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a number such as 0.3 or pi/2, a list such as [0.1,pi], or @FILE.json or @FILE.npy; "
        "repeat for each",
    )


def _bind_early(parser: argparse.ArgumentParser) -> None:
    """Numbers for parameters before the passes run; what is not named stays symbolic."""
    _bind(parser)
    parser.set_defaults(bind_early=True)


def _run(parser: argparse.ArgumentParser) -> None:
    _source(parser)
    _pipeline(parser)
    _watching(parser)
    _bind(parser)
    parser.add_argument(
        "--shots", metavar="N", type=_positive, help="measure this often instead of exactly"
    )
    parser.add_argument(
        "--seed", metavar="N", type=_natural, default=0, help="of the shots (default: 0)"
    )
    parser.add_argument("--backend", metavar="NAME", default="auto", help="default: auto")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    parser.add_argument(
        "--noise", metavar="MODEL", help="add a noise model such as aria-1 after the passes"
    )
    parser.add_argument(
        "--trajectories",
        metavar="N",
        type=_positive,
        help="average a noisy circuit over N random trajectories",
    )
    _json(parser)


def _cost(parser: argparse.ArgumentParser) -> None:
    _source(parser)
    _bind_early(parser)
    parser.add_argument(
        "--target", metavar="NAME", default="ionq.forte", help="the machine (default: ionq.forte)"
    )
    parser.add_argument("--shots", metavar="N", type=_positive, default=1000, help="default: 1000")
    parser.add_argument(
        "--route",
        metavar="NAME",
        default="auto",
        help="how the job gets there, such as azure or braket (default: auto)",
    )
    parser.add_argument(
        "--mitigation", action="store_true", help="with error mitigation, which has its own minimum"
    )
    parser.add_argument(
        "--budget", metavar="USD", type=_price, help="exit with 3 when the program costs more"
    )
    parser.add_argument("--rates", metavar="FILE", help="prices that replace the built-in ones")
    parser.add_argument(
        "--level", type=int, choices=(0, 1, 2, 3), default=3, help="how hard to compile"
    )
    parser.add_argument("--per-op", action="store_true", help="list every native gate")
    _json(parser)


def _draw(parser: argparse.ArgumentParser) -> None:
    _source(parser)
    _bind_early(parser)
    _pipeline(parser, "")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write there instead of to standard output"
    )
    parser.add_argument("--format", choices=("text", "svg"), default="text")
    parser.add_argument(
        "--width",
        metavar="N",
        type=_natural,
        help="fold text at this column; 0 for never (default: that of the terminal)",
    )


def _validate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="programs to check")
    _load(parser)
    parser.add_argument("--n-qubits", metavar="N", type=_positive, help="for a circuit function")
    _defines(parser)
    _json(parser)


def _calibrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dtype",
        choices=("float32", "float64"),
        action="append",
        help="measure this precision only; repeat for each (default: both)",
    )
    _json(parser)


def _listing(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help=what)
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_true", help="write one JSON document")
    forms.add_argument(
        "--markdown", action="store_true", help="write the page of the documentation"
    )


def _source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a program, -, or FILE.py:NAME")
    _load(parser)
    _defines(parser)
    parser.add_argument(
        "--n-qubits", metavar="N", type=_positive, help="for a circuit function that asks for it"
    )
    parser.add_argument(
        "--observable",
        metavar="TEXT",
        action="append",
        help="observe this Pauli sum, such as 'Z0 + 0.5*X1'; repeat for several",
    )


def _defines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-D",
        dest="define",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=_define,
        help="a setting or constant of the text language, or an OpenQASM input that shapes the "
        "circuit; repeat for each",
    )


def _pipeline(parser: argparse.ArgumentParser, default: str = "default") -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "-p",
        "--passes",
        metavar="PIPELINE",
        default=default,
        help="passes to run, such as 'canonicalize,fixpoint(cancel)'; '' for none",
    )
    group.add_argument(
        "-O",
        dest="passes",
        metavar="LEVEL",
        type=_level,
        default=argparse.SUPPRESS,
        help="the named pipeline O0, O1 or O2",
    )


def _load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--load",
        metavar="FILE.py",
        action="append",
        default=[],
        help="execute a Python file that registers passes or gates; repeat for several",
    )


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write one JSON document")


def _emit(text: str) -> list[tuple[str, str | None]]:
    wanted = []
    for item in text.split(","):
        kind, equals, file = item.partition("=")
        if kind not in EMIT_KINDS:
            raise argparse.ArgumentTypeError(
                f"invalid kind {kind!r} (choose from {', '.join(EMIT_KINDS)})"
            )
        if equals and not file:
            raise argparse.ArgumentTypeError(f"{kind}= needs the name of a file")
        wanted.append((kind, file or None))
    return wanted


def _define(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and name.strip() and value.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name.strip(), value.strip()


def _level(text: str) -> str:
    if text not in ("0", "1", "2"):
        raise argparse.ArgumentTypeError(f"invalid level {text!r} (choose from 0, 1, 2)")
    return f"O{text}"


def _price(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount from 0 up")
    return amount


def _natural(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def _positive(text: str) -> int:
    number = _natural(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
