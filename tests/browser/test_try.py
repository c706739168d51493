import re
from io import BytesIO
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from core.i18n.translations import Language, translate, variant_keys
from tests.browser.conftest import OpenPage
from tests.browser.layout_checks import find_overflow
from tests.images import encode_image, make_scene

pytestmark = pytest.mark.browser

LOADED = "image => image.complete && image.naturalWidth > 0"
DROP = """async ([target, url, type]) => {
    const blob = await (await fetch(url)).blob();
    const transfer = new DataTransfer();
    transfer.items.add(new File([blob], "photo.jpg", { type: "image/jpeg" }));
    const init = type === "paste" ? { clipboardData: transfer } : { dataTransfer: transfer };
    const kind = type === "paste" ? ClipboardEvent : DragEvent;
    for (const step of type === "paste" ? ["paste"] : ["dragover", "drop"])
        document.querySelector(target).dispatchEvent(
            new kind(step, { ...init, bubbles: true, cancelable: true }),
        );
}"""


COUNT_WAITING = """() => {
    window.left = [];
    new MutationObserver(() => {
        const count = document.querySelectorAll(".log .waiting").length;
        if (count !== (window.left.at(-1) ?? 0)) window.left.push(count);
    }).observe(document.querySelector(".log"), { attributes: true, childList: true, subtree: true });
}"""


def choose(page: Page, photo: Path | dict[str, object]) -> None:
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
    assert heat.evaluate(LOADED)
    assert page.locator(".log .heat-photo").evaluate(LOADED)


@pytest.mark.parametrize(("locale", "language"), [("en-GB", Language.EN), ("ko-KR", Language.KO)])
def test_eva_answers_in_the_readers_language(
    open_page: OpenPage, samples: Path, locale: str, language: Language
) -> None:
    page = open_page(locale=locale)
    expect(page.get_by_role("heading", level=1)).to_have_text(translate("page.tagline", language))
    expect(page.locator(".log .bubble")).to_have_text(
        [translate(key, language) for key in variant_keys("page.hello", language)]
    )
    choose(page, samples / "street.jpg")
    expect_answer(page, language)
    expect(page.locator(".drop strong")).to_have_text(translate("page.another", language))


