"""A circuit over the angles of its own gates, with the frequencies the gate table gives them."""

from __future__ import annotations

import weakref

import numpy as np

from q_store.runtime.function import CircuitFunction
from q_store.runtime.gradients.chain import Chain
from q_store.runtime.gradients.plan import ShiftPlan, gradient_plan, slot_frequencies
from q_store.runtime.slots import AnyFunction, slot_func

_known: weakref.WeakKeyDictionary[AnyFunction, GateSlots] = weakref.WeakKeyDictionary()


class GateSlots:
    """Every angle that depends on parameters is a slot of its own."""

    function: AnyFunction
    """The circuit as a function of inputs that are the slots, without weights."""

    def __init__(self, function: AnyFunction) -> None:
        # No attribute: these slots need not obey the two-term rule.
        circuit = slot_func(function.func).replace(attrs={})
        self.function = function.beside(CircuitFunction(circuit, function.dtype, function.backend))
        self.chain = Chain(function.executable)
        self.frequencies = slot_frequencies(function.executable)
        self._plans: dict[tuple[bool, bool], ShiftPlan] = {}

    def plan(self, wanted: tuple[bool, bool] = (True, True)) -> ShiftPlan:
        """First derivatives for the slots; zero for those that no wanted parameter moves."""
        if wanted not in self._plans:
            n = self.chain.n_inputs
            marked = np.repeat(np.array(wanted), (n, self.chain.n_given - n))
            used = self.chain.depends(marked)
            self._plans[wanted] = gradient_plan(
                [own if use else () for own, use in zip(self.frequencies, used, strict=True)]
            )
        return self._plans[wanted]


def gate_slots(function: AnyFunction) -> GateSlots:
    """The slots of a circuit, made once per circuit."""
    found = _known.get(function)
    if found is None:
        found = _known[function] = GateSlots(function)
    return found
