"""Pictures inside the page: drawn by `pellucid.plots`, as SVG whose colours follow the page's light and dark."""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import InputError, MissingExtra, need
from pellucid.plots import style
from pellucid.report.markup import Html, box, el, paragraph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]

MANY = 600  # points; more are drawn as one image, not as a shape each
LEAST = 0.55  # of its size, to which a picture shrinks on a narrow screen; beyond that it scrolls
FITS = 780  # pixels, which the page has on a wide screen
RASTER = 144  # dots an inch of what is drawn as an image

# What a picture has in these colours takes the page's own, which differ between light and dark.
VARIABLES = {
    style.INK: "ink",
    style.SOFT: "soft",
    style.FAINT: "line",
    "#FFFFFF": "paper",
    "#9AA3AD": "link",
    "#F3F4F6": "fill0",
    "#CFE6F5": "fill1",
    "#FBE0CC": "fill2",
} | {colour: f"c{k}" for k, colour in enumerate(style.COLOURS)}

# Verdana is as wide as the font that the picture was laid out with, and is where that is not.
FONTS = "'DejaVu Sans', Verdana, Geneva, sans-serif"
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "pellucid", "svg.image_inline": True}
_lock = threading.Lock()


def missing() -> str | None:
    """Why no pictures can be drawn, and what to do; None where they can."""
    try:
        need("matplotlib", "plot")
    except MissingExtra as error:
        return str(error)
    return None


def picture(key: str, draw: Callable[[], Figure], alt: str, *caption: str) -> Html:
    """A figure with its caption: SVG inside the page; nothing where there is no matplotlib.

    Args:
        key: a word for the names inside the SVG, so that no two pictures of a page share one.
        draw: makes the figure.
        alt: what is seen, for those who cannot see it.
        caption: stands below.
    """
    if missing() is not None:
        return Html("")
    try:
        with warnings.catch_warnings():
            # A sign that no font of this computer has is drawn by the reader's browser, with the fonts there.
            warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
            drawn = themed(_svg(draw()), key, alt)
    except (InputError, OverflowError) as error:
        return paragraph(f"This picture could not be drawn: {error}", class_="note")
    return el("figure", box(drawn, alt), el("figcaption", *caption), class_="picture")


def _svg(figure: Figure) -> str:
    """The figure as SVG with texts as texts, on no ground of its own."""
    _let_shine_through(figure)
    file = io.StringIO()
    with _settings():
        figure.savefig(
            file,
            format="svg",
            transparent=True,
            metadata={"Date": None},
            dpi=RASTER,
            bbox_inches="tight",
            pad_inches=0.04,
        )
    return file.getvalue()


def _let_shine_through(figure: Figure) -> None:
    """Turn white that was mixed into colours back into clear paper; draw many points as one image."""
    from matplotlib.collections import PathCollection, QuadMesh
    from matplotlib.contour import ContourSet
    from matplotlib.image import AxesImage

    for artist in figure.findobj():
        if isinstance(artist, AxesImage):
            artist.set_data(clear(artist.to_rgba(np.asarray(artist.get_array()))))
            artist.set_interpolation("none")  # as it is: the browser smooths it, and the file stays small
        elif isinstance(artist, QuadMesh):  # a colour bar
            colours = clear(artist.to_rgba(np.asarray(artist.get_array())))
            artist.set(array=None, facecolor=colours.reshape(-1, 4))
        elif isinstance(artist, PathCollection) and len(np.asarray(artist.get_offsets())) > MANY:
            artist.set(rasterized=True, edgecolor="none")
        elif isinstance(artist, ContourSet) and artist.filled:
            artist.set(rasterized=True, antialiased=False)  # or the light between two levels would show


def clear(rgba: Array) -> Array:
    """Colours (..., 4) that look the same on white, with as little of their own light as can be.

    Example:
        >>> clear(np.array([[1.0, 0.5, 0.5, 1.0], [1.0, 1.0, 1.0, 1.0]])).tolist()
        [[1.0, 0.0, 0.0, 0.5], [1.0, 1.0, 1.0, 0.0]]
    """
    alpha = rgba[..., 3:]
    on_white = rgba[..., :3] * alpha + (1 - alpha)
    cover = 1 - on_white.min(axis=-1, keepdims=True)
    colour = np.where(cover > 0, (on_white - (1 - cover)) / np.where(cover > 0, cover, 1), 1.0)
    return np.concatenate([colour.clip(0, 1), cover], axis=-1)


@contextmanager
def _settings() -> Iterator[None]:
    """matplotlib knows these settings for the whole program only: they are put back at once."""
    known: Any = need("matplotlib", "plot").rcParams
    with _lock:
        before = {name: known[name] for name in SETTINGS}
        known.update(SETTINGS)
        try:
            yield
        finally:
            known.update(before)


def themed(svg: str, key: str, alt: str) -> Html:
    """matplotlib's SVG as a part of the page: no file header, names of its own, colours and fonts of the page."""
    svg = svg[svg.index("<svg") :]
    for gone in (r"<metadata>.*?</metadata>", r"<style .*?</style>", r"<!--.*?-->", r' transform="rotate\(-?0 [^"]*"'):
        svg = re.sub(gone, "", svg, flags=re.DOTALL)
    svg = re.sub(r"<defs>\s*</defs>", "", svg)
    head, _, body = svg.partition(">")
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head)
    assert found is not None
    width, height = (float(side) for side in found.groups())
    body = re.sub(r'(?<=[\s"])xlink:href="', 'href="', body)
    body = re.sub(r'\bid="', f'id="{key}-', body)
    body = re.sub(r'href="#', f'href="#{key}-', body)
    body = re.sub(r"url\(#", f"url(#{key}-", body)
    body = re.sub(r'\b(d|x|y|transform)="([^"]*)"', _rounded, body)
    body = re.sub(r'(?<=style=")[^"]*', _in_colours_of_the_page, body)
    body = re.sub(r">\s+<", "><", body)
    body = body.replace("base64,\n", "base64,")
    start = el(
        "svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=round(width * 4 / 3),
        height=round(height * 4 / 3),
        style=f"min-width:{min(round(LEAST * width * 4 / 3), FITS)}px",
        role="img",
        aria_label=alt,
    ).removesuffix("</svg>")
    return Html(start + body.strip())


def _rounded(found: re.Match[str]) -> str:
    """An attribute with lengths to the hundredth of a point."""
    lengths = re.sub(r"-?\d+\.\d{3,}", lambda length: f"{float(length[0]):.2f}", found[2])
    return f'{found[1]}="{" ".join(lengths.split())}"'


def _in_colours_of_the_page(found: re.Match[str]) -> str:
    """A style with the page's colours and its fonts."""
    written = re.sub(r"font-family: [^;]*", f"font-family: {FONTS}", found[0])
    return re.sub(r"#[0-9a-f]{6}\b", lambda hue: _variable(hue[0]), written)


def _variable(hue: str) -> str:
    named = VARIABLES.get(hue.upper(), VARIABLES.get(hue))
    return hue if named is None else f"var(--{named})"
