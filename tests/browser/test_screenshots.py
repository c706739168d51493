"""Every kind of page as a picture: a broken or blank one fails, a changed one is listed in `test-results`.

The pictures in docs/screenshots are the references; `make screenshots` renews them.
"""

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser

from tests.browser.conftest import RESULTS, NewInstallation
from tools.screenshot_board import seed_board
from tools.screenshots import (
    SCREENSHOTS,
    SHOTS,
    is_blank,
    log_in,
    running_server,
    take_screenshot,
    visible_difference,
)

REPORTED = 0.02
"""Share of a page that may look different without being listed."""
KINDS = {shot.page: shot for shot in reversed(SHOTS)}
"""One picture of each kind of page."""


@pytest.mark.browser
def test_no_page_is_broken_and_changes_are_listed(
    chromium: Browser, new_installation: NewInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pages in one test, since they share a server with the shipped model."""
    installation = new_installation()
    monkeypatch.setenv("DATABASE_URL", installation.database_url)
    report, broken = ["| page | looks different |", "|---|---|"], {}
    RESULTS.mkdir(exist_ok=True)
    look, link = installation.seed(seed_board)
    with running_server(str(installation.folder)) as root:
        session = log_in(chromium, root, look, link)
        for shot in KINDS.values():
            capture = take_screenshot(chromium, root, look, shot, session)
            reference = SCREENSHOTS / shot.file_name
            difference = visible_difference(capture.image, Image.open(reference)) if reference.exists() else 1.0
            if capture.faults:
                broken[shot.file_name] = capture.faults
            if capture.faults or difference > REPORTED:
                report.append(f"| {shot.file_name} | {difference:.1%} |")
                capture.image.save(RESULTS / shot.file_name, "WEBP")
    (RESULTS / "visual-changes.md").write_text("\n".join(report) + "\n", "utf-8")
    print("\n".join(report))  # noqa: T201  (pytest shows it with -s or a failure)
    assert not broken


def test_a_blank_picture_is_recognised() -> None:
    page = Image.new("RGB", (360, 800), "white")
    assert is_blank(page)
    ImageDraw.Draw(page).rectangle((20, 20, 340, 100), fill="black")
    assert not is_blank(page)


def test_the_difference_is_the_share_that_changed() -> None:
    page = Image.new("RGB", (400, 800), "white")
    assert visible_difference(page, page) == 0
    changed = page.copy()
    ImageDraw.Draw(changed).rectangle((0, 0, 399, 199), fill="black")
    assert visible_difference(page, changed) == pytest.approx(0.25, abs=0.02)
    assert visible_difference(page, page.crop((0, 0, 400, 400))) == pytest.approx(0.5, abs=0.02)
    faint = Image.new("RGB", (400, 800), (250, 250, 250))
    assert visible_difference(page, faint) == 0
