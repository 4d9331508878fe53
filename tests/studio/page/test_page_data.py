"""1. Data: every set, noise, shares, own files by picker and by drop, points drawn by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from page_tools import Studio

CSV = "size,weight,length,kind\n" + "\n".join(
    f"{i % 7}.5,{(i * 13) % 31},{(i * i) % 11},{['apple', 'pear'][(i % 7) > 3]}" for i in range(60)
)


def choose(studio: Studio, kind: str) -> Studio:
    studio.part(f"set-{kind}").click()
    studio.said(f"data={kind}&")
    return studio


@pytest.mark.parametrize(
    ("kind", "columns", "outputs"),
    [
        ("circles", 2, 2), ("xor", 2, 2), ("spiral", 2, 3), ("blobs", 2, 3), ("microchips", 2, 2), ("plane", 2, 1), ("waves", 2, 1),
        ("iris", 4, 3), ("wine", 13, 3), ("breast-cancer", 30, 2),
    ],
)  # fmt: skip
def test_every_set_of_data_is_one_click_away(studio: Studio, kind: str, columns: int, outputs: int) -> None:
    choose(studio, kind)
    studio.until(lambda: studio.part("unit-1-0").count() == 1)
    last = studio.page.locator(".units .output")
    studio.until(lambda: last.count() == outputs)
    studio.until(lambda: studio.page.locator('.units [data-layer="0"]').count() == columns)
    studio.run(1)
    assert studio.number("loss-train") > 0
    assert studio.part(f"set-{kind}").get_attribute("aria-pressed") == "true"
    studio.shot(f"data-{kind}")


def test_digits_are_images_that_go_in(studio: Studio) -> None:
    choose(studio, "digits")
    studio.until(lambda: studio.page.locator(".units .output").count() == 10)
    studio.part("outcome-pad").wait_for()
    studio.run(1)
    studio.shot("data-digits")


def test_spirals_have_two_to_five_arms(studio: Studio) -> None:
    choose(studio, "spiral")
    for arms in (2, 5):
        studio.part("data-arms").fill(str(arms))
        studio.said(f"data.arms={arms}")
        studio.until(lambda arms=arms: studio.page.locator(".units .output").count() == arms)
    studio.shot("data-spiral-of-five")


def test_noise_points_share_and_standardizing(studio: Studio) -> None:
    before = studio.page.evaluate("document.querySelector('.plane .pick').toDataURL()")
    studio.part("data-noise").fill("0.5")
    studio.said("data.noise=0.5")
    studio.until(lambda: studio.page.evaluate("document.querySelector('.plane .pick').toDataURL()") != before)
    studio.part("validation").fill("0.5")
    studio.until(lambda: "60 rows to train on, 60 held out" in studio.text("facts"))
    studio.part("standardize").uncheck()
    studio.said("standardize=false")
    studio.part("batch").select_option("8")
    studio.said("batch=8")
    seed = studio.state()
    studio.part("new-points").click()
    studio.until(lambda: studio.state() != seed)


def test_features_are_switched_on_and_off(studio: Studio) -> None:
    for count, name in enumerate(("x1^2", "x2^2", "x1x2", "sinx1", "sinx2"), start=3):
        studio.part(f"feature-{name}").click()
        studio.until(lambda count=count: studio.page.locator('.units [data-layer="0"]').count() == count)
    assert studio.part("feature-x1x2").get_attribute("aria-pressed") == "true"
    studio.part("feature-x1").click()
    studio.until(lambda: studio.page.locator('.units [data-layer="0"]').count() == 6)
    studio.shot("data-features")


def upload(studio: Studio, name: str, content: str) -> None:
    with studio.page.expect_file_chooser() as chooser:
        studio.part("set-csv").click()
    chooser.value.set_files({"name": name, "mimeType": "text/csv", "buffer": content.encode()})


def test_a_file_of_ones_own_by_picker(studio: Studio) -> None:
    upload(studio, "fruit.csv", CSV)
    studio.part("dialog").wait_for()
    assert "60 rows, 4 columns" in studio.text("dialog")
    studio.part("target").select_option(label="kind")
    studio.shot("data-own-file")
    studio.part("use-table").click()
    studio.said("data=csv")
    studio.until(lambda: "apple" in studio.text("legend"))
    studio.run(2)
    assert "fruit" not in studio.state()
    # Another column of the same file, a number this time, and one column left out.
    studio.part("choose-columns").click()
    studio.part("target").select_option(label="weight")
    studio.page.get_by_label("Use column length").uncheck()
    studio.part("use-table").click()
    studio.until(lambda: studio.page.locator(".units .output").count() == 1)
    assert studio.part("outcome-values").is_visible()


def test_a_file_whose_dialog_is_left_changes_nothing(studio: Studio) -> None:
    before = studio.run(1).state()
    upload(studio, "one.csv", CSV)
    for name in ("two.csv", "three.csv", "four.csv"):
        studio.part("use-table").wait_for()
        with studio.page.expect_file_chooser() as chooser:
            studio.part("dialog").get_by_role("button", name="Another file").click()
        chooser.value.set_files({"name": name, "mimeType": "text/csv", "buffer": CSV.encode()})
        studio.until(lambda name=name: studio.part("dialog").count() == 1 and name in studio.text("dialog"))
        studio.page.keyboard.press("Escape")
        studio.part("use-table").wait_for(state="detached")
        studio.part("set-csv").click()  # what was brought is still offered
    studio.page.keyboard.press("Escape")
    assert (studio.state(), studio.step()) == (before, 3)
    studio.part("step").click()
    studio.until(lambda: studio.step() == 4)


def test_a_file_of_ones_own_by_drop(studio: Studio) -> None:
    transfer = studio.page.evaluate_handle(
        "text => { const made = new DataTransfer(); made.items.add(new File([text], 'dropped.csv')); return made; }",
        CSV,
    )
    studio.page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
    assert studio.page.locator(".veil").is_visible()
    studio.page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    studio.part("dialog").wait_for()
    assert "dropped.csv" in studio.text("dialog")
    studio.part("use-table").click()
    studio.said("data=csv")


@pytest.mark.parametrize(
    ("content", "told"),
    [("a,b\n1,2\n3\n", "line 3"), ("", "dropped"), ('a,b\n1,"2\n', "line 2")],
    ids=["short row", "empty", "open quote"],
)
def test_what_is_wrong_with_a_file_is_said_with_its_line(visit: Callable[..., Studio], content: str, told: str) -> None:
    studio = visit().open()
    upload(studio, "dropped.csv", content)
    studio.part("trouble").wait_for()
    assert told in studio.text("trouble")
    studio.shot("data-bad-file")
    # The browser itself writes of an answer of 4xx in its console; nothing else may be there.
    complaints = visit.complaints  # type: ignore[attr-defined]
    assert all("status of 4" in said for said in complaints)
    complaints.clear()


def test_points_are_drawn_by_hand(studio: Studio, shots: Path) -> None:
    studio.part("set-drawn").click()
    sheet = studio.part("sheet")
    box = sheet.bounding_box()
    assert studio.part("use-points").is_disabled()
    for brush, left in ((0, 0.2), (1, 0.7)):
        studio.part(f"brush-{brush}").click()
        studio.page.mouse.move(box["x"] + left * box["width"], box["y"] + 0.2 * box["height"])
        studio.page.mouse.down()
        studio.page.mouse.move(box["x"] + (left + 0.1) * box["width"], box["y"] + 0.8 * box["height"], steps=12)
        studio.page.mouse.up()
    drawn = int(studio.number("drawn-count"))
    assert drawn > 12
    # The eraser takes away what it touches; the keyboard puts a point.
    studio.part("eraser").click()
    studio.page.mouse.click(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    assert studio.number("drawn-count") < drawn
    studio.part("brush-1").click()
    sheet.focus()
    for key in ("ArrowRight", "ArrowUp", "Enter"):
        studio.page.keyboard.press(key)
    studio.shot("data-drawing")
    studio.part("use-points").click()
    studio.said("data=drawn")
    assert "points" not in studio.state()
    studio.run(2)
    studio.shot("data-drawn")
