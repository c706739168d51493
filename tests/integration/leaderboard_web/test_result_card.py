"""Result cards on the site: who sees one, for how long, and the buttons in the chat."""

import json
from dataclasses import replace
from datetime import timedelta
from html import unescape
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from core.clothing import Color, Item
from core.conversation.result_card_texts import card_text
from core.db import look_feedback
from core.db.looks import Look
from core.db.schema import PendingQuestion
from core.i18n.translations import Language, translate
from core.images.result_card import CardShape
from core.resources import Resources
from core.styles import Style
from core.urls import card_path
from core.vision.attributes import Attribute
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from leaderboard_web.app import create_app
from tests.factories import classify_with_attributes, create_look, create_person, end_images
from tests.harness import make_application
from tests.html import attributes
from tests.images import encode_image, make_scene
from tests.integration.leaderboard_web.test_sharing import create_client
from tests.unit.leaderboard_web.conftest import street_outputs

HOUR = timedelta(hours=1)


async def add_look(resources: Resources) -> Look:
    things: dict[Attribute, float] = {Item.BLAZER: 0.9, Item.SHIRT: 0.8, Item.JEANS: 0.7, Color.BLACK: 0.9}
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        look = await create_look(connection, person.id, verdict=classify_with_attributes(Style.STREET, things))
    await resources.storage.put(look.heatmap_key or "", encode_image(make_scene(300, 400)))
    return look


async def test_card_is_shown_to_who_has_its_address_while_the_picture_exists(
    resources: Resources, samples: Path
) -> None:
    look, other = await add_look(resources), await add_look(resources)
    signer = resources.url_signer
    path = card_path(signer, look, Language.EN, CardShape.STORY, HOUR)
    async with create_client(resources, samples) as client:
        response = await client.get(path)
        assert response.status_code == 200
        assert Image.open(BytesIO(response.content)).size == (1080, 1920)
        assert (response.headers["cache-control"], response.headers["x-robots-tag"]) == (
            "private, no-store",
            "noindex, nofollow, noimageindex",
        )

        assert (await client.get(path.replace(str(look.id), str(other.id)))).status_code == 403
        assert (await client.get(path.partition("?")[0])).status_code == 403
        assert (await client.get(f"/pictures/{look.heatmap_key}?t={path.partition('=')[2]}")).status_code == 403
        assert (await client.get(card_path(signer, look, Language.EN, CardShape.POST, -HOUR))).status_code == 403

        await end_images(resources, look, HOUR)
        assert (await client.get(path)).status_code == 404


async def test_card_is_drawn_once_until_it_says_something_else(
    resources: Resources, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = await add_look(resources)
    path = card_path(resources.url_signer, look, Language.EN, CardShape.POST, HOUR)
    async with create_client(resources, samples) as client:
        first = (await client.get(path)).content
        monkeypatch.setattr("leaderboard_web.routes.images.draw_result_card", lambda *_, **__: b"drawn again")
        assert (await client.get(path)).content == first
        monkeypatch.setattr(
            "leaderboard_web.routes.images.card_text", lambda *_: replace(card_text(look, Language.EN), line="")
        )
        assert (await client.get(path)).content == b"drawn again"


async def test_card_does_not_tell_a_verdict_that_is_still_to_be_guessed(resources: Resources, samples: Path) -> None:
    look = await add_look(resources)
    async with resources.database.transaction() as connection:
        await look_feedback.update_pending_question(connection, look.id, PendingQuestion.GUESS)
    async with create_client(resources, samples) as client:
        path = card_path(resources.url_signer, look, Language.EN, CardShape.POST, HOUR)
        assert (await client.get(path)).status_code == 404


async def test_card_says_the_style_and_what_was_seen(resources: Resources) -> None:
    look = await add_look(resources)
    text = card_text(look, Language.EN)
    assert (text.title, text.percent) == ("Street", f"{round(100 * look.verdict.confidence)}%")
    assert len(text.things) == 2
    assert all(any(word in thing for word in ("blazer", "shirt", "jeans")) for thing in text.things)
    assert card_text(look, Language.KO).line != text.line


async def test_chat_offers_the_card_as_a_file(resources: Resources, samples: Path) -> None:
    photo = {"photo": ("a.jpg", encode_image(make_scene(300, 400)))}
    backend = FakeBackend(street_outputs)
    classifier = StyleClassifier(backend, FAKE_MODEL_CARD)
    application = make_application(resources, classifier, kakao_js_key="0123456789abcdef")
    site = httpx.ASGITransport(create_app(application, samples=samples))
    async with httpx.AsyncClient(transport=site, base_url="http://localhost") as client:
        page = await client.post("/try", files=photo, follow_redirects=True)
        story, post = attributes(page, ".result-card a[download]", "href")
        assert attributes(page, ".result-card img", "src") == [story]
        for path, height in ((story, 1920), (post, 1350)):
            assert Image.open(BytesIO((await client.get(path)).content)).size == (1080, height)
        assert len(attributes(page, ".result-card .share-card[hidden][type=button]", "data-url")) == 1

        wish = {"words": "i want to send it to my sister"}
        asked = await client.post("/try/words", data=wish, headers={"Accept": "application/json"})
        assert translate("talk.card", Language.EN) in unescape(asked.json()["messages"])
        assert "<details open>" in asked.json()["messages"]
        asked = await client.post("/try/words", data=wish, follow_redirects=True)
        assert [path.split("?")[0] for path in attributes(asked, ".log > li:last-child a", "href")] == [
            post.split("?")[0]
        ], "without JavaScript the card has a link"

        (template,) = attributes(page, "#kakao-card", "data-template")
        assert json.loads(template)["content"]["link"]["webUrl"].endswith("/try")
        assert "kakaocdn" in page.headers["content-security-policy"]

        # A link for who does not want to send a file: it needs no account, and its owner ends it.
        (form,) = attributes(page, ".result-card form", "action")
        made = await client.post(form, follow_redirects=True, headers={"Origin": "http://localhost"})
        link = made.url.path
        async with httpx.AsyncClient(transport=site, base_url="http://localhost") as friend:
            shown = await friend.get(link)
            assert (shown.status_code, attributes(shown, "form[action$=end]", "action")) == (200, [])
            assert "noindex" in shown.headers["x-robots-tag"]
            (image,) = attributes(shown, ".result-card img", "src")
            assert (await friend.get(image)).headers["content-type"] == "image/jpeg"
            refused = await friend.post(f"{link}/end", headers={"Origin": "http://localhost"})
            assert (refused.status_code, (await friend.get(link)).status_code) == (404, 200)
            (end,) = attributes(made, "form[action$=end]", "action")
            await client.post(end, headers={"Origin": "http://localhost"})
            assert [(await friend.get(path)).status_code for path in (link, image)] == [404, 404]
    async with create_client(resources, samples) as client:
        assert "kakaocdn" not in (await client.get("/try")).text
