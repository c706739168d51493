import asyncio
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
from core.runtime import available_cpus
from core.settings import LimitStorageName
from core.styles import STYLES, Style
from core.vision.backends import ModelOutputs
from core.vision.fake_backend import make_outputs
from leaderboard_web.middleware.body_limit import MAX_UPLOAD_BYTES
from leaderboard_web.upload_admission import WAITING_PER_CORE
from tests.html import attributes
from tests.unit.leaderboard_web.conftest import serving_site, street_outputs


def upload(client: httpx.Client, data: bytes, url: str = "/api/judge", **fields: str) -> httpx.Response:
    return client.post(url, files={"photo": ("holiday with Mina.jpg", data)}, data=fields)


def decode_data_url(url: str) -> Image.Image:
    media_type, _, content = url.partition(";base64,")
    assert media_type == "data:image/jpeg"
    return Image.open(BytesIO(b64decode(content)))


@pytest.fixture
def photo(samples: Path) -> bytes:
    return (samples / "street.jpg").read_bytes()


def test_the_response_contains_messages_probabilities_and_heatmap(client: httpx.Client, photo: bytes) -> None:
    reply = upload(client, photo)
    assert reply.status_code == 200
    verdict = reply.json()
    assert (verdict["style"], verdict["band"], verdict["name"], verdict["engine"]) == (
        "street",
        "clear",
        "Street",
        "scripted",
    )
    assert any("72" in bubble["text"] for bubble in verdict["bubbles"])
    assert [bar["style"] for bar in verdict["bars"][:2]] == ["street", "casual"]
    assert {bar["style"] for bar in verdict["bars"]} == set(STYLES)
    assert sum(bar["probability"] for bar in verdict["bars"]) == pytest.approx(1)
    assert verdict["bars"][0]["label"] == "Street: 72 percent"
    assert verdict["region"]["height"] == "upper"
    assert decode_data_url(verdict["heat"]["url"]).size == (800, 1200)
    assert verdict["photo"] is None
    assert reply.headers["cache-control"] == "no-store"


def test_the_photo_is_returned_on_request(client: httpx.Client, photo: bytes) -> None:
    verdict = upload(client, photo, echo="1").json()
    photo_echo, heatmap = decode_data_url(verdict["photo"]), decode_data_url(verdict["heat"]["url"])
    assert photo_echo.size == heatmap.size
    original = Image.open(BytesIO(photo))
    centre = (400, 1100)
    assert photo_echo.getpixel(centre) == pytest.approx(original.getpixel(centre), abs=12)


