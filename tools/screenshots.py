"""Takes the pictures that the README and `docs/screenshots` show: `make screenshots`.

A real server in a temporary folder, with the shipped model; its leaderboard shows the samples as looks of people.
"""

import asyncio
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from core.settings import Settings
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.browser.seed_board import SHARED
from tools.screenshot_board import seed_board

DOCS = Path(__file__).parents[1] / "docs"
SCREENSHOTS = DOCS / "screenshots"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
MAX_HEIGHT = 2200
"""px of a page that are captured."""
CHAT_HEIGHT = 3200
"""px of a window in which a whole answer is in view."""
QUALITY = 78

KAKAO_STUB = "window.Kakao = { init() {}, isInitialized: () => true };"
"""For Kakao's script, so that the button under a look is there without a key."""
STUB_HEADERS = {"Content-Type": "text/javascript", "Access-Control-Allow-Origin": "*"}
SETTINGS = {
    "EVA_DRAIN_SECONDS": "0",
    "EVA_WRITES_PER_MINUTE": "10000",
    "EVA_NEW_VISITORS_PER_IP_PER_HOUR": "10000",
    "EVA_ADMINS": "telegram:moderator",
    "EVA_KAKAO_JS_KEY": "0123456789abcdef",
    "EVA_KAKAO_SDK_VERSION": "0.0.0",
    "EVA_KAKAO_SDK_INTEGRITY": f"sha384-{b64encode(hashlib.sha384(KAKAO_STUB.encode()).digest()).decode()}",
    "EVA_KAKAO_CLIENT_ID": "none",
    "EVA_KAKAO_CLIENT_SECRET": "none",
    "EVA_FACEBOOK_CLIENT_ID": "none",
    "EVA_FACEBOOK_CLIENT_SECRET": "none",
}
"""What has to be set so that everything can be seen; nothing of it is used."""

FIND_BROKEN_PARTS = """() => [
  ...[...document.images]
    .filter((image) => image.complete && !image.naturalWidth)
    .map((image) => `no image: ${image.alt}`),
  ...[...document.styleSheets].length ? [] : ["no style sheet"],
  ...document.querySelector("main h1, main .chat") ? [] : ["neither a heading nor a chat"],
]"""

FILL_STRIPS = """async () => {
  for (const strip of document.querySelectorAll(".strip")) {
    strip.scrollIntoView({ behavior: "instant" });
    while (!strip.matches(".nothing, :has(li)")) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  scrollTo({ top: 0, behavior: "instant" });
}"""
"""Fill the rows of cards that are empty until they come near the window."""

LOAD_IMAGES = """() => {
  for (const image of document.images) image.loading = "eager";
  return Promise.all([document.fonts.ready, ...[...document.images].map((image) => image.decode().catch(() => {}))]);
}"""
"""Load images that are lazy, and wait for all; a broken one is found afterward."""

FRAME = """() => {
  const [chat, photo, bars] = [".chat", ".log .you", ".log .bars"].map((part) =>
    document.querySelector(part).getBoundingClientRect());
  const edge = 16;
  return {
    x: chat.left - edge,
    y: photo.top - edge,
    width: chat.width + 2 * edge,
    height: bars.bottom - photo.top + 2 * edge,
  };
}"""
"""Eva's answer, from the photo to the bars, in a window that shows all of it."""


@dataclass(frozen=True, slots=True)
class Screenshot:
    """One picture of a page."""

    page: str
    """What is shown, as in the file's name."""
    path: str
    width: int
    locale: str
    scheme: str
    logged_in: bool = False
    """Whether the visitor is logged in, and has given a heart, bookmarked a look and followed a person."""

    @property
    def file_name(self) -> str:
        """The picture's name."""
        return f"{self.page}-{self.width}-{self.locale[:2]}-{self.scheme}.webp"


@dataclass(frozen=True, slots=True)
class Capture:
    """A page as it was seen."""

    image: Image.Image
    faults: tuple[str, ...]
    """What is broken: its status, its scripts, its images, its styles."""


CELL = 8
"""px of a page that become one; what is smaller, such as the smoothing of letters, does not count."""
VISIBLE = 16
"""Difference of the gray of a cell, of 255, that a person notices."""
MIN_CONTRAST = 4.0
"""Standard deviation of the gray of a page with a few words on it."""

