"""What a visitor does and sees on the chat page."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from core.i18n.translations import Language, translate

LOADED = "image => image.complete && image.naturalWidth > 0"


def choose(page: Page, photo: Path | dict[str, object] | list[dict[str, object]]) -> None:
    page.locator("input[name=photo]").set_input_files(photo)  # type: ignore[arg-type]


def bubbles(page: Page) -> Locator:
    return page.locator(".log .bubble.eva")


def press(page: Page, key: str, language: Language = Language.EN) -> None:
    page.get_by_role("button", name=translate(key, language), exact=True).click()


def say(page: Page, words: str) -> None:
    page.locator("#words").fill(words)
    page.locator(".words button").click()


def expect_answer(page: Page, language: Language = Language.EN) -> None:
    """Expect the fixed verdict of `tests.scripted_eva`."""
    name = translate("style.feminine.name", language)
    messages = page.locator(".log .bubble.eva p")
    expect(messages.filter(has_text=re.compile(rf"{name}.*70|70.*{name}"))).to_have_count(1)
    bars = page.locator(".log .bars li")
    expect(bars).to_have_count(8)
    expect(bars.first).to_contain_text(name)
    expect(bars.first.locator(".bar")).to_have_accessible_name(translate("page.bar", language, style=name, percent=70))
    shares = [float(bar.get_attribute("width").rstrip("%")) for bar in bars.locator(".share").all()]  # type: ignore[union-attr]
    assert shares == sorted(shares, reverse=True)
    heat = page.locator(".log .heat-image")
    expect(heat).to_have_attribute("alt", translate("page.map_alt", language, style=name))
    for image in (heat, page.locator(".log .pictures img").first):
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate(LOADED)
