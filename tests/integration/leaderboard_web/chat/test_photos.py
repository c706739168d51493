"""Photos in the chat: limits, samples, unusable and deleted photos."""

from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from core.conversation.narration import verdict_messages
from core.db import look_images
from core.db.schema import Channel
from core.i18n.translations import translate, variant_keys
from core.resources import Resources
from core.styles import Style
from core.vision.fake_backend import make_outputs
from tests.factories import count_people, make_photo
from tests.harness import serve_on_free_port
from tests.html import attributes, texts
from tests.integration.leaderboard_web.chat.conftest import (
    EN,
    buttons,
    create_site,
    list_looks,
    look_id_of,
    messages,
    open_browser,
    press_button,
    send_photo,
    verdict_texts,
)

JSON = {"Accept": "application/json"}


async def test_a_photo_leads_to_a_page_that_can_be_loaded_again(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    page = await send_photo(client, make_photo())
    assert [redirect.status_code for redirect in page.history] == [303]
    (look,) = await list_looks(resources)
    assert (look.channel, look.shared_at, look.language) == (Channel.WEB, None, "en")
    assert messages(page) == verdict_texts(look)
    assert [float(width.rstrip("%")) for width in attributes(page, "rect.share", "width")][:2] == [72.0, 18.0]
    images = [await client.get(url) for url in attributes(page, "img[src^='/pictures/']", "src")]
    assert [Image.open(BytesIO(image.content)).size for image in images] == [(300, 400)] * 3
    assert buttons(page) == ["share", "keep", "correct", "why"]
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


async def test_a_duplicate_photo_is_not_followed_by_what_was_done_before(client: httpx.AsyncClient) -> None:
    page = await press_button(
        client, await press_button(client, await send_photo(client, make_photo()), "share"), "take"
    )
    verdict = messages(page)[1:-3]
    page = await client.post("/try/act", data={"look": look_id_of(page), "do": "correct.mode"})
    assert buttons(page)[:3] == ["learn", "nolearn", "unshare"]
    await send_photo(client, make_photo(2))
    again = await send_photo(client, make_photo())
    told = " ".join(translate(key, EN, style="British Mode") for key in ("talk.remembered.told", "me.correction"))
    assert messages(again) == [told, *verdict]
    assert len(attributes(again, "#latest img", "src")) == 1, "the page opens at the photo"
    assert buttons(again)[0] == "unshare"


async def test_a_photo_ends_the_question_for_a_name(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await press_button(client, await send_photo(client, make_photo()), "share")
    refused = await client.post("/try", files={"photo": ("photo.jpg", b"no photo", "image/jpeg")})
    assert buttons(refused) == buttons(page), "a file that is no photo does not"
    page = await send_photo(client, make_photo(2))
    page = await client.post("/try/words", data={"words": "Mina", "look": look_id_of(page)})
    assert translate("talk.name.confirm", EN, name="Mina") not in messages(page)
    assert look_id_of(page) == str((await list_looks(resources))[1].id)


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
    assert len(attributes(parts[0]["photo"], "img", "src")) == 1
    assert texts(parts[0]["messages"], ".bubble > p") == verdict_texts(look)
    assert "share" in attributes(parts[0]["actions"], "button", "value")
    data = {"look": str(look.id), "do": "share"}
    pressed = (await client.post("/try/act", data=data, headers=JSON)).json()
    assert texts(pressed["messages"], ".bubble > p")[0] == translate("talk.button.share", EN)
    assert len(attributes(pressed["actions"], ".naming", "class")) == 1


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
    assert texts(page, "#latest p") == [translate(key, EN)], "the page opens there"
    assert buttons(page) == buttons(before)
    reply = await send_photo(client, data, headers=JSON)
    assert (reply.status_code, reply.json()) == (status, {"error": error, "message": translate(key, EN)})


async def test_a_missing_photo_is_explained_in_the_chat(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await client.post("/try", files={"photo": ("", b"")})
    assert page.status_code == 400
    assert translate("page.no_file", EN) in page.text
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
        "headers": [(b"host", b"eva"), (b"content-type", b"multipart/form-data; boundary=x")],
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
        assert attributes(page, ".heat-image, .share", "class") == []


async def test_a_sample_is_judged_but_cannot_be_shared(client: httpx.AsyncClient, resources: Resources) -> None:
    page = await client.post("/try", files={"photo": ("", b"")}, data={"sample": "street"})
    assert buttons(page) == ["correct", "why"]
    (look,) = await list_looks(resources)
    assert messages(page) == verdict_texts(look)
    refusal = translate("talk.sample_to_share", EN)
    pressed = await client.post("/try/act", data={"look": str(look.id), "do": "share"})
    assert messages(pressed)[-1] == refusal
    asked = await client.post("/try/words", data={"words": "share it", "look": str(look.id)})
    assert messages(asked)[-1] == refusal
    own_page = await client.get(f"/me/looks/{look.id}")
    assert own_page.status_code == 200
    assert "share" not in buttons(own_page)
    forced = await client.post(f"/me/looks/{look.id}", data={"do": "share"})
    assert forced.status_code == 409
    assert refusal in texts(forced, ".log p")
    for fields in ({"do": "take", "name": "Mina"}, {"do": "take"}, {"do": "post"}):
        named = await client.post(f"/me/looks/{look.id}/name", data=fields)
        assert refusal in texts(named, ".log p"), fields
    assert (await list_looks(resources))[0].shared_at is None
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
    told = verdict_messages(look.verdict, seed=look.variant_seed, language=EN)
    assert any(message.needs_picture for message in told)
    kept = [message.text for message in told if not message.needs_picture]
    assert messages(page) == [translate("try.deleted", EN), *kept]
    assert buttons(page) == ["correct", "why"]
    assert "/pictures/" not in page.text
