"""2. The network: layers and units by mouse and keyboard, activation, dropout, initializer."""

from __future__ import annotations

from page_tools import Studio


def units(studio: Studio, layer: int) -> int:
    return int(studio.page.locator(f'.units [data-layer="{layer}"]').count())


def test_layers_and_units_by_mouse(studio: Studio) -> None:
    before = units(studio, 1)
    studio.part("add_unit_of-1").click()
    studio.until(lambda: units(studio, 1) == before + 1)
    studio.part("remove_unit_of-1").click()
    studio.part("remove_unit_of-1").click()
    studio.until(lambda: units(studio, 1) == before - 1)
    layers = studio.page.locator('.heads [data-test^="layer-"]')
    count = layers.count()
    studio.part("add-layer").click()
    studio.until(lambda: layers.count() == count + 1)
    studio.part("layer-1").click()
    studio.part("remove-layer").click()
    studio.until(lambda: layers.count() == count)
    studio.run(1)


def test_layers_and_units_by_keyboard(studio: Studio) -> None:
    layers = studio.page.locator('.heads [data-test^="layer-"]')
    count = layers.count()
    studio.page.keyboard.press("l")
    studio.until(lambda: layers.count() == count + 1)
    studio.page.keyboard.press("Shift+L")
    studio.until(lambda: layers.count() == count)
    before = units(studio, 1)
    studio.part("unit-1-0").focus()
    studio.page.keyboard.press("u")
    studio.until(lambda: units(studio, 1) == before + 1)
    studio.page.keyboard.press("-")
    studio.until(lambda: units(studio, 1) == before)
    # The units of the picture are walked with the arrows.
    studio.part("unit-1-0").focus()
    studio.page.keyboard.press("ArrowDown")
    studio.page.keyboard.press("ArrowRight")
    focused = studio.page.evaluate("[document.activeElement.dataset.layer, document.activeElement.dataset.unit]")
    assert focused[0] == "2"
    studio.page.keyboard.press("Enter")
    studio.part("bias").wait_for()
    studio.page.keyboard.press("Escape")
    assert studio.page.evaluate("document.activeElement.dataset.layer") == "2"


def test_the_card_of_a_layer_has_everything(studio: Studio) -> None:
    for field, value, said in (
        ("activation", '"relu"', ":relu"), ("initializer", '"he_uniform"', "he_uniform"), ("dropout", "0.25", ":0.25"), ("units", "5", "layers=5:"),
    ):  # fmt: skip
        studio.part("layer-1").click()
        control = studio.part("card").locator(f'[data-test="{field}"]')
        if field in ("activation", "initializer"):
            control.select_option(value)
        else:
            control.fill(value)
        studio.said(said)
        if field == "dropout":
            studio.shot("network-layer-card")
        studio.page.keyboard.press("Escape")
    assert "relu" in studio.text("layer-1")
    studio.run(1)


def test_eight_layers_of_64_still_look_right(studio: Studio) -> None:
    studio.open(layers=",".join(["64:tanh"] * 8))
    studio.until(lambda: studio.page.locator(".units .unit").count() == 2 + 8 * 64 + 2)
    assert studio.part("add-layer").is_hidden()
    boxes = studio.page.evaluate(
        "[...document.querySelectorAll('.units .frame')].map(e => e.getBoundingClientRect()).map(b => [b.x, b.y, b.right, b.bottom])"
    )
    stage = studio.page.locator("#stage").bounding_box()
    assert all(b[1] >= stage["y"] and b[3] <= stage["y"] + stage["height"] + 1 for b in boxes)
    assert min(b[2] - b[0] for b in boxes) >= 8
    assert studio.page.locator(".links .link").count() <= 700
    assert "strongest" in studio.text("network-note")
    studio.run(1)
    studio.shot("network-huge")


def test_a_network_without_hidden_layers(studio: Studio) -> None:
    studio.open(layers="none")
    assert studio.page.locator(".units .unit").count() == 4
    studio.run(2)
    studio.shot("network-tiny")
    studio.part("add-layer").click()
    studio.until(lambda: studio.page.locator(".units .unit").count() == 8)


def test_long_names_are_shortened_and_told_in_full(studio: Studio) -> None:
    studio.open(data={"kind": "wine"}, layers="4:tanh")
    names = studio.page.locator(".unit-name.left bdi")
    assert names.count() == 13
    told = names.evaluate_all("all => all.map(e => [e.title, e.textContent])")
    assert any(full != shown and "…" in shown for full, shown in told)
    assert "nonflavanoid_phenols" in [full for full, _ in told]
    outside = "[...document.querySelectorAll('.unit-name')].filter(e => e.getBoundingClientRect().left < document.querySelector('#stage').getBoundingClientRect().left - 1).length"
    assert studio.page.evaluate(outside) == 0
    studio.shot("network-long-names")


def test_quick_clicks_are_all_counted(studio: Studio) -> None:
    studio.open(layers="3:tanh")
    studio.page.evaluate("for (let k = 0; k < 4; k++) document.querySelector('[data-test=add_unit_of-1]').click()")
    studio.said("layers=7:tanh")
