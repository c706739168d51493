"""Chromium in front of a running server. EVA_TEST_REQUIRE_BROWSER=1 makes a missing Chromium a failure."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from core.db.embedded_postgres import EmbeddedPostgres
from tests.browser.installation import Installation
from tests.browser.seed_board import share_samples
from tests.conftest import ROOT
from tests.databases import create_database, run_in_thread

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
]
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first that is installed; the shell has no windows, and opens a page with a quarter of the processor time."""
TIMEOUT_MS = 60_000
"""How long a page may take; one of them competes with a whole suite for its processors."""
expect.set_options(timeout=TIMEOUT_MS)
RESULTS = ROOT / "test-results"
SAVES_DATA = "Object.defineProperty(navigator, 'connection', { value: { saveData: true } })"
"""Script of a browser that is asked to save data: its pages open no stream, so that their network becomes idle."""

OpenPage = Callable[..., Page]
NewInstallation = Callable[[], Installation]


def find_program(names: Sequence[str]) -> str:
    """The path of the first of some programs that is installed; without one, the test is skipped, or fails."""
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        if os.environ.get("EVA_TEST_REQUIRE_BROWSER") == "1":
            pytest.fail(f"EVA_TEST_REQUIRE_BROWSER is set and there is none of {', '.join(names)}")
        pytest.skip(f"there is none of {', '.join(names)}")
    return path


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests."""
    path = find_program(PROGRAMS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def new_installation(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> NewInstallation:
    """Create an installation without people and looks; it lasts until the end of all tests."""

    def create() -> Installation:
        database = run_in_thread(create_database(postgres))
        return Installation(postgres.database_url(database), tmp_path_factory.mktemp("site"))

    return create


@pytest.fixture(scope="package")
def installation(new_installation: NewInstallation) -> Installation:
    """The installation that most tests share."""
    return new_installation()


@pytest.fixture(scope="package")
def site(installation: Installation) -> Iterator[str]:
    """URL of its server."""
    with installation.running_server() as address:
        yield address


@pytest.fixture(scope="package")
def board(installation: Installation) -> dict[str, str]:
    """Looks of several people; their ids by the names of their owners."""
    return installation.seed(share_samples)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Keep a screenshot of every page of a test that failed."""
    report = yield
    if report.when == "call" and report.failed:
        RESULTS.mkdir(exist_ok=True)
        pages: list[Page] = item.stash.get(PAGES, [])
        for number, page in enumerate(page for page in pages if not page.is_closed()):
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

    def start(*, path: str = "/try", expect_errors: bool = False, browser: Browser = chromium, **context: Any) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": 390, "height": 780}, "reduced_motion": "reduce"}
        # Tests hold and replace requests, which a service worker would make itself.
        options |= {"service_workers": "block"}
        page = browser.new_context(**{**options, **context}).new_page()
        page.set_default_timeout(TIMEOUT_MS)
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
