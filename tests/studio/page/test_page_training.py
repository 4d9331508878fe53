"""3. Training: everything changes while it runs; play, step, epoch, reset, seed, speed, stop."""

from __future__ import annotations

import time

from page_tools import Studio


def weights(studio: Studio) -> str:
    """The widths and colours of the links: the weights as they are shown."""
    return str(
        studio.page.evaluate(
            "[...document.querySelectorAll('.link')].map(e => e.getAttribute('stroke-width') + e.getAttribute('class') + e.getAttribute('stroke-opacity')).join()"
        )
    )


def test_play_and_pause_by_button_and_by_key(studio: Studio) -> None:
    studio.part("play").click()
    studio.until(lambda: studio.step() > 5)
    assert studio.part("play").get_attribute("aria-label") == "Pause"
    studio.shot("training-running")
    studio.page.keyboard.press("Escape")
    studio.page.locator("#stage").click(position={"x": 5, "y": 5})
    studio.page.keyboard.press("Space")
    studio.until(lambda: studio.part("play").get_attribute("aria-label") == "Play")
    at = studio.step()
    studio.page.wait_for_timeout(400)
    assert studio.step() == at


def test_one_step_and_one_epoch(studio: Studio) -> None:
    studio.part("step").click()
    studio.until(lambda: studio.step() == 1)
    studio.page.keyboard.press("s")
    studio.until(lambda: studio.step() == 2)
    studio.part("epoch").click()
    studio.until(lambda: studio.text("epoch-counter") == "1")
    studio.page.keyboard.press("e")
    studio.until(lambda: studio.text("epoch-counter") == "2")


def test_reset_keeps_the_initial_weights_and_a_new_seed_does_not(studio: Studio) -> None:
    first = weights(studio)
    studio.run(2)
    assert weights(studio) != first
    studio.part("reset").click()
    studio.until(lambda: studio.step() == 0)
    studio.until(lambda: weights(studio) == first)
    studio.page.keyboard.press("n")
    studio.until(lambda: weights(studio) != first)
    assert studio.step() == 0


def test_everything_of_the_training_changes_while_it_runs(studio: Studio) -> None:
    studio.page.keyboard.press("t")
    studio.part("play").click()
    studio.until(lambda: studio.step() > 3)
    for field, value, said in (
        ("training-optimizer", '"sgd"', "optimizer=sgd"), ("schedule", '"cosine"', "schedule=cosine"), ("training-batch", "16", "batch=16"),
        ("l2", "0.001", "l2=0.001"), ("l1", "0.0001", "l1=0.0001"),
    ):  # fmt: skip
        studio.part(field).select_option(value)
        studio.said(said)
        at = studio.step()
        studio.until(lambda at=at: studio.step() > at)
    studio.part("rate").fill("0.3")
    studio.part("rate").press("Enter")
    studio.said("optimizer.learning_rate=0.3")
    studio.part("training-rate").press("ArrowRight")
    studio.until(lambda: "optimizer.learning_rate=0.3&" not in studio.state())
    studio.part("constant-momentum").fill("0.9")
    studio.part("constant-momentum").press("Enter")
    studio.said("optimizer.momentum=0.9")
    studio.part("clip").fill("5")
    studio.part("clip").press("Enter")
    studio.said("clip=5")
    assert studio.part("play").get_attribute("aria-label") == "Pause"
    studio.shot("training-fields")


def test_it_stops_at_the_epoch_that_was_asked_for(studio: Studio) -> None:
    studio.part("side-training").click()
    studio.part("stop-at").fill("4")
    studio.part("stop-at").press("Enter")
    studio.said("epochs=4")
    studio.part("play").click()
    studio.until(lambda: "finished" in studio.text("connection"))
    studio.until(lambda: studio.text("epoch-counter") == "4")


def test_speed_is_what_was_asked_for(studio: Studio) -> None:
    studio.part("speed").select_option("5")
    begun = time.monotonic()
    studio.part("play").click()
    studio.until(lambda: studio.step() >= 6)
    slow = studio.step()
    assert slow <= 5 * (time.monotonic() - begun) + 2
    studio.page.reload()
    studio.wait()
    assert studio.part("speed").input_value() == "5"  # the run goes on as slowly, and says so
    studio.part("speed").select_option("null")
    studio.until(lambda: studio.step() > slow + 100)


def test_what_is_no_number_is_not_sent(studio: Studio) -> None:
    before = studio.state()
    for wrong in ("fast", "-1", "1e999"):
        studio.part("rate").fill(wrong)
        studio.part("rate").press("Enter")
        assert studio.part("rate").get_attribute("aria-invalid") == "true"
    studio.shot("training-wrong-number")
    studio.part("rate").press("Escape")
    assert studio.part("rate").get_attribute("aria-invalid") == "false"
    assert studio.state() == before


def test_a_rate_that_explodes_is_said_in_words(studio: Studio) -> None:
    studio.open(data={"kind": "plane", "n": 100}, training={"optimizer": {"name": "sgd", "learning_rate": 90.0}})
    studio.part("play").click()
    studio.until(lambda: "diverged" in studio.text("connection"))
    studio.part("trouble").wait_for()
    assert len(studio.text("trouble")) > 20  # what happened, and what to try
    studio.shot("training-diverged")
