"""Codes of IonQ's JSON and of jobs at its service, QS730 to QS759."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

IONQ_SERVICE: Final[dict[str, Explanation]] = {
    "QS730": Explanation(
        "parameters without a value",
        "IonQ's JSON holds numbers only. Every parameter needs one, arrays as nested lists.",
        "to_ionq_json(circuit)",
        "to_ionq_json(circuit, values={'theta': 0.3})",
    ),
    "QS731": Explanation(
        "circuit that IonQ's JSON cannot express",
        "`ionq.circuit.v1` is a list of gates on fresh qubits, all of which are measured at its "
        "end. Measurements in the middle, resets, conditions and noise channels have no place in "
        "it.",
    ),
    "QS732": Explanation(
        "unusable option of a job",
        "The message names the option, what it may be and what came.",
        "to_ionq_json(circuit, noise='forte')",
        "to_ionq_json(circuit, noise='forte-1')",
    ),
    "QS733": Explanation(
        "too much for one job",
        "A job holds at most 5000 circuits with 150000 gates in total, and its JSON at most 10 MB. "
        "Distribute the circuits over several jobs.",
    ),
    "QS734": Explanation(
        "few shots for debiasing",
        "IonQ debiases jobs from 500 shots on; with fewer the flag has no effect.",
    ),
    "QS735": Explanation(
        "IonQ JSON that cannot be read",
        "The message names the place in the document, such as `$.input.circuit[3].target`.",
        '{"gate": "h", "target": "0"}',
        '{"gate": "h", "target": 0}',
    ),
    "QS736": Explanation(
        "IonQ JSON that deviates from the format",
        "Some tools write fields that the published format does not have, such as `phase` for the "
        "angle of a native `zz`. They are understood unless `strict` is asked for.",
        "from_ionq_json(text, strict=True)",
        "from_ionq_json(text)",
    ),
}
