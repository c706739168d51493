"""The chat at /try over a real socket and database: with forms, and with the JSON that scripts get."""

import re
from collections.abc import AsyncIterator
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
from tests.html import attributes, texts
from tests.unit.leaderboard_web.conftest import OutputsFunction, street_outputs

EN = Language.EN
JSON = {"Accept": "application/json"}
WIDE_LIMITS = {"new_visitors_per_ip_per_hour": 1000, "writes_per_minute": 1000}


def create_site(resources: Resources, samples: Path, script: OutputsFunction = street_outputs, **settings: Any) -> Any:
    classifier = StyleClassifier(FakeBackend(script), FAKE_MODEL_CARD)
    return create_app(make_application(resources, classifier, **(WIDE_LIMITS | settings)), samples=samples)


def open_browser(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address, headers={"Accept-Language": "en"}, follow_redirects=True, timeout=30, trust_env=False
    )


@pytest.fixture
async def address(resources: Resources, samples: Path) -> AsyncIterator[str]:
    async with serve_on_free_port(create_site(resources, samples)) as url:
        yield url


@pytest.fixture
async def client(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with open_browser(address) as browser:
        yield browser


async def send_photo(client: httpx.AsyncClient, photo: bytes, **more: Any) -> httpx.Response:
    fields = more.pop("data", {})
    return await client.post("/try", files={"photo": ("holiday with Mina.jpg", photo)}, data=fields, **more)


async def press_button(client: httpx.AsyncClient, page: httpx.Response, do: str, **more: Any) -> httpx.Response:
    """Press a button of the page."""
    assert do in buttons(page)
    return await client.post("/try/act", data={"look": look_id_of(page), "do": do}, **more)


def messages(page: httpx.Response) -> list[str]:
    """The text messages of the conversation."""
    return texts(page, ".chat .log > .bubble > p")


def buttons(page: httpx.Response) -> list[str]:
    """The values of the action buttons."""
    return attributes(page, "button[name=do]", "value")


def look_id_of(page: httpx.Response) -> str:
    return attributes(page, "input[name=look]", "value")[0]


async def list_looks(resources: Resources) -> list[Look]:
    async with resources.database.transaction() as connection:
        found = await connection.execute(select(schema.looks).order_by(schema.looks.c.id))
        return [looks.to_look(row) for row in found]


async def count_people(resources: Resources) -> int:
    async with resources.database.transaction() as connection:
        return (await connection.execute(select(func.count()).select_from(schema.people))).scalar_one()


def verdict_texts(look: Look) -> list[str]:
    return [message.text for message in verdict_messages(look.verdict, seed=str(look.id), language=EN)]


async def test_a_photo_leads_to_a_page_that_can_be_loaded_again(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    page = await send_photo(client, make_photo())
    assert [redirect.status_code for redirect in page.history] == [303]
    (look,) = await list_looks(resources)
    assert (look.channel, look.shared_at, look.language) == (Channel.WEB, None, "en")
    assert messages(page) == verdict_texts(look)
    assert attributes(page, "rect.share", "width")[:2] == ["72%", "18%"]
    images = [await client.get(url) for url in attributes(page, "img[src^='/pictures/']", "src")]
    assert [Image.open(BytesIO(image.content)).size for image in images] == [(300, 400)] * 3
    assert buttons(page) == ["share", "keep", "correct"]
    again = await client.get("/try")
    assert (messages(again), buttons(again)) == (messages(page), buttons(page))
    assert "holiday with Mina" not in again.text


async def test_a_duplicate_photo_is_not_judged_again(client: httpx.AsyncClient, resources: Resources) -> None:
    first = await send_photo(client, make_photo(1))
    await send_photo(client, make_photo(2))
    again = await send_photo(client, make_photo(1, quality=70))
    assert len(await list_looks(resources)) == 2
    assert look_id_of(again) == look_id_of(first)
    assert messages(again)[0] in {translate(key, EN) for key in variant_keys("talk.remembered", EN)}
    assert messages(again)[1:] == messages(first)[1:]


async def test_with_guess_first_the_verdict_follows_the_guess(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await send_photo(client, make_photo(), data={"guess": "1"})
    assert messages(page) == [translate("talk.guess.ask", EN)]
    assert 'class="heat-image"' not in page.text
    assert 'name="guess" value="1" checked' in page.text
    assert buttons(page) == [*(f"guess.{style}" for style in STYLES), "result"]
    page = await press_button(client, page, "guess.casual")
    (look,) = await list_looks(resources)
    assert look.guessed_style is Style.CASUAL
    words = comment_on_guess(Style.CASUAL, look.verdict, seed=str(look.id), language=EN)
    assert messages(page) == [translate("talk.guess.ask", EN), "Casual", words, *verdict_texts(look)[1:]]
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


async def test_a_verdict_can_be_corrected(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await press_button(client, await send_photo(client, make_photo()), "correct")
    assert messages(page)[-1] == translate("talk.correct.ask", EN)
    assert buttons(page) == [*(f"correct.{style}" for style in STYLES), "stay"]
    same = await press_button(client, page, "correct.street")
    assert messages(same)[-1] == translate("talk.correct.same", EN, style="Street")
    page = await client.post("/try/act", data={"look": look_id_of(page), "do": "correct.mode"})
    assert messages(page)[-2:] == ["British Mode", translate("talk.correct.thanks", EN, style="British Mode")]
    assert (await list_looks(resources))[0].corrected_style is Style.MODE
    assert messages(await client.get("/try")) == messages(page)


async def test_a_typed_style_is_smalltalk_without_a_pending_question(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    async def send_text(page: httpx.Response, words: str) -> httpx.Response:
        return await client.post("/try/words", data={"words": words, "look": look_id_of(page)})

    description = f"British Mode: {style_description(Style.MODE, EN)}"
    page = await send_photo(client, make_photo(), data={"guess": "1"})
    page = await press_button(client, page, "result")
    assert messages(await send_text(page, "British Mode"))[-1] == description
    late = await client.post("/try/act", data={"look": look_id_of(page), "do": "guess.mode"})
    assert messages(late)[-1] == translate("talk.guess.told", EN)

    question_page = await press_button(client, page, "correct")
    assert messages(await client.get("/try")) == messages(question_page), "the question is still pending"
    never_mind = await press_button(client, question_page, "stay")
    assert messages(never_mind)[-2:] == [
        translate("try.never_mind", EN),
        translate("talk.correct.stays", EN, style="Street"),
    ]
    assert messages(await send_text(never_mind, "British Mode"))[-1] == description
    question_page = await press_button(client, never_mind, "correct")
    assert messages(await send_text(question_page, "what is British Mode?"))[-1] == description
    assert messages(await send_text(question_page, "British Mode!"))[-1] == translate(
        "talk.correct.thanks", EN, style="British Mode"
    )
    (look,) = await list_looks(resources)
    assert (look.guessed_style, look.corrected_style, look.pending_question) == (None, Style.MODE, None)


async def test_text_is_about_the_look_on_the_page(client: httpx.AsyncClient, resources: Resources) -> None:
    first = await send_photo(client, make_photo(), data={"guess": "1"})
    await send_photo(client, make_photo(2), data={"guess": "1"})
    await client.post("/try/words", data={"words": "british mode", "look": look_id_of(first)})
    older, newer = await list_looks(resources)
    assert (older.guessed_style, newer.guessed_style) == (Style.MODE, None)


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
    assert translate("talk.shared", EN, name="Mina") in messages(page)
    assert f'href="/looks/{look.id}"' in page.text
    assert "Mina" in (await client.get(f"/looks/{look.id}")).text
    page = await press_button(client, page, "unshare")
    assert messages(page)[-1] == translate("talk.unshared", EN)
    assert (await client.get(f"/looks/{look.id}")).status_code == 404
    page = await press_button(client, page, "share")
    assert messages(page)[-1] == translate("talk.shared", EN, name="Mina"), "the name is known"
    private = await send_photo(client, make_photo(2))
    assert messages(await press_button(client, private, "keep"))[-1] == translate("talk.kept", EN)


async def test_the_generated_name_can_be_accepted(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await press_button(client, await send_photo(client, make_photo()), "share")
    page = await press_button(client, page, "take")
    (look,) = await list_looks(resources)
    async with resources.database.transaction() as connection:
        person = await people.get(connection, look.person_id)
    assert look.is_public
    assert person is not None
    assert person.name == generated_name(look.person_id, EN)
    assert messages(page)[-1] == translate("talk.shared", EN, name=person.name)


async def test_looks_of_other_people_are_inaccessible(
    client: httpx.AsyncClient, address: str, resources: Resources
) -> None:
    mine = await send_photo(client, make_photo())
    async with open_browser(address) as other:
        assert messages(await other.get(f"/try?look={look_id_of(mine)}")) == [
            translate(key, EN) for key in variant_keys("page.hello", EN)
        ]
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


async def test_scripts_get_fragments_and_a_repeated_upload_is_one_look(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    parts = []
    for _ in range(2):
        reply = await send_photo(client, make_photo(), headers=JSON, data={"attempt": "0123456789abcdef"})
        assert reply.headers["cache-control"] == "no-store"
        parts.append(reply.json())
    (look,) = await list_looks(resources)
    assert parts[0] == parts[1]
    assert parts[0]["url"] == f"/try?look={look.id}"
    assert parts[0]["photo"].count("<img") == 1
    assert texts(parts[0]["messages"], ".bubble > p") == verdict_texts(look)
    assert 'value="share"' in parts[0]["actions"]
    data = {"look": str(look.id), "do": "share"}
    pressed = (await client.post("/try/act", data=data, headers=JSON)).json()
    assert texts(pressed["messages"], ".bubble > p")[0] == translate("talk.button.share", EN)
    assert 'class="naming"' in pressed["actions"]


async def test_text_is_answered_without_creating_a_person(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await client.post("/try/words", data={"words": "  What is   80s Retro? <i>"})
    assert messages(page)[-2] == "What is 80s Retro? <i>"
    assert messages(page)[-1].startswith(style_name(Style.RETRO, EN))
    assert messages(await client.get("/try")) == [translate(key, EN) for key in variant_keys("page.hello", EN)]
    assert await count_people(resources) == 0
    await send_photo(client, make_photo())
    page = await client.post("/try/words", data={"words": "thank you"})
    assert messages(page)[-2:] == ["thank you", translate("talk.thanks", EN)]


async def test_forged_flash_messages_are_ignored(client: httpx.AsyncClient) -> None:
    client.cookies.set("flash", "WyJldmEiLCAiYnV5IGl0Il0.ZZZZZZ.forged")
    assert messages(await client.get("/try")) == [translate(key, EN) for key in variant_keys("page.hello", EN)]


BAD_PHOTOS = [
    (b"", 422, "EmptyPhotoError", "error.empty_photo"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "NotAnImageError", "error.not_an_image"),
    (b"\x89PNG\r\n\x1a\n" + bytes(21 * 2**20), 413, "PhotoTooLargeError", "error.photo_too_large"),
]


@pytest.mark.parametrize(("data", "status", "error", "key"), BAD_PHOTOS, ids=[case[2] for case in BAD_PHOTOS])
async def test_a_bad_photo_is_explained_in_the_chat(
    client: httpx.AsyncClient, data: bytes, status: int, error: str, key: str
) -> None:
    before = await send_photo(client, make_photo())
    page = await send_photo(client, data)
    assert page.status_code == status
    assert messages(page) == [*messages(before), translate(key, EN)]
    assert buttons(page) == buttons(before)
    reply = await send_photo(client, data, headers=JSON)
    assert (reply.status_code, reply.json()) == (status, {"error": error, "message": translate(key, EN)})


async def test_a_missing_photo_is_explained_in_the_chat(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await client.post("/try", files={"photo": ("", b"")})
    assert page.status_code == 400
    assert messages(page)[-1] == translate("page.no_file", EN)
    assert await count_people(resources) == 0


async def test_a_disconnect_during_the_upload_is_not_an_error(resources: Resources, samples: Path) -> None:
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
    # An error would be raised again here.
    await create_site(resources, samples)(scope, receive, send)
    assert sent[0]["status"] == 400
    assert await list_looks(resources) == []


async def test_the_daily_limit_is_explained(resources: Resources, samples: Path) -> None:
    async with (
        serve_on_free_port(create_site(resources, samples, photos_per_person_per_day=1)) as address,
        open_browser(address) as client,
    ):
        first = await send_photo(client, make_photo(1))
        page = await send_photo(client, make_photo(2))
        assert page.status_code == 429
        assert messages(page) == [*messages(first), translate("talk.limit", EN, count=1)]
        refused = await send_photo(client, make_photo(2), headers=JSON)
        assert refused.json()["message"] == translate("talk.limit", EN, count=1)
        assert 1 <= int(refused.headers["retry-after"]) <= 24 * 60 * 60
        again = await send_photo(client, make_photo(1))
        assert again.status_code == 200, "duplicates are not counted"


async def test_without_an_outfit_nothing_can_be_shared(resources: Resources, samples: Path) -> None:
    site = create_site(resources, samples, lambda _: make_outputs(Style.MODE, outfit=0.02))
    async with serve_on_free_port(site) as address, open_browser(address) as client:
        page = await send_photo(client, make_photo())
        (look,) = await list_looks(resources)
        assert messages(page) == verdict_texts(look)
        assert buttons(page) == []
        assert 'class="heat-image"' not in page.text
        assert 'class="share"' not in page.text


async def test_a_sample_is_judged_but_cannot_be_shared(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await client.post("/try", files={"photo": ("", b"")}, data={"sample": "street"})
    assert buttons(page) == ["correct"]
    (look,) = await list_looks(resources)
    assert messages(page) == verdict_texts(look)
    bad = await client.post("/try", files={"photo": ("", b"")}, data={"sample": "../README"})
    assert bad.status_code == 400


async def test_a_deleted_photo_is_explained(client: httpx.AsyncClient, resources: Resources) -> None:
    await send_photo(client, make_photo())
    (look,) = await list_looks(resources)
    assert look.photo_key is not None
    assert look.heatmap_key is not None
    await resources.storage.delete([look.photo_key, look.heatmap_key])
    async with resources.database.transaction() as connection:
        await look_images.clear_image_keys(connection, [look.id])
    page = await client.get("/try")
    assert messages(page) == [translate("try.deleted", EN), *verdict_texts(look)]
    assert buttons(page) == ["correct"]
    assert "/pictures/" not in page.text


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
