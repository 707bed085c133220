"""`qstorec ionq` and `qstorec emit`: jobs at IonQ's service, and files with jobs."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from q_store.command import exit_codes
from q_store.command.files import write_files
from q_store.command.output import Output, table
from q_store.command.sources import load_module
from q_store.frontends.files import read_text
from q_store.qir.diagnostics import QStoreError, error

if TYPE_CHECKING:
    from q_store.runtime.ionq_client.client import IonQClient
    from q_store.runtime.ionq_client.job import IonQJob
    from q_store.runtime.ionq_client.results import IonQResult

_SCHEMA: Final = "qstorec/ionq/1"
_MAX_LINES: Final = 64
_OPTIONS: Final = ("target", "shots", "name", "noise", "seed", "debiasing", "dry_run", "session")


def run_ionq(args: Namespace, out: Output) -> int:
    """Run one command of the group."""
    if args.ionq_command == "serve":
        from q_store.command.ionq_serving import serve

        return serve(args, out)
    with _client(args) as client:
        return _COMMANDS[args.ionq_command](client, args, out)


def emit_file(args: Namespace, out: Output) -> int:
    """Write a program as a job of IonQ's service."""
    from q_store.ionq import to_ionq_json

    body = to_ionq_json(load_module(args.file, args), api=args.api, **_job(args))
    text = json.dumps(body, indent=2) + "\n"
    if args.output:
        write_files([(args.output, text.encode())])
    else:
        out.data(text)
    return exit_codes.DONE


def _client(args: Namespace) -> IonQClient:
    from q_store import ionq

    # By the name of the module, so that a missing extra is a diagnostic.
    made: IonQClient = ionq.IonQClient(url=args.url)
    return made


def _job(args: Namespace) -> dict[str, Any]:
    """Options of a job, and how its circuits are made, from the flags."""
    from q_store.command.binding import read_values

    chosen: dict[str, Any] = {name: getattr(args, name) for name in _OPTIONS}
    chosen["target"] = args.target or "ionq.simulator"
    chosen["gateset"] = None if args.gateset == "auto" else args.gateset
    chosen["level"] = args.level
    chosen["values"] = read_values(args.bind) or None
    return chosen


# --- commands ---------------------------------------------------------------------------------


def _submit(client: IonQClient, args: Namespace, out: Output) -> int:
    body = _body(args)
    if body is None:
        job = client.submit(load_module(args.file, args), **_job(args))
    else:
        job = client.submit_body(body)
    out.talk(f"submitted as job {job.id}")
    if args.wait and not (body or vars(args)).get("dry_run"):
        return _print_results(job, args, out)
    return _print_jobs([job], args, out)


def _body(args: Namespace) -> dict[str, Any] | None:
    """The job in a file of JSON, or `None` for a program of any other kind."""
    if not args.file.endswith(".json"):
        return None
    try:
        body = json.loads(read_text(args.file))
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict) or not {"type", "backend", "input"} <= body.keys():
        return None
    given = [name for name in _OPTIONS if getattr(args, name) not in (None, False)]
    if given or args.bind or args.gateset != "auto":
        raise error(
            "QS732",
            f"{args.file} is a job, with options of its own",
            help="give options when it is made: qstorec emit",
        )
    return body


def _status(client: IonQClient, args: Namespace, out: Output) -> int:
    if args.tag:
        found = client.find(args.tag)
        if found is None:
            raise error("QS743", f"the service has no job with the tag {args.tag}")
        return _print_jobs([found], args, out)
    jobs = [client.job(args.job)] if args.job else list(islice(client.jobs(), args.limit))
    return _print_jobs(jobs, args, out)


def _result(client: IonQClient, args: Namespace, out: Output) -> int:
    return _print_results(client.job(args.job), args, out)


