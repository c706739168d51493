"""A bare FastAPI + Jinja2 + asyncpg site: the reference for what a rendered page costs.

It answers the paths of Eva's pages with the same HTML, made from one query and one template each, and nothing else: no
middleware, sessions, translations or signatures. `benchmarks.page_templates` makes templates and rows from Eva's own
pages: the values are finished strings, and what is the same on all pages is text of the template. uvicorn runs with the
same event loop and HTTP parser as in Eva. asyncpg's pool resets a connection after each page, which Eva's does not.

Run as `python -m benchmarks.reference_site PORT DSN TEMPLATES`.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

QUERY = "SELECT fields FROM reference_rows WHERE path = $1 ORDER BY position"
"""The first row has the name of the template and the values of the page's frame, each further one those of a card."""


def create_reference_app(dsn: str, templates: str) -> FastAPI:
    """The site.

    Args:
        dsn: the database with the table `reference_rows`.
        templates: folder of the templates.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=2, max_size=10) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)
    environment = Environment(loader=FileSystemLoader(templates), autoescape=True)

    @app.get("/{path:path}", response_class=HTMLResponse)
    async def page(path: str, request: Request) -> HTMLResponse:
        query = f"?{request.url.query}" if request.url.query else ""
        frame, *cards = await request.app.state.pool.fetch(QUERY, request.scope["raw_path"].decode() + query)
        template = environment.get_template(frame["fields"][0])
        return HTMLResponse(template.render(frame=frame["fields"], cards=[row["fields"] for row in cards]))

    return app


def main() -> None:
    """Serve the site."""
    port, dsn, templates = sys.argv[1:]
    uvicorn.run(create_reference_app(dsn, templates), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
