"""What a program may cost: every count that a short text can make large has a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from q_store.qir.diagnostics import QStoreError, Span, error

MAX_QUBITS: Final = 100_000
MAX_BITS: Final = 1_000_000
MAX_ELEMENTS: Final = 100_000
"""Elements of an array, and of a range."""
MAX_STATEMENTS: Final = 300_000
"""Statements carried out, each turn of a loop counted anew; plain gates are counted as steps."""
MAX_STEPS: Final = 1_000_000
"""Gates of the circuit, or of the expansion of one gate."""
MAX_CALLS: Final = 32
"""Subroutines that are in progress at once."""
MAX_GATE_DEPTH: Final = 64
"""Gate definitions that use each other."""
MAX_CONTROLS: Final = 10
MAX_BRANCHES: Final = 512
"""Ways a condition on measured bits can go."""
MAX_NESTING: Final = 60
"""Parentheses, brackets, braces and runs of prefix operators."""
MAX_INCLUDES: Final = 8
MAX_TEXT: Final = 50_000_000
"""Characters of a program."""
MAX_INTEGER: Final = 2**64


def too_much(what: str, limit: int, span: Span | None) -> QStoreError:
    """The error of a limit that is passed."""
    return error("QS373", f"{what}: the limit is {limit}", span=span)


class Budget:
    """What is left of the statements and steps a program may take."""

    def __init__(self) -> None:
        self.statements = MAX_STATEMENTS
        self.steps = MAX_STEPS

    def statement(self, span: Callable[[], Span]) -> None:
        """Count one statement, which stands at `span()`."""
        self.statements -= 1
        if self.statements < 0:
            message = "the program carries out too many statements"
            raise too_much(message, MAX_STATEMENTS, span())

    def step(self, count: int, span: Callable[[], Span]) -> None:
        """Count gates that are about to be made."""
        self.steps -= count
        if self.steps < 0:
            raise too_much("the circuit has too many gates", MAX_STEPS, span())
