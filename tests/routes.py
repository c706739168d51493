"""Every route of the site, read from its routers, so that tests of a rule for all routes include new ones."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from leaderboard_web.app import ROUTERS

PARAMETER = re.compile(r"\{(\w+)(?::path)?\}")


@dataclass(frozen=True, slots=True)
class SiteRoute:
    """One method of one path."""

    method: str
    path: str
    """As in the decorator, e.g. `/looks/{look_id}`."""
    name: str
    query: tuple[str, ...]
    """Names of its query parameters."""
    form: tuple[str, ...]
    """Names of its form fields."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of its path parameters."""
        return tuple(PARAMETER.findall(self.path))

    def fill(self, values: Mapping[str, str], default: str = "x") -> str:
        """The path with these values in place of its parameters."""
        return PARAMETER.sub(lambda match: values.get(match[1], default), self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _with_dependencies(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for dependency in dependant.dependencies:
        yield from _with_dependencies(dependency)


def _list_routes() -> Iterator[SiteRoute]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            dependants = list(_with_dependencies(route.dependant))
            query = tuple(sorted({field.alias for part in dependants for field in part.query_params}))
            form = tuple(sorted({field.alias for part in dependants for field in part.body_params}))
            for method in sorted(route.methods or ()):
                yield SiteRoute(method, route.path, route.name, query, form)


ROUTES = tuple(_list_routes())
WRITING_ROUTES = tuple(route for route in ROUTES if route.method not in {"GET", "HEAD"})
