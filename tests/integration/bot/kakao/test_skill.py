"""What people say and press on KakaoTalk, and what Eva answers."""

from pathlib import Path

import pytest
from sqlalchemy import text as sql

from core.conversation.display_names import generated_name
from core.conversation.listings import own_look_line
from core.conversation.narration import style_description, style_name
from core.db import looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.schema import IdentityProvider, metadata
from core.i18n.translations import Language, translate
from core.styles import STYLES, Style
from tests.factories import create_look, make_photo
from tests.integration.bot.kakao.conftest import KakaoHarness, button_actions, buttons, cards, is_verdict

KO, EN = Language.KO, Language.EN


async def person(harness: KakaoHarness) -> Person:
    async with harness.resources.database.transaction() as connection:
        (subject,) = (
            await connection.execute(sql("SELECT subject FROM identities WHERE provider = 'kakao'"))
        ).scalars()
        return await people.get_or_create_by_identity(connection, IdentityProvider.KAKAO, subject, language="ko")


async def the_look(harness: KakaoHarness) -> Look:
    me = await person(harness)
    async with harness.resources.database.transaction() as connection:
        (look,) = await looks.list_for_person(connection, me.id, limit=9)
        return look


async def test_words_get_an_answer(harness: KakaoHarness) -> None:
    assert (await harness.send_text("도움말")).text == translate("kakao.hello", KO)
    assert (await harness.send_text("안녕")).text == translate("talk.about", KO)
    assert (await harness.send_text("고마워요")).text == translate("talk.thanks", KO)
    assert (await harness.send_text("스트리트가 뭐예요?")).text.startswith(translate("style.street.name", KO))
    assert (await harness.send_text("스타일")).text.count("\n") == 8
    assert (await harness.send_text("")).text
    assert (await harness.send_text("다른 사진")).text == translate("talk.another", KO)


async def test_ones_own_looks_are_listed(harness: KakaoHarness) -> None:
    assert (await harness.send_text("내 기록")).text == translate("talk.me.nothing", KO)
    await harness.give_consent()
    await harness.send_photo(make_photo())
    look = await the_look(harness)
    listed = await harness.send_text("기록")
    assert listed.text.splitlines()[-1] == own_look_line(look, KO)
    assert translate("talk.me", KO, count=1, style=style_name(look.style, KO)) in listed.text


async def test_todays_board_is_listed_with_the_way_to_it(harness: KakaoHarness) -> None:
    assert (await harness.send_text("보드")).text == translate("talk.board.nothing", KO)
    async with harness.resources.database.transaction() as connection:
        owner = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, "7", language="ko")
        assert await people.set_display_name(connection, owner.id, "민아")
        look = await create_look(connection, owner.id)
        assert await looks.share(connection, look.id)
    line = translate("talk.board.line", KO, name="민아", style=style_name(look.style, KO), hearts=0)
    for words in ("오늘의 보드", "board"):
        answer = await harness.send_text(words)
        assert answer.text == f"{translate('talk.board', KO)}\n{line}"
        assert "https://eva.example/" in str(answer.reply)


async def test_privacy_is_explained(harness: KakaoHarness) -> None:
    for words in ("개인정보", "개인정보 안내"):
        answer = await harness.send_text(words)
        assert answer.text == translate("kakao.privacy", KO, hours=24)
        assert "https://eva.example/privacy" in str(answer.reply)


async def test_video_is_declined_kindly(harness: KakaoHarness) -> None:
    assert (await harness.send(harness.kakao.video())).text == translate("talk.kind.video", KO)
    payload = harness.kakao.video()
    payload["userRequest"]["params"]["media"]["type"] = "hologram"
    assert (await harness.send(payload)).text == translate("talk.kind.other", KO)


async def test_language_is_kakaos_until_it_is_chosen(harness: KakaoHarness) -> None:
    payload = harness.kakao.text_message("help")
    payload["userRequest"]["lang"] = "en"
    hello = await harness.send(payload)
    assert hello.text == translate("kakao.hello", EN)
    assert (await harness.send_text("styles")).text.count("\n") == 8
    asked = await harness.press_button(hello, "speak")
    assert [each["extra"]["language"] for each in buttons(asked.reply)] == ["ko", "en"]
    assert (await harness.press_button(asked, "speak")).text == translate("talk.language.set", KO)
    assert (await harness.send_text("help")).text == translate("kakao.hello", KO)


