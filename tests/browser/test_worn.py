"""The tags of what Eva sees on the page of a look: each lights its own place in the photo."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.clothing import Item
from core.i18n.clothing_names import thing_name
from core.i18n.translations import Language, translate
from tests.browser.conftest import OpenPage
from tests.browser.seed_board import SHARED, WORN

pytestmark = pytest.mark.browser

OWNER, SAMPLE = SHARED[0][:2]
LIT_ROW = """(canvas) => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    const shades = Array.from({ length: width * height }, (_, cell) => data[4 * cell + 3]);
    const lit = shades.map((shade, cell) => [shade, Math.floor(cell / width)]).filter(([shade]) => shade === 0);
    if (!lit.length || Math.max(...shades) < 100) return null;
    return (lit.reduce((sum, [, row]) => sum + row + 0.5, 0) / lit.length) / height;
}"""
"""The middle of what is not dimmed, as a part of the height; null if nothing is dimmed, or all."""


def tag(page: Page, item: Item) -> Locator:
    return page.locator(".worn").get_by_role("button", name=re.compile(thing_name(item, Language.EN)))


def test_a_pressed_tag_lights_its_own_place(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[OWNER]}")
    heatmap, lit = page.locator(".layers .heatmap"), page.locator(".layers .worn-map")
    expect(heatmap).to_be_visible()
    expect(lit).to_have_count(0)
    for item in (Item.HAT, Item.HOODIE, Item.TROUSERS):
        tag(page, item).click()
        expect(page.locator(".worn [aria-pressed=true]")).to_have_text(re.compile(thing_name(item, Language.EN)))
        expect(heatmap).to_be_hidden()
        expect(lit).to_have_count(1)
        assert lit.evaluate(LIT_ROW) == pytest.approx(WORN[SAMPLE][item][1][0], abs=0.12), item
        assert lit.bounding_box() == page.locator(".layers img").first.bounding_box()
    tag(page, Item.TROUSERS).click()
    expect(page.locator(".worn [aria-pressed=true]")).to_have_count(0)
    expect(lit).to_have_count(0)
    expect(heatmap).to_be_visible()


def test_the_slider_shows_the_heatmap_again(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[OWNER]}")
    tag(page, Item.HAT).click()
    page.get_by_label(translate("look.warmth", Language.EN)).press("ArrowLeft")
    expect(page.locator(".layers .worn-map")).to_have_count(0)
    expect(page.locator(".layers .heatmap")).to_be_visible()
    expect(tag(page, Item.HAT)).to_have_attribute("aria-pressed", "false")


def test_a_pressed_tag_brings_the_photo_into_view(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[OWNER]}", viewport={"width": 390, "height": 640})
    tag(page, Item.HAT).evaluate("button => button.scrollIntoView({ block: 'start' })")
    photo = page.locator(".layers")
    assert photo.bounding_box()["y"] < 0  # type: ignore[index]
    tag(page, Item.HAT).press("Enter")
    expect(photo).to_be_in_viewport(ratio=0.99)


def test_tags_are_plain_text_without_scripts(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[OWNER]}", java_script_enabled=False)
    expect(page.locator(".worn li")).not_to_have_count(0)
    expect(page.locator(".worn button")).to_have_count(0)
    expect(page.get_by_text(translate("worn.hint", Language.EN))).to_be_hidden()
