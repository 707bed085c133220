"""`qstorec calibrate`: measure the backends of this machine, for `auto`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from q_store.command import exit_codes
from q_store.command.output import Output, table

if TYPE_CHECKING:
    from q_store.runtime.cost_model import Cost

_SCHEMA: Final = "qstorec/calibrate/1"


def calibrate_machine(args: Namespace, out: Output) -> int:
    """Measure, keep the costs in the cache folder, and print them. Exit code 1 when the folder
    cannot be written."""
    from q_store.qir.diagnostics import error
    from q_store.runtime import cost_model
    from q_store.runtime.calibration import calibrate

    out.talk("measuring; other work on this machine spoils the figures")
    costs = calibrate(out.talk, args.dtype or ("float32", "float64"))
    path = cost_model.calibration_file()
    try:
        cost_model.write({**cost_model.current(), **costs})
    except OSError as problem:
        raise error("QS706", f"cannot write {path}: {problem.strerror}") from problem
    if args.json:
        numbers = {name: asdict(cost) for name, cost in sorted(costs.items())}
        out.document(_SCHEMA, {"file": str(path), "costs": numbers})
    else:
        out.data(_page(costs) + f"kept in {path}\n")
    return exit_codes.DONE


def _page(costs: Mapping[str, Cost]) -> str:
    names = ("call", "sample", "gate", "amplitude", "beyond", "joint")
    rows: list[tuple[str, ...]] = [("nanoseconds for each", *names, "cache MiB")]
    for name, cost in sorted(costs.items()):
        numbers = [getattr(cost, name) for name in names]
        rows.append((name, *[f"{number:.4g}" for number in numbers], f"{cost.cache / 2**20:.0f}"))
    return table(rows, "<>>>>>>>")
