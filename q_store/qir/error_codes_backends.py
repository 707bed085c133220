"""Codes of backends and their settings, from QS620 on."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

BACKENDS: Final[dict[str, Explanation]] = {
    "QS620": Explanation(
        "unusable setting of a simulator",
        "The message names the setting of `SimulatorConfig`, what it may be and what came.",
        "SimulatorConfig(backend='qsim', precision='float16')",
        "SimulatorConfig(backend='qsim', precision='single')",
    ),
    "QS621": Explanation(
        "setting without effect",
        "A setting that the chosen backend does not have is refused instead of ignored.",
        "SimulatorConfig(backend='lightning.qubit', fusion=3)",
        "SimulatorConfig(backend='qsim', fusion=3)",
    ),
    "QS622": Explanation(
        "precision not offered",
        "The backend does not calculate in the precision asked for. The help names those that do.",
        "SimulatorConfig(backend='qsim', precision='double')",
        "SimulatorConfig(backend='lightning.qubit', precision='double')",
    ),
    "QS623": Explanation(
        "no GPU",
        "A GPU was asked for and there is none that the backend can use: the package was built "
        "without support for it, or the machine has none. Without `strict=True` the processor "
        "is used instead, with a warning.",
    ),
    "QS624": Explanation(
        "unusable setting of configure",
        "The message names the argument of `q_store.configure`, what it may be and what came.",
        "configure(default_backend='qsmi')",
        "configure(default_backend='qsim')",
    ),
    "QS625": Explanation(
        "op that a backend cannot run",
        "The circuit holds an op that the backend neither has nor can write with simpler ones: "
        "noise, measurement in the middle, or an angle that its method does not allow. The help "
        "names what may run it.",
    ),
    "QS626": Explanation(
        "unusable seed",
        "Seeds are integers from 0 up; `None` draws a fresh one.",
        "layer = QuantumLayer(circuit_fn, 4, seed='7')",
        "layer = QuantumLayer(circuit_fn, 4, seed=7)",
    ),
    "QS627": Explanation(
        "no state vector",
        "The backend's method does not have the state vector asked for. Ask for expectation "
        "values, probabilities or samples, or use another method or backend.",
    ),
    "QS628": Explanation(
        "failure inside a simulator",
        "A simulator of another package refused the circuit or failed; its own words follow.",
    ),
    "QS629": Explanation(
        "process of a simulator has ended",
        "With `processes=` a batch is shared by processes, and one of them ended before it "
        "answered: it was killed, perhaps for memory, or the simulator crashed. The next call "
        "starts anew.",
    ),
}
