"""Links, reload, Back, a connection that breaks, another page on the same run; nothing comes from elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from page_tools import Studio

Visit = Callable[..., Studio]


def test_a_link_reproduces_the_run_seed_included(visit: Visit) -> None:
    studio = visit().open(seed=5, layers="6:tanh,3:relu")
    studio.run(5)
    link, loss, step = studio.state(), studio.text("loss-train"), studio.step()
    other = visit().open(link.lstrip("#"))
    assert other.step() == 0
    other.run(5)
    assert other.step() == step
    other.until(lambda: other.text("loss-train") == loss)
    assert other.state() == link


def test_a_reload_comes_back_to_the_same_step(studio: Studio) -> None:
    studio.run(3)
    step, loss = studio.step(), studio.text("loss-train")
    studio.page.reload()
    studio.wait()
    assert studio.step() == step
    studio.until(lambda: studio.text("loss-train") == loss)
    studio.until(lambda: studio.text("epoch-counter") == "3")


def test_back_undoes_another_network_or_other_data(studio: Studio) -> None:
    first = studio.state()
    studio.part("set-xor").click()
    studio.said("data=xor")
    studio.page.keyboard.press("l")
    studio.until(lambda: studio.state().count(":tanh") == 3)
    studio.page.go_back()
    studio.until(
        lambda: studio.state().count(":tanh") == 2 and studio.page.locator('.heads [data-test^="layer-"]').count() == 2
    )
    studio.page.go_back()
    studio.until(lambda: studio.part("set-moons").get_attribute("aria-pressed") == "true")
    assert studio.state() == first
    studio.page.go_forward()
    studio.until(lambda: studio.part("set-xor").get_attribute("aria-pressed") == "true")


def test_a_link_that_cannot_be_is_said_and_the_page_begins_anyway(visit: Visit) -> None:
    studio = visit()
    studio.page.goto(f"{studio.base}/#data=tides&layers=900:tanh")
    studio.wait()
    studio.part("trouble").first.wait_for()
    assert studio.page.locator(".units .unit").count() > 3
    studio.shot("connection-bad-link")


def test_a_link_to_somebody_elses_data_says_so(visit: Visit) -> None:
    studio = visit()
    studio.page.goto(f"{studio.base}/#v=1&data=csv&data.target=price&layers=5:tanh&engine=readable")
    studio.wait()
    studio.part("trouble").first.wait_for()
    assert "own data" in studio.text("trouble")
    assert studio.page.locator('.units [data-layer="1"]').count() == 5


def test_a_connection_that_breaks_comes_back_with_the_run(visit: Visit) -> None:
    studio = visit()
    studio.page.add_init_script(
        "window.sockets = []; const Plain = WebSocket;"
        "window.WebSocket = class extends Plain { constructor(...a) { if (window.blocked) a[0] += '/nowhere'; super(...a); window.sockets.push(this); } };"
    )
    studio.open().run(3)
    step = studio.step()
    studio.page.evaluate("window.blocked = true; window.sockets.at(-1).close()")
    studio.part("trouble").wait_for()
    assert "no connection" in studio.text("connection")
    studio.shot("connection-lost")
    studio.page.evaluate("window.blocked = false")
    studio.until(lambda: studio.page.evaluate("document.documentElement.dataset.connection") == "open")
    studio.until(lambda: studio.part("trouble").count() == 0)
    assert studio.step() == step
    studio.run(1)
    # Chromium itself writes of the refused socket; nothing else may be complained of.
    complaints = visit.complaints  # type: ignore[attr-defined]
    assert all("WebSocket connection" in said for said in complaints)
    complaints.clear()


def test_a_run_that_another_page_takes_over_is_let_go(visit: Visit) -> None:
    studio = visit().open().run(2)
    kept = studio.page.evaluate("sessionStorage.getItem('pellucid-run')")
    other = visit()
    other.page.add_init_script(f"sessionStorage.setItem('pellucid-run', {kept!r})")
    other.page.goto(f"{other.base}/{studio.state()}")
    other.wait()
    assert other.step() == studio.step()
    studio.part("trouble").wait_for()
    assert "another page" in studio.text("trouble")
    other.run(1)


def test_nothing_comes_from_elsewhere(visit: Visit) -> None:
    studio = visit()
    asked: list[str] = []
    studio.page.on("request", lambda request: asked.append(request.url))
    studio.open().run(2)
    assert asked
    assert [url for url in asked if not url.startswith((studio.base, "blob:"))] == []
    assert not any("?t=" in url or "#" in url.removeprefix(studio.page.url) for url in asked)


def test_only_the_newest_frame_is_drawn_while_it_runs(studio: Studio) -> None:
    studio.page.evaluate(
        "window.drawn = 0; new MutationObserver(() => window.drawn++).observe(document.querySelector('[data-test=step-counter]'), {childList: true, characterData: true, subtree: true})"
    )
    studio.part("play").click()
    studio.until(lambda: studio.step() > 600)
    studio.part("play").click()
    drawn = studio.page.evaluate("window.drawn")
    assert 1 <= drawn < studio.step()  # frames of the screen, not steps of the training


def test_the_window_may_change_its_size(studio: Studio) -> None:
    studio.run(2)
    for width, height in ((1920, 1080), (1024, 700), (390, 844), (1280, 800)):
        studio.page.set_viewport_size({"width": width, "height": height})
        studio.page.wait_for_timeout(250)
        assert studio.page.evaluate("document.documentElement.scrollWidth") <= width
        assert studio.page.locator(".plane").bounding_box()["width"] > 180
        studio.shot(f"size-{width}")


def test_a_duplicated_tab_has_a_run_of_its_own(studio: Studio) -> None:
    studio.run(1)
    run = "JSON.parse(sessionStorage.getItem('pellucid-run')).run"
    first = studio.page.evaluate(run)
    with studio.page.expect_popup() as opened:
        studio.page.evaluate("void window.open(location.href)")  # it gets a copy of the store, as a duplicate does
    second = Studio(opened.value, studio.base, studio.shots).wait()
    assert second.page.evaluate(run) != first
    assert second.state() == studio.state()
    studio.part("step").click()
    studio.until(lambda: studio.step() == 4)
    assert second.step() == 0
    studio.page.reload()
    studio.wait()
    assert (studio.page.evaluate(run), studio.step()) == (first, 4)
