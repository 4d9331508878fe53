"""A step of training, line by line: forward pass, loss, backward pass and update, named as in the equations."""

from __future__ import annotations

import ast
import re

from pellucid.explain.chain import Link
from pellucid.explain.program.library import Application
from pellucid.explain.program.plan import Plan, averages_of, formula_of, rule_of, value_of
from pellucid.explain.program.text import filled, grouped, identifier, plain
from pellucid.layers import Dense, Dropout
from pellucid.optimizers import Rule

ANSWERS = {
    "classes": ", the probability of each class",
    "binary": ", the probability of a 1",
    "labels": ", the probability of each label",
    "values": ", the predictions",
}


def masks(plan: Plan) -> list[str]:
    """The lines that draw the masks of dropout, in the order of the layers."""
    lines = []
    for link in plan.chain:
        if link.kind == "dropout":
            assert isinstance(link.layer, Dropout)
            rate = link.layer.rate
            kept = f"(rng.random((n, {link.width}), dtype=np.float32) >= {rate!r}) / (1 - {rate!r})"
            kept = f"({kept}).astype(np.float32)" if plan.single else kept
            lines.append(f"{link.mask} = {kept}  # 0 where a unit is dropped")
    return lines


def forward(plan: Plan) -> list[str]:
    """The lines from X to the outputs."""
    return [_forward(plan, link) for link in plan.chain]


def _forward(plan: Plan, link: Link) -> str:
    shape = f"(n, {link.width})"
    if link.kind == "affine":
        return f"{link.name} = {link.takes} @ W{link.number} + b{link.number}  # {shape}"
    if link.kind == "dropout":
        return f"{link.name} = {link.takes} * {link.mask}  # {shape}"
    assert isinstance(link.layer, Dense)
    value, name = value_of(plan, link.layer)(link.takes), link.layer.activation.name
    what = ANSWERS[plan.net.task] if link is plan.chain[-1] else ""
    named = "" if value == link.takes or re.search(rf"\b{identifier(name)}\b", value) else f", {plain(name)}"
    return f"{link.name} = {value}  # {shape}{named}{what}"


def losses(plan: Plan, t: str) -> str:
    """The expression of the loss of each row, (n,), against targets of this name."""
    loss = plan.net.loss_function
    value = plan.library.formula(loss.value, loss.name)
    of_outputs = value(plan.z if loss.from_logits else plan.a, t)
    return f"np.sum({of_outputs}, axis=1)" if plan.by_output else of_outputs


def penalties(plan: Plan, name: str) -> list[str]:
    """The lines that add the penalties to a loss of this name."""
    added = []
    for factor, setting, of_one in (("l2 / 2", "l2", "np.sum(# * #)"), ("l1", "l1", "np.sum(np.abs(#))")):
        if getattr(plan.settings, setting):
            added.append(f"{factor} * {_summed(plan, of_one)}")
    if plan.compact and added:
        return [f"{name} = {name} + {' + '.join(added)}"]
    return [f"{name} = {name} + {one}  # penalty on the weights, not on the biases" for one in added]


def _summed(plan: Plan, of_one: str) -> str:
    """A sum over all weight matrices, of a text with # in the place of one."""
    if plan.deep:
        return f"sum({of_one.replace('#', 'Wk')} for Wk in W)"
    if plan.layers < 3:
        added = " + ".join(of_one.replace("#", W) for W in plan.each("W#"))
        return f"({added})" if plan.layers > 1 else added
    return f"sum({of_one.replace('#', 'W')} for W in [{', '.join(plan.each('W#'))}])"


def loss(plan: Plan) -> list[str]:
    """The lines that give the loss of a step, L."""
    lines = [f"losses = {losses(plan, 't')}  # (n,), of each row"]
    if plan.weighted:
        nothing = (
            " or 1.0  # rows that all weigh nothing add nothing"
            if plan.weightless
            else "  # what the rows weigh together"
        )
        lines += [f"total = np.sum(w){nothing}", "L = np.sum(losses * w) / total  # the weighted mean"]
    else:
        lines.append("L = np.mean(losses)")
    return lines + penalties(plan, "L")


def backward(plan: Plan) -> list[str]:
    """The lines from the outputs back to the gradients of all parameters."""
    first = next(i for i, link in enumerate(plan.chain) if link.kind == "affine")
    lines = first_delta(plan, plan.chain[-1], plan.chain[-1].gradient, plan.chain[-2].gradient)
    for i in reversed(range(first, len(plan.chain) - 1)):
        link = plan.chain[i]
        if link.kind == "affine":
            lines += _affine_backward(plan, link, need_input=i > first)
        elif link.kind == "dropout":
            lines.append(f"d{link.takes} = d{link.name} * {link.mask}  # (n, {link.width})")
        else:
            lines.append(f"delta{link.number} = {through(plan, link, f'd{link.name}')}  # (n, {link.width})")
    return lines


def first_delta(plan: Plan, link: Link, at_outputs: str, name: str) -> list[str]:
    """The gradient at the last z, where backpropagation starts.

    Args:
        plan: of the program.
        link: the last one.
        at_outputs, name: what the gradients at the outputs and at the last z are called.
    """
    loss, shape = plan.net.loss_function, f"(n, {link.width})"
    gradient = plan.library.formula(loss.gradient, f"{loss.name}_gradient")(link.name, "t")
    lines = []
    if not loss.from_logits:
        slope = _slope(plan, link)
        if slope is None or not slope.is_one:
            lines.append(f"{at_outputs} = {gradient}  # {shape}, the slope of each row's loss")
            gradient = through(plan, link, at_outputs)
    over = " * w[:, np.newaxis] / total" if plan.weighted else " / n"
    factor = gradient if _is_product(gradient) else grouped(gradient)
    return [*lines, f"{name} = {factor}{over}  # {shape}"]


