"""qsim's C++ modules, loaded without Cirq.

Importing `qsimcirq` imports Cirq, which takes seconds; its compiled modules alone take 10 ms. They
are loaded under their own names, so a later `import qsimcirq` finds and uses the same ones.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Final

_PACKAGE: Final = "qsimcirq"
_BY_INSTRUCTIONS: Final = {0: "qsim_avx512", 1: "qsim_avx2", 2: "qsim_sse"}
_BY_GPU: Final = {0: "qsim_cuda", 2: "qsim_hip"}


def _file(name: str) -> Path | None:
    found = find_spec(_PACKAGE)
    folders = found.submodule_search_locations if found is not None else None
    for folder in folders or ():
        for path in sorted(Path(folder).glob(f"{name}.*")):
            if path.suffix in (".so", ".pyd"):
                return path
    return None


def _module(name: str) -> Any:
    full = f"{_PACKAGE}.{name}"
    if full in sys.modules:
        return sys.modules[full]
    path = _file(name)
    spec = spec_from_file_location(full, path) if path is not None else None
    if spec is None or spec.loader is None:
        raise ImportError(f"{full} has no compiled module")
    module = module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


@cache
def processor_module() -> Any:
    """The module for this processor's instructions."""
    instructions = _module("qsim_decide").detect_instructions()
    return _module(_BY_INSTRUCTIONS.get(instructions, "qsim_basic"))


@cache
def gpu_module() -> Any:
    """The module for this machine's GPU. Raises `ImportError` when `gpu_missing` says why."""
    return _module(_BY_GPU[_module("qsim_decide").detect_gpu()])


def gpu_missing() -> str:
    """Why qsim has no GPU here, or an empty text."""
    if _file("qsim_decide") is None:
        return "qsimcirq is not installed"
    name = _BY_GPU.get(_module("qsim_decide").detect_gpu())
    if name is None or _file(name) is None:
        return "this qsimcirq is built without GPU support"
    return ""
