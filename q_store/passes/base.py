"""What a pass is: a frozen dataclass from module to module.

A pass never changes its input. When it finds nothing to do it returns the very same object, so
"changed" is `is not` everywhere: in the manager, in fixpoints, in reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal, Protocol

from q_store.qir.func import Func, Module

if TYPE_CHECKING:
    from q_store.passes.context import Context

Relation = Literal["exact", "phase", "observed"]
"""How the output of a pass relates to its input: equal as an operator, equal up to a global phase,
or equal in every observed result."""

COST_ATTRS: Final = (
    "gates",
    "gates_1q",
    "gates_2q",
    "gates_3q_plus",
    "depth",
    "depth_2q",
    "parameters",
)
"""Function attributes that describe the ops; they do not survive a change of the ops."""


class Pass(Protocol):
    """What the manager runs. Options are the dataclass fields, spelled kebab-case in pipelines."""

    name: ClassVar[str]
    """Kebab-case, as in the registry."""
    relation: ClassVar[Relation]
    """What the pass promises about meaning."""
    idempotent: ClassVar[bool]
    """Whether a second run returns the same object."""

    def run(self, module: Module, ctx: Context) -> Module:
        """The transformed module, or `module` itself when nothing changed."""
        ...


class FuncPass:
    """A pass that treats each function by itself: subclasses define `on_func`."""

    __slots__ = ()

    name: ClassVar[str]
    relation: ClassVar[Relation] = "exact"
    idempotent: ClassVar[bool] = True

    def run(self, module: Module, ctx: Context) -> Module:
        """Apply `on_func` to every function."""
        funcs = tuple([self._on_func(func, ctx) for func in module.funcs])
        return Module(funcs) if any(map(_differ, funcs, module.funcs)) else module

    def on_func(self, func: Func, ctx: Context) -> Func:
        """The transformed function, or `func` itself when nothing changed."""
        raise TypeError(f"{type(self).__name__} defines no on_func")

    def _on_func(self, func: Func, ctx: Context) -> Func:
        result = self.on_func(func, ctx)
        if result.ops is func.ops or not any(key in result.attrs for key in COST_ATTRS):
            return result
        return result.replace(
            attrs={key: fact for key, fact in result.attrs.items() if key not in COST_ATTRS}
        )


def _differ(left: Func, right: Func) -> bool:
    return left is not right