def test_without_an_outfit_there_are_no_bars_and_no_heatmap(samples: Path, photo: bytes) -> None:
    with (
        serving_site(lambda pixels: make_outputs(Style.MODE, outfit=0.02), samples) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        verdict = upload(client, photo).json()
        assert (verdict["band"], verdict["bars"], verdict["heat"]) == ("not_an_outfit", [], None)
        assert len(verdict["bubbles"]) >= 2


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
def test_the_language_is_negotiated(client: httpx.Client, headers: dict[str, str], query: str, language: str) -> None:
    page = client.get(f"/try{query}", headers=headers)
    assert attributes(page, "html", "lang") == [language]
    assert translate("page.hello.1", Language(language)) in unescape(page.text)


def test_a_chosen_language_is_kept_in_a_cookie(client: httpx.Client, photo: bytes) -> None:
    client.get("/try?lang=ko")
    assert attributes(client.get("/try"), "html", "lang") == ["ko"]
    assert upload(client, photo).json()["name"] == translate("style.street.name", Language.KO)


@pytest.mark.parametrize("name", ["nothing", "../README", "..%2fdraw", "street.jpg"])
def test_unknown_samples_are_refused(client: httpx.Client, name: str) -> None:
    assert client.get(f"/samples/{name}.jpg").status_code == 404
    assert client.post("/try", files={"photo": ("", b"")}, data={"sample": name}).status_code == 400


BAD_PHOTOS = [
    (b"", 422, "EmptyPhotoError", "error.empty_photo"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "NotAnImageError", "error.not_an_image"),
    (b"\x89PNG\r\n\x1a\n" + bytes(MAX_UPLOAD_BYTES), 413, "PhotoTooLargeError", "error.photo_too_large"),
]


@pytest.mark.parametrize(("data", "status", "error", "key"), BAD_PHOTOS, ids=[case[2] for case in BAD_PHOTOS])
def test_a_bad_photo_is_explained(client: httpx.Client, data: bytes, status: int, error: str, key: str) -> None:
    reply = upload(client, data)
    assert (reply.status_code, reply.json()) == (status, {"error": error, "message": translate(key, Language.EN)})


def test_a_missing_photo_is_explained(client: httpx.Client) -> None:
    sentence = translate("page.no_file", Language.EN)
    assert client.post("/api/judge", files={"other": b"x"}).json()["message"] == sentence
    assert client.post("/api/judge", content=b"x").json()["message"] == sentence
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/api/judge", content=b"no form", headers=broken).status_code == 400
    page = client.post("/try", files={"photo": ("", b"")})
    assert page.status_code == 400
    assert sentence in unescape(page.text)


def test_a_bug_is_explained(samples: Path, photo: bytes) -> None:
    def broken(pixels: NDArray[np.uint8]) -> ModelOutputs:
        raise ZeroDivisionError

    with serving_site(broken, samples) as url, httpx.Client(base_url=url, timeout=60) as client:
        reply = upload(client, photo)
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
def test_every_response_has_security_headers(client: httpx.Client, path: str) -> None:
    reply = client.get(path)
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_an_unknown_path_is_explained(client: httpx.Client) -> None:
    page = client.get("/nothing/here")
    assert page.status_code == 404
    assert translate("page.not_found", Language.EN) in unescape(page.text)


def test_language_links_never_lead_to_another_site(client: httpx.Client) -> None:
    page = client.get(f"{str(client.base_url).rstrip('/')}//evil.example/?when=week")
    assert page.status_code == 404
    assert attributes(page, "a[lang=ko]", "href") == ["?when=week&lang=ko"] * 2


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
def test_cross_site_forms_are_refused(client: httpx.Client, headers: dict[str, str], status: int) -> None:
    assert client.post("/try", files={"photo": ("", b"")}, headers=headers).status_code == status
    assert client.get("/try", headers=headers).status_code == 200


def test_the_origin_header_is_used_without_fetch_metadata(client: httpx.Client) -> None:
    ours = {"Origin": str(client.base_url).rstrip("/")}
    assert client.post("/try", files={"photo": ("", b"")}, headers=ours).status_code == 400


def test_the_privacy_page_shows_the_retention_time(client: httpx.Client) -> None:
    page = unescape(client.get("/privacy").text)
    assert translate("privacy.chat.1", Language.EN, hours=24) in page


@pytest.mark.parametrize("language", Language)
def test_the_privacy_page_says_that_backups_keep_what_was_deleted_longer(
    client: httpx.Client, language: Language
) -> None:
    page = unescape(client.get("/privacy", params={"lang": language}).text)
    assert translate("privacy.forget.3", language, hours=24) in page
    for no_copy in ("no copy", "사본도"):
        assert no_copy not in page
        assert no_copy not in translate("me.forget.line.2", language)


@pytest.mark.parametrize("storage", LimitStorageName)
def test_the_privacy_page_says_where_addresses_are_counted(samples: Path, storage: LimitStorageName) -> None:
    with serving_site(street_outputs, samples, rate_limits=storage) as url:
        for language in Language:
            page = unescape(httpx.get(f"{url}/privacy", params={"lang": language}, timeout=60).text)
            told = {place for place in LimitStorageName if translate(f"privacy.counting.{place}", language) in page}
            assert told == {storage}


def test_a_model_without_metrics_is_explained(client: httpx.Client) -> None:
    assert translate("model.none", Language.EN) in unescape(client.get("/model").text)


def test_a_photo_is_never_written_to_disk(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    noise = Image.effect_noise((2400, 2400), 90)
    data = BytesIO()
    noise.save(data, "PNG")
    assert data.tell() > 4 * 2**20
    assert upload(client, data.getvalue()).status_code == 200


def test_logs_contain_nothing_about_people(client: httpx.Client, photo: bytes) -> None:
    with capture_logs() as events:
        upload(client, photo)
        upload(client, b"no photo")
    assert [event["event"] for event in events] == ["photo_judged", "request_refused"]
    assert set(events[0]) == {"event", "log_level", "duration_ms", "band", "model"}
    assert set(events[1]) == {"event", "log_level", "error", "status"}


def test_excess_photos_are_refused_while_pages_are_served(samples: Path, photo: bytes) -> None:
    release = threading.Event()

    def slow(pixels: NDArray[np.uint8]) -> ModelOutputs:
        release.wait(60)
        return street_outputs(pixels)

    capacity = available_cpus() * (1 + WAITING_PER_CORE)

    async def send_requests(url: str) -> tuple[list[Any], int]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
            tasks = [
                asyncio.create_task(client.post("/api/judge", files={"photo": photo})) for _ in range(capacity + 3)
            ]
            refused, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            assert all(task.result().status_code == 503 for task in refused)
            page = await client.get("/try")
            release.set()
            return await asyncio.gather(*tasks), page.status_code

    with serving_site(slow, samples) as url:
        replies, page = asyncio.run(send_requests(url))
    assert page == 200
    assert sorted(reply.status_code for reply in replies) == [200] * capacity + [503] * 3
    busy = next(reply for reply in replies if reply.status_code == 503)
    assert busy.json()["message"] == translate("page.busy", Language.EN)
    assert int(busy.headers["retry-after"]) > 0


def test_the_leaderboard_without_a_database_is_unavailable(client: httpx.Client) -> None:
    board = client.get("/")
    assert board.status_code == 503
    assert "Traceback" not in board.text
    assert client.get("/try").status_code == 200, "the chat works without a database"


def test_samples_are_shown_by_small_pictures(client: httpx.Client) -> None:
    assert 'src="/samples/street/small.jpg"' in client.get("/try").text
    picture = client.get("/samples/street/small.jpg")
    assert Image.open(BytesIO(picture.content)).size == (240, 360)
    webp = client.get("/samples/street/small.jpg", headers={"Accept": "image/webp,*/*"})
    assert Image.open(BytesIO(webp.content)).format == "WEBP"
    assert len(webp.content) < len(picture.content) < 20_000
    assert client.get("/samples/unknown/small.jpg").status_code == 404
