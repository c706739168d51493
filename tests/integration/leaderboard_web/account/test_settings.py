"""Settings of a person: language and display name."""

from dataclasses import replace

import httpx
from fastapi import FastAPI

from core.db.identities import create_identity
from core.db.people import Person
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from tests.html import attributes
from tests.integration.leaderboard_web.account.conftest import add_person, get_person, page_text


async def test_language_setting_applies_to_site_and_chats(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    other = await client.get("/me/settings?lang=en")
    assert attributes(other, "[aria-pressed=true]", "value") == ["en"], "the language of the page is the pressed one"
    reply = await client.post("/me/settings", data={"language": "ko"})
    assert "lang=ko" in reply.headers["set-cookie"]
    page = await client.get(reply.headers["location"])
    assert translate("talk.language.set", Language.KO) in page_text(page)
    assert attributes(page, "html", "lang") == ["ko"]
    changed = await get_person(resources, mina)
    assert changed is not None
    assert changed.language == "ko"
    assert (await client.post("/me/settings", data={"language": "xx"})).status_code == 400


async def test_display_name_setting_is_validated_and_unique(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    await add_person(resources, "Jun Ho")
    reply = await client.post("/me/settings", data={"name": " Mina  2 "})
    assert translate("me.name.set", Language.EN, name="Mina 2") in page_text(
        await client.get(reply.headers["location"])
    )
    for requested, status, key in (("<i>", 422, "talk.name.refused"), ("junho", 409, "me.name.taken")):
        page = await client.post("/me/settings", data={"name": requested})
        assert page.status_code == status
        assert translate(key, Language.EN, name=requested) in page_text(page)
    changed = await get_person(resources, mina)
    assert changed is not None
    assert changed.name == "Mina 2"


async def test_a_refused_name_leaves_the_other_sections(
    client: httpx.AsyncClient, site: FastAPI, resources: Resources, mina: Person
) -> None:
    settings = site.state.eva.settings.model_copy(update={"admins": ("telegram:42",)})
    site.state.eva = replace(site.state.eva, settings=settings)
    async with resources.database.transaction() as connection:
        assert await create_identity(connection, mina.id, IdentityProvider.TELEGRAM, "42")
    page = await client.get("/me/settings")
    refused = await client.post("/me/settings", data={"name": "<i>"})
    assert (page.status_code, refused.status_code) == (200, 422)
    for answer in (page, refused):
        assert translate("me.daily", Language.EN) in page_text(answer)
        assert "/admin" in attributes(answer, "a", "href")
