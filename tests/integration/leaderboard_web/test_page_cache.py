"""The page cache in the application: anonymous pages may be old, pages of visitors are current."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from core.db import looks, people
from core.db.schema import IdentityProvider
from core.resources import Resources
from core.signing import VisitorTokenSigner
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.sessions import VISITOR_COOKIE
from tests.factories import create_look, create_person, store_images
from tests.harness import make_application


@pytest.fixture
async def transport(resources: Resources, samples: Path) -> AsyncIterator[httpx.ASGITransport]:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    yield httpx.ASGITransport(
        create_app(make_application(resources, classifier, page_cache_seconds=60), samples=samples)
    )


async def test_only_anonymous_visitors_get_cached_pages(transport: httpx.ASGITransport, resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        await people.set_display_name(connection, person.id, "Mina")
        look = await store_images(resources, await create_look(connection, person.id))
        assert await looks.share(connection, look.id)
    anonymous, visitor = (httpx.AsyncClient(transport=transport, base_url="http://eva") for _ in range(2))
    async with anonymous, visitor:
        none, one = '<span class="count">0</span>', '<span class="count">1</span>'
        assert none in (await visitor.get("/")).text
        await visitor.post(f"/looks/{look.id}/heart")
        for path in ("/", f"/looks/{look.id}"):
            page = (await visitor.get(path)).text
            assert one in page
            assert 'aria-pressed="true"' in page
        page = (await anonymous.get("/")).text
        assert none in page
        assert 'aria-pressed="true"' not in page
        assert one in (await anonymous.get(f"/looks/{look.id}")).text


async def test_an_unshared_look_disappears_for_its_owner_at_once(
    transport: httpx.ASGITransport, resources: Resources
) -> None:
    visitors = VisitorTokenSigner(b"secret" * 6)
    token = visitors.issue()
    async with resources.database.transaction() as connection:
        mina = await people.get_or_create_by_identity(
            connection, IdentityProvider.WEB, visitors.verify(token) or "", language="en"
        )
        look = await store_images(resources, await create_look(connection, mina.id))
        assert await looks.share(connection, look.id)
    cookies = {VISITOR_COOKIE: token}
    async with httpx.AsyncClient(transport=transport, base_url="http://eva", cookies=cookies) as visitor:
        assert str(look.id) in (await visitor.get("/")).text
        await visitor.post(f"/me/looks/{look.id}", data={"do": "unshare"})
        assert str(look.id) not in (await visitor.get("/")).text
