"""The queue's tasks for KakaoTalk: judge the photos of a call, and send the verdict where it was promised."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from bot.kakao import errands, outcomes
from bot.kakao.callback import call_back
from bot.kakao.errands import errand_of
from bot.kakao.outcomes import Outcome
from bot.kakao.pictures import PictureFetcher
from bot.kakao.teller import Teller
from core.db import deliveries, inbox, people
from core.db.tables import Channel, Provider
from core.errors import EvaError, NotDelivered, PersonGone, PictureUnreachable, StorageUnavailable
from core.meters import DELIVERIES
from core.queue import HOUSEKEEPING, RETRIES, Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from procrastinate import App, JobContext

    from bot.kakao.errands import Errand
    from bot.stylist import Stylist
    from core.db.inbox import Update
    from core.db.people import Person

__all__ = ["tasks"]

log = structlog.get_logger()

MINUTELY = "* * * * *"
CALLBACK = "callback"
"""The mark of a verdict that was sent to its callback address, which takes one try."""
CALLBACK_WITHIN = 55.0
"""Seconds from the call's arrival in which its callback address is used; Kakao closes it after sixty."""
ANSWERED_AFTER = 0.5
"""Seconds after which the answer that promises a callback was surely written: Kakao refuses one that overtakes it."""
PASSING = (PictureUnreachable, StorageUnavailable)
"""Failures that may be over a moment later."""


def tasks(stylist: Stylist, client: httpx.AsyncClient) -> Callable[[App], None]:
    """What puts the tasks `kakao.photo` and `kakao.lapse` into an App.

    Args:
        stylist: looks at the photos.
        client: fetches them and sends verdicts; stays the caller's to close.
    """
    work = _Work(stylist, client)

    def put(app: App) -> None:
        app.task(name=errands.JUDGE, retry=Backoff(), pass_context=True)(work.judge)
        app.task(name=errands.LAPSE, retry=Backoff())(work.lapse)
        app.periodic(cron=MINUTELY)(app.task(name="kakao.lost", queue=HOUSEKEEPING)(work.lost))

    return put


class _Work:
    """The tasks, with what they work with."""

    def __init__(self, stylist: Stylist, client: httpx.AsyncClient) -> None:
        self._stylist, self._client = stylist, client
        self._database = stylist.memory.database
        self._fetcher = PictureFetcher(client, stylist.settings)
        self._teller = Teller(stylist)

    async def judge(self, context: JobContext, inbox_id: int) -> None:
        """Judge the photos of a call; begun again, it goes on where it was."""
        started = time.monotonic()
        async with self._database.begin() as connection:
            update = await inbox.get(connection, inbox_id)
            errand = None if update is None else errand_of(update)
            identity = (
                None
                if update is None or update.sender is None
                else await people.identity_of(connection, Provider.KAKAO, update.sender)
            )
            person = None if identity is None else await people.get(connection, identity.person_id)
            outcome = await outcomes.recall(connection, inbox_id)
        if update is None or errand is None or person is None:
            return
        if outcome is None:
            try:
                outcome = await self._outcome(update, errand, person, last=context.job.attempts >= len(RETRIES))
            except PersonGone:
                return
            async with self._database.begin() as connection:
                await outcomes.keep(connection, inbox_id, outcome)
                if errand.callback_url is None:
                    await inbox.finish(connection, inbox_id)
        if errand.callback_url is not None:
            await asyncio.sleep(max(0.0, started + ANSWERED_AFTER - time.monotonic()))
            await self._call_back(inbox_id, errand.callback_url, errand.arrived + CALLBACK_WITHIN, person)
            async with self._database.begin() as connection:
                await inbox.finish(connection, inbox_id)

    async def lapse(self, inbox_id: int) -> None:
        """Drop photos to which nobody agreed."""
        async with self._database.begin() as connection:
            await errands.drop(connection, inbox_id)

    async def lost(self, timestamp: int) -> None:
        """Take up errands whose job was lost."""
        async with self._database.begin() as connection:
            if count := await errands.adopt(connection):
                log.warning("taken up again", updates=count)

    async def _outcome(self, update: Update, errand: Errand, person: Person, *, last: bool) -> Outcome:
        """Look at all photos. Those of an earlier try are remembered by their source.

        Raises:
            PersonGone: the person was forgotten.
            PictureUnreachable, StorageUnavailable: and this is not the last try.
        """
        found, known, first_error = [], False, None
        for number, url in enumerate(errand.photos):
            try:
                data = await self._fetcher.fetch(url)
                judged = await self._stylist.judging.judge(
                    data,
                    person_id=person.id,
                    channel=Channel.KAKAO,
                    source=f"{update.update_id}:{number}",
                    language=person.language,
                )
            except PersonGone:
                raise
            except EvaError as error:
                if isinstance(error, PASSING) and not last:
                    raise
                log.info("not judged", inbox=update.id, error=type(error).__name__)
                first_error = first_error or error
            else:
                found.append(judged.look.id)
                known = judged.known
        return Outcome(looks=tuple(dict.fromkeys(found)), known=known and len(errand.photos) == 1, error=first_error)

    async def _call_back(self, inbox_id: int, url: str, until: float, person: Person) -> None:
        """Send what became of the photos to the callback address, once or, if it is too late, never.

        Unsent, it stays where the button that brings results finds it.
        """
        reply = await self._teller.tell(inbox_id, person)
        async with self._database.begin() as connection:
            if not await deliveries.claim(connection, inbox_id, CALLBACK):
                return
        outcome = "late"
        for pause in (*RETRIES, None):
            if time.time() >= until:
                break
            try:
                acknowledged = await call_back(self._client, url, reply, self._stylist.settings)
            except NotDelivered:
                outcome = "unreachable"
                if pause is None:
                    break
                await asyncio.sleep(pause)
            except EvaError as error:
                outcome = type(error).__name__
                break
            else:
                outcome = acknowledged.reception
                break
        DELIVERIES.labels(Channel.KAKAO, outcome).inc()
        log.info("called back", inbox=inbox_id, outcome=outcome)
