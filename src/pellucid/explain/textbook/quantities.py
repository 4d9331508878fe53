"""The quantities of a training step as symbols."""

from __future__ import annotations

from pellucid.explain.notation.tree import Symbol


def batch(name: str) -> Symbol:
    """A quantity with a row for each row of X."""
    return Symbol(name, "nk")


def parameter(name: str) -> Symbol:
    """A quantity shaped like parameters."""
    return Symbol(name, "W")


def gradient_at(symbol: Symbol) -> Symbol:
    return Symbol(f"d{symbol.name}", symbol.axes)
