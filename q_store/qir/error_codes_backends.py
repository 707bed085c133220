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
}
