"""The parameter-shift rule: differences of the same circuit at moved angles, exact and unbiased.

Angles are moved one gate at a time, by the rule for the frequencies of that gate, so a parameter
may be shared, scaled or inside an expression: the chain rule does the rest (Schuld et al.,
arXiv:1811.11184; Wierichs et al., arXiv:2107.12390).
"""

from __future__ import annotations

import numpy as np

from q_store.runtime.gradients.gate_slots import gate_slots
from q_store.runtime.gradients.method import Array, Call, Doubles
from q_store.runtime.gradients.slot_level import SlotDerivatives, SlotMethod


class ParameterShift(SlotMethod):
    """See the module text. Values are read with the call's sampler, all in one batch."""

    def vjp(self, call: Call, cotangent: Array) -> tuple[Doubles, Doubles]:
        """See `Method.vjp`."""
        slots = gate_slots(call.function)
        point = slots.chain.at(call.given)

        def evaluate(rows: Array) -> Array:
            return call.sampler.values(slots.function, rows)

        d_slots = slots.plan(call.wanted).vjp(evaluate, point.slots, cotangent)
        return call.split(slots.chain.pull(point, d_slots))

    def at_slots(self, call: Call) -> SlotDerivatives:
        slots = gate_slots(call.function)
        point = slots.chain.at(call.given)
        plan = slots.plan(call.wanted)
        spreads: list[Doubles] = []

        def evaluate(rows: Array) -> Array:
            values, variance = call.sampler.read(slots.function, rows)
            if variance is not None:
                spreads.append(variance.reshape(call.batch, -1, values.shape[-1]))
            return values

        if not plan.variants:  # No angle depends on what is asked for.
            none = np.zeros((call.batch, plan.n_derivatives, call.function.width))
            return SlotDerivatives(slots.chain, point, none, None)
        values = plan.values(evaluate, point.slots)
        variance = plan.combine(np.concatenate(spreads, axis=1), 2) if spreads else None
        return SlotDerivatives(slots.chain, point, plan.combine(values), variance)
