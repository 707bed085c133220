"""Time what reading a program of the text language takes: lines per second with positions, and
loading the tables of its grammar in a fresh process.

    python benchmarks/dsl_speed.py --lines 8000 --repeats 5

The lines are gates with numbers, affine angles of parameters, and CX; no loops. Best of
the repeats.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time

from q_store.frontends.dsl import from_dsl, to_dsl
from q_store.frontends.dsl.parser import parse
from q_store.qir.location import SourceText

QUBITS = 16
LOAD = """
import time
from q_store.frontends.dsl.tables import tables
start = time.perf_counter()
tables()
print((time.perf_counter() - start) * 1e3)
"""


def program(lines: int) -> str:
    """Gates on random qubits, one per line."""
    rng = random.Random(7)
    text = [f"qubits q[{QUBITS}]", "input x[4]", "weight w[3, 4]"]
    for _ in range(lines):
        kind, wire = rng.random(), rng.randrange(QUBITS)
        if kind < 0.5:
            text.append(f"{rng.choice(('rx', 'ry', 'rz'))}({rng.uniform(-3, 3):.6f}) q[{wire}]")
        elif kind < 0.75:
            element = f"w[{rng.randrange(3)}, {rng.randrange(4)}]"
            text.append(f"ry(0.5*x[{rng.randrange(4)}] + {element}) q[{wire}]")
        else:
            text.append(f"cx q[{wire}], q[{(wire + 1) % QUBITS}]")
    return "\n".join([*text, "expect Z0"])


def best_s(run, repeats: int) -> float:
    """Least processor time of `run()`, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def loading_ms(cache: str, repeats: int) -> list[float]:
    """Milliseconds to load the tables, each time in a new process; the first one makes them."""
    times = []
    for _ in range(repeats + 1):
        done = subprocess.run(
            [sys.executable, "-c", LOAD],
            env={"QSTORE_CACHE_DIR": cache, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        times.append(float(done.stdout))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=8000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    text = program(options.lines)
    func = from_dsl(text)
    rows = {
        "syntax tree": lambda: parse(SourceText(text)),
        "to IR": lambda: from_dsl(text),
        "IR to text": lambda: to_dsl(func),
    }
    for name, run in rows.items():
        seconds = best_s(run, options.repeats)
        print(f"{name:12} {options.lines / seconds:9.0f} lines/s {seconds * 1e3:9.1f} ms")
    with tempfile.TemporaryDirectory() as cache:
        first, *later = loading_ms(cache, options.repeats)
    print(f"grammar: made in {first:.1f} ms, loaded from the cache in {min(later):.1f} ms")


if __name__ == "__main__":
    main()
