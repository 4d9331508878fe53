"""A step of training in a network of many layers: lists W, b, z, a, and loops over them instead of a line for each.

The functions give the same lines as those of `steps` do for few layers. What a layer takes in and gives has the places
k and k + 1 of the list a, whose first entry is X.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from pellucid.explain.chain import Link
from pellucid.explain.program import steps
from pellucid.explain.program.arrays import Store
from pellucid.explain.program.plan import Plan, averages_of, value_of
from pellucid.explain.program.text import WIDTH, grouped, packed, plain
from pellucid.layers import Dense, Dropout

INDENT = 8  # columns of a step, at most
CLIPPED = "clip_norm / max(norm, clip_norm)"
WEIGHTS_IN_A_LINE = 90  # characters of an initializer's formula that is written in line


def masks(plan: Plan) -> list[str]:
    """The lines that draw the masks of dropout, in the order of the layers."""
    if not plan.drops:
        return []
    dropped, widths, at = [], [], 0
    for link in plan.chain:
        at += link.kind == "affine"
        if isinstance(link.layer, Dropout):
            dropped.append((at, link.layer.rate))
            widths.append(link.width)

    def of_one(units: str, rate: str) -> str:
        drawn = f"(rng.random((n, {units}), dtype=np.float32) >= {rate}) / (1 - {rate})"
        return f"({drawn}).astype(np.float32)" if plan.single else drawn

    if len({*dict(dropped)}) == len(dropped):
        shares = [dict(dropped).get(k, 0) for k in range(plan.layers)]
        # Names known in the list alone, which nothing else of the program can meet, may be short.
        each = f"{of_one('u', 'r')} if r else 1.0", "for u, r in zip(widths, drops)"
        line = f"masks = [{' '.join(each)}]"
        fits = len(line) <= WIDTH - INDENT
        lines = [line] if fits else ["masks = [", *(f"    {part}" for part in each), "]"]
        return [f"drops = {shares}  # the share of each layer's inputs that is dropped", *lines]
    return [
        "masks = [1.0] * layers  # of the inputs of each layer: 0 where one is dropped",
        f"for k, fan_in, drop in {[(k, fan_in, rate) for (k, rate), fan_in in zip(dropped, widths, strict=True)]}:",
        f"    masks[k] = masks[k] * ({of_one('fan_in', 'drop')})",
    ]


def inputs(plan: Plan) -> str:
    """What the layer k takes in."""
    return "inputs[k]" if plan.drops else "a[k]"


def forward(plan: Plan) -> list[str]:
    """The lines from X to the outputs."""
    names = "inputs, z, a = [], [], [X]" if plan.drops else "z, a = [], [X]"
    dropped = ["    inputs.append(a[k] * masks[k])  # dropout"] if plan.drops else []
    return [
        f"{names}  # lists over the layers; a[k] is what layer k is given, a[-1] the outputs",
        "for k in range(layers):",
        *dropped,
        f"    z.append({inputs(plan)} @ W[k] + b[k])  # (n, units of layer k)",
        f"    a.append({_activated(plan)})",
    ]


def names_of_forward(plan: Plan) -> str:
    return "inputs, z, a" if plan.drops else "z, a"


def _activations(plan: Plan) -> list[Link]:
    return [link for link in plan.chain if link.kind == "activation"]


def _activated(plan: Plan) -> str:
    *hidden, last = [value_of(plan, link.layer)("z[k]") for link in _activations(plan)]
    if len({*hidden}) > 1:
        return "activations[k](z[k])"
    return last if hidden[0] == last else f"{hidden[0]} if k < layers - 1 else {last}"


def tables(plan: Plan) -> list[str]:
    """Lists of functions, where the hidden layers have several activations."""
    links = _activations(plan)
    if len({value_of(plan, link.layer)("z") for link in links[:-1]}) == 1:
        return []
    texts = [value_of(plan, link.layer)("z") for link in links]
    calls = [re.fullmatch(r"([\w.]+)\(z\)", text) for text in texts]
    values = [call[1] if call else f"lambda z: {text}" for call, text in zip(calls, texts, strict=True)]
    back = [f"lambda da, z, a: {_back(plan, link, 'da', 'z', 'a')}" for link in links[:-1]]
    return [
        *packed("activations = [", values, "]"),
        *packed("through = [  # from da to delta: the chain rule", back, "]", open_line=True),
    ]


def _back(plan: Plan, link: Link, gradient: str, z: str, a: str) -> str:
    return steps.through(plan, link._replace(takes=z, name=a), gradient)


def backward(plan: Plan) -> list[str]:
    """The lines from the outputs back to the gradients of all parameters."""
    last = plan.chain[-1]._replace(takes=plan.z, name=plan.a)
    hidden = _activations(plan)[:-1]
    back = {_back(plan, link, "da", "z[k - 1]", "a[k]") for link in hidden}
    delta = back.pop() if not tables(plan) else "through[k - 1](da, z[k - 1], a[k])"
    penalty = f"{' + l2 * W[k]' if plan.settings.l2 else ''}{' + l1 * np.sign(W[k])' if plan.settings.l1 else ''}"
    return [
        "dW, db = [None] * layers, [None] * layers",
        *steps.first_delta(plan, last, "da", "delta"),
        "for k in reversed(range(layers)):",
        f"    dW[k] = {inputs(plan)}.T @ delta{penalty}  # like W[k]",
        "    db[k] = np.sum(delta, axis=0)  # like b[k]",
        "    if k > 0:",
        f"        da = delta @ W[k].T{' * masks[k]' if plan.drops else ''}  # like a[k]",
        f"        delta = {delta}",
    ]


def update(plan: Plan) -> list[str]:
    """The lines that clip the gradients and take a step."""
    rule, formula = steps.rule_and_formula(plan)
    in_line = formula.line is not None and not rule.averages
    rate, done = plan.rate.name, "epoch + 1" if plan.batch is None else "step"
    lines = _clipping(plan, in_line)
    if rule.weight_decay:
        lines.append(f"W = [Wk - {rate} * {rule.weight_decay!r} * Wk for Wk in W]  # weight decay")
    if in_line:
        of_one = [formula("p", "g", rate, done) for _ in "Wb"]
        return lines + [f"{x} = [{one} for p, g in zip({x}, d{x})]" for x, one in zip("Wb", of_one, strict=True)]
    kept = [f"{name}[i]" for name in averages_of(plan.settings.optimizer)]
    new = ", ".join(["parameters[i]", *kept]) if kept else "(parameters[i],)"
    gathered = any(line.startswith("gradients =") for line in lines)
    gradients = f"[g * ({CLIPPED}) for g in [*dW, *db]]" if plan.settings.clip_norm else "[*dW, *db]"
    return [
        *lines,
        "parameters = [*W, *b]" if gathered else f"parameters, gradients = [*W, *b], {gradients}",
        "for i, gradient in enumerate(gradients):",
        f"    {new} = {formula('parameters[i]', 'gradient', rate, done, *kept)}",
        "W, b = parameters[:layers], parameters[layers:]",
    ]


def _clipping(plan: Plan, in_line: bool) -> list[str]:
    """The lines that scale long gradients down; in a compact program but for the scaling itself, where it can wait."""
    if plan.settings.clip_norm is None:
        return []
    norm, note = "norm = np.sqrt(sum(np.sum(g * g) for g in #))", "  # of all of them together"
    if plan.compact:
        measured = norm.replace("#", "[*dW, *db]") + note
        both = ", ".join(f"[g * ({CLIPPED}) for g in {part}]" for part in ("dW", "db"))
        return [measured, f"dW, db = {both}"] if in_line else [measured]
    scaled = "[g * (clip_norm / norm) for g in #]"
    both = ", ".join(scaled.replace("#", part) for part in ("dW", "db"))
    return [
        "gradients = [*dW, *db]",
        norm.replace("#", "gradients") + note,
        "if norm > clip_norm:",
        f"    dW, db = {both}" if in_line else f"    gradients = {scaled.replace('#', 'gradients')}",
    ]


# The parameters that a program begins with.


def drawn(plan: Plan) -> list[str]:
    """The lines that draw the initial weights, by a generator called rng."""
    dense = [layer for layer in plan.net.layers if isinstance(layer, Dense)]
    single = ", dtype=np.float32" if plan.single else ""

    def weights(layer: Dense, fan_in: Any, units: Any) -> str:
        draw = plan.library.formula(layer.init.draw, layer.init.name, longest=WEIGHTS_IN_A_LINE, calls=3)
        text = draw("rng", str(fan_in), str(units))
        return f"{grouped(text)}.astype(np.float32)" if plan.single else text

    return [
        _widths(plan),
        *_weights(dense, weights, [plan.net.inputs, *(layer.units for layer in dense)]),
        f"b, layers = [np.zeros(units{single}) for units in widths[1:]], len(W)",
    ]


def _weights(dense: list[Dense], weights: Callable[[Dense, Any, Any], str], widths: list[int]) -> list[str]:
    """One line for layers whose weights are drawn in the same way; where the hidden ones differ, a line for each."""
    *hidden, last = [weights(layer, "fan_in", "units") for layer in dense]
    if len({*hidden}) > 1:
        rows = [
            f"    {weights(layer, *pair)},  # {pair}, {plain(layer.init.name)}"
            for layer, pair in zip(dense, pairwise(widths), strict=True)
        ]
        return ["W = [", *rows, "]"]
    same = hidden[0] == last
    each = hidden[0], f"for fan_in, units in zip(widths, widths[1:{'' if same else '-1'}])"
    line, note = f"W = [{' '.join(each)}]", f"  # {plain(dense[0].init.name)}"
    lines = [line + note] if len(line + note) <= WIDTH else [f"W = [{note}", *(f"    {part}" for part in each), "]"]
    if not same:
        lines.append(f"W.append({weights(dense[-1], *widths[-2:])})  # {(*widths[-2:],)}, {plain(dense[-1].init.name)}")
    return lines


def _widths(plan: Plan) -> str:
    units = [layer.units for layer in plan.net.layers if isinstance(layer, Dense)]
    return f"widths = {[plan.net.inputs, *units]}  # of X and of each layer"


def written(plan: Plan, store: Store) -> list[str]:
    """The lines that give the parameters the values that they have now."""
    single = ["theta = theta.astype(np.float32)"] if plan.single else []
    return [
        _widths(plan),
        *store.lines("theta", plan.net.theta, "all parameters: W[0] row by row, b[0], W[1], ..."),
        *single,
        "ends = np.cumsum([(fan_in + 1) * units for fan_in, units in zip(widths, widths[1:])])",
        "parts = [p.reshape(-1, units) for p, units in zip(np.split(theta, ends[:-1]), widths[1:])]  # W[k] above b[k]",
        "W, b, layers = [part[:-1] for part in parts], [part[-1] for part in parts], len(parts)",
    ]
