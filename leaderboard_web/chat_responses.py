"""Responses of the chat: its page, and the parts that a script adds to an open one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from fastapi import Response
from fastapi.responses import JSONResponse, RedirectResponse

from core.conversation.album_summary import MAX_ALBUM_PHOTOS
from core.db import looks, people
from core.db.people import Person
from core.images.decoding import MAX_BYTES
from core.styles import STYLES
from leaderboard_web.chat_actions import available_actions
from leaderboard_web.chat_view import ChatItem, ChatLine, ChatView, latest_of_person
from leaderboard_web.dependencies import RequestContext
from leaderboard_web.errors import wants_json
from leaderboard_web.sharing import allow_kakao_sdk, kakao_card_button
from leaderboard_web.templating import render_fragment, render_page
from leaderboard_web.urls import url_for

LATEST = "latest"
"""Fragment of what the person did last, where the page of a browser without JavaScript opens."""
LATEST_LOOKS = 5
"""How many looks are searched for one whose images were stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatReply:
    """What follows a form."""

    view: ChatView | None
    """The look that it is about, if any."""
    message: str = ""
    """What the person wrote, or the label of their button; empty for a photo."""
    answer: Sequence[ChatItem]

    @property
    def items(self) -> list[ChatItem]:
        """All messages."""
        return [*([ChatLine(sender="you", text=self.message)] if self.message else []), *self.answer]


async def get_person(context: RequestContext) -> Person | None:
    """The person who chats, with the language of the page; the database is not asked about viewers without session."""
    if not context.viewer.key:
        return None
    async with context.state.resources.database.connection() as connection:
        person = await context.viewer.get_person(connection)
    return None if person is None else replace(person, language=context.language)


async def load_view(
    context: RequestContext, person: Person, look_id: UUID | None, *, is_duplicate: bool = False
) -> ChatView | None:
    """The chat about one of a person's looks.

    Args:
        context: of the request.
        person: who chats.
        look_id: the look; the latest one if it is None, deleted or not their own.
        is_duplicate: whether its photo was sent before.

    Returns:
        The view; None if the person has no look.
    """
    async with context.state.resources.database.connection() as connection:
        look = await looks.get(connection, look_id) if look_id is not None else None
        if look is None or look.person_id != person.id:
            # A look without this time was interrupted while its images were stored.
            latest = await looks.list_for_person(connection, person.id, limit=LATEST_LOOKS)
            look = next((candidate for candidate in latest if candidate.images_stored_at is not None), None)
            is_duplicate = False
        current = await people.get(connection, person.id)
    if look is None or current is None:
        return None
    return ChatView(
        look=look,
        person=replace(current, language=context.language),
        signer=context.state.resources.url_signer,
        language=context.language,
        is_duplicate=is_duplicate,
        finds_similar_looks=context.state.resources.finds_similar_looks,
    )


async def render_chat(
    context: RequestContext,
    *,
    look_id: UUID | None = None,
    is_duplicate: bool = False,
    status: int = 200,
    refusal: str | None = None,
) -> Response:
    """The page of the chat.

    Args:
        context: of the request.
        look_id: the look that is talked about; None for the latest one.
        is_duplicate: whether its photo was sent before.
        status: HTTP status.
        refusal: message that Eva adds at the end.
    """
    state = context.state
    person, view = await get_person(context), None
    if person is not None:
        view = await load_view(context, person, look_id, is_duplicate=is_duplicate)
    items = view.history_items() if view is not None else []
    flashed = state.flash.read(context.request, context.viewer)
    if any(line.sender == "eva" and line not in items for line in flashed):
        # What the conversation holds already is said once, at the end: a question stands above its buttons.
        repeated = [line for line in flashed if line.sender == "eva"]
        items = [*(item for item in items if item not in repeated), *flashed]
    if refusal is not None:
        items = [*items, ChatLine(sender="eva", text=refusal)]
    kakao = kakao_card_button(context) if state.settings.kakao_js_key else None
    response = render_page(
        context,
        "chat.html",
        status=status,
        section="try",
        samples=[(style, state.samples[style]) for style in STYLES if style in state.samples],
        items=items,
        latest=latest_of_person(items) if refusal is None else len(items) - 1,
        actions=available_actions(view, items) if view is not None else None,
        guesses_first=person is not None and person.guesses_first,
        hours=state.settings.private_photo_ttl_hours,
        max_photos=MAX_ALBUM_PHOTOS,
        max_bytes=MAX_BYTES,
        kakao=kakao,
    )
    if kakao is not None:
        allow_kakao_sdk(response, kakao)
    state.flash.clear(context.request, response, context.viewer)
    return response


def respond(context: RequestContext, reply: ChatReply) -> Response:
    """The new parts of the chat for scripts, or a redirect to the page for browsers without JavaScript."""
    view = reply.view
    query = None if view is None else {"look": view.look.id, "again": 1 if view.is_duplicate else None}
    url = url_for("chat", query=query)
    if not wants_json(context.request):
        redirect = RedirectResponse(f"{url}#{LATEST}", 303)
        lines = [item for item in reply.items if isinstance(item, ChatLine) and not item.is_verdict]
        context.state.flash.write(redirect, context.viewer, lines)
        return redirect
    photo = actions = ""
    if view is not None:
        photo = render_fragment("chat/_messages.html", context.language, items=[view.photo_item()], latest=None)
        actions = render_fragment("chat/_actions.html", context.language, actions=available_actions(view, reply.items))
    messages = render_fragment("chat/_messages.html", context.language, items=reply.items, latest=None)
    content = {"url": url, "photo": photo, "messages": messages, "actions": actions}
    return JSONResponse(content, headers={"Cache-Control": "no-store"})
