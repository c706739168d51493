"""Limits on writing; reading is never limited."""

from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from core.db import looks, one_time_tokens, people, schema
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.settings import Settings
from core.urls import LOGIN_LINK_PATH
from leaderboard_web.app import create_app
from leaderboard_web.middleware.client_address import client_network
from leaderboard_web.middleware.rate_limit import ENDED_SESSION_USES, HOUSEHOLDS_PER_SITE
from tests.factories import create_look, create_person, make_classifier, make_photo
from tests.harness import make_application, serve_on_free_port
from tests.html import attributes

JSON = {"Accept": "application/json", "Accept-Language": "en"}
KOREAN = {"Accept-Language": "ko"}


def create_site(resources: Resources, samples: Path, **settings: Any) -> FastAPI:
    classifier = make_classifier()
    return create_app(make_application(resources, classifier, **settings), samples=samples)


async def share_look(resources: Resources) -> str:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        await people.update_display_name(connection, person.id, "Mina")
        look = await create_look(connection, person.id)
        assert await looks.share(connection, look.id)
    return f"/looks/{look.id}"


async def test_writes_of_a_visitor_are_limited_and_reads_are_not(resources: Resources, samples: Path) -> None:
    path = await share_look(resources)
    async with (
        serve_on_free_port(create_site(resources, samples, writes_per_minute=3)) as address,
        httpx.AsyncClient(base_url=address, timeout=60) as client,
    ):
        for verb in ("heart", "unheart", "heart"):
            assert (await client.post(f"{path}/{verb}")).status_code == 303
        refused = await client.post(f"{path}/unheart", headers=JSON)
        assert refused.status_code == 429
        assert refused.json() == {"error": "TooManyRequests", "message": translate("limits.writes", Language.EN)}
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        page = await client.post(f"{path}/unheart", headers=KOREAN)
        assert page.status_code == 429
        assert translate("limits.writes", Language.KO) in unescape(page.text)
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert attributes(await client.get(path), "[aria-pressed=true]", "aria-pressed") == ["true"]


async def test_new_visitors_of_a_network_are_limited(resources: Resources, samples: Path) -> None:
    path = await share_look(resources)
    async with (
        serve_on_free_port(create_site(resources, samples, new_visitors_per_ip_per_hour=2)) as address,
        httpx.AsyncClient(base_url=address, timeout=60) as known,
        httpx.AsyncClient(base_url=address, timeout=60) as second,
        httpx.AsyncClient(base_url=address, headers=JSON, timeout=60) as third,
    ):
        assert (await known.post(f"{path}/heart")).status_code == 303
        assert (await second.post(f"{path}/heart")).status_code == 303
        refused = await third.post(f"{path}/heart")
        assert refused.json()["message"] == translate("limits.new_visitors", Language.EN)
        assert refused.status_code == 429
        assert "set-cookie" not in refused.headers
        judged = await third.post("/api/judge", files={"photo": make_photo()})
        assert judged.status_code == 200, "the API creates no visitors"
        assert (await known.post(f"{path}/unheart")).status_code == 303


async def test_a_login_is_no_new_visitor(resources: Resources, samples: Path) -> None:
    path = await share_look(resources)
    async with resources.database.transaction() as connection:
        chatting = await create_person(connection)
        links = [f"{LOGIN_LINK_PATH}/{await one_time_tokens.create(connection, chatting.id)}" for _ in range(2)]
    async with (
        serve_on_free_port(create_site(resources, samples, new_visitors_per_ip_per_hour=2)) as address,
        httpx.AsyncClient(base_url=address, timeout=60) as known,
        httpx.AsyncClient(base_url=address, timeout=60) as second,
        httpx.AsyncClient(base_url=address, timeout=60) as third,
    ):
        assert (await known.post(f"{path}/heart")).status_code == 303
        assert (await known.post(links[0])).headers["location"] == "/me"
        assert (await second.post(f"{path}/heart")).status_code == 303, "the login was not counted"
        assert (await third.post(f"{path}/heart")).status_code == 429
        assert (await third.post(links[1])).headers["location"] == "/me", "a login is not refused"


async def test_sessions_that_ended_make_few_new_visitors(resources: Resources, samples: Path) -> None:
    path = await share_look(resources)
    async with (
        serve_on_free_port(create_site(resources, samples, new_visitors_per_ip_per_hour=4)) as address,
        httpx.AsyncClient(base_url=address, headers=JSON, timeout=60) as client,
    ):
        first = await client.post(f"{path}/heart")
        ended = {"Cookie": first.headers["set-cookie"].partition(";")[0]}
        async with resources.database.transaction() as connection:
            await connection.execute(schema.identities.delete().where(schema.identities.c.provider == "web"))
        statuses = []
        for _ in range(ENDED_SESSION_USES + 3):
            client.cookies.clear()
            statuses.append((await client.post(f"{path}/heart", headers=ended)).status_code)
        assert statuses.count(200) < ENDED_SESSION_USES
        assert statuses[-1] == 429
        client.cookies.clear()
        refused = await client.post(f"{path}/heart")
        assert refused.json()["message"] == translate("limits.new_visitors", Language.EN)


