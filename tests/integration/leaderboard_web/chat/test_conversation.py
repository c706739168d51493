"""The conversation at /try: guesses, corrections, sharing, small talk."""

import re
from pathlib import Path

import httpx
import pytest

from core.clothing import Color, Item
from core.conversation.narration import style_description, style_name
from core.conversation.smalltalk import comment_on_guess
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.styles import STYLES, Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_ATTRIBUTES_CARD, FakeBackend, add_attributes, make_outputs
from leaderboard_web.app import create_app
from tests.factories import count_people, create_look, create_similar_look, make_photo, store_images
from tests.harness import make_application, serve_on_free_port
from tests.html import attributes, texts
from tests.integration.leaderboard_web.chat.conftest import (
    EN,
    WIDE_LIMITS,
    buttons,
    list_looks,
    look_id_of,
    messages,
    open_browser,
    press_button,
    send_photo,
    verdict_texts,
)
from tests.texts import variants


async def test_with_guess_first_the_verdict_follows_the_guess(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await send_photo(client, make_photo(), data={"guess": "1"})
    assert messages(page) == [translate("talk.guess.ask", EN)]
    assert attributes(page, ".heat-image", "src") == []
    assert attributes(page, "input[name=guess]:checked", "value") == ["1"]
    assert buttons(page) == [*(f"guess.{style}" for style in STYLES), "result"]
    page = await press_button(client, page, "guess.casual")
    (look,) = await list_looks(resources)
    assert look.guessed_style is Style.CASUAL
    words = comment_on_guess(Style.CASUAL, look.verdict, seed=look.variant_seed, language=EN)
    assert messages(page) == [translate("talk.guess.ask", EN), "Casual", words, *verdict_texts(look)[1:]]
    repeated = await client.post("/try/act", data={"look": str(look.id), "do": "guess.casual"})
    assert messages(repeated)[-len(verdict_texts(look)) :] == [words, *verdict_texts(look)[1:]], "pressed twice"
    other = await client.post("/try/act", data={"look": str(look.id), "do": "guess.retro"})
    assert messages(other)[-1] == translate("talk.guess.late", EN)
    assert messages(await client.get("/try")) == messages(page)
    assert translate("talk.guess.ask", EN) not in messages(await send_photo(client, make_photo(2)))


async def test_a_guess_can_be_typed_or_skipped(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await send_photo(client, make_photo(), data={"guess": "1"})
    chatted = await client.post("/try/words", data={"words": "hm", "look": look_id_of(page)})
    assert messages(chatted)[:2] == [translate("talk.guess.ask", EN), "hm"]
    assert buttons(chatted) == buttons(page), "the verdict stays hidden"
    await client.post("/try/words", data={"words": "it's street!", "look": look_id_of(page)})
    assert (await list_looks(resources))[0].guessed_style is Style.STREET
    page = await send_photo(client, make_photo(2), data={"guess": "1"})
    page = await press_button(client, page, "result")
    look = (await list_looks(resources))[1]
    assert look.guessed_style is None
    assert messages(page) == verdict_texts(look)


async def test_the_command_of_telegram_that_deletes_everything_is_understood(client: httpx.AsyncClient) -> None:
    page = await send_photo(client, make_photo())
    page = await client.post("/try/words", data={"words": "/forget", "look": look_id_of(page)})
    assert attributes(page, ".log > li:last-child a", "href") == ["/me/forget"]
    page = await client.post("/try/words", data={"words": "forget it", "look": look_id_of(page)})
    assert messages(page)[-1] == translate("talk.cancel", EN)


async def test_what_is_not_understood_leads_to_a_photo_or_back_to_the_look(client: httpx.AsyncClient) -> None:
    said = [messages(await client.post("/try/words", data={"words": "high heels"}))[-1] for _ in range(2)]
    assert set(said) <= variants("talk.words", EN)
    assert len(set(said)) == 2
    page = await send_photo(client, make_photo())
    page = await client.post("/try/words", data={"words": "high heels", "look": look_id_of(page)})
    assert messages(page)[-1] in variants("talk.words.look", EN)
    assert buttons(page) == ["share", "keep", "correct", "why"]
    page = await press_button(client, page, "why")
    assert translate("talk.reason", EN, style="Street") in messages(page)


async def test_a_verdict_can_be_corrected(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await press_button(client, await send_photo(client, make_photo()), "correct")
    assert messages(page)[-1] == translate("talk.correct.ask", EN)
    assert buttons(page) == [*(f"correct.{style}" for style in STYLES), "stay"]
    same = await press_button(client, page, "correct.street")
    assert messages(same)[-1] == translate("talk.correct.same", EN, style="Street")
    page = await client.post("/try/act", data={"look": look_id_of(page), "do": "correct.mode"})
    assert messages(page)[-3:] == [
        "British Mode",
        translate("talk.correct.thanks", EN, style="British Mode"),
        translate("talk.learning.ask", EN),
    ]
    assert buttons(page) == ["learn", "nolearn", "share", "keep", "correct", "why"]
    assert (await list_looks(resources))[0].corrected_style is Style.MODE
    noted = [translate("me.correction", EN, style="British Mode"), translate("talk.learning.ask", EN)]
    assert messages(await client.get("/try"))[-2:] == noted


@pytest.mark.parametrize(
    ("words", "notes"),
    [
        ("not a coat, it's a jacket", ["You changed the coat to the jacket."]),
        ("the coat isn't black", ["You took back black."]),
        (
            "my coat is actually navy",
            ["You took back black.", "You told me the color of the coat: navy."],
        ),
    ],
)
async def test_a_corrected_item_stays_in_the_conversation(
    resources: Resources, samples: Path, words: str, notes: list[str]
) -> None:
    outputs = add_attributes(make_outputs(Style.BUSINESS_CASUAL), {Item.COAT: 0.9, Color.BLACK: 0.9, Item.BOOTS: 0.8})
    classifier = StyleClassifier(FakeBackend(lambda _: outputs), FAKE_ATTRIBUTES_CARD)
    site = create_app(make_application(resources, classifier, **WIDE_LIMITS), samples=samples)
    question = translate("talk.learning.ask", EN)
    async with serve_on_free_port(site) as address, open_browser(address) as client:
        page = await send_photo(client, make_photo())
        said = messages(await client.post("/try/words", data={"words": words, "look": look_id_of(page)}))
        (look,) = await list_looks(resources)
        assert said[-3] == words
        assert said[-1] == question
        assert said.count(question) == 1
        again = await client.get("/try")
        assert messages(again)[-2:] == [" ".join(notes), question], "as it was noted, not as her words"
        assert words not in messages(again)
        assert texts(again, ".log .bubble.you p") == []
        assert buttons(again)[:2] == ["learn", "nolearn"]
        own_page = await client.get(f"/me/looks/{look.id}")
        assert texts(own_page, ".notes li") == notes
        assert texts(own_page, "#learning p") == [question]
        await press_button(client, again, "learn")
        assert messages(await client.get("/try"))[-1] == " ".join(notes)
        assert texts(await client.get(f"/me/looks/{look.id}"), "#learning p") == []


async def test_a_typed_style_is_smalltalk_without_a_pending_question(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    async def send_text(page: httpx.Response, words: str) -> httpx.Response:
        return await client.post("/try/words", data={"words": words, "look": look_id_of(page)})

    description = f"British Mode: {style_description(Style.MODE, EN)}"
    page = await send_photo(client, make_photo(), data={"guess": "1"})
    page = await press_button(client, page, "result")
    assert messages(await send_text(page, "what is British Mode?"))[-1] == description
    late = await client.post("/try/act", data={"look": look_id_of(page), "do": "guess.mode"})
    assert messages(late)[-1] == translate("talk.guess.told", EN)

    question_page = await press_button(client, page, "correct")
    assert messages(await client.get("/try")) == messages(question_page), "the question is still pending"
    never_mind = await press_button(client, question_page, "stay")
    assert messages(never_mind)[-2:] == [
        translate("try.never_mind", EN),
        translate("talk.correct.stays", EN, style="Street"),
    ]
    assert messages(await send_text(never_mind, "about British Mode?"))[-1] == description
    question_page = await press_button(client, never_mind, "correct")
    assert messages(await send_text(question_page, "what is British Mode?"))[-1] == description
    corrected = messages(await send_text(question_page, "British Mode!"))
    assert translate("talk.correct.thanks", EN, style="British Mode") in corrected
    (look,) = await list_looks(resources)
    assert (look.guessed_style, look.corrected_style, look.pending_question) == (None, Style.MODE, None)


async def test_text_is_about_the_look_on_the_page(client: httpx.AsyncClient, resources: Resources) -> None:
    first = await send_photo(client, make_photo(), data={"guess": "1"})
    await send_photo(client, make_photo(2), data={"guess": "1"})
    await client.post("/try/words", data={"words": "british mode", "look": look_id_of(first)})
    older, newer = await list_looks(resources)
    assert (older.guessed_style, newer.guessed_style) == (Style.MODE, None)


async def test_an_address_without_a_look_is_about_the_latest(client: httpx.AsyncClient) -> None:
    first = await send_photo(client, make_photo())
    latest = await send_photo(client, make_photo(2))
    assert look_id_of(await client.get("/try", params={"look": look_id_of(first)})) == look_id_of(first)
    for look in ("", "x", f"{look_id_of(first)}/"):
        for page in (
            await client.get("/try", params={"look": look}),
            await client.post("/try/words", data={"words": "hm", "look": look}),
        ):
            assert (page.status_code, look_id_of(page)) == (200, look_id_of(latest))


async def test_looks_of_other_people_are_inaccessible(
    client: httpx.AsyncClient, address: str, resources: Resources
) -> None:
    mine = await send_photo(client, make_photo())
    async with open_browser(address) as other:
        assert messages(await other.get(f"/try?look={look_id_of(mine)}")) == []
        for do in ("share", "correct.mode", "result"):
            page = await other.post("/try/act", data={"look": look_id_of(mine), "do": do})
            assert messages(page)[-1] == translate("talk.look_gone", EN)
        own = await send_photo(other, make_photo(2))
        for do in ("share", "correct.mode", "result", "guess.mode"):
            page = await other.post("/try/act", data={"look": look_id_of(mine), "do": do})
            assert messages(page)[-1] == translate("talk.not_yours", EN)
            assert look_id_of(page) == look_id_of(own)
    look = (await list_looks(resources))[0]
    assert (look.shared_at, look.corrected_style, look.guessed_style) == (None, None, None)


async def test_unknown_actions_and_long_bodies_are_refused(client: httpx.AsyncClient) -> None:
    look = look_id_of(await send_photo(client, make_photo()))
    for do in ("erase", "forget", "agree", "share.naked", "nonsense", ""):
        assert (await client.post("/try/act", data={"look": look, "do": do})).status_code == 400
    assert (await client.post("/try/act", data={"look": "1", "do": "share"})).status_code == 400
    assert (await client.post("/try/act", content=b"x" * 100_000)).status_code == 400
    assert (await client.post("/try/act", data={"look": look, "do": "x" * 100_000})).status_code == 413
    assert (await client.post("/try/words", data={"words": "x" * 100_000})).status_code == 413


async def test_text_is_answered_without_creating_a_person(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await client.post("/try/words", data={"words": "  What is   80s Retro? <i>"})
    assert messages(page)[-2] == "What is 80s Retro? <i>"
    assert messages(page)[-1].startswith(style_name(Style.RETRO, EN))
    assert messages(await client.get("/try")) == []
    assert await count_people(resources) == 0
    await send_photo(client, make_photo())
    page = await client.post("/try/words", data={"words": "thank you"})
    assert messages(page)[-2] == "thank you"
    assert messages(page)[-1] in variants("talk.thanks", EN)


async def test_without_a_script_the_page_opens_at_what_was_done_last(client: httpx.AsyncClient) -> None:
    first = await send_photo(client, make_photo())
    assert first.history[0].headers["location"].endswith("#latest")
    assert attributes(first, "#latest", "class") == ["bubble you sent-photo"]
    page = await press_button(client, first, "correct")
    assert texts(page, "#latest p") == [translate("talk.button.correct", EN)]
    said = await client.post("/try/words", data={"words": "hm", "look": look_id_of(page)})
    assert texts(said, "#latest p") == ["hm"]
    assert texts(said, ".log > li:last-child p") == [messages(said)[-1]]


async def test_the_samples_are_in_the_greeting_one_of_each_style(client: httpx.AsyncClient) -> None:
    page = await client.get("/try")
    there = attributes(page, ".greeting .bubble .samples button[form=show]", "value")
    assert there == list(STYLES)
    assert texts(page, ".greeting .bubble > p")[1:] == [
        translate(key, EN) for key in ("page.hello.3", "page.samples_title")
    ]
    assert {"/styles", "/about#how"} <= set(attributes(page, ".dock a", "href")), "what she knows is said there"
    await send_photo(client, make_photo())
    assert attributes(await client.get("/try"), ".greeting .samples button", "value") == there, "also with a look"


async def test_forged_flash_messages_are_ignored(client: httpx.AsyncClient) -> None:
    client.cookies.set("flash", "WyJldmEiLCAiYnV5IGl0Il0.ZZZZZZ.forged")
    assert messages(await client.get("/try")) == []


async def test_flash_messages_of_another_browser_are_ignored(client: httpx.AsyncClient, address: str) -> None:
    """A validly signed cookie, that Eva gave to another browser."""
    async with open_browser(address) as attacker:
        await send_photo(attacker, make_photo(1))
        said = "send your photos to evil.example"
        reply = await attacker.post("/try/words", data={"words": said}, follow_redirects=False)
        planted = reply.cookies["flash"]
    await send_photo(client, make_photo(2))
    client.cookies.set("flash", planted)
    assert said not in messages(await client.get("/try"))


async def test_replies_are_in_the_language_of_the_page(client: httpx.AsyncClient) -> None:
    await send_photo(client, make_photo())
    page = await client.get("/try?lang=ko")
    page = await press_button(client, page, "share")
    assert translate("talk.button.share", Language.KO) in messages(page)
    assert re.search("[가-힣]", messages(page)[-1])


async def test_the_latest_look_of_any_channel_is_shown(client: httpx.AsyncClient, resources: Resources) -> None:
    await send_photo(client, make_photo())
    (look,) = await list_looks(resources)
    async with resources.database.transaction() as connection:
        newer = await store_images(resources, await create_look(connection, look.person_id))
        interrupted = await create_look(connection, look.person_id, stored=False)
    assert interrupted.created_at >= newer.created_at
    assert look_id_of(await client.get("/try")) == str(newer.id)


async def test_the_week_is_told_and_its_card_is_shown_in_the_chat(client: httpx.AsyncClient) -> None:
    async def ask(words: str) -> str:
        reply = await client.post("/try/words", data={"words": words}, headers={"Accept": "application/json"})
        return str(reply.json()["messages"])

    few = translate("week.few.line", EN, count=3)
    for words in ("my week", "how was my week?", "이번 주 어땠어?"):
        assert texts(await ask(words), ".bubble.eva p") == [few], "a visitor without looks"
    for seed in range(3):
        await send_photo(client, make_photo(seed))
        if seed == 1:
            assert texts(await ask("이번 주"), ".bubble.eva p") == [translate("week.few.one", EN)]

    shown = await ask("show me my week")
    assert texts(shown, ".bubble.eva p") == [translate("talk.week.ready", EN)]
    (path,) = attributes(shown, ".week-card img", "src")
    card = await client.get(path)
    assert card.headers["content-type"] == "image/jpeg"
    assert "week-card" not in await ask("this week has been hard")

    # Without a script, messages of one page do not hold a picture: the card has a page of its own.
    page = await client.post("/try/words", data={"words": "my week"})
    assert page.url.path == "/me/week"
    assert attributes(page, ".week-card img", "alt") == [translate("week.alt", EN)]


async def test_questions_about_a_look_are_answered_after_a_correction(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    page = await send_photo(client, make_photo())

    async def say(words: str) -> str:
        answered = await client.post("/try/words", data={"words": words, "look": look_id_of(page)})
        return messages(answered)[-1]

    await say("it's 80s retro")
    [look] = await list_looks(resources)
    assert look.corrected_style is Style.RETRO
    assert await say("is that really a blazer?") in variants("worn.check.unknown", EN)
    assert await say("what would change it?") in variants("talk.swap.none", EN, style="Street")
    assert await say("similar looks") == translate("talk.similar.unknown", EN)
    public = await create_similar_look(resources, look.id, "Mina")
    data, headers = {"words": "similar looks", "look": look_id_of(page)}, {"Accept": "application/json"}
    answered = await client.post("/try/words", data=data, headers=headers)
    found = answered.json()["messages"]
    assert texts(found, ".bubble.eva p")[0] == translate("talk.similar", EN)
    assert attributes(found, ".bubble.eva a", "href") == [f"/looks/{public.id}"]
    without_script = await client.post("/try/words", data=data)
    assert f"/looks/{public.id}" in attributes(without_script, ".bubble.eva a", "href")
    history = await say("what do I wear most?")
    assert translate("talk.me.first", EN, style="80s Retro") in history
    assert history.endswith(": 80s Retro, as you told me")
    assert texts(await client.get("/me"), ".own h2") == ["80s Retro"]
    again = messages(await send_photo(client, make_photo()))
    told = " ".join(translate(key, EN, style="80s Retro") for key in ("talk.remembered.told", "me.correction"))
    assert told in again


async def test_words_that_no_pattern_knows_are_guessed(client: httpx.AsyncClient, resources: Resources) -> None:
    wish = "ok enter this one into the ranking for me, i want hearts"
    visitor = await client.post(
        "/try/words", data={"words": "found the boots at a flea market and wore them all summer"}
    )
    assert messages(visitor)[-1] in variants("talk.remark", EN)
    page = await send_photo(client, make_photo())
    page = await client.post("/try/words", data={"words": wish, "look": look_id_of(page)})
    assert buttons(page)[:2] == ["take", "keep"]
    assert (await list_looks(resources))[0].shared_at is None
