"""Whether Lightning's builds for devices have a GPU here."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def kokkos_gpu_missing() -> str:
    """Why `lightning.kokkos` has no GPU, or an empty text; a build is for one kind of device."""
    try:
        module: Any = import_module("pennylane_lightning.lightning_kokkos_ops")
    except ImportError as problem:
        return f"lightning.kokkos does not load: {problem}"
    if not module.kokkos_is_initialized():
        module.kokkos_initialize()
    if "GPU architecture: none" in module.print_configuration():
        return "this pennylane-lightning-kokkos is built without GPU support"
    return ""


def cuda_missing() -> str:
    """Why `lightning.gpu` cannot run, or an empty text."""
    try:
        module: Any = import_module("pennylane_lightning.lightning_gpu_ops")
    except ImportError as problem:
        return f"lightning.gpu does not load: {problem}"
    supported = getattr(module, "is_gpu_supported", None)
    if supported is not None and not supported():
        return "there is no GPU that lightning.gpu supports"
    return ""
