"""The grammar of `qstorec ionq` and `qstorec emit`. It imports nothing that is slow."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from q_store.command.ionq_serving import add_serve_arguments

Parser = argparse.ArgumentParser


def add_ionq(parser: Parser, flags: Parser) -> None:
    """The commands of the group; `flags` are the global ones, repeated after each."""
    commands = parser.add_subparsers(
        dest="ionq_command", metavar="COMMAND", title="commands", required=True
    )
    for name, (help, add) in COMMANDS.items():
        own = commands.add_parser(
            name, help=help, description=f"{help}.", parents=[flags], allow_abbrev=False
        )
        add(own)


def _submit(parser: Parser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a program, -, or FILE.py:NAME; a file of `qstorec emit` goes as it is",
    )
    parser.add_argument("--n-qubits", metavar="N", type=_positive, help="for a circuit function")
    add_job_options(parser)
    parser.add_argument("--wait", action="store_true", help="wait, and print the results")
    _timeout(parser)
    _connection(parser)


def add_job_options(parser: Parser) -> None:
    """What a job says beside its circuits."""
    parser.add_argument("--target", metavar="NAME", help="the machine (default: ionq.simulator)")
    parser.add_argument(
        "--gateset",
        choices=("auto", "qis", "native"),
        default="auto",
        help="qis lets the service compile, native compiles here (default: as the circuit is)",
    )
    parser.add_argument("--level", type=int, choices=(0, 1, 2, 3), default=3, help="for native")
    parser.add_argument("--shots", metavar="N", type=_positive, help="default: the service's, 100")
    parser.add_argument("--name", help="of the job")
    parser.add_argument("--noise", metavar="MODEL", help="of the simulator, such as forte-1")
    parser.add_argument("--seed", metavar="N", type=_positive, help="of the noise")
    parser.add_argument(
        "--debiasing",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="error mitigation, which has its own minimum price (default: the service's choice)",
    )
    parser.add_argument("--dry-run", action="store_true", help="compile, and run nothing")
    parser.add_argument("--session", metavar="ID", help="the session the job belongs to")
    parser.add_argument(
        "--bind",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a number such as 0.3 or pi/2, a list such as [0.1,pi], or @FILE.json or @FILE.npy; "
        "repeat for each",
    )


def _status(parser: Parser) -> None:
    parser.add_argument("job", metavar="JOB", nargs="?", help="its id; without one, list all jobs")
    parser.add_argument("--tag", help="find the job by the tag that an error named")
    parser.add_argument(
        "--limit", metavar="N", type=_positive, default=50, help="how many to list (default: 50)"
    )
    _connection(parser)


def _result(parser: Parser) -> None:
    parser.add_argument("job", metavar="JOB", help="its id")
    parser.add_argument(
        "--sharpen",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the majority of debiased variants instead of their mean",
    )
    parser.add_argument("--counts", action="store_true", help="shots instead of probabilities")
    _timeout(parser)
    _connection(parser)


def _jobs(parser: Parser) -> None:
    parser.add_argument("jobs", metavar="JOB", nargs="+", help="ids")
    _connection(parser)


def _cost(parser: Parser) -> None:
    parser.add_argument("job", metavar="JOB", help="its id")
    _connection(parser)


def _backends(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", help="show one machine")
    _connection(parser)


def _timeout(parser: Parser) -> None:
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, help="the longest wait (default: none)"
    )


def _connection(parser: Parser) -> None:
    parser.add_argument("--url", help="of the service (default: QSTORE_IONQ_URL, else IonQ's own)")
    parser.add_argument("--json", action="store_true", help="write one JSON document")


COMMANDS: Final[dict[str, tuple[str, Callable[[Parser], None]]]] = {
    "submit": ("Submit a program as one job", _submit),
    "status": ("Say how jobs are doing", _status),
    "result": ("Wait for a job and print what it gave", _result),
    "cancel": ("Cancel jobs", _jobs),
    "delete": ("Delete jobs and their data from the service", _jobs),
    "cost": ("Say what the service charges for a job", _cost),
    "backends": ("List the machines of the service, or show one", _backends),
    "serve": ("Serve IonQ's API on this machine", add_serve_arguments),
}


def add_emit(parser: Parser, source: Callable[[Parser], None]) -> None:
    """`qstorec emit`; `source` adds the arguments that name a program."""
    source(parser)
    parser.add_argument(
        "--format", choices=("json",), default="json", help="the form of the file (default: json)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write there")
    parser.add_argument(
        "--api", choices=("v0.4", "v0.3"), default="v0.4", help="version of the service"
    )
    add_job_options(parser)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19 and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def _seconds(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return amount
