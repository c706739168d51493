"""Takes the pictures that the README and `docs/screenshots` show: `make screenshots`.

A real server, in a folder of its own, with the model that ships; samples are on its board as several people's looks.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bot.stylist import LOGIN_LINK
from core.db import looks, people, tickets
from core.db.tables import Provider
from core.memory import open_memory
from core.settings import Settings
from tests.browser.seed import ATTACK, SHARED, share
from tools.seed_reports import report_some

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[1] / "docs"
SCREENSHOTS = DOCS / "screenshots"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
MOST_HEIGHT = 2200
"""px of a page that are kept."""
QUALITY = 78

STAND_IN = "window.Kakao = { init() {}, isInitialized: () => true };"
"""For Kakao's script, so that the button under a look is there without a key."""
ANYBODY = {"Content-Type": "text/javascript", "Access-Control-Allow-Origin": "*"}
SETTINGS = {
    "EVA_WRITES_PER_MINUTE": "10000",
    "EVA_NEWCOMERS_PER_HOUR": "10000",
    "EVA_ADMINS": "telegram:moderator",
    "EVA_KAKAO_JS_KEY": "0123456789abcdef",
    "EVA_KAKAO_SDK_VERSION": "0.0.0",
    "EVA_KAKAO_SDK_INTEGRITY": f"sha384-{b64encode(hashlib.sha384(STAND_IN.encode()).digest()).decode()}",
    "EVA_KAKAO_LOGIN_ID": "none",
    "EVA_KAKAO_LOGIN_SECRET": "none",
    "EVA_FACEBOOK_ID": "none",
    "EVA_FACEBOOK_SECRET": "none",
}
"""What has to be set so that everything can be seen; nothing of it is used."""

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
"""Eva's answer, from the photo to the bars, in the page's coordinates."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a page."""

    page: str
    """What is shown, as in the file's name."""
    path: str
    width: int
    locale: str
    scheme: str
    known: bool = False
    """Whether the visitor is logged in, and has given a heart, scrapped a look and followed somebody."""

    @property
    def file(self) -> str:
        """The picture's name."""
        return f"{self.page}-{self.width}-{self.locale[:2]}-{self.scheme}.webp"


KO, EN = "ko-KR", "en-GB"
SHOTS = [
    Shot("board", "/", 360, KO, "light"),
    Shot("board", "/", 360, EN, "dark"),
    Shot("board", "/", 768, EN, "light"),
    Shot("board", "/", 1280, KO, "dark"),
    Shot("board", "/", 1280, EN, "light"),
    Shot("board-empty", "/?style=girlish&when=week", 360, EN, "light"),
    Shot("look", "{look}", 360, KO, "dark"),
    Shot("look", "{look}", 768, KO, "light"),
    Shot("look", "{look}", 1280, EN, "light"),
    Shot("person", "{person}", 360, EN, "light"),
    Shot("person", "{person}", 1280, KO, "dark"),
    Shot("me", "/me", 360, KO, "light", known=True),
    Shot("me", "/me", 1280, EN, "dark", known=True),
    Shot("scraps", "/me/scraps", 360, EN, "dark", known=True),
    Shot("following", "/me/following", 768, KO, "light", known=True),
    Shot("settings", "/me/settings", 360, KO, "dark", known=True),
    Shot("login", "/login", 360, KO, "light"),
    Shot("login", "/login", 1280, EN, "dark"),
    Shot("styles", "/styles", 1280, KO, "light"),
    Shot("style", "/styles/street", 768, EN, "dark"),
    Shot("try", "/try", 360, EN, "light"),
    Shot("try", "/try", 768, KO, "dark"),
    Shot("privacy", "/privacy", 360, KO, "light"),
    Shot("model", "/model", 1280, EN, "light"),
    Shot("about", "/about", 360, EN, "dark"),
    Shot("about", "/about", 1280, KO, "light"),
    Shot("admin", "/admin", 360, KO, "light", known=True),
    Shot("admin", "/admin", 1280, EN, "dark", known=True),
    Shot("admin-log", "/admin/log", 360, EN, "light", known=True),
    Shot("admin-log", "/admin/log", 768, KO, "dark", known=True),
]
CHATS = [
    ("eva-desktop.jpg", "ethnic", {"width": 1280, "height": 900}, "light", EN),
    ("eva-phone.jpg", "retro", {"width": 390, "height": 844}, "dark", KO),
]


