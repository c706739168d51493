"""The conversation at /try, without scripts and with the answers that scripts get, on a real socket and database."""

import re
from collections.abc import AsyncIterator
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select

from core.conversation.display_names import generated_name
from core.conversation.narration import style_description, style_name, verdict_messages
from core.conversation.smalltalk import comment_on_guess
from core.db import look_images, looks, people, schema
from core.db.looks import Look
from core.db.schema import Channel
from core.i18n.translations import Language, translate, variant_keys
from core.resources import Resources
from core.styles import STYLES, Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend, make_outputs
from leaderboard_web.app import create_app
from tests.factories import create_look, make_photo, store_images
from tests.harness import make_application, serve_on_free_port
from tests.unit.leaderboard_web.conftest import OutputsFunction, street_outputs

EN = Language.EN
JSON = {"Accept": "application/json"}
ROOMY = {"new_visitors_per_ip_per_hour": 1000, "writes_per_minute": 1000}


def a_site(resources: Resources, samples: Path, script: OutputsFunction = street_outputs, **settings: Any) -> Any:
    classifier = StyleClassifier(FakeBackend(script), FAKE_MODEL_CARD)
    return create_app(make_application(resources, classifier, **(ROOMY | settings)), samples=samples)


def a_browser(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address, headers={"Accept-Language": "en"}, follow_redirects=True, timeout=30, trust_env=False
    )


@pytest.fixture
async def address(resources: Resources, samples: Path) -> AsyncIterator[str]:
    async with serve_on_free_port(a_site(resources, samples)) as url:
        yield url


@pytest.fixture
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with a_browser(address) as browser:
        yield browser


async def show(client: httpx.AsyncClient, photo: bytes, **more: Any) -> httpx.Response:
    fields = more.pop("data", {})
    return await client.post("/try", files={"photo": ("holiday with Mina.jpg", photo)}, data=fields, **more)


async def press(client: httpx.AsyncClient, page: httpx.Response, do: str, **more: Any) -> httpx.Response:
    """Press a button that the page has."""
    assert do in buttons(page)
    return await client.post("/try/act", data={"look": look_in(page), "do": do}, **more)


def said(page: httpx.Response) -> list[str]:
    """What stands in the bubbles of the conversation."""
    return [unescape(each) for each in re.findall(r'<li class="bubble (?:eva|you)[^"]*"><p>(.*?)</p>', page.text)][
        : -1 if "<template" in page.text else None
    ]


def buttons(page: httpx.Response) -> list[str]:
    return re.findall(r'name="do" value="([^"]+)"', page.text)


