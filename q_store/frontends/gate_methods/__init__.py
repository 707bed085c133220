"""One method per gate and noise channel of the tables, as source that editors and checkers read.

The modules with the methods are written by `q_store.frontends.generate_gate_methods`; a test fails
when they differ from the tables.
"""

from __future__ import annotations

from q_store.frontends.gate_methods.many_qubit import ManyQubitGates
from q_store.frontends.gate_methods.matrices import MatrixChannels
from q_store.frontends.gate_methods.noise import NoiseChannels
from q_store.frontends.gate_methods.one_qubit import OneQubitGates
from q_store.frontends.gate_methods.two_qubit import TwoQubitGates
from q_store.frontends.gate_methods.unitaries import UnitaryGates

__all__ = ["GateMethods"]


class GateMethods(
    OneQubitGates, TwoQubitGates, ManyQubitGates, UnitaryGates, NoiseChannels, MatrixChannels
):
    """Every gate and channel as a method: wires first, then angles in radians.

    An angle is a number, an expression of symbols, or the name of a parameter; `param="theta"`
    (`params=[...]` where there are several angles) is the same as passing the name. All methods
    return the circuit.
    """
