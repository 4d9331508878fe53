"""The training loop of a program: epochs, batches, the order of the rows, held-out rows and when to stop."""

from __future__ import annotations

from collections.abc import Mapping

from pellucid.explain.program import deep, steps
from pellucid.explain.program.plan import Plan
from pellucid.explain.program.text import filled, indented, plain


def training(plan: Plan) -> list[str]:
    """The lines of the training, with a heading."""
    settings = plan.settings
    numbers: dict[str, float] = {"epochs": settings.epochs}
    numbers |= {} if plan.batch is None else {"batch_size": plan.batch}
    numbers["learning_rate"] = settings.optimizer.learning_rate
    others = {name: value for name in ("l2", "l1", "clip_norm") if (value := getattr(settings, name))}
    lines = ["# Training", *_set(plan, numbers), *_set(plan, others)]
    whole = [*lines, *_before(plan), "", "for epoch in range(epochs):", *indented(_epoch(plan)), *_after(plan)]
    return [line for line in whole if line] if plan.compact else whole


def _set(plan: Plan, numbers: Mapping[str, float]) -> list[str]:
    """The lines that give numbers their names: one for each, or one for all."""
    if not plan.compact or not numbers:
        return [f"{name} = {value!r}" for name, value in numbers.items()]
    return [f"{', '.join(numbers)} = {', '.join(map(repr, numbers.values()))}"]


def forward_function(plan: Plan) -> list[str]:
    """The forward pass as a function, where it is needed twice: for a step, and for the rows held out."""
    if not plan.validated:
        return []
    if plan.deep:
        arguments = ["X", *(["masks=(1.0,) * layers"] if plan.drops else [])]
        lines, outputs = deep.forward(plan), deep.names_of_forward(plan)
    else:
        arguments = ["X", *(f"{mask}=1" for mask in _masks(plan))]
        lines, outputs = steps.forward(plan), _outputs(plan)
    return [f"def forward({', '.join(arguments)}):", *indented([*lines, f"return {outputs}"])]


def _outputs(plan: Plan) -> str:
    return ", ".join(link.name for link in plan.chain)


def _masks(plan: Plan) -> list[str]:
    return [link.mask for link in plan.chain if link.kind == "dropout"]


def _before(plan: Plan) -> list[str]:
    """What is set up once."""
    lines = steps.averages(plan)
    if "steps" in plan.rate.looks_at and plan.batch is not None:
        lines.append("steps = epochs * -(-len(X_train) // batch_size)  # of all epochs; the last batch may be smaller")
    counted, stopped = plan.batch is not None and steps.counted(plan), plan.settings.early_stopping is not None
    if counted and stopped and plan.compact:
        lines.append("step, best_loss = 0, np.inf")
    elif counted:
        lines.append("step = 0  # taken so far")
    if plan.rate.watches is not None:
        lines.append("best, waited, scale = np.inf, 0, 1.0  # what the schedule remembers")
    if stopped and not (counted and plan.compact):
        lines.append("best_loss = np.inf")
    return lines


def _epoch(plan: Plan) -> list[str]:
    """The lines of one epoch."""
    shuffled = plan.batch is not None and plan.settings.shuffle
    drawn = [what for what, is_so in (("the order of the rows", shuffled), ("dropout", plan.drops)) if is_so]
    lines = []
    if drawn:
        seed = f"np.random.default_rng(({plan.settings.seed}, epoch))"
        lines.append(f"rng = {seed}  # decides {' and '.join(drawn)}")
    if _looks_back(plan):
        lines += ["first_parameters = W, b"] if plan.deep else filled("first_parameters = [", plan.parameters, "]")
    rate = [] if plan.rate.line is None else [plan.rate.line]
    if plan.batch is None:
        lines += [*rate, *_step(plan), *_end(plan)]
        return lines if lines[0] else lines[1:]
    by_step = "step" in plan.rate.looks_at
    batches = _batches(plan, [] if not by_step else rate)
    return [*lines, *([] if by_step else rate), *batches, *_end(plan)]


def _looks_back(plan: Plan) -> bool:
    """Whether the loss that early stopping watches belongs to the parameters that an epoch begins with."""
    return plan.settings.early_stopping is not None and plan.batch is None and not plan.validated


