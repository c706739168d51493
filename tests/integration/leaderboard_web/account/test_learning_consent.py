"""Consent to learn from corrections on the site: asked once, as easy to decline as to give, and taken back."""

from uuid import UUID

import httpx
import pytest

from core.db import look_feedback
from core.db.people import Person
from core.i18n.translations import Language, translate, variant_keys
from core.resources import Resources
from tests.html import attributes
from tests.integration.leaderboard_web.account.conftest import add_look, get_person, page_text

EN = Language.EN


async def learnable_looks(resources: Resources) -> set[UUID]:
    """The looks that the next export takes."""
    async with resources.database.transaction() as connection:
        return {look.id for look in await look_feedback.list_corrected(connection, limit=10)}


@pytest.mark.parametrize("language", Language)
async def test_the_first_correction_asks_once(
    client: httpx.AsyncClient, resources: Resources, mina: Person, language: Language
) -> None:
    client.headers["Accept-Language"] = language
    look, other = await add_look(resources, mina.id), await add_look(resources, mina.id)
    path, question = f"/me/looks/{look.id}", translate("talk.learning.ask", language)
    assert question not in page_text(await client.get(path))
    await client.post(path, data={"do": "correct", "style": "mode"})
    page = await client.get(path)
    assert question in page_text(page)
    # Both answers are buttons of the same kind.
    kinds = [attributes(page, f"button[name=do][value={answer}]", "class") for answer in ("learn", "nolearn")]
    assert kinds == [["button secondary"]] * 2
    assert await learnable_looks(resources) == set()
    reply = await client.post(path, data={"do": "learn"})
    page = await client.get(reply.headers["location"])
    assert translate("me.learning.thanks", language) in page_text(page)
    assert question not in page_text(page)
    assert await learnable_looks(resources) == {look.id}
    await client.post(f"/me/looks/{other.id}", data={"do": "correct", "style": "mode"})
    assert question not in page_text(await client.get(f"/me/looks/{other.id}"))
    assert await learnable_looks(resources) == {look.id, other.id}


async def test_declining_changes_nothing_else(client: httpx.AsyncClient, resources: Resources, mina: Person) -> None:
    look = await add_look(resources, mina.id)
    path = f"/me/looks/{look.id}"
    await client.post(path, data={"do": "correct", "style": "mode"})
    reply = await client.post(path, data={"do": "nolearn"})
    page = page_text(await client.get(reply.headers["location"]))
    assert translate("talk.learning.no", EN) in page
    assert translate("me.correction", EN, style="British Mode") in page
    assert translate("talk.learning.ask", EN) not in page
    assert await learnable_looks(resources) == set()


async def test_the_answer_is_taken_back_in_the_settings(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id)
    await client.post(f"/me/looks/{look.id}", data={"do": "correct", "style": "mode"})
    assert translate("me.learning.line.no", EN) in page_text(await client.get("/me/settings"))
    for value, state, notice, expected in (
        ("yes", "me.learning.line.yes", "me.learning.thanks", {look.id}),
        ("no", "me.learning.line.no", "talk.learning.no", set()),
    ):
        reply = await client.post("/me/settings", data={"learning": value})
        page = page_text(await client.get(reply.headers["location"]))
        assert translate(state, EN) in page
        assert translate(notice, EN) in page
        assert await learnable_looks(resources) == expected
    changed = await get_person(resources, mina)
    assert changed is not None
    assert changed.learning_consent is False
    assert changed.learning_asked_at is not None
    assert (await client.post("/me/settings", data={"learning": "maybe"})).status_code == 400


async def test_other_sites_and_other_people_cannot_answer(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    reply = await client.post("/me/settings", data={"learning": "yes"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert reply.status_code == 403
    client.cookies.clear()
    await client.post("/me/settings", data={"learning": "yes"})
    person = await get_person(resources, mina)
    assert person is not None
    assert person.learning_consent is None


@pytest.mark.parametrize("language", Language)
async def test_the_privacy_page_says_it(client: httpx.AsyncClient, language: Language) -> None:
    page = await client.get("/privacy", headers={"Accept-Language": language})
    for key in variant_keys("privacy.learning", language):
        assert translate(key, language) in page_text(page)
    assert "/me/settings#learning" in attributes(page, "main a", "href")
