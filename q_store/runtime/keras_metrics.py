"""Usage of a quantum layer as a Keras metric, so it is in `history` and in every callback."""

from __future__ import annotations

from typing import Any

from q_store.runtime.keras_generation import as_written, circuits, keras_module
from q_store.runtime.layer_core import LayerCore

_Metric: Any = keras_module().metrics.Metric


class UsageMetric(_Metric):
    """Reads the counters of a layer; holds no variables.

    The result is a mapping, `<layer>/circuit_ms` and so on (see `Usage.summary`), and empty in
    evaluation, so that `evaluate` returns what it does without quantum layers.
    """

    def __init__(self, core: LayerCore, layer_name: str) -> None:
        super().__init__(name=f"{layer_name}_usage")
        self._core = core
        self._layer_name = layer_name
        self._step: bool | None = None

    def in_step(self, training: Any) -> None:
        """Note that the layer runs as part of a step, whose logs will be asked for next.

        Only `training=False` is evaluation: a custom loop may leave the flag out.
        """
        self._step = training is not False and training != 0

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: the layer counts by itself."""

    def reset_state(self) -> None:
        """Start a new period; Keras does before every epoch."""
        self._core.usage.reset()
        self._step = None

    @as_written
    def result(self) -> dict[str, Any]:
        step, self._step = self._step, None
        names = [f"{self._layer_name}/{name}" for name in self._core.metrics()]
        if step is None:
            # Asked for between steps, at the end of an epoch: training has left gradients.
            values: Any = self._read() if self._core.usage.gradients else None
        else:
            values = circuits().scalars(self._read, len(names)) if step else None
        return {} if values is None else dict(zip(names, values, strict=True))

    def _read(self) -> list[float]:
        return list(self._core.metrics().values())
