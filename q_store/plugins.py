"""Passes and gates of your own by name, in this process, with `qstorec --load`, or from installed
distributions by entry points of the group `q_store.plugins`.

    @register_pass
    @dataclass(frozen=True)
    class DropBarriers(FuncPass):
        name: ClassVar[str] = "drop-barriers"

        def on_func(self, func: Func, ctx: Context) -> Func:
            ...

    register_gate("turn", lambda t: [("h", 0), ("rz", 0, t), ("cx", (0, 1))])

docs/passes.md has whole passes and how to test them, docs/circuits.md gates.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from q_store.own_gates import register_gate, unregister_gate
from q_store.passes.base import FuncPass, Pass, Relation
from q_store.passes.context import Context
from q_store.passes.pipelines import PIPELINES
from q_store.passes.registry import PASSES, pass_class, pass_options
from q_store.passes.rewrite import Answer, Rule, RuleSet, Sweep, gates_where, rule, sweep
from q_store.qir.diagnostics import QStoreError, error

__all__ = [
    "Answer",
    "Context",
    "FuncPass",
    "Pass",
    "Rule",
    "RuleSet",
    "Sweep",
    "gates_where",
    "register_gate",
    "register_pass",
    "rule",
    "sweep",
    "unregister_gate",
    "unregister_pass",
]

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
_SIMPLE: Final = (bool, int, float, str)

_REGISTERED: Final[dict[str, type[Any]]] = {}

_P = TypeVar("_P")


def register_pass(cls: type[_P]) -> type[_P]:
    """A class decorator: pipelines know the pass by its `name` from now on, in this process.

    The class is a frozen dataclass. Its fields are the options: `bool`,
    `int`, `float`, `str`, a `Literal` of texts, or a tuple of one of those. `relation` says what it
    keeps and `idempotent` whether a second run finds nothing to do, which `fixpoint` relies on.
    Registering a class of the same module and name again puts the new one in its place.

    Raises `QS412` for a class that is no pass and for a name that is taken.
    """
    _check_class(cls)
    name: str = vars(cls)["name"]
    before = _REGISTERED.get(name)
    if (name in PASSES or name in PIPELINES) and (before is None or not _same_place(before, cls)):
        raise _unusable(cls, f"the name `{name}` is taken", "`qstorec passes` lists the names")
    _check_options(cls)
    _REGISTERED[name] = cls
    PASSES[name] = f"{__name__}:{name}"
    pass_class.cache_clear()
    return cls


def unregister_pass(name: str) -> None:
    """Forget a pass that `register_pass` made known. Raises `QS402` for any other name."""
    if _REGISTERED.pop(name, None) is None:
        raise error("QS402", f"no pass `{name}` has been registered")
    del PASSES[name]
    pass_class.cache_clear()


def __getattr__(name: str) -> Any:
    """Registered passes, where the registry looks for them."""
    if name in _REGISTERED:
        return _REGISTERED[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _same_place(left: type[Any], right: type[Any]) -> bool:
    return (left.__module__, left.__qualname__) == (right.__module__, right.__qualname__)


def is_own(pass_: Pass) -> bool:
    """Whether the pass is one of q-store's, whose text says all about it."""
    return type(pass_).__module__.startswith("q_store.")


def _unusable(cls: type[Any], why: str, help: str = "") -> QStoreError:
    return error("QS412", f"`{cls.__qualname__}` cannot be a pass: {why}", help=help)


def _check_class(cls: type[Any]) -> None:
    parameters = vars(cls).get("__dataclass_params__")
    if parameters is None or not parameters.frozen:
        raise _unusable(cls, "it is no frozen dataclass", "put @dataclass(frozen=True) above it")
    name = vars(cls).get("name")
    if not isinstance(name, str) or not _NAME.match(name):
        raise _unusable(
            cls,
            f"its name must be kebab-case text such as 'drop-barriers', got {name!r}",
            'name: ClassVar[str] = "drop-barriers"',
        )
    if not callable(getattr(cls, "run", None)):
        raise _unusable(cls, "it has no `run(module, ctx)`", "or derive it from FuncPass")
    if issubclass(cls, FuncPass) and cls.on_func is FuncPass.on_func:
        raise _unusable(cls, "it has no `on_func(func, ctx)`")
    if getattr(cls, "relation", None) not in get_args(Relation):
        known = ", ".join(map(repr, get_args(Relation)))
        raise _unusable(cls, f"`relation` must be one of {known}, got {_shown(cls, 'relation')}")
    if not isinstance(getattr(cls, "idempotent", None), bool):
        raise _unusable(cls, f"`idempotent` must be a bool, got {_shown(cls, 'idempotent')}")


def _shown(cls: type[Any], attribute: str) -> str:
    return repr(getattr(cls, attribute, None))


def _check_options(cls: Any) -> None:
    for option in pass_options(cls):
        if not _readable(option.type):
            kinds = "bool, int, float, str, Literal of texts or tuples of those"
            raise _unusable(cls, f"its option `{option.name}` must be {kinds}, got {option.type}")


def _readable(kind: Any) -> bool:
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        return len(inner) == 2 and inner[1] is Ellipsis and _readable(inner[0])
    if get_origin(kind) is Literal:
        return all(isinstance(value, str) for value in get_args(kind))
    return kind in _SIMPLE
