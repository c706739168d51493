"""Lists of own looks, bookmarks and followed people."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, update

from core.conversation.narration import style_name
from core.db import look_images, looks, moderation, reactions, relations, schema
from core.db.people import Person
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.styles import STYLES, Style
from leaderboard_web.account import lists
from tests.factories import classify_scripted, create_person, end_images, remove_look
from tests.html import attributes, next_url
from tests.html import select as select_elements
from tests.integration.leaderboard_web.account.conftest import add_look, add_person, look_ids, page_text


async def all_look_ids(client: httpx.AsyncClient, link: str | None) -> list[str]:
    """The looks of all pages of a list."""
    ids: list[str] = []
    while link is not None:
        page = await client.get(link)
        assert page.status_code == 200
        ids += look_ids(page)
        link = next_url(page)
    return ids


async def test_history_lists_all_looks_latest_first_in_pages(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    own_looks = [
        await add_look(resources, mina.id, shared=number % 5 == 0) for number in range(2 * lists.LOOKS_PER_PAGE + 1)
    ]
    async with resources.database.transaction() as connection:
        # Two looks with the same time are on different pages.
        moment = own_looks[lists.LOOKS_PER_PAGE].created_at
        same_time = schema.looks.c.id.in_([own_looks[lists.LOOKS_PER_PAGE + 1].id, own_looks[lists.LOOKS_PER_PAGE].id])
        await connection.execute(update(schema.looks).where(same_time).values(created_at=moment))
    await add_look(resources, (await add_person(resources)).id, shared=True)
    assert await all_look_ids(client, "/me") == [str(look.id) for look in reversed(own_looks)]
    month = translate("worn.me.style", Language.EN, style=style_name(own_looks[0].style, Language.EN), percent="100")
    assert month in page_text(await client.get("/me"))
    for wrong in ("nonsense", "", "1.2", f"{10**16}9.{own_looks[0].id.hex}"):
        assert (await client.get("/me", params={"before": wrong})).status_code == 404


@pytest.mark.parametrize("number", [1, lists.MAX_FAVORITES, lists.MAX_FAVORITES + 1])
async def test_history_names_the_most_frequent_styles_unless_they_are_nearly_all(
    client: httpx.AsyncClient, resources: Resources, mina: Person, number: int
) -> None:
    # The name of Business Casual has that of Casual in it.
    styles = [style for style in STYLES if style is not Style.CASUAL]
    for style in styles[:number]:
        await add_look(resources, mina.id, verdict=classify_scripted(style))
    lead = select_elements(await client.get("/me"), ".intro .lead")[0].text_content()
    named = [style for style in styles if style_name(style, Language.EN) in lead]
    assert named == (styles[:number] if number <= lists.MAX_FAVORITES else [])
    assert "Most" not in lead, "one look of a style is not the most"


async def test_history_shows_visibility_and_retention_of_each_look(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    private, shared, suspended, removed, expired, overdue = [
        await add_look(resources, mina.id, shared=name in {"shared", "suspended", "removed"})
        for name in ("private", "shared", "suspended", "removed", "expired", "overdue")
    ]
    await end_images(resources, overdue, timedelta(minutes=1))
    async with resources.database.transaction() as connection:
        for _ in range(3):
            await moderation.create_report(connection, suspended.id, (await create_person(connection)).id, reason="odd")
        await look_images.clear_image_keys(connection, [expired.id])
        await connection.execute(
            update(schema.looks)
            .where(schema.looks.c.id == private.id)
            .values(created_at=func.now() - timedelta(hours=20, minutes=30))
        )
    await remove_look(resources, removed.id)
    items = {
        item.cssselect("a.stretched-link")[0].get("href").rpartition("/")[2]: item
        for item in select_elements(await client.get("/me"), "li.own")
    }
    for look, state in (
        (private, "private"),
        (shared, "shared"),
        (suspended, "held"),
        (removed, "hidden"),
        (expired, "private"),
        (overdue, "private"),
    ):
        item = items[str(look.id)]
        assert translate(f"me.state.{state}", Language.EN) in item.text_content(), state
        assert bool(item.cssselect("[value=share]")) == (look is private)
        assert bool(item.cssselect("[value=unshare]")) == (state in {"shared", "held"})
        assert bool(item.cssselect("[src*='/pictures/']")) == (look not in {removed, expired, overdue})
        assert item.cssselect(f"a[href='/me/looks/{look.id}/delete']")
    private_text, shared_text, *gone_texts = (
        items[str(look.id)].text_content() for look in (private, shared, expired, overdue)
    )
    assert translate("me.kept", Language.EN, hours=4) in private_text
    assert all(translate("me.kept.gone", Language.EN) in text for text in gone_texts)
    assert translate("me.kept.gone", Language.EN) not in shared_text
    for look, state in ((suspended, "held"), (removed, "hidden")):
        assert translate(f"me.state.{state}.line", Language.EN) in page_text(await client.get(f"/me/looks/{look.id}"))
    async with resources.database.transaction() as connection:
        assert await moderation.mark_banned(connection, mina.id)
    for look, key in ((shared, "held.banned"), (removed, "hidden.line")):
        assert translate(f"me.state.{key}", Language.EN) in page_text(await client.get(f"/me/looks/{look.id}"))


async def test_bookmarks_list_public_looks_latest_first(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    other = await add_person(resources)
    other_looks = [await add_look(resources, other.id, shared=True) for _ in range(14)]
    for look in other_looks:
        async with resources.database.transaction() as connection:
            assert await reactions.create_bookmark(connection, look.id, mina.id)
    another = await add_look(resources, other.id, shared=True)
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, other_looks[3].id)
        await reactions.create_bookmark(connection, another.id, other.id)
    expected = [str(look.id) for look in reversed(other_looks) if look is not other_looks[3]]
    assert await all_look_ids(client, "/me/scraps") == expected


async def test_feed_lists_public_looks_of_followed_people(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    friends = [await add_person(resources, f"friend {number}") for number in range(3)]
    unfollowed = await add_person(resources, "unfollowed")
    async with resources.database.transaction() as connection:
        for friend in friends:
            await relations.create_follow(connection, mina.id, friend.id)
    shared = [await add_look(resources, friends[number % 2].id, shared=True) for number in range(15)]
    await add_look(resources, friends[0].id)
    await add_look(resources, unfollowed.id, shared=True)
    assert await all_look_ids(client, "/me/following") == [str(look.id) for look in reversed(shared)]
    page = await client.get("/me/following/people")
    followed = attributes(page, "button[name=person]", "value")
    assert followed == [str(friend.id) for friend in reversed(friends)]
    assert attributes(page, ".rows a", "href") == ["/people/friend%201", "/people/friend%200"], "who shares has a page"
    reply = await client.post("/me/following/people", data={"person": str(friends[0].id)})
    page = await client.get(reply.headers["location"])
    assert translate("me.unfollowed", Language.EN) in page_text(page)
    assert "friend 0" not in page.text
    assert await all_look_ids(client, "/me/following") == [str(look.id) for look in reversed(shared[1::2])]
    assert (await client.post("/me/following/people", data={"person": "x"})).status_code == 400
    assert (await client.get("/me/following/people?after=x")).status_code == 404
