"""One look for every picture: the colours, the marker shapes, the figures, and how they reach the disk."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import FileError, InputError, need
from pellucid.files.writing import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from matplotlib.text import Text

# After Okabe and Ito, "Color universal design" (2008): told apart with every common kind of colour blindness.
# Black is softened; their yellow, which is hardly seen on white, gives way to a wine red.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D", "#882255")
# Eleven shapes and eight colours share no divisor: the first 88 classes all look different.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">", "p")
# How much larger than a circle's area a shape must be given to look as large.
_AREA = {"s": 0.85, "D": 0.75, "^": 1.15, "v": 1.15, "<": 1.15, ">": 1.15, "P": 1.3, "X": 1.3, "*": 1.9, "p": 1.1}

BLUE, RED = COLOURS[0], COLOURS[1]
INK = "#24292F"
SOFT = "#57606A"
FAINT = "#D0D7DE"
DPI = 150
NOTEBOOK_DPI = 90

# Fonts with Chinese signs, as the usual systems name them.
_CHINESE = (
    *(
        "Noto Sans CJK SC",
        "Noto Sans SC",
        "Source Han Sans SC",
        "Source Han Sans CN",
        "PingFang SC",
        "Hiragino Sans GB",
    ),
    *(
        "Microsoft YaHei",
        "SimHei",
        "WenQuanYi Micro Hei",
        "WenQuanYi Zen Hei",
        "Droid Sans Fallback",
        "Arial Unicode MS",
    ),
    *("Noto Sans CJK JP", "Noto Sans CJK TC", "Heiti TC", "SimSun"),
)


def colour(k: int) -> str:
    """The colour of class k, the same in every picture."""
    return COLOURS[k % len(COLOURS)]


def marker(k: int) -> str:
    """The marker shape of class k, the same in every picture."""
    return MARKERS[k % len(MARKERS)]


def area(k: int) -> float:
    """What to multiply a marker's area with, so that all classes look equally large."""
    return _AREA.get(marker(k), 1.0)


def figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches that keeps its parts from overlapping."""
    engine = need("matplotlib.layout_engine", "plot").ConstrainedLayoutEngine(w_pad=0.09, h_pad=0.06)
    return _made(width, height, engine)


def _made(width: float, height: float, layout: Any) -> Figure:
    """A figure that shows itself in a notebook, although pyplot, which would see to that, is not used."""
    figure_class = need("matplotlib.figure", "plot").Figure
    made: Figure = figure_class(figsize=(width, height), dpi=DPI, facecolor="white", layout=layout)
    setattr(made, "_repr_png_", partial(_png, made))  # noqa: B010  # the name is IPython's, which matplotlib lacks
    return made


def _png(figure: Figure) -> bytes:
    file = BytesIO()
    figure.savefig(file, format="png", dpi=NOTEBOOK_DPI, bbox_inches="tight", pad_inches=0.1)
    return file.getvalue()


def place(ax: Axes | None, width: float, height: float) -> tuple[Figure, Axes]:
    """The caller's axes and their figure; where there are none, new ones."""
    if ax is None:
        made = figure(width, height)
        return made, made.add_subplot()
    return ax.figure.figure, ax  # .figure.figure: the whole figure, also from inside a SubFigure


def sheet(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure covered by one bare pair of axes that counts in inches from the lower left corner."""
    made = _made(width, height, "none")
    ax = made.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.set_axis_off()
    return made, ax


def dress(ax: Axes, title: str | None = None, xlabel: str = "", ylabel: str = "", grid: bool = False) -> None:
    """Give axes their words and the light look; explicit, so that a user's dark style cannot hide the words."""
    ax.set_facecolor("white")
    ax.set_xlabel(xlabel, color=INK, fontsize=11)
    ax.set_ylabel(ylabel, color=INK, fontsize=11)
    if title:
        ax.set_title(title, color=INK, fontsize=13, pad=10)
    ax.tick_params(which="both", colors=SOFT, labelsize=10)
    for side, spine in ax.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=SOFT, linewidth=0.8)
    ax.grid(False)
    if grid:
        ax.grid(True, color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)


