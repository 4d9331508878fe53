"""This processor, as LLVM knows it."""

from __future__ import annotations

from functools import cache
from typing import Any

from pellucid.errors import need


@cache
def description() -> str:
    """Name and abilities: machine code for one is not for another."""
    llvm = need("llvmlite.binding", "fast")
    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {_features(llvm)}"


def target_machine() -> Any:
    """What turns LLVM's language into machine code for this processor, or runs it."""
    llvm = need("llvmlite.binding", "fast")
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=_features(llvm), opt=3)


def _features(llvm: Any) -> str:
    features = str(llvm.get_host_cpu_features().flatten())
    # LLVM halves the vectors of some processors for fear of a lower clock; long loops of arithmetic gain by full ones.
    return f"{features},-prefer-256-bit" if "+avx512f" in features else features
