"""Codes of the formats of files, QS386 and QS387."""

from __future__ import annotations

from typing import Final

from q_store.qir.explanation import Explanation

FORMATS: Final[dict[str, Explanation]] = {
    "QS386": Explanation(
        "nothing to define",
        "Programs of the text language have settings and constants, programs of OpenQASM 3 inputs "
        "that are no angles; these get values by `-D name=value` or `defines`. Other programs have "
        "parameters only, which get values when they run.",
        "qstorec compile bell.qir -D n=4",
        "qstorec compile qft.qst -D n=4",
    ),
    "QS387": Explanation(
        "JSON that is no circuit",
        "JSON files are told apart by a key of their outermost object. Known are circuits that "
        "Cirq wrote and IonQ's circuits.",
    ),
}
