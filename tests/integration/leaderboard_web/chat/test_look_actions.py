"""The buttons and links about a look in the chat at /try: sharing, deleting, the answers about learning."""

import httpx
import pytest

from core.conversation.display_names import generated_name
from core.db import people
from core.i18n.translations import Language, translate
from core.resources import Resources
from tests.factories import make_photo
from tests.html import attributes
from tests.integration.leaderboard_web.chat.conftest import (
    EN,
    buttons,
    list_looks,
    look_id_of,
    messages,
    press_button,
    send_photo,
)


async def test_the_answers_whether_eva_may_learn_come_first_while_she_asks(client: httpx.AsyncClient) -> None:
    page = await send_photo(client, make_photo())
    page = await client.post("/try/act", data={"look": look_id_of(page), "do": "correct.mode"})
    assert buttons(page)[:2] == ["learn", "nolearn"]
    page = await press_button(client, page, "why")
    assert buttons(page) == ["share", "keep", "correct", "why", "learn", "nolearn"]
    data, headers = {"words": "thank you", "look": look_id_of(page)}, {"Accept": "application/json"}
    scripted = (await client.post("/try/words", data=data, headers=headers)).json()["actions"]
    assert attributes(scripted, "button[name=do]", "value") == buttons(page)
    page = await client.post("/try/words", data={"words": "yes", "look": look_id_of(page)})
    assert messages(page)[-2:] == [translate("talk.learning.button", EN), translate("talk.learning.ask", EN)]
    assert buttons(page)[:2] == ["learn", "nolearn"]
    page = await press_button(client, await press_button(client, page, "share"), "take")
    assert buttons(page) == ["unshare", "correct", "why", "learn", "nolearn"]