async def test_photos_of_a_network_are_limited_per_day(resources: Resources, samples: Path) -> None:
    async with (
        serve_on_free_port(create_site(resources, samples, photos_per_ip_per_day=2)) as address,
        httpx.AsyncClient(base_url=address, headers=JSON, timeout=60) as client,
    ):
        for seed in range(2):
            assert (await client.post("/api/judge", files={"photo": make_photo(seed)})).status_code == 200
        refused = await client.post("/api/judge", files={"photo": make_photo(2)})
        assert (refused.status_code, refused.json()["message"]) == (429, translate("limits.photos", Language.EN))
        assert int(refused.headers["retry-after"]) <= 24 * 60 * 60


async def hearts_until_refused(app: FastAPI, path: str, hosts: list[str]) -> int:
    """How many visitors without a cookie press, one from each address, before one is refused."""
    for number, host in enumerate(hosts):
        transport = httpx.ASGITransport(app, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://eva", headers=JSON) as client:
            if (await client.post(f"{path}/heart")).status_code == 429:
                return number
    return len(hosts)


async def test_an_ipv6_site_has_a_wider_limit_than_a_household(resources: Resources, samples: Path) -> None:
    path = await share_look(resources)
    app = create_site(resources, samples, new_visitors_per_ip_per_hour=2)
    household = [f"2606:4700:2:1::{number:x}" for number in range(4)]
    assert await hearts_until_refused(app, path, household) == 2
    households = [f"2606:4700:1:{number:x}::1" for number in range(20)]
    assert await hearts_until_refused(app, path, households) == 2 * HOUSEHOLDS_PER_SITE
    assert await hearts_until_refused(app, path, ["2606:4700:3::1"]) == 1


async def test_a_school_class_behind_one_address_is_let_in(resources: Resources, samples: Path) -> None:
    path = await share_look(resources)
    app = create_site(resources, samples)
    assert await hearts_until_refused(app, path, 60 * ["203.0.113.9"]) == 60
    defaults = Settings()
    assert defaults.new_visitors_per_ip_per_hour >= 500
    assert defaults.photos_per_ip_per_day > 30 * defaults.photos_per_person_per_day


async def test_forwarded_addresses_are_believed_from_configured_proxies_alone(
    resources: Resources, samples: Path
) -> None:
    path = await share_look(resources)

    async def press(app: FastAPI, forwarded: list[str]) -> list[int]:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        statuses = []
        for value in forwarded:
            headers = JSON | {"X-Forwarded-For": value}
            async with httpx.AsyncClient(transport=transport, base_url="http://eva", headers=headers) as client:
                statuses.append((await client.post(f"{path}/heart")).status_code)
        return statuses

    made_up = [f"8.8.{number}.1" for number in range(4)]
    direct = create_site(resources, samples, new_visitors_per_ip_per_hour=2)
    assert await press(direct, made_up) == [200, 200, 429, 429]
    behind_proxy = create_site(resources, samples, new_visitors_per_ip_per_hour=2, trusted_proxies="127.0.0.0/8")
    assert await press(behind_proxy, made_up) == [200] * 4
    assert await press(behind_proxy, [f"junk-{number}" for number in range(4)]) == [200, 200, 429, 429]


async def test_a_cross_site_form_is_refused_in_the_language_of_the_page(resources: Resources, samples: Path) -> None:
    path = await share_look(resources)
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    async with (
        serve_on_free_port(create_site(resources, samples)) as address,
        httpx.AsyncClient(base_url=address, timeout=60) as client,
    ):
        page = await client.post(f"{path}/heart", headers=elsewhere | KOREAN)
        assert page.status_code == 403
        assert translate("page.elsewhere", Language.KO) in unescape(page.text)
        refused = await client.post(f"{path}/heart", headers=elsewhere | JSON)
        assert refused.status_code == 403
        assert refused.json() == {"error": "CrossSite", "message": translate("page.elsewhere", Language.EN)}


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("2001:db8:1:3::6", "2001:db8:1:3::"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("junk", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_ipv6_prefix_is_one_network(host: str | None, network: str) -> None:
    assert client_network(host) == network
