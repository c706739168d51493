"""A bare FastAPI + Jinja2 + asyncpg site: the reference for what a rendered page costs.

It answers the paths of Eva's pages with the same HTML, made from one query and one template each, and nothing else: no
middleware, sessions, translations or signatures. uvicorn runs with the same event loop and HTTP parser as in Eva.
asyncpg's pool resets a connection after each page, which Eva's does not.

`write_templates` makes templates and rows from pages that Eva rendered. A page is split into its frame and its cards
(`<li>` elements with a link to a look). Frames and cards with the same structure share a template, in which every text
or attribute that differs between them is a value from the database, as a finished string.

Run as `python -m benchmarks.reference_site PORT DSN TEMPLATES`.
"""

import re
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

CARD = re.compile(r"<li\b[^>]*>(?:(?!<li\b).)*?href=\"/looks/(?:(?!<li\b).)*?</li>", re.DOTALL)
PART = re.compile(r"\"[^\"]*\"|[^\"<>]+|[<>]|\"")
ESCAPED = re.compile(r"[{}]")
QUERY = "SELECT fields FROM reference_rows WHERE path = $1 ORDER BY position"
"""The first row has the name of the template and the values of the page's frame, each further one those of a card."""


@dataclass(frozen=True, slots=True)
class _Split:
    frame: tuple[str, ...]
    """Parts of the page with `\\0` where the cards are."""
    cards: tuple[tuple[str, ...], ...]
    separator: str
    """What stands between two cards."""


def write_templates(pages: Mapping[str, str], folder: Path) -> dict[str, list[tuple[str, ...]]]:
    """Write the templates that pages need.

    Args:
        pages: HTML by path.
        folder: where templates are written.

    Returns:
        The rows for each path: the name of the template with the values of the frame, then the number of the variant
        with the values of each card.
    """
    splits = {path: _split(html) for path, html in pages.items()}
    cards = _Variants(card for split in splits.values() for card in split.cards)
    frames = _Variants(split.frame for split in splits.values())
    separator = next((split.separator for split in splits.values() if split.separator), "")
    branches = [
        f"{{% {'elif' if number else 'if'} card[0] == '{number}' %}}{cards.template(number, 'card')}"
        for number in range(len(cards))
    ]
    between = f"{{% if not loop.last %}}{separator}{{% endif %}}"
    loop = f"{{% for card in cards %}}{''.join(branches)}{{% endif %}}{between}{{% endfor %}}" if branches else ""
    for number in range(len(frames)):
        (folder / f"{number}.html").write_text(frames.template(number, "frame").replace("\0", loop), "utf-8")
    rows: dict[str, list[tuple[str, ...]]] = {}
    for path, split in splits.items():
        number, values = frames.values(split.frame)
        rows[path] = [(f"{number}.html", *values)]
        for card in split.cards:
            variant, card_values = cards.values(card)
            rows[path].append((str(variant), *card_values))
    return rows


class _Variants:
    """Sequences of parts, grouped by structure; within a group, the places that differ are values."""

    def __init__(self, samples: Iterable[Sequence[str]]) -> None:
        groups: dict[tuple[int, ...], list[Sequence[str]]] = defaultdict(list)
        for sample in samples:
            groups[_structure(sample)].append(sample)
        self._numbers = {structure: number for number, structure in enumerate(groups)}
        self._parts = [group[0] for group in groups.values()]
        self._varying = [
            [at for at, parts in enumerate(zip(*group, strict=True)) if len(set(parts)) > 1]
            for group in groups.values()
        ]

    def __len__(self) -> int:
        return len(self._parts)

    def template(self, number: int, name: str) -> str:
        """The Jinja source of a variant; its values are `name[1]` and following."""
        parts = [ESCAPED.sub(lambda brace: f"{{{{ '{brace[0]}' }}}}", part) for part in self._parts[number]]
        for field, at in enumerate(self._varying[number], 1):
            quote = '"' if self._parts[number][at].startswith('"') else ""
            parts[at] = f"{quote}{{{{ {name}[{field}] }}}}{quote}"
        return "".join(parts)

    def values(self, parts: Sequence[str]) -> tuple[int, list[str]]:
        """The variant of these parts, and their values for its template."""
        number = self._numbers[_structure(parts)]
        return number, [unescape(parts[at].strip('"')) for at in self._varying[number]]


def _structure(parts: Sequence[str]) -> tuple[int, ...]:
    """What must be equal in two sequences of parts: how many there are, and which are tags and attributes."""
    return tuple(0 if part in "<>" else 1 if part.startswith('"') else 2 for part in parts)


def _split(html: str) -> _Split:
    cards = list(CARD.finditer(html))
    if not cards:
        return _Split(tuple(PART.findall(html)), (), "")
    before, after = html[: cards[0].start()], html[cards[-1].end() :]
    separator = html[cards[0].end() : cards[1].start()] if len(cards) > 1 else ""
    frame = (*PART.findall(before), "\0", *PART.findall(after))
    return _Split(frame, tuple(tuple(PART.findall(card[0])) for card in cards), separator)


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
