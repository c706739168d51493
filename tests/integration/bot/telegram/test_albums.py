"""Albums get one reply."""

from typing import Any

import pytest

from bot.telegram.outgoing_messages import OutgoingMessage
from bot.telegram.verdicts import format_verdict
from core.conversation.narration import error_message, style_name, verdict_messages
from core.conversation.occasion_fit import answer_for_occasion
from core.conversation.occasions import Occasion
from core.errors import DeliveryError, LookNotFoundError
from core.i18n.translations import Language, translate
from core.services.deletion import delete_look
from core.styles import Style
from core.vision.fake_backend import make_outputs
from core.vision.verdict import ConfidenceBand
from tests.factories import make_photo, make_verdict
from tests.integration.bot.telegram.conftest import DAILY_LIMIT, Json, TelegramHarness, list_looks


def break_photos(harness: TelegramHarness, *updates: Json) -> None:
    """Replace the files of photos by something else."""
    for update in updates:
        for size in update["message"]["photo"]:
            harness.telegram.api.files[size["file_id"]] = harness.telegram.api.files[
                harness.telegram.api.store_file(b"no picture")
            ]


async def test_album_gets_one_reply_with_the_clearest_verdict(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [
        make_outputs(Style.CASUAL, confidence=0.7),
        make_outputs(Style.RETRO, confidence=0.95),
        make_outputs(Style.CASUAL, outfit=0.02),
    ]
    await harness.send_updates(*harness.updates.album([make_photo(seed) for seed in range(3)]))
    texts = harness.texts()

    assert len(texts) == 2
    assert texts[0].splitlines()[:4] == [
        translate("talk.album", Language.KO, count=3, number=2),
        translate("talk.album.line", Language.KO, number=1, style=style_name(Style.CASUAL, Language.KO), percent=70),
        translate("talk.album.line", Language.KO, number=2, style=style_name(Style.RETRO, Language.KO), percent=95),
        translate("talk.album.no_outfit", Language.KO, number=3),
    ]
    assert style_name(Style.RETRO, Language.KO) in harness.photo_messages()[0]["caption"]
    assert await harness.count_unprocessed() == 0


async def test_captions_are_answered_for_their_occasion(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [
        make_outputs(Style.STREET, confidence=0.95),
        make_outputs(Style.BUSINESS_CASUAL, confidence=0.7),
        make_outputs(Style.STREET, confidence=0.95),
    ]
    album = harness.updates.album([make_photo(seed) for seed in range(2)])
    album[0]["message"]["caption"] = "면접에 어떤 게 나아요?"
    await harness.send_updates(*album)

    office = style_name(Style.BUSINESS_CASUAL, Language.KO)
    values = {
        "occasion": translate("occasion.interview.name", Language.KO),
        "number": 2,
        "style": office,
        "percent": 70,
    }
    assert translate("occasion.compare", Language.KO, **values) in harness.texts()[0]
    assert office in harness.photo_messages()[0]["caption"]

    await harness.send_updates(harness.updates.photo(make_photo(7), caption="내일 면접인데 괜찮을까?"))
    answer = answer_for_occasion(make_verdict(ConfidenceBand.CLEAR), Occasion.INTERVIEW, Language.KO)
    assert answer in harness.photo_messages()[-1]["caption"]


async def test_captions_about_self_harm_get_the_help_line_and_no_verdict(harness: TelegramHarness) -> None:
    album = harness.updates.album([make_photo(seed) for seed in range(2)])
    album[0]["message"]["caption"] = "죽고 싶어요"
    await harness.send_updates(*album)
    await harness.send_updates(harness.updates.photo(make_photo(7), caption="마지막 코디예요. 살고 싶지 않아요"))

    assert harness.texts() == [translate("talk.crisis", Language.KO)] * 2
    assert harness.photo_messages() == []


async def test_album_without_any_outfit(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [make_outputs(Style.CASUAL, outfit=0.02)] * 2
    await harness.send_updates(*harness.updates.album([make_photo(seed) for seed in range(2)]))

    assert harness.texts() == [translate("talk.album.nothing", Language.KO, count=2)]


async def test_failed_photos_keep_their_places_whatever_order_they_arrive_in(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [
        make_outputs(Style.CASUAL, confidence=0.7),
        make_outputs(Style.RETRO, confidence=0.95),
    ]
    photo = make_photo(1)
    album = harness.updates.album([make_photo(0), make_photo(9), photo, photo])
    break_photos(harness, album[1])
    video = harness.updates.media("video", media_group_id=album[0]["message"]["media_group_id"])
    await harness.send_updates(album[3], video, album[1], album[2], album[0])
    lines = harness.texts()[0].splitlines()

    def line(key: str, **values: object) -> str:
        return translate(f"talk.album{key}", Language.KO, **values)

    assert lines[:6] == [
        line(".part", total=5, count=3, number=3),
        line(".line", number=1, style=style_name(Style.CASUAL, Language.KO), percent=70),
        line(".line", number=3, style=style_name(Style.RETRO, Language.KO), percent=95),
        line(".same", number=4, first=3),
        line(".failed", photos=line(".photo", number=2), reason=translate("error.not_an_image", Language.KO)),
        line(".failed", photos=line(".photo", number=5), reason=translate("talk.kind.video", Language.KO)),
    ]
    assert len(harness.texts()) == 2
    assert await harness.count_unprocessed() == 0


async def test_album_over_the_limit_says_so(harness: TelegramHarness) -> None:
    album = harness.updates.album([make_photo(0)] * 11)
    break_photos(harness, *album[1:])
    await harness.send_updates(*album)
    text = harness.texts()[0]

    assert text.startswith(translate("talk.album.part.one", Language.KO, total=10, number=1))
    assert translate("talk.album.limit", Language.KO, limit=10, count=1) in text


async def test_photo_that_stays_unreachable_does_not_cost_the_others(harness: TelegramHarness) -> None:
    album = harness.updates.album([make_photo(0), make_photo(1)])
    harness.telegram.fail_next("getFile", 500, count=99)
    await harness.send_updates(*album)

    assert harness.texts()[0].splitlines()[0] == translate("talk.album.none", Language.KO, total=2)
    assert await harness.count_unprocessed() == 0


async def test_late_photo_of_an_album_gets_its_own_reply(harness: TelegramHarness) -> None:
    album = harness.updates.album([make_photo(seed) for seed in range(3)])
    await harness.send_updates(*album[:2])
    await harness.send_updates(album[2])

    assert len(harness.texts()) == 4
    assert await harness.count_unprocessed() == 0


async def test_album_in_a_group_is_addressed_as_a_whole(harness: TelegramHarness) -> None:
    name = f"@{harness.telegram.api.me['username']}"
    mention = [{"type": "mention", "offset": 0, "length": len(name)}]
    photos = [make_photo(seed) for seed in range(2)]
    await harness.send_updates(*harness.updates.album(photos, chat_id=-5, caption="us two"))
    assert harness.telegram.messages(-5) == []
    await harness.send_updates(*harness.updates.album(photos, chat_id=-5, caption=name, caption_entities=mention))
    assert harness.texts(-5)[0].startswith(translate("talk.album.two", Language.KO, number=1))
    assert len(harness.photo_messages(-5)) == 1
    assert await harness.count_unprocessed() == 0


async def test_album_in_a_group_is_addressed_by_whichever_photo_arrives_last(harness: TelegramHarness) -> None:
    name = f"@{harness.telegram.api.me['username']}"
    mention = [{"type": "mention", "offset": 0, "length": len(name)}]
    photos = [make_photo(seed) for seed in range(2)]
    first, second = harness.updates.album(photos, chat_id=-5, caption=name, caption_entities=mention)
    await harness.send_updates(second, first)

    assert harness.texts(-5)[0].startswith(translate("talk.album.two", Language.KO, number=1))
    assert harness.model.call_count == 2
    assert await harness.count_unprocessed() == 0


async def test_interrupted_album_continues(harness: TelegramHarness) -> None:
    harness.telegram.fail_next("sendPhoto", 500, count=4)
    await harness.send_updates(*harness.updates.album([make_photo(seed) for seed in range(3)]))

    assert len(harness.texts()) == 2
    assert harness.model.call_count == 3
    assert await harness.count_unprocessed() == 0


async def test_interrupted_album_over_the_daily_limit_continues(harness: TelegramHarness) -> None:
    await harness.send_updates(*(harness.updates.photo(make_photo(seed)) for seed in range(3, DAILY_LIMIT + 1)))
    sent = len(harness.texts())
    harness.telegram.fail_next("sendMessage", 500, count=4)
    await harness.send_updates(*harness.updates.album([make_photo(seed) for seed in (0, 1, 2)]))
    album, *remarks = harness.texts()[sent:]

    assert translate("talk.limit", Language.KO, count=str(DAILY_LIMIT)) in album
    assert len(remarks) == 1
    assert await harness.count_unprocessed() == 0


@pytest.mark.parametrize(
    ("deleted", "pictures"), [(Style.CASUAL, [Style.RETRO]), (Style.RETRO, [Style.RETRO, Style.CASUAL])]
)
async def test_remarks_of_an_interrupted_album_are_about_the_picture_above_them(
    harness: TelegramHarness, monkeypatch: pytest.MonkeyPatch, deleted: Style, pictures: list[Style]
) -> None:
    harness.model.next_outputs = [
        make_outputs(Style.CASUAL, confidence=0.7),
        make_outputs(Style.RETRO, confidence=0.95),
    ]
    send_message, has_failed = harness.handler.client.send_message, False

    async def delete_and_fail(chat_id: int, message: OutgoingMessage, **options: Any) -> int | None:
        nonlocal has_failed
        # By what arrived: on a busy machine the first message may take several attempts.
        if harness.texts() and not has_failed:
            has_failed = True
            (look,) = [look for look in await list_looks(harness) if look.verdict.style is deleted]
            assert await delete_look(harness.resources, look.id)
            raise DeliveryError
        return await send_message(chat_id, message, **options)

    monkeypatch.setattr(harness.handler.client, "send_message", delete_and_fail)
    await harness.send_updates(*harness.updates.album([make_photo(seed) for seed in range(2)]))

    (left,) = await list_looks(harness)
    sentences = verdict_messages(left.verdict, seed=left.variant_seed, language=Language.KO)
    *_, remarks = format_verdict(sentences, left.verdict, heatmap=None, keyboard=None)
    captions = [message["caption"] for message in harness.photo_messages()]
    assert harness.texts() == [*captions, remarks.text]
    assert all(style_name(style, Language.KO) in caption for style, caption in zip(pictures, captions, strict=True))
    if deleted is Style.RETRO:
        assert error_message(LookNotFoundError(), Language.KO) in captions[-1]
    assert await harness.count_unprocessed() == 0


async def test_album_of_videos_gets_one_reply(harness: TelegramHarness) -> None:
    await harness.send_updates(*(harness.updates.media("video", media_group_id="1") for _ in range(3)))

    assert harness.texts() == [translate("talk.kind.video", Language.KO)]
    assert await harness.count_unprocessed() == 0


async def test_a_hardship_in_a_caption_does_not_replace_the_verdict(harness: TelegramHarness) -> None:
    await harness.send_updates(
        harness.updates.photo(make_photo(), caption="wearing black since my grandma passed away")
    )
    assert len(harness.photo_messages()) == 1
    assert translate("talk.crisis", Language.KO) not in harness.texts()
