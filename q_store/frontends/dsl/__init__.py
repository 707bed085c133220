"""The text language of q-store, files `.qst`: a circuit written down, with its parameters and what
it yields. docs/dsl.md describes it, examples/dsl/ shows it.

>>> print(from_dsl("qubits q[2]; weight t; rx(t) q[0]; cx q[0], q[1]; expect Z0 Z1"), end="")
func @main(%t: f64 weight) -> (f64) {
  %q0, %q1 = q.alloc 2
  %q0.1 = q.rx(%t) %q0
  %q0.2, %q1.1 = q.cx %q0.1, %q1
  %e = m.observe %q0.2, %q1.1 [expval(Z0 Z1)]
  return %e
}
"""

from __future__ import annotations

from q_store.frontends.dsl.printer import to_dsl
from q_store.frontends.dsl.reading import SUFFIXES, from_dsl, is_dsl, load_dsl

__all__ = ["SUFFIXES", "from_dsl", "is_dsl", "load_dsl", "to_dsl"]
