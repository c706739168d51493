import asyncio
import re
import tempfile
import threading
from base64 import b64decode
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from structlog.testing import capture_logs

from core.i18n.translations import Language, translate
from core.styles import STYLES, Style
from core.vision.backends import ModelOutputs, available_cpus
from core.vision.fake_backend import make_outputs
from leaderboard_web.load_shedding import WAITING_PER_CORE
from leaderboard_web.middleware.body_limit import MAX_UPLOAD_BYTES
from tests.unit.leaderboard_web.conftest import serving_site, street_outputs


def send(client: httpx.Client, data: bytes, url: str = "/api/judge", **fields: str) -> httpx.Response:
    return client.post(url, files={"photo": ("holiday with Mina.jpg", data)}, data=fields)


def picture_in(url: str) -> Image.Image:
    kind, _, content = url.partition(";base64,")
    assert kind == "data:image/jpeg"
    return Image.open(BytesIO(b64decode(content)))


@pytest.fixture
def photo(samples: Path) -> bytes:
    return (samples / "street.jpg").read_bytes()


def test_the_answer_holds_words_numbers_and_the_heat_picture(client: httpx.Client, photo: bytes) -> None:
    reply = send(client, photo)
    assert reply.status_code == 200
    found = reply.json()
    assert (found["style"], found["band"], found["name"], found["engine"]) == (
        "street",
        "clear",
        "Street",
        "scripted",
    )
    assert any("72" in bubble["text"] for bubble in found["bubbles"])
    assert [bar["style"] for bar in found["bars"][:2]] == ["street", "casual"]
    assert {bar["style"] for bar in found["bars"]} == set(STYLES)
    assert sum(bar["probability"] for bar in found["bars"]) == pytest.approx(1)
    assert found["bars"][0]["label"] == "Street: 72 percent"
    assert found["region"]["height"] == "upper"
    assert picture_in(found["heat"]["url"]).size == (800, 1200)
    assert found["photo"] is None
    assert reply.headers["cache-control"] == "no-store"


def test_the_photo_comes_back_for_a_browser_that_cannot_show_it(client: httpx.Client, photo: bytes) -> None:
    found = send(client, photo, echo="1").json()
    shown, heat = picture_in(found["photo"]), picture_in(found["heat"]["url"])
    assert shown.size == heat.size
    sent = Image.open(BytesIO(photo))
    centre = (400, 1100)
    assert shown.getpixel(centre) == pytest.approx(sent.getpixel(centre), abs=12)


def test_without_an_outfit_there_are_no_bars_and_no_heat(samples: Path, photo: bytes) -> None:
    with (
        serving_site(lambda pixels: make_outputs(Style.MODE, outfit=0.02), samples) as url,
        httpx.Client(base_url=url) as client,
    ):
        found = send(client, photo).json()
        assert (found["band"], found["bars"], found["heat"]) == ("not_an_outfit", [], None)
        assert len(found["bubbles"]) >= 2


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"}, "", "ko"),
        ({"Accept-Language": "fr"}, "", "en"),
        ({"Accept-Language": "en"}, "?lang=ko", "ko"),
        ({"Accept-Language": "ko", "Cookie": "lang=en"}, "", "en"),
        ({"Accept-Language": "ko"}, "?lang=xx", "ko"),
    ],
)
def test_the_page_speaks_the_language_of_its_reader(
    client: httpx.Client, headers: dict[str, str], query: str, language: str
) -> None:
    page = client.get(f"/try{query}", headers=headers)
    assert f'<html lang="{language}">' in page.text
    assert translate("page.hello.1", Language(language)) in unescape(page.text)


def test_a_chosen_language_is_remembered(client: httpx.Client, photo: bytes) -> None:
    client.get("/try?lang=ko")
    assert '<html lang="ko">' in client.get("/try").text
    assert send(client, photo).json()["name"] == translate("style.street.name", Language.KO)


@pytest.mark.parametrize("name", ["nothing", "../README", "..%2fdraw", "street.jpg"])
def test_only_samples_are_samples(client: httpx.Client, name: str) -> None:
    assert client.get(f"/samples/{name}.jpg").status_code == 404
    assert client.post("/try", files={"photo": ("", b"")}, data={"sample": name}).status_code == 400


BAD = [
    (b"", 422, "EmptyPhotoError", "error.empty_photo"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "NotAnImageError", "error.not_an_image"),
    (b"\x89PNG\r\n\x1a\n" + bytes(MAX_UPLOAD_BYTES), 413, "PhotoTooLargeError", "error.photo_too_large"),
]


@pytest.mark.parametrize(("data", "status", "error", "key"), BAD, ids=[each[2] for each in BAD])
def test_a_bad_photo_gets_its_sentence(client: httpx.Client, data: bytes, status: int, error: str, key: str) -> None:
    reply = send(client, data)
    assert (reply.status_code, reply.json()) == (status, {"error": error, "message": translate(key, Language.EN)})


