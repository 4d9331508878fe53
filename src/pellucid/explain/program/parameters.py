"""The parameters that a program begins with: drawn again by the same generator, or written down."""

from __future__ import annotations

from pellucid.explain.program import deep
from pellucid.explain.program.arrays import Store
from pellucid.explain.program.plan import Plan
from pellucid.explain.program.text import comment, grouped, plain
from pellucid.initializers import Initializer
from pellucid.layers import Dense


def section(plan: Plan, store: Store) -> list[str]:
    """The lines of the network, with a heading."""
    chain = " -> ".join([str(plan.net.inputs), *map(str, plan.net.layers)])
    which = "" if plan.redrawn else ", which are those that it had when this was written"
    heading = comment(f"Network: {chain}, {plan.net.theta.size:,} parameters{which}")
    if not plan.redrawn:
        return [*heading, *([*deep.written(plan, store), *deep.tables(plan)] if plan.deep else _written(plan, store))]
    lines = [*heading, f"rng = np.random.default_rng({plan.net.seed})  # decides the initial weights"]
    if plan.deep:
        return [*lines, *deep.drawn(plan), *deep.tables(plan)]
    width = plan.net.inputs
    for i, layer in enumerate((layer for layer in plan.net.layers if isinstance(layer, Dense)), 1):
        lines += [_drawn(plan, i, layer.init, width, layer.units), _zeros(plan, f"b{i}", (layer.units,))]
        width = layer.units
    return lines


def _drawn(plan: Plan, i: int, init: Initializer, fan_in: int, units: int) -> str:
    draw = plan.library.formula(init.draw, init.name, longest=deep.WEIGHTS_IN_A_LINE, calls=3)
    weights = draw("rng", str(fan_in), str(units))
    weights = f"{grouped(weights)}.astype(np.float32)" if plan.single else weights
    return f"W{i} = {weights}  # ({fan_in}, {units}), {plain(init.name)}"


def _zeros(plan: Plan, name: str, shape: tuple[int, ...]) -> str:
    single = ", dtype=np.float32" if plan.single else ""
    return f"{name} = np.zeros({shape[0] if len(shape) == 1 else shape}{single})"


def _written(plan: Plan, store: Store) -> list[str]:
    lines = []
    for name, values in plan.net.params.items():
        if not values.any():
            lines.append(_zeros(plan, name, values.shape))
            continue
        lines += store.lines(name, values, str(values.shape))
        if plan.single:
            lines.append(f"{name} = {name}.astype(np.float32)")
    return lines
