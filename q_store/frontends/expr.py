"""Symbolic numbers: what a user's parameter is while a circuit is written down.

An `Expr` is affine, `const + sum(coef * atom)`, where an atom is a named scalar, one element of a
named array, or a call of one of the `f.*` functions of the IR. Affine arithmetic is done at once;
anything else makes a call. The classes mirror what the IR can express, so lowering is a rename.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from numbers import Real
from typing import Any, ClassVar, Final, NamedTuple, NoReturn
from weakref import WeakValueDictionary

from q_store.qir.diagnostics import did_you_mean, error

_MAX_DEPTH: Final = 100
"""Calls nested deeper than this are refused; printing and pickling recurse."""
_REPR_DEPTH: Final = 4
_EXACT: Final = 2**53
_COMPARISONS: Final = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
_USE_NUMPY: Final = "use numpy functions of symbols, such as `np.sin(x[0])` or `np.pi*x[0]`"


class Ref(NamedTuple):
    """A named scalar, or one element of a named array."""

    name: str
    indices: tuple[int, ...] = ()
    shape: tuple[int, ...] | None = None
    """Shape of the array where it was declared; `None` when it grows with use."""

    def __repr__(self) -> str:
        return self.name + (f"[{','.join(map(str, self.indices))}]" if self.indices else "")


class Call:
    """A function of expressions that is not affine; equal calls are one object."""

    __slots__ = ("__weakref__", "args", "depth", "function")

    _interned: ClassVar[WeakValueDictionary[tuple[str, tuple[Expr, ...]], Call]] = (
        WeakValueDictionary()
    )

    function: str
    """Mnemonic of the `f.*` op."""
    args: tuple[Expr, ...]
    depth: int

    def __new__(cls, function: str, args: tuple[Expr, ...]) -> Call:
        key = (function, args)
        found = cls._interned.get(key)
        if found is None:
            found = super().__new__(cls)
            found.function, found.args = function, args
            found.depth = 1 + max(arg.depth for arg in args)
            if found.depth > _MAX_DEPTH:
                raise error("QS318", f"functions of symbols are nested more than {_MAX_DEPTH} deep")
            cls._interned[key] = found
        return found

    def __reduce__(self) -> tuple[type[Call], tuple[str, tuple[Expr, ...]]]:
        return Call, (self.function, self.args)


Atom = Ref | Call
Terms = tuple[tuple[Atom, float], ...]


class Arithmetic:
    """The operators shared by expressions and arrays of them."""

    __slots__ = ()

    def __add__(self, other: object) -> Any:
        return apply("add", self, other)

    def __radd__(self, other: object) -> Any:
        return apply("add", other, self)

    def __sub__(self, other: object) -> Any:
        return apply("subtract", self, other)

    def __rsub__(self, other: object) -> Any:
        return apply("subtract", other, self)

    def __mul__(self, other: object) -> Any:
        return apply("multiply", self, other)

    def __rmul__(self, other: object) -> Any:
        return apply("multiply", other, self)

    def __truediv__(self, other: object) -> Any:
        return apply("divide", self, other)

    def __rtruediv__(self, other: object) -> Any:
        return apply("divide", other, self)

    def __pow__(self, other: object) -> Any:
        return apply("power", self, other)

    def __rpow__(self, other: object) -> Any:
        return apply("power", other, self)

    def __neg__(self) -> Any:
        return apply("negative", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return apply("absolute", self)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: object, **options: object) -> Any:
        if method != "__call__" or options:
            how = f"np.{ufunc.__name__}.{method}" if method != "__call__" else "options of ufuncs"
            raise error("QS312", f"{how} cannot be used on symbols", help=_USE_NUMPY)
        if ufunc.__name__ in _COMPARISONS:
            self._compared(next(item for item in inputs if item is not self))
        result = apply(ufunc.__name__, *inputs)
        if result is NotImplemented:
            kinds = ", ".join(type(item).__name__ for item in inputs)
            raise error("QS312", f"np.{ufunc.__name__} cannot combine {kinds}", help=_USE_NUMPY)
        return result

    @classmethod
    def __torch_function__(
        cls, func: Any, types: object, args: tuple[object, ...] = (), kwargs: object = None
    ) -> Any:
        """`torch.sin(x[0])` means what `np.sin(x[0])` means."""
        return apply(_TORCH_NAMES.get(func.__name__, func.__name__), *args)

    def __bool__(self) -> NoReturn:
        raise error(
            "QS311",
            f"the truth of the symbol {_short(self)} is not known while the circuit is built",
            help="a circuit has one shape for all samples; branch on measured bits with `if_bit`",
        )

    def _compared(self, other: object) -> NoReturn:
        raise error(
            "QS311",
            f"the symbol {_short(self)} cannot be compared with {_short(other)}",
            help="its value is not known while the circuit is built",
        )

    __lt__ = __le__ = __gt__ = __ge__ = _compared

    def _numeric(self) -> Any:
        raise error(
            "QS310",
            f"the symbol {_short(self)} has no numeric value while the circuit is built",
            help=_USE_NUMPY + "; functions of `math` need plain numbers",
        )

    __float__ = __int__ = __complex__ = __index__ = _numeric


def _all_finite(const: float, terms: Terms) -> bool:
    return math.isfinite(const) and all(math.isfinite(coef) for _, coef in terms)


def _short(item: object) -> str:
    text = repr(item)
    return text if len(text) <= 60 else text[:57] + "..."


class Expr(Arithmetic):
    """A real number that is affine in named parameters and in calls of functions of them.

    >>> x = Expr.of(Ref("x", (0,)))
    >>> 2 * x + 0.5 - x * x
    2.0*x[0] - x[0]*x[0] + 0.5
    """

    __slots__ = ("_hash", "const", "terms")

    const: float
    terms: Terms
    """Atoms with non-zero coefficients, in order of first appearance."""

    def __init__(self, const: float = 0.0, terms: Terms = ()) -> None:
        """Build from canonical parts. Raises `QS307` when a number is not finite."""
        total = const
        for _, coef in terms:
            total += abs(coef)
        # Rounding apart, a sum of absolute values is finite when every part is.
        if not math.isfinite(total) and not _all_finite(const, terms):
            raise error("QS307", "a number in this expression is not finite")
        self.const = const
        self.terms = terms
        self._hash: int | None = None

    @staticmethod
    def of(atom: Atom) -> Expr:
        """The expression that is exactly one atom."""
        return Expr(0.0, ((atom, 1.0),))

    @staticmethod
    def sum(const: float, terms: Iterable[tuple[Atom, float]]) -> Expr:
        """Equal atoms added, zero coefficients dropped."""
        merged: dict[Atom, float] = {}
        for atom, coef in terms:
            merged[atom] = merged.get(atom, 0.0) + coef
        return Expr(const, tuple([term for term in merged.items() if term[1] != 0.0]))

    @property
    def is_const(self) -> bool:
        return not self.terms

    @property
    def depth(self) -> int:
        """How deep calls are nested; 0 for an affine expression."""
        return max((atom.depth for atom, _ in self.terms if isinstance(atom, Call)), default=0)

    def scaled(self, factor: float) -> Expr:
        if factor == 0.0:
            return Expr()
        terms = tuple([(atom, coef * factor) for atom, coef in self.terms])
        return Expr(self.const * factor, terms)

    def refs(self) -> Iterator[Ref]:
        """Every named scalar and element the expression depends on, first appearance first."""
        return iter(self._refs({}, set()))

    def _refs(self, found: dict[Ref, None], seen: set[Call]) -> dict[Ref, None]:
        for atom, _ in self.terms:
            if isinstance(atom, Ref):
                found[atom] = None
            elif atom not in seen:
                seen.add(atom)
                for arg in atom.args:
                    arg._refs(found, seen)
        return found

    def substitute(self, image: Callable[[Ref], Expr | None], memo: dict[Call, Expr]) -> Expr:
        """Replace refs by expressions; `None` leaves a ref alone. Constant calls are computed."""
        result, kept = Expr(self.const), []
        for atom, coef in self.terms:
            new = self._substituted(atom, image, memo)
            if new is None:
                kept.append((atom, coef))
            else:
                result = _add(result, new.scaled(coef))
        return Expr.sum(result.const, (*kept, *result.terms))

    def _substituted(
        self, atom: Atom, image: Callable[[Ref], Expr | None], memo: dict[Call, Expr]
    ) -> Expr | None:
        if isinstance(atom, Ref):
            return image(atom)
        if atom not in memo:
            args = [arg.substitute(image, memo) for arg in atom.args]
            memo[atom] = call(atom.function, *args)
        return memo[atom]

    def evaluate(self, values: Mapping[str, float]) -> float:
        """The number for given values by name, `{"theta": 0.1, "x[0]": 2.0}`.

        Raises `QS320` for a missing name and `QS322` where a function has no value.
        """

        def number(ref: Ref) -> Expr:
            if repr(ref) not in values:
                raise error("QS320", f"no value for the parameter `{ref!r}`")
            return Expr(float(values[repr(ref)]))

        return self.substitute(number, {}).const

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Expr):
            return self.const == other.const and (
                self.terms == other.terms or dict(self.terms) == dict(other.terms)
            )
        if as_number(other) is None:
            return NotImplemented
        if self.terms:
            self._compared(other)
        return self.const == as_number(other)

    def __hash__(self) -> int:
        if self._hash is None:
            parts = (self.const, frozenset(self.terms))
            self._hash = hash(parts) if self.terms else hash(self.const)
        return self._hash

    def __float__(self) -> float:
        if self.terms:
            self._numeric()
        return self.const

    def __repr__(self) -> str:
        return format_expr(self)

    def __getstate__(self) -> tuple[float, Terms]:
        return (self.const, self.terms)

    def __setstate__(self, state: tuple[float, Terms]) -> None:
        self.const, self.terms = state
        self._hash = None

    # Arrays of dtype object look numpy's functions up as methods.
    def sin(self) -> Any:
        return apply("sin", self)

    def cos(self) -> Any:
        return apply("cos", self)

    def tan(self) -> Any:
        return apply("tan", self)

    def arcsin(self) -> Any:
        return apply("arcsin", self)

    def arccos(self) -> Any:
        return apply("arccos", self)

    def arctan(self) -> Any:
        return apply("arctan", self)

    def arctan2(self, other: object) -> Any:
        return apply("arctan2", self, other)

    def sinh(self) -> Any:
        return apply("sinh", self)

    def cosh(self) -> Any:
        return apply("cosh", self)

    def tanh(self) -> Any:
        return apply("tanh", self)

    def exp(self) -> Any:
        return apply("exp", self)

    def log(self) -> Any:
        return apply("log", self)

    def sqrt(self) -> Any:
        return apply("sqrt", self)


def as_number(item: object) -> float | None:
    """A real number as a float: Python and numpy scalars and arrays without dimensions.

    `None` for anything else, booleans and complex numbers included.
    """
    if type(item) is int and -_EXACT < item < _EXACT:
        return float(item)
    if isinstance(item, bool | Arithmetic):
        return None
    if isinstance(item, Real):
        try:
            return float(item)
        except OverflowError:
            return math.inf
    if getattr(item, "ndim", None) == 0 and hasattr(item, "item"):
        return as_number(item.item())
    return None


def as_expr(item: object) -> Expr | None:
    """An expression unchanged, also out of a numpy array without dimensions; a number as a
    constant; `None` for anything else."""
    if isinstance(item, Expr):
        return item
    number = item if type(item) is float else as_number(item)
    if number is not None:
        return Expr(number)
    if isinstance(item, Arithmetic) or getattr(item, "shape", None) != ():
        return None
    inner = item.item() if hasattr(item, "item") else None
    return inner if isinstance(inner, Expr) else None


def _is_array(item: object) -> bool:
    if isinstance(item, Arithmetic):  # An array of symbols may not know its shape.
        return not isinstance(item, Expr)
    return isinstance(item, list | tuple) or getattr(item, "shape", ()) != ()


def apply(function: str, *args: object) -> Any:
    """A function by its numpy name, on numbers, expressions and arrays of them.

    Returns `NotImplemented` when an operand is no number. Raises `QS312` for an unknown function.
    """
    implementation = _FUNCTIONS.get(function)
    if implementation is None:
        raise error(
            "QS312",
            f"the function {function} of symbols is not supported",
            notes=[f"supported: {', '.join(_FUNCTIONS)}"],
            help=did_you_mean(function, _FUNCTIONS),
        )
    exprs = [arg if type(arg) is Expr else as_expr(arg) for arg in args]
    if all(expr is not None for expr in exprs):
        return implementation(*exprs)
    if any(map(_is_array, args)):
        from q_store.frontends.arrays import map_elements

        return map_elements(implementation, args)
    return NotImplemented


# --- functions of expressions -----------------------------------------------------------------


def call(function: str, *args: Expr) -> Expr:
    """One of the `f.*` functions; computed when every argument is constant, and never a call
    where the result is affine."""
    if all(arg.is_const for arg in args):
        return Expr(_computed(function, [arg.const for arg in args]))
    special = _SIMPLIFIED.get(function)
    return special(*args) if special else Expr.of(Call(function, args))


def _computed(function: str, args: list[float]) -> float:
    try:
        return float(_NUMERIC[function](*args))
    except (ValueError, ZeroDivisionError, OverflowError, TypeError) as problem:
        shown = ", ".join(map(repr, args))
        raise error("QS322", f"{function}({shown}) has no finite real value") from problem


def _add(left: Expr, right: Expr) -> Expr:
    if not right.terms:
        return Expr(left.const + right.const, left.terms)
    return Expr.sum(left.const + right.const, (*left.terms, *right.terms))


def _subtract(left: Expr, right: Expr) -> Expr:
    return _add(left, right.scaled(-1.0))


def _multiply(left: Expr, right: Expr) -> Expr:
    if right.is_const:
        return left.scaled(right.const)
    if left.is_const:
        return right.scaled(left.const)
    return Expr.of(Call("mul", (left, right)))


def _divide(left: Expr, right: Expr) -> Expr:
    if not right.is_const:
        return Expr() if left == Expr() else Expr.of(Call("div", (left, right)))
    if right.const == 0.0:
        raise error("QS322", f"{left!r} is divided by zero")
    terms = tuple([(atom, coef / right.const) for atom, coef in left.terms])
    return Expr(left.const / right.const, terms)


def _power(base: Expr, exponent: Expr) -> Expr:
    """Small integer powers are products, which have derivatives at negative bases too."""
    if exponent.is_const and exponent.const == 0.5:
        return call("sqrt", base)
    if not exponent.is_const or not exponent.const.is_integer() or abs(exponent.const) > 16:
        return Expr.of(Call("pow", (base, exponent)))
    if exponent.const < 0:
        return _divide(Expr(1.0), _power(base, Expr(-exponent.const)))
    product, square, bits = Expr(1.0), base, int(exponent.const)
    while bits:
        product = _multiply(product, square) if bits & 1 else product
        bits >>= 1
        square = _multiply(square, square) if bits else square
    return product


def _scale(factor: float) -> Callable[[Expr], Expr]:
    return lambda arg: arg.scaled(factor)


def _named(function: str) -> Callable[..., Expr]:
    return lambda *args: call(function, *args)


_SIMPLIFIED: Final[dict[str, Callable[..., Expr]]] = {
    "mul": _multiply,
    "div": _divide,
    "pow": _power,
}

_SAME_NAME: Final = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "sqrt")
"""Called the same in `math`, in numpy and in the IR."""

_NUMERIC: Final[dict[str, Callable[..., float]]] = {
    **{name: getattr(math, name) for name in (*_SAME_NAME, "asin", "acos", "atan", "atan2")},
    "abs": abs,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": math.pow,
}

_FUNCTIONS: Final[dict[str, Callable[..., Expr]]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "true_divide": _divide,
    "power": _named("pow"),
    "float_power": _named("pow"),
    "negative": _scale(-1.0),
    "positive": _scale(1.0),
    "absolute": _named("abs"),
    "fabs": _named("abs"),
    "square": lambda arg: _multiply(arg, arg),
    "reciprocal": lambda arg: call("div", Expr(1.0), arg),
    "radians": _scale(math.pi / 180),
    "deg2rad": _scale(math.pi / 180),
    "degrees": _scale(180 / math.pi),
    "rad2deg": _scale(180 / math.pi),
    "log2": lambda arg: call("log", arg).scaled(1 / math.log(2)),
    "log10": lambda arg: call("log", arg).scaled(1 / math.log(10)),
    "exp2": lambda arg: call("exp", arg.scaled(math.log(2))),
    "arcsin": _named("asin"),
    "arccos": _named("acos"),
    "arctan": _named("atan"),
    "arctan2": _named("atan2"),
    **{name: _named(name) for name in _SAME_NAME},
}

_TORCH_NAMES: Final = {
    **{"sub": "subtract", "mul": "multiply", "div": "divide", "pow": "power", "neg": "negative"},
    **{"abs": "absolute", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2"},
}


# --- text -------------------------------------------------------------------------------------


def format_expr(expr: Expr, number: Callable[[float], str] = repr, depth: int = 0) -> str:
    """Text such as `2.0*x[0] - w[1] + 0.5`; very deep calls are cut to `...`."""
    text = ""
    for atom, coef in expr.terms:
        factor = "" if abs(coef) == 1.0 else f"{number(abs(coef))}*"
        text += _sign(text, coef) + factor + _format_atom(atom, number, depth)
    if expr.const != 0.0 or not text:
        text += _sign(text, expr.const) + number(abs(expr.const))
    return text


def _sign(before: str, value: float) -> str:
    negative = math.copysign(1.0, value) < 0
    if not before:
        return "-" if negative else ""
    return " - " if negative else " + "


def _format_atom(atom: Atom, number: Callable[[float], str], depth: int) -> str:
    if isinstance(atom, Ref):
        return repr(atom)
    if depth >= _REPR_DEPTH:
        return "..."
    args = [format_expr(arg, number, depth + 1) for arg in atom.args]
    operator = {"mul": "*", "div": "/", "pow": "**"}.get(atom.function)
    if operator is None:
        return f"{atom.function}({', '.join(args)})"
    wrapped = [
        text if _is_simple(arg) else f"({text})" for arg, text in zip(atom.args, args, strict=True)
    ]
    return operator.join(wrapped)


def _is_simple(expr: Expr) -> bool:
    """Whether the text needs no parentheses as an operand."""
    if expr.is_const:
        return math.copysign(1.0, expr.const) > 0
    (atom, coef), *more = expr.terms
    plain = isinstance(atom, Ref) or atom.function not in ("mul", "div", "pow")
    return not more and expr.const == 0.0 and coef == 1.0 and plain
