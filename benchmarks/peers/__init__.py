"""One module per contender, all of the same shape.

`TITLE` is the name in the tables, `PACKAGES` the distributions whose versions are reported, and
`build(problem)` returns `step`, a function without arguments that runs forward and backward and
returns the values (batch, n), the gradient to the inputs (batch, n) and the gradient to the
weights (layers, n, 2), finished, as arrays of the contender's own kind.
"""

OURS = ("q_store_bare", "q_store_torch", "q_store_jax", "q_store_keras", "q_store_keras_jax")
OVERHEADS = {
    "q_store_torch": "torch_identity",
    "q_store_keras": "keras_identity",
    "q_store_keras_jax": "keras_jax_identity",
}
"""Beside our layers one that computes nothing: what the framework takes for itself."""

KERAS = {
    "q_store_keras": "tensorflow",
    "keras_identity": "tensorflow",
    "q_store_keras_jax": "jax",
    "keras_jax_identity": "jax",
}
"""Modules that run in the environment with Keras, and its backend."""

PEERS = (
    "tensorcircuit_plain",
    "tensorcircuit_tuned",
    "tensorflow_quantum",
    "pennylane_backprop",
    "lightning_adjoint",
    "lightning_cpp",
)
"""Modules in the order of the tables."""

THREADS = 2
"""What every contender may use; the processes are also bound to so many cores."""

LIMITS = {
    "OMP_NUM_THREADS": str(THREADS),
    # Threads that wait in a busy loop ruin each other wherever a core is shared.
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_NUM_THREADS": str(THREADS),
    "QSTORE_NUM_THREADS": str(THREADS),
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_NUM_INTEROP_THREADS": str(THREADS),
    "TF_NUM_INTRAOP_THREADS": str(THREADS),
    "TF_USE_LEGACY_KERAS": "1",
}
"""Environment of every contender."""

# Lightning's threads share out the observables, and each direct call has one: a second thread would
# have nothing to do.
ENVIRONMENT = {
    "lightning_cpp": {"OMP_NUM_THREADS": "1"},
    **{
        name: {"KERAS_BACKEND": backend, "TF_USE_LEGACY_KERAS": "0"}
        for name, backend in KERAS.items()
    },
}
"""What a contender runs faster with, and Keras 3 where TensorFlow Quantum needs Keras 2."""
