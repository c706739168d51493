"""Visitors guess the style of a look before they see Eva's verdict."""

from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import delete

from core.conversation.narration import style_name
from core.db import reactions, schema
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.styles import STYLES, Style
from tests.factories import create_person
from tests.html import attributes, select, texts
from tests.integration.leaderboard_web.people.conftest import (
    SAME_ORIGIN,
    VISITORS,
    count_rows,
    open_browser,
    share_look,
)


async def test_a_visitor_guesses_before_the_verdict(site: FastAPI, resources: Resources, mina: UUID) -> None:
    look = await share_look(resources, mina, Style.STREET)
    async with open_browser(site, VISITORS.issue()) as visitor:
        page = await visitor.get("/guess", follow_redirects=True)
        assert page.url.path == f"/looks/{look.id}/guess"
        assert attributes(page, ".guess-styles button", "value") == [str(style) for style in STYLES]
        # Only the eight buttons name the style: no title, alternative, preview or heat map gives it away.
        shown = page.text.replace("</button>", "<button").split("<button")
        assert style_name(Style.STREET, Language.EN) not in "".join(shown[0::2])
        assert str(look.heatmap_key) not in page.text
        for style in (Style.RETRO, Style.CASUAL):
            answer = await visitor.post(f"/looks/{look.id}/guess", data={"style": style}, headers=SAME_ORIGIN)
            assert answer.headers["location"] == f"/looks/{look.id}#guesses"
        assert await count_rows(resources, "look_guesses") == 1
        result = await visitor.get(f"/looks/{look.id}")
        (comment,) = texts(result, "#guesses .bubble")
        assert style_name(Style.RETRO, Language.EN) in comment or style_name(Style.STREET, Language.EN) in comment
        assert style_name(Style.CASUAL, Language.EN) not in comment, "the first guess counts"
        assert texts(result, "#guesses .small") == [translate("guess.few", Language.EN)]
        again = await visitor.get(f"/looks/{look.id}/guess")
        assert (again.status_code, again.headers["location"]) == (302, f"/looks/{look.id}")
        assert translate("guess.none", Language.EN)[:12] in (await visitor.get("/guess")).text.replace("&#39;", "'")
        unknown = await visitor.post(f"/looks/{look.id}/guess", data={"style": "x"}, headers=SAME_ORIGIN)
        assert unknown.status_code == 400


async def test_guesses_of_others_are_shown_from_five_on(
    site: FastAPI, resources: Resources, owner: httpx.AsyncClient, mina: UUID
) -> None:
    look = await share_look(resources, mina)
    async with resources.database.transaction() as connection:
        crowd = [(await create_person(connection)).id for _ in range(5)]
        for person_id, style in zip(crowd, [Style.RETRO] * 3 + [Style.CASUAL] * 2, strict=True):
            assert await reactions.create_guess(connection, look.id, person_id, style)
        assert not await reactions.create_guess(connection, look.id, mina, Style.RETRO), "no one guesses their own look"
    bars = "#guesses .bars li .percent"
    async with open_browser(site, VISITORS.issue()) as visitor:
        assert not select(await visitor.get(f"/looks/{look.id}"), "#guesses"), "nothing before one's own guess"
        assert texts(await owner.get(f"/looks/{look.id}"), bars) == ["60%", "40%"]
        await visitor.post(f"/looks/{look.id}/guess", data={"style": "mode"}, headers=SAME_ORIGIN)
        assert texts(await visitor.get(f"/looks/{look.id}"), bars) == ["50%", "33%", "17%"]
        async with resources.database.transaction() as connection:
            first_two = schema.look_guesses.c.person_id.in_(crowd[:2])
            await connection.execute(delete(schema.look_guesses).where(first_two))
        for browser in (visitor, owner):
            assert not select(await browser.get(f"/looks/{look.id}"), bars), "four guesses are too few"
    assert (await owner.post(f"/looks/{look.id}/guess", data={"style": "mode"}, headers=SAME_ORIGIN)).status_code == 404
    page = await owner.get(f"/looks/{look.id}/guess")
    assert not select(page, ".guess-styles"), "the owner gets the address for friends"
