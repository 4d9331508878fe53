"""A step of training, line by line: forward pass, loss, backward pass and update, named as in the equations."""

from __future__ import annotations

import ast
import re

from pellucid.explain.program.library import Formula
from pellucid.explain.program.plan import Link, Plan, averages_of, formula_of, rule_of, value_of
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
            lines.append(f"m{link.number} = {kept}  # 0 where a unit is dropped")
    return lines


def forward(plan: Plan) -> list[str]:
    """The lines from X to the outputs."""
    return [_forward(plan, link) for link in plan.chain]


def _forward(plan: Plan, link: Link) -> str:
    shape = f"(n, {link.width})"
    if link.kind == "affine":
        return f"{link.output} = {link.input} @ W{link.number} + b{link.number}  # {shape}"
    if link.kind == "dropout":
        return f"{link.output} = {link.input} * m{link.number}  # {shape}"
    assert isinstance(link.layer, Dense)
    value, name = value_of(plan, link.layer)(link.input), link.layer.activation.name
    what = ANSWERS[plan.net.task] if link is plan.chain[-1] else ""
    named = "" if value == link.input or re.search(rf"\b{identifier(name)}\b", value) else f", {plain(name)}"
    return f"{link.output} = {value}  # {shape}{named}{what}"


def losses(plan: Plan, t: str) -> str:
    """The expression of the loss of each row, (n,), against targets of this name."""
    loss = plan.net.loss_function
    value = plan.library.formula(loss.value, loss.name)
    of_outputs = value(plan.z if loss.from_logits else plan.a, t)
    return f"np.sum({of_outputs}, axis=1)" if plan.by_output else of_outputs


def penalties(plan: Plan, name: str) -> list[str]:
    """The lines that add the penalties to a loss of this name."""
    lines = []
    for factor, setting, of_one in (("l2 / 2", "l2", "np.sum(# * #)"), ("l1", "l1", "np.sum(np.abs(#))")):
        if getattr(plan.settings, setting):
            if plan.layers < 3:
                added = " + ".join(of_one.replace("#", W) for W in plan.each("W#"))
                added = f"({added})" if plan.layers > 1 else added
            else:
                added = f"sum({of_one.replace('#', 'W')} for W in [{', '.join(plan.each('W#'))}])"
            lines.append(f"{name} = {name} + {factor} * {added}  # penalty on the weights, not on the biases")
    return lines


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
    lines = _first_delta(plan)
    for i in reversed(range(first, len(plan.chain) - 1)):
        link = plan.chain[i]
        if link.kind == "affine":
            lines += _affine_backward(plan, link, need_input=i > first)
        elif link.kind == "dropout":
            lines.append(f"d{link.input} = d{link.output} * m{link.number}  # (n, {link.width})")
        else:
            lines.append(f"delta{link.number} = {_through(plan, link, f'd{link.output}')}  # (n, {link.width})")
    return lines


def _first_delta(plan: Plan) -> list[str]:
    """The gradient at the last z, where backpropagation starts."""
    loss, link = plan.net.loss_function, plan.chain[-1]
    gradient = plan.library.formula(loss.gradient, f"{loss.name}_gradient")(plan.a, "t")
    lines, shape = [], f"(n, {link.width})"
    if not loss.from_logits:
        slope = _slope(plan, link)
        if slope is None or not slope.is_one:
            lines.append(f"d{plan.a} = {gradient}  # {shape}, the slope of each row's loss")
            gradient = _through(plan, link, f"d{plan.a}")
    over = " * w[:, np.newaxis] / total" if plan.weighted else " / n"
    factor = gradient if _is_product(gradient) else grouped(gradient)
    return [*lines, f"delta{link.number} = {factor}{over}  # {shape}"]


def _is_product(text: str) -> bool:
    node = ast.parse(text, mode="eval").body
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)


def _slope(plan: Plan, link: Link) -> Formula | None:
    """The elementwise slope of an activation, or None for one whose outputs depend on each other."""
    assert isinstance(link.layer, Dense)
    activation = link.layer.activation
    return activation.slope and plan.library.formula(activation.slope, f"{activation.name}_slope", calls=2)


def _through(plan: Plan, link: Link, gradient: str) -> str:
    """The gradient at z from that at a: the chain rule."""
    assert isinstance(link.layer, Dense)
    activation, slope = link.layer.activation, _slope(plan, link)
    if slope is None:
        assert activation.pull is not None
        return plan.library.formula(activation.pull, f"{activation.name}_pull")(link.output, gradient)
    if slope.is_one:
        return gradient
    given = (link.input, link.output) if activation.slope_takes_a else (link.input,)
    return f"{gradient} * {grouped(slope(*given))}"


def _affine_backward(plan: Plan, link: Link, need_input: bool) -> list[str]:
    assert isinstance(link.layer, Dense)
    i, settings = link.number, plan.settings
    penalty = f" + l2 * W{i}" if settings.l2 else ""
    penalty += f" + l1 * np.sign(W{i})" if settings.l1 else ""
    lines = [
        f"dW{i} = {link.input}.T @ delta{i}{penalty}  # {_shape(plan, link)}",
        f"db{i} = np.sum(delta{i}, axis=0)  # ({link.width},)",
    ]
    if need_input:
        lines.append(f"d{link.input} = delta{i} @ W{i}.T  # (n, {_fan_in(plan, link)})")
    return lines


def _fan_in(plan: Plan, link: Link) -> int:
    before = plan.chain.index(link) - 1
    return plan.chain[before].width if before >= 0 else plan.net.inputs


def _shape(plan: Plan, link: Link) -> str:
    return f"({_fan_in(plan, link)}, {link.width})"


def _clipping(plan: Plan, gathered: bool) -> list[str]:
    """The lines that scale the gradients down where they are too long; `gathered` in a list if they stay in one."""
    if plan.settings.clip_norm is None:
        return []
    clipped = "[g * (clip_norm / norm) for g in gradients]"
    gradients = "gradients" if gathered else ", ".join(f"d{p}" for p in plan.parameters)
    return [
        *filled("gradients = [", [f"d{p}" for p in plan.parameters], "]"),
        "norm = np.sqrt(sum(np.sum(g * g) for g in gradients))  # of all of them together",
        "if norm > clip_norm:",
        f"    {gradients} = {clipped}",
    ]


def _optimizer(plan: Plan) -> tuple[Rule, Formula]:
    rule = rule_of(plan.settings.optimizer)
    label = identifier(type(plan.settings.optimizer).__name__)
    return rule, plan.library.formula(formula_of(rule), label, calls=0)


def counted(plan: Plan) -> bool:
    """Whether a step must know its number."""
    _, formula = _optimizer(plan)
    return formula.arguments[3] in formula.taken or "step" in plan.rate.looks_at


def update(plan: Plan) -> list[str]:
    """The lines that clip the gradients and take a step."""
    rule, formula = _optimizer(plan)
    in_line = formula.line is not None and not rule.averages
    done = "epoch + 1" if plan.batch is None else "step"  # steps taken, this one included
    lines = [*_clipping(plan, not in_line), *_decay(plan, rule)]
    if in_line:
        return lines + [f"{p} = {formula(p, f'd{p}', plan.rate.name, done)}" for p in plan.parameters]
    of_one = [f"{name}[i]" for name in averages_of(rule)]
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
    names = averages_of(rule_of(plan.settings.optimizer))
    note = "  # for each parameter what the optimizer keeps"
    lines = [f"{name} = [np.zeros_like(p) for p in [{', '.join(plan.parameters)}]]" for name in names]
    return [line + (note if not i else "") for i, line in enumerate(lines)]
