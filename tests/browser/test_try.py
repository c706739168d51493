"""The chat page in the browser: languages, layout, typing, keyboard, without scripts."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.i18n.translations import Language, translate, variant_keys
from tests.browser.chat_page import bubbles, choose, expect_answer, press, say
from tests.browser.conftest import OpenPage
from tests.browser.layout_checks import find_overflow, find_violations
from tests.texts import any_variant

pytestmark = pytest.mark.browser

COUNT_WAITING = """() => {
    window.left = [];
    new MutationObserver(() => {
        const count = document.querySelectorAll(".log .waiting").length;
        if (count !== (window.left.at(-1) ?? 0)) window.left.push(count);
    }).observe(document.querySelector(".log"), { attributes: true, childList: true, subtree: true });
}"""


@pytest.mark.parametrize(("locale", "language"), [("en-GB", Language.EN), ("ko-KR", Language.KO)])
def test_verdict_is_in_the_language_of_the_browser(
    open_page: OpenPage, samples: Path, locale: str, language: Language
) -> None:
    page = open_page(locale=locale)
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("page.tagline", language))
    for key in variant_keys("page.hello", language):
        expect(page.locator(".greeting .bubble")).to_contain_text(translate(key, language))
    choose(page, samples / "street.jpg")
    expect_answer(page, language)
    assert find_overflow(page) == {}


def test_language_switch_is_remembered(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("link", name=translate("page.language_ko", Language.EN)).click()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    page.goto(page.url.partition("?")[0])
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.get_by_role("link", name=translate("page.language_en", Language.KO))).to_be_visible()


def test_sample_and_then_another_photo(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    page.locator("button[value=street]").click()
    expect_answer(page)
    choose(page, samples / "ethnic.jpg")
    expect(page.locator(".log .heat-image")).to_have_count(2)
    page.locator(".log .heat input").last.uncheck()
    expect(page.locator(".log .heat-image").last).to_have_css("opacity", "0")
    expect(page.locator(".log .heat-image").first).to_have_css("opacity", "1")


def test_chat_can_be_used_by_keyboard(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    for _ in range(25):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "photo":
            break
    assert page.evaluate("getComputedStyle(document.querySelector('.pick')).outlineStyle") == "solid"
    # That a focused file input opens the chooser is the browser's part; headless, it does not always do it.
    page.locator("input[name=photo]:focus").set_input_files(samples / "street.jpg")
    expect_answer(page)
    switch = page.get_by_label(translate("page.show_map", Language.EN))
    switch.focus()
    page.keyboard.press("Space")
    expect(switch).not_to_be_checked()
    expect(page.locator(".log .heat-image")).to_have_css("opacity", "0")
    page.keyboard.press("Space")
    expect(page.locator(".log .heat-image")).to_have_css("opacity", "1")


def test_bubbles_appear_one_after_another(open_page: OpenPage, samples: Path) -> None:
    page = open_page(reduced_motion="no-preference")
    page.evaluate(COUNT_WAITING)
    choose(page, samples / "street.jpg")
    expect(page.locator(".typing .dots")).to_be_visible()
    # Screen readers get all bubbles immediately.
    expect_answer(page)
    expect(page.locator(".tools")).to_be_visible(timeout=60_000)
    expect(page.locator(".typing")).to_be_hidden()
    left = page.evaluate("window.left")
    peak = max(left)
    assert peak > 4
    assert left == [*range(1, peak), *range(peak, -1, -1)]


def test_click_in_the_chat_shows_all_bubbles(open_page: OpenPage, samples: Path) -> None:
    page = open_page(reduced_motion="no-preference")
    # Time stands still: no bubble appears by itself.
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    choose(page, samples / "street.jpg")
    waiting = page.locator(".log .waiting")
    expect(waiting.first).to_be_attached()
    assert max(waiting.evaluate_all("items => items.map((item) => item.offsetHeight)")) < 16, "none is seen"
    page.locator(".log .sent-photo").first.click()
    expect(waiting).to_have_count(0)
    expect(page.locator(".log .bars")).to_be_visible()
    expect(page.locator(".typing")).to_be_hidden()


def test_reduced_motion_shows_all_bubbles(open_page: OpenPage, samples: Path) -> None:
    page = open_page(reduced_motion="reduce")
    choose(page, samples / "street.jpg")
    expect(page.locator(".log .bars")).to_be_visible()
    assert page.locator(".log .waiting").count() == 0
    running = "document.getAnimations().filter(animation => animation.playState === 'running').length"
    assert page.evaluate(running) == 0


def test_form_works_without_javascript(open_page: OpenPage, samples: Path) -> None:
    page = open_page(java_script_enabled=False)
    expect(page.locator("#privacy")).to_be_visible()
    expect(page.get_by_text(translate("page.drop_hint", Language.EN))).to_be_hidden()
    choose(page, samples / "street.jpg")
    page.locator(".send").click()
    expect_answer(page)
    page.locator(".switch").click()
    expect(page.locator(".log .heat-image")).to_have_css("opacity", "0")
    guess = page.get_by_label(translate("try.guess", Language.EN))
    expect(guess).to_be_visible()
    press(page, "talk.button.correct")
    expect(guess).to_be_hidden()
    page.get_by_role("button", name="Casual", exact=True).click()
    thanks = translate("talk.correct.thanks", Language.EN, style="Casual")
    expect(bubbles(page).filter(has_text=thanks)).to_have_count(1)
    expect(bubbles(page).last).to_have_text(translate("talk.learning.ask", Language.EN))
    press(page, "talk.button.nolearn")
    say(page, "Thank you")
    expect(bubbles(page).last).to_have_text(any_variant("talk.thanks", Language.EN))
    press(page, "talk.button.share")
    page.get_by_role("button", name=re.compile(translate("try.share_as_proposed", Language.EN, name=""))).click()
    page.locator(".actions").get_by_role("link", name=translate("talk.button.page", Language.EN)).click()
    expect(page).to_have_url(re.compile("/looks/"))


def test_conversation_has_no_accessibility_violations(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    say(page, "hello")
    choose(page, samples / "street.jpg")
    expect_answer(page)
    press(page, "talk.button.share")
    expect(page.get_by_label(translate("try.name", Language.EN))).to_be_visible()
    assert find_violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert find_violations(page, rules=["color-contrast"]) == []