def _batches(plan: Plan, rate: list[str]) -> list[str]:
    """The lines of an epoch that goes through the rows a batch at a time."""
    of_batch = ["X", "t", *(["w"] if plan.weighted else [])]
    taken = ", ".join(f"{name}_train[rows]" for name in of_batch)
    rows = "order[start : start + batch_size]" if plan.settings.shuffle else "slice(start, start + batch_size)"
    lines = ["order = rng.permutation(len(X_train))  # in every epoch another one"] if plan.settings.shuffle else []
    if plan.compact and plan.settings.shuffle:
        lines += ["epoch_loss = 0.0", "for rows in np.split(order, range(batch_size, len(order), batch_size)):"]
        inner = [f"{', '.join(of_batch)}, n = {taken}, len(rows)"]
    else:
        lines += ["epoch_loss = 0.0", "for start in range(0, len(X_train), batch_size):"]
        inner = [f"rows = {rows}", f"{', '.join(of_batch)} = {taken}"]
        inner.append("n = len(X)  # batch_size, or what is left for the last batch")
    share = "np.sum(w) / np.sum(w_train)" if plan.weighted else "n / len(X_train)"
    inner += [*rate, *_step(plan), f"epoch_loss += float(L) * {share}  # the mean over all rows"]
    return [*lines, *indented(inner)]


def _step(plan: Plan) -> list[str]:
    """One step, with a heading for each part."""
    # One after the other: the formulas stand in the program in the order in which they are asked for.
    parts = {
        "Forward pass: weighted sums z, then activations of them": _forward(plan),
        f"Loss: {plain(plan.net.loss_function.name)}, the mean over the rows": steps.loss(plan),
    }
    first = "dW[0] is dL/dW[0], delta is dL/dz" if plan.deep else "dW1 is dL/dW1, delta1 is dL/dz1"
    chain = f"Backward pass: the chain rule, from the last layer to the first; {first}"
    parts[chain] = deep.backward(plan) if plan.deep else steps.backward(plan)
    counted = ["step += 1"] if plan.batch is not None and steps.counted(plan) else []
    update = deep.update(plan) if plan.deep else steps.update(plan)
    parts[f"Update: a step of {type(plan.settings.optimizer).__name__} against the gradient"] = [*counted, *update]
    return [line for heading, part in parts.items() for line in ("", f"# {heading}", *part)] + [""]


def _forward(plan: Plan) -> list[str]:
    forward = deep.forward(plan) if plan.deep else steps.forward(plan)
    masks = deep.masks(plan) if plan.deep else steps.masks(plan)
    if plan.validated and plan.deep:
        forward = [f"{deep.names_of_forward(plan)} = forward({'X, masks' if plan.drops else 'X'})"]
    elif plan.validated:
        forward = [f"{_outputs(plan)} = forward({', '.join(['X', *_masks(plan)])})"]
    return [*masks, *forward]


def _end(plan: Plan) -> list[str]:
    """The lines that end an epoch: held-out rows, the books, and whether to stop."""
    seen = "L" if plan.batch is None else "epoch_loss"
    watched, lines, shown = seen, [], f"epoch {{epoch}}  loss {{float({seen})}}"
    if plan.validated:
        watched, shown = "L_val", f"{shown}  validation loss {{float(L_val)}}"
        lines = [
            "# Validation: the loss of the rows held out, after the epoch's last update and without dropout",
            f"{deep.names_of_forward(plan)} = forward(X_val)"
            if plan.deep
            else f"{plan.z}, {plan.a} = forward(X_val)[-2:]",
            f"L_val = np.mean({steps.losses(plan, 't_val')})",
            *steps.penalties(plan, "L_val"),
            "",
        ]
    lines.append(f'print(f"{shown}")')
    if plan.rate.watches is not None:
        lines.append(plan.rate.watches.replace("LOSS", watched))
    return lines + _stopping(plan, watched)


def _stopping(plan: Plan, watched: str) -> list[str]:
    patience = plan.settings.early_stopping
    if patience is None:
        return []
    now = "(W, b)" if plan.deep else f"[{', '.join(plan.parameters)}]"
    kept = "first_parameters" if _looks_back(plan) else now
    return [
        f"if {watched} < best_loss:",
        f"    best_loss, best_epoch, best_parameters = {watched}, epoch, {kept}",
        f"if epoch - best_epoch >= {patience}:",
        f"    break  # {patience} epochs without a lower loss",
    ]


def _after(plan: Plan) -> list[str]:
    if plan.settings.early_stopping is None:
        return []
    return [f"{'W, b' if plan.deep else ', '.join(plan.parameters)} = best_parameters"]
