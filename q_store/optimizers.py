"""`q_store.optimizers`: minimisers for circuits and other functions that need values only."""

from __future__ import annotations

from q_store.runtime.minimizers.circuit_cost import CircuitCost
from q_store.runtime.minimizers.result import OptimizeResult
from q_store.runtime.minimizers.rotosolve import rotosolve
from q_store.runtime.minimizers.spsa import spsa_minimize

__all__ = ["CircuitCost", "OptimizeResult", "rotosolve", "spsa_minimize"]
