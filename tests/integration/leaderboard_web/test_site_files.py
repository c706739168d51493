"""Icons, manifest, robots.txt and sitemap: each exists, and whatever they name exists, too."""

import re
from html import unescape
from io import BytesIO
from pathlib import Path
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import httpx
import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from core.db import people
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.signing import VisitorTokenSigner
from core.styles import STYLES, Style
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend, make_outputs
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.urls import STATIC_DIR, VERSION, static_url
from leaderboard_web.viewer import SECURE_VISITOR_COOKIE
from tests.harness import make_application
from tests.html import attributes, texts
from tools.site_assets import HEADINGS, heading_characters

SITE = "https://eva.example"
TEMPLATES = STATIC_DIR.parent / "templates"


@pytest.fixture
def client(resources: Resources, samples: Path) -> httpx.AsyncClient:
    classifier = StyleClassifier(
        FakeBackend(lambda _: make_outputs(Style.STREET)), load_model_card(BUNDLED_MODEL_DIR / "model.json")
    )
    app = create_app(make_application(resources, classifier, public_url=SITE), samples=samples)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=SITE)


async def test_icons_of_a_page_exist(client: httpx.AsyncClient) -> None:
    page = await client.get("/about")
    urls = attributes(page, 'link[rel="icon"], link[rel="apple-touch-icon"]', "href")
    assert len(urls) == 3
    for url in (*urls, "/favicon.ico", "/apple-touch-icon.png", "/apple-touch-icon-precomposed.png"):
        reply = await client.get(url)
        assert reply.status_code == 200, url
        assert reply.headers["content-type"].startswith("image/"), url
        assert reply.headers["cache-control"].startswith("public"), url
    assert Image.open(BytesIO((await client.get("/apple-touch-icon.png")).content)).size == (180, 180)
    assert (16, 16) in Image.open(BytesIO((await client.get("/favicon.ico")).content)).info["sizes"]


@pytest.mark.parametrize("language", Language)
async def test_manifest_names_icons_that_exist(client: httpx.AsyncClient, language: Language) -> None:
    page = await client.get("/about")
    (url,) = attributes(page, 'link[rel="manifest"]', "href")
    assert "manifest-src 'self'" in page.headers["content-security-policy"]
    reply = await client.get(url, headers={"Accept-Language": language})
    assert reply.headers["content-type"] == "application/manifest+json"
    content = reply.json()
    assert (content["lang"], content["description"]) == (language, translate("page.tagline", language))
    assert (await client.get(content["start_url"])).status_code == 200
    assert "maskable" in [icon.get("purpose") for icon in content["icons"]]
    for shortcut in content["shortcuts"]:
        assert (await client.get(shortcut["url"])).status_code == 200
    for icon in content["icons"]:
        width, height = Image.open(BytesIO((await client.get(icon["src"])).content)).size
        assert icon["sizes"] == f"{width}x{height}"


async def test_an_app_may_share_a_photo_with_the_chat(
    client: httpx.AsyncClient, resources: Resources, samples: Path
) -> None:
    client.cookies.set(SECURE_VISITOR_COOKIE, token := VisitorTokenSigner(b"secret" * 6).issue())
    async with resources.database.transaction() as connection:
        key = VisitorTokenSigner(b"secret" * 6).verify(token) or ""
        person = await people.get_or_create_by_identity(connection, IdentityProvider.WEB, key, language=Language.EN)
        await people.update_guesses_first(connection, person.id, is_enabled=True)
    target = (await client.get("/manifest.webmanifest")).json()["share_target"]
    (field,) = target["params"]["files"]
    # Browsers send it as what the person did in the browser itself.
    headers = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Accept-Language": "en"}
    files = {field["name"]: ("photo.jpg", (samples / "street.jpg").read_bytes(), "image/jpeg")}
    reply = await client.request(target["method"], target["action"], files=files, headers=headers)
    assert reply.status_code == 303
    answer = await client.get(reply.headers["location"])
    assert translate("talk.guess.ask", Language.EN) in unescape(answer.text)
    async with resources.database.transaction() as connection:
        kept = await people.get(connection, person.id)
    assert kept is not None
    assert kept.guesses_first, "what the form does not tell stays as it is"


async def test_what_the_service_worker_keeps_is_the_same_for_everyone(client: httpx.AsyncClient) -> None:
    page = await client.get("/about")
    assert "worker-src 'self'" in page.headers["content-security-policy"]
    worker = await client.get("/service-worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["cache-control"] == "no-cache"
    assert worker.text.startswith(f'const VERSION = "{VERSION}";')
    (names,) = re.findall(r"FILES = \[([^]]+)\]", worker.text)
    for name in re.findall('"(.+?)"', names):
        file = await client.get(static_url(name))
        assert (file.status_code, file.headers["eva-version"]) == (200, VERSION), name
    for language in Language:
        offline = await client.get(f"/offline/{language}", headers={"Accept-Language": "fr"})
        assert offline.status_code == 200
        assert "set-cookie" not in offline.headers
        assert offline.headers["eva-version"] == VERSION
        assert translate("page.offline", language) in unescape(offline.text)
        # A page that may be shown anywhere loads nothing that has to come from the network.
        assert attributes(offline, "main img", "src") == []


async def test_fonts_are_loaded_early_and_have_all_characters_of_headings(client: httpx.AsyncClient) -> None:
    client.headers["Accept-Language"] = "ko"
    page = await client.get("/about")
    assert "font-src 'self'" in page.headers["content-security-policy"]
    urls = attributes(page, 'link[rel="preload"][as="font"]', "href")
    fonts = [(await client.get(url)).content for url in urls]
    assert [len(font) < 35_000 for font in fonts] == [True, True]
    known = set(TTFont(BytesIO(fonts[0])).getBestCmap())
    assert {ord(character) for character in heading_characters()} <= known, "make the font again"
    boards = [f"/?when={order}" for order in ("week", "all", "new", "rising")]
    styles = [f"/styles/{style}" for style in STYLES]
    for path in ("/", *boards, "/about", "/styles", *styles, "/try", "/model", "/privacy", "/me"):
        (heading,) = texts(await client.get(path), "h1.display")
        assert {ord(character) for character in heading} <= known, f"{path}: make the font again for {heading}"


def test_every_heading_of_the_display_font_is_among_its_messages() -> None:
    """One that is not would be set in two fonts, letter by letter."""
    in_display = re.compile(r'(?:class="display"[^>]*>|block heading %})(?:<[^>]*>)*\{\{ t\("([^"]+)"( ~)?')
    found = [match for path in TEMPLATES.rglob("*.html") for match in in_display.finditer(path.read_text())]
    assert len(found) > 10
    for match in found:
        key = match[1]
        assert any(known == key or (match[2] and known.startswith(key)) for known in HEADINGS), key


async def test_robots_leave_private_pages_alone_and_find_the_sitemap(client: httpx.AsyncClient) -> None:
    rules = RobotFileParser()
    rules.parse((await client.get("/robots.txt")).text.splitlines())
    for path in ("/me", "/me/settings", "/login", "/admin", "/pictures/x.jpg"):
        assert not rules.can_fetch("*", f"{SITE}{path}"), path
    assert rules.site_maps() == [f"{SITE}/sitemap.xml"]
    root = ElementTree.fromstring((await client.get("/sitemap.xml")).text)
    urls = [element.text or "" for element in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert len(urls) == len(set(urls)) == 14
    for url in urls:
        page = await client.get(url)
        assert page.status_code == 200, url
        assert attributes(page, "meta[name=robots]", "content") == [], url
        assert rules.can_fetch("*", url), url
