"""The build: units and kernels from Python to machine code. Runs as a process of its own, with Numba.

Numba turns the Python into LLVM's language, unoptimized; the pointers are then said not to overlap, which they do not,
and LLVM makes vector code of full width for this processor. What comes out needs neither Numba nor a linker to run.

Called as `python -m pellucid.engines.compiled.build`; takes requests as JSON on standard input and answers
each with a line of JSON on standard output: its key, the object code, the seconds it took, or what went wrong.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
from collections.abc import Callable
from typing import Any

os.environ["NUMBA_OPT"] = "0"  # before Numba is imported: LLVM optimizes once, here, knowing more
os.environ["NUMBA_CACHE_DIR"] = ""

import llvmlite.binding as llvm
import numpy as np
from numba import cfunc, types

from pellucid.engines.compiled import arithmetic, kernel, machine, plan, products, store

TYPES = {"float64": types.float64, "float32": types.float32, "int64": types.int64, "void": types.void}
HELD = {name: getattr(types, name) for name in plan.HELD}

ONE_AT_A_TIME = (
    "sqrt",
    "sin",
    "cos",
    "tan",
    "arctan",
    "sinh",
    "cosh",
    "arcsinh",
    "floor",
    "ceil",
    "exp2",
    "log2",
    "isfinite",
)


def function_of(request: dict[str, Any]) -> tuple[Callable[..., Any], tuple[Any, ...], Any]:
    """What is to be compiled, the types of its arguments and of its result."""
    F = TYPES[request["dtype"]]
    if request["name"] == "steps":
        function, arguments = kernel.steps(F)
        return function, arguments, types.int64
    pointers = {"F": F, "d": types.float64, "q": types.int64, "x": HELD.get(request["held"], types.uint8)}
    arguments = tuple(types.CPointer(pointers[a]) if a in pointers else TYPES[a] for a in request["signature"])
    names: dict[str, Any] = {"np": np, "F": F, "float64": types.float64}
    names |= {name: getattr(np, name) for name in ONE_AT_A_TIME}
    names |= arithmetic.FUNCTIONS[request["dtype"]]
    exec(compile(request["text"], f"<{request['name']}>", "exec"), names)  # our own text, made from formulas
    return names[request["name"]], arguments, TYPES[request["result"]]


def object_code(request: dict[str, Any]) -> bytes:
    """A request as object code that defines the one symbol that it asks for."""
    if request["name"] == "product":
        itemsize = 8 if request["dtype"] == "float64" else 4
        block = products.shape(machine.description(), itemsize)
        return optimized(llvm.parse_assembly(products.text(request["symbol"], request["dtype"], block)))
    function, arguments, result = function_of(request)
    compiled = cfunc(result(*arguments), nopython=True, error_model="numpy", boundscheck=False,
                     fastmath={"reassoc", "contract"})(function)  # fmt: skip
    module = llvm.parse_assembly(
        _renamed(compiled.inspect_llvm(), compiled.native_name, arguments, result, request["symbol"])
    )
    for definition in (*module.functions, *module.global_variables):
        if not definition.is_declaration and definition.name != request["symbol"]:
            definition.linkage = "internal"  # so that what nobody calls disappears, Python's error handling first
    return optimized(module)


def optimized(module: Any) -> bytes:
    """A module of LLVM's language as object code for this processor."""
    target = machine.target_machine()
    module.triple, module.data_layout = target.triple, str(target.target_data)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = options.loop_interleaving = True
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(target.emit_object(module))


def _renamed(text: str, native_name: str, arguments: tuple[Any, ...], result: Any, symbol: str) -> str:
    """LLVM's text of a function, its pointers said not to overlap, behind a plain entry with the name asked for."""
    inner = native_name.removeprefix("cfunc.")
    head = re.search(rf'^define i32 @"?{re.escape(inner)}"?\(.*\)', text, re.MULTILINE)
    if head is None:
        raise RuntimeError(f"Numba's text of {inner} has another form than this was written for")
    apart = head[0].replace("ptr %arg.", "ptr noalias %arg.").replace("define i32", "define internal i32", 1)
    text = text.replace(head[0], apart)
    kinds = [_llvm(argument) for argument in arguments]
    taken = ", ".join(f"{kind}{' noalias' if kind == 'ptr' else ''} %a{i}" for i, kind in enumerate(kinds))
    given = ", ".join(f"{kind} %a{i}" for i, kind in enumerate(kinds))
    answer = "ptr" if result is types.void else _llvm(result)
    leave = "ret void" if result is types.void else f"%v = load {answer}, ptr %r\n  ret {answer} %v"
    return f"""{text}
define {"void" if result is types.void else answer} @{symbol}({taken}) {{
  %r = alloca {answer}
  %e = alloca ptr
  %s = call i32 @"{inner}"(ptr %r, ptr %e, {given})
  {leave}
}}
"""


def _llvm(kind: Any) -> str:
    if isinstance(kind, types.CPointer):
        return "ptr"
    return {types.float64: "double", types.float32: "float"}.get(kind, "i64")


def main() -> None:
    asked = json.load(sys.stdin)
    if asked["package"] != store.PACKAGE:
        raise SystemExit("Pellucid's files were edited while the program ran: start it again")
    for request in asked["requests"]:
        started = time.perf_counter()
        answer: dict[str, Any] = {"key": request["key"]}
        try:
            answer["code"] = base64.b64encode(object_code(request)).decode()
        except Exception as error:  # whatever Numba or LLVM make of it: the readable engine goes on
            answer["error"] = f"{type(error).__name__}: {error}"
        answer["seconds"] = time.perf_counter() - started
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