KO, EN = "ko-KR", "en-GB"
SHOTS = [
    Screenshot("board", "/", 360, KO, "light"),
    Screenshot("board", "/", 360, EN, "dark"),
    Screenshot("board", "/", 768, EN, "light"),
    Screenshot("board", "/", 1280, KO, "dark"),
    Screenshot("board", "/", 1280, EN, "light"),
    Screenshot("board", "/", 1920, KO, "light"),
    Screenshot("board-empty", "/?style=girlish&when=week", 360, EN, "light"),
    Screenshot("look", "{look}", 360, KO, "dark"),
    Screenshot("look", "{look}", 390, EN, "light"),
    Screenshot("look", "{look}", 768, KO, "light"),
    Screenshot("look", "{look}", 1280, EN, "light"),
    Screenshot("person", "{person}", 360, EN, "light"),
    Screenshot("person", "{person}", 1280, KO, "dark"),
    Screenshot("me", "/me", 360, KO, "light", logged_in=True),
    Screenshot("me", "/me", 1280, EN, "dark", logged_in=True),
    Screenshot("scraps", "/me/scraps", 360, EN, "dark", logged_in=True),
    Screenshot("following", "/me/following", 768, KO, "light", logged_in=True),
    Screenshot("settings", "/me/settings", 360, KO, "dark", logged_in=True),
    Screenshot("login", "/login", 360, KO, "light"),
    Screenshot("login", "/login", 1280, EN, "dark"),
    Screenshot("styles", "/styles", 1280, KO, "light"),
    Screenshot("styles", "/styles", 390, EN, "dark"),
    Screenshot("style", "/styles/street", 768, EN, "dark"),
    Screenshot("try", "/try", 360, EN, "light"),
    Screenshot("try", "/try", 768, KO, "dark"),
    Screenshot("privacy", "/privacy", 360, KO, "light"),
    Screenshot("model", "/model", 1280, EN, "light"),
    Screenshot("about", "/about", 360, EN, "dark"),
    Screenshot("about", "/about", 1280, KO, "light"),
    Screenshot("admin", "/admin", 360, KO, "light", logged_in=True),
    Screenshot("admin", "/admin", 1280, EN, "dark", logged_in=True),
    Screenshot("admin-log", "/admin/log", 360, EN, "light", logged_in=True),
    Screenshot("admin-log", "/admin/log", 768, KO, "dark", logged_in=True),
]
CHATS = [
    ("eva-desktop.jpg", "ethnic", 1280, "light", EN),
    ("eva-phone.jpg", "street", 390, "dark", KO),
]


def log_in(browser: Browser, root: str, look: str, link: str) -> StorageState:
    """Log in, and give a heart to a look, bookmark it and follow its owner; the session's cookies.

    Args:
        browser: has the session.
        root: URL of the server.
        look: id of the look.
        link: path of a login link.
    """
    page = _open(browser, KO, "light", {"width": 1280, "height": 900}, 1)
    page.goto(root + link)
    page.locator("main form button").first.click()
    page.goto(f"{root}/looks/{look}")
    for operation, kind in (("heart", "heart"), ("scrap", "bookmark"), ("follow", "follow")):
        with page.expect_response(f"**/{operation}"):
            page.locator(f"form.{kind} button").first.click()
    state = page.context.storage_state()
    # Each page is shown in its own language.
    state["cookies"] = [cookie for cookie in state["cookies"] if cookie["name"] == VISITOR_COOKIE]
    page.context.close()
    return state


