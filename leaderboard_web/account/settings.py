"""`/me/settings`: the language and the name, who says first what style it is, and the way to one's data."""

from fastapi import APIRouter, HTTPException, Request, Response

from core.conversation.display_names import MAX_NAME_LENGTH, display_name, normalize_display_name
from core.db import people
from core.db.people import Person
from core.i18n.translations import Language, translate
from core.services.moderation import is_admin
from leaderboard_web.account.current_person import ACCOUNT_PATH, SECTION, current_person, render_anonymous
from leaderboard_web.dependencies import AppState
from leaderboard_web.forms import read_urlencoded
from leaderboard_web.language import request_language, set_language_cookie
from leaderboard_web.redirects import notice_from_query, redirect_with_notice
from leaderboard_web.routing import PageRoute
from leaderboard_web.templating import render_page

SETTINGS_PATH = f"{ACCOUNT_PATH}/settings"
SETTINGS_NOTICES = {
    "language": "talk.language.set",
    "name": "me.name.set",
    "first": "talk.guess.on",
    "tell": "talk.guess.off",
}


def settings_routes(state: AppState) -> APIRouter:
    """The page and its forms."""
    router, memory = APIRouter(route_class=PageRoute), state.resources

    @router.get("/me/settings", response_class=Response)
    async def page(request: Request) -> Response:
        """The page."""
        async with memory.database.connection() as connection:
            me = await current_person(state, connection, request)
            if me is None:
                return render_anonymous(request)
            moderates = await is_admin(connection, state.settings.admins, me.id)
        return show(request, me, says=notice_from_query(request, SETTINGS_NOTICES, name=me.name), moderates=moderates)

    @router.post("/me/settings", response_class=Response)
    async def change(request: Request) -> Response:
        """Change what one of the page's forms is about: its field is `language`, `name` or `first`."""
        fields, language = await read_urlencoded(request), request_language(request)
        async with memory.database.transaction() as connection:
            me = await current_person(state, connection, request)
            if me is None:
                return redirect_with_notice(ACCOUNT_PATH)
            match fields:
                case {"language": wish} if wish in set(Language):
                    await people.set_language(connection, me.id, wish)
                    answer = redirect_with_notice(SETTINGS_PATH, "language")
                    set_language_cookie(answer, Language(wish))
                    return answer
                case {"first": wish} if wish in {"me", "eva"}:
                    await people.set_guesses_first(connection, me.id, is_enabled=wish == "me")
                    return redirect_with_notice(SETTINGS_PATH, "first" if wish == "me" else "tell")
                case {"name": wish}:
                    name = normalize_display_name(wish)
                    if name is None:
                        refusal = translate("talk.name.refused", language)
                        return show(request, me, status=422, written=wish, refusal=refusal)
                    if not await people.set_display_name(connection, me.id, name):
                        refusal = translate("me.name.taken", language, name=name)
                        return show(request, me, status=409, written=wish, refusal=refusal)
                    return redirect_with_notice(SETTINGS_PATH, "name")
        raise HTTPException(400)

    def show(
        request: Request,
        me: Person,
        *,
        status: int = 200,
        says: tuple[str, ...] = (),
        written: str | None = None,
        refusal: str | None = None,
        moderates: bool = False,
    ) -> Response:
        language = request_language(request)
        return render_page(
            request,
            "me/settings.html",
            request_language(request),
            status=status,
            section=SECTION,
            tab="settings",
            me=me,
            spoken=list(Language),
            name=display_name(me.id, me.name, language),
            most=MAX_NAME_LENGTH,
            says=says,
            written=me.name or "" if written is None else written,
            refusal=refusal,
            moderates=moderates,
        )

    return router
