"""The route class of the site's pages, and the paths of named routes."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute


class PageRoute(APIRoute):
    """A route outside the OpenAPI schema that answers HEAD wherever it answers GET, as Starlette's own routes do."""

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        super().__init__(path, endpoint, **{**options, "include_in_schema": False})
        if self.methods is not None and "GET" in self.methods:
            self.methods.add("HEAD")


class UrlPaths:
    """Builds paths from route names, in Python as well as in templates, where it is called `url_for`.

    It does what `Starlette.url_path_for` does, without walking through all routes for each link of a page.
    """

    def __init__(self) -> None:
        self._formats: dict[str, str] = {}

    def add(self, routes: Iterable[BaseRoute]) -> None:
        """Add routes by their names.

        Raises:
            ValueError: two routes have the same name.
        """
        for route in routes:
            if isinstance(route, APIRoute):
                if route.name in self._formats:
                    raise ValueError(f"two routes are named {route.name!r}")
                self._formats[route.name] = route.path_format

    def __call__(self, name: str, /, *, query: Mapping[str, object] | None = None, **params: object) -> str:
        """The path of a route, with its parameters percent-encoded.

        Args:
            name: of the route.
            query: parameters after the path; those that are None are left out.
            params: of the path.

        Raises:
            KeyError: there is no such route, or a parameter is missing.
        """
        path = self._formats[name].format(**{key: quote(str(value), safe="") for key, value in params.items()})
        pairs = urlencode({key: value for key, value in (query or {}).items() if value is not None})
        return f"{path}?{pairs}" if pairs else path
