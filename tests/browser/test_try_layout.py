"""The chat as a window of its own: the composer is always there, the log scrolls, and nothing jumps."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from core.i18n.translations import Language, translate
from core.styles import STYLES
from tests.browser.chat_page import choose, expect_answer, press, say
from tests.browser.conftest import OpenPage
from tests.browser.layout_checks import FIND_OVERFLOW

pytestmark = pytest.mark.browser

SIZES = ((320, 568), (360, 640), (390, 664), (768, 1024), (1280, 720), (1920, 1080), (844, 390))
PHONE = {"viewport": {"width": 390, "height": 664}, "has_touch": True, "is_mobile": True}
PARTS = (".pick", "#words", ".words button", ".replies :is(button, label, a):visible >> nth=0")
SCROLLED = "[scrollY, document.documentElement.scrollHeight - innerHeight, document.body.scrollTop]"
WATCH = """() => {
    window.edges = new Set();
    window.tops = [];
    const look = () => {
        const box = document.querySelector(".composer").getBoundingClientRect();
        window.edges.add(`${Math.round(box.bottom)} of ${innerHeight}`);
        const photo = document.querySelector(".log .sent-photo");
        if (photo) window.tops.push(photo.getBoundingClientRect().top);
        requestAnimationFrame(look);
    };
    look();
}"""
"""Remembers in each frame where the composer ends, and where the photo begins."""
COVER = """height => {
    Object.defineProperty(visualViewport, "height", { configurable: true, get: () => height });
    visualViewport.dispatchEvent(new Event("resize"));
}"""
"""What a browser whose keyboard covers the page reports."""
COVER_WHILE_SCROLLING = f"""() => document.querySelector(".scroller").addEventListener("scroll", () => {{
    document.querySelector("#words").focus();
    ({COVER})(330);
}}, {{ once: true }})"""
"""Opens that keyboard as soon as the log scrolls."""
END = ".end"


def expect_composer(page: Page, where: str) -> None:
    for part in PARTS:
        expect(page.locator(part), f"{part} {where}").to_be_in_viewport(ratio=1)
    assert page.evaluate(SCROLLED) == [0, 0, 0], where


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["script", "no-script"])
def test_the_composer_is_in_view_from_the_start_on_every_size(open_page: OpenPage, options: dict[str, Any]) -> None:
    page = open_page(**options)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        expect_composer(page, f"at {width} x {height}")
        assert page.evaluate(FIND_OVERFLOW) == [], width


def test_samples_are_a_strip_in_the_greeting(open_page: OpenPage) -> None:
    page = open_page(**PHONE)
    samples = page.locator(".greeting .bubble .samples button")
    expect(samples).to_have_count(len(STYLES))
    expect(samples.first).to_be_in_viewport(ratio=1)
    tops = samples.evaluate_all("buttons => [...new Set(buttons.map((button) => button.offsetTop))]")
    assert len(tops) == 1, "one row"
    samples.last.scroll_into_view_if_needed()
    samples.last.tap()
    expect_answer(page)
    for width in (768, 1280):
        wide = open_page(viewport={"width": width, "height": 900}).locator(".samples")
        assert wide.evaluate("row => row.scrollWidth <= row.clientWidth"), width


@pytest.mark.parametrize("locale", ["ko-KR", "en-GB"])
def test_on_a_wide_window_all_buttons_of_a_look_are_one_row(open_page: OpenPage, samples: Path, locale: str) -> None:
    page = open_page(locale=locale, viewport={"width": 1280, "height": 800})
    choose(page, samples / "feminine.jpg")
    expect_answer(page, Language(locale[:2]))
    replies = page.locator(".replies :is(button, label, a):visible")
    expect(replies).not_to_have_count(1)
    for reply in replies.all():
        expect(reply).to_be_in_viewport(ratio=1)
    tops = replies.evaluate_all("replies => replies.map((reply) => reply.getBoundingClientRect().top)")
    assert len(tops) >= 4
    assert len(set(tops)) == 1


def test_nothing_jumps_while_an_answer_comes(open_page: OpenPage, samples: Path) -> None:
    page = open_page(reduced_motion="no-preference", **PHONE)
    page.evaluate(WATCH)
    choose(page, samples / "street.jpg")
    expect(page.locator(".tools")).to_be_visible()
    expect(page.locator(".actions button").first).to_be_in_viewport(ratio=1)
    assert page.evaluate("[...window.edges]") == ["654 of 664"]
    header = page.locator("header").bounding_box()
    assert header is not None
    assert min(page.evaluate("window.tops")) >= header["y"] + header["height"] - 1, "the photo stays in view"
    expect(page.locator(".newest")).to_be_visible()
    page.locator(".newest").tap()
    expect(page.locator(END)).to_be_in_viewport()
    expect(page.locator(".newest")).to_be_hidden()
    # Buttons that come take height from the log, whose end stays in view.
    press(page, "talk.button.correct")
    expect(page.locator(".styles button").first).to_be_in_viewport(ratio=1)
    expect(page.locator(".log > li").last).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("covers", [True, False], ids=["covers", "resizes"])
def test_with_the_keyboard_open_the_end_and_the_composer_are_in_view(open_page: OpenPage, covers: bool) -> None:
    page = open_page(**PHONE)
    say(page, "hello")
    expect(page.locator(".log > li")).to_have_count(2)
    page.locator("#words").focus()
    if covers:
        page.evaluate(COVER, 330)
    else:
        page.set_viewport_size({"width": 390, "height": 330})
    expect(page.locator("header")).to_be_hidden()
    expect(page.locator(".log > li").last).to_be_in_viewport(ratio=1)
    page.wait_for_function("() => document.querySelector('.composer').getBoundingClientRect().bottom <= 330")
    assert page.evaluate(SCROLLED)[0] == 0
    if covers:
        page.evaluate(COVER, 664)
        expect(page.locator("header")).to_be_visible()
        page.wait_for_function("() => document.querySelector('.composer').getBoundingClientRect().bottom > 600")


def test_a_keyboard_that_opens_with_a_message_leaves_it_in_view(open_page: OpenPage) -> None:
    page = open_page(**PHONE)
    page.evaluate(COVER_WHILE_SCROLLING)
    say(page, "hello")
    expect(page.locator("header")).to_be_hidden()
    expect(page.locator(".log > li").last).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_keyboard_that_opens_on_the_way_to_the_newest_message_leaves_it_in_view(
    open_page: OpenPage, samples: Path, motion: str
) -> None:
    page = open_page(reduced_motion=motion, **PHONE)
    choose(page, samples / "street.jpg")
    expect(page.locator(".tools")).to_be_visible()
    expect(page.locator(END)).not_to_be_in_viewport()
    page.evaluate(COVER_WHILE_SCROLLING)
    page.locator(".newest").tap()
    expect(page.locator("header")).to_be_hidden()
    expect(page.locator(END)).to_be_in_viewport()


@pytest.mark.parametrize("options", [{}, {"java_script_enabled": False}], ids=["script", "no-script"])
def test_a_conversation_opens_at_what_was_said_last(
    open_page: OpenPage, samples: Path, options: dict[str, Any]
) -> None:
    page = open_page(**(PHONE | options))
    choose(page, samples / "street.jpg")
    if options:
        page.locator(".send").click()
    expect_answer(page)
    if not options:
        page.reload()
    expect(page.locator(".log .sent-photo")).to_be_in_viewport(ratio=1)
    press(page, "talk.button.correct")
    asked = page.locator(".log .bubble", has_text=translate("talk.correct.ask", Language.EN))
    expect(asked).to_be_in_viewport(ratio=1)
    if not options:
        page.reload()
        expect(asked).to_be_in_viewport(ratio=1)
    expect_composer(page, "after a reload")