def test_the_language_switch_is_remembered(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("link", name=translate("page.language_ko", Language.EN)).click()
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    page.goto(page.url.partition("?")[0])
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect(page.get_by_role("link", name=translate("page.language_en", Language.KO))).to_be_visible()


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_photo_can_be_dropped_and_pasted_anywhere(open_page: OpenPage, way: str) -> None:
    page = open_page()
    page.evaluate(DROP, ["footer", "/samples/street.jpg", way])
    expect_answer(page)
    expect(page.locator(".drop-overlay")).to_be_hidden()


def test_a_sample_and_then_another_photo(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    page.locator("button[value=street]").click()
    expect_answer(page)
    choose(page, samples / "ethnic.jpg")
    expect(page.locator(".log .heat-image")).to_have_count(2)
    page.locator(".log .heat input").last.uncheck()
    expect(page.locator(".log .heat-image").last).to_have_css("opacity", "0")
    expect(page.locator(".log .heat-image").first).to_have_css("opacity", "1")


def test_the_keyboard_is_enough(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "photo":
            break
    assert page.evaluate("getComputedStyle(document.querySelector('.drop')).outlineStyle") == "solid"
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "language"), [("en-GB", Language.EN), ("ko-KR", Language.KO)])
def test_nothing_sticks_out_at_any_width(
    open_page: OpenPage, samples: Path, scheme: str, locale: str, language: Language
) -> None:
    page = open_page(color_scheme=scheme, locale=locale)
    choose(page, samples / "street.jpg")
    expect_answer(page, language)
    assert find_overflow(page) == {}


def test_eva_types_one_bubble_at_a_time(open_page: OpenPage, samples: Path) -> None:
    page = open_page(reduced_motion="no-preference")
    page.evaluate(COUNT_WAITING)
    choose(page, samples / "street.jpg")
    expect(page.locator(".typing .dots")).to_be_visible()
    # Those who listen to the page have all of it at once.
    expect_answer(page)
    expect(page.locator(".tools")).to_be_visible(timeout=60_000)
    expect(page.locator(".typing")).to_be_hidden()
    left = page.evaluate("window.left")
    assert left[0] > 4
    assert left == list(range(left[0], -1, -1))


def test_a_click_in_the_chat_ends_the_typing(open_page: OpenPage, samples: Path) -> None:
    page = open_page(reduced_motion="no-preference")
    # Time stands still: no bubble appears by itself.
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    choose(page, samples / "street.jpg")
    waiting = page.locator(".log .waiting")
    expect(waiting.first).to_be_attached()
    page.locator(".log .bubble").first.click()
    expect(waiting).to_have_count(0)
    expect(page.locator(".log .bars")).to_be_visible()
    expect(page.locator(".typing")).to_be_hidden()


def test_reduced_motion_shows_everything_at_once(open_page: OpenPage, samples: Path) -> None:
    page = open_page(reduced_motion="reduce")
    choose(page, samples / "street.jpg")
    expect(page.locator(".log .bars")).to_be_visible()
    assert page.locator(".log .waiting").count() == 0
    running = "document.getAnimations().filter(each => each.playState === 'running').length"
    assert page.evaluate(running) == 0


def test_the_form_works_without_javascript(open_page: OpenPage, samples: Path) -> None:
    page = open_page(java_script_enabled=False)
    choose(page, samples / "street.jpg")
    page.locator(".send").click()
    expect_answer(page)
    page.locator(".switch").click()
    expect(page.locator(".log .heat-image")).to_have_css("opacity", "0")
    press(page, "talk.button.correct")
    page.get_by_role("button", name="Casual", exact=True).click()
    expect(bubbles(page).last).to_have_text(translate("talk.correct.thanks", Language.EN, style="Casual"))
    say(page, "Thank you")
    expect(bubbles(page).last).to_have_text(translate("talk.thanks", Language.EN))
    press(page, "talk.button.share")
    press(page, "talk.button.take")
    page.get_by_role("link", name=translate("talk.button.page", Language.EN)).click()
    expect(page).to_have_url(re.compile("/looks/"))


@pytest.mark.parametrize(
    ("content", "key"), [(b"", "error.empty_photo"), (b"not a photo at all", "error.not_an_image")]
)
def test_a_bad_file_gets_her_sentence_and_the_page_goes_on(
    open_page: OpenPage, samples: Path, content: bytes, key: str
) -> None:
    page = open_page(expect_errors=True)
    choose(page, {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content})
    expect(page.locator(".log .bubble.eva").last).to_have_text(translate(key, Language.EN))
    choose(page, samples / "street.jpg")
    expect_answer(page)


def test_a_photo_that_the_browser_cannot_show_is_shown_all_the_same(open_page: OpenPage) -> None:
    page = open_page()
    heic = encode_image(make_scene(640, 480), "HEIF")
    choose(page, {"name": "photo.heic", "mimeType": "image/heic", "buffer": heic})
    expect(page.locator(".log .bubble.you img")).to_have_attribute("src", re.compile("^/pictures/"))
    expect(page.locator(".log .heat-image")).to_be_visible()


def test_a_big_photo_is_made_smaller_and_upright_before_it_travels(open_page: OpenPage) -> None:
    page = open_page()
    stored = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    make_scene(2400, 1800).save(stored, "JPEG", exif=exif, quality=90)
    with page.expect_request(lambda each: each.method == "POST") as sent:
        choose(page, {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": stored.getvalue()})
    expect(page.locator(".log .heat-image")).to_be_visible()
    body = sent.value.post_data_buffer
    if body is not None:
        assert len(body) < stored.tell() / 2
    size = page.locator(".log .heat-image").evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert size == [960, 1280]


def test_her_answer_can_be_copied(open_page: OpenPage, samples: Path) -> None:
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    choose(page, samples / "street.jpg")
    page.locator(".copy").click()
    expect(page.locator(".copy")).to_have_text(translate("page.copied", Language.EN))
    greetings = len(variant_keys("page.hello", Language.EN))
    messages = page.locator(".log .bubble.eva p").all_text_contents()[greetings:]
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(messages)


@pytest.mark.parametrize(("locale", "language"), [("en-GB", Language.EN), ("ko-KR", Language.KO)])
def test_a_look_goes_to_the_board_under_the_name_that_was_typed(
    open_page: OpenPage, locale: str, language: Language
) -> None:
    page = open_page(locale=locale)
    choose(page, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": encode_image(make_scene(300, 400, seed=11))})
    press(page, "talk.button.share", language)
    name = page.get_by_label(translate("try.name", language))
    expect(name).to_be_focused()
    own = f"Mina {language}"
    name.fill(own)
    page.keyboard.press("Enter")
    expect(bubbles(page).last).to_have_text(translate("talk.shared", language, name=own))
    page.reload()
    expect(bubbles(page).last).to_have_text(translate("talk.shared", language, name=own))
    page.get_by_role("link", name=translate("talk.button.page", language)).click()
    expect(page.locator(".verdict")).to_contain_text(own)
    page.goto(page.url.partition("/looks")[0])
    expect(page.locator("main")).to_contain_text(own)
    page.goto(f"{page.url}try")
    press(page, "talk.button.unshare", language)
    expect(bubbles(page).last).to_have_text(translate("talk.unshared", language))


def test_a_reload_keeps_the_conversation(open_page: OpenPage, samples: Path) -> None:
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


def test_who_guesses_first_is_asked_and_then_told(open_page: OpenPage, samples: Path) -> None:
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


def test_words_and_a_correction_are_answered(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    say(page, "hello")
    expect(bubbles(page).last).to_have_text(translate("talk.about", Language.EN))
    expect(page.locator("#words")).to_have_value("")
    choose(page, samples / "street.jpg")
    press(page, "talk.button.correct")
    expect(bubbles(page).last).to_have_text(translate("talk.correct.ask", Language.EN))
    say(page, "Ethnic, I think")
    expect(bubbles(page).last).to_have_text(translate("talk.correct.thanks", Language.EN, style="Ethnic"))


def test_the_whole_conversation_by_keyboard(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    choose(page, samples / "street.jpg")
    share = page.get_by_role("button", name=translate("talk.button.share", Language.EN))
    share.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#name")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=translate("talk.button.take", Language.EN))).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(bubbles(page).last).to_have_text(translate("talk.kept", Language.EN))
    expect(share).to_be_focused()


def test_a_broken_line_is_said_and_the_photo_is_sent_again(open_page: OpenPage, samples: Path) -> None:
    page = open_page(expect_errors=True)
    attempts: list[str] = []

    def broken(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        attempts.append(re.findall(r'name="attempt"\r\n\r\n(\w+)', route.request.post_data or "")[0])
        if len(attempts) == 1:
            route.abort()
        else:
            route.continue_()

    # A small photo: the browser tells tests what it sends only then.
    page.route("**/try", broken)
    choose(page, {"name": "a.png", "mimeType": "image/png", "buffer": encode_image(make_scene(80, 100, seed=3), "PNG")})
    expect(bubbles(page).last).to_have_text(translate("page.failed", Language.EN))
    expect(page.locator(".sending")).to_be_hidden()
    press(page, "try.again")
    expect(page.locator(".log .verdict").first).to_be_visible()
    expect(page.locator(".log .photo")).to_have_count(1)
    expect(page.locator(".retry")).to_be_hidden()
    assert len(attempts) == 2
    assert attempts[0] == attempts[1], "so that it is judged once"


def test_a_photo_that_comes_while_words_are_on_their_way_waits_for_them(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/try/words", hold)
    with page.expect_request("**/try/words"):
        say(page, "hello")
    choose(page, samples / "street.jpg")
    expect(page.locator(".log .photo")).to_have_count(0)
    held[0].continue_()
    expect_answer(page)
    expect(bubbles(page).filter(has_text=translate("talk.about", Language.EN))).to_have_count(1)
    expect(page.locator(".actions .chip").first).to_be_visible()


def test_offline_nothing_is_lost(open_page: OpenPage, samples: Path) -> None:
    page = open_page(expect_errors=True)
    choose(page, samples / "street.jpg")
    expect_answer(page)
    page.context.set_offline(True)
    press(page, "talk.button.share")
    expect(bubbles(page).last).to_have_text(translate("page.offline", Language.EN))
    say(page, "are you there?")
    expect(bubbles(page).last).to_have_text(translate("page.offline", Language.EN))
    expect(page.locator("#words")).to_have_value("are you there?")
    choose(page, samples / "ethnic.jpg")
    expect(page.locator(".retry")).to_be_visible()
    page.context.set_offline(False)
    press(page, "try.again")
    expect(page.locator(".log .bars")).to_have_count(2)


def test_a_slow_line_shows_how_much_was_sent(open_page: OpenPage) -> None:
    page = open_page()
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    slow = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 120_000}
    line.send("Network.emulateNetworkConditions", slow)
    page.evaluate(
        """() => {
            window.seen = [];
            const bar = document.querySelector("#sent");
            new MutationObserver(() => {
                if (!bar.closest(".sending").hidden) window.seen.push(bar.value);
            }).observe(bar, { attributes: true });
        }"""
    )
    noise = BytesIO()
    Image.effect_noise((900, 1200), 90).convert("RGB").save(noise, "JPEG", quality=85)
    choose(page, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": noise.getvalue()})
    expect(page.get_by_role("progressbar", name=translate("try.sending", Language.EN))).to_be_visible()
    expect(page.locator(".log .verdict").first).to_be_visible()
    expect(page.locator(".sending")).to_be_hidden()
    seen = page.evaluate("window.seen")
    assert seen == sorted(seen)
    assert any(0 < share < 100 for share in seen)


def test_a_phone_offers_its_camera(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    camera = page.locator("input[name=camera]")
    assert camera.get_attribute("capture") == "environment"
    expect(page.locator(".camera")).to_be_visible()
    camera.set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": encode_image(make_scene(300, 400, seed=2))}
    )
    expect(page.locator(".log .verdict").first).to_be_visible()
    expect(open_page(path="/try").locator(".camera")).to_be_hidden()


def test_on_a_phone_what_can_be_done_comes_into_view(open_page: OpenPage, samples: Path) -> None:
    page = open_page(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, reduced_motion="no-preference"
    )
    choose(page, samples / "street.jpg")
    share = page.get_by_role("button", name=translate("talk.button.share", Language.EN))
    expect(share).to_be_in_viewport()
    share.tap()
    name = page.locator("#name")
    expect(name).to_be_in_viewport()
    box = name.bounding_box()
    assert box is not None
    assert box["width"] > 180


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_in_the_conversation_is_out_of_reach(open_page: OpenPage, samples: Path, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    say(page, "hello")
    choose(page, samples / "street.jpg")
    expect_answer(page)
    press(page, "talk.button.share")
    expect(page.locator("#name")).to_be_visible()
    report = Axe().run(page)
    assert report.violations_count == 0, report.generate_report()
