"""What stands behind the numbers: what was found to be amiss, whether gradients are right, and every equation."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.gradient_check import check_gradients
from pellucid.report.markup import Html, box, el, evenly, facts, join, minus, number, paragraph, table
from pellucid.report.material import Material
from pellucid.wording import counted

CHECKED = 8  # rows on which gradients are held against differences


def findings(m: Material, diagnosis: Any = None) -> Html:
    """What `pellucid.diagnose` says, the weightiest first."""
    if diagnosis is None:
        from pellucid.explain.diagnose import diagnose

        # A network that was brought back to the target's units no longer belongs to the losses of its training.
        history = None if m.target_was_scaled else m.history
        diagnosis = diagnose(m.net, m.training.X, m.training.t, history)
    items = [el("li", el("h3", diagnosis.title(finding)), facts(finding.parts)) for finding in diagnosis]
    return join([paragraph(diagnosis.headline), el("ol", *items, class_="findings") if items else ""])


def gradients(m: Material) -> Html:
    """Backpropagation held against differences of the loss, on a few rows."""
    some = np.array(evenly(len(m.training), CHECKED))
    checked = check_gradients(
        m.net,
        m.training.X[some],
        m.training.t[some],
        l2=m.settings.l2,
        l1=m.settings.l1,
        sample_weight=None if m.weight is None or not m.weight[some].any() else m.weight[some],
    )
    header, *rows = checked.rows()
    verdict = "right" if checked.ok else "wrong"
    words = (
        f"Every gradient that training used is computed by backpropagation. Here it is held against differences of the "
        f"loss itself, on {counted(len(some), 'row')}: the gradients are {verdict}. The largest relative error is "
        f"{number(checked.max_error, 2)}; {number(checked.tolerance)} is allowed ({checked.method}). {checked.suspect}"
    )
    rows = [[minus(cell) for cell in row] for row in rows]
    made = table([*header[:-1], "verdict"], rows, "Gradients, parameter by parameter", words=(0, 1, 3, 7))
    return join([paragraph(words.rstrip()), made])


def equations(m: Material) -> Html:
    """Every formula of a training step, with the shape of each quantity."""
    s = m.settings
    written = m.net.equations(
        "html",
        optimizer=s.optimizer,
        l2=s.l2,
        l1=s.l1,
        clip_norm=s.clip_norm,
        sample_weight=m.weight is not None,
    )
    words = "One training step as it is computed, with the shape of each quantity at the right."
    return join([paragraph(words), box(Html(written), "Equations")])
