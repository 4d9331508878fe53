"""4. See: boundary, heat maps, links, edits, silence, curves, confusion, histograms, images of digits, the pad."""

from __future__ import annotations

import math
import re

from page_tools import Studio


def middle_of_link(studio: Studio, link: str) -> tuple[float, float]:
    """Where the middle of a link is on the page."""
    x, y = studio.page.evaluate(
        """link => {
          const path = document.querySelector(`[data-link="${link}"]`);
          const at = path.getPointAtLength(path.getTotalLength() * 0.12);
          const box = path.ownerSVGElement.getBoundingClientRect();
          return [box.left + at.x, box.top + at.y];
        }""",
        link,
    )
    return x, y


def test_the_boundary_learns(studio: Studio) -> None:
    studio.open(
        data={"kind": "circles", "n": 200, "noise": 0.05},
        training={"optimizer": {"name": "adam", "learning_rate": 0.1}},
    )
    studio.page.keyboard.press("Space")
    studio.until(lambda: studio.number("accuracy-train") > 97)
    studio.page.keyboard.press("Space")
    inside, outside = studio.pixel(".plane canvas", 0.5, 0.5), studio.pixel(".plane canvas", 0.03, 0.03)
    assert inside[0] > inside[2] + 30  # class 1, orange
    assert outside[2] > outside[0] + 30  # class 0, blue
    studio.shot("see-circles")


def test_any_number_of_classes_has_its_regions(studio: Studio) -> None:
    studio.open(
        data={"kind": "blobs", "n": 400, "classes": 7, "noise": 0.5},
        training={"optimizer": {"name": "adam", "learning_rate": 0.05}},
    )
    studio.run(20)
    assert studio.part("legend").locator("li").count() == 8  # seven classes, and what a hollow point is
    script = """() => {
      const canvas = document.querySelector(".plane canvas");
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      const hues = new Set();
      for (let i = 0; i < data.length; i += 64) hues.add(((data[i] >> 5) << 6) | ((data[i + 1] >> 5) << 3) | (data[i + 2] >> 5));
      return hues.size;
    }"""
    assert studio.page.evaluate(script) >= 7
    studio.shot("see-seven-classes")


def test_a_regression_shows_a_surface_or_its_values(studio: Studio) -> None:
    studio.open(data={"kind": "waves", "n": 300}, training={"optimizer": {"name": "adam", "learning_rate": 0.03}})
    studio.run(15)
    studio.shot("see-surface")
    surface = studio.page.evaluate("document.querySelector('.plane canvas').toDataURL()")
    studio.part("outcome-values").click()
    studio.until(lambda: studio.page.evaluate("document.querySelector('.plane canvas').toDataURL()") != surface)
    assert studio.part("accuracy-train").count() == 0
    studio.shot("see-values")


def test_two_features_or_two_components_of_wider_data(studio: Studio) -> None:
    studio.open(data={"kind": "wine"})
    studio.part("axis-x").select_option(label="alcohol")
    studio.said("view=0,")
    studio.part("axis-y").select_option(label="hue")
    studio.until(lambda: "hue" in studio.part("axes").inner_text())
    studio.shot("see-two-features")
    studio.part("axis-x").select_option('"components"')
    studio.said("view=components")
    ends = r"→ PC 1 −[\d.]+ … [\d.]+\s+↑ PC 2 −[\d.]+ … [\d.]+"  # how far the plane reaches, across and upwards
    studio.until(lambda: re.fullmatch(ends, studio.part("axes").inner_text().strip()))
    assert "PC 1 (36\N{NO-BREAK SPACE}%)" in studio.part("axis-x").inner_text()  # of the variance
    studio.shot("see-components")


def test_a_heat_map_in_every_unit(studio: Studio) -> None:
    studio.run(3)
    tiles = studio.page.evaluate(
        """() => {
          const canvas = document.querySelector(".picture canvas");
          const ratio = canvas.width / canvas.clientWidth;
          const place = canvas.getBoundingClientRect();
          return [...document.querySelectorAll(".units .frame")].map(frame => {
            const box = frame.getBoundingClientRect();
            const data = canvas.getContext("2d").getImageData((box.x - place.x) * ratio, (box.y - place.y) * ratio, box.width * ratio, box.height * ratio).data;
            return new Set(Array.from({length: data.length / 4}, (_, i) => data[4 * i] * 65536 + data[4 * i + 1] * 256 + data[4 * i + 2])).size;
          });
        }"""
    )
    assert len(tiles) == studio.page.locator(".units .unit").count()
    assert min(tiles) > 12


def test_a_link_tells_its_weight_and_a_click_changes_it(studio: Studio) -> None:
    studio.open(layers="3:tanh")
    x, y = middle_of_link(studio, "1-0-0")
    studio.page.mouse.move(x, y)
    studio.part("tip").wait_for()
    assert "W1[0, 0] = " in studio.text("tip")
    studio.shot("see-link")
    studio.page.mouse.click(x, y)
    studio.part("link-weight").fill("2.5")
    studio.part("link-weight").press("Enter")
    studio.page.keyboard.press("Escape")
    studio.page.mouse.move(0, 0)

    def told() -> bool:
        studio.page.mouse.move(x, y)
        return "W1[0, 0] = 2.5" in studio.text("tip")

    studio.until(told)
    assert "more" in studio.page.locator('[data-link="1-0-0"]').get_attribute("class")


