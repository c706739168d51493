"""The conversation in the browser: guesses, corrections, sharing."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.i18n.translations import Language, translate, variant_keys
from tests.browser.chat_page import bubbles, choose, expect_answer, press, say
from tests.browser.conftest import OpenPage
from tests.images import encode_image, make_scene
from tests.texts import any_variant

pytestmark = pytest.mark.browser


def test_verdict_can_be_copied(open_page: OpenPage, samples: Path) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    choose(page, samples / "street.jpg")
    expect(page.locator(".copy")).to_be_visible()
    # Time stands still: the button keeps saying so.
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.locator(".copy").click()
    expect(page.locator(".copy")).to_have_text(translate("page.copied", Language.EN))
    messages = page.locator(".log .bubble.eva p").all_text_contents()
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(messages)


@pytest.mark.parametrize(("locale", "language"), [("en-GB", Language.EN), ("ko-KR", Language.KO)])
def test_look_is_shared_under_the_typed_name(open_page: OpenPage, locale: str, language: Language) -> None:
    page = open_page(locale=locale)
    choose(page, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": encode_image(make_scene(300, 400, seed=11))})
    press(page, "talk.button.share", language)
    name = page.get_by_label(translate("try.name", language))
    expect(name).to_be_focused()
    own = f"Mina {language}"
    name.fill(own)
    page.keyboard.press("Enter")
    expect(page.locator("#words")).to_be_visible()
    press(page, "talk.button.post", language)
    expect(bubbles(page).last).to_contain_text(translate("talk.shared", language, name=own))
    page.reload()
    expect(bubbles(page).last).to_contain_text(translate("talk.shared", language, name=own))
    bubbles(page).last.get_by_role("link", name=translate("talk.button.page", language)).click()
    expect(page.locator(".verdict")).to_contain_text(own)
    page.goto(page.url.partition("/looks")[0])
    expect(page.locator("main")).to_contain_text(own)
    page.goto(f"{page.url}try")
    press(page, "talk.button.unshare", language)
    expect(bubbles(page).last).to_have_text(translate("talk.unshared", language))


def test_conversation_survives_a_reload(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    choose(page, samples / "street.jpg")
    expect_answer(page)
    press(page, "talk.button.keep")
    expect(bubbles(page).last).to_have_text(translate("talk.kept", Language.EN))
    page.reload()
    expect_answer(page)
    expect(page.locator(".log .bubble.you img")).to_be_visible()
    expect(page.get_by_role("button", name=translate("talk.button.share", Language.EN))).to_be_visible()
    choose(page, samples / "street.jpg")
    remembered = [translate(key, Language.EN) for key in variant_keys("talk.remembered", Language.EN)]
    expect(bubbles(page).filter(has_text=re.compile("|".join(map(re.escape, remembered))))).to_have_count(1)


def test_guess_mode_prompts_before_the_verdict(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    page.get_by_label(translate("try.guess", Language.EN)).check()
    choose(page, samples / "street.jpg")
    expect(bubbles(page).last).to_have_text(translate("talk.guess.ask", Language.EN))
    expect(page.locator(".log .bars")).to_have_count(0)
    page.reload()
    expect(bubbles(page)).to_have_text([translate("talk.guess.ask", Language.EN)])
    expect(page.get_by_label(translate("try.guess", Language.EN))).to_be_checked()
    page.get_by_role("button", name="Feminine", exact=True).click()
    expect_answer(page)
    right = [translate(key, Language.EN, style="Feminine") for key in variant_keys("talk.guess.right", Language.EN)]
    expect(bubbles(page).filter(has_text=re.compile("|".join(map(re.escape, right))))).to_have_count(1)


def test_text_and_correction_are_answered(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    say(page, "hello")
    expect(bubbles(page).last).to_have_text(any_variant("talk.hello", Language.EN))
    expect(page.locator("#words")).to_have_value("")
    choose(page, samples / "street.jpg")
    press(page, "talk.button.correct")
    expect(bubbles(page).last).to_have_text(translate("talk.correct.ask", Language.EN))
    say(page, "Ethnic, I think")
    thanks = translate("talk.correct.thanks", Language.EN, style="Folk & Heritage")
    expect(bubbles(page).filter(has_text=thanks)).to_have_count(1)
    expect(bubbles(page).last).to_have_text(translate("talk.learning.ask", Language.EN))


@pytest.mark.parametrize(("locale", "language"), [("en-GB", Language.EN), ("ko-KR", Language.KO)])
def test_both_answers_to_the_question_for_consent_are_in_view(
    open_page: OpenPage, samples: Path, locale: str, language: Language
) -> None:
    page = open_page(locale=locale, viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    choose(page, samples / "street.jpg")
    press(page, "talk.button.share", language)
    page.get_by_label(translate("try.name", language)).fill(f"Dami {language}")
    page.keyboard.press("Enter")
    press(page, "talk.button.post", language)
    press(page, "talk.button.correct", language)
    page.locator(".styles button").first.click()
    for answer in ("talk.button.learn", "talk.button.nolearn"):
        button = page.get_by_role("button", name=translate(answer, language), exact=True)
        expect(button).to_be_in_viewport(ratio=1)
    press(page, "talk.button.nolearn", language)
    chip = page.locator(".actions").get_by_role("link", name=translate("talk.button.page", language))
    expect(chip).to_be_in_viewport(ratio=1)


def test_a_list_has_a_line_for_each_entry(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    choose(page, samples / "street.jpg")
    expect_answer(page)
    say(page, "what do I wear most?")
    answer = bubbles(page).filter(has_text="Today:").last
    expect(answer).to_be_visible()

    assert len(answer.inner_text().split("\n\n")) == 2, "the count, and the look of today"


def test_name_is_typed_in_the_one_field_which_keeps_a_draft(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    choose(page, samples / "street.jpg")
    share = page.get_by_role("button", name=translate("talk.button.share", Language.EN))
    expect(share).to_be_visible()
    field = page.get_by_label(translate("try.words", Language.EN))
    field.fill("Mina")
    share.focus()
    page.keyboard.press("Enter")
    name = page.get_by_label(translate("try.name", Language.EN))
    expect(name).to_be_focused()
    expect(name).to_have_value("Mina")
    expect(page.get_by_role("textbox")).to_have_count(1)
    expect(page.locator(".pick")).to_be_hidden()
    expect(page.get_by_label(translate("try.guess", Language.EN))).to_be_hidden()
    page.keyboard.press("Enter")
    expect(bubbles(page).last).to_have_text(translate("talk.name.confirm", Language.EN, name="Mina"))
    expect(field).to_be_focused()
    press(page, "talk.button.nopost")
    expect(share).to_be_focused()
    page.keyboard.press("Enter")
    expect(name).to_be_focused()
    for key in ("Shift+Tab", "Space"):
        page.keyboard.press(key)
    expect(bubbles(page).last).to_have_text(translate("talk.kept", Language.EN))
    expect(share).to_be_focused()
    expect(page.locator(".pick")).to_be_visible()


def test_actions_are_in_view_on_a_phone(open_page: OpenPage, samples: Path) -> None:
    page = open_page(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, reduced_motion="no-preference"
    )
    choose(page, samples / "street.jpg")
    share = page.get_by_role("button", name=translate("talk.button.share", Language.EN))
    expect(share).to_be_in_viewport()
    for y in (0, 500):
        page.evaluate("y => scrollTo(0, y)", y)
        for part in ("#words", ".camera", ".pick"):
            expect(page.locator(part)).to_be_in_viewport(ratio=1)
    share.tap()
    name = page.get_by_label(translate("try.name", Language.EN))
    expect(name).to_be_in_viewport()
    box = name.bounding_box()
    assert box is not None
    assert box["width"] > 180