async def test_share_under_a_name_of_ones_own_and_take_it_back(harness: KakaoHarness) -> None:
    await harness.give_consent()
    told = await harness.send_photo(make_photo())
    asked = await harness.press_button(told, "share")
    name = generated_name((await person(harness)).id, KO)
    assert (asked.text, button_actions(asked.reply)) == (translate("talk.name.ask", KO, name=name), ["take", "keep"])
    refused = await harness.send_text("<b>")
    assert refused.text.split("\n") == [translate("talk.name.refused", KO), translate("talk.name.offer", KO, name=name)]
    assert button_actions(refused.reply) == ["take", "keep"]
    shared = await harness.send_text("단추 수집가")
    assert shared.text == translate("talk.shared", KO, name="단추 수집가")
    look = await the_look(harness)
    assert look.shared_at is not None
    card = shared.reply["template"]["outputs"][0]["textCard"]
    assert card["buttons"][0]["webLinkUrl"] == f"https://eva.example/looks/{look.id}"
    assert (await harness.press_button(shared, "unshare")).text == translate("talk.unshared", KO)
    assert (await the_look(harness)).shared_at is None
    again = await harness.press_button(told, "share")
    assert again.text == translate("talk.shared", KO, name="단추 수집가")
    assert button_actions((await harness.send_text("결과 보기")).reply)[0] == "unshare"


async def test_share_under_the_name_that_eva_made_up(harness: KakaoHarness) -> None:
    await harness.give_consent()
    asked = await harness.press_button(await harness.send_photo(make_photo()), "share")
    name = generated_name((await person(harness)).id, KO)
    assert (await harness.press_button(asked, "take")).text == translate("talk.shared", KO, name=name)


async def test_a_name_that_somebody_has_is_asked_again_with_the_made_up_one(harness: KakaoHarness) -> None:
    async with harness.resources.database.transaction() as connection:
        friend = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, "77", language="ko")
        assert await people.set_display_name(connection, friend.id, "단추 수집가")
    await harness.give_consent()
    await harness.press_button(await harness.send_photo(make_photo()), "share")
    taken = await harness.send_text("단추수집가")
    proposed = generated_name((await person(harness)).id, KO)
    assert taken.text == translate("talk.name.taken", KO, name="단추수집가", proposed=proposed)
    assert button_actions(taken.reply) == ["take", "keep"]
    assert (await harness.press_button(taken, "take")).text == translate("talk.shared", KO, name=proposed)


async def test_keep_it_private(harness: KakaoHarness) -> None:
    await harness.give_consent()
    assert (await harness.press_button(await harness.send_photo(make_photo()), "keep")).text == translate(
        "talk.kept", KO
    )
    assert (await the_look(harness)).shared_at is None


async def test_a_correction_is_noted(harness: KakaoHarness) -> None:
    await harness.give_consent()
    asked = await harness.press_button(await harness.send_photo(make_photo()), "correct")
    assert [each["extra"]["style"] for each in buttons(asked.reply)] == list(STYLES)
    seen = (await the_look(harness)).verdict.style
    other = next(style for style in STYLES if style is not seen)
    thanks = await harness.press_button(asked, "correct", style=other)
    assert thanks.text == translate("talk.correct.thanks", KO, style=translate(f"style.{other}.name", KO))
    assert (await the_look(harness)).corrected_style is other


async def test_guess_first(harness: KakaoHarness) -> None:
    await harness.give_consent()
    hello = await harness.send_text("도움말")
    assert (await harness.press_button(hello, "guess")).text == translate("talk.guess.on", KO)
    asked = await harness.send_photo(make_photo())
    assert (asked.text, button_actions(asked.reply)) == (translate("talk.guess.ask", KO), ["guess"] * 8 + ["result"])
    assert (await the_look(harness)).guessed_style is None
    right = (await the_look(harness)).verdict.style
    told = await harness.press_button(asked, "guess", style=right)
    comments = {translate(f"talk.guess.right.{n}", KO, style=translate(f"style.{right}.name", KO)) for n in (1, 2, 3)}
    assert told.text.split("\n")[0] in {each.replace("{guess}", "") for each in comments}
    assert is_verdict(told.reply)
    assert (await the_look(harness)).guessed_style is right
    assert (await harness.press_button(asked, "guess", style=Style.RETRO)).text == translate("talk.guess.late", KO)
    assert (await harness.press_button(told, "tell")).text == translate("talk.guess.off", KO)
    assert is_verdict((await harness.send_photo(make_photo(1))).reply)


