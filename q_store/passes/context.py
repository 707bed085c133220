"""What passes share during one run: who watches, what was noticed, how often rules fired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from q_store.qir.diagnostics import Diagnostic, QStoreError

if TYPE_CHECKING:
    from types import TracebackType

    from q_store.passes.base import Pass
    from q_store.passes.rewrite import Rule
    from q_store.qir.func import Module


class Instrument(Protocol):
    """Sees every pass before and after it runs; those inside combinators too."""

    def before(self, pass_: Pass, module: Module) -> None:
        """Called with what the pass is about to read."""
        ...

    def after(self, pass_: Pass, module: Module, result: Module) -> None:
        """Called with what it read and what it made; nothing changed when they are one object."""
        ...


@dataclass(slots=True)
class RuleCount:
    """How often a rewrite rule was asked and how often it had an answer."""

    offered: int = 0
    fired: int = 0


class Context:
    """The surroundings of one run; passes themselves stay plain values."""

    def __init__(self, instruments: Sequence[Instrument] = ()) -> None:
        self.instruments = tuple(instruments)
        self.diagnostics: list[Diagnostic] = []
        """Warnings and notes of passes, in order."""
        self.rules: dict[Rule, RuleCount] = {}

    def apply(self, pass_: Pass, module: Module) -> Module:
        """Run one pass under the eyes of the instruments. Combinators run their parts with this.

        An error that leaves the pass says which pass it was.
        """
        for instrument in self.instruments:
            instrument.before(pass_, module)
        with _Blame(pass_.name):
            result = pass_.run(module, self)
        for instrument in reversed(self.instruments):
            instrument.after(pass_, module, result)
        return result

    def report(self, diagnostic: Diagnostic) -> None:
        """Note something a user should hear about; it stops nothing."""
        self.diagnostics.append(diagnostic)


class _Blame:
    """Writes the name of the innermost pass on an error that passes through."""

    def __init__(self, name: str) -> None:
        self.note = f"in pass `{name}`"

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if problem is None or hasattr(problem, "__notes__"):
            return
        problem.add_note(self.note)
        if isinstance(problem, QStoreError):
            problem.diagnostics = tuple(
                replace(d, notes=(*d.notes, self.note)) for d in problem.diagnostics
            )
