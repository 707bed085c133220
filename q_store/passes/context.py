"""What passes share during one run: who watches, what was noticed, how often rules fired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from q_store.qir.diagnostics import Diagnostic, QStoreError

if TYPE_CHECKING:
    from types import TracebackType

    from q_store.passes.base import Pass
    from q_store.passes.rewrite import Rule
    from q_store.qir.func import Module


class Instrument(Protocol):
    """Sees every pass before and after it runs; those inside combinators too. A class that derives
    from this one defines what it needs; others define both methods.

    Three more methods are called where they are defined: `begin(context)` once, before the first
    pass; `wants(pass_, module) -> bool`, where a `False` of any instrument leaves the pass out, as
    if it had found nothing to do; `failed(pass_, module, problem)` when the pass or what
    instruments do after it raises, from the innermost pass outwards.
    """

    def before(self, pass_: Pass, module: Module) -> None:
        """Called with what the pass is about to read."""
        return

    def after(self, pass_: Pass, module: Module, result: Module) -> None:
        """Called with what it read and what it made; nothing changed when they are one object."""
        return


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
        self._path: list[str] = []
        self._wants = _hooks(self.instruments, "wants")
        self._failed = _hooks(self.instruments, "failed")
        for begin in _hooks(self.instruments, "begin"):
            begin(self)

    @property
    def path(self) -> tuple[str, ...]:
        """Where the run is: the passes that run, outer ones first, and rounds or candidates of
        those that have any."""
        return tuple(filter(None, self._path))

    def stage(self, text: str) -> AbstractContextManager[None]:
        """A part of a pass that runs others, such as `round 2`; stands in `path` meanwhile."""
        return _Place(self._path, text)

    def apply(self, pass_: Pass, module: Module) -> Module:
        """Run one pass under the eyes of the instruments. Combinators run their parts with this.

        An error that leaves the pass says which pass it was.
        """
        answers = [wants(pass_, module) for wants in self._wants]  # All are asked: some count.
        if not all(answers):
            return module
        self._path.append(title(pass_))
        try:
            if not self._failed:
                return self._watched(pass_, module)
            with _Alarm(self._failed, pass_, module):
                return self._watched(pass_, module)
        finally:
            self._path.pop()

    def _watched(self, pass_: Pass, module: Module) -> Module:
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


def title(pass_: Pass) -> str:
    """The name of a pass, for a pipeline its label, which may be empty."""
    return getattr(pass_, "label", "") if pass_.name == "pipeline" else pass_.name


def _hooks(instruments: Sequence[Instrument], name: str) -> list[Callable[..., Any]]:
    """The optional method of the instruments that define it."""
    return [getattr(item, name) for item in instruments if hasattr(item, name)]


class _Place(AbstractContextManager[None]):
    """One more step of the path while it lasts."""

    def __init__(self, path: list[str], text: str) -> None:
        self.path, self.text = path, text

    def __enter__(self) -> None:
        self.path.append(self.text)

    def __exit__(self, *_: object) -> None:
        self.path.pop()


class _Alarm(AbstractContextManager[None]):
    """Tells the instruments that want to hear it that a pass failed."""

    def __init__(self, failed: list[Callable[..., Any]], pass_: Pass, module: Module) -> None:
        self.failed, self.pass_, self.module = failed, pass_, module

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(problem, Exception):
            for failed in self.failed:
                failed(self.pass_, self.module, problem)


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
        remark(problem, self.note)


def remark(problem: BaseException, note: str) -> None:
    """Write a note on an error; diagnostics show it too."""
    problem.add_note(note)
    if isinstance(problem, QStoreError):
        problem.diagnostics = tuple(replace(d, notes=(*d.notes, note)) for d in problem.diagnostics)
