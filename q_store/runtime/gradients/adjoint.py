"""The adjoint method: one backward sweep of the backend, whatever the number of parameters (Jones
and Gacon, arXiv:2009.02823)."""

from __future__ import annotations

import numpy as np

from q_store.runtime.gradients.method import Array, Call, Derivatives, Doubles


class Adjoint:
    """The backend's own vector-Jacobian product. See `Method`."""

    def vjp(self, call: Call, cotangent: Array) -> tuple[Doubles, Doubles]:
        """See `Method.vjp`."""
        f = call.function
        arrays = [np.ascontiguousarray(a, f.dtype) for a in (call.inputs, call.weights, cotangent)]
        d_inputs, d_weights = f.sweep(None, *arrays)
        return np.asarray(d_inputs, np.float64), np.asarray(d_weights, np.float64)

    def derivatives(self, call: Call) -> Derivatives:
        """See `Method.derivatives`: each value of each sample is a sample of a larger batch."""
        width, n_inputs = call.function.width, call.shape[0]
        given = np.repeat(call.given, width, axis=0)
        wide = Call(call.function, given[:, :n_inputs], given[:, n_inputs:], call.sampler)
        rows = self.vjp(wide, np.tile(np.eye(width), (call.batch, 1)))
        return Derivatives(np.concatenate(rows, axis=1).reshape(call.batch, width, -1))
