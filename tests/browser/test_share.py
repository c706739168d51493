"""Sharing, thumbnails, the counter, page weight and accessibility."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from core.i18n.translations import Language, translate
from tests.browser.chat_page import choose, expect_answer
from tests.browser.conftest import SAVES_DATA, OpenPage
from tests.browser.installation import Installation
from tests.browser.layout_checks import LAYOUT_SHIFT, NEXT_FRAME, find_faults, find_violations
from tests.browser.seed_board import SHARED

pytestmark = pytest.mark.browser

FIRST, LAST = SHARED[0][0], SHARED[-1][0]
OWN = ("/me", "/me/scraps", "/me/following", "/me/following/people")
"""Pages of known visitors, with lists that are empty; `test_account` looks at those with entries, `test_login` at the
login page."""
PAGES = (
    *(
        "/",
        "/?style=mode&when=week",
        "/styles",
        "/styles/street",
        "/styles/girlish",
        "/try",
        "/about",
        "/model",
        "/privacy",
    ),
    *("/me", "/me/goodbye", "/people/Linen%20Heron%2024", "/people/nobody", "/nowhere"),
)
"""Public pages other than looks."""
LINK = {"webUrl", "mobileWebUrl", "androidExecutionParams", "iosExecutionParams"}
SDK = """
window.calls = [];
let key = null;
window.Kakao = {
  init: (given) => { key = given; window.calls.push(["init", given]); },
  isInitialized: () => key !== null,
  Share: { sendDefault: (template) => window.calls.push(["sendDefault", template]) },
};
"""
"""Replaces Kakao's script and records its calls."""
SHARE = """Object.defineProperty(navigator, "share", {
  configurable: true,
  value: async (data) => { window.shared = data; if (window.refuses) throw new DOMException("", window.refuses); },
});"""


FRAME = """() => [...document.querySelectorAll("body, header, header *")].map((element) => {
    const { left, top, width } = element.getBoundingClientRect();
    return [left, top, width];
})"""
"""Where the header and its parts are."""


def is_feed(template: dict[str, Any]) -> bool:
    """Whether this is a valid feed template by KakaoTalk's documentation."""
    content, buttons = template["content"], template.get("buttons", [])
    links = [content["link"], *(button["link"] for button in buttons)]
    return (
        template["objectType"] == "feed"
        and set(template) <= {"objectType", "content", "itemContent", "social", "buttons", "buttonTitle", "installTalk"}
        and {"title", "imageUrl", "link"} <= set(content)
        and set(content) <= {"title", "imageUrl", "link", "description", "imageWidth", "imageHeight"}
        and all(isinstance(content[name], str) and content[name] for name in ("title", "imageUrl", "description"))
        and all(isinstance(content[name], int) for name in ("imageWidth", "imageHeight"))
        and all(isinstance(count, int) for count in template["social"].values())
        and len(buttons) <= 2
        and all(set(button) == {"title", "link"} and button["title"] for button in buttons)
        and all(set(link) <= LINK and all(url.startswith("http") for url in link.values()) for link in links)
    )


@pytest.fixture(scope="module")
def site_with_kakao(site: str, installation: Installation) -> Iterator[str]:
    """A second server on the same database with a Kakao key and the hash of the replaced script."""
    digest = base64.b64encode(hashlib.sha384(SDK.encode()).digest()).decode()
    settings = {
        "EVA_KAKAO_JS_KEY": "0123456789abcdef",
        "EVA_KAKAO_SDK_VERSION": "9.9.9",
        "EVA_KAKAO_SDK_INTEGRITY": f"sha384-{digest}",
    }
    with installation.running_server(**settings) as address:
        yield address


def send_sdk(page: Page, content: str) -> None:
    """Serve this as Kakao's script."""
    page.route(
        "https://t1.kakaocdn.net/kakao_js_sdk/9.9.9/kakao.min.js",
        lambda route: route.fulfill(
            body=content, content_type="text/javascript", headers={"Access-Control-Allow-Origin": "*"}
        ),
    )


@pytest.mark.parametrize(("locale", "language"), [("ko-KR", Language.KO), ("en-GB", Language.EN)])
def test_kakaotalk_receives_a_feed_template(
    open_page: OpenPage, board: dict[str, str], site_with_kakao: str, locale: str, language: Language
) -> None:
    page = open_page(path="/", locale=locale)
    send_sdk(page, SDK)
    page.goto(f"{site_with_kakao}/looks/{board[FIRST]}")
    page.get_by_role("button", name=translate("share.kakao", language)).click()
    init, send = page.evaluate("window.calls")
    assert init == ["init", "0123456789abcdef"]
    assert send[0] == "sendDefault"
    assert is_feed(send[1])
    look_url = f"{site_with_kakao}/looks/{board[FIRST]}?preview={language}"
    assert send[1]["content"]["link"] == {"webUrl": look_url, "mobileWebUrl": look_url}
    assert send[1]["social"] == {"likeCount": 2 * len(SHARED)}
    image = page.request.get(send[1]["content"]["imageUrl"])
    assert (image.status, image.headers["content-type"]) == (200, "image/jpeg")


