"""Looks that KakaoTalk lists: a person's own, their week, the board and similar ones."""

import re

import pytest
from sqlalchemy import text as sql

from core.conversation.listings import own_look_line
from core.conversation.narration import style_name
from core.db import looks, people
from core.db.moderation import AUTO_SUSPEND_THRESHOLD, create_report
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from tests.factories import create_look, create_person, create_similar_look, make_photo
from tests.integration.bot.kakao.conftest import KakaoHarness, button_actions, cards, get_only_look, get_person

KO = Language.KO


async def test_own_looks_are_listed(harness: KakaoHarness) -> None:
    assert (await harness.send_text("내 기록")).text == translate("talk.me.nothing", KO)
    await harness.give_consent()
    await harness.send_photo(make_photo())
    look = await get_only_look(harness)
    listing = await harness.send_text("기록")
    assert listing.text.splitlines()[-1] == own_look_line(look, KO)
    assert translate("talk.me.first", KO, style=style_name(look.style, KO)) in listing.text


async def test_own_looks_are_on_the_board_only_until_reports_take_them_down(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_photo(make_photo())
    look = await get_only_look(harness)
    async with harness.resources.database.transaction() as connection:
        assert await looks.share(connection, look.id)
    *_, shared = (await harness.send_text("기록")).text.splitlines()
    async with harness.resources.database.transaction() as connection:
        for _ in range(AUTO_SUSPEND_THRESHOLD):
            assert await create_report(connection, look.id, (await create_person(connection)).id)
    *_, held = (await harness.send_text("기록")).text.splitlines()
    for line, key in ((shared, "talk.me.line.shared"), (held, "talk.me.line.held")):
        *_, state = translate(key, KO, date="", style="", percent="").split("%")
        assert line.endswith(state)


async def test_week_is_a_card_from_three_looks_on(harness: KakaoHarness) -> None:
    for words in ("이번 주", "이번 주 어땠어?", "how was my week?"):
        assert (await harness.send_text(words)).text == translate("week.few.line", KO, count=3)
    await harness.give_consent()
    await harness.send_photo(make_photo())
    person = await get_person(harness)
    async with harness.resources.database.transaction() as connection:
        for _ in range(2):
            await create_look(connection, person.id)

    response = await harness.press_button(await harness.send_text("기록"), "week")
    (card,) = cards(response.reply)
    assert response.text.splitlines() == [translate("talk.week.ready", KO), card["title"]]
    url = card["thumbnail"]["imageUrl"]
    assert re.fullmatch(r"https://eva\.example/cards/week/[\w=-]{120}/ko-post\.jpg\?t=.+", url)
    assert str(person.id) not in url, "it would tell those who receive the card the name on the board"
    assert [button.get("webLinkUrl") for button in card["buttons"]] == [url, None]
    assert button_actions(response.reply) == ["another"]


async def test_card_of_a_look_is_sent_for_a_wish_to_send_it(harness: KakaoHarness) -> None:
    assert (await harness.send_text("친구한테 보내고 싶어")).text == translate("talk.card.first", KO)
    await harness.give_consent()
    (heatmap,) = cards((await harness.send_photo(make_photo())).reply)
    assert heatmap["thumbnail"]["altText"].endswith("본 곳을 표시한 사진")
    look = await get_only_look(harness)
    response = await harness.send_text("친구한테 보내고 싶어")
    (card,) = cards(response.reply)
    assert card["thumbnail"]["altText"] == f"{style_name(look.style, KO)} 코디 카드"
    assert response.text.splitlines() == [translate("talk.card", KO), card["title"]]
    assert card["title"] == translate("card.text", KO, style=style_name(look.style, KO))
    url = card["thumbnail"]["imageUrl"]
    assert url.startswith(f"https://eva.example/cards/{look.id}/ko-post.jpg?t=")
    assert [button.get("webLinkUrl") for button in card["buttons"]] == [url, None]
    assert button_actions(response.reply)[-1] == "another"
    assert "share" in button_actions(response.reply), "KakaoTalk removes the buttons of earlier messages"
    assert (await harness.send_text("친구한테 보내고 싶어")).reply != response.reply, "KakaoTalk stores pictures by URL"


@pytest.mark.parametrize("public_url", [None])
async def test_week_is_told_in_words_without_a_public_url(harness: KakaoHarness) -> None:
    await harness.send_text("안녕")
    person = await get_person(harness)
    async with harness.resources.database.transaction() as connection:
        for _ in range(3):
            look = await create_look(connection, person.id)

    heading, shares, *_, line = (await harness.send_text("my week")).text.splitlines()
    assert "3" in heading
    style = style_name(look.style, KO)
    assert shares == f"{style} 100%"
    assert line == translate("week.line.one", KO, style=style)


async def test_leaderboard_of_today_is_listed_with_a_link(harness: KakaoHarness) -> None:
    assert (await harness.send_text("보드")).text == translate("talk.board.nothing", KO)
    async with harness.resources.database.transaction() as connection:
        owner = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, "7", language=Language.KO)
        assert await people.update_display_name(connection, owner.id, "민아")
        look = await create_look(connection, owner.id)
        assert await looks.share(connection, look.id)
    line = translate("talk.board.line.new", KO, name="민아", style=style_name(look.style, KO))
    for text in ("오늘의 보드", "board"):
        response = await harness.send_text(text)
        assert response.text == f"{translate('talk.board', KO)}\n{line}"
        assert "https://eva.example/" in str(response.reply)


async def test_similar_looks_of_others_are_shown(harness: KakaoHarness) -> None:
    await harness.give_consent()
    verdict = await harness.send_photo(make_photo())
    look = await get_only_look(harness)
    assert (await harness.press_button(verdict, "similar")).text == translate("talk.similar.unknown", KO)
    other = await create_similar_look(harness.resources, look.id, "민아")
    line = translate("talk.board.line.new", KO, name="민아", style=style_name(other.style, KO))
    for response in (
        await harness.press_button(verdict, "similar"),
        await harness.send_text(translate("talk.button.similar", KO)),
        await harness.send_text("닮은 코디 보여줘"),
    ):
        assert response.text == f"{translate('talk.similar', KO)}\n{line}"
        assert str(other.id) in str(response.reply), "the page of the look is linked"
    async with harness.resources.database.transaction() as connection:
        await connection.execute(sql("UPDATE looks SET pending_question = 'guess'"))
    asked = await harness.press_button(verdict, "similar")
    assert asked.text == translate("talk.guess.ask", KO)
    async with harness.resources.database.transaction() as connection:
        await looks.delete(connection, look.id)
    assert (await harness.press_button(verdict, "similar")).text == translate("talk.look_gone", KO)
    assert (await harness.send_text(translate("talk.button.similar", KO))).text == translate("talk.me.nothing", KO)
