"""The chat while something goes wrong or comes in between: lost photos, impatient people, strange drops."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from core.i18n.translations import Language, translate
from tests.browser.chat_page import bubbles, choose, expect_answer, press, say
from tests.browser.conftest import OpenPage
from tests.images import encode_image, make_scene

pytestmark = pytest.mark.browser

FILES = """([steps, types]) => {
    const transfer = new DataTransfer();
    for (const type of types) transfer.setData(type, "words");
    transfer.items.add(new File(["x"], "image.png", { type: "image/png" }));
    const part = document.querySelector(".samples img");
    return steps.map((step) => {
        const isPaste = step === "paste";
        const Kind = isPaste ? ClipboardEvent : DragEvent;
        const init = { [isPaste ? "clipboardData" : "dataTransfer"]: transfer, bubbles: true, cancelable: true };
        part.dispatchEvent(new Kind(step, init));
        return document.querySelector(".chat").ariaBusy === "true" || !document.querySelector(".drop-overlay").hidden;
    });
}"""
"""Dispatches events with a file; after which of them the page takes it."""
KEEP_REQUEST = """() => {
    const { send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.send = function (body) {
        window.request = this;
        return send.call(this, body);
    };
}"""
COUNT_URLS = """() => {
    const { createObjectURL, revokeObjectURL } = URL;
    const urls = (window.urls = new Set());
    URL.createObjectURL = (blob) => {
        const url = createObjectURL(blob);
        urls.add(url);
        return url;
    };
    URL.revokeObjectURL = (url) => {
        urls.delete(url);
        revokeObjectURL(url);
    };
}"""
TIME_OUT = """() => {
    window.controller = new AbortController();
    AbortSignal.timeout = () => window.controller.signal;
}"""


def photo(seed: int) -> dict[str, object]:
    """A file that is small enough for tests to see the body of its request."""
    return {"name": f"{seed}.png", "mimeType": "image/png", "buffer": encode_image(make_scene(80, 100, seed=seed))}


def hold(page: Page, url: str) -> list[Route]:
    """Keep the requests to a path on their way."""
    held = list[Route]()

    def keep(route: Route) -> None:
        held.append(route)

    page.route(url, keep)
    return held


def test_a_photo_that_did_not_arrive_can_be_sent_again_after_the_next_ones(open_page: OpenPage) -> None:
    page, sent = open_page(expect_errors=True), list[str]()

    def lose_first(route: Route) -> None:
        sent.append(route.request.method)
        if sent.count("POST") == 1 and sent[-1] == "POST":
            route.abort()
        else:
            route.continue_()

    page.route("**/try", lose_first)
    choose(page, [photo(21), photo(22)])
    expect(page.locator(".log .heat-image")).to_have_count(1)
    say(page, "hello")
    expect(page.locator("#words")).to_have_value("")
    press(page, "try.again")
    expect(page.locator(".log .heat-image")).to_have_count(2)
    # It stands over its own verdict again.
    expect(page.locator(".log .sent-photo")).to_have_count(3)
    expect(page.locator(".retry")).to_be_hidden()
    expect(page.locator(".actions button").first).to_be_focused()


def test_a_photo_can_be_sent_again_after_a_short_wait_and_not_after_a_day(open_page: OpenPage) -> None:
    page = open_page(expect_errors=True)
    waits = iter(("30", "30000"))

    def refuse(route: Route) -> None:
        route.fulfill(status=429, headers={"Retry-After": next(waits)}, json={"error": "x", "message": "Later"})

    page.route("**/try", refuse)
    for number, is_offered in enumerate((True, False), 1):
        choose(page, photo(number))
        expect(bubbles(page)).to_have_count(number)
        expect(page.locator(".chat")).not_to_have_attribute("aria-busy", "true")
        expect(page.locator(".retry")).to_be_visible(visible=is_offered)


def test_a_photo_that_is_chosen_before_the_script_comes_is_sent(open_page: OpenPage) -> None:
    page = open_page(path="/privacy")
    held = hold(page, "**/try-form.js")
    page.goto(page.url.replace("/privacy", "/try"), wait_until="commit")
    choose(page, photo(29))
    page.wait_for_function("() => document.querySelector('#photo').files.length === 1")
    held[0].continue_()
    expect_answer(page)


@pytest.mark.parametrize("body", ["null", "[]", "{}"])
def test_an_answer_that_is_not_evas_is_explained_and_the_next_photo_sent(open_page: OpenPage, body: str) -> None:
    page, sent = open_page(expect_errors=True), list[Route]()

    def refuse_first(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route)
        if len(sent) == 1 and route.request.method == "POST":
            route.fulfill(status=400, body=body, content_type="application/json")
        else:
            route.continue_()

    page.route("**/try", refuse_first)
    choose(page, [photo(23), photo(24)])
    expect(page.locator(".log .heat-image")).to_have_count(1)
    expect(bubbles(page).first).to_have_text(translate("page.trouble", Language.EN))


def test_a_photo_that_cannot_be_drawn_is_sent_as_it_is(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate("() => { CanvasRenderingContext2D.prototype.drawImage = () => { throw new RangeError(); }; }")
    choose(page, {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": encode_image(make_scene(1400, 1000), "JPEG")})
    expect_answer(page)


def test_a_file_that_is_too_large_is_not_sent(open_page: OpenPage) -> None:
    page, sent = open_page(), list[str]()
    page.on("request", lambda request: sent.append(request.method))
    page.locator("#parts").evaluate("parts => { parts.dataset.maxBytes = 100; }")
    choose(page, {"name": "film.mov", "mimeType": "video/quicktime", "buffer": bytes(101)})
    expect(bubbles(page).last).to_have_text(translate("error.photo_too_large", Language.EN))
    assert "POST" not in sent


def test_a_slow_upload_has_time_while_it_makes_progress(open_page: OpenPage) -> None:
    page = open_page()
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.evaluate(KEEP_REQUEST)
    hold(page, "**/try")
    choose(page, photo(25))
    page.wait_for_function("() => window.request")
    before = page.evaluate("request.timeout")
    page.clock.run_for(60_000)
    progress = "new ProgressEvent('progress', { loaded: 1, total: 2, lengthComputable: true })"
    page.evaluate(f"request.upload.dispatchEvent({progress})")
    assert page.evaluate("request.timeout") == pytest.approx(before + 60_000, abs=10)


def test_a_page_that_the_browser_kept_ends_its_uploads(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate("for (const name of ['pagehide', 'pageshow']) dispatchEvent(new Event(name))")
    choose(page, photo(26))
    expect_answer(page)
    assert page.evaluate("sessionStorage.getItem('uploading')") is None


def test_photos_that_were_shown_are_not_kept_in_memory(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate(COUNT_URLS)
    choose(page, photo(27))
    expect_answer(page)
    page.wait_for_function("() => urls.size === 0")
    assert page.evaluate("document.querySelector('.sent-photo img').naturalWidth") == 80


@pytest.mark.parametrize(
    ("steps", "types", "taken"),
    [
        (["paste"], [], True),
        (["paste"], ["text/plain"], True),
        (["paste"], ["text/plain", "text/html"], False),
        (["dragover", "drop"], [], True),
        (["dragstart", "dragover", "drop"], [], False),
    ],
    ids=["picture", "file of a folder", "text with a picture of it", "file", "picture of the page"],
)
def test_only_what_is_meant_as_a_photo_is_sent(
    open_page: OpenPage, steps: list[str], types: list[str], taken: bool
) -> None:
    page = open_page()
    hold(page, "**/try")
    assert any(page.evaluate(FILES, [steps, types])) is taken


def test_what_is_typed_while_a_message_is_on_its_way_stays(open_page: OpenPage) -> None:
    page = open_page()
    held = hold(page, "**/try/words")
    with page.expect_request("**/try/words"):
        say(page, "hello")
    page.locator("#words").press("End")
    page.locator("#words").press_sequentially(" who are you?")
    held[0].continue_()
    expect(page.locator("#words")).to_have_value("who are you?")


def test_the_focus_is_not_taken_from_someone_who_types(open_page: OpenPage, samples: Path) -> None:
    page = open_page(reduced_motion="no-preference")
    choose(page, samples / "street.jpg")
    expect(page.locator(".tools")).to_be_visible()
    # Time stands still: the answer is being typed.
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    press(page, "talk.button.correct")
    expect(page.locator(".log .waiting")).to_be_attached()
    page.locator("#words").focus()
    page.clock.run_for(4000)
    expect(page.locator(".styles button").first).to_be_visible()
    expect(page.locator("#words")).to_be_focused()


def test_a_message_that_nobody_answers_is_given_up(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate(TIME_OUT)
    hold(page, "**/try/words")
    with page.expect_request("**/try/words"):
        say(page, "hello")
    page.evaluate("controller.abort(new DOMException('', 'TimeoutError'))")
    expect(bubbles(page).last).to_have_text(translate("try.missed", Language.EN))
    expect(page.locator("#words")).to_have_value("hello")


def test_a_browser_without_time_limits_sends_messages(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate("delete AbortSignal.timeout")
    with page.expect_response("**/try/words"):
        say(page, "hello")
    expect(page.locator("#words")).to_have_value("")


def test_a_browser_whose_forms_do_not_know_their_button_sends_it(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    page.evaluate(
        "() => { const { FormData } = window; window.FormData = function (form) { return new FormData(form); }; }"
    )
    choose(page, samples / "street.jpg")
    expect_answer(page)
    press(page, "talk.button.keep")
    expect(page.locator(".log .bubble.you").last).to_have_text(translate("talk.button.keep", Language.EN))


@pytest.mark.parametrize("works", [True, False])
def test_the_button_that_copies_says_what_happened_and_offers_it_again(
    open_page: OpenPage, samples: Path, works: bool
) -> None:
    page = open_page()
    choose(page, samples / "street.jpg")
    copy = page.locator(".copy")
    label = copy.inner_text()
    page.evaluate("works => { navigator.clipboard.writeText = async () => { if (!works) throw new Error(); }; }", works)
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    for _ in range(2):
        copy.click()
        expect(copy).to_have_text(translate("page.copied" if works else "page.not_copied", Language.EN))
    page.clock.run_for(3000)
    expect(copy).to_have_text(label)


def test_screen_readers_hear_what_eva_does_with_a_photo(open_page: OpenPage) -> None:
    page = open_page()
    hold(page, "**/try")
    # It is there before it says something, and not in what is busy: most of them are silent about both.
    status = page.get_by_role("status")
    expect(status).to_have_count(1)
    choose(page, photo(28))
    expect(status).to_have_text(
        re.compile("|".join(translate(key, Language.EN) for key in ("try.preparing", "page.looking")))
    )
    assert page.locator("[aria-busy=true]").count() == 1
    assert page.locator("[aria-busy=true]").get_by_role("status").count() == 0