@pytest.mark.parametrize("content", [SDK + "// changed", None])
def test_kakaotalk_button_is_hidden_without_the_expected_script(
    open_page: OpenPage, board: dict[str, str], site_with_kakao: str, content: str | None
) -> None:
    page = open_page(path="/", expect_errors=True)
    if content is None:
        page.route("https://t1.kakaocdn.net/**", lambda route: route.abort())
    else:
        send_sdk(page, content)
    page.goto(f"{site_with_kakao}/looks/{board[FIRST]}")
    expect(page.locator(".sharing .copy")).to_be_visible()
    expect(page.locator(".sharing .kakao")).to_be_hidden()
    assert page.evaluate("window.calls") is None


def test_copying_the_link_is_confirmed(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=translate("share.copy", Language.EN)).click()
    expect(page.get_by_role("status").filter(has_text=translate("share.copied", Language.EN))).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"{page.url}?preview=en"


def test_link_that_cannot_be_copied_is_shown(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/", locale="ko-KR")
    page.add_init_script('navigator.clipboard.writeText = async () => { throw new Error("no"); };')
    page.goto(f"{page.url}looks/{board[FIRST]}")
    page.locator(".sharing .copy").click()
    expect(page.locator(".share-status")).to_have_text(
        translate("share.not_copied", Language.KO, url=f"{page.url}?preview=ko")
    )


def test_share_menu_of_the_device_is_offered_if_available(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path=f"/looks/{board[FIRST]}")
    expect(page.locator(".sharing .device")).to_be_hidden()
    page.add_init_script(SHARE)
    page.reload()
    more = page.get_by_role("button", name=translate("share.more", Language.EN), exact=True)
    more.click()
    shared = page.evaluate("window.shared")
    assert shared["url"] == f"{page.url}?preview=en"
    assert shared["title"] == translate("look.title", Language.EN, style="Street", name=FIRST)
    assert "Street" in shared["text"]
    for name, words in (("AbortError", ""), ("NotAllowedError", translate("share.failed", Language.EN))):
        page.evaluate("name => { window.refuses = name; }", name)
        more.click()
        expect(page.locator(".share-status")).to_have_text(words)


def test_share_links_work_without_javascript(open_page: OpenPage, board: dict[str, str], site_with_kakao: str) -> None:
    page = open_page(path="/", java_script_enabled=False)
    page.goto(f"{site_with_kakao}/looks/{board[FIRST]}")
    for service, start in (("telegram", "https://t.me/share/url?url="), ("facebook", "https://www.facebook.com/")):
        link = page.locator(f".sharing .{service}")
        expect(link).to_be_visible()
        assert (link.get_attribute("href") or "").startswith(start)
    for scripted in ("kakao", "copy", "device"):
        expect(page.locator(f".sharing .{scripted}")).to_be_hidden()


def test_number_counts_up_to_its_value(open_page: OpenPage, board: dict[str, str]) -> None:
    plain = open_page(path="/", java_script_enabled=False).locator(".judged strong")
    expect(plain).to_have_text(re.compile(r"^\d+$"))
    number = plain.inner_text()
    # With reduced motion there is no animation.
    still = open_page(path="/", reduced_motion="reduce")
    expect(still.locator(".judged strong")).to_have_text(number)
    moving, held = open_page(path="/privacy", reduced_motion="no-preference"), list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    moving.route("**/count-up.js", hold)
    with moving.expect_request("**/count-up.js"):
        moving.goto(still.url, wait_until="commit")
    expect(moving.locator(".notice")).to_be_attached()
    drawn = moving.evaluate(NEXT_FRAME)
    held[0].continue_()
    expect(moving.locator(".judged strong")).to_have_attribute("style", re.compile("min-width"))
    expect(moving.locator(".judged strong")).to_have_text(number)
    assert moving.evaluate(LAYOUT_SHIFT, drawn) == 0


@pytest.mark.parametrize("path", ["/", "/styles", "/styles/street", f"/people/{FIRST}", "/try"])
def test_a_page_whose_end_comes_late_keeps_its_frame(open_page: OpenPage, board: dict[str, str], path: str) -> None:
    page = open_page(path="/privacy", viewport={"width": 1600, "height": 800}, java_script_enabled=False)
    address = page.url.replace("/privacy", path)
    page.goto(address)
    whole = page.evaluate(FRAME)
    start = re.split(r"(?<=tabindex=\"-1\">)", page.request.get(address).text())[0]
    page.route(address, lambda route: route.fulfill(body=start, content_type="text/html; charset=utf-8"))
    page.goto(address)
    expect(page.locator("main")).to_be_empty()
    assert page.evaluate(FRAME) == whole


@pytest.mark.parametrize(("width", "density"), [(360, 1), (360, 2), (1280, 1)])
def test_image_size_follows_the_frame(open_page: OpenPage, board: dict[str, str], width: int, density: int) -> None:
    page = open_page(path="/", viewport={"width": width, "height": 2400}, device_scale_factor=density)
    for photo in page.locator(".looks img").all():
        photo.scroll_into_view_if_needed()
        expect(photo).to_have_js_property("complete", True)
        assert "/thumb/" in photo.evaluate("image => image.currentSrc")
        assert photo.evaluate("image => image.naturalWidth") > 0
    hero = page.locator(".hero .frame img").first.evaluate("image => image.currentSrc")
    assert ("/thumb/" in hero) is (width * density == 360)


def test_late_images_cause_no_layout_shift(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/privacy")
    page.add_init_script(SAVES_DATA)
    root, waiting, holding = page.url.removesuffix("/privacy"), list[Route](), True

    def hold(route: Route) -> None:
        if holding:
            waiting.append(route)
        else:
            route.continue_()

    page.route(re.compile("/shared/"), hold)
    for path in ("/", f"/looks/{board[FIRST]}", "/styles/street"):
        holding = True
        with page.expect_request(re.compile("/shared/")):
            page.goto(root + path, wait_until="domcontentloaded")
        drawn = page.evaluate(NEXT_FRAME)
        for number, photo in enumerate(page.locator("main img").all()):
            assert photo.get_attribute("width")
            assert photo.get_attribute("height")
            first = number == 0 and path == "/"
            assert (photo.get_attribute("loading") == "lazy") is (not first and "/looks/" not in path), path
        holding = False
        assert waiting
        while waiting:
            waiting.pop().continue_()
        page.wait_for_load_state("networkidle")
        assert page.evaluate(LAYOUT_SHIFT, drawn) == 0, path


def test_leaderboard_without_photos_is_small(open_page: OpenPage, board: dict[str, str]) -> None:
    page = open_page(path="/privacy")
    page.add_init_script(SAVES_DATA)
    weights: dict[str, int] = {}
    kinds: dict[str, str] = {}
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    devtools.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    devtools.on(
        "Network.loadingFinished", lambda event: weights.update({event["requestId"]: event["encodedDataLength"]})
    )
    page.goto(page.url.removesuffix("privacy"))
    page.wait_for_load_state("networkidle")
    # Requests of the previous page have no type here.
    counted = {request: weight for request, weight in weights.items() if kinds.get(request, "Image") != "Image"}
    assert {"Document", "Stylesheet", "Script"} <= {kinds[request] for request in counted}
    assert 5_000 < sum(counted.values()) < 200_000


@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 360), ("en-GB", 1280)])
def test_all_pages_are_accessible_and_fit(open_page: OpenPage, board: dict[str, str], locale: str, width: int) -> None:
    page = open_page(path="/", viewport={"width": width, "height": 800}, locale=locale, expect_errors=True)
    root, faults, look = page.url.rstrip("/"), dict[str, list[str]](), f"/looks/{board[FIRST]}"

    def check(path: str) -> None:
        page.goto(root + path)
        faults[path] = find_faults(page)

    for path in (*PAGES, look, f"{look}/reported"):
        check(path)
    page.goto(f"{root}/try")
    page.locator("button[value=street]").click()
    expect(page.locator(".log .bars")).to_be_visible()
    faults["/try, answered"] = find_violations(page)
    # From here on it is a known visitor, with empty lists.
    page.goto(f"{root}/looks/{board[LAST]}")
    with page.expect_response("**/scrap"):
        page.locator(".bookmark button").click()
    for path in OWN:
        check(path)
    broken = {path: found for path, found in faults.items() if found}
    assert not broken, json.dumps(broken, indent=1, ensure_ascii=False)


