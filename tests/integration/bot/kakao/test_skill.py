"""Messages and buttons on KakaoTalk, and their replies."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from core.conversation.display_names import generated_name
from core.conversation.listings import own_look_line
from core.conversation.narration import style_description, style_name
from core.db import looks, people
from core.db.looks import Look
from core.db.moderation import AUTO_SUSPEND_THRESHOLD, create_report
from core.db.people import Person
from core.db.schema import IdentityProvider, metadata
from core.i18n.translations import Language, translate
from core.styles import STYLES, Style
from tests.factories import create_look, create_person, create_similar_look, make_photo
from tests.integration.bot.kakao.conftest import KakaoHarness, button_actions, buttons, cards, is_verdict
from tests.texts import variants

KO, EN = Language.KO, Language.EN


async def get_person(harness: KakaoHarness) -> Person:
    async with harness.resources.database.transaction() as connection:
        (subject,) = (
            await connection.execute(sql("SELECT subject FROM identities WHERE provider = 'kakao'"))
        ).scalars()
        return await people.get_or_create_by_identity(connection, IdentityProvider.KAKAO, subject, language=Language.KO)


async def get_only_look(harness: KakaoHarness) -> Look:
    person = await get_person(harness)
    async with harness.resources.database.transaction() as connection:
        (look,) = await looks.list_for_person(connection, person.id, limit=9)
        return look


async def test_messages_get_a_reply(harness: KakaoHarness) -> None:
    assert (await harness.send_text("도움말")).text == translate("kakao.hello", KO)
    assert (await harness.send_text("안녕")).text in variants("talk.hello", KO)
    assert (await harness.send_text("고마워요")).text in variants("talk.thanks", KO)
    assert (await harness.send_text("스트리트가 뭐예요?")).text.startswith(translate("style.street.name", KO))
    assert (await harness.send_text("스타일")).text.count("\n") == 8
    assert (await harness.send_text("")).text
    assert (await harness.send_text("다른 사진")).text == translate("talk.another", KO)


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
    assert card["description"] == translate("talk.week.ready", KO)
    url = card["thumbnail"]["imageUrl"]
    assert re.fullmatch(r"https://eva\.example/cards/week/[\w=-]{120}/ko-post\.jpg\?t=.+", url)
    assert str(person.id) not in url, "it would tell those who receive the card the name on the board"
    assert [button.get("webLinkUrl") for button in card["buttons"]] == [url, None]
    assert button_actions(response.reply) == ["another"]


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


async def test_privacy_notice_links_to_the_page(harness: KakaoHarness) -> None:
    for text in ("개인정보", "개인정보 안내"):
        response = await harness.send_text(text)
        assert response.text == translate("kakao.privacy", KO, hours=24)
        assert "https://eva.example/privacy" in str(response.reply)


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


async def test_correction_is_stored(harness: KakaoHarness) -> None:
    await harness.give_consent()
    prompt = await harness.press_button(await harness.send_photo(make_photo()), "correct")
    assert [button["extra"]["style"] for button in buttons(prompt.reply)] == list(STYLES)
    judged = (await get_only_look(harness)).verdict.style
    other = next(style for style in STYLES if style is not judged)
    thanks = await harness.press_button(prompt, "correct", style=other)
    sentences = [translate("talk.correct.thanks", KO, style=translate(f"style.{other}.name", KO))]
    assert thanks.text.split("\n") == [*sentences, translate("talk.learning.ask", KO)]
    assert button_actions(thanks.reply) == ["learn", "nolearn"]
    assert (await harness.press_button(thanks, "nolearn")).text == translate("talk.learning.no", KO)
    assert button_actions((await harness.send_text("개인정보")).reply) == ["another", "learn"]
    await harness.press_button(thanks, "learn")
    assert button_actions((await harness.send_text("개인정보")).reply) == ["another", "nolearn"]
    assert (await get_only_look(harness)).corrected_style is other


async def test_guess_before_the_verdict(harness: KakaoHarness) -> None:
    await harness.give_consent()
    hello = await harness.send_text("도움말")
    assert (await harness.press_button(hello, "guess")).text == translate("talk.guess.on", KO)
    prompt = await harness.send_photo(make_photo())
    assert (prompt.text, button_actions(prompt.reply)) == (translate("talk.guess.ask", KO), ["guess"] * 8 + ["result"])
    assert (await get_only_look(harness)).guessed_style is None
    right = (await get_only_look(harness)).verdict.style
    verdict = await harness.press_button(prompt, "guess", style=right)
    comments = {translate(f"talk.guess.right.{n}", KO, style=translate(f"style.{right}.name", KO)) for n in (1, 2, 3)}
    assert verdict.text.split("\n")[0] in {comment.replace("{guess}", "") for comment in comments}
    assert is_verdict(verdict.reply)
    assert (await get_only_look(harness)).guessed_style is right
    repeated = await harness.press_button(prompt, "guess", style=right)
    assert (repeated.text, is_verdict(repeated.reply)) == (verdict.text, True), "the answer may have been lost"
    assert (await harness.press_button(prompt, "guess", style=Style.RETRO)).text == translate("talk.guess.late", KO)
    assert (await harness.press_button(verdict, "tell")).text == translate("talk.guess.off", KO)
    assert is_verdict((await harness.send_photo(make_photo(1))).reply)


async def test_typed_style_answers_a_pending_question_or_is_small_talk(harness: KakaoHarness) -> None:
    retro = translate("style.retro.name", KO)
    about = f"{retro}: {style_description(Style.RETRO, KO)}"
    await harness.give_consent()
    await harness.send_text("먼저 맞혀 볼래요")
    await harness.send_photo(make_photo())
    assert is_verdict((await harness.send_text("음, 레트로!")).reply)
    assert (await get_only_look(harness)).guessed_style is Style.RETRO
    verdict = await harness.press_button(await harness.send_photo(make_photo(1)), "result")
    await harness.press_button(verdict, "correct")
    thanks = await harness.send_text(retro)
    assert thanks.text.split("\n")[0] == translate("talk.correct.thanks", KO, style=retro)
    assert (await harness.send_text(retro)).text == about
    person = await get_person(harness)
    async with harness.resources.database.transaction() as connection:
        look, _ = await looks.list_for_person(connection, person.id, limit=9)
    assert (look.guessed_style, look.corrected_style) == (None, Style.RETRO)


async def test_verdict_can_be_requested_without_a_guess(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_text("먼저 맞혀 볼래요")
    prompt = await harness.send_photo(make_photo())
    assert is_verdict((await harness.press_button(prompt, "result")).reply)
    assert (await get_only_look(harness)).guessed_style is None


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
        login = await people.get_identity(connection, IdentityProvider.KAKAO_LOGIN, "3301")
    assert login is not None
    assert login.person_id == person.id


async def test_erasure_leaves_nothing(harness: KakaoHarness, storage_folder: Path) -> None:
    await harness.give_consent()
    verdict = await harness.send_photo(make_photo())
    await harness.press_button(verdict, "share")
    await harness.send_text("단추 수집가")
    await harness.press_button(await harness.press_button(verdict, "correct"), "correct", style=Style.RETRO)
    prompt = await harness.send_text("다 지워 주세요")
    assert (prompt.text, button_actions(prompt.reply)) == (translate("talk.forget.ask", KO), ["erase", "stay"])
    assert (await harness.press_button(prompt, "stay")).text == translate("talk.forget.stayed", KO)
    assert (await harness.press_button(prompt, "erase")).text == translate("talk.forget.done", KO)
    async with harness.resources.database.transaction() as connection:
        for table in metadata.sorted_tables:
            if table.name in {"daily_counts", "rate_limits"}:  # anonymous counts
                continue
            assert (await connection.execute(table.select())).all() == [], table.name
        remaining = (await connection.execute(sql("SELECT task_name, lock, args FROM procrastinate_jobs"))).all()
    assert not [job for job in remaining if job.task_name.startswith("kakao.")]
    assert [path for path in storage_folder.rglob("*") if path.is_file()] == []
    assert (await harness.press_button(verdict, "share")).text == translate("talk.look_gone", KO)


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


@pytest.mark.parametrize("words", ["네", "동의", "동의합니다", "동의해요", "I agree", "yes"])
async def test_agreement_in_words_counts_while_it_is_asked(harness: KakaoHarness, words: str) -> None:
    await harness.send_text(words)
    assert (await get_person(harness)).consented_at is None, "nothing is asked"
    await harness.send_photo(make_photo())
    await harness.send_text(words)
    assert (await get_person(harness)).consented_at is not None


@pytest.mark.parametrize("words", ["아니요", "동의하지 않아요", "싫어요", "괜찮아요", "no thanks"])
async def test_refusal_in_words_counts_only_while_it_is_asked(harness: KakaoHarness, words: str) -> None:
    await harness.send_photo(make_photo())
    declined = await harness.send_text(words)
    assert declined.text == translate("kakao.consent.declined", KO)
    assert (await get_person(harness)).consented_at is None
    await harness.give_consent()
    await harness.send_text(words)
    assert (await get_person(harness)).consented_at is not None, "words take no consent back"


async def test_agreement_to_something_else_is_no_consent(harness: KakaoHarness) -> None:
    await harness.send_photo(make_photo())
    await harness.send_text("영어로 바꿔 줄래?")
    await harness.send_text("네")
    assert (await get_person(harness)).consented_at is None, "the language was the newest question"
    await harness.send_text("동의해요")
    assert (await get_person(harness)).consented_at is not None, "the card's own words still count"


def test_consent_card_says_what_is_kept_and_what_a_refusal_means() -> None:
    for language, phrases in {
        Language.KO: ("24시간", "보관", "동의하지 않으셔도", "대화는 계속"),
        Language.EN: ("24 hours", "keep", "say no", "still chat"),
    }.items():
        sentence = translate("kakao.consent.text", language, hours=24)
        assert [phrase for phrase in phrases if phrase not in sentence] == []
        assert len(sentence) + len(translate("kakao.consent.title", language)) <= 400


@pytest.mark.parametrize("words", ["사진 다 지워 주세요", "delete my photos please"])
async def test_request_to_delete_in_other_words_asks_for_confirmation(harness: KakaoHarness, words: str) -> None:
    assert button_actions((await harness.send_text(words)).reply) == ["erase", "stay"]


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


async def test_questions_about_a_look_are_answered_after_a_correction(harness: KakaoHarness) -> None:
    await harness.give_consent()
    await harness.send_photo(make_photo())
    await harness.send_text("레트로야")
    look = await get_only_look(harness)
    assert look.corrected_style is Style.RETRO
    for message, key, values in (
        ("진짜 바지야?", "worn.check.unknown", {}),
        ("뭘 바꾸면 달라져요?", "talk.swap.none", {"style": style_name(look.verdict.style, KO)}),
    ):
        assert (await harness.send_text(message)).text in variants(key, KO, **values)
    listing = await harness.send_text("내가 뭘 제일 많이 입어?")
    assert own_look_line(look, KO) in listing.text
