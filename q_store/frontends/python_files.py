"""Objects from users' Python files: `model.py:circuit`.

The file is executed. What it prints goes to standard error, and what it raises becomes a
diagnostic at the user's own line.
"""

from __future__ import annotations

import ast
import inspect
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, redirect_stdout
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Final

from q_store.frontends.files import read_text
from q_store.qir.diagnostics import QStoreError, Span, did_you_mean, error
from q_store.qir.location import PythonLocation

_MODULE_PREFIX: Final = "_qstorec_"


def split_python(name: str) -> tuple[str, str] | None:
    """`("model.py", "circuit")` for `model.py:circuit`, or `None` for the name of another file.

    Without a colon the object's name is empty.
    """
    file, _, attribute = name.rpartition(":")
    if file.endswith(".py"):
        return file, attribute
    return (name, "") if name.endswith(".py") else None


def named_object(item: object) -> object:
    """The object of a Python file that a text `FILE.py:NAME` or such a path names; anything else
    as it is. Raises `QS701`, `QS703` and `QS704`."""
    place = split_python(str(item)) if isinstance(item, str | Path) else None
    if place is None or set(place[0]) & set("\n;{"):
        return item
    return load_object(*place)


def load_object(file: str, name: str) -> object:
    """Execute a Python file and get an object by its (dotted) name.

    Raises `QS701` for a file that cannot be read, `QS703` for a name it does not define and `QS704`
    for an exception in it.
    """
    source = read_text(file)
    if not name:
        names = _defined(source)
        listed = ", ".join(f"{file}:{found}" for found in names[:5])
        raise error(
            "QS703",
            f"{file} is a Python file: say which object in it is the circuit",
            help=f"for example {listed}" if listed else f"write {file}:NAME",
        )
    found: Any = _execute(file, source)
    for part in name.split("."):
        known = [attribute for attribute in dir(found) if not attribute.startswith("__")]
        if part not in known:
            raise error("QS703", f"{file} defines no `{name}`", help=did_you_mean(part, known))
        found = getattr(found, part)
    return found


def execute_file(file: str) -> None:
    """Execute a Python file for what it does. Raises `QS701` and `QS704`."""
    _execute(file, read_text(file))


def call(file: str, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call a user's function, or one of ours that calls it. Raises `QS704`."""
    with _UserCode(file):
        return function(*args, **options)


def takes_nothing(function: Callable[..., Any]) -> bool:
    """Whether a function can be called without arguments."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(p.default is not p.empty or p.kind in optional for p in parameters)


def _defined(source: str) -> list[str]:
    """Functions and variables of a file, without executing it."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return []
    names: list[str] = []
    for node in body:
        if isinstance(node, ast.FunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [name for name in names if not name.startswith("_")]


def _execute(file: str, source: str) -> ModuleType:
    path = Path(file).resolve()
    name = path.stem if path.stem not in sys.modules else _MODULE_PREFIX + path.stem
    module = ModuleType(name)
    module.__file__ = str(path)
    # As for a script: neighbours can be imported, and the module finds itself.
    sys.path.insert(0, str(path.parent))
    sys.modules[name] = module
    with _UserCode(file):
        # Places are shown by the name the user typed, and nothing is left beside the file.
        exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)
    return module


class _UserCode(AbstractContextManager[None]):
    """Around code that is not ours: any exception in it is the user's, and is shown as such."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.silence = redirect_stdout(sys.stderr)

    def __enter__(self) -> None:
        self.silence.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.silence.__exit__(kind, problem, trace)
        if problem is None or isinstance(problem, QStoreError | KeyboardInterrupt | MemoryError):
            return
        raise self.diagnosed(problem) from None

    def diagnosed(self, problem: BaseException) -> QStoreError:
        remarks = list(getattr(problem, "__notes__", ()))
        problem.__notes__ = []  # They stand below.
        text = "".join(traceback.format_exception_only(problem)).strip()
        text = text.splitlines()[-1] if isinstance(problem, SyntaxError) else text
        return error(
            "QS704",
            f"{self.file} raised {text}",
            span=_syntax_place(problem) or self.place(problem),
            notes=map(str, remarks),
        )

    def place(self, problem: BaseException) -> Span | None:
        """The innermost line of the user's file that was running."""
        frames = traceback.extract_tb(problem.__traceback__)
        own = [frame for frame in frames if frame.filename == self.file]
        return PythonLocation(self.file, own[-1].lineno or 1).span() if own else None


def _syntax_place(problem: BaseException) -> Span | None:
    if not isinstance(problem, SyntaxError) or problem.filename is None or problem.lineno is None:
        return None
    source = (problem.text or "").split("\n")[0]
    col = max(1, problem.offset or 1)
    end = problem.end_offset or 0
    same_line = problem.end_lineno == problem.lineno and end > col
    return Span(problem.filename, problem.lineno, col, end if same_line else col + 1, source)
