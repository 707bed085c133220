"""Repeat a pipeline until nothing changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from q_store.passes.base import Relation
from q_store.passes.pipeline import Pipeline
from q_store.qir.diagnostics import Diagnostic

if TYPE_CHECKING:
    from q_store.passes.context import Context
    from q_store.qir.func import Module


@dataclass(frozen=True, slots=True)
class Fixpoint:
    """Repeats the passes in parentheses until a whole round changes nothing.

    A pass whose own output comes back to it unchanged is not run again: passes that declare
    themselves idempotent would return it as it is.
    """

    name: ClassVar[str] = "fixpoint"
    relation: ClassVar[Relation] = "observed"
    idempotent: ClassVar[bool] = True

    body: Pipeline
    max_iterations: int = 50
    """Rounds after which it gives up, with the warning `QS405`."""

    def run(self, module: Module, ctx: Context) -> Module:
        """Rounds until the module stays the same object."""
        settled: list[Module | None] = [None] * len(self.body.passes)
        for number in range(1, self.max_iterations + 1):
            before = module
            with ctx.stage(f"round {number}"):
                for position, pass_ in enumerate(self.body.passes):
                    if settled[position] is not module:
                        module = ctx.apply(pass_, module)
                        settled[position] = module if pass_.idempotent else None
            if module is before:
                return module
        ctx.report(
            Diagnostic(
                "QS405",
                f"`fixpoint({self.body})` was still changing after {self.max_iterations} rounds",
                severity="warning",
                help="raise `max-iterations`, or look for two passes that undo each other",
            )
        )
        return module