def _is_product(text: str) -> bool:
    node = ast.parse(text, mode="eval").body
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)


def _slope(plan: Plan, link: Link) -> Application | None:
    """The elementwise slope of an activation, or None for one whose outputs depend on each other."""
    assert isinstance(link.layer, Dense)
    activation = link.layer.activation
    return activation.slope and plan.library.formula(activation.slope, f"{activation.name}_slope", calls=2)


def through(plan: Plan, link: Link, gradient: str) -> str:
    """The gradient at z from that at a: the chain rule."""
    assert isinstance(link.layer, Dense)
    activation, slope = link.layer.activation, _slope(plan, link)
    if slope is None:
        assert activation.pull is not None
        return plan.library.formula(activation.pull, f"{activation.name}_pull")(link.name, gradient)
    if slope.is_one:
        return gradient
    given = (link.takes, link.name) if activation.slope_takes_a else (link.takes,)
    return f"{gradient} * {grouped(slope(*given))}"


def _affine_backward(plan: Plan, link: Link, need_input: bool) -> list[str]:
    assert isinstance(link.layer, Dense)
    i, settings = link.number, plan.settings
    penalty = f" + l2 * W{i}" if settings.l2 else ""
    penalty += f" + l1 * np.sign(W{i})" if settings.l1 else ""
    lines = [
        f"dW{i} = {link.takes}.T @ delta{i}{penalty}  # {_shape(link)}",
        f"db{i} = np.sum(delta{i}, axis=0)  # ({link.width},)",
    ]
    if need_input:
        lines.append(f"d{link.takes} = delta{i} @ W{i}.T  # (n, {link.fan_in})")
    return lines


def _shape(link: Link) -> str:
    return f"({link.fan_in}, {link.width})"


def _clipping(plan: Plan, gathered: bool) -> list[str]:
    """The lines that scale the gradients down where they are too long; `gathered` in a list if they stay in one."""
    if plan.settings.clip_norm is None:
        return []
    gradients = "gradients" if gathered else ", ".join(f"d{p}" for p in plan.parameters)
    lines = [
        *filled("gradients = [", [f"d{p}" for p in plan.parameters], "]"),
        "norm = np.sqrt(sum(np.sum(g * g) for g in gradients))  # of all of them together",
    ]
    if plan.compact:
        return [*lines, f"{gradients} = [g * (clip_norm / max(norm, clip_norm)) for g in gradients]"]
    return [*lines, "if norm > clip_norm:", f"    {gradients} = [g * (clip_norm / norm) for g in gradients]"]


def rule_and_formula(plan: Plan) -> tuple[Rule, Application]:
    rule = rule_of(plan.settings.optimizer)
    label = identifier(type(plan.settings.optimizer).__name__)
    return rule, plan.library.formula(formula_of(rule), label, calls=0)


def counted(plan: Plan) -> bool:
    """Whether a step must know its number."""
    _, formula = rule_and_formula(plan)
    return formula.arguments[3] in formula.taken or "step" in plan.rate.looks_at


def update(plan: Plan) -> list[str]:
    """The lines that clip the gradients and take a step."""
    rule, formula = rule_and_formula(plan)
    in_line = formula.line is not None and not rule.averages
    done = "epoch + 1" if plan.batch is None else "step"  # steps taken, this one included
    lines = [*_clipping(plan, not in_line), *_decay(plan, rule)]
    if in_line:
        return lines + [f"{p} = {formula(p, f'd{p}', plan.rate.name, done)}" for p in plan.parameters]
    of_one = [f"{name}[i]" for name in averages_of(plan.settings.optimizer)]
    new = ", ".join(["parameters[i]", *of_one]) if of_one else "(parameters[i],)"
    gradients = [] if plan.settings.clip_norm else filled("gradients = [", [f"d{p}" for p in plan.parameters], "]")
    return [
        *lines,
        *filled("parameters = [", plan.parameters, "]"),
        *gradients,
        "for i, gradient in enumerate(gradients):",
        f"    {new} = {formula('parameters[i]', 'gradient', plan.rate.name, done, *of_one)}",
        f"{', '.join(plan.parameters)} = parameters",
    ]


def _decay(plan: Plan, rule: Rule) -> list[str]:
    if not rule.weight_decay:
        return []
    shrunk = f"W - {plan.rate.name} * {rule.weight_decay!r} * W"
    if plan.layers == 1:
        return [f"W1 = {shrunk.replace('W', 'W1')}  # weight decay"]
    weights = ", ".join(plan.each("W#"))
    return [f"{weights} = [{shrunk} for W in [{weights}]]  # weight decay"]


def averages(plan: Plan) -> list[str]:
    """The lines before the first step that set up what the optimizer keeps."""
    names = averages_of(plan.settings.optimizer)
    parameters = "*W, *b" if plan.deep else ", ".join(plan.parameters)
    zeros, note = f"[np.zeros_like(p) for p in [{parameters}]]", "  # for each parameter what the optimizer keeps"
    if plan.compact and len(names) > 1:
        return [f"{', '.join(names)} = ({zeros} for _ in range({len(names)})){note}"]
    return [f"{name} = {zeros}{'' if i else note}" for i, name in enumerate(names)]
