"""A person's own shared looks, for any chat."""

from typing import Any

from core.db import looks, people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.factories import make_photo
from tests.integration.bot.telegram.conftest import MINA, TelegramHarness


async def two_shared_looks(harness: TelegramHarness) -> None:
    harness.model.next_outputs = [make_outputs(style) for style in (Style.STREET, Style.RETRO, Style.MODE)]
    await harness.send_updates(*(harness.updates.photo(make_photo(seed)) for seed in range(3)))
    async with harness.resources.database.transaction() as connection:
        person = await people.get_or_create_by_identity(connection, IdentityProvider.TELEGRAM, str(MINA), language="ko")
        for look in (await looks.list_for_person(connection, person.id, limit=9))[1:]:
            assert await looks.share(connection, look.id)


async def ask(harness: TelegramHarness, words: str = "", *, person: int = MINA) -> dict[str, Any]:
    await harness.send_updates(harness.updates.inline_query(words, user_id=person))
    return dict(harness.telegram.calls_to("answerInlineQuery")[-1].fields)


async def test_without_a_public_address_looks_are_offered_as_words(harness: TelegramHarness) -> None:
    await two_shared_looks(harness)
    answer = await ask(harness)

    assert [result["type"] for result in answer["results"]] == ["article", "article"]
    assert "https://t.me/eva_stylist_bot?start=look_" in str(answer["results"][0]["reply_markup"])
    assert str(answer["is_personal"]).lower() == "true"


async def test_with_a_public_address_looks_are_offered_as_photos(harness: TelegramHarness) -> None:
    public = "https://eva.example"
    harness.handler.conversation.settings = harness.handler.conversation.settings.model_copy(
        update={"public_url": public}
    )
    await two_shared_looks(harness)
    results = (await ask(harness))["results"]

    assert [result["type"] for result in results] == ["photo", "photo"]
    path, _, token = results[0]["photo_url"].removeprefix("https://eva.example/pictures/").partition("?t=")
    harness.resources.url_signer.verify(path, token)


async def test_a_style_that_is_typed_chooses(harness: TelegramHarness) -> None:
    await two_shared_looks(harness)
    results = (await ask(harness, "street"))["results"]

    assert len(results) == 1


async def test_who_shared_nothing_is_shown_the_way(harness: TelegramHarness) -> None:
    await two_shared_looks(harness)
    answer = await ask(harness, person=77)

    assert answer.get("results", []) == []
    assert translate("telegram.inline.nothing", Language.KO) in str(answer["button"]).encode().decode(
        "unicode_escape"
    ) or (translate("telegram.inline.nothing", Language.EN) in str(answer["button"]))
    assert await harness.count_rows("identities") == 1