def test_a_form_without_a_photo_gets_its_sentence(client: httpx.Client) -> None:
    sentence = translate("page.no_file", Language.EN)
    assert client.post("/api/judge", files={"other": b"x"}).json()["message"] == sentence
    assert client.post("/api/judge", content=b"x").json()["message"] == sentence
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/api/judge", content=b"no form", headers=broken).status_code == 400
    page = client.post("/try", files={"photo": ("", b"")})
    assert page.status_code == 400
    assert sentence in unescape(page.text)


def test_a_bug_is_no_blank_page(samples: Path, photo: bytes) -> None:
    def broken(pixels: NDArray[np.uint8]) -> ModelOutputs:
        raise ZeroDivisionError

    with serving_site(broken, samples) as url, httpx.Client(base_url=url) as client:
        reply = send(client, photo)
    assert reply.status_code == 500
    assert reply.json()["message"] == translate("page.trouble", Language.EN)
    assert "default-src 'none'" in reply.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/try",
        "/about",
        "/privacy",
        "/model",
        "/styles",
        "/nothing/here",
        "/static/tokens.css",
        "/api/judge",
        "/samples/street.jpg",
    ],
)
def test_every_answer_is_locked_down(client: httpx.Client, path: str) -> None:
    reply = client.get(path)
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_wrong_address_is_answered_by_eva(client: httpx.Client) -> None:
    page = client.get("/nothing/here")
    assert page.status_code == 404
    assert translate("page.not_found", Language.EN) in unescape(page.text)


def test_the_switch_of_languages_never_leads_to_another_site(client: httpx.Client) -> None:
    page = client.get(f"{str(client.base_url).rstrip('/')}//evil.example/?when=week")
    assert page.status_code == 404
    assert re.findall(r'href="([^"]+)" lang="ko"', page.text) == ["?when=week&amp;lang=ko"] * 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Sec-Fetch-Site": "same-origin"}, 400),
        ({"Sec-Fetch-Site": "none"}, 400),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_only_pages_of_ours_send_forms(client: httpx.Client, headers: dict[str, str], status: int) -> None:
    assert client.post("/try", files={"photo": ("", b"")}, headers=headers).status_code == status
    assert client.get("/try", headers=headers).status_code == 200


def test_an_older_browser_says_only_its_origin(client: httpx.Client) -> None:
    ours = {"Origin": str(client.base_url).rstrip("/")}
    assert client.post("/try", files={"photo": ("", b"")}, headers=ours).status_code == 400


def test_the_privacy_page_says_how_long(client: httpx.Client) -> None:
    page = unescape(client.get("/privacy").text)
    assert translate("privacy.chat.1", Language.EN, hours=24) in page


def test_a_model_that_was_not_measured_has_no_figures(client: httpx.Client) -> None:
    assert translate("model.none", Language.EN) in unescape(client.get("/model").text)


def test_a_photo_never_touches_the_disk(client: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "there is no such folder"))
    noise = Image.effect_noise((2400, 2400), 90)
    data = BytesIO()
    noise.save(data, "PNG")
    assert data.tell() > 4 * 2**20
    assert send(client, data.getvalue()).status_code == 200


def test_logs_hold_nothing_about_people(client: httpx.Client, photo: bytes) -> None:
    with capture_logs() as events:
        send(client, photo)
        send(client, b"no photo")
    assert [event["event"] for event in events] == ["photo_judged", "request_refused"]
    assert set(events[0]) == {"event", "log_level", "duration_ms", "band", "model"}
    assert set(events[1]) == {"event", "log_level", "error", "status"}


def test_too_many_photos_are_asked_to_come_back_while_the_page_stays_up(samples: Path, photo: bytes) -> None:
    open_now = threading.Event()

    def slow(pixels: NDArray[np.uint8]) -> ModelOutputs:
        open_now.wait(60)
        return street_outputs(pixels)

    room = available_cpus() * (1 + WAITING_PER_CORE)

    async def crowd(url: str) -> tuple[list[Any], int]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
            tasks = [asyncio.create_task(client.post("/api/judge", files={"photo": photo})) for _ in range(room + 3)]
            refused, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            assert all(task.result().status_code == 503 for task in refused)
            page = await client.get("/try")
            open_now.set()
            return await asyncio.gather(*tasks), page.status_code

    with serving_site(slow, samples) as url:
        replies, page = asyncio.run(crowd(url))
    assert page == 200
    assert sorted(reply.status_code for reply in replies) == [200] * room + [503] * 3
    busy = next(reply for reply in replies if reply.status_code == 503)
    assert busy.json()["message"] == translate("page.busy", Language.EN)
    assert int(busy.headers["retry-after"]) > 0


def test_board_without_its_database_asks_to_come_back(client: httpx.Client) -> None:
    board = client.get("/")
    assert board.status_code == 503
    assert "Traceback" not in board.text
    assert client.get("/try").status_code == 200, "the chat needs none"
