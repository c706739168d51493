"""Messages and buttons on KakaoTalk, and their replies."""

from datetime import timedelta

import pytest
from sqlalchemy import func, update

from core.db import schema
from core.db.identities import get_identity
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from tests.factories import make_photo
from tests.integration.bot.kakao.conftest import KakaoHarness, button_actions, buttons, cards, get_person
from tests.texts import variants

KO, EN = Language.KO, Language.EN


async def test_messages_get_a_reply(harness: KakaoHarness) -> None:
    assert (await harness.send_text("도움말")).text == translate("kakao.hello", KO)
    assert (await harness.send_text("안녕")).text in variants("talk.hello", KO)
    assert (await harness.send_text("고마워요")).text in variants("talk.thanks", KO)
    assert (await harness.send_text("스트리트가 뭐예요?")).text.startswith(translate("style.street.name", KO))
    assert (await harness.send_text("스타일")).text.count("\n") == 8
    assert (await harness.send_text("")).text
    assert (await harness.send_text("다른 사진")).text == translate("talk.another", KO)


async def test_small_talk_has_the_button_that_it_speaks_of(harness: KakaoHarness) -> None:
    no_look = await harness.send_text("엉망이야")
    assert no_look.text in variants("talk.complaint", KO)
    assert button_actions(no_look.reply) == ["another"]
    await harness.give_consent()
    await harness.send_photo(make_photo())
    complaint = await harness.send_text("엉망이야")
    assert button_actions(complaint.reply) == ["correct", "another"]
    assert (await harness.press_button(complaint, "correct")).text == translate("talk.correct.ask", KO)
    for message, action in (("마지막 사진만 지워줘", "enter"), ("저 사람 신고할래요", "board")):
        assert button_actions((await harness.send_text(message)).reply) == [action, "another"]
    unclear = await harness.send_text("하이힐")
    assert unclear.text in variants("talk.words.look", KO)
    assert button_actions(unclear.reply) == ["why", "correct", "share", "similar", "another"]
    reason = await harness.press_button(unclear, "why")
    assert button_actions(reason.reply) == ["correct", "share", "similar", "another"]


async def test_a_style_can_be_corrected_however_old_the_look_is(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_photo(make_photo())
    async with harness.resources.database.transaction() as connection:
        await connection.execute(update(schema.looks).values(created_at=func.now() - timedelta(days=2)))

    assert button_actions((await harness.send_text("엉망이야")).reply) == ["correct", "another"]
    assert button_actions((await harness.send_text("하이힐")).reply) == ["another"]


async def test_an_announced_photo_is_awaited(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_photo(make_photo())
    assert (await harness.send_text("다른 사진 보낼게")).text == translate("talk.send", KO)


async def test_unsupported_media_gets_an_explanation(harness: KakaoHarness) -> None:
    assert (await harness.send(harness.kakao.video())).text == translate("talk.kind.video", KO)
    payload = harness.kakao.video()
    payload["userRequest"]["params"]["media"]["type"] = "hologram"
    assert (await harness.send(payload)).text == translate("talk.kind.other", KO)


async def test_language_of_kakao_applies_until_one_is_chosen(harness: KakaoHarness) -> None:
    payload = harness.kakao.text_message("help")
    payload["userRequest"]["lang"] = "en"
    hello = await harness.send(payload)
    assert hello.text == translate("kakao.hello", EN)
    assert (await harness.send_text("styles")).text.count("\n") == 8
    prompt = await harness.press_button(hello, "speak")
    assert [button["extra"]["language"] for button in buttons(prompt.reply)] == ["ko", "en"]
    assert (await harness.press_button(prompt, "speak")).text == translate("talk.language.set", KO)
    assert (await harness.send_text("help")).text == translate("kakao.hello", KO)


async def test_buttons_of_another_person_are_invalid(harness: KakaoHarness) -> None:
    await harness.give_consent()
    verdict = await harness.send_photo(make_photo())
    for action in ("share", "correct"):
        assert (await harness.press_button(verdict, action, person="another person")).text == translate(
            "talk.not_yours", KO
        )


async def test_kakao_login_id_is_linked_to_the_person(harness: KakaoHarness) -> None:
    payload = harness.kakao.text_message("안녕")
    payload["userRequest"]["user"]["properties"]["appUserId"] = "3301"
    await harness.send(payload)
    person = await get_person(harness)
    async with harness.resources.database.transaction() as connection:
        login = await get_identity(connection, IdentityProvider.KAKAO_LOGIN, "3301")
    assert login is not None
    assert login.person_id == person.id


class TestWithoutPublicUrl:
    @pytest.fixture
    def public_url(self) -> str | None:
        return None

    async def test_verdict_has_no_heatmap(self, harness: KakaoHarness) -> None:
        prompt = await harness.send_photo(make_photo())
        assert all(
            "webLinkUrl" not in button for button in prompt.reply["template"]["outputs"][0]["textCard"]["buttons"]
        )
        verdict = await harness.press_button(prompt, "agree")
        assert cards(verdict.reply) == []
        assert button_actions(verdict.reply) == ["share", "keep", "correct", "similar", "another", "guess"]
        assert button_actions((await harness.send_text("마지막 사진만 지워줘")).reply) == ["another"]