def legend(ax: Axes, handles: Sequence[Any], names: Sequence[str], **where: Any) -> None:
    """A legend without a frame; to the right of the axes unless `where` says otherwise."""
    # A name that begins with an underscore would be left out: matplotlib's sign for "no entry".
    shown = [" " + name if name.startswith("_") else name for name in (shorten(name, 34) for name in names)]
    right: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "borderaxespad": 0.0}
    look: dict[str, Any] = where if "loc" in where else right | where
    columns = -(-len(shown) // 20)
    made = ax.legend(handles, shown, fontsize=10, labelcolor=INK, ncols=columns, handletextpad=0.5, **look)
    made.get_frame().set(facecolor="white", edgecolor="none", alpha=0.85)  # hides the grid behind the words
    literal(made.get_texts())


def bar(figure: Figure, mappable: Any, ax: Axes, label: str, height: float = 1.0) -> None:
    """A slim colour bar with a name, at the right of the axes; `height` is its share of theirs."""
    slot = ax.inset_axes((1.03, 0.0, 0.03, height))  # inside, so that it follows axes of a fixed aspect
    figure.colorbar(mappable, cax=slot).outline.set_visible(False)
    slot.tick_params(colors=SOFT, labelsize=9)
    slot.set_ylabel(label, color=INK, fontsize=10)
    literal([slot.yaxis.label])


def finish(figure: Figure) -> Figure:
    """Let every word that a person gave stand as it was written, in a font that has its signs."""
    for ax in figure.axes:
        literal([ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts])
    literal(figure.texts)
    return figure


def literal(texts: Sequence[Text]) -> None:
    """Keep a column called "US$ or C$" from being read as mathematics, and Chinese from being drawn as boxes."""
    for text in texts:
        text.set_parse_math(False)
        if _beyond_latin(text.get_text()):
            text.set_fontfamily([*text.get_fontfamily(), *_chinese_fonts()])


def can_write(text: str) -> bool:
    """Whether this computer's fonts can draw a text; False for Chinese where no Chinese font is installed.

    Example:
        >>> can_write("loss")
        True
    """
    return not _beyond_latin(text) or bool(_chinese_fonts())


def _beyond_latin(text: str) -> bool:
    return any(sign >= "\u2e80" for sign in text)  # here the blocks of East Asian signs begin


def _chinese_fonts() -> list[str]:
    installed = {font.name for font in need("matplotlib.font_manager", "plot").fontManager.ttflist}
    return [name for name in _CHINESE if name in installed]


def shorten(text: str, most: int = 28) -> str:
    """The text; where it is longer than `most` signs its beginning and end: names often differ in their last signs."""
    if len(text) <= most:
        return text
    tail = most // 3
    return f"{text[: most - 1 - tail].rstrip()}…{text[-tail:].lstrip()}"


def signs(*texts: str) -> int:
    """The widest line among texts, counted in Latin signs; a Chinese one is as wide as two."""
    lines = [line for text in texts for line in text.split("\n")]
    return max((sum(2 if _beyond_latin(sign) else 1 for sign in line) for line in lines), default=0)


def two_sided() -> Colormap:
    """Blue for less, white for the middle, red for more: the scale of weights and of probabilities."""
    made: Colormap = need("matplotlib.colors", "plot").LinearSegmentedColormap.from_list(
        "pellucid", ["#004C78", BLUE, "#FFFFFF", RED, "#8F3F00"]
    )
    return made


def blend(share: NDArray[np.float64], hue: str | NDArray[np.float64]) -> NDArray[np.float64]:
    """White mixed with a colour: share 0 is white, 1 is the colour. (...,) to (..., 3)."""
    rgb = np.asarray(need("matplotlib.colors", "plot").to_rgb(hue) if isinstance(hue, str) else hue)
    mixed: NDArray[np.float64] = 1.0 - share[..., None] * (1.0 - rgb)
    return mixed


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure to a file, PNG unless the name ends otherwise (.svg, .pdf), and make the folder if needed.

    Args:
        figure: what one of the functions here returned.
        path: where to; ".png" is added to a name without an ending.

    Returns:
        The path of the file that was written.

    Raises:
        InputError: the ending is of no kind of picture that matplotlib writes.
        FileError: the folder cannot be made or the file cannot be written.

    Example:
        >>> import tempfile
        >>> from pellucid.plots import bars
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save(bars([3, 5], ["ours", "theirs"]), folder + "/new/seconds").name
        'seconds.png'
    """
    target = Path(path)
    target = target if target.suffix else target.with_name(target.name + ".png")
    kind = target.suffix[1:].lower()
    if kind not in figure.canvas.get_supported_filetypes():
        raise InputError(
            f"a picture cannot be written as {target.suffix!r} ({target}): write a name that ends in .png, .svg or .pdf"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as file:
            figure.savefig(file, format=kind, dpi=DPI, bbox_inches="tight", pad_inches=0.15)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(
            f"the picture {target} cannot be written: {reason}. Choose a folder that you may write to, "
            f"and a name that is not a folder's."
        ) from error
    return target
