"""What a pass was given when it failed, in a file that repeats the failure."""

from __future__ import annotations

import inspect
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from q_store.passes.context import Context, Instrument, remark
from q_store.passes.pipeline import Pipeline, format_pass
from q_store.passes.printing import inside
from q_store.qir.diagnostics import QStoreError
from q_store.qir.printer import print_module

if TYPE_CHECKING:
    from q_store.passes.base import Pass
    from q_store.qir.func import Module


class Reproducer(Instrument):
    """An instrument that writes a file when a pass raises or the module after it does not verify.

    The file is the program before the innermost such pass, as IR text. Its first line is the
    command that repeats the failure, its second says what happened. The error says where it is.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.context = Context()
        self.written = False

    def begin(self, context: Context) -> None:
        """Remember whom to ask where the run is."""
        self.context = context

    def failed(self, pass_: Pass, module: Module, problem: Exception) -> None:
        """Write the file for the innermost pass; those around it fail because of it."""
        if self.written:
            return
        self.written = True
        place = f"{format_pass(pass_)}{inside(self.context.path[:-1])}"
        text = (
            f"// {command(self.path, pass_)}\n// {place}: {_said(problem)}\n{print_module(module)}"
        )
        try:
            self.path.write_text(text, encoding="utf-8")
        except OSError as refused:
            reason = refused.strerror or str(refused)
            remark(problem, f"no reproducer could be written to {self.path}: {reason}")
        else:
            remark(problem, f"to repeat it: {command(self.path, pass_)}")


def command(file: Path, pass_: Pass) -> str:
    """What runs one pass on a file; files that register passes in it are loaded."""
    words = ["qstorec", "compile", str(file), "-p", format_pass(pass_), "--verify-each"]
    for source in dict.fromkeys(map(_source, Pipeline((pass_,)).walk())):
        words += ["--load", source] if source else []
    return shlex.join(words)


def _source(pass_: Pass) -> str:
    """The file of a pass that is none of q-store's."""
    if type(pass_).__module__.startswith("q_store."):
        return ""
    try:
        return inspect.getsourcefile(type(pass_)) or ""
    except TypeError:  # It was typed in at a prompt.
        return ""


def _said(problem: Exception) -> str:
    if isinstance(problem, QStoreError):
        return f"{problem.code}: {' '.join(problem.diagnostics[0].message.split())}"
    return f"{type(problem).__name__}: {' '.join(str(problem).split())}"
