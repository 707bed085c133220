"""Gates that are given by numbers: unitary matrices, phases of basis states, states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from q_store.frontends.gate_methods.sink import GateSink


class UnitaryGates(GateSink):
    """Unitary matrices, written as gates at once."""

    def unitary(self, matrix: Any, qubits: int | Sequence[int]) -> Self:
        """Any unitary on one to ten qubits, exactly and with its global phase, as gates of the
        table.

        `matrix` is complex, shape (2**n, 2**n), the first of the n qubits most significant. One
        qubit takes one gate, two at most three CX, n at most (22/48) 4**n - (3/2) 2**n + 5/3
        entanglers: 19, 95, 423 for 3, 4, 5 qubits. Tensor products, qubits that only control,
        diagonals, permutations made of CX or of few X under controls take fewer. By block-ZXZ, a
        quantum Shannon decomposition (Shende, Bullock and Markov, 2006, arXiv:quant-ph/0406176;
        Krol and Al-Ars, 2024, arXiv:2403.13692).

        Raises `QS329` for a matrix of another shape or that is not unitary to 1e-8 in every entry
        of U†U (the nearest unitary is taken), `QS307` for numbers that are not finite and `QS301`
        to `QS303` for wires.
        """
        from q_store.qir.synthesis.unitaries import checked_unitary, synthesised

        wires, loc = self._targets("unitary", _listed(qubits))
        unitary = checked_unitary(matrix, "unitary", len(wires), span=loc.span())
        for name, at, angles in synthesised(unitary):
            self._gate(f"q.{name}", tuple([wires[place] for place in at]), angles)
        return self

    def diagonal(self, phases: Any, qubits: int | Sequence[int]) -> Self:
        """exp(i phases[k]) on basis state k of n qubits, the first most significant.

        `phases` are real numbers of radians, shape (2**n,). At most 2**n - 3 entanglers for two
        and more qubits, fewer where the phases are sums over few qubits each (Bullock and Markov,
        2003, arXiv:quant-ph/0303039). Raises `QS329` for other shapes, `QS307` for numbers that are
        not finite and `QS301` to `QS303` for wires. Phases with parameters: `diag2`, `diag3`.
        """
        from q_store.qir.synthesis.unitaries import checked_phases, diagonal_steps

        wires, loc = self._targets("diagonal", _listed(qubits))
        for name, at, angles in diagonal_steps(checked_phases(phases, len(wires), loc.span())):
            self._gate(f"q.{name}", tuple([wires[place] for place in at]), angles)
        return self

    def prepare_state(self, amplitudes: Any, qubits: int | Sequence[int]) -> Self:
        """Gates that make a state of qubits that are in |0>; the global phase is exact.

        `amplitudes` are complex, shape (2**n,), the first of the n qubits most significant, with
        norm 1 to 1e-8. On other states the gates do some unitary with this first column. By
        Schmidt decompositions of halves: 1, 3, 9, 25, 44 entanglers for 2 to 6 qubits, fewer where
        halves are not entangled (Plesch and Brukner, 2011, arXiv:1003.5760). Raises `QS329` for
        other shapes and norms, `QS307` for numbers that are not finite and `QS301` to `QS303` for
        wires. Amplitudes that are data: `input_encoding="amplitude"` of layers.
        """
        from q_store.qir.synthesis.unitaries import checked_state, state_steps

        wires, loc = self._targets("prepare_state", _listed(qubits))
        for name, at, angles in state_steps(checked_state(amplitudes, len(wires), loc.span())):
            self._gate(f"q.{name}", tuple([wires[place] for place in at]), angles)
        return self


def _listed(qubits: int | Sequence[int]) -> tuple[object, ...]:
    return tuple(qubits) if hasattr(qubits, "__iter__") else (qubits,)
