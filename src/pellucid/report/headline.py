"""The head of the report: its title, the result in a sentence or two, and the numbers that people ask for first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pellucid import metrics
from pellucid.report.markup import Html, facts, join, name, number, paragraph, score, share, shown
from pellucid.report.material import Material, Part
from pellucid.wording import counted


def title_of(m: Material) -> str:
    """A plain title, from what the data and the target are called."""
    target = None if m.net.target is None else f"Predicting {shown(m.net.target, 40)}"
    data = None if m.data is None else shown(m.data, 40)
    if data is not None and target is not None:
        return f"{target} in {data}"
    return data or target or "A training run"


def result(m: Material) -> Html:
    """The result in a sentence, what it is to be measured against, and how far it is to be trusted."""
    part = m.judged
    sentence = _values(m, part) if m.net.task == "values" else _right(m, part)
    return join([paragraph(sentence, class_="result"), paragraph(_trust(m), class_="trust")])


def on_rows(part: Part) -> str:
    """Which rows are spoken of."""
    seen = {
        "test": "that it never saw while it learnt",
        "validation": "that were held out",
        "training": "that it learnt from",
    }
    return f"{counted(len(part), f'{part.name} row')} {seen[part.name]}"


def _right(m: Material, part: Part) -> Html:
    right = int(correct(part).sum())
    what: str = "the right answer" if m.net.target is None else join(["the right ", name(m.net.target, 40)])
    if m.net.task == "labels":
        what = f"all {m.net.outputs} answers"
    pieces: list[str] = ["Of ", on_rows(part), ", the network gives ", what, f" for {right:,}: "]
    pieces += [join([_strong(share(right / len(part)))]), "."]
    if m.classes:
        counts = np.bincount(m.training.y, minlength=m.classes)
        commonest = int(counts.argmax())
        guess = float(np.mean(part.y == commonest))
        pieces += [" Always answering ", name(m.spoken(commonest), 40), f" would be right for {share(guess)}."]
    return join(pieces)


def _values(m: Material, part: Part) -> Html:
    error = metrics.mean_absolute_error(part.t, part.a)
    mean = np.broadcast_to(m.training.t.astype(np.float64).mean(axis=0), part.t.shape)
    what: str = "the target" if m.net.target is None else name(m.net.target, 40)
    several = f" over {m.net.outputs} outputs" if m.net.outputs > 1 else ""
    pieces: list[str] = ["On ", on_rows(part), ", the network misses ", what, " by "]
    pieces += [_strong(number(error)), f" on average{several}"]
    r2 = metrics.r2(part.t, part.a)
    if not np.isnan(r2):
        pieces += [" (R² ", _strong(score(r2)), ")"]
    guess = number(metrics.mean_absolute_error(part.t, mean))
    return join([*pieces, f". Always answering the mean of the training rows would miss by {guess}."])


def _strong(text: str) -> Html:
    return Html(f"<strong>{join([text])}</strong>")


def _trust(m: Material) -> str:
    if m.judged.name == "test":
        return "The test rows played no part in training, so new rows of the same kind should fare alike."
    if m.judged.name == "validation":
        chosen = m.settings.early_stopping is not None
        why = "decided when training stopped" if chosen else "were watched during training"
        return f"These rows {why}, so new rows may fare a little worse; no rows were kept for a test."
    return "No rows were held out: what the network does with new rows is not known, and may be much worse."


def correct(part: Part) -> npt.NDArray[np.bool_]:
    """(n,) whether each row is answered rightly, in every output."""
    same: npt.NDArray[np.bool_] = np.asarray(part.predicted == part.y).reshape(len(part), -1)
    return np.logical_and.reduce(same, axis=1)


def figures(m: Material) -> Html:
    """The numbers that people ask for first."""
    if m.net.task == "values":
        pairs = [("R²", score(metrics.r2(m.judged.t, m.judged.a)))]
    else:
        pairs = [("accuracy", share(float(correct(m.judged).mean())))]
    pairs += [("rows learnt from", f"{len(m.training):,}"), ("features", f"{m.net.inputs:,}")]
    pairs += [("classes", f"{m.classes:,}")] if m.classes else []
    pairs += [("parameters", f"{m.net.theta.size:,}")]
    if m.history is not None and len(m.history):
        pairs += [("epochs", f"{len(m.history):,}")]
    return facts(pairs)
