"""Icons, manifest, robots.txt and sitemap: each exists, and whatever they name exists, too."""

from io import BytesIO
from pathlib import Path
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image

from core.i18n.translations import Language, translate
from core.resources import Resources
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from tests.harness import make_application
from tests.html import attributes

SITE = "https://eva.example"


@pytest.fixture
def client(resources: Resources, samples: Path) -> httpx.AsyncClient:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
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
    for icon in content["icons"]:
        width, height = Image.open(BytesIO((await client.get(icon["src"])).content)).size
        assert icon["sizes"] == f"{width}x{height}"


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
        assert 'name="robots"' not in page.text, url
        assert rules.can_fetch("*", url), url
