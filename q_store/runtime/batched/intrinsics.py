"""Lane vectors as values inside Numba kernels.

A workspace is an array whose element is one *lane vector*: a record holding one number for each of
the samples processed together (16 float32 or 8 float64 numbers fill one 512-bit register). The
record type carries the scalar type and the width, so the same kernel source serves every width and
precision, and the intrinsics below turn its elements into LLVM vectors: a load, an arithmetic
operation or a store is one machine instruction, and no gate ever moves data between lanes.

Plain loops over lanes are not used for this because each of them would check for overlapping
memory each time a gate is applied.

Arithmetic carries the ``contract`` flag only (a product and a sum may become one fused operation);
NaN and infinity keep their meaning, so that a bad sample stays visible in its own lane.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic as _numba_intrinsic
from numba.extending import lower_builtin, models, register_model
from numba.np.arrayobj import populate_array

_CONTRACT = ("contract",)

intrinsic: Callable[[Callable[..., Any]], Callable[..., Any]] = _numba_intrinsic
"""To a type checker an intrinsic takes the arguments of its call, not those of its definition."""


_njit: Any = njit

kernel: Callable[[Callable[..., Any]], Callable[..., Any]] = _njit(
    error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
"""Decorator of kernel functions: native code only, no reference counts, nothing of Python's."""


class LanesType(types.Type):
    """Numba type of one lane vector: ``width`` numbers of type ``scalar``."""

    def __init__(self, scalar: Any, width: int) -> None:
        self.scalar = scalar
        self.width = width
        super().__init__(f"lanes[{scalar} x {width}]")


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: LanesType) -> None:
        element = ir.FloatType() if fe_type.scalar == types.float32 else ir.DoubleType()
        vector = ir.VectorType(element, fe_type.width)
        initialise: Any = super().__init__
        initialise(dmm, fe_type, vector)


def _lanes_of(array: Any) -> LanesType:
    """The lane vector type stored in an array of ``layout.lane_dtype`` records."""
    nested = array.dtype.typeof("v")
    return LanesType(nested.dtype, nested.shape[0])


def _vector_type(lanes: LanesType) -> ir.VectorType:
    element = ir.FloatType() if lanes.scalar == types.float32 else ir.DoubleType()
    return ir.VectorType(element, lanes.width)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, index: Any, to: Any) -> Any:
    """Address of element ``index`` of a contiguous array, as a pointer to ``to``."""
    struct = context.make_array(array_type)(context, builder, array)
    base = builder.bitcast(struct.data, to.as_pointer())
    return builder.gep(base, [index])


def _splat_value(builder: Any, vector: Any, scalar: Any) -> Any:
    undefined = ir.Constant(vector, ir.Undefined)
    i32 = ir.IntType(32)
    one = builder.insert_element(undefined, scalar, ir.Constant(i32, 0))
    zeros = ir.Constant(ir.VectorType(i32, vector.count), [0] * vector.count)
    return builder.shuffle_vector(one, undefined, zeros)


def array_at(dtype: Any, ndim: int) -> Callable[..., Any]:
    """An intrinsic ``view(address, shape)``: a contiguous array of ``dtype`` over raw memory."""
    array_type = types.Array(dtype, ndim, "C")

    @intrinsic
    def view(typingctx: Any, address: Any, shape: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            item = context.get_data_type(dtype)
            size = context.get_constant(types.intp, context.get_abi_sizeof(item))
            lengths = cgutils.unpack_tuple(builder, args[1], ndim)
            strides = [size]
            for length in reversed(lengths[1:]):
                strides.insert(0, builder.mul(strides[0], length))
            array = context.make_array(array_type)(context, builder)
            populate_array(
                array,
                data=builder.inttoptr(args[0], item.as_pointer()),
                shape=lengths,
                strides=strides,
                itemsize=size,
                meminfo=None,
            )
            return array._getvalue()

        return array_type(types.int64, shape), codegen

    return view


@intrinsic
def load(typingctx: Any, array: Any, index: Any) -> Any:
    """``load(array, i)``: lane vector ``i``."""
    lanes = _lanes_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = _vector_type(lanes)
        value = builder.load(_pointer(context, builder, sig.args[0], args[0], args[1], vector))
        value.align = context.get_abi_sizeof(vector)
        return value

    return signature(lanes, array, types.int64), codegen


@intrinsic
def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """``store(array, i, v)``: write lane vector ``i``."""
    lanes = _lanes_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = _vector_type(lanes)
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1], vector)
        done = builder.store(args[2], pointer)
        done.align = context.get_abi_sizeof(vector)
        return context.get_dummy_value()

    return signature(types.void, array, types.int64, lanes), codegen


