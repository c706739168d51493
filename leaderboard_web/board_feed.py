"""What changes on the leaderboard, for all open pages of a process: one connection to the database, one text for all
but those who do not see a person in it.

Events are collected for a moment and sent together, so that a hundred hearts in a second are one message, which also
hides the instant at which one of them was given.

See ADR 0031.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import structlog

from core.db.board_events import BoardChange, BoardEvent, EventQueue, PeopleEvent, can_listen, listen
from core.db.database import Database
from core.errors import DatabaseUnavailableError

MAX_STREAMS = 1000
"""Open pages; beyond it, the oldest one of the network that has the most is ended for a new one."""
MAX_PENDING = 32
"""Messages that a page may lag behind before it is ended; it then connects again."""
MAX_CHANGES = 100
"""Looks in one message. Of more, the latest are told; the others stay as they are until their next change."""
GROUP_SIZE, GROUP_PAUSE = 20, 0.002
"""Streams that get a message at once, and seconds until the next ones get it."""
KEEP_ALIVE = b":\n\n"
RESYNC = b"event: resync\ndata:\n\n"
"""Events were missed: the page asks for its numbers again."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTimings:
    """In seconds."""

    collect: float = 0.5
    """From the first of some changes to the message that tells them."""
    keep_alive: float = 20.0
    """Proxies close connections that are silent for longer, most of them after 30 or 60 s."""
    reconnect: float = 2.0
    """After the connection to the database was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamViewer:
    """Who reads a stream."""

    person_id: UUID | None
    """None for a session without a person, which may get one at any time."""
    hidden: frozenset[UUID]
    """The people whom they do not see."""


FindViewer = Callable[[], Awaitable[StreamViewer]]


class BoardStream:
    """The messages for one page."""

    __slots__ = ("_find_viewer", "_has_ended", "_is_listening", "_pending", "_waiter", "network", "viewer")

    def __init__(self, network: str, find_viewer: FindViewer | None) -> None:
        self.network = network
        self.viewer: StreamViewer | None = None
        """None for a visitor, and until the viewer is found."""
        self._find_viewer = find_viewer
        self._pending: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._is_listening = self._has_ended = False

    @property
    def is_viewer_known(self) -> bool:
        """Whether it is known whom the viewer does not see."""
        return self._find_viewer is None

    def start_listening(self) -> None:
        """Let the viewer be found: from now on, the stream is ended when whom they see changes."""
        self._is_listening = True
        self._wake()

    def put(self, message: bytes) -> None:
        """Add a message; a page that reads none is ended."""
        if self._has_ended:
            return
        if len(self._pending) >= MAX_PENDING:
            self._pending.clear()
            self.end()
            return
        self._pending.append(message)
        self._wake()

    def end(self) -> None:
        """Let the iteration end, without what is pending."""
        self._has_ended = True
        self._wake()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The messages until `end`.

        Raises:
            EvaError: the viewer could not be found.
        """
        while not self._has_ended:
            if self._is_listening and self._find_viewer is not None:
                self.viewer = await self._find_viewer()
                self._find_viewer = None
            elif self._pending:
                yield self._pending.popleft()
            else:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class BoardFeed:
    """The streams of a process. It listens to the database while there is one."""

    def __init__(
        self, database: Database, *, max_streams: int = MAX_STREAMS, timings: FeedTimings | None = None
    ) -> None:
        """Configure it; `max_streams` is the number of open pages."""
        self._database, self._max_streams, self._timings = database, max_streams, timings or FeedTimings()
        # In the order of their beginning.
        self._streams: dict[BoardStream, None] = {}
        self._listening: asyncio.Task[None] | None = None
        self._is_listening = False
        self._is_closed = not can_listen(database)

    @property
    def is_open(self) -> bool:
        """Whether new streams may begin: before `close`, and where the database can notify."""
        return not self._is_closed

    @property
    def count(self) -> int:
        """Number of open streams."""
        return len(self._streams)

    @contextmanager
    def open(self, network: str, find_viewer: FindViewer | None = None) -> Iterator[BoardStream]:
        """A stream for a client of this network; it may be ended for others.

        Args:
            network: of the client.
            find_viewer: reads who the viewer is, when the database notifies of changes; None for a visitor.
        """
        if len(self._streams) >= self._max_streams:
            self._end_one()
        stream = BoardStream(network, find_viewer)
        self._streams[stream] = None
        if self._is_listening:
            stream.start_listening()
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        try:
            yield stream
        finally:
            self._streams.pop(stream, None)
            if not self._streams and self._listening is not None:
                self._listening.cancel()
                self._listening, self._is_listening = None, False

    def close(self) -> None:
        """End all streams; there are no new ones."""
        self._is_closed = True
        for stream in self._streams:
            stream.end()

    def _end_one(self) -> None:
        ((network, _),) = Counter(stream.network for stream in self._streams).most_common(1)
        oldest = next(stream for stream in self._streams if stream.network == network)
        del self._streams[oldest]
        oldest.end()

    def _end_streams_of(self, people: frozenset[UUID]) -> None:
        """End the streams that show what some people saw before: their browsers open new ones."""
        for stream in self._streams:
            viewer = stream.viewer
            if not stream.is_viewer_known or (viewer is not None and viewer.person_id in {None, *people}):
                stream.end()

    async def _send(self, message: bytes, events: Collection[BoardEvent] = ()) -> None:
        """Give a message to all streams, in groups, between which requests for pages are answered.

        Args:
            message: the message.
            events: what it tells, without which it is encoded again for who does not see their owners.
        """
        owners = {event.owner_id for event in events}
        for number, stream in enumerate(list(self._streams), 1):
            if events and not stream.is_viewer_known:
                stream.put(RESYNC)
            elif stream.viewer is None or stream.viewer.hidden.isdisjoint(owners):
                stream.put(message)
            elif seen := [event for event in events if event.owner_id not in stream.viewer.hidden]:
                stream.put(encode(seen))
            if number % GROUP_SIZE == 0:
                await asyncio.sleep(GROUP_PAUSE)

    async def _listen(self) -> None:
        """Pass events on; after an outage, tell all pages that they may have missed some."""
        has_missed = False
        while True:
            try:
                async with listen(self._database) as events:
                    for stream in self._streams:
                        # A block may have begun in the meantime: their pages open new streams, which read it.
                        if stream.viewer is not None:
                            stream.end()
                        stream.start_listening()
                    self._is_listening = True
                    if has_missed:
                        await self._send(RESYNC)
                    await self._pass_on(events)
                log.warning("board_feed_interrupted")
            except DatabaseUnavailableError:
                log.warning("board_feed_interrupted")
            except Exception:
                # The task serves all pages: without it, they would be silent until the last one is closed.
                log.exception("board_feed_failed")
            has_missed, self._is_listening = True, False
            await asyncio.sleep(self._timings.reconnect)

    async def _pass_on(self, events: EventQueue) -> None:
        """Send events until the connection is lost."""
        loop = asyncio.get_running_loop()
        changes: dict[str, BoardEvent] = {}
        next_message = loop.time() + self._timings.keep_alive
        while True:
            try:
                async with asyncio.timeout_at(next_message):
                    event = await events.get()
            except TimeoutError:
                await self._send(encode(changes.values()) if changes else KEEP_ALIVE, changes.values())
                changes = {}
                next_message = loop.time() + self._timings.keep_alive
                continue
            if event is None:
                return
            if isinstance(event, PeopleEvent):
                self._end_streams_of(event.people)
                continue
            if not changes:
                next_message = loop.time() + self._timings.collect
            previous = changes.pop(str(event.look_id), None)
            changes[str(event.look_id)] = _combine(previous, event)
            if len(changes) > MAX_CHANGES:
                del changes[next(iter(changes))]


def _combine(previous: BoardEvent | None, event: BoardEvent) -> BoardEvent:
    """One event for two of a look: one that is new stays new when it gains a heart."""
    if previous is None or previous.change is not BoardChange.NEW or event.change is not BoardChange.HEARTS:
        return event
    return replace(previous, hearts=event.hearts)


def encode(found: Collection[BoardEvent]) -> bytes:
    """A message of server-sent events (HTML standard, section 9.2): hearts, styles of new looks, and looks gone."""
    content = {
        "hearts": {str(event.look_id): event.hearts for event in found if event.change is BoardChange.HEARTS},
        "new": {str(event.look_id): event.style for event in found if event.change is BoardChange.NEW},
        "gone": [str(event.look_id) for event in found if event.change is BoardChange.GONE],
    }
    return b"data: " + json.dumps(content, separators=(",", ":")).encode() + b"\n\n"
