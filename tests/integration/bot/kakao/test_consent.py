"""Consent to keep photos, the privacy notice and erasure on KakaoTalk."""

from pathlib import Path

import pytest
from sqlalchemy import text as sql

from core.db.schema import metadata
from core.i18n.translations import Language, translate
from core.styles import Style
from tests.factories import make_photo
from tests.integration.bot.kakao.conftest import KakaoHarness, button_actions, get_person

KO = Language.KO


async def test_privacy_notice_links_to_the_page(harness: KakaoHarness) -> None:
    for text in ("개인정보", "개인정보 안내"):
        response = await harness.send_text(text)
        assert response.text == translate("kakao.privacy", KO, hours=24)
        assert "https://eva.example/privacy" in str(response.reply)


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


@pytest.mark.parametrize("words", ["네", "동의", "동의합니다", "동의해요", "I agree", "yes"])
async def test_agreement_in_words_counts_while_it_is_asked(harness: KakaoHarness, words: str) -> None:
    await harness.send_text(words)
    assert (await get_person(harness)).consented_at is None, "nothing is asked"
    await harness.send_photo(make_photo())
    await harness.send_text(words)
    assert (await get_person(harness)).consented_at is not None


@pytest.mark.parametrize("words", ["네 잘못 보냈어요", "응 아니 내가 잘못 올렸어", "네, 누가 봐요?", "yes but no"])
async def test_agreement_with_more_words_is_none(harness: KakaoHarness, words: str) -> None:
    await harness.send_photo(make_photo())
    await harness.send_text(words)
    assert (await get_person(harness)).consented_at is None


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
