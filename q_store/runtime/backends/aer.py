"""Qiskit Aer as a backend: one parametrised circuit, all samples of a batch in one call.

Methods: `statevector`, `density_matrix`, `matrix_product_state` and `stabilizer`, whose angles must
be multiples of pi/2. With noise, channels of the circuit or a Qiskit noise model, the default is
`density_matrix`; `statevector` then averages over `TRAJECTORIES` runs. Aer counts qubits from the
other end, so that the amplitudes of both agree. Gradients are shift rules, all circuits of a batch
in one call.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from q_store.qir.channels import KRAUS, NOISE
from q_store.qir.diagnostics import error
from q_store.qir.registry import op_def
from q_store.runtime.backends.aer_clifford import CLIFFORD, clifford_calls
from q_store.runtime.backends.placement import Placement
from q_store.runtime.backends.slotted import SlottedProgram
from q_store.runtime.backends.tape import GateSet, TapeOp, unsupported
from q_store.runtime.batched.arguments import check_qubits
from q_store.runtime.batched.layout import require_memory
from q_store.runtime.batched.pool import thread_limit
from q_store.runtime.seeds import check_seed
from q_store.targets.executable import Executable

Array = NDArray[Any]
Save = Callable[[Any], None]

TRAJECTORIES: Final = 1000
"""Runs to average over where noise is simulated on state vectors."""

_ROTATIONS: Final = frozenset(("rx", "ry", "rz", "rxx", "ryy", "rzz"))
_GATES: Final = frozenset(
    ("x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "p", "cx", "cy", "cz", "cp",
     "swap", "ccx", "cswap")
)  # fmt: skip
_CHANNELS: Final = frozenset(row.name for row in (*NOISE, *KRAUS))
GATES: Final = GateSet("aer", _GATES | _ROTATIONS | _CHANNELS | {"q.reset"}, _ROTATIONS)
_STABILIZER: Final = GateSet("aer", CLIFFORD | {"rx", "ry", "rz"}, frozenset(("rx", "ry", "rz")))
_SMALL_STATE_QUBITS: Final = 14


def gpu_missing() -> str:
    """Why Aer has no GPU here, or an empty text."""
    from qiskit_aer import AerSimulator

    devices = AerSimulator().available_devices()
    return "" if "GPU" in devices else "this qiskit-aer is built without GPU support"


def load(executable: Executable, dtype: DTypeLike, placement: Placement) -> AerProgram:
    """A program of Aer by one of its methods."""
    if placement.method == "stabilizer":
        return StabilizerProgram(executable, dtype, placement)
    return AerProgram(executable, dtype, placement)


class AerProgram(SlottedProgram):
    """A circuit on `AerSimulator`."""

    gates = GATES

    def __init__(self, executable: Executable, dtype: DTypeLike, placement: Placement) -> None:
        super().__init__(executable, dtype, placement)
        self.noisy = bool(executable.effects) or placement.noise is not None
        self.method = placement.method or ("density_matrix" if self.noisy else "statevector")
        self._require_room()

    def _require_room(self) -> None:
        powers = {"statevector": self.n, "density_matrix": 2 * self.n}
        if self.method in powers:
            needed = (2 * self.dtype.itemsize) << powers[self.method]
            require_memory(needed, f"{self.method} of {self.n} qubits")

    @cached_property
    def _simulator(self) -> Any:
        from qiskit_aer import AerSimulator

        threads = thread_limit(self.placement.threads)
        return AerSimulator(
            method=self.method,
            precision="double" if self.dtype == np.float64 else "single",
            device="CPU" if self.placement.device == "cpu" else "GPU",
            max_parallel_threads=threads,
            max_parallel_experiments=threads if self.n < _SMALL_STATE_QUBITS else 1,
            noise_model=self._noise_model(),
            # Values are wrong where it leaves out idle qubits: Qiskit/qiskit-aer#2442.
            enable_truncation=False,
        )

    def _noise_model(self) -> Any:
        if self.placement.noise is None:
            return None
        from qiskit_aer.noise import NoiseModel

        with warnings.catch_warnings():
            # Deprecated without another way from text to a model.
            warnings.simplefilter("ignore", DeprecationWarning)
            return NoiseModel.from_dict(json.loads(self.placement.noise, object_hook=_complex))

    # --- circuits -----------------------------------------------------------------------------

    @cached_property
    def _parameters(self) -> list[Any]:
        from qiskit.circuit import ParameterVector

        return list(ParameterVector("s", self.tape.n_slots))

    def _circuit(self, angles: Any) -> Any:
        """The circuit with these angles, numbers or parameters, in its slots."""
        from qiskit import QuantumCircuit

        circuit = QuantumCircuit(self.n)
        for op in self.tape.ops:
            self._append(circuit, op, angles)
        return circuit

    def _append(self, circuit: Any, op: TapeOp, angles: Any) -> None:
        wires = [self.n - 1 - wire for wire in op.wires]
        values = [
            angle if slot < 0 else angles[slot]
            for angle, slot in zip(op.angles, op.slots, strict=True)
        ]
        if op.name == "q.reset":
            circuit.reset(wires)
        elif op.name in _CHANNELS:
            circuit.append(_channel(op), wires[::-1])
        else:
            getattr(circuit, op.name)(*values, *wires)

    def _runs(self, slots: Array, save: Save) -> tuple[list[Any], dict[str, Any]]:
        """What to give `AerSimulator.run` for the circuits of all samples."""
        circuit = self._circuit(self._parameters)
        save(circuit)
        if not self.tape.n_slots:
            return [circuit], {}
        columns = dict(zip(self._parameters, slots.T.tolist(), strict=True))
        return [circuit], {"parameter_binds": [columns]}

    def _run(self, slots: Array, save: Save, **options: Any) -> list[Any]:
        """The data of every sample."""
        from qiskit_aer import AerError

        circuits, binds = self._runs(slots, save)
        shots = options.pop("shots", TRAJECTORIES if self.noisy else 1)
        options.setdefault("seed_simulator", 0)
        try:
            result = self._simulator.run(circuits, shots=shots, **options, **binds).result()
        except AerError as problem:
            raise _failed(str(problem)) from problem
        bad = next((part for part in result.results if not part.success), None)
        if not result.success or bad is not None:
            raise _failed(str(bad.status if bad is not None else result.status))
        found = [result.data(k) for k in range(len(result.results))]
        return found if len(found) == len(slots) else found * len(slots)

    # --- values -------------------------------------------------------------------------------

    def run_states(self, slots: Array) -> Array:
        """See `SlottedProgram.run_states`. Raises `QS627` where the method has no state vector."""
        if self.noisy or self.method not in ("statevector", "matrix_product_state"):
            with_noise = " with noise" if self.noisy else ""
            raise error("QS627", f"Aer's method {self.method!r}{with_noise} has no state vector")
        data = self._run(slots, lambda circuit: circuit.save_statevector(label="found"))
        return np.stack([np.asarray(part["found"]) for part in data])

    def run_expvals(self, slots: Array) -> Array:
        """See `SlottedProgram.run_expvals`."""
        count = self.observables.count
        data = self._run(slots, self._save_expvals)
        return np.array([[part[f"e{k}"] for k in range(count)] for part in data], np.float64)

    def _save_expvals(self, circuit: Any) -> None:
        for k, (operator, wires) in enumerate(self._operators):
            circuit.save_expectation_value(operator, wires, label=f"e{k}")

    @cached_property
    def _operators(self) -> list[tuple[Any, list[int]]]:
        """Every Pauli sum over the qubits that occur in it, and those qubits as Aer counts them."""
        from qiskit.quantum_info import SparsePauliOp

        obs, found = self.observables, []
        for output in range(obs.count):
            terms = np.flatnonzero(obs.output_of == output).tolist()
            words = [(dict(obs.letters(term)), float(obs.coefs[term])) for term in terms]
            support = sorted({qubit for word, _ in words for qubit in word}) or [0]
            texts = [("".join(word.get(q, "I") for q in support), c) for word, c in words]
            operator = SparsePauliOp.from_list(texts or [("I", 0.0)])
            found.append((operator, [self.n - 1 - qubit for qubit in reversed(support)]))
        return found

    def run_probs(self, slots: Array, qubits: tuple[int, ...]) -> Array:
        """See `SlottedProgram.run_probs`."""
        wires = [self.n - 1 - qubit for qubit in reversed(qubits)]
        data = self._run(slots, lambda circuit: circuit.save_probabilities(wires, label="found"))
        return np.stack([np.asarray(part["found"], np.float64) for part in data])

    def samples(
        self,
        inputs: ArrayLike | None,
        weights: ArrayLike | None,
        qubits: Any = None,
        shots: int = 1024,
        seed: int | None = None,
    ) -> NDArray[np.uint8]:
        """See `SlottedProgram.samples`. Methods without amplitudes draw in Aer, whose streams are
        its own."""
        if self.method in ("statevector", "density_matrix"):
            return super().samples(inputs, weights, qubits, shots, seed)
        check_seed(seed)
        bound = self.bind(inputs, weights)
        chosen = check_qubits(self.executable, qubits)
        wires = [self.n - 1 - qubit for qubit in chosen]
        if not bound.batch or not shots:
            return np.zeros((bound.batch, shots, len(chosen)), np.uint8)
        entropy = np.random.SeedSequence(seed).generate_state(1)[0]
        draws = {"shots": shots, "memory": True, "seed_simulator": int(entropy >> 1)}
        data = self._run(bound.slots, lambda circuit: _measure(circuit, wires), **draws)
        bits = [[[int(c) for c in reversed(_bits(m, wires))] for m in d["memory"]] for d in data]
        return np.array(bits, np.uint8)


class StabilizerProgram(AerProgram):
    """A Clifford circuit: every angle of every sample is a multiple of pi/2."""

    gates = _STABILIZER

    def _append(self, circuit: Any, op: TapeOp, angles: Any) -> None:
        wires = [self.n - 1 - wire for wire in op.wires]
        values = [
            angle if slot < 0 else angles[slot]
            for angle, slot in zip(op.angles, op.slots, strict=True)
        ]
        calls = clifford_calls(op.name, values)
        if calls is None:
            text = f"{op.name}({', '.join(f'{value:.6g}' for value in values)})"
            raise unsupported(text, "aer", "its method 'stabilizer' turns by multiples of pi/2")
        for name in calls:
            getattr(circuit, name)(*wires)

    def _runs(self, slots: Array, save: Save) -> tuple[list[Any], dict[str, Any]]:
        circuits = [self._circuit(row) for row in slots.tolist()]
        for circuit in circuits:
            save(circuit)
        return circuits, {}


def _measure(circuit: Any, wires: list[int]) -> None:
    from qiskit import ClassicalRegister

    bits = ClassicalRegister(len(wires))
    circuit.add_register(bits)
    circuit.measure(wires, bits)


def _bits(memory: str, wires: list[int]) -> str:
    """One shot, given as a hexadecimal number, as bits with the first wire last."""
    return format(int(memory, 16), f"0{len(wires)}b")


def _channel(op: TapeOp) -> Any:
    """A noise channel as an instruction. Kraus operators have the first wire most significant."""
    from qiskit.quantum_info import Kraus

    row: Any = op_def(op.name)
    return Kraus(list(row.kraus(*op.angles))).to_instruction()


def _complex(entry: dict[str, Any]) -> Any:
    return complex(*entry["complex"]) if entry.keys() == {"complex"} else entry


def _failed(reason: str) -> Exception:
    return error("QS628", f"Aer could not run the circuit: {reason.strip()}")