def test_a_bias_and_a_weight_are_changed_by_keyboard(studio: Studio) -> None:
    studio.open(layers="3:tanh")
    for field in ("bias", "weight-1"):
        studio.part("unit-1-1").focus()
        studio.page.keyboard.press("Enter")
        studio.part(field).fill("-1.25")
        studio.part(field).press("Enter")

        def kept(field: str = field) -> bool:
            studio.page.keyboard.press("Escape")
            studio.part("unit-1-1").focus()
            studio.page.keyboard.press("Enter")
            return bool(studio.part(field).input_value() == "-1.25")

        studio.until(kept)
        studio.shot("see-unit-card")
        studio.page.keyboard.press("Escape")


def test_a_unit_is_silenced_and_speaks_again(studio: Studio) -> None:
    studio.open(layers="3:tanh")
    studio.run(3)
    loud = studio.text("loss-train")
    for silent in (True, False):
        studio.part("unit-1-0").click()
        studio.part("silence").click()
        studio.page.keyboard.press("Escape")
        studio.until(lambda silent=silent: studio.page.locator(".unit.silent").count() == int(silent))
        if silent:
            studio.until(lambda: studio.text("loss-train") != loud)
            studio.shot("see-silenced")
    studio.until(lambda: studio.text("loss-train") == loud)


def test_curves_of_training_and_validation_linear_or_logarithmic(studio: Studio) -> None:
    assert "No epoch has run yet" in studio.text_of("#dock")
    studio.run(6)
    linear = studio.page.evaluate("document.querySelector('[data-test=loss-chart]').toDataURL()")
    studio.part("scale-log").click()
    assert studio.page.evaluate("document.querySelector('[data-test=loss-chart]').toDataURL()") != linear
    assert "Training rows" in studio.text("curves-legend")
    assert "Held-out rows" in studio.text("curves-legend")
    assert "cross-entropy" in studio.text_of(".curves")
    studio.part("loss-chart").hover()
    assert "validation" in studio.text("tip")
    studio.shot("see-curves-log")


def test_the_confusion_matrix_counts_every_row(studio: Studio) -> None:
    studio.run(5).tab("confusion")
    studio.part("matrix").wait_for()
    cells = [int(c.replace(",", "")) for c in studio.part("matrix").locator("tbody td:not(.found)").all_inner_texts()]
    assert len(cells) == 4
    assert sum(cells) == 96  # of 120 rows 24 are held out
    studio.part("confusion-1").click()
    cells = [int(c) for c in studio.part("matrix").locator("tbody td:not(.found)").all_inner_texts()]
    assert sum(cells) == 24
    assert "rows are right" in studio.text("confusion-summary")
    studio.shot("see-confusion")


def test_histograms_and_the_ratio_of_updates(studio: Studio) -> None:
    studio.run(2).tab("histograms")
    studio.part("histograms").wait_for()
    layers = studio.page.locator(".layer-name").count()
    assert studio.part("histograms").locator("canvas").count() == 3 * layers
    painted = "[...document.querySelectorAll('.histogram canvas')].every(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0))"
    studio.until(lambda: studio.page.evaluate(painted))
    ratios = studio.page.locator(".ratio .num").all_inner_texts()
    assert len(ratios) == layers
    assert all(text != "–" for text in ratios)
    studio.shot("see-histograms")


def test_first_layer_images_and_a_pad_with_live_answers(studio: Studio) -> None:
    studio.open(
        data={"kind": "digits"}, layers="16:relu", training={"optimizer": {"name": "adam", "learning_rate": 0.01}}
    )
    studio.run(8)
    studio.shot("see-images")
    studio.part("outcome-pad").click()
    box = studio.part("pad").bounding_box()

    def at(x: float, y: float) -> tuple[float, float]:
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    studio.page.mouse.move(*at(0.5, 0.1))
    studio.page.mouse.down()
    for k in range(1, 33):  # a zero
        angle = 2 * math.pi * k / 32
        studio.page.mouse.move(*at(0.5 + 0.26 * math.sin(angle), 0.5 - 0.4 * math.cos(angle)))
    studio.page.mouse.up()
    studio.until(lambda: studio.part("pad-bars").locator(".bar").count() == 10)
    shares = [
        float(text.split()[0].replace("\u00a0%", "").rstrip("%"))
        for text in studio.part("pad-bars").locator("span:last-child").all_inner_texts()
    ]
    assert 90 <= sum(shares) <= 110
    studio.until(
        lambda: (
            studio.page.locator(".bar.best span").count()
            and "0" in studio.page.locator(".bar.best span").first.inner_text()
        )
    )
    studio.shot("see-pad")
    studio.part("pad-clear").click()
    assert studio.part("pad-bars").locator(".bar").count() == 0
