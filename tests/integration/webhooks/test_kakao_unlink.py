"""The webhook that Kakao calls when a person unlinks their login."""

from collections.abc import AsyncIterator
from unittest.mock import AsyncMock
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from core.db import people
from core.db.identities import create_identity, list_identities
from core.db.schema import IdentityProvider
from core.errors import StorageUnavailableError
from core.i18n.translations import Language
from core.jobs.worker import JobQueue
from core.resources import Resources
from core.services import accounts, deletion
from core.vision.classifier import StyleClassifier
from core.vision.fake_backend import FAKE_MODEL_CARD, FakeBackend
from tests.factories import create_look, store_images
from tests.harness import make_application
from webhooks.app import create_webhook_app

KEY = {"Authorization": "KakaoAK the-admin-key"}
FIELDS = {"app_id": "1", "user_id": "3301", "referrer_type": "UNLINK_FROM_APPS"}


@pytest.fixture
async def kakao(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    classifier = StyleClassifier(FakeBackend([]), FAKE_MODEL_CARD)
    app = create_webhook_app(make_application(resources, classifier, kakao_admin_key=SecretStr("the-admin-key")))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://eva") as client:
        yield client


async def create_logged_in_person(resources: Resources) -> UUID:
    """A person with a Kakao Login, a session and a look."""
    async with resources.database.transaction() as connection:
        person_id = await accounts.link_or_merge(
            connection, None, IdentityProvider.KAKAO_LOGIN, "3301", language=Language.KO
        )
        await accounts.start_session(connection, person_id, "browser", replaces=None)
        await store_images(resources, await create_look(connection, person_id))
    return person_id


async def execute(resources: Resources, statement: str) -> None:
    async with resources.database.connection() as connection:
        await connection.execute(text(statement))


async def run_jobs_and_get_identities(resources: Resources, person_id: UUID) -> tuple[bool, list[IdentityProvider]]:
    async with JobQueue(resources.database.conninfo, deletion.register_tasks) as queue:
        await queue.run_worker({"resources": resources}, until_empty=True)
    async with resources.database.transaction() as connection:
        person = await people.get(connection, person_id)
        identities = await list_identities(connection, person_id)
        return person is not None, [identity.provider for identity in identities]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_person_without_another_identity_is_erased(
    resources: Resources, kakao: httpx.AsyncClient, method: str
) -> None:
    person_id = await create_logged_in_person(resources)
    arguments = {"params": FIELDS} if method == "GET" else {"data": FIELDS}
    for _ in range(2):
        assert (await kakao.request(method, "/kakao/unlink", headers=KEY, **arguments)).status_code == 200  # type: ignore[arg-type]
    assert await run_jobs_and_get_identities(resources, person_id) == (False, [])


async def test_an_erasure_is_repeated_until_the_storage_answers(
    resources: Resources, kakao: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    person_id = await create_logged_in_person(resources)
    await kakao.post("/kakao/unlink", headers=KEY, data=FIELDS)
    monkeypatch.setattr(resources.storage, "delete", AsyncMock(side_effect=StorageUnavailableError))
    await execute(resources, "UPDATE procrastinate_jobs SET attempts = 1000")
    is_there, _ = await run_jobs_and_get_identities(resources, person_id)
    assert is_there
    monkeypatch.undo()
    await execute(resources, "UPDATE procrastinate_jobs SET scheduled_at = now()")
    assert await run_jobs_and_get_identities(resources, person_id) == (False, [])


async def test_person_with_another_identity_loses_only_the_login(
    resources: Resources, kakao: httpx.AsyncClient
) -> None:
    person_id = await create_logged_in_person(resources)
    async with resources.database.transaction() as connection:
        await create_identity(connection, person_id, IdentityProvider.TELEGRAM, "42")
    await kakao.post("/kakao/unlink", headers=KEY, data=FIELDS)
    assert await run_jobs_and_get_identities(resources, person_id) == (True, [IdentityProvider.TELEGRAM])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "KakaoAK "}, {"Authorization": "KakaoAK another"}])
async def test_wrong_key_is_unauthorized(
    resources: Resources, kakao: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    person_id = await create_logged_in_person(resources)
    assert (await kakao.post("/kakao/unlink", headers=headers, data=FIELDS)).status_code == 401
    assert await run_jobs_and_get_identities(resources, person_id) == (
        True,
        [IdentityProvider.KAKAO_LOGIN, IdentityProvider.WEB],
    )


@pytest.mark.parametrize("body", [b"", b"user_id=", b"user_id=%00", b"\xff\xfe", b"user_id=" + b"9" * 10_000])
async def test_invalid_requests_are_confirmed_and_have_no_effect(
    resources: Resources, kakao: httpx.AsyncClient, body: bytes
) -> None:
    person_id = await create_logged_in_person(resources)
    assert (await kakao.post("/kakao/unlink", headers=KEY, content=body)).status_code == 200
    assert (await run_jobs_and_get_identities(resources, person_id))[0]
