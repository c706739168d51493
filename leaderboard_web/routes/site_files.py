"""Files that browsers and search engines ask for by fixed names: icons, `robots.txt`, the sitemap, and what makes the
site installable: the web app manifest, the service worker and the page without a network."""

import json
from collections.abc import Iterator
from dataclasses import replace
from xml.sax.saxutils import escape

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse

from core.i18n.translations import Language, translate
from core.styles import STYLES
from leaderboard_web.dependencies import Context
from leaderboard_web.templating import render_page
from leaderboard_web.urls import STATIC_DIR, VERSION, VERSION_HEADER, PageRoute, absolute_url, static_url, url_for

CACHE_HEADERS = {"Cache-Control": "public, max-age=86400"}
PRIVATE_PATHS = ("/me", "/login", "/admin", "/api/", "/pictures/", "/thumbs/")
"""Start of the paths that search engines leave alone: they show nothing without a session or a signature."""
INDEXED_ROUTES = ("leaderboard", "chat", "styles", "about", "model", "privacy")
"""Pages of the sitemap, besides one for each style. Looks and people are left out: they may end at any time."""
BACKGROUND_COLOR = "#f8f1e9"
ICON_SIZES = (192, 512)
"""Width of the icons in px."""
SHARED_PHOTO = "from"
"""Query parameter of a photo that another app shares with the installed site."""
SERVICE_WORKER = (STATIC_DIR / "service-worker.js").read_text("utf-8")

router = APIRouter(route_class=PageRoute)


@router.get("/favicon.ico", name="favicon")
async def favicon() -> FileResponse:
    """The icon for browsers that do not read the page's own link."""
    return FileResponse(STATIC_DIR / "favicon.ico", media_type="image/x-icon", headers=CACHE_HEADERS)


@router.get("/apple-touch-icon.png", name="touch_icon")
@router.get("/apple-touch-icon-precomposed.png", name="precomposed_touch_icon")
async def touch_icon() -> FileResponse:
    """The icon of a home screen."""
    return FileResponse(STATIC_DIR / "apple-touch-icon.png", media_type="image/png", headers=CACHE_HEADERS)


@router.get("/manifest.webmanifest", name="manifest")
async def manifest(context: Context) -> JSONResponse:
    """The web app manifest (https://www.w3.org/TR/appmanifest/)."""
    language = context.language
    icons = [
        {"src": static_url(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png"} for size in ICON_SIZES
    ]
    # Its motif lies within the inner 80 %, which no shape of an icon cuts off.
    maskable = {"src": static_url("icon-maskable.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"}
    content = {
        "id": "/",
        "name": "Eva",
        "short_name": "Eva",
        "description": translate("page.tagline", language),
        "lang": language,
        "start_url": url_for("leaderboard"),
        "scope": "/",
        "display": "standalone",
        "background_color": BACKGROUND_COLOR,
        "theme_color": BACKGROUND_COLOR,
        "icons": [*icons, maskable],
        "shortcuts": [
            {"name": translate("site.nav.try", language), "url": url_for("chat")},
            {"name": translate("site.nav.me", language), "url": url_for("account")},
        ],
        "share_target": {
            "action": url_for("chat_photo", query={SHARED_PHOTO: "share"}),
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {"files": [{"name": "photo", "accept": ["image/*"]}]},
        },
    }
    headers = {"Cache-Control": "private, max-age=86400", "Vary": "Accept-Language, Cookie"}
    return JSONResponse(content, media_type="application/manifest+json", headers=headers)


@router.get("/service-worker.js", name="service_worker")
async def service_worker() -> Response:
    """The service worker, under a path that lets it serve all pages."""
    content = f"const VERSION = {json.dumps(VERSION)};\n{SERVICE_WORKER}"
    return Response(content, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@router.get("/offline/{language}", name="offline")
async def offline_page(context: Context, language: Language) -> Response:
    """What the service worker shows where the network is missing."""
    response = render_page(replace(context, language=language), "offline.html")
    response.headers[VERSION_HEADER] = VERSION
    return response


@router.get("/robots.txt", name="robots")
async def robots(context: Context) -> PlainTextResponse:
    """What search engines may read (RFC 9309)."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE_PATHS)]
    lines += ["", f"Sitemap: {absolute_url(context.request, url_for('sitemap'))}", ""]
    return PlainTextResponse("\n".join(lines), headers=CACHE_HEADERS)


@router.get("/sitemap.xml", name="sitemap")
async def sitemap(context: Context) -> Response:
    """The pages that search engines should know, each with its languages (https://www.sitemaps.org/protocol.html)."""
    entries = "".join(_sitemap_entry(absolute_url(context.request, path)) for path in _indexed_paths())
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
        f"{entries}</urlset>\n"
    )
    return Response(content, media_type="application/xml", headers=CACHE_HEADERS)


def _indexed_paths() -> Iterator[str]:
    yield from (url_for(name) for name in INDEXED_ROUTES)
    yield from (url_for("style", style=style) for style in STYLES)


def _sitemap_entry(url: str) -> str:
    alternates = "".join(
        f'<xhtml:link rel="alternate" hreflang="{language}" href="{escape(url)}?lang={language}"/>'
        for language in Language
    )
    return f"<url><loc>{escape(url)}</loc>{alternates}</url>\n"
