"""Chromium in front of a running server. EVA_TEST_REQUIRE_BROWSER=1 makes a missing Chromium a failure."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import ROOT

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
]
expect.set_options(timeout=20_000)
ENVIRONMENT = {
    "EVA_ENGINE": "scripted",
    "EVA_ENV": "development",
    "PYTHONPATH": str(ROOT),
    # All of these visitors share one address.
    "EVA_WRITES_PER_MINUTE": "10000",
    "EVA_NEW_VISITORS_PER_IP_PER_HOUR": "10000",
    "EVA_ADMINS": "telegram:moderator",
    "EVA_PAGE_CACHE_SECONDS": "0",
    "EVA_PHOTOS_PER_IP_PER_DAY": "10000",
}
RESULTS = ROOT / "test-results"

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if os.environ.get("EVA_TEST_REQUIRE_BROWSER") == "1":
            pytest.fail("EVA_TEST_REQUIRE_BROWSER is set and there is no Chromium")
        pytest.skip("no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Working and data folder of the server."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="package")
def board(site: str, site_folder: Path) -> dict[str, str]:
    """Seed looks of several people; their ids by the names of their owners."""
    seed = [sys.executable, "-m", "tests.browser.seed_board"]
    done = subprocess.run(
        seed, cwd=site_folder, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    look_ids: dict[str, str] = json.loads(done.stdout)
    return look_ids


@contextmanager
def running_server(site_folder: Path, **settings: str) -> Iterator[str]:
    """Run `eva run` on a free port with scripted verdicts; yields its URL and prints its output at the end.

    Args:
        site_folder: its working and data folder, which several servers may share.
        settings: more environment variables.
    """
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "tests.scripted_eva", "run", "--port", "0"],
        cwd=site_folder,
        env=os.environ | ENVIRONMENT | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        assert server.stdout is not None
        output, match = "", None
        # The first line may be about a new database; at the end of the process a line is empty.
        while match is None and (line := server.stdout.readline()):
            output += line
            match = re.search(r"http://\S+", line)
        try:
            assert match, output
            yield match[0].removesuffix("/try")
        finally:
            server.terminate()
            print(output, server.communicate()[0])  # noqa: T201  (pytest shows it with a failure)


@pytest.fixture(scope="package")
def site(site_folder: Path) -> Iterator[str]:
    """URL of the server."""
    with running_server(site_folder) as address:
        yield address


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Keep a screenshot of every page of a test that failed."""
    report = yield
    if report.when == "call" and report.failed:
        RESULTS.mkdir(exist_ok=True)
        pages: list[Page] = item.stash.get(PAGES, [])
        for number, page in enumerate(pages):
            page.screenshot(path=RESULTS / f"{item.name}-{number}.png", full_page=True)
    return report


PAGES = pytest.StashKey[list[Page]]()


def is_fault(line: ConsoleMessage) -> bool:
    """Whether a line of the console is an error of the page, and not about the tests' own blocking."""
    return line.type in {"error", "warning"} and line.text != "Service Worker registration blocked by Playwright"


@pytest.fixture
def open_page(chromium: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Open a page in a new browser context; an error in its console fails the test."""
    pages = request.node.stash[PAGES] = []
    errors: list[str] = []

    def complain(words: str) -> None:
        errors.append(words)

    def start(*, path: str = "/try", expect_errors: bool = False, **context: Any) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": 390, "height": 780}, "reduced_motion": "reduce"}
        # Tests hold and replace requests, which a service worker would make itself.
        options |= {"service_workers": "block"}
        page = chromium.new_context(**{**options, **context}).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: complain(str(error)))
        if not expect_errors:
            page.on("console", lambda line: complain(line.text) if is_fault(line) else None)
        page.goto(site + path)
        return page

    yield start
    for page in pages:
        page.context.close()
    assert not errors
