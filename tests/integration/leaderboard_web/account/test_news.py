"""What happened since the last visit, and the dot in the menu."""

from datetime import timedelta

import httpx
from sqlalchemy import func, update

from core.db import reactions, relations, schema
from core.db.people import Person
from core.i18n.translations import Language, translate
from core.resources import Resources
from tests.factories import create_person
from tests.html import attributes, texts
from tests.integration.leaderboard_web.account.conftest import add_look


async def let_time_pass(resources: Resources, since: timedelta) -> None:
    """As if everything had happened longer ago."""
    async with resources.database.transaction() as connection:
        for table in (schema.hearts, schema.bookmarks, schema.follows):
            await connection.execute(update(table).values(created_at=table.c.created_at - since))
        people = schema.people
        times = {"news_seen_at": people.c.news_seen_at - since, "news_since": people.c.news_since - since}
        await connection.execute(update(people).values(times))


async def has_dot(client: httpx.AsyncClient) -> bool:
    """Whether the menu shows the dot."""
    dot = await client.get("/me/news.svg")
    assert (dot.status_code, dot.headers["cache-control"]) == (200, "no-store")
    return "circle" in dot.text


async def test_news_count_what_others_did_until_they_are_seen(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look, private = await add_look(resources, mina.id, shared=True), await add_look(resources, mina.id)
    page = await client.get("/me/news")
    assert texts(page, "h2") == [translate("news.none", Language.EN)]
    assert attributes(page, ".news-dot", "src") == ["/me/news.svg"]
    async with resources.database.transaction() as connection:
        fans = [(await create_person(connection)).id for _ in range(3)]
        for person_id in (*fans, mina.id):
            await reactions.create_heart(connection, look.id, person_id)
        await reactions.create_bookmark(connection, look.id, fans[0])
        await relations.create_follow(connection, fans[0], mina.id)
        # Reactions to a look that is private now are no news.
        await connection.execute(schema.hearts.insert().values(look_id=private.id, person_id=fans[0]))
    assert await has_dot(client)
    hello = await client.post("/try/words", data={"words": "hello"}, headers={"Accept": "application/json"})
    assert "3 hearts" not in hello.text, "the person was here just now"
    expected = [
        "You've gotten 3 hearts, 1 save and 1 new follower since you last looked.",
        translate("news.first", Language.EN),
    ]
    from_elsewhere = await client.get("/me/news", headers={"Sec-Fetch-Site": "cross-site"})
    preview = await client.get("/me/news", headers={"Sec-Purpose": "prefetch"})
    for page in (from_elsewhere, preview):
        assert texts(page, ".notices p") == expected
        assert await has_dot(client), "only a visit of the person's own counts"
    for _ in range(2):
        page = await client.get("/me/news")
        assert texts(page, ".notices p") == expected, "news stay for the time of a visit"
        assert texts(page, ".news .counts") == ["Hearts: 3 Saves: 1"]
        assert attributes(page, ".news a", "href") == [f"/looks/{look.id}"]
        assert not await has_dot(client)
    await let_time_pass(resources, timedelta(hours=7))
    async with resources.database.transaction() as connection:
        await reactions.create_heart(connection, look.id, (await create_person(connection)).id)
    replies = [
        (await client.post("/try/words", data={"words": words}, headers={"Accept": "application/json"})).text
        for words in ("I want to die", "hello", "hello")
    ]
    assert ["1 heart" in text for text in replies] == [False, True, False], "once in a visit, and not after any message"
    await let_time_pass(resources, timedelta(minutes=31))
    await client.get("/me/news")
    async with resources.database.transaction() as connection:
        await connection.execute(update(schema.looks).values(shared_at=func.now() - timedelta(days=9)))
    assert texts(await client.get("/me/news"), "h2") == [translate("news.none", Language.EN)]


async def test_a_visitor_without_a_session_has_neither_dot_nor_news(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    client.cookies.clear()
    assert not attributes(await client.get("/about"), ".news-dot", "src")
    assert not await has_dot(client)
    assert (await client.get("/me/news")).status_code == 200
