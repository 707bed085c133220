"""Which method `auto` is, and where the adjoint method is to be had."""

from __future__ import annotations

from q_store.qir.diagnostics import QStoreError, error
from q_store.runtime.backends.table import Capabilities, backend_row
from q_store.runtime.gradient_config import GradientConfig


def check_gradient(config: GradientConfig, output: str, backend: str, shots: int | None) -> None:
    """Raises `QS642` for a method that a layer with this output cannot use."""
    if output == "samples" and config.method != "auto":
        raise error("QS642", f"output='samples' has no gradient, got gradient={config.plain!r}")
    if output == "state" and not config.swept:
        raise error(
            "QS642",
            f"states are differentiated by the backend itself, got gradient={config.plain!r}",
            help="use gradient='auto'",
        )
    if config.metric == "full":
        check_states(backend, shots)
    resolved(config, backend, None if output == "samples" else shots)


def check_states(backend: str, shots: int | None) -> None:
    """Raises `QS642` where the full metric cannot be had."""
    if shots is not None or not capabilities(backend).states:
        reason = "is estimated from shots" if shots is not None else f"runs on {backend!r}"
        raise error(
            "QS642",
            f"the full metric needs a simulator's states, and this {reason}",
            help="use metric='block_diagonal' or 'diagonal'",
        )


def needs_gates_alone(method: str) -> QStoreError:
    """The error for a method whose circuit has noise or measurements in the middle."""
    return error(
        "QS643",
        f"gradient method {method!r} needs a circuit of gates alone, and this one has noise, "
        "resets or measurements in the middle",
        help="use 'adjoint', 'parameter_shift', 'finite_diff' or 'spsa'",
    )


def capabilities(backend: str) -> Capabilities:
    """Those of a backend; what `auto` takes, the embedded engine can."""
    return backend_row("batched" if backend == "auto" else backend).capabilities


def resolved(config: GradientConfig, backend: str, shots: int | None) -> GradientConfig:
    """The config with `auto` decided: adjoint where values are exact and the backend has it, else
    parameter shift. Backends that `auto` may take all have it. Raises `QS642` for `adjoint` where
    it cannot be."""
    able = capabilities(backend)
    if config.method == "auto":
        return GradientConfig("adjoint" if shots is None and able.adjoint else "parameter_shift")
    if config.method == "adjoint" and shots is not None:
        raise error(
            "QS642",
            f"the adjoint method needs exact values, got shots={shots}",
            help="use 'auto', 'parameter_shift', 'hadamard', 'finite_diff' or 'spsa'",
        )
    if config.method == "adjoint" and not able.adjoint:
        raise error(
            "QS642",
            f"backend {backend!r} has no adjoint method",
            help="use 'auto' or 'parameter_shift'",
        )
    return config