async def seed(settings: Settings, visits: int) -> tuple[str, list[str]]:
    """Put the samples on the board, and some in front of moderators.

    Returns:
        The id of the first look, and links that let the second person in, who is also a moderator.
    """
    entries = [entry for entry in SHARED if entry[0] != ATTACK]
    async with open_memory(settings) as memory:
        shared = [await share(memory, number, entry) for number, entry in zip(count(), entries, strict=False)]
        async with memory.database.begin() as connection:
            guest = await looks.get(connection, UUID(shared[1]))
            assert guest is not None
        await report_some(memory, guest.person_id)
        async with memory.database.begin() as connection:
            await people.link(connection, guest.person_id, Provider.TELEGRAM, "moderator")
            tokens = [await tickets.issue(connection, guest.person_id) for _ in range(visits)]
    return shared[0], [f"{LOGIN_LINK}/{token}" for token in tokens]


def shoot(browser: Browser, root: str, look: str, shot: Shot, link: str | None) -> None:
    """Take one picture of a page, after logging in by a link if there is one."""
    page = _open(browser, shot.locale, shot.scheme, {"width": shot.width, "height": 900}, 1)
    page.route("https://t1.kakaocdn.net/**", lambda route: route.fulfill(body=STAND_IN, headers=ANYBODY))
    if link is not None:
        page.goto(root + link)
        page.locator("main form button").first.click()
        page.goto(f"{root}/looks/{look}")
        for deed in ("heart", "scrap", "follow"):
            button = page.locator(f"form.{deed} button").first
            if button.get_attribute("aria-pressed") == "false":
                with page.expect_response(f"**/{deed}"):
                    button.click()
    path = shot.path.format(look=f"/looks/{look}", person=f"/people/{SHARED[0][0]}")
    page.goto(root + path)
    # What comes only when it is near, comes.
    for photo in page.locator("main img").all():
        photo.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    image: Image.Image = Image.open(BytesIO(page.screenshot(full_page=True)))
    image = image.crop((0, 0, image.width, min(image.height, MOST_HEIGHT)))
    image.save(SCREENSHOTS / shot.file, "WEBP", quality=QUALITY, method=6)
    page.context.close()


def shoot_chat(browser: Browser, root: str, chat: tuple[str, str, dict[str, int], str, str]) -> None:
    """Take one picture of Eva's answer about a sample that she sees an outfit in."""
    name, sample, size, scheme, locale = chat
    page = _open(browser, locale, scheme, size, 1.25)
    page.goto(f"{root}/try")
    page.locator(f"button[value={sample}]").click()
    page.locator(".log .bars").wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    clip = page.evaluate(FRAME)
    page.screenshot(path=DOCS / name, type="jpeg", quality=86, full_page=True, clip=clip)
    page.context.close()


def _open(browser: Browser, locale: str, scheme: str, size: dict[str, int], density: float) -> Page:
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=locale,
        reduced_motion="reduce",
        device_scale_factor=density,
    )
    return context.new_page()


@contextmanager
def running(data: str) -> Iterator[str]:
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
        visits = sum(shot.known for shot in SHOTS)
        look, links = asyncio.run(seed(Settings(data_dir=Path(data)), visits))
        with running(data) as root, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for shot in SHOTS:
                shoot(browser, root, look, shot, links.pop() if shot.known else None)
            for chat in CHATS:
                shoot_chat(browser, root, chat)
            browser.close()


if __name__ == "__main__":
    main()
