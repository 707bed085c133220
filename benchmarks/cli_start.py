"""Time `qstorec --help` beyond a bare interpreter.

    python benchmarks/cli_start.py --repeats 20

The two commands take turns; the medians are printed in milliseconds.
"""

import argparse
import subprocess
import sys
import time
from statistics import median

BARE = [sys.executable, "-c", "pass"]
HELP = [sys.executable, "-c", "from q_store.cli import main; main(['--help'])"]


def milliseconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - start) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    repeats = parser.parse_args().repeats
    pairs = [(milliseconds(BARE), milliseconds(HELP)) for _ in range(repeats)]
    bare, help_ms = (median(column) for column in zip(*pairs, strict=True))
    print(f"bare interpreter {bare:.0f} ms, qstorec --help {help_ms:.0f} ms")
    print(f"beyond a bare interpreter: {help_ms - bare:.0f} ms")


if __name__ == "__main__":
    main()
