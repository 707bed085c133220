"""`qstorec ionq serve`: IonQ's API on this machine."""

from __future__ import annotations

import argparse
from argparse import Namespace
from typing import TYPE_CHECKING

from q_store.command import exit_codes
from q_store.command.output import Output

if TYPE_CHECKING:
    from q_store.runtime.ionq_service.service import ServiceOptions

PORT = 8700


def add_serve_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `serve`."""
    parser.add_argument(
        "--port", metavar="N", type=int, default=PORT, help=f"0 for a free one (default: {PORT})"
    )
    parser.add_argument(
        "--db", metavar="FILE", help="keep jobs, results and charges there (default: in memory)"
    )
    parser.add_argument(
        "--queue",
        metavar="SECONDS",
        type=_seconds,
        default=0.0,
        help="how long jobs wait for a machine (default: 0)",
    )
    parser.add_argument(
        "--quota", metavar="USD", type=_seconds, help="what all jobs together may cost"
    )
    parser.add_argument("--rates", metavar="FILE", help="prices that replace the built-in ones")
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="of measurements and faults (default: 0)"
    )
    faults = parser.add_argument_group("faults on purpose")
    faults.add_argument(
        "--fault",
        metavar="KIND[=RATE]",
        action="append",
        default=[],
        help="429, 500, 502, 503, drop, lost, gone, slow, duplicate, fail, cancel or die, with a "
        "rate from 0 to 1; repeat for several",
    )
    faults.add_argument(
        "--retry-after",
        metavar="SECONDS",
        type=int,
        default=1,
        help="with 429 (default: 1)",
    )
    faults.add_argument(
        "--slow", metavar="SECONDS", type=_seconds, default=1.0, help="added by slow (default: 1)"
    )


def _seconds(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 up")
    return amount


def serve(args: Namespace, out: Output) -> int:
    """Serve until the process is told to end; ends with 0 on SIGTERM."""
    import signal
    import threading

    from q_store.runtime.ionq_service.http_server import IonqServer
    from q_store.runtime.ionq_service.service import IonqService

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with IonqServer(IonqService(_options(args)), args.port) as server:
        out.data(f"IonQ's API is at {server.url}\n")
        out.stdout.flush()
        out.talk(f"q-store finds it by QSTORE_IONQ_URL={server.url}, with any key; end with Ctrl-C")
        ended.wait()
    return exit_codes.DONE


def _options(args: Namespace) -> ServiceOptions:
    from q_store.runtime.ionq_service.faults import FaultPlan
    from q_store.runtime.ionq_service.service import ServiceOptions
    from q_store.targets.ionq.rates import Rates

    faults = FaultPlan.parse(args.fault, args.seed, args.retry_after, args.slow)
    return ServiceOptions(
        **({"db": args.db} if args.db else {}),
        queue=args.queue,
        seed=args.seed,
        quota=args.quota,
        rates=Rates.load(args.rates) if args.rates else None,
        faults=faults,
    )
