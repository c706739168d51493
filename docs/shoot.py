"""Takes the pictures of Eva's page that the README shows: `make screenshots`.

A real server with the model that ships answers about a sample; Chromium shoots what a person sees.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "samples"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]

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

SHOTS = [
    ("eva-desktop.jpg", "ethnic", {"width": 1280, "height": 900}, "light", "en-GB"),
    ("eva-phone.jpg", "retro", {"width": 390, "height": 844}, "dark", "ko-KR"),
]


def shoot(browser: Browser, address: str, shot: tuple[str, str, dict[str, int], str, str]) -> None:
    """Take one picture: Eva's answer about a sample that she sees an outfit in."""
    name, sample, size, scheme, locale = shot
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        color_scheme=scheme,  # type: ignore[arg-type]
        locale=locale,
        reduced_motion="reduce",
        device_scale_factor=1.25,
    )
    page = context.new_page()
    page.goto(address)
    page.locator(f"button[value={sample}]").click()
    page.locator(".log .bars").wait_for()
    page.wait_for_load_state("networkidle")
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(
        path=HERE / name,
        type="jpeg",
        quality=86,
        full_page=True,
        clip=page.evaluate(FRAME),
    )
    context.close()


def main() -> None:
    """Start Eva, take every shot, stop her."""
    command = [sys.executable, "-u", "-m", "eva", "run", "--port", "0"]
    with subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = next(filter(None, (re.search(r"http://\S+", line) for line in server.stdout)), None)
        if not found:
            sys.exit("Eva did not start.")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for shot in SHOTS:
                shoot(browser, found[0], shot)
            browser.close()
        server.terminate()


if __name__ == "__main__":
    main()
