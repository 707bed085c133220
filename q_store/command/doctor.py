"""`qstorec doctor`: what is installed and where things are kept."""

from __future__ import annotations

import os
import platform
from argparse import Namespace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from q_store import __version__
from q_store.command import exit_codes
from q_store.command.output import Output, table

_PACKAGES: Final = {
    "numpy": "",
    "numba": "",
    "lark": "",
    "torch": "torch",
    "tensorflow": "tf",
    "jax": "jax",
    "cirq-core": "cirq",
    "qsimcirq": "qsim",
    "qiskit": "qiskit",
    "pennylane": "pennylane",
    "pennylane-lightning": "lightning",
    "pennylane-lightning-kokkos": "lightning-kokkos",
    "qiskit-aer": "aer",
    "pinecone": "pinecone",
    "matplotlib": "viz",
    "pygments": "highlight",
}
"""Distributions and the extra that brings each; empty for what is always needed."""


def examine(args: Namespace, out: Output) -> int:
    """Report the installation. Exit code 4 when a package that is always needed is missing."""
    from q_store.qir.cache_dir import cache_root

    found = {name: _version(name) for name in _PACKAGES}
    cache = cache_root()
    facts: dict[str, Any] = {
        "q_store": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpus": _cpus(),
        "packages": found,
        "cache": {"path": str(cache), "bytes": _size(cache)},
    }
    if args.json:
        out.document("qstorec/doctor/1", facts)
    else:
        out.data(_page(facts))
    missing = any(found[name] is None and not extra for name, extra in _PACKAGES.items())
    return exit_codes.MISSING_EXTRA if missing else exit_codes.DONE


def _page(facts: dict[str, Any]) -> str:
    rows = [
        ("q-store", str(facts["q_store"])),
        ("python", f"{facts['python']} on {facts['machine']}, {facts['cpus']} processors"),
        ("cache", f"{facts['cache']['path']} ({facts['cache']['bytes'] / 2**20:.1f} MiB)"),
    ]
    for name, installed in facts["packages"].items():
        extra = _PACKAGES[name]
        hint = f"pip install 'q-store[{extra}]'" if extra else "needed: pip install q-store"
        rows.append((name, installed or f"not installed; {hint}"))
    return table(rows)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cpus() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _size(folder: Path) -> int:
    """Bytes in a folder; files that vanish meanwhile do not count."""
    total = 0
    for path in folder.rglob("*") if folder.is_dir() else ():
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
