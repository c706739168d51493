"""Blocking a person on the site, without JavaScript, and ending it."""

from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from core.db import looks, person_reports
from core.db.moderation import list_log
from core.db.schema import ModerationAction
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.services import moderation
from tests.factories import create_person
from tests.html import attributes, select, texts
from tests.integration.leaderboard_web.people.conftest import BY_SCRIPT, SAME_ORIGIN, VISITORS, open_browser, share_look


@pytest.mark.parametrize("page", ["person", "look"])
async def test_a_person_is_blocked_by_a_form_and_unblocked_in_the_settings(
    page: str, site: FastAPI, resources: Resources, mina: UUID
) -> None:
    look = await share_look(resources, mina)
    path = "/people/Mina%20Kim" if page == "person" else f"/looks/{look.id}"
    async with open_browser(site, VISITORS.issue()) as visitor:
        form = select(await visitor.get(path), 'form[action$="/block"]')[0]
        done = await visitor.post(form.get("action"), headers=SAME_ORIGIN, follow_redirects=True)
        assert translate("block.done", Language.EN) in " ".join(texts(done, "p"))
        assert "Mina Kim" in done.text
        assert (await visitor.get(path)).status_code in {404, 410}
        end = select(done, "ul.rows button")[0]
        ended = await visitor.post(
            "/me/blocked", data={"person": end.get("value")}, headers=SAME_ORIGIN, follow_redirects=True
        )
        assert translate("block.ended", Language.EN) in " ".join(texts(ended, "p"))
        assert (await visitor.get(path)).status_code == 200
        assert '/me/blocked"' in (await visitor.get("/me/settings")).text


async def test_owners_have_no_form_and_cannot_block_themselves(
    owner: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look = await share_look(resources, mina)
    for path in ("/people/Mina Kim", f"/looks/{look.id}"):
        assert not select(await owner.get(path), 'form[action$="/block"]')
        assert (await owner.post(f"{path}/block", headers=SAME_ORIGIN)).status_code in {404, 410}
        assert (await owner.get(path)).status_code == 200


async def test_followers_are_listed_for_their_person_alone_and_can_be_blocked(
    site: FastAPI, owner: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look = await share_look(resources, mina)
    async with open_browser(site, VISITORS.issue()) as visitor:
        await visitor.post(f"/looks/{look.id}/follow", headers=SAME_ORIGIN)
        page = await owner.get("/me/followers")
        (follower,) = attributes(page, "ul.rows button", "value")
        assert not select(await visitor.get("/me/followers"), "ul.rows")
        assert not select(await visitor.get("/people/Mina Kim"), 'a[href="/me/followers"]')
        followed = await visitor.get("/me/following/people")
        assert select(followed, "ul.rows .avatar.style-street"), "the color of the style that she shows most"
        blocked = await owner.post("/me/followers", data={"person": follower}, headers=SAME_ORIGIN)
        assert blocked.headers["location"] == "/me/blocked?said=blocked"
        assert not select(await owner.get("/me/followers"), "ul.rows")
        assert (await visitor.get(f"/looks/{look.id}")).status_code in {404, 410}
        for path in (f"/looks/{look.id}", "/people/Mina Kim"):
            answer = await visitor.post(f"{path}/unfollow", headers=BY_SCRIPT)
            assert (answer.status_code, "count" in answer.json()) == (404, False), "nor how many follow her"


async def test_a_person_is_reported_and_a_moderator_decides(
    site: FastAPI, resources: Resources, mina: UUID, token: str
) -> None:
    look = await share_look(resources, mina)
    async with open_browser(site, VISITORS.issue()) as visitor, open_browser(site, token) as owner:
        assert select(await visitor.get("/people/Mina Kim"), 'form[action$="/report"] input[name="reason"]')
        report = {"reason": "harassment", "line": "every  day"}
        for _ in range(2):
            done = await visitor.post(
                "/people/Mina Kim/report", data=report, headers=SAME_ORIGIN, follow_redirects=True
            )
            assert translate("report.thanks", Language.EN) in texts(done, "h1")
        assert (await owner.post("/people/Mina Kim/report", data=report, headers=SAME_ORIGIN)).status_code == 404
    async with resources.database.transaction() as connection:
        moderator = await create_person(connection)
        (reported,) = await person_reports.list_reported(connection, limit=9)
        assert (reported.id, reported.name, reported.reasons) == (mina, "Mina Kim", ("harassment: every day",))
        assert not reported.is_banned, "reports ban no one"
        assert reported.has_page
        await looks.unshare(connection, look.id)
        (reported,) = await person_reports.list_reported(connection, limit=9)
        assert not reported.has_page, "moderators get no link to a page that is not there"
    await moderation.dismiss_reports(resources, moderator.id, mina)
    async with resources.database.transaction() as connection:
        assert not await person_reports.list_reported(connection, limit=9)
        (entry,) = await list_log(connection, limit=9)
        assert (entry.action, entry.person) == (ModerationAction.DISMISS, (mina, "Mina Kim"))
