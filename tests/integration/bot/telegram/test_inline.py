"""A person's own shared looks, for any chat."""

from __future__ import annotations

from typing import Any

from pydantic import HttpUrl

from bot.texts import Language, text
from core.db import looks, people
from core.db.tables import Provider
from core.styles import Style
from core.vision.scripted import scripted_outputs
from tests.integration.bot.telegram.conftest import MINA, Stage
from tests.integration.records import a_photo


async def two_shared_looks(stage: Stage) -> None:
    stage.eyes.next = [scripted_outputs(style) for style in (Style.STREET, Style.RETRO, Style.MODE)]
    await stage.play(*(stage.updates.photo(a_photo(seed)) for seed in range(3)))
    async with stage.memory.database.begin() as connection:
        person = await people.meet(connection, Provider.TELEGRAM, str(MINA), language="ko")
        for look in (await looks.of_person(connection, person.id, limit=9))[1:]:
            assert await looks.share(connection, look.id)


async def ask(stage: Stage, words: str = "", *, person: int = MINA) -> dict[str, Any]:
    await stage.play(stage.updates.inline(words, person=person))
    return dict(stage.telegram.called("answerInlineQuery")[-1].fields)


async def test_without_a_public_address_looks_are_offered_as_words(stage: Stage) -> None:
    await two_shared_looks(stage)
    answer = await ask(stage)

    assert [result["type"] for result in answer["results"]] == ["article", "article"]
    assert "https://t.me/eva_stylist_bot?start=look_" in str(answer["results"][0]["reply_markup"])
    assert str(answer["is_personal"]).lower() == "true"


async def test_with_a_public_address_looks_are_offered_as_photos(stage: Stage) -> None:
    public = HttpUrl("https://eva.example")
    stage.talk.stylist.settings = stage.talk.stylist.settings.model_copy(update={"public_url": public})
    await two_shared_looks(stage)
    results = (await ask(stage))["results"]

    assert [result["type"] for result in results] == ["photo", "photo"]
    path, _, token = results[0]["photo_url"].removeprefix("https://eva.example/pictures/").partition("?t=")
    stage.memory.links.check(path, token)


async def test_a_style_that_is_typed_chooses(stage: Stage) -> None:
    await two_shared_looks(stage)
    results = (await ask(stage, "street"))["results"]

    assert len(results) == 1


async def test_who_shared_nothing_is_shown_the_way(stage: Stage) -> None:
    await two_shared_looks(stage)
    answer = await ask(stage, person=77)

    assert answer.get("results", []) == []
    assert text("telegram.inline.nothing", Language.KO) in str(answer["button"]).encode().decode("unicode_escape") or (
        text("telegram.inline.nothing", Language.EN) in str(answer["button"])
    )
    assert await stage.count("identities") == 1
