"""What q-store writes into the tags of a Cirq circuit, read back.

A tag is one line of text: `q_store observe expval 0.5*X0 Z2`, `q_store input x 2`,
`q_store weight w 2 3`.
"""

from __future__ import annotations

from typing import Any, Final

from q_store.frontends.cirq.symbols import Symbols
from q_store.frontends.symbols import check_name
from q_store.qir.diagnostics import error
from q_store.qir.func import Role

IDLE: Final = "q_store idle"
"""Tag of an identity that is there only to mention a qubit."""

_ROLES: Final[dict[str, Role]] = {"input": "input", "weight": "weight"}


def _notes(circuit: Any) -> list[list[str]]:
    lines = [tag.split() for tag in circuit.tags if isinstance(tag, str)]
    return [words[1:] for words in lines if words[:1] == ["q_store"] and len(words) > 1]


def noted_observations(circuit: Any) -> list[str]:
    """Notes about what the circuit observes, in order."""
    return [" ".join(words[1:]) for words in _notes(circuit) if words[0] == "observe"]


def declare_noted_parameters(circuit: Any, symbols: Symbols) -> None:
    """Shapes and roles of parameters. Raises `QS352` for a note that is not understood."""
    for kind, *words in _notes(circuit):
        if kind in _ROLES:
            if not words or not all(word.isdigit() and int(word) for word in words[1:]):
                raise error("QS352", f"the tag {' '.join([kind, *words])!r} declares no parameter")
            symbols.declare(check_name(words[0]), tuple(map(int, words[1:])), _ROLES[kind])
