"""Images: rows of X as pictures, and the first layer's weights as pictures. All lengths are in inches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import InputError
from pellucid.plots import style
from pellucid.plots.inputs import Numbers, finite, numbers, same_length

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 200
_EDGE, _GAP, _LINE = 0.05, 0.14, 0.19


def images(
    X: ArrayLike,
    shape: tuple[int, int] | None = None,
    titles: Sequence[str] | None = None,
    columns: int = 5,
    title: str | None = None,
) -> Figure:
    """Draw rows of X as grey images, ink on white paper: 0 is white, the largest number black.

    Args:
        X: (n, height * width) or (n, height, width); uint8 is taken as 0 to 255.
        shape: (height, width); a square where left out.
        titles: words above each image; a line break is kept.
        columns: images in a row.
        title: words above them all.

    Returns:
        A figure with n images on one pair of axes.

    Raises:
        InputError: the rows do not fit the shape, there are none or more than 200, or titles differ in number.

    Example:
        >>> import numpy as np
        >>> figure = images(np.eye(4).reshape(1, 16), titles=["a diagonal"])
        >>> figure.axes[0].images[0].get_array().shape
        (4, 4)
    """
    raw = np.asarray(X)
    if raw.ndim in (2, 3) and len(raw) > MOST:  # before 60,000 rows are turned into floats
        raise InputError(f"{len(raw)} images are too many to be seen; give at most {MOST}, such as X[:20]")
    made = _pictures(raw, shape, "X")
    words = [str(text) for text in titles] if titles is not None else []
    if titles is not None:
        same_length("titles", len(words), "X", len(made))
    bright = 255.0 if raw.dtype == np.uint8 else max(float(made.max()), 1e-12)
    lines = max((text.count("\n") + 1 for text in words), default=0)
    page = _Page(made.shape, columns, max(1.2, 0.085 * style.signs(*words)), lines, title)
    for k, (left, bottom, ax) in enumerate(page.places()):
        _image(ax, made[k], left, bottom, page, cmap="gray_r", vmin=min(0.0, float(made.min())), vmax=bright)
        if words:
            ax.text(left + page.wide / 2, bottom + page.high + 0.05, words[k], **_CENTRED)
    return style.finish(page.figure)


def weights(
    W: ArrayLike,
    shape: tuple[int, int] | None = None,
    columns: int = 8,
    title: str = "First-layer weights, unit by unit",
) -> Figure:
    """Draw the weights that enter each unit as an image: blue below 0, white at 0, red above 0.

    Args:
        W: (fan_in, units); at most the first 200 units are drawn, and the title says so.
        shape: (height, width) with height * width = fan_in; a square where left out.
        columns: images in a row.
        title: words above them all.

    Returns:
        A figure with an image for each unit and one colour bar for all, symmetrical around 0.

    Raises:
        InputError: W is not two-dimensional, does not fit the shape, or is not finite.

    Example:
        >>> import numpy as np
        >>> figure = weights(np.linspace(-1, 1, 8).reshape(4, 2))
        >>> figure.axes[0].images[0].get_clim()
        (-1.0, 1.0)
    """
    plain = numbers(W, "W")
    if plain.ndim != 2:
        raise InputError(f"W has shape {plain.shape}; expected (fan_in, units), such as net.params['W1']")
    made = _pictures(plain.T, shape, "W, one unit a row,")
    if len(made) > MOST:
        title += f" ({MOST} of {len(made)})"
    made = made[:MOST]
    extreme = max(float(np.abs(made).max()), 1e-12)
    page = _Page(made.shape, columns, float(np.clip(8.0 / columns, 0.55, 0.9)), 1, title, right=0.75)
    for k, (left, bottom, ax) in enumerate(page.places()):
        _image(ax, made[k], left, bottom, page, cmap=style.two_sided(), vmin=-extreme, vmax=extreme)
        ax.text(
            left + page.wide / 2,
            bottom + page.high + 0.03,
            str(k + 1),
            **_CENTRED | {"fontsize": 8, "color": style.SOFT},
        )
    tall = min(page.bottom_of_title - 2 * _EDGE, 4.0)
    middle = page.bottom_of_title / 2
    slot = page.figure.add_axes(page.share(page.right_edge + 0.1, middle - tall / 2, 0.14, tall))
    page.figure.colorbar(page.ax.images[0], cax=slot).outline.set_visible(False)
    slot.tick_params(colors=style.SOFT, labelsize=9)
    slot.yaxis.set_major_locator(_few_ticks())
    return style.finish(page.figure)


_CENTRED: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 10, "color": style.INK, "linespacing": 1.15}


class _Page:
    """Where each image stands on a sheet: rows from the top, `columns` in a row, words above each."""

    def __init__(
        self, shape: tuple[int, ...], columns: int, width: float, lines: int, title: str | None, right: float = 0.0
    ) -> None:
        self.count, height_px, width_px = shape
        self.columns = max(1, min(columns, self.count))
        self.wide = width
        self.high = min(width * height_px / width_px, 3 * width)
        self.row = self.high + _LINE * lines + _GAP
        rows = -(-self.count // self.columns)
        content = self.columns * (self.wide + _GAP)
        self.bottom_of_title = 2 * _EDGE + rows * self.row - _GAP
        # A single narrow image must still carry the whole title.
        total = 2 * _EDGE + max(content + right, 0.125 * style.signs(title or ""))
        self.left_edge = (total - content - right) / 2
        self.right_edge = self.left_edge + content
        self.size = (total, self.bottom_of_title + (0.35 if title else 0.0))
        self.figure, self.ax = style.sheet(*self.size)
        if title:
            self.figure.suptitle(title, fontsize=13, color=style.INK, y=1 - 0.05 / self.size[1], va="top")

    def places(self) -> Iterator[tuple[float, float, Axes]]:
        """The left and bottom edge of every image."""
        for k in range(self.count):
            row, column = divmod(k, self.columns)
            left = self.left_edge + column * (self.wide + _GAP) + _GAP / 2
            yield left, self.bottom_of_title - _EDGE - (row + 1) * self.row + _GAP, self.ax

    def share(self, left: float, bottom: float, wide: float, high: float) -> tuple[float, float, float, float]:
        """A box in inches as shares of the sheet."""
        return left / self.size[0], bottom / self.size[1], wide / self.size[0], high / self.size[1]


def _image(ax: Axes, picture: NDArray[Any], left: float, bottom: float, page: _Page, **look: Any) -> None:
    """One image with a thin frame; the limits of the sheet stay."""
    from matplotlib.patches import Rectangle

    limits = {"xlim": ax.get_xlim(), "ylim": ax.get_ylim()}
    box = (left, left + page.wide, bottom, bottom + page.high)
    ax.imshow(picture, extent=box, interpolation="nearest", aspect="auto", **look)
    ax.add_patch(Rectangle((left, bottom), page.wide, page.high, fill=False, edgecolor=style.FAINT, linewidth=0.8))
    ax.set(**limits)


def _pictures(rows: NDArray[Any], shape: tuple[int, int] | None, what: str) -> Numbers:
    """Rows as (n, height, width) finite floats."""
    if rows.ndim not in (2, 3) or not rows.size:
        raise InputError(
            f"{what} has shape {rows.shape}; expected (n, height * width) or (n, height, width), n at least 1"
        )
    made = finite(numbers(rows, what), what)
    if made.ndim == 3:
        return made
    side = round(made.shape[1] ** 0.5)
    height, width = shape or (side, side)
    if height * width != made.shape[1]:
        raise InputError(
            f"{what} has {made.shape[1]} numbers a row, which do not fill {height} x {width}; "
            f"give shape=(height, width) with height * width = {made.shape[1]}"
        )
    return made.reshape(-1, height, width)


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(5, symmetric=True)
