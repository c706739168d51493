"""The site, put together: the board and its looks, the styles, what it says about itself, and a chat with Eva."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from leaderboard_web.about import about_routes
from leaderboard_web.board import board_routes
from leaderboard_web.chat import chat_routes
from leaderboard_web.desk import Desk
from leaderboard_web.errors import answer_errors
from leaderboard_web.looks import look_routes
from leaderboard_web.origins import SameOrigin
from leaderboard_web.pages import STATIC
from leaderboard_web.pictures import picture_routes
from leaderboard_web.security import SecurityHeaders
from leaderboard_web.styles import style_routes
from leaderboard_web.visitors import Guests

if TYPE_CHECKING:
    from pathlib import Path

    from core.memory import Memory
    from core.vision.classifier import StyleClassifier
    from core.visitors import Visitors

__all__ = ["create_app"]


def create_app(classifier: StyleClassifier, *, samples: Path, memory: Memory, visitors: Visitors) -> FastAPI:
    """The site.

    Args:
        classifier: judges the photos; stays the caller's to close.
        samples: a folder of JPEGs for people who have no photo at hand; may be missing.
        memory: with the looks that people shared; stays the caller's to close.
        visitors: signs the keys by which browsers are known.
    """
    app = FastAPI(title="Eva", docs_url=None, redoc_url=None)
    app.add_middleware(SameOrigin)
    app.add_middleware(SecurityHeaders)
    app.state.samples = sorted(path.stem for path in samples.glob("*.jpg"))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    answer_errors(app)
    guests = Guests(memory.database, visitors)
    for router in (
        board_routes(memory, guests),
        look_routes(memory, guests),
        style_routes(memory, guests, classifier.card),
        about_routes(memory, classifier.card),
        chat_routes(Desk(classifier), samples),
        picture_routes(memory),
    ):
        app.include_router(router)
    return app
