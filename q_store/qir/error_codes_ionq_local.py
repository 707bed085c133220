"""Codes of the local IonQ service and of IonQ's machines as backends, from QS760 on."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

IONQ_LOCAL: Final[dict[str, Explanation]] = {
    "QS760": Explanation(
        "unusable fault",
        "Faults of the local service are KIND=RATE with a rate in [0, 1]: of requests 429, 500, "
        "502, 503, drop, lost, gone, slow, duplicate; of jobs fail, cancel; and die.",
        "qstorec ionq serve --fault 404=0.1",
        "qstorec ionq serve --fault 429=0.1 --fault lost=0.05",
    ),
    "QS761": Explanation(
        "unusable state of the local service",
        "The file given by `--db` is no state of this version of the service, cannot be written, "
        "or is in use: one service at a time uses a file.",
    ),
    "QS762": Explanation(
        "port not available",
        "The local service cannot listen on this port of 127.0.0.1. Port 0 takes a free one.",
        "qstorec ionq serve --port 80",
        "qstorec ionq serve --port 8700",
    ),
    "QS763": Explanation(
        "unusable option of an IonQ machine",
        "The message names the option of `q_store.ionq.ionq_backend`, what fits and what came.",
        "ionq_backend('ionq.forte', noise='forte-1')",
        "ionq_backend('ionq.simulator', noise='forte-1')",
    ),
    "QS764": Explanation(
        "limit of an IonQ machine",
        "The circuits of a call would exceed `max_usd` or `max_circuits`; nothing was sent. A "
        "gradient by shift rules needs two circuits for each angle with a parameter, each sample "
        "and each group of Pauli words.",
    ),
    "QS765": Explanation(
        "state vector of a machine",
        "Machines measure. Expectation values, probabilities and samples can be asked of them; "
        "states need a simulator.",
    ),
}
