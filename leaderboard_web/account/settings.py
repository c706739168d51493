"""`/me/settings`: language, display name, who says the style first, learning, the daily message, logins and data."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from core.conversation.display_names import MAX_NAME_LENGTH, display_name, normalize_display_name
from core.db import news_recipients, people
from core.db.people import Person
from core.i18n.translations import Language, translate
from core.services.accounts import find_linked_logins
from core.services.moderation import is_admin
from leaderboard_web.account.current_person import SECTION, AccountRoute, CurrentPerson
from leaderboard_web.dependencies import AppState, Db, Lang, State, Transaction
from leaderboard_web.redirects import NoticeQuery, notice_sentences, redirect_with_notice
from leaderboard_web.templating import render_page
from leaderboard_web.viewer import set_language_cookie

SETTINGS_NOTICES = {
    "language": "talk.language.set",
    "name": "me.name.set",
    "first": "talk.guess.on",
    "tell": "talk.guess.off",
    "learn": "talk.learning.yes",
    "nolearn": "talk.learning.no",
    "daily": "talk.news.on",
    "nodaily": "talk.news.off",
}

router = APIRouter(route_class=AccountRoute)


@router.get("/me/settings", name="account_settings")
async def settings_page(
    request: Request, person: CurrentPerson, connection: Db, language: Lang, state: State, notice: NoticeQuery = ""
) -> Response:
    """All settings."""
    messages = notice_sentences(notice, SETTINGS_NOTICES, language, name=person.name)
    return await _render_settings(request, state, connection, person, language, messages=messages)


@router.post("/me/settings", name="change_settings")
async def change_settings(
    request: Request,
    person: CurrentPerson,
    connection: Transaction,
    language: Lang,
    state: State,
    new_language: Annotated[Language | None, Form(alias="language")] = None,
    first: Annotated[Literal["me", "eva"] | None, Form()] = None,
    learning: Annotated[Literal["yes", "no"] | None, Form()] = None,
    news: Annotated[Literal["yes", "no"] | None, Form()] = None,
) -> Response:
    """Change the setting of the submitted form: the fields `language`, `first`, `learning`, `news` or `name`.

    Raises:
        HTTPException: 400, if the form has none of these fields.
    """
    if new_language is not None:
        await people.update_language(connection, person.id, new_language)
        response = _redirect(state, "language")
        set_language_cookie(response, new_language)
        return response
    if first is not None:
        await people.update_guesses_first(connection, person.id, is_enabled=first == "me")
        return _redirect(state, "first" if first == "me" else "tell")
    if learning is not None:
        await people.record_learning_consent(connection, person.id, is_given=learning == "yes")
        return _redirect(state, "learn" if learning == "yes" else "nolearn")
    if news is not None:
        await news_recipients.update_daily_news(connection, person.id, is_wanted=news == "yes")
        return _redirect(state, "daily" if news == "yes" else "nodaily")
    # Not a parameter: FastAPI does not tell an empty field from a missing one.
    submitted_name = (await request.form()).get("name")
    if not isinstance(submitted_name, str):
        raise HTTPException(400)
    name = normalize_display_name(submitted_name)
    if name is None:
        status, message = 422, translate("talk.name.refused", language)
    elif not await people.update_display_name(connection, person.id, name):
        status, message = 409, translate("me.name.taken", language, name=name)
    else:
        return _redirect(state, "name")
    return await _render_settings(
        request, state, connection, person, language, status=status, submitted_name=submitted_name, error=message
    )


async def _render_settings(
    request: Request,
    state: AppState,
    connection: AsyncConnection,
    person: Person,
    language: Language,
    *,
    status: int = 200,
    messages: tuple[str, ...] = (),
    submitted_name: str | None = None,
    error: str | None = None,
) -> Response:
    """The page.

    Args:
        request: for the page.
        state: of the application.
        connection: to execute on.
        person: whose settings it shows.
        language: of the page.
        status: HTTP status.
        messages: sentences of Eva above the settings.
        submitted_name: value of the name field; None for the present name.
        error: why the submitted name was refused.
    """
    logins = find_linked_logins(await people.list_identities(connection, person.id))
    return render_page(
        request,
        "account/settings.html",
        language,
        status=status,
        section=SECTION,
        tab="settings",
        person=person,
        has_telegram="telegram" in logins,
        language_choices=tuple(Language),
        display_name=display_name(person.id, person.name, language),
        max_name_length=MAX_NAME_LENGTH,
        messages=messages,
        is_moderator=await is_admin(connection, state.settings.admins, person.id),
        submitted_name=person.name or "" if submitted_name is None else submitted_name,
        error=error,
    )


def _redirect(state: AppState, notice: str) -> Response:
    return redirect_with_notice(state.url_for("account_settings"), notice)
