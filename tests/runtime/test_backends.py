"""Every backend of the table on this machine does what every backend must do."""

import pytest

from q_store.runtime.simulator_config import SimulatorConfig
from q_store.testing.conformance import CHECKS, Check, Subject

SUBJECTS = [
    Subject("batched", "float32"),
    Subject("batched", "float64"),
    Subject("qsim", "float32"),
    Subject("lightning.qubit", "float32"),
    Subject("lightning.qubit", "float64"),
    Subject("lightning.kokkos", "float64"),
    Subject("aer", "float64"),
    Subject(SimulatorConfig("lightning.qubit", processes=2), "float64"),
    Subject(SimulatorConfig("batched", precision="double", batch_size=2), "float32"),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda s: f"{s.backend}-{s.dtype}")
def test_conformance(subject: Subject, check: Check) -> None:
    check(subject)
