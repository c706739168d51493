"""Reports of looks by visitors."""

from html import unescape
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from core.db import people, schema
from core.db.identities import create_identity
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from tests.integration.leaderboard_web.people.conftest import (
    SAME_ORIGIN,
    VISITORS,
    count_rows,
    open_browser,
    share_look,
)


async def test_a_report_is_stored_with_its_reason(client: httpx.AsyncClient, resources: Resources, mina: UUID) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    assert "<details" in (await client.get(path)).text
    form = {"reason": "hate", "line": " it \0says\u202e\u2066\n  <b>things</b> " + "x" * 500}
    reply = await client.post(f"{path}/report", data=form, headers=SAME_ORIGIN)
    assert (reply.status_code, reply.headers["location"]) == (303, f"{path}/reported")
    assert translate("report.thanks", Language.EN) in unescape((await client.get(f"{path}/reported")).text)
    async with resources.database.transaction() as connection:
        reason = (await connection.execute(select(schema.reports.c.reason))).scalar_one()
    assert reason.startswith("hate: it says <b>things</b> xxx")
    assert len(reason) <= 500


async def test_the_third_report_suspends_a_look(site: FastAPI, resources: Resources, mina: UUID) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    for number in range(1, 5):
        async with open_browser(site, address=f"192.0.2.{number}") as browser:
            reply = await browser.post(f"{path}/report", headers=SAME_ORIGIN, follow_redirects=True)
            assert reply.status_code == (200 if number <= 3 else 404)
            assert (await browser.get(path)).status_code == (200 if number < 3 else 404)
    assert await count_rows(resources, "reports") == 3


async def test_reports_from_private_addresses_are_not_deduplicated(
    site: FastAPI, resources: Resources, mina: UUID
) -> None:
    for address in ("127.0.0.1", "10.0.0.7", "fd00::1", "unix"):
        path = f"/looks/{(await share_look(resources, mina)).id}"
        for _ in range(3):
            async with open_browser(site, address=address) as browser:
                assert (await browser.post(f"{path}/report", headers=SAME_ORIGIN)).status_code == 303
        async with open_browser(site) as browser:
            assert (await browser.get(path)).status_code == 404


async def test_anonymous_reports_are_counted_once_per_network_and_look(
    site: FastAPI, resources: Resources, mina: UUID
) -> None:
    first, second = [f"/looks/{(await share_look(resources, mina)).id}" for _ in range(2)]

    async def report(path: str, address: str, token: str | None = None) -> None:
        async with open_browser(site, token, address=address) as browser:
            reply = await browser.post(f"{path}/report", headers=SAME_ORIGIN, follow_redirects=True)
            assert translate("report.thanks", Language.EN) in unescape(reply.text)

    for host in range(5):
        await report(first, f"2a00:1450:0:1::{host}")
    await report(second, "2a00:1450:0:1::9")
    assert await count_rows(resources, "reports") == 2, "one for each look"
    async with resources.database.transaction() as connection:
        chatting = [VISITORS.issue() for _ in range(2)]
        for place, token in enumerate(chatting):
            known = await people.get_or_create_by_identity(
                connection, IdentityProvider.WEB, VISITORS.verify(token) or "", language=Language.EN
            )
            await create_identity(connection, known.id, IdentityProvider.KAKAO, f"{place}")
    async with open_browser(site) as browser:
        for token in chatting:
            assert (await browser.get(first)).status_code == 200
            await report(first, "2a00:1450:0:1::1", token)
        assert (await browser.get(first)).status_code == 404
        assert (await browser.post(f"{first}/report", headers=SAME_ORIGIN)).status_code == 404
    assert await count_rows(resources, "reports") == 4


async def test_reports_that_change_nothing_use_up_none_of_the_network(
    site: FastAPI, resources: Resources, mina: UUID, token: str
) -> None:
    paths = f"/looks/{(await share_look(resources, mina)).id}/report", "/people/Mina%20Kim/report"

    async def report(browser: httpx.AsyncClient) -> list[int]:
        return [(await browser.post(path, headers=SAME_ORIGIN)).status_code for path in paths]

    async with open_browser(site, token, address="8.8.8.1") as owner:
        assert await report(owner) == [404, 404], "her own look, and herself"
    async with open_browser(site, address="8.8.8.1") as neighbor:
        assert await report(neighbor) == [303, 303]
        neighbors_token = neighbor.cookies["visitor"]
    assert await count_rows(resources, "reports") == await count_rows(resources, "person_reports") == 1
    async with open_browser(site, neighbors_token, address="8.8.8.2") as elsewhere:
        assert await report(elsewhere) == [303, 303], "the same person again"
    async with open_browser(site, address="8.8.8.2") as another:
        assert await report(another) == [303, 303]
    assert await count_rows(resources, "reports") == await count_rows(resources, "person_reports") == 2


async def test_the_networks_of_one_ipv6_customer_take_no_look_down(
    site: FastAPI, resources: Resources, mina: UUID
) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    for number in range(6):
        async with open_browser(site, address=f"2606:4700:1:{number:x}::1") as browser:
            assert (await browser.post(f"{path}/report", headers=SAME_ORIGIN)).status_code == 303
            assert (await browser.get(path)).status_code == 200
    assert await count_rows(resources, "reports") == 2
    async with open_browser(site, address="2606:4700:2::1") as browser:
        assert (await browser.post(f"{path}/report", headers=SAME_ORIGIN)).status_code == 303
        assert (await browser.get(path)).status_code == 404


async def test_a_long_report_is_refused(client: httpx.AsyncClient, resources: Resources, mina: UUID) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    reply = await client.post(f"{path}/report", data={"reason": "other", "line": "x" * 20_000}, headers=SAME_ORIGIN)
    assert reply.status_code == 413
    assert await count_rows(resources, "reports") == 0


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join(b"a=1" for _ in range(50))])
async def test_a_malformed_report_has_no_reason(
    client: httpx.AsyncClient, resources: Resources, mina: UUID, body: bytes
) -> None:
    path = f"/looks/{(await share_look(resources, mina)).id}"
    headers = {**SAME_ORIGIN, "Content-Type": "application/x-www-form-urlencoded"}
    assert (await client.post(f"{path}/report", content=body, headers=headers)).status_code == 303
    async with resources.database.connection() as connection:
        assert (await connection.execute(text("SELECT reason FROM reports"))).scalars().all() == ["other"]
