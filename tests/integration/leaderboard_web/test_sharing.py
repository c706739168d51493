"""Link previews, share images, share links, and what crawlers and caches see of the pages."""

import json
import re
from collections.abc import AsyncIterator
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PIL import Image
from pydantic import SecretStr

from core.conversation.display_names import generated_name
from core.conversation.narration import style_name
from core.db import looks, people
from core.db.looks import Look
from core.errors import ObjectNotFoundError
from core.i18n.translations import Language, translate
from core.images.drawing import read_content_hash
from core.images.renditions import THUMBNAIL_WIDTH, share_image_key, thumbnail_key
from core.resources import Resources
from core.styles import Style
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from leaderboard_web.app import create_app
from leaderboard_web.sharing import share_image_version
from leaderboard_web.urls import HASHES, STATIC_DIR, static_url
from tests.factories import classify_scripted, create_look, create_person, remove_look, store_images
from tests.harness import make_application
from tests.html import attributes, texts
from tests.images import encode_image, make_scene

PUBLIC = "https://eva.example"
NAME = 'Mina "M" & <b>'
KAKAOTALK = "facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/t/scrap/33984"


class Tags(HTMLParser):
    """The start tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        return [
            {name: value or "" for name, value in attributes.items()}
            for name_of_tag, attributes in self.tags
            if name_of_tag == tag and all(attributes.get(name) == value for name, value in wanted.items())
        ]

    def meta(self, name: str) -> str:
        key = "property" if name.startswith("og:") else "name"
        (only,) = self.all("meta", **{key: name})
        return only["content"]


def create_client(resources: Resources, samples: Path, **settings: Any) -> httpx.AsyncClient:
    site = create_app(
        make_application(resources, StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD), **settings), samples=samples
    )
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(site), base_url="http://localhost", headers={"Accept-Language": "en"}
    )


@pytest.fixture
async def client(resources: Resources, samples: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with create_client(resources, samples, public_url=PUBLIC) as client:
        yield client


async def add_shared_look(
    resources: Resources, *, name: str | None = "Mina", size: tuple[int, int] = (800, 1200)
) -> Look:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        if name is not None:
            await people.update_display_name(connection, person.id, name)
        look = await create_look(
            connection, person.id, verdict=classify_scripted(Style.STREET), width=size[0], height=size[1]
        )
        await store_images(resources, look)
        assert await looks.share(connection, look.id)
    await resources.storage.put(look.photo_key or "", encode_image(make_scene(*size)))
    return look


async def get_tags(client: httpx.AsyncClient, path: str, **headers: str) -> Tags:
    page = await client.get(path, headers=headers)
    assert page.status_code == 200
    return Tags(page.text)


@pytest.mark.parametrize("language", Language)
async def test_shared_look_has_link_preview_and_share_image(
    client: httpx.AsyncClient, resources: Resources, language: Language
) -> None:
    look = await add_shared_look(resources, name=NAME)
    tags = await get_tags(client, f"/looks/{look.id}?preview={language}")
    style = translate("style.street.name", language)
    marked = share_image_version(title=style, line=tags.meta("og:description"))
    image = f"{PUBLIC}/looks/{look.id}/card-{language}-{marked}.jpg"
    expected = {
        "og:type": "article",
        "og:site_name": "Eva",
        "og:locale": {Language.KO: "ko_KR", Language.EN: "en_US"}[language],
        "og:title": translate("look.title", language, style=style, name=NAME),
        "og:url": f"{PUBLIC}/looks/{look.id}?preview={language}",
        "og:image": image,
        "og:image:type": "image/jpeg",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": translate("share.alt", language, style=style),
        "twitter:card": "summary_large_image",
        "twitter:title": translate("look.title", language, style=style, name=NAME),
        "twitter:image": image,
        "robots": "noindex",
    }
    assert {name: tags.meta(name) for name in expected} == expected
    assert style in tags.meta("og:description")
    assert tags.meta("og:description") == tags.meta("twitter:description")
    for method in ("GET", "HEAD"):
        card = await client.request(method, urlsplit(image).path)
        assert (card.status_code, card.headers["content-type"]) == (200, "image/jpeg")
        # A shared cache would show the photo for an hour after its owner took it back.
        assert (card.headers["cache-control"], card.headers["x-robots-tag"]) == ("private, max-age=3600", "noindex")
        assert int(card.headers["content-length"]) < 1_000_000
    assert Image.open(BytesIO((await client.get(urlsplit(image).path)).content)).size == (1200, 630)
    assert await resources.storage.get(share_image_key(look.photo_key or "", language))


async def test_kakaotalk_crawler_gets_a_korean_preview(client: httpx.AsyncClient, resources: Resources) -> None:
    look = await add_shared_look(resources)
    del client.headers["Accept-Language"]
    # A client without a language gets English; the page is not cached for the crawler.
    assert (await get_tags(client, f"/looks/{look.id}")).meta("og:locale") == "en_US"
    tags = await get_tags(client, f"/looks/{look.id}", **{"User-Agent": KAKAOTALK})
    assert tags.meta("og:locale") == "ko_KR"
    assert (await client.head(f"/looks/{look.id}")).status_code == 200


async def test_preview_language_does_not_change_the_page_language(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    look = await add_shared_look(resources, name=None)
    tags = await get_tags(client, f"/looks/{look.id}?preview=ko")
    assert tags.all("html")[0]["lang"] == "en"
    assert tags.meta("og:locale") == "ko_KR"
    name, style = generated_name(look.person_id, Language.KO), style_name(look.style, Language.KO)
    assert tags.meta("og:title") == translate("look.title", Language.KO, style=style, name=name)


async def test_changed_text_makes_a_new_share_image_and_url(
    client: httpx.AsyncClient, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = await add_shared_look(resources)
    key = share_image_key(look.photo_key or "", Language.EN)

    async def address() -> str:
        return urlsplit((await get_tags(client, f"/looks/{look.id}?preview=en")).meta("og:image")).path

    before = await address()
    old = (await client.get(before)).content
    assert (await client.get(before)).content == old == await resources.storage.get(key)
    monkeypatch.setattr("leaderboard_web.routes.images.verdict_sentence", lambda _: "Changed.")
    monkeypatch.setattr("leaderboard_web.routes.looks.verdict_sentence", lambda _: "Changed.")
    after = await address()
    assert after != before
    new = (await client.get(after)).content
    assert (
        read_content_hash(new)
        == share_image_version(title="Street", line="Changed.")
        == after.removesuffix(".jpg").rpartition("-")[2]
    )
    assert new != old
    assert await resources.storage.get(key) == new, "replaces the old image"
    assert (await client.get(before)).content == new, "is served under the old URL, too"
    unmarked = BytesIO()
    Image.open(BytesIO(new)).save(unmarked, "JPEG", comment=b"")
    await resources.storage.put(key, unmarked.getvalue())
    assert (await client.get(after)).content == new


async def test_share_image_exists_only_for_public_looks(client: httpx.AsyncClient, resources: Resources) -> None:
    look, removed = await add_shared_look(resources), await add_shared_look(resources)
    async with resources.database.transaction() as connection:
        private = await store_images(resources, await create_look(connection, look.person_id))
    path = f"/looks/{look.id}/card-en-1.jpg"
    assert (await client.get(path)).status_code == 200
    assert (await client.get(f"/looks/{removed.id}/card-en-1.jpg")).status_code == 200
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, look.id)
    await remove_look(resources, removed.id)
    malformed = [f"/looks/{look_id}/card-en-1.jpg" for look_id in (private.id, removed.id, "1", look.id.hex)]
    for url in (path, *malformed):
        for method in ("GET", "HEAD"):
            assert (await client.request(method, url)).status_code == 404, url
    with pytest.raises(ObjectNotFoundError):
        await resources.storage.get(share_image_key(removed.photo_key or "", Language.EN))


@pytest.mark.parametrize(
    "rest", ["card-fr-1.jpg", "card-en-0.jpg", "card-en-99.jpg", "card-en-01.jpg", "card-en-x.jpg"]
)
async def test_malformed_share_image_urls_are_not_found(
    client: httpx.AsyncClient, resources: Resources, rest: str
) -> None:
    look = await add_shared_look(resources)
    assert (await client.get(f"/looks/{look.id}/{rest}")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/", "/styles", "/styles/mode", "/try", "/about", "/model", "/privacy", "/?style=mode&when=week"]
)
async def test_pages_have_canonical_url_and_alternates(client: httpx.AsyncClient, path: str) -> None:
    joint = "&" if "?" in path else "?"
    for lang, canonical in (("", path), ("ko", f"{path}{joint}lang=ko"), ("en", f"{path}{joint}lang=en")):
        url = f"{path}{joint}utm_source=kakao" + (f"&lang={lang}" if lang else "")
        tags = await get_tags(client, url)
        assert [link["href"] for link in tags.all("link", rel="canonical")] == [PUBLIC + canonical]
        assert tags.meta("og:url") == PUBLIC + canonical
        assert {link["hreflang"]: link["href"] for link in tags.all("link", rel="alternate")} == {
            "ko": f"{PUBLIC}{path}{joint}lang=ko",
            "en": f"{PUBLIC}{path}{joint}lang=en",
            "x-default": PUBLIC + path,
        }
        assert not tags.all("meta", name="robots")
        assert tags.meta("og:title")
        assert tags.meta("og:description")
        image = tags.meta("og:image")
        assert image == PUBLIC + static_url(f"card-{lang or 'en'}.jpg")
        assert (await client.head(urlsplit(image).path)).status_code == 200


async def test_missing_pages_are_not_indexed(client: httpx.AsyncClient) -> None:
    page = await client.get("/nowhere")
    assert page.status_code == 404
    assert Tags(page.text).meta("robots") == "noindex"


async def test_absolute_urls_use_the_request_host_without_public_url(resources: Resources, samples: Path) -> None:
    async with create_client(resources, samples) as client:
        tags = await get_tags(client, "/")
    assert tags.meta("og:url") == "http://localhost/"


async def test_share_links_contain_url_title_and_verdict(client: httpx.AsyncClient, resources: Resources) -> None:
    look = await add_shared_look(resources, name="미나 & Co")
    page = await client.get(f"/looks/{look.id}")
    tags = Tags(page.text)
    look_url = f"{PUBLIC}/looks/{look.id}?preview=en"
    links = {urlsplit(link["href"]).netloc: link for link in tags.all("a", target="_blank")}
    telegram = links["t.me"]["href"]
    assert telegram.startswith("https://t.me/share/url?url=")
    assert re.fullmatch(r"[A-Za-z0-9%=&?:/._~-]+", telegram)
    parameters = parse_qs(urlsplit(telegram).query, strict_parsing=True)
    sentence = tags.meta("og:description")
    assert parameters == {"url": [look_url], "text": [f"Street look by 미나 & Co. {sentence}"]}
    assert "+" not in telegram
    facebook = urlsplit(links["www.facebook.com"]["href"])
    assert (facebook.path, parse_qs(facebook.query)) == ("/sharer/sharer.php", {"u": [look_url]})
    assert all("noopener" in link["rel"] for link in links.values())
    assert attributes(page, ".kakao", "class") == []
    assert "kakao" not in page.headers["content-security-policy"]


async def test_kakao_share_template_is_valid(resources: Resources, samples: Path) -> None:
    look = await add_shared_look(resources, name=NAME)
    settings = {"public_url": PUBLIC, "kakao_js_key": "0123456789abcdef"}
    async with create_client(resources, samples, **settings) as client:
        page = await client.get(f"/looks/{look.id}?lang=ko")
        board = await client.get("/")
    tags = Tags(page.text)
    (button,) = tags.all("button", **{"class": "kakao"})
    assert button["data-key"] == "0123456789abcdef"
    template = json.loads(button["data-template"])
    link = {"webUrl": f"{PUBLIC}/looks/{look.id}?preview=ko", "mobileWebUrl": f"{PUBLIC}/looks/{look.id}?preview=ko"}
    assert template["objectType"] == "feed"
    assert template["content"] == {
        "title": translate("look.title", Language.KO, style=translate("style.street.name", Language.KO), name=NAME),
        "description": tags.meta("og:description"),
        "imageUrl": tags.meta("og:image"),
        "imageWidth": 1200,
        "imageHeight": 630,
        "link": link,
    }
    assert template["social"] == {"likeCount": 0}
    assert [button["link"]["webUrl"] for button in template["buttons"]] == [link["webUrl"], f"{PUBLIC}/try"]
    (script,) = [script for script in tags.all("script") if "kakao" in script["src"]]
    assert script["integrity"].startswith("sha384-")
    assert script["crossorigin"] == "anonymous"
    policy = dict(directive.split(" ", 1) for directive in page.headers["content-security-policy"].split("; "))
    assert policy["script-src"] == f"'self' {script['src']}"
    assert "https://*.kakao.com" in policy["connect-src"]
    assert page.headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    assert "kakao" not in board.headers["content-security-policy"]


async def test_privacy_page_names_third_party_scripts(resources: Resources, samples: Path) -> None:
    widget = {"telegram_token": SecretStr("1:a"), "telegram_bot_username": "eva_bot"}
    for settings, key, named in (
        ({}, "privacy.kakao", False),
        ({}, "privacy.widget", False),
        ({"kakao_js_key": "0123456789abcdef"}, "privacy.kakao", True),
        (widget, "privacy.widget", True),
    ):
        async with create_client(resources, samples, **settings) as client:
            page = unescape((await client.get("/privacy")).text)
        assert (translate(key, Language.EN) in page) is named


def test_kakao_sdk_version_and_hash_are_set_together() -> None:
    from core.settings import Settings

    with pytest.raises(ValueError, match="together"):
        Settings(kakao_sdk_version="2.9.0")
    with pytest.raises(ValueError, match="together"):
        Settings(kakao_sdk_integrity="sha384-AAAA")
    assert Settings(kakao_sdk_version="2.9.0", kakao_sdk_integrity="sha384-AAAA").kakao_sdk_version == "2.9.0"


async def test_thumbnail_is_created_on_first_request(client: httpx.AsyncClient, resources: Resources) -> None:
    look, small = await add_shared_look(resources), await add_shared_look(resources, size=(400, 500))
    for path in ("/", "/styles/street", f"/looks/{look.id}"):
        images = [image for image in (await get_tags(client, path)).all("img") if image["src"].startswith("/shared/")]
        (photo,) = [image for image in images if "srcset" in image]
        thumb, full = (source.rsplit(" ", 1) for source in photo["srcset"].split(", "))
        assert (thumb[1], full) == ("480w", [photo["src"], "800w"])
        assert photo["sizes"].endswith("vw")
        reply = await client.get(thumb[0])
        assert reply.headers["cache-control"] == "private, max-age=31536000, immutable"
        image = Image.open(BytesIO(reply.content))
        assert (image.format, image.size, reply.headers["vary"]) == ("JPEG", (THUMBNAIL_WIDTH, 720), "Accept")
        webp = await client.get(thumb[0], headers={"Accept": "image/avif,image/webp,*/*"})
        assert (webp.headers["content-type"], Image.open(BytesIO(webp.content)).format) == ("image/webp", "WEBP")
        assert (await client.get(photo["src"])).headers["cache-control"] == "private, max-age=31536000, immutable"
    assert await resources.storage.get(thumbnail_key(look.photo_key or ""))
    assert (await client.get(thumb[0].replace(look.photo_key or "", small.photo_key or ""))).status_code == 404
    assert (await client.get(thumb[0].replace(str(look.id), str(small.id)))).status_code == 404
    await remove_look(resources, look.id)
    assert (await client.get(thumb[0])).status_code == 404


async def test_text_is_compressed_and_images_are_not(client: httpx.AsyncClient, resources: Resources) -> None:
    look = await add_shared_look(resources)
    for path in ("/", static_url("base.css"), static_url("chat.js"), f"/looks/{look.id}"):
        assert (await client.get(path)).headers["content-encoding"] in {"gzip", "br", "zstd"}, path
        plain = await client.get(path, headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert "Accept-Encoding" in plain.headers["vary"]
    assert "content-encoding" not in (await client.get(f"/looks/{look.id}/card-en-1.jpg")).headers


async def test_versioned_static_files_are_cached_immutably(client: httpx.AsyncClient) -> None:
    named = await client.get(static_url("tokens.css"))
    assert named.headers["cache-control"] == "public, max-age=31536000, immutable"
    plain = await client.get("/static/tokens.css")
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.text == named.text
    again = await client.get("/static/tokens.css", headers={"If-None-Match": plain.headers["etag"]})
    assert again.status_code == 304
    another = await client.get("/static/0123456789ab/tokens.css")
    assert (another.headers["cache-control"], another.text) == ("no-cache", named.text)
    # A file of another release may have the same time and size.
    assert named.headers["etag"] == f'"{sha256(named.content).hexdigest()[:16]}"'
    assert (await client.get("/static/0123456789ab/nothing.css")).status_code == 404
    assert (await client.get(static_url("../app.py"))).status_code == 404
    page = await client.get("/")
    urls = [url for name in ("href", "src") for url in attributes(page, f"[{name}^='/static/']", name)]
    assert static_url("tokens.css") in urls
    assert all(re.fullmatch(r"/static/[0-9a-f]{12}/.+", url) for url in urls), urls


async def test_files_of_a_release_that_is_installed_over_a_running_process_are_missing(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a proxy asks the other process for them."""
    monkeypatch.delitem(HASHES, str((STATIC_DIR / "eva.svg").resolve()))
    assert (await client.get(static_url("eva.svg"))).status_code == 404


async def test_leaderboard_counts_photos_judged_today(client: httpx.AsyncClient, resources: Resources) -> None:
    assert attributes(await client.get("/"), "[data-count]", "data-count") == []
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        for _ in range(3):
            await create_look(connection, person.id)
    page = await client.get("/")
    assert texts(page, "strong[data-count]") == attributes(page, "strong[data-count]", "data-count") == ["3"]
