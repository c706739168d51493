"""Moderation: from three reports to the removal of a look."""

import pytest
from playwright.sync_api import Page, expect

from core.i18n.translations import Language, translate
from tests.browser.conftest import OpenPage
from tests.browser.installation import Installation
from tests.browser.layout_checks import find_faults, find_overflow
from tests.browser.seed_reported_look import MODERATOR, OWNER, SeededReport, create_reported_look

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def reported(board: dict[str, str], installation: Installation) -> SeededReport:
    """A look to report, three visitors and a moderator."""
    return installation.seed(create_reported_look)


HAS_PICTURES = "look => [...document.images].every((image) => image.complete || !image.src.includes(look))"
"""Whether a page needs no more pictures of a look; small cards of others may wait until they are in view."""


def log_in(page: Page, site: str, token: str) -> None:
    page.context.add_cookies([{"name": "visitor", "value": token, "url": site, "httpOnly": True, "sameSite": "Lax"}])


def report(page: Page, site: str, look: str, token: str) -> None:
    """Report a look, and leave: a page that stayed would later request pictures that are no longer public."""
    log_in(page, site, token)
    page.goto(f"{site}/looks/{look}")
    page.wait_for_function(HAS_PICTURES, arg=look)
    page.get_by_text(translate("report.open", Language.EN)).click()
    page.get_by_label(translate("report.reason.consent", Language.EN)).check()
    page.get_by_role("button", name=translate("report.send", Language.EN)).click()
    expect(page.get_by_text(translate("report.thanks", Language.EN))).to_be_visible()
    page.context.close()


def test_three_reports_lead_to_removal(open_page: OpenPage, reported: SeededReport, site: str) -> None:
    look = reported.id
    for number, token in enumerate(reported.visitors):
        # The last one without JavaScript: both forms of the report count.
        page = open_page(path="/", java_script_enabled=number != 2)
        report(page, site, look, token)
    visitor = open_page(path="/", expect_errors=True)
    expect(visitor.locator(".looks .owner-name", has_text=OWNER)).to_have_count(0)
    assert visitor.goto(f"{site}/looks/{look}").status == 404  # type: ignore[union-attr]
    for path in ("/admin", "/admin/people", "/admin/log"):
        assert visitor.goto(site + path).status == 404  # type: ignore[union-attr]

    page = open_page(path="/", java_script_enabled=False)
    log_in(page, site, reported.moderator)
    page.goto(f"{site}/admin")
    case = page.locator(f"#look-{look}")
    expect(case).to_contain_text(translate("admin.reports", Language.EN, count=3))
    expect(case).to_contain_text(translate("admin.held", Language.EN))
    expect(case).to_contain_text(translate("report.reason.consent", Language.EN))
    expect(case.get_by_role("img")).to_have_js_property("complete", True)
    reader = open_page(path="/", locale="ko-KR")
    log_in(reader, site, reported.moderator)
    reader.goto(f"{site}/admin")
    for summary in reader.locator(".moderation-actions summary").all():
        summary.click()
    assert find_faults(reader) == []
    reader.context.close()
    case.get_by_role("button", name=translate("admin.restore", Language.EN)).click()
    expect(page.locator(f"#look-{look}")).to_have_count(0)
    visitor.goto(f"{site}/")
    expect(visitor.locator(".looks .owner-name", has_text=OWNER)).to_have_count(1)

    report(open_page(path="/"), site, look, new_visitor_sees(visitor, site, look))
    page.goto(f"{site}/admin")
    case.get_by_text(translate("admin.hide", Language.EN), exact=True).click()
    case.get_by_role("button", name=translate("admin.hide.yes", Language.EN)).click()
    expect(case).to_have_count(0)
    assert visitor.goto(f"{site}/looks/{look}").status == 404  # type: ignore[union-attr]

    page.goto(f"{site}/admin/log")
    acts = [
        translate(f"admin.act.{act}", Language.EN, moderator=MODERATOR, person=OWNER) for act in ("hide", "restore")
    ]
    expect(page.locator(".moderation-log li p").first).to_have_text(acts[0])
    expect(page.locator(".moderation-log li p").nth(1)).to_have_text(acts[1])


def new_visitor_sees(page: Page, site: str, look: str) -> str:
    """The token of a new visitor, created by a heart."""
    page.goto(f"{site}/looks/{look}")
    with page.expect_response("**/heart"):
        page.locator(".heart button").click()
    return next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "visitor")


def test_moderation_pages_have_no_overflow(open_page: OpenPage, reported: SeededReport, site: str) -> None:
    page = open_page(path="/")
    log_in(page, site, reported.moderator)
    for path in ("/admin", "/admin/people", "/admin/log"):
        page.goto(site + path)
        assert find_overflow(page) == {}, path
