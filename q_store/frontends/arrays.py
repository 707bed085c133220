"""Arrays of symbolic numbers: `x[0]`, `w[l, i]`, `np.pi * x`, without numpy and of unknown size.

An array is a shape and a function from an index to an expression, so `np.pi * x` works before
anybody knows how long `x` is. A named array without a shape grows by the largest index used.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from itertools import product
from types import EllipsisType
from typing import Any, Final, TypeGuard

from q_store.frontends.expr import Arithmetic, Expr, Ref, as_expr
from q_store.qir.diagnostics import QStoreError, error

MAX_GROWN: Final = 65_536
"""An array without a shape may not grow beyond this many elements per dimension."""

Index = tuple[int, ...]
Shape = tuple[int, ...]


class SymbolArray(Arithmetic):
    """An array of expressions, of a shape that may not be known.

    Supports indexing, slicing, elementwise arithmetic with numbers, arrays of the same shape and
    numpy functions, and, once its shape is known, negative indices, iteration, `len`, `@`,
    `reshape`, `sum` and conversion to a numpy array of dtype object.
    """

    __slots__ = ("_element", "known_shape", "name")

    known_shape: Shape | None
    """`None` when nobody has said how large the array is."""
    name: str
    """For messages."""

    def __init__(self, name: str, shape: Shape | None, element: Callable[[Index], Expr]) -> None:
        self.name = name
        self.known_shape = shape
        self._element = element

    @property
    def shape(self) -> Shape:
        """Extents of all dimensions. Raises `QS316` when nobody has said them."""
        return self._known("`.shape`")

    @property
    def ndim(self) -> int:
        return len(self._known("`.ndim`"))

    @property
    def size(self) -> int:
        count = 1
        for extent in self._known("`.size`"):
            count *= extent
        return count

    def __getitem__(self, key: object) -> Any:
        keys = _keys(key)
        shape = self.known_shape
        if shape is None:
            return self._open_item(keys)
        if len(keys) > len(shape):
            raise error(
                "QS315",
                f"`{self.name}` has {len(shape)} dimensions, got {len(keys)} indices",
            )
        axes = [self._axis(key, shape[dim], dim) for dim, key in enumerate(keys)]
        axes += [range(extent) for extent in shape[len(keys) :]]
        return self._pick(axes)

    def _axis(self, key: int | slice, extent: int, dim: int) -> int | range:
        if isinstance(key, slice):
            return range(extent)[key]
        if not -extent <= key < extent:
            raise self._outside(key, extent, dim)
        return key % extent

    def _outside(self, key: int, extent: int, dim: int) -> QStoreError:
        where = f"`{self.name}`" + (f" in dimension {dim}" if dim else "")
        return error("QS315", f"index {key} is out of range for {where}, which has size {extent}")

    def _pick(self, axes: list[int | range]) -> Any:
        """One element, or a view with one dimension per range."""
        if all(isinstance(axis, int) for axis in axes):
            return self._element(tuple([axis for axis in axes if isinstance(axis, int)]))
        kept = [axis for axis in axes if isinstance(axis, range)]

        def element(index: Index) -> Expr:
            rest = iter(index)
            return self._element(
                tuple([axis if isinstance(axis, int) else axis[next(rest)] for axis in axes])
            )

        return SymbolArray(self.name, tuple(map(len, kept)), element)

    def _open_item(self, keys: tuple[int | slice, ...]) -> Any:
        """An element or a bounded slice of an array without a shape."""
        if any(isinstance(key, slice) for key in keys):
            return self._pick([self._open_slice(key) for key in keys])
        index = tuple([key for key in keys if isinstance(key, int)])
        for key in index:
            self._check_open(key)
        return self._element(index)

    def _open_slice(self, key: int | slice) -> int | range:
        if isinstance(key, int):
            self._check_open(key)
            return key
        if key.stop is None or any((part or 0) < 0 for part in (key.start, key.stop, key.step)):
            raise self._unsized("this slice")
        self._check_open(key.stop - 1)
        return range(key.stop)[key]

    def _check_open(self, key: int) -> None:
        if key < 0:
            raise self._unsized(f"the negative index {key}")
        if key >= MAX_GROWN:
            raise error(
                "QS315",
                f"index {key} of `{self.name}` is too large: an array without a shape may have "
                f"{MAX_GROWN} elements",
                help="declare its shape",
            )

    def _unsized(self, what: str) -> QStoreError:
        return error(
            "QS316",
            f"{what} needs the size of `{self.name}`, which is not known",
            help="say it: `in_features=` for inputs, `weight_shapes=` for weights, or the size "
            "where the array is made",
        )

    def _known(self, what: str) -> Shape:
        if self.known_shape is None:
            raise self._unsized(what)
        return self.known_shape

    def __len__(self) -> int:
        return self._known("`len()`")[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(self._known("iteration")[0]))

    def indices(self) -> Iterator[Index]:
        """Every index, the last dimension running fastest."""
        return product(*map(range, self._known("going over all elements")))

    def elements(self) -> Iterator[Expr]:
        """Every element, the last dimension running fastest."""
        return map(self._element, self.indices())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy as np

        if dtype not in (None, object, np.dtype(object)):
            self._numeric()
        array = np.empty(self._known("conversion to a numpy array"), dtype=object)
        for index in self.indices():
            array[index] = self._element(index)
        return array

    def reshape(self, *shape: Any) -> SymbolArray:
        """The same elements in another shape; one extent may be -1."""
        wanted = [int(n) for n in (shape[0] if isinstance(shape[0], list | tuple) else shape)]
        size, known = self.size, 1
        for extent in wanted:
            known *= extent if extent != -1 else 1
        wanted = [size // known if n == -1 and known else n for n in wanted]
        flat = list(self.elements())
        strides, count = _strides(tuple(wanted))
        if count != size or min(wanted, default=0) < 0:
            raise error("QS317", f"`{self.name}` has {size} elements, not the shape {wanted}")
        return SymbolArray(
            self.name,
            tuple(wanted),
            lambda index: flat[sum(i * s for i, s in zip(index, strides, strict=True))],
        )

    def flatten(self) -> SymbolArray:
        """All elements in one dimension, the last index running fastest."""
        return self.reshape(-1)

    def sum(self, axis: None = None, dtype: None = None, out: None = None) -> Expr:
        """The sum of all elements; the arguments are those numpy passes, and must be `None`."""
        if (axis, dtype, out) != (None, None, None):
            raise error("QS312", "sums of symbols go over all elements, without options")
        elements = list(self.elements())
        terms = [term for element in elements for term in element.terms]
        return Expr.sum(sum(element.const for element in elements), terms)

    def __matmul__(self, other: object) -> Expr:
        """The inner product of two vectors."""
        products = self * other
        if not isinstance(products, SymbolArray) or products.ndim != 1:
            raise error("QS317", f"`@` takes two vectors; `{self.name}` is not one")
        return products.sum()

    __rmatmul__ = __matmul__

    def __repr__(self) -> str:
        shape = self.known_shape
        extents = "?" if shape is None else ",".join(map(str, shape))
        return f"{self.name}[{extents}]"


class Handle(SymbolArray):
    """A named array of parameters. Without a shape it notes which elements were asked for."""

    __slots__ = ("asked",)

    asked: dict[Index, None]
    """Indices asked for, while the shape is not known."""

    def __init__(self, name: str, shape: Shape | None = None) -> None:
        super().__init__(name, shape, self._ref)
        self.asked = {}

    def _ref(self, index: Index) -> Expr:
        if self.known_shape is not None:
            return Expr.of(Ref(self.name, index, self.known_shape))
        self.asked[index] = None
        return OpenElement(self, index)

    @property
    def extent(self) -> Shape:
        """The shape, or the smallest one that holds everything asked for; `()` for nothing."""
        if self.known_shape is not None:
            return self.known_shape
        ndim = max(map(len, self.asked), default=0)
        full = [index for index in self.asked if len(index) == ndim]
        return tuple([1 + max(index[dim] for index in full) for dim in range(ndim)])


class Features(Handle):
    """The input vector of a layer that was told how many features there are."""

    __slots__ = ()

    def __getitem__(self, key: object) -> Any:
        """`x[:, i]` of a vector is `x[i]`: code for batches means all samples by the slice."""
        return super().__getitem__(key[1] if over_samples(key, self.known_shape) else key)

    def _outside(self, key: int, extent: int, dim: int) -> QStoreError:
        return error("QS601", f"the circuit reads feature {key}, but in_features={extent}")


class OpenElement(Expr):
    """`w[l]` of an array without a shape: an element, until somebody writes `w[l][i]`."""

    __slots__ = ("_handle", "_index")

    def __init__(self, handle: Handle, index: Index) -> None:
        super().__init__(0.0, ((Ref(handle.name, index), 1.0),))
        self._handle = handle
        self._index = index

    def __getitem__(self, key: object) -> Any:
        item = self._handle[(*self._index, *_keys(key))]
        self._handle.asked.pop(self._index, None)
        return item

    def __iter__(self) -> Iterator[Any]:
        raise self._handle._unsized("iteration")

    def __reduce__(self) -> tuple[type[Expr], tuple[float, Any]]:
        return Expr, (self.const, self.terms)


def over_samples(key: object, shape: Shape | None) -> TypeGuard[tuple[object, object]]:
    """Whether an index is a full slice and one more, which a vector does not have."""
    if not isinstance(key, tuple) or len(key) != 2 or shape is None or len(shape) != 1:
        return False
    whole, rest = key
    return whole == slice(None) and (isinstance(rest, slice) or hasattr(rest, "__index__"))


def _keys(key: object) -> tuple[int | slice, ...]:
    """The parts of an index; `...` in front is for code that allows for a batch dimension."""
    parts = key if isinstance(key, tuple) else (key,)
    if parts and isinstance(parts[0], EllipsisType):
        parts = parts[1:]
    return tuple([part if isinstance(part, slice) else _integer(part) for part in parts])


def _integer(part: object) -> int:
    if isinstance(part, bool) or not hasattr(part, "__index__") or isinstance(part, Arithmetic):
        raise error("QS315", f"an index of a symbol must be an integer or a slice, got {part!r}")
    return operator.index(part)


def _strides(shape: Shape) -> tuple[Shape, int]:
    strides, count = [], 1
    for extent in reversed(shape):
        strides.append(count)
        count *= extent
    return tuple(reversed(strides)), count


def map_elements(function: Callable[..., Expr], operands: tuple[object, ...]) -> SymbolArray:
    """The array of `function` of corresponding elements; numbers and expressions are repeated.

    Arrays without a shape take the shape of the others. Raises `QS317` when shapes differ.
    """
    parts = [_operand(item) for item in operands]
    arrays = [part for part in parts if isinstance(part, SymbolArray)]
    shapes = {array.known_shape for array in arrays} - {None}
    if len(shapes) > 1:
        shown = " and ".join(map(repr, arrays))
        raise error("QS317", f"arrays of different shapes cannot be combined: {shown}")

    def element(index: Index) -> Expr:
        return function(
            *[part._element(index) if isinstance(part, SymbolArray) else part for part in parts]
        )

    name = next((array.name for array in arrays if array.name), "array")
    return SymbolArray(name, next(iter(shapes), None), element)


def _operand(item: object) -> Expr | SymbolArray:
    """An operand of elementwise arithmetic: scalars as expressions, sequences as arrays."""
    if isinstance(item, SymbolArray):
        return item
    expr = as_expr(item)
    if expr is not None:
        return expr
    shape, at = _sequence(item)
    if shape is None:
        raise error("QS312", f"symbols cannot be combined with {item!r}")
    return SymbolArray("", shape, at)


def _sequence(item: Any) -> tuple[Shape | None, Callable[[Index], Expr]]:
    """Shape and elements of a list, a tuple or a numpy array of numbers and expressions."""
    shape: list[int] = list(getattr(item, "shape", ()))
    inner = item
    while not hasattr(item, "shape") and isinstance(inner, list | tuple):
        shape.append(len(inner))
        inner = inner[0] if inner else None
    elements = {index: _element(item, index) for index in product(*map(range, shape))}
    return tuple(shape) or None, elements.__getitem__


def _element(item: Any, index: Index) -> Expr:
    for position, i in enumerate(index):
        if not hasattr(item, "__getitem__") or len(item) <= i:
            raise error("QS317", f"this sequence is ragged in dimension {position}")
        item = item[i]
    expr = as_expr(item)
    if expr is None:
        raise error("QS312", f"symbols cannot be combined with {item!r}")
    return expr
