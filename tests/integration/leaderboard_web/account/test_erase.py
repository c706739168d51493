"""Erasure of an account."""

from pathlib import Path

import httpx
import pytest

from core.db.people import Person
from core.errors import StorageUnavailableError
from core.i18n.translations import Language, translate
from core.resources import Resources
from leaderboard_web.viewer import VISITOR_COOKIE
from tests.integration.leaderboard_web.account.conftest import add_look, add_person, get_person, page_text


async def test_account_is_erased_after_confirmation(
    client: httpx.AsyncClient, resources: Resources, mina: Person, storage_folder: Path
) -> None:
    await add_look(resources, mina.id)
    jun = await add_person(resources)
    page = await client.get("/me/forget")
    assert translate("me.forget.title", Language.EN) in page.text
    assert await get_person(resources, mina) is not None
    reply = await client.post("/me/forget")
    assert (reply.status_code, reply.headers["location"]) == (303, "/me/goodbye")
    removed = [cookie for cookie in reply.headers.get_list("set-cookie") if cookie.startswith(f'{VISITOR_COOKIE}="";')]
    assert len(removed) == 1
    assert "Max-Age=0" in removed[0]
    # What the browser has stored is removed, too, but no cookie of a sibling domain.
    assert reply.headers["clear-site-data"] == '"cache", "storage"'
    assert await get_person(resources, mina) is None
    assert await get_person(resources, jun) is not None
    assert not list(storage_folder.rglob("*.jpg"))
    assert translate("talk.forget.done", Language.EN) in page_text(await client.get("/me/goodbye"))
    assert translate("me.stranger.title", Language.EN) in (await client.get("/me")).text


async def test_account_is_not_erased_without_storage(
    client: httpx.AsyncClient, resources: Resources, mina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_look(resources, mina.id)

    async def away(keys: list[str]) -> None:
        raise StorageUnavailableError

    monkeypatch.setattr(resources.storage, "delete", away)
    reply = await client.post("/me/forget")
    assert reply.status_code == 503
    assert not {"set-cookie", "clear-site-data"} & set(reply.headers)
    assert await get_person(resources, mina) is not None
