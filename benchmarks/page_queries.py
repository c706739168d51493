"""The query plans behind the site's pages."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.query_plans import QueryPlan, explain_queries
from benchmarks.seeded_board import SeededBoard
from core.db import follows, leaderboard, look_guesses, moderation, news, people, public_looks
from core.db.database import Database
from core.db.identities import get_identity
from core.db.leaderboard import LeaderboardCursor, Period, TimeOrder
from core.db.person_lists import Relation, list_people
from core.db.schema import IdentityProvider
from core.styles import STYLES

PAGE_SIZE = 12


async def explain_pages(board: SeededBoard) -> list[QueryPlan]:
    """Explain every query that the pages run, as the first visitor of the board."""
    viewer_key = board.visitors[0].removeprefix("visitor=").partition(".")[0]
    async with Database(board.database_url) as database:
        async with database.transaction() as connection:
            first_page = await leaderboard.get_page(connection, limit=PAGE_SIZE)
            viewer = await get_identity(connection, IdentityProvider.WEB, viewer_key)
            middle = (
                await connection.exec_driver_sql(
                    "SELECT hearts, id FROM looks WHERE is_public ORDER BY hearts DESC, id DESC"
                    f" OFFSET {board.looks // 10} LIMIT 1"
                )
            ).one()
        assert viewer is not None
        look = first_page[0].look
        after = LeaderboardCursor(hearts=middle.hearts, look_id=middle.id)
        queries: dict[str, Callable[[AsyncConnection], Awaitable[object]]] = {
            "viewer": partial(people.get_by_identity, provider=IdentityProvider.WEB, subject=viewer_key),
            "look": partial(public_looks.get_look_for_viewer, look_id=look.id, viewer_key=viewer_key),
            "person": partial(
                public_looks.get_person_for_viewer, name=first_page[0].owner_name or "", viewer_key=viewer_key
            ),
            "judged today": leaderboard.count_judged_today,
            "looks of a person": partial(
                public_looks.list_for_person, person_id=look.person_id, limit=PAGE_SIZE + 1, viewer_key=viewer_key
            ),
            "styles of a person": partial(public_looks.count_styles, person_id=look.person_id),
            "feed of 200 people": partial(
                follows.get_feed_page, follower_id=viewer.person_id, limit=PAGE_SIZE + 1, viewer_key=viewer_key
            ),
            "dot of the news": partial(news.has_unseen, viewer_key=viewer_key),
            "news": partial(news.get_news, person_id=look.person_id, since=datetime.now(UTC) - timedelta(days=1)),
            "followers": partial(list_people, relation=Relation.FOLLOWER, person_id=look.person_id, limit=51),
            "next look to guess": partial(look_guesses.find_open_look, viewer_key=viewer_key),
            "reported looks": partial(moderation.list_reported, limit=21),
        }
        for period in Period:
            for style in (None, *STYLES):
                page = partial(
                    leaderboard.get_page, limit=PAGE_SIZE + 2, style=style, period=period, viewer_key=viewer_key
                )
                name = f"leaderboard: {period}, {style or 'all styles'}"
                queries[name] = page
                queries[f"{name}, further down"] = partial(page, after=after)
        for order in TimeOrder:
            for style in (None, *STYLES):
                name = f"{order}, {style or 'all styles'}"
                queries[name] = partial(
                    leaderboard.get_page_by_time, order=order, limit=PAGE_SIZE + 1, style=style, viewer_key=viewer_key
                )
        return await explain_queries(database, queries)