def take_screenshot(browser: Browser, root: str, look: str, shot: Screenshot, session: StorageState) -> Capture:
    """Take a screenshot of a page.

    Args:
        browser: opens the page.
        root: URL of the server.
        look: id of the look that is shown.
        shot: page, size, language and color scheme.
        session: of the person whose pages are shown.
    """
    state = session if shot.logged_in else None
    page = _open(browser, shot.locale, shot.scheme, {"width": shot.width, "height": 900}, 1, state)
    faults = list[str]()
    page.route("https://t1.kakaocdn.net/**", lambda route: route.fulfill(body=KAKAO_STUB, headers=STUB_HEADERS))
    path = shot.path.format(look=f"/looks/{look}", person=f"/people/{SHARED[0][0]}")
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(f"{request.failure}: {urlsplit(request.url).path}"))
    response = page.goto(root + path)
    if response is None or response.status != 200:
        faults.append(f"status {response and response.status}")
    page.evaluate(FILL_STRIPS)
    page.evaluate(LOAD_IMAGES)
    faults += page.evaluate(FIND_BROKEN_PARTS)
    image: Image.Image = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    page.context.close()
    if is_blank(image):
        faults.append("the page is blank")
    return Capture(image.crop((0, 0, image.width, min(image.height, MAX_HEIGHT))), tuple(faults))


def visible_difference(first: Image.Image, second: Image.Image) -> float:
    """The share of the page that looks different, 0 to 1; the part below the end of the shorter one is different."""
    width, height = max(first.width, second.width), max(first.height, second.height)
    cells = [_to_cells(image, width, height) for image in (first, second)]
    shared_height = min(first.height, second.height) // CELL
    differs = np.abs(cells[0] - cells[1]) > VISIBLE
    differs[shared_height:] |= first.height // CELL != second.height // CELL
    return float(differs.mean())


def is_blank(image: Image.Image) -> bool:
    """Whether a picture shows one color, or next to nothing on it."""
    return float(np.asarray(image.convert("L"), np.float32).std()) < MIN_CONTRAST


def _to_cells(image: Image.Image, width: int, height: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    canvas = Image.new("L", (width, height))
    canvas.paste(image.convert("L"), (0, 0))
    size = max(1, width // CELL), max(1, height // CELL)
    return np.asarray(canvas.resize(size, Image.Resampling.BOX), np.float32)


def take_chat_screenshot(browser: Browser, root: str, chat: tuple[str, str, int, str, str]) -> None:
    """Take one picture of Eva's answer about a sample that she sees an outfit in."""
    name, sample, width, scheme, locale = chat
    page = _open(browser, locale, scheme, {"width": width, "height": CHAT_HEIGHT}, 1.25)
    page.goto(f"{root}/try")
    page.locator(f"button[value={sample}]").click()
    page.locator(".log .bars").wait_for()
    page.wait_for_load_state("networkidle")
    # On a phone it is so near that a part of it would be in the picture.
    page.locator(".talk .languages").evaluate("(languages) => { languages.hidden = true; }")
    clip = page.evaluate(FRAME)
    page.screenshot(path=DOCS / name, type="jpeg", quality=86, clip=clip)
    page.context.close()


def _open(
    browser: Browser,
    locale: str,
    scheme: str,
    size: dict[str, int],
    density: float,
    state: StorageState | None = None,
) -> Page:
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=locale,
        reduced_motion="reduce",
        device_scale_factor=density,
        storage_state=state,
    )
    return context.new_page()


@contextmanager
def running_server(data: str) -> Iterator[str]:
    """Eva at a free port; gives her address."""
    command = [sys.executable, "-u", "-m", "eva", "run", "--port", "0"]
    environment = os.environ | SETTINGS | {"EVA_DATA_DIR": data}
    with subprocess.Popen(command, cwd=DOCS.parent, env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = next(filter(None, (re.search(r"http://[^/\s]+", line) for line in server.stdout)), None)
        if not found:
            sys.exit("Eva did not start.")
        try:
            yield found[0]
        finally:
            server.terminate()


def main() -> None:
    """Put looks on a board, start Eva, take every picture, stop her."""
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir()
    with tempfile.TemporaryDirectory(prefix="eva-shots-") as data:
        Path(data).chmod(0o755)
        look, link = asyncio.run(seed_board(Settings(data_dir=Path(data))))
        with running_server(data) as root, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            session = log_in(browser, root, look, link)
            for shot in SHOTS:
                capture = take_screenshot(browser, root, look, shot, session)
                if capture.faults:
                    sys.exit(f"{shot.file_name}: {'; '.join(capture.faults)}")
                capture.image.save(SCREENSHOTS / shot.file_name, "WEBP", quality=QUALITY, method=6)
            for chat in CHATS:
                take_chat_screenshot(browser, root, chat)
            browser.close()


if __name__ == "__main__":
    main()
