"""Sharing a look from KakaoTalk, and the name under which it is shared."""

from core.conversation.display_names import generated_name
from core.conversation.intents import Intent, find_intent
from core.conversation.paraphrases import is_known, paraphrase
from core.db import people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from tests.factories import make_photo
from tests.integration.bot.kakao.conftest import KakaoHarness, button_actions, get_only_look, get_person
from tests.texts import variants

KO = Language.KO


async def test_share_under_a_chosen_name_and_unshare(harness: KakaoHarness) -> None:
    await harness.give_consent()
    verdict = await harness.send_photo(make_photo())
    prompt = await harness.press_button(verdict, "share")
    name = generated_name((await get_person(harness)).id, KO)
    assert (prompt.text, button_actions(prompt.reply)) == (translate("talk.name.ask", KO, name=name), ["take", "keep"])
    invalid = await harness.send_text("<b>")
    assert invalid.text.split("\n") == [translate("talk.name.refused", KO), translate("talk.name.offer", KO, name=name)]
    assert button_actions(invalid.reply) == ["take", "keep"]
    refused = await harness.send_text("싫어요")
    assert refused.text == translate("talk.kept", KO)
    await harness.press_button(verdict, "share")
    shown = await harness.send_text("단추 수집가")
    assert (shown.text, button_actions(shown.reply)) == (
        translate("talk.name.confirm", KO, name="단추 수집가"),
        ["post", "nopost"],
    )
    assert (await get_only_look(harness)).shared_at is None
    shared = await harness.press_button(shown, "post")
    assert shared.text == translate("talk.shared", KO, name="단추 수집가")
    look = await get_only_look(harness)
    assert look.shared_at is not None
    card = shared.reply["template"]["outputs"][0]["textCard"]
    assert card["buttons"][0]["webLinkUrl"] == f"https://eva.example/looks/{look.id}"
    assert button_actions((await harness.send_text("보드에서 내려줘")).reply)[0] == "unshare"
    assert (await harness.press_button(shared, "unshare")).text == translate("talk.unshared", KO)
    assert (await get_only_look(harness)).shared_at is None
    again = await harness.press_button(verdict, "share")
    assert again.text == translate("talk.shared", KO, name="단추 수집가")
    assert button_actions((await harness.send_text("결과 보기")).reply)[0] == "unshare"


async def test_share_under_the_generated_name(harness: KakaoHarness) -> None:
    await harness.give_consent()
    prompt = await harness.press_button(await harness.send_photo(make_photo()), "share")
    name = generated_name((await get_person(harness)).id, KO)
    assert (await harness.press_button(prompt, "take")).text == translate("talk.shared", KO, name=name)


async def test_taken_name_is_prompted_again_with_the_generated_one(harness: KakaoHarness) -> None:
    async with harness.resources.database.transaction() as connection:
        owner_of_name = await people.get_or_create_by_identity(
            connection, IdentityProvider.TELEGRAM, "77", language=Language.KO
        )
        assert await people.update_display_name(connection, owner_of_name.id, "단추 수집가")
    await harness.give_consent()
    await harness.press_button(await harness.send_photo(make_photo()), "share")
    taken = await harness.send_text("단추수집가")
    suggested = generated_name((await get_person(harness)).id, KO)
    assert taken.text == translate("talk.name.taken", KO, name="단추수집가", proposed=suggested)
    assert button_actions(taken.reply) == ["take", "keep"]
    assert (await harness.press_button(taken, "take")).text == translate("talk.shared", KO, name=suggested)


async def test_keep_private(harness: KakaoHarness) -> None:
    await harness.give_consent()
    assert (await harness.press_button(await harness.send_photo(make_photo()), "keep")).text == translate(
        "talk.kept", KO
    )
    assert (await get_only_look(harness)).shared_at is None


async def test_a_guessed_wish_to_share_asks_first_and_a_name_is_not_guessed(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_photo(make_photo())
    wish, remark = "이번 건 자신 있으니까 랭킹에 올려서 하트 받아볼래", "이거 작년에 세일할 때 산 거라"
    assert (is_known(wish), is_known(remark)) == (False, False)
    assert find_intent(paraphrase(remark)) is Intent.REMARK
    name = generated_name((await get_person(harness)).id, KO)
    prompt = await harness.send_text(wish)
    assert (prompt.text, button_actions(prompt.reply)) == (translate("talk.name.ask", KO, name=name), ["take", "keep"])
    assert (await harness.send_text(remark)).text not in variants("talk.remark", KO), "the question for a name is open"
    assert (await get_only_look(harness)).shared_at is None
    await harness.send_text("싫어요")
    assert (await harness.send_text(remark)).text in variants("talk.remark", KO)
