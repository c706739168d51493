"""Blocking a person on the site, without JavaScript, and ending it."""

from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from core.i18n.translations import Language, translate
from core.resources import Resources
from tests.html import select, texts
from tests.integration.leaderboard_web.people.conftest import SAME_ORIGIN, VISITORS, open_browser, share_look


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
