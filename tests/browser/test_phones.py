"""Phones, large text, and what a photo looks like on a card."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from core.conversation.album_summary import MAX_ALBUM_PHOTOS
from core.i18n.translations import Language, translate
from tests.browser.chat_page import choose, expect_answer, say
from tests.browser.conftest import OpenPage
from tests.browser.layout_checks import FIND_OVERFLOW, FIND_SMALL_TARGETS, IN_WIDTH, find_violations
from tests.browser.seed_board import SHARED

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 664}, "has_touch": True, "is_mobile": True}
FIRST = SHARED[0][0]
IN_VIEW = """element => {
    const box = element.getBoundingClientRect();
    return box.height > 0 && box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth;
}"""
FONT_SIZES = "elements => elements.map((element) => parseFloat(getComputedStyle(element).fontSize))"
CUT_PLACEHOLDER = """field => {
    const words = document.createElement("span");
    words.textContent = field.placeholder;
    const { font, letterSpacing, paddingLeft, paddingRight } = getComputedStyle(field);
    Object.assign(words.style, { font, letterSpacing, whiteSpace: "nowrap", position: "absolute" });
    document.body.append(words);
    return words.getBoundingClientRect().width - field.clientWidth + parseFloat(paddingLeft) + parseFloat(paddingRight);
}"""
FORGET_SCRIPTING = """() => {
    const forget = (rules) => [...rules.cssRules].reverse().forEach((rule) => {
        if (rule.media?.mediaText.includes("scripting")) rules.deleteRule([...rules.cssRules].indexOf(rule));
    });
    [...document.styleSheets].forEach(forget);
}"""
"""As browsers of 2022 do."""
COLORS = "element => [getComputedStyle(element).color, getComputedStyle(element).backgroundColor]"
RATIO = "image => image.getBoundingClientRect().width / image.getBoundingClientRect().height"
SLANTED_HANGUL = """() => [...document.querySelectorAll("body *")].filter((element) =>
    /[\\uac00-\\ud7a3]/.test([...element.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join(""))
    && getComputedStyle(element).fontStyle !== "normal").map((element) => element.outerHTML)"""


@pytest.mark.parametrize(("locale", "language"), [("en-GB", Language.EN), ("ko-KR", Language.KO)])
def test_on_a_phone_the_action_is_in_view(open_page: OpenPage, locale: str, language: Language) -> None:
    page = open_page(locale=locale, **PHONE)
    for text in (translate("page.choose", language), translate("try.camera", language)):
        button = page.locator(".show label", has_text=text)
        expect(button).to_be_visible()
        assert button.evaluate(IN_VIEW), text
    assert page.evaluate(FIND_OVERFLOW) == []


def test_replies_are_in_view_on_a_phone(open_page: OpenPage, samples: Path) -> None:
    page = open_page(reduced_motion="no-preference", **PHONE)
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    choose(page, samples / "street.jpg")
    expect_answer(page)
    page.clock.run_for(4000)
    expect(page.locator(".actions button").first).to_be_in_viewport()
    page.clock.resume()
    say(page, "hello")
    expect(page.locator(".typing")).to_be_hidden()
    expect(page.locator(".log > li").last).to_be_in_viewport(ratio=0.9)


def test_a_phone_on_its_side_shows_the_looks(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/?when=all", viewport={"width": 667, "height": 375})
    page.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    assert page.evaluate("scrollY") > 300
    expect(page.locator(".filters")).not_to_be_in_viewport()
    padding = "getComputedStyle(document.documentElement).scrollPaddingTop"
    for width in (667, 850):
        page.set_viewport_size({"width": width, "height": 375})
        assert page.evaluate(padding) == "auto", "nothing covers what has the focus"
    page.set_viewport_size({"width": 850, "height": 800})
    assert page.evaluate(padding) != "auto"


def test_the_chosen_style_is_in_view(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/?style=ethnic", **PHONE)
    expect(page.locator(".chips [aria-current]")).to_be_in_viewport(ratio=0.9)


def test_hangul_is_never_slanted(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/about", locale="ko-KR")
    root = page.url.removesuffix("/about")
    assert "style" not in page.evaluate("getComputedStyle(document.documentElement).fontSynthesis")
    for path in ("/", "/?style=retro", f"/looks/{board[FIRST]}", "/try", "/styles", "/model"):
        page.goto(root + path)
        assert page.evaluate(SLANTED_HANGUL) == [], path


def test_photos_keep_their_proportions(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/")
    photos = page.locator(".hero img, .looks img").all()
    assert len(photos) > 1
    for photo in photos:
        width, height = int(photo.get_attribute("width") or 0), int(photo.get_attribute("height") or 0)
        assert photo.evaluate("image => getComputedStyle(image).objectFit") == "contain"
        assert photo.evaluate(RATIO) == pytest.approx(width / height, rel=0.05)


def test_several_files_are_judged_one_after_the_other(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    parts = page.locator("#parts")
    assert parts.get_attribute("data-max-photos") == str(MAX_ALBUM_PHOTOS)
    parts.evaluate("parts => { parts.dataset.maxPhotos = 2; }")
    names = ("street.jpg", "retro.jpg", "street.jpg")
    page.locator("input[name=photo]").set_input_files([samples / name for name in names])
    expect(page.locator(".log .bubble").last).to_have_text(
        translate("try.too_many", Language.EN, limit=MAX_ALBUM_PHOTOS)
    )
    expect(page.locator(".log .sent-photo")).to_have_count(2)
    expect(page.locator(".log .heat-image")).to_have_count(2)


def test_a_reload_while_a_photo_is_sent_is_explained(open_page: OpenPage, samples: Path) -> None:
    page = open_page(expect_errors=True)
    page.route("**/try", lambda route: None if route.request.method == "POST" else route.continue_())
    choose(page, samples / "street.jpg")
    expect(page.locator(".sending, .typing:not([hidden])").first).to_be_visible()
    page.wait_for_function("() => sessionStorage.getItem('uploading')")
    page.reload()
    expect(page.locator(".log .bubble").last).to_have_text(translate("try.interrupted", Language.EN))
    page.reload()
    expect(page.locator(".talk .bubble").last).not_to_have_text(translate("try.interrupted", Language.EN))


def test_targets_are_large_enough(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/")
    root = page.url.rstrip("/")
    found = {}
    for path in ("/", f"/looks/{board[FIRST]}", f"/people/{FIRST}", "/try", "/styles", "/about", "/me"):
        page.goto(root + path)
        if violations := find_violations(page, rules=["target-size"]):
            found[path] = violations
    assert not found


def test_on_a_phone_all_targets_are_as_large_as_a_finger(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    root, look = page.url.rstrip("/"), f"/looks/{board[FIRST]}"
    paths = ("/", look, f"{look}/guess", f"/people/{FIRST}", "/try", "/styles/street", "/privacy", "/login", "/me")
    found = {}
    for path in paths:
        page.goto(root + path)
        if small := page.evaluate(FIND_SMALL_TARGETS):
            found[path] = small
    assert not found


def test_browsers_that_do_not_know_a_query_show_what_needs_scripts(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(**PHONE)
    page.evaluate(FORGET_SCRIPTING)
    assert page.evaluate(FIND_OVERFLOW) == []
    expect(page.locator(".send")).to_be_hidden()
    for button in page.locator(".composer :is(label, button):visible").all():
        assert button.evaluate(IN_WIDTH)
    page.goto(page.url.replace("/try", f"/looks/{board[FIRST]}"))
    page.evaluate(FORGET_SCRIPTING)
    page.locator(".worn button").first.click()
    photo, dimmed = (page.locator(f".layers {part}").first.bounding_box() for part in ("img", ".worn-map"))
    assert photo == dimmed
    expect(page.locator(".fade input")).to_be_visible()


def test_a_phone_does_not_enlarge_the_page_around_a_field(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(**PHONE)
    root = page.url.removesuffix("/try")
    for path in ("/try", f"/looks/{board[FIRST]}", f"/people/{FIRST}"):
        page.goto(root + path)
        sizes = page.locator("input:is([type=text], :not([type]))").evaluate_all(FONT_SIZES)
        assert min(sizes) >= 16, path


@pytest.mark.parametrize("locale", ["en-GB", "ko-KR"])
def test_the_header_is_one_row_and_the_field_has_its_words_on_the_smallest_phone(
    open_page: OpenPage, locale: str
) -> None:
    page = open_page(locale=locale, viewport={"width": 320, "height": 568}, has_touch=True, is_mobile=True)
    header, links = page.locator("header"), page.locator("header nav a")
    assert header.evaluate("header => header.offsetHeight") < 1.8 * links.first.evaluate("link => link.offsetHeight")
    assert page.locator("#words").evaluate(CUT_PLACEHOLDER) <= 0


@pytest.mark.parametrize(("path", "row"), [("/try", ".replies"), ("/", ".filters .chips"), ("/", ".things")])
def test_a_row_that_scrolls_shows_that_there_is_more(
    open_page: OpenPage, board: dict[str, str], path: str, row: str
) -> None:
    page = open_page(path=path, **PHONE)
    cut = page.locator(row)
    assert cut.evaluate("row => row.scrollWidth > row.clientWidth")

    def count_colors_at_the_edge() -> int:
        picture = Image.open(BytesIO(cut.screenshot())).convert("RGB")
        return len(picture.crop((picture.width - 1, 0, picture.width, picture.height)).getcolors() or [])

    assert count_colors_at_the_edge() == 1, "nothing is cut: it has faded"
    page.keyboard.press("Tab")
    cut.locator("a, button, input").first.focus()
    assert count_colors_at_the_edge() > 1, "what has the focus may be there"
    cut.evaluate("row => row.scrollTo({ left: row.scrollWidth, behavior: 'instant' })")
    expect(cut.locator("a, button, label").last).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("locale", ["en-GB", "ko-KR"])
def test_all_orders_of_the_board_are_in_view_on_a_small_phone(
    open_page: OpenPage, board: dict[str, str], locale: str
) -> None:
    page = open_page(path="/?when=week", locale=locale, viewport={"width": 360, "height": 740}, has_touch=True)
    last = page.locator(".times a").last
    for width in (360, 320):
        page.set_viewport_size({"width": width, "height": 740})
        last.scroll_into_view_if_needed()
        assert page.locator(".times").evaluate("row => row.scrollLeft") == 0
        expect(last).to_be_in_viewport(ratio=1)


def test_a_printed_look_has_the_photo_and_the_words_alone(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}")
    page.emulate_media(media="print", color_scheme="dark")
    colors = page.locator(".verdict .bubble").first.evaluate(COLORS)
    page.emulate_media(media="print", color_scheme="light")
    assert page.locator(".verdict .bubble").first.evaluate(COLORS) == colors, "paper is light"
    for shown in (".layers img >> nth=0", "h1", ".verdict .log", ".bars"):
        expect(page.locator(shown)).to_be_visible()
    for hidden in ("header nav >> nth=0", "footer", ".fade", ".sharing", ".report", ".heart", ".strip", ".links"):
        for part in page.locator(hidden).all():
            expect(part).to_be_hidden()


def test_chosen_colours_keep_buttons_and_states_visible(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/", forced_colors="active")
    border = "element => getComputedStyle(element).borderTopWidth"
    assert page.locator(".heart button").first.evaluate(border) == "1px"
    chosen, other = page.locator(".chips a[aria-current]"), page.locator(".chips a:not([aria-current])").first
    background = "element => getComputedStyle(element).backgroundColor"
    assert chosen.evaluate(background) != other.evaluate(background)
    page.goto(f"{page.url}looks/{board[FIRST]}")
    slider = Image.open(BytesIO(page.locator(".fade input").screenshot())).convert("RGB")
    assert len(slider.getcolors(slider.width * slider.height) or []) > 50, "its track shows where it leads"
