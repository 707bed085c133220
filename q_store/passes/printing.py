"""Programs before and after passes, as text: whole, or what a pass changed."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, TextIO

from q_store.passes.context import Context, title
from q_store.passes.pipeline import format_pass, is_group
from q_store.passes.pipelines import PIPELINES
from q_store.passes.registry import PASSES, pass_class
from q_store.qir.func import Func, Module
from q_store.qir.printer import Names, print_func, print_module

if TYPE_CHECKING:
    from q_store.passes.base import Pass


class Printer:
    """An instrument that writes programs to a stream.

    `before`, `after` and `diff` are names of passes and named pipelines, `all` for every pass, or
    `changed` for those that change something. Each text has a head that says which pass it was and
    where it ran.
    """

    def __init__(
        self,
        stream: TextIO | None,
        *,
        before: Collection[str] = (),
        after: Collection[str] = (),
        diff: Collection[str] = (),
    ) -> None:
        """`stream` is standard error when not given. Raises `QS402` for an unknown name."""
        self.stream = stream
        self.names_before, self.names_after, self.names_diff = map(_checked, (before, after, diff))
        self.context = Context()

    def begin(self, context: Context) -> None:
        """Remember whom to ask where the run is."""
        self.context = context

    def before(self, pass_: Pass, module: Module) -> None:
        """Write what the pass is about to read."""
        if _named(pass_, self.names_before):
            self.program("before", pass_, "", module)

    def after(self, pass_: Pass, module: Module, result: Module) -> None:
        """Write what it made, or what it changed."""
        state = "unchanged" if result is module else "changed"
        if _unnamed_change(pass_, self.names_before, state):
            self.program("before", pass_, f" ({state})", module)
        if _named(pass_, self.names_after) or _unnamed_change(pass_, self.names_after, state):
            self.program("after", pass_, f" ({state})", result)
        if state == "changed" and (
            _named(pass_, self.names_diff) or _unnamed_change(pass_, self.names_diff, state)
        ):
            head = f"// {format_pass(pass_)}{self.where()}\n"
            self.write(head + diff_modules(module, result, format_pass(pass_)))

    def program(self, when: str, pass_: Pass, state: str, module: Module) -> None:
        """A whole program under its head."""
        head = f"// {when} {format_pass(pass_)}{state}{self.where()}"
        self.write(f"{head}\n{print_module(module)}\n")

    def where(self) -> str:
        """`, in O2 > fixpoint > round 1` for a pass that runs inside others."""
        return inside(self.context.path[:-1])

    def write(self, text: str) -> None:
        """Standard error is looked up late: it may be another one by now."""
        import sys

        (self.stream or sys.stderr).write(text)


def inside(outer: tuple[str, ...]) -> str:
    """`, in O2 > fixpoint > round 1` for what runs inside others, else nothing."""
    return f", in {' > '.join(outer)}" if outer else ""


def _checked(names: Collection[str]) -> set[str]:
    names = {names} if isinstance(names, str) else set(names)
    for name in names - {"all", "changed"} - PASSES.keys() - PIPELINES.keys():
        pass_class(name)
    return names


def _named(pass_: Pass, names: set[str]) -> bool:
    return (title(pass_) or None) in names or ("all" in names and not is_group(pass_))


def _unnamed_change(pass_: Pass, names: set[str], state: str) -> bool:
    """Whether the pass is one of the `changed`, and has not been asked for otherwise."""
    wanted = "changed" in names and state == "changed" and not is_group(pass_)
    return wanted and not _named(pass_, names)


def diff_modules(before: Module, after: Module, label: str = "") -> str:
    """What changed, as a unified diff of the functions of that name; empty when nothing did.

    Values that are in both programs have the names they had before, so a gate that goes takes one
    line with it and the next one on its wires another; the texts are for reading, and new values
    are counted on from the old ones.
    """
    old = {func.name: func for func in before.funcs}
    lines: list[str] = []
    for func in after.funcs:
        lines += _diff(old.pop(func.name, None), func, label)
    for func in old.values():
        lines += _diff(func, None, label)
    return "".join(lines)


def _diff(before: Func | None, after: Func | None, label: str) -> Iterator[str]:
    names = Names()
    old = _lines(before, names)
    new = _lines(after, Names(before=names))
    name = getattr(before or after, "name", "")
    return difflib.unified_diff(
        old, new, f"@{name} before {label}".rstrip(), f"@{name} after {label}".rstrip(), n=2
    )


def _lines(func: Func | None, names: Names) -> list[str]:
    return [] if func is None else print_func(func, names=names).splitlines(keepends=True)
