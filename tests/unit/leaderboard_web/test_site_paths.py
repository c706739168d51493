"""Paths that are written out because their module knows no routes, or for speed, lead to the route that is meant."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest
from starlette.routing import Match

from core import urls
from core.db.look_summaries import LeaderboardEntry
from core.i18n.translations import Language
from core.images.result_card import CardShape
from core.signing import UrlSigner
from leaderboard_web.app import ROUTERS
from leaderboard_web.auth.login_flow import DEFAULT_NEXT_PATH
from leaderboard_web.cookies import FLASH_COOKIE_PATH, LOGIN_PATH
from leaderboard_web.middleware.body_limit import UPLOAD_PATHS
from leaderboard_web.urls import private_image_url, private_thumbnail_url, public_image_urls, url_for
from leaderboard_web.view_models import build_card
from tests.factories import make_look

SIGNER, HOUR, EN, POST = UrlSigner(b"secret"), timedelta(hours=1), Language.EN, CardShape.POST
PERSON, LOOK = UUID(int=7), replace(make_look(UUID(int=1)), width=1280)
PUBLIC = public_image_urls(LOOK, EN)
BOARD_CARD = build_card(LeaderboardEntry(look=LOOK, owner_name="미나 a/b?"), language=EN)
PHOTO_KEY, HEATMAP_KEY = LOOK.photo_key or "", LOOK.heatmap_key or ""
CARD = {"language": "en", "shape": "post"}
PATHS = [
    (urls.LEADERBOARD_PATH, "leaderboard", {}),
    (urls.PRIVACY_PATH, "privacy", {}),
    (urls.look_path(LOOK.id), "look", {"look_id": str(LOOK.id)}),
    (BOARD_CARD.path, "look", {"look_id": str(LOOK.id)}),
    (BOARD_CARD.owner_path or "", "person", {"name": "미나 a/b?"}),
    (urls.login_link_path("a-B_9"), "magic_link", {"token": "a-B_9"}),
    (urls.image_path(PHOTO_KEY, "t"), "private_image", {"key": PHOTO_KEY}),
    (urls.card_path(SIGNER, LOOK, EN, POST, HOUR), "result_card", {"look_id": str(LOOK.id), **CARD}),
    (urls.week_card_path(SIGNER, PERSON, EN, POST, HOUR), "week_card", {"card_language": "en", "shape": "post"}),
    (private_image_url(SIGNER, LOOK, HEATMAP_KEY), "private_image", {"key": HEATMAP_KEY}),
    (
        private_thumbnail_url(SIGNER, LOOK) or "",
        "private_thumbnail",
        {"look_id": str(LOOK.id), "photo_key": PHOTO_KEY},
    ),
    (PUBLIC.photo, "public_photo", {"look_id": str(LOOK.id), "photo_key": PHOTO_KEY}),
    (PUBLIC.thumbnail or "", "public_thumbnail", {"look_id": str(LOOK.id), "photo_key": PHOTO_KEY}),
    (PUBLIC.heatmap, "public_image", {"look_id": str(LOOK.id), "key": HEATMAP_KEY}),
]


def route_of(url: str, method: str = "GET") -> tuple[str, dict[str, str]]:
    """The name and the path parameters of the route that serves a URL."""
    scope = {"type": "http", "method": method, "path": unquote(urlsplit(url).path)}
    for router in ROUTERS:
        for route in router.routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                return route.name, found["path_params"]
    raise AssertionError(f"no route for {url}")


@pytest.mark.parametrize(("url", "name", "parameters"), PATHS, ids=[name for _, name, _ in PATHS])
def test_a_path_leads_to_its_route(url: str, name: str, parameters: dict[str, str]) -> None:
    assert route_of(url) == (name, parameters)


def test_the_address_of_a_week_for_messengers_names_the_encrypted_person() -> None:
    name, parameters = route_of(urls.week_picture_path(SIGNER, PERSON, EN, POST, HOUR))
    assert name == "week_picture"
    assert SIGNER.decrypt_id(parameters.pop("encrypted_id")) == PERSON
    assert parameters == CARD


def test_paths_of_middleware_and_cookies_are_those_of_routes() -> None:
    assert {url_for("chat_photo"), url_for("judge")} == UPLOAD_PATHS
    assert url_for("chat") == FLASH_COOKIE_PATH
    assert url_for("login") == LOGIN_PATH
    assert url_for("account") == DEFAULT_NEXT_PATH