@pytest.mark.parametrize(("locale", "width"), [("ko-KR", 390), ("en-GB", 1280)])
def test_the_page_of_a_card_link_is_one_column(open_page: OpenPage, samples: Path, locale: str, width: int) -> None:
    page, language = open_page(locale=locale, viewport={"width": width, "height": 800}), Language(locale[:2])
    choose(page, samples / "feminine.jpg")
    expect_answer(page, language)
    page.locator(".result-card summary").click()
    page.get_by_role("button", name=translate("card.link.create", language)).click()
    expect(page.locator(".card-link")).to_have_value(page.url)
    faults = {"owner": find_faults(page)}
    card, link = page.locator(".result-card img").bounding_box(), page.locator(".card-link").bounding_box()
    assert card is not None
    assert link is not None
    assert (link["x"], link["width"]) == (card["x"], card["width"])
    expect(page.get_by_role("button", name=translate("card.link.end", language))).to_have_css("border-width", "0px")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name=translate("share.copy", language)).click()
    expect(page.get_by_role("status")).to_have_text(translate("share.copied", language))
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.context.clear_cookies()
    page.reload()
    expect(page.locator(".card-link")).to_have_count(0)
    faults["stranger"] = find_faults(page)
    assert faults == {"owner": [], "stranger": []}
