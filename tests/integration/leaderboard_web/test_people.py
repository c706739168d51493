"""What people do with each other's looks, and their pages: from the database to the page."""

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text, update

from core.db import follows, looks, people, schema
from core.db.looks import Look
from core.db.schema import IdentityProvider
from core.i18n.translations import Language, translate
from core.resources import Resources
from core.signing import VisitorTokenSigner
from core.styles import Style
from core.uuid7 import uuid7
from core.vision.classifier import BUNDLED_MODEL_DIR, StyleClassifier
from core.vision.fake_backend import FakeBackend
from core.vision.model_card import load_model_card
from leaderboard_web.app import create_app
from leaderboard_web.routes.people import PAGE_SIZE
from tests.factories import bookmarked_look_ids, classify_scripted, create_look, create_person, store_images
from tests.harness import make_application

OURS = {"Sec-Fetch-Site": "same-origin"}
BY_SCRIPT = {**OURS, "Accept": "application/json"}
VISITORS = VisitorTokenSigner(b"secret" * 6)
ATTACK = '"><script>alert(1)</script>'


@pytest.fixture
def site(resources: Resources, samples: Path) -> FastAPI:
    classifier = StyleClassifier(FakeBackend([]), load_model_card(BUNDLED_MODEL_DIR / "model.json"))
    return create_app(make_application(resources, classifier), samples=samples)


def a_browser(site: FastAPI, token: str | None = None, *, address: str = "192.0.2.1") -> httpx.AsyncClient:
    cookies = {} if token is None else {"visitor": token}
    headers = {"Accept-Language": "en"}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(site, client=(address, 1)),
        base_url="http://eva",
        headers=headers,
        cookies=cookies,
    )