def _each(act: Callable[[IonQJob], object]) -> Callable[[IonQClient, Namespace, Output], int]:
    """Do something with every job named; one that fails does not keep the others from it."""

    def command(client: IonQClient, args: Namespace, out: Output) -> int:
        problems: list[QStoreError] = []
        for name in args.jobs:
            try:
                act(client.job(name))
                out.talk(f"{args.ionq_command}: {name}")
            except QStoreError as problem:
                problems.append(problem)
        if problems:
            raise QStoreError(*[found for problem in problems for found in problem.diagnostics])
        return exit_codes.DONE

    return command


def _cost(client: IonQClient, args: Namespace, out: Output) -> int:
    found = client.job(args.job).cost()
    if args.json:
        out.document(_SCHEMA, {"job": args.job, **found})
        return exit_codes.DONE
    rows: list[tuple[str, ...]] = [("job", args.job)]
    for key in ("estimated_cost", "cost"):
        amount = found.get(key)
        if isinstance(amount, dict):
            rows.append((key.replace("_", " "), f"{amount.get('value')} {amount.get('unit')}"))
    out.data(table(rows))
    return exit_codes.DONE


def _backends(client: IonQClient, args: Namespace, out: Output) -> int:
    found = [client.backend(args.name)] if args.name else client.backends()
    if args.json:
        out.document(_SCHEMA, {"backends": found})
        return exit_codes.DONE
    rows: list[tuple[str, ...]] = [("backend", "status", "qubits", "queue", "native gates")]
    rows += [
        (
            str(one.get("backend")),
            str(one.get("status")),
            str(one.get("qubits")),
            _duration(one.get("average_queue_time")),
            " ".join(one.get("supported_native_gates") or ()),
        )
        for one in found
    ]
    out.data(table(rows, "<<>><"))
    return exit_codes.DONE


_COMMANDS: Final[dict[str, Callable[[IonQClient, Namespace, Output], int]]] = {
    "submit": _submit,
    "status": _status,
    "result": _result,
    "cancel": _each(lambda job: job.cancel()),
    "delete": _each(lambda job: job.delete()),
    "cost": _cost,
    "backends": _backends,
}


# --- what is printed --------------------------------------------------------------------------


def _duration(milliseconds: object) -> str:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return "unknown"
    return f"{milliseconds / 1000:.0f} s"


def _print_jobs(jobs: list[IonQJob], args: Namespace, out: Output) -> int:
    if args.json:
        out.document(_SCHEMA, {"jobs": [job.info for job in jobs]})
        return exit_codes.DONE
    rows: list[tuple[str, ...]] = [("job", "status", "backend", "name")]
    for job in jobs:
        info = job.info
        rows.append(
            (job.id, job.status, str(info.get("backend") or ""), str(info.get("name") or ""))
        )
    out.data(table(rows))
    return exit_codes.DONE


def _print_results(job: IonQJob, args: Namespace, out: Output) -> int:
    results = job.results(args.timeout, sharpen=getattr(args, "sharpen", None))
    counts = getattr(args, "counts", False)
    if args.json:
        shown = [
            {
                "probabilities": dict(one.probabilities),
                **({"counts": one.counts()} if counts else {}),
            }
            for one in results
        ]
        out.document(_SCHEMA, {"job": job.id, "results": shown})
        return exit_codes.DONE
    for index, one in enumerate(results):
        title = f"circuit {index}" if len(results) > 1 else f"job {job.id}"
        out.data(f"{title}\n{_outcomes(one, counts)}")
    return exit_codes.DONE


def _outcomes(result: IonQResult, counts: bool) -> str:
    """Outcomes, the first observed qubit first, the most likely on top."""
    values: dict[str, float] = dict(result.counts() if counts else result.probabilities)
    ordered = sorted(values.items(), key=lambda pair: -pair[1])
    rows = [("  " + bits, f"{value:.6g}") for bits, value in ordered[:_MAX_LINES]]
    more = len(ordered) - len(rows)
    return table(rows, "<>") + (f"  … {more} more; --json lists all\n" if more > 0 else "")
