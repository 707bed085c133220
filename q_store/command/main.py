"""From the command line to an exit code: dispatch, and what happens when something goes wrong."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from types import TracebackType
from typing import Final, cast

from q_store.command import exit_codes
from q_store.command.arguments import build_parser
from q_store.command.output import Output

_COMMANDS: Final = {
    "compile": "q_store.command.compiling:compile_file",
    "draw": "q_store.command.compiling:draw_file",
    "validate": "q_store.command.validating:validate_files",
    "run": "q_store.command.running:run_file",
    "cost": "q_store.command.pricing:cost_file",
    "emit": "q_store.command.ionq_jobs:emit_file",
    "ionq": "q_store.command.ionq_jobs:run_ionq",
    "gates": "q_store.command.listing:list_gates",
    "passes": "q_store.command.listing:list_passes",
    "explain": "q_store.command.listing:explain_code",
    "calibrate": "q_store.command.calibrating:calibrate_machine",
    "doctor": "q_store.command.doctor:examine",
}
"""What runs each command: a function of the arguments and the output that returns an exit code."""

Command = Callable[[Namespace, Output], int]


def run(argv: Sequence[str] | None) -> int:
    """Run the command line and return its exit code; nothing is raised."""
    parser = build_parser()
    try:
        args = parser.parse_args(argv)
        if args.command is None and not args.version:
            parser.error("a command is needed: try qstorec --help")
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else exit_codes.USAGE
    out = Output(args.color, args.message_format, args.verbosity)
    guard = _Guard(out, sys.argv[1:] if argv is None else list(argv))
    with guard:
        guard.code = _dispatch(_version if args.version else _command(args), args, out)
    return guard.code


def _version(args: Namespace, out: Output) -> int:
    from q_store import __version__

    out.data(f"qstorec {__version__}\n")
    return exit_codes.DONE


def _command(args: Namespace) -> Command:
    module, _, name = _COMMANDS[args.command].partition(":")
    return cast(Command, getattr(import_module(module), name))


def _dispatch(command: Command, args: Namespace, out: Output) -> int:
    from q_store.qir.diagnostics import QStoreError

    try:
        for file in getattr(args, "load", ()):
            _load(file)
        code = command(args, out)
        out.finish()
        return code
    except QStoreError as problem:
        code = exit_codes.exit_code(problem.code)
        for found in problem.diagnostics:
            out.diagnostic(found)
        if code == exit_codes.INTERNAL:
            raise
        return code


def _load(file: str) -> None:
    from q_store.frontends.python_files import execute_file

    execute_file(file)


class _Guard(AbstractContextManager["_Guard"]):
    """The last line: a closed pipe ends quietly, Ctrl-C with 130, and our own mistakes with 70 and
    a file that lets someone repeat them."""

    def __init__(self, out: Output, argv: list[str]) -> None:
        self.out, self.argv = out, argv
        self.code = exit_codes.DONE

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if problem is None:
            return True
        if isinstance(problem, BrokenPipeError):
            self.out.silence()
            self.code = exit_codes.BROKEN_PIPE
        elif isinstance(problem, KeyboardInterrupt):
            self.out.failure("interrupted")
            self.code = exit_codes.INTERRUPTED
        elif isinstance(problem, Exception):
            self.report(problem)
            self.code = exit_codes.INTERNAL
        else:
            return False
        return True

    def report(self, problem: Exception) -> None:
        from q_store.command.reproducer import write_reproducer

        said = " ".join(str(problem).split())[:200]
        said += "".join(f"; {note}" for note in getattr(problem, "__notes__", ()))
        self.out.failure(
            f"internal error: {type(problem).__name__}: {said} "
            f"({write_reproducer(problem, self.argv)})"
        )
