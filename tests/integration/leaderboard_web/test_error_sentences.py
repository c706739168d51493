"""What people read when something is refused: each status and each missing thing has a sentence of its own."""

from html import unescape
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from core.i18n.translations import Language, translate
from core.resources import Resources
from tests.html import attributes, texts
from tests.integration.leaderboard_web.test_rate_limit import create_site

MISSING = UUID(int=0)


@pytest.mark.parametrize("language", Language)
async def test_every_refusal_has_a_sentence_of_its_own(resources: Resources, samples: Path, language: Language) -> None:
    site = create_site(resources, samples)
    headers = {"Accept-Language": language}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://eva", headers=headers) as client:
        replies = {
            "page.not_found": await client.get("/nowhere"),
            "page.look_gone": await client.get(f"/looks/{MISSING}"),
            "page.person_gone": await client.get("/people/Nobody"),
            "page.picture_gone": await client.get(f"/looks/{MISSING}/card-en-1.jpg"),
            "page.own_look_gone": await client.get(f"/me/looks/{MISSING}"),
            "page.wrong_method": await client.request("PUT", "/about"),
            "page.too_long": await client.post("/me/settings", data={"name": "x" * 20_000}),
            "page.no_file": await client.post("/api/judge", data={"photo": ""}, headers={"Accept": "text/html"}),
            "page.elsewhere": await client.post("/me/settings", headers={"Sec-Fetch-Site": "cross-site"}),
            "page.wrong_host": await client.get("/", headers={"Host": "a b"}),
        }
    assert {reply.status_code for reply in replies.values()} == {400, 403, 404, 405, 413, 421}
    for key, reply in replies.items():
        if "json" in reply.headers["content-type"]:
            assert reply.json()["message"] == translate(key, language)
        else:
            assert translate(key, language) in unescape(reply.text), key
            assert texts(reply, "title") == [translate("site.name", language, title=translate(key, language))]
    assert len({translate(key, language) for key in replies}) == len(replies)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, False),
        ({"telegram_token": "1:a"}, False),
        ({"telegram_token": "1:a", "public_url": "http://eva"}, True),
        ({"telegram_token": "1:a", "telegram_bot_username": "eva_bot"}, True),
        ({"kakao_client_id": "id", "kakao_client_secret": "secret"}, True),
    ],
)
async def test_login_is_offered_only_where_there_is_a_way(
    resources: Resources, samples: Path, settings: dict[str, str], expected: bool
) -> None:
    site = create_site(resources, samples, **settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://eva") as client:
        page = await client.get("/me")
    assert ("/login" in attributes(page, "a", "href")) is expected
