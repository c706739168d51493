"""The route class of the site's pages."""

from typing import Any

from fastapi.routing import APIRoute


class PageRoute(APIRoute):
    """A route outside the OpenAPI schema that answers HEAD wherever it answers GET, as Starlette's own routes do."""

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        super().__init__(path, endpoint, **{**options, "include_in_schema": False})
        if self.methods is not None and "GET" in self.methods:
            self.methods.add("HEAD")