@pytest.fixture
async def client(site: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with a_browser(site) as it:
        yield it


@pytest.fixture
def token() -> str:
    return VISITORS.issue()


@pytest.fixture
async def mina(resources: Resources, token: str) -> UUID:
    """Somebody whose browser Eva knows."""
    async with resources.database.transaction() as connection:
        met = await people.get_or_create_by_identity(
            connection, IdentityProvider.WEB, VISITORS.verify(token) or "", language="en"
        )
        assert await people.set_display_name(connection, met.id, "Mina Kim")
        return met.id


@pytest.fixture
async def owner(site: FastAPI, token: str, mina: UUID) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of Mina."""
    async with a_browser(site, token) as it:
        yield it


async def a_shared(resources: Resources, person_id: UUID, style: Style = Style.STREET) -> Look:
    async with resources.database.transaction() as connection:
        look = await store_images(resources, await create_look(connection, person_id, verdict=classify_scripted(style)))
        assert await looks.share(connection, look.id)
        return look


async def rows(resources: Resources, table: str) -> int:
    async with resources.database.transaction() as connection:
        found = select(func.count()).select_from(schema.metadata.tables[table])
        return (await connection.execute(found)).scalar_one()


def pressed(page: httpx.Response, kind: str) -> str:
    found = re.search(rf'class="toggle {kind}".*?aria-pressed="(\w+)"', page.text, re.DOTALL)
    assert found
    return found[1]


async def test_a_scrap_is_ones_own_and_can_be_let_go(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    path = f"/looks/{(await a_shared(resources, mina)).id}"
    assert pressed(await client.get(path), "scrap") == "false"
    for _ in range(2):
        reply = await client.post(f"{path}/scrap", headers=OURS)
        assert (reply.status_code, reply.headers["location"]) == (303, path)
    assert pressed(await client.get(path), "scrap") == "true"
    assert pressed(await client.get(path, headers={"Cookie": ""}), "scrap") == "false"
    assert await rows(resources, "scraps") == 1
    assert (await client.post(f"{path}/unscrap", headers=BY_SCRIPT)).json() == {"given": False}
    assert (await client.post(f"{path}/scrap", headers=BY_SCRIPT)).json() == {"given": True}


async def test_an_owner_is_followed_from_the_look_and_from_their_page(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look, home = f"/looks/{(await a_shared(resources, mina)).id}", "/people/Mina%20Kim"
    reply = await client.post(f"{look}/follow", headers=OURS)
    assert (reply.status_code, reply.headers["location"]) == (303, look)
    assert pressed(await client.get(look), "follow") == "true"
    page = await client.get(home)
    assert pressed(page, "follow") == "true"
    assert '<strong id="followers">1</strong>' in page.text
    assert (await client.post(f"{home}/unfollow", headers=BY_SCRIPT)).json() == {"count": 0, "given": False}
    assert pressed(await client.get(look), "follow") == "false"
    reply = await client.post(f"{home}/follow", headers=OURS)
    assert (reply.status_code, reply.headers["location"]) == (303, home)
    assert (await client.post(f"{look}/unfollow", headers=BY_SCRIPT)).json() == {"count": 0, "given": False}


async def test_nobody_follows_reports_or_forgets_themselves(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look = f"/looks/{(await a_shared(resources, mina)).id}"
    mine = (await owner.get(look)).text
    theirs = (await client.get(look)).text
    for part, whose in (('/follow"', theirs), ('/report"', theirs), ('"unshare"', mine), ('/delete"', mine)):
        assert (part in mine, part in theirs) == (whose is mine, whose is theirs), part
    for path in (f"{look}/follow", "/people/Mina%20Kim/follow", f"{look}/report"):
        assert (await owner.post(path, headers=OURS)).status_code == 404
    assert (await rows(resources, "follows"), await rows(resources, "reports")) == (0, 0)


async def test_a_report_is_kept_with_its_reason_and_thanked_for(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    path = f"/looks/{(await a_shared(resources, mina)).id}"
    assert "<details" in (await client.get(path)).text
    form = {"reason": "hate", "line": " it \0says\n  <b>things</b> " + "x" * 500}
    reply = await client.post(f"{path}/report", data=form, headers=OURS)
    assert (reply.status_code, reply.headers["location"]) == (303, f"{path}/reported")
    assert translate("report.thanks", Language.EN) in unescape((await client.get(f"{path}/reported")).text)
    async with resources.database.transaction() as connection:
        kept = (await connection.execute(select(schema.reports.c.reason))).scalar_one()
    assert kept.startswith("hate: it says <b>things</b> xxx")
    assert len(kept) <= 500


async def test_the_third_report_takes_a_look_off_the_board_and_is_thanked_for(
    site: FastAPI, resources: Resources, mina: UUID
) -> None:
    path = f"/looks/{(await a_shared(resources, mina)).id}"
    for number in range(1, 5):
        async with a_browser(site, address=f"192.0.2.{number}") as somebody:
            reply = await somebody.post(f"{path}/report", headers=OURS, follow_redirects=True)
            assert reply.status_code == (200 if number <= 3 else 404)
            assert (await somebody.get(path)).status_code == (200 if number < 3 else 404)
    assert await rows(resources, "reports") == 3


async def test_addresses_that_say_nothing_about_who_it_is_are_not_counted(
    site: FastAPI, resources: Resources, mina: UUID
) -> None:
    for address in ("127.0.0.1", "10.0.0.7", "fd00::1", "unix"):
        path = f"/looks/{(await a_shared(resources, mina)).id}"
        for _ in range(3):
            async with a_browser(site, address=address) as somebody:
                assert (await somebody.post(f"{path}/report", headers=OURS)).status_code == 303
        async with a_browser(site) as somebody:
            assert (await somebody.get(path)).status_code == 404


async def test_cookies_alone_count_once_for_each_address_and_look(
    site: FastAPI, resources: Resources, mina: UUID
) -> None:
    first, second = [f"/looks/{(await a_shared(resources, mina)).id}" for _ in range(2)]

    async def report(path: str, address: str, token: str | None = None) -> None:
        async with a_browser(site, token, address=address) as somebody:
            reply = await somebody.post(f"{path}/report", headers=OURS, follow_redirects=True)
            assert translate("report.thanks", Language.EN) in unescape(reply.text), "whoever reports is thanked"

    for host in range(5):
        await report(first, f"2a00:1450:0:1::{host}")
    await report(second, "2a00:1450:0:1::9")
    assert await rows(resources, "reports") == 2, "one of each look"
    async with resources.database.transaction() as connection:
        chatting = [VISITORS.issue() for _ in range(2)]
        for place, token in enumerate(chatting):
            known = await people.get_or_create_by_identity(
                connection, IdentityProvider.WEB, VISITORS.verify(token) or "", language="en"
            )
            await people.add_identity(connection, known.id, IdentityProvider.KAKAO, f"{place}")
    async with a_browser(site) as somebody:
        for token in chatting:
            assert (await somebody.get(first)).status_code == 200
            await report(first, "2a00:1450:0:1::1", token)
        assert (await somebody.get(first)).status_code == 404
        assert (await somebody.post(f"{first}/report", headers=OURS)).status_code == 404
    assert await rows(resources, "reports") == 4


async def test_too_long_a_report_is_refused(client: httpx.AsyncClient, resources: Resources, mina: UUID) -> None:
    path = f"/looks/{(await a_shared(resources, mina)).id}"
    reply = await client.post(f"{path}/report", data={"reason": "other", "line": "x" * 20_000}, headers=OURS)
    assert reply.status_code == 413
    assert await rows(resources, "reports") == 0


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join(b"a=1" for _ in range(50))])
async def test_a_malformed_report_has_no_reason(
    client: httpx.AsyncClient, resources: Resources, mina: UUID, body: bytes
) -> None:
    path = f"/looks/{(await a_shared(resources, mina)).id}"
    headers = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}
    assert (await client.post(f"{path}/report", content=body, headers=headers)).status_code == 303
    async with resources.database.connection() as connection:
        assert (await connection.execute(text("SELECT reason FROM reports"))).scalars().all() == ["other"]


async def test_an_owner_can_take_the_look_back_from_its_page(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look = await a_shared(resources, mina)
    page = (await owner.get(f"/looks/{look.id}")).text
    assert f'href="/me/looks/{look.id}/delete"' in page
    form = re.search(r'action="([^"]+)"><button class="button secondary" name="(\w+)" value="(unshare)"', page)
    assert form
    path, field, value = form.groups()
    assert (await client.post(path, data={field: value}, headers=OURS)).status_code == 404
    assert (await client.get(f"/looks/{look.id}")).status_code == 200
    assert (await owner.post(path, data={field: value}, headers=OURS)).status_code == 303
    assert (await client.get(f"/looks/{look.id}")).status_code == 404


DEEDS = ("scrap", "unscrap", "follow", "unfollow", "report")


async def test_nothing_can_be_done_to_what_is_not_on_the_board(client: httpx.AsyncClient, resources: Resources) -> None:
    async with resources.database.transaction() as connection:
        private = await create_look(connection, (await create_person(connection)).id)
    for look in (private.id, uuid7(), "nonsense", str(private.id).upper()):
        for deed in DEEDS:
            reply = await client.post(f"/looks/{look}/{deed}", headers=OURS)
            assert reply.status_code == 404, deed
            assert "set-cookie" not in reply.headers
    assert await rows(resources, "people") == 1


async def test_another_site_does_nothing(owner: httpx.AsyncClient, resources: Resources, mina: UUID) -> None:
    path = f"/looks/{(await a_shared(resources, mina)).id}"
    for deed in (*(f"{path}/{each}" for each in DEEDS), "/people/Mina%20Kim/follow"):
        assert (await owner.post(deed, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await owner.get(path)).status_code == 200


async def test_a_persons_page_shows_their_looks_page_by_page_and_their_styles(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    made = [await a_shared(resources, mina, Style.MODE if number else Style.RETRO) for number in range(PAGE_SIZE + 2)]
    async with resources.database.transaction() as connection:
        other = await create_person(connection)
        await follows.follow(connection, mina, other.id)
    await a_shared(resources, other.id)
    page = await client.get("/people/Mina%20Kim")
    assert page.status_code == 200
    assert "<h1>Mina Kim</h1>" in page.text
    shares = re.findall(r'<rect class="share" width="([\d.]+)%"', page.text)
    assert [round(float(each)) for each in shares] == [93, 7]
    assert translate("person.styles.looks", Language.EN, count=PAGE_SIZE + 1) in page.text
    assert translate("person.styles.look", Language.EN) in page.text
    assert '<strong id="followers">0</strong>' in page.text
    assert "<strong>1</strong>" in page.text
    seen = re.findall(r'data-look="([^"]+)"', page.text)
    more = re.search(r'class="more"><a class="[^"]+" href="([^"]+)"', page.text)
    assert more
    rest = await client.get(unescape(more[1]))
    seen += re.findall(r'data-look="([^"]+)"', rest.text)
    assert seen == [str(look.id) for look in reversed(made)]
    assert 'class="more"' not in rest.text


async def test_another_spelling_leads_to_the_name(client: httpx.AsyncClient, resources: Resources, mina: UUID) -> None:
    await a_shared(resources, mina)
    for spelling in ("minakim", "MINA KIM", "Мina Кim", "m1na k1m", "Ｍｉｎａ Ｋｉｍ"):
        reply = await client.get(f"/people/{quote(spelling)}?lang=ko")
        assert (reply.status_code, reply.headers["location"]) == (302, "/people/Mina%20Kim?lang=ko")
    assert (await client.get("/people/minakim")).headers["location"] == "/people/Mina%20Kim"


@pytest.mark.parametrize("name", ["Nobody", "", "%00", "%ff", "x" * 500, "%0d%0aSet-Cookie:a=b", "%F0%9F%92%83"])
async def test_names_of_nobody_are_said_to_be_wrong(client: httpx.AsyncClient, resources: Resources, name: str) -> None:
    for reply in (
        await client.get(f"/people/{name}"),
        await client.post(f"/people/{name}/follow", headers=OURS),
        await client.post(f"/people/{name}/unfollow", headers=OURS),
    ):
        assert reply.status_code == 404
        assert "set-cookie" not in reply.headers
    assert await rows(resources, "people") == 0


@pytest.mark.parametrize("before", ["nonsense", "", f"{10**17}.{0:032x}"])
async def test_a_wrong_cursor_is_said_to_be_wrong(
    client: httpx.AsyncClient, resources: Resources, mina: UUID, before: str
) -> None:
    await a_shared(resources, mina)
    assert (await client.get(f"/people/Mina%20Kim?before={before}")).status_code == 404


async def test_without_a_look_on_the_board_only_oneself_sees_ones_page(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    assert (await client.get("/people/Mina%20Kim")).status_code == 404
    assert (await client.post("/people/Mina%20Kim/follow", headers=OURS)).status_code == 404
    page = unescape((await owner.get("/people/Mina%20Kim")).text)
    for key in ("person.own.hidden", "person.empty"):
        assert translate(key, Language.EN) in page
    look = await a_shared(resources, mina)
    page = unescape((await owner.get("/people/Mina%20Kim")).text)
    assert translate("person.own", Language.EN) in page
    assert "/follow" not in page
    async with resources.database.transaction() as connection:
        await looks.unshare(connection, look.id)
    assert (await client.get("/people/Mina%20Kim")).status_code == 404


async def test_who_is_banned_has_a_page_for_themselves_alone_and_can_still_be_left(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    await a_shared(resources, mina)
    assert (await client.post("/people/Mina%20Kim/follow", headers=OURS)).status_code == 303
    async with resources.database.transaction() as connection:
        await connection.execute(update(schema.people).where(schema.people.c.id == mina).values(banned_at=func.now()))
    assert (await client.get("/people/Mina%20Kim")).status_code == 404
    assert (await owner.get("/people/Mina%20Kim")).status_code == 200
    assert (await client.post("/people/Mina%20Kim/unfollow", headers=BY_SCRIPT)).json() == {"count": 0, "given": False}


@pytest.mark.parametrize("name", [ATTACK, "</h1><img src=x onerror=alert(1)>", "a/b?c#d&e=%41;", "../../x"])
async def test_any_name_is_an_address_and_never_markup(
    client: httpx.AsyncClient, resources: Resources, name: str
) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
        assert await people.set_display_name(connection, person.id, name)
    look = await a_shared(resources, person.id)
    page = await client.get(f"/looks/{look.id}")
    path = f"/people/{quote(name, safe='')}"
    assert f'href="{path}"' in page.text
    for each in (page, await client.get(path)):
        assert each.status_code == 200
        assert "<script>alert" not in each.text
        assert "<img src=x" not in each.text
        assert name in unescape(each.text)
    reply = await client.post(f"{path}/follow", headers=OURS)
    assert (reply.status_code, reply.headers["location"]) == (303, path)
    assert await rows(resources, "follows") == 1


async def test_a_look_without_a_name_leads_to_no_page_and_its_owner_can_be_followed(
    client: httpx.AsyncClient, resources: Resources
) -> None:
    async with resources.database.transaction() as connection:
        person = await create_person(connection)
    look = await a_shared(resources, person.id)
    assert "/people/" not in (await client.get(f"/looks/{look.id}")).text
    assert (await client.post(f"/looks/{look.id}/follow", headers=OURS)).status_code == 303


async def test_all_words_are_in_the_page_for_those_who_hear_it(
    client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    look = await a_shared(resources, mina)
    page = (await client.get(f"/looks/{look.id}")).text
    log = re.search(r'<ol class="log typed" aria-live="off".*?</ol>', page, re.DOTALL)
    assert log
    assert log[0].count("<p>") >= 5
    assert " hidden" not in log[0]
    assert ' style="' not in page, "the content policy lets no page have any"


async def test_scraps_of_a_person_are_nowhere_on_their_page(
    owner: httpx.AsyncClient, client: httpx.AsyncClient, resources: Resources, mina: UUID
) -> None:
    await a_shared(resources, mina)
    async with resources.database.transaction() as connection:
        other = await create_person(connection)
    kept = await a_shared(resources, other.id)
    await owner.post(f"/looks/{kept.id}/scrap", headers=OURS)
    async with resources.database.transaction() as connection:
        assert await bookmarked_look_ids(connection, mina) == {kept.id}
    assert str(kept.id) not in (await client.get("/people/Mina%20Kim")).text
