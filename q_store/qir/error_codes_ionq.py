"""Codes of IonQ's machines, QS420 to QS428."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

IONQ: Final[dict[str, Explanation]] = {
    "QS420": Explanation(
        "unknown target",
        "Targets are IonQ's machines and simulator, such as `ionq.forte`.",
        "qstorec cost bell.qir --target ionq.fort",
        "qstorec cost bell.qir --target ionq.forte",
    ),
    "QS421": Explanation(
        "unusable rates",
        "A file of rates is TOML with one table per route and machine, as in the `rates.toml` of "
        "the package. Entries that are not given keep their built-in values.",
        '[azure."ionq.forte"]\nrule = "gates"',
        '[azure."ionq.forte"]\nrule = "gate-shots"\nusd_1q = 0.0002\nusd_2q = 0.001',
    ),
    "QS422": Explanation(
        "program too dear",
        "The cheapest native program that was found costs more than allowed. A minimum price per "
        "program does not depend on its gates; fewer layers or another route may help.",
    ),
    "QS423": Explanation(
        "too many qubits for the machine",
        "The circuit needs more qubits than the target has.",
    ),
    "QS424": Explanation(
        "no price known",
        "There is no built-in price for this machine by this route. IonQ publishes none for direct "
        "access: take it from an estimate of the service, or write a file of rates.",
    ),
    "QS425": Explanation(
        "gate that is not native",
        "Costs are those of native programs: `gpi`, `gpi2`, and `ms` or `zz`. Compile with the "
        "pass `ionq-native` for the same machine first.",
    ),
    "QS426": Explanation(
        "shots out of range",
        "A job runs a whole number of shots, at least one and at most as many as the machine "
        "allows.",
    ),
    "QS427": Explanation(
        "unusable characterisation",
        "A characterisation is an object of IonQ's service with numbers for fidelities and times.",
    ),
    "QS428": Explanation(
        "unusable option of the optimizer",
        "`optimization_level` is 0 to 3, and `max_cost_per_shot` a positive number of US dollars "
        "or `None`.",
        "IonQOptimizer(optimization_level=5)",
        "IonQOptimizer(optimization_level=3)",
    ),
}
