import pytest
from fastapi import APIRouter

from leaderboard_web.urls import PageRoute, UrlPaths


@pytest.fixture
def url_for() -> UrlPaths:
    router = APIRouter(prefix="/shop", route_class=PageRoute)

    @router.get("/items/{name:path}", name="item")
    async def item(name: str) -> str:
        return name

    paths = UrlPaths()
    paths.add(router.routes)
    return paths


def test_parameters_and_query_are_encoded(url_for: UrlPaths) -> None:
    assert url_for("item", name="a/b ?#%") == "/shop/items/a%2Fb%20%3F%23%25"
    assert url_for("item", name="a", query={"x": "1 2", "y": None}) == "/shop/items/a?x=1+2"


def test_unknown_routes_and_missing_parameters_are_errors(url_for: UrlPaths) -> None:
    with pytest.raises(KeyError):
        url_for("items", name="a")
    with pytest.raises(KeyError):
        url_for("item")


def test_duplicate_names_are_refused() -> None:
    router = APIRouter(route_class=PageRoute)
    for path in ("/a", "/b"):
        router.add_api_route(path, lambda: None, name="same")
    with pytest.raises(ValueError, match="same"):
        UrlPaths().add(router.routes)


def test_pages_answer_head_and_are_not_in_the_schema() -> None:
    route = PageRoute("/", lambda: None, methods=["GET"])
    assert route.methods == {"GET", "HEAD"}
    assert not route.include_in_schema
