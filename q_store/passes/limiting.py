"""Only the first passes of a run: bisecting a pipeline for the pass that goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from q_store.passes.context import Context, Instrument
from q_store.passes.pipeline import format_pass, is_group
from q_store.passes.printing import inside
from q_store.qir.diagnostics import error

if TYPE_CHECKING:
    from q_store.passes.base import Pass
    from q_store.qir.func import Module


@dataclass(slots=True)
class PassLimit(Instrument):
    """An instrument that runs the first `limit` passes and leaves out the later ones.

    Passes are counted from 1 as they come to run, in rounds and candidates each time anew;
    combinators and named pipelines are not counted. Every pass is a line on `stream`, standard
    error when not given. When n passes make a right program and n + 1 a wrong one, pass n + 1 is
    the one to look at.
    """

    limit: int
    stream: TextIO | None = None
    count: int = 0
    context: Context = field(default_factory=Context)

    def __post_init__(self) -> None:
        """Raises `QS414` unless `limit` is a whole number from 0 up."""
        if isinstance(self.limit, bool) or not isinstance(self.limit, int) or self.limit < 0:
            raise error(
                "QS414", f"`pass_limit` must be a whole number from 0 up, got {self.limit!r}"
            )

    def begin(self, context: Context) -> None:
        """Remember whom to ask where the run is."""
        self.context = context

    def wants(self, pass_: Pass, module: Module) -> bool:
        """Whether the pass is among the first ones."""
        if is_group(pass_):
            return True
        self.count += 1
        run = self.count <= self.limit
        place = inside(self.context.path)
        self.say(f"pass {self.count}: {format_pass(pass_)}{place}{'' if run else ' (left out)'}\n")
        return run

    def say(self, text: str) -> None:
        """Standard error is looked up late: it may be another one by now."""
        import sys

        (self.stream or sys.stderr).write(text)
