"""6. Inside: a row walks through, one operation at a time; every number says what it was made from; gradients checked."""

from __future__ import annotations

from page_tools import Studio


def test_a_point_that_is_clicked_walks_through(studio: Studio) -> None:
    studio.run(1)
    plane = studio.part("plane")
    x, y = studio.page.evaluate(
        "[...Array(1)].map(() => { const b = document.querySelector('.plane').getBoundingClientRect(); return [b.width, b.height]; })[0]"
    )
    found = False
    for k in range(9, 40):
        plane.click(position={"x": x * (k % 7 + 1) / 8, "y": y * (k // 7 + 1) / 8})
        if studio.part("tab-inside").get_attribute("aria-selected") == "true":
            found = True
            break
    assert found
    studio.part("operations").wait_for()
    studio.until(lambda: studio.page.locator(".operation").count() > 10)
    studio.shot("inside-clicked")


def test_every_operation_has_formula_shape_and_numbers(studio: Studio) -> None:
    studio.open(layers="3:tanh").run(1).tab("inside")
    studio.part("inside-first").click()
    studio.until(lambda: studio.page.locator(".operation").count() > 10)
    names = studio.page.locator(".operation").evaluate_all("all => all.map(e => e.dataset.name)")
    for name in ("X", "z1", "a1", "z2", "dW1", "db1", "W1"):
        assert name in names
    seen = []
    for _ in range(len(names)):
        operation = studio.part("operation")
        assert operation.locator("math").count() >= 1
        assert "shape (" in operation.inner_text()
        assert operation.locator(".values td").count() >= 1
        seen.append(studio.page.locator('.operation[aria-selected="true"]').get_attribute("data-name"))
        if studio.part("inside-next").is_disabled():
            break
        studio.part("inside-next").click()
    assert seen == names
    studio.part("operations").focus()
    studio.page.keyboard.press("ArrowUp")
    assert studio.page.locator('.operation[aria-selected="true"]').get_attribute("data-name") == names[-2]


def test_the_active_part_is_lit_and_numbers_say_what_they_are_made_of(studio: Studio) -> None:
    studio.open(layers="3:tanh").run(1).tab("inside")
    studio.part("inside-first").click()
    studio.page.locator('.operation[data-name="z1"]').first.click()
    assert studio.page.locator(".inner.dimmed").count() == 1
    assert studio.page.locator('.unit.lit[data-layer="1"]').count() == 3
    assert studio.page.locator(".link.lit").count() == 6
    cell = studio.part("values").locator("td").first
    cell.hover()
    value = cell.inner_text()
    assert value.replace("−", "-")[:4] in studio.text("tip").replace("−", "-")
    assert "·" in studio.text("tip")
    # The sum in sight is right: its products and the bias add up to the number.
    line = studio.page.locator(".arithmetic .line").first
    line.locator(".term").first.hover()
    assert "W1[0, 0]" in studio.text("tip")
    studio.shot("inside-z1")
    products, total = line.inner_text().replace("−", "-").split(" = ")[1:]
    added = sum(eval(part.replace("·", "*")) for part in products.split(" + "))
    assert abs(added - float(total)) < 0.02 * max(1.0, abs(float(total)))
    studio.tab("curves")
    assert studio.page.locator(".inner.dimmed").count() == 0


def test_it_walks_by_itself_and_stops(studio: Studio) -> None:
    studio.tab("inside")
    studio.part("inside-first").click()
    studio.page.locator('.operation[aria-selected="true"]').wait_for()
    first = studio.page.locator('.operation[aria-selected="true"]').get_attribute("id")
    studio.part("inside-walk").click()
    studio.until(lambda: studio.page.locator('.operation[aria-selected="true"]').get_attribute("id") != first)
    studio.part("inside-walk").click()
    assert studio.part("inside-walk").get_attribute("aria-pressed") == "false"


def test_gradients_are_checked_in_a_table(studio: Studio) -> None:
    studio.open(layers="3:tanh").run(1).tab("inside")
    studio.part("check-empty").click()
    studio.part("check-table").wait_for()
    rows = studio.part("check-table").locator("tbody tr")
    assert rows.count() == 4  # W1, b1, W2, b2
    assert all("agree" in text for text in rows.all_inner_texts())
    studio.shot("inside-check")
