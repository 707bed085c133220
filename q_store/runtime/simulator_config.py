"""`SimulatorConfig`: which simulator to use, and how."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, SupportsIndex

from q_store.qir.diagnostics import did_you_mean, error
from q_store.runtime.backends.table import BACKENDS, DOUBLE, SINGLE, backend_row

_PRECISIONS: Final = {"single": SINGLE, "double": DOUBLE, SINGLE: SINGLE, DOUBLE: DOUBLE}
_GPU_THRESHOLD: Final = 12


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """How to simulate; give it to layers and circuit functions as `backend=`.

    Values are checked here; whether the machine has the backend and the device is looked at when
    a circuit is given to it. What a backend does not have is refused, never ignored.

    Args:
        backend: `auto`, or the name of a backend; see docs/backends.md.
        device: `CPU`, `GPU`, or one GPU as `cuda:0`; default: the backend's first.
        precision: `single` (complex numbers of two float32) or `double`; default: that of the
            caller, where the backend offers it.
        batch_size: Most samples to run together; a larger batch is cut. It bounds memory.
        prefer_gpu: With `auto`, take a GPU for circuits of more than `gpu_threshold` qubits
            where there is one.
        gpu_threshold: See `prefer_gpu`; default 12.
        threads: Threads of the simulator; default: all processors.
        processes: Of qsim and Lightning: processes that share the samples of a batch; default 1.
            They pay where a batch takes much longer than the few milliseconds of sending it.
        fusion: Of qsim: most qubits of a fused gate, 2 to 6.
        method: Of Aer: `statevector`, `density_matrix`, `matrix_product_state` or `stabilizer`.
            Of the embedded engine, for noisy circuits: `density_matrix` or `trajectories`.
        noise_model: Of Aer: a `qiskit_aer.noise.NoiseModel`, or the JSON text this field turns it
            into. It acts on the gates that Aer runs, see docs/backends.md.
        trajectories: Of the embedded engine: average a noisy circuit over this many random
            trajectories of each sample; see docs/noise.md.
        seed: Of the embedded engine: makes trajectories reproducible.

    Raises:
        QStoreError: `QS603` unknown backend, `QS620` unusable value, `QS621` a setting that the
            backend does not have, `QS622` a precision that it does not offer.
    """

    backend: str = "auto"
    device: str | None = None
    precision: str | None = None
    batch_size: int | None = None
    prefer_gpu: bool = False
    gpu_threshold: int | None = None
    threads: int | None = None
    processes: int | None = None
    fusion: int | None = None
    method: str | None = None
    noise_model: Any = None
    trajectories: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "noise_model", _noise_text(self.noise_model))
        if not isinstance(self.backend, str):
            raise _unusable("backend", "the name of a backend", self.backend)
        if self.device is not None:
            _device(self.device)
        if self.precision is not None and self.precision not in _PRECISIONS:
            raise _unusable("precision", "'single' or 'double'", self.precision)
        for name, least in (
            ("batch_size", 1),
            ("gpu_threshold", 0),
            ("threads", 1),
            ("processes", 1),
            ("trajectories", 1),
            ("seed", 0),
        ):
            object.__setattr__(self, name, _whole(name, getattr(self, name), least))
        if self.fusion is not None and self.fusion not in range(2, 7):
            raise _unusable("fusion", "an integer from 2 to 6", self.fusion)
        if not isinstance(self.prefer_gpu, bool):
            raise _unusable("prefer_gpu", "True or False", self.prefer_gpu)
        self._check_together()

    def _check_together(self) -> None:
        """Refuse what would have no effect."""
        if self.gpu_threshold is not None and not self.prefer_gpu:
            raise error("QS621", "gpu_threshold has a meaning with prefer_gpu=True only")
        if self.backend == "auto":
            for name in ("fusion", "method", "noise_model"):
                if getattr(self, name) is not None:
                    raise error("QS621", f"{name} needs a named backend, got backend='auto'")
            return
        if self.prefer_gpu:
            raise error(
                "QS621",
                f"prefer_gpu goes with backend='auto', got backend={self.backend!r}",
                help="name the device instead: device='GPU'",
            )
        self._check_capabilities()

    def _check_capabilities(self) -> None:
        able = backend_row(self.backend).capabilities
        for name in (
            "threads",
            "processes",
            "fusion",
            "method",
            "noise_model",
            "trajectories",
            "seed",
        ):
            if getattr(self, name) is not None and name not in able.settings:
                who = [row.name for row in BACKENDS.values() if name in row.capabilities.settings]
                raise error(
                    "QS621",
                    f"backend {self.backend!r} has no setting {name!r}",
                    help=f"backends that have it: {', '.join(who)}" if who else "",
                )
        if self.method is not None and self.method not in able.methods:
            known = ", ".join(map(repr, able.methods))
            raise error(
                "QS620",
                f"method must be one of {known}, got {self.method!r}",
                help=did_you_mean(str(self.method), able.methods),
            )
        check_precision(self.backend, self.dtype)

    @property
    def dtype(self) -> str | None:
        """`float32`, `float64`, or `None` when the caller decides."""
        return None if self.precision is None else _PRECISIONS[self.precision]

    @property
    def place(self) -> str | None:
        """The device as `cpu`, `gpu` or `cuda:N`, or `None` when the backend decides."""
        return None if self.device is None else _device(self.device)

    @property
    def threshold(self) -> int:
        """Circuits with more qubits than this go to a GPU with `prefer_gpu`."""
        return _GPU_THRESHOLD if self.gpu_threshold is None else self.gpu_threshold

    @classmethod
    def of(cls, backend: str | SimulatorConfig | Mapping[str, Any]) -> SimulatorConfig:
        """The config of what layers take as `backend`: a name, a config, or its `to_dict`."""
        if isinstance(backend, SimulatorConfig):
            return backend
        if isinstance(backend, str):
            return cls(backend)
        if isinstance(backend, Mapping):
            known = {field.name for field in fields(cls)}
            for key in backend:
                if key not in known:
                    raise error("QS620", f"SimulatorConfig has no setting {key!r}")
            return cls(**backend)
        raise _unusable("backend", "a name or a SimulatorConfig", backend)

    def to_dict(self) -> dict[str, Any]:
        """The settings that differ from their defaults; `of` makes it again."""
        base = SimulatorConfig.__dataclass_fields__
        return {k: v for k, v in asdict(self).items() if v != base[k].default}


def check_precision(backend: str, dtype: str | None) -> None:
    """Raises `QS622` when a backend does not calculate in a dtype, naming those that do."""
    offered = backend_row(backend).capabilities.precisions
    if dtype is None or dtype in offered:
        return
    who = [row.name for row in BACKENDS.values() if dtype in row.capabilities.precisions]
    raise error(
        "QS622",
        f"backend {backend!r} calculates in {', '.join(offered)}, not in {dtype}",
        help=f"backends that do: {', '.join(who)}",
    )


def _noise_text(model: Any) -> str | None:
    """A noise model of Aer as JSON; complex numbers become `{"complex": [re, im]}`."""
    if model is None:
        return None
    if isinstance(model, str):
        try:
            json.loads(model)
        except ValueError as problem:
            raise error("QS620", f"noise_model is no JSON: {problem}") from problem
        return model
    if not callable(getattr(model, "to_dict", None)):
        raise _unusable("noise_model", "a qiskit_aer.noise.NoiseModel", model)
    return json.dumps(model.to_dict(), default=_plain, sort_keys=True)


def _plain(value: Any) -> Any:
    """What JSON does not know: arrays and complex numbers."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    raise _unusable("noise_model", "made of numbers and texts", value)


def _device(device: object) -> str:
    text = device.lower() if isinstance(device, str) else ""
    if text in ("cpu", "gpu") or re.fullmatch(r"cuda:\d+", text):
        return text
    if text == "cuda":
        return "gpu"
    raise _unusable("device", "'CPU', 'GPU' or one GPU such as 'cuda:0'", device)


def _whole(name: str, value: object, least: int) -> int | None:
    """A setting as an integer of Python's own."""
    if value is None:
        return None
    number = None if isinstance(value, bool) else _index(value)
    if number is None or number < least:
        raise _unusable(name, f"an integer of at least {least} or None", value)
    return number


def _index(value: object) -> int | None:
    """An integer of any library; None for what is none."""
    return operator.index(value) if isinstance(value, SupportsIndex) else None


def _unusable(name: str, wanted: str, got: object) -> Exception:
    return error("QS620", f"{name} must be {wanted}, got {got!r}")
