"""10. Lessons, languages, light and dark, keyboard, screen readers, sizes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from page_tools import PHONE, WIDE, Studio

Visit = Callable[..., Studio]
CONTRAST = """
() => {
  const light = c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const parts = colour => (colour.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const of = ([r, g, b]) => 0.2126 * light(r / 255) + 0.7152 * light(g / 255) + 0.0722 * light(b / 255);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest("[hidden], [disabled], svg, .unseen, .tip, option, :disabled") || !e.checkVisibility({visibilityProperty: true})) continue;
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const [a, b] = [of(parts(getComputedStyle(e).color)), of(ground(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push(`${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 30)} ${contrast.toFixed(2)}`);
  }
  return found;
}
"""
TABS = ("curves", "histograms", "confusion", "inside", "findings", "compare", "take")


def test_a_lesson_sets_the_page_up_step_by_step(studio: Studio) -> None:
    studio.part("side-lessons").click()
    studio.until(lambda: studio.page.locator(".lesson").count() == 8)
    studio.shot("lessons-list")
    studio.part("tour-moons").click()
    studio.said("data=moons")
    title = studio.page.locator(".tours h2").inner_text()
    assert studio.page.locator(".looked-at").count() >= 1
    studio.shot("lessons-moons")
    steps = studio.page.locator(".progress i").count()
    assert steps >= 4
    for _ in range(steps - 1):
        studio.part("tour-next").click()
        studio.until(lambda title=title: studio.page.locator(".tours h2").inner_text() != title)
        title = studio.page.locator(".tours h2").inner_text()
    studio.part("tour-back").click()
    studio.until(lambda: studio.page.locator(".tours h2").inner_text() != title)
    studio.part("tour-next").click()
    studio.part("tour-finish").click()
    assert studio.page.locator(".lesson").count() == 8
    assert studio.page.locator(".looked-at").count() == 0


def test_every_lesson_begins_in_both_languages(studio: Studio) -> None:
    studio.part("side-lessons").click()
    names = studio.page.locator(".lesson").evaluate_all("all => all.map(e => e.dataset.test)")
    assert len(names) == 8
    for name in names:
        studio.part(name).click()
        studio.page.locator(".tours h2").wait_for()
        english = studio.text("tours")
        studio.part("language").click()
        studio.until(lambda english=english: studio.text("tours") != english)
        assert any("\u4e00" <= sign <= "\u9fff" for sign in studio.text("tours"))
        studio.part("language").click()
        studio.until(lambda english=english: studio.text("tours")[:40] == english[:40])
        studio.part("tour-leave").click()
        studio.until(lambda: studio.page.locator(".lesson").count() == 8)
        assert studio.page.locator(".looked-at").count() == 0  # nothing of the lesson stays behind


def test_chinese_from_the_browser_and_by_the_switch(visit: Visit) -> None:
    studio = visit(language="zh").open()
    assert studio.page.evaluate("document.documentElement.lang") == "zh"
    assert studio.text("tab-curves") == "曲线"
    studio.shot("zh-wide")
    for tab in TABS:
        studio.tab(tab)
    left = """() => [...document.querySelectorAll("button span[data-t], h3[data-t], label span[data-t]")]
      .filter(e => e.checkVisibility()).map(e => e.textContent).filter(text => /^[A-Za-z ]{4,}$/.test(text))"""
    assert studio.page.evaluate(left) == []
    studio.part("language").click()
    studio.until(lambda: studio.text("tab-curves") == "Curves")
    studio.page.reload()
    studio.wait()
    assert studio.text("tab-curves") == "Curves"  # what was chosen is remembered


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_every_tab_at_both_sizes_light_and_dark(visit: Visit, size: tuple[int, int], theme: str) -> None:
    studio = visit(size, theme).open(data={"kind": "spiral", "n": 60})
    studio.run(3)
    assert studio.page.evaluate("document.documentElement.dataset.theme") == theme
    name = f"{'phone' if size == PHONE else 'wide'}-{theme}"
    for tab in TABS:
        studio.tab(tab)
        if tab == "inside" and studio.part("inside-first").is_visible():
            studio.part("inside-first").click()
            studio.page.locator(".operation").first.wait_for()
        studio.page.wait_for_timeout(150)
        studio.shot(f"{name}-{tab}")
        assert studio.page.evaluate("document.documentElement.scrollWidth") <= size[0], tab
        assert studio.page.evaluate(CONTRAST) == [], tab
    for side in ("training", "lessons", "data"):
        studio.part(f"side-{side}").click()
        studio.page.wait_for_timeout(100)
        studio.shot(f"{name}-{side}")
        assert studio.page.evaluate("document.documentElement.scrollWidth") <= size[0], side
        assert studio.page.evaluate(CONTRAST) == [], side


def test_panels_fold_on_a_phone(visit: Visit) -> None:
    studio = visit(PHONE).open()
    for place in ("side", "dock"):
        heading = studio.part(f"fold-{place}")
        assert heading.is_visible()
        tall = studio.page.locator(f"#{place}").bounding_box()["height"]
        heading.click()
        assert heading.get_attribute("aria-expanded") == "false"
        assert studio.page.locator(f"#{place}").bounding_box()["height"] < tall / 3
    studio.shot("phone-folded")
    studio.part("fold-dock").click()
    assert studio.part("tab-curves").is_visible()
    # The big button is large enough for a thumb, and within sight.
    box = studio.part("play").bounding_box()
    assert box["width"] >= 40
    assert box["y"] < 100


def test_theme_by_button_and_by_key(studio: Studio) -> None:
    ground = studio.page.evaluate("getComputedStyle(document.body).backgroundColor")
    studio.part("theme").click()
    dark = studio.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != ground
    studio.page.keyboard.press("m")
    assert studio.page.evaluate("getComputedStyle(document.body).backgroundColor") == ground


def test_tab_reaches_everything_and_focus_is_seen(studio: Studio) -> None:
    studio.run(1)
    studio.page.evaluate("document.activeElement.blur()")
    studio.page.mouse.click(640, 798)  # Tab begins anew from where one clicked last
    studio.page.evaluate("document.querySelector('.skip').focus()")
    studio.page.keyboard.press("Shift+Tab")
    studio.page.keyboard.press("Tab")
    assert studio.page.evaluate("document.activeElement.className") == "skip"
    assert studio.page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    reached = set()
    for _ in range(90):
        studio.page.keyboard.press("Tab")
        where = studio.page.evaluate(
            """() => {
              const e = document.activeElement, style = getComputedStyle(e);
              const place = e.closest("#bar, #side, #stage, #outcome, #time, #dock")?.id ?? "body";
              const target = e.matches(".unit") ? e.querySelector(".frame") : e.matches(".track input") ? e.parentElement : e;
              const seen = style.outlineStyle !== "none" || getComputedStyle(target).outlineStyle !== "none"
                || (e.matches(".unit") && getComputedStyle(target).strokeWidth === "3px");  // as wide as network.css makes it
              return [place, seen, e.outerHTML.slice(0, 80)];
            }"""
        )
        if where[0] != "body":
            assert where[1], where[2]
        reached.add(where[0])
    assert {"bar", "side", "stage", "outcome", "time", "dock"} <= reached


def test_every_key_of_the_help_works(studio: Studio) -> None:
    studio.page.keyboard.press("?")
    studio.part("dialog").wait_for()
    assert studio.page.locator(".key").count() >= 28
    studio.shot("help")
    studio.page.keyboard.press("Escape")
    for key, tab in zip("1234567", TABS, strict=True):
        studio.page.keyboard.press(key)
        assert studio.part(f"tab-{tab}").get_attribute("aria-selected") == "true"
    for key, tab in (("t", "training"), ("g", "lessons"), ("d", "data")):
        studio.page.keyboard.press(key)
        assert studio.part(f"side-{tab}").get_attribute("aria-selected") == "true"
    theme = studio.page.evaluate("document.documentElement.dataset.theme")
    studio.page.keyboard.press("m")
    assert studio.page.evaluate("document.documentElement.dataset.theme") != theme
    studio.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    studio.page.keyboard.press("c")
    studio.page.locator(".notice").first.wait_for()
    assert studio.page.evaluate("navigator.clipboard.readText()") == studio.page.url
    studio.page.keyboard.press("z")
    assert studio.page.evaluate("document.documentElement.lang") == "zh"


def test_every_key_that_trains_and_builds_works(studio: Studio) -> None:
    press = studio.page.keyboard.press

    def at(key: str, step: int) -> None:
        press(key)
        studio.until(lambda: studio.step() == step)

    studio.open(layers="4:tanh")
    for key, step in (("s", 1), ("e", 3), (",", 2), (".", 3), (".", 4), ("0", 0), ("9", 4), ("r", 0)):
        at(key, step)  # of 96 rows in batches of 32
    press("Space")
    studio.until(lambda: studio.part("play").get_attribute("aria-label") == "Pause" and studio.step() > 0)
    press("Space")
    studio.until(lambda: studio.part("play").get_attribute("aria-label") == "Play")
    for key, said in (
        ("u", "layers=5:"),
        ("Shift+U", "layers=4:"),
        ("l", "layers=4:tanh,4:"),
        ("Shift+L", "layers=4:tanh&"),
    ):
        press(key)
        studio.said(said)
    press("n")
    studio.until(lambda: "&seed=0&" not in studio.state())
    press("p")
    studio.until(lambda: studio.part("tab-compare").get_attribute("aria-selected") == "true")
    studio.part("compare-table").wait_for()


def test_what_a_screen_reader_is_told(studio: Studio) -> None:
    studio.run(1)
    for tab in TABS:
        studio.tab(tab)
        nameless = """() => [...document.querySelectorAll("button, input, select, [role=button], [role=img], [role=slider], canvas[tabindex], dialog, [role=group], [role=tablist]")]
          .filter(e => e.checkVisibility() && !e.closest("[aria-hidden=true]"))
          .filter(e => !(e.getAttribute("aria-label") || e.getAttribute("aria-labelledby") || e.textContent.trim() || e.closest("label")?.textContent.trim()))
          .map(e => e.outerHTML.slice(0, 120))"""
        assert studio.page.evaluate(nameless) == []
    units = studio.page.locator(".units .unit")
    assert "Layer 1, unit 1" in units.nth(2).get_attribute("aria-label")
    twice = "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)"
    assert studio.page.evaluate(twice) == []
    assert studio.page.evaluate("document.querySelectorAll('h1').length") == 1
    assert studio.page.evaluate("document.querySelectorAll('main, header, aside').length") >= 3


def test_nothing_moves_for_those_who_asked_for_that(visit: Visit) -> None:
    studio = visit(reduced_motion="reduce").open()
    moving = "[...document.querySelectorAll('body *')].filter(e => parseFloat(getComputedStyle(e).transitionDuration) > 0).length"
    assert studio.page.evaluate(moving) == 0