async def test_a_look_is_shared_under_a_name_and_unshared(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await press_button(client, await send_photo(client, make_photo()), "share")
    (look,) = await list_looks(resources)
    assert look.shared_at is None
    assert messages(page)[-1] == translate("talk.name.ask", EN, name=generated_name(look.person_id, EN))
    assert buttons(page) == ["take", "keep"]
    refused = await client.post("/try/words", data={"words": "<b>Mina</b>", "look": look_id_of(page)})
    assert translate("talk.name.refused", EN) in messages(refused)
    assert "<b>" not in refused.text
    page = await client.post("/try/words", data={"words": "Mina", "look": look_id_of(page)})
    assert translate("talk.name.confirm", EN, name="Mina") in messages(page)
    assert buttons(page) == ["post", "nopost"]
    assert (await list_looks(resources))[0].shared_at is None
    page = await press_button(client, page, "post")
    assert translate("talk.shared", EN, name="Mina") in messages(page)
    assert messages(page)[-1] == translate("talk.button.page", EN)
    assert attributes(page, ".log > li:last-child a", "href") == [f"/looks/{look.id}"]
    assert messages(await client.get("/try")) == messages(page)
    wish = await client.post("/try/words", data={"words": "올려줘", "look": look_id_of(page)})
    assert messages(wish)[-2:] == [translate("talk.shared.already", EN, name="Mina"), translate("talk.button.page", EN)]
    assert attributes(wish, ".log > li:last-child a", "href") == [f"/looks/{look.id}"]
    assert "Mina" in (await client.get(f"/looks/{look.id}")).text
    page = await press_button(client, page, "unshare")
    assert messages(page)[-1] == translate("talk.unshared", EN)
    assert (await client.get(f"/looks/{look.id}")).status_code == 404
    page = await press_button(client, page, "share")
    assert messages(page)[-2] == translate("talk.shared", EN, name="Mina"), "the name is known"
    private = await send_photo(client, make_photo(2))
    assert messages(await press_button(client, private, "keep"))[-1] == translate("talk.kept", EN)


async def test_a_wish_to_take_a_look_down_shows_the_shared_one(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await press_button(client, await send_photo(client, make_photo()), "share")
    await press_button(client, page, "take")
    newer = await send_photo(client, make_photo(2))
    assert "unshare" not in buttons(newer)
    offer = await client.post("/try/words", data={"words": "보드에서 내려줘", "look": look_id_of(newer)})
    shared = [look for look in await list_looks(resources) if look.shared_at is not None]
    assert [str(look.id) for look in shared] == [look_id_of(offer)]
    assert "unshare" in buttons(offer)
    assert messages(offer)[-1] == translate("talk.unshare.ask", EN, style="Street")


async def test_the_generated_name_can_be_accepted(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await press_button(client, await send_photo(client, make_photo()), "share")
    page = await press_button(client, page, "take")
    (look,) = await list_looks(resources)
    async with resources.database.transaction() as connection:
        person = await people.get(connection, look.person_id)
    assert look.is_public
    assert person is not None
    assert person.name == generated_name(look.person_id, EN)
    assert messages(page)[-2] == translate("talk.shared", EN, name=person.name)


@pytest.mark.parametrize("language", Language)
async def test_deleting_leads_to_the_pages_that_delete(
    client: httpx.AsyncClient, resources: Resources, language: Language
) -> None:
    one, everything = {
        Language.EN: ("delete this photo", "delete everything"),
        Language.KO: ("이 사진만 지워줘", "다 지워 주세요"),
    }[language]

    async def ask(words: str, look: str = "") -> tuple[list[str], list[str]]:
        page = await client.post("/try/words", data={"words": words, "look": look})
        return messages(page), attributes(page, ".log .bubble.eva a", "href")

    await client.get("/try", params={"lang": language})
    nothing = translate("talk.me.nothing", language)
    assert [(await ask(words))[0][-1] for words in (one, everything)] == [nothing, nothing], "a visitor without looks"
    shown = await send_photo(client, make_photo())
    await send_photo(client, make_photo(2))
    look_id = look_id_of(shown)
    said, links = await ask(one, look_id)
    assert said[-2:] == [translate("try.delete", language), translate("me.delete", language)]
    assert links == [f"/me/looks/{look_id}/delete"]
    assert translate("me.delete.title", language) in (await client.get(links[0])).text
    said, links = await ask(everything, look_id)
    assert said[-2:] == [translate("try.forget", language), translate("me.forget", language)]
    assert links == ["/me/forget"]
    assert translate("me.forget.title", language) in (await client.get(links[0])).text
    assert len(await list_looks(resources)) == 2, "no message deletes"


async def test_a_page_loaded_again_tells_what_was_done_in_its_order(client: httpx.AsyncClient) -> None:
    page = await press_button(client, await send_photo(client, make_photo()), "share")
    page = await press_button(client, page, "take")
    corrected = await client.post("/try/act", data={"look": look_id_of(page), "do": "correct.mode"})
    link, question = translate("talk.button.page", EN), translate("talk.learning.ask", EN)
    noted = translate("me.correction", EN, style="British Mode")
    again = await client.get("/try")
    assert messages(again)[-3:] == [link, noted, question]
    assert buttons(again) == buttons(corrected)
    assert buttons(again)[:3] == ["learn", "nolearn", "unshare"]
    page = await press_button(client, await press_button(client, again, "unshare"), "share")
    await press_button(client, page, "take")
    assert messages(await client.get("/try"))[-1] == link, "shared after the correction"


async def test_consent_to_learn_leads_to_the_settings_that_take_it_back(client: httpx.AsyncClient) -> None:
    page = await send_photo(client, make_photo())
    page = await client.post("/try/act", data={"look": look_id_of(page), "do": "correct.mode"})
    page = await press_button(client, page, "learn")
    assert messages(page)[-2:] == [translate("me.learning.thanks", EN), translate("privacy.learning.change", EN)]
    assert attributes(page, ".log > li:last-child a", "href") == ["/me/settings#learning"]


@pytest.mark.parametrize(
    ("words", "href"),
    [
        ("speak Korean", "/try?lang=ko"),
        ("what happens to my photos?", "/privacy"),
        ("how do I log in?", "/me"),
        ("where is the leaderboard?", "/"),
        ("which styles do you know?", "/styles"),
    ],
)
async def test_answers_link_to_the_page_that_they_speak_of(client: httpx.AsyncClient, words: str, href: str) -> None:
    visitor = await client.post("/try/words", data={"words": words})
    page = await send_photo(client, make_photo())
    answers = [visitor, await client.post("/try/words", data={"words": words, "look": look_id_of(page)})]
    assert [attributes(page, ".log > li:last-child a", "href") for page in answers] == [[href]] * 2
