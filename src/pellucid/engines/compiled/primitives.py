"""What Numba has no words for: calls by address, pointers, numbers that threads share, the processor's word of control.

Needs Numba, so only the build imports this.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import float32, float64, int64, types, uint8, uint64
from numba.core import cgutils
from numba.extending import intrinsic

WHOLE, DOUBLES, ADDRESSES = types.CPointer(int64), types.CPointer(float64), types.CPointer(uint64)
BYTES = types.CPointer(uint8)


def calling(*arguments: Any, result: Any = types.void) -> Any:
    """A function that calls the function at an address, its first argument, with the others."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        address, *rest = values
        function = ir.FunctionType(
            ir.VoidType() if result is types.void else context.get_value_type(result), [value.type for value in rest]
        )
        answer = builder.call(builder.inttoptr(address, function.as_pointer()), rest)
        return context.get_dummy_value() if result is types.void else answer

    typed = result(uint64, *arguments), code
    # An intrinsic says by its own arguments how many it takes.
    callers: dict[int, Any] = {
        0: lambda context, f: typed,
        6: lambda context, f, a, b, c, d, e, g: typed,
        7: lambda context, f, a, b, c, d, e, g, h: typed,
        8: lambda context, f, a, b, c, d, e, g, h, i: typed,
        10: lambda context, f, a, b, c, d, e, g, h, i, j, k: typed,
        11: lambda context, f, a, b, c, d, e, g, h, i, j, k, m: typed,
        12: lambda context, f, a, b, c, d, e, g, h, i, j, k, m, n: typed,
    }
    return intrinsic(callers[len(arguments)])


def pointing(F: Any) -> tuple[Any, Any]:
    """Functions that make an address a pointer, and that give a pointer some places further on."""
    P = types.CPointer(F)

    @intrinsic
    def at(typing_context: Any, address: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return builder.inttoptr(values[0], context.get_value_type(P))

        return P(uint64), code

    @intrinsic
    def shifted(typing_context: Any, pointer: Any, places: Any) -> Any:
        width = {float64: 8, float32: 4, uint8: 1}[pointer.dtype]

        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            start = builder.ptrtoint(values[0], ir.IntType(64))
            on = builder.mul(values[1], ir.Constant(ir.IntType(64), width))
            return builder.inttoptr(builder.add(start, on), context.get_value_type(pointer))

        return pointer(pointer, int64), code

    return at, shifted


# What threads share: whole numbers that are read and written whole, in order.


@intrinsic
def load(typing_context: Any, pointer: Any, place: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load_atomic(builder.gep(values[0], [values[1]]), "acquire", 8)

    return int64(WHOLE, int64), code


@intrinsic
def store(typing_context: Any, pointer: Any, place: Any, value: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store_atomic(values[2], builder.gep(values[0], [values[1]]), "release", 8)
        return context.get_dummy_value()

    return types.void(WHOLE, int64, int64), code


@intrinsic
def increase(typing_context: Any, pointer: Any, place: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        one = ir.Constant(ir.IntType(64), 1)
        return builder.atomic_rmw("add", builder.gep(values[0], [values[1]]), one, "acq_rel")

    return int64(WHOLE, int64), code


@intrinsic
def exchanged(typing_context: Any, pointer: Any, place: Any, old: Any, new: Any) -> Any:
    """Write `new` where `old` stands; whether it did."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        place = builder.gep(values[0], [values[1]])
        pair = builder.cmpxchg(place, values[2], values[3], "acq_rel", "acquire")
        return builder.zext(builder.extract_value(pair, 1), ir.IntType(64))

    return int64(WHOLE, int64, int64, int64), code


# Numbers so small that they have lost digits take a processor a hundred times longer. Averages of gradients that have
# become zero decay through them; in single precision, where that takes only some hundred steps, they are zero instead.
FLUSH = 0x8040  # results and arguments, in the processor's word of control (MXCSR)


def _control_word(name: str) -> Any:
    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        whole = ir.IntType(32)
        room = cgutils.alloca_once(builder, whole)
        if not llvm.get_process_triple().startswith("x86_64"):
            return context.get_constant(int64, 0) if name == "st" else context.get_dummy_value()
        as_bytes = builder.bitcast(room, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{name}mxcsr")
        if name == "ld":
            builder.store(builder.trunc(values[0], whole), room)
        builder.call(function, [as_bytes])
        if name == "ld":
            return context.get_dummy_value()
        return builder.zext(builder.load(room), ir.IntType(64))

    return code


@intrinsic
def control_word(typing_context: Any) -> Any:
    return int64(), _control_word("st")


@intrinsic
def set_control_word(typing_context: Any, word: Any) -> Any:
    return types.void(int64), _control_word("ld")