@intrinsic
def load_anywhere(typingctx: Any, array: Any, index: Any) -> Any:
    """:func:`load` from memory that is aligned for single numbers only."""
    lanes = _lanes_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = _vector_type(lanes)
        value = builder.load(_pointer(context, builder, sig.args[0], args[0], args[1], vector))
        value.align = context.get_abi_sizeof(vector.element)
        return value

    return signature(lanes, array, types.int64), codegen


@intrinsic
def store_anywhere(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """:func:`store` to memory that is aligned for single numbers only."""
    lanes = _lanes_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = _vector_type(lanes)
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1], vector)
        done = builder.store(args[2], pointer)
        done.align = context.get_abi_sizeof(vector.element)
        return context.get_dummy_value()

    return signature(types.void, array, types.int64, lanes), codegen


@intrinsic
def splat(typingctx: Any, array: Any, scalar: Any) -> Any:
    """``splat(array, x)``: ``x`` in every lane, of the lane type of ``array``."""
    lanes = _lanes_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _splat_value(builder, _vector_type(lanes), args[1])

    return signature(lanes, array, lanes.scalar), codegen


@intrinsic
def put(typingctx: Any, array: Any, index: Any, lane: Any, scalar: Any) -> Any:
    """``put(array, i, lane, x)``: write one number of lane vector ``i``."""
    lanes = _lanes_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        width = ir.Constant(ir.IntType(64), lanes.width)
        at = builder.add(builder.mul(args[1], width), args[2])
        element = _vector_type(lanes).element
        pointer = _pointer(context, builder, sig.args[0], args[0], at, element)
        builder.store(args[3], pointer)
        return context.get_dummy_value()

    return signature(types.void, array, types.int64, types.int64, lanes.scalar), codegen


@intrinsic
def get(typingctx: Any, array: Any, index: Any, lane: Any) -> Any:
    """``get(array, i, lane)``: one number of lane vector ``i``."""
    lanes = _lanes_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        width = ir.Constant(ir.IntType(64), lanes.width)
        at = builder.add(builder.mul(args[1], width), args[2])
        element = _vector_type(lanes).element
        return builder.load(_pointer(context, builder, sig.args[0], args[0], at, element))

    return signature(lanes.scalar, array, types.int64, types.int64), codegen


@intrinsic
def width(typingctx: Any, array: Any) -> Any:
    """``width(array)``: the number of lanes, a compile-time constant."""
    lanes = _lanes_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(ir.IntType(64), lanes.width)

    return signature(types.int64, array), codegen


_WIDE_BYTES = 64


