"""The product of two matrices as LLVM's language: C = start + A B, blocks of it held in the registers.

A block of C, some rows by some vectors, stays in registers while A is walked along a row and B down its columns: each
number of A is spread over a vector and multiplied with vectors of B. Every entry of C is summed in one order, first to
last, whatever the sizes around it: no bit depends on how a matrix is cut up among threads.

Source: Goto and van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS 34 (2008), section 4; without
its packing, which small layers do not repay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

# The product's arguments: C (m, n) with ldc numbers from row to row; A's entry (i, k) at i * am + k * ak; B (k, n) with
# ldb from row to row; start (m, n) with lds from row to row, 0 for one row that is added to all, -1 for one column
# that is, null for zeros.
ARGUMENTS = ("i64 %m", "i64 %n", "i64 %depth", "ptr %A", "i64 %am", "i64 %ak", "ptr %B", "i64 %ldb", "ptr %start",
             "i64 %lds", "ptr %C", "i64 %ldc")  # fmt: skip


class Shape(NamedTuple):
    """What fits the registers of a processor: numbers in a vector, rows and vectors of a block of C."""

    lanes: int
    rows: int
    vectors: int


def shape(features: str, itemsize: int) -> Shape:
    """The block for a processor, from LLVM's names of what it can do; half the registers are never too many.

    Example:
        >>> shape("+avx512f,+avx2", 4)
        Shape(lanes=16, rows=6, vectors=4)
    """
    if "+avx512f" in features:
        return Shape(64 // itemsize, 6, 4)
    if "+avx2" in features:
        return Shape(32 // itemsize, 6, 2)
    return Shape(16 // itemsize, 4, 2)


def text(symbol: str, dtype: str, block: Shape) -> str:
    """A module that defines the product under a name, for "float64" or "float32"."""
    return "\n".join(_Writing(symbol, "double" if dtype == "float64" else "float", block).lines())


class _Writing:
    def __init__(self, symbol: str, number: str, block: Shape) -> None:
        self.symbol, self.number, self.block = symbol, number, block
        self.vector = f"<{block.lanes} x {number}>"
        self.mask = f"<{block.lanes} x i1>"
        self.bytes = 8 if number == "double" else 4
        self.kind = f"v{block.lanes}f{8 * self.bytes}"

    def lines(self) -> Iterator[str]:
        lanes, vectors = self.block.lanes, self.block.vectors
        whole = lanes * vectors
        yield f"declare {self.vector} @llvm.masked.load.{self.kind}.p0(ptr, i32, {self.mask}, {self.vector})"
        yield f"declare void @llvm.masked.store.{self.kind}.p0({self.vector}, ptr, i32, {self.mask})"
        yield f"declare {self.vector} @llvm.fma.{self.kind}({self.vector}, {self.vector}, {self.vector})"
        yield f"define void @{self.symbol}({', '.join(ARGUMENTS)}) {{"
        yield "entry:"
        yield "  %zeros = icmp eq ptr %start, null"
        yield "  %column = icmp eq i64 %lds, -1"
        yield "  br label %columns"
        yield "columns:"
        yield "  %j = phi i64 [0, %entry], [%j.next, %columns.next]"
        yield "  %left = sub i64 %n, %j"
        yield "  %some = icmp sgt i64 %left, 0"
        yield "  br i1 %some, label %width, label %done"
        yield "width:"
        yield f"  %whole = icmp sge i64 %left, {whole}"
        yield f"  br i1 %whole, label %w{vectors}, label %narrow{vectors}"
        for count in range(vectors, 1, -1):
            yield f"narrow{count}:"
            yield f"  %n{count} = icmp sgt i64 %left, {(count - 1) * lanes}"
            yield f"  br i1 %n{count}, label %w{count}masked, label %narrow{count - 1}"
        yield "narrow1:"
        yield "  br label %w1masked"
        yield from self.rows(vectors, masked=False)
        for count in range(vectors, 0, -1):
            yield from self.rows(count, masked=True)
        yield "columns.next:"
        yield f"  %j.next = add i64 %j, {whole}"
        yield "  br label %columns"
        yield "done:"
        yield "  ret void"
        yield "}"

    def rows(self, vectors: int, masked: bool) -> Iterator[str]:
        """All rows of some columns: whole blocks, then what remains in smaller ones."""
        name = f"w{vectors}{'masked' if masked else ''}"
        yield f"{name}:"
        if masked:
            numbers = ", ".join(f"i64 {lane}" for lane in range(self.block.lanes))
            yield f"  %{name}.rest = sub i64 %left, {(vectors - 1) * self.block.lanes}"
            yield f"  %{name}.one = insertelement <{self.block.lanes} x i64> poison, i64 %{name}.rest, i32 0"
            zero = f"<{self.block.lanes} x i32> zeroinitializer"
            yield (
                f"  %{name}.all = shufflevector <{self.block.lanes} x i64> %{name}.one, <{self.block.lanes} x i64>"
                f" poison, {zero}"
            )
            yield f"  %{name}.mask = icmp slt <{self.block.lanes} x i64> <{numbers}>, %{name}.all"
        sizes = [size for size in (self.block.rows, 2, 1) if size <= self.block.rows]
        before = name
        first = "0"
        for size in sizes:
            here = f"{name}.r{size}"
            yield f"  br label %{here}"
            yield f"{here}:"
            yield f"  %{here}.i = phi i64 [{first}, %{before}], [%{here}.next, %{here}.store]"
            yield f"  %{here}.next = add i64 %{here}.i, {size}"
            yield f"  %{here}.fits = icmp sle i64 %{here}.next, %m"
            yield f"  br i1 %{here}.fits, label %{here}.begin, label %{here}.out"
            yield from self.tile(here, size, vectors, f"%{name}.mask" if masked else "")
            yield f"  br label %{here}"
            yield f"{here}.out:"
            before, first = f"{here}.out", f"%{here}.i"
        yield "  br label %columns.next"

    def tile(self, here: str, rows: int, vectors: int, mask: str) -> Iterator[str]:
        """One block of C, from its start to its store."""
        v, places = self.vector, [(r, c) for r in range(rows) for c in range(vectors)]
        yield f"{here}.begin:"
        yield f"  br i1 %zeros, label %{here}.ready, label %{here}.some"
        yield f"{here}.some:"
        yield f"  br i1 %column, label %{here}.spread, label %{here}.load"
        yield f"{here}.spread:"
        for r in range(rows):
            one = f"%{here}.t{r}"
            yield f"  {one}.at = add i64 %{here}.i, {r}"
            yield f"  {one}.p = getelementptr {self.number}, ptr %start, i64 {one}.at"
            yield from self.spread(one)
        yield f"  br label %{here}.ready"
        yield f"{here}.load:"
        for r in range(rows):
            yield from self.row(f"{here}.s{r}", "%start", f"%{here}.i", r, "%lds")
            for c in range(vectors):
                yield from self.loaded(f"{here}.s{r}.{c}", f"%{here}.s{r}", c, mask if c == vectors - 1 else "")
        yield f"  br label %{here}.ready"
        yield f"{here}.ready:"
        for r, c in places:
            started = f"[%{here}.t{r}.v, %{here}.spread], [%{here}.s{r}.{c}, %{here}.load]"
            yield f"  %{here}.b{r}.{c} = phi {v} [zeroinitializer, %{here}.begin], {started}"
        for r in range(rows):
            yield from self.index(f"{here}.a{r}", f"%{here}.i", r, "%am")
        yield f"  br label %{here}.k"
        yield f"{here}.k:"
        yield f"  %{here}.k.i = phi i64 [0, %{here}.ready], [%{here}.k.next, %{here}.step]"
        for r, c in places:
            yield f"  %{here}.c{r}.{c} = phi {v} [%{here}.b{r}.{c}, %{here}.ready], [%{here}.d{r}.{c}, %{here}.step]"
        yield f"  %{here}.more = icmp slt i64 %{here}.k.i, %depth"
        yield f"  br i1 %{here}.more, label %{here}.step, label %{here}.store"
        yield f"{here}.step:"
        yield f"  %{here}.brow = mul i64 %{here}.k.i, %ldb"
        yield f"  %{here}.bat = add i64 %{here}.brow, %j"
        yield f"  %{here}.bp = getelementptr {self.number}, ptr %B, i64 %{here}.bat"
        for c in range(vectors):
            yield from self.loaded(f"{here}.v{c}", f"%{here}.bp", c, mask if c == vectors - 1 else "")
        yield f"  %{here}.ka = mul i64 %{here}.k.i, %ak"
        for r in range(rows):
            one = f"%{here}.x{r}"
            yield f"  {one}.at = add i64 %{here}.a{r}, %{here}.ka"
            yield f"  {one}.p = getelementptr {self.number}, ptr %A, i64 {one}.at"
            yield from self.spread(one)
            for c in range(vectors):
                yield (
                    f"  %{here}.d{r}.{c} = call {v} @llvm.fma.{self.kind}({v} {one}.v, {v} %{here}.v{c}, "
                    f"{v} %{here}.c{r}.{c})"
                )
        yield f"  %{here}.k.next = add i64 %{here}.k.i, 1"
        yield f"  br label %{here}.k"
        yield f"{here}.store:"
        for r in range(rows):
            yield from self.row(f"{here}.o{r}", "%C", f"%{here}.i", r, "%ldc")
            for c in range(vectors):
                yield from self.stored(f"{here}.o{r}.{c}", f"%{here}.o{r}", c, f"%{here}.c{r}.{c}",
                                       mask if c == vectors - 1 else "")  # fmt: skip

    def spread(self, name: str) -> Iterator[str]:
        """One number in all places of a vector."""
        v = self.vector
        yield f"  {name} = load {self.number}, ptr {name}.p, align {self.bytes}"
        yield f"  {name}.e = insertelement {v} poison, {self.number} {name}, i32 0"
        yield f"  {name}.v = shufflevector {v} {name}.e, {v} poison, <{self.block.lanes} x i32> zeroinitializer"

    def index(self, name: str, i: str, r: int, stride: str) -> Iterator[str]:
        yield f"  %{name}.row = add i64 {i}, {r}"
        yield f"  %{name} = mul i64 %{name}.row, {stride}"

    def row(self, name: str, base: str, i: str, r: int, stride: str) -> Iterator[str]:
        """The address of row i + r at the columns of the block."""
        yield from self.index(f"{name}.at", i, r, stride)
        yield f"  %{name}.there = add i64 %{name}.at, %j"
        yield f"  %{name} = getelementptr {self.number}, ptr {base}, i64 %{name}.there"

    def loaded(self, name: str, base: str, c: int, mask: str) -> Iterator[str]:
        v, place = self.vector, f"%{name}.p"
        yield f"  {place} = getelementptr {self.number}, ptr {base}, i64 {c * self.block.lanes}"
        if mask:
            yield (
                f"  %{name} = call {v} @llvm.masked.load.{self.kind}.p0(ptr {place}, i32 {self.bytes}, "
                f"{self.mask} {mask}, {v} zeroinitializer)"
            )
        else:
            yield f"  %{name} = load {v}, ptr {place}, align {self.bytes}"

    def stored(self, name: str, base: str, c: int, value: str, mask: str) -> Iterator[str]:
        v, place = self.vector, f"%{name}.p"
        yield f"  {place} = getelementptr {self.number}, ptr {base}, i64 {c * self.block.lanes}"
        if mask:
            yield (
                f"  call void @llvm.masked.store.{self.kind}.p0({v} {value}, ptr {place}, i32 {self.bytes}, "
                f"{self.mask} {mask})"
            )
        else:
            yield f"  store {v} {value}, ptr {place}, align {self.bytes}"
