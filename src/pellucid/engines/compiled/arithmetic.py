"""exp, tanh, log and their kin for one number, written so that a loop over them becomes vector instructions.

A call of the C library for each number would stop a compiler from working on eight at once. These are branch-free: an
argument is brought near zero, a short polynomial does the rest, and powers of two are put in by their bits. Errors are
within 1e-13 relative in double and 2 units in the last place in single precision; infinities, NaN, signed zeros and
subnormal numbers come out as NumPy's do (but the kernel flushes those of single precision to zero). Needs Numba, so
only the build of kernels imports this.

Source: Muller et al., Handbook of Floating-Point Arithmetic (2018), chapter 10; Tang, ACM TOMS 15 (1989), for exp.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import float32, float64, int32, int64, njit
from numba.extending import intrinsic

# No reassociation here: k * LN2_HIGH must be subtracted before k * LN2_LOW is, and (1 + x) - 1 is not x.
EXACT: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}, "boundscheck": False}

LOG2_E = 1 / math.log(2)
# ln 2 in two parts: the first has trailing zeros, so that its product with a small whole number is exact.
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LN2_HIGH32, LN2_LOW32 = np.float32(0.693359375), np.float32(-2.12194440e-4)
ONE_OVER = [1 / math.factorial(n) for n in range(14)]
C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12 = ONE_OVER[2:13]
D2, D3, D4, D5, D6, D7 = (np.float32(c) for c in ONE_OVER[2:8])
SQRT_HALF_BITS, ONE_BITS = 0x3FE6A09E667F3BCD, 0x3FF0000000000000
SQRT_HALF_BITS32, ONE_BITS32 = 0x3F3504F3, 0x3F800000
SMALLEST, SMALLEST32 = 2.2250738585072014e-308, np.float32(1.1754943508222875e-38)


def _reinterpreted(to: Any, of: Any, llvm: ir.Type) -> Any:
    """A function that reads the bits of a number as another type."""

    @intrinsic
    def read(typing_context: Any, number: Any) -> Any:
        return to(of), lambda context, builder, signature, arguments: builder.bitcast(arguments[0], llvm)

    return read


double_of = _reinterpreted(float64, int64, ir.DoubleType())
bits_of = _reinterpreted(int64, float64, ir.IntType(64))
single_of = _reinterpreted(float32, int32, ir.FloatType())
bits_of_single = _reinterpreted(int32, float32, ir.IntType(32))


# Added to a number, it rounds it to a whole one and leaves that in the lowest bits.
ROUNDING = 6755399441055744.0  # 1.5 * 2^52
ROUNDING_BITS = 0x4338000000000000


@njit(**EXACT)
def _near_zero(x: float) -> Any:
    """e^r - 1 and the whole number n with x = n ln 2 + r, |r| <= 0.35, for finite x."""
    t = x * LOG2_E + ROUNDING
    k = t - ROUNDING
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    s = r * r
    q = s * s
    odd = (C3 + r * C4) + s * (C5 + r * C6)
    even = (C7 + r * C8) + s * (C9 + r * C10) + q * (C11 + r * C12)
    return r + (s * 0.5 + s * r * (odd + q * even)), bits_of(t) - ROUNDING_BITS


@njit(**EXACT)
def _between(x: float, low: float, high: float) -> float:
    """x, or the bound that it passes; NaN stays NaN."""
    x = high if x > high else x
    return low if x < low else x


@njit(**EXACT)
def exp64(x: float) -> float:
    p, n = _near_zero(_between(x, -746.0, 710.0))
    half = n >> 1  # 2^n in two factors: the first never overflows, and both together reach subnormal numbers
    scale = double_of((half + 1023) << 52)
    return (scale * p + scale) * double_of((n - half + 1023) << 52)


@njit(**EXACT)
def expm164(x: float) -> float:
    p, n = _near_zero(_between(x, -50.0, 710.0))
    half = n >> 1
    scale, rest = double_of((half + 1023) << 52), double_of((n - half + 1023) << 52)
    y = (scale * p) * rest + (scale * rest - 1.0)
    y = (scale * p + scale) * rest if x > 40.0 else y  # here 1 is nothing, and the power alone may overflow
    return y if x != 0.0 else x


@njit(**EXACT)
def tanh64(x: float) -> float:
    y = min(abs(x), 20.0)  # beyond, tanh is 1 to the last digit
    p, n = _near_zero(y + y)
    scale = double_of((n + 1023) << 52)
    e = scale * p + (scale - 1.0)  # e^2x - 1, exact near 0 where scale is 1
    y = e / (e + 2.0)
    y = -y if x < 0.0 else y
    return y if x != 0.0 and x == x else x


@njit(**EXACT)
def log64(x: float) -> float:
    y = x * 18014398509481984.0 if x < SMALLEST else x  # 2^54: a subnormal number becomes a normal one
    bits = bits_of(y)
    n = ((bits + (ONE_BITS - SQRT_HALF_BITS)) >> 52) - 1023
    f = double_of(bits - (n << 52)) - 1.0  # x = 2^n (1 + f), 1 + f between sqrt 1/2 and sqrt 2
    k = float64(n) - (54.0 if x < SMALLEST else 0.0)
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    low = (1 / 3 + z * (1 / 5)) + w * (1 / 7 + z * (1 / 9))
    high = (1 / 11 + z * (1 / 13)) + w * ((1 / 15 + z * (1 / 17)) + w * (1 / 19 + z * (1 / 21)))
    h = 0.5 * f * f
    # log(1 + f) = 2 atanh s = f - (h - s (h + 2 (z/3 + z^2/5 + ...)))
    y = k * LN2_HIGH - ((h - (s * (h + 2.0 * z * (low + w * w * high)) + k * LN2_LOW)) - f)
    y = y if x < np.inf else x
    return y if x > 0.0 else (-np.inf if x == 0.0 else np.nan)


@njit(**EXACT)
def log1p64(x: float) -> float:
    u = 1.0 + x
    d = u - 1.0  # what of x arrived in u; the quotient makes good for the rest
    y = log64(u) + (x - d) / u
    y = y if x < np.inf else x
    y = y if u != 0.0 else -np.inf
    return x if x == 0.0 else y


@njit(**EXACT)
def _near_zero32(x: Any) -> Any:
    k = np.floor(x * float32(LOG2_E) + float32(0.5))
    r = (x - k * LN2_HIGH32) - k * LN2_LOW32
    s = r * r
    return r + (s * D2 + s * r * ((D3 + r * D4) + s * (D5 + r * D6 + s * D7))), k


@njit(**EXACT)
def _between32(x: Any, low: Any, high: Any) -> Any:
    x = high if x > high else x
    return low if x < low else x


@njit(**EXACT)
def _whole32(k: Any) -> Any:
    return int32(k if k == k else float32(0))


@njit(**EXACT)
def exp32(x: Any) -> Any:
    p, k = _near_zero32(_between32(x, float32(-105), float32(89)))
    n = _whole32(k)
    half = n >> int32(1)
    scale = single_of((half + int32(127)) << int32(23))
    return (scale * p + scale) * single_of((n - half + int32(127)) << int32(23))


@njit(**EXACT)
def expm132(x: Any) -> Any:
    p, k = _near_zero32(_between32(x, float32(-30), float32(89)))
    n = _whole32(k)
    half = n >> int32(1)
    scale, rest = single_of((half + int32(127)) << int32(23)), single_of((n - half + int32(127)) << int32(23))
    y = (scale * p) * rest + (scale * rest - float32(1))
    y = (scale * p + scale) * rest if x > float32(20) else y  # here 1 is nothing, and the power alone may overflow
    return y if x != float32(0) else x


@njit(**EXACT)
def tanh32(x: Any) -> Any:
    y = min(abs(x), float32(10))
    p, k = _near_zero32(y + y)
    scale = single_of((_whole32(k) + int32(127)) << int32(23))
    e = scale * p + (scale - float32(1))
    y = e / (e + float32(2))
    y = -y if x < float32(0) else y
    return y if x != float32(0) and x == x else x


@njit(**EXACT)
def log32(x: Any) -> Any:
    y = x * float32(16777216.0) if x < SMALLEST32 else x  # 2^24
    bits = bits_of_single(y)
    n = ((bits + int32(ONE_BITS32 - SQRT_HALF_BITS32)) >> int32(23)) - int32(127)
    f = single_of(bits - (n << int32(23))) - float32(1)
    k = float32(n) - (float32(24) if x < SMALLEST32 else float32(0))
    s = f / (float32(2) + f)
    z = s * s
    w = z * z
    q = z * ((float32(1 / 3) + z * float32(1 / 5)) + w * (float32(1 / 7) + z * float32(1 / 9)))
    h = float32(0.5) * f * f
    y = k * LN2_HIGH32 - ((h - (s * (h + float32(2) * q) + k * LN2_LOW32)) - f)
    y = y if x < float32(np.inf) else x
    return y if x > float32(0) else (float32(-np.inf) if x == float32(0) else float32(np.nan))


@njit(**EXACT)
def log1p32(x: Any) -> Any:
    u = float32(1) + x
    d = u - float32(1)
    y = log32(u) + (x - d) / u
    y = y if x < float32(np.inf) else x
    y = y if u != float32(0) else float32(-np.inf)
    return x if x == float32(0) else y


# By the names that formulas use; what is not here is Numba's own, one number at a time.
FUNCTIONS = {
    "float64": {"exp": exp64, "expm1": expm164, "tanh": tanh64, "log": log64, "log1p": log1p64},
    "float32": {"exp": exp32, "expm1": expm132, "tanh": tanh32, "log": log32, "log1p": log1p32},
}
