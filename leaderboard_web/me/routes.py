"""Router of a person's own pages under `/me`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter

from leaderboard_web.me.data import data_routes
from leaderboard_web.me.following import following_routes
from leaderboard_web.me.history import history_routes
from leaderboard_web.me.leaving import leaving_routes
from leaderboard_web.me.looks import look_routes
from leaderboard_web.me.naming import naming_routes
from leaderboard_web.me.scraps import scrap_routes
from leaderboard_web.me.settings import settings_routes
from leaderboard_web.routing import PageRoute

if TYPE_CHECKING:
    from leaderboard_web.site import Site

__all__ = ["me_routes"]


def me_routes(site: Site) -> APIRouter:
    """All of them."""
    router = APIRouter(route_class=PageRoute)
    for routes in (
        history_routes,
        look_routes,
        naming_routes,
        scrap_routes,
        following_routes,
        settings_routes,
        data_routes,
        leaving_routes,
    ):
        router.include_router(routes(site))
    return router
