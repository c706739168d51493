"""What the next person at a shared computer finds: nothing of a person stays in the browser."""

import httpx
import pytest
from fastapi.routing import APIRoute

from core.db.people import Person
from core.object_storage import ObjectStorage
from core.resources import Resources
from leaderboard_web.app import ROUTERS
from leaderboard_web.urls import private_image_url, private_thumbnail_url, public_image_urls
from tests.factories import make_photo
from tests.integration.leaderboard_web.account.conftest import add_look

IMMUTABLE = "private, max-age=31536000, immutable"


async def test_private_images_are_not_stored_by_the_browser(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id, width=1200, height=1600)
    storage: ObjectStorage = resources.storage
    assert look.photo_key is not None
    assert look.heatmap_key is not None
    for key in (look.photo_key, look.heatmap_key):
        await storage.put(key, make_photo())
    signer, thumbnail = resources.url_signer, private_thumbnail_url(resources.url_signer, look)
    assert thumbnail is not None
    for url in (*(private_image_url(signer, look, key) for key in (look.photo_key, look.heatmap_key)), thumbnail):
        for method in ("GET", "HEAD"):
            reply = await client.request(method, url)
            assert (reply.status_code, reply.headers["cache-control"]) == (200, "private, no-store"), url


async def test_public_images_are_kept_by_the_browser(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    look = await add_look(resources, mina.id, shared=True, width=1200, height=1600)
    assert look.photo_key is not None
    await resources.storage.put(look.photo_key, make_photo())
    images = public_image_urls(look, look.language)
    assert images.thumbnail is not None
    for url in (images.photo, images.thumbnail):
        assert (await client.get(url)).headers["cache-control"] == IMMUTABLE


async def test_every_page_of_a_person_is_left_out_of_caches(
    client: httpx.AsyncClient, resources: Resources, mina: Person
) -> None:
    """Every route of the account, the login and the chat that needs no further parameters, and one look."""
    look = await add_look(resources, mina.id)
    private = ("/me", "/login", "/try", "/admin")
    paths = {
        route.path.replace("{look_id}", str(look.id))
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and route.path.startswith(private)
    }
    readable = sorted(path for path in paths if "{" not in path)
    assert {"/me", "/me/settings", "/me/data.zip", f"/me/looks/{look.id}", "/login", "/login/join", "/try"} <= {
        *readable
    }
    for path in readable:
        reply = await client.get(path)
        assert "no-store" in reply.headers.get("cache-control", "") or reply.status_code == 404, path


@pytest.mark.parametrize("path", ["/me", "/try"])
async def test_reading_a_page_does_not_clear_the_browser(client: httpx.AsyncClient, mina: Person, path: str) -> None:
    assert "clear-site-data" not in (await client.get(path)).headers
