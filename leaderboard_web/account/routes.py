"""Router of a person's own pages under `/me`."""

from fastapi import APIRouter

from leaderboard_web.account.data_export import data_export_routes
from leaderboard_web.account.erase import erase_routes
from leaderboard_web.account.lists import bookmark_routes, following_routes, history_routes
from leaderboard_web.account.looks import display_name_routes, own_look_routes
from leaderboard_web.account.settings import settings_routes
from leaderboard_web.dependencies import AppState
from leaderboard_web.routing import PageRoute


def account_routes(site: AppState) -> APIRouter:
    """All of them."""
    router = APIRouter(route_class=PageRoute)
    for routes in (
        history_routes,
        own_look_routes,
        display_name_routes,
        bookmark_routes,
        following_routes,
        settings_routes,
        data_export_routes,
        erase_routes,
    ):
        router.include_router(routes(site))
    return router
