"""Time one training step (forward and backward) beside other packages, interleaved in one run.

    python benchmarks/layer_step.py --sizes 4,2,32 10,4,64 --peers lightning_cpp --rounds 5

Exits 1 when a contender's answers differ from ours.
"""

import argparse
import os
import sys
from pathlib import Path

from harness import Contender, run_size, say
from peers import KERAS, OURS, OVERHEADS, PEERS, THREADS
from problem import SIZES, Problem
from report import Result, block, markdown, to_json, wrong

ROOT = Path(__file__).parents[1]
TFQ_PYTHON = str(ROOT / ".bench-tfq" / "bin" / "python")
KERAS_PYTHON = str(ROOT / ".bench-keras" / "bin" / "python")

BUSY_LOAD = 0.5
"""Load average above which numbers are not worth publishing."""


def parse_size(text: str) -> Problem:
    try:
        n, layers, batch = map(int, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected qubits,layers,batch, got {text!r}") from None
    return Problem(n, layers, batch)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--sizes", nargs="+", type=parse_size, default=[Problem(*size) for size in SIZES])
    add("--peers", nargs="*", choices=PEERS, default=list(PEERS), help="none: ours alone")
    add("--ours", nargs="*", choices=OURS, default=list(OURS))
    add("--rounds", type=int, default=5)
    add("--seconds", type=float, default=0.3, help="per contender and round")
    add("--cap", type=float, default=100.0, help="seconds a first call may take")
    add("--tfq-python", default=TFQ_PYTHON, help="interpreter of TensorFlow Quantum's environment")
    add("--keras-python", default=KERAS_PYTHON, help="interpreter of the environment with Keras")
    add("--markdown", action="store_true", help="print tables for docs/performance.md")
    add("--json", action="store_true", help="print every number")
    return parser.parse_args()


def contenders(options: argparse.Namespace) -> list[Contender]:
    pythons = dict.fromkeys(KERAS, options.keras_python)
    pythons["tensorflow_quantum"] = options.tfq_python
    wanted = {*options.ours, *options.peers}
    wanted |= {OVERHEADS[name] for name in options.ours if name in OVERHEADS}
    names = [name for name in (*OURS, *OVERHEADS.values(), *PEERS) if name in wanted]
    return [Contender(name, pythons.get(name, sys.executable)) for name in names]


def main() -> int:
    options = arguments()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > BUSY_LOAD:
        say("This machine is busy: packages that use several threads suffer most. Run again later.")
    results = []
    for problem in options.sizes:
        result = Result(problem, contenders(options))
        say(f"qubits, layers, batch: {result.label}")
        run_size(
            problem,
            result.contenders,
            rounds=options.rounds,
            seconds=options.seconds,
            cap_s=options.cap,
        )
        results.append(result)
        say(block(result))
    if options.json:
        print(to_json(results))
    elif options.markdown:
        print(markdown(results))
    return int(any(wrong(c) for result in results for c in result.contenders))


if __name__ == "__main__":
    sys.exit(main())
