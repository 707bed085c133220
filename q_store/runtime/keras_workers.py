"""`Model.fit` on several workers under Keras 3.

Keras 3.6 to 3.15 cannot run `fit` of any model, a single Dense layer included, under
`MultiWorkerMirroredStrategy` with more than one worker: it averages the first batch over workers to
see its shapes, and averages losses along an axis that a scalar does not have (keras issue 20585).
When a quantum layer is made under such a strategy, both functions are replaced by ones that differ
in these two places only. tf_keras needs none of this.
"""

from __future__ import annotations

import os
import warnings
from functools import cache
from importlib import import_module
from typing import Any, Final

from q_store.runtime import keras_generation as generation

OPT_OUT: Final = "QSTORE_PATCH_KERAS"
"""Environment variable; 0 leaves Keras as it is."""


def prepare_fit() -> None:
    """Make `fit` work where this process is one of several workers of a strategy in scope."""
    if generation.is_legacy() or generation.backend() != "tensorflow":
        return
    import tensorflow as tf

    if not tf.distribute.has_strategy() or os.environ.get(OPT_OUT) == "0":
        return
    trainer = import_module("keras.src.backend.tensorflow.trainer")
    # Keras has changed these before; where they are not what they were, it is left alone.
    probe = getattr(trainer, "_collective_all_reduce_multi_worker", None)
    known = hasattr(trainer, "reduce_per_replica") and hasattr(
        trainer.TensorFlowTrainer, "_maybe_symbolic_build"
    )
    strategy = tf.distribute.get_strategy()
    if known and probe is not None and probe(strategy) and strategy.num_replicas_in_sync > 1:
        _replace(trainer)


@cache
def _replace(trainer: Any) -> None:
    """Once per process."""
    warnings.warn(
        f"Keras 3 cannot fit on several workers; two of its functions are replaced ({OPT_OUT}=0 "
        "leaves them)",
        RuntimeWarning,
        stacklevel=4,
    )
    build, reduce = trainer.TensorFlowTrainer._maybe_symbolic_build, trainer.reduce_per_replica
    several = trainer._collective_all_reduce_multi_worker

    def build_from_a_local_batch(self: Any, iterator: Any = None, data_batch: Any = None) -> None:
        strategy = self._distribute_strategy
        if iterator is not None and strategy is not None and several(strategy):
            first = next(iter(iterator), None)
            data_batch = None if first is None else _local(strategy, next(first[2]))
            iterator = None
        build(self, iterator=iterator, data_batch=data_batch)

    def reduce_scalars(values: Any, strategy: Any, reduction: str) -> Any:
        if reduction in ("auto", "mean") and several(strategy):
            mean = lambda value: strategy.reduce("MEAN", value, axis=None)  # noqa: E731
            return import_module("tensorflow").nest.map_structure(mean, values)
        return reduce(values, strategy, reduction)

    trainer.TensorFlowTrainer._maybe_symbolic_build = build_from_a_local_batch
    trainer.reduce_per_replica = reduce_scalars


def _local(strategy: Any, batch: Any) -> Any:
    """What this worker has of a distributed batch."""
    tf = import_module("tensorflow")

    def one(value: Any) -> Any:
        distributed = isinstance(value, tf.distribute.DistributedValues)
        return strategy.experimental_local_results(value)[0] if distributed else value

    return tf.nest.map_structure(one, batch)
