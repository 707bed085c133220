"""Functions and modules: immutable programs over linear qubit wires and affine angles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal

from q_store.qir.diagnostics import error
from q_store.qir.ops import Op
from q_store.qir.types import F64, Type
from q_store.qir.values import Value

Role = Literal["input", "weight"]
"""`input` varies per sample, `weight` is shared by the batch."""

AttrValue = int | float | str


class Func:
    """A straight-line function. Immutable by convention: passes build new ones.

    Analyses are memoised by identity, so never change a field after construction.
    """

    __slots__ = ("__weakref__", "args", "attrs", "name", "ops", "results", "roles")

    name: str
    args: tuple[Value, ...]
    roles: tuple[Role | None, ...]
    """One per argument; `None` for qubit and bit arguments."""
    ops: tuple[Op, ...]
    results: tuple[Value, ...]
    attrs: Mapping[str, AttrValue]
    """Facts passes attached, printed after the result types."""

    def __init__(
        self,
        name: str,
        args: tuple[Value, ...],
        roles: tuple[Role | None, ...],
        ops: tuple[Op, ...],
        results: tuple[Value, ...],
        attrs: Mapping[str, AttrValue] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.args = args
        self.roles = roles
        self.ops = ops
        self.results = results
        self.attrs = attrs

    def replace(
        self,
        *,
        name: str | None = None,
        args: tuple[Value, ...] | None = None,
        roles: tuple[Role | None, ...] | None = None,
        ops: tuple[Op, ...] | None = None,
        results: tuple[Value, ...] | None = None,
        attrs: Mapping[str, AttrValue] | None = None,
    ) -> Func:
        """A copy with some parts exchanged."""
        return Func(
            self.name if name is None else name,
            self.args if args is None else args,
            self.roles if roles is None else roles,
            self.ops if ops is None else ops,
            self.results if results is None else results,
            self.attrs if attrs is None else attrs,
        )

    def args_with_role(self, role: Role) -> tuple[Value, ...]:
        """The arguments of one role, in order."""
        return tuple(arg for arg, r in zip(self.args, self.roles, strict=True) if r == role)

    @property
    def observe(self) -> Op | None:
        """The `m.observe` that ends the function, if it has one."""
        last = self.ops[-1] if self.ops else None
        return last if last is not None and last.defn.name == "m.observe" else None

    @property
    def gates(self) -> Iterator[Op]:
        """The unitary gates in order, bodies of structured ops not included."""
        return (op for op in self.ops if op.is_gate)

    @property
    def n_qubits(self) -> int:
        """Number of wires: qubit arguments and allocated qubits."""
        count = sum(arg.type.linear for arg in self.args)
        return count + sum(len(op.results) for op in self.ops if op.defn.name == "q.alloc")

    def __repr__(self) -> str:
        return f"<func @{self.name}: {len(self.ops)} ops on {self.n_qubits} qubits>"

    def __str__(self) -> str:
        from q_store.qir.printer import print_func

        return print_func(self)

    def __getstate__(self) -> tuple[Any, ...]:
        return (self.name, self.args, self.roles, self.ops, self.results, dict(self.attrs))

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.name, self.args, self.roles, self.ops, self.results, attrs = state
        self.attrs = MappingProxyType(attrs)


class Module:
    """An ordered set of functions, by name."""

    __slots__ = ("__weakref__", "funcs")

    funcs: tuple[Func, ...]

    def __init__(self, funcs: tuple[Func, ...]) -> None:
        self.funcs = funcs

    @property
    def main(self) -> Func:
        """The first function. Raises `QS110` when there is none."""
        if not self.funcs:
            raise error("QS110", "the module has no function")
        return self.funcs[0]

    def func(self, name: str) -> Func:
        """The function of this name. Raises `QS110`."""
        for func in self.funcs:
            if func.name == name:
                return func
        known = ", ".join(f"@{func.name}" for func in self.funcs) or "none"
        raise error("QS110", f"the module has no function @{name} (it has {known})")

    def __repr__(self) -> str:
        return f"<module {', '.join(map(repr, self.funcs))}>"

    def __str__(self) -> str:
        from q_store.qir.printer import print_module

        return print_module(self)


def element_refs(value: Value) -> list[tuple[Value, tuple[int, ...]]]:
    """Every scalar element of a parameter value, the last index running fastest."""
    refs: list[tuple[Value, tuple[int, ...]]] = [(value, ())]
    for extent in value.type.shape:
        refs = [(value, (*index, i)) for _, index in refs for i in range(extent)]
    return refs


def element_names(value: Value) -> list[str]:
    """Names of the elements of a parameter value: `theta`, or `x[0]`, `x[1]`, …"""
    if value.type is F64:
        return [value.name]
    return [f"{value.name}[{','.join(map(str, index))}]" for _, index in element_refs(value)]


def is_parameter_type(type: Type) -> bool:
    """Whether values of this type may appear in angles."""
    return type.kind == "f64"
