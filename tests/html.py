"""Queries on rendered pages by CSS selectors."""

from typing import Any

import httpx
from lxml import html


def select(source: httpx.Response | str, selector: str) -> list[Any]:
    """The elements of a page, or of a fragment of HTML, that match a CSS selector."""
    text = source if isinstance(source, str) else source.text
    return list(html.fromstring(f"<div>{text}</div>" if isinstance(source, str) else text).cssselect(selector))


def texts(source: httpx.Response | str, selector: str) -> list[str]:
    """The text of the matching elements, with white space collapsed."""
    return [" ".join(element.text_content().split()) for element in select(source, selector)]


def attributes(source: httpx.Response | str, selector: str, name: str) -> list[str]:
    """An attribute of the matching elements."""
    return [element.get(name) for element in select(source, selector)]


def look_ids(page: httpx.Response) -> list[str]:
    """The looks on a page, in order, by their hearts."""
    return attributes(page, "form.heart", "data-look")


def next_url(page: httpx.Response) -> str | None:
    """The link to the next page of a list."""
    return next(iter(attributes(page, ".more > a", "href")), None)
