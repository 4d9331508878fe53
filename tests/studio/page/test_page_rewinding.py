"""5. Rewind: the scrubber goes back to any step, and the run goes on from there."""

from __future__ import annotations

from page_tools import Studio


def test_back_to_step_0_and_to_the_latest(studio: Studio) -> None:
    first = studio.text("loss-train")
    studio.run(5)
    end, last = studio.step(), studio.text("loss-train")
    assert last != first
    studio.part("start").click()
    studio.until(lambda: studio.step() == 0)
    studio.until(lambda: studio.text("loss-train") == first)
    assert f"step 0 of {end}" in studio.text("where")
    studio.shot("rewind-start")
    studio.part("live").click()
    studio.until(lambda: studio.step() == end)
    studio.until(lambda: studio.text("loss-train") == last)


def test_the_scrubber_is_dragged_and_moved_by_keys(studio: Studio) -> None:
    studio.run(8)
    end = studio.step()
    box = studio.part("scrubber").bounding_box()
    y = box["y"] + box["height"] / 2
    studio.page.mouse.move(box["x"] + box["width"] - 3, y)
    studio.page.mouse.down()
    studio.page.mouse.move(box["x"] + box["width"] / 2, y, steps=10)
    studio.page.mouse.up()
    studio.until(lambda: 0.4 * end < studio.step() < 0.6 * end)
    at = studio.step()
    studio.part("scrubber").press("ArrowLeft")
    studio.until(lambda: studio.step() == at - 1)
    studio.shot("rewind-middle")


def test_the_run_goes_on_from_where_it_was_rewound_to_the_same_way(studio: Studio) -> None:
    studio.run(6)
    end, last = studio.step(), studio.text("loss-train")
    studio.page.keyboard.press("0")
    studio.until(lambda: studio.step() == 0)
    studio.run(6)
    assert studio.step() == end
    studio.until(lambda: studio.text("loss-train") == last)


def test_steps_back_and_forward_by_key(studio: Studio) -> None:
    studio.run(2)
    end = studio.step()
    studio.page.keyboard.press(",")
    studio.until(lambda: studio.step() == end - 1)
    studio.page.keyboard.press(".")
    studio.until(lambda: studio.step() == end)
    studio.page.keyboard.press(".")  # at the end it takes a new one
    studio.until(lambda: studio.step() == end + 1)
