"""Several devices, made of one processor in a process of its own."""

import os
import subprocess
import sys

_PROGRAM = """
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec as P
from q_store.jax import quantum_function

f = quantum_function(n_qubits=3, depth=1)
weights = f.init(jax.random.key(0))
x = jnp.asarray(np.random.default_rng(0).random((8, 3)), jnp.float32)
mesh = jax.make_mesh((2,), ("batch",), axis_types=(AxisType.Auto,))


def loss(weights, x):
    return (f(x, weights) ** 2).mean()


def local(weights, x):
    return jax.lax.pmean(jax.grad(loss)(weights, x), "batch")


wanted = jax.grad(loss)(weights, x)
split = jax.shard_map(local, mesh=mesh, in_specs=(P(), P("batch")), out_specs=P())
np.testing.assert_allclose(jax.jit(split)(weights, x), wanted, atol=1e-5)
sharded = jax.device_put(x, NamedSharding(mesh, P("batch")))
np.testing.assert_allclose(jax.jit(jax.grad(loss))(weights, sharded), wanted, atol=1e-5)
donated = jax.jit(jax.grad(loss), donate_argnums=(0, 1))
np.testing.assert_allclose(donated(jnp.array(weights), jnp.array(x)), wanted, atol=1e-5)
print(len(jax.devices()))
"""


def test_a_batch_over_two_devices_has_the_same_gradient() -> None:
    devices = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=os.environ | devices,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout.strip() == "2", done.stderr