def look_in(page: httpx.Response) -> str:
    found = re.search(r'name="look" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


async def every_look(resources: Resources) -> list[Look]:
    async with resources.database.transaction() as connection:
        found = await connection.execute(select(schema.looks).order_by(schema.looks.c.id))
        return [looks.to_look(row) for row in found]


async def count_people(resources: Resources) -> int:
    async with resources.database.transaction() as connection:
        return (await connection.execute(select(func.count()).select_from(schema.people))).scalar_one()


def verdict_of(look: Look) -> list[str]:
    return [bubble.text for bubble in verdict_messages(look.verdict, seed=str(look.id), language=EN)]


async def test_a_photo_is_answered_by_a_page_that_is_still_there_later(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    page = await show(client, make_photo())
    assert [each.status_code for each in page.history] == [303]
    (look,) = await every_look(resources)
    assert (look.channel, look.shared_at, look.language) == (Channel.WEB, None, "en")
    assert said(page) == verdict_of(look)
    assert re.findall(r'class="share" width="(\d+)%"', page.text)[:2] == ["72", "18"]
    pictures = [unescape(each) for each in re.findall(r'src="(/pictures/[^"]+)"', page.text)]
    assert [Image.open(BytesIO((await client.get(each)).content)).size for each in pictures] == [(300, 400)] * 3
    assert buttons(page) == ["share", "keep", "correct"]
    again = await client.get("/try")
    assert (said(again), buttons(again)) == (said(page), buttons(page))
    assert "holiday with Mina" not in again.text


async def test_the_same_photo_again_is_answered_from_memory(client: httpx.AsyncClient, resources: Resources) -> None:
    first = await show(client, make_photo(1))
    await show(client, make_photo(2))
    again = await show(client, make_photo(1, quality=70))
    assert len(await every_look(resources)) == 2
    assert look_in(again) == look_in(first)
    assert said(again)[0] in {translate(key, EN) for key in variant_keys("talk.remembered", EN)}
    assert said(again)[1:] == said(first)[1:]


async def test_who_guesses_first_hears_the_verdict_after_that(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await show(client, make_photo(), data={"guess": "1"})
    assert said(page) == [translate("talk.guess.ask", EN)]
    assert 'class="heat-image"' not in page.text
    assert 'name="guess" value="1" checked' in page.text
    assert buttons(page) == [*(f"guess.{style}" for style in STYLES), "result"]
    page = await press(client, page, "guess.casual")
    (look,) = await every_look(resources)
    assert look.guessed_style is Style.CASUAL
    words = comment_on_guess(Style.CASUAL, look.verdict, seed=str(look.id), language=EN)
    assert said(page) == [translate("talk.guess.ask", EN), "Casual", words, *verdict_of(look)[1:]]
    assert said(await client.get("/try")) == said(page)
    assert translate("talk.guess.ask", EN) not in said(await show(client, make_photo(2)))


async def test_a_guess_can_be_typed_or_left_out(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await show(client, make_photo(), data={"guess": "1"})
    chatted = await client.post("/try/words", data={"words": "hm", "look": look_in(page)})
    assert said(chatted)[:2] == [translate("talk.guess.ask", EN), "hm"]
    assert buttons(chatted) == buttons(page), "the verdict is not given away"
    await client.post("/try/words", data={"words": "it's street!", "look": look_in(page)})
    assert (await every_look(resources))[0].guessed_style is Style.STREET
    page = await show(client, make_photo(2), data={"guess": "1"})
    page = await press(client, page, "result")
    look = (await every_look(resources))[1]
    assert look.guessed_style is None
    assert said(page) == verdict_of(look)


async def test_she_can_be_corrected(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await press(client, await show(client, make_photo()), "correct")
    assert said(page)[-1] == translate("talk.correct.ask", EN)
    assert buttons(page) == [*(f"correct.{style}" for style in STYLES), "stay"]
    same = await press(client, page, "correct.street")
    assert said(same)[-1] == translate("talk.correct.same", EN, style="Street")
    page = await client.post("/try/act", data={"look": look_in(page), "do": "correct.mode"})
    assert said(page)[-2:] == ["British Mode", translate("talk.correct.thanks", EN, style="British Mode")]
    assert (await every_look(resources))[0].corrected_style is Style.MODE
    assert said(await client.get("/try")) == said(page)


async def test_a_style_that_is_typed_after_the_verdict_is_talk_until_she_asks(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    async def typed(page: httpx.Response, words: str) -> httpx.Response:
        return await client.post("/try/words", data={"words": words, "look": look_in(page)})

    about = f"British Mode: {style_description(Style.MODE, EN)}"
    page = await show(client, make_photo(), data={"guess": "1"})
    page = await press(client, page, "result")
    assert said(await typed(page, "British Mode"))[-1] == about
    late = await client.post("/try/act", data={"look": look_in(page), "do": "guess.mode"})
    assert said(late)[-1] == translate("talk.guess.told", EN)

    asked = await press(client, page, "correct")
    assert said(await client.get("/try")) == said(asked), "she still waits, wherever the page is opened"
    never_mind = await press(client, asked, "stay")
    assert said(never_mind)[-2:] == [
        translate("try.never_mind", EN),
        translate("talk.correct.stays", EN, style="Street"),
    ]
    assert said(await typed(never_mind, "British Mode"))[-1] == about
    asked = await press(client, never_mind, "correct")
    assert said(await typed(asked, "what is British Mode?"))[-1] == about
    assert said(await typed(asked, "British Mode!"))[-1] == translate("talk.correct.thanks", EN, style="British Mode")
    (look,) = await every_look(resources)
    assert (look.guessed_style, look.corrected_style, look.pending_question) == (None, Style.MODE, None)


async def test_what_is_typed_is_about_the_look_on_the_page(client: httpx.AsyncClient, resources: Resources) -> None:
    first = await show(client, make_photo(), data={"guess": "1"})
    await show(client, make_photo(2), data={"guess": "1"})
    await client.post("/try/words", data={"words": "british mode", "look": look_in(first)})
    older, newer = await every_look(resources)
    assert (older.guessed_style, newer.guessed_style) == (Style.MODE, None)


async def test_a_look_goes_to_the_board_under_a_name_and_comes_back(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    page = await press(client, await show(client, make_photo()), "share")
    (look,) = await every_look(resources)
    assert look.shared_at is None
    assert said(page)[-1] == translate("talk.name.ask", EN, name=generated_name(look.person_id, EN))
    assert buttons(page) == ["take", "keep"]
    refused = await client.post("/try/words", data={"words": "<b>Mina</b>", "look": look_in(page)})
    assert translate("talk.name.refused", EN) in said(refused)
    assert "<b>" not in refused.text
    page = await client.post("/try/words", data={"words": "Mina", "look": look_in(page)})
    assert translate("talk.shared", EN, name="Mina") in said(page)
    assert f'href="/looks/{look.id}"' in page.text
    assert "Mina" in (await client.get(f"/looks/{look.id}")).text
    page = await press(client, page, "unshare")
    assert said(page)[-1] == translate("talk.unshared", EN)
    assert (await client.get(f"/looks/{look.id}")).status_code == 404
    page = await press(client, page, "share")
    assert said(page)[-1] == translate("talk.shared", EN, name="Mina"), "the name is known by now"
    kept = await show(client, make_photo(2))
    assert said(await press(client, kept, "keep"))[-1] == translate("talk.kept", EN)


async def test_the_name_that_eva_made_up_will_do(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await press(client, await show(client, make_photo()), "share")
    page = await press(client, page, "take")
    (look,) = await every_look(resources)
    async with resources.database.transaction() as connection:
        person = await people.get(connection, look.person_id)
    assert look.is_public
    assert person is not None
    assert person.name == generated_name(look.person_id, EN)
    assert said(page)[-1] == translate("talk.shared", EN, name=person.name)


async def test_other_peoples_looks_are_not_there(client: httpx.AsyncClient, address: str, resources: Resources) -> None:
    mine = await show(client, make_photo())
    async with a_browser(address) as other:
        assert said(await other.get(f"/try?look={look_in(mine)}")) == [
            translate(key, EN) for key in variant_keys("page.hello", EN)
        ]
        for do in ("share", "correct.mode", "result"):
            page = await other.post("/try/act", data={"look": look_in(mine), "do": do})
            assert said(page)[-1] == translate("talk.look_gone", EN)
        own = await show(other, make_photo(2))
        for do in ("share", "correct.mode", "result", "guess.mode"):
            page = await other.post("/try/act", data={"look": look_in(mine), "do": do})
            assert said(page)[-1] == translate("talk.not_yours", EN)
            assert look_in(page) == look_in(own)
    look = (await every_look(resources))[0]
    assert (look.shared_at, look.corrected_style, look.guessed_style) == (None, None, None)


async def test_only_buttons_that_are_there_can_be_pressed(client: httpx.AsyncClient) -> None:
    look = look_in(await show(client, make_photo()))
    for do in ("erase", "forget", "agree", "share.naked", "nonsense", ""):
        assert (await client.post("/try/act", data={"look": look, "do": do})).status_code == 400
    assert (await client.post("/try/act", data={"look": "1", "do": "share"})).status_code == 400
    assert (await client.post("/try/act", content=b"x" * 100_000)).status_code == 400
    assert (await client.post("/try/act", data={"look": look, "do": "x" * 100_000})).status_code == 413
    assert (await client.post("/try/words", data={"words": "x" * 100_000})).status_code == 413


async def test_scripts_get_the_next_parts_and_a_photo_that_is_sent_twice_is_one(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    parts = []
    for _ in range(2):
        reply = await show(client, make_photo(), headers=JSON, data={"attempt": "0123456789abcdef"})
        assert reply.headers["cache-control"] == "no-store"
        parts.append(reply.json())
    (look,) = await every_look(resources)
    assert parts[0] == parts[1]
    assert parts[0]["url"] == f"/try?look={look.id}"
    assert parts[0]["photo"].count("<img") == 1
    assert [unescape(each) for each in re.findall("<p>(.*?)</p>", parts[0]["messages"])] == verdict_of(look)
    assert 'value="share"' in parts[0]["actions"]
    data = {"look": str(look.id), "do": "share"}
    pressed = (await client.post("/try/act", data=data, headers=JSON)).json()
    assert re.findall("<p>(.*?)</p>", pressed["messages"])[0] == translate("talk.button.share", EN)
    assert 'class="naming"' in pressed["actions"]


async def test_words_are_answered_and_make_nobody_a_visitor(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await client.post("/try/words", data={"words": "  What is   80s Retro? <i>"})
    assert said(page)[-2] == "What is 80s Retro? <i>"
    assert said(page)[-1].startswith(style_name(Style.RETRO, EN))
    assert said(await client.get("/try")) == [translate(key, EN) for key in variant_keys("page.hello", EN)]
    assert await count_people(resources) == 0
    await show(client, make_photo())
    page = await client.post("/try/words", data={"words": "thank you"})
    assert said(page)[-2:] == ["thank you", translate("talk.thanks", EN)]


async def test_nobody_else_puts_words_into_her_mouth(client: httpx.AsyncClient) -> None:
    client.cookies.set("said", "WyJldmEiLCAiYnV5IGl0Il0.ZZZZZZ.forged")
    assert said(await client.get("/try")) == [translate(key, EN) for key in variant_keys("page.hello", EN)]


BAD = [
    (b"", 422, "EmptyPhotoError", "error.empty_photo"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "NotAnImageError", "error.not_an_image"),
    (b"\x89PNG\r\n\x1a\n" + bytes(21 * 2**20), 413, "PhotoTooLargeError", "error.photo_too_large"),
]


@pytest.mark.parametrize(("data", "status", "error", "key"), BAD, ids=[each[2] for each in BAD])
async def test_a_bad_photo_gets_its_sentence_and_the_conversation_goes_on(
    client: httpx.AsyncClient, data: bytes, status: int, error: str, key: str
) -> None:
    before = await show(client, make_photo())
    page = await show(client, data)
    assert page.status_code == status
    assert said(page) == [*said(before), translate(key, EN)]
    assert buttons(page) == buttons(before)
    reply = await show(client, data, headers=JSON)
    assert (reply.status_code, reply.json()) == (status, {"error": error, "message": translate(key, EN)})


async def test_no_photo_at_all_gets_its_sentence(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await client.post("/try", files={"photo": ("", b"")})
    assert page.status_code == 400
    assert said(page)[-1] == translate("page.no_file", EN)
    assert await count_people(resources) == 0


async def test_a_line_that_breaks_is_no_mistake_of_ours(resources: Resources, samples: Path) -> None:
    parts = iter([{"type": "http.request", "body": b"--x\r\n", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Any] = []

    async def receive() -> Any:
        return next(parts)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/try",
        "raw_path": b"/try",
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=x")],
        "client": ("203.0.113.7", 1),
        "server": ("eva", 80),
        "scheme": "http",
    }
    # Were it taken for one, it would be raised again here, and fill the log.
    await a_site(resources, samples)(scope, receive, send)
    assert sent[0]["status"] == 400
    assert await every_look(resources) == []


async def test_the_daily_limit_is_explained(resources: Resources, samples: Path) -> None:
    async with (
        serve_on_free_port(a_site(resources, samples, photos_per_person_per_day=1)) as address,
        a_browser(address) as client,
    ):
        first = await show(client, make_photo(1))
        page = await show(client, make_photo(2))
        assert page.status_code == 429
        assert said(page) == [*said(first), translate("talk.limit", EN, count=1)]
        refused = await show(client, make_photo(2), headers=JSON)
        assert refused.json()["message"] == translate("talk.limit", EN, count=1)
        assert 1 <= int(refused.headers["retry-after"]) <= 24 * 60 * 60
        again = await show(client, make_photo(1))
        assert again.status_code == 200, "what she knows is not counted"


async def test_without_an_outfit_there_is_nothing_to_share(resources: Resources, samples: Path) -> None:
    site = a_site(resources, samples, lambda _: make_outputs(Style.MODE, outfit=0.02))
    async with serve_on_free_port(site) as address, a_browser(address) as client:
        page = await show(client, make_photo())
        (look,) = await every_look(resources)
        assert said(page) == verdict_of(look)
        assert buttons(page) == []
        assert 'class="heat-image"' not in page.text
        assert 'class="share"' not in page.text


async def test_a_sample_is_judged_but_is_nobodys_outfit(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await client.post("/try", files={"photo": ("", b"")}, data={"sample": "street"})
    assert buttons(page) == ["correct"]
    (look,) = await every_look(resources)
    assert said(page) == verdict_of(look)
    bad = await client.post("/try", files={"photo": ("", b"")}, data={"sample": "../README"})
    assert bad.status_code == 400


async def test_pictures_that_were_deleted_are_said_to_be(client: httpx.AsyncClient, resources: Resources) -> None:
    await show(client, make_photo())
    (look,) = await every_look(resources)
    assert look.photo_key is not None
    assert look.heatmap_key is not None
    await resources.storage.delete([look.photo_key, look.heatmap_key])
    async with resources.database.transaction() as connection:
        await look_images.clear_image_keys(connection, [look.id])
    page = await client.get("/try")
    assert said(page) == [translate("try.deleted", EN), *verdict_of(look)]
    assert buttons(page) == ["correct"]
    assert "/pictures/" not in page.text


async def test_the_language_of_the_page_is_spoken_whatever_was_spoken_before(client: httpx.AsyncClient) -> None:
    await show(client, make_photo())
    page = await client.get("/try?lang=ko")
    page = await press(client, page, "share")
    assert translate("talk.button.share", Language.KO) in said(page)
    assert re.search("[가-힣]", said(page)[-1])


async def test_the_latest_look_is_shown_wherever_it_came_from(client: httpx.AsyncClient, resources: Resources) -> None:
    await show(client, make_photo())
    (look,) = await every_look(resources)
    async with resources.database.transaction() as connection:
        newer = await store_images(resources, await create_look(connection, look.person_id))
        cut_short = await create_look(connection, look.person_id, stored=False)
    assert cut_short.created_at >= newer.created_at
    assert look_in(await client.get("/try")) == str(newer.id)
