"""What the benchmark prints: one block per size, a markdown table, or JSON."""

import json
import platform
from dataclasses import dataclass
from pathlib import Path

from harness import Contender
from peers import OURS, OVERHEADS, PEERS, THREADS
from problem import Problem

WRONG = 1e-3
"""Answers further apart than this, relative to the largest number, are called wrong."""


@dataclass
class Result:
    """All contenders on one size."""

    problem: Problem
    contenders: list[Contender]

    @property
    def label(self) -> str:
        return f"{self.problem.n}, {self.problem.layers}, {self.problem.batch}"

    @property
    def ours(self) -> list[Contender]:
        return [c for c in self.contenders if c.name in OURS and c.step_s]

    @property
    def fastest_peer(self) -> Contender | None:
        peers = [c for c in self.contenders if c.name in PEERS and c.step_s]
        return min(peers, key=lambda c: c.step_s, default=None)

    def lead(self, ours: Contender) -> str:
        """How many times faster than the fastest peer."""
        peer = self.fastest_peer
        return f"{peer.step_s / ours.step_s:.1f}" if peer else "-"

    def named(self, name: str | None) -> Contender | None:
        """The contender of a module, when it ran."""
        return next((c for c in self.contenders if c.name == name and c.step_s), None)

    def without_framework(self, ours: Contender) -> float | None:
        """Seconds of a step beyond those of the identity layer of the same framework."""
        identity = self.named(OVERHEADS.get(ours.name))
        return ours.step_s - identity.step_s if identity else None


def wrong(contender: Contender) -> bool:
    return contender.difference is not None and not contender.difference <= WRONG


def outcome(contender: Contender) -> str:
    """What stands in a table instead of a number."""
    late = contender.failure.startswith(">")
    return contender.failure if late else "failed" if contender.failure else "-"


def milliseconds(contender: Contender) -> str:
    if contender.step_s is None:
        return outcome(contender)
    note = " WRONG" if wrong(contender) else ""
    return f"{contender.step_s * 1e3:.3g}{note}"


def seconds(time_s: float | None) -> str:
    return "-" if time_s is None else f"{time_s:.3f}"


def block(result: Result) -> str:
    """A table of one size for people at a terminal."""
    ours = result.ours[0].step_s if result.ours else None
    lines = [
        f"qubits, layers, batch: {result.label}",
        f"{'':36} {'step ms':>12} {'best ms':>8} {'of ours':>8} {'samples/s':>10} {'start s':>8} "
        f"{'first s':>8} {'differs':>8}",
    ]
    for contender in result.contenders:
        step = contender.step_s
        ratio = f"{step / ours:.1f}" if step and ours else "-"
        rate = f"{result.problem.batch / step:.0f}" if step else "-"
        best = f"{min(contender.times) * 1e3:.3g}" if step else "-"
        differs = "-" if contender.difference is None else f"{contender.difference:.0e}"
        lines.append(
            f"{contender.title:36} {milliseconds(contender):>12} {best:>8} {ratio:>8} {rate:>10} "
            f"{seconds(contender.start_s):>8} {seconds(contender.first_s):>8} {differs:>8}"
        )
    lines += [f"{c.title} failed: {c.failure}" for c in result.contenders if outcome(c) == "failed"]
    lines += [f"{c.title}: {result.lead(c)} times the fastest peer" for c in result.ours]
    lines += [own_share(result, c) for c in result.ours if c.name in OVERHEADS]
    return "\n".join(lines) + "\n"


def own_share(result: Result, ours: Contender) -> str:
    """What a layer takes beyond its framework, and its lead over TensorFlow Quantum."""
    own = result.without_framework(ours)
    if own is None:
        return f"{ours.title}: no identity layer to compare with"
    text = f"{ours.title} beyond an identity layer: {own * 1e3:.3g} ms"
    torch = result.named("q_store_torch")
    if torch is not None and torch is not ours and (share := result.without_framework(torch)):
        text += f", {own / share:.2f} times that of torch"
    if quantum := result.named("tensorflow_quantum"):
        text += f"; {quantum.title} takes {quantum.step_s / ours.step_s:.1f} times the step"
        text += f" and {(quantum.step_s - ours.step_s + own) / own:.0f} times that share"
    return text


def markdown(results: list[Result]) -> str:
    """Two tables, sizes down and contenders across: step times, then first calls."""
    titles = [c.title for c in results[-1].contenders]
    leads = [c.title for c in results[-1].contenders if c.name in OURS]
    head = ["qubits, layers, batch", *titles, *(f"lead of {title}" for title in leads)]
    steps = [
        [r.label, *map(milliseconds, r.contenders), *(r.lead(c) for c in r.ours)] for r in results
    ]
    firsts = [[r.label, *map(first_call, r.contenders)] for r in results]
    return "\n".join(
        [
            f"Milliseconds for one step, median; {machine()}.\n",
            table(head, steps),
            "\nSeconds to build the circuit and run its first step, the package being started.\n",
            table(head[: 1 + len(titles)], firsts),
            "\n" + ", ".join(f"{name} {text}" for name, text in versions(results).items()) + ".",
        ]
    )


def first_call(contender: Contender) -> str:
    return outcome(contender) if contender.first_s is None else f"{contender.first_s:.2g}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def versions(results: list[Result]) -> dict[str, str]:
    found: dict[str, str] = {}
    for result in results:
        for contender in result.contenders:
            found |= contender.versions
    return found


def machine() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "")
    return f"{THREADS} threads, {model or platform.processor()}, Python {platform.python_version()}"


def to_json(results: list[Result]) -> str:
    rows = [
        {
            "qubits": r.problem.n,
            "layers": r.problem.layers,
            "batch": r.problem.batch,
            "contender": c.name,
            "step_s": c.step_s,
            "best_s": min(c.times, default=None),
            "steps": len(c.times),
            "start_s": c.start_s,
            "first_s": c.first_s,
            "difference": c.difference,
            "failure": c.failure,
        }
        for r in results
        for c in r.contenders
    ]
    return json.dumps(
        {"machine": machine(), "versions": versions(results), "results": rows}, indent=1
    )
