"""The look that all pictures share, and how they reach the disk."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from pellucid import plots
from pellucid.errors import FileError, InputError
from pellucid.plots import style

PNG = b"\x89PNG\r\n\x1a\n"


def test_colours_and_shapes_tell_eighty_eight_classes_apart() -> None:
    looks = {(style.colour(k), style.marker(k)) for k in range(88)}
    assert len(looks) == 88
    assert style.colour(8) == style.colour(0)
    assert style.marker(8) != style.marker(0)


def test_save_makes_the_folder_and_writes_a_png(tmp_path: Path) -> None:
    written = plots.save(plots.bars([1, 2], ["a", "b"]), tmp_path / "new" / "folder" / "picture.png")
    assert written == tmp_path / "new" / "folder" / "picture.png"
    assert written.read_bytes().startswith(PNG)


def test_save_is_legible_at_usual_widths(tmp_path: Path) -> None:
    written = plots.save(plots.lines({"loss": [3, 2, 1]}), tmp_path / "curve.png")
    width = int.from_bytes(written.read_bytes()[16:20], "big")
    assert 900 <= width <= 1400


def test_save_adds_the_ending_and_knows_others(tmp_path: Path) -> None:
    figure = plots.bars([1], ["a"])
    assert plots.save(figure, str(tmp_path / "plain")).name == "plain.png"
    assert plots.save(figure, tmp_path / "vector.svg").read_text().lstrip().startswith("<?xml")


def test_save_refuses_an_unknown_ending(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'\.docx'.*\.png"):
        plots.save(plots.bars([1], ["a"]), tmp_path / "picture.docx")


def test_save_says_in_plain_words_that_a_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FileError, match=r"taken.*cannot be written.*Choose a folder"):
        plots.save(plots.bars([1], ["a"]), tmp_path / "taken" / "picture.png")


def test_save_says_in_plain_words_that_a_file_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "picture.png").mkdir()
    with pytest.raises(FileError, match=r"picture\.png cannot be written"):
        plots.save(plots.bars([1], ["a"]), tmp_path / "picture.png")


def test_words_are_never_read_as_mathematics(tmp_path: Path) -> None:
    names = [r"price $\frac{$", "_hidden_", "US$ and C$"]
    made = {
        "points": plots.points(np.eye(3)[:, :2], names, title=names[0], features=names[1:]),
        "bars": plots.bars([1, 2, 3], names, title=names[0], ylabel=names[2]),
        "confusion": plots.confusion(np.eye(3), names, title=names[0]),
        "network": plots.network([3, 1], inputs=names, title=names[0]),
        "images": plots.images(np.eye(4)[:3], titles=names, title=names[0]),
        "lines": plots.lines({name: [1, 2] for name in names}, title=names[0]),
    }
    for name, figure in made.items():
        plots.save(figure, tmp_path / name)  # matplotlib reads mathematics when it draws


def test_a_name_with_an_underscore_stays_in_the_legend() -> None:
    legend = plots.lines({"_first": [1, 2], "second": [2, 1]}).axes[0].get_legend()
    assert [text.get_text().strip() for text in legend.get_texts()] == ["_first", "second"]


def test_shorten_keeps_both_ends() -> None:
    assert style.shorten("short") == "short"
    long = style.shorten("a feature with a very long name, number 17", 20)
    assert len(long) <= 20
    assert long.startswith("a feature")
    assert long.endswith("17")
    assert "…" in long


def test_can_write_knows_what_the_fonts_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "_chinese_fonts", list)
    assert plots.can_write("loss, R², é")
    assert not plots.can_write("损失")
    monkeypatch.setattr(style, "_chinese_fonts", lambda: ["SimHei"])
    assert plots.can_write("损失")


def test_chinese_words_ask_for_a_chinese_font_after_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(style, "_chinese_fonts", lambda: ["SimHei"])
    title = plots.bars([1], ["a"], title="损失").axes[0].title
    assert title.get_fontfamily()[-1] == "SimHei"
    assert len(title.get_fontfamily()) > 1
    assert "SimHei" not in plots.bars([1], ["a"], title="loss").axes[0].title.get_fontfamily()


def test_a_chinese_sign_counts_as_two() -> None:
    assert style.signs("ab\nabc", "损失") == 4
    assert style.signs() == 0


def test_importing_plots_imports_no_matplotlib_and_drawing_no_pyplot() -> None:
    program = (
        "import sys, pellucid.plots as plots\n"
        "assert 'matplotlib' not in sys.modules\n"
        "plots.bars([1], ['a']).savefig(__import__('io').BytesIO())\n"
        "assert 'matplotlib.figure' in sys.modules and 'matplotlib.pyplot' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_threads_may_draw_at_the_same_time(tmp_path: Path) -> None:
    def draw(k: int) -> None:
        plots.save(plots.lines({"a": range(k + 2)}, title=str(k)), tmp_path / f"{k}.png")

    threads = [threading.Thread(target=draw, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(tmp_path.glob("*.png"))) == 4


def test_a_dark_style_of_the_user_cannot_hide_the_words() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    with matplotlib.rc_context({"text.color": "white", "axes.labelcolor": "white", "xtick.color": "white"}):
        ax = plots.lines({"a": [1, 2]}, "t", "x").axes[0]
        assert ax.title.get_color() == style.INK
        assert ax.xaxis.label.get_color() == style.INK
        assert {tick.label1.get_color() for tick in ax.xaxis.get_major_ticks()} == {style.SOFT}


def test_a_figure_shows_itself_in_a_notebook() -> None:
    """IPython asks for this name; pyplot, which would teach it about figures, is never imported."""
    figure = plots.bars([1, 2], ["a", "b"])
    assert figure._repr_png_().startswith(PNG)
    assert pickle.loads(pickle.dumps(figure))._repr_png_().startswith(PNG)
    assert plots.network([2, 3, 1])._repr_png_().startswith(PNG)
