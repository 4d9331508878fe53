"""The file is there as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pellucid import FileError
from pellucid.report.saving import checked, save


@pytest.mark.parametrize("name", ["run", "run.htm", "run.pdf", "html", ".html"])
def test_another_ending_is_refused_with_the_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=rf"{name}.*\.html"):
        checked(tmp_path / name)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run.html").mkdir()
    with pytest.raises(FileError, match=r"run\.html: .*folder"):
        checked(tmp_path / "run.html")


def test_folders_are_made_and_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = checked(tmp_path / "new" / "folder" / "RUN.HTML")
    save(path, "first, and longer")
    save(path, "second: 中文 \u202e")
    assert path.read_text(encoding="utf-8") == "second: 中文 \u202e"
    assert os.listdir(path.parent) == ["RUN.HTML"]


def test_who_may_read_it_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "run.html"
    umask = os.umask(0o027)
    try:
        save(path, "new")
    finally:
        os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o604)
    save(path, "again")
    assert path.stat().st_mode & 0o777 == 0o604


def test_behind_a_link_the_file_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real.html").write_text("old")
    link = tmp_path / "link.html"
    link.symlink_to("real.html")
    save(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "real.html").read_text() == "new"


def test_what_was_there_survives_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.html"
    path.write_text("old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match=r"run\.html: the report cannot be written, no space left"):
        save(path, "new and long")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["run.html"]


def test_a_file_where_a_folder_is_needed_is_said(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(FileError, match=r"taken.run\.html: .*cannot be written"):
        save(tmp_path / "taken" / "run.html", "x")


@pytest.mark.parametrize("name", ["报告.html", "a b'c\".html", "-x.html"])
def test_any_name_goes(name: str, tmp_path: Path) -> None:
    save(checked(tmp_path / name), "x")
    assert (tmp_path / name).read_text() == "x"
