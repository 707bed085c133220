"""Coverage-guided fuzzing of the parsers with atheris, by hand: `make fuzz ARGS="--minutes 60"`.

    python tests/fuzz/parsers.py --minutes 60 --jobs 1 [ir dsl qasm2 qasm3]

Every text gives a result or a diagnostic whose place is in the text, in bounded time and memory;
results verify, and print as text that reads back the same. The minutes are shared out among the
languages. What is found stays in `.fuzz/`: a corpus for the next run, and under `crashes` the texts
that broke something, which `--repeat FILE` runs once more. The exit code is 1 when there are any.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".fuzz"
HANG_S = 20
"""A text that takes longer hangs."""
MEMORY_MB = 3000
MAX_LENGTH = 4096
LARGE = 1500
"""Programs with more ops are not printed and read again."""

TOKEN = re.compile(r"\s+|(?:#|//)[^\n]*|[%@$]?[^\W\d][\w.]*|\d+(?:\.\d+)?|\.\.|->|\*\*|.", re.S)
"""What the mutator deletes, doubles and exchanges; right for no language and near to all."""
PIECES = """
0 1 -1 2 0.5 1e9 1e-9 1e999 nan inf 99999999999999999999 2**62 pi ; , : = == + - * / % ** @ -> ..
( ) [ ] { } # // /* */ " ' $ \\ ~ ! << && q q[0] q[0..2] q[0:1] x x[0] w w[1,0] c t %q %q.1 %x[0]
X0 Z1 I in as for if else while switch gate ctrl ctrl(2) negctrl inv pow(2) pow(0.5) pow(-1)
measure reset barrier input weight const derived layer noise expect probs sample state circuit
qubits sum(i sin(x) sqrt(-1) 1/0 func return yield attrs qubit f64 bit q.if q.alloc q.measure
m.observe n.pauli n.kraus n.kraus2 n.confusion kraus confusion
f.mul expval( OPENQASM 3.0; include "stdgates.inc"; "qelib1.inc"; def let box
end array[float[64],2] creg qreg opaque int[8] uint angle bool complex duration stretch extern cal
defcal pragma break continue default case output gphase(0.5) U(0,0,pi) u3(1,2,3) rx(t) ry(0.1) cx
ccx h depolarizing(0.1) int
"""
SPARE = PIECES.split()


# --- what is checked --------------------------------------------------------------------------


def read_ir(text: str) -> None:
    from q_store.qir.parser import parse_module
    from q_store.qir.printer import print_module

    module = parse_module(text, "fuzz")
    if sum(len(func.ops) for func in module.funcs) < LARGE:
        printed = print_module(module)
        assert print_module(parse_module(printed)) == printed


def read_dsl(text: str) -> None:
    from q_store.frontends.dsl import from_dsl, to_dsl
    from q_store.qir.verifier import verify

    func = from_dsl(text, file="fuzz")
    verify(func)
    if len(func.ops) < LARGE:
        verify(from_dsl(to_dsl(func)))


def read_qasm(text: str) -> None:
    from q_store.frontends.qasm import from_qasm
    from q_store.qir.verifier import verify
    from q_store.targets.to_qasm import to_qasm3

    func = from_qasm(text, file="fuzz").to_ir()
    verify(func)
    if len(func.ops) < LARGE:
        verify(from_qasm(to_qasm3(func)).to_ir())


@dataclass(frozen=True)
class Language:
    read: Callable[[str], None]
    seeds: Callable[[], list[str]]


def survives(language: Language, text: str) -> None:
    """Read a text; anything but a result or a diagnostic with a place in the text is raised."""
    from q_store.qir.diagnostics import QStoreError
    from q_store.qir.error_codes import EXPLANATIONS

    try:
        language.read(text)
        return
    except QStoreError as problem:
        if problem.code == "QS801":  # nothing can be tested without the package
            raise ModuleNotFoundError(str(problem)) from problem
        diagnostics = problem.diagnostics
    lines = text.split("\n")
    assert 1 <= len(diagnostics) <= 21
    for found in diagnostics:
        assert found.code in EXPLANATIONS
        assert len(found.render()) < 6000
        if found.span is not None and found.span.file == "fuzz":
            assert 1 <= found.span.line <= len(lines)
            assert 1 <= found.span.col < found.span.end_col


# --- where it starts --------------------------------------------------------------------------


def seeds_of_ir() -> list[str]:
    golden = sorted((ROOT / "tests").rglob("*.qir"))
    from q_store.frontends.dsl import from_dsl
    from q_store.qir.func import Module

    return [p.read_text() for p in golden] + [str(Module((from_dsl(t),))) for t in seeds_of_dsl()]


@cache
def seeds_of_dsl() -> list[str]:
    return [path.read_text() for path in sorted((ROOT / "examples" / "dsl").glob("*.qst"))]


def seeds_of_qasm2() -> list[str]:
    return [*programs_of_tests("OLD"), 'OPENQASM 2.0; include "qelib1.inc"; qreg q[3]; h q;']


def seeds_of_qasm3() -> list[str]:
    from q_store import to_qasm3
    from q_store.frontends.dsl import from_dsl

    quiet = [text for text in seeds_of_dsl() if "\nnoise" not in text and "  noise" not in text]
    return [*programs_of_tests("NEW"), *[to_qasm3(from_dsl(text)) for text in quiet]]


def programs_of_tests(name: str) -> list[str]:
    """The programs that the Hypothesis tests start from, whole and line by line."""
    import runpy

    text: str = runpy.run_path(str(ROOT / "tests/frontends/qasm/test_fuzz.py"))[name]
    head, *lines = text.splitlines(keepends=True)
    return [text, *[head + "".join(lines[:k]) for k in range(1, len(lines))]]


LANGUAGES = {
    "ir": Language(read_ir, seeds_of_ir),
    "dsl": Language(read_dsl, seeds_of_dsl),
    "qasm2": Language(read_qasm, seeds_of_qasm2),
    "qasm3": Language(read_qasm, seeds_of_qasm3),
}


# --- one fuzzing process ----------------------------------------------------------------------


def edited(text: str, others: list[str], rng: random.Random) -> str:
    """A text with some tokens deleted, doubled, exchanged, or a piece of another text put in."""
    tokens = TOKEN.findall(text) or [""]
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(tokens) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            del tokens[at : at + rng.randint(1, 3)]
        elif kind == 1:
            tokens[at:at] = tokens[at : at + rng.randint(1, 12)]
        elif kind == 2:
            tokens[at : at + 1] = [rng.choice(SPARE)]
        elif kind == 3:
            tokens[at:at] = [" ", rng.choice(SPARE), " "]
        else:
            donor = TOKEN.findall(rng.choice(others)) if kind == 4 else tokens
            start = rng.randrange(len(donor) + 1)
            tokens[at:at] = donor[start : start + rng.randint(1, 25)]
    return "".join(tokens)


def fuzz(name: str, arguments: list[str]) -> None:
    """Run libFuzzer in this process, which ends with it."""
    import atheris

    with atheris.instrument_imports(include=["q_store", "openqasm3"]):
        language = LANGUAGES[name]
        others = language.seeds()
        for text in others:
            survives(language, text)

    def mutate(data: bytes, size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.3:
            return bytes(atheris.Mutate(data, size))
        return edited(data.decode("utf-8", "replace"), others, rng).encode()[:size]

    def one(data: bytes) -> None:
        survives(language, data.decode("utf-8", "replace"))

    atheris.Setup([sys.argv[0], *arguments], one, custom_mutator=mutate)
    atheris.Fuzz()


# --- the whole run ----------------------------------------------------------------------------


@dataclass
class Result:
    name: str
    runs: int
    seconds: int
    covered: int
    crashes: list[Path]


def campaign(name: str, seconds: int) -> Result:
    """Fuzz one language for so long; a crash ends a process, and another one goes on."""
    corpus, crashes = FOLDER / "corpus" / name, FOLDER / "crashes" / name
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(LANGUAGES[name].seeds()):
        (corpus / f"seed{number:03}").write_text(text)
    before, end = set(crashes.iterdir()), time.monotonic() + seconds
    result = Result(name, 0, seconds, 0, [])
    while (left := int(end - time.monotonic())) > 0:
        options = {
            "max_total_time": left,
            "timeout": HANG_S,
            "rss_limit_mb": MEMORY_MB,
            "max_len": MAX_LENGTH,
            "artifact_prefix": f"{crashes}/",
            "print_final_stats": 1,
        }
        arguments = [f"-{key}={value}" for key, value in options.items()]
        done = subprocess.run(
            [sys.executable, __file__, "--one", name, *arguments, str(corpus)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            errors="replace",
            check=False,
        )
        with (FOLDER / f"{name}.log").open("a") as log:
            log.write(done.stderr)
        result.runs += number_after("stat::number_of_executed_units:", done.stderr)
        result.covered = max(result.covered, number_after("cov:", done.stderr))
        if done.returncode and "stat::" not in done.stderr:
            raise SystemExit(f"{name} did not start: {done.stderr[-2000:]}")
    result.crashes = sorted(set(crashes.iterdir()) - before)
    return result


def number_after(word: str, text: str) -> int:
    """The last number that stands behind a word; 0 without one."""
    found = re.findall(re.escape(word) + r"\s*(\d+)", text)
    return int(found[-1]) if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("languages", nargs="*", choices=[*LANGUAGES, []], help="default: all")
    parser.add_argument("--minutes", type=float, default=60.0, help="of fuzzing, all together")
    parser.add_argument("--jobs", type=int, default=1, help="languages at once")
    parser.add_argument("--repeat", nargs=2, metavar=("LANGUAGE", "FILE"), help="read one text")
    options = parser.parse_args()
    if options.repeat:
        name, file = options.repeat
        survives(LANGUAGES[name], Path(file).read_bytes().decode("utf-8", "replace"))
        return 0
    names = options.languages or list(LANGUAGES)
    seconds = round(options.minutes * 60 / len(names))
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda name: campaign(name, seconds), names))
    for found in results:
        print(
            f"{found.name:<6} {found.seconds:5} s  {found.runs:9} executions  "
            f"{found.covered:6} branches  {len(found.crashes)} crashes"
        )
        for path in found.crashes:
            print(f"  {path}")
    return 1 if any(found.crashes for found in results) else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        fuzz(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main())