def _wide_of(array: Any) -> LanesType:
    """The type of 64 bytes of plain numbers."""
    scalar = _lanes_of(array).scalar
    return LanesType(scalar, _WIDE_BYTES * 8 // scalar.bitwidth)


@intrinsic
def wide_bits(typingctx: Any, array: Any) -> Any:
    """``wide_bits(array)``: 64 bytes are ``2**bits`` complex numbers; a compile-time constant."""
    bits = (_wide_of(array).width // 2).bit_length() - 1

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(ir.IntType(64), bits)

    return signature(types.int64, array), codegen


@intrinsic
def load_wide(typingctx: Any, array: Any, index: Any) -> Any:
    """``load_wide(array, i)``: the 64 bytes number ``i`` of an array of one lane."""
    wide = _wide_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = _vector_type(wide)
        value = builder.load(_pointer(context, builder, sig.args[0], args[0], args[1], vector))
        value.align = _WIDE_BYTES
        return value

    return signature(wide, array, types.int64), codegen


@intrinsic
def store_wide(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """``store_wide(array, i, v)``: write the 64 bytes number ``i``."""
    wide = _wide_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = _vector_type(wide)
        pointer = _pointer(context, builder, sig.args[0], args[0], args[1], vector)
        done = builder.store(args[2], pointer)
        done.align = _WIDE_BYTES
        return context.get_dummy_value()

    return signature(types.void, array, types.int64, wide), codegen


@intrinsic
def splat_wide(typingctx: Any, array: Any, scalar: Any) -> Any:
    """``splat_wide(array, x)``: 64 bytes of ``x``."""
    wide = _wide_of(array)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _splat_value(builder, _vector_type(wide), args[1])

    return signature(wide, array, wide.scalar), codegen


def _chosen(builder: Any, mask: Any, bit: int, changed: Any, value: Any) -> Any:
    """``changed`` where a bit of a mask is set, else ``value``."""
    one = ir.Constant(mask.type, 1 << bit)
    is_set = builder.icmp_unsigned("!=", builder.and_(mask, one), ir.Constant(mask.type, 0))
    return builder.select(is_set, changed, value)


@intrinsic
def flipped(typingctx: Any, value: Any, mask: Any) -> Any:
    """``flipped(v, m)``: complex number ``i`` of a vector is what ``i ^ m`` was."""
    if not isinstance(value, LanesType):
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        found, i32 = args[0], ir.IntType(32)
        for bit in range((value.width // 2).bit_length() - 1):
            order = ir.Constant(
                ir.VectorType(i32, value.width), [k ^ (2 << bit) for k in range(value.width)]
            )
            moved = builder.shuffle_vector(found, found, order)
            found = _chosen(builder, args[1], bit, moved, found)
        return found

    return signature(value, value, types.int64), codegen


@intrinsic
def alternated(typingctx: Any, value: Any, mask: Any) -> Any:
    """``alternated(v, m)``: complex number ``i`` is negated where ``i & m`` has odd parity."""
    if not isinstance(value, LanesType):
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        found, vector = args[0], _vector_type(value)
        for bit in range((value.width // 2).bit_length() - 1):
            signs = ir.Constant(
                vector, [-1.0 if k >> (bit + 1) & 1 else 1.0 for k in range(value.width)]
            )
            found = _chosen(builder, args[1], bit, builder.fmul(found, signs), found)
        return found

    return signature(value, value, types.int64), codegen


@intrinsic
def total(typingctx: Any, value: Any) -> Any:
    """``total(v)``: the sum over the lanes, added pairwise in a fixed order, as float64."""
    if not isinstance(value, LanesType):
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        i32 = ir.IntType(32)
        wide = ir.VectorType(ir.DoubleType(), value.width)
        part = args[0] if value.scalar == types.float64 else builder.fpext(args[0], wide)
        size = value.width
        while size > 1:
            size //= 2
            picks = [
                ir.Constant(ir.VectorType(i32, size), list(range(s, s + size))) for s in (0, size)
            ]
            halves = [builder.shuffle_vector(part, part, pick) for pick in picks]
            part = builder.fadd(*halves)
        return builder.extract_element(part, ir.Constant(i32, 0))

    return signature(types.float64, value), codegen


@intrinsic
def parity(typingctx: Any, word: Any) -> Any:
    """``parity(w)``: 1 if ``w`` has an odd number of set bits, else 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.and_(builder.ctpop(args[0]), ir.Constant(ir.IntType(64), 1))

    return signature(types.int64, types.int64), codegen


@intrinsic
def low_bit(typingctx: Any, word: Any) -> Any:
    """``low_bit(w)``: the number of the lowest set bit; ``w`` must not be 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return signature(types.int64, types.int64), codegen


def _binary(op: Any, method: str) -> None:
    @infer_global(op)
    class _Typing(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) == 2 and isinstance(args[0], LanesType) and args[0] == args[1]:
                return signature(args[0], *args)
            return None

    def lowered(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, method)(args[0], args[1], flags=_CONTRACT)

    lower_builtin(op, LanesType, LanesType)(lowered)


_binary(operator.add, "fadd")
_binary(operator.sub, "fsub")
_binary(operator.mul, "fmul")


@infer_global(operator.neg)
class _NegTyping(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], LanesType):
            return signature(args[0], args[0])
        return None


def _lower_neg(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.fneg(args[0])


lower_builtin(operator.neg, LanesType)(_lower_neg)
