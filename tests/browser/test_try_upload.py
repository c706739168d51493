"""Choosing, dropping and uploading photos in the chat, also over a bad connection."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Route, expect

from core.i18n.translations import Language, translate
from tests.browser.chat_page import bubbles, choose, expect_answer, press, say
from tests.browser.conftest import OpenPage
from tests.images import encode_image, make_scene
from tests.texts import any_variant

pytestmark = pytest.mark.browser

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


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_photo_can_be_dropped_and_pasted_anywhere(open_page: OpenPage, event: str) -> None:
    page = open_page()
    page.evaluate(DROP, ["header", "/samples/street.jpg", event])
    expect_answer(page)
    expect(page.locator(".drop-overlay")).to_be_hidden()


@pytest.mark.parametrize(
    ("content", "key"), [(b"", "error.empty_photo"), (b"not a photo at all", "error.not_an_image")]
)
def test_unusable_file_is_explained_and_another_can_follow(
    open_page: OpenPage, samples: Path, content: bytes, key: str
) -> None:
    page = open_page(expect_errors=True)
    choose(page, {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content})
    expect(page.locator(".log .bubble.eva").last).to_have_text(translate(key, Language.EN))
    choose(page, samples / "street.jpg")
    expect_answer(page)


def test_what_went_wrong_is_in_view_after_a_long_answer(open_page: OpenPage, samples: Path) -> None:
    page = open_page(expect_errors=True)
    choose(page, samples / "street.jpg")
    expect_answer(page)
    expect(bubbles(page).last).not_to_be_in_viewport()
    choose(page, {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"})
    expect(bubbles(page).last).to_have_text(translate("error.not_an_image", Language.EN))
    expect(bubbles(page).last).to_be_in_viewport(ratio=1)


def test_photo_in_a_format_unknown_to_the_browser_is_shown(open_page: OpenPage) -> None:
    page = open_page()
    heic = encode_image(make_scene(640, 480), "HEIF")
    choose(page, {"name": "photo.heic", "mimeType": "image/heic", "buffer": heic})
    expect(page.locator(".log .bubble.you img")).to_have_attribute("src", re.compile("^/pictures/"))
    expect(page.locator(".log .heat-image")).to_be_visible()


def test_large_photo_is_resized_and_rotated_before_upload(open_page: OpenPage) -> None:
    page = open_page()
    stored = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    make_scene(2400, 1800).save(stored, "JPEG", exif=exif, quality=90)
    with page.expect_request(lambda request: request.method == "POST") as sent:
        choose(page, {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": stored.getvalue()})
    expect(page.locator(".log .heat-image")).to_be_visible()
    body = sent.value.post_data_buffer
    if body is not None:
        assert len(body) < stored.tell() / 2
    size = page.locator(".log .heat-image").evaluate("image => [image.naturalWidth, image.naturalHeight]")
    assert size == [960, 1280]


def test_failed_upload_is_reported_and_can_be_retried(open_page: OpenPage, samples: Path) -> None:
    page = open_page(expect_errors=True)
    attempts: list[str] = []

    def fail_first(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        attempts.append(re.findall(r'name="attempt"\r\n\r\n(\w+)', route.request.post_data or "")[0])
        if len(attempts) == 1:
            route.abort()
        else:
            route.continue_()

    # A small photo, since the body of a large request is not available to tests.
    page.route("**/try", fail_first)
    choose(page, {"name": "a.png", "mimeType": "image/png", "buffer": encode_image(make_scene(80, 100, seed=3), "PNG")})
    expect(bubbles(page).last).to_have_text(translate("page.failed", Language.EN))
    expect(page.locator(".sending")).to_be_hidden()
    expect(page.locator(".retry button")).to_be_in_viewport(ratio=1)
    press(page, "try.again")
    expect(page.locator(".log .verdict").first).to_be_visible()
    expect(page.locator(".log .photo")).to_have_count(1)
    expect(page.locator(".retry")).to_be_hidden()
    assert len(attempts) == 2
    assert attempts[0] == attempts[1], "so that it is judged once"


def test_photo_waits_for_the_reply_to_a_text(open_page: OpenPage, samples: Path) -> None:
    page = open_page()
    routes: list[Route] = []

    def hold(route: Route) -> None:
        routes.append(route)

    page.route("**/try/words", hold)
    with page.expect_request("**/try/words"):
        say(page, "hello")
    choose(page, samples / "street.jpg")
    expect(page.locator(".log .photo")).to_have_count(0)
    routes[0].continue_()
    expect_answer(page)
    expect(bubbles(page).filter(has_text=any_variant("talk.hello", Language.EN))).to_have_count(1)
    expect(page.locator(".actions .chip").first).to_be_visible()


def test_input_is_preserved_while_offline(open_page: OpenPage, samples: Path) -> None:
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
    expect(page.locator(".tools"), "there is no answer to copy").to_be_hidden()
    page.context.set_offline(False)
    press(page, "try.again")
    expect(page.locator(".log .bars")).to_have_count(2)


def test_slow_upload_shows_its_progress(open_page: OpenPage) -> None:
    page = open_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    network = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 20_000}
    session.send("Network.emulateNetworkConditions", network)
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
    page.wait_for_function("() => window.seen.some((share) => share > 0)")
    session.send("Network.emulateNetworkConditions", {**network, "uploadThroughput": -1})
    expect(page.locator(".log .verdict").first).to_be_visible()
    expect(page.locator(".sending")).to_be_hidden()
    seen = page.evaluate("window.seen")
    assert seen == sorted(seen)
    assert any(0 < share < 100 for share in seen)


def test_a_sample_takes_its_place_before_it_is_loaded(open_page: OpenPage) -> None:
    page, held = open_page(), list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/samples/street.jpg", hold)
    with page.expect_request("**/samples/street.jpg"):
        page.locator("button[value=street]").click()
    sent = page.locator(".log .bubble.you img")
    expect(sent).to_be_visible()
    before = sent.bounding_box()
    assert before is not None
    assert before["width"] / before["height"] == pytest.approx(800 / 1200, abs=0.01)
    held[0].continue_()
    expect(sent).to_have_js_property("complete", True)
    assert sent.evaluate("image => image.naturalWidth") == 800
    after = sent.bounding_box()
    assert after is not None
    assert (after["width"], after["height"]) == (before["width"], before["height"])


def test_a_wide_photo_takes_its_place(open_page: OpenPage) -> None:
    page = open_page()
    choose(page, {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": encode_image(make_scene(640, 480), "JPEG")})
    sent = page.locator(".log .bubble.you img.wide")
    expect(sent).to_have_attribute("height", "480")
    expect_answer(page)


def test_phone_offers_its_camera(open_page: OpenPage) -> None:
    page = open_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    camera = page.locator("input[name=camera]")
    assert camera.get_attribute("capture") == "environment"
    expect(page.locator(".camera")).to_be_visible()
    camera.set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": encode_image(make_scene(300, 400, seed=2))}
    )
    expect(page.locator(".log .verdict").first).to_be_visible()
    expect(open_page(path="/try").locator(".camera")).to_be_hidden()
    without_script = open_page(has_touch=True, is_mobile=True, java_script_enabled=False)
    expect(without_script.locator("#photo")).to_be_visible()
    expect(without_script.locator(".camera")).to_be_hidden()
