"""What people say and press on KakaoTalk, and what Eva answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import HttpUrl
from sqlalchemy import text as sql

from bot.names import made_up
from bot.shelf import line_of
from bot.texts import Language, text
from bot.voice import describe, style_name
from core.db import looks, people
from core.db.looks import Look
from core.db.people import Person
from core.db.tables import Provider, metadata
from core.styles import STYLES, Style
from tests.integration.bot.kakao.conftest import Stage, buttons, cards, is_verdict, verbs
from tests.integration.records import a_look, a_photo

KO, EN = Language.KO, Language.EN


async def person(stage: Stage) -> Person:
    async with stage.memory.database.begin() as connection:
        (subject,) = (
            await connection.execute(sql("SELECT subject FROM identities WHERE provider = 'kakao'"))
        ).scalars()
        return await people.meet(connection, Provider.KAKAO, subject, language="ko")


async def the_look(stage: Stage) -> Look:
    me = await person(stage)
    async with stage.memory.database.begin() as connection:
        (look,) = await looks.of_person(connection, me.id, limit=9)
        return look


async def test_words_get_an_answer(stage: Stage) -> None:
    assert (await stage.say("도움말")).text == text("kakao.hello", KO)
    assert (await stage.say("안녕")).text == text("talk.about", KO)
    assert (await stage.say("고마워요")).text == text("talk.thanks", KO)
    assert (await stage.say("스트리트가 뭐예요?")).text.startswith(text("style.street.name", KO))
    assert (await stage.say("스타일")).text.count("\n") == 8
    assert (await stage.say("")).text
    assert (await stage.say("다른 사진")).text == text("talk.another", KO)


async def test_ones_own_looks_are_listed(stage: Stage) -> None:
    assert (await stage.say("내 기록")).text == text("talk.me.nothing", KO)
    await stage.agree()
    await stage.show(a_photo())
    look = await the_look(stage)
    listed = await stage.say("기록")
    assert listed.text.splitlines()[-1] == line_of(look, KO)
    assert text("talk.me", KO, count=1, style=style_name(look.style, KO)) in listed.text


async def test_todays_board_is_listed_with_the_way_to_it(stage: Stage) -> None:
    assert (await stage.say("보드")).text == text("talk.board.nothing", KO)
    async with stage.memory.database.begin() as connection:
        owner = await people.meet(connection, Provider.TELEGRAM, "7", language="ko")
        assert await people.set_name(connection, owner.id, "민아")
        look = await a_look(connection, owner.id)
        assert await looks.share(connection, look.id)
    line = text("talk.board.line", KO, name="민아", style=style_name(look.style, KO), hearts=0)
    for words in ("오늘의 보드", "board"):
        answer = await stage.say(words)
        assert answer.text == f"{text('talk.board', KO)}\n{line}"
        assert "https://eva.example/" in str(answer.reply)


async def test_privacy_is_explained(stage: Stage) -> None:
    for words in ("개인정보", "개인정보 안내"):
        answer = await stage.say(words)
        assert answer.text == text("kakao.privacy", KO, hours=24)
        assert "https://eva.example/privacy" in str(answer.reply)


async def test_video_is_declined_kindly(stage: Stage) -> None:
    assert (await stage.send(stage.kakao.video())).text == text("talk.kind.video", KO)
    payload = stage.kakao.video()
    payload["userRequest"]["params"]["media"]["type"] = "hologram"
    assert (await stage.send(payload)).text == text("talk.kind.other", KO)


async def test_language_is_kakaos_until_it_is_chosen(stage: Stage) -> None:
    payload = stage.kakao.words("help")
    payload["userRequest"]["lang"] = "en"
    hello = await stage.send(payload)
    assert hello.text == text("kakao.hello", EN)
    assert (await stage.say("styles")).text.count("\n") == 8
    asked = await stage.press(hello, "speak")
    assert [each["extra"]["language"] for each in buttons(asked.reply)] == ["ko", "en"]
    assert (await stage.press(asked, "speak")).text == text("talk.language.set", KO)
    assert (await stage.say("help")).text == text("kakao.hello", KO)


async def test_share_under_a_name_of_ones_own_and_take_it_back(stage: Stage) -> None:
    await stage.agree()
    told = await stage.show(a_photo())
    asked = await stage.press(told, "share")
    name = made_up((await person(stage)).id, KO)
    assert (asked.text, verbs(asked.reply)) == (text("talk.name.ask", KO, name=name), ["take", "keep"])
    refused = await stage.say("<b>")
    assert refused.text.split("\n") == [text("talk.name.refused", KO), text("talk.name.offer", KO, name=name)]
    assert verbs(refused.reply) == ["take", "keep"]
    shared = await stage.say("단추 수집가")
    assert shared.text == text("talk.shared", KO, name="단추 수집가")
    look = await the_look(stage)
    assert look.shared_at is not None
    card = shared.reply["template"]["outputs"][0]["textCard"]
    assert card["buttons"][0]["webLinkUrl"] == f"https://eva.example/looks/{look.id}"
    assert (await stage.press(shared, "unshare")).text == text("talk.unshared", KO)
    assert (await the_look(stage)).shared_at is None
    again = await stage.press(told, "share")
    assert again.text == text("talk.shared", KO, name="단추 수집가")
    assert verbs((await stage.say("결과 보기")).reply)[0] == "unshare"


async def test_share_under_the_name_that_eva_made_up(stage: Stage) -> None:
    await stage.agree()
    asked = await stage.press(await stage.show(a_photo()), "share")
    name = made_up((await person(stage)).id, KO)
    assert (await stage.press(asked, "take")).text == text("talk.shared", KO, name=name)


async def test_a_name_that_somebody_has_is_asked_again_with_the_made_up_one(stage: Stage) -> None:
    async with stage.memory.database.begin() as connection:
        friend = await people.meet(connection, Provider.TELEGRAM, "77", language="ko")
        assert await people.set_name(connection, friend.id, "단추 수집가")
    await stage.agree()
    await stage.press(await stage.show(a_photo()), "share")
    taken = await stage.say("단추수집가")
    proposed = made_up((await person(stage)).id, KO)
    assert taken.text == text("talk.name.taken", KO, name="단추수집가", proposed=proposed)
    assert verbs(taken.reply) == ["take", "keep"]
    assert (await stage.press(taken, "take")).text == text("talk.shared", KO, name=proposed)


async def test_keep_it_private(stage: Stage) -> None:
    await stage.agree()
    assert (await stage.press(await stage.show(a_photo()), "keep")).text == text("talk.kept", KO)
    assert (await the_look(stage)).shared_at is None


async def test_a_correction_is_noted(stage: Stage) -> None:
    await stage.agree()
    asked = await stage.press(await stage.show(a_photo()), "correct")
    assert [each["extra"]["style"] for each in buttons(asked.reply)] == list(STYLES)
    seen = (await the_look(stage)).verdict.style
    other = next(style for style in STYLES if style is not seen)
    thanks = await stage.press(asked, "correct", style=other)
    assert thanks.text == text("talk.correct.thanks", KO, style=text(f"style.{other}.name", KO))
    assert (await the_look(stage)).corrected_style is other


async def test_guess_first(stage: Stage) -> None:
    await stage.agree()
    hello = await stage.say("도움말")
    assert (await stage.press(hello, "guess")).text == text("talk.guess.on", KO)
    asked = await stage.show(a_photo())
    assert (asked.text, verbs(asked.reply)) == (text("talk.guess.ask", KO), ["guess"] * 8 + ["result"])
    assert (await the_look(stage)).guessed_style is None
    right = (await the_look(stage)).verdict.style
    told = await stage.press(asked, "guess", style=right)
    comments = {text(f"talk.guess.right.{n}", KO, style=text(f"style.{right}.name", KO)) for n in (1, 2, 3)}
    assert told.text.split("\n")[0] in {each.replace("{guess}", "") for each in comments}
    assert is_verdict(told.reply)
    assert (await the_look(stage)).guessed_style is right
    assert (await stage.press(asked, "guess", style=Style.RETRO)).text == text("talk.guess.late", KO)
    assert (await stage.press(told, "tell")).text == text("talk.guess.off", KO)
    assert is_verdict((await stage.show(a_photo(1))).reply)


async def test_a_style_that_is_typed_is_what_she_asked_for_or_talk(stage: Stage) -> None:
    retro = text("style.retro.name", KO)
    about = f"{retro}: {describe(Style.RETRO, KO)}"
    await stage.agree()
    await stage.say("먼저 맞혀 볼래요")
    await stage.show(a_photo())
    assert is_verdict((await stage.say("음, 레트로!")).reply)
    assert (await the_look(stage)).guessed_style is Style.RETRO
    told = await stage.press(await stage.show(a_photo(1)), "result")
    assert (await stage.say(retro)).text == about
    await stage.press(told, "correct")
    assert (await stage.say(retro)).text == text("talk.correct.thanks", KO, style=retro)
    assert (await stage.say(retro)).text == about
    me = await person(stage)
    async with stage.memory.database.begin() as connection:
        look, _ = await looks.of_person(connection, me.id, limit=9)
    assert (look.guessed_style, look.corrected_style) == (None, Style.RETRO)


async def test_who_asked_to_guess_may_ask_for_the_verdict(stage: Stage) -> None:
    await stage.agree()
    await stage.say("먼저 맞혀 볼래요")
    asked = await stage.show(a_photo())
    assert is_verdict((await stage.press(asked, "result")).reply)
    assert (await the_look(stage)).guessed_style is None


async def test_nobody_presses_the_buttons_of_others(stage: Stage) -> None:
    await stage.agree()
    told = await stage.show(a_photo())
    for verb in ("share", "correct"):
        assert (await stage.press(told, verb, person="somebody else")).text == text("talk.not_yours", KO)


async def test_who_logs_in_is_known_by_both_names(stage: Stage) -> None:
    payload = stage.kakao.words("안녕")
    payload["userRequest"]["user"]["properties"]["appUserId"] = "3301"
    await stage.send(payload)
    me = await person(stage)
    async with stage.memory.database.begin() as connection:
        login = await people.identity_of(connection, Provider.KAKAO_LOGIN, "3301")
    assert login is not None
    assert login.person_id == me.id


async def test_nothing_is_left_of_who_wants_to_be_forgotten(stage: Stage, pictures: Path) -> None:
    await stage.agree()
    told = await stage.show(a_photo())
    await stage.press(told, "share")
    await stage.say("단추 수집가")
    await stage.press(await stage.press(told, "correct"), "correct", style=Style.RETRO)
    asked = await stage.say("다 지워 주세요")
    assert (asked.text, verbs(asked.reply)) == (text("talk.forget.ask", KO), ["erase", "stay"])
    assert (await stage.press(asked, "stay")).text == text("talk.forget.stayed", KO)
    assert (await stage.press(asked, "erase")).text == text("talk.forget.done", KO)
    async with stage.memory.database.begin() as connection:
        for table in metadata.sorted_tables:
            if table.name == "days":  # counts outfits, of nobody
                continue
            assert (await connection.execute(table.select())).all() == [], table.name
        kept = (await connection.execute(sql("SELECT task_name, lock, args FROM procrastinate_jobs"))).all()
    assert not [job for job in kept if job.task_name.startswith("kakao.")]
    assert [path for path in pictures.rglob("*") if path.is_file()] == []
    assert (await stage.press(told, "share")).text == text("talk.look_gone", KO)


class TestWithoutAPublicAddress:
    @pytest.fixture
    def public_url(self) -> HttpUrl | None:
        return None

    async def test_verdict_is_words_alone(self, stage: Stage) -> None:
        asked = await stage.show(a_photo())
        assert all("webLinkUrl" not in each for each in asked.reply["template"]["outputs"][0]["textCard"]["buttons"])
        told = await stage.press(asked, "agree")
        assert cards(told.reply) == []
        assert verbs(told.reply) == ["share", "keep", "correct", "another", "guess"]
