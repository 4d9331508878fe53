"""Reports in a real browser: nothing overflows, is fetched or complained of; formulas and pictures are there to see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CONTRAST = """
(() => {
  const light = c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const of = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => light(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = of(getComputedStyle(document.body).backgroundColor);
  const seen = (element, property) => {
    const ink = of(getComputedStyle(element)[property]);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  };
  const words = [...document.querySelectorAll("p, dt, dd, th, h1, h2, h3, summary, figcaption, nav a")];
  const drawn = [...document.querySelectorAll("figure.picture svg text")];
  return [...words.map(e => seen(e, "color")), ...drawn.map(e => seen(e, "fill"))];
})()
"""


@pytest.mark.parametrize("width", [380, 1280])
def test_the_page_is_never_wider_than_the_window(page: Path, browser: Any, width: int) -> None:
    browser.show(page, width)
    assert browser.value("document.documentElement.scrollWidth") <= width
    out = "[...document.querySelectorAll('main *')].filter(e => !e.closest('.box, pre, svg, math') && "
    out += "e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 90))"
    assert browser.value(out) == []
    boxes = "[...document.querySelectorAll('.box, pre')].map(e => e.getBoundingClientRect().right)"
    assert max(browser.value(boxes)) <= width


def test_nothing_is_fetched_and_nothing_complained_of(page: Path, browser: Any) -> None:
    browser.show(page, 1280)
    asked = [event["request"]["url"] for event in browser.events("Network.requestWillBeSent")]
    assert [url for url in asked if not url.startswith("data:")] == [page.resolve().as_uri()]
    assert browser.events("Log.entryAdded") == []  # what the policy of the page forbids would stand there
    assert browser.events("Runtime.exceptionThrown") == []
    assert browser.events("Runtime.consoleAPICalled") == []


def test_formulas_and_pictures_have_a_size(page: Path, browser: Any) -> None:
    browser.show(page, 1280)
    size = "e => { const box = e.getBoundingClientRect(); return Math.min(box.width, box.height); }"
    formulas = browser.value(f"[...document.querySelectorAll('#equations math')].map({size})")
    assert len(formulas) > 8
    assert min(formulas) > 5
    pictures = browser.value(f"[...document.querySelectorAll('figure.picture svg, .gallery img')].map({size})")
    assert len(pictures) >= 2
    assert min(pictures) > 40
    assert browser.value("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


@pytest.mark.parametrize("dark", [False, True])
def test_every_word_stands_out_from_the_page(page: Path, browser: Any, dark: bool) -> None:
    browser.show(page, 1280, dark=dark)
    ground = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (ground != "rgb(255, 255, 255)") == dark
    contrasts = browser.value(CONTRAST)
    assert len(contrasts) > 80
    assert min(contrasts) >= 4.5  # WCAG 2.2, success criterion 1.4.3


def test_small_pictures_are_still_legible_on_a_phone(page: Path, browser: Any) -> None:
    browser.show(page, 380)
    heights = browser.value(
        "[...document.querySelectorAll('figure.picture svg')].flatMap(svg => {"
        "  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;"
        "  return [...svg.querySelectorAll('text')].map(t => scale * parseFloat(getComputedStyle(t).fontSize)); })"
    )
    assert min(heights) > 6


def test_the_page_itself_forbids_what_would_be_fetched_or_run(page: Path, browser: Any, tmp_path: Path) -> None:
    smuggled = '<img src="http://127.0.0.1:9/x.png"><script>document.title = "run"</script></body>'
    copy = tmp_path / "copy.html"
    copy.write_text(page.read_text(encoding="utf-8").replace("</body>", smuggled), encoding="utf-8")
    browser.show(copy, 1280)
    assert browser.value("document.title") != "run"
    told = [event["entry"]["text"] for event in browser.events("Log.entryAdded")]
    assert len([text for text in told if "Content Security Policy" in text]) == 2


def test_what_has_focus_can_be_reached_from_the_keyboard(page: Path, browser: Any) -> None:
    browser.show(page, 380)
    scrolling = "[...document.querySelectorAll('.box, pre')].filter(e => e.scrollWidth > e.clientWidth)"
    assert browser.value(f"{scrolling}.length") > 0
    assert browser.value(f"{scrolling}.every(e => e.tabIndex === 0)")
    browser.page.keyboard.press("Tab")
    assert browser.value("document.activeElement.textContent") == "Skip to the report"
    assert browser.value("document.activeElement.getBoundingClientRect().left") >= 0


def test_a_print_is_dark_on_light_whatever_the_screen(page: Path, browser: Any) -> None:
    browser.show(page, 1280, dark=True)
    browser.page.emulate_media(media="print")
    assert browser.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert min(browser.value(CONTRAST)) >= 4.5
    assert browser.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert browser.page.pdf(format="A4", print_background=False).startswith(b"%PDF-")