async def test_a_style_that_is_typed_is_what_she_asked_for_or_talk(harness: KakaoHarness) -> None:
    retro = translate("style.retro.name", KO)
    about = f"{retro}: {style_description(Style.RETRO, KO)}"
    await harness.give_consent()
    await harness.send_text("먼저 맞혀 볼래요")
    await harness.send_photo(make_photo())
    assert is_verdict((await harness.send_text("음, 레트로!")).reply)
    assert (await the_look(harness)).guessed_style is Style.RETRO
    told = await harness.press_button(await harness.send_photo(make_photo(1)), "result")
    assert (await harness.send_text(retro)).text == about
    await harness.press_button(told, "correct")
    assert (await harness.send_text(retro)).text == translate("talk.correct.thanks", KO, style=retro)
    assert (await harness.send_text(retro)).text == about
    me = await person(harness)
    async with harness.resources.database.transaction() as connection:
        look, _ = await looks.list_for_person(connection, me.id, limit=9)
    assert (look.guessed_style, look.corrected_style) == (None, Style.RETRO)


async def test_who_asked_to_guess_may_ask_for_the_verdict(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_text("먼저 맞혀 볼래요")
    asked = await harness.send_photo(make_photo())
    assert is_verdict((await harness.press_button(asked, "result")).reply)
    assert (await the_look(harness)).guessed_style is None


async def test_nobody_presses_the_buttons_of_others(harness: KakaoHarness) -> None:
    await harness.give_consent()
    told = await harness.send_photo(make_photo())
    for verb in ("share", "correct"):
        assert (await harness.press_button(told, verb, person="somebody else")).text == translate("talk.not_yours", KO)


async def test_who_logs_in_is_known_by_both_names(harness: KakaoHarness) -> None:
    payload = harness.kakao.text_message("안녕")
    payload["userRequest"]["user"]["properties"]["appUserId"] = "3301"
    await harness.send(payload)
    me = await person(harness)
    async with harness.resources.database.transaction() as connection:
        login = await people.get_identity(connection, IdentityProvider.KAKAO_LOGIN, "3301")
    assert login is not None
    assert login.person_id == me.id


async def test_nothing_is_left_of_who_wants_to_be_forgotten(harness: KakaoHarness, storage_folder: Path) -> None:
    await harness.give_consent()
    told = await harness.send_photo(make_photo())
    await harness.press_button(told, "share")
    await harness.send_text("단추 수집가")
    await harness.press_button(await harness.press_button(told, "correct"), "correct", style=Style.RETRO)
    asked = await harness.send_text("다 지워 주세요")
    assert (asked.text, button_actions(asked.reply)) == (translate("talk.forget.ask", KO), ["erase", "stay"])
    assert (await harness.press_button(asked, "stay")).text == translate("talk.forget.stayed", KO)
    assert (await harness.press_button(asked, "erase")).text == translate("talk.forget.done", KO)
    async with harness.resources.database.transaction() as connection:
        for table in metadata.sorted_tables:
            if table.name == "days":  # counts outfits, of nobody
                continue
            assert (await connection.execute(table.select())).all() == [], table.name
        kept = (await connection.execute(sql("SELECT task_name, lock, args FROM procrastinate_jobs"))).all()
    assert not [job for job in kept if job.task_name.startswith("kakao.")]
    assert [path for path in storage_folder.rglob("*") if path.is_file()] == []
    assert (await harness.press_button(told, "share")).text == translate("talk.look_gone", KO)


class TestWithoutAPublicAddress:
    @pytest.fixture
    def public_url(self) -> str | None:
        return None

    async def test_verdict_is_words_alone(self, harness: KakaoHarness) -> None:
        asked = await harness.send_photo(make_photo())
        assert all("webLinkUrl" not in each for each in asked.reply["template"]["outputs"][0]["textCard"]["buttons"])
        told = await harness.press_button(asked, "agree")
        assert cards(told.reply) == []
        assert button_actions(told.reply) == ["share", "keep", "correct", "another", "guess"]
