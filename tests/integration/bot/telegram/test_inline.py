"""Inline queries for a person's own public looks."""

import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from core.conversation.narration import style_name
from core.db import looks, people, schema
from core.db.schema import IdentityProvider, PendingQuestion
from core.i18n.translations import Language, translate
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.factories import create_look, make_photo
from tests.integration.bot.telegram.conftest import USER_ID, TelegramHarness, list_looks
from tests.integration.bot.telegram.test_buttons import judge_photo

KO = Language.KO


async def share_two_looks(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [make_outputs(style) for style in (Style.STREET, Style.RETRO, Style.MODE)]
    await harness.send_updates(*(harness.updates.photo(make_photo(seed)) for seed in range(3)))
    async with harness.resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, str(USER_ID), language=Language.KO
        )
        for look in (await looks.list_for_person(connection, person.id, limit=9))[1:]:
            assert await looks.share(connection, look.id)


async def send_inline_query(harness: TelegramHarness, text: str = "", *, user_id: int = USER_ID) -> dict[str, Any]:
    await harness.send_updates(harness.updates.inline_query(text, user_id=user_id))
    answer = harness.telegram.calls_to("answerInlineQuery")[-1]
    assert answer.status == 200, "Telegram shows nothing of an answer that it refuses"
    return dict(answer.fields)


async def test_results_are_text_without_a_public_url(harness: TelegramHarness) -> None:
    await share_two_looks(harness)
    answer = await send_inline_query(harness)

    assert [result["type"] for result in answer["results"]] == ["article", "article"]
    assert "https://t.me/eva_stylist_bot?start=look_" in str(answer["results"][0]["reply_markup"])
    assert str(answer["is_personal"]).lower() == "true"


async def test_results_are_photos_with_a_public_url(harness: TelegramHarness) -> None:
    harness.handler.conversation.settings = harness.handler.conversation.settings.model_copy(
        update={"public_url": "https://eva.example"}
    )
    await share_two_looks(harness)
    results = (await send_inline_query(harness))["results"]

    assert [result["type"] for result in results] == ["photo", "photo"]
    path, _, token = results[0]["photo_url"].removeprefix("https://eva.example/pictures/").partition("?t=")
    harness.resources.url_signer.verify(path, token)


async def test_query_for_a_style_filters_the_results(harness: TelegramHarness) -> None:
    await share_two_looks(harness)
    results = (await send_inline_query(harness, "street"))["results"]

    assert len(results) == 1


def hint_of(answer: dict[str, Any]) -> str:
    """The text of the button above no results."""
    assert answer.get("results", []) == []
    button = answer["button"]
    return str((json.loads(button) if isinstance(button, str) else button)["text"])


async def test_hint_says_why_there_are_no_looks(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [make_outputs(Style.RETRO)]
    assert hint_of(await send_inline_query(harness)) == translate("telegram.inline.first", KO)
    assert await harness.count_rows("identities") == 0, "a query records no person"
    await judge_photo(harness)
    assert hint_of(await send_inline_query(harness)) == translate("telegram.inline.nothing", KO)
    assert hint_of(await send_inline_query(harness, "street")) == translate("telegram.inline.nothing", KO)
    async with harness.resources.database.transaction() as connection:
        (look,) = await list_looks(harness)
        assert await looks.share(connection, look.id)
    style = style_name(Style.STREET, KO)
    assert hint_of(await send_inline_query(harness, "street")) == translate("telegram.inline.no_style", KO, style=style)


async def test_a_shared_look_is_found_behind_many_private_ones(harness: TelegramHarness) -> None:
    await share_two_looks(harness)
    async with harness.resources.database.transaction() as connection:
        owner = (await list_looks(harness))[0].person_id
        for _ in range(101):
            await create_look(connection, owner)
    assert len((await send_inline_query(harness))["results"]) == 2
    assert len((await send_inline_query(harness, "street"))["results"]) == 1


async def test_hint_says_why_there_is_no_card(harness: TelegramHarness) -> None:
    assert hint_of(await send_inline_query(harness, "week")) == translate("telegram.inline.first", KO)
    assert hint_of(await send_inline_query(harness, f"card_{uuid4()}")) == translate("telegram.inline.first", KO)
    await judge_photo(harness)
    assert hint_of(await send_inline_query(harness, "week")) == translate("telegram.inline.week", KO, count=2)
    await judge_photo(harness, 1)
    assert hint_of(await send_inline_query(harness, "week")) == translate("telegram.inline.week.one", KO)
    await judge_photo(harness, 2)
    assert hint_of(await send_inline_query(harness, "week")) == translate("telegram.inline.unreachable", KO)
    assert hint_of(await send_inline_query(harness, f"card_{uuid4()}")) == translate("telegram.inline.not_yours", KO)

    query = f"card_{(await list_looks(harness))[0].id}"
    assert hint_of(await send_inline_query(harness, query)) == translate("telegram.inline.unreachable", KO)
    async with harness.resources.database.transaction() as connection:
        await connection.execute(update(schema.looks).values(pending_question=PendingQuestion.GUESS))
    assert hint_of(await send_inline_query(harness, query)) == translate("telegram.inline.guess", KO)
    async with harness.resources.database.transaction() as connection:
        await connection.execute(update(schema.looks).values(pending_question=None, heatmap_key=None, photo_key=None))
    assert hint_of(await send_inline_query(harness, query)) == translate("telegram.inline.no_card", KO)


@pytest.mark.parametrize("words", [None, "친구한테 보내고 싶어"])
async def test_card_of_a_private_look_is_offered_to_its_owner_alone(
    harness: TelegramHarness, words: str | None
) -> None:
    harness.handler.conversation.settings = harness.handler.conversation.settings.model_copy(
        update={"public_url": "https://eva.example"}
    )
    await harness.send_updates(harness.updates.photo(make_photo()))
    more = harness.press(harness.last_with_buttons(), "more")
    await harness.send_updates(more if words is None else harness.updates.text(words))
    card = harness.last_message()
    assert "photo" in card, card
    assert ("%" in card["caption"]) if words is None else card["caption"] == translate("talk.card", KO)
    (look,) = await list_looks(harness)
    chosen = card["reply_markup"]["inline_keyboard"][0][0]["switch_inline_query_chosen_chat"]
    assert chosen["query"] == f"card_{look.id}"

    (result,) = (await send_inline_query(harness, chosen["query"]))["results"]
    assert result["photo_url"].startswith(f"https://eva.example/cards/{look.id}/ko-post.jpg?t=")
    first = translate("telegram.inline.first", KO)
    assert hint_of(await send_inline_query(harness, chosen["query"], user_id=77)) == first
    await harness.send_updates(harness.updates.photo(make_photo(1), user_id=77))
    not_yours = translate("telegram.inline.not_yours", KO)
    assert hint_of(await send_inline_query(harness, chosen["query"], user_id=77)) == not_yours
